/* SPDX-License-Identifier: Apache-2.0 */
/* alloc_state answers OK with a NULL state, which is allowed. */
#include "trace.h"

static iree_status_t alloc_state(void* self, iree_allocator_t allocator, iree_vm_module_state_t** out_module_state) {
  (void)self, (void)allocator;
  *out_module_state = NULL;
  return vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  (void)params;
  module->interface.alloc_state = alloc_state;
  return vmrt_ok();
}

static iree_status_t nothing(vmrt_call_t* call) {
  (void)call;
  return vmrt_ok();
}

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static const vmrt_module_type_t null_state = {
    .name = "null_state",
    .configure = configure,
    VMRT_EXPORTS({"add", "0ii_i", add}, {"__init", "0v_v", nothing}, {"__deinit", "0v_v", nothing}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, null_state)
