/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier of code: every rule that the interpreter relies on, applied to every operand of every instruction.
 *
 * One linear pass a function. Operands are checked by their letters (opcodes.def), so an instruction needs code here
 * only where its operands must agree with each other: calls, `return` and `discard.refs`. The first failure sticks in
 * `status`. */
#include <stdio.h>

#include "bytecode/cconv.h"
#include "bytecode/image.h"
#include "bytecode/opcodes.h"
#include "bytecode/reader.h"

#define BLOCK_OFFSET_MAXIMUM 0x00FFFFFEu
/* Frames are laid out with register counts rounded up to a power of two in mind; larger counts cannot be addressed. */
#define I32_REGISTER_LIMIT 16384u
#define REF_REGISTER_LIMIT 8192u
#define NO_IMPORT UINT32_MAX

/* What a register operand must be. It fits when ((operand & keep) ^ flip) < limit and no bit of `parity` is set. */
typedef struct register_rule_t {
  uint16_t keep;
  uint16_t flip;
  uint16_t parity;
  uint16_t limit;
} register_rule_t;

typedef enum rule_index_e { RULE_NONE, RULE_32, RULE_64, RULE_REF, RULE_REF_MOVE, RULE_COUNT } rule_index_t;

/* Operand letters and letters of calling conventions that are registers. */
static const uint8_t rule_of_letter[128] = {
    ['i'] = RULE_32, ['f'] = RULE_32, ['I'] = RULE_64, ['F'] = RULE_64, ['r'] = RULE_REF, ['m'] = RULE_REF_MOVE,
};

/* Entries of a list in the code, two bytes each, already checked to be inside. */
typedef struct operand_list_t {
  const uint8_t* data;
  uint32_t count;
} operand_list_t;

/* Operands that are at most four registers behind at most one immediate, as most instructions have them. The registers
 * are taken as one number of four 16-bit lanes and checked all at once: (lanes & fixed_mask) must be `fixed`, and each
 * index below the limit of its kind, which adding `0x8000 - limit` to it shows in the top bit of its lane. */
typedef struct operand_shape_t {
  uint64_t fixed_mask, fixed; /* banks, and bits that must not be set */
  uint64_t index_mask;
  uint64_t ones[RULE_COUNT]; /* 1 in each lane of that rule */
  uint64_t bias;             /* 0x8000 less the limit, in each lane; of the function in work */
  uint32_t immediate_size;
  uint32_t size; /* bytes of all operands */
} operand_shape_t;

/* Shapes are shared by many instructions. */
#define SHAPE_CAPACITY 64
enum { SHAPE_UNKNOWN = 0, SHAPE_OTHER = 1, SHAPE_FIRST = 2 };

typedef struct verifier_t {
  const bytecode_image_t* image;
  uint32_t rebound_import; /* import that is checked against `rebound_cconv` instead of its own, or NO_IMPORT */
  bytecode_cconv_t rebound_cconv;
  uint64_t* markers; /* a bit per byte of code: block markers seen */
  uint64_t* targets; /* and branch targets asked for */
  /* The function in work. */
  uint32_t ordinal;
  const bytecode_function_t* function;
  register_rule_t rules[RULE_COUNT];
  uint32_t block_count;
  bool in_block;
  reader_t in;
  /* The instruction in work. */
  uint32_t pc;
  uint32_t opcode;
  bool has_target;
  uint32_t callee;
  operand_list_t segments;
  operand_list_t lists[2]; /* arguments, results */
  uint32_t list_count;
  iree_status_t status;
  /* Plain instructions. */
  uint32_t shape_count;
  uint8_t shape_of_opcode[BYTECODE_OPCODE_CAPACITY]; /* found when first needed */
  operand_shape_t shapes[SHAPE_CAPACITY];            /* from SHAPE_FIRST on */
} verifier_t;

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

static iree_string_view_t export_name_of(const bytecode_image_t* image, uint32_t ordinal) {
  for (uint32_t i = 0; i < image->export_count; ++i) {
    if (image->exports[i].function == ordinal) return image->exports[i].local_name;
  }
  return IREE_SV("(not exported)");
}

/* A failure of the function as a whole: annotates with its place. */
static iree_status_t at_function(const verifier_t* v, iree_status_t status) {
  iree_string_view_t name = export_name_of(v->image, v->ordinal);
  return iree_status_annotate_f(status, "in functions[%u] %.*s, code at file offset 0x%llx", (unsigned)v->ordinal,
                                (int)(name.size < 128 ? name.size : 128), name.data,
                                (unsigned long long)bytecode_file_offset(v->image, v->function->code));
}

