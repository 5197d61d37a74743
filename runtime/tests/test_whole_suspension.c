/* SPDX-License-Identifier: Apache-2.0 */
/* Suspended calls of real bytecode through native modules with frames: resumes, references, aborts, swallowed failures. */
#include "iree/vm/native_module.h"
#include "whole_world.h"

/* ---- Native modules ------------------------------------------------------------------------------------------------ */

/* What the functions of the native modules are to do. */
typedef struct native_plan_t {
  int deferrals;                    /* so many times DEFERRED first */
  int repetitions;                  /* so many calls of `callee` that may fail */
  iree_vm_function_t callee;        /* module set: called on the same stack */
  int32_t argument;                 /* for it */
  iree_vm_ref_t kept;               /* by `echo` while it waits */
} native_plan_t;
static native_plan_t plan;

static iree_status_t call_callee(iree_vm_stack_t* stack, int32_t argument, iree_byte_span_t results) {
  iree_vm_module_t* module = plan.callee.module;
  _Alignas(16) int32_t arguments[2] = {argument, argument};
  const iree_vm_function_call_t call = {plan.callee, iree_make_byte_span(arguments, sizeof arguments), results};
  return module->begin_call(module->self, stack, call);
}

#define NATIVE_SHIM(name)                                                                                                  \
  static iree_status_t name(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments, iree_byte_span_t results, \
                            iree_vm_native_function_target_t target, void* module, iree_vm_module_state_t* state)
#define NATIVE_SHIM_UNUSED() (void)stack, (void)flags, (void)arguments, (void)results, (void)target, (void)module, (void)state

/* 42, after the planned deferrals. */
NATIVE_SHIM(answer) {
  NATIVE_SHIM_UNUSED();
  if (plan.deferrals-- > 0) return iree_status_from_code(IREE_STATUS_DEFERRED);
  const int32_t value = 42;
  memcpy(results.data, &value, sizeof value);
  return iree_ok_status();
}
/* Gives the reference back that it was begun with. */
NATIVE_SHIM(echo) {
  NATIVE_SHIM_UNUSED();
  if (flags == IREE_VM_NATIVE_FUNCTION_CALL_BEGIN) iree_vm_ref_retain((iree_vm_ref_t*)arguments.data, &plan.kept);
  if (plan.deferrals-- > 0) return iree_status_from_code(IREE_STATUS_DEFERRED);
  iree_vm_ref_move(&plan.kept, (iree_vm_ref_t*)results.data);
  return iree_ok_status();
}
/* Calls the callee again and again and forgets how that ends. */
NATIVE_SHIM(swallow) {
  NATIVE_SHIM_UNUSED();
  int32_t result = 0;
  for (int i = 0; i < plan.repetitions; ++i) {
    iree_status_t status = call_callee(stack, plan.argument, iree_make_byte_span(&result, sizeof result));
    CHECK(!iree_status_is_ok(status));
    iree_status_free(status);
  }
  return iree_ok_status();
}
NATIVE_SHIM(wait_for_it) {
  NATIVE_SHIM_UNUSED();
  return plan.deferrals-- > 0 ? iree_status_from_code(IREE_STATUS_DEFERRED) : iree_ok_status();
}
NATIVE_SHIM(apply) {
  NATIVE_SHIM_UNUSED();
  int32_t argument = 0;
  memcpy(&argument, arguments.data, sizeof argument);
  return call_callee(stack, argument, results);
}

