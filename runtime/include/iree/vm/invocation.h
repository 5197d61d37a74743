/* SPDX-License-Identifier: Apache-2.0 */
/* Calling functions of a context. */
#ifndef IREE_VM_INVOCATION_H_
#define IREE_VM_INVOCATION_H_

#include "iree/vm/context.h"
#include "iree/vm/list.h"
#include "iree/vm/stack.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iree_vm_invocation_policy_t iree_vm_invocation_policy_t;

/* cdef: begin */
/* Calls `function` and resumes it until it is done. `policy` is NULL. `inputs` may be NULL without arguments, `outputs` may be
 * NULL without results; `outputs` is resized to the results. Numbers are converted as iree_vm_value_convert says.
 * INVALID_ARGUMENT: wrong number of inputs, or a variadic function. A failure carries the backtrace of the VM. */
IREE_API_EXPORT iree_status_t iree_vm_invoke(iree_vm_context_t* context, iree_vm_function_t function, uint32_t flags,
                                             const struct iree_vm_invocation_policy_t* policy,
                                             const iree_vm_list_t* inputs, iree_vm_list_t* outputs,
                                             iree_allocator_t allocator);
/* cdef: end */

/* The split form. begin: DEFERRED (the code alone) when suspended, and then resume again and again until it is not; end reads
 * the results, or abort at any time. */
typedef struct iree_vm_invoke_state_t iree_vm_invoke_state_t;
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_vm_begin_invoke(iree_vm_invoke_state_t** out_state, iree_vm_context_t* context, iree_vm_function_t function,
                     uint32_t flags, const iree_vm_invocation_policy_t* policy, const iree_vm_list_t* inputs,
                     iree_allocator_t allocator);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_resume_invoke(iree_vm_invoke_state_t* state);
/* Frees `state`. `*out_status` is the status of the call; results go to `outputs`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_end_invoke(iree_vm_invoke_state_t* state,
                                                                      iree_vm_list_t* outputs,
                                                                      iree_status_t* out_status);
/* Unwinds all frames and frees `state`. */
IREE_API_EXPORT void iree_vm_abort_invoke(iree_vm_invoke_state_t* state);

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_INVOCATION_H_ */
