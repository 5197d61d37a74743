/* SPDX-License-Identifier: Apache-2.0 */
/* Encodes control flow: branches with moves on their edges, calls and returns with what they copy. */
#include "bytecode/encode.h"
#include "bytecode/encode_variadic.h"

/* ---- Branches ---------------------------------------------------------------------------------------------------- */

typedef struct edge_t {
  uint32_t pc;           /* of the target block */
  uint32_t count;        /* of pairs */
  const uint8_t* pairs;  /* {u16 source, u16 target} */
} edge_t;

static edge_t read_edge(encoder_t* encoder) {
  uint32_t pc = reader_u32(&encoder->in);
  reader_align2(&encoder->in);
  uint16_t count = reader_u16(&encoder->in);
  return (edge_t){pc, count, reader_take(&encoder->in, 4u * count)};
}

static uint16_t edge_source(const edge_t* edge, uint32_t i) { return read_le16(edge->pairs + 4 * i); }
static uint16_t edge_target(const edge_t* edge, uint32_t i) { return read_le16(edge->pairs + 4 * i + 2); }

static bool is_self_move(const edge_t* edge, uint32_t i) {
  uint16_t source = edge_source(edge, i), target = edge_target(edge, i);
  return (source & BYTECODE_REGISTER_REF) ? ((source ^ target) & BYTECODE_REGISTER_REF_INDEX) == 0 : source == target;
}

static bool has_moves(const edge_t* edge) {
  for (uint32_t i = 0; i < edge->count; ++i) {
    if (!is_self_move(edge, i)) return true;
  }
  return false;
}

static bool is_wide(const encoder_t* encoder, uint16_t reg) {
  return (reg & 1) == 0 && (encoder->wide[(reg >> 7) & 127] >> ((reg >> 1) & 63) & 1);
}

/* Pair i and the next one together move a 64-bit value. */
static bool is_pair_move(const encoder_t* encoder, const edge_t* edge, uint32_t i) {
  if (i + 1 >= edge->count) return false;
  uint16_t source = edge_source(edge, i), target = edge_target(edge, i);
  if ((source | target) & BYTECODE_REGISTER_REF) return false;
  return edge_source(edge, i + 1) == source + 1 && edge_target(edge, i + 1) == target + 1 &&
         is_wide(encoder, source) && is_wide(encoder, target);
}

static void emit_move_ref(encoder_t* encoder, uint16_t source, uint16_t target) {
  encoder_emit_op(encoder, CODE_MOVE_REF, source & (uint16_t)~BYTECODE_REGISTER_REF,
                  target & BYTECODE_REGISTER_REF_INDEX, 0);
}

/* The moves of an edge in their order; two neighbouring 32-bit moves share an instruction. */
static void emit_edge_moves(encoder_t* encoder, const edge_t* edge) {
  bool has_waiting = false;
  uint16_t waiting[2] = {0, 0};
  for (uint32_t i = 0; i < edge->count; ++i) {
    uint16_t source = edge_source(edge, i), target = edge_target(edge, i);
    bool is_ref = (source & BYTECODE_REGISTER_REF) != 0, is_pair = is_pair_move(encoder, edge, i);
    if (is_self_move(edge, i)) continue;
    if (has_waiting && !is_ref && !is_pair) {
      encoder_emit_op(encoder, CODE_MOVE_32_TWICE, waiting[0], waiting[1], source);
      encoder_emit_op(encoder, target, 0, 0, 0);
      has_waiting = false;
      continue;
    }
    if (has_waiting) encoder_emit_op(encoder, CODE_MOVE_32, waiting[0], waiting[1], 0);
    has_waiting = !is_ref && !is_pair;
    if (is_ref) emit_move_ref(encoder, source, target);
    if (is_pair) encoder_emit_op(encoder, CODE_MOVE_64, source, target, 0);
    i += is_pair;
    waiting[0] = source;
    waiting[1] = target;
  }
  if (has_waiting) encoder_emit_op(encoder, CODE_MOVE_32, waiting[0], waiting[1], 0);
}

