/* SPDX-License-Identifier: Apache-2.0 */
/* Files of parameters as bytes: mapped, read, or memory of somebody else. */
#include "base/atomics.h"
#include "iree/io/file_handle.h"
#include "platform/platform.h"

struct iree_io_file_handle_t {
  iree_atomic_ref_count_t ref_count;
  iree_allocator_t host_allocator;
  iree_const_byte_span_t contents;
  platform_mapping_t mapping; /* empty unless the file was mapped */
  void* loaded;               /* NULL unless the file was read */
  void (*release)(void* user_data);
  void* user_data;
  iree_host_size_t path_length;
  char path[];
};

static iree_status_t file_handle_allocate(iree_string_view_t path, iree_allocator_t host_allocator,
                                          iree_io_file_handle_t** out_handle) {
  iree_io_file_handle_t* handle = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *handle + path.size, (void**)&handle));
  handle->ref_count.value = 1;
  handle->host_allocator = host_allocator;
  handle->path_length = path.size;
  if (path.size) memcpy(handle->path, path.data, path.size);
  *out_handle = handle;
  return iree_ok_status();
}

static iree_status_t file_handle_fill(iree_io_file_handle_t* handle, vmrt_io_file_mode_t mode) {
  iree_string_view_t path = vmrt_io_file_handle_path(handle);
  if (mode == VMRT_IO_FILE_MODE_PRELOAD) {
    iree_byte_span_t contents = iree_byte_span_empty();
    IREE_RETURN_IF_ERROR(platform_read_file(path, handle->host_allocator, &contents));
    handle->loaded = contents.data;
    handle->contents = iree_const_cast_byte_span(contents);
    return iree_ok_status();
  }
  IREE_RETURN_IF_ERROR(platform_map_file(path, &handle->mapping));
  handle->contents = handle->mapping.contents;
  return iree_ok_status();
}

iree_status_t vmrt_io_file_handle_open(iree_string_view_t path, vmrt_io_file_mode_t mode,
                                       iree_allocator_t host_allocator, iree_io_file_handle_t** out_handle) {
  *out_handle = NULL;
  iree_io_file_handle_t* handle = NULL;
  IREE_RETURN_IF_ERROR(file_handle_allocate(path, host_allocator, &handle));
  iree_status_t status = file_handle_fill(handle, mode);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(host_allocator, handle);
    return status;
  }
  *out_handle = handle;
  return iree_ok_status();
}

iree_status_t vmrt_io_file_handle_wrap(iree_string_view_t path, const void* data, iree_host_size_t length,
                                       void (*release)(void* user_data), void* user_data,
                                       iree_allocator_t host_allocator, iree_io_file_handle_t** out_handle) {
  *out_handle = NULL;
  iree_io_file_handle_t* handle = NULL;
  IREE_RETURN_IF_ERROR(file_handle_allocate(path, host_allocator, &handle));
  handle->contents = iree_make_const_byte_span(data, length);
  handle->release = release;
  handle->user_data = user_data;
  *out_handle = handle;
  return iree_ok_status();
}

static void file_handle_destroy(iree_io_file_handle_t* handle) {
  if (handle->mapping.contents.data) platform_unmap_file(&handle->mapping);
  if (handle->loaded) iree_allocator_free_aligned(handle->host_allocator, handle->loaded);
  if (handle->release) handle->release(handle->user_data);
  iree_allocator_free(handle->host_allocator, handle);
}

void iree_io_file_handle_retain(iree_io_file_handle_t* handle) {
  if (handle) atomic_ref_count_retain(&handle->ref_count);
}

void iree_io_file_handle_release(iree_io_file_handle_t* handle) {
  if (handle && atomic_ref_count_release(&handle->ref_count)) file_handle_destroy(handle);
}

iree_string_view_t vmrt_io_file_handle_path(const iree_io_file_handle_t* handle) {
  return iree_make_string_view(handle->path, handle->path_length);
}

iree_const_byte_span_t vmrt_io_file_handle_contents(const iree_io_file_handle_t* handle) { return handle->contents; }
