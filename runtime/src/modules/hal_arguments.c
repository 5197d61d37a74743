/* SPDX-License-Identifier: Apache-2.0 */
/* Packed arguments and results of calls: every value at its own alignment, every read and write inside its buffer. */
#include "modules/hal_arguments.h"

#define GROUP_ALIGNMENT 8 /* of the groups with a 64-bit member or a reference: all but plain words */

iree_status_t hal_call_run(hal_function_t function, hal_call_t* call) {
  iree_status_t status = function(call);
  if (!IREE_STATUS_IS(DEFERRED, status)) return status;
  iree_status_free(status);
  return iree_make_status(IREE_STATUS_INTERNAL, "the operation failed with DEFERRED, which is no failure");
}

iree_status_t hal_call_taken(hal_call_t* call) {
  iree_status_t status = call->status;
  call->status = iree_ok_status();
  return status;
}

/* The first failure is kept; takes over `status`. */
static void call_fail(hal_call_t* call, iree_status_t status) {
  if (!iree_status_is_ok(call->status)) {
    iree_status_free(status);
    return;
  }
  call->status = status;
}

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

static iree_host_size_t align_to(iree_host_size_t offset, iree_host_size_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

/* The next `size` bytes, or NULL. */
static const uint8_t* take(hal_call_t* call, iree_host_size_t size, iree_host_size_t alignment) {
  iree_host_size_t offset = align_to(call->argument_offset, alignment);
  if (!iree_status_is_ok(call->status)) return NULL;
  if (offset > call->arguments.data_length || size > call->arguments.data_length - offset) {
    call_fail(call,
              iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "arguments end at byte %zu, expected %zu more at %zu",
                               call->arguments.data_length, size, offset));
    return NULL;
  }
  call->argument_offset = offset + size;
  return call->arguments.data + offset;
}

int32_t hal_take_i32(hal_call_t* call) {
  int32_t value = 0;
  const uint8_t* at = take(call, sizeof value, sizeof value);
  if (at) memcpy(&value, at, sizeof value);
  return value;
}

int64_t hal_take_i64(hal_call_t* call) {
  int64_t value = 0;
  const uint8_t* at = take(call, sizeof value, sizeof value);
  if (at) memcpy(&value, at, sizeof value);
  return value;
}

uint32_t hal_take_u32(hal_call_t* call) { return (uint32_t)hal_take_i32(call); }

uint64_t hal_take_u64(hal_call_t* call) { return (uint64_t)hal_take_i64(call); }

iree_vm_ref_t hal_take_ref(hal_call_t* call) {
  iree_vm_ref_t ref = iree_vm_ref_null();
  const uint8_t* at = take(call, sizeof ref, sizeof(uint64_t));
  if (at) memcpy(&ref, at, sizeof ref);
  return ref;
}

#define DEFINE_TAKE(name, NAME, T, check)                                               \
  T* name(hal_call_t* call) {                                                           \
    T* object = NULL;                                                                   \
    iree_vm_ref_t ref = hal_take_ref(call);                                             \
    if (iree_status_is_ok(call->status)) call_fail(call, NAME##_##check(ref, &object)); \
    return object;                                                                      \
  }
DEFINE_TAKE(hal_take_allocator, iree_hal_allocator, iree_hal_allocator_t, check_deref)
DEFINE_TAKE(hal_take_buffer, iree_hal_buffer, iree_hal_buffer_t, check_deref)
DEFINE_TAKE(hal_take_buffer_or_null, iree_hal_buffer, iree_hal_buffer_t, check_deref_or_null)
DEFINE_TAKE(hal_take_buffer_view, iree_hal_buffer_view, iree_hal_buffer_view_t, check_deref)
DEFINE_TAKE(hal_take_command_buffer, iree_hal_command_buffer, iree_hal_command_buffer_t, check_deref)
DEFINE_TAKE(hal_take_device, iree_hal_device, iree_hal_device_t, check_deref)
DEFINE_TAKE(hal_take_executable, iree_hal_executable, iree_hal_executable_t, check_deref)
DEFINE_TAKE(hal_take_fence, iree_hal_fence, iree_hal_fence_t, check_deref)
DEFINE_TAKE(hal_take_fence_or_null, iree_hal_fence, iree_hal_fence_t, check_deref_or_null)
DEFINE_TAKE(hal_take_file, iree_hal_file, iree_hal_file_t, check_deref)
DEFINE_TAKE(hal_take_bytes, iree_vm_buffer, iree_vm_buffer_t, check_deref)
DEFINE_TAKE(hal_take_bytes_or_null, iree_vm_buffer, iree_vm_buffer_t, check_deref_or_null)
#undef DEFINE_TAKE

static iree_string_view_t bytes_text(const iree_vm_buffer_t* bytes) {
  if (!bytes) return iree_string_view_empty();
  iree_const_byte_span_t contents = iree_vm_buffer_const_contents(bytes);
  return iree_make_string_view((const char*)contents.data, contents.data_length);
}

iree_string_view_t hal_take_text(hal_call_t* call) { return bytes_text(hal_take_bytes(call)); }

iree_string_view_t hal_take_text_or_empty(hal_call_t* call) { return bytes_text(hal_take_bytes_or_null(call)); }

iree_const_byte_span_t hal_call_byte_range(hal_call_t* call, iree_vm_buffer_t* buffer, uint64_t offset,
                                           uint64_t length) {
  if (!iree_status_is_ok(call->status)) return iree_const_byte_span_empty();
  iree_const_byte_span_t contents = iree_vm_buffer_const_contents(buffer);
  uint64_t total = contents.data_length;
  if (length == IREE_HAL_WHOLE_BUFFER && offset <= total) length = total - offset;
  if (offset > total || length > total - offset) {
    call_fail(call,
              iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                               "out-of-bounds access detected (offset=%llu, length=%llu, alignment=1, buffer "
                               "length=%llu)",
                               (unsigned long long)offset, (unsigned long long)length, (unsigned long long)total));
    return iree_const_byte_span_empty();
  }
  return iree_make_const_byte_span(contents.data ? contents.data + offset : NULL, length);
}

