/* SPDX-License-Identifier: Apache-2.0 */
/* The module of the README: add(a, b) = a + b and scale(x) = (x + bias)^2, with the parameter `bias=` (0). */
#include "trace.h"

typedef struct {
  vmrt_module_t base;
  int32_t bias;
} math_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  return vmrt_param_i32(params, "bias", &((math_t*)module)->bias);
}

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static iree_status_t scale(vmrt_call_t* call) {
  uint32_t sum = (uint32_t)vmrt_arg_i32(call) + (uint32_t)((math_t*)call->module)->bias;
  vmrt_return_i32(call, (int32_t)(sum * sum));
  return vmrt_ok();
}

static const vmrt_module_type_t math = {
    .name = "math",
    .version = 1,
    .size = sizeof(math_t),
    .configure = configure,
    VMRT_EXPORTS({"add", "0ii_i", add}, {"scale", "0i_i", scale}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, math)
TRACE_EXPORT_MODULE(create, math)
