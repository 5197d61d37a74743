/* SPDX-License-Identifier: Apache-2.0 */
/* Forking: a second context of the same modules whose states continue those of the first. */
#include "vm/context_slots.h"
#include "vm/text.h"

static iree_status_t fork_state(const context_slot_t* parent, context_slot_t* child, iree_allocator_t allocator) {
  const iree_vm_module_t* module = parent->module;
  if (!module->fork_state && !parent->state) return iree_ok_status();
  if (!module->fork_state) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "module '%.*s' has state but no fork_state",
                            VM_SV_ARG(parent->name));
  }
  iree_vm_module_state_t* state = NULL;
  iree_status_t status = module->fork_state(module->self, parent->state, allocator, &state);
  if (!iree_status_is_ok(status)) {
    return iree_status_annotate_f(status, "forking the state of module '%.*s'", VM_SV_ARG(parent->name));
  }
  child->state = state;
  return iree_ok_status();
}

/* A forked module was initialised in the parent: nothing is linked or initialised again, but `__deinit` is due. */
static iree_status_t fork_slot(const context_slot_t* parent, iree_vm_context_t* child) {
  context_slot_t* slot = &child->slots[child->slot_count++];
  *slot = *parent;
  slot->state = NULL;
  slot->is_ready = false;
  iree_vm_module_retain(slot->module);
  IREE_RETURN_IF_ERROR(fork_state(parent, slot, child->allocator));
  slot->is_ready = parent->is_ready;
  return iree_ok_status();
}

iree_status_t iree_vm_context_fork(const iree_vm_context_t* parent, iree_allocator_t allocator,
                                   iree_vm_context_t** out_child) {
  *out_child = NULL;
  if (parent->is_registering) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "context %td is just registering modules: no fork",
                            parent->id);
  }
  iree_vm_context_t* child = NULL;
  IREE_RETURN_IF_ERROR(context_allocate(parent->instance, parent->flags, parent->slot_count, allocator, &child));
  child->is_static = parent->is_static;
  child->is_frozen = parent->is_frozen;
  iree_status_t status = iree_ok_status();
  for (iree_host_size_t i = 0; i < parent->slot_count && iree_status_is_ok(status); ++i) {
    status = fork_slot(&parent->slots[i], child);
  }
  if (iree_status_is_ok(status)) status = iree_vm_context_notify(child, IREE_VM_SIGNAL_FORK);
  if (!iree_status_is_ok(status)) {
    iree_vm_context_release(child);
    return status;
  }
  *out_child = child;
  return iree_ok_status();
}
