/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes everything but control flow: most instructions follow from their operand letters. */
#include "bytecode/encode.h"

/* The fast instruction of each bytecode instruction. */
static const uint16_t code_of[BYTECODE_OPCODE_CAPACITY] = {
#define OP(set, code, name, mnemonic, fields, effect) [BYTECODE_SET_##set + (code)] = CODE_##name,
#include "bytecode/opcodes.def"
#undef OP
};

/* ---- Words ------------------------------------------------------------------------------------------------------- */

uint32_t encoder_emit(encoder_t* encoder, code_word_t word) {
  uint32_t index = encoder->count++;
  if (index == encoder->watched_word) encoder->watched_pc = encoder->pc;
  if (encoder->words) encoder->words[index] = word;
  return index;
}

uint32_t encoder_emit_op(encoder_t* encoder, uint16_t op, uint16_t a, uint16_t b, uint16_t c) {
  return encoder_emit(encoder, (code_word_t){{op, a, b, c}});
}

uint32_t encoder_emit_imm(encoder_t* encoder, uint16_t op, uint16_t a, int32_t imm) {
  code_word_t word = {{op, a, 0, 0}};
  word.imm = imm;
  return encoder_emit(encoder, word);
}

static void emit_bits(encoder_t* encoder, uint64_t bits) { encoder_emit(encoder, (code_word_t){.bits = bits}); }

void encoder_start_list(encoder_t* encoder) { encoder->packed = 0; }

void encoder_push(encoder_t* encoder, uint16_t number) {
  uint32_t slot = encoder->packed++ & 3;
  if (slot == 0) emit_bits(encoder, 0);
  if (encoder->words) encoder->words[encoder->count - 1].slots[slot] = number;
}

/* ---- Operands ---------------------------------------------------------------------------------------------------- */

operand_list_t encoder_read_list(encoder_t* encoder) {
  reader_align2(&encoder->in);
  uint16_t count = reader_u16(&encoder->in);
  return (operand_list_t){count, reader_take(&encoder->in, 2u * count)};
}

static void skip_branch_arguments(reader_t* in) {
  reader_align2(in);
  (void)reader_take(in, 4u * reader_u16(in));
}

static void skip_table(reader_t* in) {
  for (uint16_t left = reader_u16(in); left > 0; --left) {
    (void)reader_u32(in);
    skip_branch_arguments(in);
  }
}

static bool is_pair_letter(char letter) { return letter == 'I' || letter == 'F'; }

static void mark_wide(encoder_t* encoder, uint16_t reg) {
  encoder->wide[(reg >> 7) & 127] |= 1ull << ((reg >> 1) & 63);
}

static void mark_wide_list(encoder_t* encoder, char letter) {
  operand_list_t list = encoder_read_list(encoder);
  for (uint32_t i = 0; is_pair_letter(letter) && i < list.count; ++i) mark_wide(encoder, operand_at(list, i));
}

/* Passes over the operand at `*field`, noting pairs; returns the letter after it. */
static const char* skip_operand(encoder_t* encoder, const char* field) {
  reader_t* in = &encoder->in;
  switch (*field) {
    case '=': break;
    case 'I': case 'F': mark_wide(encoder, reader_u16(in)); break;
    case 's': (void)reader_take(in, reader_u16(in)); break;
    case 'l': case 'v': mark_wide_list(encoder, 0); break;
    case '*': mark_wide_list(encoder, *++field); break;
    case 'p': skip_branch_arguments(in); break;
    case 'T': skip_table(in); break;
    default: (void)reader_take(in, bytecode_operand_size(*field)); break;
  }
  return field + 1;
}

static bytecode_opcode_t read_opcode(encoder_t* encoder) {
  uint8_t byte = reader_u8(&encoder->in);
  if (byte == BYTECODE_PREFIX_F32) return (bytecode_opcode_t)(BYTECODE_SET_F32 + reader_u8(&encoder->in));
  if (byte == BYTECODE_PREFIX_F64) return (bytecode_opcode_t)(BYTECODE_SET_F64 + reader_u8(&encoder->in));
  return (bytecode_opcode_t)byte;
}

void encoder_initialize(encoder_t* encoder, const bytecode_image_t* image, code_function_t* callees,
                        const bytecode_function_t* function, code_form_t form) {
  *encoder = (encoder_t){.image = image, .callees = callees, .function = function, .form = form};
  encoder_restart(encoder, NULL);
  while (encoder_has_next(encoder)) {
    const char* field = bytecode_opcode_info[read_opcode(encoder)].fields;
    while (*field) field = skip_operand(encoder, field);
  }
  encoder_restart(encoder, NULL);
}

