/* SPDX-License-Identifier: Apache-2.0 */
/* lookup_function lies, as `lie=` says: nothing (OK, output unwritten), ordinal (one that does not exist) or linkage (an
 * unknown one). */
#include "support.h"

typedef struct {
  vmrt_module_t base;
  support_text_t lie;
} bad_lookup_t;

static iree_status_t lookup_function(void* module, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                     const iree_vm_function_signature_t* expected, iree_vm_function_t* out_function) {
  const char* lie = ((bad_lookup_t*)module)->lie.text;
  if (linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL) return vmrt_status_bare(IREE_STATUS_NOT_FOUND);
  if (strcmp(lie, "nothing") == 0) return vmrt_ok();
  VMRT_TRY(vmrt_slot_lookup_function(module, linkage, name, expected, out_function));
  if (strcmp(lie, "ordinal") == 0) out_function->ordinal = 4711;
  if (strcmp(lie, "linkage") == 0) out_function->linkage = 77;
  return vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  module->interface.lookup_function = lookup_function;
  return support_param_text(params, "lie", "nothing", &((bad_lookup_t*)module)->lie);
}

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t bad_lookup = {
    .name = "bad_lookup", .size = sizeof(bad_lookup_t), .configure = configure, VMRT_EXPORTS({"answer", "0v_i", answer})};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, bad_lookup)
