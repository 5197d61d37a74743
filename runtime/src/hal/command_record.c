/* SPDX-License-Identifier: Apache-2.0 */
/* Recording transfers, barriers and labels: what is wrong with them is said here and not when they run. */
#include "hal/command_storage.h"
#include "hal/transfer.h"

/* ---- What all commands need -------------------------------------------------------------------------------------- */

static iree_status_t check_recording(const iree_hal_command_buffer_t* command_buffer) {
  if (command_buffer->state == COMMAND_STATE_RECORDING) return iree_ok_status();
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "command buffer is not in a recording state");
}

static const char* category_names(iree_hal_command_category_t categories) {
  static const char* const names[] = {"NONE", "TRANSFER", "DISPATCH", "TRANSFER|DISPATCH"};
  return names[categories & IREE_HAL_COMMAND_CATEGORY_ANY];
}

iree_status_t command_check_category(const iree_hal_command_buffer_t* command_buffer,
                                     iree_hal_command_category_t required) {
  IREE_RETURN_IF_ERROR(check_recording(command_buffer));
  if ((command_buffer->categories & required) == required) return iree_ok_status();
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                          "operation requires categories %s but command buffer only supports %s",
                          category_names(required), category_names(command_buffer->categories));
}

/* Remembers what a slot has to offer; checked once for each submission. */
static iree_status_t require_of_slot(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t ref,
                                     iree_hal_buffer_usage_t usage) {
  command_slot_t* slot = NULL;
  IREE_RETURN_IF_ERROR(command_buffer_use_slot(command_buffer, ref.buffer_slot, &slot));
  iree_device_size_t length = ref.length == IREE_HAL_WHOLE_BUFFER ? 0 : ref.length;
  if (length > IREE_HAL_WHOLE_BUFFER - 1 - ref.offset || ref.offset == IREE_HAL_WHOLE_BUFFER) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "range of binding table slot %u overflows (offset=%llu, length=%llu)", ref.buffer_slot,
                            (unsigned long long)ref.offset, (unsigned long long)ref.length);
  }
  if (ref.offset + length > slot->end) slot->end = ref.offset + length;
  slot->usage |= usage;
  return iree_ok_status();
}

iree_status_t command_use_buffer(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t ref,
                                 command_use_t use) {
  if (!ref.buffer) return require_of_slot(command_buffer, ref, use.usage);
  IREE_RETURN_IF_ERROR(hal_check_usage(ref.buffer, use.usage));
  if (use.is_range_checked) {
    IREE_RETURN_IF_ERROR(iree_hal_buffer_validate_range(ref.buffer, ref.offset, ref.length));
  }
  return command_buffer_keep(command_buffer, ref.buffer, NULL);
}

iree_status_t command_new(iree_hal_command_buffer_t* command_buffer, hal_command_kind_t kind,
                          iree_host_size_t extra_size, hal_command_t** out_command) {
  IREE_RETURN_IF_ERROR(
      command_buffer_allocate(command_buffer, sizeof **out_command + extra_size, (void**)out_command));
  (*out_command)->next = NULL;
  (*out_command)->kind = kind;
  return iree_ok_status();
}

void command_append(iree_hal_command_buffer_t* command_buffer, hal_command_t* command, uint64_t workload) {
  *command_buffer->last = command;
  command_buffer->last = &command->next;
  if (__builtin_add_overflow(command_buffer->workload, workload, &command_buffer->workload)) {
    command_buffer->workload = UINT64_MAX;
  }
}

/* ---- Groups, barriers, advice ------------------------------------------------------------------------------------ */

iree_status_t iree_hal_command_buffer_begin_debug_group(iree_hal_command_buffer_t* command_buffer,
                                                        iree_string_view_t label) {
  (void)label;
  IREE_RETURN_IF_ERROR(check_recording(command_buffer));
  ++command_buffer->group_depth;
  return iree_ok_status();
}

iree_status_t iree_hal_command_buffer_end_debug_group(iree_hal_command_buffer_t* command_buffer) {
  IREE_RETURN_IF_ERROR(check_recording(command_buffer));
  if (command_buffer->group_depth == 0) {
    command_buffer->has_unopened_group = true;
  } else {
    --command_buffer->group_depth;
  }
  return iree_ok_status();
}

iree_status_t iree_hal_command_buffer_execution_barrier(iree_hal_command_buffer_t* command_buffer,
                                                        iree_hal_execution_stage_t source_stage_mask,
                                                        iree_hal_execution_stage_t target_stage_mask, uint64_t flags) {
  (void)source_stage_mask, (void)target_stage_mask, (void)flags;
  IREE_RETURN_IF_ERROR(check_recording(command_buffer));
  hal_command_t* command = NULL;
  IREE_RETURN_IF_ERROR(command_new(command_buffer, HAL_COMMAND_BARRIER, 0, &command));
  command_append(command_buffer, command, 0);
  return iree_ok_status();
}