/* A failure at the current instruction. Whatever was read after an overrun is not to be believed, so that comes
 * first. */
static bool fail(verifier_t* v, iree_status_code_t code, const char* format, ...) IREE_PRINTF_ATTRIBUTE(3, 4);
static bool fail(verifier_t* v, iree_status_code_t code, const char* format, ...) {
  char reason[256] = "bytecode data overrun";
  if (v->in.overrun) {
    code = IREE_STATUS_OUT_OF_RANGE;
  } else {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
  }
  const char* mnemonic = v->opcode < BYTECODE_OPCODE_CAPACITY ? bytecode_opcode_info[v->opcode].mnemonic : NULL;
  v->status = at_function(v, iree_make_status(code, "%s, at pc %u%s%s", reason, (unsigned)v->pc, mnemonic ? " " : "",
                                              mnemonic ? mnemonic : ""));
  return false;
}

static bool fail_register(verifier_t* v, rule_index_t rule, uint32_t operand) {
  bool wants_ref = rule == RULE_REF || rule == RULE_REF_MOVE, is_ref = (operand & BYTECODE_REGISTER_REF) != 0;
  if (wants_ref && !is_ref)
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "ref register required, got i%u", (unsigned)operand);
  uint32_t index = is_ref ? operand & BYTECODE_REGISTER_REF_INDEX : operand;
  if (!wants_ref && is_ref) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "i32 register required, got r%u", (unsigned)index);
  }
  if (rule == RULE_REF && operand & BYTECODE_REGISTER_MOVE) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "register r%u must not be moved here", (unsigned)index);
  }
  if (rule == RULE_64 && operand & 1) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "register i%u of a 64-bit value is not 8-byte aligned",
                (unsigned)index);
  }
  return fail(v, IREE_STATUS_OUT_OF_RANGE, "register %c%u%s out of range; the function has %u", is_ref ? 'r' : 'i',
              (unsigned)index, rule == RULE_64 ? " and the next" : "",
              (unsigned)(is_ref ? v->function->ref_register_count : v->function->i32_register_count));
}

/* ---- Registers --------------------------------------------------------------------------------------------------- */

static void set_bias(const verifier_t* v, operand_shape_t* shape) {
  shape->bias = 0;
  for (uint32_t rule = RULE_32; rule < RULE_COUNT; ++rule)
    shape->bias += shape->ones[rule] * (0x8000u - v->rules[rule].limit);
}

/* Most functions have as many registers as the one before. */
static void set_rules(verifier_t* v) {
  uint16_t i32_count = v->function->i32_register_count, ref_count = v->function->ref_register_count;
  if (v->rules[RULE_NONE].limit && v->rules[RULE_32].limit == i32_count && v->rules[RULE_REF].limit == ref_count)
    return;
  v->rules[RULE_NONE] = (register_rule_t){0, 0, 0, 1};
  v->rules[RULE_32] = (register_rule_t){0xFFFF, 0, 0, i32_count};
  v->rules[RULE_64] = (register_rule_t){0xFFFF, 0, 1, i32_count ? (uint16_t)(i32_count - 1) : 0};
  v->rules[RULE_REF] = (register_rule_t){0xFFFF, BYTECODE_REGISTER_REF, 0, ref_count};
  v->rules[RULE_REF_MOVE] = (register_rule_t){(uint16_t)~BYTECODE_REGISTER_MOVE, BYTECODE_REGISTER_REF, 0, ref_count};
  for (uint32_t i = 0; i < v->shape_count; ++i) set_bias(v, &v->shapes[SHAPE_FIRST + i]);
}

static inline bool register_fits(const register_rule_t* rule, uint32_t operand) {
  return ((operand & rule->keep) ^ rule->flip) < rule->limit && !(operand & rule->parity);
}

static inline bool verify_register(verifier_t* v, rule_index_t index, uint32_t operand) {
  return register_fits(&v->rules[index], operand) || fail_register(v, index, operand);
}

/* A register of either bank: bit 15 says which. */
static inline bool verify_any_register(verifier_t* v, uint32_t operand) {
  return verify_register(v, operand & BYTECODE_REGISTER_REF ? RULE_REF_MOVE : RULE_32, operand);
}

/* ---- Operands by letter ------------------------------------------------------------------------------------------ */

