/* SPDX-License-Identifier: Apache-2.0 */
/* Calls of other modules: arguments to packed form or straight to registers, results back, suspended calls in
 * between. */
#include "bytecode/encode_variadic.h"
#include "bytecode/interp.h"

iree_status_t interp_find_target_state(iree_vm_stack_t* stack, import_binding_t* binding) {
  iree_vm_module_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_stack_query_module_state(stack, binding->function.module, &state));
  binding->target_state = (bytecode_state_t*)state;
  return iree_ok_status();
}

static const bytecode_import_t* import_of(const interp_frame_t* frame, uint32_t ordinal) {
  return &frame->state->module->image.imports[ordinal];
}

iree_status_t interp_unresolved(const interp_frame_t* frame, uint32_t ordinal) {
  iree_string_view_t name = import_of(frame, ordinal)->full_name;
  return iree_make_status(IREE_STATUS_NOT_FOUND, "optional import `%.*s` (ordinal %u) not resolved", (int)name.size,
                          name.data, ordinal);
}

/* The lists of a call instruction. */
static const uint16_t* argument_registers(const code_word_t* ip) {
  return (ip + CODE_CALL_RESULTS + code_words_of(1u + ip[CODE_CALL_RESULTS].op))->slots;
}
static const uint16_t* segment_sizes(const code_word_t* ip) {
  return (ip + CODE_CALL_RESULTS + code_words_of(1u + ip[CODE_CALL_RESULTS].op) + code_words_of(ip->a))->slots;
}
static const uint16_t* plan_of(const code_word_t* ip) {
  return (ip + CODE_CALL_RESULTS + code_words_of(1u + ip[CODE_CALL_RESULTS].op) + code_words_of(ip->a) +
          code_words_of(ip->b))
      ->slots;
}
static const uint16_t* result_registers(const code_word_t* ip) { return ip[CODE_CALL_RESULTS].slots + 1; }

void interp_pass_arguments(const import_binding_t* binding, interp_frame_t* caller, const code_word_t* ip,
                           interp_frame_t* callee) {
  const uint16_t* from = argument_registers(ip);
  const int32_t* registers = interp_registers(caller);
  int32_t* to = interp_registers(callee);
  for (uint32_t i = 0; i < binding->argument_count; ++i) {
    const import_value_t* value = &binding->values[i];
    if (value->kind == IMPORT_32) {
      to[value->reg] = registers[from[i]];
    } else if (value->kind == IMPORT_64) {
      store_64(&to[value->reg], load_64(&registers[from[i]]));
    } else {
      take_ref(caller->refs, from[i], &callee->refs[value->reg]);
    }
  }
}

/* ---- The packed form --------------------------------------------------------------------------------------------- */

/* One argument at `at`; returns where the next one may start. */
static uint32_t pack_argument(interp_frame_t* frame, uint16_t reg, char letter, uint8_t* to, uint32_t at) {
  const int32_t* registers = interp_registers(frame);
  switch (letter) {
    case 'i': case 'f':
      memcpy(to + at, &registers[reg], 4);
      return at + 4;
    case 'I': case 'F':
      at = (at + 7) & ~7u;
      memcpy(to + at, &registers[reg], 8);
      return at + 8;
    default:
      at = (at + 7) & ~7u;
      take_ref(frame->refs, reg, (iree_vm_ref_t*)(to + at));
      return at + (uint32_t)sizeof(iree_vm_ref_t);
  }
}

/* Walks a variadic convention: positions of all values, with what to do at each. `frame` packs registers, NULL
 * releases. */
typedef struct variadic_walk_t {
  interp_frame_t* frame;
  const uint16_t* registers;
  uint8_t* buffer; /* NULL: only measure */
  uint32_t at;
} variadic_walk_t;

static uint32_t letter_size(char letter) { return letter == 'r' ? 16 : letter == 'I' || letter == 'F' ? 8 : 4; }

static bool has_wide(iree_string_view_t letters) {
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    if (strchr("IFr", letters.data[i])) return true;
  }
  return false;
}

static void walk_value(variadic_walk_t* walk, char letter) {
  uint32_t size = letter_size(letter);
  if (size > 4) walk->at = (walk->at + 7) & ~7u;
  uint32_t at = walk->at;
  walk->at += size;
  if (!walk->buffer) return;
  if (walk->frame) {
    pack_argument(walk->frame, *walk->registers++, letter, walk->buffer, at);
  } else if (letter == 'r') {
    vm_ref_release((iree_vm_ref_t*)(walk->buffer + at));
  }
}

/* A span: its count, padding when there are tuples, then those, each value aligned by itself. Returns the number of
 * letters of the tuple. */
