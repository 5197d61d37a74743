/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input chooses instructions and operands of a program that is right by construction, so that the interpreter
 * gets to see everything. A program that the verifier refuses is a finding too. */
#include <stdio.h>
#include <stdlib.h>

#include "bytecode/opcodes.h"
#include "bytecode_builder.h"
#include "fuzz_run.h"

#define CODE_LIMIT 1500
#define BLOCK_LIMIT 6
#define INSTRUCTION_LIMIT 24
#define TARGET_LIMIT (BLOCK_LIMIT * 8)
#define I32_REGISTERS 12
#define REF_REGISTERS 4
#define ENTRY_CCONV "iIfFr"

static const test_module_t surroundings = {
    .name = "m",
    .types = {"i32", "!vm.buffer", "!vm.list<i64>", "!vm.opaque"},
    .imports = {{"o.plain", "0rI_i"}, {"o.spans", "0iCrID_i"}},
    .functions = {{"0" ENTRY_CCONV "_i", "", 1, I32_REGISTERS, REF_REGISTERS, 15},
                  {"0iIr_Ir", "79 5A _ 0200 0200 00C0", 1, 4, 1, 0}},
    .rodata_count = 2,
    .global_bytes = 32,
    .global_refs = 2,
};

typedef struct program_t {
  const uint8_t* at; /* what is left of the input; zeros follow it */
  const uint8_t* end;
  uint8_t code[CODE_LIMIT + 1024]; /* room for the instruction that passes the limit, and for terminators */
  uint32_t length;
  uint32_t block_count;
  uint32_t blocks[BLOCK_LIMIT];
  uint32_t targets[TARGET_LIMIT]; /* places that hold the number of a block, to become its pc */
  uint32_t target_count;
  uint32_t opcode;
  uint32_t callee;
  bool has_variant_lists; /* then nothing stores references in lists: a list inside itself is never freed, which is no defect */
} program_t;

static uint32_t choose(program_t* program, uint32_t count) {
  uint8_t byte = program->at < program->end ? *program->at++ : 0;
  return byte % count;
}

static void put(program_t* program, uint64_t value, uint32_t size) {
  for (uint32_t i = 0; i < size; ++i) program->code[program->length++] = (uint8_t)(value >> 8 * i);
}

/* The choices that matter most for a number: small, negative, and any. */
static void put_number(program_t* program, uint32_t size) {
  uint64_t value = (uint64_t)(int64_t)(int8_t)choose(program, 256);
  if (choose(program, 4) == 0) {
    for (uint32_t i = 0; i < size; ++i) value = value << 8 | choose(program, 256);
  }
  put(program, value, size);
}

static void put_register(program_t* program, char letter) {
  uint32_t chosen = choose(program, 256);
  switch (letter) {
    case 'i': case 'f': put(program, chosen % I32_REGISTERS, 2); break;
    case 'I': case 'F': put(program, chosen % (I32_REGISTERS / 2) * 2, 2); break;
    case 'r': put(program, BYTECODE_REGISTER_REF | chosen % REF_REGISTERS, 2); break;
    default:
      put(program, BYTECODE_REGISTER_REF | (chosen & 0x40 ? BYTECODE_REGISTER_MOVE : 0) | chosen % REF_REGISTERS, 2);
      break;
  }
}

static void begin_list(program_t* program, uint32_t count) {
  if (program->length % 2) put(program, 0, 1);
  put(program, count, 2);
}

/* Registers for a calling convention, `r` being one that may be moved. */
static void put_convention(program_t* program, const char* letters) {
  begin_list(program, (uint32_t)strlen(letters));
  for (; *letters; ++letters) put_register(program, *letters == 'r' ? 'm' : *letters);
}

static void put_typed_list(program_t* program, char letter) {
  uint32_t count = choose(program, 4);
  begin_list(program, count);
  for (uint32_t i = 0; i < count; ++i) put_register(program, letter);
}

