/* SPDX-License-Identifier: Apache-2.0 */
/* hal.allocator, hal.buffer and hal.ex.file: memory, ranges of it, its bytes. */
#include "iree/hal/string_util.h"
#include "modules/hal_module.h"
#include "vm/text.h"

#define VALUE_MAX_LENGTH 4

/* ---- Allocators -------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_allocator_allocate(hal_call_t* call) {
  iree_hal_allocator_t* allocator = hal_take_allocator(call);
  iree_hal_buffer_params_t params = {.queue_affinity = hal_take_u64(call)};
  params.type = hal_take_u32(call);
  params.usage = hal_take_u32(call);
  uint64_t size = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_hal_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_allocator_allocate_buffer(allocator, params, size, &buffer));
  return hal_give_ref(call, iree_hal_buffer_move_ref(buffer));
}

/* Only a buffer that stays constant may stand for memory that must not be written. */
static iree_status_t check_import_usage(const iree_vm_buffer_t* source, iree_hal_buffer_params_t* params) {
  if (iree_vm_buffer_access(source) & IREE_VM_BUFFER_ACCESS_MUTABLE) return iree_ok_status();
  if (!(params->usage & IREE_HAL_BUFFER_USAGE_SHARING_IMMUTABLE)) {
    return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                            "source buffer is immutable and can only be imported for constant usage");
  }
  params->access = IREE_HAL_MEMORY_ACCESS_READ;
  return iree_ok_status();
}

static iree_status_t import_range(const iree_vm_buffer_t* source, uint64_t offset, uint64_t length,
                                  iree_byte_span_t* out_range) {
  uint64_t total = iree_vm_buffer_length(source);
  if (length == IREE_HAL_WHOLE_BUFFER && offset <= total) length = total - offset;
  if (offset > total || length > total - offset) {
    return iree_make_status(
        IREE_STATUS_INVALID_ARGUMENT, "byte range out of bounds (requested %llu-%llu of available %llu)",
        (unsigned long long)offset, (unsigned long long)(offset + length - 1), (unsigned long long)total);
  }
  uint8_t* data = iree_vm_buffer_data(source);
  *out_range = iree_make_byte_span(data ? data + offset : NULL, length);
  return iree_ok_status();
}

static void release_import_source(void* user_data, iree_hal_buffer_t* buffer) {
  (void)buffer;
  iree_vm_buffer_release((iree_vm_buffer_t*)user_data);
}

/* The source lives as long as the buffer over it. */
static iree_status_t import_bytes(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                  iree_vm_buffer_t* source, iree_byte_span_t range, iree_hal_buffer_t** out_buffer) {
  iree_vm_buffer_retain(source);
  iree_status_t status = vmrt_hal_allocator_import_host(allocator, params, range.data, range.data_length,
                                                        release_import_source, source, out_buffer);
  if (!iree_status_is_ok(status)) iree_vm_buffer_release(source);
  return status;
}

iree_status_t hal_export_allocator_import(hal_call_t* call) {
  iree_hal_allocator_t* allocator = hal_take_allocator(call);
  bool is_try = hal_take_i32(call) != 0;
  iree_hal_buffer_params_t params = {.queue_affinity = hal_take_u64(call)};
  params.type = hal_take_u32(call);
  params.usage = hal_take_u32(call);
  iree_vm_buffer_t* source = hal_take_bytes(call);
  uint64_t offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_byte_span_t range = iree_byte_span_empty();
  IREE_RETURN_IF_ERROR(import_range(source, offset, length, &range));
  IREE_RETURN_IF_ERROR(check_import_usage(source, &params));
  iree_hal_buffer_t* buffer = NULL;
  iree_status_t status = import_bytes(allocator, params, source, range, &buffer);
  if (!iree_status_is_ok(status) && !is_try) return status;
  iree_status_free(status);
  return hal_give_ref(call, iree_hal_buffer_move_ref(buffer));
}

#define SELECT_MAX_PAIRS 64

/* The default policy: the first device that is offered. */
iree_status_t hal_export_allocator_select(hal_call_t* call) {
  (void)hal_take_u32(call); /* memory types */
  (void)hal_take_u32(call); /* usage */
  (void)hal_take_u64(call); /* flags */
  iree_host_size_t count = hal_take_count(call, sizeof(iree_vm_ref_t) + sizeof(int64_t));
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (count == 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "at least one device/queue affinity pair must be provided");
  }
  if (count > SELECT_MAX_PAIRS) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%zu device/queue affinity pairs, expected at most %d",
                            count, SELECT_MAX_PAIRS);
  }
  iree_hal_device_t* device = hal_take_device(call);
  int64_t affinity = hal_take_i64(call);
  for (iree_host_size_t i = 1; i < count; ++i) {
    (void)hal_take_device(call);
    (void)hal_take_i64(call);
  }
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  IREE_RETURN_IF_ERROR(hal_give_ref(call, iree_hal_device_retain_ref(device)));
  return hal_give_i64(call, affinity);
}

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

static iree_status_t assert_length(iree_string_view_t message, iree_hal_buffer_t* buffer, uint64_t minimum) {
  uint64_t length = iree_hal_buffer_byte_length(buffer);
  if (length >= minimum) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%.*s buffer byte length %llu less than expected minimum %llu",
                          VM_SV_ARG(message), (unsigned long long)length, (unsigned long long)minimum);
}