void encoder_restart(encoder_t* encoder, code_word_t* words) {
  encoder->in = reader_over(encoder->function->code, encoder->function->code_length);
  encoder->words = words;
  encoder->count = 0;
  encoder->block_count = words ? encoder->block_count : 0;
  encoder->follows_compare = false;
}

/* As in the verifier, a single last byte is no instruction. */
bool encoder_has_next(const encoder_t* encoder) { return reader_remaining(&encoder->in) > 1; }

/* Longest block that is copied to where it is jumped to. */
#define SHORT_BLOCK_LENGTH 4

static bool is_long_instruction(bytecode_opcode_t opcode) {
  const char* fields = bytecode_opcode_info[opcode].fields;
  return opcode != BYTECODE_OP_RETURN && strpbrk(fields, "*lvT") != NULL;
}

bool encoder_is_short_block(encoder_t* encoder, uint32_t pc) {
  reader_t saved = encoder->in;
  encoder->in.at = encoder->in.begin + pc + 1;
  bool is_short = false;
  for (uint32_t i = 0; i < SHORT_BLOCK_LENGTH && !is_short; ++i) {
    bytecode_opcode_t opcode = read_opcode(encoder);
    if (is_long_instruction(opcode)) break;
    for (const char* field = bytecode_opcode_info[opcode].fields; *field;) field = skip_operand(encoder, field);
    is_short = bytecode_opcode_is_terminator(opcode);
  }
  encoder->in = saved;
  return is_short;
}

/* ---- Plain instructions ------------------------------------------------------------------------------------------ */

typedef struct plain_operands_t {
  uint16_t registers[8];
  uint32_t register_count;
  uint32_t numbers[2]; /* 32-bit immediates */
  uint32_t number_count;
  uint64_t wide; /* a 64-bit immediate or a type */
  bool has_wide;
} plain_operands_t;

static void read_plain_operand(encoder_t* encoder, char letter, plain_operands_t* operands) {
  reader_t* in = &encoder->in;
  switch (letter) {
    case 'i': case 'I': case 'f': case 'F': case 'r': case 'm':
      operands->registers[operands->register_count++] = reader_u16(in) & (uint16_t)~BYTECODE_REGISTER_REF;
      break;
    case 'c': case 'x': case 'g': case 'G': case 'o': case 'd':
      operands->numbers[operands->number_count++] = reader_u32(in);
      break;
    case 'j':
      operands->numbers[operands->number_count++] = reader_u32(in) & ~BYTECODE_CALLEE_IMPORT;
      break;
    case 'C': case 'X':
      operands->wide = reader_u64(in);
      operands->has_wide = true;
      break;
    case 't':
      operands->wide = encoder->image->types[reader_u32(in)].value;
      operands->has_wide = true;
      break;
    default: break; /* `=` */
  }
}

/* First word: op and up to three registers, or op, one register and a 32-bit number. Then words of four registers each,
 * then the 64-bit number or the type. */
static void encode_plain(encoder_t* encoder, uint16_t code, const char* fields) {
  plain_operands_t operands = {.register_count = 0};
  for (; *fields; ++fields) read_plain_operand(encoder, *fields, &operands);
  const uint16_t* registers = operands.registers;
  if (operands.number_count) {
    encoder_emit_imm(encoder, code, registers[0], (int32_t)operands.numbers[0]);
  } else {
    encoder_emit_op(encoder, code, registers[0], registers[1], registers[2]);
  }
  if (operands.register_count > 3) encoder_emit_op(encoder, registers[3], registers[4], registers[5], registers[6]);
  if (operands.has_wide) emit_bits(encoder, operands.wide);
}

static void encode_const_i64(encoder_t* encoder) {
  int64_t value = (int64_t)reader_u64(&encoder->in);
  uint16_t result = reader_u16(&encoder->in);
  if (value == (int32_t)value) {
    encoder_emit_imm(encoder, CODE_CONST_I64_SHORT, result, (int32_t)value);
  } else {
    encoder_emit_op(encoder, CODE_CONST_I64, result, 0, 0);
    emit_bits(encoder, (uint64_t)value);
  }
}