iree_host_size_t hal_take_count(hal_call_t* call, iree_host_size_t group_size) {
  uint32_t count = hal_take_u32(call);
  if (count == 0) return 0;
  call->argument_offset = align_to(call->argument_offset, group_size % GROUP_ALIGNMENT ? 4 : GROUP_ALIGNMENT);
  iree_host_size_t before = call->argument_offset;
  bool present = take(call, (iree_host_size_t)count * group_size, 1) != NULL;
  call->argument_offset = before;
  return present ? count : 0;
}

iree_const_byte_span_t hal_take_words(hal_call_t* call) {
  iree_host_size_t size = hal_take_count(call, sizeof(uint32_t)) * sizeof(uint32_t);
  if (size == 0) return iree_const_byte_span_empty();
  return iree_make_const_byte_span(take(call, size, sizeof(uint32_t)), size);
}

hal_queue_arguments_t hal_take_queue(hal_call_t* call) {
  hal_queue_arguments_t queue = {.device = hal_take_device(call)};
  queue.affinity = hal_take_u64(call);
  queue.wait = iree_hal_fence_semaphore_list(hal_take_fence_or_null(call));
  queue.signal = iree_hal_fence_semaphore_list(hal_take_fence_or_null(call));
  return queue;
}

/* ---- Results ----------------------------------------------------------------------------------------------------- */

static iree_status_t give(hal_call_t* call, const void* value, iree_host_size_t size, iree_host_size_t alignment) {
  iree_host_size_t offset = align_to(call->result_offset, alignment);
  if (offset > call->results.data_length || size > call->results.data_length - offset) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "room for results ends at byte %zu, expected %zu more at %zu",
                            call->results.data_length, size, offset);
  }
  memcpy(call->results.data + offset, value, size);
  call->result_offset = offset + size;
  return iree_ok_status();
}

iree_status_t hal_give_i32(hal_call_t* call, int32_t value) { return give(call, &value, sizeof value, sizeof value); }

iree_status_t hal_give_i64(hal_call_t* call, int64_t value) { return give(call, &value, sizeof value, sizeof value); }

iree_status_t hal_give_ref(hal_call_t* call, iree_vm_ref_t ref) {
  iree_status_t status = give(call, &ref, sizeof ref, sizeof(uint64_t));
  if (!iree_status_is_ok(status)) iree_vm_ref_release(&ref);
  return status;
}

/* ---- Room for groups --------------------------------------------------------------------------------------------- */

void* hal_scratch_reserve(hal_scratch_t* scratch, hal_call_t* call, iree_host_size_t count,
                          iree_host_size_t element_size) {
  if (count <= sizeof scratch->inlined.bytes / element_size) return scratch->inlined.bytes;
  call_fail(call, iree_allocator_malloc_array(call->host_allocator, count, element_size, &scratch->heap));
  return scratch->heap;
}

void hal_scratch_free(hal_scratch_t* scratch, hal_call_t* call) {
  if (scratch->heap) iree_allocator_free(call->host_allocator, scratch->heap);
}
