/* SPDX-License-Identifier: Apache-2.0 */
/* vm-benchmark-module: measures the functions of a module and reports as google-benchmark does. */
#include <errno.h>
#include <stdlib.h>

#include "platform/platform.h"
#include "tooling/benchmark_list.h"
#include "tooling/function_io.h"
#include "tooling/output_flags.h"
#include "tooling/tool_main.h"
#include "tooling/tool_session.h"
#include "vm/text.h"

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

static struct {
  iree_string_view_t function, time_unit, filter, minimum, format, out, out_format;
  iree_flag_string_list_t inputs;
  int32_t batch_size, batch_concurrency, repetitions;
  bool list_tests, dry_run, report_aggregates_only, display_aggregates_only, process_outputs;
} flags = {
    .filter = {".", 1},
    .minimum = {"0.5s", 4},
    .format = {"console", 7},
    .out_format = {"json", 4},
    .batch_size = 1,
    .batch_concurrency = 1,
    .repetitions = 1,
};

static const vmrt_flag_t flag_table[] = {
    {"function", VMRT_FLAG_STRING, &flags.function,
     "Export of the last module to measure; without it all that are benchmarks or take no arguments."},
    {"input", VMRT_FLAG_LIST, &flags.inputs, "An argument, as vm-run-module takes it."},
    {"batch_size", VMRT_FLAG_INT32, &flags.batch_size, "Iterations that one call stands for."},
    {"batch_concurrency", VMRT_FLAG_INT32, &flags.batch_concurrency, "Asynchronous calls that may run at a time."},
    {"time_unit", VMRT_FLAG_STRING, &flags.time_unit, "ns, us or ms; ms (us for dispatches) without it."},
    {"enable_output_processing", VMRT_FLAG_BOOL, &flags.process_outputs,
     "Print, write or compare the results of the last call; needs --function=."},
    {"benchmark_filter", VMRT_FLAG_STRING, &flags.filter,
     "Measure what this regular expression is found in, behind a leading `-` what it is not found in."},
    {"benchmark_min_time", VMRT_FLAG_STRING, &flags.minimum, "How long (0.5s) or how often (8x) at least."},
    {"benchmark_repetitions", VMRT_FLAG_INT32, &flags.repetitions, "Measure this often; more than once: statistics."},
    {"benchmark_report_aggregates_only", VMRT_FLAG_BOOL, &flags.report_aggregates_only,
     "Of several repetitions, report statistics only."},
    {"benchmark_display_aggregates_only", VMRT_FLAG_BOOL, &flags.display_aggregates_only,
     "The same, but only on standard output."},
    {"benchmark_format", VMRT_FLAG_STRING, &flags.format, "console, json or csv."},
    {"benchmark_out", VMRT_FLAG_STRING, &flags.out, "A file to report to as well."},
    {"benchmark_out_format", VMRT_FLAG_STRING, &flags.out_format, "Format of that file."},
    {"benchmark_list_tests", VMRT_FLAG_BOOL, &flags.list_tests, "Print the names of the benchmarks and exit."},
    {"benchmark_dry_run", VMRT_FLAG_BOOL, &flags.dry_run, "Run everything once."},
};
static const vmrt_flag_set_t flag_set = {"vm-benchmark-module", sizeof flag_table / sizeof *flag_table, flag_table};

/* What the flags mean. */
typedef struct options_t {
  benchmark_minimum_t minimum;
  const benchmark_format_t* format;
  const benchmark_format_t* out_format;
  bool has_unit;
  benchmark_unit_t unit;
} options_t;

