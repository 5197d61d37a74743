/* SPDX-License-Identifier: Apache-2.0 */
/* Values of every kind in one call: mix adds them up, spread gives one of each back; the packed bytes go to the trace. */
#include "dump.h"

static iree_status_t mix(vmrt_call_t* call) {
  dump_arguments(call, "mix");
  int64_t total = vmrt_arg_i32(call);
  total += vmrt_arg_i64(call);
  total += vmrt_arg_i32(call);
  total += (int64_t)vmrt_arg_f32(call);
  total += (int64_t)vmrt_arg_f64(call);
  vmrt_return_i64(call, total + vmrt_arg_i32(call));
  return vmrt_ok();
}

static iree_status_t spread(vmrt_call_t* call) {
  dump_arguments(call, "spread");
  int32_t x = vmrt_arg_i32(call);
  vmrt_return_i32(call, x);
  vmrt_return_i64(call, (int64_t)x * 0x100000001ll);
  vmrt_return_f32(call, (float)x / 2);
  vmrt_return_f64(call, (double)x / 4);
  vmrt_return_i32(call, -x);
  return vmrt_ok();
}

static const vmrt_module_type_t mixed = {
    .name = "mixed",
    VMRT_EXPORTS({"mix", "0iIifFi_I", mix}, {"spread", "0i_iIfFi", spread}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, mixed)
