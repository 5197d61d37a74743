/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction as text: every operand is written by its letter, then the pieces are put where a pattern wants them. */
#include "bytecode/disasm_internal.h"

#define PIECE_CAPACITY 8

/* Operands of one instruction as ranges of `scratch`; the results are one piece of their own. */
typedef struct pieces_t {
  struct {
    size_t begin, end;
    bool joins; /* follows the piece before without a comma */
  } operands[PIECE_CAPACITY];
  uint32_t count;
  size_t result_begin, result_end;
} pieces_t;

/* `$N` is an operand, `$r` the results, which then do not stand in front. NULL: the operands with commas between. */
static const char* pattern_of(uint32_t opcode) {
  switch (opcode) {
    case BYTECODE_OP_GLOBAL_LOAD_I32: case BYTECODE_OP_GLOBAL_LOAD_I64:
    case BYTECODE_OP_GLOBAL_LOAD_F32: case BYTECODE_OP_GLOBAL_LOAD_F64:
    case BYTECODE_OP_GLOBAL_LOAD_INDIRECT_I32: case BYTECODE_OP_GLOBAL_LOAD_INDIRECT_I64:
    case BYTECODE_OP_GLOBAL_LOAD_INDIRECT_F32: case BYTECODE_OP_GLOBAL_LOAD_INDIRECT_F64: return ".rwdata[$0]";
    case BYTECODE_OP_GLOBAL_STORE_I32: case BYTECODE_OP_GLOBAL_STORE_I64:
    case BYTECODE_OP_GLOBAL_STORE_F32: case BYTECODE_OP_GLOBAL_STORE_F64:
    case BYTECODE_OP_GLOBAL_STORE_INDIRECT_I32: case BYTECODE_OP_GLOBAL_STORE_INDIRECT_I64:
    case BYTECODE_OP_GLOBAL_STORE_INDIRECT_F32: case BYTECODE_OP_GLOBAL_STORE_INDIRECT_F64: return "$1, .rwdata[$0]";
    case BYTECODE_OP_GLOBAL_LOAD_REF: case BYTECODE_OP_GLOBAL_LOAD_INDIRECT_REF: return ".refs[$0] : $1";
    case BYTECODE_OP_GLOBAL_STORE_REF: case BYTECODE_OP_GLOBAL_STORE_INDIRECT_REF: return "$2, .refs[$0] : $1";
    case BYTECODE_OP_LIST_ALLOC: return "$1 : !vm.list<$0>";
    case BYTECODE_OP_LIST_GET_REF: return "$0, $1 : $2";
    case BYTECODE_OP_SELECT_I32: case BYTECODE_OP_SELECT_I64:
    case BYTECODE_OP_SELECT_F32: case BYTECODE_OP_SELECT_F64: return "$0 ? $1 : $2";
    case BYTECODE_OP_SELECT_REF: return "$0 ? $2 : $3 -> $1";
    case BYTECODE_OP_SWITCH_I32: case BYTECODE_OP_SWITCH_I64:
    case BYTECODE_OP_SWITCH_F32: case BYTECODE_OP_SWITCH_F64: return "$0[$2] else $1";
    case BYTECODE_OP_SWITCH_REF: return "$0[$3] else $2 -> $1";
    case BYTECODE_OP_BUFFER_STORE_I8: case BYTECODE_OP_BUFFER_STORE_I16: case BYTECODE_OP_BUFFER_STORE_I32:
    case BYTECODE_OP_BUFFER_STORE_I64: case BYTECODE_OP_BUFFER_STORE_F32: case BYTECODE_OP_BUFFER_STORE_F64:
      return "$2, $0, $1";
    case BYTECODE_OP_CAST_ANY_REF: return "$0 : !vm.ref<?> -> $1";
    case BYTECODE_OP_CALL: return "$0($1)";
    case BYTECODE_OP_CALL_VARIADIC: return "$0 segments[$1]($2)";
    case BYTECODE_OP_CALL_YIELDABLE: return "$0($1) -> $2($r)";
    case BYTECODE_OP_CALL_VARIADIC_YIELDABLE: return "$0 segments[$1]($2) -> $3($r)";
    case BYTECODE_OP_TRACE: case BYTECODE_OP_PRINT: return "$0($1)";
    case BYTECODE_OP_BR_TABLE: return "$0 { default: $1$2$3 }";
    default: return NULL;
  }
}

