/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that share an instance and modules of real bytecode: racing first calls, lookups and teardown; cancelling others. */
#include <pthread.h>

#include "whole_world.h"

#define THREAD_COUNT 4
#define ROUNDS 6
#define MODULE_COUNT 5

static const char* const module_names[MODULE_COUNT] = {"linkage/provider", "linkage/consumer", "linkage/objects",
                                                       "linkage/uses_objects", "bench/functions_5000"};

static const whole_call_t calls[] = {
    {"consumer.main", 2, {3, 4}, 21, 0},
    {"consumer.calls_failing", 1, {1}, 0, IREE_STATUS_DATA_LOSS}, /* with a backtrace: decoded code is read backwards */
    {"consumer.count_twice", 0, {0}, 1, 0},
    {"uses_objects.letter", 1, {1}, 101, 0}, /* constants are counted from all threads */
    {"uses_objects.round_trip", 1, {255}, 255, 0},
    {"uses_objects.write_rodata", 0, {0}, 0, IREE_STATUS_PERMISSION_DENIED},
    {"uses_objects.last", 1, {10}, 10, 0},
    {"functions_5000.f_4999", 1, {7}, 5006, 0},
    {"functions_5000.f_4999", 1, {10000}, 50004999, 0},
    {NULL, 0, {0}, 0, 0},
};

/* ---- Together ------------------------------------------------------------------------------------------------------ */

/* What one thread works with: a reference of its own to everything. */
typedef struct share_t {
  pthread_barrier_t* start;
  iree_vm_instance_t* instance;
  iree_vm_module_t* modules[MODULE_COUNT];
  iree_allocator_t allocator;
} share_t;

/* f_N(x) is x + N for an x less than N: each of these functions is decoded once by whoever comes first. */
static void call_many_functions(iree_vm_context_t* context, iree_allocator_t allocator) {
  for (int32_t n = 100; n < 150; ++n) {
    char name[64];
    snprintf(name, sizeof name, "functions_5000.f_%d", (int)n);
    const whole_call_t call = {name, 1, {9}, n + 9, 0};
    CHECK_OK(whole_invoke(context, &call, allocator));
  }
}

static void look_up(iree_vm_context_t* context, iree_vm_module_t* module) {
  iree_vm_function_t function;
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_context_resolve_function(context, IREE_SV("provider.nothing"), &function));
  for (iree_host_size_t i = 0; i < 4; ++i) {
    CHECK_OK(iree_vm_module_lookup_function_by_ordinal(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, i, &function));
    CHECK(!iree_string_view_is_empty(iree_vm_function_name(&function)));
  }
}

static void* run_share(void* user_data) {
  share_t* share = (share_t*)user_data;
  iree_vm_context_t *context = NULL, *child = NULL;
  pthread_barrier_wait(share->start);
  CHECK_OK(iree_vm_context_create_with_modules(share->instance, 0, MODULE_COUNT, share->modules, share->allocator, &context));
  for (const whole_call_t* call = calls; call->function; ++call) {
    CHECK_STATUS(call->failure, whole_invoke(context, call, share->allocator));
  }
  look_up(context, share->modules[0]);
  call_many_functions(context, share->allocator);
  CHECK_OK(iree_vm_context_fork(context, share->allocator, &child));
  iree_vm_context_release(context);
  CHECK_OK(whole_invoke(child, &calls[0], share->allocator));
  iree_vm_context_release(child);
  for (int i = 0; i < MODULE_COUNT; ++i) iree_vm_module_release(share->modules[i]);
  iree_vm_instance_release(share->instance);
  return NULL;
}

static void give(share_t* share, const share_t* all) {
  *share = *all;
  iree_vm_instance_retain(share->instance);
  for (int i = 0; i < MODULE_COUNT; ++i) iree_vm_module_retain(share->modules[i]);
}

/* The threads get the only references that are left: the last one to finish destroys the modules and the instance. */
static void run_round(iree_allocator_t allocator) {
  pthread_barrier_t start;
  pthread_t threads[THREAD_COUNT];
  share_t all = {.start = &start, .allocator = allocator}, shares[THREAD_COUNT];
  CHECK(pthread_barrier_init(&start, NULL, THREAD_COUNT) == 0);
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, allocator, &all.instance));
  for (int i = 0; i < MODULE_COUNT; ++i) {
    CHECK_OK(whole_load(all.instance, module_names[i], i % 2 != 0, allocator, &all.modules[i]));
  }
  for (int i = 0; i < THREAD_COUNT; ++i) give(&shares[i], &all);
  for (int i = 0; i < MODULE_COUNT; ++i) iree_vm_module_release(all.modules[i]);
  iree_vm_instance_release(all.instance);
  for (int i = 0; i < THREAD_COUNT; ++i) CHECK(pthread_create(&threads[i], NULL, run_share, &shares[i]) == 0);
  for (int i = 0; i < THREAD_COUNT; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  pthread_barrier_destroy(&start);
}

static void test_shared_modules(void) {
  for (int round = 0; round < ROUNDS; ++round) {
    vmrt_probe_t* probe = NULL;
    CHECK_OK(vmrt_probe_create(&probe));
    run_round(vmrt_probe_allocator(probe, IREE_SV("threads")));
    whole_check_nothing_left(probe);
    vmrt_probe_release(probe);
  }
}

