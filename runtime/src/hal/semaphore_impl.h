/* SPDX-License-Identifier: Apache-2.0 */
/* Inside semaphores: timelines of a device, and being told when a value is reached. */
#ifndef VMRT_HAL_SEMAPHORE_IMPL_H_
#define VMRT_HAL_SEMAPHORE_IMPL_H_

#include "hal/object.h"
#include "iree/hal/semaphore.h"
#include "platform/platform.h"

/* ---- Timelines --------------------------------------------------------------------------------------------------- */

/* What all semaphores of one device share: one lock, one condition for threads that wait, and somebody who can work
 * instead of waiting. Counted: semaphores may outlive their device. */
typedef struct hal_timeline_t hal_timeline_t;

iree_status_t hal_timeline_create(iree_allocator_t host_allocator, hal_timeline_t** out_timeline);
void hal_timeline_retain(hal_timeline_t* timeline);
void hal_timeline_release(hal_timeline_t* timeline);
/* While a thread waits without a deadline for a semaphore of this timeline, `assist` is called without any lock held;
 * it runs some of the work that is ready and says whether there was any. NULL takes it away and returns when no thread
 * is inside it. */
void hal_timeline_set_assistant(hal_timeline_t* timeline, bool (*assist)(void* user_data), void* user_data);

/* The fields are for timeline.c and semaphore.c alone. */
struct hal_timeline_t {
  iree_atomic_ref_count_t references;
  iree_allocator_t host_allocator;
  platform_monitor_t* monitor; /* guards the rest, and what semaphores say is guarded */
  uint32_t waiters;            /* threads blocked on the monitor */
  uint32_t assisting;          /* threads inside `assist` */
  bool (*assist)(void* user_data);
  void* assist_user_data;
};
/* Runs the assistant once; called with the lock held, which is let go meanwhile. False: nobody, or nothing to do. */
bool hal_timeline_assist(hal_timeline_t* timeline);
/* Blocks until something changed on the timeline, or `deadline`; called with the lock held. */
void hal_timeline_block(hal_timeline_t* timeline, iree_time_t deadline);
/* Wakes who is blocked; called with the lock held. */
void hal_timeline_changed(hal_timeline_t* timeline);

iree_status_t hal_semaphore_create(hal_timeline_t* timeline, uint64_t initial_value, iree_allocator_t host_allocator,
                                   iree_hal_semaphore_t** out_semaphore);

typedef enum hal_semaphore_state_e {
  HAL_SEMAPHORE_REACHED,
  HAL_SEMAPHORE_PENDING,
  HAL_SEMAPHORE_FAILED
} hal_semaphore_state_t;
/* Where a semaphore is in respect of `value`. Takes no lock. */
hal_semaphore_state_t hal_semaphore_poll(const iree_hal_semaphore_t* semaphore, uint64_t value);
/* A copy of the failure of a semaphore that has failed. */
iree_status_t hal_semaphore_failure(const iree_hal_semaphore_t* semaphore);
/* Of the first entry that is not reached. */
hal_semaphore_state_t hal_semaphore_list_poll(iree_hal_semaphore_list_t list, iree_host_size_t* out_index);
hal_timeline_t* hal_semaphore_timeline(iree_hal_semaphore_t* semaphore);

/* ---- Timepoints -------------------------------------------------------------------------------------------------- */

typedef struct hal_timepoint_t hal_timepoint_t;
/* Called once, without any lock held, on the thread that signalled or failed the semaphore. Owns `status`: OK, or the
 * failure. */
typedef void (*hal_timepoint_fn_t)(hal_timepoint_t* timepoint, iree_status_t status);
/* Storage of the waiter; not touched after `fn` was called. */
struct hal_timepoint_t {
  hal_timepoint_t* next;
  uint64_t value;
  hal_timepoint_fn_t fn;
};

/* True: `timepoint` will be called later. False: not kept, because the value is reached (OK) or the semaphore has
 * failed; `*out_status` says which. */
bool hal_semaphore_add_timepoint(iree_hal_semaphore_t* semaphore, uint64_t value, hal_timepoint_fn_t fn,
                                 hal_timepoint_t* timepoint, iree_status_t* out_status);
/* True: it was taken off and will not be called. False: it was called or is being called. */
bool hal_semaphore_remove_timepoint(iree_hal_semaphore_t* semaphore, hal_timepoint_t* timepoint);

#endif /* VMRT_HAL_SEMAPHORE_IMPL_H_ */
