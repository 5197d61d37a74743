/* SPDX-License-Identifier: Apache-2.0 */
/* Small float types: every code, and rounding at every kind of boundary. */
#include <math.h>

#include "check.h"
#include "hal_float_values.h"
#include "iree/hal/buffer_view.h"

static float from_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint32_t to_bits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

typedef struct float8_case_t {
  const char* name;
  iree_hal_element_type_t type;
  const uint32_t* values;
  const rounding_t* roundings;
  size_t rounding_count;
} float8_case_t;

#define FLOAT8_CASE(name, TYPE) \
  {#name, IREE_HAL_ELEMENT_TYPE_FLOAT_8_##TYPE, name##_values, name##_roundings, \
   sizeof name##_roundings / sizeof(rounding_t)}
static const float8_case_t float8_cases[] = {
    FLOAT8_CASE(e5m2, E5M2),           FLOAT8_CASE(e4m3_fn, E4M3_FN),   FLOAT8_CASE(e5m2_fnuz, E5M2_FNUZ),
    FLOAT8_CASE(e4m3_fnuz, E4M3_FNUZ), FLOAT8_CASE(e8m0_fnu, E8M0_FNU),
};
#define FLOAT8_CASE_COUNT (sizeof float8_cases / sizeof float8_cases[0])

static void check_same(const char* name, uint32_t input, uint32_t wanted, uint32_t got) {
  if (wanted == got) return;
  fprintf(stderr, "%s of 0x%X: wanted 0x%X, got 0x%X\n", name, (unsigned)input, (unsigned)wanted, (unsigned)got);
  CHECK(wanted == got);
}

static void test_every_code_of_8_bits(void) {
  for (size_t i = 0; i < FLOAT8_CASE_COUNT; ++i) {
    const float8_case_t* c = &float8_cases[i];
    for (unsigned code = 0; code < 256; ++code) {
      float value = vmrt_hal_float8_to_f32(c->type, (uint8_t)code);
      check_same(c->name, code, c->values[code], isnan(value) ? 0x7FC00000u : to_bits(value));
    }
  }
}

static void test_every_code_survives_a_round_trip(void) {
  for (size_t i = 0; i < FLOAT8_CASE_COUNT; ++i) {
    const float8_case_t* c = &float8_cases[i];
    for (unsigned code = 0; code < 256; ++code) {
      float value = vmrt_hal_float8_to_f32(c->type, (uint8_t)code);
      uint8_t back = vmrt_hal_f32_to_float8(c->type, value);
      if (!isnan(value)) check_same(c->name, code, code, back);
      if (isnan(value)) CHECK(isnan(vmrt_hal_float8_to_f32(c->type, back)));
    }
  }
}

static void test_rounding_to_8_bits(void) {
  for (size_t i = 0; i < FLOAT8_CASE_COUNT; ++i) {
    const float8_case_t* c = &float8_cases[i];
    for (size_t k = 0; k < c->rounding_count; ++k) {
      const rounding_t* r = &c->roundings[k];
      check_same(c->name, r->bits, r->code, vmrt_hal_f32_to_float8(c->type, from_bits(r->bits)));
    }
    CHECK(isnan(vmrt_hal_float8_to_f32(c->type, vmrt_hal_f32_to_float8(c->type, NAN))));
    CHECK(isnan(vmrt_hal_float8_to_f32(c->type, vmrt_hal_f32_to_float8(c->type, -NAN))));
  }
}

/* What the bits of a 16-bit IEEE float mean, straight from the definition. */
static double meaning_of_f16(unsigned code) {
  int exponent = (int)(code >> 10 & 31), mantissa = (int)(code & 1023);
  double magnitude = exponent ? ldexp(1024 + mantissa, exponent - 25) : ldexp(mantissa, -24);
  if (exponent == 31) magnitude = mantissa ? NAN : INFINITY;
  return code & 0x8000 ? -magnitude : magnitude;
}

static void test_every_code_of_16_bits(void) {
  for (unsigned code = 0; code < 65536; ++code) {
    float half = iree_math_f16_to_f32((uint16_t)code), brain = iree_math_bf16_to_f32((uint16_t)code);
    double wanted = meaning_of_f16(code);
    if (isnan(wanted)) {
      CHECK(isnan(half) && isnan(iree_math_f16_to_f32(iree_math_f32_to_f16(half))));
    } else {
      check_same("f16", code, to_bits((float)wanted), to_bits(half));
      check_same("f16 and back", code, code, iree_math_f32_to_f16(half));
    }
    check_same("bf16", code, code << 16, to_bits(brain));
    if (!isnan(brain)) check_same("bf16 and back", code, code, iree_math_f32_to_bf16(brain));
    if (isnan(brain)) CHECK(isnan(iree_math_bf16_to_f32(iree_math_f32_to_bf16(brain))));
  }
}

static void test_rounding_to_16_bits(void) {
  for (size_t i = 0; i < sizeof f16_roundings / sizeof f16_roundings[0]; ++i) {
    const rounding_t* r = &f16_roundings[i];
    check_same("f16", r->bits, r->code, iree_math_f32_to_f16(from_bits(r->bits)));
  }
  for (size_t i = 0; i < sizeof bf16_roundings / sizeof bf16_roundings[0]; ++i) {
    const rounding_t* r = &bf16_roundings[i];
    check_same("bf16", r->bits, r->code, iree_math_f32_to_bf16(from_bits(r->bits)));
  }
  CHECK(isnan(iree_math_bf16_to_f32(iree_math_f32_to_bf16(from_bits(0x7F800001u)))));
}

static void check_double(iree_hal_element_type_t type, uint64_t element, double wanted) {
  double value = 0;
  CHECK_OK(vmrt_hal_element_to_double(type, &element, &value));
  CHECK(value == wanted);
}

static void test_elements_as_doubles(void) {
  check_double(IREE_HAL_ELEMENT_TYPE_INT_8, 0xFF, -1);
  check_double(IREE_HAL_ELEMENT_TYPE_UINT_8, 0xFF, 255);
  check_double(IREE_HAL_ELEMENT_TYPE_INT_4, 0x28, -8);
  check_double(IREE_HAL_ELEMENT_TYPE_BOOL_8, 1, 1);
  check_double(IREE_HAL_ELEMENT_TYPE_SINT_64, UINT64_MAX - 1, -2);
  check_double(IREE_HAL_ELEMENT_TYPE_FLOAT_32, 0x3FC00000, 1.5);
  check_double(IREE_HAL_ELEMENT_TYPE_FLOAT_64, 0x3FF8000000000000, 1.5);
  check_double(IREE_HAL_ELEMENT_TYPE_BFLOAT_16, 0x3FC0, 1.5);
  check_double(IREE_HAL_ELEMENT_TYPE_FLOAT_8_E5M2, 0x3E, 1.5);
  uint64_t element[2] = {0, 0};
  double value = 0;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               vmrt_hal_element_to_double(IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_64, element, &value));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               vmrt_hal_element_to_double(IREE_HAL_ELEMENT_TYPE_OPAQUE_8, element, &value));
}

static const check_case_t cases[] = {
    {"every_code_of_8_bits", test_every_code_of_8_bits},
    {"every_code_survives_a_round_trip", test_every_code_survives_a_round_trip},
    {"rounding_to_8_bits", test_rounding_to_8_bits},
    {"every_code_of_16_bits", test_every_code_of_16_bits},
    {"rounding_to_16_bits", test_rounding_to_16_bits},
    {"elements_as_doubles", test_elements_as_doubles},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
