/* SPDX-License-Identifier: Apache-2.0 */
/* Fences: semaphores, each with the value that it has to reach, in one block. */
#include "hal/semaphore_impl.h"

struct iree_hal_fence_t {
  iree_vm_ref_object_t ref_object;
  iree_allocator_t host_allocator;
  iree_host_size_t capacity;
  iree_hal_semaphore_list_t list; /* arrays of `capacity` behind this struct; semaphores retained */
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

iree_status_t iree_hal_fence_create(iree_host_size_t capacity, iree_allocator_t host_allocator,
                                    iree_hal_fence_t** out_fence) {
  const iree_host_size_t entry_size = sizeof(iree_hal_semaphore_t*) + sizeof(uint64_t);
  if (capacity > (IREE_HOST_SIZE_MAX / 2) / entry_size) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "no fence has room for %zu semaphores", capacity);
  }
  iree_hal_fence_t* fence = NULL;
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_uninitialized(host_allocator, sizeof *fence + capacity * entry_size, (void**)&fence));
  atomic_ref_count_init(&fence->ref_object.counter);
  fence->host_allocator = host_allocator;
  fence->capacity = capacity;
  fence->list.count = 0;
  fence->list.payload_values = (uint64_t*)(fence + 1);
  fence->list.semaphores = (iree_hal_semaphore_t**)(fence->list.payload_values + capacity);
  live_object_add(VMRT_OBJECT_HAL_FENCE);
  *out_fence = fence;
  return iree_ok_status();
}

static void fence_destroy(iree_hal_fence_t* fence) {
  live_object_remove(VMRT_OBJECT_HAL_FENCE);
  for (iree_host_size_t i = 0; i < fence->list.count; ++i) iree_hal_semaphore_release(fence->list.semaphores[i]);
  iree_allocator_free(fence->host_allocator, fence);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_fence, iree_hal_fence_t, fence_destroy)

iree_status_t iree_hal_fence_create_at(iree_hal_semaphore_t* semaphore, uint64_t value, iree_allocator_t host_allocator,
                                       iree_hal_fence_t** out_fence) {
  iree_hal_fence_t* fence = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_fence_create(1, host_allocator, &fence));
  fence->list.semaphores[0] = semaphore;
  fence->list.payload_values[0] = value;
  fence->list.count = 1;
  iree_hal_semaphore_retain(semaphore);
  *out_fence = fence;
  return iree_ok_status();
}

/* ---- Entries ----------------------------------------------------------------------------------------------------- */

iree_status_t iree_hal_fence_insert(iree_hal_fence_t* fence, iree_hal_semaphore_t* semaphore, uint64_t value) {
  iree_hal_semaphore_list_t* list = &fence->list;
  for (iree_host_size_t i = 0; i < list->count; ++i) {
    if (list->semaphores[i] != semaphore) continue;
    if (value > list->payload_values[i]) list->payload_values[i] = value;
    return iree_ok_status();
  }
  if (list->count == fence->capacity) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "fence has room for %zu semaphores and all are taken",
                            fence->capacity);
  }
  list->semaphores[list->count] = semaphore;
  list->payload_values[list->count++] = value;
  iree_hal_semaphore_retain(semaphore);
  return iree_ok_status();
}

iree_hal_semaphore_list_t iree_hal_fence_semaphore_list(iree_hal_fence_t* fence) {
  return fence ? fence->list : iree_hal_semaphore_list_empty();
}

static iree_status_t insert_all(iree_hal_fence_t* fence, iree_hal_semaphore_list_t list) {
  for (iree_host_size_t i = 0; i < list.count; ++i) {
    IREE_RETURN_IF_ERROR(iree_hal_fence_insert(fence, list.semaphores[i], list.payload_values[i]));
  }
  return iree_ok_status();
}

iree_status_t iree_hal_fence_join(iree_host_size_t fence_count, iree_hal_fence_t** fences,
                                  iree_allocator_t host_allocator, iree_hal_fence_t** out_fence) {
  iree_host_size_t capacity = 0;
  for (iree_host_size_t i = 0; i < fence_count; ++i) capacity += iree_hal_fence_semaphore_list(fences[i]).count;
  iree_hal_fence_t* fence = NULL;
  if (capacity) IREE_RETURN_IF_ERROR(iree_hal_fence_create(capacity, host_allocator, &fence));
  iree_status_t status = iree_ok_status();
  for (iree_host_size_t i = 0; i < fence_count && iree_status_is_ok(status); ++i) {
    status = insert_all(fence, iree_hal_fence_semaphore_list(fences[i]));
  }
  if (iree_status_is_ok(status)) {
    *out_fence = fence;
  } else {
    iree_hal_fence_release(fence);
  }
  return status;
}

/* ---- Use --------------------------------------------------------------------------------------------------------- */

iree_status_t iree_hal_fence_query(iree_hal_fence_t* fence) {
  iree_hal_semaphore_list_t list = iree_hal_fence_semaphore_list(fence);
  iree_host_size_t index = 0;
  switch (hal_semaphore_list_poll(list, &index)) {
    case HAL_SEMAPHORE_REACHED:
      return iree_ok_status();
    case HAL_SEMAPHORE_FAILED:
      return hal_semaphore_failure(list.semaphores[index]);
    case HAL_SEMAPHORE_PENDING:
      break;
  }
  return iree_status_from_code(IREE_STATUS_DEFERRED);
}

iree_status_t iree_hal_fence_signal(iree_hal_fence_t* fence) {
  return iree_hal_semaphore_list_signal(iree_hal_fence_semaphore_list(fence));
}

void iree_hal_fence_fail(iree_hal_fence_t* fence, iree_status_t signal_status) {
  iree_hal_semaphore_list_fail(iree_hal_fence_semaphore_list(fence), signal_status);
}

iree_status_t iree_hal_fence_wait(iree_hal_fence_t* fence, iree_timeout_t timeout) {
  return iree_hal_semaphore_list_wait(iree_hal_fence_semaphore_list(fence), timeout);
}

iree_status_t vmrt_hal_fence_wait_for(iree_hal_fence_t* fence, int64_t timeout_ns) {
  iree_timeout_t timeout = {IREE_TIMEOUT_RELATIVE, timeout_ns < 0 ? IREE_TIME_INFINITE_FUTURE : timeout_ns};
  return iree_hal_fence_wait(fence, timeout);
}
