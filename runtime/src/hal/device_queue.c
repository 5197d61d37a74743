/* SPDX-License-Identifier: Apache-2.0 */
/* Queue calls: arguments are checked, made into an operation that owns all it needs, and given to the device. */
#include "hal/buffer_impl.h"
#include "hal/command_list.h"
#include "hal/device_impl.h"
#include "hal/transfer.h"

static iree_status_t create(iree_hal_device_t* device, hal_queue_operation_kind_t kind, iree_hal_semaphore_list_t wait,
                            iree_hal_semaphore_list_t signal, hal_queue_operation_t** out_operation) {
  uint8_t* extra = NULL;
  return hal_queue_operation_create(kind, wait, signal, 0, device->host_allocator, out_operation, &extra);
}

/* A range inside `buffer`, resolved; usage checked. */
static iree_status_t check_range(iree_hal_buffer_t* buffer, iree_hal_buffer_usage_t usage, iree_device_size_t offset,
                                 iree_device_size_t length, hal_queue_range_t* out_range) {
  IREE_RETURN_IF_ERROR(iree_hal_buffer_validate_usage(iree_hal_buffer_allowed_usage(buffer), usage));
  IREE_RETURN_IF_ERROR(hal_check_write(buffer, usage));
  out_range->buffer = buffer;
  return iree_hal_buffer_calculate_range(0, iree_hal_buffer_byte_length(buffer), offset, length, &out_range->offset,
                                         &out_range->length);
}

static hal_queue_range_t retain_range(hal_queue_range_t range) {
  iree_hal_buffer_retain(range.buffer);
  return range;
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static iree_status_t check_pool(uint64_t pool) {
  if (pool == 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "queue allocation pools are not supported (pool=%llu)",
                          (unsigned long long)pool);
}

static iree_status_t submit_alloca(iree_hal_device_t* device, iree_hal_semaphore_list_t wait,
                                   iree_hal_semaphore_list_t signal, iree_hal_buffer_t* buffer) {
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(create(device, HAL_QUEUE_ALLOCA, wait, signal, &operation));
  hal_queue_range_t range = {buffer, 0, iree_hal_buffer_byte_length(buffer)};
  operation->as.alloca = retain_range(range);
  return device->vtable->submit(device, operation);
}

#define ALLOCA_FLAG_INDETERMINATE_LIFETIME 1

iree_status_t iree_hal_device_queue_alloca(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                           iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                           uint64_t pool, iree_hal_buffer_params_t params,
                                           iree_device_size_t allocation_size, uint64_t flags,
                                           iree_hal_buffer_t** out_buffer) {
  (void)queue_affinity;
  IREE_RETURN_IF_ERROR(check_pool(pool));
  iree_hal_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(
      hal_transient_buffer_create(device->allocator, params, allocation_size, device->host_allocator, &buffer));
  if (flags & ALLOCA_FLAG_INDETERMINATE_LIFETIME) {
    buffer->placement_flags |= IREE_HAL_BUFFER_PLACEMENT_FLAG_INDETERMINATE_LIFETIME;
  }
  iree_status_t status = submit_alloca(device, wait, signal, buffer);
  if (iree_status_is_ok(status)) {
    *out_buffer = buffer;
  } else {
    iree_hal_buffer_release(buffer);
  }
  return status;
}

/* Only memory of a queue whose life is known is given back by one. */
static bool is_queue_owned(const iree_hal_buffer_t* buffer) {
  const iree_hal_buffer_placement_flags_t both =
      IREE_HAL_BUFFER_PLACEMENT_FLAG_ASYNCHRONOUS | IREE_HAL_BUFFER_PLACEMENT_FLAG_INDETERMINATE_LIFETIME;
  const iree_hal_buffer_t* root = iree_hal_buffer_allocated_buffer(buffer);
  return (root->placement_flags & both) == IREE_HAL_BUFFER_PLACEMENT_FLAG_ASYNCHRONOUS &&
         hal_buffer_is_transient(root);
}

iree_status_t iree_hal_device_queue_dealloca(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                             iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                             iree_hal_buffer_t* buffer, uint64_t flags) {
  if (!is_queue_owned(buffer)) return iree_hal_device_queue_barrier(device, queue_affinity, wait, signal, flags);
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(create(device, HAL_QUEUE_DEALLOCA, wait, signal, &operation));
  hal_queue_range_t range = {buffer, 0, iree_hal_buffer_byte_length(buffer)};
  operation->as.dealloca = retain_range(range);
  return device->vtable->submit(device, operation);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

static iree_status_t check_fill_pattern(const hal_queue_range_t* target, iree_host_size_t pattern_length) {
  if (pattern_length != 1 && pattern_length != 2 && pattern_length != 4) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "fill patterns must be 1, 2, or 4 bytes (got %zu)",
                            pattern_length);
  }
  if (target->offset % pattern_length == 0 && target->length % pattern_length == 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "attempting to fill a range with %zu byte values that is not aligned (offset=%llu, "
                          "length=%llu)",
                          pattern_length, (unsigned long long)target->offset, (unsigned long long)target->length);
}

