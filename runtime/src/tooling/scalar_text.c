/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes numbers; refuses what would silently become another number. */
#include "tooling/scalar_text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/text.h"

/* ---- Names ------------------------------------------------------------------------------------------------------- */

iree_vm_value_type_t scalar_type_of_letter(char letter) {
  switch (letter) {
    case 'i': return IREE_VM_VALUE_TYPE_I32;
    case 'I': return IREE_VM_VALUE_TYPE_I64;
    case 'f': return IREE_VM_VALUE_TYPE_F32;
    case 'F': return IREE_VM_VALUE_TYPE_F64;
    default: return IREE_VM_VALUE_TYPE_NONE;
  }
}

const char* scalar_type_name(iree_vm_value_type_t type) {
  switch (type) {
    case IREE_VM_VALUE_TYPE_NONE: return "none";
    case IREE_VM_VALUE_TYPE_I8: return "i8";
    case IREE_VM_VALUE_TYPE_I16: return "i16";
    case IREE_VM_VALUE_TYPE_I32: return "i32";
    case IREE_VM_VALUE_TYPE_I64: return "i64";
    case IREE_VM_VALUE_TYPE_F32: return "f32";
    case IREE_VM_VALUE_TYPE_F64: return "f64";
  }
  return "none";
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* No number worth writing is longer. */
#define MAX_NUMBER_TEXT 511

static iree_status_t refuse(iree_string_view_t text, const char* type_name, const char* reason) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "parsing value `%.*s` as %s: %s", VM_SV_ARG(text), type_name,
                          reason);
}

/* A NUL-terminated copy for the C library; also refuses what it would read as nothing. */
static iree_status_t copy_number(iree_string_view_t text, const char* type_name, char* buffer) {
  text = iree_string_view_trim(text);
  if (text.size == 0) return refuse(text, type_name, "nothing to read");
  if (text.size > MAX_NUMBER_TEXT) return refuse(text, type_name, "too long");
  memcpy(buffer, text.data, text.size);
  buffer[text.size] = 0;
  return strlen(buffer) == text.size ? iree_ok_status() : refuse(text, type_name, "contains a NUL byte");
}

iree_status_t scalar_parse_int(iree_string_view_t text, int64_t minimum, int64_t maximum, const char* type_name,
                               int64_t* out_number) {
  char buffer[MAX_NUMBER_TEXT + 1];
  IREE_RETURN_IF_ERROR(copy_number(text, type_name, buffer));
  char* end = buffer;
  errno = 0;
  long long number = strtoll(buffer, &end, 0);
  if (end == buffer || *end) return refuse(text, type_name, "not an integer");
  if (errno == ERANGE || number < minimum || number > maximum) return refuse(text, type_name, "out of range");
  *out_number = number;
  return iree_ok_status();
}

/* Whether a digit other than zero stands in the text before an exponent. */
static bool has_nonzero_digit(const char* text) {
  bool is_hex = strpbrk(text, "xX") != NULL;
  for (; *text && !strchr(is_hex ? "pP" : "eE", *text); ++text) {
    if (*text >= '1' && *text <= '9') return true;
    if (is_hex && strchr("abcdefABCDEF", *text)) return true;
  }
  return false;
}

static iree_status_t check_real(const char* buffer, const char* end, double number, iree_string_view_t text,
                                const char* type_name) {
  if (end == buffer || *end) return refuse(text, type_name, "not a number");
  if (number == 0 && has_nonzero_digit(buffer)) return refuse(text, type_name, "too small: it would become zero");
  return iree_ok_status();
}

iree_status_t scalar_parse_double(iree_string_view_t text, const char* type_name, double* out_number) {
  char buffer[MAX_NUMBER_TEXT + 1];
  IREE_RETURN_IF_ERROR(copy_number(text, type_name, buffer));
  char* end = buffer;
  double number = strtod(buffer, &end);
  IREE_RETURN_IF_ERROR(check_real(buffer, end, number, text, type_name));
  *out_number = number;
  return iree_ok_status();
}

/* Rounded once, from the text: not by way of a double. */
static iree_status_t parse_float(iree_string_view_t text, float* out_number) {
  char buffer[MAX_NUMBER_TEXT + 1];
  IREE_RETURN_IF_ERROR(copy_number(text, "f32", buffer));
  char* end = buffer;
  float number = strtof(buffer, &end);
  IREE_RETURN_IF_ERROR(check_real(buffer, end, number, text, "f32"));
  *out_number = number;
  return iree_ok_status();
}

static bool means_zero(iree_string_view_t text) {
  return iree_string_view_equal(text, IREE_SV("(null)")) || iree_string_view_equal(text, IREE_SV("(ignored)"));
}

iree_status_t scalar_parse(iree_string_view_t text, iree_vm_value_type_t type, iree_vm_value_t* out_value) {
  iree_vm_value_t value = iree_vm_value_make_none();
  value.type = type;
  if (!means_zero(text)) {
    int64_t number = 0;
    switch (type) {
      case IREE_VM_VALUE_TYPE_I32:
        IREE_RETURN_IF_ERROR(scalar_parse_int(text, INT32_MIN, UINT32_MAX, "i32", &number));
        value.i32 = (int32_t)(uint32_t)(uint64_t)number;
        break;
      case IREE_VM_VALUE_TYPE_I64:
        IREE_RETURN_IF_ERROR(scalar_parse_int(text, INT64_MIN, INT64_MAX, "i64", &value.i64));
        break;
      case IREE_VM_VALUE_TYPE_F32: IREE_RETURN_IF_ERROR(parse_float(text, &value.f32)); break;
      case IREE_VM_VALUE_TYPE_F64: IREE_RETURN_IF_ERROR(scalar_parse_double(text, "f64", &value.f64)); break;
      default: return refuse(text, scalar_type_name(type), "not a type of numbers");
    }
  }
  *out_value = value;
  return iree_ok_status();
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

scalar_text_t scalar_format(iree_vm_value_t value) {
  scalar_text_t text = {{0}};
  const char* name = scalar_type_name(value.type);
  switch (value.type) {
    case IREE_VM_VALUE_TYPE_I8: snprintf(text.chars, sizeof text.chars, "%s=%d", name, value.i8); break;
    case IREE_VM_VALUE_TYPE_I16: snprintf(text.chars, sizeof text.chars, "%s=%d", name, value.i16); break;
    case IREE_VM_VALUE_TYPE_I32: snprintf(text.chars, sizeof text.chars, "%s=%d", name, (int)value.i32); break;
    case IREE_VM_VALUE_TYPE_I64: snprintf(text.chars, sizeof text.chars, "%s=%lld", name, (long long)value.i64); break;
    case IREE_VM_VALUE_TYPE_F32: snprintf(text.chars, sizeof text.chars, "%s=%g", name, (double)value.f32); break;
    case IREE_VM_VALUE_TYPE_F64: snprintf(text.chars, sizeof text.chars, "%s=%g", name, value.f64); break;
    case IREE_VM_VALUE_TYPE_NONE: snprintf(text.chars, sizeof text.chars, "%s", name); break;
  }
  return text;
}
