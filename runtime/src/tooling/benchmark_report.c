/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of measurements as a table, as JSON and as CSV, in the forms of google-benchmark, whose scripts read them. */
#include <stdlib.h>
#include <time.h>

#include "platform/platform.h"
#include "tooling/benchmark.h"
#include "tooling/json_text.h"
#include "vm/text.h"

/* ---- The machine ------------------------------------------------------------------------------------------------- */

/* The first line of a file of the system; empty where there is none. */
static void read_line(const char* path, char* text, size_t capacity) {
  FILE* file = fopen(path, "rb");
  if (!file || !fgets(text, (int)capacity, file)) text[0] = 0;
  if (file) fclose(file);
  text[strcspn(text, "\r\n")] = 0;
}

void benchmark_context_initialize(const char* executable, const char* version, benchmark_context_t* out_context) {
  char load[128];
  memset(out_context, 0, sizeof *out_context);
  out_context->executable = executable;
  out_context->version = version;
  time_text_t now = time_text((iree_time_t)time(NULL) * 1000000000);
  memcpy(out_context->date, now.chars, sizeof out_context->date);
  read_line("/proc/sys/kernel/hostname", out_context->host_name, sizeof out_context->host_name);
  out_context->cpu_count = platform_core_count();
  read_line("/proc/loadavg", load, sizeof load);
  double* average = out_context->load_average;
  int count = sscanf(load, "%lf %lf %lf", &average[0], &average[1], &average[2]);
  out_context->load_average_count = count > 0 ? count : 0;
}

/* ---- Table ------------------------------------------------------------------------------------------------------- */

static void console_begin(benchmark_report_t* report, const benchmark_context_t* context) {
  (void)report;
  fprintf(stderr, "%s\nRunning %s\nRun on (%u CPU s)\n", context->date, context->executable,
          (unsigned)context->cpu_count);
}

static void put_line(FILE* file, int length) {
  for (int i = 0; i < length; ++i) fputc('-', file);
  fputc('\n', file);
}

static void console_header(benchmark_report_t* report, bool has_counters) {
  char header[512];
  int length = snprintf(header, sizeof header, "%-*s %13s %15s %12s%s", report->name_width, "Benchmark", "Time", "CPU",
                        "Iterations", has_counters ? " UserCounters..." : "");
  if (length >= (int)sizeof header) length = (int)sizeof header - 1;
  put_line(report->file, length);
  fprintf(report->file, "%s\n", header);
  put_line(report->file, length);
}

/* Three digits that tell something, in ten columns. */
static void put_time(FILE* file, double time) {
  int digits = time < 1 ? 3 : time < 10 ? 2 : time < 100 ? 1 : 0;
  fprintf(file, "%10.*f", digits, time);
}

/* `139.482k`. */
static void put_scaled(FILE* file, double value) {
  static const char large[] = "kMGTPEZY", small[] = "munpfazy";
  const char* prefix = "";
  char letter[2] = {0, 0};
  for (int i = 0; i < 8 && value >= 1000; ++i) value /= 1000, letter[0] = large[i], prefix = letter;
  for (int i = 0; i < 8 && value > 0 && value < 1; ++i) value *= 1000, letter[0] = small[i], prefix = letter;
  fprintf(file, "%g%s", value, prefix);
}

static void put_name(const benchmark_row_t* row, FILE* file) {
  fputs(row->run_name, file);
  if (row->aggregate) fprintf(file, "_%s", row->aggregate);
}

static void console_times(const benchmark_row_t* row, FILE* file) {
  const char* unit = benchmark_unit_name(row->unit);
  if (row->is_ratio) {
    fprintf(file, "%10.2f %-4s %10.2f %-4s ", row->real_seconds * 100, "%", row->cpu_seconds * 100, "%");
    return;
  }
  put_time(file, benchmark_unit_of_seconds(row->real_seconds, row->unit));
  fprintf(file, " %-4s ", unit);
  put_time(file, benchmark_unit_of_seconds(row->cpu_seconds, row->unit));
  fprintf(file, " %-4s ", unit);
}

static void console_row(benchmark_report_t* report, const benchmark_row_t* row) {
  FILE* file = report->file;
  if (!report->has_rows) console_header(report, row->error == NULL);
  int length = (int)strlen(row->run_name) + (row->aggregate ? 1 + (int)strlen(row->aggregate) : 0);
  put_name(row, file);
  fprintf(file, "%*s ", report->name_width > length ? report->name_width - length : 0, "");
  if (row->error) {
    fprintf(file, "ERROR OCCURRED: '%s'\n", row->error);
    return;
  }
  console_times(row, file);
  fprintf(file, "%10lld items_per_second=", (long long)row->iterations);
  if (row->is_ratio) {
    fprintf(file, "%.2f%%\n", row->items_per_second * 100);
  } else {
    put_scaled(file, row->items_per_second);
    fputs("/s\n", file);
  }
  fflush(file);
}

static void console_end(benchmark_report_t* report) { (void)report; }

const benchmark_format_t benchmark_format_console = {"console", console_begin, console_row, console_end};

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

#ifdef NDEBUG
#define BUILD_TYPE "release"
#else
#define BUILD_TYPE "debug"
#endif

