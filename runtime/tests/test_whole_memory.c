/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory at every request while real bytecode is loaded, linked, called, forked and torn down: a status, no leak. */
#include "whole_world.h"

#define MAX_REQUESTS 400

/* f0(n) calls itself n times and gives n: 3 registers, so that by bytecode.md 7.1 an argument of 7195 is the largest. */
static const test_module_t module_deep = {
    .name = "deep",
    .types = {"i32"},
    .functions = {{"0i_i",
                   "79 57 0000 10000000 _ 0000 38000000 0000 "
                   "79 0d 01000000 0100 23 0000 0100 0200 58 00000000 _ 0100 0200 0100 0200 22 0200 0100 0200 5a _ 0100 0200 "
                   "79 5a _ 0100 0000",
                   3, 3, 0, 0}},
};

/* ---- Programs ------------------------------------------------------------------------------------------------------ */

typedef struct program_t {
  const char* modules[WHOLE_MAX_MODULES]; /* of the fixtures */
  const test_module_t* built;             /* the only module when not NULL */
  bool has_math;                          /* a native module `math` comes first */
  bool is_mapped;
  bool in_steps; /* calls are begun and resumed */
  whole_call_t calls[9];
} program_t;

static const program_t linked = {
    .modules = {"linkage/provider", "linkage/consumer"},
    .calls = {{"consumer.main", 2, {3, 4}, 21, 0},
              {"consumer.calls_failing", 1, {1}, 0, IREE_STATUS_DATA_LOSS},
              {"consumer.count_twice", 0, {0}, 1, 0},
              {"provider.count", 0, {0}, 3, 0}},
};
static const program_t objects = {
    .modules = {"linkage/objects", "linkage/uses_objects"},
    .is_mapped = true,
    .calls = {{"uses_objects.letter", 1, {1}, 101, 0},
              {"uses_objects.letter", 1, {5}, 0, IREE_STATUS_OUT_OF_RANGE},
              {"uses_objects.round_trip", 1, {255}, 255, 0},
              {"uses_objects.write_rodata", 0, {0}, 0, IREE_STATUS_PERMISSION_DENIED},
              {"uses_objects.null_buffer", 0, {0}, 0, IREE_STATUS_INVALID_ARGUMENT},
              {"uses_objects.last", 1, {10}, 10, 0}},
};
static const program_t references = {
    .modules = {"opcodes/05_globals", "opcodes/06_lists", "opcodes/07_buffers", "opcodes/08_refs"},
    .calls = {{"lists.resize_shrink", 1, {200}, 200, 0},
              {"globals.indirect_ref", 1, {1}, 0, 0},
              {"globals.indirect_ref_bad_type", 0, {0}, 0, IREE_STATUS_INVALID_ARGUMENT},
              {"lists.ref_any", 1, {1}, 1, 0},
              {"buffers.clone", 3, {0, 8, 16}, 8, 0},
              {"buffers.clone", 3, {3, 6, 1}, 0, IREE_STATUS_OUT_OF_RANGE},
              {"refs.loop_refs", 1, {7}, 11, 0},
              {"refs.cast_bad", 0, {0}, 0, IREE_STATUS_INVALID_ARGUMENT}},
};
static const program_t recursion = {
    .modules = {"bench/recursion"},
    .calls = {{"recursion.fib", 1, {10}, 55, 0}, {"recursion.fib", 1, {1000000}, 0, IREE_STATUS_RESOURCE_EXHAUSTED}},
};
static const program_t deep = {
    .built = &module_deep,
    .calls = {{"deep.f0", 1, {7195}, 7195, 0}, {"deep.f0", 1, {7196}, 0, IREE_STATUS_RESOURCE_EXHAUSTED}},
};
static const program_t lifecycle = {
    .modules = {"linkage/provider", "linkage/init_imports", "linkage/init_globals", "linkage/deinit_calls_math"},
    .has_math = true,
    .calls = {{"init_imports.get", 0, {0}, 1, 0},
              {"init_globals.get", 0, {0}, 90, 0},
              {"init_globals.set", 1, {7}, 7, 0},
              {"deinit_calls_math.get", 0, {0}, 1001, 0}},
};
static const program_t failing_deinit = {.modules = {"linkage/deinit_fails"}, .calls = {{"deinit_fails.get", 0, {0}, 1, 0}}};
static const program_t suspended = {
    .modules = {"linkage/yields", "linkage/uses_yields", "opcodes/13_async"},
    .in_steps = true,
    .calls = {{"yields.times", 1, {3}, 3, 0}, {"async.yield_in_loop", 1, {3}, 3003, 0}, {"async.call_yieldable", 1, {3}, 41, 0}},
};

