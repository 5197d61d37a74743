/* SPDX-License-Identifier: Apache-2.0 */
/* Writes values to files. */
#include "tooling/value_file.h"

#include <errno.h>
#include <stdio.h>

#include "iree/modules/hal/types.h"
#include "platform/platform.h"
#include "tooling/npy.h"
#include "tooling/value_text.h"
#include "vm/text.h"

/* What a file is to contain. The bytes are borrowed, or mapped from a buffer of a device. */
typedef struct contents_t {
  iree_hal_element_type_t element_type;
  iree_host_size_t rank;
  const iree_hal_dim_t* shape;
  iree_hal_dim_t length; /* the shape of what has none: bytes in a row */
  iree_const_byte_span_t bytes;
  iree_hal_buffer_mapping_t mapping; /* without a buffer when nothing is mapped */
} contents_t;

/* ---- Values as arrays -------------------------------------------------------------------------------------------- */

static iree_hal_element_type_t element_type_of(iree_vm_value_type_t type) {
  switch (type) {
    case IREE_VM_VALUE_TYPE_I8: return IREE_HAL_ELEMENT_TYPE_INT_8;
    case IREE_VM_VALUE_TYPE_I16: return IREE_HAL_ELEMENT_TYPE_INT_16;
    case IREE_VM_VALUE_TYPE_I32: return IREE_HAL_ELEMENT_TYPE_INT_32;
    case IREE_VM_VALUE_TYPE_I64: return IREE_HAL_ELEMENT_TYPE_INT_64;
    case IREE_VM_VALUE_TYPE_F32: return IREE_HAL_ELEMENT_TYPE_FLOAT_32;
    case IREE_VM_VALUE_TYPE_F64: return IREE_HAL_ELEMENT_TYPE_FLOAT_64;
    case IREE_VM_VALUE_TYPE_NONE: break;
  }
  return IREE_HAL_ELEMENT_TYPE_INT_8;
}

static void describe_number(const iree_vm_value_t* value, contents_t* out_contents) {
  out_contents->element_type = element_type_of(value->type);
  out_contents->rank = 0;
  out_contents->bytes = iree_make_const_byte_span(value->value_storage, iree_vm_value_type_size(value->type));
}

static void describe_bytes(iree_const_byte_span_t bytes, contents_t* out_contents) {
  out_contents->element_type = IREE_HAL_ELEMENT_TYPE_INT_8;
  out_contents->rank = 1;
  out_contents->length = bytes.data_length;
  out_contents->shape = &out_contents->length;
  out_contents->bytes = bytes;
}

static iree_status_t describe_buffer(iree_hal_buffer_t* buffer, contents_t* out_contents) {
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_range(buffer, IREE_HAL_MAPPING_MODE_SCOPED, IREE_HAL_MEMORY_ACCESS_READ, 0,
                                                 IREE_HAL_WHOLE_BUFFER, &out_contents->mapping));
  iree_byte_span_t span = out_contents->mapping.contents;
  describe_bytes(iree_make_const_byte_span(span.data, span.data_length), out_contents);
  return iree_ok_status();
}

static iree_status_t describe_tensor(const iree_hal_buffer_view_t* view, contents_t* out_contents) {
  IREE_RETURN_IF_ERROR(describe_buffer(iree_hal_buffer_view_buffer(view), out_contents));
  out_contents->element_type = iree_hal_buffer_view_element_type(view);
  out_contents->rank = iree_hal_buffer_view_shape_rank(view);
  out_contents->shape = iree_hal_buffer_view_shape_dims(view);
  out_contents->bytes.data_length = (iree_host_size_t)iree_hal_buffer_view_byte_length(view);
  return iree_ok_status();
}

static iree_status_t describe(const iree_vm_variant_t* value, contents_t* out_contents) {
  memset(out_contents, 0, sizeof *out_contents);
  if (iree_vm_variant_is_value(*value)) {
    describe_number(&value->value, out_contents);
    return iree_ok_status();
  }
  describe_bytes(iree_const_byte_span_empty(), out_contents);
  if (value_is_null(*value)) return iree_ok_status();
  const iree_hal_buffer_view_t* view = iree_hal_buffer_view_deref(value->ref);
  iree_hal_buffer_t* buffer = iree_hal_buffer_deref(value->ref);
  const iree_vm_buffer_t* bytes = iree_vm_buffer_deref(value->ref);
  if (view) return describe_tensor(view, out_contents);
  if (buffer) return describe_buffer(buffer, out_contents);
  if (bytes) {
    describe_bytes(iree_vm_buffer_const_contents(bytes), out_contents);
    return iree_ok_status();
  }
  iree_string_view_t name = iree_vm_ref_type_name(value->ref.type);
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "unsupported output source type %.*s: numbers, tensors and buffers are written to files",
                          VM_SV_ARG(name));
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static bool write_bytes(FILE* file, const void* bytes, size_t length) {
  return length == 0 || fwrite(bytes, 1, length, file) == length;
}

static iree_status_t file_error(int error, const char* what, const char* path) {
  iree_status_code_t code = error ? iree_status_code_from_errno(error) : IREE_STATUS_UNKNOWN;
  return iree_make_status(code, "unable to %s file `%s`: %s", what, path, strerror(error));
}

static iree_status_t write_parts(const npy_header_t* header, iree_const_byte_span_t bytes, const char* path,
                                 bool append) {
  errno = 0;
  FILE* file = fopen(path, append ? "ab" : "wb");
  if (!file) return file_error(errno, "open", path);
  bool written =
      write_bytes(file, header->bytes, header->length) && write_bytes(file, bytes.data, bytes.data_length);
  int error = errno;
  bool closed = fclose(file) == 0;
  if (written && closed) return iree_ok_status();
  return file_error(written ? errno : error, "write", path);
}

static iree_status_t write_contents(const contents_t* contents, iree_string_view_t path, bool append,
                                    iree_allocator_t allocator) {
  npy_header_t header = {.length = 0};
  char* name = NULL;
  if (iree_string_view_ends_with(path, IREE_SV(".npy"))) {
    IREE_RETURN_IF_ERROR(npy_format_header(contents->element_type, contents->rank, contents->shape, &header));
  }
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, path.size + 1, (void**)&name));
  memcpy(name, path.data, path.size);
  iree_status_t status = write_parts(&header, contents->bytes, name, append);
  iree_allocator_free(allocator, name);
  return status;
}

iree_status_t value_file_write(iree_vm_variant_t value, iree_string_view_t path, bool append,
                               iree_allocator_t allocator) {
  contents_t contents;
  if (path.size == 0 || path.size > PLATFORM_MAX_PATH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "path of %zu bytes; 1 to %d are allowed", path.size,
                            PLATFORM_MAX_PATH);
  }
  IREE_RETURN_IF_ERROR(describe(&value, &contents));
  iree_status_t status = write_contents(&contents, path, append, allocator);
  if (!contents.mapping.buffer) return status;
  return iree_status_join(status, iree_hal_buffer_unmap_range(&contents.mapping));
}
