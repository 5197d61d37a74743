/* SPDX-License-Identifier: Apache-2.0 */
/* The float environment of kernels: denormal numbers are taken and given as zero. */
#ifndef VMRT_HAL_LOCAL_FLOAT_MODE_H_
#define VMRT_HAL_LOCAL_FLOAT_MODE_H_

#include <stdint.h>

#if defined(__SSE__) || defined(_M_X64)

#include <xmmintrin.h>

#define FLOAT_MODE_FLUSH_TO_ZERO 0x8000u
#define FLOAT_MODE_DENORMALS_ARE_ZERO 0x0040u

/* Returns what float_mode_restore wants. */
static inline uint64_t float_mode_enter(void) {
  unsigned int before = _mm_getcsr();
  _mm_setcsr(before | FLOAT_MODE_FLUSH_TO_ZERO | FLOAT_MODE_DENORMALS_ARE_ZERO);
  return before;
}
static inline void float_mode_restore(uint64_t before) { _mm_setcsr((unsigned int)before); }

#elif defined(__aarch64__) && defined(__GNUC__)

#define FLOAT_MODE_FLUSH_TO_ZERO (1ull << 24)

static inline uint64_t float_mode_enter(void) {
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  __asm__ volatile("msr fpcr, %0" : : "r"(before | FLOAT_MODE_FLUSH_TO_ZERO));
  return before;
}
static inline void float_mode_restore(uint64_t before) { __asm__ volatile("msr fpcr, %0" : : "r"(before)); }

#else

static inline uint64_t float_mode_enter(void) { return 0; }
static inline void float_mode_restore(uint64_t before) { (void)before; }

#endif

#endif /* VMRT_HAL_LOCAL_FLOAT_MODE_H_ */
