/* SPDX-License-Identifier: Apache-2.0 */
/* What this processor can do: the words that kernels get and the answers to hal.cpu queries. */
#include "hal/local/local_executable.h"

/* Names as LLVM has them; all bits are in word 0. `requires` is what the system must save of the registers (XCR0). */
typedef struct processor_feature_t {
  const char* name;
  uint8_t bit;
  uint8_t leaf; /* CPUID: 1, 7, 8 (0x80000001) or 71 (leaf 7, sub-leaf 1) */
  char output;  /* a, b, c or d */
  uint8_t output_bit;
  uint32_t saved;
} processor_feature_t;

#define SAVED_NONE 0u
#define SAVED_AVX 0x06u
#define SAVED_AVX512 0xE6u
#define SAVED_TILES 0x60000u
#define LEAF_EXTENDED 8
#define LEAF_7_1 71

static const processor_feature_t features[] = {
    {"sse3", 0, 1, 'c', 0, SAVED_NONE},
    {"ssse3", 1, 1, 'c', 9, SAVED_NONE},
    {"sse4.1", 2, 1, 'c', 19, SAVED_NONE},
    {"sse4.2", 3, 1, 'c', 20, SAVED_NONE},
    {"sse4a", 4, LEAF_EXTENDED, 'c', 6, SAVED_NONE},
    {"avx", 10, 1, 'c', 28, SAVED_AVX},
    {"fma", 11, 1, 'c', 12, SAVED_AVX},
    {"fma4", 12, LEAF_EXTENDED, 'c', 16, SAVED_AVX},
    {"xop", 13, LEAF_EXTENDED, 'c', 11, SAVED_AVX},
    {"f16c", 14, 1, 'c', 29, SAVED_AVX},
    {"avx2", 15, 7, 'b', 5, SAVED_AVX},
    {"avx512f", 20, 7, 'b', 16, SAVED_AVX512},
    {"avx512cd", 21, 7, 'b', 28, SAVED_AVX512},
    {"avx512vl", 22, 7, 'b', 31, SAVED_AVX512},
    {"avx512dq", 23, 7, 'b', 17, SAVED_AVX512},
    {"avx512bw", 24, 7, 'b', 30, SAVED_AVX512},
    {"avx512ifma", 25, 7, 'b', 21, SAVED_AVX512},
    {"avx512vbmi", 26, 7, 'c', 1, SAVED_AVX512},
    {"avx512vpopcntdq", 27, 7, 'c', 14, SAVED_AVX512},
    {"avx512vnni", 28, 7, 'c', 11, SAVED_AVX512},
    {"avx512vbmi2", 29, 7, 'c', 6, SAVED_AVX512},
    {"avx512bitalg", 30, 7, 'c', 12, SAVED_AVX512},
    {"avx512bf16", 31, LEAF_7_1, 'a', 5, SAVED_AVX512},
    {"avx512fp16", 32, 7, 'd', 23, SAVED_AVX512},
    {"amx-tile", 50, 7, 'd', 24, SAVED_TILES},
    {"amx-int8", 51, 7, 'd', 25, SAVED_TILES},
    {"amx-bf16", 52, 7, 'd', 22, SAVED_TILES},
};
#define FEATURE_COUNT (sizeof features / sizeof *features)

/* ---- Asking the processor ---------------------------------------------------------------------------------------- */

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>

typedef struct cpuid_t {
  unsigned int a, b, c, d;
} cpuid_t;

/* All zero for a leaf that the processor does not have. */
static cpuid_t cpuid_leaf(uint8_t leaf) {
  cpuid_t result = {0, 0, 0, 0};
  unsigned int number = leaf == LEAF_EXTENDED ? 0x80000001u : leaf == LEAF_7_1 ? 7u : leaf;
  unsigned int sub_leaf = leaf == LEAF_7_1 ? 1u : 0u;
  if (!__get_cpuid_count(number, sub_leaf, &result.a, &result.b, &result.c, &result.d)) {
    return (cpuid_t){0, 0, 0, 0};
  }
  return result;
}

/* Register files that the system saves (XCR0); 0 when it does not say. */
static uint64_t saved_registers(void) {
  if (!(cpuid_leaf(1).c & (1u << 27))) return 0;
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static bool detect(const processor_feature_t* feature, uint64_t saved) {
  cpuid_t leaf = cpuid_leaf(feature->leaf);
  unsigned int output = feature->output == 'a'   ? leaf.a
                        : feature->output == 'b' ? leaf.b
                        : feature->output == 'c' ? leaf.c
                                                 : leaf.d;
  return (output >> feature->output_bit & 1) && (saved & feature->saved) == feature->saved;
}

#else

static uint64_t saved_registers(void) { return 0; }
static bool detect(const processor_feature_t* feature, uint64_t saved) {
  (void)feature;
  (void)saved;
  return false;
}

#endif

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static uint64_t processor_words[8];
static int32_t processor_state; /* atomic: 0 not detected, 1 ready */

/* Two threads that come at once find, and store, the same. */
const uint64_t* local_processor_data(void) {
  if (__atomic_load_n(&processor_state, __ATOMIC_ACQUIRE)) return processor_words;
  uint64_t word = 0, saved = saved_registers();
  for (size_t i = 0; i < FEATURE_COUNT; ++i) {
    if (detect(&features[i], saved)) word |= 1ull << features[i].bit;
  }
  __atomic_store_n(&processor_words[0], word, __ATOMIC_RELAXED);
  __atomic_store_n(&processor_state, 1, __ATOMIC_RELEASE);
  return processor_words;
}

bool local_processor_feature(iree_string_view_t name, bool* out_present) {
  for (size_t i = 0; i < FEATURE_COUNT; ++i) {
    if (!iree_string_view_equal(name, iree_make_cstring_view(features[i].name))) continue;
    *out_present = local_processor_data()[0] >> features[i].bit & 1;
    return true;
  }
  return false;
}
