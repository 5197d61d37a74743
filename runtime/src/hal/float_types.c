/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions between 32-bit floats and the small float types, rounding to nearest even. */
#include "iree/hal/buffer_view.h"

static uint32_t bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ---- Formats ----------------------------------------------------------------------------------------------------- */

typedef enum small_float_family_e {
  FAMILY_IEEE, /* the highest exponent is for infinities and NaN */
  FAMILY_FN,   /* no infinities, NaN is all ones */
  FAMILY_FNUZ  /* no infinities and no negative zero, whose code is the one NaN */
} small_float_family_t;

/* Sign, exponent, mantissa from the top; subnormals. */
typedef struct small_float_t {
  small_float_family_t family;
  uint32_t exponent_bits;
  uint32_t mantissa_bits;
  uint32_t bias;
} small_float_t;

static const small_float_t f16 = {FAMILY_IEEE, 5, 10, 15};
static const small_float_t f8_e5m2 = {FAMILY_IEEE, 5, 2, 15};
static const small_float_t f8_e4m3_fn = {FAMILY_FN, 4, 3, 7};
static const small_float_t f8_e5m2_fnuz = {FAMILY_FNUZ, 5, 2, 16};
static const small_float_t f8_e4m3_fnuz = {FAMILY_FNUZ, 4, 3, 8};

static uint32_t sign_bit(const small_float_t* format) { return 1u << (format->exponent_bits + format->mantissa_bits); }

static uint32_t first_special_exponent(const small_float_t* format) {
  return ((1u << format->exponent_bits) - 1) << format->mantissa_bits;
}

static uint32_t largest_finite(const small_float_t* format) {
  switch (format->family) {
    case FAMILY_IEEE: return first_special_exponent(format) - 1;
    case FAMILY_FN: return sign_bit(format) - 2;
    case FAMILY_FNUZ: return sign_bit(format) - 1;
  }
  return 0;
}

static uint32_t nan_code(const small_float_t* format, uint32_t sign) {
  switch (format->family) {
    case FAMILY_IEEE: return sign | first_special_exponent(format) | 1u << (format->mantissa_bits - 1);
    case FAMILY_FN: return sign | (sign_bit(format) - 1);
    case FAMILY_FNUZ: return sign_bit(format);
  }
  return 0;
}

/* ---- To 32 bits -------------------------------------------------------------------------------------------------- */

static float small_to_float(const small_float_t* format, uint32_t code) {
  uint32_t sign = code & sign_bit(format) ? 0x80000000u : 0;
  uint32_t magnitude = code & (sign_bit(format) - 1);
  if (format->family == FAMILY_FNUZ && sign && magnitude == 0) return float_of_bits(0x7FC00000u);
  if (magnitude > largest_finite(format)) {
    bool is_infinity = format->family == FAMILY_IEEE && magnitude == first_special_exponent(format);
    uint32_t payload = (magnitude << (23 - format->mantissa_bits)) & 0x007FFFFFu;
    return float_of_bits(sign | (is_infinity ? 0x7F800000u : 0x7FC00000u | payload));
  }
  if (magnitude >> format->mantissa_bits) {
    return float_of_bits(sign | ((magnitude << (23 - format->mantissa_bits)) + ((127 - format->bias) << 23)));
  }
  float unit = float_of_bits((128 - format->bias - format->mantissa_bits) << 23);
  return float_of_bits(sign | bits_of_float((float)magnitude * unit));
}

/* ---- From 32 bits ------------------------------------------------------------------------------------------------ */

static uint32_t round_shift(uint32_t value, uint32_t shift) {
  if (shift > 24) return 0;
  uint32_t kept = value >> shift, rest = value & ((1u << shift) - 1), half = 1u << (shift - 1);
  return kept + (rest > half || (rest == half && (kept & 1)));
}

/* A carry out of the mantissa goes into the exponent by itself. */
static uint32_t round_magnitude(const small_float_t* format, uint32_t bits) {
  int32_t exponent = (int32_t)(bits >> 23) - 127 + (int32_t)format->bias;
  uint32_t mantissa = (bits & 0x007FFFFFu) | (bits >> 23 ? 0x00800000u : 0);
  uint32_t shift = 23 - format->mantissa_bits;
  if (exponent < 1) return round_shift(mantissa, shift + (uint32_t)(1 - exponent));
  return ((uint32_t)(exponent - 1) << format->mantissa_bits) + round_shift(mantissa, shift);
}

static uint32_t float_to_small(const small_float_t* format, float value) {
  uint32_t bits = bits_of_float(value);
  uint32_t sign = bits >> 31 ? sign_bit(format) : 0;
  bits &= 0x7FFFFFFFu;
  if (bits > 0x7F800000u) return nan_code(format, sign);
  uint32_t magnitude = round_magnitude(format, bits);
  if (magnitude > largest_finite(format)) {
    return format->family == FAMILY_IEEE ? sign | first_special_exponent(format) : nan_code(format, sign);
  }
  return format->family == FAMILY_FNUZ && magnitude == 0 ? 0 : sign | magnitude;
}

float iree_math_f16_to_f32(uint16_t value) { return small_to_float(&f16, value); }

uint16_t iree_math_f32_to_f16(float value) { return (uint16_t)float_to_small(&f16, value); }

/* ---- bf16: the upper half of a 32-bit float ---------------------------------------------------------------------- */

float iree_math_bf16_to_f32(uint16_t value) { return float_of_bits((uint32_t)value << 16); }

uint16_t iree_math_f32_to_bf16(float value) {
  uint32_t bits = bits_of_float(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return (uint16_t)(bits >> 16 | 0x0040u);
  return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);
}

/* ---- 8 bits ------------------------------------------------------------------------------------------------------ */

/* E8M0FNU: an exponent alone. All ones is NaN. */
static float e8m0_to_float(uint8_t code) {
  if (code == 0xFF) return float_of_bits(0x7FC00000u);
  return float_of_bits(code ? (uint32_t)code << 23 : 0x00400000u);
}

/* Half way goes up. What is too small, zero and negative numbers included, is the smallest power. */
static uint8_t float_to_e8m0(float value) {
  uint32_t bits = bits_of_float(value);
  if ((bits & 0x7FFFFFFFu) >= 0x7F800000u) return 0xFF;
  if (bits >> 31) return 0;
  if (bits < 0x00800000u) return bits >= 0x00600000u ? 1 : 0;
  return (uint8_t)((bits + 0x00400000u) >> 23);
}

static const small_float_t* float8_format(iree_hal_element_type_t type) {
  switch (type) {
    case IREE_HAL_ELEMENT_TYPE_FLOAT_8_E4M3_FN: return &f8_e4m3_fn;
    case IREE_HAL_ELEMENT_TYPE_FLOAT_8_E5M2_FNUZ: return &f8_e5m2_fnuz;
    case IREE_HAL_ELEMENT_TYPE_FLOAT_8_E4M3_FNUZ: return &f8_e4m3_fnuz;
    default: return &f8_e5m2;
  }
}

float vmrt_hal_float8_to_f32(iree_hal_element_type_t type, uint8_t value) {
  if (type == IREE_HAL_ELEMENT_TYPE_FLOAT_8_E8M0_FNU) return e8m0_to_float(value);
  return small_to_float(float8_format(type), value);
}

uint8_t vmrt_hal_f32_to_float8(iree_hal_element_type_t type, float value) {
  if (type == IREE_HAL_ELEMENT_TYPE_FLOAT_8_E8M0_FNU) return float_to_e8m0(value);
  return (uint8_t)float_to_small(float8_format(type), value);
}
