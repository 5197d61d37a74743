/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: modules linked with each other, each with its state. A context is used by one thread at a time. */
#ifndef IREE_VM_CONTEXT_H_
#define IREE_VM_CONTEXT_H_

#include "iree/vm/instance.h"
#include "iree/vm/module.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef struct iree_vm_context_t iree_vm_context_t;
typedef enum iree_vm_context_flags_e {
  IREE_VM_CONTEXT_FLAG_NONE = 0,
  IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION = 1, /* every invocation prints its instructions to stderr */
  IREE_VM_CONTEXT_FLAG_CONCURRENT = 2
} iree_vm_context_flags_t;

/* Empty and growable. One reference for the caller. */
IREE_API_EXPORT iree_status_t iree_vm_context_create(iree_vm_instance_t* instance, uint32_t flags,
                                                     iree_allocator_t allocator, iree_vm_context_t** out_context);
/* A static context of exactly these modules, linked and initialised in this order; everything is undone on failure. */
IREE_API_EXPORT iree_status_t iree_vm_context_create_with_modules(iree_vm_instance_t* instance, uint32_t flags,
                                                                  iree_host_size_t module_count,
                                                                  iree_vm_module_t** modules,
                                                                  iree_allocator_t allocator,
                                                                  iree_vm_context_t** out_context);
/* A child with the same modules; states come from fork_state, imports stay as they are, then signal FORK. */
IREE_API_EXPORT iree_status_t iree_vm_context_fork(const iree_vm_context_t* parent, iree_allocator_t allocator,
                                                   iree_vm_context_t** out_child);
IREE_API_EXPORT void iree_vm_context_retain(iree_vm_context_t* context);
/* The last reference runs `__deinit` of every module whose `__init` completed, frees the states, releases the modules (each in
 * reverse order of registration), then the instance. */
IREE_API_EXPORT void iree_vm_context_release(iree_vm_context_t* context);
/* 1, 2, 3, ... in a process; -1 for NULL. */
IREE_API_EXPORT intptr_t iree_vm_context_id(const iree_vm_context_t* context);
IREE_API_EXPORT iree_host_size_t iree_vm_context_module_count(const iree_vm_context_t* context);
/* Borrowed; NULL past the end. */
IREE_API_EXPORT iree_vm_module_t* iree_vm_context_module_at(const iree_vm_context_t* context, iree_host_size_t index);
/* Links and initialises more modules; on failure those of this call are undone and the earlier ones stay usable.
 * FAILED_PRECONDITION for a static or frozen context, INVALID_ARGUMENT for a NULL module. */
IREE_API_EXPORT iree_status_t iree_vm_context_register_modules(iree_vm_context_t* context, iree_host_size_t module_count,
                                                               iree_vm_module_t** modules);
IREE_API_EXPORT void iree_vm_context_freeze(iree_vm_context_t* context);
/* `module.function` among the exports, the module registered last first; NOT_FOUND or INVALID_ARGUMENT (no dot). */
IREE_API_EXPORT iree_status_t iree_vm_context_resolve_function(const iree_vm_context_t* context,
                                                               iree_string_view_t full_name,
                                                               iree_vm_function_t* out_function);
/* RESUME and FORK walk forward, notify() before `__notify`; SUSPEND and LOW_MEMORY backward, `__notify` first. The first
 * failure ends the walk. */
IREE_API_EXPORT iree_status_t iree_vm_context_notify(iree_vm_context_t* context, iree_vm_signal_t signal);
/* cdef: end */
IREE_API_EXPORT iree_vm_instance_t* iree_vm_context_instance(const iree_vm_context_t* context);
IREE_API_EXPORT uint32_t iree_vm_context_flags(const iree_vm_context_t* context);
/* Borrowed state of the first registration of `module`; NOT_FOUND when it is not registered. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_context_resolve_module_state(
    const iree_vm_context_t* context, iree_vm_module_t* module, iree_vm_module_state_t** out_module_state);

typedef struct iree_vm_state_resolver_t {
  void* self;
  iree_status_t (*query_module_state)(void* self, iree_vm_module_t* module, iree_vm_module_state_t** out_module_state);
} iree_vm_state_resolver_t;
IREE_API_EXPORT iree_vm_state_resolver_t iree_vm_context_state_resolver(const iree_vm_context_t* context);

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_CONTEXT_H_ */
