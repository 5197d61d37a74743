/* SPDX-License-Identifier: Apache-2.0 */
/* Lacks the default export: its modules come from `make`. */
#include "trace.h"

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t no_default = {.name = "no_default", VMRT_EXPORTS({"answer", "0v_i", answer})};
TRACE_EXPORT_MODULE(make, no_default)
