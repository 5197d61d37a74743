/* SPDX-License-Identifier: Apache-2.0 */
/* Timelines: the lock that the semaphores of a device share, and who works or sleeps while waiting for them. */
#include "hal/semaphore_impl.h"

iree_status_t hal_timeline_create(iree_allocator_t host_allocator, hal_timeline_t** out_timeline) {
  hal_timeline_t* timeline = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *timeline, (void**)&timeline));
  iree_status_t status = platform_monitor_create(host_allocator, &timeline->monitor);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(host_allocator, timeline);
    return status;
  }
  atomic_ref_count_init(&timeline->references);
  timeline->host_allocator = host_allocator;
  *out_timeline = timeline;
  return iree_ok_status();
}

void hal_timeline_retain(hal_timeline_t* timeline) { atomic_ref_count_retain(&timeline->references); }

void hal_timeline_release(hal_timeline_t* timeline) {
  if (!timeline || !atomic_ref_count_release(&timeline->references)) return;
  platform_monitor_free(timeline->monitor);
  iree_allocator_free(timeline->host_allocator, timeline);
}

/* ---- Working while waiting --------------------------------------------------------------------------------------- */

void hal_timeline_set_assistant(hal_timeline_t* timeline, bool (*assist)(void* user_data), void* user_data) {
  platform_monitor_lock(timeline->monitor);
  timeline->assist = assist;
  timeline->assist_user_data = user_data;
  while (!assist && timeline->assisting) hal_timeline_block(timeline, IREE_TIME_INFINITE_FUTURE);
  platform_monitor_unlock(timeline->monitor);
}

bool hal_timeline_assist(hal_timeline_t* timeline) {
  bool (*assist)(void*) = timeline->assist;
  void* user_data = timeline->assist_user_data;
  if (!assist) return false;
  ++timeline->assisting;
  platform_monitor_unlock(timeline->monitor);
  bool has_worked = assist(user_data);
  platform_monitor_lock(timeline->monitor);
  if (--timeline->assisting == 0 && !timeline->assist) hal_timeline_changed(timeline);
  return has_worked;
}

/* ---- Sleeping ---------------------------------------------------------------------------------------------------- */

void hal_timeline_block(hal_timeline_t* timeline, iree_time_t deadline) {
  ++timeline->waiters;
  platform_monitor_wait(timeline->monitor, deadline);
  --timeline->waiters;
}

void hal_timeline_changed(hal_timeline_t* timeline) {
  if (timeline->waiters) platform_monitor_notify_all(timeline->monitor);
}
