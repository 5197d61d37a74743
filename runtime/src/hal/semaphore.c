/* SPDX-License-Identifier: Apache-2.0 */
/* Timeline semaphores: values that grow, failures that stay, and timepoints that are told. */
#include "hal/device_impl.h"
#include "hal/semaphore_impl.h"

struct iree_hal_semaphore_t {
  iree_vm_ref_object_t ref_object;
  iree_allocator_t host_allocator;
  hal_timeline_t* timeline;    /* retained */
  uint64_t value;              /* atomic; changed under the timeline's lock */
  iree_status_t failure;       /* written before `value` becomes FAILURE_VALUE, constant from then on */
  hal_timepoint_t* timepoints; /* under the timeline's lock */
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

iree_status_t hal_semaphore_create(hal_timeline_t* timeline, uint64_t initial_value, iree_allocator_t host_allocator,
                                   iree_hal_semaphore_t** out_semaphore) {
  if (initial_value > IREE_HAL_SEMAPHORE_MAX_VALUE) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "a semaphore cannot start at %llu; its largest value is %llu",
                            (unsigned long long)initial_value, IREE_HAL_SEMAPHORE_MAX_VALUE);
  }
  iree_hal_semaphore_t* semaphore = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *semaphore, (void**)&semaphore));
  atomic_ref_count_init(&semaphore->ref_object.counter);
  semaphore->host_allocator = host_allocator;
  semaphore->timeline = timeline;
  hal_timeline_retain(timeline);
  semaphore->value = initial_value;
  live_object_add(VMRT_OBJECT_HAL_SEMAPHORE);
  *out_semaphore = semaphore;
  return iree_ok_status();
}

iree_status_t iree_hal_semaphore_create(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity,
                                        uint64_t initial_value, uint64_t flags, iree_hal_semaphore_t** out_semaphore) {
  (void)queue_affinity, (void)flags;
  return hal_semaphore_create(device->timeline, initial_value, device->host_allocator, out_semaphore);
}

static void semaphore_destroy(iree_hal_semaphore_t* semaphore) {
  live_object_remove(VMRT_OBJECT_HAL_SEMAPHORE);
  iree_status_free(semaphore->failure);
  hal_timeline_release(semaphore->timeline);
  iree_allocator_free(semaphore->host_allocator, semaphore);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_semaphore, iree_hal_semaphore_t, semaphore_destroy)

hal_timeline_t* hal_semaphore_timeline(iree_hal_semaphore_t* semaphore) { return semaphore->timeline; }

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

hal_semaphore_state_t hal_semaphore_poll(const iree_hal_semaphore_t* semaphore, uint64_t value) {
  uint64_t current = __atomic_load_n(&semaphore->value, __ATOMIC_ACQUIRE);
  if (current == IREE_HAL_SEMAPHORE_FAILURE_VALUE) return HAL_SEMAPHORE_FAILED;
  return current >= value ? HAL_SEMAPHORE_REACHED : HAL_SEMAPHORE_PENDING;
}

iree_status_t hal_semaphore_failure(const iree_hal_semaphore_t* semaphore) {
  return iree_status_clone(semaphore->failure);
}

iree_status_t iree_hal_semaphore_query(iree_hal_semaphore_t* semaphore, uint64_t* out_value) {
  *out_value = __atomic_load_n(&semaphore->value, __ATOMIC_ACQUIRE);
  return *out_value == IREE_HAL_SEMAPHORE_FAILURE_VALUE ? hal_semaphore_failure(semaphore) : iree_ok_status();
}

hal_semaphore_state_t hal_semaphore_list_poll(iree_hal_semaphore_list_t list, iree_host_size_t* out_index) {
  for (*out_index = 0; *out_index < list.count; ++*out_index) {
    hal_semaphore_state_t state = hal_semaphore_poll(list.semaphores[*out_index], list.payload_values[*out_index]);
    if (state != HAL_SEMAPHORE_REACHED) return state;
  }
  return HAL_SEMAPHORE_REACHED;
}

/* ---- Timepoints -------------------------------------------------------------------------------------------------- */

