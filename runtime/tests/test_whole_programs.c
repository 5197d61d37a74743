/* SPDX-License-Identifier: Apache-2.0 */
/* Compiled tensor programs from file to text: on any number of workers in any order, by several
 * threads at once, and when memory is short. */
#include "check.h"
#include "iree/runtime/api.h"
#include "platform/platform.h"
#include "vmrt/hal.h"
#include "vmrt/probe.h"

#define PROGRAMS VMRT_FIXTURES_DIR "/hal/programs/prebuilt/17/"
#define MAX_REQUESTS 4000

/* ---- Programs ---------------------------------------------------------------------------------------------------- */

typedef struct program_t {
  const char* name; /* of the fixtures; it has a function `main` */
  const char* inputs[3];
  const char* result; /* the beginning of the text of the first one */
} program_t;

static const program_t programs[] = {
    {"elementwise_add_f32", {"8xf32=1,2,3,4,5,6,7,8", "8xf32=0.5"}, "8xf32=1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5"},
    {"scatter_add", {"6xi32=1", "3xi32=10,20,30", "3x1xi32=[0][5][0]"}, "6xi32=41 1 1 1 1 21"},
    {"mlp_chain", {"1x8xf32=1,2,3,4,5,6,7,8"}, "1x4xf32=[144 216 216 288]"},
    {"transient_chain", {"256xf32=0.5"}, "f32=16384"},
    {"sort_i32", {"8xi32=5,3,9,-1,0,7,2,2"}, "8xi32=-1 0 2 2 3 5 7 9"},
    {"multi_result", {"4xf32=1,2,3,4", "4xf32=4,3,2,1"}, "4xf32=5 5 5 5"},
    {"matmul_large_f32", {"128x64xf32=0.5", "64x96xf32=2"}, "96xf32=8192 8192 8192 8192"},
    {"large_constant", {"64x64xf32=1"}, "64xf32=64 128 192 256"},
};
#define PROGRAM_COUNT (sizeof programs / sizeof *programs)

#if defined(__x86_64__) && defined(__linux__)
static const char* const targets[] = {"vmvx", "llvm-cpu"};
#else
static const char* const targets[] = {"vmvx"};
#endif
#define TARGET_COUNT (sizeof targets / sizeof *targets)

/* ---- Running one ------------------------------------------------------------------------------------------------- */

typedef struct run_t {
  const program_t* program;
  const char* target;
  const char* driver;
  vmrt_hal_local_options_t options;
  iree_allocator_t allocator;
  char text[1024]; /* of the result, cut off where it ends */
} run_t;

static iree_status_t push_input(iree_runtime_call_t* call, const char* text) {
  iree_runtime_session_t* session = call->session;
  iree_hal_buffer_view_t* view = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_view_parse(iree_make_cstring_view(text),
                                                  iree_runtime_session_device_allocator(session),
                                                  iree_runtime_session_host_allocator(session), &view));
  iree_status_t status = iree_runtime_call_inputs_push_back_buffer_view(call, view);
  iree_hal_buffer_view_release(view);
  return status;
}

static iree_status_t format_result(iree_runtime_call_t* call, run_t* run) {
  iree_hal_buffer_view_t* view = NULL;
  iree_host_size_t length = 0;
  IREE_RETURN_IF_ERROR(iree_runtime_call_outputs_pop_front_buffer_view(call, &view));
  iree_status_t status = iree_hal_buffer_view_format(view, 1024, sizeof run->text, run->text, &length);
  iree_hal_buffer_view_release(view);
  return status;
}

static iree_status_t call_main(iree_runtime_call_t* call, run_t* run) {
  for (int i = 0; i < 3 && run->program->inputs[i]; ++i) {
    IREE_RETURN_IF_ERROR(push_input(call, run->program->inputs[i]));
  }
  IREE_RETURN_IF_ERROR(iree_runtime_call_invoke(call, 0));
  return format_result(call, run);
}