static bool is_backward(const encoder_t* encoder, uint32_t pc) { return pc <= encoder->pc; }

/* The word of a block; known only in the writing pass. */
static uint32_t word_of_block(const encoder_t* encoder, uint32_t pc) {
  if (!encoder->words) return 0;
  uint32_t low = 0, high = encoder->block_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (encoder->blocks[middle].pc <= pc) low = middle; else high = middle;
  }
  return encoder->blocks[low].word;
}

static void patch_offset(encoder_t* encoder, uint32_t word, uint32_t side, uint32_t from, uint32_t target) {
  if (encoder->words) encoder->words[word].offsets[side] = (int32_t)(target - from);
}

static uint16_t branch_of_compare(uint16_t compare) {
  switch (compare) {
    case CODE_CMP_EQ_I32: return CODE_BR_EQ_I32;
    case CODE_CMP_NE_I32: return CODE_BR_NE_I32;
    case CODE_CMP_LT_I32_S: return CODE_BR_LT_I32_S;
    case CODE_CMP_LT_I32_U: return CODE_BR_LT_I32_U;
    case CODE_CMP_EQ_I64: return CODE_BR_EQ_I64;
    case CODE_CMP_NE_I64: return CODE_BR_NE_I64;
    case CODE_CMP_LT_I64_S: return CODE_BR_LT_I64_S;
    default: return CODE_BR_LT_I64_U;
  }
}

/* A loop often begins with `block; cmp; cond_br` without branch arguments. Going back to such a block compares right
 * here instead of jumping there first. */
static bool copy_loop_head(encoder_t* encoder, uint32_t pc) {
  const bytecode_function_t* function = encoder->function;
  reader_t head = reader_over(function->code, function->code_length);
  (void)reader_take(&head, pc + 1);
  uint8_t opcode = reader_u8(&head);
  uint16_t compare;
  switch (opcode) {
    case BYTECODE_OP_CMP_EQ_I32: compare = CODE_CMP_EQ_I32; break;
    case BYTECODE_OP_CMP_NE_I32: compare = CODE_CMP_NE_I32; break;
    case BYTECODE_OP_CMP_LT_I32_S: compare = CODE_CMP_LT_I32_S; break;
    case BYTECODE_OP_CMP_LT_I32_U: compare = CODE_CMP_LT_I32_U; break;
    case BYTECODE_OP_CMP_EQ_I64: compare = CODE_CMP_EQ_I64; break;
    case BYTECODE_OP_CMP_NE_I64: compare = CODE_CMP_NE_I64; break;
    case BYTECODE_OP_CMP_LT_I64_S: compare = CODE_CMP_LT_I64_S; break;
    case BYTECODE_OP_CMP_LT_I64_U: compare = CODE_CMP_LT_I64_U; break;
    default: return false;
  }
  uint16_t a = reader_u16(&head), b = reader_u16(&head), result = reader_u16(&head);
  if (reader_u8(&head) != BYTECODE_OP_COND_BR || reader_u16(&head) != result) return false;
  uint32_t then_pc = reader_u32(&head);
  reader_align2(&head);
  if (reader_u16(&head) != 0) return false;
  uint32_t else_pc = reader_u32(&head);
  reader_align2(&head);
  if (reader_u16(&head) != 0) return false;
  uint32_t word = encoder_emit_op(encoder, branch_of_compare(compare) + 1, a, b, result);
  if (compare == CODE_CMP_LT_I64_S && encoder_holds_i64(encoder, a)) {
    encoder_join(encoder, word, CODE_ADD_I64, CODE_ADD_BR_LT_I64_S_BACK);
  }
  uint32_t offsets = encoder_emit(encoder, (code_word_t){.bits = 0});
  patch_offset(encoder, offsets, 0, word, word_of_block(encoder, then_pc));
  patch_offset(encoder, offsets, 1, word, word_of_block(encoder, else_pc));
  return true;
}

