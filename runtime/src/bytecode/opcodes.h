/* SPDX-License-Identifier: Apache-2.0 */
/* All instructions as an enumeration and as a table of names and operand letters, both expanded from opcodes.def.
 *
 * An opcode is its set plus its code byte: CORE 0x000-0x0FF, F32 0x100-0x1FF, F64 0x200-0x2FF. What the letters of `fields`
 * mean is said in opcodes.def; verifier, decoder and disassembler are loops over them. */
#ifndef VMRT_BYTECODE_OPCODES_H_
#define VMRT_BYTECODE_OPCODES_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BYTECODE_PREFIX_F32 0xE0
#define BYTECODE_PREFIX_F64 0xE1

/* Register operands: bank in bit 15, in the ref bank MOVE in bit 14. */
#define BYTECODE_REGISTER_REF 0x8000u
#define BYTECODE_REGISTER_MOVE 0x4000u
#define BYTECODE_REGISTER_REF_INDEX 0x3FFFu
/* Callee operands: set for an import. */
#define BYTECODE_CALLEE_IMPORT 0x80000000u
/* Segment size of an argument that is no span. */
#define BYTECODE_SEGMENT_NONE 0xFFFFu

typedef enum bytecode_set_e { BYTECODE_SET_CORE = 0x000, BYTECODE_SET_F32 = 0x100, BYTECODE_SET_F64 = 0x200 } bytecode_set_t;

typedef enum bytecode_opcode_e {
#define OP(set, code, name, mnemonic, fields, effect) BYTECODE_OP_##name = BYTECODE_SET_##set + (code),
#include "bytecode/opcodes.def"
#undef OP
  BYTECODE_OPCODE_CAPACITY = 0x300
} bytecode_opcode_t;

typedef struct bytecode_opcode_info_t {
  const char* mnemonic; /* NULL: no such instruction */
  const char* fields;   /* operand letters in encoding order, `=` before each result */
} bytecode_opcode_info_t;

extern const bytecode_opcode_info_t bytecode_opcode_info[BYTECODE_OPCODE_CAPACITY];

/* Bytes of an operand of this letter; 0 for `=`, the lists and what else has no fixed size. */
static inline uint32_t bytecode_operand_size(char letter) {
  switch (letter) {
    case 'i': case 'I': case 'f': case 'F': case 'r': case 'm': return 2;
    case 'c': case 'x': case 'g': case 'G': case 'o': case 'd': case 't': case 'k': case 'j': case 'b': return 4;
    case 'C': case 'X': return 8;
    default: return 0;
  }
}

/* Terminators end a block: all that names a branch target, `return` and `fail`. */
bool bytecode_opcode_is_terminator(bytecode_opcode_t opcode);

#endif /* VMRT_BYTECODE_OPCODES_H_ */