static iree_status_t parse_options(options_t* out_options) {
  memset(out_options, 0, sizeof *out_options);
  out_options->has_unit = !iree_string_view_is_empty(flags.time_unit);
  if (out_options->has_unit) IREE_RETURN_IF_ERROR(benchmark_unit_parse(flags.time_unit, &out_options->unit));
  IREE_RETURN_IF_ERROR(iree_status_annotate_f(benchmark_minimum_parse(flags.minimum, &out_options->minimum),
                                              "--benchmark_min_time="));
  IREE_RETURN_IF_ERROR(
      iree_status_annotate_f(benchmark_format_find(flags.format, &out_options->format), "--benchmark_format="));
  IREE_RETURN_IF_ERROR(iree_status_annotate_f(benchmark_format_find(flags.out_format, &out_options->out_format),
                                              "--benchmark_out_format="));
  IREE_RETURN_IF_ERROR(benchmark_batch_check(flags.batch_size, flags.batch_concurrency));
  if (flags.dry_run) out_options->minimum = (benchmark_minimum_t){0, 1};
  if (flags.process_outputs && iree_string_view_is_empty(flags.function)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "--enable_output_processing requires one function; use --function=");
  }
  if (flags.repetitions >= 1 && flags.repetitions <= 100000) return output_flags_check();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--benchmark_repetitions=%d is not between 1 and 100000",
                          (int)flags.repetitions);
}

/* ---- Reporting --------------------------------------------------------------------------------------------------- */

#define MAX_REPORTS 2

typedef struct bench_run_t {
  tool_session_t session;
  options_t options;
  benchmark_list_t list;
  benchmark_row_t* rows; /* of all repetitions of one benchmark */
  int report_count;
  benchmark_report_t reports[MAX_REPORTS];
  iree_status_t failure; /* of the first benchmark that failed */
  bool mismatched;
} bench_run_t;

static int longest_name(const benchmark_list_t* list) {
  size_t length = strlen("Benchmark");
  for (iree_host_size_t i = 0; i < list->count; ++i) {
    if (list->cases[i].is_selected && strlen(list->cases[i].name) > length) length = strlen(list->cases[i].name);
  }
  return (int)length + (flags.repetitions > 1 ? (int)strlen("_median") : 0);
}

static void add_report(bench_run_t* run, const benchmark_format_t* format, FILE* file, bool aggregates_only) {
  benchmark_report_t* report = &run->reports[run->report_count++];
  *report = (benchmark_report_t){format, file, longest_name(&run->list), aggregates_only, false};
}

static iree_status_t open_reports(bench_run_t* run, const char* program) {
  benchmark_context_t context;
  char path[PLATFORM_MAX_PATH + 1];
  bool less = flags.repetitions > 1 && flags.report_aggregates_only;
  bool less_shown = less || (flags.repetitions > 1 && flags.display_aggregates_only);
  add_report(run, run->options.format, stdout, less_shown);
  if (!iree_string_view_is_empty(flags.out)) {
    snprintf(path, sizeof path, "%.*s", (int)(flags.out.size < sizeof path ? flags.out.size : 0), flags.out.data);
    errno = 0;
    FILE* file = fopen(path, "wb");
    if (!file) {
      run->report_count = 0;
      return iree_make_status(errno ? iree_status_code_from_errno(errno) : IREE_STATUS_INVALID_ARGUMENT,
                              "--benchmark_out=%s: invalid file name: %s", path, strerror(errno));
    }
    add_report(run, run->options.out_format, file, less);
  }
  benchmark_context_initialize(program, "vm-benchmark-module " VMRT_VERSION, &context);
  for (int i = 0; i < run->report_count; ++i) run->reports[i].format->begin(&run->reports[i], &context);
  return iree_ok_status();
}

static iree_status_t close_reports(bench_run_t* run) {
  bool written = true;
  for (int i = 0; i < run->report_count; ++i) {
    benchmark_report_t* report = &run->reports[i];
    report->format->end(report);
    if (report->file == stdout) continue;
    written = !ferror(report->file) && written;
    written = fclose(report->file) == 0 && written;
  }
  run->report_count = 0;
  if (written) return function_print(iree_string_view_empty(), stdout);
  return iree_make_status(IREE_STATUS_UNKNOWN, "--benchmark_out=%.*s: unable to write", VM_SV_ARG(flags.out));
}

static void report_row(bench_run_t* run, const benchmark_row_t* row) {
  for (int i = 0; i < run->report_count; ++i) {
    benchmark_report_t* report = &run->reports[i];
    if (report->aggregates_only && !row->aggregate && !row->error) continue;
    report->format->row(report, row);
    report->has_rows = true;
  }
}