/* Going forward to a short block repeats it instead, which saves the jump. */
static bool copy_block(encoder_t* encoder, uint32_t pc) {
  if (encoder->is_copying || !encoder_is_short_block(encoder, pc)) return false;
  reader_t saved = encoder->in;
  uint32_t saved_pc = encoder->pc;
  encoder->is_copying = true;
  encoder->follows_compare = false;
  encoder->accumulated = 0;
  encoder->in.at = encoder->in.begin + pc + 1;
  while (!bytecode_opcode_is_terminator(encoder_step(encoder))) continue;
  encoder->is_copying = false;
  encoder->in = saved;
  encoder->pc = saved_pc;
  return true;
}

void encoder_jump(encoder_t* encoder, uint32_t pc, bool may_fall_through) {
  if (may_fall_through && !encoder->is_copying && pc == reader_offset(&encoder->in)) return;
  bool is_back = is_backward(encoder, pc);
  if (encoder->form == CODE_FORM_FAST && (is_back ? copy_loop_head(encoder, pc) : copy_block(encoder, pc))) return;
  uint32_t word = encoder->count;
  encoder_emit_imm(encoder, is_back ? CODE_BR_BACK : CODE_BR, 0, (int32_t)(word_of_block(encoder, pc) - word));
}

/* Where an edge starts: the block itself, or moves written here that end with a jump to it. */
static uint32_t emit_edge(encoder_t* encoder, const edge_t* edge, bool is_last) {
  if (!has_moves(edge)) return word_of_block(encoder, edge->pc);
  uint32_t word = encoder->count;
  emit_edge_moves(encoder, edge);
  encoder_jump(encoder, edge->pc, is_last);
  return word;
}

static bool is_direct_back(const encoder_t* encoder, const edge_t* edge) {
  return is_backward(encoder, edge->pc) && !has_moves(edge);
}

static void encode_cond_br(encoder_t* encoder) {
  uint16_t condition = reader_u16(&encoder->in);
  edge_t then_edge = read_edge(encoder), else_edge = read_edge(encoder);
  uint16_t back = is_direct_back(encoder, &then_edge) || is_direct_back(encoder, &else_edge);
  uint32_t word;
  if (encoder->follows_compare && encoder->compare.c == condition) {
    word = encoder->count - 1;
    if (encoder->words) encoder->words[word].op = branch_of_compare(encoder->compare.op) + back;
  } else {
    word = encoder_emit_op(encoder, CODE_COND_BR + back, condition, 0, 0);
  }
  uint32_t offsets = encoder_emit(encoder, (code_word_t){.bits = 0});
  patch_offset(encoder, offsets, 0, word, emit_edge(encoder, &then_edge, false));
  patch_offset(encoder, offsets, 1, word, emit_edge(encoder, &else_edge, true));
}

static void encode_yield(encoder_t* encoder) {
  edge_t edge = read_edge(encoder);
  emit_edge_moves(encoder, &edge);
  uint32_t word = encoder->count;
  encoder_emit_imm(encoder, CODE_YIELD, 0, (int32_t)(word_of_block(encoder, edge.pc) - word));
}

void encoder_branch(encoder_t* encoder, bytecode_opcode_t opcode) {
  if (opcode == BYTECODE_OP_COND_BR) {
    encode_cond_br(encoder);
    return;
  }
  if (opcode == BYTECODE_OP_YIELD) {
    encode_yield(encoder);
    return;
  }
  if (opcode == BYTECODE_OP_COND_BREAK) (void)reader_u16(&encoder->in);
  edge_t edge = read_edge(encoder);
  emit_edge_moves(encoder, &edge);
  encoder_jump(encoder, edge.pc, true);
}

