/* SPDX-License-Identifier: Apache-2.0 */
/* Breaks the rules of references: leaves one behind when failing, returns one it does not own, takes one it was lent. */
#include "trace.h"

/* Writes an owned reference to the results and then fails, past the kit that would release it. */
static iree_status_t result_and_fail(vmrt_call_t* call) {
  iree_vm_ref_t ref = vmrt_ref_retain(vmrt_arg_ref(call));
  vmrt_return_ref(call, ref);
  call->results.data = NULL; /* the kit forgets the buffer */
  call->results.capacity = 0;
  return vmrt_status(IREE_STATUS_ABORTED, "failed with a reference in the results");
}

/* Returns its argument without an owner of its own. */
static iree_status_t unretained(vmrt_call_t* call) {
  vmrt_return_ref(call, vmrt_arg_ref(call));
  return vmrt_ok();
}

/* Releases its argument and clears the slot, as if it had been given. */
static iree_status_t consume(vmrt_call_t* call) {
  iree_vm_ref_t ref = vmrt_arg_ref(call);
  memset(call->raw->arguments.data, 0, sizeof ref);
  vmrt_ref_release(&ref);
  return vmrt_ok();
}

static const vmrt_module_type_t bad_refs = {
    .name = "bad_refs",
    VMRT_EXPORTS({"result_and_fail", "0r_r", result_and_fail}, {"unretained", "0r_r", unretained},
                 {"consume", "0r_v", consume}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, bad_refs)
