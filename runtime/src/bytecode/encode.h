/* SPDX-License-Identifier: Apache-2.0 */
/* One pass over the bytecode of a function that writes, or only counts, the words of its fast form. */
#ifndef VMRT_BYTECODE_ENCODE_H_
#define VMRT_BYTECODE_ENCODE_H_

#include "bytecode/decode.h"
#include "bytecode/opcodes.h"
#include "bytecode/reader.h"

/* Where a block is. */
typedef struct encoder_block_t {
  uint32_t pc;
  uint32_t word;
} encoder_block_t;

typedef struct encoder_t {
  const bytecode_image_t* image;
  code_function_t* callees; /* records of all functions of the image */
  const bytecode_function_t* function;
  code_form_t form;
  reader_t in;
  uint32_t pc;        /* of the instruction being encoded */
  code_word_t* words; /* NULL: only count */
  uint32_t count;
  encoder_block_t* blocks; /* counting: filled in when not NULL; writing: all of them */
  uint32_t block_count;
  bool follows_compare; /* the last word is `compare`, a comparison in this block */
  code_word_t compare;
  uint8_t accumulated;       /* accumulator_t: what the instruction before left there */
  uint16_t accumulated_from; /* and in this register */
  uint32_t accumulated_word; /* its first word */
  uint32_t accumulated_end;  /* the word behind it */
  bool is_copying;        /* instructions of a block are written a second time, at a jump to it */
  uint32_t packed;        /* 16-bit numbers in the list being written */
  uint32_t watched_word;  /* of this word ... */
  uint32_t watched_pc;    /* ... the instruction it was written for */
  uint64_t wide[128]; /* a bit for each even register that some instruction uses as one of a pair */
} encoder_t;

/* Sets up a pass; `wide` is found by looking at all operands. */
void encoder_initialize(encoder_t* encoder, const bytecode_image_t* image, code_function_t* callees,
                        const bytecode_function_t* function, code_form_t form);
/* Back to the first instruction, now writing to `words`, or counting when that is NULL. */
void encoder_restart(encoder_t* encoder, code_word_t* words);
/* False at the end of the code. */
bool encoder_has_next(const encoder_t* encoder);
bytecode_opcode_t encoder_step(encoder_t* encoder);

/* ---- Between the files of the encoder ---------------------------------------------------------------------------- */

uint32_t encoder_emit(encoder_t* encoder, code_word_t word);
/* A word of op and three slots. */
uint32_t encoder_emit_op(encoder_t* encoder, uint16_t op, uint16_t a, uint16_t b, uint16_t c);
/* A word of op, one slot and a number. */
uint32_t encoder_emit_imm(encoder_t* encoder, uint16_t op, uint16_t a, int32_t imm);
/* 16-bit numbers one after the other, four to a word: start, push..., nothing to end. */
void encoder_start_list(encoder_t* encoder);
void encoder_push(encoder_t* encoder, uint16_t number);

/* A list of 16-bit numbers in the bytecode. */
typedef struct operand_list_t {
  uint16_t count;
  const uint8_t* items;
} operand_list_t;
operand_list_t encoder_read_list(encoder_t* encoder);
static inline uint16_t operand_at(operand_list_t list, uint32_t i) { return read_le16(list.items + 2 * i); }

/* The 64-bit accumulator holds `reg`. */
bool encoder_holds_i64(const encoder_t* encoder, uint16_t reg);
/* When the word before `word` began an instruction `first`, makes it `joined`, which does what `word` says too. */
void encoder_join(encoder_t* encoder, uint32_t word, uint16_t first, uint16_t joined);

/* The block at `pc` has few instructions and no long ones. */
bool encoder_is_short_block(encoder_t* encoder, uint32_t pc);
/* Goes to the block at `pc`; `may_fall_through` when nothing more is written for this instruction. */
void encoder_jump(encoder_t* encoder, uint32_t pc, bool may_fall_through);
void encoder_branch(encoder_t* encoder, bytecode_opcode_t opcode);
void encoder_branch_table(encoder_t* encoder);
void encoder_call(encoder_t* encoder, bytecode_opcode_t opcode);
void encoder_return(encoder_t* encoder);

#endif /* VMRT_BYTECODE_ENCODE_H_ */
