/* SPDX-License-Identifier: Apache-2.0 */
/* One import, described by parameters: `import=` (minimal.add), `cconv=` (0ii_i), `optional=1`, `name=` of this module. */
#include "support.h"

typedef struct {
  vmrt_module_t base;
  vmrt_module_type_t type; /* of this module alone */
  vmrt_import_t import;
  support_text_t name, function, cconv;
} imports_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  imports_t* self = (imports_t*)module;
  VMRT_TRY(support_param_text(params, "name", "imports", &self->name));
  VMRT_TRY(support_param_text(params, "import", "minimal.add", &self->function));
  VMRT_TRY(support_param_text(params, "cconv", "0ii_i", &self->cconv));
  self->import.name = self->function.text;
  self->import.cconv = self->cconv.text;
  self->import.flags = vmrt_param_is(params, "optional", "1") ? VMRT_OPTIONAL : VMRT_REQUIRED;
  self->type = *module->type;
  self->type.imports = &self->import;
  self->type.import_count = 1;
  module->type = &self->type;
  module->name = self->name.text;
  return vmrt_ok();
}

static iree_status_t call_import(vmrt_call_t* call) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, 0);
  vmrt_push_i32(&invoke, vmrt_arg_i32(call));
  vmrt_push_i32(&invoke, vmrt_arg_i32(call));
  VMRT_TRY(vmrt_invoke(&invoke));
  vmrt_return_i32(call, vmrt_take_i32(&invoke));
  return vmrt_ok();
}

/* For imports without arguments and results. */
static iree_status_t run_import(vmrt_call_t* call) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, 0);
  return vmrt_invoke(&invoke);
}

static iree_status_t resolved(vmrt_call_t* call) {
  vmrt_return_i32(call, vmrt_import_resolved(call, 0));
  return vmrt_ok();
}

static const vmrt_module_type_t imports = {
    .name = "imports",
    .size = sizeof(imports_t),
    .configure = configure,
    VMRT_EXPORTS({"call", "0ii_i", call_import}, {"run", "0v_v", run_import}, {"resolved", "0v_i", resolved}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, imports)
