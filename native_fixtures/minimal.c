/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest useful module: two functions, one that fails, one parameter (`bias=`, added to the result of mul). */
#include "trace.h"

typedef struct {
  vmrt_module_t base;
  int32_t bias;
} minimal_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  return vmrt_param_i32(params, "bias", &((minimal_t*)module)->bias);
}

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static iree_status_t mul(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a * b + (uint32_t)((minimal_t*)call->module)->bias));
  return vmrt_ok();
}

static iree_status_t boom(vmrt_call_t* call) {
  (void)call;
  return vmrt_status(IREE_STATUS_UNAVAILABLE, "minimal.boom always fails");
}

static const vmrt_module_type_t minimal = {
    .name = "minimal",
    .version = 1,
    .size = sizeof(minimal_t),
    .configure = configure,
    VMRT_EXPORTS({"add", "0ii_i", add}, {"mul", "0ii_i", mul}, {"boom", "0v_v", boom}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, minimal)
