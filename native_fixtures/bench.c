/* SPDX-License-Identifier: Apache-2.0 */
/* For benchmarks: two functions and no trace. */
#include "vmrt/module.h"

static iree_status_t nop(vmrt_call_t* call) {
  (void)call;
  return vmrt_ok();
}

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static const vmrt_module_type_t bench = {
    .name = "bench",
    VMRT_EXPORTS({"nop", "0v_v", nop}, {"add", "0ii_i", add}),
};
VMRT_EXPORT_MODULE(iree_vm_dynamic_module_create, bench)
