/* SPDX-License-Identifier: Apache-2.0 */
/* How operations wait: a timepoint for each semaphore, and a count that the last one brings to zero.
 *
 * `arrivals_left` counts the waits that are not settled and the threads that are busy with the operation (the one that
 * submits it, the one that cancels it). Whoever brings it to zero takes the operation off the list and sends it on its
 * way: nobody else refers to it then. A wait is settled by its timepoint, or by taking the timepoint back. */
#include "hal/local/local_queue.h"

iree_status_t local_queue_initialize(local_executor_t* executor, iree_allocator_t host_allocator,
                                     local_queue_t* out_queue) {
  memset(out_queue, 0, sizeof *out_queue);
  out_queue->executor = executor;
  return platform_monitor_create(host_allocator, &out_queue->monitor);
}

void local_queue_deinitialize(local_queue_t* queue) { platform_monitor_free(queue->monitor); }

/* ---- The list, under the lock ------------------------------------------------------------------------------------ */

static void link_pending(local_queue_t* queue, hal_queue_operation_t* operation) {
  operation->previous = NULL;
  operation->next = queue->pending;
  if (queue->pending) queue->pending->previous = operation;
  queue->pending = operation;
}

static void unlink_pending(local_queue_t* queue, hal_queue_operation_t* operation) {
  if (operation->next) operation->next->previous = operation->previous;
  if (operation->previous) {
    operation->previous->next = operation->next;
  } else {
    queue->pending = operation->next;
  }
}

/* ---- Starting ---------------------------------------------------------------------------------------------------- */

/* The last that happens to an operation that was started; the queue may be gone once the lock is let go. */
static void operation_finished(void* device_data) {
  local_queue_t* queue = device_data;
  platform_monitor_lock(queue->monitor);
  if (--queue->running == 0 && queue->is_draining) platform_monitor_notify_all(queue->monitor);
  platform_monitor_unlock(queue->monitor);
}

static iree_status_t start(local_queue_t* queue, hal_queue_operation_t* operation) {
  operation->device_data = queue;
  operation->finished = operation_finished;
  return queue->executor->start(queue->executor, operation);
}

static iree_status_t complete_unrun(hal_queue_operation_t* operation, iree_status_t failure, bool is_reported) {
  iree_status_t answer = is_reported ? iree_status_clone(failure) : iree_ok_status();
  hal_queue_operation_complete(operation, failure);
  return answer;
}

static iree_status_t cancelled_status(void) {
  return iree_make_status(IREE_STATUS_CANCELLED, "the device was released before the operation could run");
}

/* All waits are settled. */
static iree_status_t proceed(hal_queue_operation_t* operation) {
  local_queue_t* queue = operation->device_data;
  iree_status_t failure = operation->failure;
  platform_monitor_lock(queue->monitor);
  unlink_pending(queue, operation);
  bool is_reported = queue->executor->is_synchronous;
  bool is_started = iree_status_is_ok(failure) && !queue->is_closed;
  queue->running += is_started;
  if (queue->is_draining) platform_monitor_notify_all(queue->monitor);
  platform_monitor_unlock(queue->monitor);
  if (is_started) return start(queue, operation);
  return complete_unrun(operation, iree_status_is_ok(failure) ? cancelled_status() : failure, is_reported);
}

static iree_status_t arrive(hal_queue_operation_t* operation) {
  return __atomic_sub_fetch(&operation->arrivals_left, 1, __ATOMIC_ACQ_REL) == 0 ? proceed(operation)
                                                                                 : iree_ok_status();
}

/* ---- Failing ----------------------------------------------------------------------------------------------------- */

/* Settles the waits whose timepoints can be taken back; the caller is counted, so that this is never the end. */
static void take_back_waits(hal_queue_operation_t* operation) {
  for (iree_host_size_t i = 0; i < operation->wait.count; ++i) {
    if (hal_semaphore_remove_timepoint(operation->wait.semaphores[i], &operation->waits[i].timepoint)) {
      __atomic_sub_fetch(&operation->arrivals_left, 1, __ATOMIC_ACQ_REL);
    }
  }
}

