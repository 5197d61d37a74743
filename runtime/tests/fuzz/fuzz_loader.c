/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is a whole bytecode file. */
#include <stdlib.h>

#include "fuzz_run.h"

/* A program can put a list into itself, which then is never freed; fuzz_program, which cannot, looks for leaks. */
const char* __asan_default_options(void);
const char* __asan_default_options(void) { return "detect_leaks=0"; }

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  /* A block of exactly this size, so that a read past the end is seen; malloc aligns it well enough. */
  uint8_t* archive = malloc(size ? size : 1);
  if (!archive) return 0;
  if (size) memcpy(archive, data, size);
  fuzz_run_module(iree_make_const_byte_span(archive, size));
  free(archive);
  return 0;
}