static iree_host_size_t walk_span(variadic_walk_t* walk, iree_string_view_t letters, uint16_t count) {
  iree_host_size_t length = iree_string_view_find_char(letters, 'D', 0);
  if (length == IREE_STRING_VIEW_NPOS) length = letters.size;
  int32_t number = count;
  if (walk->buffer && walk->frame) memcpy(walk->buffer + walk->at, &number, 4);
  walk->at += 4;
  if (count > 0 && has_wide(iree_make_string_view(letters.data, length))) walk->at = (walk->at + 7) & ~7u;
  for (uint32_t tuple = 0; tuple < count; ++tuple) {
    for (iree_host_size_t i = 0; i < length; ++i) walk_value(walk, letters.data[i]);
  }
  return length;
}

/* Returns the size, rounded up to the largest alignment. */
static uint32_t walk_variadic(variadic_walk_t walk, iree_string_view_t letters, const uint16_t* segments) {
  bool is_wide = has_wide(letters);
  for (iree_host_size_t i = 0; i < letters.size; ++i, ++segments) {
    if (letters.data[i] != 'C') {
      walk_value(&walk, letters.data[i]);
      continue;
    }
    iree_string_view_t rest = iree_make_string_view(letters.data + i + 1, letters.size - i - 1);
    i += 1 + walk_span(&walk, rest, *segments);
  }
  return is_wide ? (walk.at + 7) & ~7u : walk.at;
}

/* A variadic call by the plan that was made when it was encoded. */
static void pack_planned(interp_frame_t* frame, const code_word_t* ip, uint8_t* to) {
  const uint16_t* plan = plan_of(ip);
  const uint16_t* from = argument_registers(ip);
  const int32_t* registers = interp_registers(frame);
  for (const uint16_t *entry = plan + 2, *end = entry + plan[1]; entry < end; ++entry) {
    uint8_t* place = to + (*entry & ~3u);
    switch ((variadic_kind_t)(*entry & 3u)) {
      case VARIADIC_32:
        memcpy(place, &registers[*from++], 4);
        break;
      case VARIADIC_64:
        memcpy(place, &registers[*from++], 8);
        break;
      case VARIADIC_REF:
        take_ref(frame->refs, *from++, (iree_vm_ref_t*)place);
        break;
      case VARIADIC_COUNT:
        memcpy(place, &(uint32_t){*++entry}, 4);
        break;
    }
  }
}

static void release_planned(const code_word_t* ip, uint8_t* from) {
  const uint16_t* plan = plan_of(ip);
  for (const uint16_t *entry = plan + 2, *end = entry + plan[1]; entry < end; ++entry) {
    if ((*entry & 3u) == VARIADIC_REF) vm_ref_release((iree_vm_ref_t*)(from + (*entry & ~3u)));
    if ((*entry & 3u) == VARIADIC_COUNT) ++entry;
  }
}

static inline void pack_fixed(const import_binding_t* binding, interp_frame_t* frame, const code_word_t* ip,
                              uint8_t* to) {
  const uint16_t* from = argument_registers(ip);
  const int32_t* registers = interp_registers(frame);
  for (uint32_t i = 0; i < binding->argument_count; ++i) {
    const import_value_t* value = &binding->values[i];
    if (value->kind == IMPORT_32) {
      memcpy(to + value->offset, &registers[from[i]], 4);
    } else if (value->kind == IMPORT_64) {
      memcpy(to + value->offset, &registers[from[i]], 8);
    } else {
      take_ref(frame->refs, from[i], (iree_vm_ref_t*)(to + value->offset));
    }
  }
}

static inline void pack_arguments(const import_binding_t* binding, interp_frame_t* frame, const code_word_t* ip,
                                  uint8_t* to) {
  if (ip[1].op & CALL_FLAG_PLANNED) {
    pack_planned(frame, ip, to);
  } else if (binding->is_variadic) {
    walk_variadic((variadic_walk_t){frame, argument_registers(ip), to, 0}, binding->arguments, segment_sizes(ip));
  } else {
    pack_fixed(binding, frame, ip, to);
  }
}

/* What the callee has not taken over. */
static void release_arguments(const import_binding_t* binding, const code_word_t* ip, uint8_t* from) {
  if (ip[1].op & CALL_FLAG_PLANNED) {
    release_planned(ip, from);
    return;
  }
  if (binding->is_variadic) {
    walk_variadic((variadic_walk_t){NULL, NULL, from, 0}, binding->arguments, segment_sizes(ip));
    return;
  }
  for (uint32_t i = 0; i < binding->argument_count; ++i) {
    if (binding->values[i].kind == IMPORT_REF) vm_ref_release((iree_vm_ref_t*)(from + binding->values[i].offset));
  }
}

