/* SPDX-License-Identifier: Apache-2.0 */
/* Results compared with the texts of `--expected_output=` flags. */
#include "base/string_builder.h"
#include "iree/modules/hal/types.h"
#include "tooling/function_io.h"
#include "tooling/scalar_text.h"
#include "tooling/tensor_compare.h"
#include "tooling/value_text.h"
#include "vm/text.h"

/* Most elements of a tensor in a report. */
#define REPORT_ELEMENTS 1024
#define WANTED_CONTENTS "; expected that the view is equal to contents of a view of "

/* What a report is made of. */
typedef struct expectation_t {
  const function_tolerance_t* tolerance;
  iree_string_builder_t* report;
  iree_host_size_t index; /* of the result */
} expectation_t;

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static bool is_same_number(iree_vm_value_t actual, iree_vm_value_t expected, const function_tolerance_t* tolerance) {
  if (!tolerance->exact && actual.type == IREE_VM_VALUE_TYPE_F32) {
    return tensor_is_near(actual.f32, expected.f32, tolerance->absolute_f32, tolerance->relative);
  }
  if (!tolerance->exact && actual.type == IREE_VM_VALUE_TYPE_F64) {
    return tensor_is_near(actual.f64, expected.f64, tolerance->absolute_f64, tolerance->relative);
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

static iree_status_t expect_number(const expectation_t* wanted, iree_vm_value_t actual, iree_vm_value_t expected) {
  if (is_same_number(actual, expected, wanted->tolerance)) return iree_ok_status();
  return iree_string_builder_append_format(wanted->report,
                                           "[FAILED] result[%zu]: %s does not match the expected %s\n", wanted->index,
                                           exact_text(actual).chars, exact_text(expected).chars);
}

/* ---- Tensors ----------------------------------------------------------------------------------------------------- */

/* Only floating point numbers have a tolerance. */
static tensor_tolerance_t tolerance_of(iree_hal_element_type_t type, const function_tolerance_t* tolerance) {
  tensor_tolerance_t result = {tolerance->exact, 0, tolerance->relative};
  switch (type) {
    case IREE_HAL_ELEMENT_TYPE_FLOAT_16: result.absolute = tolerance->absolute_f16; break;
    case IREE_HAL_ELEMENT_TYPE_BFLOAT_16: result.absolute = tolerance->absolute_bf16; break;
    case IREE_HAL_ELEMENT_TYPE_FLOAT_32: result.absolute = tolerance->absolute_f32; break;
    case IREE_HAL_ELEMENT_TYPE_FLOAT_64: result.absolute = tolerance->absolute_f64; break;
    default: result.exact = true;
  }
  return result;
}

/* `2x3xf32`. */
static iree_status_t append_metadata(iree_string_builder_t* report, const iree_hal_buffer_view_t* view) {
  for (iree_host_size_t i = 0; i < iree_hal_buffer_view_shape_rank(view); ++i) {
    IREE_RETURN_IF_ERROR(
        iree_string_builder_append_format(report, "%zux", iree_hal_buffer_view_shape_dim(view, i)));
  }
  return iree_string_builder_append_format(
      report, "%s", vmrt_hal_element_type_name(iree_hal_buffer_view_element_type(view)).text);
}

static iree_status_t append_both(iree_string_builder_t* report, const iree_hal_buffer_view_t* actual,
                                 const iree_hal_buffer_view_t* expected) {
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(report, IREE_SV(WANTED_CONTENTS)));
  IREE_RETURN_IF_ERROR(append_metadata(report, expected));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(report, IREE_SV("\n  expected:\n")));
  IREE_RETURN_IF_ERROR(value_text_append_tensor(report, expected, REPORT_ELEMENTS));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(report, IREE_SV("\n  actual:\n")));
  IREE_RETURN_IF_ERROR(value_text_append_tensor(report, actual, REPORT_ELEMENTS));
  return iree_string_builder_append_string(report, IREE_SV("\n"));
}

static iree_status_t report_metadata(const expectation_t* wanted, const iree_hal_buffer_view_t* actual,
                                     const iree_hal_buffer_view_t* expected) {
  IREE_RETURN_IF_ERROR(
      iree_string_builder_append_format(wanted->report, "[FAILED] result[%zu]: metadata is ", wanted->index));
  IREE_RETURN_IF_ERROR(append_metadata(wanted->report, actual));
  IREE_RETURN_IF_ERROR(
      iree_string_builder_append_string(wanted->report, IREE_SV("; expected that the view matches ")));
  IREE_RETURN_IF_ERROR(append_metadata(wanted->report, expected));
  return append_both(wanted->report, actual, expected);
}

static iree_status_t expect_tensor(const expectation_t* wanted, const iree_hal_buffer_view_t* actual,
                                   const iree_hal_buffer_view_t* expected) {
  iree_host_size_t index = TENSOR_ALL_EQUAL;
  tensor_element_text_t has, should_have;
  if (!tensor_same_type(actual, expected) || !tensor_same_shape(actual, expected)) {
    return report_metadata(wanted, actual, expected);
  }
  tensor_tolerance_t tolerance = tolerance_of(iree_hal_buffer_view_element_type(actual), wanted->tolerance);
  IREE_RETURN_IF_ERROR(tensor_find_difference(actual, expected, tolerance, &index));
  if (index == TENSOR_ALL_EQUAL) return iree_ok_status();
  IREE_RETURN_IF_ERROR(tensor_format_element(actual, index, &has));
  IREE_RETURN_IF_ERROR(tensor_format_element(expected, index, &should_have));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_format(
      wanted->report, "[FAILED] result[%zu]: element at index %zu (%s) does not match the expected (%s)",
      wanted->index, index, has.chars, should_have.chars));
  return append_both(wanted->report, actual, expected);
}

