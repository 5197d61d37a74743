/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of ranges and permissions of buffers, with the texts that people search for. */
#include "iree/hal/string_util.h"
#include "vm/text.h"

/* ---- Ranges ------------------------------------------------------------------------------------------------------ */

iree_status_t iree_hal_buffer_calculate_range(iree_device_size_t base_offset, iree_device_size_t max_length,
                                              iree_device_size_t offset, iree_device_size_t length,
                                              iree_device_size_t* out_adjusted_offset,
                                              iree_device_size_t* out_adjusted_length) {
  if (offset > max_length) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "attempted to access an address off the end of the valid buffer range (offset=%llu, "
                            "length=%llu, buffer byte_length=%llu)",
                            (unsigned long long)offset, (unsigned long long)length, (unsigned long long)max_length);
  }
  iree_device_size_t adjusted = length == IREE_HAL_WHOLE_BUFFER ? max_length - offset : length;
  if (adjusted > max_length - offset) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "attempted to access an address outside of the valid buffer range (offset=%llu, "
                            "adjusted_length=%llu, end=%llu, buffer byte_length=%llu)",
                            (unsigned long long)offset, (unsigned long long)adjusted,
                            (unsigned long long)(offset + adjusted - 1), (unsigned long long)max_length);
  }
  *out_adjusted_offset = base_offset + offset;
  *out_adjusted_length = adjusted;
  return iree_ok_status();
}

iree_status_t iree_hal_buffer_validate_range(const iree_hal_buffer_t* buffer, iree_device_size_t offset,
                                             iree_device_size_t length) {
  iree_device_size_t ignored_offset = 0, ignored_length = 0;
  return iree_hal_buffer_calculate_range(0, iree_hal_buffer_byte_length(buffer), offset, length, &ignored_offset,
                                         &ignored_length);
}

/* ---- Permissions ------------------------------------------------------------------------------------------------- */

iree_status_t iree_hal_buffer_validate_memory_type(iree_hal_memory_type_t actual, iree_hal_memory_type_t required) {
  if ((actual & required) == required) return iree_ok_status();
  iree_bitfield_string_temp_t has, wants;
  iree_string_view_t has_text = iree_hal_memory_type_format(actual, &has);
  iree_string_view_t wants_text = iree_hal_memory_type_format(required, &wants);
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                          "buffer memory type is not compatible; buffer has %.*s, operation requires %.*s",
                          VM_SV_ARG(has_text), VM_SV_ARG(wants_text));
}

iree_status_t iree_hal_buffer_validate_usage(iree_hal_buffer_usage_t allowed, iree_hal_buffer_usage_t required) {
  if ((allowed & required) == required) return iree_ok_status();
  iree_bitfield_string_temp_t has, wants;
  iree_string_view_t has_text = iree_hal_buffer_usage_format(allowed, &has);
  iree_string_view_t wants_text = iree_hal_buffer_usage_format(required, &wants);
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                          "requested usage was not specified when the buffer was allocated; buffer allows %.*s, "
                          "operation requires %.*s",
                          VM_SV_ARG(has_text), VM_SV_ARG(wants_text));
}

iree_status_t iree_hal_buffer_validate_access(iree_hal_memory_access_t allowed, iree_hal_memory_access_t required) {
  if (allowed & IREE_HAL_MEMORY_ACCESS_ANY) return iree_ok_status();
  iree_hal_memory_access_t missing = (iree_hal_memory_access_t)(required & IREE_HAL_MEMORY_ACCESS_ALL & ~allowed);
  if (!missing) return iree_ok_status();
  iree_bitfield_string_temp_t has, wants;
  iree_string_view_t has_text = iree_hal_memory_access_format(allowed, &has);
  iree_string_view_t wants_text = iree_hal_memory_access_format(required, &wants);
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                          "buffer does not allow this access; buffer allows %.*s, operation requires %.*s",
                          VM_SV_ARG(has_text), VM_SV_ARG(wants_text));
}
