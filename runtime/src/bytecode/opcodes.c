/* SPDX-License-Identifier: Apache-2.0 */
/* The table of instructions; a code used twice is a warning of the compiler and so an error of the build. */
#include "bytecode/opcodes.h"

#include <string.h>

const bytecode_opcode_info_t bytecode_opcode_info[BYTECODE_OPCODE_CAPACITY] = {
#define OP(set, code, name, mnemonic, fields, effect) [BYTECODE_SET_##set + (code)] = {mnemonic, fields},
#include "bytecode/opcodes.def"
#undef OP
};

bool bytecode_opcode_is_terminator(bytecode_opcode_t opcode) {
  if (opcode == BYTECODE_OP_RETURN || opcode == BYTECODE_OP_FAIL) return true;
  const char* fields = bytecode_opcode_info[opcode].fields;
  return fields && strchr(fields, 'b') != NULL;
}
