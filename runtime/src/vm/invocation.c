/* SPDX-License-Identifier: Apache-2.0 */
/* Calls from the host: lists to packed arguments, packed results to lists, and all resumes in between. */
#include "vm/ref_inline.h"
#include "vm/stack.h"
#include "vm/text.h"

/* ---- Packed calls ------------------------------------------------------------------------------------------------ */

static iree_status_t resume(iree_vm_stack_t* stack, iree_vm_module_t* module, iree_byte_span_t results) {
  if (!stack->current) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "unbalanced stack after yield: the function was deferred without a frame to resume");
  }
  if (!module->resume_call) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "the function was deferred but its module has no resume_call");
  }
  if (vm_stack_cancelled(stack)) return vm_stack_cancel_status(stack);
  return module->resume_call(module->self, stack, results);
}

/* A suspension has the code alone; a failure carries the frames that are still there, those of native functions. */
static iree_status_t settle(iree_vm_stack_t* stack, iree_status_t status) {
  if (vm_stack_is_suspension(stack, status)) {
    iree_status_free(status);
    return iree_status_from_code(IREE_STATUS_DEFERRED);
  }
  return stack->current ? iree_vm_stack_annotate_backtrace(stack, status) : status;
}

iree_status_t vm_stack_step(iree_vm_stack_t* stack, const iree_vm_function_call_t* call, bool is_begun) {
  iree_vm_module_t* module = call->function.module;
  iree_status_t status = iree_ok_status();
  if (is_begun) {
    status = resume(stack, module, call->results);
  } else if (module->begin_call) {
    status = module->begin_call(module->self, stack, *call);
  } else {
    status = iree_make_status(IREE_STATUS_UNIMPLEMENTED, "the module cannot be called: it has no begin_call");
  }
  return iree_status_is_ok(status) ? status : settle(stack, status);
}

iree_status_t vm_stack_invoke(iree_vm_stack_t* stack, const iree_vm_function_call_t* call) {
  iree_status_t status = vm_stack_step(stack, call, false);
  while (!iree_status_is_ok(status) && vm_stack_is_suspension(stack, status)) {
    if (!stack->current) return resume(stack, call->function.module, call->results);
    status = vm_stack_step(stack, call, true);
  }
  return status;
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

/* One call from lists to lists. */
typedef struct invocation_t {
  iree_vm_function_call_t call;
  iree_string_view_t argument_letters;
  iree_string_view_t result_letters;
  iree_host_size_t argument_bytes;
  iree_host_size_t result_bytes;
} invocation_t;

static iree_vm_value_type_t value_type_of(char letter) {
  switch (letter) {
    case 'i': return IREE_VM_VALUE_TYPE_I32;
    case 'I': return IREE_VM_VALUE_TYPE_I64;
    case 'f': return IREE_VM_VALUE_TYPE_F32;
    default: return IREE_VM_VALUE_TYPE_F64;
  }
}

/* Offset of a value of this letter at or after `*at`, which is moved behind it. */
static iree_host_size_t place_value(char letter, iree_host_size_t* at) {
  if (letter == 'i' || letter == 'f') {
    *at += 4;
    return *at - 4;
  }
  iree_host_size_t size = letter == 'r' ? sizeof(iree_vm_ref_t) : 8;
  *at = ((*at + 7) & ~(iree_host_size_t)7) + size;
  return *at - size;
}

/* References are borrowed from the list. */
static iree_status_t pack_input(const iree_vm_list_t* inputs, iree_host_size_t i, char letter, uint8_t* place) {
  if (letter == 'r') {
    iree_vm_ref_t ref = iree_vm_ref_null();
    IREE_RETURN_IF_ERROR(iree_vm_list_get_ref_assign(inputs, i, &ref));
    memcpy(place, &ref, sizeof ref);
    return iree_ok_status();
  }
  iree_vm_value_t value;
  iree_vm_value_type_t type = value_type_of(letter);
  IREE_RETURN_IF_ERROR(iree_vm_list_get_value_as(inputs, i, type, &value));
  memcpy(place, value.value_storage, letter == 'i' || letter == 'f' ? 4 : 8);
  return iree_ok_status();
}

static iree_status_t pack_inputs(const invocation_t* invocation, const iree_vm_list_t* inputs) {
  iree_string_view_t letters = invocation->argument_letters;
  iree_host_size_t at = 0;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    uint8_t* place = invocation->call.arguments.data + place_value(letters.data[i], &at);
    iree_status_t status = pack_input(inputs, i, letters.data[i], place);
    if (!iree_status_is_ok(status)) {
      return iree_status_annotate_f(status, "input %zu of calling convention '%.*s'", i, VM_SV_ARG(letters));
    }
  }
  return iree_ok_status();
}

