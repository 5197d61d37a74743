/* SPDX-License-Identifier: Apache-2.0 */
/* Results compared with the texts of `--expected_output=` flags. */
#include <math.h>

#include "base/string_builder.h"
#include "tooling/function_io.h"
#include "tooling/scalar_text.h"
#include "tooling/value_text.h"
#include "vm/text.h"

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static bool is_near(double actual, double expected, double absolute, double relative) {
  if (isnan(actual) || isnan(expected)) return isnan(actual) && isnan(expected);
  if (isinf(actual) || isinf(expected)) return actual == expected;
  return fabs(actual - expected) <= absolute + relative * fabs(expected);
}

static bool is_same_number(iree_vm_value_t actual, iree_vm_value_t expected, const function_tolerance_t* tolerance) {
  if (!tolerance->exact && actual.type == IREE_VM_VALUE_TYPE_F32) {
    return is_near(actual.f32, expected.f32, tolerance->absolute_f32, tolerance->relative);
  }
  if (!tolerance->exact && actual.type == IREE_VM_VALUE_TYPE_F64) {
    return is_near(actual.f64, expected.f64, tolerance->absolute_f64, tolerance->relative);
  }
  return memcmp(actual.value_storage, expected.value_storage, iree_vm_value_type_size(actual.type)) == 0;
}

/* With all the digits that tell two numbers apart. */
static scalar_text_t exact_text(iree_vm_value_t value) {
  scalar_text_t text = scalar_format(value);
  if (value.type == IREE_VM_VALUE_TYPE_F32) snprintf(text.chars, sizeof text.chars, "f32=%.9g", (double)value.f32);
  if (value.type == IREE_VM_VALUE_TYPE_F64) snprintf(text.chars, sizeof text.chars, "f64=%.17g", value.f64);
  return text;
}

/* ---- Results ----------------------------------------------------------------------------------------------------- */

static const char* kind_name(iree_vm_variant_t value) {
  if (iree_vm_variant_is_value(value)) return scalar_type_name(value.value.type);
  return value_is_null(value) ? "empty" : "a reference";
}

/* Appends a report unless `actual` is what is wanted. A wanted reference is always a wildcard here. */
static iree_status_t expect_value(iree_vm_variant_t actual, iree_vm_variant_t expected, iree_host_size_t index,
                                  const function_tolerance_t* tolerance, iree_string_builder_t* report) {
  if (!iree_vm_variant_is_value(expected)) return iree_ok_status();
  if (!iree_vm_variant_is_value(actual) || actual.value.type != expected.value.type) {
    return iree_string_builder_append_format(report,
                                             "[FAILED] result[%zu]: variant types mismatch; expected %s but got %s\n",
                                             index, kind_name(expected), kind_name(actual));
  }
  if (is_same_number(actual.value, expected.value, tolerance)) return iree_ok_status();
  return iree_string_builder_append_format(report, "[FAILED] result[%zu]: %s does not match the expected %s\n", index,
                                           exact_text(actual.value).chars, exact_text(expected.value).chars);
}

static iree_status_t expect_values(const iree_vm_list_t* results, const iree_vm_list_t* expected,
                                   const iree_flag_string_list_t* texts, const function_tolerance_t* tolerance,
                                   iree_string_builder_t* report) {
  iree_host_size_t count = iree_vm_list_size(results);
  if (count != texts->count) {
    return iree_string_builder_append_format(report, "[FAILED] expected %zu list elements but %zu provided\n",
                                             texts->count, count);
  }
  for (iree_host_size_t i = 0; i < count; ++i) {
    iree_vm_variant_t actual = iree_vm_variant_empty(), wanted = iree_vm_variant_empty();
    if (iree_string_view_equal(iree_string_view_trim(texts->values[i]), IREE_SV("(ignored)"))) continue;
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(results, i, &actual));
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(expected, i, &wanted));
    IREE_RETURN_IF_ERROR(expect_value(actual, wanted, i, tolerance, report));
  }
  return iree_ok_status();
}

iree_status_t function_expect_results(const iree_vm_list_t* results, iree_string_view_t cconv,
                                      const iree_flag_string_list_t* texts, const function_tolerance_t* tolerance,
                                      FILE* file, iree_allocator_t allocator, bool* out_matched) {
  iree_vm_list_t* expected = NULL;
  iree_status_t status = function_parse_values(cconv, texts, allocator, &expected);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "parsing expected function outputs");
  iree_string_builder_t report;
  iree_string_builder_initialize(allocator, &report);
  status = expect_values(results, expected, texts, tolerance, &report);
  bool matched = iree_string_builder_view(&report).size == 0;
  if (iree_status_is_ok(status) && matched) {
    status =
        iree_string_builder_append_format(&report, "[SUCCESS] all function outputs matched their expected values.\n");
  }
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(&report), file);
  if (iree_status_is_ok(status)) *out_matched = matched;
  iree_string_builder_deinitialize(&report);
  iree_vm_list_release(expected);
  return status;
}
