/* SPDX-License-Identifier: Apache-2.0 */
/* Suspension: yields, imports that defer, who is resumed by whom, and what survives. */
#include "interp_world.h"

/* Begins a call of one i32, resumes it until it is done and returns its status. */
static iree_status_t run_in_steps(world_t* world, const char* name, int32_t argument, int32_t* out_result,
                                  int* out_resumes) {
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  iree_vm_invoke_state_t* state = NULL;
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world->allocator, &inputs));
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world->allocator, &outputs));
  CHECK_OK(push_i32(inputs, argument));
  *out_resumes = 0;
  iree_status_t step =
      iree_vm_begin_invoke(&state, world->context, world_function(world, name), 0, NULL, inputs, world->allocator);
  while (IREE_STATUS_IS(DEFERRED, step)) {
    ++*out_resumes;
    step = iree_vm_resume_invoke(state);
  }
  CHECK_OK(step);
  iree_status_t status = iree_ok_status();
  CHECK_OK(iree_vm_end_invoke(state, outputs, &status));
  if (iree_status_is_ok(status)) *out_result = list_i32(outputs);
  iree_vm_list_release(inputs);
  iree_vm_list_release(outputs);
  return status;
}

static void check_run(const char* name, int deferrals, int32_t argument, int32_t expected, int expected_resumes) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  int resumes = 0;
  native_plan.deferrals = deferrals;
  CHECK_OK(run_in_steps(&world, name, argument, &result, &resumes));
  CHECK(result == expected);
  CHECK(resumes == expected_resumes);
  native_plan.deferrals = deferrals;
  result = 0;
  CHECK_OK(world_invoke(&world, name, argument, &result));
  CHECK(result == expected);
  world_close(&world);
}

static void test_yield(void) { check_run("a.f0", 0, 21, 42, 1); }
static void test_yield_in_callee(void) { check_run("a.f1", 0, 21, 43, 1); }
static void test_yield_in_bytecode_import(void) { check_run("c.f0", 0, 21, 43, 1); }
static void test_yieldable_call_without_wait(void) { check_run("a.f2", 0, 4, 40, 0); }
static void test_yieldable_call_deferred_once(void) { check_run("a.f2", 1, 4, 40, 1); }
static void test_yieldable_call_deferred_again(void) { check_run("a.f2", 3, 4, 40, 3); }

static void test_entries_of_the_import(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.deferrals = 3;
  CHECK_OK(world_invoke(&world, "a.f2", 4, &result));
  CHECK(native_plan.begun == 1);
  CHECK(native_plan.resumed == 3);
  world_close(&world);
}

/* Goes on behind the call; the import is not asked again. */
static void test_plain_call_without_results(void) {
  check_run("a.f4", 1, 5, 10, 1);
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.deferrals = 1;
  CHECK_OK(world_invoke(&world, "a.f4", 5, &result));
  CHECK(native_plan.begun == 1);
  CHECK(native_plan.resumed == 0);
  world_close(&world);
}

static void check_failure(const char* name, int deferrals, iree_status_code_t code, const char* message) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.deferrals = deferrals;
  iree_status_t status = world_invoke(&world, name, 5, &result);
  CHECK(status_mentions(status, message));
  CHECK_STATUS(code, status);
  world_close(&world);
}

static void test_plain_call_with_results(void) {
  check_failure("a.f3", 1, IREE_STATUS_UNIMPLEMENTED, "yield in imports with results not supported");
  check_failure("c.f1", 0, IREE_STATUS_UNIMPLEMENTED, "yield in imports with results not supported");
}

static void test_failure_on_resume(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.deferrals = 1;
  native_plan.resume_failure = IREE_STATUS_DATA_LOSS;
  iree_status_t status = world_invoke(&world, "a.f2", 4, &result);
  CHECK(status_mentions(status, "resume fails"));
  CHECK(status_mentions(status, "n.g"));
  CHECK_STATUS(IREE_STATUS_DATA_LOSS, status);
  CHECK(native_plan.resumed == 1);
  native_plan = (native_plan_t){0};
  CHECK_OK(world_invoke(&world, "a.f2", 4, &result));
  CHECK(result == 40);
  world_close(&world);
}

/* a.f2 waits for n.g, which waits for a.f0: two activations of one module, resumed outermost first. */
static void test_nested_activations(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  native_plan.calls = world_function(&world, "a.f0");
  CHECK_OK(world_invoke(&world, "a.f2", 6, &result));
  CHECK(result == 12);
  CHECK(native_plan.resumed == 1);
  native_plan.calls = world_function(&world, "a.f1");
  CHECK_OK(world_invoke(&world, "a.f2", 6, &result));
  CHECK(result == 13);
  world_close(&world);
}

