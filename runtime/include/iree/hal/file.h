/* SPDX-License-Identifier: Apache-2.0 */
/* HAL files: what queues read into buffers and write from them. */
#ifndef IREE_HAL_FILE_H_
#define IREE_HAL_FILE_H_

#include "iree/hal/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iree_hal_file_t iree_hal_file_t;

/* A file in memory that `release` gives back with the last reference (NULL: nothing to do). */
typedef struct vmrt_hal_file_release_t {
  void (*fn)(void* user_data);
  void* user_data;
} vmrt_hal_file_release_t;

/* `access` READ, or READ and WRITE when the memory may be written. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_hal_file_from_memory(iree_hal_memory_access_t access,
                                                                             iree_byte_span_t contents,
                                                                             vmrt_hal_file_release_t release,
                                                                             iree_allocator_t host_allocator,
                                                                             iree_hal_file_t** out_file);
/* A file that is read piece by piece: `read` fills `target` from `offset`; `release` as above with the same
 * `user_data`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
vmrt_hal_file_from_reader(iree_status_t (*read)(void* user_data, uint64_t offset, iree_byte_span_t target),
                          uint64_t length, vmrt_hal_file_release_t release, iree_allocator_t host_allocator,
                          iree_hal_file_t** out_file);
IREE_API_EXPORT void iree_hal_file_retain(iree_hal_file_t* file);
IREE_API_EXPORT void iree_hal_file_release(iree_hal_file_t* file);
IREE_API_EXPORT iree_hal_memory_access_t iree_hal_file_allowed_access(const iree_hal_file_t* file);
IREE_API_EXPORT uint64_t iree_hal_file_length(const iree_hal_file_t* file);
/* PERMISSION_DENIED naming both. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_file_validate_access(const iree_hal_file_t* file,
                                                                                 iree_hal_memory_access_t required);
/* Host copies; OUT_OF_RANGE outside the file. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_hal_file_read(iree_hal_file_t* file, uint64_t offset,
                                                                      iree_byte_span_t target);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_hal_file_write(iree_hal_file_t* file, uint64_t offset,
                                                                       iree_const_byte_span_t source);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_FILE_H_ */
