/* SPDX-License-Identifier: Apache-2.0 */
/* HAL files: memory, or something that reads piece by piece. */
#include "hal/buffer_impl.h"
#include "iree/hal/file.h"
#include "iree/hal/string_util.h"
#include "vm/text.h"

struct iree_hal_file_t {
  iree_vm_ref_object_t ref_object;
  iree_hal_memory_access_t access;
  iree_allocator_t host_allocator;
  uint64_t length;
  uint8_t* contents; /* memory files */
  iree_status_t (*read)(void* user_data, uint64_t offset, iree_byte_span_t target); /* other files */
  vmrt_hal_file_release_t release;
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static iree_status_t file_create(iree_hal_memory_access_t access, uint64_t length, vmrt_hal_file_release_t release,
                                 iree_allocator_t host_allocator, iree_hal_file_t** out_file) {
  *out_file = NULL;
  iree_hal_file_t* file = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *file, (void**)&file));
  atomic_ref_count_init(&file->ref_object.counter);
  file->access = access;
  file->host_allocator = host_allocator;
  file->length = length;
  file->release = release;
  live_object_add(VMRT_OBJECT_HAL_FILE);
  *out_file = file;
  return iree_ok_status();
}

iree_status_t vmrt_hal_file_from_memory(iree_hal_memory_access_t access, iree_byte_span_t contents,
                                        vmrt_hal_file_release_t release, iree_allocator_t host_allocator,
                                        iree_hal_file_t** out_file) {
  IREE_RETURN_IF_ERROR(file_create(access, contents.data_length, release, host_allocator, out_file));
  (*out_file)->contents = contents.data;
  return iree_ok_status();
}

iree_status_t vmrt_hal_file_from_reader(iree_status_t (*read)(void* user_data, uint64_t offset,
                                                              iree_byte_span_t target),
                                        uint64_t length, vmrt_hal_file_release_t release,
                                        iree_allocator_t host_allocator, iree_hal_file_t** out_file) {
  IREE_RETURN_IF_ERROR(file_create(IREE_HAL_MEMORY_ACCESS_READ, length, release, host_allocator, out_file));
  (*out_file)->read = read;
  return iree_ok_status();
}

static void file_destroy(iree_hal_file_t* file) {
  if (file->release.fn) file->release.fn(file->release.user_data);
  iree_allocator_free(file->host_allocator, file);
  live_object_remove(VMRT_OBJECT_HAL_FILE);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_file, iree_hal_file_t, file_destroy)

/* ---- Properties -------------------------------------------------------------------------------------------------- */

iree_hal_memory_access_t iree_hal_file_allowed_access(const iree_hal_file_t* file) { return file->access; }

uint64_t iree_hal_file_length(const iree_hal_file_t* file) { return file->length; }

iree_status_t iree_hal_file_validate_access(const iree_hal_file_t* file, iree_hal_memory_access_t required) {
  if ((file->access & required) == required) return iree_ok_status();
  iree_bitfield_string_temp_t has, wants;
  iree_string_view_t has_text = iree_hal_memory_access_format(file->access, &has);
  iree_string_view_t wants_text = iree_hal_memory_access_format(required, &wants);
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                          "file does not allow this access; file allows %.*s, operation requires %.*s",
                          VM_SV_ARG(has_text), VM_SV_ARG(wants_text));
}

/* ---- Bytes ------------------------------------------------------------------------------------------------------- */

static iree_status_t check_range(const iree_hal_file_t* file, uint64_t offset, uint64_t length) {
  if (offset <= file->length && length <= file->length - offset) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%llu bytes from %llu are outside of a file of %llu bytes",
                          (unsigned long long)length, (unsigned long long)offset, (unsigned long long)file->length);
}

iree_status_t vmrt_hal_file_read(iree_hal_file_t* file, uint64_t offset, iree_byte_span_t target) {
  IREE_RETURN_IF_ERROR(iree_hal_file_validate_access(file, IREE_HAL_MEMORY_ACCESS_READ));
  IREE_RETURN_IF_ERROR(check_range(file, offset, target.data_length));
  if (target.data_length == 0) return iree_ok_status();
  if (file->read) return file->read(file->release.user_data, offset, target);
  memcpy(target.data, file->contents + offset, target.data_length);
  return iree_ok_status();
}

iree_status_t vmrt_hal_file_write(iree_hal_file_t* file, uint64_t offset, iree_const_byte_span_t source) {
  IREE_RETURN_IF_ERROR(iree_hal_file_validate_access(file, IREE_HAL_MEMORY_ACCESS_WRITE));
  IREE_RETURN_IF_ERROR(check_range(file, offset, source.data_length));
  if (source.data_length) memcpy(file->contents + offset, source.data, source.data_length);
  return iree_ok_status();
}
