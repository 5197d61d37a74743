/* SPDX-License-Identifier: Apache-2.0 */
/* The interface in front of a library's module: passes each call on with the library's own `self`, keeps nothing of the
 * library in a status, names the wrapper as the module of every function, and stands in for slots that may be NULL. */
#include "dynamic/dynamic_module.h"
#include "vm/text.h"

static iree_vm_module_t* user_of(void* self) { return ((dynamic_module_t*)self)->user; }

static void forward_destroy(void* self) { dynamic_module_discard(self); }

static iree_string_view_t forward_name(void* self) {
  iree_vm_module_t* user = user_of(self);
  return vm_text_sanitize(user->name(user->self));
}

static iree_vm_module_signature_t forward_signature(void* self) {
  iree_vm_module_t* user = user_of(self);
  return user->signature(user->self);
}

static iree_status_t forward_enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback,
                                                    void* user_data) {
  iree_vm_module_t* user = user_of(self);
  if (!user->enumerate_dependencies) return iree_ok_status();
  return dynamic_own_status(user->enumerate_dependencies(user->self, callback, user_data));
}

/* ---- Attributes -------------------------------------------------------------------------------------------------- */

static iree_status_t checked_attr(iree_status_t status, iree_string_pair_t* attr) {
  if (!iree_status_is_ok(status)) memset(attr, 0, sizeof *attr);
  attr->key = vm_text_sanitize(attr->key);
  attr->value = vm_text_sanitize(attr->value);
  return dynamic_own_status(status);
}

static iree_status_t forward_get_module_attr(void* self, iree_host_size_t index, iree_string_pair_t* out_attr) {
  iree_vm_module_t* user = user_of(self);
  memset(out_attr, 0, sizeof *out_attr);
  if (!user->get_module_attr) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  return checked_attr(user->get_module_attr(user->self, index, out_attr), out_attr);
}

static iree_status_t forward_get_function_attr(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                               iree_host_size_t index, iree_string_pair_t* out_attr) {
  iree_vm_module_t* user = user_of(self);
  memset(out_attr, 0, sizeof *out_attr);
  if (!user->get_function_attr) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  return checked_attr(user->get_function_attr(user->self, linkage, ordinal, index, out_attr), out_attr);
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

/* Whatever module a library names, callers reach its functions through the wrapper. */
static void own_function(void* self, iree_status_t status, iree_vm_function_t* function) {
  if (!function) return;
  if (!iree_status_is_ok(status)) memset(function, 0, sizeof *function);
  if (iree_status_is_ok(status)) function->module = &((dynamic_module_t*)self)->interface;
}

static iree_status_t forward_lookup_function(void* self, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                             const iree_vm_function_signature_t* expected_signature,
                                             iree_vm_function_t* out_function) {
  iree_vm_module_t* user = user_of(self);
  memset(out_function, 0, sizeof *out_function);
  iree_status_t status = user->lookup_function(user->self, linkage, name, expected_signature, out_function);
  own_function(self, status, out_function);
  return dynamic_own_status(status);
}

static iree_status_t forward_get_function(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                          iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                          iree_vm_function_signature_t* out_signature) {
  iree_vm_module_t* user = user_of(self);
  if (out_function) memset(out_function, 0, sizeof *out_function);
  if (out_name) *out_name = iree_string_view_empty();
  if (out_signature) out_signature->calling_convention = iree_string_view_empty();
  iree_status_t status = user->get_function(user->self, linkage, ordinal, out_function, out_name, out_signature);
  own_function(self, status, out_function);
  if (out_name) *out_name = vm_text_sanitize(*out_name);
  if (out_signature) out_signature->calling_convention = vm_text_sanitize(out_signature->calling_convention);
  return dynamic_own_status(status);
}

static iree_status_t forward_resolve_source_location(void* self, iree_vm_function_t function, int64_t pc,
                                                     iree_vm_source_location_t* out_location) {
  iree_vm_module_t* user = user_of(self);
  memset(out_location, 0, sizeof *out_location);
  if (!user->resolve_source_location) return iree_status_from_code(IREE_STATUS_UNAVAILABLE);
  return dynamic_own_status(user->resolve_source_location(user->self, function, pc, out_location));
}

/* ---- State ------------------------------------------------------------------------------------------------------- */

static iree_status_t forward_alloc_state(void* self, iree_allocator_t allocator,
                                         iree_vm_module_state_t** out_module_state) {
  iree_vm_module_t* user = user_of(self);
  *out_module_state = NULL;
  iree_status_t status = user->alloc_state(user->self, allocator, out_module_state);
  if (!iree_status_is_ok(status)) *out_module_state = NULL;
  return dynamic_own_status(status);
}

static void forward_free_state(void* self, iree_vm_module_state_t* module_state) {
  iree_vm_module_t* user = user_of(self);
  user->free_state(user->self, module_state);
}

static iree_status_t forward_fork_state(void* self, iree_vm_module_state_t* parent_state, iree_allocator_t allocator,
                                        iree_vm_module_state_t** out_child_state) {
  iree_vm_module_t* user = user_of(self);
  *out_child_state = NULL;
  if (!user->fork_state) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED,
                            "the native module has no fork_state: its contexts cannot be forked");
  }
  iree_status_t status = user->fork_state(user->self, parent_state, allocator, out_child_state);
  if (!iree_status_is_ok(status)) *out_child_state = NULL;
  return dynamic_own_status(status);
}

static iree_status_t forward_resolve_import(void* self, iree_vm_module_state_t* module_state, iree_host_size_t ordinal,
                                            const iree_vm_function_t* function,
                                            const iree_vm_function_signature_t* signature) {
  iree_vm_module_t* user = user_of(self);
  if (!user->resolve_import) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "the native module declares imports but has no resolve_import");
  }
  return dynamic_own_status(user->resolve_import(user->self, module_state, ordinal, function, signature));
}

static iree_status_t forward_notify(void* self, iree_vm_module_state_t* module_state, iree_vm_signal_t signal) {
  iree_vm_module_t* user = user_of(self);
  if (!user->notify) return iree_ok_status();
  return dynamic_own_status(user->notify(user->self, module_state, signal));
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static iree_status_t forward_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  iree_vm_module_t* user = user_of(self);
  return dynamic_own_status(user->begin_call(user->self, stack, call));
}

static iree_status_t forward_resume_call(void* self, iree_vm_stack_t* stack, iree_byte_span_t call_results) {
  iree_vm_module_t* user = user_of(self);
  if (!user->resume_call) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "the native module deferred a call but has no resume_call");
  }
  return dynamic_own_status(user->resume_call(user->self, stack, call_results));
}

void dynamic_forward_initialize(dynamic_module_t* module) {
  iree_vm_module_t* interface = &module->interface;
  interface->destroy = forward_destroy;
  interface->name = forward_name;
  interface->signature = forward_signature;
  interface->enumerate_dependencies = forward_enumerate_dependencies;
  interface->get_module_attr = forward_get_module_attr;
  interface->lookup_function = forward_lookup_function;
  interface->get_function = forward_get_function;
  interface->get_function_attr = forward_get_function_attr;
  interface->resolve_source_location = forward_resolve_source_location;
  interface->alloc_state = forward_alloc_state;
  interface->free_state = forward_free_state;
  interface->fork_state = forward_fork_state;
  interface->resolve_import = forward_resolve_import;
  interface->notify = forward_notify;
  interface->begin_call = forward_begin_call;
  interface->resume_call = forward_resume_call;
}