static void put_target(program_t* program) {
  program->targets[program->target_count++] = program->length;
  put(program, choose(program, program->block_count), 4);
}

static void put_branch_arguments(program_t* program) {
  uint32_t count = choose(program, 3);
  begin_list(program, count);
  for (uint32_t i = 0; i < count; ++i) {
    char bank = choose(program, 2) ? 'i' : 'm';
    put_register(program, bank);
    put_register(program, bank);
  }
}

static void put_branch_table(program_t* program) {
  uint32_t count = choose(program, 4);
  put(program, count, 2);
  for (uint32_t i = 0; i < count; ++i) {
    put_target(program);
    put_branch_arguments(program);
  }
}

static void put_type(program_t* program) {
  bool is_element = program->opcode == BYTECODE_OP_LIST_ALLOC;
  put(program, choose(program, is_element && !program->has_variant_lists ? 2 : 4), 4);
}

static void put_string(program_t* program) {
  uint32_t length = choose(program, 5);
  put(program, length, 2);
  for (uint32_t i = 0; i < length; ++i) put(program, choose(program, 256), 1);
}

static bool is_variadic(uint32_t opcode) {
  return opcode == BYTECODE_OP_CALL_VARIADIC || opcode == BYTECODE_OP_CALL_VARIADIC_YIELDABLE;
}

static void put_callee(program_t* program) {
  static const uint32_t callees[] = {0, 1, BYTECODE_CALLEE_IMPORT | 0};
  bool import_only = is_variadic(program->opcode) || program->opcode == BYTECODE_OP_IMPORT_RESOLVED;
  program->callee = import_only ? BYTECODE_CALLEE_IMPORT | 1 : callees[choose(program, 3)];
  put(program, program->callee, 4);
}

/* The one span has a tuple or none. */
static void put_segments_and_arguments(program_t* program) {
  uint32_t tuples = choose(program, 2);
  begin_list(program, 2);
  put(program, BYTECODE_SEGMENT_NONE, 2);
  put(program, tuples, 2);
  put_convention(program, tuples ? "irI" : "i");
}

static void put_list(program_t* program, bool is_result) {
  switch (program->opcode) {
    case BYTECODE_OP_CALL: case BYTECODE_OP_CALL_YIELDABLE:
      if (program->callee == 0) put_convention(program, is_result ? "i" : ENTRY_CCONV);
      if (program->callee == 1) put_convention(program, is_result ? "Ir" : "iIr");
      if (program->callee > 1) put_convention(program, is_result ? "i" : "rI");
      break;
    case BYTECODE_OP_RETURN: put_convention(program, "i"); break;
    case BYTECODE_OP_DISCARD_REFS: put_typed_list(program, 'm'); break;
    default:
      if (is_variadic(program->opcode)) {
        if (is_result) put_convention(program, "i"); /* the arguments were put with their segments */
      } else {
        put_typed_list(program, choose(program, 2) ? 'i' : 'm');
      }
      break;
  }
}

static void put_operand(program_t* program, const char** letter, bool is_result) {
  switch (**letter) {
    case 'i': case 'I': case 'f': case 'F': case 'r': case 'm': put_register(program, **letter); break;
    case 'c': case 'x': put_number(program, 4); break;
    case 'C': case 'X': put_number(program, 8); break;
    case 'g': put(program, choose(program, 29), 4); break;
    case 'G': put(program, choose(program, 25), 4); break;
    case 'o': case 'd': put(program, choose(program, 2), 4); break;
    case 't': put_type(program); break;
    case 'k': case 'j': put_callee(program); break;
    case 'b': put_target(program); break;
    case 's': put_string(program); break;
    case 'l': put_list(program, is_result); break;
    case '*': put_typed_list(program, *++*letter); break;
    case 'v': put_segments_and_arguments(program); break;
    case 'p': put_branch_arguments(program); break;
    case 'T': put_branch_table(program); break;
  }
}