/* NULL without results: there may be no table at all. */
static inline const import_value_t* result_values(const import_binding_t* binding) {
  return binding->result_count ? binding->values + binding->argument_count : NULL;
}

static inline void unpack_32(const import_binding_t* binding, interp_frame_t* frame, const code_word_t* ip,
                             const uint8_t* from) {
  const uint16_t* to = result_registers(ip);
  int32_t* registers = interp_registers(frame);
  for (uint32_t left = binding->result_count; left > 0; --left, from += 4) memcpy(&registers[*to++], from, 4);
}

static inline void unpack_results(const import_binding_t* binding, interp_frame_t* frame, const code_word_t* ip,
                                  uint8_t* from) {
  const uint16_t* to = result_registers(ip);
  int32_t* registers = interp_registers(frame);
  const import_value_t* values = result_values(binding);
  for (uint32_t i = 0; i < binding->result_count; ++i) {
    if (values[i].kind == IMPORT_32) {
      memcpy(&registers[to[i]], from + values[i].offset, 4);
    } else if (values[i].kind == IMPORT_64) {
      memcpy(&registers[to[i]], from + values[i].offset, 8);
    } else {
      vm_ref_move((iree_vm_ref_t*)(from + values[i].offset), ref_at(frame->refs, to[i]));
    }
  }
}

static void release_results(const import_binding_t* binding, uint8_t* from) {
  if (!binding->has_ref_results) return;
  const import_value_t* values = result_values(binding);
  for (uint32_t i = 0; i < binding->result_count; ++i) {
    if (values[i].kind == IMPORT_REF) vm_ref_release((iree_vm_ref_t*)(from + values[i].offset));
  }
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static iree_status_t annotate_import(const interp_frame_t* frame, const code_word_t* ip, iree_status_t status) {
  iree_string_view_t name = import_of(frame, (uint32_t)ip[1].imm)->full_name;
  return iree_status_annotate_f(status, "while calling import `%.*s`", (int)name.size, name.data);
}

/* The callee has deferred. A plain call without results goes on behind it when resumed. */
static iree_status_t defer_call(const import_binding_t* binding, interp_frame_t* frame, const code_word_t* ip,
                                uint8_t* results, iree_status_t status) {
  if (ip[1].op & CALL_FLAG_YIELDABLE) {
    frame->pending = results;
    return status;
  }
  if (binding->result_count == 0) {
    frame->ip = ip + ip->c;
    return status;
  }
  iree_status_free(status);
  release_results(binding, results);
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "yield in imports with results not supported");
}

static iree_status_t not_callable(const iree_vm_stack_t* stack) {
  if (stack->native_depth >= VM_STACK_NATIVE_DEPTH_LIMIT) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "more than %d native calls inside each other",
                            VM_STACK_NATIVE_DEPTH_LIMIT);
  }
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "the module cannot be called: it has no begin_call");
}

/* `size` is a multiple of 16 and mostly small. */
static inline void clear_buffer(uint8_t* buffer, uint32_t size) {
  for (uint8_t* end = buffer + size; buffer < end; buffer += 16) {
    memset(buffer, 0, 16);
    __asm__ volatile("" : "+r"(buffer)); /* not to be turned into a call of memset */
  }
}

static inline iree_status_t enter_native(iree_vm_stack_t* stack, const import_binding_t* binding, uint8_t* arguments,
                                         uint32_t argument_bytes, uint8_t* results) {
  iree_vm_module_t* module = binding->function.module;
  iree_vm_function_call_t call = {.function = binding->function};
  vm_set_span(&call.arguments, arguments, argument_bytes);
  vm_set_span(&call.results, results, binding->result_bytes);
  stack->backtrace_code = IREE_STATUS_OK;
  stack->deferred_failure = false;
  ++stack->native_depth;
  iree_status_t status = module->begin_call(module->self, stack, call);
  --stack->native_depth;
  if (iree_status_is_ok(status)) stack->backtrace_code = IREE_STATUS_OK; /* failures inside are settled */
  return status;
}

/* After a call whose arguments are released: `status` is a suspension or a failure. */
static iree_status_t end_without_results(iree_vm_stack_t* stack, const import_binding_t* binding, interp_frame_t* frame,
                                         const code_word_t* ip, uint8_t* buffer, uint8_t* results,
                                         iree_status_t status) {
  if (vm_stack_is_suspension(stack, status)) return defer_call(binding, frame, ip, results, status);
  release_results(binding, results);
  vm_stack_unwind(stack, &frame->base);
  vm_stack_pop(stack, buffer);
  return annotate_import(frame, ip, status);
}

