/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes single elements: integers, packed integers, floats, and hex for everything else. */
#include "hal/element_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "vm/text.h"

/* ---- Forms ------------------------------------------------------------------------------------------------------- */

static hal_element_form_t integer_form(uint32_t bits) {
  if (bits == 8 || bits == 16 || bits == 32 || bits == 64) return HAL_ELEMENT_FORM_INTEGER;
  if (bits % 8 == 0) return HAL_ELEMENT_FORM_HEX;
  return bits < 64 ? HAL_ELEMENT_FORM_INTEGER : HAL_ELEMENT_FORM_NONE;
}

hal_element_form_t hal_element_form(iree_hal_element_type_t type) {
  uint32_t bits = iree_hal_element_bit_count(type);
  switch (iree_hal_element_numerical_type(type)) {
    case IREE_HAL_NUMERICAL_TYPE_INTEGER:
    case IREE_HAL_NUMERICAL_TYPE_INTEGER_SIGNED:
    case IREE_HAL_NUMERICAL_TYPE_INTEGER_UNSIGNED:
      return integer_form(bits);
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_IEEE:
      if (bits == 16 || bits == 32 || bits == 64) return HAL_ELEMENT_FORM_FLOAT;
      break;
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_BRAIN:
      if (bits == 16) return HAL_ELEMENT_FORM_FLOAT;
      break;
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E5M2:
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E4M3_FN:
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E5M2_FNUZ:
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E4M3_FNUZ:
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E8M0_FNU:
      if (bits == 8) return HAL_ELEMENT_FORM_FLOAT;
      break;
  }
  return bits % 8 == 0 ? HAL_ELEMENT_FORM_HEX : HAL_ELEMENT_FORM_NONE;
}

/* ---- Bits -------------------------------------------------------------------------------------------------------- */

/* Elements lie one after the other from the lowest bit of the first byte. At most 64 bits. */
static uint64_t load_bits(const uint8_t* data, iree_host_size_t index, uint32_t bits) {
  uint64_t value = 0;
  if (bits % 8 == 0) {
    for (uint32_t i = 0; i < bits / 8; ++i) value |= (uint64_t)data[index * (bits / 8) + i] << (8 * i);
    return value;
  }
  for (uint32_t i = 0; i < bits; ++i) {
    uint64_t at = (uint64_t)index * bits + i;
    value |= (uint64_t)(data[at / 8] >> (at % 8) & 1) << i;
  }
  return value;
}

static void store_bits(uint64_t value, uint8_t* data, iree_host_size_t index, uint32_t bits) {
  if (bits % 8 == 0) {
    for (uint32_t i = 0; i < bits / 8; ++i) data[index * (bits / 8) + i] = (uint8_t)(value >> (8 * i));
    return;
  }
  for (uint32_t i = 0; i < bits; ++i) {
    uint64_t at = (uint64_t)index * bits + i;
    data[at / 8] = (uint8_t)((data[at / 8] & ~(1u << (at % 8))) | (unsigned)(value >> i & 1) << (at % 8));
  }
}

static int64_t sign_extend(uint64_t value, uint32_t bits) {
  uint64_t sign = (uint64_t)1 << (bits - 1);
  return (int64_t)((value ^ sign) - sign);
}

static bool is_unsigned(iree_hal_element_type_t type) {
  return iree_hal_element_numerical_type(type) == IREE_HAL_NUMERICAL_TYPE_INTEGER_UNSIGNED;
}

