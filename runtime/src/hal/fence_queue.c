/* SPDX-License-Identifier: Apache-2.0 */
/* Queue operations between fences, and host addresses of buffers: flat functions for bindings. */
#include "vmrt/hal.h"

#define ANY IREE_HAL_QUEUE_AFFINITY_ANY

iree_status_t vmrt_hal_queue_alloca(iree_hal_device_t* device, iree_hal_fence_t* wait, iree_hal_fence_t* signal,
                                    iree_hal_buffer_params_t params, iree_device_size_t allocation_size,
                                    iree_hal_buffer_t** out_buffer) {
  return iree_hal_device_queue_alloca(device, ANY, iree_hal_fence_semaphore_list(wait),
                                      iree_hal_fence_semaphore_list(signal), 0, params, allocation_size, 0, out_buffer);
}

iree_status_t vmrt_hal_queue_dealloca(iree_hal_device_t* device, iree_hal_fence_t* wait, iree_hal_fence_t* signal,
                                      iree_hal_buffer_t* buffer) {
  return iree_hal_device_queue_dealloca(device, ANY, iree_hal_fence_semaphore_list(wait),
                                        iree_hal_fence_semaphore_list(signal), buffer, 0);
}

iree_status_t vmrt_hal_queue_fill(iree_hal_device_t* device, iree_hal_fence_t* wait, iree_hal_fence_t* signal,
                                  iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                  iree_device_size_t length, const void* pattern, iree_host_size_t pattern_length) {
  return iree_hal_device_queue_fill(device, ANY, iree_hal_fence_semaphore_list(wait),
                                    iree_hal_fence_semaphore_list(signal), target, target_offset, length, pattern,
                                    pattern_length, 0);
}

iree_status_t vmrt_hal_queue_update(iree_hal_device_t* device, iree_hal_fence_t* wait, iree_hal_fence_t* signal,
                                    const void* source, iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                    iree_device_size_t length) {
  return iree_hal_device_queue_update(device, ANY, iree_hal_fence_semaphore_list(wait),
                                      iree_hal_fence_semaphore_list(signal), source, 0, target, target_offset, length,
                                      0);
}

iree_status_t vmrt_hal_queue_copy(iree_hal_device_t* device, iree_hal_fence_t* wait, iree_hal_fence_t* signal,
                                  iree_hal_buffer_t* source, iree_device_size_t source_offset,
                                  iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                  iree_device_size_t length) {
  return iree_hal_device_queue_copy(device, ANY, iree_hal_fence_semaphore_list(wait),
                                    iree_hal_fence_semaphore_list(signal), source, source_offset, target, target_offset,
                                    length, 0);
}

iree_status_t vmrt_hal_queue_barrier(iree_hal_device_t* device, iree_hal_fence_t* wait, iree_hal_fence_t* signal) {
  return iree_hal_device_queue_barrier(device, ANY, iree_hal_fence_semaphore_list(wait),
                                       iree_hal_fence_semaphore_list(signal), 0);
}

iree_status_t vmrt_hal_device_create_fence(iree_hal_device_t* device, iree_hal_fence_t** out_fence) {
  iree_hal_semaphore_t* semaphore = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_semaphore_create(device, ANY, 0, 0, &semaphore));
  iree_status_t status = iree_hal_fence_create_at(semaphore, 1, iree_hal_device_host_allocator(device), out_fence);
  iree_hal_semaphore_release(semaphore);
  return status;
}

void vmrt_hal_fence_fail_code(iree_hal_fence_t* fence, iree_status_code_t code) {
  iree_hal_fence_fail(fence, iree_status_from_code(code));
}

iree_status_t vmrt_hal_buffer_host_span(iree_hal_buffer_t* buffer, bool writable, iree_byte_span_t* out_span) {
  iree_hal_memory_access_t access = IREE_HAL_MEMORY_ACCESS_READ | (writable ? IREE_HAL_MEMORY_ACCESS_WRITE : 0);
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_range(buffer, IREE_HAL_MAPPING_MODE_PERSISTENT, access, 0,
                                                 IREE_HAL_WHOLE_BUFFER, &mapping));
  *out_span = mapping.contents;
  return iree_hal_buffer_unmap_range(&mapping);
}
