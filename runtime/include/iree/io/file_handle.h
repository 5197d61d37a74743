/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of parameter files: read into memory or mapped, shared by all parameters that lie in them. */
#ifndef IREE_IO_FILE_HANDLE_H_
#define IREE_IO_FILE_HANDLE_H_

#include "iree/base/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef struct iree_io_file_handle_t iree_io_file_handle_t;

/* How a file becomes bytes. */
typedef enum vmrt_io_file_mode_e {
  VMRT_IO_FILE_MODE_MAP = 0,    /* pages come when they are needed; the file must stay as it is meanwhile */
  VMRT_IO_FILE_MODE_PRELOAD = 1 /* read as a whole */
} vmrt_io_file_mode_t;

/* One reference for the caller. NOT_FOUND and so on, naming the path. */
IREE_API_EXPORT iree_status_t vmrt_io_file_handle_open(iree_string_view_t path, vmrt_io_file_mode_t mode,
                                                       iree_allocator_t host_allocator,
                                                       iree_io_file_handle_t** out_handle);
/* Memory of the caller under the name `path`; `release`, when not NULL, is called with the last reference. */
IREE_API_EXPORT iree_status_t vmrt_io_file_handle_wrap(iree_string_view_t path, const void* data,
                                                       iree_host_size_t length, void (*release)(void* user_data),
                                                       void* user_data, iree_allocator_t host_allocator,
                                                       iree_io_file_handle_t** out_handle);
IREE_API_EXPORT void iree_io_file_handle_retain(iree_io_file_handle_t* handle);
IREE_API_EXPORT void iree_io_file_handle_release(iree_io_file_handle_t* handle);
/* cdef: end */
/* Both borrowed. */
IREE_API_EXPORT iree_string_view_t vmrt_io_file_handle_path(const iree_io_file_handle_t* handle);
IREE_API_EXPORT iree_const_byte_span_t vmrt_io_file_handle_contents(const iree_io_file_handle_t* handle);

#ifdef __cplusplus
}
#endif

#endif /* IREE_IO_FILE_HANDLE_H_ */
