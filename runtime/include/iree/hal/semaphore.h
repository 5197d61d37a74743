/* SPDX-License-Identifier: Apache-2.0 */
/* Timeline semaphores, and fences made of them. */
#ifndef IREE_HAL_SEMAPHORE_H_
#define IREE_HAL_SEMAPHORE_H_

#include "iree/hal/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* A number that only grows, or a failure that stays. */
typedef struct iree_hal_semaphore_t iree_hal_semaphore_t;
/* Semaphores, each with the value that it has to reach. */
typedef struct iree_hal_fence_t iree_hal_fence_t;
/* cdef: end */

#define IREE_HAL_SEMAPHORE_MAX_VALUE 2147483646ull
#define IREE_HAL_SEMAPHORE_FAILURE_VALUE 2147483647ull
typedef uint64_t iree_hal_semaphore_flags_t;

typedef struct iree_hal_semaphore_list_t {
  iree_host_size_t count;
  iree_hal_semaphore_t** semaphores;
  uint64_t* payload_values;
} iree_hal_semaphore_list_t;
static inline iree_hal_semaphore_list_t iree_hal_semaphore_list_empty(void) {
  iree_hal_semaphore_list_t list = {0, NULL, NULL};
  return list;
}

/* cdef: begin */
IREE_API_EXPORT iree_status_t iree_hal_semaphore_create(iree_hal_device_t* device,
                                                        iree_hal_queue_affinity_t queue_affinity,
                                                        uint64_t initial_value, uint64_t flags,
                                                        iree_hal_semaphore_t** out_semaphore);
IREE_API_EXPORT void iree_hal_semaphore_retain(iree_hal_semaphore_t* semaphore);
IREE_API_EXPORT void iree_hal_semaphore_release(iree_hal_semaphore_t* semaphore);
/* The value now; a failed semaphore gives FAILURE_VALUE and a copy of its failure. */
IREE_API_EXPORT iree_status_t iree_hal_semaphore_query(iree_hal_semaphore_t* semaphore, uint64_t* out_value);
/* INVALID_ARGUMENT unless `new_value` is larger than the current one; a failed semaphore answers with its failure. */
IREE_API_EXPORT iree_status_t iree_hal_semaphore_signal(iree_hal_semaphore_t* semaphore, uint64_t new_value);
/* Takes over `status`; OK and a semaphore that failed before: nothing happens. */
IREE_API_EXPORT void iree_hal_semaphore_fail(iree_hal_semaphore_t* semaphore, iree_status_t status);

/* Room for `capacity` semaphores. */
IREE_API_EXPORT iree_status_t iree_hal_fence_create(iree_host_size_t capacity, iree_allocator_t host_allocator,
                                                    iree_hal_fence_t** out_fence);
/* A fence of one semaphore, which it retains. */
IREE_API_EXPORT iree_status_t iree_hal_fence_create_at(iree_hal_semaphore_t* semaphore, uint64_t value,
                                                       iree_allocator_t host_allocator, iree_hal_fence_t** out_fence);
/* The union of the fences; NULL entries are passed over; NULL when nothing is left. */
IREE_API_EXPORT iree_status_t iree_hal_fence_join(iree_host_size_t fence_count, iree_hal_fence_t** fences,
                                                  iree_allocator_t host_allocator, iree_hal_fence_t** out_fence);
IREE_API_EXPORT void iree_hal_fence_retain(iree_hal_fence_t* fence);
IREE_API_EXPORT void iree_hal_fence_release(iree_hal_fence_t* fence);
/* The same semaphore twice keeps the larger value. RESOURCE_EXHAUSTED when full. */
IREE_API_EXPORT iree_status_t iree_hal_fence_insert(iree_hal_fence_t* fence, iree_hal_semaphore_t* semaphore,
                                                    uint64_t value);
/* OK: reached. DEFERRED: not yet. Else a copy of the failure of the first semaphore that failed. */
IREE_API_EXPORT iree_status_t iree_hal_fence_query(iree_hal_fence_t* fence);
IREE_API_EXPORT iree_status_t iree_hal_fence_signal(iree_hal_fence_t* fence);
/* Takes over `signal_status`. */
IREE_API_EXPORT void iree_hal_fence_fail(iree_hal_fence_t* fence, iree_status_t signal_status);
/* Blocks at most `timeout_ns` (negative: without limit, 0: polls). DEADLINE_EXCEEDED when the time is over; else the
 * failure. */
IREE_API_EXPORT iree_status_t vmrt_hal_fence_wait_for(iree_hal_fence_t* fence, int64_t timeout_ns);
/* cdef: end */
/* Borrowed; empty for NULL. */
IREE_API_EXPORT iree_hal_semaphore_list_t iree_hal_fence_semaphore_list(iree_hal_fence_t* fence);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_fence_wait(iree_hal_fence_t* fence, iree_timeout_t timeout);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_semaphore_wait(iree_hal_semaphore_t* semaphore,
                                                                           uint64_t value, iree_timeout_t timeout);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_semaphore_list_wait(iree_hal_semaphore_list_t list,
                                                                                iree_timeout_t timeout);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_semaphore_list_signal(iree_hal_semaphore_list_t list);
/* Takes over `signal_status`. */
IREE_API_EXPORT void iree_hal_semaphore_list_fail(iree_hal_semaphore_list_t list, iree_status_t signal_status);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_SEMAPHORE_H_ */
