/* SPDX-License-Identifier: Apache-2.0 */
/* Hands over its module with two references in place of one: it cannot be destroyed. */
#include "trace.h"

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t two_refs = {.name = "two_refs", VMRT_EXPORTS({"answer", "0v_i", answer})};

VMRT_EXPORT iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS);
iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS) {
  VMRT_TRY(trace_create(&two_refs, VMRT_CREATE_ARGUMENTS));
  ++*(atomic_int*)(void*)&(*out_module)->ref_count;
  return vmrt_ok();
}
