/* SPDX-License-Identifier: Apache-2.0 */
/* hal.command_buffer: one function a recorded command. */
#include "modules/hal_module.h"

/* ---- Recording --------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_command_buffer_create(hal_call_t* call) {
  iree_hal_device_t* device = hal_take_device(call);
  uint32_t modes = hal_take_u32(call);
  uint32_t categories = hal_take_u32(call);
  uint64_t affinity = hal_take_u64(call);
  uint32_t binding_capacity = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_hal_command_buffer_t* command_buffer = NULL;
  IREE_RETURN_IF_ERROR(
      iree_hal_command_buffer_create(device, modes, categories, affinity, binding_capacity, &command_buffer));
  iree_status_t status = iree_hal_command_buffer_begin(command_buffer);
  if (!iree_status_is_ok(status)) {
    iree_hal_command_buffer_release(command_buffer);
    return status;
  }
  return hal_give_ref(call, iree_hal_command_buffer_move_ref(command_buffer));
}

iree_status_t hal_export_command_buffer_finalize(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_end(command_buffer);
}

iree_status_t hal_export_command_buffer_begin_debug_group(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_string_view_t label = hal_take_text(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_begin_debug_group(command_buffer, label);
}

iree_status_t hal_export_command_buffer_end_debug_group(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_end_debug_group(command_buffer);
}

iree_status_t hal_export_command_buffer_execution_barrier(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  uint32_t source_stages = hal_take_u32(call);
  uint32_t target_stages = hal_take_u32(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_execution_barrier(command_buffer, source_stages, target_stages, flags);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_command_buffer_advise_buffer(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_hal_buffer_ref_t range = {.buffer = hal_take_buffer_or_null(call), .length = IREE_HAL_WHOLE_BUFFER};
  uint64_t flags = hal_take_u64(call);
  uint64_t arg0 = hal_take_u64(call);
  uint64_t arg1 = hal_take_u64(call);
  range.buffer_slot = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_advise_buffer(command_buffer, range, flags, arg0, arg1);
}

iree_status_t hal_export_command_buffer_fill_buffer(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_hal_buffer_ref_t target = {.buffer = hal_take_buffer_or_null(call)};
  target.offset = hal_take_u64(call);
  target.length = hal_take_u64(call);
  target.buffer_slot = hal_take_u32(call);
  uint64_t pattern = hal_take_u64(call);
  uint32_t pattern_length = hal_take_u32(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_fill_buffer(command_buffer, target, &pattern, pattern_length, flags);
}

iree_status_t hal_export_command_buffer_update_buffer(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_vm_buffer_t* bytes = hal_take_bytes(call);
  uint64_t source_offset = hal_take_u64(call);
  iree_hal_buffer_ref_t target = {.buffer = hal_take_buffer_or_null(call)};
  target.offset = hal_take_u64(call);
  target.length = hal_take_u64(call);
  target.buffer_slot = hal_take_u32(call);
  uint64_t flags = hal_take_u64(call);
  iree_const_byte_span_t source = hal_call_byte_range(call, bytes, source_offset, target.length);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  target.length = source.data_length;
  return iree_hal_command_buffer_update_buffer(command_buffer, source.data, 0, target, flags);
}

iree_status_t hal_export_command_buffer_copy_buffer(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_hal_buffer_ref_t source = {.buffer_slot = hal_take_u32(call)};
  iree_hal_buffer_ref_t target = {.buffer_slot = hal_take_u32(call)};
  source.buffer = hal_take_buffer_or_null(call);
  source.offset = hal_take_u64(call);
  target.buffer = hal_take_buffer_or_null(call);
  target.offset = hal_take_u64(call);
  source.length = target.length = hal_take_u64(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_copy_buffer(command_buffer, source, target, flags);
}

iree_status_t hal_export_command_buffer_collective(hal_call_t* call) {
  (void)hal_take_command_buffer(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "collectives not implemented");
}

/* ---- Dispatches -------------------------------------------------------------------------------------------------- */

/* reserved i32, slot i32, buffer?, offset, length */
#define BINDING_SIZE (2 * sizeof(int32_t) + sizeof(iree_vm_ref_t) + 2 * sizeof(int64_t))

static iree_hal_buffer_ref_t take_binding(hal_call_t* call) {
  (void)hal_take_i32(call);
  iree_hal_buffer_ref_t binding = {.buffer_slot = hal_take_u32(call)};
  binding.buffer = hal_take_buffer_or_null(call);
  binding.offset = hal_take_u64(call);
  binding.length = hal_take_u64(call);
  return binding;
}

/* The constants and bindings that end the arguments of both kinds of dispatch. */
static iree_status_t take_and_dispatch(hal_call_t* call, iree_hal_command_buffer_t* command_buffer,
                                       iree_hal_executable_t* executable, uint64_t function,
                                       iree_hal_dispatch_config_t config, uint64_t flags) {
  iree_const_byte_span_t constants = hal_take_words(call);
  iree_host_size_t count = hal_take_count(call, BINDING_SIZE);
  iree_hal_buffer_ref_t bindings[IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS];
  if (count > IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "dispatch with %zu bindings, expected at most %d", count,
                            IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS);
  }
  for (iree_host_size_t i = 0; i < count; ++i) bindings[i] = take_binding(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_command_buffer_dispatch(command_buffer, executable, function, config, constants,
                                          (iree_hal_buffer_ref_list_t){count, bindings}, flags);
}

iree_status_t hal_export_command_buffer_dispatch(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_hal_executable_t* executable = hal_take_executable(call);
  uint64_t function = hal_take_u64(call);
  iree_hal_dispatch_config_t config = {.workgroup_count = {0, 0, 0}};
  for (int i = 0; i < 3; ++i) config.workgroup_count[i] = hal_take_u32(call);
  uint64_t flags = hal_take_u64(call);
  return take_and_dispatch(call, command_buffer, executable, function, config, flags);
}

/* The counts are read when the dispatch runs, unless the flags say that they are there already. */
iree_status_t hal_export_command_buffer_dispatch_indirect(hal_call_t* call) {
  iree_hal_command_buffer_t* command_buffer = hal_take_command_buffer(call);
  iree_hal_executable_t* executable = hal_take_executable(call);
  uint64_t function = hal_take_u64(call);
  iree_hal_dispatch_config_t config = {.workgroup_count_ref = {.buffer_slot = hal_take_u32(call)}};
  config.workgroup_count_ref.buffer = hal_take_buffer_or_null(call);
  config.workgroup_count_ref.offset = hal_take_u64(call);
  config.workgroup_count_ref.length = 3 * sizeof(uint32_t);
  uint64_t flags = hal_take_u64(call);
  if (!(flags & IREE_HAL_DISPATCH_FLAG_STATIC_INDIRECT_PARAMETERS)) {
    flags |= IREE_HAL_DISPATCH_FLAG_DYNAMIC_INDIRECT_PARAMETERS;
  }
  return take_and_dispatch(call, command_buffer, executable, function, config, flags);
}
