/* SPDX-License-Identifier: Apache-2.0 */
/* Finds out how many iterations are enough, and computes statistics. */
#include <math.h>
#include <stdlib.h>

#include "tooling/benchmark.h"
#include "tooling/scalar_text.h"
#include "vm/text.h"

/* ---- Units ------------------------------------------------------------------------------------------------------- */

static const struct {
  const char* name;
  double per_second;
} units[] = {
    [BENCHMARK_UNIT_NANOSECONDS] = {"ns", 1e9},
    [BENCHMARK_UNIT_MICROSECONDS] = {"us", 1e6},
    [BENCHMARK_UNIT_MILLISECONDS] = {"ms", 1e3},
};

iree_status_t benchmark_unit_parse(iree_string_view_t text, benchmark_unit_t* out_unit) {
  for (size_t i = 0; i < sizeof units / sizeof *units; ++i) {
    if (!iree_string_view_equal(text, iree_make_cstring_view(units[i].name))) continue;
    *out_unit = (benchmark_unit_t)i;
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "unsupported time unit '%.*s'; it is ns, us or ms",
                          VM_SV_ARG(text));
}

const char* benchmark_unit_name(benchmark_unit_t unit) { return units[unit].name; }
double benchmark_unit_of_seconds(double seconds, benchmark_unit_t unit) { return seconds * units[unit].per_second; }

/* ---- How often --------------------------------------------------------------------------------------------------- */

#define MAX_ITERATIONS 1000000000

static iree_status_t refuse_minimum(iree_status_t reason, iree_string_view_t text) {
  iree_status_ignore(reason);
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "'%.*s' is neither a time such as 0.5s nor a number of iterations such as 8x",
                          VM_SV_ARG(text));
}

iree_status_t benchmark_minimum_parse(iree_string_view_t text, benchmark_minimum_t* out_minimum) {
  benchmark_minimum_t minimum = {0, 0};
  char last = text.size ? text.data[text.size - 1] : 0;
  iree_string_view_t number = iree_make_string_view(text.data, text.size - (last == 'x' || last == 's'));
  iree_status_t status = last == 'x' ? scalar_parse_int(number, 1, MAX_ITERATIONS, "iterations", &minimum.iterations)
                                     : scalar_parse_double(number, "seconds", &minimum.seconds);
  if (!iree_status_is_ok(status)) return refuse_minimum(status, text);
  if (last != 'x' && !(minimum.seconds >= 0 && minimum.seconds <= 1e6)) return refuse_minimum(status, text);
  *out_minimum = minimum;
  return iree_ok_status();
}

/* Aims a little above the minimum, and grows slowly while times are too short to tell. */
static int64_t more_iterations(const benchmark_sample_t* sample, int64_t iterations, double minimum) {
  double factor = minimum * 1.4 / fmax(sample->real_seconds, 1e-9);
  bool is_telling = sample->real_seconds > minimum / 10;
  if (!is_telling) factor = fmin(factor, 10);
  if (factor <= 1) factor = 2;
  double wanted = fmax((double)iterations * factor, (double)iterations + 1);
  return wanted < MAX_ITERATIONS ? (int64_t)(wanted + 0.5) : MAX_ITERATIONS;
}

iree_status_t benchmark_measure(benchmark_function_t function, void* user_data, benchmark_minimum_t minimum,
                                int64_t* inout_iterations, benchmark_sample_t* out_sample) {
  int64_t iterations = minimum.iterations ? minimum.iterations : *inout_iterations;
  bool is_known = iterations != 0;
  if (!is_known) iterations = 1;
  for (;;) {
    IREE_RETURN_IF_ERROR(function(user_data, iterations, out_sample));
    if (is_known || out_sample->real_seconds >= minimum.seconds || iterations >= MAX_ITERATIONS) break;
    iterations = more_iterations(out_sample, iterations, minimum.seconds);
  }
  *inout_iterations = iterations;
  return iree_ok_status();
}

/* ---- Statistics -------------------------------------------------------------------------------------------------- */

typedef double (*quantity_t)(const benchmark_row_t* row);
/* Of a repetition: seconds an iteration. */
static double real_of(const benchmark_row_t* row) { return row->real_seconds; }
static double cpu_of(const benchmark_row_t* row) { return row->cpu_seconds; }
static double rate_of(const benchmark_row_t* row) { return row->items_per_second; }

static double mean_of(const benchmark_row_t* rows, iree_host_size_t count, quantity_t quantity) {
  double sum = 0;
  for (iree_host_size_t i = 0; i < count; ++i) sum += quantity(&rows[i]);
  return sum / (double)count;
}

static double deviation_of(const benchmark_row_t* rows, iree_host_size_t count, quantity_t quantity) {
  double mean = mean_of(rows, count, quantity), sum = 0;
  for (iree_host_size_t i = 0; i < count; ++i) sum += (quantity(&rows[i]) - mean) * (quantity(&rows[i]) - mean);
  return count > 1 ? sqrt(sum / (double)(count - 1)) : 0;
}

static double variation_of(const benchmark_row_t* rows, iree_host_size_t count, quantity_t quantity) {
  double mean = mean_of(rows, count, quantity);
  return mean == 0 ? 0 : deviation_of(rows, count, quantity) / mean;
}

/* How many rows have less, or the same and stand before: the place of row `i` when they are sorted. */
static iree_host_size_t rank_of(const benchmark_row_t* rows, iree_host_size_t count, quantity_t quantity,
                                iree_host_size_t i) {
  iree_host_size_t rank = 0;
  for (iree_host_size_t k = 0; k < count; ++k) {
    double here = quantity(&rows[k]), there = quantity(&rows[i]);
    rank += here < there || (here == there && k < i);
  }
  return rank;
}

static double median_of(const benchmark_row_t* rows, iree_host_size_t count, quantity_t quantity) {
  double sum = 0;
  for (iree_host_size_t i = 0; i < count; ++i) {
    iree_host_size_t rank = rank_of(rows, count, quantity, i);
    if (rank == count / 2 || rank == (count - 1) / 2) sum += quantity(&rows[i]);
  }
  return count % 2 ? sum : sum / 2;
}

void benchmark_aggregate(const benchmark_row_t* repetitions, iree_host_size_t count,
                         benchmark_row_t out_rows[BENCHMARK_AGGREGATES]) {
  static const struct {
    const char* name;
    double (*of)(const benchmark_row_t* rows, iree_host_size_t count, quantity_t quantity);
  } statistics[BENCHMARK_AGGREGATES] = {
      {"mean", mean_of}, {"median", median_of}, {"stddev", deviation_of}, {"cv", variation_of}};
  for (int i = 0; i < BENCHMARK_AGGREGATES; ++i) {
    out_rows[i] = repetitions[0];
    out_rows[i].aggregate = statistics[i].name;
    out_rows[i].is_ratio = statistics[i].of == variation_of;
    out_rows[i].iterations = (int64_t)count;
    out_rows[i].real_seconds = statistics[i].of(repetitions, count, real_of);
    out_rows[i].cpu_seconds = statistics[i].of(repetitions, count, cpu_of);
    out_rows[i].items_per_second = statistics[i].of(repetitions, count, rate_of);
  }
}