static void test_abort(void) {
  world_t world;
  world_open(&world);
  const char* const names[] = {"a.f0", "a.f1", "a.f2", "c.f0"};
  for (int i = 0; i < 4; ++i) {
    iree_vm_list_t* inputs = NULL;
    iree_vm_invoke_state_t* state = NULL;
    native_plan.deferrals = 1;
    CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world.allocator, &inputs));
    CHECK_OK(push_i32(inputs, 1));
    CHECK_STATUS(IREE_STATUS_DEFERRED, iree_vm_begin_invoke(&state, world.context, world_function(&world, names[i]), 0,
                                                            NULL, inputs, world.allocator));
    iree_status_t status = iree_ok_status();
    CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_end_invoke(state, NULL, &status));
    iree_vm_abort_invoke(state);
    iree_vm_list_release(inputs);
  }
  world_close(&world);
}

static void test_nothing_to_resume(void) {
  world_t world;
  world_open(&world);
  iree_vm_stack_t* stack = NULL;
  iree_vm_module_t* module = world.modules[1];
  CHECK_OK(iree_vm_stack_allocate(0, iree_vm_context_state_resolver(world.context), world.allocator, &stack));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, module->resume_call(module->self, stack, iree_byte_span_empty()));
  iree_vm_stack_free(stack);
  world_close(&world);
}

/* A native function that defers at the bottom leaves nothing that could be resumed. */
static void test_deferred_main_function(void) {
  check_failure("n.g", 1, IREE_STATUS_FAILED_PRECONDITION, "unbalanced stack");
}

static void test_fail_with_the_code_of_a_suspension(void) {
  world_t world;
  world_open(&world);
  int32_t result = 0;
  iree_status_t status = world_invoke(&world, "a.f5", IREE_STATUS_DEFERRED, &result);
  CHECK(status_mentions(status, "boom"));
  CHECK_STATUS(IREE_STATUS_DEFERRED, status);
  native_plan.calls = world_function(&world, "a.f5");
  CHECK_STATUS(IREE_STATUS_DEFERRED, world_invoke(&world, "a.f2", IREE_STATUS_DEFERRED, &result));
  CHECK(native_plan.resumed == 0);
  world_close(&world);
}

/* A function that is always suspended again is stopped by a cancellation. */
static void test_cancelled_while_suspended(void) {
  world_t world;
  world_open(&world);
  iree_vm_list_t* inputs = NULL;
  iree_vm_invoke_state_t* state = NULL;
  native_plan.deferrals = 1000;
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world.allocator, &inputs));
  CHECK_OK(push_i32(inputs, 1));
  CHECK_STATUS(IREE_STATUS_DEFERRED, iree_vm_begin_invoke(&state, world.context, world_function(&world, "a.f2"), 0,
                                                          NULL, inputs, world.allocator));
  vmrt_context_cancel(world.context, IREE_STATUS_DEADLINE_EXCEEDED);
  CHECK_OK(iree_vm_resume_invoke(state));
  iree_status_t status = iree_ok_status();
  CHECK_OK(iree_vm_end_invoke(state, NULL, &status));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, status);
  vmrt_context_cancel(world.context, IREE_STATUS_OK);
  iree_vm_list_release(inputs);
  world_close(&world);
}

static const check_case_t cases[] = {
    {"yield", test_yield},
    {"yield_in_callee", test_yield_in_callee},
    {"yield_in_bytecode_import", test_yield_in_bytecode_import},
    {"yieldable_call_without_wait", test_yieldable_call_without_wait},
    {"yieldable_call_deferred_once", test_yieldable_call_deferred_once},
    {"yieldable_call_deferred_again", test_yieldable_call_deferred_again},
    {"entries_of_the_import", test_entries_of_the_import},
    {"plain_call_without_results", test_plain_call_without_results},
    {"plain_call_with_results", test_plain_call_with_results},
    {"failure_on_resume", test_failure_on_resume},
    {"nested_activations", test_nested_activations},
    {"abort", test_abort},
    {"nothing_to_resume", test_nothing_to_resume},
    {"deferred_main_function", test_deferred_main_function},
    {"fail_with_the_code_of_a_suspension", test_fail_with_the_code_of_a_suspension},
    {"cancelled_while_suspended", test_cancelled_while_suspended},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