/* ---- Running one --------------------------------------------------------------------------------------------------- */

typedef struct run_t {
  const program_t* program;
  vmrt_probe_t* probe;
  iree_allocator_t allocator;
  iree_vm_instance_t* instance;
  fake_module_t math;
  iree_host_size_t module_count;
  iree_vm_module_t* modules[1 + WHOLE_MAX_MODULES];
  iree_vm_context_t* context;
  int64_t excused; /* requests that failed where the outcome stays what it is */
} run_t;

static iree_status_t math_add(fake_module_t* fake, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)fake, (void)stack;
  int32_t numbers[2];
  memcpy(numbers, call.arguments.data, sizeof numbers);
  int32_t sum = numbers[0] + numbers[1];
  memcpy(call.results.data, &sum, sizeof sum);
  return iree_ok_status();
}

static iree_status_t load_built(run_t* run) {
  static test_bytes_t bytes;
  test_build(run->program->built, &bytes);
  return iree_vm_bytecode_module_create(run->instance, 0, iree_make_const_byte_span(bytes.data, bytes.size),
                                        iree_allocator_null(), run->allocator, &run->modules[run->module_count++]);
}

static iree_status_t load(run_t* run) {
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, run->allocator, &run->instance));
  if (run->program->built) return load_built(run);
  if (run->program->has_math) {
    run->math = (fake_module_t){.name = "math", .exports = {{"add", "0ii_i", math_add}}};
    run->modules[run->module_count++] = fake_module_initialize(&run->math);
  }
  for (int i = 0; i < WHOLE_MAX_MODULES && run->program->modules[i]; ++i) {
    iree_vm_module_t** out_module = &run->modules[run->module_count++];
    IREE_RETURN_IF_ERROR(
        whole_load(run->instance, run->program->modules[i], run->program->is_mapped, run->allocator, out_module));
  }
  return iree_ok_status();
}

static iree_status_t finish_in_steps(const whole_call_t* call, iree_vm_invoke_state_t* state, iree_vm_list_t* outputs,
                                     iree_status_t step) {
  while (IREE_STATUS_IS(DEFERRED, step)) step = iree_vm_resume_invoke(state);
  if (!iree_status_is_ok(step)) {
    iree_vm_abort_invoke(state);
    return step;
  }
  iree_status_t status = iree_ok_status();
  CHECK_OK(iree_vm_end_invoke(state, outputs, &status));
  if (iree_status_is_ok(status)) whole_check_result(call, outputs);
  return status;
}

static iree_status_t call_in_steps(const run_t* run, const whole_call_t* call, iree_vm_list_t* inputs, iree_vm_list_t* outputs) {
  iree_vm_function_t function;
  iree_vm_invoke_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(
      iree_vm_context_resolve_function(run->context, iree_make_cstring_view(call->function), &function));
  iree_status_t step = iree_vm_begin_invoke(&state, run->context, function, 0, NULL, inputs, run->allocator);
  return state ? finish_in_steps(call, state, outputs, step) : step;
}

static iree_status_t invoke_in_steps(const run_t* run, const whole_call_t* call) {
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  iree_status_t status = whole_pack(call, run->allocator, &inputs);
  if (iree_status_is_ok(status)) status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 0, run->allocator, &outputs);
  if (iree_status_is_ok(status)) status = call_in_steps(run, call, inputs, outputs);
  iree_vm_list_release(inputs);
  iree_vm_list_release(outputs);
  return status;
}

static int64_t failed_requests(const run_t* run) { return vmrt_probe_statistics(run->probe).failed; }