static void report_repetitions(bench_run_t* run, int count) {
  benchmark_row_t aggregates[BENCHMARK_AGGREGATES];
  for (int i = 0; i < count; ++i) report_row(run, &run->rows[i]);
  if (count < 2) return;
  benchmark_aggregate(run->rows, (iree_host_size_t)count, aggregates);
  for (int i = 0; i < BENCHMARK_AGGREGATES; ++i) report_row(run, &aggregates[i]);
}

/* ---- Measuring --------------------------------------------------------------------------------------------------- */

static benchmark_row_t row_of(const bench_run_t* run, const benchmark_case_t* benchmark, int repetition) {
  benchmark_row_t row = {.run_name = benchmark->name, .repetitions = flags.repetitions};
  row.family_index = (int)(benchmark - run->list.cases);
  row.repetition_index = repetition;
  row.unit = benchmark->kind == BENCHMARK_DISPATCH ? BENCHMARK_UNIT_MICROSECONDS : BENCHMARK_UNIT_MILLISECONDS;
  if (run->options.has_unit) row.unit = run->options.unit;
  return row;
}

static void set_sample(benchmark_row_t* row, const benchmark_sample_t* sample) {
  double count = (double)sample->iterations;
  row->iterations = sample->iterations;
  row->real_seconds = sample->real_seconds / count;
  row->cpu_seconds = sample->cpu_seconds / count;
  row->items_per_second = sample->real_seconds > 0 ? count / sample->real_seconds : 0;
}

static void report_failure(bench_run_t* run, const benchmark_case_t* benchmark, iree_status_t status) {
  char text[4096];
  iree_host_size_t length = 0;
  benchmark_row_t row = row_of(run, benchmark, 0);
  bool whole = iree_status_format(status, sizeof text, text, &length);
  row.error = whole ? text : iree_status_code_string(iree_status_code(status));
  report_row(run, &row);
}

static iree_status_t repeat(bench_run_t* run, benchmark_work_t* work) {
  int64_t iterations = 0;
  for (int i = 0; i < flags.repetitions; ++i) {
    benchmark_sample_t sample = {0, 0, 0};
    IREE_RETURN_IF_ERROR(benchmark_measure(benchmark_work_run, work, run->options.minimum, &iterations, &sample));
    run->rows[i] = row_of(run, work->benchmark, i);
    set_sample(&run->rows[i], &sample);
  }
  report_repetitions(run, flags.repetitions);
  return iree_ok_status();
}

static iree_status_t process_results(bench_run_t* run, const benchmark_work_t* work, function_io_t* io) {
  bool matched = true;
  if (!flags.process_outputs) return iree_ok_status();
  fflush(stdout);
  iree_status_t status = output_flags_process(io, work->results, work->benchmark->call.results, &matched);
  run->mismatched = !matched;
  return iree_status_annotate_f(status, "processing function outputs");
}

static iree_status_t push_batch_size(const benchmark_work_t* work) {
  iree_vm_value_t size = iree_vm_value_make_i32(work->batch_size);
  if (flags.inputs.count == 0) return iree_vm_list_push_value(work->inputs, &size);
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "dispatch wrappers take --batch_size, not --input");
}

static iree_status_t prepare_work(bench_run_t* run, const function_io_t* io, benchmark_work_t* work) {
  iree_string_view_t letters = work->benchmark->call.arguments;
  static const iree_flag_string_list_t none = {0, 0, NULL};
  bool is_dispatch = work->benchmark->kind == BENCHMARK_DISPATCH;
  work->context = run->session.context;
  work->device = run->session.device;
  work->allocator = io->host_allocator;
  work->batch_size = flags.batch_size;
  work->batch_concurrency = flags.batch_concurrency;
  IREE_RETURN_IF_ERROR(iree_status_annotate_f(
      function_parse_values(io, letters, is_dispatch ? &none : &flags.inputs, &work->inputs),
      "parsing function inputs"));
  if (is_dispatch) IREE_RETURN_IF_ERROR(push_batch_size(work));
  return iree_vm_list_create(iree_vm_make_undefined_type_def(), 8, work->allocator, &work->results);
}