bool hal_semaphore_add_timepoint(iree_hal_semaphore_t* semaphore, uint64_t value, hal_timepoint_fn_t fn,
                                 hal_timepoint_t* timepoint, iree_status_t* out_status) {
  timepoint->value = value;
  timepoint->fn = fn;
  platform_monitor_lock(semaphore->timeline->monitor);
  hal_semaphore_state_t state = hal_semaphore_poll(semaphore, value);
  if (state == HAL_SEMAPHORE_PENDING) {
    timepoint->next = semaphore->timepoints;
    semaphore->timepoints = timepoint;
  }
  platform_monitor_unlock(semaphore->timeline->monitor);
  *out_status = state == HAL_SEMAPHORE_FAILED ? hal_semaphore_failure(semaphore) : iree_ok_status();
  return state == HAL_SEMAPHORE_PENDING;
}

bool hal_semaphore_remove_timepoint(iree_hal_semaphore_t* semaphore, hal_timepoint_t* timepoint) {
  bool is_found = false;
  platform_monitor_lock(semaphore->timeline->monitor);
  for (hal_timepoint_t** at = &semaphore->timepoints; *at && !is_found; at = is_found ? at : &(*at)->next) {
    is_found = *at == timepoint;
    if (is_found) *at = timepoint->next;
  }
  platform_monitor_unlock(semaphore->timeline->monitor);
  return is_found;
}

/* Takes what `value` reaches off the list; under the lock. */
static hal_timepoint_t* detach_reached(iree_hal_semaphore_t* semaphore, uint64_t value) {
  hal_timepoint_t* reached = NULL;
  for (hal_timepoint_t** at = &semaphore->timepoints; *at;) {
    hal_timepoint_t* timepoint = *at;
    if (timepoint->value > value) {
      at = &timepoint->next;
      continue;
    }
    *at = timepoint->next;
    timepoint->next = reached;
    reached = timepoint;
  }
  return reached;
}

static void call_all(hal_timepoint_t* timepoint, iree_status_t status) {
  while (timepoint) {
    hal_timepoint_t* next = timepoint->next;
    timepoint->fn(timepoint, iree_status_clone(status));
    timepoint = next;
  }
}

/* ---- Changing ---------------------------------------------------------------------------------------------------- */

/* What is wrong with going from `current` to `value`; under the lock. */
static iree_status_t check_signal(iree_hal_semaphore_t* semaphore, uint64_t current, uint64_t value) {
  if (current == IREE_HAL_SEMAPHORE_FAILURE_VALUE) return iree_status_clone(semaphore->failure);
  if (value <= current) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "semaphore already signaled past %llu",
                            (unsigned long long)value);
  }
  if (value > IREE_HAL_SEMAPHORE_MAX_VALUE) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "semaphore cannot be signaled to %llu; its largest value is %llu",
                            (unsigned long long)value, IREE_HAL_SEMAPHORE_MAX_VALUE);
  }
  return iree_ok_status();
}

iree_status_t iree_hal_semaphore_signal(iree_hal_semaphore_t* semaphore, uint64_t new_value) {
  hal_timeline_t* timeline = semaphore->timeline;
  hal_timepoint_t* reached = NULL;
  platform_monitor_lock(timeline->monitor);
  iree_status_t status = check_signal(semaphore, semaphore->value, new_value);
  if (iree_status_is_ok(status)) {
    __atomic_store_n(&semaphore->value, new_value, __ATOMIC_RELEASE);
    reached = detach_reached(semaphore, new_value);
    hal_timeline_changed(timeline);
  }
  platform_monitor_unlock(timeline->monitor);
  call_all(reached, iree_ok_status());
  return status;
}

void iree_hal_semaphore_fail(iree_hal_semaphore_t* semaphore, iree_status_t status) {
  if (iree_status_is_ok(status)) return;
  hal_timeline_t* timeline = semaphore->timeline;
  hal_timepoint_t* reached = NULL;
  platform_monitor_lock(timeline->monitor);
  bool is_first = semaphore->value != IREE_HAL_SEMAPHORE_FAILURE_VALUE;
  if (is_first) {
    semaphore->failure = status;
    __atomic_store_n(&semaphore->value, IREE_HAL_SEMAPHORE_FAILURE_VALUE, __ATOMIC_RELEASE);
    reached = detach_reached(semaphore, UINT64_MAX);
    hal_timeline_changed(timeline);
  }
  platform_monitor_unlock(timeline->monitor);
  if (!is_first) iree_status_free(status);
  call_all(reached, is_first ? status : iree_ok_status());
}
