/* SPDX-License-Identifier: Apache-2.0 */
/* Values and text forms of tensors for the check module. */
#ifndef CHECK_TEXT_H_
#define CHECK_TEXT_H_

#include "check_tensor.h"

#include <math.h>

enum {
  KIND_OPAQUE = 0x00,
  KIND_INTEGER = 0x10,
  KIND_SIGNED = 0x11,
  KIND_UNSIGNED = 0x12,
  KIND_BOOLEAN = 0x13,
  KIND_FLOAT = 0x21,
  KIND_BFLOAT = 0x22,
  KIND_COMPLEX = 0x23,
  KIND_F8E5M2 = 0x24,
  KIND_F8E4M3FN = 0x25,
  KIND_F8E5M2FNUZ = 0x26,
  KIND_F8E4M3FNUZ = 0x27,
  KIND_F8E8M0FNU = 0x28
};

/* ---- Elements as numbers --------------------------------------------------------------------------------------------- */

static bool tensor_is_integer(uint32_t type) {
  unsigned kind = tensor_kind(type), bits = tensor_bits(type);
  return (kind == KIND_INTEGER || kind == KIND_SIGNED || kind == KIND_UNSIGNED) &&
         (bits == 8 || bits == 16 || bits == 32 || bits == 64);
}

static bool tensor_is_float(uint32_t type) {
  unsigned kind = tensor_kind(type), bits = tensor_bits(type);
  if (kind == KIND_FLOAT) return bits == 16 || bits == 32 || bits == 64;
  if (kind == KIND_BFLOAT) return bits == 16;
  return kind >= KIND_F8E5M2 && kind <= KIND_F8E8M0FNU && bits == 8;
}

/* The bits of an element of at most 64, little endian. */
static uint64_t element_word(const tensor_t* tensor, size_t index) {
  size_t width = tensor_bits(tensor->type) / 8;
  uint64_t word = 0;
  for (size_t i = 0; i < width && i < 8; ++i) word |= (uint64_t)tensor->data[index * width + i] << (8 * i);
  return word;
}

/* A float of `exponent` and `mantissa` bits below a sign, with infinities and NaNs where the exponent is all ones. */
static double small_float(uint64_t word, int exponent_bits, int mantissa_bits, int bias) {
  int exponent = (int)(word >> mantissa_bits) & ((1 << exponent_bits) - 1);
  double fraction = (double)(word & ((1u << mantissa_bits) - 1)) / (double)(1u << mantissa_bits);
  double value = exponent ? ldexp(1 + fraction, exponent - bias) : ldexp(fraction, 1 - bias);
  return word >> (exponent_bits + mantissa_bits) & 1 ? -value : value;
}

static double ieee_float(uint64_t word, int exponent_bits, int mantissa_bits, int bias) {
  uint64_t ones = (1u << exponent_bits) - 1;
  if ((word >> mantissa_bits & ones) != ones) return small_float(word, exponent_bits, mantissa_bits, bias);
  if (word & ((1u << mantissa_bits) - 1)) return NAN;
  return word >> (exponent_bits + mantissa_bits) & 1 ? -INFINITY : INFINITY;
}

static double f8_number(unsigned kind, uint64_t word) {
  switch (kind) {
    case KIND_F8E5M2:
      return ieee_float(word, 5, 2, 15);
    case KIND_F8E4M3FN:
      return (word & 0x7F) == 0x7F ? NAN : small_float(word, 4, 3, 7);
    case KIND_F8E5M2FNUZ:
      return word == 0x80 ? NAN : small_float(word, 5, 2, 16);
    case KIND_F8E4M3FNUZ:
      return word == 0x80 ? NAN : small_float(word, 4, 3, 8);
    default:
      return word == 0xFF ? NAN : ldexp(1, (int)word - 127);
  }
}

static double float_number(const tensor_t* tensor, size_t index) {
  uint64_t word = element_word(tensor, index);
  uint32_t half = (uint32_t)word;
  unsigned kind = tensor_kind(tensor->type), bits = tensor_bits(tensor->type);
  float single;
  double whole;
  if (kind == KIND_FLOAT && bits == 64) {
    memcpy(&whole, &word, sizeof whole);
    return whole;
  }
  if (kind == KIND_FLOAT && bits == 16) return ieee_float(word, 5, 10, 15);
  if (kind != KIND_FLOAT && kind != KIND_BFLOAT) return f8_number(kind, word);
  if (kind == KIND_BFLOAT) half <<= 16;
  memcpy(&single, &half, sizeof single);
  return single;
}