/* An edge of a table: as any edge, but going back needs a jump that looks for a cancellation. */
static uint32_t emit_table_edge(encoder_t* encoder, const edge_t* edge) {
  if (!is_direct_back(encoder, edge)) return emit_edge(encoder, edge, false);
  uint32_t word = encoder->count;
  encoder_jump(encoder, edge->pc, false);
  return word;
}

void encoder_branch_table(encoder_t* encoder) {
  uint16_t index = reader_u16(&encoder->in);
  edge_t fallback = read_edge(encoder);
  uint16_t count = reader_u16(&encoder->in);
  uint32_t word = encoder_emit_op(encoder, CODE_BR_TABLE, index, count, 0);
  uint32_t offsets = encoder->count;
  for (uint32_t i = 0; i < (uint32_t)count + 1; i += 2) encoder_emit(encoder, (code_word_t){.bits = 0});
  patch_offset(encoder, offsets, 0, word, emit_table_edge(encoder, &fallback));
  for (uint32_t i = 1; i <= count; ++i) {
    edge_t edge = read_edge(encoder);
    patch_offset(encoder, offsets + i / 2, i & 1, word, emit_table_edge(encoder, &edge));
  }
}

/* ---- Calls and returns ------------------------------------------------------------------------------------------- */

static bool is_pair_letter(char letter) { return letter == 'I' || letter == 'F'; }

/* A register of a list with its kind. */
static uint16_t typed_register(uint16_t reg, char letter) {
  return is_pair_letter(letter) ? (uint16_t)(reg | CODE_REGISTER_64) : reg;
}

/* Registers that a calling convention gives to arguments, one after the other. */
typedef struct assignment_t {
  uint32_t next_i32;
  uint32_t next_ref;
} assignment_t;

static uint16_t assign_register(assignment_t* assignment, char letter) {
  if (letter == 'r') return (uint16_t)assignment->next_ref++;
  if (!is_pair_letter(letter)) return (uint16_t)assignment->next_i32++;
  uint32_t reg = (assignment->next_i32 + 1) & ~1u;
  assignment->next_i32 = reg + 2;
  return (uint16_t)reg;
}

static bool is_plain_letter(char letter) { return letter == 'i' || letter == 'f'; }

static void push_moves(encoder_t* encoder, iree_string_view_t arguments, operand_list_t registers, bool plain) {
  assignment_t assignment = {0, 0};
  for (uint32_t i = 0; i < arguments.size; ++i) {
    uint16_t target = assign_register(&assignment, arguments.data[i]);
    if (is_plain_letter(arguments.data[i]) != plain) continue;
    encoder_push(encoder, typed_register(operand_at(registers, i), arguments.data[i]));
    encoder_push(encoder, target);
  }
}

static void push_list(encoder_t* encoder, operand_list_t list) {
  for (uint32_t i = 0; i < list.count; ++i) encoder_push(encoder, operand_at(list, i));
}

static void push_results(encoder_t* encoder, operand_list_t results) {
  encoder_start_list(encoder);
  encoder_push(encoder, results.count);
  push_list(encoder, results);
}

static void encode_internal_call(encoder_t* encoder, uint32_t ordinal, operand_list_t arguments,
                                 operand_list_t results) {
  iree_string_view_t letters = encoder->image->functions[ordinal].cconv.arguments;
  uint32_t plain = 0;
  for (uint32_t i = 0; i < letters.size; ++i) plain += is_plain_letter(letters.data[i]);
  uint32_t rest = (uint32_t)letters.size - plain;
  uint32_t length = 2 + code_words_of(1u + results.count) + code_words_of(2 * plain) + code_words_of(2 * rest);
  encoder_emit_op(encoder, encoder->form == CODE_FORM_FAST ? CODE_CALL : CODE_CALL_TRACED, (uint16_t)plain,
                  (uint16_t)rest, (uint16_t)length);
  encoder_emit(encoder, (code_word_t){.pointer = &encoder->callees[ordinal]});
  push_results(encoder, results);
  encoder_start_list(encoder);
  push_moves(encoder, letters, arguments, true);
  encoder_start_list(encoder);
  push_moves(encoder, letters, arguments, false);
}

