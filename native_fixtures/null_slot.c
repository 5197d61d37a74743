/* SPDX-License-Identifier: Apache-2.0 */
/* One slot of the interface is NULL: the one that `slot=` names. */
#include "support.h"

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static const vmrt_module_type_t null_slot = {.name = "null_slot", .version = 1, VMRT_EXPORTS({"add", "0ii_i", add})};

/* Clears the slot of that name; false when there is none. */
static bool clear_slot(iree_vm_module_t* module, iree_string_view_t name) {
#define SLOT(slot) \
  if (vmrt_text_is(name, #slot)) return module->slot = NULL, true
  SLOT(destroy);
  SLOT(name);
  SLOT(signature);
  SLOT(enumerate_dependencies);
  SLOT(get_module_attr);
  SLOT(lookup_function);
  SLOT(get_function);
  SLOT(get_function_attr);
  SLOT(resolve_source_location);
  SLOT(alloc_state);
  SLOT(free_state);
  SLOT(fork_state);
  SLOT(resolve_import);
  SLOT(notify);
  SLOT(begin_call);
  SLOT(resume_call);
#undef SLOT
  return false;
}

VMRT_EXPORT iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS);
iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS) {
  vmrt_params_t given = {param_count, params};
  iree_vm_module_t* module = NULL;
  VMRT_TRY(trace_create(&null_slot, max_version, instance, param_count, params, allocator, &module));
  iree_string_view_t slot = vmrt_param_text(&given, "slot", "");
  if (!clear_slot(module, slot)) {
    module->destroy(module->self);
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "parameter `slot`: there is no slot `%.*s`", VMRT_TEXT(slot));
  }
  *out_module = module;
  return vmrt_ok();
}
