/* SPDX-License-Identifier: Apache-2.0 */
/* The stack of one invocation: frames of bytecode and native functions. Modules without the runtime pass it through. */
#ifndef IREE_VM_STACK_H_
#define IREE_VM_STACK_H_

#include "iree/vm/context.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IREE_VM_STACK_DEFAULT_SIZE 8192
#define IREE_VM_STACK_MIN_SIZE 1024
#define IREE_VM_STACK_MAX_SIZE (1024 * 1024)

typedef enum iree_vm_invocation_flags_e {
  IREE_VM_INVOCATION_FLAG_NONE = 0,
  IREE_VM_INVOCATION_FLAG_TRACE_EXECUTION = 1,
  IREE_VM_INVOCATION_FLAG_TRACE_INLINE = 2
} iree_vm_invocation_flags_t;

typedef enum iree_vm_stack_frame_type_e {
  IREE_VM_STACK_FRAME_EXTERNAL = 0,
  IREE_VM_STACK_FRAME_NATIVE = 1,
  IREE_VM_STACK_FRAME_BYTECODE = 2,
  IREE_VM_STACK_FRAME_WAIT = 3
} iree_vm_stack_frame_type_t;

typedef struct iree_vm_stack_frame_t {
  iree_vm_stack_frame_type_t type;
  iree_vm_function_t function;
  iree_vm_module_state_t* module_state; /* of the function's module in this context */
  int64_t pc;                           /* bytecode: offset in the function */
  int32_t depth;                        /* 0 is the outermost */
} iree_vm_stack_frame_t;

typedef void (*iree_vm_stack_frame_cleanup_fn_t)(iree_vm_stack_frame_t* frame);

/* A stack that grows from `allocator`, up to the limit of docs/runtime.md. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_stack_allocate(uint32_t flags,
                                                                          iree_vm_state_resolver_t state_resolver,
                                                                          iree_allocator_t allocator,
                                                                          iree_vm_stack_t** out_stack);
/* Leaves all frames, then frees. */
IREE_API_EXPORT void iree_vm_stack_free(iree_vm_stack_t* stack);
/* Leaves all frames. */
IREE_API_EXPORT void iree_vm_stack_reset(iree_vm_stack_t* stack);
IREE_API_EXPORT iree_allocator_t iree_vm_stack_allocator(const iree_vm_stack_t* stack);
IREE_API_EXPORT uint32_t iree_vm_stack_invocation_flags(const iree_vm_stack_t* stack);
/* The newest frame and the one below; NULL when there is none. */
IREE_API_EXPORT iree_vm_stack_frame_t* iree_vm_stack_current_frame(iree_vm_stack_t* stack);
IREE_API_EXPORT iree_vm_stack_frame_t* iree_vm_stack_parent_frame(iree_vm_stack_t* stack);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_stack_query_module_state(
    iree_vm_stack_t* stack, iree_vm_module_t* module, iree_vm_module_state_t** out_module_state);
/* Pushes a frame with `frame_size` bytes of storage behind it; frames never move. RESOURCE_EXHAUSTED at the limit. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_stack_function_enter(
    iree_vm_stack_t* stack, const iree_vm_function_t* function, iree_vm_stack_frame_type_t frame_type,
    iree_host_size_t frame_size, iree_vm_stack_frame_cleanup_fn_t frame_cleanup_fn, iree_vm_stack_frame_t** out_frame);
/* Runs the cleanup function and pops; FAILED_PRECONDITION on an empty stack. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_stack_function_leave(iree_vm_stack_t* stack);
/* One line per frame, newest first: depth, kind, module.function:pc, source location or `-`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_stack_annotate_backtrace(iree_vm_stack_t* stack,
                                                                                    iree_status_t status);

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_STACK_H_ */