#define VIEW(text) {text, sizeof text - 1}
static const iree_vm_native_export_descriptor_t deferred_exports[] = {
    {VIEW("answer"), VIEW("0v_i"), 0, NULL},
    {VIEW("echo"), VIEW("0r_r"), 0, NULL},
    {VIEW("swallow"), VIEW("0v_v"), 0, NULL},
    {VIEW("wait"), VIEW("0v_v"), 0, NULL},
};
static const iree_vm_native_function_ptr_t deferred_functions[] = {{answer, NULL}, {echo, NULL}, {swallow, NULL}, {wait_for_it, NULL}};
static const iree_vm_native_export_descriptor_t callbacks_exports[] = {{VIEW("apply"), VIEW("0ii_i"), 0, NULL}};
static const iree_vm_native_function_ptr_t callbacks_functions[] = {{apply, NULL}};
static const iree_vm_native_module_descriptor_t descriptors[] = {
    {.name = VIEW("deferred"), .export_count = 4, .exports = deferred_exports, .function_count = 4, .functions = deferred_functions},
    {.name = VIEW("callbacks"), .export_count = 1, .exports = callbacks_exports, .function_count = 1, .functions = callbacks_functions},
};

/* f0 makes a buffer, moves it to deferred.echo in a call that may wait, and returns what comes back. */
static const test_module_t module_holder = {
    .name = "holder",
    .types = {"i32", "!vm.buffer"},
    .imports = {{"deferred.echo", "0r_r"}},
    .functions = {{"0v_r",
                   "79 0f 1000000000000000 0200 0c 0400 6c 0200 0400 0080 87 00000080 _ 0100 00c0 28000000 0100 0180 "
                   "79 5a 0100 01c0",
                   2, 5, 2, 0}},
};

/* ---- One context with all of it ------------------------------------------------------------------------------------ */

static const char* const fixture_names[] = {"linkage/provider", "linkage/twice",         "linkage/yields", "linkage/uses_yields",
                                            "linkage/uses_deferred", "linkage/uses_callbacks", "opcodes/13_async", "bench/recursion"};
#define FIXTURE_COUNT (sizeof fixture_names / sizeof fixture_names[0])
#define MODULE_COUNT (2 + FIXTURE_COUNT + 1)

typedef struct world_t {
  vmrt_probe_t* probe;
  iree_allocator_t allocator;
  iree_vm_instance_t* instance;
  iree_vm_module_t* modules[MODULE_COUNT];
  iree_vm_context_t* context;
} world_t;

static void open_world(world_t* world) {
  static test_bytes_t bytes;
  iree_vm_module_t user;
  iree_vm_module_t** next = world->modules;
  plan = (native_plan_t){0};
  CHECK_OK(vmrt_probe_create(&world->probe));
  world->allocator = vmrt_probe_allocator(world->probe, IREE_SV("world"));
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, world->allocator, &world->instance));
  CHECK_OK(iree_vm_module_initialize(&user, NULL));
  for (int i = 0; i < 2; ++i) {
    CHECK_OK(iree_vm_native_module_create(&user, &descriptors[i], world->instance, world->allocator, next++));
  }
  for (size_t i = 0; i < FIXTURE_COUNT; ++i) {
    CHECK_OK(whole_load(world->instance, fixture_names[i], false, world->allocator, next++));
  }
  test_build(&module_holder, &bytes);
  CHECK_OK(iree_vm_bytecode_module_create(world->instance, 0, iree_make_const_byte_span(bytes.data, bytes.size),
                                          iree_allocator_null(), world->allocator, next));
  CHECK_OK(iree_vm_context_create_with_modules(world->instance, 0, MODULE_COUNT, world->modules, world->allocator,
                                               &world->context));
}

static void close_world(world_t* world) {
  iree_vm_context_release(world->context);
  for (size_t i = MODULE_COUNT; i > 0; --i) iree_vm_module_release(world->modules[i - 1]);
  iree_vm_instance_release(world->instance);
  whole_check_nothing_left(world->probe);
  vmrt_probe_release(world->probe);
}

static iree_vm_function_t function_of(const world_t* world, const char* name) {
  iree_vm_function_t function = {0};
  CHECK_OK(iree_vm_context_resolve_function(world->context, iree_make_cstring_view(name), &function));
  return function;
}

static iree_status_t begin(const world_t* world, const whole_call_t* call, iree_vm_invoke_state_t** out_state) {
  iree_vm_list_t* inputs = NULL;
  CHECK_OK(whole_pack(call, world->allocator, &inputs));
  iree_status_t status = iree_vm_begin_invoke(out_state, world->context, function_of(world, call->function), 0, NULL, inputs,
                                              world->allocator);
  iree_vm_list_release(inputs);
  return status;
}