/* ---- Results ----------------------------------------------------------------------------------------------------- */

static iree_string_view_t kind_name(iree_vm_variant_t value) {
  if (iree_vm_variant_is_value(value)) return iree_make_cstring_view(scalar_type_name(value.value.type));
  return value_is_null(value) ? IREE_SV("empty") : iree_vm_ref_type_name(value.ref.type);
}

static iree_status_t report_kinds(const expectation_t* wanted, iree_vm_variant_t actual, iree_vm_variant_t expected) {
  iree_string_view_t actual_name = kind_name(actual), expected_name = kind_name(expected);
  return iree_string_builder_append_format(
      wanted->report, "[FAILED] result[%zu]: variant types mismatch; expected %.*s but got %.*s\n", wanted->index,
      VM_SV_ARG(expected_name), VM_SV_ARG(actual_name));
}

/* Memory without a shape: the same bytes. */
static iree_status_t expect_buffer(const expectation_t* wanted, iree_hal_buffer_t* actual,
                                   iree_hal_buffer_t* expected) {
  iree_hal_dim_t lengths[] = {(iree_hal_dim_t)iree_hal_buffer_byte_length(actual),
                              (iree_hal_dim_t)iree_hal_buffer_byte_length(expected)};
  iree_hal_buffer_t* buffers[] = {actual, expected};
  iree_hal_buffer_view_t* views[2] = {NULL, NULL};
  iree_status_t status = iree_ok_status();
  for (int i = 0; i < 2 && iree_status_is_ok(status); ++i) {
    status = iree_hal_buffer_view_create(buffers[i], 1, &lengths[i], IREE_HAL_ELEMENT_TYPE_UINT_8,
                                         IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR, wanted->report->allocator, &views[i]);
  }
  if (iree_status_is_ok(status)) status = expect_tensor(wanted, views[0], views[1]);
  for (int i = 0; i < 2; ++i) iree_hal_buffer_view_release(views[i]);
  return status;
}

/* Appends a report unless `actual` is what is wanted. Empty matches anything. */
static iree_status_t expect_value(const expectation_t* wanted, iree_vm_variant_t actual, iree_vm_variant_t expected) {
  if (value_is_null(expected)) return iree_ok_status();
  if (iree_vm_variant_is_value(expected)) {
    bool same_type = iree_vm_variant_is_value(actual) && actual.value.type == expected.value.type;
    if (same_type) return expect_number(wanted, actual.value, expected.value);
    return report_kinds(wanted, actual, expected);
  }
  if (!iree_vm_variant_is_ref(actual)) return report_kinds(wanted, actual, expected);
  iree_hal_buffer_view_t* actual_view = iree_hal_buffer_view_deref(actual.ref);
  iree_hal_buffer_view_t* expected_view = iree_hal_buffer_view_deref(expected.ref);
  if (actual_view && expected_view) return expect_tensor(wanted, actual_view, expected_view);
  iree_hal_buffer_t* actual_buffer = iree_hal_buffer_deref(actual.ref);
  iree_hal_buffer_t* expected_buffer = iree_hal_buffer_deref(expected.ref);
  if (actual_buffer && expected_buffer) return expect_buffer(wanted, actual_buffer, expected_buffer);
  return report_kinds(wanted, actual, expected);
}

static iree_status_t expect_values(const iree_vm_list_t* results, const iree_vm_list_t* expected,
                                   const function_tolerance_t* tolerance, iree_string_builder_t* report) {
  iree_host_size_t count = iree_vm_list_size(results);
  if (count != iree_vm_list_size(expected)) {
    return iree_string_builder_append_format(report, "[FAILED] expected %zu list elements but %zu provided\n",
                                             iree_vm_list_size(expected), count);
  }
  for (iree_host_size_t i = 0; i < count; ++i) {
    expectation_t wanted = {tolerance, report, i};
    iree_vm_variant_t actual = iree_vm_variant_empty(), should_be = iree_vm_variant_empty();
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(results, i, &actual));
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(expected, i, &should_be));
    IREE_RETURN_IF_ERROR(expect_value(&wanted, actual, should_be));
  }
  return iree_ok_status();
}

iree_status_t function_expect_results(const function_io_t* io, const iree_vm_list_t* results, iree_string_view_t cconv,
                                      const iree_flag_string_list_t* texts, const function_tolerance_t* tolerance,
                                      bool* out_matched) {
  iree_vm_list_t* expected = NULL;
  iree_status_t status = function_parse_expectations(io, cconv, texts, &expected);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "parsing expected function outputs");
  iree_string_builder_t report;
  iree_string_builder_initialize(io->host_allocator, &report);
  status = expect_values(results, expected, tolerance, &report);
  bool matched = iree_string_builder_view(&report).size == 0;
  if (iree_status_is_ok(status) && matched) {
    status =
        iree_string_builder_append_format(&report, "[SUCCESS] all function outputs matched their expected values.\n");
  }
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(&report), io->file);
  if (iree_status_is_ok(status)) *out_matched = matched;
  iree_string_builder_deinitialize(&report);
  iree_vm_list_release(expected);
  return status;
}
