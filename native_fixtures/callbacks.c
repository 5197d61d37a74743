/* SPDX-License-Identifier: Apache-2.0 */
/* Bytecode calls native calls bytecode: apply(x, n) is twice.twice applied n times to x. */
#include "trace.h"

static iree_status_t apply(vmrt_call_t* call) {
  int32_t x = vmrt_arg_i32(call), n = vmrt_arg_i32(call);
  for (int32_t i = 0; i < n; ++i) {
    vmrt_invoke_t twice;
    vmrt_invoke_begin(&twice, call, 0);
    vmrt_push_i32(&twice, x);
    VMRT_TRY(vmrt_invoke(&twice));
    x = vmrt_take_i32(&twice);
  }
  vmrt_return_i32(call, x);
  return vmrt_ok();
}

static const vmrt_module_type_t callbacks = {
    .name = "callbacks",
    VMRT_IMPORTS({"twice.twice", "0i_i", VMRT_REQUIRED}),
    VMRT_EXPORTS({"apply", "0ii_i", apply}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, callbacks)
