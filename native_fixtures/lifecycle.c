/* SPDX-License-Identifier: Apache-2.0 */
/* Has `__init`, `__deinit` and `__notify`, and fails at one stage of its life if told so.
 *
 * Parameters: `name=` (lifecycle), `import=` of a function with 0ii_i, `fail=` create, deps, alloc, resolve, init, call, deinit,
 * lookup or notify, `code=` of that failure (9, FAILED_PRECONDITION) and its `message=`. */
#include "support.h"

typedef struct {
  vmrt_module_t base;
  vmrt_module_type_t type; /* of this module alone */
  vmrt_import_t import;
  support_text_t name, import_name, fail, message;
  int32_t code;
} lifecycle_t;

typedef struct {
  int32_t pings;
} state_t;

/* The failure, when this is the stage to fail at. */
static iree_status_t reach(const void* module, const char* stage) {
  const lifecycle_t* self = (const lifecycle_t*)module;
  return strcmp(self->fail.text, stage) == 0 ? support_failure(self->code, self->message.text) : vmrt_ok();
}

static iree_status_t enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback, void* user_data) {
  VMRT_TRY(reach(self, "deps"));
  return vmrt_slot_enumerate_dependencies(self, callback, user_data);
}

static iree_status_t resolve_import(void* self, iree_vm_module_state_t* module_state, iree_host_size_t ordinal,
                                    const iree_vm_function_t* function, const iree_vm_function_signature_t* signature) {
  VMRT_TRY(reach(self, "resolve"));
  return vmrt_slot_resolve_import(self, module_state, ordinal, function, signature);
}

static iree_status_t lookup_function(void* self, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                     const iree_vm_function_signature_t* expected, iree_vm_function_t* out_function) {
  VMRT_TRY(reach(self, "lookup"));
  return vmrt_slot_lookup_function(self, linkage, name, expected, out_function);
}

static iree_status_t init_state(vmrt_module_t* module, void* state) {
  (void)state;
  return reach(module, "alloc");
}

static iree_status_t notify(vmrt_module_t* module, void* state, iree_vm_signal_t signal) {
  (void)state, (void)signal;
  return reach(module, "notify");
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  lifecycle_t* self = (lifecycle_t*)module;
  static const char* const known[] = {"name", "import", "fail", "code", "message", NULL};
  VMRT_TRY(vmrt_params_allow(params, known));
  VMRT_TRY(support_param_text(params, "name", "lifecycle", &self->name));
  VMRT_TRY(support_param_text(params, "import", "", &self->import_name));
  VMRT_TRY(support_param_text(params, "fail", "", &self->fail));
  VMRT_TRY(support_param_text(params, "message", "", &self->message));
  self->code = IREE_STATUS_FAILED_PRECONDITION;
  VMRT_TRY(vmrt_param_i32(params, "code", &self->code));
  self->type = *module->type;
  self->import = (vmrt_import_t){self->import_name.text, "0ii_i", VMRT_REQUIRED};
  self->type.imports = &self->import;
  self->type.import_count = self->import_name.text[0] != 0;
  module->type = &self->type;
  module->name = self->name.text;
  module->interface.enumerate_dependencies = enumerate_dependencies;
  module->interface.resolve_import = resolve_import;
  module->interface.lookup_function = lookup_function;
  return reach(module, "create");
}

static iree_status_t init(vmrt_call_t* call) { return reach(call->module, "init"); }
static iree_status_t deinit(vmrt_call_t* call) { return reach(call->module, "deinit"); }

static iree_status_t on_notify(vmrt_call_t* call) {
  trace_line_t line = trace_begin(call->module->name, "notified");
  trace_number(&line, "signal", vmrt_arg_i32(call));
  trace_end(&line);
  return vmrt_ok();
}

/* How often it was called in this context. */
static iree_status_t ping(vmrt_call_t* call) {
  VMRT_TRY(reach(call->module, "call"));
  vmrt_return_i32(call, ++((state_t*)vmrt_call_state(call))->pings);
  return vmrt_ok();
}

static iree_status_t add(vmrt_call_t* call) {
  VMRT_TRY(reach(call->module, "call"));
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

/* import(3, 4), where there is one. */
static iree_status_t call_import(vmrt_call_t* call) {
  if (call->module->type->import_count == 0) {
    return vmrt_status(IREE_STATUS_FAILED_PRECONDITION, "module `%s` was created without `import=`", call->module->name);
  }
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, 0);
  vmrt_push_i32(&invoke, 3);
  vmrt_push_i32(&invoke, 4);
  VMRT_TRY(vmrt_invoke(&invoke));
  vmrt_return_i32(call, vmrt_take_i32(&invoke));
  return vmrt_ok();
}

static const vmrt_module_type_t lifecycle = {
    .name = "lifecycle",
    .size = sizeof(lifecycle_t),
    .state_size = sizeof(state_t),
    .configure = configure,
    .init_state = init_state,
    .notify = notify,
    VMRT_EXPORTS({"__init", "0v_v", init}, {"__deinit", "0v_v", deinit}, {"__notify", "0i_v", on_notify},
                 {"ping", "0v_i", ping}, {"add", "0ii_i", add}, {"call_import", "0v_i", call_import}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, lifecycle)
