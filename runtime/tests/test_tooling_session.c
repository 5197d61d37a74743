/* SPDX-License-Identifier: Apache-2.0 */
/* What tools hold: acquired and released around a tensor program, also short of memory; filters; measuring. */
#include <math.h>

#include "check.h"
#include "tooling/benchmark.h"
#include "tooling/device_flags.h"
#include "tooling/function_call.h"
#include "tooling/function_io.h"
#include "tooling/module_flags.h"
#include "tooling/test_suite.h"
#include "tooling/tool_session.h"

#define ALLOCATOR iree_allocator_system()
#define PROGRAM   VMRT_FIXTURES_DIR "/hal/programs/prebuilt/17/vmvx/elementwise_add_f32.vmfb"

/* ---- A tensor program -------------------------------------------------------------------------------------------- */

static iree_status_t call_program(tool_session_t* session) {
  iree_string_view_t values[] = {IREE_SV("8xf32=1 2 3 4 5 6 7 8"), IREE_SV("8xf32=10")};
  iree_flag_string_list_t texts = {2, 2, values};
  function_io_t io = {NULL, session->call_allocator, 16, stdout};
  function_call_t call;
  iree_vm_function_t function = {NULL, 0, 0};
  iree_vm_list_t *inputs = NULL, *results = NULL;
  iree_vm_module_t* module = iree_tooling_module_list_back(&session->user_modules);
  IREE_RETURN_IF_ERROR(iree_tooling_find_single_exported_function(module, &function));
  IREE_RETURN_IF_ERROR(function_call_prepare(function, &call));
  IREE_RETURN_IF_ERROR(tool_session_tensor_allocator(session, &io.device_allocator));
  iree_status_t status = function_parse_values(&io, call.arguments, &texts, &inputs);
  if (iree_status_is_ok(status)) {
    status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, io.host_allocator, &results);
  }
  if (iree_status_is_ok(status)) {
    status = function_call_invoke(&call, session->context, session->device, inputs, results, io.host_allocator);
  }
  if (iree_status_is_ok(status)) CHECK(iree_vm_list_size(results) == 1);
  if (results) iree_vm_list_release(results);
  if (inputs) iree_vm_list_release(inputs);
  return status;
}

/* Linked twice, as each test of vm-check-module is. */
static iree_status_t use_session(tool_session_t* session) {
  IREE_RETURN_IF_ERROR(tool_session_create_instance(session));
  IREE_RETURN_IF_ERROR(tool_session_load(session));
  for (int i = 0; i < 2; ++i) {
    iree_status_t status = tool_session_link(session);
    if (iree_status_is_ok(status)) status = call_program(session);
    if (!iree_status_is_ok(status) || i == 1) return status;
    tool_session_unlink(session);
  }
  return iree_ok_status();
}

static iree_status_t run_session(iree_allocator_t heap) {
  tool_session_t session;
  CHECK_OK(tool_session_open(&session));
  session.instance_allocator = session.module_allocator = session.context_allocator = session.call_allocator = heap;
  iree_status_t status = tool_session_close(&session, use_session(&session));
  tool_session_finish(&session);
  return status;
}

static void check_nothing_lives(void) {
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    if (kind != VMRT_OBJECT_STATUS) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
  }
}

/* Parses `--module=PROGRAM` and the flag of a device, and runs `body` while they hold. */
static void with_flags(const char* device, void (*body)(void)) {
  static char module_flag[] = "--module=" PROGRAM;
  static const vmrt_flag_set_t* const sets[] = {&tooling_module_flags, &tooling_device_flags};
  char device_flag[64], name[] = "test";
  char* argv[] = {name, module_flag, device_flag};
  int argc = 3;
  vmrt_flag_parser_t parser;
  snprintf(device_flag, sizeof device_flag, "--device=%s", device);
  vmrt_flag_parser_initialize(2, sets, ALLOCATOR, &parser);
  CHECK_OK(vmrt_flag_parser_parse(&parser, &argc, argv));
  body();
  vmrt_flag_parser_deinitialize(&parser);
  check_nothing_lives();
}

static void run_once(void) { CHECK_OK(run_session(ALLOCATOR)); }
static void test_local_sync(void) { with_flags("local-sync", run_once); }
static void test_local_task(void) { with_flags("local-task", run_once); }

#define MAX_REQUESTS 2000

static void run_short_of_memory(void) {
  vmrt_probe_t* probe = NULL;
  int64_t request = 0;
  CHECK_OK(vmrt_probe_create(&probe));
  bool any_failed = true;
  for (; any_failed && request < MAX_REQUESTS; ++request) {
    int64_t failed = vmrt_probe_statistics(probe).failed;
    vmrt_probe_fail_at(probe, request, false);
    iree_status_code_t code =
        iree_status_consume_code(run_session(vmrt_probe_allocator(probe, IREE_SV("all"))));
    any_failed = vmrt_probe_statistics(probe).failed > failed;
    /* A pool does with fewer workers. */
    CHECK(code == IREE_STATUS_RESOURCE_EXHAUSTED || code == IREE_STATUS_OK);
    CHECK(any_failed || code == IREE_STATUS_OK);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    check_nothing_lives();
  }
  CHECK(!any_failed && request > 50);
  vmrt_probe_release(probe);
}
static void test_out_of_memory_on_local_sync(void) { with_flags("local-sync", run_short_of_memory); }
static void test_out_of_memory_on_local_task(void) { with_flags("local-task", run_short_of_memory); }