/* ---- Text ------------------------------------------------------------------------------------------------------------ */

#define TEXT_MOST_ELEMENTS 1024

/* What a type is called; `room` has at least 16 bytes. */
static const char* type_name(uint32_t type, char* room) {
  static const char* const floats[] = {"f8E5M2", "f8E4M3FN", "f8E5M2FNUZ", "f8E4M3FNUZ", "f8E8M0FNU"};
  unsigned kind = tensor_kind(type), bits = tensor_bits(type);
  const char* prefix = "*";
  if (kind >= KIND_F8E5M2 && kind <= KIND_F8E8M0FNU) return floats[kind - KIND_F8E5M2];
  if (kind == KIND_BOOLEAN) return "i1";
  if (kind == KIND_INTEGER) prefix = "i";
  if (kind == KIND_SIGNED) prefix = "si";
  if (kind == KIND_UNSIGNED) prefix = "ui";
  if (kind == KIND_FLOAT) prefix = "f";
  if (kind == KIND_BFLOAT) prefix = "bf";
  if (kind == KIND_COMPLEX) prefix = "cf";
  snprintf(room, 16, "%s%u", prefix, bits);
  return room;
}

static void put_integer(trace_line_t* text, const tensor_t* tensor, size_t index) {
  uint64_t word = element_word(tensor, index);
  unsigned bits = tensor_bits(tensor->type);
  if (tensor_kind(tensor->type) == KIND_UNSIGNED) {
    trace_printf(text, "%llu", (unsigned long long)word);
  } else {
    uint64_t sign = bits < 64 ? (uint64_t)1 << (bits - 1) : 0;
    trace_printf(text, "%lld", (long long)((word ^ sign) - sign));
  }
}

static void put_element(trace_line_t* text, const tensor_t* tensor, size_t index) {
  if (tensor_is_float(tensor->type)) {
    trace_printf(text, "%G", float_number(tensor, index));
  } else if (tensor_is_integer(tensor->type)) {
    put_integer(text, tensor, index);
  } else {
    size_t width = (tensor_bits(tensor->type) + 7) / 8;
    for (size_t i = 0; i < width && index * width + i < tensor->size; ++i) {
      trace_printf(text, "%02X", tensor->data[index * width + i]);
    }
  }
}

/* How many dimensions begin (or, for the element before, end) at an element: those but the first whose inner block it opens. */
static int32_t blocks_at(const tensor_t* tensor, size_t index) {
  int32_t found = 0;
  size_t block = 1;
  for (int32_t axis = tensor->rank - 1; axis >= 1; --axis) {
    block *= (size_t)tensor->dims[axis];
    if (index % block == 0) ++found;
  }
  return found;
}

static void put_values(trace_line_t* text, const tensor_t* tensor) {
  for (size_t i = 0; i < tensor->count; ++i) {
    if (i == TEXT_MOST_ELEMENTS) {
      trace_printf(text, "...");
      return;
    }
    int32_t blocks = blocks_at(tensor, i);
    for (int32_t b = 0; i > 0 && b < blocks; ++b) trace_put(text, "]", 1);
    if (i > 0 && blocks == 0) trace_put(text, " ", 1);
    for (int32_t b = 0; b < blocks; ++b) trace_put(text, "[", 1);
    put_element(text, tensor, i);
  }
  for (int32_t b = 1; tensor->count > 0 && b < tensor->rank; ++b) trace_put(text, "]", 1);
}

/* `SHAPExTYPE=VALUES`. */
static void put_tensor(trace_line_t* text, const tensor_t* tensor) {
  char room[16];
  for (int32_t i = 0; i < tensor->rank; ++i) trace_printf(text, "%lldx", (long long)tensor->dims[i]);
  trace_printf(text, "%s=", type_name(tensor->type, room));
  put_values(text, tensor);
}

#endif /* CHECK_TEXT_H_ */
