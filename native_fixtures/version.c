/* SPDX-License-Identifier: Apache-2.0 */
/* A module of any name (`name=`) and version (`version=`, 0); add(a, b) gives a + b, `version` its version. */
#include "support.h"

typedef struct {
  vmrt_module_t base;
  support_text_t name;
} version_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  version_t* self = (version_t*)module;
  int32_t version = 0;
  VMRT_TRY(support_param_text(params, "name", "version", &self->name));
  VMRT_TRY(vmrt_param_i32(params, "version", &version));
  module->name = self->name.text;
  module->version = (uint32_t)version;
  return vmrt_ok();
}

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static iree_status_t version_of(vmrt_call_t* call) {
  vmrt_return_i32(call, (int32_t)call->module->version);
  return vmrt_ok();
}

static const vmrt_module_type_t version = {
    .name = "version",
    .size = sizeof(version_t),
    .configure = configure,
    VMRT_EXPORTS({"add", "0ii_i", add}, {"version", "0v_i", version_of}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, version)