static void put_instruction(program_t* program, uint32_t opcode) {
  program->opcode = opcode;
  if (opcode >= BYTECODE_SET_F32) {
    put(program, opcode < BYTECODE_SET_F64 ? BYTECODE_PREFIX_F32 : BYTECODE_PREFIX_F64, 1);
  }
  put(program, opcode & 0xFF, 1);
  bool is_result = false;
  for (const char* letter = bytecode_opcode_info[opcode].fields; *letter; ++letter) {
    is_result = is_result || *letter == '=';
    put_operand(program, &letter, is_result);
  }
}

/* An instruction that ends blocks, or one that does not. A program whose input is used up returns; it would loop for ever. */
static uint32_t choose_opcode(program_t* program, bool terminator) {
  if (terminator && program->at == program->end) return BYTECODE_OP_RETURN;
  uint32_t opcode = choose(program, 3) * 0x100 + choose(program, 256);
  for (;; opcode = (opcode + 1) % BYTECODE_OPCODE_CAPACITY) {
    if (!bytecode_opcode_info[opcode].mnemonic || opcode == BYTECODE_OP_BLOCK) continue;
    if (program->has_variant_lists && opcode == BYTECODE_OP_LIST_SET_REF) continue;
    if (bytecode_opcode_is_terminator((bytecode_opcode_t)opcode) == terminator) return opcode;
  }
}

/* Something in the references, or most programs would end at the first one that is null: r0 a buffer of 16 bytes, r1 rodata, r2
 * a list of 16 variants or buffers. Uses registers that no argument arrives in. */
static void put_prologue(program_t* program) {
  static const char buffers[] = "0F 1000000000000000 0800  6C 0800 0A00 0080  11 00000000 0180";
  static const char list_of_variants[] = "12 03000000 0800 0280  15 0280 0800";
  static const char list_of_buffers[] = "12 01000000 0800 0280  15 0280 0800";
  program->length += test_parse_hex(buffers, program->code + program->length);
  program->length += test_parse_hex(program->has_variant_lists ? list_of_variants : list_of_buffers,
                                    program->code + program->length);
}

static void put_block(program_t* program, uint32_t block) {
  program->blocks[block] = program->length;
  put(program, BYTECODE_OP_BLOCK, 1);
  if (block == 0) put_prologue(program);
  uint32_t count = choose(program, INSTRUCTION_LIMIT);
  for (uint32_t i = 0; i < count && program->length < CODE_LIMIT; ++i) {
    put_instruction(program, choose_opcode(program, false));
  }
  put_instruction(program, choose_opcode(program, true));
}

static void put_program(program_t* program) {
  program->has_variant_lists = choose(program, 2);
  program->block_count = choose(program, BLOCK_LIMIT) + 1;
  for (uint32_t i = 0; i < program->block_count; ++i) put_block(program, i);
  for (uint32_t i = 0; i < program->target_count; ++i) {
    uint8_t* place = program->code + program->targets[i];
    uint32_t pc = program->blocks[read_le32(place)];
    for (int j = 0; j < 4; ++j) place[j] = (uint8_t)(pc >> 8 * j);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static program_t program;
  static char text[2 * sizeof program.code + 1];
  static test_bytes_t bytes;
  if (size == 0) return 0;
  memset(&program, 0, sizeof program);
  program.at = data;
  program.end = data + size;
  put_program(&program);
  for (uint32_t i = 0; i < program.length; ++i) snprintf(text + 2 * i, 3, "%02x", program.code[i]);
  test_module_t module = surroundings;
  module.functions[0].code = text;
  module.functions[0].blocks = (int32_t)program.block_count;
  test_build(&module, &bytes);
  if (!fuzz_accepts_module(test_span(&bytes))) abort();
  fuzz_run_module(test_span(&bytes));
  return 0;
}