static double float_of_code(iree_hal_element_type_t type, uint64_t code) {
  uint32_t code32 = (uint32_t)code;
  float f32;
  double f64;
  switch (type) {
    case IREE_HAL_ELEMENT_TYPE_FLOAT_16: return iree_math_f16_to_f32((uint16_t)code);
    case IREE_HAL_ELEMENT_TYPE_BFLOAT_16: return iree_math_bf16_to_f32((uint16_t)code);
    case IREE_HAL_ELEMENT_TYPE_FLOAT_32: memcpy(&f32, &code32, sizeof f32); return f32;
    case IREE_HAL_ELEMENT_TYPE_FLOAT_64: memcpy(&f64, &code, sizeof f64); return f64;
    default: return vmrt_hal_float8_to_f32(type, (uint8_t)code);
  }
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static iree_host_size_t format_hex(const uint8_t* bytes, iree_host_size_t count, char* text) {
  static const char digits[] = "0123456789ABCDEF";
  for (iree_host_size_t i = 0; i < count; ++i) {
    text[2 * i] = digits[bytes[i] >> 4];
    text[2 * i + 1] = digits[bytes[i] & 15];
  }
  text[2 * count] = 0;
  return 2 * count;
}

iree_host_size_t hal_element_format(iree_hal_element_type_t type, const uint8_t* data, iree_host_size_t index,
                                    char text[HAL_ELEMENT_TEXT_SIZE]) {
  uint32_t bits = iree_hal_element_bit_count(type);
  hal_element_form_t form = hal_element_form(type);
  if (form == HAL_ELEMENT_FORM_HEX) return format_hex(data + index * (bits / 8), bits / 8, text);
  uint64_t code = load_bits(data, index, bits);
  if (form == HAL_ELEMENT_FORM_FLOAT) {
    return (iree_host_size_t)snprintf(text, HAL_ELEMENT_TEXT_SIZE, "%G", float_of_code(type, code));
  }
  if (is_unsigned(type)) {
    return (iree_host_size_t)snprintf(text, HAL_ELEMENT_TEXT_SIZE, "%llu", (unsigned long long)code);
  }
  return (iree_host_size_t)snprintf(text, HAL_ELEMENT_TEXT_SIZE, "%lld", (long long)sign_extend(code, bits));
}

iree_status_t vmrt_hal_element_to_double(iree_hal_element_type_t type, const void* element, double* out_value) {
  uint32_t bits = iree_hal_element_bit_count(type);
  hal_element_form_t form = hal_element_form(type);
  if (type == IREE_HAL_ELEMENT_TYPE_BOOL_8) {
    *out_value = *(const uint8_t*)element;
  } else if (form == HAL_ELEMENT_FORM_FLOAT) {
    *out_value = float_of_code(type, load_bits(element, 0, bits));
  } else if (form == HAL_ELEMENT_FORM_INTEGER) {
    uint64_t code = load_bits(element, 0, bits);
    *out_value = is_unsigned(type) ? (double)code : (double)sign_extend(code, bits);
  } else {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "elements of type %s are not numbers",
                            vmrt_hal_element_type_name(type).text);
  }
  return iree_ok_status();
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* No number worth writing is longer. */
#define MAX_NUMBER_TEXT 511

typedef struct element_t {
  iree_string_view_t text;
  iree_hal_element_type_t type;
  iree_host_size_t index;
} element_t;

static iree_status_t refuse(const element_t* element, const char* reason) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "element %zu: `%.*s` as %s: %s", element->index,
                          VM_SV_ARG(element->text), vmrt_hal_element_type_name(element->type).text, reason);
}

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

static iree_status_t parse_hex(const element_t* element, uint8_t* bytes, iree_host_size_t count) {
  iree_string_view_t text = element->text;
  if (text.size != 2 * count) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "binary hex element count mismatch: element %zu: `%.*s` has %zu characters, %s takes %zu "
                            "hex digits",
                            element->index, VM_SV_ARG(text), text.size, vmrt_hal_element_type_name(element->type).text,
                            2 * count);
  }
  for (iree_host_size_t i = 0; i < count; ++i) {
    int high = hex_digit(text.data[2 * i]), low = hex_digit(text.data[2 * i + 1]);
    if (high < 0 || low < 0) return refuse(element, "not hexadecimal digits");
    bytes[i] = (uint8_t)(high << 4 | low);
  }
  return iree_ok_status();
}