static bool verify_ordinal(verifier_t* v, const char* what, uint32_t ordinal, uint32_t count) {
  if (ordinal < count) return true;
  return fail(v, IREE_STATUS_OUT_OF_RANGE, "%s %u out of range; the module has %u", what, (unsigned)ordinal,
              (unsigned)count);
}

static bool verify_global(verifier_t* v, uint32_t size) {
  uint32_t offset = reader_u32(&v->in);
  if ((uint64_t)offset + size <= v->image->global_bytes) return true;
  return fail(v, IREE_STATUS_OUT_OF_RANGE, "global byte_offset out of range: %u + %u of %u", (unsigned)offset,
              (unsigned)size, (unsigned)v->image->global_bytes);
}

static bool verify_callee(verifier_t* v, bool import_only) {
  v->callee = reader_u32(&v->in);
  uint32_t ordinal = v->callee & ~BYTECODE_CALLEE_IMPORT;
  if (v->callee & BYTECODE_CALLEE_IMPORT) {
    if (ordinal < v->image->import_count) return true;
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "import ordinal %u out of range; the module has %u", (unsigned)ordinal,
                (unsigned)v->image->import_count);
  }
  if (import_only) {
    bool is_call = v->opcode != BYTECODE_OP_IMPORT_RESOLVED;
    return fail(v, is_call ? IREE_STATUS_FAILED_PRECONDITION : IREE_STATUS_INVALID_ARGUMENT,
                "import ordinal required, got function ordinal %u", (unsigned)ordinal);
  }
  if (ordinal < v->image->function_count) return true;
  return fail(v, IREE_STATUS_INVALID_ARGUMENT, "function ordinal %u out of range; the module has %u", (unsigned)ordinal,
              (unsigned)v->image->function_count);
}

static bool verify_target(verifier_t* v) {
  uint32_t target = reader_u32(&v->in);
  v->has_target = true;
  if (target > BLOCK_OFFSET_MAXIMUM) {
    return fail(v, IREE_STATUS_OUT_OF_RANGE, "block pc %u greater than max %u", (unsigned)target, BLOCK_OFFSET_MAXIMUM);
  }
  if (target >= v->function->code_length) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "block at pc %u not defined in bytecode", (unsigned)target);
  }
  v->targets[target / 64] |= UINT64_C(1) << target % 64;
  return true;
}

/* The padding, the count and the entries of a list, `words` 16-bit words each. Empty after an overrun. */
static inline operand_list_t read_list(verifier_t* v, uint32_t words) {
  reader_align2(&v->in);
  operand_list_t list = {NULL, reader_u16(&v->in)};
  list.data = reader_take(&v->in, (size_t)list.count * words * 2);
  if (!list.data) list.count = 0;
  return list;
}
static inline uint32_t list_entry(operand_list_t list, uint32_t index) {
  return read_le16(list.data + 2 * (size_t)index);
}

static bool verify_any_list(verifier_t* v) {
  operand_list_t list = read_list(v, 1);
  for (uint32_t i = 0; i < list.count; ++i) {
    if (!verify_any_register(v, list_entry(list, i))) return false;
  }
  v->lists[v->list_count++] = list;
  return true;
}

static bool verify_typed_list(verifier_t* v, rule_index_t rule) {
  operand_list_t list = read_list(v, 1);
  for (uint32_t i = 0; i < list.count; ++i) {
    if (!verify_register(v, rule, list_entry(list, i))) return false;
  }
  return true;
}

static bool verify_branch_arguments(verifier_t* v) {
  operand_list_t list = read_list(v, 2);
  for (uint32_t i = 0; i < list.count; ++i) {
    uint32_t source = list_entry(list, 2 * i), destination = list_entry(list, 2 * i + 1);
    if (!verify_any_register(v, source) || !verify_any_register(v, destination)) return false;
    if ((source ^ destination) & BYTECODE_REGISTER_REF) {
      return fail(v, IREE_STATUS_INVALID_ARGUMENT, "branch argument %u changes the register bank", (unsigned)i);
    }
  }
  return true;
}

static bool verify_branch_table(verifier_t* v) {
  uint32_t count = reader_u16(&v->in);
  for (uint32_t i = 0; i < count && !v->in.overrun; ++i) {
    if (!verify_target(v) || !verify_branch_arguments(v)) return false;
  }
  return true;
}

