/* SPDX-License-Identifier: Apache-2.0 */
/* Measuring: how often something is run, what is made of the times, how it is told (docs/vm-benchmark-module.md). */
#ifndef VMRT_TOOLING_BENCHMARK_H_
#define VMRT_TOOLING_BENCHMARK_H_

#include <stdio.h>

#include "iree/base/api.h"

/* ---- Times ------------------------------------------------------------------------------------------------------- */

typedef enum benchmark_unit_e {
  BENCHMARK_UNIT_NANOSECONDS,
  BENCHMARK_UNIT_MICROSECONDS,
  BENCHMARK_UNIT_MILLISECONDS
} benchmark_unit_t;
/* `ns`, `us` or `ms`. INVALID_ARGUMENT for anything else. */
iree_status_t benchmark_unit_parse(iree_string_view_t text, benchmark_unit_t* out_unit);
const char* benchmark_unit_name(benchmark_unit_t unit);
double benchmark_unit_of_seconds(double seconds, benchmark_unit_t unit);

/* What one run took. `iterations` may be more than was asked for. */
typedef struct benchmark_sample_t {
  int64_t iterations;
  double real_seconds;
  double cpu_seconds; /* of the whole process */
} benchmark_sample_t;

/* Until when a benchmark is run again: for so long, or, when `iterations` is not 0, so often. */
typedef struct benchmark_minimum_t {
  double seconds;
  int64_t iterations;
} benchmark_minimum_t;
/* `0.5s`, `8x`, or a bare number of seconds. INVALID_ARGUMENT. */
iree_status_t benchmark_minimum_parse(iree_string_view_t text, benchmark_minimum_t* out_minimum);

/* Does the work at least `iterations` times. */
typedef iree_status_t (*benchmark_function_t)(void* user_data, int64_t iterations, benchmark_sample_t* out_sample);
/* Runs ever more iterations until the minimum is reached; the last run is the sample. `*inout_iterations`: where to
 * begin, 0 for not known, and what was enough. */
iree_status_t benchmark_measure(benchmark_function_t function, void* user_data, benchmark_minimum_t minimum,
                                int64_t* inout_iterations, benchmark_sample_t* out_sample);

/* ---- Rows -------------------------------------------------------------------------------------------------------- */

/* A line of a report. */
typedef struct benchmark_row_t {
  const char* run_name;
  const char* aggregate; /* such as `mean`; NULL: one repetition */
  bool is_ratio;         /* times and rate are parts of the mean, not times */
  const char* error;     /* NULL: none; times are 0 otherwise */
  int family_index;
  int repetitions;
  int repetition_index;
  int64_t iterations; /* of an aggregate: repetitions */
  double real_seconds;
  double cpu_seconds;
  double items_per_second;
  benchmark_unit_t unit;
} benchmark_row_t;

/* Statistics over the samples of all repetitions; `count` is at least 2. */
#define BENCHMARK_AGGREGATES 4
void benchmark_aggregate(const benchmark_row_t* repetitions, iree_host_size_t count,
                         benchmark_row_t out_rows[BENCHMARK_AGGREGATES]);

/* ---- Reports ----------------------------------------------------------------------------------------------------- */

/* What a report says about the machine. */
typedef struct benchmark_context_t {
  const char* executable;
  const char* version;
  char date[40];
  char host_name[128];
  uint32_t cpu_count;
  double load_average[3];
  int load_average_count;
} benchmark_context_t;
void benchmark_context_initialize(const char* executable, const char* version, benchmark_context_t* out_context);

/* Where rows go and in which form. */
typedef struct benchmark_report_t benchmark_report_t;
typedef struct benchmark_format_t {
  const char* name; /* `console`, `json`, `csv` */
  void (*begin)(benchmark_report_t* report, const benchmark_context_t* context);
  void (*row)(benchmark_report_t* report, const benchmark_row_t* row);
  void (*end)(benchmark_report_t* report);
} benchmark_format_t;
struct benchmark_report_t {
  const benchmark_format_t* format;
  FILE* file;
  int name_width; /* of the longest name */
  bool aggregates_only;
  bool has_rows;
};
extern const benchmark_format_t benchmark_format_console, benchmark_format_json, benchmark_format_csv;
/* INVALID_ARGUMENT for an unknown name. */
iree_status_t benchmark_format_find(iree_string_view_t name, const benchmark_format_t** out_format);

#endif /* VMRT_TOOLING_BENCHMARK_H_ */