/* The common case in as few instructions of the machine as can be: nothing but 32-bit arguments and results. */
static iree_status_t call_with_32(iree_vm_stack_t* stack, const import_binding_t* binding, interp_frame_t* frame,
                                  const code_word_t* ip) {
  uint8_t* buffer = (uint8_t*)vm_stack_push(stack, binding->buffer_bytes);
  if (!buffer) return vm_stack_exhausted(stack);
  uint8_t* results = buffer + binding->result_offset;
  clear_buffer(results, binding->buffer_bytes - binding->result_offset);
  const int32_t* registers = interp_registers(frame);
  const uint16_t* from = argument_registers(ip);
  uint8_t* to = buffer;
  for (uint32_t left = binding->argument_count; left > 0; --left, to += 4) memcpy(to, &registers[*from++], 4);
  iree_status_t status = enter_native(stack, binding, buffer, binding->argument_bytes, results);
  if (!iree_status_is_ok(status)) return end_without_results(stack, binding, frame, ip, buffer, results, status);
  if (stack->current != &frame->base) vm_stack_unwind(stack, &frame->base);
  unpack_32(binding, frame, ip, results);
  vm_stack_pop(stack, buffer);
  return status;
}

static uint32_t packed_bytes(const import_binding_t* binding, const code_word_t* ip) {
  if (ip[1].op & CALL_FLAG_PLANNED) return plan_of(ip)[0];
  if (!binding->is_variadic) return binding->argument_bytes;
  return walk_variadic((variadic_walk_t){NULL, NULL, NULL, 0}, binding->arguments, segment_sizes(ip));
}

static iree_status_t call_with_any(iree_vm_stack_t* stack, const import_binding_t* binding, interp_frame_t* frame,
                                   const code_word_t* ip) {
  uint32_t argument_bytes = packed_bytes(binding, ip);
  uint32_t result_offset = (argument_bytes + 15) & ~15u;
  uint32_t size = (result_offset + binding->result_bytes + 15) & ~15u;
  uint8_t* buffer = (uint8_t*)vm_stack_push(stack, size);
  if (!buffer) return vm_stack_exhausted(stack);
  clear_buffer(buffer, size);
  pack_arguments(binding, frame, ip, buffer);
  uint8_t* results = buffer + result_offset;
  iree_status_t status = enter_native(stack, binding, buffer, argument_bytes, results);
  if (binding->has_ref_arguments) release_arguments(binding, ip, buffer);
  if (!iree_status_is_ok(status)) return end_without_results(stack, binding, frame, ip, buffer, results, status);
  if (stack->current != &frame->base) vm_stack_unwind(stack, &frame->base);
  unpack_results(binding, frame, ip, results);
  vm_stack_pop(stack, buffer);
  return status;
}

iree_status_t interp_call_native(iree_vm_stack_t* stack, interp_frame_t* frame, const code_word_t* ip) {
  const import_binding_t* binding = &frame->state->imports[(uint32_t)ip[1].imm];
  if (stack->native_depth >= VM_STACK_NATIVE_DEPTH_LIMIT || !binding->function.module->begin_call)
    return not_callable(stack);
  return binding->is_all_32 ? call_with_32(stack, binding, frame, ip) : call_with_any(stack, binding, frame, ip);
}

void interp_abandon_native(interp_frame_t* frame) {
  uint8_t* results = (uint8_t*)frame->pending;
  frame->pending = NULL;
  release_results(&frame->state->imports[(uint32_t)frame->ip[1].imm], results);
}

static iree_status_t resume_callee(iree_vm_stack_t* stack, const import_binding_t* binding, uint8_t* results) {
  iree_vm_module_t* module = binding->function.module;
  if (!module->resume_call) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "a module that deferred a call has no resume_call");
  }
  ++stack->native_depth;
  iree_status_t status = module->resume_call(module->self, stack, iree_make_byte_span(results, binding->result_bytes));
  --stack->native_depth;
  return status;
}

iree_status_t interp_resume_native(iree_vm_stack_t* stack, interp_frame_t* frame) {
  const code_word_t* ip = frame->ip;
  const import_binding_t* binding = &frame->state->imports[(uint32_t)ip[1].imm];
  uint8_t* results = (uint8_t*)frame->pending;
  iree_status_t status = resume_callee(stack, binding, results);
  if (!iree_status_is_ok(status) && vm_stack_is_suspension(stack, status)) return status;
  frame->pending = NULL;
  vm_stack_unwind(stack, &frame->base);
  if (iree_status_is_ok(status)) {
    unpack_results(binding, frame, ip, results);
    frame->ip = ip + ip->c;
  } else {
    release_results(binding, results);
    status = annotate_import(frame, ip, status);
  }
  vm_stack_pop(stack, (uint8_t*)frame + frame->function->frame_size);
  return status;
}
