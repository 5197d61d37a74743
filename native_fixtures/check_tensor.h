/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors for the check module: fetched to the host through imports from `hal`, whatever runtime provides them. */
#ifndef CHECK_TENSOR_H_
#define CHECK_TENSOR_H_

#include "trace.h"

/* The imports of the check module, in the order of its table. */
enum {
  HAL_VIEW_BUFFER,
  HAL_VIEW_TYPE,
  HAL_VIEW_RANK,
  HAL_VIEW_DIM,
  HAL_BUFFER_LOAD,
  HAL_DEVICE_ALLOCATOR,
  HAL_ALLOCATE,
  HAL_FENCE_CREATE,
  HAL_QUEUE_COPY,
  HAL_FENCE_AWAIT
};
#define TENSOR_IMPORTS                                                                     \
  {"hal.buffer_view.buffer", "0r_r", VMRT_REQUIRED},                                       \
      {"hal.buffer_view.element_type", "0r_i", VMRT_REQUIRED},                             \
      {"hal.buffer_view.rank", "0r_i", VMRT_REQUIRED},                                     \
      {"hal.buffer_view.dim", "0ri_I", VMRT_REQUIRED},                                     \
      {"hal.buffer.load", "0rIi_i", VMRT_REQUIRED},                                        \
      {"hal.device.allocator", "0r_r", VMRT_REQUIRED},                                     \
      {"hal.allocator.allocate", "0rIiiI_r", VMRT_REQUIRED},                               \
      {"hal.fence.create", "0rI_r", VMRT_REQUIRED},                                        \
      {"hal.device.queue.copy", "0rIrrrIrIII_v", VMRT_REQUIRED},                           \
      {"hal.fence.await", "0iICrD_i", VMRT_REQUIRED}

#define TENSOR_MAX_RANK 32
#define ANY_QUEUE ((int64_t)-1)
#define NO_TIMEOUT (-1)
#define HOST_MEMORY 0x56      /* HOST_LOCAL and DEVICE_VISIBLE */
#define HOST_USAGE 0x09000003 /* TRANSFER and MAPPING */

typedef struct tensor_t {
  uint32_t type; /* (kind << 24) | bits */
  int32_t rank;
  int64_t dims[TENSOR_MAX_RANK];
  size_t count; /* elements */
  size_t size;  /* bytes */
  uint8_t* data;
} tensor_t;

static inline unsigned tensor_bits(uint32_t type) { return type & 0xFF; }
static inline unsigned tensor_kind(uint32_t type) { return type >> 24; }

/* ---- Calls of hal ---------------------------------------------------------------------------------------------------- */

static iree_status_t hal_object_of(vmrt_call_t* call, int function, iree_vm_ref_t object, iree_vm_ref_t* out) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, (size_t)function);
  vmrt_push_ref(&invoke, object);
  VMRT_TRY(vmrt_invoke(&invoke));
  *out = vmrt_take_ref(&invoke);
  return vmrt_ok();
}

static iree_status_t hal_number_of(vmrt_call_t* call, int function, iree_vm_ref_t object, int32_t* out) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, (size_t)function);
  vmrt_push_ref(&invoke, object);
  VMRT_TRY(vmrt_invoke(&invoke));
  *out = vmrt_take_i32(&invoke);
  return vmrt_ok();
}

static iree_status_t hal_dim(vmrt_call_t* call, iree_vm_ref_t view, int32_t index, int64_t* out) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, HAL_VIEW_DIM);
  vmrt_push_ref(&invoke, view);
  vmrt_push_i32(&invoke, index);
  VMRT_TRY(vmrt_invoke(&invoke));
  *out = vmrt_take_i64(&invoke);
  return vmrt_ok();
}

static iree_status_t hal_allocate(vmrt_call_t* call, iree_vm_ref_t device, size_t size, iree_vm_ref_t* out) {
  iree_vm_ref_t allocator;
  VMRT_TRY(hal_object_of(call, HAL_DEVICE_ALLOCATOR, device, &allocator));
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, HAL_ALLOCATE);
  vmrt_push_ref(&invoke, allocator);
  vmrt_push_i64(&invoke, ANY_QUEUE);
  vmrt_push_i32(&invoke, HOST_MEMORY);
  vmrt_push_i32(&invoke, HOST_USAGE);
  vmrt_push_i64(&invoke, (int64_t)size);
  iree_status_t status = vmrt_invoke(&invoke);
  if (vmrt_is_ok(status)) *out = vmrt_take_ref(&invoke);
  vmrt_ref_release(&allocator);
  return status;
}

static iree_status_t hal_await(vmrt_call_t* call, iree_vm_ref_t fence) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, HAL_FENCE_AWAIT);
  vmrt_push_i32(&invoke, NO_TIMEOUT);
  vmrt_push_i64(&invoke, 0);
  vmrt_push_count(&invoke, 1);
  vmrt_push_ref(&invoke, fence);
  VMRT_TRY(vmrt_invoke(&invoke));
  int32_t code = vmrt_take_i32(&invoke);
  return code ? vmrt_status((uint32_t)code, "waiting for a copy to the host") : vmrt_ok();
}

