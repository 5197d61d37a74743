/* SPDX-License-Identifier: Apache-2.0 */
/* Prints, writes or compares results, as flags say. */
#include "tooling/output_flags.h"

#include "vm/text.h"

static struct {
  iree_flag_string_list_t outputs, expected;
  int32_t max_element_count;
  double f16_threshold, bf16_threshold, f32_threshold, f64_threshold, rtol;
  iree_string_view_t equality_mode;
} flags = {
    .max_element_count = 1024,
    .f16_threshold = 0.001,
    .bf16_threshold = 0.01,
    .f32_threshold = 0.0001,
    .f64_threshold = 0.0001,
    .rtol = 1e-5,
    .equality_mode = {"approximate", 11},
};

static const vmrt_flag_t flag_table[] = {
    {"output", VMRT_FLAG_LIST, &flags.outputs,
     "Where a result goes, one flag for each: nothing drops it, `-` prints it, @FILE writes and +FILE appends it (.npy "
     "or raw)."},
    {"output_max_element_count", VMRT_FLAG_INT32, &flags.max_element_count,
     "Most elements of a tensor that are printed, negative: all. Scalars, buffers and lists are not affected."},
    {"expected_output", VMRT_FLAG_LIST, &flags.expected,
     "What a result has to be, one flag for each; (ignored) matches anything. Nothing else is printed then."},
    {"equality_mode", VMRT_FLAG_STRING, &flags.equality_mode, "Expected numbers are met `approximate` or `exact`."},
    {"expected_f16_threshold", VMRT_FLAG_DOUBLE, &flags.f16_threshold,
     "Absolute difference allowed between f16 numbers."},
    {"expected_bf16_threshold", VMRT_FLAG_DOUBLE, &flags.bf16_threshold,
     "Absolute difference allowed between bf16 numbers."},
    {"expected_f32_threshold", VMRT_FLAG_DOUBLE, &flags.f32_threshold,
     "Absolute difference allowed between f32 numbers."},
    {"expected_f64_threshold", VMRT_FLAG_DOUBLE, &flags.f64_threshold,
     "Absolute difference allowed between f64 numbers."},
    {"expected_rtol", VMRT_FLAG_DOUBLE, &flags.rtol, "Relative difference allowed, added to the absolute one."},
};
const vmrt_flag_set_t tooling_output_flags = {"Results", sizeof flag_table / sizeof *flag_table, flag_table};

iree_status_t output_flags_check(void) {
  bool exact = iree_string_view_equal(flags.equality_mode, IREE_SV("exact"));
  if (exact || iree_string_view_equal(flags.equality_mode, IREE_SV("approximate"))) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--equality_mode=%.*s is neither `approximate` nor `exact`",
                          VM_SV_ARG(flags.equality_mode));
}

iree_host_size_t output_flags_max_element_count(void) {
  return flags.max_element_count < 0 ? IREE_HOST_SIZE_MAX : (iree_host_size_t)flags.max_element_count;
}

iree_status_t output_flags_process(const function_io_t* io, const iree_vm_list_t* results, iree_string_view_t cconv,
                                   bool* out_matched) {
  *out_matched = true;
  if (flags.expected.count > 0) {
    function_tolerance_t tolerance = {iree_string_view_equal(flags.equality_mode, IREE_SV("exact")),
                                      flags.f16_threshold,
                                      flags.bf16_threshold,
                                      flags.f32_threshold,
                                      flags.f64_threshold,
                                      flags.rtol};
    return function_expect_results(io, results, cconv, &flags.expected, &tolerance, out_matched);
  }
  if (flags.outputs.count > 0) return function_write_results(io, results, &flags.outputs);
  return function_print_results(io, results);
}