static iree_status_t unpack_output(iree_vm_list_t* outputs, iree_host_size_t i, char letter, uint8_t* place) {
  if (letter == 'r') return iree_vm_list_set_ref_move(outputs, i, (iree_vm_ref_t*)place);
  iree_vm_value_t value = {.type = value_type_of(letter)};
  memcpy(value.value_storage, place, letter == 'i' || letter == 'f' ? 4 : 8);
  return iree_vm_list_set_value(outputs, i, &value);
}

static iree_status_t unpack_outputs(const invocation_t* invocation, iree_vm_list_t* outputs) {
  iree_string_view_t letters = invocation->result_letters;
  if (!outputs) return iree_ok_status();
  iree_vm_list_clear(outputs);
  IREE_RETURN_IF_ERROR(iree_vm_list_resize(outputs, letters.size));
  iree_host_size_t at = 0;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    uint8_t* place = invocation->call.results.data + place_value(letters.data[i], &at);
    iree_status_t status = unpack_output(outputs, i, letters.data[i], place);
    if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "result %zu", i);
  }
  return iree_ok_status();
}

/* What nobody took: after a failure, or when there is no list for it. */
static void release_results(const invocation_t* invocation) {
  iree_string_view_t letters = invocation->result_letters;
  iree_host_size_t at = 0;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    uint8_t* place = invocation->call.results.data + place_value(letters.data[i], &at);
    if (letters.data[i] == 'r') vm_ref_release((iree_vm_ref_t*)place);
  }
}

static iree_status_t check_input_count(const invocation_t* invocation, const iree_vm_list_t* inputs) {
  iree_host_size_t wanted = invocation->argument_letters.size, given = inputs ? iree_vm_list_size(inputs) : 0;
  if (given == wanted) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "input list has %zu values, the function takes %zu ('%.*s')",
                          given, wanted, VM_SV_ARG(invocation->argument_letters));
}

/* Bytes of a packed part; false when it has spans or unknown letters. */
static bool measure(iree_string_view_t letters, iree_host_size_t* out_size) {
  iree_host_size_t at = 0;
  bool is_wide = false;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    char letter = letters.data[i];
    if (!strchr("iIfFr", letter) || letter == 0) return false;
    is_wide |= letter != 'i' && letter != 'f';
    (void)place_value(letter, &at);
  }
  *out_size = is_wide ? (at + 7) & ~(iree_host_size_t)7 : at;
  return true;
}

static iree_status_t why_not_callable(const iree_vm_function_signature_t* signature) {
  iree_host_size_t argument_count = 0, result_count = 0;
  return iree_vm_function_call_count_arguments_and_results(signature, &argument_count, &result_count);
}

/* Everything about the call that does not need memory. */
static iree_status_t describe_call(iree_vm_function_t function, const iree_vm_list_t* inputs,
                                   invocation_t* out_invocation) {
  iree_vm_function_signature_t signature = iree_vm_function_signature(&function);
  out_invocation->call.function = function;
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&signature, &out_invocation->argument_letters,
                                                                 &out_invocation->result_letters));
  if (!measure(out_invocation->argument_letters, &out_invocation->argument_bytes) ||
      !measure(out_invocation->result_letters, &out_invocation->result_bytes)) {
    return why_not_callable(&signature);
  }
  return check_input_count(out_invocation, inputs);
}

