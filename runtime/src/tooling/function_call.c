/* SPDX-License-Identifier: Apache-2.0 */
/* Finds functions, calls them, and waits for those that answer with a fence. */
#include "tooling/function_call.h"

#include "iree/modules/hal/types.h"
#include "vm/text.h"

#define FENCE_COUNT 2

/* ---- Finding ----------------------------------------------------------------------------------------------------- */

static iree_status_t drop_fences(function_call_t* call) {
  iree_host_size_t size = call->arguments.size;
  if (size >= FENCE_COUNT && memcmp(call->arguments.data + size - FENCE_COUNT, "rr", FENCE_COUNT) == 0) {
    call->arguments.size -= FENCE_COUNT;
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "the function says iree.abi.model = coarse-fences but its arguments `%.*s` do not end with "
                          "two fences",
                          VM_SV_ARG(call->arguments));
}

iree_status_t function_call_prepare(iree_vm_function_t function, function_call_t* out_call) {
  function_call_t call = {.function = function};
  iree_vm_function_signature_t signature = iree_vm_function_signature(&function);
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&signature, &call.arguments, &call.results));
  iree_string_view_t model = iree_vm_function_lookup_attr_by_name(&function, IREE_SV("iree.abi.model"));
  call.is_async = iree_string_view_equal(model, IREE_SV("coarse-fences"));
  if (call.is_async) IREE_RETURN_IF_ERROR(drop_fences(&call));
  *out_call = call;
  return iree_ok_status();
}

iree_status_t function_call_find(iree_vm_module_t* module, iree_string_view_t name, function_call_t* out_call) {
  iree_vm_function_t function = {NULL, 0, 0};
  iree_status_t status =
      iree_vm_module_lookup_function_by_name(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, name, &function);
  if (iree_status_is_ok(status)) return function_call_prepare(function, out_call);
  return iree_status_annotate_f(status, "looking up function '%.*s'", VM_SV_ARG(name));
}

/* ---- Calling ----------------------------------------------------------------------------------------------------- */

static iree_status_t push_fence(iree_vm_list_t* inputs, iree_hal_fence_t* fence) {
  iree_vm_ref_t ref = iree_hal_fence_retain_ref(fence);
  iree_status_t status = iree_vm_list_push_ref_move(inputs, &ref);
  iree_vm_ref_release(&ref);
  return status;
}

iree_status_t function_call_begin(const function_call_t* call, iree_vm_context_t* context, iree_hal_fence_t* wait,
                                  iree_hal_fence_t* signal, iree_vm_list_t* inputs, iree_vm_list_t* results,
                                  iree_allocator_t allocator) {
  iree_vm_list_t* all = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_list_clone(inputs, allocator, &all));
  iree_status_t status = push_fence(all, wait);
  if (iree_status_is_ok(status)) status = push_fence(all, signal);
  if (iree_status_is_ok(status)) status = iree_vm_invoke(context, call->function, 0, NULL, all, results, allocator);
  iree_vm_list_release(all);
  return status;
}

static iree_status_t create_fence(iree_hal_device_t* device, iree_allocator_t allocator,
                                  iree_hal_fence_t** out_fence) {
  iree_hal_semaphore_t* semaphore = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_semaphore_create(device, IREE_HAL_QUEUE_AFFINITY_ANY, 0, 0, &semaphore));
  iree_status_t status = iree_hal_fence_create_at(semaphore, 1, allocator, out_fence);
  iree_hal_semaphore_release(semaphore);
  return status;
}

static iree_status_t invoke_async(const function_call_t* call, iree_vm_context_t* context, iree_hal_device_t* device,
                                  iree_vm_list_t* inputs, iree_vm_list_t* results, iree_allocator_t allocator) {
  iree_hal_fence_t* signal = NULL;
  if (!device) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "the function is asynchronous (iree.abi.model = coarse-fences) and needs a HAL device");
  }
  IREE_RETURN_IF_ERROR(create_fence(device, allocator, &signal));
  iree_status_t status = function_call_begin(call, context, NULL, signal, inputs, results, allocator);
  if (iree_status_is_ok(status)) {
    status = vmrt_hal_fence_wait_for(signal, -1);
    status = iree_status_annotate_f(status, "waiting for the function to signal its fence");
  }
  iree_hal_fence_release(signal);
  return status;
}

iree_status_t function_call_invoke(const function_call_t* call, iree_vm_context_t* context, iree_hal_device_t* device,
                                   iree_vm_list_t* inputs, iree_vm_list_t* results, iree_allocator_t allocator) {
  iree_status_t status =
      call->is_async ? invoke_async(call, context, device, inputs, results, allocator)
                     : iree_vm_invoke(context, call->function, 0, NULL, inputs, results, allocator);
  if (iree_status_is_ok(status)) return status;
  iree_string_view_t declaration =
      iree_vm_function_lookup_attr_by_name(&call->function, IREE_SV("iree.abi.declaration"));
  if (iree_string_view_is_empty(declaration)) return status;
  return iree_status_annotate_f(status, "`%.*s`", VM_SV_ARG(declaration));
}
