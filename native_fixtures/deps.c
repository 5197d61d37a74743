/* SPDX-License-Identifier: Apache-2.0 */
/* Declares a dependency on the module `dep=`, with `min=` version (0) and `flags=` (1 required, 2 optional); `swallow=1` ignores
 * what the host says to it, `name=` renames this module, `version=` is its own. */
#include "support.h"

typedef struct {
  vmrt_module_t base;
  vmrt_module_type_t type; /* of this module alone */
  vmrt_dependency_t dependency;
  support_text_t name, dep;
} deps_t;

static iree_status_t swallow_dependencies(void* self, iree_vm_module_dependency_callback_t callback, void* user_data) {
  vmrt_status_free(vmrt_slot_enumerate_dependencies(self, callback, user_data));
  return vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  deps_t* self = (deps_t*)module;
  int32_t minimum = 0, flags = VMRT_REQUIRED, version = 0;
  VMRT_TRY(support_param_text(params, "name", "deps", &self->name));
  VMRT_TRY(support_param_text(params, "dep", "", &self->dep));
  VMRT_TRY(vmrt_param_i32(params, "min", &minimum));
  VMRT_TRY(vmrt_param_i32(params, "flags", &flags));
  VMRT_TRY(vmrt_param_i32(params, "version", &version));
  self->dependency = (vmrt_dependency_t){self->dep.text, (uint32_t)minimum, (uint32_t)flags};
  self->type = *module->type;
  self->type.dependencies = &self->dependency;
  self->type.dependency_count = self->dep.text[0] != 0;
  module->type = &self->type;
  module->name = self->name.text;
  module->version = (uint32_t)version;
  if (vmrt_param_is(params, "swallow", "1")) module->interface.enumerate_dependencies = swallow_dependencies;
  return vmrt_ok();
}

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t deps = {
    .name = "deps", .size = sizeof(deps_t), .configure = configure, VMRT_EXPORTS({"answer", "0v_i", answer})};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, deps)