static iree_status_t hal_start_copy(vmrt_call_t* call, iree_vm_ref_t device, iree_vm_ref_t fence, iree_vm_ref_t source,
                                    iree_vm_ref_t target, size_t size) {
  iree_vm_ref_t none = {0};
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, HAL_QUEUE_COPY);
  vmrt_push_ref(&invoke, device);
  vmrt_push_i64(&invoke, ANY_QUEUE);
  vmrt_push_ref(&invoke, none);
  vmrt_push_ref(&invoke, fence);
  vmrt_push_ref(&invoke, source);
  vmrt_push_i64(&invoke, 0);
  vmrt_push_ref(&invoke, target);
  vmrt_push_i64(&invoke, 0);
  vmrt_push_i64(&invoke, (int64_t)size);
  vmrt_push_i64(&invoke, 0);
  return vmrt_invoke(&invoke);
}

static iree_status_t hal_copy(vmrt_call_t* call, iree_vm_ref_t device, iree_vm_ref_t source, iree_vm_ref_t target,
                              size_t size) {
  vmrt_invoke_t invoke;
  vmrt_invoke_begin(&invoke, call, HAL_FENCE_CREATE);
  vmrt_push_ref(&invoke, device);
  vmrt_push_i64(&invoke, 0);
  VMRT_TRY(vmrt_invoke(&invoke));
  iree_vm_ref_t fence = vmrt_take_ref(&invoke);
  iree_status_t status = hal_start_copy(call, device, fence, source, target, size);
  if (vmrt_is_ok(status)) status = hal_await(call, fence);
  vmrt_ref_release(&fence);
  return status;
}

/* hal.buffer.load gives at most four bytes a call. */
static iree_status_t hal_read(vmrt_call_t* call, iree_vm_ref_t buffer, uint8_t* target, size_t size) {
  for (size_t at = 0; at < size; at += 4) {
    int32_t length = size - at < 4 ? (int32_t)(size - at) : 4;
    vmrt_invoke_t invoke;
    vmrt_invoke_begin(&invoke, call, HAL_BUFFER_LOAD);
    vmrt_push_ref(&invoke, buffer);
    vmrt_push_i64(&invoke, (int64_t)at);
    vmrt_push_i32(&invoke, length);
    VMRT_TRY(vmrt_invoke(&invoke));
    uint32_t word = (uint32_t)vmrt_take_i32(&invoke);
    for (int32_t i = 0; i < length; ++i) target[at + (size_t)i] = (uint8_t)(word >> (8 * i));
  }
  return vmrt_ok();
}

/* ---- Fetching -------------------------------------------------------------------------------------------------------- */

static iree_status_t tensor_shape(vmrt_call_t* call, iree_vm_ref_t view, tensor_t* tensor) {
  int32_t type = 0;
  VMRT_TRY(hal_number_of(call, HAL_VIEW_TYPE, view, &type));
  VMRT_TRY(hal_number_of(call, HAL_VIEW_RANK, view, &tensor->rank));
  tensor->type = (uint32_t)type;
  if (tensor->rank < 0 || tensor->rank > TENSOR_MAX_RANK) {
    return vmrt_status(IREE_STATUS_UNIMPLEMENTED, "a tensor of %d dimensions; at most %d can be checked", tensor->rank,
                       TENSOR_MAX_RANK);
  }
  tensor->count = 1;
  for (int32_t i = 0; i < tensor->rank; ++i) {
    VMRT_TRY(hal_dim(call, view, i, &tensor->dims[i]));
    tensor->count *= (size_t)tensor->dims[i];
  }
  tensor->size = (tensor->count * tensor_bits(tensor->type) + 7) / 8;
  return vmrt_ok();
}

static iree_status_t tensor_content(vmrt_call_t* call, iree_vm_ref_t device, iree_vm_ref_t view, tensor_t* tensor) {
  if (tensor->size == 0) return vmrt_ok();
  VMRT_TRY(vmrt_allocate(call->module->allocator, tensor->size, (void**)&tensor->data));
  iree_vm_ref_t buffer = {0}, host = {0};
  iree_status_t status = hal_object_of(call, HAL_VIEW_BUFFER, view, &buffer);
  if (vmrt_is_ok(status)) status = hal_allocate(call, device, tensor->size, &host);
  if (vmrt_is_ok(status)) status = hal_copy(call, device, buffer, host, tensor->size);
  if (vmrt_is_ok(status)) status = hal_read(call, host, tensor->data, tensor->size);
  vmrt_ref_release(&host);
  vmrt_ref_release(&buffer);
  return status;
}

static void tensor_release(vmrt_call_t* call, tensor_t* tensor) {
  if (tensor->data) vmrt_free(call->module->allocator, tensor->data);
  tensor->data = NULL;
}

/* Release it, also after a failure. */
static iree_status_t tensor_fetch(vmrt_call_t* call, iree_vm_ref_t device, iree_vm_ref_t view, tensor_t* out) {
  memset(out, 0, sizeof *out);
  VMRT_TRY(tensor_shape(call, view, out));
  return tensor_content(call, device, view, out);
}

#endif /* CHECK_TENSOR_H_ */
