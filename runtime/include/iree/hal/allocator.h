/* SPDX-License-Identifier: Apache-2.0 */
/* HAL allocators: where buffers of a device come from, with statistics. */
#ifndef IREE_HAL_ALLOCATOR_H_
#define IREE_HAL_ALLOCATOR_H_

#include "iree/hal/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Bytes so far; an allocation counts as host when its type contains all HOST_LOCAL bits, else as device. */
typedef struct iree_hal_allocator_statistics_t {
  iree_device_size_t host_bytes_peak;
  iree_device_size_t host_bytes_allocated;
  iree_device_size_t host_bytes_freed;
  iree_device_size_t device_bytes_peak;
  iree_device_size_t device_bytes_allocated;
  iree_device_size_t device_bytes_freed;
} iree_hal_allocator_statistics_t;

IREE_API_EXPORT void iree_hal_allocator_retain(iree_hal_allocator_t* allocator);
IREE_API_EXPORT void iree_hal_allocator_release(iree_hal_allocator_t* allocator);
IREE_API_EXPORT void iree_hal_allocator_query_statistics(iree_hal_allocator_t* allocator,
                                                         iree_hal_allocator_statistics_t* out_statistics);
/* `allocation_size` bytes, zero included; one reference for the caller. RESOURCE_EXHAUSTED when it cannot be served,
 * sizes of 2^63 and more included. */
IREE_API_EXPORT iree_status_t iree_hal_allocator_allocate_buffer(iree_hal_allocator_t* allocator,
                                                                 iree_hal_buffer_params_t params,
                                                                 iree_device_size_t allocation_size,
                                                                 iree_hal_buffer_t** out_buffer);
/* Memory of the host as a buffer, without a copy; `release` is called when the last reference goes, by whatever thread
 * drops it, a worker of a device included: it must not wait for work of a device, nor release one. It is not called on
 * failure: the caller keeps the memory then. OUT_OF_RANGE unless `data` is 64-byte aligned. */
IREE_API_EXPORT iree_status_t vmrt_hal_allocator_import_host(
    iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params, void* data, iree_device_size_t length,
    void (*release)(void* user_data, iree_hal_buffer_t* buffer), void* user_data, iree_hal_buffer_t** out_buffer);
/* cdef: end */

typedef uint32_t iree_hal_buffer_compatibility_t;
enum {
  IREE_HAL_BUFFER_COMPATIBILITY_NONE = 0,
  IREE_HAL_BUFFER_COMPATIBILITY_ALLOCATABLE = 1,
  IREE_HAL_BUFFER_COMPATIBILITY_IMPORTABLE = 2,
  IREE_HAL_BUFFER_COMPATIBILITY_EXPORTABLE = 4,
  IREE_HAL_BUFFER_COMPATIBILITY_QUEUE_TRANSFER = 0x400,
  IREE_HAL_BUFFER_COMPATIBILITY_QUEUE_DISPATCH = 0x800,
  IREE_HAL_BUFFER_COMPATIBILITY_LOW_PERFORMANCE = 1 << 20
};
/* What could be done with such a buffer; the parameters as they would be granted. */
IREE_API_EXPORT iree_hal_buffer_compatibility_t iree_hal_allocator_query_buffer_compatibility(
    iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params, iree_device_size_t allocation_size,
    iree_hal_buffer_params_t* out_params, iree_device_size_t* out_allocation_size);
/* Zeros replaced by what they stand for. */
IREE_API_EXPORT void iree_hal_buffer_params_canonicalize(iree_hal_buffer_params_t* params);

/* An allocator of zeroed host memory, 64-byte aligned, that is device memory too: what the local devices use. Granted
 * types: the request without OPTIMAL, with HOST_VISIBLE and HOST_COHERENT; usage with TRANSFER, MAPPING and
 * MAPPING_PERSISTENT added. Buffers retain their allocator. Large buffers that queues allocate are zeroed or hold what
 * an earlier buffer of this allocator left in its memory. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_allocator_create_heap(iree_string_view_t identifier,
                                                                                  iree_allocator_t data_allocator,
                                                                                  iree_allocator_t host_allocator,
                                                                                  iree_hal_allocator_t** out_allocator);
/* The block that --print_statistics prints, without the `Device:` line. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_allocator_statistics_format(const iree_hal_allocator_statistics_t* statistics, iree_host_size_t capacity,
                                     char* buffer, iree_host_size_t* out_length);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_ALLOCATOR_H_ */