/* The first failure is kept; what is still waited for does not matter any more. */
static void fail_pending(hal_queue_operation_t* operation, iree_status_t failure) {
  iree_status_t none = iree_ok_status();
  if (!__atomic_compare_exchange_n(&operation->failure, &none, failure, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
    iree_status_free(failure);
  }
  take_back_waits(operation);
}

static iree_status_t settle(hal_queue_operation_t* operation, iree_status_t status) {
  if (!iree_status_is_ok(status)) fail_pending(operation, status);
  return arrive(operation);
}

static void wait_settled(hal_timepoint_t* timepoint, iree_status_t status) {
  iree_status_free(settle(((hal_queue_wait_t*)timepoint)->operation, status));
}

/* ---- Submitting -------------------------------------------------------------------------------------------------- */

static void begin_waiting(hal_queue_operation_t* operation) {
  for (iree_host_size_t i = 0; i < operation->wait.count; ++i) {
    iree_status_t status = iree_ok_status();
    operation->waits[i].operation = operation;
    if (!hal_semaphore_add_timepoint(operation->wait.semaphores[i], operation->wait.payload_values[i], wait_settled,
                                     &operation->waits[i].timepoint, &status)) {
      iree_status_free(settle(operation, status));
    }
  }
  /* A wait that failed meanwhile did not find the timepoints that were added after it had looked. */
  if (__atomic_load_n(&operation->failure, __ATOMIC_ACQUIRE)) take_back_waits(operation);
}

static iree_status_t submit_waiting(local_queue_t* queue, hal_queue_operation_t* operation) {
  operation->device_data = queue;
  operation->arrivals_left = (int32_t)operation->wait.count + 1;
  platform_monitor_lock(queue->monitor);
  link_pending(queue, operation);
  platform_monitor_unlock(queue->monitor);
  begin_waiting(operation);
  return arrive(operation);
}

iree_status_t local_queue_submit(local_queue_t* queue, hal_queue_operation_t* operation) {
  if (operation->wait.count) return submit_waiting(queue, operation);
  platform_monitor_lock(queue->monitor);
  ++queue->running;
  platform_monitor_unlock(queue->monitor);
  return start(queue, operation);
}

/* ---- Closing ----------------------------------------------------------------------------------------------------- */

/* Counts the caller in, unless the operation is on its way already. */
static bool try_hold(hal_queue_operation_t* operation) {
  int32_t left = __atomic_load_n(&operation->arrivals_left, __ATOMIC_ACQUIRE);
  while (left != 0) {
    if (__atomic_compare_exchange_n(&operation->arrivals_left, &left, left + 1, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      return true;
    }
  }
  return false;
}

/* One that is held now; NULL when all that are left are in other hands. Under the lock. */
static hal_queue_operation_t* hold_any(local_queue_t* queue) {
  for (hal_queue_operation_t* operation = queue->pending; operation; operation = operation->next) {
    if (operation->is_cancelled || !try_hold(operation)) continue;
    operation->is_cancelled = true;
    return operation;
  }
  return NULL;
}

/* Called with the lock held. Other threads end what they have in hands without waiting for anything. */
static void cancel_pending(local_queue_t* queue) {
  while (queue->pending) {
    hal_queue_operation_t* operation = hold_any(queue);
    if (!operation) {
      platform_monitor_wait(queue->monitor, IREE_TIME_INFINITE_FUTURE);
      continue;
    }
    platform_monitor_unlock(queue->monitor);
    fail_pending(operation, cancelled_status());
    iree_status_free(arrive(operation));
    platform_monitor_lock(queue->monitor);
  }
}

void local_queue_close(local_queue_t* queue) {
  platform_monitor_lock(queue->monitor);
  queue->is_draining = true;
  while (queue->running) platform_monitor_wait(queue->monitor, IREE_TIME_INFINITE_FUTURE);
  queue->is_closed = true;
  cancel_pending(queue);
  platform_monitor_unlock(queue->monitor);
}