/* A call that owes a failure has to fail with that, or for want of memory when a request of it failed. */
static void call_failing(run_t* run, const whole_call_t* call) {
  int64_t before = failed_requests(run);
  iree_status_t status = whole_invoke(run->context, call, run->allocator);
  int64_t hits = failed_requests(run) - before;
  run->excused += hits;
  if (hits > 0 && IREE_STATUS_IS(RESOURCE_EXHAUSTED, status)) {
    iree_status_free(status);
  } else {
    CHECK_STATUS(call->failure, status);
  }
}

static iree_status_t call_all(run_t* run) {
  for (const whole_call_t* call = run->program->calls; call->function; ++call) {
    if (call->failure) {
      call_failing(run, call);
    } else {
      IREE_RETURN_IF_ERROR(run->program->in_steps ? invoke_in_steps(run, call)
                                                  : whole_invoke(run->context, call, run->allocator));
    }
  }
  return iree_ok_status();
}

/* The child is used once; it shares the decoded functions and has globals of its own. */
static iree_status_t fork_and_call(run_t* run) {
  iree_vm_context_t* child = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_context_fork(run->context, run->allocator, &child));
  iree_status_t status = whole_invoke(child, &run->program->calls[0], run->allocator);
  int64_t before = failed_requests(run);
  iree_vm_context_release(child);
  run->excused += failed_requests(run) - before;
  return status;
}

static iree_status_t use(run_t* run) {
  IREE_RETURN_IF_ERROR(load(run));
  IREE_RETURN_IF_ERROR(iree_vm_context_create_with_modules(run->instance, 0, run->module_count, run->modules,
                                                           run->allocator, &run->context));
  IREE_RETURN_IF_ERROR(call_all(run));
  return fork_and_call(run);
}

/* Failures of `__deinit` are ignored, those for want of memory too. */
static void tear_down(run_t* run) {
  int64_t before = failed_requests(run);
  iree_vm_context_release(run->context);
  run->excused += failed_requests(run) - before;
  for (iree_host_size_t i = run->module_count; i > 0; --i) iree_vm_module_release(run->modules[i - 1]);
  iree_vm_instance_release(run->instance);
  fake_trace[0] = 0;
}

/* ---- Sweep --------------------------------------------------------------------------------------------------------- */

/* True once the program needs no more requests than `request`. */
static bool survives(const program_t* program, int64_t request, bool from_then_on) {
  run_t run = {.program = program};
  CHECK_OK(vmrt_probe_create(&run.probe));
  run.allocator = vmrt_probe_allocator(run.probe, IREE_SV("whole"));
  vmrt_probe_fail_at(run.probe, request, from_then_on);
  iree_status_t status = use(&run);
  tear_down(&run);
  int64_t failed = failed_requests(&run);
  CHECK_STATUS(failed > run.excused ? IREE_STATUS_RESOURCE_EXHAUSTED : IREE_STATUS_OK, status);
  whole_check_nothing_left(run.probe);
  vmrt_probe_release(run.probe);
  return failed == 0;
}

static void sweep(const program_t* program, int64_t least_requests) {
  for (int from_then_on = 0; from_then_on < 2; ++from_then_on) {
    int64_t request = 0;
    while (request < MAX_REQUESTS && !survives(program, request, from_then_on != 0)) ++request;
    CHECK(request >= least_requests && request < MAX_REQUESTS);
  }
}

static void test_linked(void) { sweep(&linked, 30); }
static void test_objects(void) { sweep(&objects, 30); }
static void test_references(void) { sweep(&references, 40); }
static void test_recursion(void) { sweep(&recursion, 15); }
static void test_deep(void) { sweep(&deep, 15); }
static void test_lifecycle(void) { sweep(&lifecycle, 50); }
static void test_failing_deinit(void) { sweep(&failing_deinit, 10); }
static void test_suspended(void) { sweep(&suspended, 30); }

static const check_case_t cases[] = {
    {"linked", test_linked},
    {"objects", test_objects},
    {"references", test_references},
    {"recursion", test_recursion},
    {"deep", test_deep},
    {"lifecycle", test_lifecycle},
    {"failing_deinit", test_failing_deinit},
    {"suspended", test_suspended},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
