/* SPDX-License-Identifier: Apache-2.0 */
/* Byte buffers: copying, comparing, filling and hashing ranges of them. */
#include "iree/vm/buffer.h"

#include "vm/buffer_range.h"
#include "vm/siphash.h"

iree_status_t iree_vm_buffer_clone(uint32_t access, const iree_vm_buffer_t* source, iree_host_size_t source_offset,
                                   iree_host_size_t length, iree_host_size_t alignment, iree_allocator_t allocator,
                                   iree_vm_buffer_t** out_buffer) {
  *out_buffer = NULL;
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(source, source_offset, length));
  iree_vm_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_buffer_create(access, length, alignment, allocator, &buffer));
  if (length) memcpy(buffer->data.data, vm_buffer_at(source, source_offset), length);
  *out_buffer = buffer;
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_copy_bytes(const iree_vm_buffer_t* source, iree_host_size_t source_offset,
                                        const iree_vm_buffer_t* target, iree_host_size_t target_offset,
                                        iree_host_size_t length) {
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(source, source_offset, length));
  IREE_RETURN_IF_ERROR(vm_buffer_check_mutable(target));
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(target, target_offset, length));
  if (length) memmove(vm_buffer_at(target, target_offset), vm_buffer_at(source, source_offset), length);
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_compare_bytes(const iree_vm_buffer_t* lhs, iree_host_size_t lhs_offset,
                                           const iree_vm_buffer_t* rhs, iree_host_size_t rhs_offset,
                                           iree_host_size_t length, bool* out_equal) {
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(lhs, lhs_offset, length));
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(rhs, rhs_offset, length));
  *out_equal = length == 0 || memcmp(vm_buffer_at(lhs, lhs_offset), vm_buffer_at(rhs, rhs_offset), length) == 0;
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_fill_bytes(const iree_vm_buffer_t* target, iree_host_size_t offset,
                                        iree_host_size_t length, uint8_t value) {
  return iree_vm_buffer_fill_elements(target, offset, length, 1, &value);
}

/* ---- Elements ---------------------------------------------------------------------------------------------------- */

static iree_status_t buffer_check_elements(const iree_vm_buffer_t* buffer, iree_host_size_t element_offset,
                                           iree_host_size_t element_count, iree_host_size_t element_length) {
  if (element_length != 1 && element_length != 2 && element_length != 4 && element_length != 8) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "elements of %zu bytes; only 1, 2, 4 and 8 are possible",
                            element_length);
  }
  if (vm_buffer_has_elements(buffer, element_offset, element_count, element_length)) return iree_ok_status();
  return iree_make_status(
      IREE_STATUS_OUT_OF_RANGE,
      "out-of-bounds access detected: %zu elements of %zu bytes from element %zu of a buffer of %zu bytes",
      element_count, element_length, element_offset, buffer->data.data_length);
}

iree_status_t iree_vm_buffer_fill_elements(const iree_vm_buffer_t* target, iree_host_size_t element_offset,
                                           iree_host_size_t element_count, iree_host_size_t element_length,
                                           const void* value) {
  IREE_RETURN_IF_ERROR(vm_buffer_check_mutable(target));
  IREE_RETURN_IF_ERROR(buffer_check_elements(target, element_offset, element_count, element_length));
  if (element_count == 0) return iree_ok_status();
  uint8_t* at = vm_buffer_at(target, element_offset * element_length);
  if (element_length == 1) {
    memset(at, *(const uint8_t*)value, element_count);
    return iree_ok_status();
  }
  for (iree_host_size_t i = 0; i < element_count; ++i) memcpy(at + i * element_length, value, element_length);
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_read_elements(const iree_vm_buffer_t* source, iree_host_size_t element_offset,
                                           void* target, iree_host_size_t element_count,
                                           iree_host_size_t element_length) {
  IREE_RETURN_IF_ERROR(buffer_check_elements(source, element_offset, element_count, element_length));
  if (element_count == 0) return iree_ok_status();
  memcpy(target, vm_buffer_at(source, element_offset * element_length), element_count * element_length);
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_write_elements(const void* source, const iree_vm_buffer_t* target,
                                            iree_host_size_t element_offset, iree_host_size_t element_count,
                                            iree_host_size_t element_length) {
  IREE_RETURN_IF_ERROR(vm_buffer_check_mutable(target));
  IREE_RETURN_IF_ERROR(buffer_check_elements(target, element_offset, element_count, element_length));
  if (element_count == 0) return iree_ok_status();
  memcpy(vm_buffer_at(target, element_offset * element_length), source, element_count * element_length);
  return iree_ok_status();
}

/* ---- Hash -------------------------------------------------------------------------------------------------------- */

iree_status_t iree_vm_buffer_hash(const iree_vm_buffer_t* buffer, iree_host_size_t offset, iree_host_size_t length,
                                  int64_t* out_hash) {
  static const uint8_t key[SIPHASH_KEY_LENGTH] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(buffer, offset, length));
  *out_hash = (int64_t)siphash_2_4(key, vm_buffer_at(buffer, offset), length);
  return iree_ok_status();
}
