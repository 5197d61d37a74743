/* SPDX-License-Identifier: Apache-2.0 */
/* Native calls bytecode: uses the compiled module `provider`, passes its failures on or swallows them. */
#include "trace.h"

enum { ADD, SCALE, FAILS };

static iree_status_t call_unary(vmrt_call_t* call, size_t import, int32_t x, int32_t* out) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, import);
  vmrt_push_i32(&invoke, x);
  VMRT_TRY(vmrt_invoke(&invoke));
  *out = vmrt_take_i32(&invoke);
  return vmrt_ok();
}

/* provider.scale(provider.add(a, b)) */
static iree_status_t add_scaled(vmrt_call_t* call) {
  vmrt_invoke_t add;
  vmrt_invoke_begin(&add, call, ADD);
  vmrt_push_i32(&add, vmrt_arg_i32(call));
  vmrt_push_i32(&add, vmrt_arg_i32(call));
  VMRT_TRY(vmrt_invoke(&add));
  int32_t scaled = 0;
  VMRT_TRY(call_unary(call, SCALE, vmrt_take_i32(&add), &scaled));
  vmrt_return_i32(call, scaled);
  return vmrt_ok();
}

static iree_status_t propagate(vmrt_call_t* call) {
  int32_t result = 0;
  VMRT_TRY(call_unary(call, FAILS, vmrt_arg_i32(call), &result));
  vmrt_return_i32(call, result);
  return vmrt_ok();
}

/* The code of the failure, as a number; its message goes to the trace. */
static iree_status_t swallow(vmrt_call_t* call) {
  int32_t ignored = 0;
  iree_status_t status = call_unary(call, FAILS, vmrt_arg_i32(call), &ignored);
  trace_line_t line = trace_begin("calls_bytecode", "swallowed");
  trace_number(&line, "code", vmrt_status_code(status));
  trace_text(&line, "message", vmrt_status_message(status));
  trace_end(&line);
  vmrt_return_i32(call, (int32_t)vmrt_status_code(status));
  vmrt_status_free(status);
  return vmrt_ok();
}

static const vmrt_module_type_t calls_bytecode = {
    .name = "calls_bytecode",
    VMRT_IMPORTS({"provider.add", "0ii_i", VMRT_REQUIRED},
                 {"provider.scale", "0i_i", VMRT_REQUIRED},
                 {"provider.fails", "0i_i", VMRT_REQUIRED}),
    VMRT_EXPORTS({"add_scaled", "0ii_i", add_scaled}, {"propagate", "0i_i", propagate}, {"swallow", "0i_i", swallow}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, calls_bytecode)
