/* SPDX-License-Identifier: Apache-2.0 */
/* Its functions and the module itself have attributes without end. */
#include "vmrt/module.h"

static iree_status_t another(iree_string_pair_t* out_attr) {
  out_attr->key = vmrt_text("and_another");
  out_attr->value = vmrt_text("one");
  return vmrt_ok();
}

static iree_status_t get_module_attr(void* self, iree_host_size_t index, iree_string_pair_t* out_attr) {
  (void)self, (void)index;
  return another(out_attr);
}

static iree_status_t get_function_attr(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                       iree_host_size_t index, iree_string_pair_t* out_attr) {
  (void)self, (void)linkage, (void)ordinal, (void)index;
  return another(out_attr);
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  (void)params;
  module->interface.get_module_attr = get_module_attr;
  module->interface.get_function_attr = get_function_attr;
  return vmrt_ok();
}

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

/* Not traced: the trace would not end either. */
static const vmrt_module_type_t endless_attrs = {
    .name = "endless_attrs", .configure = configure, VMRT_EXPORTS({"answer", "0v_i", answer})};
VMRT_EXPORT_MODULE(iree_vm_dynamic_module_create, endless_attrs)
