/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of numbers made ready to be called again and again. */
#include "base/atomics.h"
#include "vm/session.h"
#include "vm/stack.h"
#include "vm/text.h"

struct vmrt_call_t {
  vmrt_session_t* session; /* retained */
  iree_vm_function_t function;
  iree_byte_span_t arguments;
  iree_byte_span_t results;
};

/* ---- Preparing ----------------------------------------------------------------------------------------------------- */

static iree_status_t call_check_numbers(iree_string_view_t letters, iree_string_view_t convention) {
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    if (memchr("iIfF", letters.data[i], 4)) continue;
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "calling convention '%.*s' is not of numbers only",
                            VM_SV_ARG(convention));
  }
  return iree_ok_status();
}

static iree_status_t call_size(iree_string_view_t letters, iree_string_view_t convention, iree_host_size_t* out_size) {
  IREE_RETURN_IF_ERROR(call_check_numbers(letters, convention));
  return iree_vm_function_call_compute_cconv_fragment_size(letters, NULL, out_size);
}

static iree_host_size_t call_align(iree_host_size_t size) { return (size + 15) & ~(iree_host_size_t)15; }

/* One block: the record, the arguments, the results. */
static iree_status_t call_allocate(iree_vm_function_t function, iree_allocator_t allocator, vmrt_call_t** out_call) {
  iree_vm_function_signature_t signature = iree_vm_function_signature(&function);
  iree_string_view_t arguments, results;
  iree_host_size_t argument_size = 0, result_size = 0;
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&signature, &arguments, &results));
  IREE_RETURN_IF_ERROR(call_size(arguments, signature.calling_convention, &argument_size));
  IREE_RETURN_IF_ERROR(call_size(results, signature.calling_convention, &result_size));

  vmrt_call_t* call = NULL;
  iree_host_size_t at = call_align(sizeof *call);
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc(allocator, at + call_align(argument_size) + result_size, (void**)&call));
  call->function = function;
  call->arguments = iree_make_byte_span((uint8_t*)call + at, argument_size);
  call->results = iree_make_byte_span((uint8_t*)call + at + call_align(argument_size), result_size);
  *out_call = call;
  return iree_ok_status();
}

iree_status_t vmrt_call_create(vmrt_session_t* session, iree_vm_function_t function, vmrt_call_t** out_call) {
  vmrt_call_t* call = NULL;
  IREE_RETURN_IF_ERROR(session_enter(session));
  iree_status_t status = call_allocate(function, session->allocator, &call);
  session_leave(session);
  IREE_RETURN_IF_ERROR(status);
  call->session = session;
  session_retain(session);
  *out_call = call;
  return iree_ok_status();
}

void vmrt_call_release(vmrt_call_t* call) {
  if (!call) return;
  vmrt_session_t* session = call->session;
  iree_allocator_free(session->allocator, call);
  vmrt_session_release(session);
}

iree_byte_span_t vmrt_call_arguments(vmrt_call_t* call) { return call->arguments; }

iree_byte_span_t vmrt_call_results(vmrt_call_t* call) { return call->results; }

/* ---- Calling ------------------------------------------------------------------------------------------------------- */

static iree_status_t call_failed(const vmrt_call_t* call, iree_status_t status) {
  iree_string_view_t module = iree_vm_module_name(call->function.module);
  iree_string_view_t name = iree_vm_function_name(&call->function);
  return iree_status_annotate_f(status, "invoking function '%.*s.%.*s'", VM_SV_ARG(module), VM_SV_ARG(name));
}

static iree_status_t call_run(vmrt_call_t* call) {
  const vmrt_session_t* session = call->session;
  _Alignas(VM_STACK_ALIGNMENT) uint8_t storage[VM_STACK_INLINE_SIZE];
  iree_vm_stack_t stack;
  vm_stack_initialize(&stack, session->flags, session->resolver, call->results.data_length, storage, sizeof storage,
                      session->invocation_allocator);
  memset(call->results.data, 0, call->results.data_length);
  iree_vm_function_call_t record = {call->function, call->arguments, call->results};
  iree_status_t status = vm_stack_invoke(&stack, &record);
  vm_stack_deinitialize(&stack);
  return iree_status_is_ok(status) ? status : call_failed(call, status);
}

iree_status_t vmrt_call_invoke(vmrt_call_t* call) {
  IREE_RETURN_IF_ERROR(session_enter(call->session));
  iree_status_t status = call_run(call);
  session_leave(call->session);
  return status;
}

uintptr_t vmrt_call_invoke_word(vmrt_call_t* call) { return (uintptr_t)vmrt_call_invoke(call); }