/* Everything but registers; `letter` is moved over a second letter that belongs to it. */
static bool verify_operand(verifier_t* v, const char** letter) {
  const bytecode_image_t* image = v->image;
  switch (**letter) {
    case '=': return true;
    case 'c': case 'x': return reader_take(&v->in, 4), true;
    case 'C': case 'X': return reader_take(&v->in, 8), true;
    case 'g': return verify_global(v, 4);
    case 'G': return verify_global(v, 8);
    case 'o': return verify_ordinal(v, "ref global", reader_u32(&v->in), image->global_ref_count);
    case 'd': return verify_ordinal(v, "rodata", reader_u32(&v->in), image->rodata_count);
    case 't': return verify_ordinal(v, "type", reader_u32(&v->in), image->type_count);
    case 'k': return verify_callee(v, false);
    case 'j': return verify_callee(v, true);
    case 'b': return verify_target(v);
    case 's': return reader_take(&v->in, reader_u16(&v->in)), true;
    case 'l': return verify_any_list(v);
    case '*': return verify_typed_list(v, (rule_index_t)rule_of_letter[(uint8_t)*++*letter]);
    case 'v': return v->segments = read_list(v, 1), true;
    case 'p': return verify_branch_arguments(v);
    case 'T': return verify_branch_table(v);
  }
  return fail(v, IREE_STATUS_INTERNAL, "operand letter '%c' has no rule", **letter);
}

static bool verify_operands(verifier_t* v) {
  for (const char* letter = bytecode_opcode_info[v->opcode].fields; *letter; ++letter) {
    uint32_t rule = rule_of_letter[(uint8_t)*letter];
    if (!(rule ? verify_register(v, (rule_index_t)rule, reader_u16(&v->in)) : verify_operand(v, &letter))) return false;
  }
  return !v->in.overrun || fail(v, IREE_STATUS_OUT_OF_RANGE, "%s", "");
}

/* ---- Lists against calling conventions --------------------------------------------------------------------------- */

static rule_index_t rule_of_cconv(char letter) {
  switch (letter) {
    case 'i': case 'f': return RULE_32;
    case 'I': case 'F': return RULE_64;
    case 'r': return RULE_REF_MOVE;
    default: return RULE_NONE;
  }
}

static bool fail_cconv_letter(verifier_t* v, char letter) {
  if (letter == BYTECODE_CCONV_SPAN_BEGIN) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "nested variadic arguments are not supported");
  }
  return fail(v, IREE_STATUS_INVALID_ARGUMENT, "unsupported cconv fragment char '%c'", letter);
}

/* Checks entry `*index` of a list against one letter and moves on. Entries past the convention are left alone. */
static bool verify_list_entry(verifier_t* v, char letter, operand_list_t list, uint32_t* index) {
  rule_index_t rule = rule_of_cconv(letter);
  if (rule == RULE_NONE) return fail_cconv_letter(v, letter);
  if (*index >= list.count) {
    return fail(v, IREE_STATUS_OUT_OF_RANGE, "register list underflow: it has %u, the calling convention wants more",
                (unsigned)list.count);
  }
  return verify_register(v, rule, list_entry(list, (*index)++));
}

static bool has_span(iree_string_view_t fragment) {
  for (iree_host_size_t i = 0; i < fragment.size; ++i) { /* mostly one letter or two */
    if (fragment.data[i] == BYTECODE_CCONV_SPAN_BEGIN) return true;
  }
  return false;
}

static bool verify_list(verifier_t* v, iree_string_view_t fragment, operand_list_t list) {
  if (has_span(fragment)) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "function is variadic but no segment size list provided");
  }
  uint32_t index = 0;
  for (iree_host_size_t i = 0; i < fragment.size; ++i) {
    if (!verify_list_entry(v, fragment.data[i], list, &index)) return false;
  }
  return true;
}

/* One span: `count` times the letters of `tuple`. A tuple that is not there must still be well formed. */
static bool verify_span(verifier_t* v, iree_string_view_t tuple, uint32_t count, operand_list_t list, uint32_t* index) {
  for (iree_host_size_t i = 0; i < tuple.size; ++i) {
    if (rule_of_cconv(tuple.data[i]) == RULE_NONE) return fail_cconv_letter(v, tuple.data[i]);
  }
  if (tuple.size == 0) return true;
  for (uint32_t n = 0; n < count; ++n) {
    for (iree_host_size_t i = 0; i < tuple.size; ++i) {
      if (!verify_list_entry(v, tuple.data[i], list, index)) return false;
    }
  }
  return true;
}