static void encode_switch(encoder_t* encoder, uint16_t code, bool has_type) {
  uint16_t index = reader_u16(&encoder->in);
  uint64_t type = has_type ? encoder->image->types[reader_u32(&encoder->in)].value : 0;
  uint16_t fallback = reader_u16(&encoder->in) & (uint16_t)~BYTECODE_REGISTER_REF;
  operand_list_t values = encoder_read_list(encoder);
  uint16_t result = reader_u16(&encoder->in) & (uint16_t)~BYTECODE_REGISTER_REF;
  encoder_emit_op(encoder, code, index, fallback, result);
  encoder_start_list(encoder);
  encoder_push(encoder, values.count);
  for (uint32_t i = 0; i < values.count; ++i) {
    encoder_push(encoder, operand_at(values, i) & (uint16_t)~BYTECODE_REGISTER_REF);
  }
  if (has_type) emit_bits(encoder, type);
}

/* `is_debug`: of trace and print only registers with the MOVE bit are released. 32-bit registers are ignored. */
static void encode_discard(encoder_t* encoder, bool is_debug) {
  if (is_debug) (void)reader_take(&encoder->in, reader_u16(&encoder->in));
  operand_list_t list = encoder_read_list(encoder);
  uint16_t wanted = is_debug ? BYTECODE_REGISTER_REF | BYTECODE_REGISTER_MOVE : BYTECODE_REGISTER_REF;
  uint32_t count = 0;
  for (uint32_t i = 0; i < list.count; ++i) count += (operand_at(list, i) & wanted) == wanted;
  if (!count) return;
  encoder_start_list(encoder);
  encoder_push(encoder, CODE_DISCARD_REFS);
  encoder_push(encoder, (uint16_t)count);
  for (uint32_t i = 0; i < list.count; ++i) {
    if ((operand_at(list, i) & wanted) == wanted) {
      encoder_push(encoder, operand_at(list, i) & BYTECODE_REGISTER_REF_INDEX);
    }
  }
}

static void encode_fail(encoder_t* encoder) {
  uint16_t code = reader_u16(&encoder->in);
  uint16_t length = reader_u16(&encoder->in);
  const uint8_t* message = reader_take(&encoder->in, length);
  const uint8_t* end = length ? memchr(message, 0, length) : NULL;
  encoder_emit_op(encoder, CODE_FAIL, code, end ? (uint16_t)(end - message) : length, 0);
  encoder_emit(encoder, (code_word_t){.pointer = message});
}

static bool is_fusable_compare(uint16_t code) {
  switch (code) {
    case CODE_CMP_EQ_I32: case CODE_CMP_NE_I32: case CODE_CMP_LT_I32_S: case CODE_CMP_LT_I32_U:
    case CODE_CMP_EQ_I64: case CODE_CMP_NE_I64: case CODE_CMP_LT_I64_S: case CODE_CMP_LT_I64_U:
      return true;
    default:
      return false;
  }
}

/* A comparison is remembered, so that a branch on its result can take it over. */
static void encode_compare(encoder_t* encoder, uint16_t code) {
  uint16_t a = reader_u16(&encoder->in), b = reader_u16(&encoder->in), result = reader_u16(&encoder->in);
  encoder_emit_op(encoder, code, a, b, result);
  encoder->compare = (code_word_t){{code, a, b, result}};
  encoder->follows_compare = encoder->form == CODE_FORM_FAST;
}

/* ---- The accumulator --------------------------------------------------------------------------------------------- */

/* There is one for each type. */
typedef enum accumulator_t {
  ACCUMULATOR_NONE,
  ACCUMULATOR_I32,
  ACCUMULATOR_I64,
  ACCUMULATOR_F32,
  ACCUMULATOR_F64
} accumulator_t;

/* What can take an operand from the accumulator; all of them leave their result there. */
typedef struct accumulating_t {
  uint8_t accumulator;
  uint8_t operands; /* 1 or 2; 3: only leaves its result there */
  bool is_commutative; /* floats are not: of two NaNs the first one is the result */
  bool has_b;
} accumulating_t;