/* ---- Operands -------------------------------------------------------------------------------------------------------- */

static void put_i32_value(disassembler_t* d, char letter, uint32_t index) {
  if (!d->registers || d->in_results || index >= d->function->i32_register_count) return;
  const int32_t* place = d->registers->i32 + index;
  double f64;
  float f32;
  int64_t i64;
  switch (letter) {
    case 'F': memcpy(&f64, place, sizeof f64); disasm_put(d, "(%.17g)", f64); break;
    case 'f': memcpy(&f32, place, sizeof f32); disasm_put(d, "(%.9g)", (double)f32); break;
    case 'I': memcpy(&i64, place, sizeof i64); disasm_put(d, "(%lld)", (long long)i64); break;
    default: disasm_put(d, "(%d)", (int)*place); break;
  }
}

static void put_ref_value(disassembler_t* d, uint32_t index) {
  if (!d->registers || d->in_results || index >= d->function->ref_register_count) return;
  iree_vm_ref_type_t type = d->registers->ref[index].type;
  disasm_put(d, type ? "(!" : "(");
  disasm_put_view(d, type ? iree_vm_ref_type_name(type) : IREE_SV("null"));
  disasm_put(d, ")");
}

/* A register of either bank; `letter` says how wide the value is and how to read it. */
static void put_register(disassembler_t* d, char letter, uint32_t operand) {
  if (operand & BYTECODE_REGISTER_REF) {
    uint32_t index = operand & BYTECODE_REGISTER_REF_INDEX;
    disasm_put(d, "%%%c%u", operand & BYTECODE_REGISTER_MOVE ? 'R' : 'r', (unsigned)index);
    put_ref_value(d, index);
    return;
  }
  bool is_wide = letter == 'I' || letter == 'F';
  disasm_put(d, "%%i%u", (unsigned)operand);
  if (is_wide) disasm_put(d, ":%u", (unsigned)(operand + 1));
  put_i32_value(d, letter, operand);
}

static uint32_t begin_list(disassembler_t* d) {
  reader_align2(&d->in);
  return reader_u16(&d->in);
}

/* Typed lists name 64-bit values by their first register, as all lists do. */
static void put_list(disassembler_t* d) {
  uint32_t count = begin_list(d);
  for (uint32_t i = 0; i < count && !d->in.overrun; ++i) {
    if (i) disasm_put(d, ", ");
    put_register(d, 'l', reader_u16(&d->in));
  }
}

static void put_segments(disassembler_t* d) {
  uint32_t count = begin_list(d);
  for (uint32_t i = 0; i < count && !d->in.overrun; ++i) disasm_put(d, "%s%u", i ? ", " : "", (unsigned)reader_u16(&d->in));
}

static void put_branch_arguments(disassembler_t* d) {
  uint32_t count = begin_list(d);
  disasm_put(d, "(");
  for (uint32_t i = 0; i < count && !d->in.overrun; ++i) {
    if (i) disasm_put(d, ", ");
    put_register(d, 'l', reader_u16(&d->in));
    disasm_put(d, "->");
    d->in_results = true;
    put_register(d, 'l', reader_u16(&d->in));
    d->in_results = false;
  }
  disasm_put(d, ")");
}