static bool verify_variadic_list(verifier_t* v, iree_string_view_t fragment, operand_list_t list) {
  uint32_t index = 0, segment = 0;
  for (iree_host_size_t i = 0; i < fragment.size; ++i, ++segment) {
    if (segment >= v->segments.count) {
      return fail(v, IREE_STATUS_OUT_OF_RANGE, "segment size list underflow: it has %u", (unsigned)v->segments.count);
    }
    if (fragment.data[i] != BYTECODE_CCONV_SPAN_BEGIN) {
      if (!verify_list_entry(v, fragment.data[i], list, &index)) return false;
      continue;
    }
    iree_string_view_t rest = iree_make_string_view(fragment.data + i + 1, fragment.size - i - 1);
    const char* end = rest.size ? memchr(rest.data, BYTECODE_CCONV_SPAN_END, rest.size) : NULL;
    iree_string_view_t tuple = iree_make_string_view(rest.data, end ? (iree_host_size_t)(end - rest.data) : rest.size);
    if (!verify_span(v, tuple, list_entry(v->segments, segment), list, &index)) return false;
    i += tuple.size + (end ? 1 : 0);
  }
  return true;
}

static const bytecode_cconv_t* callee_cconv(const verifier_t* v) {
  uint32_t ordinal = v->callee & ~BYTECODE_CALLEE_IMPORT;
  if (!(v->callee & BYTECODE_CALLEE_IMPORT)) return &v->image->functions[ordinal].cconv;
  return ordinal == v->rebound_import ? &v->rebound_cconv : &v->image->imports[ordinal].cconv;
}

static bool verify_call(verifier_t* v, bool is_variadic) {
  const bytecode_cconv_t* cconv = callee_cconv(v);
  /* An import without convention takes that of the function it is bound to: bytecode_verify_import_calls. */
  if (cconv->text.size == 0) return true;
  if (cconv->text.data[0] != '0') {
    return fail(v, IREE_STATUS_UNIMPLEMENTED, "unsupported cconv version '%c'; only '0' is known", cconv->text.data[0]);
  }
  bool good = is_variadic ? verify_variadic_list(v, cconv->arguments, v->lists[0])
                          : verify_list(v, cconv->arguments, v->lists[0]);
  return good && verify_list(v, cconv->results, v->lists[1]);
}

static bool verify_discarded(verifier_t* v) {
  for (uint32_t i = 0; i < v->lists[0].count; ++i) {
    uint32_t operand = list_entry(v->lists[0], i);
    if (!verify_register(v, RULE_REF_MOVE, operand)) return false;
  }
  return true;
}

/* ---- Plain instructions ------------------------------------------------------------------------------------------ */

#define LANE_TOP_BITS UINT64_C(0x8000800080008000)

static void shape_add_register(operand_shape_t* shape, uint32_t lane, rule_index_t rule) {
  static const uint16_t fixed_masks[RULE_COUNT] = {0, 0x8000, 0x8001, 0xC000, 0x8000};
  static const uint16_t index_masks[RULE_COUNT] = {0, 0x7FFF, 0x7FFF, 0x3FFF, 0x3FFF};
  bool is_ref = rule == RULE_REF || rule == RULE_REF_MOVE;
  shape->fixed_mask |= (uint64_t)fixed_masks[rule] << 16 * lane;
  shape->fixed |= (uint64_t)(is_ref ? BYTECODE_REGISTER_REF : 0) << 16 * lane;
  shape->index_mask |= (uint64_t)index_masks[rule] << 16 * lane;
  shape->ones[rule] |= UINT64_C(1) << 16 * lane;
}

/* False for instructions of another kind. */
static bool shape_from_fields(const char* fields, operand_shape_t* shape) {
  uint32_t lane = 0;
  if (!fields || !*fields) return false;
  if (strchr("cxCX", *fields)) shape->immediate_size = bytecode_operand_size(*fields++);
  for (; *fields; ++fields) {
    if (*fields == '=') continue;
    uint8_t rule = rule_of_letter[(uint8_t)*fields];
    if (rule == RULE_NONE || lane == 4) return false;
    shape_add_register(shape, lane++, (rule_index_t)rule);
  }
  shape->size = shape->immediate_size + 2 * lane;
  return true;
}

static uint8_t find_shape(verifier_t* v, uint32_t opcode) {
  operand_shape_t shape = {0};
  if (!shape_from_fields(bytecode_opcode_info[opcode].fields, &shape)) return SHAPE_OTHER;
  set_bias(v, &shape);
  uint32_t index = SHAPE_FIRST;
  while (index < SHAPE_FIRST + v->shape_count && memcmp(&v->shapes[index], &shape, sizeof shape) != 0) ++index;
  if (index == SHAPE_CAPACITY) return SHAPE_OTHER;
  if (index == SHAPE_FIRST + v->shape_count) v->shapes[SHAPE_FIRST + v->shape_count++] = shape;
  return (uint8_t)index;
}

