/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the fast form of a function when it is first called, and finds the way back from it for backtraces. */
#include "bytecode/decode.h"

#include "bytecode/encode.h"
#include "bytecode/module.h"

/* Blocks of a small function are noted on the C stack. */
#define SMALL_BLOCK_COUNT 64

typedef struct code_block_t {
  uint32_t word_count;
  code_word_t words[];
} code_block_t;

static code_block_t* block_of(const code_word_t* words) {
  return (code_block_t*)((uint8_t*)(uintptr_t)words - offsetof(code_block_t, words));
}

static const code_word_t* published_words(const code_function_t* function, code_form_t form) {
  return __atomic_load_n(&function->words[form], __ATOMIC_ACQUIRE);
}

static void start_pass(const code_function_t* function, code_form_t form, encoder_t* out_encoder) {
  bytecode_module_t* module = function->module;
  encoder_initialize(out_encoder, &module->image, module->functions, &module->image.functions[function->ordinal], form);
}

static void run_pass(encoder_t* encoder) {
  while (encoder_has_next(encoder)) encoder_step(encoder);
}

/* Counts the words and notes the blocks, then writes. */
static iree_status_t encode(const code_function_t* function, code_form_t form, encoder_block_t* blocks,
                            code_block_t** out_block) {
  encoder_t encoder;
  start_pass(function, form, &encoder);
  encoder.blocks = blocks;
  run_pass(&encoder);
  void* memory = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(
      function->module->allocator, sizeof(code_block_t) + encoder.count * sizeof(code_word_t), &memory));
  code_block_t* block = (code_block_t*)memory;
  block->word_count = encoder.count;
  encoder_restart(&encoder, block->words);
  run_pass(&encoder);
  *out_block = block;
  return iree_ok_status();
}

static iree_status_t encode_with_blocks(const code_function_t* function, code_form_t form, code_block_t** out_block) {
  iree_allocator_t allocator = function->module->allocator;
  uint32_t block_count = function->module->image.functions[function->ordinal].block_count;
  encoder_block_t small[SMALL_BLOCK_COUNT];
  if (block_count <= SMALL_BLOCK_COUNT) return encode(function, form, small, out_block);
  void* blocks = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(allocator, block_count, sizeof(encoder_block_t), &blocks));
  iree_status_t status = encode(function, form, (encoder_block_t*)blocks, out_block);
  iree_allocator_free(allocator, blocks);
  return status;
}

iree_status_t code_function_words(code_function_t* function, code_form_t form, const code_word_t** out_words) {
  const code_word_t* words = published_words(function, form);
  if (words) {
    *out_words = words;
    return iree_ok_status();
  }
  code_block_t* block = NULL;
  IREE_RETURN_IF_ERROR(encode_with_blocks(function, form, &block));
  const code_word_t* expected = NULL;
  if (__atomic_compare_exchange_n(&function->words[form], &expected, block->words, false, __ATOMIC_ACQ_REL,
                                  __ATOMIC_ACQUIRE)) {
    *out_words = block->words;
  } else { /* another thread was first */
    iree_allocator_free(function->module->allocator, block);
    *out_words = expected;
  }
  return iree_ok_status();
}

void code_function_discard(code_function_t* function) {
  for (int form = 0; form < CODE_FORM_COUNT; ++form) {
    if (function->words[form]) iree_allocator_free(function->module->allocator, block_of(function->words[form]));
  }
}

code_form_t code_function_locate(const code_function_t* function, const code_word_t* words, uint32_t* out_word) {
  const code_word_t* fast = published_words(function, CODE_FORM_FAST);
  bool is_fast = fast && (uintptr_t)words - (uintptr_t)fast < block_of(fast)->word_count * sizeof(code_word_t);
  code_form_t form = is_fast ? CODE_FORM_FAST : CODE_FORM_TRACED;
  *out_word = (uint32_t)(words - published_words(function, form));
  return form;
}

/* Counts the words again until `word` has gone by. */
uint32_t code_function_pc(const code_function_t* function, code_form_t form, uint32_t word) {
  encoder_t encoder;
  start_pass(function, form, &encoder);
  encoder.watched_word = word;
  while (encoder_has_next(&encoder) && encoder.count <= word) encoder_step(&encoder);
  return encoder.watched_pc;
}
