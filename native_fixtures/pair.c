/* SPDX-License-Identifier: Apache-2.0 */
/* Two exports, two modules: create_first makes `first`, create_second `second`; both count calls in one static counter. */
#include "trace.h"

static atomic_int shared_calls;

/* value, also called id: which module this is, 1 or 2. */
static iree_status_t first_value(vmrt_call_t* call) {
  ++shared_calls;
  vmrt_return_i32(call, 1);
  return vmrt_ok();
}

static iree_status_t second_value(vmrt_call_t* call) {
  ++shared_calls;
  vmrt_return_i32(call, 2);
  return vmrt_ok();
}

/* Calls of value and calls so far, through either module. */
static iree_status_t calls(vmrt_call_t* call) {
  vmrt_return_i32(call, ++shared_calls);
  return vmrt_ok();
}

static const vmrt_module_type_t first = {
    .name = "first",
    VMRT_EXPORTS({"value", "0v_i", first_value}, {"id", "0v_i", first_value}, {"calls", "0v_i", calls}),
};
static const vmrt_module_type_t second = {
    .name = "second",
    VMRT_EXPORTS({"value", "0v_i", second_value}, {"id", "0v_i", second_value}, {"calls", "0v_i", calls}),
};
TRACE_EXPORT_MODULE(create_first, first)
TRACE_EXPORT_MODULE(create_second, second)
