/* SPDX-License-Identifier: Apache-2.0 */
/* Hand-written bytecode modules and a native one that defers, fails and calls back as it is told: for tests of
 * calls. */
#ifndef VMRT_TESTS_INTERP_WORLD_H_
#define VMRT_TESTS_INTERP_WORLD_H_

#include "bytecode/opcodes.h"
#include "bytecode/reader.h"
#include "bytecode_builder.h"
#include "check.h"
#include "fake_module.h"
#include "iree/vm/bytecode/module.h"
#include "vmrt/probe.h"

/* Module `a`: f0 yields once and doubles; f1 is f0 plus one; f2 calls n.g in a way that may wait; f3 calls n.g plainly;
 * f4 calls n.v plainly and doubles; f5 fails with the status given; f6 divides by zero; f7 does so while it holds a
 * buffer. */
static const test_module_t module_a = {
    .name = "a",
    .types = {"i32", "!vm.buffer"},
    .imports = {{"n.v", "0v_v"}, {"n.g", "0i_i"}},
    .functions = {
        {"0i_i", "79 5d 08000000 0000 79 22 0000 0000 0100 5a _ 0100 0100", 2, 2, 0, 0},
        {"0i_i", "79 58 00000000 0100 0000 0100 0100 0d 01000000 0000 22 0000 0100 0000 5a _ 0100 0000", 1, 2, 0, 0},
        {"0i_i", "79 87 01000080 0100 0000 12000000 0100 0100 79 5a _ 0100 0100", 2, 2, 0, 0},
        {"0i_i", "79 58 01000080 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
        {"0i_i", "79 58 00000080 0000 0000 22 0000 0000 0100 5a _ 0100 0100", 1, 2, 0, 0},
        {"0i_v", "79 5b 0000 0400 626f6f6d", 1, 1, 0, 0},
        {"0i_i", "79 25 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
        {"0i_i",
         "79 0f 1000000000000000 0200 0c 0400 6c 0200 0400 0080 25 0000 0100 0100 5a _ 0100 0100", 1, 5, 1, 0},
    },
};

/* Module `c`, on top of it: f0 calls a.f1 in a way that may wait; f1 calls a.f0 plainly; f2 loops; f3 calls n.back; f4
 * calls itself; f5 calls a.f6 and f6 calls a.f7, which fail. */
static const test_module_t module_c = {
    .name = "c",
    .types = {"i32"},
    .imports =
        {{"a.f1", "0i_i"}, {"a.f0", "0i_i"}, {"n.back", "0i_i"}, {"a.f6", NULL}, {"a.f7", "0i_i"}, {"n.none", "0i_i"}},
    .functions =
        {
            {"0i_i", "79 87 00000080 0100 0000 12000000 0100 0100 79 5a _ 0100 0100", 2, 2, 0, 0},
            {"0i_i", "79 58 01000080 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
            {"0i_i", "79 56 00000000 0000", 1, 2, 0, 0},
            {"0i_i", "79 58 02000080 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
            {"0i_i", "79 58 04000000 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
            {"0i_i", "79 58 03000080 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
            {"0i_i", "79 58 04000080 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
            {"0i_i", "79 58 05000080 0100 0000 0100 0100 5a _ 0100 0100", 1, 2, 0, 0},
        },
};

/* What the native module is to do, and what it did. */
typedef struct native_plan_t {
  int deferrals;                    /* so many times DEFERRED before the call is done */
  iree_status_code_t resume_failure; /* instead of the result */
  iree_vm_function_t calls;         /* module set: g and back call this on the same stack */
  bool swallows;                    /* a failure of it is forgotten */
  int begun, resumed;
  int32_t argument;
} native_plan_t;
static native_plan_t native_plan;

static inline iree_status_t native_finish(iree_byte_span_t results) {
  if (native_plan.resume_failure) return iree_make_status(native_plan.resume_failure, "resume fails");
  if (native_plan.deferrals-- > 0) return iree_make_status(IREE_STATUS_DEFERRED, "later");
  int32_t value = native_plan.argument * 10;
  if (results.data_length >= 4) memcpy(results.data, &value, 4);
  return iree_ok_status();
}

static inline iree_status_t native_call_further(iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  call.function = native_plan.calls;
  iree_vm_module_t* module = call.function.module;
  iree_status_t status = module->begin_call(module->self, stack, call);
  if (!native_plan.swallows) return status;
  iree_status_free(status);
  return iree_ok_status();
}

static inline iree_status_t native_begin(fake_module_t* fake, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)fake;
  ++native_plan.begun;
  if (call.arguments.data_length >= 4) memcpy(&native_plan.argument, call.arguments.data, 4);
  if (native_plan.calls.module) return native_call_further(stack, call);
  if (native_plan.deferrals > 0) {
    --native_plan.deferrals;
    return iree_make_status(IREE_STATUS_DEFERRED, "later");
  }
  return native_finish(call.results);
}

static inline iree_status_t native_resume(void* self, iree_vm_stack_t* stack, iree_byte_span_t results) {
  (void)self;
  ++native_plan.resumed;
  iree_vm_module_t* further = native_plan.calls.module;
  return further ? further->resume_call(further->self, stack, results) : native_finish(results);
}

typedef struct world_t {
  vmrt_probe_t* probe;
  iree_allocator_t allocator;
  iree_vm_instance_t* instance;
  fake_module_t native;
  test_bytes_t bytes[2];
  iree_vm_module_t* modules[3]; /* n, a, c */
  iree_vm_context_t* context;
} world_t;

/* Into a world of zeroes with an allocator; on failure what is there is to be freed all the same. */
static inline iree_status_t world_create(world_t* world) {
  memset(&native_plan, 0, sizeof native_plan);
  world->native = (fake_module_t){
      .name = "n",
      .exports = {{"v", "0v_v", native_begin}, {"g", "0i_i", native_begin}, {"back", "0i_i", native_begin}}};
  const test_module_t* sources[] = {&module_a, &module_c};
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, world->allocator, &world->instance));
  world->modules[0] = fake_module_initialize(&world->native);
  world->native.interface.resume_call = native_resume;
  for (int i = 0; i < 2; ++i) {
    test_build(sources[i], &world->bytes[i]);
    IREE_RETURN_IF_ERROR(iree_vm_bytecode_module_create(world->instance, 0, test_span(&world->bytes[i]),
                                                        iree_allocator_null(), world->allocator,
                                                        &world->modules[1 + i]));
  }
  return iree_vm_context_create_with_modules(world->instance, 0, 3, world->modules, world->allocator, &world->context);
}

static inline void world_free(world_t* world) {
  iree_vm_context_release(world->context);
  for (int i = 2; i >= 0; --i) iree_vm_module_release(world->modules[i]);
  iree_vm_instance_release(world->instance);
  fake_trace[0] = 0;
}

/* A world of which every block is counted. */
static inline void world_open(world_t* world) {
  memset(world, 0, sizeof *world);
  CHECK_OK(vmrt_probe_create(&world->probe));
  world->allocator = vmrt_probe_allocator(world->probe, IREE_SV("world"));
  CHECK_OK(world_create(world));
}

/* Nothing may be left. */
static inline void world_close(world_t* world) {
  world_free(world);
  CHECK(vmrt_probe_statistics(world->probe).live_blocks == 0);
  vmrt_probe_release(world->probe);
}

static inline iree_vm_function_t world_function(world_t* world, const char* name) {
  iree_vm_function_t function = {0};
  CHECK_OK(iree_vm_context_resolve_function(world->context, iree_make_cstring_view(name), &function));
  return function;
}

static inline iree_status_t push_i32(iree_vm_list_t* list, int32_t number) {
  iree_vm_value_t value = iree_vm_value_make_i32(number);
  return iree_vm_list_push_value(list, &value);
}

static inline int32_t list_i32(const iree_vm_list_t* list) {
  iree_vm_value_t value = iree_vm_value_make_none();
  CHECK_OK(iree_vm_list_get_value_as(list, 0, IREE_VM_VALUE_TYPE_I32, &value));
  return value.i32;
}

/* Calls a function of one i32. */
static inline iree_status_t world_invoke(world_t* world, const char* name, int32_t argument, int32_t* out_result) {
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  iree_status_t status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world->allocator, &inputs);
  if (iree_status_is_ok(status)) status = push_i32(inputs, argument);
  if (iree_status_is_ok(status)) {
    status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world->allocator, &outputs);
  }
  if (iree_status_is_ok(status)) {
    status = iree_vm_invoke(world->context, world_function(world, name), 0, NULL, inputs, outputs, world->allocator);
  }
  if (iree_status_is_ok(status) && iree_vm_list_size(outputs)) *out_result = list_i32(outputs);
  iree_vm_list_release(inputs);
  iree_vm_list_release(outputs);
  return status;
}

#endif /* VMRT_TESTS_INTERP_WORLD_H_ */