static inline bool registers_fit(const operand_shape_t* shape, const uint8_t* at) {
  uint64_t lanes = read_le64(at);
  uint64_t sums = (lanes & shape->index_mask) + shape->bias;
  return ((lanes ^ shape->fixed) & shape->fixed_mask) == 0 && (sums & LANE_TOP_BITS) == 0;
}

/* The instruction at `at` when it is plain and right: the place behind it, else NULL. */
static inline const uint8_t* pass_plain(verifier_t* v, const uint8_t* at) {
  size_t remaining = (size_t)(v->in.end - at), prefix = 1;
  uint32_t opcode = at[0], feature = 0;
  if (opcode == BYTECODE_PREFIX_F32 || opcode == BYTECODE_PREFIX_F64) {
    feature = opcode == BYTECODE_PREFIX_F32 ? BYTECODE_FEATURE_EXT_F32 : BYTECODE_FEATURE_EXT_F64;
    opcode = (opcode == BYTECODE_PREFIX_F32 ? BYTECODE_SET_F32 : BYTECODE_SET_F64) + at[1];
    prefix = 2;
  }
  uint8_t* index = &v->shape_of_opcode[opcode];
  if (*index == SHAPE_UNKNOWN) *index = find_shape(v, opcode);
  const operand_shape_t* shape = &v->shapes[*index];
  if (*index < SHAPE_FIRST || (feature & ~v->function->requirements)) return NULL;
  const uint8_t* registers = at + prefix + shape->immediate_size;
  if (remaining < prefix + shape->immediate_size + 8 || !registers_fit(shape, registers)) return NULL;
  return at + prefix + shape->size;
}

/* A branch target without arguments at `at`: the place behind it, else NULL. Eight bytes are there. */
static inline const uint8_t* pass_bare_target(verifier_t* v, const uint8_t* at) {
  uint32_t target = read_le32(at);
  if (target > BLOCK_OFFSET_MAXIMUM || target >= v->function->code_length) return NULL;
  at += 4;
  at += (size_t)(at - v->in.begin) & 1;
  if (read_le16(at) != 0) return NULL;
  v->targets[target / 64] |= UINT64_C(1) << target % 64;
  return at + 2;
}

/* A `return` of nothing or of one 32-bit number. */
static inline const uint8_t* pass_bare_return(verifier_t* v, const uint8_t* at) {
  iree_string_view_t results = v->function->cconv.results;
  at += (size_t)(at - v->in.begin) & 1;
  ptrdiff_t remaining = v->in.end - at;
  if (remaining < 2) return NULL;
  uint32_t count = read_le16(at);
  if (count == 0) return results.size == 0 ? at + 2 : NULL;
  bool is_number =
      remaining >= 4 && count == 1 && results.size == 1 && (results.data[0] == 'i' || results.data[0] == 'f');
  return is_number && register_fits(&v->rules[RULE_32], read_le16(at + 2)) ? at + 4 : NULL;
}

/* A terminator of the simplest form that is right: the place behind it, else NULL. */
static inline const uint8_t* pass_terminator(verifier_t* v, const uint8_t* at) {
  size_t remaining = (size_t)(v->in.end - at);
  switch (*at) {
    case BYTECODE_OP_BR:
      return remaining >= 1 + 8 ? pass_bare_target(v, at + 1) : NULL;
    case BYTECODE_OP_COND_BR:
      if (remaining < 1 + 2 + 8 + 8 || !register_fits(&v->rules[RULE_32], read_le16(at + 1))) return NULL;
      at = pass_bare_target(v, at + 3);
      return at ? pass_bare_target(v, at) : NULL;
    case BYTECODE_OP_RETURN:
      return pass_bare_return(v, at + 1);
    default:
      return NULL;
  }
}

/* Passes over what is common and right: plain instructions, markers, terminators of the simplest form. It stops before
 * whatever else comes, wrong instructions among it; the rules, and the words for what breaks them, are those of
 * verify_instruction. */
