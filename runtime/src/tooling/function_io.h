/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments from text, results to text and files, results compared with expectations. */
#ifndef VMRT_TOOLING_FUNCTION_IO_H_
#define VMRT_TOOLING_FUNCTION_IO_H_

#include <stdio.h>

#include "iree/base/tooling/flags.h"
#include "iree/vm/api.h"

/* A list of the values that `texts` mean as arguments or results of the convention part `cconv`. Fewer texts give a
 * shorter list. INVALID_ARGUMENT: more texts, or one that is no such value. UNIMPLEMENTED: tensors and files, which
 * need the HAL. */
iree_status_t function_parse_values(iree_string_view_t cconv, const iree_flag_string_list_t* texts,
                                    iree_allocator_t allocator, iree_vm_list_t** out_values);

/* Whether a text leaves open what a value is. */
bool function_text_is_wildcard(iree_string_view_t text);

/* Prints `result[i]: VALUE` for each. */
iree_status_t function_print_results(const iree_vm_list_t* results, FILE* file, iree_allocator_t allocator);

/* Sends each result where its text says: empty drops it, `-` prints it, `@PATH` and `+PATH` write and append to a file.
 * There are as many texts as results, or nothing is written: OUT_OF_RANGE. */
iree_status_t function_write_results(const iree_vm_list_t* results, const iree_flag_string_list_t* texts, FILE* file,
                                     iree_allocator_t allocator);

/* How near two floating point numbers have to be: |actual - expected| <= absolute + relative * |expected|. */
typedef struct function_tolerance_t {
  bool exact; /* the same bytes; nothing below matters */
  double absolute_f32;
  double absolute_f64;
  double relative;
} function_tolerance_t;

/* Compares the results with the texts of what they should be and prints a report. `(ignored)` matches anything, and so
 * does `(null)` as a reference. */
iree_status_t function_expect_results(const iree_vm_list_t* results, iree_string_view_t cconv,
                                      const iree_flag_string_list_t* texts, const function_tolerance_t* tolerance,
                                      FILE* file, iree_allocator_t allocator, bool* out_matched);

/* Writes the whole text and flushes it; the status names the stream, which is standard output. */
iree_status_t function_print(iree_string_view_t text, FILE* file);

#endif /* VMRT_TOOLING_FUNCTION_IO_H_ */
