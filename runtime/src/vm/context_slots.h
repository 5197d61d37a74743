/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a context: its modules with their states, and the steps by which one becomes ready. Only for the files that
 * make up the context: context.c, link.c, lifecycle.c and fork.c. */
#ifndef VMRT_VM_CONTEXT_SLOTS_H_
#define VMRT_VM_CONTEXT_SLOTS_H_

#include "iree/vm/api.h"

/* A registered module. Steps are taken in this order and undone in reverse. */
typedef struct context_slot_t {
  iree_vm_module_t* module;      /* retained */
  iree_vm_module_state_t* state; /* may be NULL for good; freed when not */
  iree_string_view_t name;
  iree_vm_function_t deinit; /* module NULL: there is none */
  bool is_linked;            /* imports are resolved: others may import from it */
  bool is_ready;             /* `__init` completed or does not exist: `__deinit` is due */
} context_slot_t;

struct iree_vm_context_t {
  iree_atomic_ref_count_t ref_count;
  int32_t cancel_code; /* atomic */
  iree_vm_instance_t* instance;
  iree_allocator_t allocator;
  intptr_t id;
  uint32_t flags;
  bool is_static;
  bool is_frozen;
  bool is_registering;
  iree_vm_stack_t* stack; /* for `__init` and its like; made beforehand, so that teardown needs no memory */
  const context_slot_t* active; /* whose `__init` or the like is running */
  int32_t recent;               /* atomic: slot that the state resolver found last */
  iree_host_size_t slot_count;
  iree_host_size_t slot_capacity;
  context_slot_t* slots;
};

/* ---- context.c --------------------------------------------------------------------------------------------------- */

/* An empty context with room for `slot_capacity` modules. */
iree_status_t context_allocate(iree_vm_instance_t* instance, uint32_t flags, iree_host_size_t slot_capacity,
                               iree_allocator_t allocator, iree_vm_context_t** out_context);

/* ---- link.c ------------------------------------------------------------------------------------------------------ */

/* The linked module of that name registered last, or NULL. The one rule for dependencies, imports and lookup. */
const context_slot_t* link_find_module(const iree_vm_context_t* context, iree_string_view_t name);
/* Checks that what the module depends on is registered, with its version. */
iree_status_t link_check_dependencies(const iree_vm_context_t* context, const context_slot_t* slot);
/* Finds all imports and hands them to the module. All that are missing are in the status. */
iree_status_t link_resolve_imports(const iree_vm_context_t* context, const context_slot_t* slot);

/* ---- lifecycle.c ------------------------------------------------------------------------------------------------- */

/* Looks up `__init` and `__deinit`, calls the former and marks the slot as ready. */
iree_status_t lifecycle_initialize(iree_vm_context_t* context, context_slot_t* slot);
/* Undoes all slots from `first` on: every `__deinit`, then every state, then every module, each time in reverse. */
void lifecycle_undo(iree_vm_context_t* context, iree_host_size_t first);

#endif /* VMRT_VM_CONTEXT_SLOTS_H_ */
