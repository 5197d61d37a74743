/* SPDX-License-Identifier: Apache-2.0 */
/* Host access to buffers: mappings, and reading, writing, filling and copying through them. */
#include "hal/buffer_impl.h"

/* ---- Addresses --------------------------------------------------------------------------------------------------- */

static iree_status_t check_committed(const iree_hal_buffer_t* root) {
  switch (__atomic_load_n(&root->transient_state, __ATOMIC_ACQUIRE)) {
    case HAL_TRANSIENT_NOT:
    case HAL_TRANSIENT_COMMITTED:
      return iree_ok_status();
    case HAL_TRANSIENT_RESERVED:
      return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                              "transient buffer has not been committed: its queue allocation has not run");
  }
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                          "transient buffer has not been committed any more: its queue deallocation has run");
}

iree_status_t hal_buffer_host_pointer(iree_hal_buffer_t* buffer, iree_device_size_t offset, uint8_t** out_pointer) {
  iree_hal_buffer_t* root = buffer->allocated_buffer;
  IREE_RETURN_IF_ERROR(check_committed(root));
  if (!root->vtable->host_pointer) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "the memory of the buffer cannot be seen by the host");
  }
  uint8_t* base = NULL;
  IREE_RETURN_IF_ERROR(root->vtable->host_pointer(root, &base));
  *out_pointer = base + buffer->byte_offset + offset;
  return iree_ok_status();
}

/* ---- Mappings ---------------------------------------------------------------------------------------------------- */

static iree_status_t check_mappable(const iree_hal_buffer_t* buffer, iree_hal_mapping_mode_t mode,
                                    iree_hal_memory_access_t access) {
  iree_hal_buffer_usage_t usage = mode == IREE_HAL_MAPPING_MODE_PERSISTENT ? IREE_HAL_BUFFER_USAGE_MAPPING_PERSISTENT
                                                                           : IREE_HAL_BUFFER_USAGE_MAPPING_SCOPED;
  IREE_RETURN_IF_ERROR(
      iree_hal_buffer_validate_memory_type(buffer->memory_type, IREE_HAL_MEMORY_TYPE_HOST_VISIBLE));
  IREE_RETURN_IF_ERROR(iree_hal_buffer_validate_usage(buffer->allowed_usage, usage));
  return iree_hal_buffer_validate_access(buffer->allowed_access, access);
}

/* Invalidates or flushes memory whose host view is not coherent. */
static iree_status_t synchronize(iree_hal_buffer_t* buffer, bool is_flush, const uint8_t* address,
                                 iree_host_size_t length) {
  iree_hal_buffer_t* root = buffer->allocated_buffer;
  iree_status_t (*fn)(iree_hal_buffer_t*, iree_device_size_t, iree_device_size_t) =
      is_flush ? root->vtable->flush : root->vtable->invalidate;
  if (!fn || (buffer->memory_type & IREE_HAL_MEMORY_TYPE_HOST_COHERENT)) return iree_ok_status();
  uint8_t* base = NULL;
  IREE_RETURN_IF_ERROR(root->vtable->host_pointer(root, &base));
  return fn(root, (iree_device_size_t)(address - base), length);
}

iree_status_t iree_hal_buffer_map_range(iree_hal_buffer_t* buffer, iree_hal_mapping_mode_t mode,
                                        iree_hal_memory_access_t access, iree_device_size_t byte_offset,
                                        iree_device_size_t byte_length, iree_hal_buffer_mapping_t* out_mapping) {
  memset(out_mapping, 0, sizeof *out_mapping);
  IREE_RETURN_IF_ERROR(check_mappable(buffer, mode, access));
  iree_device_size_t offset = 0, length = 0;
  IREE_RETURN_IF_ERROR(
      iree_hal_buffer_calculate_range(0, buffer->byte_length, byte_offset, byte_length, &offset, &length));
  uint8_t* pointer = NULL;
  IREE_RETURN_IF_ERROR(hal_buffer_host_pointer(buffer, offset, &pointer));
  if (access & IREE_HAL_MEMORY_ACCESS_READ) IREE_RETURN_IF_ERROR(synchronize(buffer, false, pointer, length));
  out_mapping->contents = iree_make_byte_span(pointer, length);
  out_mapping->buffer = buffer;
  out_mapping->access = access;
  iree_hal_buffer_retain(buffer);
  return iree_ok_status();
}

iree_status_t iree_hal_buffer_unmap_range(iree_hal_buffer_mapping_t* mapping) {
  if (!mapping->buffer) return iree_ok_status();
  iree_status_t status = iree_ok_status();
  if (mapping->access & IREE_HAL_MEMORY_ACCESS_WRITE) {
    status = synchronize(mapping->buffer, true, mapping->contents.data, mapping->contents.data_length);
  }
  iree_hal_buffer_release(mapping->buffer);
  memset(mapping, 0, sizeof *mapping);
  return status;
}

