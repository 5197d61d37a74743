/* SPDX-License-Identifier: Apache-2.0 */
/* Calling functions of numbers again and again, with a guard against two threads in one context. Ours alone. */
#ifndef VMRT_CALL_H_
#define VMRT_CALL_H_

#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* A context that lets one thread in at a time. Safe to use from any thread; a second one is refused, not made to wait. */
typedef struct vmrt_session_t vmrt_session_t;

/* Retains the context. `allocator` is for the session and its calls themselves, `invocation_allocator` for what functions
 * need while they run. One reference for the caller. */
IREE_API_EXPORT iree_status_t vmrt_session_create(iree_vm_context_t* context, iree_allocator_t allocator,
                                                  iree_allocator_t invocation_allocator,
                                                  vmrt_session_t** out_session);
/* FAILED_PRECONDITION while another thread is inside, and once the session is closed. */
IREE_API_EXPORT iree_status_t vmrt_session_enter(vmrt_session_t* session);
IREE_API_EXPORT void vmrt_session_leave(vmrt_session_t* session);
/* Lets nobody in any more and releases the context; FAILED_PRECONDITION as above. */
IREE_API_EXPORT iree_status_t vmrt_session_close(vmrt_session_t* session);
/* Closes it with the last reference. */
IREE_API_EXPORT void vmrt_session_release(vmrt_session_t* session);

/* A function made ready for calls: its numbers lie packed, by the calling convention, in memory of the call. */
typedef struct vmrt_call_t vmrt_call_t;

/* Retains the session. INVALID_ARGUMENT when the function takes or gives anything but numbers. */
IREE_API_EXPORT iree_status_t vmrt_call_create(vmrt_session_t* session, iree_vm_function_t function,
                                               vmrt_call_t** out_call);
/* Where arguments are put before a call and results are found after it; aligned to 16 bytes, empty without any. */
IREE_API_EXPORT iree_byte_span_t vmrt_call_arguments(vmrt_call_t* call);
IREE_API_EXPORT iree_byte_span_t vmrt_call_results(vmrt_call_t* call);
/* As iree_vm_invoke. */
IREE_API_EXPORT iree_status_t vmrt_call_invoke(vmrt_call_t* call);
/* The same, giving the status as a number: cheaper for the binding. */
IREE_API_EXPORT uintptr_t vmrt_call_invoke_word(vmrt_call_t* call);
IREE_API_EXPORT void vmrt_call_release(vmrt_call_t* call);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* VMRT_CALL_H_ */
