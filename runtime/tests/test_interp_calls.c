/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that fail, recurse or never end: statuses, backtraces, limits, and that references are released on every way
 * out. */
#include "interp_world.h"

/* Fails as expected, with all of `parts` in the text; buffers and stacks are gone afterwards. */
static void check_failure(const char* name, int32_t argument, iree_status_code_t code, const char* const* parts) {
  world_t world;
  world_open(&world);
  int64_t buffers = vmrt_live_objects(VMRT_OBJECT_BUFFER);
  int32_t result = 0;
  iree_status_t status = world_invoke(&world, name, argument, &result);
  for (; *parts; ++parts) CHECK(status_mentions(status, *parts));
  CHECK_STATUS(code, status);
  CHECK(vmrt_live_objects(VMRT_OBJECT_BUFFER) == buffers);
  world_close(&world);
}
#define CHECK_FAILURE(name, argument, code, ...) \
  check_failure(name, argument, code, (const char* const[]){__VA_ARGS__, NULL})

static void test_division_by_zero(void) {
  CHECK_FAILURE("a.f6", 5, IREE_STATUS_INVALID_ARGUMENT, "division by zero", "[0] bytecode a.f6:1",
                "invoking function 'a.f6'");
}

static void test_references_are_released(void) {
  CHECK_FAILURE("a.f7", 5, IREE_STATUS_INVALID_ARGUMENT, "[0] bytecode a.f7:22");
  CHECK_FAILURE("c.f6", 5, IREE_STATUS_INVALID_ARGUMENT, "[1] bytecode a.f7:22", "[0] bytecode c.f6:1");
}

/* The import declares no calling convention: the one of the function it was bound to counts. */
static void test_import_without_convention(void) {
  CHECK_FAILURE("c.f5", 5, IREE_STATUS_INVALID_ARGUMENT, "division by zero", "[1] bytecode a.f6:1",
                "[0] bytecode c.f5:1");
}

static void test_unresolved_import(void) {
  CHECK_FAILURE("c.f7", 5, IREE_STATUS_NOT_FOUND, "optional import `n.none` (ordinal 5) not resolved",
                "[0] bytecode c.f7:1");
}

static void test_fail(void) {
  CHECK_FAILURE("a.f5", 11, IREE_STATUS_OUT_OF_RANGE, "boom");
  CHECK_FAILURE("a.f5", 11 + 32, IREE_STATUS_OUT_OF_RANGE, "boom");
  CHECK_FAILURE("a.f5", 0, IREE_STATUS_INTERNAL, "no failure");
  CHECK_FAILURE("a.f5", 32, IREE_STATUS_INTERNAL, "no failure");
  CHECK_FAILURE("a.f5", -1, (iree_status_code_t)31, "boom");
}

static void test_recursion(void) {
  CHECK_FAILURE("c.f4", 5, IREE_STATUS_RESOURCE_EXHAUSTED, "recursion too deep", "frames ...", "[0] bytecode c.f4:1");
}

/* Bytecode and native code that call each other without end. */
static void test_native_recursion(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.calls = world_function(&world, "c.f3");
  iree_status_t status = world_invoke(&world, "c.f3", 1, &result);
  CHECK(status_mentions(status, "native calls inside each other"));
  CHECK(status_mentions(status, "while calling import `n.back`"));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
  world_close(&world);
}

/* The native function forgets a failure of what it called; the frames of that are gone and a later failure tells its
 * own. */
static void test_swallowed_failure(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.calls = world_function(&world, "a.f7");
  native_plan.swallows = true;
  CHECK_OK(world_invoke(&world, "c.f3", 1, &result));
  CHECK_OK(world_invoke(&world, "a.f4", 4, &result));
  CHECK(result == 8);
  native_plan.calls = world_function(&world, "c.f7");
  native_plan.swallows = false;
  iree_status_t status = world_invoke(&world, "c.f3", 1, &result);
  CHECK(status_mentions(status, "[1] bytecode c.f7:1"));
  CHECK(status_mentions(status, "[0] bytecode c.f3:1"));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, status);
  world_close(&world);
}

static void test_cancelled_loop(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  vmrt_context_cancel(world.context, IREE_STATUS_DEADLINE_EXCEEDED);
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, world_invoke(&world, "c.f2", 0, &result));
  vmrt_context_cancel(world.context, IREE_STATUS_OK);
  vmrt_instance_cancel(world.instance, IREE_STATUS_ABORTED);
  CHECK_STATUS(IREE_STATUS_ABORTED, world_invoke(&world, "c.f2", 0, &result));
  CHECK_STATUS(IREE_STATUS_ABORTED, world_invoke(&world, "a.f4", 0, &result));
  vmrt_instance_cancel(world.instance, IREE_STATUS_OK);
  CHECK_OK(world_invoke(&world, "a.f4", 4, &result));
  world_close(&world);
}

static void test_wrong_inputs(void) {
  world_t world;
  world_open(&world);
  iree_vm_function_t function = world_function(&world, "a.f4");
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 2, world.allocator, &inputs));
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 2, world.allocator, &outputs));
  iree_vm_context_t* context = world.context;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               iree_vm_invoke(context, function, 0, NULL, NULL, outputs, world.allocator));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               iree_vm_invoke(context, function, 0, NULL, inputs, outputs, world.allocator));
  CHECK_OK(push_i32(inputs, 1));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_invoke(context, function, 0, NULL, inputs, NULL, world.allocator));
  CHECK_OK(iree_vm_invoke(context, function, 0, NULL, inputs, outputs, world.allocator));
  CHECK(list_i32(outputs) == 2);
  CHECK_OK(push_i32(inputs, 1));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               iree_vm_invoke(context, function, 0, NULL, inputs, outputs, world.allocator));
  iree_vm_list_release(inputs);
  iree_vm_list_release(outputs);
  world_close(&world);
}

/* Hosts that call the module directly may get the sizes wrong. */
static void test_wrong_spans(void) {
  world_t world;
  world_open(&world);
  iree_vm_function_t function = world_function(&world, "a.f4");
  iree_vm_module_t* module = function.module;
  iree_vm_stack_t* stack = NULL;
  _Alignas(16) int32_t argument = 4, result = 0;
  iree_byte_span_t arguments = iree_make_byte_span(&argument, 4), results = iree_make_byte_span(&result, 4);
  iree_byte_span_t empty = iree_byte_span_empty();
  CHECK_OK(iree_vm_stack_allocate(0, iree_vm_context_state_resolver(world.context), world.allocator, &stack));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               module->begin_call(module->self, stack, (iree_vm_function_call_t){function, empty, results}));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               module->begin_call(module->self, stack, (iree_vm_function_call_t){function, arguments, empty}));
  CHECK_OK(module->begin_call(module->self, stack, (iree_vm_function_call_t){function, arguments, results}));
  CHECK(result == 8);
  function.ordinal = 8;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               module->begin_call(module->self, stack, (iree_vm_function_call_t){function, arguments, results}));
  CHECK(iree_vm_stack_current_frame(stack) == NULL);
  iree_vm_stack_free(stack);
  world_close(&world);
}

static const check_case_t cases[] = {
    {"division_by_zero", test_division_by_zero},
    {"references_are_released", test_references_are_released},
    {"import_without_convention", test_import_without_convention},
    {"unresolved_import", test_unresolved_import},
    {"fail", test_fail},
    {"recursion", test_recursion},
    {"native_recursion", test_native_recursion},
    {"swallowed_failure", test_swallowed_failure},
    {"cancelled_loop", test_cancelled_loop},
    {"wrong_inputs", test_wrong_inputs},
    {"wrong_spans", test_wrong_spans},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
