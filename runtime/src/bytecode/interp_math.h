/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic of the instruction set where C leaves it open or says something else. */
#ifndef VMRT_BYTECODE_INTERP_MATH_H_
#define VMRT_BYTECODE_INTERP_MATH_H_

#include <math.h>
#include <stdint.h>

#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* MIN / -1 is MIN and MIN % -1 is 0; divisors are not zero. */
static inline int32_t math_div_i32(int32_t a, int32_t b) { return b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b; }
static inline int32_t math_rem_i32(int32_t a, int32_t b) { return b == -1 ? 0 : a % b; }
static inline int64_t math_div_i64(int64_t a, int64_t b) { return b == -1 ? (int64_t)(0u - (uint64_t)a) : a / b; }
static inline int64_t math_rem_i64(int64_t a, int64_t b) { return b == -1 ? 0 : a % b; }

static inline int32_t math_ctlz_i32(uint32_t a) { return a ? __builtin_clz(a) : 32; }
static inline int64_t math_ctlz_i64(uint64_t a) { return a ? __builtin_clzll(a) : 64; }

/* Two roundings, not one. */
static inline float math_fma_f32(float a, float b, float c) {
  float product = a * b;
  return product + c;
}
static inline double math_fma_f64(double a, double b, double c) {
  double product = a * b;
  return product + c;
}

/* Halves to even; -0.5 gives +0.0. */
static inline float math_round_even_f32(float a) { return a == -0.5f ? 0.0f : rintf(a); }
static inline double math_round_even_f64(double a) { return a == -0.5 ? 0.0 : rint(a); }

/* Rounds half away from zero; what does not fit, and NaN, is -2^63. */
static inline int64_t math_to_i64(double a) {
  double rounded = round(a);
  return rounded >= -0x1p63 && rounded < 0x1p63 ? (int64_t)rounded : INT64_MIN;
}
static inline int32_t math_to_i32(float a) { return (int32_t)(uint32_t)(uint64_t)math_to_i64(a); }
static inline int64_t math_to_u64(float a) {
  double rounded = roundf(a);
  if (rounded >= 0x1p63 && rounded < 0x1p64) return (int64_t)(uint64_t)rounded;
  return rounded >= -0x1p63 && rounded < 0x1p63 ? (int64_t)rounded : INT64_MIN;
}

/* Integer powers by repeated squaring; the exponent counts modulo 2^32. */
#define MATH_DEFINE_POWI(name, type)                      \
  static inline type name(type base, int64_t exponent) {  \
    int32_t n = (int32_t)(uint32_t)(uint64_t)exponent;    \
    type result = 1;                                      \
    for (int32_t m = n;;) {                               \
      if (m % 2) result *= base;                          \
      m /= 2;                                             \
      if (m == 0) break;                                  \
      base *= base;                                       \
    }                                                     \
    return n < 0 ? 1 / result : result;                   \
  }
MATH_DEFINE_POWI(math_powi_f32, float)
MATH_DEFINE_POWI(math_powi_f64, double)
#undef MATH_DEFINE_POWI

#endif /* VMRT_BYTECODE_INTERP_MATH_H_ */
