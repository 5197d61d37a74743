/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes: two of the module, a declaration of f that tools show when it fails, none of g. */
#include "trace.h"

/* INVALID_ARGUMENT for 0, else x. */
static iree_status_t f(vmrt_call_t* call) {
  int32_t x = vmrt_arg_i32(call);
  if (x == 0) return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "attrs.f takes no zero");
  vmrt_return_i32(call, x);
  return vmrt_ok();
}

static const vmrt_module_type_t attrs = {
    .name = "attrs",
    .version = 7,
    VMRT_EXPORTS({"f", "0i_i", f}, {"g", "0i_i", f}),
    VMRT_ATTRS({NULL, "author", "nobody"}, {NULL, "license", "Apache-2.0"},
               {"f", "iree.abi.declaration", "sync func @f(%x: i32) -> i32"}, {"f", "note", ""}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, attrs)
