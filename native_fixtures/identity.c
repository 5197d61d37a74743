/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the pointers it is given, and returns function references with a module pointer that nobody may follow. */
#include "trace.h"

static iree_vm_instance_t* first_instance;

typedef struct {
  vmrt_module_t base;
  bool same_allocator;
} identity_t;

static iree_status_t lookup_function(void* module, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                     const iree_vm_function_signature_t* expected, iree_vm_function_t* out_function) {
  VMRT_TRY(vmrt_slot_lookup_function(module, linkage, name, expected, out_function));
  out_function->module = (iree_vm_module_t*)(uintptr_t)16;
  return vmrt_ok();
}

static iree_status_t alloc_state(void* module, iree_allocator_t allocator, iree_vm_module_state_t** out_module_state) {
  identity_t* self = (identity_t*)module;
  self->same_allocator = allocator.self == self->base.allocator.self && allocator.ctl == self->base.allocator.ctl;
  return vmrt_slot_alloc_state(module, allocator, out_module_state);
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  (void)params;
  if (!first_instance) first_instance = module->instance;
  module->interface.lookup_function = lookup_function;
  module->interface.alloc_state = alloc_state;
  return vmrt_ok();
}

/* 1: calls carry the host's wrapper, not a module of this library. */
static iree_status_t is_wrapped(vmrt_call_t* call) {
  iree_vm_module_t* seen = call->raw->function.module;
  vmrt_return_i32(call, seen != &call->module->interface && seen != (iree_vm_module_t*)(uintptr_t)16);
  return vmrt_ok();
}

/* 1: all modules of this library got the same instance. */
static iree_status_t same_instance(vmrt_call_t* call) {
  vmrt_return_i32(call, call->module->instance == first_instance);
  return vmrt_ok();
}

/* 1: create and alloc_state got the same allocator. */
static iree_status_t same_allocator(vmrt_call_t* call) {
  vmrt_return_i32(call, ((identity_t*)call->module)->same_allocator);
  return vmrt_ok();
}

/* The linkage that the call carries. */
static iree_status_t linkage_of_call(vmrt_call_t* call) {
  vmrt_return_i32(call, call->raw->function.linkage);
  return vmrt_ok();
}

static const vmrt_module_type_t identity = {
    .name = "identity",
    .size = sizeof(identity_t),
    .configure = configure,
    VMRT_EXPORTS({"is_wrapped", "0v_i", is_wrapped}, {"same_instance", "0v_i", same_instance},
                 {"same_allocator", "0v_i", same_allocator}, {"linkage", "0v_i", linkage_of_call}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, identity)
