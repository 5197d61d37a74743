/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers that queues allocate and deallocate: usable between the two operations only. */
#include "hal/buffer_impl.h"

iree_status_t hal_transient_buffer_create(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                          iree_device_size_t byte_length, iree_allocator_t host_allocator,
                                          iree_hal_buffer_t** out_buffer) {
  (void)host_allocator;
  iree_hal_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(hal_allocator_allocate_transient(allocator, params, byte_length, &buffer));
  buffer->placement_flags |= IREE_HAL_BUFFER_PLACEMENT_FLAG_ASYNCHRONOUS;
  __atomic_store_n(&buffer->transient_state, HAL_TRANSIENT_RESERVED, __ATOMIC_RELEASE);
  *out_buffer = buffer;
  return iree_ok_status();
}

bool hal_buffer_is_transient(const iree_hal_buffer_t* buffer) {
  return __atomic_load_n(&buffer->allocated_buffer->transient_state, __ATOMIC_RELAXED) != HAL_TRANSIENT_NOT;
}

/* One step; `*out_found` is the state that was found instead of `from`. */
static bool advance(iree_hal_buffer_t* buffer, int32_t from, int32_t to, int32_t* out_found) {
  *out_found = from;
  return __atomic_compare_exchange_n(&buffer->allocated_buffer->transient_state, out_found, to, false,
                                     __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

iree_status_t hal_transient_buffer_commit(iree_hal_buffer_t* buffer) {
  int32_t found = 0;
  if (advance(buffer, HAL_TRANSIENT_RESERVED, HAL_TRANSIENT_COMMITTED, &found)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "%s",
                          found == HAL_TRANSIENT_NOT ? "the buffer was not allocated by a queue and cannot be committed"
                                                     : "transient buffer has been committed before");
}

iree_status_t hal_transient_buffer_decommit(iree_hal_buffer_t* buffer) {
  int32_t found = 0;
  if (advance(buffer, HAL_TRANSIENT_COMMITTED, HAL_TRANSIENT_DECOMMITTED, &found)) return iree_ok_status();
  const char* reason = "the buffer was not allocated by a queue and cannot be deallocated by one";
  if (found == HAL_TRANSIENT_RESERVED) reason = "transient buffer has not been committed: nothing to deallocate";
  if (found == HAL_TRANSIENT_DECOMMITTED) reason = "transient buffer has been queued for deallocation before";
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "%s", reason);
}