static void pass_simple_code(verifier_t* v) {
  const uint8_t* at = v->in.at;
  while ((size_t)(v->in.end - at) > 1) {
    const uint8_t* next = NULL;
    if (v->in_block) {
      next = pass_plain(v, at);
      if (!next && (next = pass_terminator(v, at))) v->in_block = false;
    } else if (*at == BYTECODE_OP_BLOCK) {
      uint32_t pc = (uint32_t)(at - v->in.begin);
      if (pc > BLOCK_OFFSET_MAXIMUM || v->block_count >= v->function->block_count) break;
      ++v->block_count;
      v->markers[pc / 64] |= UINT64_C(1) << pc % 64;
      v->in_block = true;
      next = at + 1;
    }
    if (!next) break;
    at = next;
  }
  v->in.at = at;
}

/* ---- Instructions, blocks, functions ----------------------------------------------------------------------------- */

static bool read_opcode(verifier_t* v) {
  uint32_t required = 0;
  v->opcode = reader_u8(&v->in);
  if (v->opcode == BYTECODE_PREFIX_F32 || v->opcode == BYTECODE_PREFIX_F64) {
    bool is_f32 = v->opcode == BYTECODE_PREFIX_F32;
    v->opcode = (is_f32 ? BYTECODE_SET_F32 : BYTECODE_SET_F64) + reader_u8(&v->in);
    required = is_f32 ? BYTECODE_FEATURE_EXT_F32 : BYTECODE_FEATURE_EXT_F64;
  }
  if (required & ~v->function->requirements) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "instruction needs feature 0x%x, the function requires 0x%x",
                (unsigned)required, (unsigned)v->function->requirements);
  }
  if (bytecode_opcode_info[v->opcode].mnemonic) return true;
  return fail(v, IREE_STATUS_INVALID_ARGUMENT, "unrecognized opcode 0x%02x of %s set", (unsigned)(v->opcode & 0xFF),
              v->opcode < BYTECODE_SET_F32 ? "the core" : v->opcode < BYTECODE_SET_F64 ? "the f32" : "the f64");
}

static bool verify_marker(verifier_t* v) {
  if (v->in_block) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "op at pc %u is a block while still in a block", (unsigned)v->pc);
  }
  if (v->pc > BLOCK_OFFSET_MAXIMUM) {
    return fail(v, IREE_STATUS_OUT_OF_RANGE, "block pc %u greater than max %u", (unsigned)v->pc, BLOCK_OFFSET_MAXIMUM);
  }
  if (++v->block_count > v->function->block_count) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "invalid descriptor block count %u; found at least %u blocks",
                (unsigned)v->function->block_count, (unsigned)v->block_count);
  }
  v->in_block = true;
  v->markers[v->pc / 64] |= UINT64_C(1) << v->pc % 64;
  return true;
}

/* Rules beyond single operands. */
static bool verify_agreement(verifier_t* v) {
  switch (v->opcode) {
    case BYTECODE_OP_CALL: case BYTECODE_OP_CALL_YIELDABLE: return verify_call(v, false);
    case BYTECODE_OP_CALL_VARIADIC: case BYTECODE_OP_CALL_VARIADIC_YIELDABLE: return verify_call(v, true);
    case BYTECODE_OP_RETURN: return verify_list(v, v->function->cconv.results, v->lists[0]);
    case BYTECODE_OP_DISCARD_REFS: return verify_discarded(v);
    default: return true;
  }
}

static bool verify_instruction(verifier_t* v) {
  v->pc = (uint32_t)reader_offset(&v->in);
  v->opcode = BYTECODE_OPCODE_CAPACITY;
  v->has_target = false;
  v->list_count = 0;
  if (*v->in.at == BYTECODE_OP_BLOCK) {
    ++v->in.at;
    return verify_marker(v);
  }
  if (!v->in_block) return fail(v, IREE_STATUS_INVALID_ARGUMENT, "op at pc %u is not in a block", (unsigned)v->pc);
  if (!read_opcode(v) || !verify_operands(v) || !verify_agreement(v)) return false;
  if (v->has_target || v->opcode == BYTECODE_OP_RETURN || v->opcode == BYTECODE_OP_FAIL) v->in_block = false;
  return true;
}

