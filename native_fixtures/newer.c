/* SPDX-License-Identifier: Apache-2.0 */
/* Needs version `needs=` (2) of the interface and refuses an older host with a message, as one should. */
#include "trace.h"

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t newer = {.name = "newer", VMRT_EXPORTS({"answer", "0v_i", answer})};

VMRT_EXPORT iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS);
iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS) {
  vmrt_params_t given = {param_count, params};
  int32_t needs = 2;
  VMRT_TRY(vmrt_param_i32(&given, "needs", &needs));
  if (needs <= (int32_t)max_version) return trace_create(&newer, VMRT_CREATE_ARGUMENTS);
  trace_create_event("newer", max_version, param_count, params, IREE_STATUS_INCOMPATIBLE);
  return vmrt_status(IREE_STATUS_INCOMPATIBLE, "newer: needs version %d of the interface, the host has %u", needs, max_version);
}
