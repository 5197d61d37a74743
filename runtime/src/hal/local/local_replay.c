/* SPDX-License-Identifier: Apache-2.0 */
/* From recorded commands to addresses: what executors of local devices issue. */
#include "hal/command_list.h"
#include "hal/local/local_device.h"
#include "hal/transfer.h"

/* ---- Dispatches -------------------------------------------------------------------------------------------------- */

/* Of a reference that could be resolved. */
static bool is_read_only(iree_hal_buffer_ref_t ref, iree_hal_buffer_binding_table_t table) {
  const iree_hal_buffer_t* buffer = ref.buffer ? ref.buffer : table.bindings[ref.buffer_slot].buffer;
  return !(iree_hal_buffer_allowed_access(buffer) & (IREE_HAL_MEMORY_ACCESS_WRITE | IREE_HAL_MEMORY_ACCESS_ANY));
}

static iree_status_t resolve_bindings(const hal_command_t* command, iree_hal_buffer_binding_table_t table,
                                      local_ready_dispatch_t* ready) {
  ready->dispatch.read_only = 0;
  for (uint16_t i = 0; i < command->as.dispatch.binding_count; ++i) {
    iree_hal_buffer_ref_t ref = command->as.dispatch.bindings[i];
    iree_byte_span_t span;
    iree_status_t status = hal_command_resolve(ref, table, &span);
    if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "binding[%u]", i);
    ready->dispatch.read_only |= (uint64_t)is_read_only(ref, table) << i;
    ready->binding_pointers[i] = span.data;
    ready->binding_lengths[i] = span.data_length;
  }
  return iree_ok_status();
}

/* The counts as recorded, or as they are in the buffer now. */
static iree_status_t resolve_counts(const hal_command_t* command, iree_hal_buffer_binding_table_t table,
                                    uint32_t out_count[3]) {
  const iree_hal_dispatch_config_t* config = &command->as.dispatch.config;
  const iree_host_size_t length = 3 * sizeof(uint32_t);
  const void* counts = config->workgroup_count;
  iree_byte_span_t span;
  if (command->as.dispatch.is_indirect) {
    iree_hal_buffer_ref_t ref = config->workgroup_count_ref;
    ref.length = length;
    IREE_RETURN_IF_ERROR(hal_command_resolve(ref, table, &span));
    counts = span.data;
  }
  memcpy(out_count, counts, length);
  return iree_ok_status();
}

iree_status_t local_dispatch_prepare(const struct hal_command_t* command, iree_hal_buffer_binding_table_t table,
                                     uint32_t max_concurrency, local_ready_dispatch_t* out_ready) {
  local_dispatch_t* dispatch = &out_ready->dispatch;
  IREE_RETURN_IF_ERROR(resolve_counts(command, table, dispatch->workgroup_count));
  IREE_RETURN_IF_ERROR(hal_dispatch_workgroups(dispatch->workgroup_count, &out_ready->workgroups));
  IREE_RETURN_IF_ERROR(resolve_bindings(command, table, out_ready));
  out_ready->executable = (local_executable_t*)command->as.dispatch.executable;
  dispatch->function = (uint32_t)command->as.dispatch.function;
  dispatch->max_concurrency = max_concurrency;
  dispatch->constant_count = command->as.dispatch.constant_count;
  dispatch->binding_count = command->as.dispatch.binding_count;
  dispatch->constants = command->as.dispatch.constants;
  dispatch->binding_pointers = out_ready->binding_pointers;
  dispatch->binding_lengths = out_ready->binding_lengths;
  return iree_ok_status();
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

static iree_status_t run_fill(const hal_command_t* command, iree_hal_buffer_binding_table_t table) {
  iree_byte_span_t target;
  IREE_RETURN_IF_ERROR(hal_command_resolve(command->as.fill.target, table, &target));
  hal_fill_span(target, command->as.fill.pattern, command->as.fill.pattern_length);
  return iree_ok_status();
}

static iree_status_t run_update(const hal_command_t* command, iree_hal_buffer_binding_table_t table) {
  iree_byte_span_t target;
  IREE_RETURN_IF_ERROR(hal_command_resolve(command->as.update.target, table, &target));
  memcpy(target.data, command->as.update.source, target.data_length);
  return iree_ok_status();
}

static iree_status_t run_copy(const hal_command_t* command, iree_hal_buffer_binding_table_t table) {
  iree_byte_span_t source, target;
  IREE_RETURN_IF_ERROR(hal_command_resolve(command->as.copy.source, table, &source));
  IREE_RETURN_IF_ERROR(hal_command_resolve(command->as.copy.target, table, &target));
  return hal_copy_span(source, target);
}

iree_status_t local_transfer_run(const struct hal_command_t* command, iree_hal_buffer_binding_table_t table) {
  switch (command->kind) {
    case HAL_COMMAND_FILL:
      return run_fill(command, table);
    case HAL_COMMAND_UPDATE:
      return run_update(command, table);
    case HAL_COMMAND_COPY:
      return run_copy(command, table);
    case HAL_COMMAND_BARRIER:
    case HAL_COMMAND_DISPATCH:
      break;
  }
  return iree_make_status(IREE_STATUS_INTERNAL, "command %d is not a transfer", (int)command->kind);
}