iree_status_t iree_hal_device_queue_fill(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                         iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                         iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                         iree_device_size_t length, const void* pattern,
                                         iree_host_size_t pattern_length, uint64_t flags) {
  (void)queue_affinity, (void)flags;
  hal_queue_range_t range;
  IREE_RETURN_IF_ERROR(
      check_range(target, IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET, target_offset, length, &range));
  IREE_RETURN_IF_ERROR(check_fill_pattern(&range, pattern_length));
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(create(device, HAL_QUEUE_FILL, wait, signal, &operation));
  operation->as.fill.target = retain_range(range);
  operation->as.fill.pattern = hal_fill_pattern(pattern, pattern_length);
  operation->as.fill.pattern_length = (uint8_t)pattern_length;
  return device->vtable->submit(device, operation);
}

iree_status_t iree_hal_device_queue_update(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                           iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                           const void* source, iree_host_size_t source_offset,
                                           iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                           iree_device_size_t length, uint64_t flags) {
  (void)queue_affinity, (void)flags;
  if (length == IREE_HAL_WHOLE_BUFFER) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "queue update without a length: its source has no end");
  }
  hal_queue_range_t range;
  IREE_RETURN_IF_ERROR(
      check_range(target, IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET, target_offset, length, &range));
  hal_queue_operation_t* operation = NULL;
  uint8_t* copy = NULL;
  IREE_RETURN_IF_ERROR(hal_queue_operation_create(HAL_QUEUE_UPDATE, wait, signal, (iree_host_size_t)range.length,
                                                  device->host_allocator, &operation, &copy));
  if (range.length) memcpy(copy, (const uint8_t*)source + source_offset, (size_t)range.length);
  operation->as.update.target = retain_range(range);
  operation->as.update.source = copy;
  return device->vtable->submit(device, operation);
}

/* The length of the source decides when it is "the rest". */
static iree_status_t check_copy(iree_hal_buffer_t* source, iree_device_size_t source_offset, iree_hal_buffer_t* target,
                                iree_device_size_t target_offset, iree_device_size_t length,
                                hal_queue_range_t* out_source, hal_queue_range_t* out_target) {
  IREE_RETURN_IF_ERROR(
      check_range(source, IREE_HAL_BUFFER_USAGE_TRANSFER_SOURCE, source_offset, length, out_source));
  IREE_RETURN_IF_ERROR(check_range(target, IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET, target_offset, out_source->length,
                                   out_target));
  if (!hal_ranges_overlap(source, out_source->offset, target, out_target->offset, out_source->length)) {
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "source and target ranges must not overlap within the same buffer");
}

iree_status_t iree_hal_device_queue_copy(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                         iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                         iree_hal_buffer_t* source, iree_device_size_t source_offset,
                                         iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                         iree_device_size_t length, uint64_t flags) {
  (void)queue_affinity, (void)flags;
  hal_queue_range_t from, to;
  IREE_RETURN_IF_ERROR(check_copy(source, source_offset, target, target_offset, length, &from, &to));
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(create(device, HAL_QUEUE_COPY, wait, signal, &operation));
  operation->as.copy.source = retain_range(from);
  operation->as.copy.target = retain_range(to);
  return device->vtable->submit(device, operation);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static iree_status_t check_file_range(const iree_hal_file_t* file, const char* access, uint64_t offset,
                                      uint64_t length) {
  uint64_t available = iree_hal_file_length(file);
  if (offset <= available && length <= available - offset) return iree_ok_status();
  if (length > UINT64_MAX - offset) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%s range overflows (offset=%llu, length=%llu)", access,
                            (unsigned long long)offset, (unsigned long long)length);
  }
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%s range [%llu, %llu) exceeds file length %llu", access,
                          (unsigned long long)offset, (unsigned long long)(offset + length),
                          (unsigned long long)available);
}

