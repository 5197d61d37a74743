/* SPDX-License-Identifier: Apache-2.0 */
/* Receives variadic spans of several shapes, dumps their bytes to the trace and adds everything up. */
#include "dump.h"

/* (first, span of i32, last) */
static iree_status_t sum(vmrt_call_t* call) {
  dump_arguments(call, "sum");
  uint32_t total = (uint32_t)vmrt_arg_i32(call);
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) total += (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(total + (uint32_t)vmrt_arg_i32(call)));
  return vmrt_ok();
}

/* (first, span of i64, i32, last): the stride is padded */
static iree_status_t long_short(vmrt_call_t* call) {
  dump_arguments(call, "long_short");
  int64_t total = vmrt_arg_i32(call);
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) {
    total += vmrt_arg_i64(call);
    total += vmrt_arg_i32(call);
  }
  vmrt_return_i64(call, total + vmrt_arg_i32(call));
  return vmrt_ok();
}

/* (first, span of i32, i64, last) */
static iree_status_t short_long(vmrt_call_t* call) {
  dump_arguments(call, "short_long");
  int64_t total = vmrt_arg_i32(call);
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) {
    total += vmrt_arg_i32(call);
    total += vmrt_arg_i64(call);
  }
  vmrt_return_i64(call, total + vmrt_arg_i32(call));
  return vmrt_ok();
}

/* (span of i32, i64, i32, last): a tuple that begins and ends with four bytes */
static iree_status_t sandwich(vmrt_call_t* call) {
  dump_arguments(call, "sandwich");
  int64_t total = 0;
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) {
    total += vmrt_arg_i32(call);
    total += vmrt_arg_i64(call);
    total += vmrt_arg_i32(call);
  }
  vmrt_return_i64(call, total + vmrt_arg_i32(call));
  return vmrt_ok();
}

/* (span of i32)(span of i64)(last) */
static iree_status_t two_spans(vmrt_call_t* call) {
  dump_arguments(call, "two_spans");
  int64_t total = 0;
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) total += vmrt_arg_i32(call);
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) total += vmrt_arg_i64(call);
  vmrt_return_i64(call, total + vmrt_arg_i32(call));
  return vmrt_ok();
}

/* (span of refs, last): how many are not null, plus last */
static iree_status_t count_refs(vmrt_call_t* call) {
  trace_line_t line = trace_begin("variadic", "bytes"); /* no words: they hold addresses */
  trace_text(&line, "fn", vmrt_text("count_refs"));
  trace_number(&line, "size", (long long)call->raw->arguments.data_length);
  trace_end(&line);
  int32_t count = 0;
  for (uint32_t left = vmrt_arg_count(call); left > 0; --left) count += !vmrt_ref_is_null(vmrt_arg_ref(call));
  vmrt_return_i32(call, count + vmrt_arg_i32(call));
  return vmrt_ok();
}

static const vmrt_module_type_t variadic = {
    .name = "variadic",
    VMRT_EXPORTS({"sum", "0iCiDi_i", sum}, {"long_short", "0iCIiDi_I", long_short}, {"short_long", "0iCiIDi_I", short_long},
                 {"sandwich", "0CiIiDi_I", sandwich}, {"two_spans", "0CiDCIDi_I", two_spans},
                 {"count_refs", "0CrDi_i", count_refs}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, variadic)
