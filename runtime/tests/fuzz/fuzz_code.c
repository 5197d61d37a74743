/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is the code of one function, in a module that has something of everything to refer to. */
#include <stdio.h>

#include "bytecode_builder.h"
#include "fuzz_run.h"

#define CODE_LIMIT 2048
#define BLOCKS_TRIED 6

static const test_module_t surroundings = {
    .name = "m",
    .types = {"i32", "!vm.buffer", "!vm.list<i64>", "!vm.opaque"},
    .imports = {{"o.plain", "0rI_i"}, {"o.spans", "0iCrID_i"}, {"o.any", NULL}},
    .functions = {{"0iIfFr_i", "", 1, 12, 4, 15}, {"0iIr_Ir", "79 5A _ 0200 0200 00C0", 1, 4, 1, 0}},
    .rodata_count = 2,
    .global_bytes = 32,
    .global_refs = 2,
};

/* A program can put a list into itself, which then is never freed; fuzz_program, which cannot, looks for leaks. */
const char* __asan_default_options(void);
const char* __asan_default_options(void) { return "detect_leaks=0"; }

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static char code[2 * CODE_LIMIT + 1];
  static test_bytes_t bytes;
  if (size == 0 || size > CODE_LIMIT) return 0;
  for (size_t i = 0; i < size; ++i) snprintf(code + 2 * i, 3, "%02x", data[i]);
  test_module_t module = surroundings;
  module.functions[0].code = code;
  /* How many blocks there are is known only once the code is; a wrong number would hide everything else. */
  for (int blocks = 1; blocks <= BLOCKS_TRIED; ++blocks) {
    module.functions[0].blocks = blocks;
    test_build(&module, &bytes);
    if (fuzz_accepts_module(test_span(&bytes))) break;
  }
  fuzz_run_module(test_span(&bytes));
  return 0;
}
