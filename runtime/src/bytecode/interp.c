/* SPDX-License-Identifier: Apache-2.0 */
/* The loop: a case for each instruction of the fast form. */
#include "bytecode/interp.h"

#include "bytecode/interp_math.h"
#include "vm/list_layout.h"

/* With gcc and clang each case jumps to the next one by itself, which branch predictors like; elsewhere a switch
 * does. */
#if defined(__GNUC__) && !defined(VMRT_INTERP_SWITCH)
#define INTERP_THREADED 1
#pragma GCC diagnostic ignored "-Wpedantic"
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wgnu-label-as-value"
#endif
#else
#define INTERP_THREADED 0
#endif

#define LIKELY(condition) __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

static inline float load_f32(const int32_t* reg) {
  float value;
  memcpy(&value, reg, sizeof value);
  return value;
}
static inline void store_f32(int32_t* reg, float value) { memcpy(reg, &value, sizeof value); }
static inline double load_f64(const int32_t* reg) {
  double value;
  memcpy(&value, reg, sizeof value);
  return value;
}
static inline void store_f64(int32_t* reg, double value) { memcpy(reg, &value, sizeof value); }

/* The compiler is not to see that this is an old acquaintance and to keep it. */
static inline interp_frame_t* frame_of(int32_t* registers) {
#if INTERP_THREADED
  __asm__("" : "+r"(registers));
#endif
  return (interp_frame_t*)registers - 1;
}

/* `size`, a multiple of 16, is mostly small: stores, no call. */
static inline void clear_registers(uint8_t* registers, uint32_t size) {
  if (UNLIKELY(size > 256)) {
    memset(registers, 0, size);
    return;
  }
  for (uint8_t* end = registers + size; registers < end; registers += 16) {
    memset(registers, 0, 16);
    __asm__ volatile("" : "+r"(registers)); /* not to be turned into a call of memset */
  }
}

/* A cleared frame of `function`, called by `parent`; NULL when the stack has no room, nothing having changed. */
static inline interp_frame_t* push_frame(iree_vm_stack_t* stack, vm_frame_t* parent, const code_function_t* function,
                                         bytecode_state_t* state) {
  stack->budget -= function->cost;
  if (UNLIKELY(stack->budget < 0)) return NULL;
  interp_frame_t* frame = (interp_frame_t*)vm_stack_push(stack, function->frame_size);
  if (UNLIKELY(!frame)) return NULL;
  frame->base.parent = parent;
  frame->base.frame_class = &interp_frame_class;
  frame->function = function;
  frame->state = state;
  frame->refs = (iree_vm_ref_t*)((uint8_t*)(frame + 1) + function->ref_offset);
  frame->activation = NULL;
  frame->pending = NULL;
  clear_registers((uint8_t*)(frame + 1), function->register_bytes);
  return frame;
}

/* After push_frame gave NULL. */
static iree_status_t push_failure(iree_vm_stack_t* stack, const code_function_t* function) {
  iree_status_t status = vm_stack_exhausted(stack);
  stack->budget += function->cost;
  return status;
}

/* ---- Entry ------------------------------------------------------------------------------------------------------- */

static iree_status_t check_spans(const code_function_t* function, const iree_vm_function_call_t* call) {
  if (call->arguments.data_length >= function->argument_bytes && call->results.data_length >= function->result_bytes) {
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "call of a function with %u bytes of arguments and %u of results gives %zu and %zu",
                          function->argument_bytes, function->result_bytes, call->arguments.data_length,
                          call->results.data_length);
}

/* Packed arguments into the registers that the calling convention names; references are retained. */
static void unpack_arguments(interp_frame_t* frame, const uint8_t* from) {
  const code_function_t* function = frame->function;
  iree_string_view_t letters = function->module->image.functions[function->ordinal].cconv.arguments;
  int32_t* registers = interp_registers(frame);
  uint32_t next_ref = 0, next = 0, at = 0;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    char letter = letters.data[i];
    if (letter == 'i' || letter == 'f') {
      memcpy(&registers[next++], from + at, 4);
      at += 4;
      continue;
    }
    at = (at + 7) & ~7u;
    if (letter == 'r') {
      iree_vm_ref_t borrowed;
      memcpy(&borrowed, from + at, sizeof borrowed);
      vm_ref_retain(&borrowed, &frame->refs[next_ref++]);
      at += 16;
    } else {
      next = (next + 1) & ~1u;
      memcpy(&registers[next], from + at, 8);
      next += 2;
      at += 8;
    }
  }
}

/* An activation with its entry frame, ready to run. */
static iree_status_t push_activation(iree_vm_stack_t* stack, code_function_t* function, bytecode_state_t* state,
                                     interp_activation_t** out_activation) {
  interp_activation_t* activation = (interp_activation_t*)vm_stack_push(stack, vm_stack_align(sizeof *activation));
  if (!activation) return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "no memory for another stack segment");
  interp_frame_t* frame = push_frame(stack, stack->current, function, state);
  if (!frame) {
    iree_status_t status = push_failure(stack, function);
    vm_stack_pop(stack, activation);
    return status;
  }
  *activation = (interp_activation_t){
      .outer = (interp_activation_t*)stack->activation,
      .parent = stack->current,
      .innermost = frame,
      .module = function->module,
  };
  frame->activation = activation;
  stack->activation = activation;
  stack->current = &frame->base;
  *out_activation = activation;
  return iree_ok_status();
}

iree_status_t interp_begin(iree_vm_stack_t* stack, code_function_t* function, iree_vm_function_call_t call) {
  stack->backtrace_code = IREE_STATUS_OK;
  stack->deferred_failure = false;
  if (UNLIKELY(vm_stack_cancelled(stack))) return vm_stack_cancel_status(stack);
  IREE_RETURN_IF_ERROR(check_spans(function, &call));
  iree_vm_module_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_stack_query_module_state(stack, &function->module->interface, &state));
  code_form_t form = stack->flags & IREE_VM_INVOCATION_FLAG_TRACE_EXECUTION ? CODE_FORM_TRACED : CODE_FORM_FAST;
  const code_word_t* words = __atomic_load_n(&function->words[form], __ATOMIC_ACQUIRE);
  if (UNLIKELY(!words)) IREE_RETURN_IF_ERROR(code_function_words(function, form, &words));
  interp_activation_t* activation = NULL;
  IREE_RETURN_IF_ERROR(push_activation(stack, function, (bytecode_state_t*)state, &activation));
  activation->results = call.results;
  activation->innermost->ip = words;
  unpack_arguments(activation->innermost, call.arguments.data);
  return interp_run(stack, activation);
}