static iree_status_t assert_memory_type(iree_string_view_t message, iree_hal_buffer_t* buffer,
                                        iree_hal_memory_type_t required) {
  iree_hal_memory_type_t actual = iree_hal_buffer_memory_type(buffer);
  if ((actual & required) == required) return iree_ok_status();
  iree_bitfield_string_temp_t actual_text, required_text;
  iree_string_view_t has = iree_hal_memory_type_format(actual, &actual_text);
  iree_string_view_t wants = iree_hal_memory_type_format(required, &required_text);
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                          "%.*s buffer memory type is not compatible; buffer has %.*s, operation requires %.*s",
                          VM_SV_ARG(message), VM_SV_ARG(has), VM_SV_ARG(wants));
}

static iree_status_t assert_usage(iree_string_view_t message, iree_hal_buffer_t* buffer,
                                  iree_hal_buffer_usage_t required) {
  iree_hal_buffer_usage_t allowed = iree_hal_buffer_allowed_usage(buffer);
  if ((allowed & required) == required) return iree_ok_status();
  iree_bitfield_string_temp_t allowed_text, required_text;
  iree_string_view_t allows = iree_hal_buffer_usage_format(allowed, &allowed_text);
  iree_string_view_t wants = iree_hal_buffer_usage_format(required, &required_text);
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                          "%.*s requested usage was not specified when the buffer was allocated; buffer allows %.*s, "
                          "operation requires %.*s",
                          VM_SV_ARG(message), VM_SV_ARG(allows), VM_SV_ARG(wants));
}

iree_status_t hal_export_buffer_assert(hal_call_t* call) {
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  iree_string_view_t message = hal_take_text(call);
  (void)hal_take_allocator(call);
  uint64_t minimum_length = hal_take_u64(call);
  iree_hal_memory_type_t memory_types = hal_take_u32(call);
  iree_hal_buffer_usage_t usage = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  IREE_RETURN_IF_ERROR(assert_length(message, buffer, minimum_length));
  IREE_RETURN_IF_ERROR(assert_memory_type(message, buffer, memory_types));
  return assert_usage(message, buffer, usage);
}

iree_status_t hal_export_buffer_length(hal_call_t* call) {
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i64(call, (int64_t)iree_hal_buffer_byte_length(buffer));
}

iree_status_t hal_export_buffer_subspan(hal_call_t* call) {
  iree_hal_buffer_t* source = hal_take_buffer(call);
  uint64_t offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_hal_buffer_t* buffer = NULL;
  iree_status_t status = iree_hal_buffer_subspan(source, offset, length, call->host_allocator, &buffer);
  if (!iree_status_is_ok(status)) {
    return iree_status_annotate_f(status, "invalid subspan of an existing buffer (source_offset=%llu, length=%llu)",
                                  (unsigned long long)offset, (unsigned long long)length);
  }
  return hal_give_ref(call, iree_hal_buffer_move_ref(buffer));
}

static iree_status_t check_value_length(const char* what, uint32_t length) {
  if (length <= VALUE_MAX_LENGTH) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%s length byte count %d exceeds max %d", what, (int32_t)length,
                          VALUE_MAX_LENGTH);
}

iree_status_t hal_export_buffer_load(hal_call_t* call) {
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  uint64_t offset = hal_take_u64(call);
  uint32_t length = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  IREE_RETURN_IF_ERROR(check_value_length("load", length));
  int32_t value = 0;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_read(buffer, offset, &value, length));
  return hal_give_i32(call, value);
}

iree_status_t hal_export_buffer_store(hal_call_t* call) {
  int32_t value = hal_take_i32(call);
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  uint64_t offset = hal_take_u64(call);
  uint32_t length = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  IREE_RETURN_IF_ERROR(check_value_length("store", length));
  uint64_t total = iree_hal_buffer_byte_length(buffer);
  if (offset > total || length > total - offset) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "store out of bounds (target_offset=%llu, length=%u into max %llu)",
                            (unsigned long long)offset, length, (unsigned long long)total);
  }
  return iree_hal_buffer_map_write(buffer, offset, &value, length);
}

/* ---- Owners ------------------------------------------------------------------------------------------------------ */

iree_status_t hal_export_buffer_allocation_preserve(hal_call_t* call) {
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_hal_buffer_allocation_preserve(buffer);
  return iree_ok_status();
}

iree_status_t hal_export_buffer_allocation_discard(hal_call_t* call) {
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i32(call, iree_hal_buffer_allocation_discard(buffer));
}

iree_status_t hal_export_buffer_allocation_is_terminal(hal_call_t* call) {
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i32(call, iree_hal_buffer_allocation_is_terminal(buffer));
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void release_file_bytes(void* user_data) { iree_vm_buffer_release((iree_vm_buffer_t*)user_data); }

iree_status_t hal_export_file_from_memory(hal_call_t* call) {
  (void)hal_take_device(call);
  (void)hal_take_u64(call); /* affinity */
  uint32_t access = hal_take_u32(call);
  iree_vm_buffer_t* bytes = hal_take_bytes(call);
  uint64_t offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  (void)hal_take_i32(call); /* flags */
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (access != IREE_HAL_MEMORY_ACCESS_READ) {
    return iree_make_status(IREE_STATUS_PERMISSION_DENIED,
                            "only read-only memory can be accessed via a file handle (today)");
  }
  iree_const_byte_span_t range = hal_call_byte_range(call, bytes, offset, length);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_vm_buffer_retain(bytes);
  vmrt_hal_file_release_t release = {release_file_bytes, bytes};
  iree_hal_file_t* file = NULL;
  iree_status_t status =
      vmrt_hal_file_from_memory(IREE_HAL_MEMORY_ACCESS_READ, iree_make_byte_span((void*)range.data, range.data_length),
                                release, call->host_allocator, &file);
  if (!iree_status_is_ok(status)) {
    iree_vm_buffer_release(bytes);
    return status;
  }
  return hal_give_ref(call, iree_hal_file_move_ref(file));
}
