/* SPDX-License-Identifier: Apache-2.0 */
/* Lends its texts only until the next callback: what a host keeps of them turns into `#`. */
#include "trace.h"

typedef struct {
  vmrt_module_t base;
  char name[32], function[32], cconv[32];
} dangling_t;

static dangling_t* forget(void* module) {
  dangling_t* self = (dangling_t*)module;
  memset(self->name, '#', sizeof self->name - 1);
  memset(self->function, '#', sizeof self->function - 1);
  memset(self->cconv, '#', sizeof self->cconv - 1);
  return self;
}

static iree_string_view_t lend(char* room, iree_string_view_t text) {
  memcpy(room, text.data, text.size);
  return (iree_string_view_t){room, text.size};
}

static iree_string_view_t name(void* module) { return lend(forget(module)->name, vmrt_slot_name(module)); }

static iree_vm_module_signature_t signature(void* module) { return vmrt_slot_signature(forget(module)); }

static iree_status_t get_function(void* module, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                  iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                  iree_vm_function_signature_t* out_signature) {
  dangling_t* self = forget(module);
  VMRT_TRY(vmrt_slot_get_function(module, linkage, ordinal, out_function, out_name, out_signature));
  if (out_name) *out_name = lend(self->function, *out_name);
  if (out_signature) out_signature->calling_convention = lend(self->cconv, out_signature->calling_convention);
  return vmrt_ok();
}

static iree_status_t begin_call(void* module, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  return vmrt_slot_begin_call(forget(module), stack, call);
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  (void)params;
  module->interface.name = name;
  module->interface.signature = signature;
  module->interface.get_function = get_function;
  module->interface.begin_call = begin_call;
  return vmrt_ok();
}

static iree_status_t add(vmrt_call_t* call) {
  uint32_t a = (uint32_t)vmrt_arg_i32(call), b = (uint32_t)vmrt_arg_i32(call);
  vmrt_return_i32(call, (int32_t)(a + b));
  return vmrt_ok();
}

static const vmrt_module_type_t dangling = {
    .name = "dangling",
    .size = sizeof(dangling_t),
    .configure = configure,
    VMRT_IMPORTS({"minimal.add", "0ii_i", VMRT_OPTIONAL}),
    VMRT_EXPORTS({"add", "0ii_i", add}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, dangling)
