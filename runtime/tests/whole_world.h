/* SPDX-License-Identifier: Apache-2.0 */
/* Real bytecode of fixtures/ in one context, native modules before it: what the tests of the whole runtime share. */
#ifndef VMRT_TESTS_WHOLE_WORLD_H_
#define VMRT_TESTS_WHOLE_WORLD_H_

#include "bytecode_builder.h"
#include "check.h"
#include "fake_module.h"
#include "iree/tooling/context_util.h"
#include "iree/vm/bytecode/module.h"
#include "vmrt/probe.h"

#define WHOLE_MAX_MODULES 4

/* Loads "CHAPTER/NAME" of the fixtures. */
static inline iree_status_t whole_load(iree_vm_instance_t* instance, const char* name, bool use_mmap,
                                       iree_allocator_t allocator, iree_vm_module_t** out_module) {
  char path[1024];
  const char* slash = strchr(name, '/');
  snprintf(path, sizeof path, "%s/%.*s/prebuilt/17/%s.vmfb", VMRT_FIXTURES_DIR, (int)(slash - name), name, slash + 1);
  return vmrt_tooling_load_bytecode(instance, iree_make_cstring_view(path), use_mmap, allocator, out_module);
}

/* A call of a function of 32-bit numbers, and what it owes: its first result, or a failure. */
typedef struct whole_call_t {
  const char* function; /* NULL ends a table */
  int32_t argument_count;
  int32_t arguments[3];
  int64_t result;
  iree_status_code_t failure;
} whole_call_t;

static inline iree_status_t whole_pack(const whole_call_t* call, iree_allocator_t allocator, iree_vm_list_t** out_inputs) {
  iree_vm_list_t* inputs = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_list_create(iree_vm_make_undefined_type_def(), 0, allocator, &inputs));
  for (int32_t i = 0; i < call->argument_count; ++i) {
    iree_vm_value_t value = iree_vm_value_make_i32(call->arguments[i]);
    iree_status_t status = iree_vm_list_push_value(inputs, &value);
    if (iree_status_is_ok(status)) continue;
    iree_vm_list_release(inputs);
    return status;
  }
  *out_inputs = inputs;
  return iree_ok_status();
}

static inline void whole_check_result(const whole_call_t* call, const iree_vm_list_t* outputs) {
  iree_vm_value_t value = iree_vm_value_make_none();
  CHECK_OK(iree_vm_list_get_value_as(outputs, 0, IREE_VM_VALUE_TYPE_I64, &value));
  CHECK(value.i64 == call->result);
  if (value.i64 != call->result) fprintf(stderr, "  %s gave %lld\n", call->function, (long long)value.i64);
}

static inline iree_status_t whole_invoke_lists(iree_vm_context_t* context, const whole_call_t* call, iree_vm_list_t* inputs,
                                               iree_vm_list_t* outputs, iree_allocator_t allocator) {
  iree_vm_function_t function;
  IREE_RETURN_IF_ERROR(iree_vm_context_resolve_function(context, iree_make_cstring_view(call->function), &function));
  IREE_RETURN_IF_ERROR(iree_vm_invoke(context, function, 0, NULL, inputs, outputs, allocator));
  whole_check_result(call, outputs);
  return iree_ok_status();
}

/* Everything the call needs is made for it; a result that is not the one owed is a failed check. */
static inline iree_status_t whole_invoke(iree_vm_context_t* context, const whole_call_t* call, iree_allocator_t allocator) {
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  iree_status_t status = whole_pack(call, allocator, &inputs);
  if (iree_status_is_ok(status)) status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 0, allocator, &outputs);
  if (iree_status_is_ok(status)) status = whole_invoke_lists(context, call, inputs, outputs, allocator);
  iree_vm_list_release(inputs);
  iree_vm_list_release(outputs);
  return status;
}

/* Nothing of the runtime exists any more. */
static inline void whole_check_nothing_left(vmrt_probe_t* probe) {
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
}

#endif /* VMRT_TESTS_WHOLE_WORLD_H_ */