static void run_without_a_device(void) { CHECK_STATUS(IREE_STATUS_NOT_FOUND, run_session(ALLOCATOR)); }
static void test_unknown_device(void) { with_flags("nowhere", run_without_a_device); }

/* ---- Filters ----------------------------------------------------------------------------------------------------- */

static bool matches(const char* filter, const char* name) {
  return test_filter_matches(iree_make_cstring_view(filter), name);
}

static void test_filters(void) {
  CHECK(matches("", "a.b") && matches("*", "a.b") && matches("*", ""));
  CHECK(matches("a.b", "a.b") && !matches("a.b", "a.bc") && !matches("a.b", "a."));
  CHECK(matches("a.?", "a.b") && !matches("a.?", "a.") && !matches("a.?", "a.bc"));
  CHECK(matches("*b*", "abc") && matches("a*c", "abbc") && !matches("a*c", "abbcd"));
  CHECK(matches("x:*c", "abc") && !matches("x:y", "abc"));
  CHECK(matches("*-x*", "abc") && !matches("*-a*", "abc") && !matches("-a*:b*", "b") && matches("-a*", "b"));
  CHECK(!matches("a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

/* ---- Measuring --------------------------------------------------------------------------------------------------- */

/* Work that takes `seconds` an iteration and counts its runs. */
typedef struct work_t {
  double seconds;
  int runs;
} work_t;

static iree_status_t do_work(void* user_data, int64_t iterations, benchmark_sample_t* out_sample) {
  work_t* work = user_data;
  ++work->runs;
  out_sample->iterations = iterations;
  out_sample->real_seconds = out_sample->cpu_seconds = work->seconds * (double)iterations;
  return work->runs > 64 ? iree_make_status(IREE_STATUS_INTERNAL, "no end") : iree_ok_status();
}

static void test_measuring_ends_when_it_is_long_enough(void) {
  const double seconds[] = {0, 1e-9, 1e-7, 1e-4, 0.2, 3};
  for (size_t i = 0; i < sizeof seconds / sizeof *seconds; ++i) {
    work_t work = {seconds[i], 0};
    benchmark_sample_t sample;
    int64_t iterations = 0;
    CHECK_OK(benchmark_measure(do_work, &work, (benchmark_minimum_t){0.5, 0}, &iterations, &sample));
    CHECK(sample.real_seconds >= 0.5 || sample.iterations == 1000000000);
    CHECK(seconds[i] < 1e-8 || sample.real_seconds < 5 * 0.5 + seconds[i]);
    int runs = work.runs;
    CHECK_OK(benchmark_measure(do_work, &work, (benchmark_minimum_t){0.5, 0}, &iterations, &sample));
    CHECK(work.runs == runs + 1);
  }
  work_t work = {1, 0};
  benchmark_sample_t sample;
  int64_t iterations = 0;
  CHECK_OK(benchmark_measure(do_work, &work, (benchmark_minimum_t){0, 8}, &iterations, &sample));
  CHECK(work.runs == 1 && sample.iterations == 8);
}

static void test_minimums(void) {
  benchmark_minimum_t minimum;
  CHECK_OK(benchmark_minimum_parse(IREE_SV("0.25s"), &minimum));
  CHECK(minimum.seconds == 0.25 && minimum.iterations == 0);
  CHECK_OK(benchmark_minimum_parse(IREE_SV("2"), &minimum));
  CHECK(minimum.seconds == 2);
  CHECK_OK(benchmark_minimum_parse(IREE_SV("8x"), &minimum));
  CHECK(minimum.iterations == 8);
  const char* bad[] = {"", "x", "s", "0x", "-1x", "-1s", "nan", "inf", "1.5x", "2000000000x", "1m"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, benchmark_minimum_parse(iree_make_cstring_view(bad[i]), &minimum));
  }
}

static void test_aggregates(void) {
  benchmark_row_t rows[4], found[BENCHMARK_AGGREGATES];
  const double times[] = {4, 1, 3, 1};
  memset(rows, 0, sizeof rows);
  for (int i = 0; i < 4; ++i) rows[i].real_seconds = times[i];
  benchmark_aggregate(rows, 4, found);
  CHECK(strcmp(found[0].aggregate, "mean") == 0 && found[0].real_seconds == 2.25 && found[0].iterations == 4);
  CHECK(strcmp(found[1].aggregate, "median") == 0 && found[1].real_seconds == 2);
  CHECK(strcmp(found[2].aggregate, "stddev") == 0 && fabs(found[2].real_seconds - 1.5) < 1e-12);
  CHECK(strcmp(found[3].aggregate, "cv") == 0 && found[3].is_ratio && fabs(found[3].real_seconds - 1.5 / 2.25) < 1e-12);
  benchmark_aggregate(rows, 3, found);
  CHECK(found[1].real_seconds == 3);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"local_sync", test_local_sync},
      {"local_task", test_local_task},
      {"out_of_memory_on_local_sync", test_out_of_memory_on_local_sync},
      {"out_of_memory_on_local_task", test_out_of_memory_on_local_task},
      {"unknown_device", test_unknown_device},
      {"filters", test_filters},
      {"measuring_ends_when_it_is_long_enough", test_measuring_ends_when_it_is_long_enough},
      {"minimums", test_minimums},
      {"aggregates", test_aggregates},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
