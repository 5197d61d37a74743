/* SPDX-License-Identifier: Apache-2.0 */
/* hal.fence: making, joining, asking, signalling, failing, and waiting on the calling thread. */
#include "modules/hal_module.h"

#define NANOSECONDS_PER_MILLISECOND 1000000
#define STATUS_CODE_LIMIT 32

/* A fresh timeline of which the fence wants the first step. */
iree_status_t hal_export_fence_create(hal_call_t* call) {
  iree_hal_device_t* device = hal_take_device(call);
  uint64_t flags = hal_take_u64(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_hal_semaphore_t* semaphore = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_semaphore_create(device, IREE_HAL_QUEUE_AFFINITY_ANY, 0, flags, &semaphore));
  iree_hal_fence_t* fence = NULL;
  iree_status_t status = iree_hal_fence_create_at(semaphore, 1, call->host_allocator, &fence);
  iree_hal_semaphore_release(semaphore);
  IREE_RETURN_IF_ERROR(status);
  return hal_give_ref(call, iree_hal_fence_move_ref(fence));
}

/* A list of fences, null ones left out; in `scratch`. */
static iree_host_size_t take_fences(hal_call_t* call, hal_scratch_t* scratch, iree_hal_fence_t*** out_fences) {
  iree_host_size_t count = hal_take_count(call, sizeof(iree_vm_ref_t)), kept = 0;
  iree_hal_fence_t** fences = hal_scratch_reserve(scratch, call, count, sizeof fences[0]);
  for (iree_host_size_t i = 0; i < count && fences; ++i) {
    iree_hal_fence_t* fence = hal_take_fence_or_null(call);
    if (fence) fences[kept++] = fence;
  }
  *out_fences = fences;
  return kept;
}

iree_status_t hal_export_fence_join(hal_call_t* call) {
  (void)hal_take_u64(call); /* flags: none are known */
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  iree_hal_fence_t** fences = NULL;
  iree_host_size_t count = take_fences(call, &scratch, &fences);
  iree_hal_fence_t* joined = NULL;
  iree_status_t status = hal_call_taken(call);
  if (iree_status_is_ok(status)) status = iree_hal_fence_join(count, fences, call->host_allocator, &joined);
  hal_scratch_free(&scratch, call);
  IREE_RETURN_IF_ERROR(status);
  return hal_give_ref(call, iree_hal_fence_move_ref(joined));
}

iree_status_t hal_export_fence_query(hal_call_t* call) {
  iree_hal_fence_t* fence = hal_take_fence(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i32(call, (int32_t)iree_status_consume_code(iree_hal_fence_query(fence)));
}

iree_status_t hal_export_fence_signal(hal_call_t* call) {
  iree_hal_fence_t* fence = hal_take_fence(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_hal_fence_signal(fence);
}

iree_status_t hal_export_fence_fail(hal_call_t* call) {
  iree_hal_fence_t* fence = hal_take_fence(call);
  uint32_t code = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (code >= STATUS_CODE_LIMIT) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "status number %d does not exist; expected 0 to %d",
                            (int32_t)code, STATUS_CODE_LIMIT - 1);
  }
  if (code != IREE_STATUS_OK) iree_hal_fence_fail(fence, iree_status_from_code((iree_status_code_t)code));
  return iree_ok_status();
}

/* ---- Waiting ----------------------------------------------------------------------------------------------------- */

static iree_timeout_t timeout_from_milliseconds(int32_t milliseconds) {
  if (milliseconds < 0) return (iree_timeout_t){IREE_TIMEOUT_ABSOLUTE, IREE_TIME_INFINITE_FUTURE};
  return (iree_timeout_t){IREE_TIMEOUT_RELATIVE, (iree_time_t)milliseconds * NANOSECONDS_PER_MILLISECOND};
}

/* Of any semaphore; OK when none has failed. */
static iree_status_t find_failure(iree_hal_semaphore_list_t list) {
  for (iree_host_size_t i = 0; i < list.count; ++i) {
    uint64_t value = 0;
    IREE_RETURN_IF_ERROR(iree_hal_semaphore_query(list.semaphores[i], &value));
  }
  return iree_ok_status();
}

/* The time being over is an answer; a failure of the fence, of whatever code, is the failure of the call. */
static iree_status_t await_fence(iree_hal_fence_t* fence, iree_timeout_t timeout, int32_t* out_code) {
  iree_status_t status = iree_hal_fence_wait(fence, timeout);
  if (!IREE_STATUS_IS(DEADLINE_EXCEEDED, status)) return status;
  iree_status_free(status);
  IREE_RETURN_IF_ERROR(find_failure(iree_hal_fence_semaphore_list(fence)));
  *out_code = IREE_STATUS_DEADLINE_EXCEEDED;
  return iree_ok_status();
}

/* Several fences are awaited as one, so that a failure of any of them ends the wait. */
static iree_status_t await_fences(hal_call_t* call, iree_host_size_t count, iree_hal_fence_t** fences,
                                  iree_timeout_t timeout, int32_t* out_code) {
  if (count == 0) return iree_ok_status();
  if (count == 1) return await_fence(fences[0], timeout, out_code);
  iree_hal_fence_t* joined = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_fence_join(count, fences, call->host_allocator, &joined));
  iree_status_t status = await_fence(joined, timeout, out_code);
  iree_hal_fence_release(joined);
  return status;
}

iree_status_t hal_export_fence_await(hal_call_t* call) {
  iree_timeout_t timeout = timeout_from_milliseconds(hal_take_i32(call));
  (void)hal_take_u64(call); /* flags: hints how to wait */
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  iree_hal_fence_t** fences = NULL;
  iree_host_size_t count = take_fences(call, &scratch, &fences);
  int32_t code = IREE_STATUS_OK;
  iree_status_t status = hal_call_taken(call);
  if (iree_status_is_ok(status)) status = await_fences(call, count, fences, timeout, &code);
  hal_scratch_free(&scratch, call);
  IREE_RETURN_IF_ERROR(status);
  return hal_give_i32(call, code);
}
