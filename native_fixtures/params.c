/* SPDX-License-Identifier: Apache-2.0 */
/* Tells what parameters it was created with: how many, and the bytes and lengths of each. */
#include "trace.h"

typedef struct {
  char* key;
  char* value;
  int32_t key_length;
  int32_t value_length; /* -1: written without `=` */
} pair_t;

typedef struct {
  vmrt_module_t base;
  pair_t* pairs;
  size_t count;
} params_t;

static iree_status_t copy_pair(vmrt_module_t* module, const iree_string_pair_t* from, pair_t* to) {
  VMRT_TRY(vmrt_copy_text(module->allocator, from->key, &to->key));
  VMRT_TRY(vmrt_copy_text(module->allocator, from->value, &to->value));
  to->key_length = (int32_t)from->key.size;
  to->value_length = from->value.data ? (int32_t)from->value.size : -1;
  return vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  params_t* self = (params_t*)module;
  if (params->count == 0) return vmrt_ok();
  VMRT_TRY(vmrt_allocate(module->allocator, params->count * sizeof(pair_t), (void**)&self->pairs));
  self->count = params->count;
  for (size_t i = 0; i < params->count; ++i) VMRT_TRY(copy_pair(module, &params->pairs[i], &self->pairs[i]));
  return vmrt_ok();
}

static void deinitialize(vmrt_module_t* module) {
  params_t* self = (params_t*)module;
  for (size_t i = 0; i < self->count; ++i) {
    vmrt_free(module->allocator, self->pairs[i].key);
    vmrt_free(module->allocator, self->pairs[i].value);
  }
  vmrt_free(module->allocator, self->pairs);
}

/* The pair that the first argument means. */
static iree_status_t arg_pair(vmrt_call_t* call, const pair_t** out) {
  const params_t* self = (const params_t*)call->module;
  int32_t index = vmrt_arg_i32(call);
  if (index < 0 || (size_t)index >= self->count) {
    return vmrt_status(IREE_STATUS_OUT_OF_RANGE, "parameter %d of %zu", index, self->count);
  }
  *out = &self->pairs[index];
  return vmrt_ok();
}

static iree_status_t count(vmrt_call_t* call) {
  vmrt_return_i32(call, (int32_t)((const params_t*)call->module)->count);
  return vmrt_ok();
}

static iree_status_t value(vmrt_call_t* call) {
  const pair_t* pair = NULL;
  VMRT_TRY(arg_pair(call, &pair));
  vmrt_return_i32(call, (int32_t)strtol(pair->value, NULL, 10));
  return vmrt_ok();
}

static iree_status_t length(vmrt_call_t* call) {
  const pair_t* pair = NULL;
  VMRT_TRY(arg_pair(call, &pair));
  vmrt_return_i32(call, pair->value_length);
  return vmrt_ok();
}

static iree_status_t key_length(vmrt_call_t* call) {
  const pair_t* pair = NULL;
  VMRT_TRY(arg_pair(call, &pair));
  vmrt_return_i32(call, pair->key_length);
  return vmrt_ok();
}

static iree_status_t byte_at(vmrt_call_t* call, const char* text, int32_t size) {
  int32_t at = vmrt_arg_i32(call);
  if (at < 0 || at >= size) return vmrt_status(IREE_STATUS_OUT_OF_RANGE, "byte %d of %d", at, size);
  vmrt_return_i32(call, (unsigned char)text[at]);
  return vmrt_ok();
}

static iree_status_t value_byte(vmrt_call_t* call) {
  const pair_t* pair = NULL;
  VMRT_TRY(arg_pair(call, &pair));
  return byte_at(call, pair->value, pair->value_length);
}

static iree_status_t key_byte(vmrt_call_t* call) {
  const pair_t* pair = NULL;
  VMRT_TRY(arg_pair(call, &pair));
  return byte_at(call, pair->key, pair->key_length);
}

static const vmrt_module_type_t params = {
    .name = "params",
    .size = sizeof(params_t),
    .configure = configure,
    .deinitialize = deinitialize,
    VMRT_EXPORTS({"count", "0v_i", count},         /* number of parameters */
                 {"value", "0i_i", value},         /* value of the i-th as a number, 0 if it is none */
                 {"length", "0i_i", length},       /* bytes of the i-th value, -1 without `=` */
                 {"key_length", "0i_i", key_length},
                 {"value_byte", "0ii_i", value_byte}, /* byte j of the i-th value */
                 {"key_byte", "0ii_i", key_byte}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, params)
