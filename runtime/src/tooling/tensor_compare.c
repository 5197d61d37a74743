/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the elements of tensors on the host. */
#include "tooling/tensor_compare.h"

#include <math.h>
#include <stdio.h>

bool tensor_is_near(double actual, double expected, double absolute, double relative) {
  if (isnan(actual) || isnan(expected)) return isnan(actual) && isnan(expected);
  if (isinf(actual) || isinf(expected)) return actual == expected;
  return fabs(actual - expected) <= absolute + relative * fabs(expected);
}

bool tensor_same_type(const iree_hal_buffer_view_t* a, const iree_hal_buffer_view_t* b) {
  return iree_hal_buffer_view_element_type(a) == iree_hal_buffer_view_element_type(b);
}

bool tensor_same_shape(const iree_hal_buffer_view_t* a, const iree_hal_buffer_view_t* b) {
  iree_host_size_t rank = iree_hal_buffer_view_shape_rank(a);
  if (rank != iree_hal_buffer_view_shape_rank(b)) return false;
  for (iree_host_size_t i = 0; i < rank; ++i) {
    if (iree_hal_buffer_view_shape_dim(a, i) != iree_hal_buffer_view_shape_dim(b, i)) return false;
  }
  return true;
}

/* ---- Contents ---------------------------------------------------------------------------------------------------- */

static iree_status_t map_contents(const iree_hal_buffer_view_t* view, iree_hal_buffer_mapping_t* out_mapping) {
  return iree_hal_buffer_map_range(iree_hal_buffer_view_buffer(view), IREE_HAL_MAPPING_MODE_SCOPED,
                                   IREE_HAL_MEMORY_ACCESS_READ, 0, iree_hal_buffer_view_byte_length(view),
                                   out_mapping);
}

typedef struct compared_t {
  iree_hal_element_type_t type;
  iree_host_size_t count;
  const uint8_t* actual;
  const uint8_t* expected;
} compared_t;

/* Packed types are compared by their bytes: the index is that of the first element of the byte. */
static iree_host_size_t find_other_bytes(const compared_t* pair, iree_host_size_t length) {
  uint32_t bits = iree_hal_element_bit_count(pair->type);
  for (iree_host_size_t i = 0; i < length; ++i) {
    if (pair->actual[i] != pair->expected[i]) return i * 8 / (bits ? bits : 8);
  }
  return TENSOR_ALL_EQUAL;
}

static iree_status_t find_far_number(const compared_t* pair, tensor_tolerance_t tolerance,
                                     iree_host_size_t* out_index) {
  iree_host_size_t size = (iree_hal_element_bit_count(pair->type) + 7) / 8;
  for (iree_host_size_t i = 0; i < pair->count; ++i) {
    double actual = 0, expected = 0;
    IREE_RETURN_IF_ERROR(vmrt_hal_element_to_double(pair->type, pair->actual + i * size, &actual));
    IREE_RETURN_IF_ERROR(vmrt_hal_element_to_double(pair->type, pair->expected + i * size, &expected));
    if (tensor_is_near(actual, expected, tolerance.absolute, tolerance.relative)) continue;
    *out_index = i;
    return iree_ok_status();
  }
  *out_index = TENSOR_ALL_EQUAL;
  return iree_ok_status();
}

iree_status_t tensor_find_difference(const iree_hal_buffer_view_t* actual, const iree_hal_buffer_view_t* expected,
                                     tensor_tolerance_t tolerance, iree_host_size_t* out_index) {
  iree_hal_buffer_mapping_t left, right;
  IREE_RETURN_IF_ERROR(map_contents(actual, &left));
  iree_status_t status = map_contents(expected, &right);
  if (iree_status_is_ok(status)) {
    compared_t pair = {iree_hal_buffer_view_element_type(actual), iree_hal_buffer_view_element_count(actual),
                       left.contents.data, right.contents.data};
    if (tolerance.exact) {
      *out_index = find_other_bytes(&pair, left.contents.data_length);
    } else {
      status = find_far_number(&pair, tolerance, out_index);
    }
    status = iree_status_join(status, iree_hal_buffer_unmap_range(&right));
  }
  return iree_status_join(status, iree_hal_buffer_unmap_range(&left));
}

/* ---- One element ------------------------------------------------------------------------------------------------- */

/* The bytes of one element, which is no wider than 32 bytes. */
static iree_status_t read_element(const iree_hal_buffer_view_t* view, iree_host_size_t index, uint8_t* bytes) {
  iree_host_size_t size = (iree_hal_element_bit_count(iree_hal_buffer_view_element_type(view)) + 7) / 8;
  return iree_hal_buffer_map_read(iree_hal_buffer_view_buffer(view), index * size, bytes, size);
}

iree_status_t tensor_element_value(const iree_hal_buffer_view_t* view, iree_host_size_t index, double* out_value) {
  uint8_t bytes[32] = {0};
  IREE_RETURN_IF_ERROR(read_element(view, index, bytes));
  return vmrt_hal_element_to_double(iree_hal_buffer_view_element_type(view), bytes, out_value);
}

static uint64_t load_unsigned(const uint8_t* bytes, uint32_t bits) {
  uint64_t number = 0;
  for (uint32_t i = 0; i < bits / 8; ++i) number |= (uint64_t)bytes[i] << (8 * i);
  return number;
}

static int64_t load_signed(const uint8_t* bytes, uint32_t bits) {
  uint64_t number = load_unsigned(bytes, bits);
  uint64_t sign = (uint64_t)1 << (bits - 1);
  return (int64_t)((number ^ sign) - sign);
}

static void format_hex(const uint8_t* bytes, uint32_t bits, tensor_element_text_t* out_text) {
  for (uint32_t i = 0; i < (bits + 7) / 8; ++i) snprintf(out_text->chars + 2 * i, 3, "%02X", bytes[i]);
}

iree_status_t tensor_format_element(const iree_hal_buffer_view_t* view, iree_host_size_t index,
                                    tensor_element_text_t* out_text) {
  uint8_t bytes[32] = {0};
  iree_hal_element_type_t type = iree_hal_buffer_view_element_type(view);
  uint32_t bits = iree_hal_element_bit_count(type), kind = iree_hal_element_numerical_type(type);
  IREE_RETURN_IF_ERROR(read_element(view, index, bytes));
  double number = 0;
  bool is_whole = bits == 8 || bits == 16 || bits == 32 || bits == 64;
  if (is_whole && kind == IREE_HAL_NUMERICAL_TYPE_INTEGER_UNSIGNED) {
    snprintf(out_text->chars, sizeof out_text->chars, "%llu", (unsigned long long)load_unsigned(bytes, bits));
  } else if (is_whole && (kind == IREE_HAL_NUMERICAL_TYPE_INTEGER || kind == IREE_HAL_NUMERICAL_TYPE_INTEGER_SIGNED)) {
    snprintf(out_text->chars, sizeof out_text->chars, "%lld", (long long)load_signed(bytes, bits));
  } else if (kind != IREE_HAL_NUMERICAL_TYPE_BOOLEAN &&
             iree_status_consume_code(vmrt_hal_element_to_double(type, bytes, &number)) == IREE_STATUS_OK) {
    snprintf(out_text->chars, sizeof out_text->chars, "%G", number);
  } else {
    format_hex(bytes, bits, out_text);
  }
  return iree_ok_status();
}
