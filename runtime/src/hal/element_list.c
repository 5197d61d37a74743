/* SPDX-License-Identifier: Apache-2.0 */
/* Reads lists of elements: separators, and one value for all. */
#include "hal/element_text.h"
#include "vm/text.h"

static bool is_separator(char c) {
  return c == ' ' || c == ',' || c == '[' || c == ']' || (c >= '\t' && c <= '\r');
}

/* The next element from the beginning of `rest`; false at the end. */
static bool next_element(iree_string_view_t* rest, iree_string_view_t* out_text) {
  iree_host_size_t start = 0;
  while (start < rest->size && is_separator(rest->data[start])) ++start;
  iree_host_size_t end = start;
  while (end < rest->size && !is_separator(rest->data[end])) ++end;
  *out_text = iree_string_view_substr(*rest, start, end - start);
  *rest = iree_string_view_substr(*rest, end, rest->size);
  return out_text->size > 0;
}

/* Repeats the bytes at the beginning, doubling what there is. */
static void repeat_bytes(iree_byte_span_t data, iree_host_size_t unit) {
  for (iree_host_size_t done = unit; done < data.data_length;) {
    iree_host_size_t piece = done < data.data_length - done ? done : data.data_length - done;
    memcpy(data.data + done, data.data, piece);
    done += piece;
  }
}

/* Eight elements are always whole bytes. Bits after the last element may be set too; nobody reads them. */
static iree_status_t splat(iree_string_view_t text, iree_hal_element_type_t type, iree_host_size_t count,
                           iree_byte_span_t data) {
  uint32_t bits = iree_hal_element_bit_count(type);
  iree_host_size_t unit_count = bits % 8 ? 8 : 1;
  if (unit_count > count) unit_count = count;
  for (iree_host_size_t i = 0; i < unit_count; ++i) IREE_RETURN_IF_ERROR(hal_element_parse(text, type, data.data, i));
  repeat_bytes(data, (unit_count * bits + 7) / 8);
  return iree_ok_status();
}

static iree_status_t parse_all(iree_string_view_t text, iree_hal_element_type_t type, iree_host_size_t count,
                               iree_byte_span_t data) {
  iree_string_view_t element;
  iree_host_size_t index = 0;
  for (iree_string_view_t rest = text; next_element(&rest, &element); ++index) {
    if (index == count) {
      return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                              "output data overflow: the shape has %zu elements, `%.*s` is one too many", count,
                              VM_SV_ARG(element));
    }
    IREE_RETURN_IF_ERROR(hal_element_parse(element, type, data.data, index));
  }
  if (index == count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "input data underflow: %zu values for the %zu elements of the shape", index, count);
}

iree_status_t hal_elements_parse(iree_string_view_t text, iree_hal_element_type_t type, iree_host_size_t count,
                                 iree_byte_span_t data) {
  text = iree_string_view_trim(text);
  if (text.size == 0) {
    if (data.data_length) memset(data.data, 0, data.data_length);
    return iree_ok_status();
  }
  iree_string_view_t first, second, rest = text;
  bool is_splat = count > 1 && next_element(&rest, &first) && !next_element(&rest, &second);
  return is_splat ? splat(first, type, count, data) : parse_all(text, type, count, data);
}

iree_status_t iree_hal_parse_buffer_elements(iree_string_view_t text, iree_hal_element_type_t element_type,
                                             iree_byte_span_t data) {
  uint32_t bits = iree_hal_element_bit_count(element_type);
  if (bits == 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "opaque element types cannot be indexed");
  iree_host_size_t count = data.data_length / bits * 8 + data.data_length % bits * 8 / bits;
  if (bits % 8 == 0) data.data_length -= data.data_length % (bits / 8);
  return hal_elements_parse(text, element_type, count, data);
}
