/* SPDX-License-Identifier: Apache-2.0 */
/* The HAL for callers that have fences rather than lists of semaphores, and want host addresses. Ours alone. */
#ifndef VMRT_HAL_H_
#define VMRT_HAL_H_

#include "iree/hal/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Queue operations of iree/hal/device.h on any queue; a NULL fence waits for, or signals, nothing. */
IREE_API_EXPORT iree_status_t vmrt_hal_queue_alloca(iree_hal_device_t* device, iree_hal_fence_t* wait,
                                                    iree_hal_fence_t* signal, iree_hal_buffer_params_t params,
                                                    iree_device_size_t allocation_size, iree_hal_buffer_t** out_buffer);
IREE_API_EXPORT iree_status_t vmrt_hal_queue_dealloca(iree_hal_device_t* device, iree_hal_fence_t* wait,
                                                      iree_hal_fence_t* signal, iree_hal_buffer_t* buffer);
IREE_API_EXPORT iree_status_t vmrt_hal_queue_fill(iree_hal_device_t* device, iree_hal_fence_t* wait,
                                                  iree_hal_fence_t* signal, iree_hal_buffer_t* target,
                                                  iree_device_size_t target_offset, iree_device_size_t length,
                                                  const void* pattern, iree_host_size_t pattern_length);
IREE_API_EXPORT iree_status_t vmrt_hal_queue_update(iree_hal_device_t* device, iree_hal_fence_t* wait,
                                                    iree_hal_fence_t* signal, const void* source,
                                                    iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                                    iree_device_size_t length);
IREE_API_EXPORT iree_status_t vmrt_hal_queue_copy(iree_hal_device_t* device, iree_hal_fence_t* wait,
                                                  iree_hal_fence_t* signal, iree_hal_buffer_t* source,
                                                  iree_device_size_t source_offset, iree_hal_buffer_t* target,
                                                  iree_device_size_t target_offset, iree_device_size_t length);
IREE_API_EXPORT iree_status_t vmrt_hal_queue_barrier(iree_hal_device_t* device, iree_hal_fence_t* wait,
                                                     iree_hal_fence_t* signal);

/* A new timeline semaphore at 0 and a fence that waits for its 1. */
IREE_API_EXPORT iree_status_t vmrt_hal_device_create_fence(iree_hal_device_t* device, iree_hal_fence_t** out_fence);
/* Fails the fence with a code alone. */
IREE_API_EXPORT void vmrt_hal_fence_fail_code(iree_hal_fence_t* fence, iree_status_code_t code);
/* Where a buffer's bytes are on the host, as a persistent mapping with READ, and WRITE when `writable`, gives them:
 * valid as long as the buffer, or until a queue deallocates it. Fails as iree_hal_buffer_map_range does. */
IREE_API_EXPORT iree_status_t vmrt_hal_buffer_host_span(iree_hal_buffer_t* buffer, bool writable,
                                                        iree_byte_span_t* out_span);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* VMRT_HAL_H_ */