static iree_status_t use_session(iree_runtime_session_t* session, run_t* run) {
  char path[1024];
  iree_runtime_call_t call;
  snprintf(path, sizeof path, PROGRAMS "%s/%s.vmfb", run->target, run->program->name);
  IREE_RETURN_IF_ERROR(iree_runtime_session_append_bytecode_module_from_file(session, path));
  IREE_RETURN_IF_ERROR(iree_runtime_call_initialize_by_name(session, IREE_SV("module.main"), &call));
  iree_status_t status = call_main(&call, run);
  iree_runtime_call_deinitialize(&call);
  return status;
}

static iree_status_t use_device(iree_runtime_instance_t* instance, iree_hal_device_t* device, run_t* run) {
  iree_runtime_session_t* session = NULL;
  IREE_RETURN_IF_ERROR(iree_runtime_session_create_with_device(instance, NULL, device, run->allocator, &session));
  iree_status_t status = use_session(session, run);
  iree_runtime_session_release(session);
  return status;
}

static iree_status_t use_instance(iree_runtime_instance_t* instance, run_t* run) {
  iree_hal_device_t* device = NULL;
  IREE_RETURN_IF_ERROR(
      vmrt_hal_register_local_drivers(iree_runtime_instance_driver_registry(instance), &run->options));
  IREE_RETURN_IF_ERROR(iree_runtime_instance_try_create_default_device(
      instance, iree_make_cstring_view(run->driver), &device));
  iree_status_t status = use_device(instance, device, run);
  iree_hal_device_release(device);
  return status;
}

/* From nothing to the text, and back to nothing. */
static iree_status_t run_once(run_t* run) {
  iree_runtime_instance_t* instance = NULL;
  run->text[0] = 0;
  IREE_RETURN_IF_ERROR(iree_runtime_instance_create(NULL, run->allocator, &instance));
  iree_status_t status = use_instance(instance, run);
  iree_runtime_instance_release(instance);
  return status;
}

static void check_text(const run_t* run) {
  const char* result = run->program->result;
  bool is_right = strncmp(run->text, result, strlen(result)) == 0;
  CHECK(is_right);
  if (!is_right) {
    fprintf(stderr, "  %s for %s on %s, %u workers, seed %llu: %s\n", run->program->name, run->target, run->driver,
            run->options.worker_count, (unsigned long long)run->options.shuffle_seed, run->text);
  }
}

static void check_nothing_is_left(void) {
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
}

static void run_all(const char* driver, uint32_t worker_count, uint64_t shuffle_seed) {
  for (size_t i = 0; i < PROGRAM_COUNT * TARGET_COUNT; ++i) {
    run_t run = {.program = &programs[i / TARGET_COUNT],
                 .target = targets[i % TARGET_COUNT],
                 .driver = driver,
                 .options = {.worker_count = worker_count, .shuffle_seed = shuffle_seed},
                 .allocator = iree_allocator_system()};
    CHECK_OK(run_once(&run));
    check_text(&run);
  }
  check_nothing_is_left();
}

static void test_calling_thread(void) { run_all("local-sync", 0, 0); }

static void test_workers(void) {
  static const uint32_t counts[] = {1, 2, 8};
  for (int i = 0; i < 3; ++i) run_all("local-task", counts[i], 0);
}

/* With a seed every region goes to as many workers as there are. */
static void test_any_order(void) {
  static const uint32_t counts[] = {1, 2, 8};
  for (int i = 0; i < 3; ++i) {
    for (uint64_t seed = 1; seed <= 3; ++seed) run_all("local-task", counts[i], seed);
  }
}

/* ---- Together ---------------------------------------------------------------------------------------------------- */

#define THREAD_COUNT 4

/* What one thread works with: references of its own. */
typedef struct share_t {
  platform_thread_t* thread;
  iree_runtime_instance_t* instance;
  iree_hal_device_t* device;
  size_t first; /* where it begins in the table of programs */
} share_t;

static void run_share(void* user_data) {
  share_t* share = user_data;
  for (size_t i = 0; i < PROGRAM_COUNT * TARGET_COUNT; ++i) {
    size_t at = (share->first + i) % (PROGRAM_COUNT * TARGET_COUNT);
    run_t run = {.program = &programs[at / TARGET_COUNT],
                 .target = targets[at % TARGET_COUNT],
                 .driver = "a shared device",
                 .allocator = iree_allocator_system()};
    CHECK_OK(use_device(share->instance, share->device, &run));
    check_text(&run);
  }
  iree_hal_device_release(share->device);
  iree_runtime_instance_release(share->instance);
}