static iree_status_t check_outputs(const invocation_t* invocation, const iree_vm_list_t* outputs) {
  if (outputs || invocation->result_letters.size == 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the function has %zu results but there is no output list",
                          invocation->result_letters.size);
}

/* Zeroed memory for both packed forms, on the invocation's own stack. */
static iree_status_t pack_call(iree_vm_stack_t* stack, const iree_vm_list_t* inputs, invocation_t* invocation) {
  iree_host_size_t results_at = vm_stack_align(invocation->argument_bytes);
  iree_host_size_t size = results_at + vm_stack_align(invocation->result_bytes);
  uint8_t* block = (uint8_t*)vm_stack_push(stack, size);
  if (!block) return vm_stack_exhausted(stack);
  memset(block, 0, size);
  vm_set_span(&invocation->call.arguments, block, invocation->argument_bytes);
  vm_set_span(&invocation->call.results, block + results_at, invocation->result_bytes);
  return pack_inputs(invocation, inputs);
}

static uint32_t flags_of(const iree_vm_context_t* context, uint32_t flags) {
  bool is_traced = (iree_vm_context_flags(context) & IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION) != 0;
  return is_traced ? flags | IREE_VM_INVOCATION_FLAG_TRACE_EXECUTION : flags;
}

static iree_status_t annotate_call(iree_vm_function_t function, iree_status_t status) {
  if (iree_status_is_ok(status)) return status;
  iree_string_view_t name = iree_vm_function_name(&function);
  iree_string_view_t module = iree_vm_module_name(function.module);
  return iree_status_annotate_f(status, "invoking function '%.*s.%.*s'", VM_SV_ARG(module), VM_SV_ARG(name));
}

static iree_status_t check_function(iree_vm_function_t function) {
  if (function.module) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "no function to invoke: its module is NULL");
}

/* ---- In one go --------------------------------------------------------------------------------------------------- */

static iree_status_t invoke_on_stack(iree_vm_stack_t* stack, const iree_vm_list_t* inputs, iree_vm_list_t* outputs,
                                     invocation_t* invocation) {
  IREE_RETURN_IF_ERROR(pack_call(stack, inputs, invocation));
  iree_status_t status = vm_stack_invoke(stack, &invocation->call);
  if (iree_status_is_ok(status)) status = unpack_outputs(invocation, outputs);
  if (!iree_status_is_ok(status)) release_results(invocation);
  return status;
}

iree_status_t iree_vm_invoke(iree_vm_context_t* context, iree_vm_function_t function, uint32_t flags,
                             const iree_vm_invocation_policy_t* policy, const iree_vm_list_t* inputs,
                             iree_vm_list_t* outputs, iree_allocator_t allocator) {
  (void)policy;
  invocation_t invocation;
  IREE_RETURN_IF_ERROR(check_function(function));
  iree_status_t status = describe_call(function, inputs, &invocation);
  if (iree_status_is_ok(status)) status = check_outputs(&invocation, outputs);
  if (!iree_status_is_ok(status)) return annotate_call(function, status);
  _Alignas(VM_STACK_ALIGNMENT) uint8_t storage[VM_STACK_INLINE_SIZE];
  iree_vm_stack_t stack;
  vm_stack_initialize(&stack, flags_of(context, flags), iree_vm_context_state_resolver(context),
                      invocation.result_bytes, storage, sizeof storage, allocator);
  status = invoke_on_stack(&stack, inputs, outputs, &invocation);
  vm_stack_deinitialize(&stack);
  return annotate_call(function, status);
}

/* ---- In steps ---------------------------------------------------------------------------------------------------- */