/* ---- Cancelling ---------------------------------------------------------------------------------------------------- */

/* f0 says that it has begun, then branches to its own block for ever; f1 gives its argument. */
static const test_module_t module_endless = {
    .name = "endless",
    .types = {"i32"},
    .imports = {{"n.begun", "0v_v"}},
    .functions = {{"0i_i", "79 58 00000080 0000 0000 56 12000000 _ 0000 79 56 12000000 0000", 2, 1, 0, 0},
                  {"0i_i", "79 5a 0100 0000", 1, 1, 0, 0}},
};

/* A loop in a context of its own, in a thread of its own. */
typedef struct loop_t {
  pthread_t thread;
  pthread_barrier_t begun; /* the loop and whoever waits for it */
  fake_module_t native;
  iree_vm_module_t* modules[2];
  iree_vm_context_t* context;
  iree_status_code_t code; /* what it ended with */
} loop_t;

static iree_status_t say_begun(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)stack, (void)call;
  fake_module_t* native = (fake_module_t*)self;
  pthread_barrier_wait(&((loop_t*)((uint8_t*)native - offsetof(loop_t, native)))->begun);
  return iree_ok_status();
}

static void* run_loop(void* user_data) {
  loop_t* loop = (loop_t*)user_data;
  const whole_call_t call = {"endless.f0", 1, {5}, 0, 0};
  iree_status_t status = whole_invoke(loop->context, &call, iree_allocator_system());
  loop->code = iree_status_code(status);
  iree_status_free(status);
  return NULL;
}

/* Contexts are made here, one after the other: the fake modules share a trace. */
static void open_loop(loop_t* loop, iree_vm_instance_t* instance, iree_vm_module_t* endless) {
  memset(loop, 0, sizeof *loop);
  loop->native = (fake_module_t){.name = "n", .exports = {{"begun", "0v_v", NULL}}};
  loop->modules[0] = fake_module_initialize(&loop->native);
  loop->native.interface.begin_call = say_begun;
  loop->modules[1] = endless;
  CHECK(pthread_barrier_init(&loop->begun, NULL, 2) == 0);
  CHECK_OK(iree_vm_context_create_with_modules(instance, 0, 2, loop->modules, iree_allocator_system(), &loop->context));
}

/* Returns when the loop is running. */
static void start_loop(loop_t* loop) {
  CHECK(pthread_create(&loop->thread, NULL, run_loop, loop) == 0);
  pthread_barrier_wait(&loop->begun);
}

static void join_loop(loop_t* loop, iree_status_code_t expected) {
  CHECK(pthread_join(loop->thread, NULL) == 0);
  CHECK(loop->code == expected);
}

static void close_loop(loop_t* loop) {
  iree_vm_context_release(loop->context);
  iree_vm_module_release(loop->modules[0]);
  pthread_barrier_destroy(&loop->begun);
}

static const whole_call_t harmless = {"endless.f1", 1, {5}, 5, 0};

/* The first loop goes by its context, the others by the instance; once it is taken back, every context works again. */
static void cancel_all(loop_t* loops, iree_vm_instance_t* instance) {
  vmrt_context_cancel(loops[0].context, IREE_STATUS_CANCELLED);
  join_loop(&loops[0], IREE_STATUS_CANCELLED);
  CHECK_STATUS(IREE_STATUS_CANCELLED, whole_invoke(loops[0].context, &harmless, iree_allocator_system()));
  vmrt_context_cancel(loops[0].context, IREE_STATUS_OK);
  CHECK_OK(whole_invoke(loops[0].context, &harmless, iree_allocator_system()));
  vmrt_instance_cancel(instance, IREE_STATUS_DEADLINE_EXCEEDED);
  for (int i = 1; i < THREAD_COUNT; ++i) join_loop(&loops[i], IREE_STATUS_DEADLINE_EXCEEDED);
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, whole_invoke(loops[0].context, &harmless, iree_allocator_system()));
  vmrt_instance_cancel(instance, IREE_STATUS_OK);
  for (int i = 0; i < THREAD_COUNT; ++i) CHECK_OK(whole_invoke(loops[i].context, &harmless, iree_allocator_system()));
}

static void test_cancelled_loops(void) {
  static test_bytes_t bytes;
  static loop_t loops[THREAD_COUNT];
  iree_vm_instance_t* instance = NULL;
  iree_vm_module_t* endless = NULL;
  test_build(&module_endless, &bytes);
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  CHECK_OK(iree_vm_bytecode_module_create(instance, 0, iree_make_const_byte_span(bytes.data, bytes.size),
                                          iree_allocator_null(), iree_allocator_system(), &endless));
  for (int i = 0; i < THREAD_COUNT; ++i) open_loop(&loops[i], instance, endless);
  for (int i = 0; i < THREAD_COUNT; ++i) start_loop(&loops[i]);
  cancel_all(loops, instance);
  for (int i = 0; i < THREAD_COUNT; ++i) close_loop(&loops[i]);
  iree_vm_module_release(endless);
  iree_vm_instance_release(instance);
  fake_trace[0] = 0;
}

static const check_case_t cases[] = {
    {"shared_modules", test_shared_modules},
    {"cancelled_loops", test_cancelled_loops},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