static iree_status_t map_scoped(iree_hal_buffer_t* buffer, iree_hal_memory_access_t access, iree_device_size_t offset,
                                iree_device_size_t length, iree_hal_buffer_mapping_t* out_mapping) {
  return iree_hal_buffer_map_range(buffer, IREE_HAL_MAPPING_MODE_SCOPED, access, offset, length, out_mapping);
}

/* ---- Reading and writing ----------------------------------------------------------------------------------------- */

iree_status_t iree_hal_buffer_map_read(iree_hal_buffer_t* source, iree_device_size_t source_offset, void* target,
                                       iree_device_size_t length) {
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(map_scoped(source, IREE_HAL_MEMORY_ACCESS_READ, source_offset, length, &mapping));
  if (mapping.contents.data_length) memcpy(target, mapping.contents.data, mapping.contents.data_length);
  return iree_hal_buffer_unmap_range(&mapping);
}

iree_status_t iree_hal_buffer_map_write(iree_hal_buffer_t* target, iree_device_size_t target_offset, const void* source,
                                        iree_device_size_t length) {
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(map_scoped(target, IREE_HAL_MEMORY_ACCESS_DISCARD_WRITE, target_offset, length, &mapping));
  if (mapping.contents.data_length) memcpy(mapping.contents.data, source, mapping.contents.data_length);
  return iree_hal_buffer_unmap_range(&mapping);
}

/* ---- Filling ----------------------------------------------------------------------------------------------------- */

/* Doubles what is filled until all is: few large copies. */
static void fill_bytes(iree_byte_span_t span, const void* pattern, iree_host_size_t pattern_length) {
  if (span.data_length == 0) return;
  if (pattern_length == 1) {
    memset(span.data, *(const uint8_t*)pattern, span.data_length);
    return;
  }
  memcpy(span.data, pattern, pattern_length);
  for (iree_host_size_t done = pattern_length; done < span.data_length;) {
    iree_host_size_t piece = done < 4096 ? done : 4096;
    if (piece > span.data_length - done) piece = span.data_length - done;
    memcpy(span.data + done, span.data, piece);
    done += piece;
  }
}

iree_status_t iree_hal_buffer_map_fill(iree_hal_buffer_t* buffer, iree_device_size_t byte_offset,
                                       iree_device_size_t byte_length, const void* pattern,
                                       iree_host_size_t pattern_length) {
  if (pattern_length != 1 && pattern_length != 2 && pattern_length != 4) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "fill patterns must be 1, 2, or 4 bytes (got %zu)",
                            pattern_length);
  }
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(
      map_scoped(buffer, IREE_HAL_MEMORY_ACCESS_DISCARD_WRITE, byte_offset, byte_length, &mapping));
  iree_status_t status = iree_ok_status();
  if (byte_offset % pattern_length || mapping.contents.data_length % pattern_length) {
    status = iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                              "attempting to fill a range with %zu byte values that is not aligned (offset=%llu, "
                              "length=%zu)",
                              pattern_length, (unsigned long long)byte_offset, mapping.contents.data_length);
  } else {
    fill_bytes(mapping.contents, pattern, pattern_length);
  }
  return iree_status_join(status, iree_hal_buffer_unmap_range(&mapping));
}

/* ---- Copying ----------------------------------------------------------------------------------------------------- */

static bool spans_overlap(iree_byte_span_t a, iree_byte_span_t b) {
  uintptr_t a_at = (uintptr_t)a.data, b_at = (uintptr_t)b.data;
  return a_at < b_at + b.data_length && b_at < a_at + a.data_length;
}

static iree_status_t copy_mapped(iree_byte_span_t source, iree_byte_span_t target) {
  if (source.data_length == 0) return iree_ok_status();
  if (spans_overlap(source, target)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "source and target ranges of a copy of %zu bytes overlap in one buffer",
                            source.data_length);
  }
  memcpy(target.data, source.data, source.data_length);
  return iree_ok_status();
}

iree_status_t iree_hal_buffer_map_copy(iree_hal_buffer_t* source, iree_device_size_t source_offset,
                                       iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                       iree_device_size_t length) {
  iree_hal_buffer_mapping_t from, to;
  IREE_RETURN_IF_ERROR(map_scoped(source, IREE_HAL_MEMORY_ACCESS_READ, source_offset, length, &from));
  iree_status_t status = map_scoped(target, IREE_HAL_MEMORY_ACCESS_DISCARD_WRITE, target_offset,
                                    from.contents.data_length, &to);
  if (iree_status_is_ok(status)) {
    status = copy_mapped(from.contents, to.contents);
    status = iree_status_join(status, iree_hal_buffer_unmap_range(&to));
  }
  return iree_status_join(status, iree_hal_buffer_unmap_range(&from));
}
