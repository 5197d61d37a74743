/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments from text, results to text and files, results compared with expectations. */
#ifndef VMRT_TOOLING_FUNCTION_IO_H_
#define VMRT_TOOLING_FUNCTION_IO_H_

#include <stdio.h>

#include "iree/base/tooling/flags.h"
#include "iree/hal/allocator.h"
#include "iree/vm/api.h"

/* How near two floating point numbers have to be: |actual - expected| <= absolute + relative * |expected|. */
typedef struct function_tolerance_t {
  bool exact; /* the same bytes; nothing below matters */
  double absolute_f16;
  double absolute_bf16;
  double absolute_f32;
  double absolute_f64;
  double relative;
} function_tolerance_t;

/* What values are made of, and how they are shown. */
typedef struct function_io_t {
  iree_hal_allocator_t* device_allocator; /* of tensors that texts mean; NULL: they are UNIMPLEMENTED */
  iree_allocator_t host_allocator;
  iree_host_size_t max_element_count; /* of a tensor that is printed */
  FILE* file;                         /* where results and reports go */
} function_io_t;

/* A list of the values that `texts` mean as arguments or results of the convention part `cconv`. Fewer texts give a
 * shorter list. INVALID_ARGUMENT: more texts, or one that is no such value. */
iree_status_t function_parse_values(const function_io_t* io, iree_string_view_t cconv,
                                    const iree_flag_string_list_t* texts, iree_vm_list_t** out_values);

/* The same for values to compare with: empty stands for anything. */
iree_status_t function_parse_expectations(const function_io_t* io, iree_string_view_t cconv,
                                          const iree_flag_string_list_t* texts, iree_vm_list_t** out_values);

/* Prints `result[i]: VALUE` for each. */
iree_status_t function_print_results(const function_io_t* io, const iree_vm_list_t* results);

/* Sends each result where its text says: empty drops it, `-` prints it, `@PATH` and `+PATH` write and append to a file.
 * There are as many texts as results, or nothing is written: OUT_OF_RANGE. */
iree_status_t function_write_results(const function_io_t* io, const iree_vm_list_t* results,
                                     const iree_flag_string_list_t* texts);

/* Compares the results with the texts of what they should be and prints a report. `(ignored)` matches anything, and so
 * does `(null)` as a reference. */
iree_status_t function_expect_results(const function_io_t* io, const iree_vm_list_t* results, iree_string_view_t cconv,
                                      const iree_flag_string_list_t* texts, const function_tolerance_t* tolerance,
                                      bool* out_matched);

/* Writes the whole text and flushes it; the status names the stream, which is standard output. */
iree_status_t function_print(iree_string_view_t text, FILE* file);

#endif /* VMRT_TOOLING_FUNCTION_IO_H_ */