/* A failure of the function itself is a row of the report; what is wrong before is the status. */
static iree_status_t run_benchmark(bench_run_t* run, const benchmark_case_t* benchmark) {
  benchmark_work_t work = {.benchmark = benchmark};
  function_io_t io = {NULL, run->session.call_allocator, output_flags_max_element_count(), stdout};
  IREE_RETURN_IF_ERROR(tool_session_tensor_allocator(&run->session, &io.device_allocator));
  iree_status_t status = prepare_work(run, &io, &work);
  if (iree_status_is_ok(status)) {
    run->failure = repeat(run, &work);
    if (!iree_status_is_ok(run->failure)) report_failure(run, benchmark, run->failure);
  }
  if (iree_status_is_ok(status) && iree_status_is_ok(run->failure)) status = process_results(run, &work, &io);
  if (work.results) iree_vm_list_release(work.results);
  if (work.inputs) iree_vm_list_release(work.inputs);
  return status;
}

static void report_skipped(bench_run_t* run, const benchmark_case_t* benchmark) {
  benchmark_row_t row = row_of(run, benchmark, 0);
  row.error = "an earlier benchmark or capture failed";
  report_row(run, &row);
}

static iree_status_t run_selected(bench_run_t* run) {
  for (iree_host_size_t i = 0; i < run->list.count; ++i) {
    const benchmark_case_t* benchmark = &run->list.cases[i];
    if (!benchmark->is_selected) continue;
    if (iree_status_is_ok(run->failure)) {
      IREE_RETURN_IF_ERROR(run_benchmark(run, benchmark));
    } else {
      report_skipped(run, benchmark);
    }
  }
  return iree_ok_status();
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

static iree_status_t print_names(const bench_run_t* run) {
  for (iree_host_size_t i = 0; i < run->list.count; ++i) {
    if (run->list.cases[i].is_selected) printf("%s\n", run->list.cases[i].name);
  }
  return function_print(iree_string_view_empty(), stdout);
}

static iree_status_t run_all(bench_run_t* run, const char* program) {
  tool_session_t* session = &run->session;
  iree_allocator_t allocator = session->call_allocator;
  IREE_RETURN_IF_ERROR(tool_session_create_instance(session));
  IREE_RETURN_IF_ERROR(tool_session_load(session));
  IREE_RETURN_IF_ERROR(benchmark_list_register(iree_tooling_module_list_back(&session->user_modules), flags.function,
                                               allocator, &run->list));
  IREE_RETURN_IF_ERROR(benchmark_list_select(&run->list, flags.filter));
  if (flags.list_tests) return print_names(run);
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(allocator, (iree_host_size_t)flags.repetitions, sizeof *run->rows,
                                                   (void**)&run->rows));
  IREE_RETURN_IF_ERROR(tool_session_link(session));
  iree_status_t status = open_reports(run, program);
  if (iree_status_is_ok(status)) status = run_selected(run);
  return iree_status_join(status, close_reports(run));
}

static int benchmark_module(const char* program) {
  bench_run_t run;
  memset(&run, 0, sizeof run);
  iree_status_t status = parse_options(&run.options);
  if (!iree_status_is_ok(status)) return tool_finish(status);
  status = tool_session_open(&run.session);
  if (iree_status_is_ok(status)) status = run_all(&run, program);
  if (run.list.cases) benchmark_list_deinitialize(&run.list);
  iree_allocator_free(run.session.call_allocator, run.rows);
  status = tool_session_close(&run.session, iree_status_join(status, run.failure));
  int exit_code = tool_finish(status);
  tool_session_finish(&run.session);
  return run.mismatched ? EXIT_FAILURE : exit_code;
}

int main(int argc, char** argv) {
  static const vmrt_flag_set_t* const sets[] = {&flag_set, &tooling_output_flags};
  static const tool_t tool = {"vm-benchmark-module",
                              "--module=FILE [--module=FILE...] [--function=NAME] [--input=VALUE...]", VMRT_VERSION, 2,
                              sets, benchmark_module};
  return tool_main(&tool, argc, argv);
}
