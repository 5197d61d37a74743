/* SPDX-License-Identifier: Apache-2.0 */
/* Names of element types, and shapes as text. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "iree/hal/buffer_view.h"
#include "vm/text.h"

/* ---- Types ------------------------------------------------------------------------------------------------------- */

/* Types whose name is not a prefix and a number of bits. */
static const struct {
  const char* name;
  iree_hal_element_type_t type;
} whole_names[] = {
    {"i1", IREE_HAL_ELEMENT_TYPE_BOOL_8},
    {"f8E5M2", IREE_HAL_ELEMENT_TYPE_FLOAT_8_E5M2},
    {"f8E4M3FN", IREE_HAL_ELEMENT_TYPE_FLOAT_8_E4M3_FN},
    {"f8E5M2FNUZ", IREE_HAL_ELEMENT_TYPE_FLOAT_8_E5M2_FNUZ},
    {"f8E4M3FNUZ", IREE_HAL_ELEMENT_TYPE_FLOAT_8_E4M3_FNUZ},
    {"f8E8M0FNU", IREE_HAL_ELEMENT_TYPE_FLOAT_8_E8M0_FNU},
};
#define WHOLE_NAME_COUNT (sizeof whole_names / sizeof whole_names[0])

static const struct {
  const char* prefix;
  iree_hal_numerical_type_t kind;
} prefixes[] = {
    {"i", IREE_HAL_NUMERICAL_TYPE_INTEGER},      {"si", IREE_HAL_NUMERICAL_TYPE_INTEGER_SIGNED},
    {"ui", IREE_HAL_NUMERICAL_TYPE_INTEGER_UNSIGNED}, {"f", IREE_HAL_NUMERICAL_TYPE_FLOAT_IEEE},
    {"bf", IREE_HAL_NUMERICAL_TYPE_FLOAT_BRAIN}, {"cf", IREE_HAL_NUMERICAL_TYPE_FLOAT_COMPLEX},
    {"*", IREE_HAL_NUMERICAL_TYPE_UNKNOWN},
};
#define PREFIX_COUNT (sizeof prefixes / sizeof prefixes[0])

vmrt_hal_name_t vmrt_hal_element_type_name(iree_hal_element_type_t type) {
  vmrt_hal_name_t name = {{0}};
  for (size_t i = 0; i < WHOLE_NAME_COUNT; ++i) {
    if (whole_names[i].type != type) continue;
    snprintf(name.text, sizeof name.text, "%s", whole_names[i].name);
    return name;
  }
  const char* prefix = "*";
  for (size_t i = 0; i < PREFIX_COUNT; ++i) {
    if ((uint32_t)prefixes[i].kind == iree_hal_element_numerical_type(type)) prefix = prefixes[i].prefix;
  }
  snprintf(name.text, sizeof name.text, "%s%u", prefix, (unsigned)iree_hal_element_bit_count(type));
  return name;
}

/* All of `text` is a number from 0 to 255, written in one way only: `i01` is not `i1`. */
static bool parse_bit_count(iree_string_view_t text, uint32_t* out_bits) {
  if (text.size == 0 || text.size > 3 || (text.size > 1 && text.data[0] == '0')) return false;
  uint32_t bits = 0;
  for (iree_host_size_t i = 0; i < text.size; ++i) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    bits = bits * 10 + (uint32_t)(text.data[i] - '0');
  }
  *out_bits = bits;
  return bits <= 255;
}

iree_status_t iree_hal_parse_element_type(iree_string_view_t text, iree_hal_element_type_t* out_type) {
  for (size_t i = 0; i < WHOLE_NAME_COUNT; ++i) {
    if (!iree_string_view_equal(text, iree_make_cstring_view(whole_names[i].name))) continue;
    *out_type = whole_names[i].type;
    return iree_ok_status();
  }
  for (size_t i = 0; i < PREFIX_COUNT; ++i) {
    iree_string_view_t prefix = iree_make_cstring_view(prefixes[i].prefix);
    if (!iree_string_view_starts_with(text, prefix)) continue;
    uint32_t bits = 0;
    if (!parse_bit_count(iree_string_view_substr(text, prefix.size, text.size), &bits)) {
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                              "out of range bit count in '%.*s': expected a number up to 255 after `%s`",
                              VM_SV_ARG(text), prefixes[i].prefix);
    }
    *out_type = (iree_hal_element_type_t)prefixes[i].kind << 24 | bits;
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "unhandled element type prefix in '%.*s': expected a type such as i32, ui8, f16, bf16 or i1",
                          VM_SV_ARG(text));
}

/* ---- Shapes ------------------------------------------------------------------------------------------------------ */

/* Such as C reads a number: the leading part counts, the base is detected. */
static bool parse_dim(iree_string_view_t text, iree_hal_dim_t* out_dim) {
  char buffer[64];
  if (text.size == 0 || text.size >= sizeof buffer || !isdigit((unsigned char)text.data[0])) return false;
  memcpy(buffer, text.data, text.size);
  buffer[text.size] = 0;
  errno = 0;
  char* end = buffer;
  long long dim = strtoll(buffer, &end, 0);
  if (end == buffer || errno == ERANGE || dim < 0) return false;
  *out_dim = (iree_hal_dim_t)dim;
  return true;
}

/* One dimension from the beginning of `rest`, with the `x` after it. */
static iree_status_t parse_next_dim(iree_string_view_t text, iree_host_size_t rank, iree_host_size_t capacity,
                                    iree_string_view_t* rest, iree_hal_dim_t* out_shape) {
  iree_string_view_t dim_text;
  bool has_more = iree_string_view_split(*rest, 'x', &dim_text, rest) != IREE_STRING_VIEW_NPOS;
  if (dim_text.size == 0 || (has_more && rest->size == 0)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "invalid shape specification: '%.*s': nothing between two `x`", VM_SV_ARG(text));
  }
  if (rank == capacity) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "shape '%.*s' has more than %zu dimensions",
                            VM_SV_ARG(text), capacity);
  }
  if (parse_dim(dim_text, &out_shape[rank])) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "shape[%zu] invalid value '%.*s' of '%.*s'", rank,
                          VM_SV_ARG(dim_text), VM_SV_ARG(text));
}

iree_status_t iree_hal_parse_shape(iree_string_view_t text, iree_host_size_t shape_capacity, iree_host_size_t* out_rank,
                                   iree_hal_dim_t* out_shape) {
  *out_rank = 0;
  iree_host_size_t rank = 0;
  for (iree_string_view_t rest = text; rest.size > 0; ++rank) {
    IREE_RETURN_IF_ERROR(parse_next_dim(text, rank, shape_capacity, &rest, out_shape));
  }
  *out_rank = rank;
  return iree_ok_status();
}

iree_status_t iree_hal_parse_shape_and_element_type(iree_string_view_t text, iree_host_size_t shape_capacity,
                                                    iree_host_size_t* out_rank, iree_hal_dim_t* out_shape,
                                                    iree_hal_element_type_t* out_type) {
  iree_host_size_t type_at = text.size;
  while (type_at > 0 && text.data[type_at - 1] != 'x') --type_at;
  iree_string_view_t shape_text = iree_string_view_substr(text, 0, type_at ? type_at - 1 : 0);
  *out_rank = 0;
  IREE_RETURN_IF_ERROR(iree_hal_parse_shape(shape_text, shape_capacity, out_rank, out_shape));
  return iree_hal_parse_element_type(iree_string_view_substr(text, type_at, text.size), out_type);
}
