/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of transfers, and transfers on the host. */
#include "hal/transfer.h"

/* ---- Checks ------------------------------------------------------------------------------------------------------ */

iree_status_t hal_check_write(const iree_hal_buffer_t* buffer, iree_hal_buffer_usage_t usage) {
  if (!(usage & IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET)) return iree_ok_status();
  return iree_hal_buffer_validate_access(iree_hal_buffer_allowed_access(buffer), IREE_HAL_MEMORY_ACCESS_WRITE);
}

iree_status_t hal_check_usage(const iree_hal_buffer_t* buffer, iree_hal_buffer_usage_t usage) {
  IREE_RETURN_IF_ERROR(iree_hal_buffer_validate_memory_type(iree_hal_buffer_memory_type(buffer),
                                                            IREE_HAL_MEMORY_TYPE_DEVICE_VISIBLE));
  iree_hal_buffer_usage_t allowed = iree_hal_buffer_allowed_usage(buffer);
  if (allowed & IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE) usage &= ~(uint32_t)IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_validate_usage(allowed, usage));
  return hal_check_write(buffer, usage);
}

bool hal_ranges_overlap(const iree_hal_buffer_t* a, iree_device_size_t a_offset, const iree_hal_buffer_t* b,
                        iree_device_size_t b_offset, iree_device_size_t length) {
  if (iree_hal_buffer_allocated_buffer(a) != iree_hal_buffer_allocated_buffer(b) || length == 0) return false;
  iree_device_size_t a_begin = iree_hal_buffer_byte_offset(a) + a_offset;
  iree_device_size_t b_begin = iree_hal_buffer_byte_offset(b) + b_offset;
  return a_begin < b_begin ? b_begin - a_begin < length : a_begin - b_begin < length;
}

/* ---- On the host ------------------------------------------------------------------------------------------------- */

uint32_t hal_fill_pattern(const void* pattern, iree_host_size_t pattern_length) {
  uint8_t bytes[4];
  for (iree_host_size_t i = 0; i < sizeof bytes; ++i) bytes[i] = ((const uint8_t*)pattern)[i % pattern_length];
  uint32_t repeated = 0;
  memcpy(&repeated, bytes, sizeof repeated);
  return repeated;
}

/* Doubles what is filled until a page is, then repeats the page. */
static void fill_by_copies(iree_byte_span_t target, const void* pattern) {
  iree_host_size_t done = target.data_length < 4 ? target.data_length : 4;
  memcpy(target.data, pattern, done);
  while (done < target.data_length) {
    iree_host_size_t piece = done < 4096 ? done : 4096;
    if (piece > target.data_length - done) piece = target.data_length - done;
    memcpy(target.data + done, target.data, piece);
    done += piece;
  }
}

void hal_fill_span(iree_byte_span_t target, uint32_t pattern, uint8_t pattern_length) {
  if (target.data_length == 0) return;
  if (pattern_length == 1) {
    memset(target.data, (int)(pattern & 0xFF), target.data_length);
  } else {
    fill_by_copies(target, &pattern);
  }
}

iree_status_t hal_copy_span(iree_byte_span_t source, iree_byte_span_t target) {
  if (source.data_length != target.data_length) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "copy of %zu bytes to a range of %zu bytes",
                            source.data_length, target.data_length);
  }
  if (source.data_length == 0) return iree_ok_status();
  uintptr_t from = (uintptr_t)source.data, to = (uintptr_t)target.data;
  if (from < to ? to - from < source.data_length : from - to < source.data_length) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "source and target ranges overlap within the same buffer");
  }
  memcpy(target.data, source.data, source.data_length);
  return iree_ok_status();
}
