/* SPDX-License-Identifier: Apache-2.0 */
/* Calling a function as tools do: found by name, synchronous for the caller whatever its model. */
#ifndef VMRT_TOOLING_FUNCTION_CALL_H_
#define VMRT_TOOLING_FUNCTION_CALL_H_

#include "iree/hal/device.h"
#include "iree/vm/api.h"

/* A function and how it is called. Text is borrowed from the module. */
typedef struct function_call_t {
  iree_vm_function_t function;
  iree_string_view_t arguments; /* letters of what the user gives, without fences */
  iree_string_view_t results;
  bool is_async; /* takes two fences behind the arguments: one to wait for, one to signal (coarse-fences) */
} function_call_t;

/* The export of that name; NOT_FOUND. */
iree_status_t function_call_find(iree_vm_module_t* module, iree_string_view_t name, function_call_t* out_call);
/* A function that was found otherwise. INVALID_ARGUMENT, UNIMPLEMENTED for a convention that cannot be called. */
iree_status_t function_call_prepare(iree_vm_function_t function, function_call_t* out_call);

/* Calls with `inputs`, which are not changed, and waits until results are ready. FAILED_PRECONDITION for an
 * asynchronous function without `device`. A failure names the declaration of the function if it has one. */
iree_status_t function_call_invoke(const function_call_t* call, iree_vm_context_t* context, iree_hal_device_t* device,
                                   iree_vm_list_t* inputs, iree_vm_list_t* results, iree_allocator_t allocator);
/* Calls an asynchronous function between fences that the caller made; either may be NULL. */
iree_status_t function_call_begin(const function_call_t* call, iree_vm_context_t* context, iree_hal_fence_t* wait,
                                  iree_hal_fence_t* signal, iree_vm_list_t* inputs, iree_vm_list_t* results,
                                  iree_allocator_t allocator);

#endif /* VMRT_TOOLING_FUNCTION_CALL_H_ */