struct iree_vm_invoke_state_t {
  iree_vm_context_t* context; /* retained */
  iree_vm_stack_t* stack;
  iree_vm_list_t* inputs; /* retained: its references are borrowed while the call lasts */
  invocation_t invocation;
  iree_status_t status; /* of the call; DEFERRED while suspended */
  iree_allocator_t allocator;
};

static void free_state(iree_vm_invoke_state_t* state) {
  iree_vm_stack_free(state->stack);
  iree_vm_list_release(state->inputs);
  iree_vm_context_release(state->context);
  iree_allocator_free(state->allocator, state);
}

/* DEFERRED or OK: the status of the call itself waits in the state. */
static iree_status_t note_step(iree_vm_invoke_state_t* state, iree_status_t status) {
  if (!iree_status_is_ok(status) && vm_stack_is_suspension(state->stack, status)) {
    if (state->stack->current) {
      state->status = iree_status_from_code(IREE_STATUS_DEFERRED);
      return state->status;
    }
    status = resume(state->stack, state->invocation.call.function.module, iree_byte_span_empty());
  }
  state->status = annotate_call(state->invocation.call.function, status);
  return iree_ok_status();
}

static iree_status_t prepare_state(iree_vm_invoke_state_t* state, uint32_t flags, const iree_vm_list_t* inputs) {
  IREE_RETURN_IF_ERROR(iree_vm_stack_allocate(flags_of(state->context, flags),
                                              iree_vm_context_state_resolver(state->context), state->allocator,
                                              &state->stack));
  return pack_call(state->stack, inputs, &state->invocation);
}

iree_status_t iree_vm_begin_invoke(iree_vm_invoke_state_t** out_state, iree_vm_context_t* context,
                                   iree_vm_function_t function, uint32_t flags,
                                   const iree_vm_invocation_policy_t* policy, const iree_vm_list_t* inputs,
                                   iree_allocator_t allocator) {
  (void)policy;
  invocation_t invocation;
  IREE_RETURN_IF_ERROR(check_function(function));
  IREE_RETURN_IF_ERROR(annotate_call(function, describe_call(function, inputs, &invocation)));
  iree_vm_invoke_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *state, (void**)&state));
  state->allocator = allocator;
  state->invocation = invocation;
  state->context = context;
  iree_vm_context_retain(context);
  state->inputs = (iree_vm_list_t*)(uintptr_t)inputs;
  iree_vm_list_retain(state->inputs);
  iree_status_t status = prepare_state(state, flags, inputs);
  if (!iree_status_is_ok(status)) {
    free_state(state);
    return annotate_call(function, status);
  }
  *out_state = state;
  return note_step(state, vm_stack_step(state->stack, &state->invocation.call, false));
}

static bool is_suspended(const iree_vm_invoke_state_t* state) {
  return state->status == iree_status_from_code(IREE_STATUS_DEFERRED);
}

iree_status_t iree_vm_resume_invoke(iree_vm_invoke_state_t* state) {
  if (!is_suspended(state)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "the invocation is not suspended");
  }
  return note_step(state, vm_stack_step(state->stack, &state->invocation.call, true));
}

iree_status_t iree_vm_end_invoke(iree_vm_invoke_state_t* state, iree_vm_list_t* outputs, iree_status_t* out_status) {
  if (is_suspended(state)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "the invocation is still suspended: resume or abort it");
  }
  iree_status_t status = state->status;
  if (iree_status_is_ok(status)) IREE_RETURN_IF_ERROR(check_outputs(&state->invocation, outputs));
  if (iree_status_is_ok(status)) status = unpack_outputs(&state->invocation, outputs);
  release_results(&state->invocation);
  free_state(state);
  *out_status = status;
  return iree_ok_status();
}

void iree_vm_abort_invoke(iree_vm_invoke_state_t* state) {
  if (!state) return;
  iree_vm_stack_reset(state->stack);
  release_results(&state->invocation);
  iree_status_free(state->status);
  free_state(state);
}