/* Ends a call that is done, and checks what it gave. */
static void end(const world_t* world, const whole_call_t* call, iree_vm_invoke_state_t* state) {
  iree_vm_list_t* outputs = NULL;
  iree_status_t status = iree_ok_status();
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world->allocator, &outputs));
  CHECK_OK(iree_vm_end_invoke(state, outputs, &status));
  if (iree_status_is_ok(status)) whole_check_result(call, outputs);
  CHECK_STATUS(call->failure, status);
  iree_vm_list_release(outputs);
}

static void check_resumes(const world_t* world, const whole_call_t* call, int expected_resumes) {
  iree_vm_invoke_state_t* state = NULL;
  int resumes = 0;
  iree_status_t step = begin(world, call, &state);
  for (; IREE_STATUS_IS(DEFERRED, step); ++resumes) step = iree_vm_resume_invoke(state);
  CHECK_OK(step);
  end(world, call, state);
  CHECK(resumes == expected_resumes);
  if (resumes != expected_resumes) fprintf(stderr, "  %s: %d resumes\n", call->function, resumes);
}

/* ---- Cases --------------------------------------------------------------------------------------------------------- */

/* The numbers were recorded on the released runtime. */
static void test_recorded_resumes(void) {
  static const struct {
    whole_call_t call;
    int resumes;
  } recorded[] = {
      {{"yields.times", 1, {0}, 0, 0}, 0},         {{"yields.times", 1, {3}, 3, 0}, 3},
      {{"async.yield_once", 1, {3}, 40, 0}, 1},    {{"async.call_yieldable", 1, {3}, 41, 0}, 1},
      {{"async.yield_in_loop", 1, {3}, 3003, 0}, 3}, {{"async.plain_call_of_yield", 1, {3}, 340, 0}, 1},
      {{"uses_yields.main", 1, {2}, 102, 0}, 2},   {{"uses_deferred.wait", 0, {0}, 1, 0}, 1},
      {{"uses_deferred.answer", 0, {0}, 142, 0}, 1},
  };
  world_t world = {0};
  open_world(&world);
  for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; ++i) {
    plan.deferrals = 1;
    check_resumes(&world, &recorded[i].call, recorded[i].resumes);
    plan.deferrals = 1;
    CHECK_OK(whole_invoke(world.context, &recorded[i].call, world.allocator));
  }
  close_world(&world);
}

static int64_t live_buffers(void) { return vmrt_live_objects(VMRT_OBJECT_BUFFER); }

/* The buffer is in the hands of the native function only while the call waits, and comes back through the result. */
static void test_reference_through_a_wait(void) {
  const whole_call_t call = {"holder.f0", 0, {0}, 0, 0};
  world_t world = {0};
  iree_vm_list_t* outputs = NULL;
  iree_vm_invoke_state_t* state = NULL;
  iree_status_t status = iree_ok_status();
  iree_vm_ref_t ref = iree_vm_ref_null();
  open_world(&world);
  const int64_t before = live_buffers();
  plan.deferrals = 2;
  CHECK_STATUS(IREE_STATUS_DEFERRED, begin(&world, &call, &state));
  CHECK_STATUS(IREE_STATUS_DEFERRED, iree_vm_resume_invoke(state));
  CHECK(live_buffers() == before + 1);
  CHECK_OK(iree_vm_resume_invoke(state));
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, world.allocator, &outputs));
  CHECK_OK(iree_vm_end_invoke(state, outputs, &status));
  CHECK_OK(status);
  CHECK_OK(iree_vm_list_get_ref_assign(outputs, 0, &ref));
  CHECK(iree_vm_buffer_isa(ref) && iree_vm_buffer_length((iree_vm_buffer_t*)ref.ptr) == 16);
  iree_vm_list_release(outputs);
  CHECK(live_buffers() == before);
  close_world(&world);
}

