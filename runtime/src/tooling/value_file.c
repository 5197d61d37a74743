/* SPDX-License-Identifier: Apache-2.0 */
/* Writes values to files. */
#include "tooling/value_file.h"

#include <errno.h>
#include <stdio.h>

#include "platform/platform.h"
#include "tooling/value_text.h"
#include "vm/text.h"

/* What a file is to contain, as numpy describes it. The bytes are borrowed. */
typedef struct array_t {
  const char* dtype;
  bool is_scalar; /* rank 0, else rank 1 */
  iree_const_byte_span_t bytes;
} array_t;

/* ---- Values as arrays -------------------------------------------------------------------------------------------- */

static const char* dtype_of(iree_vm_value_type_t type) {
  switch (type) {
    case IREE_VM_VALUE_TYPE_I8: return "|i1";
    case IREE_VM_VALUE_TYPE_I16: return "<i2";
    case IREE_VM_VALUE_TYPE_I32: return "<i4";
    case IREE_VM_VALUE_TYPE_I64: return "<i8";
    case IREE_VM_VALUE_TYPE_F32: return "<f4";
    case IREE_VM_VALUE_TYPE_F64: return "<f8";
    case IREE_VM_VALUE_TYPE_NONE: break;
  }
  return "|i1";
}

static iree_status_t array_of(const iree_vm_variant_t* value, array_t* out_array) {
  array_t array = {"|i1", false, iree_const_byte_span_empty()};
  if (iree_vm_variant_is_value(*value)) {
    array.dtype = dtype_of(value->value.type);
    array.is_scalar = true;
    array.bytes = iree_make_const_byte_span(value->value.value_storage, iree_vm_value_type_size(value->value.type));
  } else if (!value_is_null(*value)) {
    const iree_vm_buffer_t* buffer = iree_vm_buffer_deref(value->ref);
    if (!buffer) {
      iree_string_view_t name = iree_vm_ref_type_name(value->ref.type);
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                              "unsupported output source type %.*s: only numbers and !vm.buffer are written to files",
                              VM_SV_ARG(name));
    }
    array.bytes = iree_vm_buffer_const_contents(buffer);
  }
  *out_array = array;
  return iree_ok_status();
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* Format version 1.0: magic, length of the header, the header padded so that the data begins at a multiple of 64
 * bytes. */
#define NPY_HEADER_SIZE 128

static void npy_header(const array_t* array, unsigned char* header) {
  static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, NPY_HEADER_SIZE - 10, 0};
  char shape[32] = "()";
  char text[NPY_HEADER_SIZE];
  if (!array->is_scalar) snprintf(shape, sizeof shape, "(%zu,)", array->bytes.data_length);
  int length =
      snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", array->dtype, shape);
  memset(header, ' ', NPY_HEADER_SIZE);
  memcpy(header, magic, sizeof magic);
  memcpy(header + sizeof magic, text, (size_t)length);
  header[NPY_HEADER_SIZE - 1] = '\n';
}

static bool write_bytes(FILE* file, const void* bytes, size_t length) {
  return length == 0 || fwrite(bytes, 1, length, file) == length;
}

static bool write_array(FILE* file, const array_t* array, bool as_npy) {
  unsigned char header[NPY_HEADER_SIZE];
  if (as_npy) npy_header(array, header);
  return write_bytes(file, header, as_npy ? sizeof header : 0) &&
         write_bytes(file, array->bytes.data, array->bytes.data_length);
}

static iree_status_t file_error(int error, const char* what, const char* path) {
  iree_status_code_t code = error ? iree_status_code_from_errno(error) : IREE_STATUS_UNKNOWN;
  return iree_make_status(code, "unable to %s file `%s`: %s", what, path, strerror(error));
}

static iree_status_t write_file(const array_t* array, const char* path, bool append, bool as_npy) {
  errno = 0;
  FILE* file = fopen(path, append ? "ab" : "wb");
  if (!file) return file_error(errno, "open", path);
  bool written = write_array(file, array, as_npy);
  int error = errno;
  bool closed = fclose(file) == 0;
  if (written && closed) return iree_ok_status();
  return file_error(written ? errno : error, "write", path);
}

iree_status_t value_file_write(iree_vm_variant_t value, iree_string_view_t path, bool append,
                               iree_allocator_t allocator) {
  array_t array = {NULL, false, {NULL, 0}};
  IREE_RETURN_IF_ERROR(array_of(&value, &array));
  if (path.size == 0 || path.size > PLATFORM_MAX_PATH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "path of %zu bytes; 1 to %d are allowed", path.size,
                            PLATFORM_MAX_PATH);
  }
  char* name = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, path.size + 1, (void**)&name));
  memcpy(name, path.data, path.size);
  iree_status_t status = write_file(&array, name, append, iree_string_view_ends_with(path, IREE_SV(".npy")));
  iree_allocator_free(allocator, name);
  return status;
}
