/* SPDX-License-Identifier: Apache-2.0 */
/* Blocking until semaphores are reached: working while there is work, sleeping otherwise. */
#include "hal/semaphore_impl.h"

/* ---- Deadlines --------------------------------------------------------------------------------------------------- */

static iree_time_t deadline_of(iree_timeout_t timeout) {
  if (timeout.type == IREE_TIMEOUT_ABSOLUTE || timeout.nanos == IREE_TIME_INFINITE_FUTURE) return timeout.nanos;
  if (timeout.nanos <= 0) return IREE_TIME_INFINITE_PAST;
  iree_time_t now = platform_time_now();
  return timeout.nanos > IREE_TIME_INFINITE_FUTURE - now ? IREE_TIME_INFINITE_FUTURE : now + timeout.nanos;
}

static bool is_over(iree_time_t deadline) {
  if (deadline == IREE_TIME_INFINITE_FUTURE) return false;
  return deadline == IREE_TIME_INFINITE_PAST || platform_time_now() >= deadline;
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

/* FAILED as soon as any entry has failed; `*out_index` says which one, or the first that is pending. */
static hal_semaphore_state_t poll_all(iree_hal_semaphore_list_t list, iree_host_size_t* out_index) {
  hal_semaphore_state_t state = hal_semaphore_list_poll(list, out_index);
  for (iree_host_size_t i = *out_index + 1; state == HAL_SEMAPHORE_PENDING && i < list.count; ++i) {
    if (hal_semaphore_poll(list.semaphores[i], list.payload_values[i]) != HAL_SEMAPHORE_FAILED) continue;
    *out_index = i;
    state = HAL_SEMAPHORE_FAILED;
  }
  return state;
}

/* Wakes who blocks on another timeline. */
typedef struct foreign_wait_t {
  hal_timepoint_t timepoint;
  iree_hal_semaphore_t* semaphore;
  struct foreign_waits_t* waits;
  bool is_kept;
} foreign_wait_t;

/* Timepoints on the entries whose timeline is not the one that a thread blocks on. */
typedef struct foreign_waits_t {
  hal_timeline_t* timeline;
  iree_host_size_t count;
  iree_host_size_t calls_left; /* under the timeline's lock */
  foreign_wait_t* entries;
} foreign_waits_t;

static void foreign_changed(hal_timepoint_t* timepoint, iree_status_t status) {
  foreign_waits_t* waits = ((foreign_wait_t*)timepoint)->waits;
  hal_timeline_t* timeline = waits->timeline;
  iree_status_free(status);
  platform_monitor_lock(timeline->monitor);
  --waits->calls_left;
  hal_timeline_changed(timeline);
  platform_monitor_unlock(timeline->monitor);
}

static iree_host_size_t count_foreign(iree_hal_semaphore_list_t list, const hal_timeline_t* timeline) {
  iree_host_size_t count = 0;
  for (iree_host_size_t i = 0; i < list.count; ++i) count += hal_semaphore_timeline(list.semaphores[i]) != timeline;
  return count;
}

static void watch(foreign_waits_t* waits, iree_hal_semaphore_t* semaphore, uint64_t value) {
  foreign_wait_t* entry = &waits->entries[waits->count++];
  entry->semaphore = semaphore;
  entry->waits = waits;
  iree_status_t status = iree_ok_status();
  entry->is_kept = hal_semaphore_add_timepoint(semaphore, value, foreign_changed, &entry->timepoint, &status);
  iree_status_free(status);
}

/* Watches every entry of another timeline; nothing is allocated when there is none. */
static iree_status_t foreign_waits_begin(iree_hal_semaphore_list_t list, foreign_waits_t* waits) {
  hal_timeline_t* timeline = hal_semaphore_timeline(list.semaphores[0]);
  memset(waits, 0, sizeof *waits);
  waits->timeline = timeline;
  iree_host_size_t count = count_foreign(list, timeline);
  if (count == 0) return iree_ok_status();
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(timeline->host_allocator, count, sizeof *waits->entries,
                                                   (void**)&waits->entries));
  waits->calls_left = count;
  for (iree_host_size_t i = 0; i < list.count; ++i) {
    if (hal_semaphore_timeline(list.semaphores[i]) != timeline) {
      watch(waits, list.semaphores[i], list.payload_values[i]);
    }
  }
  return iree_ok_status();
}

