/* SPDX-License-Identifier: Apache-2.0 */
/* The fast form of a function: words that the interpreter runs, made once from verified bytecode.
 *
 * A word holds an instruction of code.def and up to three registers, or data of the instruction before it. Branch
 * arguments have become moves on the edges, a comparison and the branch on it one instruction, the callee of a call its
 * record. */
#ifndef VMRT_BYTECODE_DECODE_H_
#define VMRT_BYTECODE_DECODE_H_

#include "bytecode/image.h"

typedef enum code_op_e {
#define CODE(name) CODE_##name,
#define ALIAS(name, same)
#include "bytecode/code.def"
#undef CODE
#undef ALIAS
  CODE_OP_COUNT,
#define CODE(name)
#define ALIAS(name, same) CODE_##name = CODE_##same,
#include "bytecode/code.def"
#undef CODE
#undef ALIAS
} code_op_t;

typedef union code_word_t {
  struct {
    uint16_t op, a, b, c;
  };
  struct {
    uint16_t op_and_a[2];
    int32_t imm;
  };
  struct {
    int32_t then_offset, else_offset;
  };
  uint16_t slots[4];
  int32_t offsets[2];
  uint64_t bits;
  const void* pointer;
} code_word_t;

/* Registers in lists of calls and returns say their kind. */
#define CODE_REGISTER_REF 0x8000u
#define CODE_REGISTER_MOVE 0x4000u /* ref bank */
#define CODE_REGISTER_64 0x4000u   /* 32-bit bank: a pair */
#define CODE_REGISTER_INDEX 0x3FFFu

/* References of loads and stores are named by their place behind the first register, in units of so many bytes. */
#define CODE_PLACE_UNIT 8

/* Flags of CALL_IMPORT. */
enum { CALL_FLAG_YIELDABLE = 1, CALL_FLAG_VARIADIC = 2, CALL_FLAG_TRACED = 4, CALL_FLAG_PLANNED = 8 };

/* The word of a call instruction with its count of results, which follow. */
#define CODE_CALL_RESULTS 2

/* Words that `count` packed 16-bit numbers take. */
static inline uint32_t code_words_of(uint32_t count) { return (count + 3) / 4; }

typedef enum code_form_e { CODE_FORM_FAST = 0, CODE_FORM_TRACED = 1, CODE_FORM_COUNT = 2 } code_form_t;

typedef struct bytecode_module_t bytecode_module_t;

/* What a call needs to know of a function; one for each function of a module. */
typedef struct code_function_t {
  const code_word_t* words[CODE_FORM_COUNT]; /* NULL until decoded; read with acquire order */
  bytecode_module_t* module;
  uint32_t ordinal;
  uint32_t frame_size;     /* bytes of the frame with its registers */
  uint32_t register_bytes; /* bytes of both banks */
  uint32_t ref_offset;     /* bytes from the first register to the ref bank */
  uint32_t ref_count;
  uint32_t cost; /* of the stack's budget */
  uint32_t argument_bytes, result_bytes; /* of the packed form */
} code_function_t;

/* The words of `function`, decoded at the first call. Safe from any thread: one copy wins. RESOURCE_EXHAUSTED without
 * memory. */
iree_status_t code_function_words(code_function_t* function, code_form_t form, const code_word_t** out_words);
void code_function_discard(code_function_t* function);

/* The pc of the bytecode instruction that word `word` of a form came from. */
uint32_t code_function_pc(const code_function_t* function, code_form_t form, uint32_t word);
/* Which form `words`, a position in `function`, belongs to and at what word it is. */
code_form_t code_function_locate(const code_function_t* function, const code_word_t* words, uint32_t* out_word);

#endif /* VMRT_BYTECODE_DECODE_H_ */
