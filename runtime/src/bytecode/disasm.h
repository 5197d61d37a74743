/* SPDX-License-Identifier: Apache-2.0 */
/* Code as text: one instruction, or a module in the form that assemblers read (docs/bytecode.md).
 *
 * Meant for verified images; on others an instruction that cannot be read is INVALID_ARGUMENT, nothing worse. */
#ifndef VMRT_BYTECODE_DISASM_H_
#define VMRT_BYTECODE_DISASM_H_

#include "base/string_builder.h"
#include "bytecode/image.h"

/* Registers of a frame, to be shown with their values. */
typedef struct bytecode_registers_t {
  const int32_t* i32;
  const iree_vm_ref_t* ref;
} bytecode_registers_t;

/* Appends the instruction at `pc`, without indentation and line end. `registers` may be NULL; else every register that is
 * read shows its value, as in `%i0(3)`. Branch targets are written as `^22`, their pc. `*out_next_pc`, which may be NULL, is
 * the pc behind the instruction. */
iree_status_t bytecode_disassemble_instruction(const bytecode_image_t* image, uint32_t function, uint32_t pc,
                                               const bytecode_registers_t* registers, iree_string_builder_t* builder,
                                               uint32_t* out_next_pc);

/* Appends `vm.func @name(...) -> (...) {`, blocks `^bb0:` and `}`. */
iree_status_t bytecode_disassemble_function(const bytecode_image_t* image, uint32_t function,
                                            iree_string_builder_t* builder);

/* Appends the whole module: name, types, dependencies, imports, rodata, exports, functions. */
iree_status_t bytecode_disassemble_image(const bytecode_image_t* image, iree_string_builder_t* builder);

#endif /* VMRT_BYTECODE_DISASM_H_ */
