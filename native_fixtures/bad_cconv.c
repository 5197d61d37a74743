/* SPDX-License-Identifier: Apache-2.0 */
/* Exports the function `name=` (f) with whatever calling convention `cconv=` says (0z_z); it reads and writes nothing. */
#include "dump.h"
#include "support.h"

typedef struct {
  vmrt_module_t base;
  vmrt_module_type_t type; /* of this module alone */
  vmrt_export_t function;
  support_text_t name, cconv;
} bad_cconv_t;

static iree_status_t run(vmrt_call_t* call) {
  dump_arguments(call, "run");
  return vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  bad_cconv_t* self = (bad_cconv_t*)module;
  VMRT_TRY(support_param_text(params, "name", "f", &self->name));
  VMRT_TRY(support_param_text(params, "cconv", "0z_z", &self->cconv));
  self->function = (vmrt_export_t){self->name.text, self->cconv.text, run};
  self->type = *module->type;
  self->type.exports = &self->function;
  self->type.export_count = 1;
  module->type = &self->type;
  return vmrt_ok();
}

static const vmrt_module_type_t bad_cconv = {.name = "bad_cconv", .size = sizeof(bad_cconv_t), .configure = configure};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, bad_cconv)
