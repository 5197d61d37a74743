/* SPDX-License-Identifier: Apache-2.0 */
/* What the disassembler of instructions and that of modules share. */
#ifndef VMRT_BYTECODE_DISASM_INTERNAL_H_
#define VMRT_BYTECODE_DISASM_INTERNAL_H_

#include "bytecode/disasm.h"
#include "bytecode/opcodes.h"
#include "bytecode/reader.h"

typedef struct disassembler_t {
  const bytecode_image_t* image;
  const bytecode_function_t* function;
  const bytecode_registers_t* registers; /* may be NULL */
  const uint32_t* blocks;                /* pc of every block, ascending; none: targets are written as pc */
  uint32_t block_count;
  reader_t in;
  bool in_results;
  iree_string_builder_t scratch;  /* operands of the instruction in work */
  iree_string_builder_t* builder; /* the text that is wanted; NULL to walk only */
  iree_status_t status;           /* the first failure to append; belongs to who asks for it last */
} disassembler_t;

void disasm_initialize(const bytecode_image_t* image, uint32_t function, iree_string_builder_t* builder,
                       disassembler_t* out_disassembler);
void disasm_deinitialize(disassembler_t* disassembler);

/* Append to `scratch`: something short, or any text; and to the text that is wanted. A failure sticks in `status`. */
void disasm_put(disassembler_t* disassembler, const char* format, ...) IREE_PRINTF_ATTRIBUTE(2, 3);
void disasm_put_view(disassembler_t* disassembler, iree_string_view_t text);
void disasm_emit(disassembler_t* disassembler, iree_string_view_t text);

/* Writes one instruction. The status is that of the disassembler, or of an instruction that cannot be read. */
iree_status_t disasm_instruction(disassembler_t* disassembler, uint32_t pc, uint32_t* out_next_pc);

#endif /* VMRT_BYTECODE_DISASM_INTERNAL_H_ */