static void encode_import_call(encoder_t* encoder, uint16_t flags, uint32_t ordinal, operand_list_t segments,
                               operand_list_t arguments, operand_list_t results) {
  iree_string_view_t letters = encoder->image->imports[ordinal].cconv.arguments;
  uint32_t plan = flags & CALL_FLAG_VARIADIC ? variadic_plan_measure(letters, segments, arguments.count) : 0;
  uint32_t length = 2 + code_words_of(1u + results.count) + code_words_of(arguments.count) +
                    code_words_of(segments.count) + code_words_of(plan);
  if (plan) flags |= CALL_FLAG_PLANNED;
  if (encoder->form == CODE_FORM_TRACED) flags |= CALL_FLAG_TRACED;
  encoder_emit_op(encoder, CODE_CALL_IMPORT, arguments.count, segments.count, (uint16_t)length);
  encoder_emit_imm(encoder, flags, 0, (int32_t)ordinal);
  push_results(encoder, results);
  encoder_start_list(encoder);
  push_list(encoder, arguments);
  encoder_start_list(encoder);
  push_list(encoder, segments);
  if (plan) variadic_plan_encode(encoder, letters, segments);
}

void encoder_call(encoder_t* encoder, bytecode_opcode_t opcode) {
  bool is_variadic = opcode == BYTECODE_OP_CALL_VARIADIC || opcode == BYTECODE_OP_CALL_VARIADIC_YIELDABLE;
  bool is_yieldable = opcode == BYTECODE_OP_CALL_YIELDABLE || opcode == BYTECODE_OP_CALL_VARIADIC_YIELDABLE;
  uint32_t callee = reader_u32(&encoder->in);
  operand_list_t segments = {0, NULL};
  if (is_variadic) segments = encoder_read_list(encoder);
  operand_list_t arguments = encoder_read_list(encoder);
  uint32_t next = is_yieldable ? reader_u32(&encoder->in) : 0;
  operand_list_t results = encoder_read_list(encoder);
  if (callee & BYTECODE_CALLEE_IMPORT) {
    uint16_t flags = (is_variadic ? CALL_FLAG_VARIADIC : 0) | (is_yieldable ? CALL_FLAG_YIELDABLE : 0);
    encode_import_call(encoder, flags, callee & ~BYTECODE_CALLEE_IMPORT, segments, arguments, results);
  } else {
    encode_internal_call(encoder, callee, arguments, results);
  }
  if (is_yieldable) encoder_jump(encoder, next, true);
}

void encoder_return(encoder_t* encoder) {
  iree_string_view_t letters = encoder->function->cconv.results;
  operand_list_t values = encoder_read_list(encoder);
  bool has_refs = encoder->function->ref_register_count > 0;
  if (values.count > letters.size) encoder_emit_op(encoder, CODE_CHECK_RESULTS, values.count, 0, 0);
  if (letters.size == 0 || (letters.size == 1 && letters.data[0] != 'r')) {
    if (has_refs) encoder_emit_op(encoder, CODE_RELEASE_REFS, 0, 0, 0);
    uint16_t code = letters.size == 0                 ? CODE_RETURN_VOID
                    : is_pair_letter(letters.data[0]) ? CODE_RETURN_64
                                                      : CODE_RETURN_32;
    encoder_emit_op(encoder, code, letters.size ? operand_at(values, 0) : 0, 0, 0);
    return;
  }
  encoder_start_list(encoder);
  encoder_push(encoder, CODE_RETURN);
  encoder_push(encoder, (uint16_t)letters.size);
  for (uint32_t i = 0; i < letters.size; ++i)
    encoder_push(encoder, typed_register(operand_at(values, i), letters.data[i]));
}