#define INTEGER(name, width) [CODE_##name] = {ACCUMULATOR_##width, 2, true, false}
#define ORDERED(name, width) [CODE_##name] = {ACCUMULATOR_##width, 2, false, false}
#define EITHER(name, width) [CODE_##name] = {ACCUMULATOR_##width, 2, false, true}
#define UNARY(name, width) [CODE_##name] = {ACCUMULATOR_##width, 1, false, false}
#define TERNARY(name, width) [CODE_##name] = {ACCUMULATOR_##width, 3, false, false}
static const accumulating_t accumulating[CODE_OP_COUNT] = {
    INTEGER(ADD_I32, I32),   INTEGER(MUL_I32, I32), INTEGER(AND_I32, I32),   INTEGER(OR_I32, I32),
    INTEGER(XOR_I32, I32),   ORDERED(SHL_I32, I32), ORDERED(SHR_I32_S, I32), ORDERED(SHR_I32_U, I32),
    EITHER(SUB_I32, I32),    INTEGER(ADD_I64, I64), INTEGER(MUL_I64, I64),   INTEGER(AND_I64, I64),
    INTEGER(OR_I64, I64),    INTEGER(XOR_I64, I64), ORDERED(SHL_I64, I64),   ORDERED(SHR_I64_S, I64),
    ORDERED(SHR_I64_U, I64), EITHER(SUB_I64, I64),  EITHER(ADD_F32, F32),    EITHER(SUB_F32, F32),
    EITHER(MUL_F32, F32),    EITHER(DIV_F32, F32),  UNARY(ABS_F32, F32),     UNARY(NEG_F32, F32),
    EITHER(ADD_F64, F64),    EITHER(SUB_F64, F64),  EITHER(MUL_F64, F64),    EITHER(DIV_F64, F64),
    UNARY(ABS_F64, F64),     UNARY(NEG_F64, F64),   TERNARY(FMA_I32, I32),   TERNARY(FMA_I64, I64),
    TERNARY(FMA_F32, F32),   TERNARY(FMA_F64, F64),
};
#undef INTEGER
#undef ORDERED
#undef FLOAT
#undef UNARY
#undef TERNARY

/* The instruction, or the one of its forms that finds an operand in the accumulator. */
static uint16_t choose_form(const encoder_t* encoder, uint16_t code, uint16_t* a, uint16_t* b) {
  const accumulating_t* kind = &accumulating[code];
  if (encoder->accumulated != kind->accumulator || kind->operands == 3 || encoder->form != CODE_FORM_FAST) return code;
  if (*a == encoder->accumulated_from) return code + 1;
  if (kind->operands < 2 || *b != encoder->accumulated_from) return code;
  if (kind->has_b) return code + 2;
  if (!kind->is_commutative) return code;
  *b = *a;
  return code + 1;
}

static void encode_accumulating(encoder_t* encoder, uint16_t code) {
  uint16_t registers[4] = {0, 0, 0, 0};
  uint32_t count = accumulating[code].operands + 1u;
  for (uint32_t i = 0; i < count; ++i) registers[i] = reader_u16(&encoder->in);
  uint16_t form = choose_form(encoder, code, &registers[0], &registers[1]);
  uint32_t word = encoder_emit_op(encoder, form, registers[0], registers[1], registers[2]);
  if (count == 4) encoder_emit_op(encoder, registers[3], 0, 0, 0);
  if (form == CODE_ADD_I64_A) {
    encoder_join(encoder, word, CODE_ADD_I64, CODE_ADD_ADD_I64);
    encoder_join(encoder, word, CODE_FMA_I64, CODE_FMA_ADD_I64);
  }
  encoder->accumulated = accumulating[code].accumulator;
  encoder->accumulated_from = registers[count - 1];
  encoder->accumulated_word = word;
  encoder->accumulated_end = encoder->count;
}

bool encoder_holds_i64(const encoder_t* encoder, uint16_t reg) {
  return encoder->accumulated == ACCUMULATOR_I64 && encoder->accumulated_from == reg &&
         encoder->form == CODE_FORM_FAST;
}

void encoder_join(encoder_t* encoder, uint32_t word, uint16_t first, uint16_t joined) {
  if (!encoder->words || encoder->accumulated_end != word) return;
  code_word_t* before = &encoder->words[encoder->accumulated_word];
  if (before->op == first) before->op = joined;
}

/* ---- Elements of buffers ----------------------------------------------------------------------------------------- */

/* Loads can take their index from the accumulator, stores of floats their value. */
static uint16_t choose_element_form(const encoder_t* encoder, uint16_t code, uint16_t index, uint16_t value) {
  accumulator_t wanted = ACCUMULATOR_I64;
  uint16_t reg = index;
  switch (code) {
    case CODE_BUFFER_LOAD_I8_U: case CODE_BUFFER_LOAD_I8_S: case CODE_BUFFER_LOAD_I16_U: case CODE_BUFFER_LOAD_I16_S:
    case CODE_BUFFER_LOAD_I32: case CODE_BUFFER_LOAD_I64:
      break;
    case CODE_BUFFER_STORE_F32: wanted = ACCUMULATOR_F32, reg = value; break;
    case CODE_BUFFER_STORE_F64: wanted = ACCUMULATOR_F64, reg = value; break;
    default: return code;
  }
  bool is_held = encoder->accumulated == wanted && encoder->accumulated_from == reg;
  return is_held && encoder->form == CODE_FORM_FAST ? code + 1 : code;
}

