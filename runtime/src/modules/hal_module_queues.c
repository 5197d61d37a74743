/* SPDX-License-Identifier: Apache-2.0 */
/* hal.device.queue: one function a queue operation. */
#include "modules/hal_module.h"

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

iree_status_t hal_export_device_queue_alloca(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  uint64_t pool = hal_take_u64(call);
  iree_hal_buffer_params_t params = {.queue_affinity = queue.affinity};
  params.type = hal_take_u32(call);
  params.usage = hal_take_u32(call);
  uint64_t size = hal_take_u64(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (pool != 0) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "VM queue allocation pools are not supported");
  }
  iree_hal_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_device_queue_alloca(queue.device, queue.affinity, queue.wait, queue.signal, pool,
                                                    params, size, flags, &buffer));
  return hal_give_ref(call, iree_hal_buffer_move_ref(buffer));
}

iree_status_t hal_export_device_queue_dealloca(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_buffer_t* buffer = hal_take_buffer(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_dealloca(queue.device, queue.affinity, queue.wait, queue.signal, buffer, flags);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_device_queue_fill(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_buffer_t* target = hal_take_buffer(call);
  uint64_t offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  uint64_t pattern = hal_take_u64(call);
  uint32_t pattern_length = hal_take_u32(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_fill(queue.device, queue.affinity, queue.wait, queue.signal, target, offset, length,
                                    &pattern, pattern_length, flags);
}

iree_status_t hal_export_device_queue_update(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_vm_buffer_t* bytes = hal_take_bytes(call);
  uint64_t source_offset = hal_take_u64(call);
  iree_hal_buffer_t* target = hal_take_buffer(call);
  uint64_t target_offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  uint64_t flags = hal_take_u64(call);
  iree_const_byte_span_t source = hal_call_byte_range(call, bytes, source_offset, length);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_update(queue.device, queue.affinity, queue.wait, queue.signal, source.data, 0, target,
                                      target_offset, source.data_length, flags);
}

iree_status_t hal_export_device_queue_copy(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_buffer_t* source = hal_take_buffer(call);
  uint64_t source_offset = hal_take_u64(call);
  iree_hal_buffer_t* target = hal_take_buffer(call);
  uint64_t target_offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_copy(queue.device, queue.affinity, queue.wait, queue.signal, source, source_offset,
                                    target, target_offset, length, flags);
}

iree_status_t hal_export_device_queue_read(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_file_t* source = hal_take_file(call);
  uint64_t source_offset = hal_take_u64(call);
  iree_hal_buffer_t* target = hal_take_buffer(call);
  uint64_t target_offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_read(queue.device, queue.affinity, queue.wait, queue.signal, source, source_offset,
                                    target, target_offset, length, flags);
}

iree_status_t hal_export_device_queue_write(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_buffer_t* source = hal_take_buffer(call);
  uint64_t source_offset = hal_take_u64(call);
  iree_hal_file_t* target = hal_take_file(call);
  uint64_t target_offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_write(queue.device, queue.affinity, queue.wait, queue.signal, source, source_offset,
                                     target, target_offset, length, flags);
}

/* ---- Execution --------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_device_queue_barrier(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_barrier(queue.device, queue.affinity, queue.wait, queue.signal, flags);
}

iree_status_t hal_export_device_queue_execute(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_execute(queue.device, queue.affinity, queue.wait, queue.signal, command_buffer,
                                       (iree_hal_buffer_binding_table_t){0, NULL}, flags);
}

/* buffer?, offset, length */
#define TABLE_ENTRY_SIZE (sizeof(iree_vm_ref_t) + 2 * sizeof(int64_t))

static iree_hal_buffer_binding_table_t take_table(hal_call_t* call, hal_scratch_t* scratch) {
  iree_host_size_t count = hal_take_count(call, TABLE_ENTRY_SIZE);
  iree_hal_buffer_binding_t* bindings = hal_scratch_reserve(scratch, call, count, sizeof bindings[0]);
  for (iree_host_size_t i = 0; i < count && bindings; ++i) {
    bindings[i].buffer = hal_take_buffer_or_null(call);
    bindings[i].offset = hal_take_u64(call);
    bindings[i].length = hal_take_u64(call);
  }
  return (iree_hal_buffer_binding_table_t){count, bindings};
}

iree_status_t hal_export_device_queue_execute_indirect(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  uint64_t flags = hal_take_u64(call);
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  iree_hal_buffer_binding_table_t table = take_table(call, &scratch);
  iree_status_t status = hal_call_taken(call);
  if (iree_status_is_ok(status)) {
    status = iree_hal_device_queue_execute(queue.device, queue.affinity, queue.wait, queue.signal, command_buffer,
                                           table, flags);
  }
  hal_scratch_free(&scratch, call);
  return status;
}

iree_status_t hal_export_device_queue_flush(hal_call_t* call) {
  iree_hal_device_t* device = hal_take_device(call);
  uint64_t affinity = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_device_queue_flush(device, affinity);
}
