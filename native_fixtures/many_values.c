/* SPDX-License-Identifier: Apache-2.0 */
/* Very long calling conventions: sum takes and spread gives `count=` (3000) values of 64 bits. */
#include "trace.h"

typedef struct {
  vmrt_module_t base;
  vmrt_module_type_t type; /* of this module alone */
  vmrt_export_t functions[2];
  int32_t count;
  char* letters[2];
} many_values_t;

static iree_status_t sum(vmrt_call_t* call) {
  uint64_t total = 0;
  for (int32_t i = 0; i < ((many_values_t*)call->module)->count; ++i) total += (uint64_t)vmrt_arg_i64(call);
  vmrt_return_i64(call, (int64_t)total);
  return vmrt_ok();
}

static iree_status_t spread(vmrt_call_t* call) {
  int64_t x = vmrt_arg_i64(call);
  for (int32_t i = 0; i < ((many_values_t*)call->module)->count; ++i) vmrt_return_i64(call, x + i);
  return vmrt_ok();
}

static iree_status_t describe(many_values_t* self, size_t which, const char* before, const char* behind) {
  size_t head = strlen(before), count = (size_t)self->count;
  VMRT_TRY(vmrt_allocate(self->base.allocator, head + count + strlen(behind) + 1, (void**)&self->letters[which]));
  memcpy(self->letters[which], before, head);
  memset(self->letters[which] + head, 'I', count);
  strcpy(self->letters[which] + head + count, behind);
  return vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  many_values_t* self = (many_values_t*)module;
  self->count = 3000;
  VMRT_TRY(vmrt_param_i32(params, "count", &self->count));
  if (self->count < 1) return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "parameter `count`: %d", self->count);
  VMRT_TRY(describe(self, 0, "0", "_I"));
  VMRT_TRY(describe(self, 1, "0I_", ""));
  self->functions[0] = (vmrt_export_t){"sum", self->letters[0], sum};
  self->functions[1] = (vmrt_export_t){"spread", self->letters[1], spread};
  self->type = *module->type;
  self->type.exports = self->functions;
  self->type.export_count = 2;
  module->type = &self->type;
  return vmrt_ok();
}

static void deinitialize(vmrt_module_t* module) {
  for (size_t i = 0; i < 2; ++i) vmrt_free(module->allocator, ((many_values_t*)module)->letters[i]);
}

static const vmrt_module_type_t many_values = {
    .name = "many_values", .size = sizeof(many_values_t), .configure = configure, .deinitialize = deinitialize};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, many_values)