/* All branch targets are markers, and there are as many markers as declared. */
static bool verify_blocks(verifier_t* v) {
  v->pc = v->function->code_length;
  v->opcode = BYTECODE_OPCODE_CAPACITY;
  if (v->in_block) return fail(v, IREE_STATUS_INVALID_ARGUMENT, "function missing terminator in the last block");
  if (v->block_count != v->function->block_count) {
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "invalid descriptor block count %u; found %u blocks",
                (unsigned)v->function->block_count, (unsigned)v->block_count);
  }
  for (uint32_t i = 0; i <= v->function->code_length / 64; ++i) {
    uint64_t undefined = v->targets[i] & ~v->markers[i];
    uint32_t bit = 0;
    if (!undefined) continue;
    while (!(undefined >> bit & 1)) ++bit;
    return fail(v, IREE_STATUS_INVALID_ARGUMENT, "block at pc %u not defined in bytecode", (unsigned)(i * 64 + bit));
  }
  return true;
}

/* A last byte that is alone is padding of old writers: it is neither an instruction nor a block. */
static iree_status_t verify_code(verifier_t* v) {
  const bytecode_function_t* function = v->function;
  for (uint32_t i = 0; i <= function->code_length / 64; ++i) v->markers[i] = v->targets[i] = 0;
  set_rules(v);
  v->block_count = 0;
  v->in_block = false;
  v->in = reader_over(function->code, function->code_length);
  pass_simple_code(v);
  while (reader_remaining(&v->in) > 1) {
    if (!verify_instruction(v)) return v->status;
    pass_simple_code(v);
  }
  return verify_blocks(v) ? iree_ok_status() : v->status;
}

static iree_status_t verify_descriptor(const bytecode_function_t* function) {
  uint32_t missing = function->requirements & ~(uint32_t)BYTECODE_FEATURES_AVAILABLE;
  if (missing) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "required features 0x%x are not available",
                            (unsigned)missing);
  }
  if (function->i32_register_count > I32_REGISTER_LIMIT || function->ref_register_count > REF_REGISTER_LIMIT) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                            "register count overflow: %u i32 and %u ref registers, %u and %u are the limits",
                            (unsigned)function->i32_register_count, (unsigned)function->ref_register_count,
                            I32_REGISTER_LIMIT, REF_REGISTER_LIMIT);
  }
  IREE_RETURN_IF_ERROR(bytecode_cconv_check_version(&function->cconv));
  return bytecode_cconv_check_function(&function->cconv, function->i32_register_count, function->ref_register_count);
}

static bool has_same_descriptor(const bytecode_function_t* a, const bytecode_function_t* b) {
  return a->requirements == b->requirements && a->i32_register_count == b->i32_register_count &&
         a->ref_register_count == b->ref_register_count && iree_string_view_equal(a->cconv.text, b->cconv.text);
}

static iree_status_t verify_functions(verifier_t* v) {
  for (v->ordinal = 0; v->ordinal < v->image->function_count; ++v->ordinal) {
    v->function = &v->image->functions[v->ordinal];
    if (v->ordinal == 0 || !has_same_descriptor(v->function, v->function - 1)) {
      iree_status_t status = verify_descriptor(v->function);
      if (!iree_status_is_ok(status)) return at_function(v, status);
    }
    IREE_RETURN_IF_ERROR(verify_code(v));
  }
  return iree_ok_status();
}

static iree_status_t verify_image(const bytecode_image_t* image, uint32_t rebound_import,
                                  bytecode_cconv_t rebound_cconv) {
  if (image->function_count == 0) return iree_ok_status();
  uint32_t longest = 0;
  for (uint32_t i = 0; i < image->function_count; ++i) {
    if (image->functions[i].code_length > longest) longest = image->functions[i].code_length;
  }
  size_t words = (size_t)longest / 64 + 1;
  verifier_t v = {.image = image, .rebound_import = rebound_import, .rebound_cconv = rebound_cconv};
  void* bitmaps = NULL;
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_uninitialized(image->allocator, 2 * words * sizeof *v.markers, &bitmaps));
  v.markers = bitmaps;
  v.targets = v.markers + words;
  iree_status_t status = verify_functions(&v);
  iree_allocator_free(image->allocator, bitmaps);
  return status;
}

iree_status_t bytecode_verify_image(const bytecode_image_t* image) {
  return verify_image(image, NO_IMPORT, bytecode_cconv_parse(iree_string_view_empty()));
}

iree_status_t bytecode_verify_import_calls(const bytecode_image_t* image, uint32_t import, iree_string_view_t cconv) {
  iree_status_t status = verify_image(image, import, bytecode_cconv_parse(cconv));
  return iree_status_is_ok(status)
             ? status
             : iree_status_annotate_f(status,
                                      "calls of imports[%u] against '%.*s', the calling convention it resolved to",
                                      (unsigned)import, (int)cconv.size, cconv.data);
}
