/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows. */
#include "base/string_builder.h"

#include <stdio.h>

void iree_string_builder_initialize(iree_allocator_t allocator, iree_string_builder_t* out_builder) {
  iree_string_builder_t builder = {allocator, NULL, 0, 0};
  *out_builder = builder;
}

void iree_string_builder_deinitialize(iree_string_builder_t* builder) {
  iree_allocator_free(builder->allocator, builder->buffer);
  iree_string_builder_initialize(builder->allocator, builder);
}

iree_string_view_t iree_string_builder_view(const iree_string_builder_t* builder) {
  return iree_make_string_view(builder->buffer, builder->size);
}

/* Room for `length` more bytes and a NUL. */
static iree_status_t string_builder_reserve(iree_string_builder_t* builder, iree_host_size_t length) {
  if (length >= PTRDIFF_MAX - builder->size) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "text of %zu and %zu bytes is too long", builder->size, length);
  }
  iree_host_size_t needed = builder->size + length + 1;
  if (needed <= builder->capacity) return iree_ok_status();
  void* buffer = builder->buffer;
  IREE_RETURN_IF_ERROR(iree_allocator_grow_array(builder->allocator, needed < 64 ? 64 : needed, 1, &builder->capacity,
                                                 &buffer));
  builder->buffer = buffer;
  return iree_ok_status();
}

iree_status_t iree_string_builder_append_string(iree_string_builder_t* builder, iree_string_view_t text) {
  IREE_RETURN_IF_ERROR(string_builder_reserve(builder, text.size));
  if (text.size) memcpy(builder->buffer + builder->size, text.data, text.size);
  builder->size += text.size;
  builder->buffer[builder->size] = 0;
  return iree_ok_status();
}

iree_status_t iree_string_builder_append_format(iree_string_builder_t* builder, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  if (length < 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "format `%s` cannot be printed", format);
  IREE_RETURN_IF_ERROR(string_builder_reserve(builder, (iree_host_size_t)length));
  va_start(arguments, format);
  vsnprintf(builder->buffer + builder->size, (size_t)length + 1, format, arguments);
  va_end(arguments);
  builder->size += (iree_host_size_t)length;
  return iree_ok_status();
}