static bool is_element_access(uint16_t code) {
  return code >= CODE_BUFFER_LOAD_I8_U && code <= CODE_BUFFER_STORE_F64_A;
}

/* The accumulator holds what it held, unless the register of it has another value now. */
static void encode_element(encoder_t* encoder, uint16_t code) {
  uint32_t ordinal = (uint32_t)(encoder->function - encoder->image->functions);
  uint32_t buffer = reader_u16(&encoder->in) & BYTECODE_REGISTER_REF_INDEX;
  uint32_t place = (uint32_t)(encoder->callees[ordinal].ref_offset + buffer * sizeof(iree_vm_ref_t)) / CODE_PLACE_UNIT;
  uint16_t index = reader_u16(&encoder->in), value = reader_u16(&encoder->in);
  encoder_emit_op(encoder, choose_element_form(encoder, code, index, value), (uint16_t)place, index, value);
  bool is_load = code < CODE_BUFFER_STORE_I8;
  if (is_load && value / 2 == encoder->accumulated_from / 2) encoder->accumulated = ACCUMULATOR_NONE;
}

static void encode_block(encoder_t* encoder) {
  if (!encoder->words) {
    if (encoder->blocks) encoder->blocks[encoder->block_count] = (encoder_block_t){encoder->pc, encoder->count};
    ++encoder->block_count;
  }
  encoder->follows_compare = false;
}

static void encode_instruction(encoder_t* encoder, bytecode_opcode_t opcode) {
  switch (opcode) {
    case BYTECODE_OP_CONST_I64: case BYTECODE_OP_CONST_F64: encode_const_i64(encoder); return;
    case BYTECODE_OP_SWITCH_I32: case BYTECODE_OP_SWITCH_F32: encode_switch(encoder, CODE_SWITCH_I32, false); return;
    case BYTECODE_OP_SWITCH_I64: case BYTECODE_OP_SWITCH_F64: encode_switch(encoder, CODE_SWITCH_I64, false); return;
    case BYTECODE_OP_SWITCH_REF: encode_switch(encoder, CODE_SWITCH_REF, true); return;
    case BYTECODE_OP_TRACE: case BYTECODE_OP_PRINT: encode_discard(encoder, true); return;
    case BYTECODE_OP_DISCARD_REFS: encode_discard(encoder, false); return;
    case BYTECODE_OP_FAIL: encode_fail(encoder); return;
    case BYTECODE_OP_RETURN: encoder_return(encoder); return;
    case BYTECODE_OP_BR_TABLE: encoder_branch_table(encoder); return;
    case BYTECODE_OP_BR: case BYTECODE_OP_COND_BR: case BYTECODE_OP_BREAK: case BYTECODE_OP_COND_BREAK:
    case BYTECODE_OP_YIELD:
      encoder_branch(encoder, opcode);
      return;
    case BYTECODE_OP_CALL: case BYTECODE_OP_CALL_YIELDABLE: case BYTECODE_OP_CALL_VARIADIC:
    case BYTECODE_OP_CALL_VARIADIC_YIELDABLE:
      encoder_call(encoder, opcode);
      return;
    default: break;
  }
  if (is_element_access(code_of[opcode])) {
    encode_element(encoder, code_of[opcode]);
  } else {
    encode_plain(encoder, code_of[opcode], bytecode_opcode_info[opcode].fields);
  }
}

bytecode_opcode_t encoder_step(encoder_t* encoder) {
  encoder->pc = (uint32_t)reader_offset(&encoder->in);
  bytecode_opcode_t opcode = read_opcode(encoder);
  if (opcode == BYTECODE_OP_BLOCK) {
    encode_block(encoder);
    encoder->accumulated = ACCUMULATOR_NONE;
    return opcode;
  }
  if (encoder->form == CODE_FORM_TRACED) {
    encoder_emit_imm(encoder, CODE_TRACE_INSTRUCTION, 0, (int32_t)encoder->pc);
  }
  if (accumulating[code_of[opcode]].accumulator) {
    encode_accumulating(encoder, code_of[opcode]);
    encoder->follows_compare = false;
    return opcode;
  }
  if (is_fusable_compare(code_of[opcode])) {
    encode_compare(encoder, code_of[opcode]);
  } else {
    encode_instruction(encoder, opcode);
    encoder->follows_compare = false;
  }
  if (!is_element_access(code_of[opcode])) encoder->accumulated = ACCUMULATOR_NONE;
  return opcode;
}