static void put_target(disassembler_t* d) {
  uint32_t target = reader_u32(&d->in);
  for (uint32_t low = 0, high = d->block_count; low < high;) {
    uint32_t middle = low + (high - low) / 2;
    if (d->blocks[middle] == target) {
      disasm_put(d, "^bb%u", (unsigned)middle);
      return;
    }
    if (d->blocks[middle] < target) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  disasm_put(d, "^%u", (unsigned)target);
}

static void put_branch_table(disassembler_t* d) {
  uint32_t count = reader_u16(&d->in);
  for (uint32_t i = 0; i < count && !d->in.overrun; ++i) {
    disasm_put(d, ", %u: ", (unsigned)i);
    put_target(d);
    put_branch_arguments(d);
  }
}

static void put_callee(disassembler_t* d) {
  uint32_t callee = reader_u32(&d->in), ordinal = callee & ~BYTECODE_CALLEE_IMPORT;
  const bytecode_image_t* image = d->image;
  if (!(callee & BYTECODE_CALLEE_IMPORT)) {
    disasm_put(d, "@");
    disasm_put_view(d, image->name);
    disasm_put(d, ":%u", (unsigned)ordinal);
  } else if (ordinal < image->import_count) {
    disasm_put(d, "@");
    disasm_put_view(d, image->imports[ordinal].full_name);
  } else {
    disasm_put(d, "@import:%u", (unsigned)ordinal);
  }
}

static void put_type(disassembler_t* d) {
  uint32_t type = reader_u32(&d->in);
  if (type >= d->image->type_count) {
    disasm_put(d, "type:%u", (unsigned)type);
  } else {
    disasm_put_view(d, d->image->type_names[type]);
  }
}

static void put_rodata(disassembler_t* d) {
  uint32_t ordinal = reader_u32(&d->in);
  disasm_put(d, "%u", (unsigned)ordinal);
  if (ordinal < d->image->rodata_count) disasm_put(d, "  // %zub", d->image->rodata[ordinal].data_length);
}

static void put_string(disassembler_t* d) {
  uint32_t length = reader_u16(&d->in);
  const uint8_t* text = reader_take(&d->in, length);
  disasm_put(d, "\"");
  for (uint32_t i = 0; text && i < length; ++i) {
    bool is_plain = text[i] >= 0x20 && text[i] < 0x7F && text[i] != '"' && text[i] != '\\';
    disasm_put(d, is_plain ? "%c" : "\\%02X", text[i]);
  }
  disasm_put(d, "\"");
}

static void put_immediate(disassembler_t* d, char letter) {
  uint64_t bits = letter == 'c' || letter == 'x' ? reader_u32(&d->in) : reader_u64(&d->in);
  uint32_t low = (uint32_t)bits;
  double f64;
  float f32;
  switch (letter) {
    case 'c': disasm_put(d, "%d  // 0x%08X", (int)(int32_t)low, (unsigned)low); break;
    case 'C': disasm_put(d, "%lld  // 0x%016llX", (long long)bits, (unsigned long long)bits); break;
    case 'x': memcpy(&f32, &low, sizeof f32); disasm_put(d, "%.9g", (double)f32); break;
    default: memcpy(&f64, &bits, sizeof f64); disasm_put(d, "%.17g", f64); break;
  }
}

/* `letter` is moved over a second letter that belongs to it. */
static void put_operand(disassembler_t* d, const char** letter) {
  switch (**letter) {
    case 'i': case 'I': case 'f': case 'F': case 'r': case 'm': put_register(d, **letter, reader_u16(&d->in)); break;
    case 'c': case 'C': case 'x': case 'X': put_immediate(d, **letter); break;
    case 'g': case 'G': case 'o': disasm_put(d, "%u", (unsigned)reader_u32(&d->in)); break;
    case 'd': put_rodata(d); break;
    case 't': put_type(d); break;
    case 'k': case 'j': put_callee(d); break;
    case 'b': put_target(d); break;
    case 's': put_string(d); break;
    case 'l': put_list(d); break;
    case '*': ++*letter; put_list(d); break;
    case 'v': put_segments(d); break;
    case 'p': put_branch_arguments(d); break;
    case 'T': put_branch_table(d); break;
  }
}

static void put_operands(disassembler_t* d, const char* fields, pieces_t* pieces) {
  d->in_results = false;
  for (const char* letter = fields; *letter; ++letter) {
    bool joins = *letter == 'p';
    size_t begin = d->scratch.size;
    if (*letter == '=') {
      d->in_results = true;
      continue;
    }
    put_operand(d, &letter);
    if (d->in_results) {
      pieces->result_begin = begin;
      pieces->result_end = d->scratch.size;
    } else if (pieces->count < PIECE_CAPACITY) {
      pieces->operands[pieces->count].begin = begin;
      pieces->operands[pieces->count].end = d->scratch.size;
      pieces->operands[pieces->count++].joins = joins;
    }
  }
}

/* ---- Putting together ------------------------------------------------------------------------------------------------ */

static void emit_scratch(disassembler_t* d, size_t begin, size_t end) {
  if (begin < end) disasm_emit(d, iree_make_string_view(d->scratch.buffer + begin, end - begin));
}

static void emit_joined(disassembler_t* d, const pieces_t* pieces) {
  for (uint32_t i = 0; i < pieces->count; ++i) {
    if (i && !pieces->operands[i].joins) disasm_emit(d, IREE_SV(", "));
    emit_scratch(d, pieces->operands[i].begin, pieces->operands[i].end);
  }
}

static void emit_pattern(disassembler_t* d, const pieces_t* pieces, const char* pattern) {
  for (const char* at = pattern; *at; ++at) {
    if (*at != '$') {
      disasm_emit(d, iree_make_string_view(at, 1));
    } else if (*++at == 'r') {
      emit_scratch(d, pieces->result_begin, pieces->result_end);
    } else if ((uint32_t)(*at - '0') < pieces->count) {
      emit_scratch(d, pieces->operands[*at - '0'].begin, pieces->operands[*at - '0'].end);
    }
  }
}

static uint32_t read_opcode(reader_t* in) {
  uint32_t opcode = reader_u8(in);
  if (opcode == BYTECODE_PREFIX_F32) return BYTECODE_SET_F32 + reader_u8(in);
  if (opcode == BYTECODE_PREFIX_F64) return BYTECODE_SET_F64 + reader_u8(in);
  return opcode;
}

iree_status_t disasm_instruction(disassembler_t* d, uint32_t pc, uint32_t* out_next_pc) {
  d->in = reader_over(d->function->code, d->function->code_length);
  if (pc) (void)reader_take(&d->in, pc);
  uint32_t opcode = read_opcode(&d->in);
  const bytecode_opcode_info_t* info = &bytecode_opcode_info[opcode];
  if (d->in.overrun || !info->mnemonic) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "no instruction at pc %u", (unsigned)pc);
  }
  pieces_t pieces = {.count = 0};
  d->scratch.size = 0;
  put_operands(d, info->fields, &pieces);
  if (d->in.overrun) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%s at pc %u runs past the end", info->mnemonic, (unsigned)pc);
  }
  const char* pattern = pattern_of(opcode);
  bool results_first = pieces.result_begin < pieces.result_end && !(pattern && strstr(pattern, "$r"));
  if (results_first) {
    emit_scratch(d, pieces.result_begin, pieces.result_end);
    disasm_emit(d, IREE_SV(" = "));
  }
  disasm_emit(d, IREE_SV("vm."));
  disasm_emit(d, iree_make_cstring_view(info->mnemonic));
  if (d->scratch.size > pieces.result_end - pieces.result_begin) disasm_emit(d, IREE_SV(" "));
  if (pattern) {
    emit_pattern(d, &pieces, pattern);
  } else {
    emit_joined(d, &pieces);
  }
  *out_next_pc = (uint32_t)reader_offset(&d->in);
  return d->status;
}

iree_status_t bytecode_disassemble_instruction(const bytecode_image_t* image, uint32_t function, uint32_t pc,
                                               const bytecode_registers_t* registers, iree_string_builder_t* builder,
                                               uint32_t* out_next_pc) {
  if (function >= image->function_count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "function %u of %u", (unsigned)function,
                            (unsigned)image->function_count);
  }
  disassembler_t d;
  uint32_t next_pc = pc;
  disasm_initialize(image, function, builder, &d);
  d.registers = registers;
  iree_status_t status = disasm_instruction(&d, pc, &next_pc);
  disasm_deinitialize(&d);
  if (out_next_pc) *out_next_pc = next_pc;
  return status;
}