static iree_status_t submit_file(iree_hal_device_t* device, hal_queue_operation_kind_t kind,
                                 iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                 iree_hal_file_t* file, uint64_t file_offset, hal_queue_range_t range) {
  const char* access = kind == HAL_QUEUE_READ ? "read" : "write";
  IREE_RETURN_IF_ERROR(check_file_range(file, access, file_offset, range.length));
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(create(device, kind, wait, signal, &operation));
  operation->as.file.file = file;
  iree_hal_file_retain(file);
  operation->as.file.file_offset = file_offset;
  operation->as.file.range = retain_range(range);
  return device->vtable->submit(device, operation);
}

iree_status_t iree_hal_device_queue_read(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                         iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                         iree_hal_file_t* source, uint64_t source_offset, iree_hal_buffer_t* target,
                                         iree_device_size_t target_offset, iree_device_size_t length, uint64_t flags) {
  (void)queue_affinity, (void)flags;
  hal_queue_range_t range;
  IREE_RETURN_IF_ERROR(iree_hal_file_validate_access(source, IREE_HAL_MEMORY_ACCESS_READ));
  IREE_RETURN_IF_ERROR(
      check_range(target, IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET, target_offset, length, &range));
  return submit_file(device, HAL_QUEUE_READ, wait, signal, source, source_offset, range);
}

iree_status_t iree_hal_device_queue_write(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                          iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                          iree_hal_buffer_t* source, iree_device_size_t source_offset,
                                          iree_hal_file_t* target, uint64_t target_offset, iree_device_size_t length,
                                          uint64_t flags) {
  (void)queue_affinity, (void)flags;
  hal_queue_range_t range;
  IREE_RETURN_IF_ERROR(iree_hal_file_validate_access(target, IREE_HAL_MEMORY_ACCESS_WRITE));
  IREE_RETURN_IF_ERROR(
      check_range(source, IREE_HAL_BUFFER_USAGE_TRANSFER_SOURCE, source_offset, length, &range));
  return submit_file(device, HAL_QUEUE_WRITE, wait, signal, target, target_offset, range);
}

/* ---- Barriers and command buffers -------------------------------------------------------------------------------- */

iree_status_t iree_hal_device_queue_barrier(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                            iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                            uint64_t flags) {
  (void)queue_affinity, (void)flags;
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(create(device, HAL_QUEUE_BARRIER, wait, signal, &operation));
  return device->vtable->submit(device, operation);
}

/* The entries that commands look at, retained. */
static iree_hal_buffer_binding_table_t copy_table(iree_hal_buffer_binding_table_t table, iree_host_size_t count,
                                                  void* storage) {
  iree_hal_buffer_binding_table_t copy = {count, storage};
  if (count) memcpy(storage, table.bindings, count * sizeof *table.bindings);
  for (iree_host_size_t i = 0; i < count; ++i) iree_hal_buffer_retain(table.bindings[i].buffer);
  return copy;
}

iree_status_t iree_hal_device_queue_execute(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                            iree_hal_semaphore_list_t wait, iree_hal_semaphore_list_t signal,
                                            iree_hal_command_buffer_t* command_buffer,
                                            iree_hal_buffer_binding_table_t binding_table, uint64_t flags) {
  if (!command_buffer) return iree_hal_device_queue_barrier(device, queue_affinity, wait, signal, flags);
  IREE_RETURN_IF_ERROR(hal_command_buffer_validate_submission(command_buffer, wait.count != 0, binding_table));
  IREE_RETURN_IF_ERROR(hal_command_buffer_check_home(command_buffer, device->timeline));
  iree_host_size_t count = hal_command_buffer_slot_count(command_buffer);
  hal_queue_operation_t* operation = NULL;
  uint8_t* storage = NULL;
  IREE_RETURN_IF_ERROR(hal_queue_operation_create(HAL_QUEUE_EXECUTE, wait, signal,
                                                  count * sizeof(iree_hal_buffer_binding_t), device->host_allocator,
                                                  &operation, &storage));
  operation->as.execute.command_buffer = command_buffer;
  iree_hal_command_buffer_retain(command_buffer);
  operation->as.execute.table = copy_table(binding_table, count, storage);
  return device->vtable->submit(device, operation);
}
