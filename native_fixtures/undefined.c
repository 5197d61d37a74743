/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function that nobody defines: found at load by eager hosts, at the call by lazy ones. */
#include "trace.h"

extern void vm_conformance_nobody_defines_this(void);

static iree_status_t run(vmrt_call_t* call) {
  (void)call;
  vm_conformance_nobody_defines_this();
  return vmrt_ok();
}

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t undefined = {
    .name = "undefined", VMRT_EXPORTS({"run", "0v_v", run}, {"answer", "0v_i", answer})};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, undefined)