/* Aborted at every step: registers, packed forms and frames of native functions give up what they hold. */
static void test_abort_with_references(void) {
  static const whole_call_t calls[] = {
      {"holder.f0", 0, {0}, 0, 0}, {"async.yield_in_loop", 1, {3}, 0, 0}, {"uses_deferred.wait", 0, {0}, 0, 0}};
  world_t world = {0};
  open_world(&world);
  const int64_t before = live_buffers();
  for (int steps = 0; steps < 9; ++steps) {
    const whole_call_t* call = &calls[steps % 3];
    iree_vm_invoke_state_t* state = NULL;
    plan.deferrals = 3;
    iree_status_t step = begin(&world, call, &state);
    for (int i = 0; i < steps / 3 && IREE_STATUS_IS(DEFERRED, step); ++i) step = iree_vm_resume_invoke(state);
    iree_status_free(step);
    iree_vm_abort_invoke(state);
    iree_vm_ref_release(&plan.kept);
    CHECK(live_buffers() == before);
  }
  close_world(&world);
}

/* Runs deferred.swallow and returns the most bytes that were ever live. */
static int64_t peak_of_swallowing(const world_t* world, int repetitions) {
  plan.repetitions = repetitions;
  CHECK_OK(iree_vm_invoke(world->context, function_of(world, "deferred.swallow"), 0, NULL, NULL, NULL, world->allocator));
  return vmrt_probe_statistics(world->probe).peak_bytes;
}

static void check_swallowing(const char* callee, int32_t argument, int repetitions) {
  world_t world = {0};
  open_world(&world);
  plan.callee = function_of(&world, callee);
  plan.argument = argument;
  const int64_t peak = peak_of_swallowing(&world, 2);
  CHECK(peak_of_swallowing(&world, repetitions) == peak);
  close_world(&world);
}

static void test_swallowed_failures(void) { check_swallowing("provider.fails", 1, 20000); }
static void test_swallowed_exhaustion(void) { check_swallowing("recursion.fib", 1000000, 50); }

/* Suspended calls that nobody resumes stay on the stack until their caller returns; the budget ends them. */
static void test_swallowed_suspensions(void) {
  const whole_call_t call = {"yields.times", 1, {3}, 3, 0};
  world_t world = {0};
  open_world(&world);
  plan.callee = function_of(&world, "yields.times");
  plan.argument = 3;
  const int64_t blocks = vmrt_probe_statistics(world.probe).live_blocks;
  CHECK(peak_of_swallowing(&world, 20000) < 16 * 1024 * 1024);
  CHECK(vmrt_probe_statistics(world.probe).live_blocks <= blocks + 1); /* decoded code */
  CHECK_OK(whole_invoke(world.context, &call, world.allocator));
  close_world(&world);
}

static void test_recursion_through_native_code(void) {
  const whole_call_t once = {"uses_callbacks.main", 2, {3, 1}, 6, 0}, deep = {"uses_callbacks.main", 2, {3, 4}, 0, 0};
  world_t world = {0};
  open_world(&world);
  plan.callee = function_of(&world, "twice.twice");
  CHECK_OK(whole_invoke(world.context, &once, world.allocator));
  plan.callee = function_of(&world, "uses_callbacks.main");
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, whole_invoke(world.context, &deep, world.allocator));
  plan.callee = function_of(&world, "twice.twice");
  CHECK_OK(whole_invoke(world.context, &once, world.allocator));
  close_world(&world);
}

static const check_case_t cases[] = {
    {"recorded_resumes", test_recorded_resumes},
    {"reference_through_a_wait", test_reference_through_a_wait},
    {"abort_with_references", test_abort_with_references},
    {"swallowed_failures", test_swallowed_failures},
    {"swallowed_exhaustion", test_swallowed_exhaustion},
    {"swallowed_suspensions", test_swallowed_suspensions},
    {"recursion_through_native_code", test_recursion_through_native_code},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