/* Takes the watches back; those being called at this moment are waited for. */
static void foreign_waits_end(foreign_waits_t* waits) {
  hal_timeline_t* timeline = waits->timeline;
  iree_host_size_t taken_back = 0;
  for (iree_host_size_t i = 0; i < waits->count; ++i) {
    foreign_wait_t* entry = &waits->entries[i];
    taken_back += !entry->is_kept || hal_semaphore_remove_timepoint(entry->semaphore, &entry->timepoint);
  }
  if (waits->count == 0) return;
  platform_monitor_lock(timeline->monitor);
  while (waits->calls_left > taken_back) hal_timeline_block(timeline, IREE_TIME_INFINITE_FUTURE);
  platform_monitor_unlock(timeline->monitor);
  iree_allocator_free(timeline->host_allocator, waits->entries);
}

/* Changes of semaphores happen under their timeline's lock, so nothing is missed between the look and the sleep. Work
 * may take longer than a deadline allows: only who waits without one works meanwhile. */
static hal_semaphore_state_t block_until_settled(iree_hal_semaphore_list_t list, hal_timeline_t* timeline,
                                                 iree_time_t deadline, iree_host_size_t* out_index) {
  platform_monitor_lock(timeline->monitor);
  hal_semaphore_state_t state;
  while ((state = poll_all(list, out_index)) == HAL_SEMAPHORE_PENDING && !is_over(deadline)) {
    if (deadline == IREE_TIME_INFINITE_FUTURE && hal_timeline_assist(timeline)) continue;
    if (poll_all(list, out_index) == HAL_SEMAPHORE_PENDING) hal_timeline_block(timeline, deadline);
  }
  platform_monitor_unlock(timeline->monitor);
  return state;
}

static iree_status_t wait_result(iree_hal_semaphore_list_t list, hal_semaphore_state_t state, iree_host_size_t index) {
  switch (state) {
    case HAL_SEMAPHORE_REACHED:
      return iree_ok_status();
    case HAL_SEMAPHORE_FAILED:
      return hal_semaphore_failure(list.semaphores[index]);
    case HAL_SEMAPHORE_PENDING:
      break;
  }
  return iree_status_from_code(IREE_STATUS_DEADLINE_EXCEEDED);
}

iree_status_t iree_hal_semaphore_list_wait(iree_hal_semaphore_list_t list, iree_timeout_t timeout) {
  iree_host_size_t index = 0;
  hal_semaphore_state_t state = poll_all(list, &index);
  if (state != HAL_SEMAPHORE_PENDING) return wait_result(list, state, index);
  iree_time_t deadline = deadline_of(timeout);
  if (is_over(deadline)) return wait_result(list, state, index);
  foreign_waits_t waits;
  IREE_RETURN_IF_ERROR(foreign_waits_begin(list, &waits));
  state = block_until_settled(list, waits.timeline, deadline, &index);
  foreign_waits_end(&waits);
  return wait_result(list, state, index);
}

iree_status_t iree_hal_semaphore_wait(iree_hal_semaphore_t* semaphore, uint64_t value, iree_timeout_t timeout) {
  iree_hal_semaphore_list_t list = {1, &semaphore, &value};
  return iree_hal_semaphore_list_wait(list, timeout);
}

/* ---- Changing all of them ---------------------------------------------------------------------------------------- */

iree_status_t iree_hal_semaphore_list_signal(iree_hal_semaphore_list_t list) {
  iree_status_t status = iree_ok_status();
  for (iree_host_size_t i = 0; i < list.count; ++i) {
    status = iree_status_join(status, iree_hal_semaphore_signal(list.semaphores[i], list.payload_values[i]));
  }
  return status;
}

void iree_hal_semaphore_list_fail(iree_hal_semaphore_list_t list, iree_status_t signal_status) {
  for (iree_host_size_t i = 0; i < list.count; ++i) {
    iree_hal_semaphore_fail(list.semaphores[i], iree_status_clone(signal_status));
  }
  iree_status_free(signal_status);
}
