/* SPDX-License-Identifier: Apache-2.0 */
/* Its signature announces `exports=` and `imports=` functions; it has one export and no imports. */
#include "trace.h"

typedef struct {
  vmrt_module_t base;
  int64_t exports, imports;
} bad_counts_t;

static iree_vm_module_signature_t signature(void* module) {
  const bad_counts_t* self = (const bad_counts_t*)module;
  iree_vm_module_signature_t signature = vmrt_slot_signature(module);
  signature.export_function_count = (size_t)self->exports;
  signature.import_function_count = (size_t)self->imports;
  return signature;
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  bad_counts_t* self = (bad_counts_t*)module;
  self->exports = 1;
  module->interface.signature = signature;
  VMRT_TRY(vmrt_param_i64(params, "exports", &self->exports));
  return vmrt_param_i64(params, "imports", &self->imports);
}

static iree_status_t answer(vmrt_call_t* call) {
  vmrt_return_i32(call, 42);
  return vmrt_ok();
}

static const vmrt_module_type_t bad_counts = {
    .name = "bad_counts", .size = sizeof(bad_counts_t), .configure = configure, VMRT_EXPORTS({"answer", "0v_i", answer})};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, bad_counts)