/* ---- Continuing -------------------------------------------------------------------------------------------------- */

/* Activations may be nested; the one that waits for this call is the outermost that is suspended. */
static interp_activation_t* find_suspended(iree_vm_stack_t* stack, const bytecode_module_t* module) {
  interp_activation_t* found = NULL;
  for (interp_activation_t* at = (interp_activation_t*)stack->activation; at; at = at->outer) {
    if (at->is_suspended && at->module == module) found = at;
  }
  return found;
}

static bool is_deferred(const iree_vm_stack_t* stack, iree_status_t status) {
  return !iree_status_is_ok(status) && vm_stack_is_suspension(stack, status);
}

iree_status_t interp_resume(iree_vm_stack_t* stack, bytecode_module_t* module, iree_byte_span_t results) {
  interp_activation_t* activation = find_suspended(stack, module);
  if (!activation) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "module '%.*s' has no suspended call to resume",
                            (int)module->image.name.size, module->image.name.data);
  }
  activation->is_suspended = false;
  activation->results = results;
  stack->backtrace_code = IREE_STATUS_OK;
  stack->deferred_failure = false;
  interp_frame_t* frame = activation->innermost;
  if (frame->pending) {
    iree_status_t status = interp_resume_native(stack, frame);
    if (is_deferred(stack, status)) {
      iree_status_free(status);
      return interp_suspend(stack, activation, frame);
    }
    if (!iree_status_is_ok(status)) return interp_fail(stack, activation, status);
  } else {
    vm_stack_unwind(stack, &frame->base); /* what a callee that deferred may have left */
    vm_stack_pop(stack, (uint8_t*)frame + frame->function->frame_size);
  }
  return interp_run(stack, activation);
}

/* ---- The loop ---------------------------------------------------------------------------------------------------- */

#if INTERP_THREADED
#define CASE(name) label_##name:
#define FALL_THROUGH
#define DISPATCH() goto* labels[ip->op]
#else
#define CASE(name) case CODE_##name:
#if defined(__GNUC__)
#define FALL_THROUGH __attribute__((fallthrough));
#else
#define FALL_THROUGH
#endif
#define DISPATCH() goto dispatch
#endif
#define NEXT(words) \
  do {              \
    ip += (words);  \
    DISPATCH();     \
  } while (0)

/* After a call the accumulators hold nothing: said so, they need not survive calls and can live in scratch
 * registers. */
#define NEXT_FRESH(words)                                   \
  do {                                                      \
    kept_i32 = 0, kept_i64 = 0, kept_f32 = 0, kept_f64 = 0; \
    NEXT(words);                                            \
  } while (0)

/* The 32-bit register, or the first of a pair, that an operand names; operands of the second word; a reference. */
#define REG(operand) registers[ip->operand]
#define REG2(number) registers[ip[1].slots[number]]
#define REF(operand) FRAME->refs[ip->operand]

/* Result c = expression of a and b. */
#define BINARY(name, type, expression)       \
  CASE(name) {                               \
    type a = (type)REG(a), b = (type)REG(b); \
    REG(c) = (int32_t)(expression);          \
    NEXT(1);                                 \
  }
/* The same, keeping the result, and with the first operand kept from before; further down with the second one. */
#define KEEPING(name, type, first, second, expression) \
  CASE(name) {                                         \
    type a = (type)(first), b = (type)(second);        \
    kept_i32 = (uint32_t)(expression);                 \
    REG(c) = (int32_t)kept_i32;                        \
    NEXT(1);                                           \
  }