static void json_begin(benchmark_report_t* report, const benchmark_context_t* context) {
  FILE* file = report->file;
  fprintf(file, "{\n  \"context\": {\n    \"date\": \"%s\",\n    \"host_name\": ", context->date);
  json_put_string(file, iree_make_cstring_view(context->host_name));
  fputs(",\n    \"executable\": ", file);
  json_put_string(file, iree_make_cstring_view(context->executable));
  fprintf(file,
          ",\n    \"num_cpus\": %u,\n    \"mhz_per_cpu\": 0,\n    \"cpu_scaling_enabled\": false,\n"
          "    \"aslr_enabled\": true,\n    \"caches\": [],\n    \"load_avg\": [",
          (unsigned)context->cpu_count);
  for (int i = 0; i < context->load_average_count; ++i) {
    fprintf(file, "%s%g", i ? "," : "", context->load_average[i]);
  }
  fputs("],\n    \"library_version\": ", file);
  json_put_string(file, iree_make_cstring_view(context->version));
  fprintf(file,
          ",\n    \"library_build_type\": \"" BUILD_TYPE "\",\n    \"json_schema_version\": 1\n  },\n"
          "  \"benchmarks\": [");
}

static void json_name(const char* key, const benchmark_row_t* row, bool whole, FILE* file) {
  char name[VM_TEXT_LIMIT + 64];
  bool has_suffix = whole && row->aggregate;
  snprintf(name, sizeof name, "%s%s%s", row->run_name, has_suffix ? "_" : "", has_suffix ? row->aggregate : "");
  fprintf(file, "      \"%s\": ", key);
  json_put_string(file, iree_make_cstring_view(name));
  fputs(",\n", file);
}

static void json_times(const benchmark_row_t* row, FILE* file) {
  double real = row->is_ratio ? row->real_seconds : benchmark_unit_of_seconds(row->real_seconds, row->unit);
  double cpu = row->is_ratio ? row->cpu_seconds : benchmark_unit_of_seconds(row->cpu_seconds, row->unit);
  fprintf(file,
          "      \"iterations\": %lld,\n      \"real_time\": %.16e,\n      \"cpu_time\": %.16e,\n"
          "      \"time_unit\": \"%s\"",
          (long long)row->iterations, real, cpu, benchmark_unit_name(row->unit));
  if (!row->error) fprintf(file, ",\n      \"items_per_second\": %.16e", row->items_per_second);
}

static void json_row(benchmark_report_t* report, const benchmark_row_t* row) {
  FILE* file = report->file;
  fputs(report->has_rows ? ",\n    {\n" : "\n    {\n", file);
  json_name("name", row, true, file);
  fprintf(file, "      \"family_index\": %d,\n      \"per_family_instance_index\": 0,\n", row->family_index);
  json_name("run_name", row, false, file);
  fprintf(file, "      \"run_type\": \"%s\",\n      \"repetitions\": %d,\n",
          row->aggregate ? "aggregate" : "iteration", row->repetitions);
  if (!row->aggregate) fprintf(file, "      \"repetition_index\": %d,\n", row->repetition_index);
  fputs("      \"threads\": 1,\n", file);
  if (row->aggregate) {
    fprintf(file, "      \"aggregate_name\": \"%s\",\n      \"aggregate_unit\": \"%s\",\n", row->aggregate,
            row->is_ratio ? "percentage" : "time");
  }
  if (row->error) {
    fputs("      \"error_occurred\": true,\n      \"error_message\": ", file);
    json_put_string(file, iree_make_cstring_view(row->error));
    fputs(",\n", file);
  }
  json_times(row, file);
  fputs("\n    }", file);
}

static void json_end(benchmark_report_t* report) { fputs("\n  ]\n}\n", report->file); }

const benchmark_format_t benchmark_format_json = {"json", json_begin, json_row, json_end};

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static void csv_begin(benchmark_report_t* report, const benchmark_context_t* context) {
  (void)context;
  fputs(
      "name,iterations,real_time,cpu_time,time_unit,bytes_per_second,items_per_second,label,error_occurred,"
      "error_message\n",
      report->file);
}

static void csv_put_string(FILE* file, const char* text) {
  fputc('"', file);
  for (; *text; ++text) {
    if (*text == '"') fputc('"', file);
    fputc(*text, file);
  }
  fputc('"', file);
}

static void csv_row(benchmark_report_t* report, const benchmark_row_t* row) {
  FILE* file = report->file;
  char name[VM_TEXT_LIMIT + 64];
  snprintf(name, sizeof name, "%s%s%s", row->run_name, row->aggregate ? "_" : "",
           row->aggregate ? row->aggregate : "");
  csv_put_string(file, name);
  if (row->error) {
    fputs(",,,,,,,,true,", file);
    csv_put_string(file, row->error);
    fputc('\n', file);
    return;
  }
  double real = row->is_ratio ? row->real_seconds : benchmark_unit_of_seconds(row->real_seconds, row->unit);
  double cpu = row->is_ratio ? row->cpu_seconds : benchmark_unit_of_seconds(row->cpu_seconds, row->unit);
  fprintf(file, ",%lld,%g,%g,%s,,%g,,,\n", (long long)row->iterations, real, cpu,
          row->is_ratio ? "" : benchmark_unit_name(row->unit), row->items_per_second);
}

static void csv_end(benchmark_report_t* report) { (void)report; }

const benchmark_format_t benchmark_format_csv = {"csv", csv_begin, csv_row, csv_end};

iree_status_t benchmark_format_find(iree_string_view_t name, const benchmark_format_t** out_format) {
  static const benchmark_format_t* const formats[] = {&benchmark_format_console, &benchmark_format_json,
                                                      &benchmark_format_csv};
  for (size_t i = 0; i < sizeof formats / sizeof *formats; ++i) {
    if (!iree_string_view_equal(name, iree_make_cstring_view(formats[i]->name))) continue;
    *out_format = formats[i];
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "unknown format '%.*s'; it is console, json or csv",
                          VM_SV_ARG(name));
}