/* Sessions of several threads on one device, which the last thread destroys. */
static void share_device(const char* driver, uint32_t worker_count) {
  const vmrt_hal_local_options_t options = {.worker_count = worker_count, .shuffle_seed = worker_count};
  share_t shares[THREAD_COUNT] = {{NULL, NULL, NULL, 0}}, *first = &shares[0];
  CHECK_OK(iree_runtime_instance_create(NULL, iree_allocator_system(), &first->instance));
  CHECK_OK(vmrt_hal_register_local_drivers(iree_runtime_instance_driver_registry(first->instance), &options));
  CHECK_OK(iree_runtime_instance_try_create_default_device(first->instance, iree_make_cstring_view(driver),
                                                           &first->device));
  for (size_t i = 1; i < THREAD_COUNT; ++i) {
    shares[i] = (share_t){NULL, first->instance, first->device, 3 * i};
    iree_runtime_instance_retain(first->instance);
    iree_hal_device_retain(first->device);
  }
  for (size_t i = 0; i < THREAD_COUNT; ++i) {
    CHECK_OK(platform_thread_start("share", run_share, &shares[i], iree_allocator_system(), &shares[i].thread));
  }
  for (size_t i = 0; i < THREAD_COUNT; ++i) platform_thread_join(shares[i].thread);
  check_nothing_is_left();
}

static void test_shared_device(void) {
  share_device("local-sync", 0);
  for (uint32_t worker_count = 1; worker_count <= 3; ++worker_count) share_device("local-task", worker_count);
}

/* ---- Short of memory --------------------------------------------------------------------------------------------- */

/* True once the run makes no more requests than `request`. On a pool that depends on its threads: a request that
 * failed may be one that the run can do without, and then the result is right. */
static bool survives(run_t* run, int64_t request, bool from_then_on) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  run->allocator = vmrt_probe_allocator(probe, IREE_SV("program"));
  vmrt_probe_fail_at(probe, request, from_then_on);
  iree_status_code_t code = iree_status_consume_code(run_once(run));
  vmrt_probe_statistics_t statistics = vmrt_probe_statistics(probe);
  if (code == IREE_STATUS_OK) check_text(run);
  CHECK(code == IREE_STATUS_RESOURCE_EXHAUSTED ? statistics.failed > 0 : code == IREE_STATUS_OK);
  if (statistics.live_blocks || (code != IREE_STATUS_OK && code != IREE_STATUS_RESOURCE_EXHAUSTED)) {
    fprintf(stderr, "  request %lld of %s for %s on %s: status %d, %lld blocks left\n", (long long)request,
            run->program->name, run->target, run->driver, (int)code, (long long)statistics.live_blocks);
  }
  CHECK(statistics.live_blocks == 0);
  vmrt_probe_release(probe);
  return statistics.failed == 0;
}

static void sweep(const char* driver, uint32_t worker_count, size_t program_count, int64_t step) {
  for (size_t i = 0; i < program_count * TARGET_COUNT * 2; ++i) {
    run_t run = {.program = &programs[i / 2 / TARGET_COUNT],
                 .target = targets[i / 2 % TARGET_COUNT],
                 .driver = driver,
                 .options = {.worker_count = worker_count}};
    int64_t request = 0;
    while (request < MAX_REQUESTS && !survives(&run, request, i % 2 != 0)) request += step;
    CHECK(request > 50 && request < MAX_REQUESTS);
  }
  check_nothing_is_left();
}

static void test_short_of_memory(void) { sweep("local-sync", 0, PROGRAM_COUNT, 1); }

static void test_short_of_memory_with_workers(void) { sweep("local-task", 2, 3, 1); }

static const check_case_t cases[] = {
    {"calling_thread", test_calling_thread},
    {"workers", test_workers},
    {"any_order", test_any_order},
    {"shared_device", test_shared_device},
    {"short_of_memory", test_short_of_memory},
    {"short_of_memory_with_workers", test_short_of_memory_with_workers},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