#define BINARY_KEPT(name, type, expression)       \
  KEEPING(name, type, REG(a), REG(b), expression) \
  KEEPING(name##_A, type, kept_i32, REG(b), expression)
#define KEEPING_64(name, type, first, second, expression) \
  CASE(name) {                                            \
    type a = (type)(first), b = (type)(second);           \
    kept_i64 = (uint64_t)(expression);                    \
    store_64(&REG(c), (int64_t)kept_i64);                 \
    NEXT(1);                                              \
  }
#define BINARY_KEPT_64(name, type, expression)                           \
  KEEPING_64(name, type, load_64(&REG(a)), load_64(&REG(b)), expression) \
  KEEPING_64(name##_A, type, kept_i64, load_64(&REG(b)), expression)
#define SHIFT_KEPT_64(name, type, expression)                       \
  KEEPING_64(name, type, load_64(&REG(a)), REG(b) & 63, expression) \
  KEEPING_64(name##_A, type, kept_i64, REG(b) & 63, expression)
#define KEEPING_FLOAT(name, suffix, type, first, second, expression) \
  CASE(name) {                                                       \
    type a = (first), b = (second);                                  \
    kept_##suffix = (expression);                                    \
    store_##suffix(&REG(c), kept_##suffix);                          \
    NEXT(1);                                                         \
  }
#define BINARY_FLOAT_KEPT(name, suffix, type, expression)                                       \
  KEEPING_FLOAT(name, suffix, type, load_##suffix(&REG(a)), load_##suffix(&REG(b)), expression) \
  KEEPING_FLOAT(name##_A, suffix, type, kept_##suffix, load_##suffix(&REG(b)), expression)      \
  KEEPING_FLOAT(name##_B, suffix, type, load_##suffix(&REG(a)), kept_##suffix, expression)
#define UNARY_FLOAT_KEPT(name, suffix, expression) \
  CASE(name) {                                     \
    kept_##suffix = load_##suffix(&REG(a));        \
    kept_##suffix = (expression);                  \
    store_##suffix(&REG(b), kept_##suffix);        \
    NEXT(1);                                       \
  }                                                \
  CASE(name##_A) {                                 \
    kept_##suffix = (expression);                  \
    store_##suffix(&REG(b), kept_##suffix);        \
    NEXT(1);                                       \
  }
#define BINARY_64(name, type, expression)                        \
  CASE(name) {                                                   \
    type a = (type)load_64(&REG(a)), b = (type)load_64(&REG(b)); \
    store_64(&REG(c), (int64_t)(expression));                    \
    NEXT(1);                                                     \
  }
#define DIVIDE(name, type, expression)          \
  CASE(name) {                                  \
    type a = (type)REG(a), b = (type)REG(b);    \
    if (UNLIKELY(b == 0)) goto divided_by_zero; \
    REG(c) = (int32_t)(expression);             \
    NEXT(1);                                    \
  }
#define DIVIDE_64(name, type, expression)                        \
  CASE(name) {                                                   \
    type a = (type)load_64(&REG(a)), b = (type)load_64(&REG(b)); \
    if (UNLIKELY(b == 0)) goto divided_by_zero;                  \
    store_64(&REG(c), (int64_t)(expression));                    \
    NEXT(1);                                                     \
  }
#define COMPARE_64(name, type, expression)                       \
  CASE(name) {                                                   \
    type a = (type)load_64(&REG(a)), b = (type)load_64(&REG(b)); \
    REG(c) = (expression);                                       \
    NEXT(1);                                                     \
  }
#define UNARY(name, expression)     \
  CASE(name) {                      \
    uint32_t a = (uint32_t)REG(a);  \
    REG(b) = (int32_t)(expression); \
    NEXT(1);                        \
  }
#define UNARY_64(name, expression)            \
  CASE(name) {                                \
    uint64_t a = (uint64_t)load_64(&REG(a));  \
    store_64(&REG(b), (int64_t)(expression)); \
    NEXT(1);                                  \
  }
#define UNARY_FLOAT(name, suffix, type, expression) \
  CASE(name) {                                      \
    type a = load_##suffix(&REG(a));                \
    store_##suffix(&REG(b), expression);            \
    NEXT_FRESH(1);                                  \
  }
#define BINARY_FLOAT(name, suffix, type, expression)             \
  CASE(name) {                                                   \
    type a = load_##suffix(&REG(a)), b = load_##suffix(&REG(b)); \
    store_##suffix(&REG(c), expression);                         \
    NEXT_FRESH(1);                                               \
  }
#define COMPARE_FLOAT(name, suffix, type, expression)            \
  CASE(name) {                                                   \
    type a = load_##suffix(&REG(a)), b = load_##suffix(&REG(b)); \
    REG(c) = (expression);                                       \
    NEXT(1);                                                     \
  }
/* The instructions that exist for both widths of floats. */
#define FLOAT_CASES(T, suffix, type, m)                                                                        \
  BINARY_FLOAT_KEPT(ADD_##T, suffix, type, a + b)                                                              \
  BINARY_FLOAT_KEPT(SUB_##T, suffix, type, a - b)                                                              \
  BINARY_FLOAT_KEPT(MUL_##T, suffix, type, a* b)                                                               \
  BINARY_FLOAT_KEPT(DIV_##T, suffix, type, a / b)                                                              \
  BINARY_FLOAT(REM_##T, suffix, type, remainder##m(a, b))                                                      \
  BINARY_FLOAT(MIN_##T, suffix, type, b < a ? b : a)                                                           \
  BINARY_FLOAT(MAX_##T, suffix, type, a < b ? b : a)                                                           \
  BINARY_FLOAT(ATAN2_##T, suffix, type, atan2##m(a, b))                                                        \
  BINARY_FLOAT(POW_##T, suffix, type, pow##m(a, b))                                                            \
  UNARY_FLOAT(CEIL_##T, suffix, type, ceil##m(a))                                                              \
  UNARY_FLOAT(FLOOR_##T, suffix, type, floor##m(a))                                                            \
  UNARY_FLOAT(ROUND_##T, suffix, type, round##m(a))                                                            \
  UNARY_FLOAT(ROUND_##T##_EVEN, suffix, type, math_round_even_##suffix(a))                                     \
  UNARY_FLOAT(SQRT_##T, suffix, type, sqrt##m(a))                                                              \
  UNARY_FLOAT(RSQRT_##T, suffix, type, (type)1 / sqrt##m(a))                                                   \
  UNARY_FLOAT(ATAN_##T, suffix, type, atan##m(a))                                                              \
  UNARY_FLOAT(COS_##T, suffix, type, cos##m(a))                                                                \
  UNARY_FLOAT(SIN_##T, suffix, type, sin##m(a))                                                                \
  UNARY_FLOAT(EXP_##T, suffix, type, exp##m(a))                                                                \
  UNARY_FLOAT(EXP2_##T, suffix, type, exp2##m(a))                                                              \
  UNARY_FLOAT(EXPM1_##T, suffix, type, expm1##m(a))                                                            \
  UNARY_FLOAT(LOG_##T, suffix, type, log##m(a))                                                                \
  UNARY_FLOAT(LOG10_##T, suffix, type, log10##m(a))                                                            \
  UNARY_FLOAT(LOG1P_##T, suffix, type, log1p##m(a))                                                            \
  UNARY_FLOAT(LOG2_##T, suffix, type, log2##m(a))                                                              \
  UNARY_FLOAT(TANH_##T, suffix, type, tanh##m(a))                                                              \
  UNARY_FLOAT(ERF_##T, suffix, type, erf##m(a))                                                                \
  COMPARE_FLOAT(CMP_EQ_##T##_O, suffix, type, a == b)                                                          \
  COMPARE_FLOAT(CMP_EQ_##T##_U, suffix, type, !(a < b || a > b))                                               \
  COMPARE_FLOAT(CMP_NE_##T##_O, suffix, type, !(a == b))                                                       \
  COMPARE_FLOAT(CMP_LT_##T##_O, suffix, type, a < b)                                                           \
  COMPARE_FLOAT(CMP_LT_##T##_U, suffix, type, !(a >= b))                                                       \
  COMPARE_FLOAT(CMP_LTE_##T##_O, suffix, type, a <= b)                                                         \
  COMPARE_FLOAT(CMP_LTE_##T##_U, suffix, type, !(a > b))                                                       \
  CASE(CMP_NAN_##T) {                                                                                          \
    type a = load_##suffix(&REG(a));                                                                           \
    REG(b) = a != a;                                                                                           \
    NEXT(1);                                                                                                   \
  }                                                                                                            \
  CASE(FMA_##T) {                                                                                              \
    kept_##suffix = math_fma_##suffix(load_##suffix(&REG(a)), load_##suffix(&REG(b)), load_##suffix(&REG(c))); \
    store_##suffix(&REG2(0), kept_##suffix);                                                                   \
    NEXT(2);                                                                                                   \
  }                                                                                                            \
  CASE(FPOWI_##T) {                                                                                            \
    store_##suffix(&REG(c), math_powi_##suffix(load_##suffix(&REG(a)), load_64(&REG(b))));                     \
    NEXT(1);                                                                                                   \
  }

#define BRANCH(condition)                   \
  do {                                      \
    if (condition) NEXT(ip[1].then_offset); \
    NEXT(ip[1].else_offset);                \
  } while (0)
/* Compares, keeps the result, branches; the second one on the way back of a loop. */
#define COMPARE_AND_BRANCH(name, type, load, expression)   \
  CASE(name##_BACK)                                        \
  if (UNLIKELY(vm_stack_cancelled(stack))) goto cancelled; \
  FALL_THROUGH                                             \
  CASE(name) {                                             \
    type a = (type)load(REG(a)), b = (type)load(REG(b));   \
    bool holds = (expression);                             \
    REG(c) = holds;                                        \
    BRANCH(holds);                                         \
  }
/* The first cases of a table are jumps of the machine, which it predicts; the offset of another case has to be waited
 * for. */
#if INTERP_THREADED
#define TABLE_CASE(number)           \
  case number:                       \
    ip += offsets[1 + (number)];     \
    __asm__ volatile("" : "+r"(ip)); \
    DISPATCH();
#else
#define TABLE_CASE(number)
#endif
#define AS_IS(value) (value)
#define AS_PAIR(value) load_64(&(value))

/* The place of element `index` of the buffer whose reference is operand a; or the way out. */
#define BUFFER_ELEMENT(size, index, write)                                                                        \
  const iree_vm_ref_t* ref = (const iree_vm_ref_t*)((const uint8_t*)registers + (size_t)ip->a * CODE_PLACE_UNIT); \
  uint64_t offset = (uint64_t)(index);                                                                            \
  const iree_vm_buffer_t* buffer = (const iree_vm_buffer_t*)ref->ptr;                                             \
  if (UNLIKELY(ref->type != buffer_type || offset >= buffer->data.data_length / (size) ||                         \
               ((write) && !(buffer->access & IREE_VM_BUFFER_ACCESS_MUTABLE)))) {                                 \
    status = interp_buffer_failure(ref, offset, size, write);                                                     \
    goto failed;                                                                                                  \
  }                                                                                                               \
  uint8_t* element = buffer->data.data + offset * (size)
#define BUFFER_LOAD_BY(name, type, index, store)  \
  CASE(name) {                                    \
    BUFFER_ELEMENT(sizeof(type), (index), false); \
    type value;                                   \
    memcpy(&value, element, sizeof value);        \
    store;                                        \
    NEXT(1);                                      \
  }
#define BUFFER_LOAD(name, type, store)                \
  BUFFER_LOAD_BY(name, type, load_64(&REG(b)), store) \
  BUFFER_LOAD_BY(name##_A, type, kept_i64, store)
#define BUFFER_STORE(name, type, stored)                  \
  CASE(name) {                                            \
    BUFFER_ELEMENT(sizeof(type), load_64(&REG(b)), true); \
    type value = (type)(stored);                          \
    memcpy(element, &value, sizeof value);                \
    NEXT(1);                                              \
  }

/* The address of a global whose offset is in a register, or the way out. */
#define INDIRECT_GLOBAL(size)                                                           \
  uint32_t offset = (uint32_t)REG(a);                                                   \
  if (UNLIKELY((uint64_t)offset + (size) > FRAME->state->module->image.global_bytes)) { \
    status = interp_global_failure(FRAME, offset);                                      \
    goto failed;                                                                        \
  }

/* The list in operand a and the index in operand b; `is_direct` when it holds such values and the index is inside. */
#define LIST_ELEMENT(value_type)                                  \
  const iree_vm_list_t* list = (const iree_vm_list_t*)REF(a).ptr; \
  uint32_t index = (uint32_t)REG(b);                              \
  bool is_direct = REF(a).type == list_type && list->element_type.value == (value_type) && index < list->count

/* An instruction that is a function of its own. */
#define OPERATION(name, function, words)                   \
  CASE(name) {                                             \
    status = function(FRAME, ip);                          \
    if (UNLIKELY(!iree_status_is_ok(status))) goto failed; \
    NEXT_FRESH(words);                                     \
  }

/* The running frame and its references, found from its registers each time: two machine registers less to keep. */
#define FRAME frame_of(registers)

#define SWITCH_TO(target)                 \
  do {                                    \
    registers = interp_registers(target); \
    globals = FRAME->state->globals;      \
  } while (0)

/* Leaves the frame for its caller, which is in a call. */
#define RETURN_TO_CALLER()                                        \
  do {                                                            \
    interp_frame_t* caller = (interp_frame_t*)FRAME->base.parent; \
    stack->budget += FRAME->function->cost;                       \
    vm_stack_pop(stack, FRAME);                                   \
    SWITCH_TO(caller);                                            \
    ip = FRAME->ip;                                               \
  } while (0)

iree_status_t interp_run(iree_vm_stack_t* stack, interp_activation_t* activation) {
#if INTERP_THREADED
  static const void* const labels[CODE_OP_COUNT] = {
#define CODE(name) &&label_##name,
#define ALIAS(name, same)
#include "bytecode/code.def"
#undef CODE
#undef ALIAS
  };
#endif
  const iree_vm_ref_type_t buffer_type = iree_vm_buffer_type(), list_type = iree_vm_list_type();
  iree_status_t status = iree_ok_status();
  int32_t* registers;
  uint8_t* globals;
  uint32_t kept_i32 = 0; /* the accumulators: results that the next instruction needs */
  uint64_t kept_i64 = 0;
  float kept_f32 = 0;
  double kept_f64 = 0;
  SWITCH_TO(activation->innermost);
  const code_word_t* ip = FRAME->ip;
  DISPATCH();

#if !INTERP_THREADED
dispatch:
  switch ((code_op_t)ip->op) {
#endif

    /* ---- Constants, moves, globals ---- */
    CASE(CONST_I32) { REG(a) = ip->imm; NEXT(1); }
    CASE(CONST_I64_SHORT) { store_64(&REG(a), ip->imm); NEXT(1); }
    CASE(CONST_I64) { store_64(&REG(a), (int64_t)ip[1].bits); NEXT(2); }
    CASE(MOVE_32) { REG(b) = REG(a); NEXT(1); }
    CASE(MOVE_64) { store_64(&REG(b), load_64(&REG(a))); NEXT(1); }
    CASE(MOVE_32_TWICE) { REG(b) = REG(a); registers[ip[1].op] = REG(c); NEXT(2); }
    CASE(GLOBAL_LOAD_I32) { memcpy(&REG(a), globals + (uint32_t)ip->imm, 4); NEXT(1); }
    CASE(GLOBAL_STORE_I32) { memcpy(globals + (uint32_t)ip->imm, &REG(a), 4); NEXT(1); }
    CASE(GLOBAL_LOAD_I64) { memcpy(&REG(a), globals + (uint32_t)ip->imm, 8); NEXT(1); }
    CASE(GLOBAL_STORE_I64) { memcpy(globals + (uint32_t)ip->imm, &REG(a), 8); NEXT(1); }
    CASE(GLOBAL_LOAD_INDIRECT_I32) { INDIRECT_GLOBAL(4); memcpy(&REG(b), globals + offset, 4); NEXT(1); }
    CASE(GLOBAL_STORE_INDIRECT_I32) { INDIRECT_GLOBAL(4); memcpy(globals + offset, &REG(b), 4); NEXT(1); }
    CASE(GLOBAL_LOAD_INDIRECT_I64) { INDIRECT_GLOBAL(8); memcpy(&REG(b), globals + offset, 8); NEXT(1); }
    CASE(GLOBAL_STORE_INDIRECT_I64) { INDIRECT_GLOBAL(8); memcpy(globals + offset, &REG(b), 8); NEXT(1); }
    OPERATION(GLOBAL_LOAD_REF, interp_global_load_ref, 2)
    OPERATION(GLOBAL_STORE_REF, interp_global_store_ref, 2)
    OPERATION(GLOBAL_LOAD_INDIRECT_REF, interp_global_load_indirect_ref, 2)
    OPERATION(GLOBAL_STORE_INDIRECT_REF, interp_global_store_indirect_ref, 2)

    /* ---- Choosing ---- */
    CASE(SELECT_I32) { REG2(0) = REG(a) ? REG(b) : REG(c); NEXT(2); }
    CASE(SELECT_I64) { store_64(&REG2(0), REG(a) ? load_64(&REG(b)) : load_64(&REG(c))); NEXT(2); }
    CASE(SWITCH_I32) {
      const uint16_t* values = ip[1].slots;
      uint32_t count = values[0], index = (uint32_t)REG(a);
      REG(c) = registers[index < count ? values[1 + index] : ip->b];
      NEXT(1 + code_words_of(1 + count));
    }
    CASE(SWITCH_I64) {
      const uint16_t* values = ip[1].slots;
      uint32_t count = values[0], index = (uint32_t)REG(a);
      store_64(&REG(c), load_64(&registers[index < count ? values[1 + index] : ip->b]));
      NEXT(1 + code_words_of(1 + count));
    }
    OPERATION(SELECT_REF, interp_select_ref, 3)
    OPERATION(SWITCH_REF, interp_switch_ref, 2 + code_words_of(1u + ip[1].op))

    /* ---- Integers ---- */
    BINARY_KEPT(ADD_I32, uint32_t, a + b)
    BINARY_KEPT(SUB_I32, uint32_t, a - b)
    KEEPING(SUB_I32_B, uint32_t, REG(a), kept_i32, a - b)
    BINARY_KEPT(MUL_I32, uint32_t, a * b)
    DIVIDE(DIV_I32_S, int32_t, math_div_i32(a, b))
    DIVIDE(DIV_I32_U, uint32_t, a / b)
    DIVIDE(REM_I32_S, int32_t, math_rem_i32(a, b))
    DIVIDE(REM_I32_U, uint32_t, a % b)
    CASE(FMA_I32) {
      kept_i32 = (uint32_t)REG(a) * (uint32_t)REG(b) + (uint32_t)REG(c);
      REG2(0) = (int32_t)kept_i32;
      NEXT(2);
    }
    BINARY_KEPT(AND_I32, uint32_t, a & b)
    BINARY_KEPT(OR_I32, uint32_t, a | b)
    BINARY_KEPT(XOR_I32, uint32_t, a ^ b)
    BINARY_KEPT(SHL_I32, uint32_t, a << (b & 31))
    BINARY_KEPT(SHR_I32_S, int32_t, a >> (b & 31))
    BINARY_KEPT(SHR_I32_U, uint32_t, a >> (b & 31))
    BINARY(MIN_I32_S, int32_t, a < b ? a : b)
    BINARY(MIN_I32_U, uint32_t, a < b ? a : b)
    BINARY(MAX_I32_S, int32_t, a > b ? a : b)
    BINARY(MAX_I32_U, uint32_t, a > b ? a : b)
    BINARY(CMP_EQ_I32, int32_t, a == b)
    BINARY(CMP_NE_I32, int32_t, a != b)
    BINARY(CMP_LT_I32_S, int32_t, a < b)
    BINARY(CMP_LT_I32_U, uint32_t, a < b)
    UNARY(CMP_NZ_I32, a != 0)
    UNARY(NOT_I32, ~a)
    UNARY(CTLZ_I32, math_ctlz_i32(a))
    UNARY(ABS_I32, (int32_t)a < 0 ? 0u - a : a)
    UNARY(EXT_I8_I32_S, (int8_t)a)
    UNARY(EXT_I8_I32_U, (uint8_t)a)
    UNARY(EXT_I16_I32_S, (int16_t)a)
    UNARY(EXT_I16_I32_U, (uint16_t)a)
    BINARY_KEPT_64(ADD_I64, uint64_t, a + b)
    BINARY_KEPT_64(SUB_I64, uint64_t, a - b)
    KEEPING_64(SUB_I64_B, uint64_t, load_64(&REG(a)), kept_i64, a - b)
    BINARY_KEPT_64(MUL_I64, uint64_t, a * b)
    DIVIDE_64(DIV_I64_S, int64_t, math_div_i64(a, b))
    DIVIDE_64(DIV_I64_U, uint64_t, a / b)
    DIVIDE_64(REM_I64_S, int64_t, math_rem_i64(a, b))
    DIVIDE_64(REM_I64_U, uint64_t, a % b)
    CASE(FMA_I64) {
      kept_i64 = (uint64_t)load_64(&REG(a)) * (uint64_t)load_64(&REG(b)) + (uint64_t)load_64(&REG(c));
      store_64(&REG2(0), (int64_t)kept_i64);
      NEXT(2);
    }
    CASE(ADD_ADD_I64) {
      kept_i64 = (uint64_t)load_64(&REG(a)) + (uint64_t)load_64(&REG(b));
      store_64(&REG(c), (int64_t)kept_i64);
      kept_i64 += (uint64_t)load_64(&registers[ip[1].b]);
      store_64(&registers[ip[1].c], (int64_t)kept_i64);
      NEXT(2);
    }
    CASE(FMA_ADD_I64) {
      kept_i64 = (uint64_t)load_64(&REG(a)) * (uint64_t)load_64(&REG(b)) + (uint64_t)load_64(&REG(c));
      store_64(&REG2(0), (int64_t)kept_i64);
      kept_i64 += (uint64_t)load_64(&registers[ip[2].b]);
      store_64(&registers[ip[2].c], (int64_t)kept_i64);
      NEXT(3);
    }
    BINARY_KEPT_64(AND_I64, uint64_t, a & b)
    BINARY_KEPT_64(OR_I64, uint64_t, a | b)
    BINARY_KEPT_64(XOR_I64, uint64_t, a ^ b)
    SHIFT_KEPT_64(SHL_I64, uint64_t, a << b)
    SHIFT_KEPT_64(SHR_I64_S, int64_t, a >> b)
    SHIFT_KEPT_64(SHR_I64_U, uint64_t, a >> b)
    BINARY_64(MIN_I64_S, int64_t, a < b ? a : b)
    BINARY_64(MIN_I64_U, uint64_t, a < b ? a : b)
    BINARY_64(MAX_I64_S, int64_t, a > b ? a : b)
    BINARY_64(MAX_I64_U, uint64_t, a > b ? a : b)
    COMPARE_64(CMP_EQ_I64, int64_t, a == b)
    COMPARE_64(CMP_NE_I64, int64_t, a != b)
    COMPARE_64(CMP_LT_I64_S, int64_t, a < b)
    COMPARE_64(CMP_LT_I64_U, uint64_t, a < b)
    CASE(CMP_NZ_I64) { REG(b) = load_64(&REG(a)) != 0; NEXT(1); }
    UNARY_64(NOT_I64, ~a)
    UNARY_64(CTLZ_I64, math_ctlz_i64(a))
    UNARY_64(ABS_I64, (int64_t)a < 0 ? 0u - a : a)
    CASE(EXT_I32_I64_S) { store_64(&REG(b), REG(a)); NEXT(1); }
    CASE(EXT_I32_I64_U) { store_64(&REG(b), (uint32_t)REG(a)); NEXT(1); }

    /* ---- Floats ---- */
    FLOAT_CASES(F32, f32, float, f)
    FLOAT_CASES(F64, f64, double, )
    UNARY_FLOAT_KEPT(ABS_F32, f32, fabsf(kept_f32))
    UNARY_FLOAT_KEPT(NEG_F32, f32, -kept_f32)
    UNARY_FLOAT_KEPT(ABS_F64, f64, fabs(kept_f64))
    UNARY_FLOAT_KEPT(NEG_F64, f64, -kept_f64)
    CASE(CAST_SI32_F32) { store_f32(&REG(b), (float)REG(a)); NEXT(1); }
    CASE(CAST_UI32_F32) { store_f32(&REG(b), (float)(uint32_t)REG(a)); NEXT(1); }
    CASE(CAST_SI64_F32) { store_f32(&REG(b), (float)load_64(&REG(a))); NEXT(1); }
    CASE(CAST_UI64_F32) { store_f32(&REG(b), (float)(uint64_t)load_64(&REG(a))); NEXT(1); }
    CASE(CAST_F32_SI32) { REG(b) = math_to_i32(load_f32(&REG(a))); NEXT_FRESH(1); }
    CASE(CAST_F32_SI64) { store_64(&REG(b), math_to_i64(load_f32(&REG(a)))); NEXT_FRESH(1); }
    CASE(CAST_F32_UI64) { store_64(&REG(b), math_to_u64(load_f32(&REG(a)))); NEXT_FRESH(1); }
    CASE(CAST_SI32_F64) { store_f64(&REG(b), (double)REG(a)); NEXT(1); }
    CASE(CAST_UI32_F64) { store_f64(&REG(b), (double)(uint32_t)REG(a)); NEXT(1); }
    CASE(CAST_SI64_F64) { store_f64(&REG(b), (double)load_64(&REG(a))); NEXT(1); }
    CASE(CAST_UI64_F64) { store_f64(&REG(b), (double)(uint64_t)load_64(&REG(a))); NEXT(1); }
    CASE(CAST_F64_SI32) { REG(b) = math_to_i32((float)load_f64(&REG(a))); NEXT_FRESH(1); }
    CASE(CAST_F64_SI64) { store_64(&REG(b), math_to_i64(load_f64(&REG(a)))); NEXT_FRESH(1); }
    CASE(TRUNC_F64_F32) { store_f32(&REG(b), (float)load_f64(&REG(a))); NEXT(1); }
    CASE(EXT_F32_F64) { store_f64(&REG(b), load_f32(&REG(a))); NEXT(1); }

    /* ---- References ---- */
    CASE(CONST_REF_ZERO) { vm_ref_release(ref_at(FRAME->refs, ip->a)); NEXT_FRESH(1); }
    CASE(CONST_REF_RODATA) {
      iree_vm_ref_t constant = {&FRAME->state->module->rodata[(uint32_t)ip->imm], buffer_type};
      vm_ref_retain(&constant, ref_at(FRAME->refs, ip->a));
      NEXT_FRESH(1);
    }
    CASE(MOVE_REF) CASE(ASSIGN_REF) { take_ref(FRAME->refs, ip->a, ref_at(FRAME->refs, ip->b)); NEXT_FRESH(1); }
    OPERATION(CAST_ANY_REF, interp_cast_any_ref, 2)
    CASE(CMP_EQ_REF) { REG(c) = iree_vm_ref_equal(&REF(a), &REF(b)); NEXT_FRESH(1); }
    CASE(CMP_NE_REF) { REG(c) = !iree_vm_ref_equal(&REF(a), &REF(b)); NEXT_FRESH(1); }
    CASE(CMP_NZ_REF) { REG(b) = !iree_vm_ref_is_null(&REF(a)); NEXT_FRESH(1); }
    CASE(DISCARD_REFS) {
      const uint16_t* refs = ip->slots + 2;
      uint32_t count = ip->a;
      for (uint32_t i = 0; i < count; ++i) vm_ref_release(&FRAME->refs[refs[i]]);
      NEXT_FRESH(code_words_of(2 + count));
    }

    /* ---- Buffers ---- */
    BUFFER_LOAD(BUFFER_LOAD_I8_U, uint8_t, REG(c) = value)
    BUFFER_LOAD(BUFFER_LOAD_I8_S, int8_t, REG(c) = value)
    BUFFER_LOAD(BUFFER_LOAD_I16_U, uint16_t, REG(c) = value)
    BUFFER_LOAD(BUFFER_LOAD_I16_S, int16_t, REG(c) = value)
    BUFFER_LOAD(BUFFER_LOAD_I32, int32_t, REG(c) = value)
    BUFFER_LOAD(BUFFER_LOAD_I64, int64_t, store_64(&REG(c), value))
    BUFFER_STORE(BUFFER_STORE_I8, uint8_t, REG(c))
    BUFFER_STORE(BUFFER_STORE_I16, uint16_t, REG(c))
    BUFFER_STORE(BUFFER_STORE_I32, uint32_t, REG(c))
    BUFFER_STORE(BUFFER_STORE_I64, uint64_t, load_64(&REG(c)))
    BUFFER_STORE(BUFFER_STORE_F32, float, load_f32(&REG(c)))
    BUFFER_STORE(BUFFER_STORE_F32_A, float, kept_f32)
    BUFFER_STORE(BUFFER_STORE_F64, double, load_f64(&REG(c)))
    BUFFER_STORE(BUFFER_STORE_F64_A, double, kept_f64)
    CASE(BUFFER_LENGTH) {
      const iree_vm_ref_t* ref = &REF(a);
      if (UNLIKELY(ref->type != buffer_type)) {
        status = interp_buffer_failure(ref, 0, 1, false);
        goto failed;
      }
      store_64(&REG(b), (int64_t)((const iree_vm_buffer_t*)ref->ptr)->data.data_length);
      NEXT(1);
    }
    OPERATION(BUFFER_ALLOC, interp_buffer_alloc, 1)
    OPERATION(BUFFER_CLONE, interp_buffer_clone, 2)
    OPERATION(BUFFER_COPY, interp_buffer_copy, 2)
    OPERATION(BUFFER_COMPARE, interp_buffer_compare, 2)
    OPERATION(BUFFER_HASH, interp_buffer_hash, 2)
    CASE(BUFFER_FILL_I8) CASE(BUFFER_FILL_I16) CASE(BUFFER_FILL_I32)
    OPERATION(BUFFER_FILL_I64, interp_buffer_fill, 2)

    /* ---- Lists ---- */
    OPERATION(LIST_ALLOC, interp_list_alloc, 2)
    OPERATION(LIST_RESERVE, interp_list_reserve, 1)
    OPERATION(LIST_RESIZE, interp_list_resize, 1)
    CASE(LIST_SIZE) {
      if (UNLIKELY(REF(a).type != list_type)) goto no_list;
      REG(b) = (int32_t)(uint32_t)((const iree_vm_list_t*)REF(a).ptr)->count;
      NEXT(1);
    }
    CASE(LIST_GET_I32) {
      LIST_ELEMENT(IREE_VM_VALUE_TYPE_I32);
      if (LIKELY(is_direct)) {
        memcpy(&REG(c), list->storage + 4 * (size_t)index, 4);
        NEXT(1);
      }
      goto list_get;
    }
    CASE(LIST_GET_I64) {
      LIST_ELEMENT(IREE_VM_VALUE_TYPE_I64);
      if (LIKELY(is_direct)) {
        memcpy(&REG(c), list->storage + 8 * (size_t)index, 8);
        NEXT(1);
      }
      goto list_get;
    }
    CASE(LIST_GET_F32) CASE(LIST_GET_F64) list_get:
    status = interp_list_get(FRAME, ip);
    if (UNLIKELY(!iree_status_is_ok(status))) goto failed;
    NEXT_FRESH(1);
    CASE(LIST_SET_I32) {
      LIST_ELEMENT(IREE_VM_VALUE_TYPE_I32);
      if (LIKELY(is_direct)) {
        memcpy(list->storage + 4 * (size_t)index, &REG(c), 4);
        NEXT(1);
      }
      goto list_set;
    }
    CASE(LIST_SET_I64) {
      LIST_ELEMENT(IREE_VM_VALUE_TYPE_I64);
      if (LIKELY(is_direct)) {
        memcpy(list->storage + 8 * (size_t)index, &REG(c), 8);
        NEXT(1);
      }
      goto list_set;
    }
    CASE(LIST_SET_F32) CASE(LIST_SET_F64) list_set:
    status = interp_list_set(FRAME, ip);
    if (UNLIKELY(!iree_status_is_ok(status))) goto failed;
    NEXT_FRESH(1);
    OPERATION(LIST_GET_REF, interp_list_get_ref, 2)
    OPERATION(LIST_SET_REF, interp_list_set_ref, 1)

    /* ---- Branches ---- */
    CASE(BR_BACK)
    if (UNLIKELY(vm_stack_cancelled(stack))) goto cancelled;
    FALL_THROUGH
    CASE(BR) { NEXT(ip->imm); }
    CASE(COND_BR_BACK)
    if (UNLIKELY(vm_stack_cancelled(stack))) goto cancelled;
    FALL_THROUGH
    CASE(COND_BR) { BRANCH(REG(a)); }
    COMPARE_AND_BRANCH(BR_EQ_I32, int32_t, AS_IS, a == b)
    COMPARE_AND_BRANCH(BR_NE_I32, int32_t, AS_IS, a != b)
    COMPARE_AND_BRANCH(BR_LT_I32_S, int32_t, AS_IS, a < b)
    COMPARE_AND_BRANCH(BR_LT_I32_U, uint32_t, AS_IS, a < b)
    COMPARE_AND_BRANCH(BR_EQ_I64, int64_t, AS_PAIR, a == b)
    COMPARE_AND_BRANCH(BR_NE_I64, int64_t, AS_PAIR, a != b)
    COMPARE_AND_BRANCH(BR_LT_I64_S, int64_t, AS_PAIR, a < b)
    COMPARE_AND_BRANCH(BR_LT_I64_U, uint64_t, AS_PAIR, a < b)
    CASE(ADD_BR_LT_I64_S_BACK) {
      kept_i64 = (uint64_t)load_64(&REG(a)) + (uint64_t)load_64(&REG(b));
      store_64(&REG(c), (int64_t)kept_i64);
      ip += 1;
      if (UNLIKELY(vm_stack_cancelled(stack))) goto cancelled;
      bool holds = (int64_t)kept_i64 < load_64(&REG(b));
      REG(c) = holds;
      BRANCH(holds);
    }
    CASE(BR_TABLE) {
      const int32_t* offsets = ip[1].offsets;
      uint32_t index = (uint32_t)REG(a), count = ip->b;
      if (UNLIKELY(index >= count)) NEXT(offsets[0]);
      switch (index) {
        TABLE_CASE(0) TABLE_CASE(1) TABLE_CASE(2) TABLE_CASE(3) TABLE_CASE(4) TABLE_CASE(5) TABLE_CASE(6) TABLE_CASE(7)
        default: NEXT(offsets[1 + index]);
      }
    }

    /* ---- Calls ---- */
    CASE(CALL) CASE(CALL_TRACED) {
      code_function_t* function = (code_function_t*)(uintptr_t)ip[1].pointer;
      if (UNLIKELY(vm_stack_cancelled(stack))) goto cancelled;
      const code_word_t* words = __atomic_load_n(&function->words[ip->op - CODE_CALL], __ATOMIC_ACQUIRE);
      if (UNLIKELY(!words)) {
        status = code_function_words(function, (code_form_t)(ip->op - CODE_CALL), &words);
        if (!iree_status_is_ok(status)) goto failed;
      }
      interp_frame_t* callee = push_frame(stack, &FRAME->base, function, FRAME->state);
      if (UNLIKELY(!callee)) {
        status = push_failure(stack, function);
        goto failed;
      }
      int32_t* arguments = interp_registers(callee);
      const uint16_t* moves = ip[CODE_CALL_RESULTS + code_words_of(1u + ip[CODE_CALL_RESULTS].op)].slots;
      for (uint32_t left = ip->a; left > 0; --left, moves += 2) arguments[moves[1]] = registers[moves[0]];
      if (UNLIKELY(ip->b)) {
        moves =
            (ip + CODE_CALL_RESULTS + code_words_of(1u + ip[CODE_CALL_RESULTS].op) + code_words_of(2u * ip->a))->slots;
        for (uint32_t left = ip->b; left > 0; --left, moves += 2) {
          if (moves[0] & CODE_REGISTER_REF) {
            take_ref(FRAME->refs, moves[0], &callee->refs[moves[1]]);
          } else {
            store_64(&arguments[moves[1]], load_64(&registers[moves[0] & CODE_REGISTER_INDEX]));
          }
        }
      }
      FRAME->ip = ip;
      SWITCH_TO(callee);
      ip = words;
      NEXT_FRESH(0);
    }
    CASE(CALL_IMPORT) {
      import_binding_t* binding = &FRAME->state->imports[(uint32_t)ip[1].imm];
      if (UNLIKELY(vm_stack_cancelled(stack))) goto cancelled;
      FRAME->ip = ip;
      if (UNLIKELY(!binding->function.module)) {
        status = interp_unresolved(FRAME, (uint32_t)ip[1].imm);
        goto failed;
      }
      code_function_t* function = binding->target;
      if (!function) {
        stack->current = &FRAME->base;
        status = interp_call_native(stack, FRAME, ip);
        if (UNLIKELY(!iree_status_is_ok(status))) goto import_failed;
        NEXT_FRESH(ip->c);
      }
      if (UNLIKELY(!binding->target_state)) {
        status = interp_find_target_state(stack, binding);
        if (!iree_status_is_ok(status)) goto failed;
      }
      code_form_t form = ip[1].op & CALL_FLAG_TRACED ? CODE_FORM_TRACED : CODE_FORM_FAST;
      const code_word_t* words = __atomic_load_n(&function->words[form], __ATOMIC_ACQUIRE);
      if (UNLIKELY(!words)) {
        status = code_function_words(function, form, &words);
        if (!iree_status_is_ok(status)) goto failed;
      }
      interp_frame_t* callee = push_frame(stack, &FRAME->base, function, binding->target_state);
      if (UNLIKELY(!callee)) {
        status = push_failure(stack, function);
        goto failed;
      }
      interp_pass_arguments(binding, FRAME, ip, callee);
      SWITCH_TO(callee);
      ip = words;
      NEXT_FRESH(0);
    }
    CASE(IMPORT_RESOLVED) { REG(a) = FRAME->state->imports[(uint32_t)ip->imm].function.module != NULL; NEXT_FRESH(1); }

    CASE(RELEASE_REFS) { interp_release_refs(FRAME); NEXT_FRESH(1); }
    CASE(CHECK_RESULTS) {
      if (LIKELY(FRAME->activation || ip->a <= ((interp_frame_t*)FRAME->base.parent)->ip[CODE_CALL_RESULTS].op))
        NEXT_FRESH(1);
      status = iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                                "function returns %u values to a call with fewer result registers", ip->a);
      goto failed;
    }
    CASE(RETURN_VOID) {
      if (UNLIKELY(FRAME->activation)) goto leave;
      RETURN_TO_CALLER();
      NEXT_FRESH(ip->c);
    }
    CASE(RETURN_32) {
      if (UNLIKELY(FRAME->activation)) goto leave;
      int32_t value = REG(a);
      RETURN_TO_CALLER();
      registers[ip[CODE_CALL_RESULTS].a] = value;
      NEXT_FRESH(ip->c);
    }
    CASE(RETURN_64) {
      if (UNLIKELY(FRAME->activation)) goto leave;
      int64_t value = load_64(&REG(a));
      RETURN_TO_CALLER();
      store_64(&registers[ip[CODE_CALL_RESULTS].a], value);
      NEXT_FRESH(ip->c);
    }
    CASE(RETURN) {
      if (UNLIKELY(FRAME->activation)) goto leave;
      interp_return_values(FRAME, ip, (interp_frame_t*)FRAME->base.parent);
      interp_release_refs(FRAME);
      RETURN_TO_CALLER();
      NEXT_FRESH(ip->c);
    }

    /* ---- Ends ---- */
    CASE(FAIL) {
      status = interp_fail_instruction(stack, FRAME, ip);
      goto failed;
    }
    CASE(YIELD) {
      FRAME->ip = ip + ip->imm;
      goto suspended;
    }
    CASE(TRACE_INSTRUCTION) {
      status = interp_trace(FRAME, (uint32_t)ip->imm);
      if (UNLIKELY(!iree_status_is_ok(status))) goto failed;
      NEXT_FRESH(1);
    }
#if !INTERP_THREADED
    case CODE_OP_COUNT: break;
  }
#endif

leave:
  interp_leave(stack, FRAME, ip);
  return iree_ok_status();
import_failed: /* the frame of a native function that deferred stays on top */
  if (!is_deferred(stack, status)) goto failed;
  iree_status_free(status); /* libraries may have given it storage */
  return interp_suspend(stack, activation, FRAME);
suspended:
  stack->current = &FRAME->base;
  return interp_suspend(stack, activation, FRAME);
divided_by_zero:
  status = interp_division_by_zero();
  goto failed;
no_list:
  status = interp_list_null();
  goto failed;
cancelled:
  status = vm_stack_cancel_status(stack);
failed:
  FRAME->ip = ip;
  stack->current = &FRAME->base;
  return interp_fail(stack, activation, status);
}
