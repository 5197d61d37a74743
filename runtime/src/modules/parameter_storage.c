/* SPDX-License-Identifier: Apache-2.0 */
/* From the storage of one parameter into a device buffer: ranges of files are read, patterns are filled in where a
 * queue can fill with them, and otherwise read from a file that repeats them. */
#include "modules/parameter_storage.h"

/* Takes over `file`. */
static iree_status_t read_and_release(iree_hal_file_t* file, uint64_t offset, const vmrt_io_parameter_queue_t* queue,
                                      const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t* target) {
  iree_status_t status = iree_hal_device_queue_read(queue->device, queue->affinity, queue->wait, queue->signal, file,
                                                    offset, target, transfer->buffer_offset, transfer->length, 0);
  iree_hal_file_release(file);
  return status;
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void release_handle(void* user_data) { iree_io_file_handle_release((iree_io_file_handle_t*)user_data); }

static iree_status_t read_file(const iree_io_parameter_index_entry_t* entry, const vmrt_io_parameter_queue_t* queue,
                               const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t* target,
                               iree_allocator_t host_allocator) {
  iree_io_file_handle_t* handle = entry->storage.file.handle;
  iree_const_byte_span_t contents = vmrt_io_file_handle_contents(handle);
  iree_hal_file_t* file = NULL;
  vmrt_hal_file_release_t release = {release_handle, handle};
  iree_io_file_handle_retain(handle);
  iree_status_t status = vmrt_hal_file_from_memory(IREE_HAL_MEMORY_ACCESS_READ,
                                                   iree_make_byte_span((void*)contents.data, contents.data_length),
                                                   release, host_allocator, &file);
  if (!iree_status_is_ok(status)) {
    iree_io_file_handle_release(handle);
    return status;
  }
  uint64_t offset = entry->storage.file.offset + transfer->parameter_offset;
  return read_and_release(file, offset, queue, transfer, target);
}

/* ---- Patterns ---------------------------------------------------------------------------------------------------- */

typedef struct pattern_t {
  iree_allocator_t host_allocator;
  uint8_t length;
  uint8_t bytes[16];
} pattern_t;

/* The shortest pattern that gives the same bytes, as far as halving finds it. */
static pattern_t pattern_reduce(const iree_io_parameter_index_entry_t* entry) {
  pattern_t pattern = {.length = entry->storage.splat.pattern_length};
  memcpy(pattern.bytes, entry->storage.splat.pattern, sizeof pattern.bytes);
  while (pattern.length % 2 == 0) {
    uint8_t half = pattern.length / 2;
    if (memcmp(pattern.bytes, pattern.bytes + half, half) != 0) break;
    pattern.length = half;
  }
  return pattern;
}

/* Queues fill whole patterns of 1, 2 or 4 bytes at multiples of them. */
static bool pattern_can_be_filled(const pattern_t* pattern, const vmrt_io_parameter_transfer_t* transfer) {
  uint64_t misaligned = transfer->parameter_offset | transfer->buffer_offset | transfer->length;
  return (pattern->length == 1 || pattern->length == 2 || pattern->length == 4) && misaligned % pattern->length == 0;
}

static iree_status_t pattern_read(void* user_data, uint64_t offset, iree_byte_span_t target) {
  const pattern_t* pattern = user_data;
  for (iree_host_size_t i = 0; i < target.data_length; ++i) {
    target.data[i] = pattern->bytes[(offset + i) % pattern->length];
  }
  return iree_ok_status();
}

static void pattern_free(void* user_data) {
  pattern_t* pattern = user_data;
  iree_allocator_free(pattern->host_allocator, pattern);
}

/* A file of the parameter's length that is nothing but the pattern. */
static iree_status_t pattern_open(const pattern_t* pattern, uint64_t length, iree_allocator_t host_allocator,
                                  iree_hal_file_t** out_file) {
  pattern_t* copy = NULL;
  IREE_RETURN_IF_ERROR(
      iree_allocator_clone(host_allocator, iree_make_const_byte_span(pattern, sizeof *pattern), (void**)&copy));
  copy->host_allocator = host_allocator;
  vmrt_hal_file_release_t release = {pattern_free, copy};
  iree_status_t status = vmrt_hal_file_from_reader(pattern_read, length, release, host_allocator, out_file);
  if (!iree_status_is_ok(status)) pattern_free(copy);
  return status;
}

static iree_status_t read_splat(const iree_io_parameter_index_entry_t* entry, const vmrt_io_parameter_queue_t* queue,
                                const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t* target,
                                iree_allocator_t host_allocator) {
  pattern_t pattern = pattern_reduce(entry);
  if (pattern_can_be_filled(&pattern, transfer)) {
    return iree_hal_device_queue_fill(queue->device, queue->affinity, queue->wait, queue->signal, target,
                                      transfer->buffer_offset, transfer->length, pattern.bytes, pattern.length, 0);
  }
  iree_hal_file_t* file = NULL;
  IREE_RETURN_IF_ERROR(pattern_open(&pattern, entry->length, host_allocator, &file));
  return read_and_release(file, transfer->parameter_offset, queue, transfer, target);
}

iree_status_t parameter_storage_read(const iree_io_parameter_index_entry_t* entry,
                                     const vmrt_io_parameter_queue_t* queue,
                                     const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t* target,
                                     iree_allocator_t host_allocator) {
  if (entry->type == IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_SPLAT) {
    return read_splat(entry, queue, transfer, target, host_allocator);
  }
  return read_file(entry, queue, transfer, target, host_allocator);
}