/* Whether a number fits: 32 bits wrap and 64 bits were checked before; other widths take the range of their type,
 * signless ones both ranges. */
static bool integer_fits(iree_hal_element_type_t type, int64_t number) {
  uint32_t bits = iree_hal_element_bit_count(type);
  if (bits == 32 || bits == 64) return true;
  bool is_signed = iree_hal_element_numerical_type(type) == IREE_HAL_NUMERICAL_TYPE_INTEGER_SIGNED;
  int64_t half = (int64_t)((uint64_t)1 << (bits - 1));
  int64_t minimum = is_unsigned(type) ? 0 : -half;
  int64_t maximum = half - 1;
  if (!is_signed) maximum += half;
  return number >= minimum && number <= maximum;
}

/* The leading part counts, as C reads it. */
static iree_status_t parse_integer(const element_t* element, const char* text, uint64_t* out_code) {
  char* end = NULL;
  errno = 0;
  if (element->type == IREE_HAL_ELEMENT_TYPE_UINT_64) {
    *out_code = strtoull(text, &end, 0);
  } else {
    int64_t number = strtoll(text, &end, 0);
    if (errno == 0 && !integer_fits(element->type, number)) return refuse(element, "out of range");
    *out_code = (uint64_t)number;
  }
  if (end == text) return refuse(element, "not an integer");
  return errno == ERANGE ? refuse(element, "out of range") : iree_ok_status();
}

static uint64_t code_of_float(iree_hal_element_type_t type, float value) {
  uint32_t code = 0;
  switch (type) {
    case IREE_HAL_ELEMENT_TYPE_FLOAT_16: return iree_math_f32_to_f16(value);
    case IREE_HAL_ELEMENT_TYPE_BFLOAT_16: return iree_math_f32_to_bf16(value);
    case IREE_HAL_ELEMENT_TYPE_FLOAT_32: memcpy(&code, &value, sizeof code); return code;
    default: return vmrt_hal_f32_to_float8(type, value);
  }
}

/* Too large is infinite; a number other than zero must not become zero in the width that is read. */
static iree_status_t parse_float(const element_t* element, const char* text, uint64_t* out_code) {
  char* end = NULL;
  bool is_zero = false;
  errno = 0;
  if (element->type == IREE_HAL_ELEMENT_TYPE_FLOAT_64) {
    double value = strtod(text, &end);
    memcpy(out_code, &value, sizeof value);
    is_zero = value == 0;
  } else {
    float value = strtof(text, &end);
    *out_code = code_of_float(element->type, value);
    is_zero = value == 0;
  }
  if (end == text) return refuse(element, "not a number");
  if (is_zero && errno == ERANGE) return refuse(element, "too small: it would become zero");
  return iree_ok_status();
}

iree_status_t hal_element_parse(iree_string_view_t text, iree_hal_element_type_t type, uint8_t* data,
                                iree_host_size_t index) {
  element_t element = {text, type, index};
  uint32_t bits = iree_hal_element_bit_count(type);
  hal_element_form_t form = hal_element_form(type);
  if (form == HAL_ELEMENT_FORM_NONE) return refuse(&element, "elements of this type have no text form");
  if (form == HAL_ELEMENT_FORM_HEX) return parse_hex(&element, data + index * (bits / 8), bits / 8);
  char buffer[MAX_NUMBER_TEXT + 1];
  if (text.size > MAX_NUMBER_TEXT) return refuse(&element, "too long");
  memcpy(buffer, text.data, text.size);
  buffer[text.size] = 0;
  uint64_t code = 0;
  IREE_RETURN_IF_ERROR(form == HAL_ELEMENT_FORM_INTEGER ? parse_integer(&element, buffer, &code)
                                                        : parse_float(&element, buffer, &code));
  store_bits(code, data, index, bits);
  return iree_ok_status();
}