iree_status_t iree_hal_command_buffer_advise_buffer(iree_hal_command_buffer_t* command_buffer,
                                                    iree_hal_buffer_ref_t buffer_ref, uint64_t flags, uint64_t arg0,
                                                    uint64_t arg1) {
  (void)flags, (void)arg0, (void)arg1;
  IREE_RETURN_IF_ERROR(check_recording(command_buffer));
  command_slot_t* slot = NULL;
  return buffer_ref.buffer ? iree_ok_status()
                           : command_buffer_use_slot(command_buffer, buffer_ref.buffer_slot, &slot);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

static iree_status_t check_fill(iree_hal_buffer_ref_t target, iree_host_size_t pattern_length) {
  if (pattern_length != 1 && pattern_length != 2 && pattern_length != 4) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "fill value length is not one of the supported values (pattern_length=%zu)",
                            pattern_length);
  }
  if (target.offset % pattern_length == 0 && target.length % pattern_length == 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "binding offset and/or length do not match the required alignment of one or more command "
                          "(offset=%llu, length=%llu, pattern_length=%zu)",
                          (unsigned long long)target.offset, (unsigned long long)target.length, pattern_length);
}

static const command_use_t transfer_source = {IREE_HAL_BUFFER_USAGE_TRANSFER_SOURCE, true};
static const command_use_t transfer_target = {IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET, true};

/* As a measure of work; what "the rest" is is not known yet. */
static uint64_t transfer_workload(iree_hal_buffer_ref_t target) {
  return target.length == IREE_HAL_WHOLE_BUFFER ? 1 : target.length;
}

iree_status_t iree_hal_command_buffer_fill_buffer(iree_hal_command_buffer_t* command_buffer,
                                                  iree_hal_buffer_ref_t target_ref, const void* pattern,
                                                  iree_host_size_t pattern_length, uint64_t flags) {
  (void)flags;
  IREE_RETURN_IF_ERROR(command_check_category(command_buffer, IREE_HAL_COMMAND_CATEGORY_TRANSFER));
  IREE_RETURN_IF_ERROR(check_fill(target_ref, pattern_length));
  IREE_RETURN_IF_ERROR(command_use_buffer(command_buffer, target_ref, transfer_target));
  if (target_ref.length == 0) return iree_ok_status();
  hal_command_t* command = NULL;
  IREE_RETURN_IF_ERROR(command_new(command_buffer, HAL_COMMAND_FILL, 0, &command));
  command->as.fill.target = target_ref;
  command->as.fill.pattern = hal_fill_pattern(pattern, pattern_length);
  command->as.fill.pattern_length = (uint8_t)pattern_length;
  command_append(command_buffer, command, transfer_workload(target_ref));
  return iree_ok_status();
}

static iree_status_t check_update(iree_hal_buffer_ref_t target) {
  if (target.length <= IREE_HAL_COMMAND_BUFFER_MAX_UPDATE_SIZE) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "inline update of %llu bytes; a command can carry at most %d, larger ones have to be copied",
                          (unsigned long long)target.length, IREE_HAL_COMMAND_BUFFER_MAX_UPDATE_SIZE);
}

iree_status_t iree_hal_command_buffer_update_buffer(iree_hal_command_buffer_t* command_buffer,
                                                    const void* source_buffer, iree_host_size_t source_offset,
                                                    iree_hal_buffer_ref_t target_ref, uint64_t flags) {
  (void)flags;
  IREE_RETURN_IF_ERROR(command_check_category(command_buffer, IREE_HAL_COMMAND_CATEGORY_TRANSFER));
  IREE_RETURN_IF_ERROR(check_update(target_ref));
  IREE_RETURN_IF_ERROR(command_use_buffer(command_buffer, target_ref, transfer_target));
  if (target_ref.length == 0) return iree_ok_status();
  hal_command_t* command = NULL;
  IREE_RETURN_IF_ERROR(
      command_new(command_buffer, HAL_COMMAND_UPDATE, (iree_host_size_t)target_ref.length, &command));
  memcpy(command + 1, (const uint8_t*)source_buffer + source_offset, (size_t)target_ref.length);
  command->as.update.target = target_ref;
  command->as.update.source = (const uint8_t*)(command + 1);
  command_append(command_buffer, command, target_ref.length);
  return iree_ok_status();
}

static iree_status_t check_copy(iree_hal_buffer_ref_t source, iree_hal_buffer_ref_t target) {
  if (source.length != target.length) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "copy source and target lengths must match (source length=%llu, target length=%llu)",
                            (unsigned long long)source.length, (unsigned long long)target.length);
  }
  if (!source.buffer || !target.buffer) return iree_ok_status();
  if (!hal_ranges_overlap(source.buffer, source.offset, target.buffer, target.offset, source.length)) {
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "source and target ranges overlap within the same buffer");
}

iree_status_t iree_hal_command_buffer_copy_buffer(iree_hal_command_buffer_t* command_buffer,
                                                  iree_hal_buffer_ref_t source_ref, iree_hal_buffer_ref_t target_ref,
                                                  uint64_t flags) {
  (void)flags;
  IREE_RETURN_IF_ERROR(command_check_category(command_buffer, IREE_HAL_COMMAND_CATEGORY_TRANSFER));
  IREE_RETURN_IF_ERROR(command_use_buffer(command_buffer, source_ref, transfer_source));
  IREE_RETURN_IF_ERROR(command_use_buffer(command_buffer, target_ref, transfer_target));
  IREE_RETURN_IF_ERROR(check_copy(source_ref, target_ref));
  if (target_ref.length == 0) return iree_ok_status();
  hal_command_t* command = NULL;
  IREE_RETURN_IF_ERROR(command_new(command_buffer, HAL_COMMAND_COPY, 0, &command));
  command->as.copy.source = source_ref;
  command->as.copy.target = target_ref;
  command_append(command_buffer, command, transfer_workload(target_ref));
  return iree_ok_status();
}
