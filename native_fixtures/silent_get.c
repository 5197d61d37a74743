/* SPDX-License-Identifier: Apache-2.0 */
/* get_function answers OK and writes nothing: for `what=` import (default), export or all. */
#include "support.h"

typedef struct {
  vmrt_module_t base;
  support_text_t what;
} silent_get_t;

static iree_status_t get_function(void* module, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                  iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                  iree_vm_function_signature_t* out_signature) {
  const char* what = ((silent_get_t*)module)->what.text;
  const char* asked = vmrt_linkage_is_export(linkage) ? "export" : "import";
  if (strcmp(what, "all") == 0 || strcmp(what, asked) == 0) return vmrt_ok();
  return vmrt_slot_get_function(module, linkage, ordinal, out_function, out_name, out_signature);
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  module->interface.get_function = get_function;
  return support_param_text(params, "what", "import", &((silent_get_t*)module)->what);
}

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t silent_get = {
    .name = "silent_get",
    .size = sizeof(silent_get_t),
    .configure = configure,
    VMRT_IMPORTS({"minimal.add", "0ii_i", VMRT_OPTIONAL}),
    VMRT_EXPORTS({"answer", "0v_i", answer}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, silent_get)
