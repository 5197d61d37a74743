/* SPDX-License-Identifier: Apache-2.0 */
/* Executing command buffers: checking a binding table once, and finding what a command means. */
#include "hal/buffer_impl.h"
#include "hal/command_storage.h"
#include "hal/transfer.h"

/* ---- Submissions ------------------------------------------------------------------------------------------------- */

/* The end of what the commands use, in the words of the released runtime. */
static iree_status_t check_slot_range(const command_slot_t* slot, const iree_hal_buffer_binding_t* binding,
                                      iree_device_size_t length) {
  if (slot->end <= length) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "at least one command attempted to access an address outside of the valid bound buffer range "
                          "(length=%llu, end(inc)=%llu, binding offset=%llu, binding length=%llu, binding "
                          "end(inc)=%llu)",
                          (unsigned long long)slot->end, (unsigned long long)(binding->offset + slot->end - 1),
                          (unsigned long long)binding->offset, (unsigned long long)length,
                          (unsigned long long)(binding->offset + length - 1));
}

static iree_status_t check_binding(const command_slot_t* slot, const iree_hal_buffer_binding_t* binding) {
  if (!binding->buffer) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "binding table slot requires a buffer but none was provided");
  }
  IREE_RETURN_IF_ERROR(hal_check_usage(binding->buffer, slot->usage));
  iree_device_size_t offset = 0, length = 0;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_calculate_range(0, iree_hal_buffer_byte_length(binding->buffer), binding->offset,
                                                       binding->length, &offset, &length));
  return check_slot_range(slot, binding, length);
}

static iree_status_t check_table(const iree_hal_command_buffer_t* command_buffer,
                                 iree_hal_buffer_binding_table_t table) {
  if (table.count >= command_buffer->slot_count) return iree_ok_status();
  if (table.count == 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "indirect command buffer requires at least %zu bindings but no binding table was provided",
                            command_buffer->slot_count);
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "indirect command buffer requires at least %zu bindings but only %zu were provided",
                          command_buffer->slot_count, table.count);
}

static iree_status_t check_state(const iree_hal_command_buffer_t* command_buffer, bool has_wait) {
  if (command_buffer->state != COMMAND_STATE_FINISHED) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "command buffer recording has not been ended and it is still in a recording state");
  }
  if (has_wait && (command_buffer->mode & IREE_HAL_COMMAND_BUFFER_MODE_ALLOW_INLINE_EXECUTION)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "inline command buffer submitted with a wait");
  }
  return iree_ok_status();
}

iree_status_t hal_command_buffer_validate_submission(iree_hal_command_buffer_t* command_buffer, bool has_wait,
                                                     iree_hal_buffer_binding_table_t table) {
  IREE_RETURN_IF_ERROR(check_state(command_buffer, has_wait));
  IREE_RETURN_IF_ERROR(check_table(command_buffer, table));
  for (iree_host_size_t i = 0; i < command_buffer->slot_count; ++i) {
    if (!command_buffer->slots[i].is_used) continue;
    iree_status_t status = check_binding(&command_buffer->slots[i], &table.bindings[i]);
    if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "binding table slot %zu", i);
  }
  return iree_ok_status();
}

iree_status_t hal_command_buffer_check_home(const iree_hal_command_buffer_t* command_buffer,
                                            const struct hal_timeline_t* home) {
  if (!command_buffer->home || command_buffer->home == home) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "command buffer dispatches executables that were made for another device");
}

/* ---- Commands ---------------------------------------------------------------------------------------------------- */

iree_status_t hal_command_resolve(iree_hal_buffer_ref_t ref, iree_hal_buffer_binding_table_t table,
                                  iree_byte_span_t* out_span) {
  iree_hal_buffer_binding_t entry = {ref.buffer, 0, IREE_HAL_WHOLE_BUFFER};
  if (!ref.buffer && ref.buffer_slot < table.count) entry = table.bindings[ref.buffer_slot];
  if (!entry.buffer) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "binding table slot requires a buffer but none was provided; binding table slot %u",
                            ref.buffer_slot);
  }
  iree_device_size_t offset = 0, length = 0;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_calculate_range(0, iree_hal_buffer_byte_length(entry.buffer), entry.offset,
                                                       entry.length, &offset, &length));
  IREE_RETURN_IF_ERROR(iree_hal_buffer_calculate_range(offset, length, ref.offset, ref.length, &offset, &length));
  uint8_t* pointer = NULL;
  IREE_RETURN_IF_ERROR(hal_buffer_host_pointer(entry.buffer, offset, &pointer));
  *out_span = iree_make_byte_span(pointer, (iree_host_size_t)length);
  return iree_ok_status();
}
