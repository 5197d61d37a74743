/* SPDX-License-Identifier: Apache-2.0 */
/* Two timers: one asks the program to stop, the later one does not ask. */
#include "tooling/time_limit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/platform.h"
#include "vmrt/probe.h"

#define NANOSECONDS   1e9
#define GRACE_SECONDS 1.0

struct time_limit_t {
  iree_allocator_t allocator;
  iree_vm_instance_t* instance;
  double seconds;
  atomic_bool passed;
  platform_timer_t* cancel_timer;
  platform_timer_t* exit_timer;
};

static void cancel_bytecode(void* user_data) {
  time_limit_t* limit = user_data;
  atomic_store(&limit->passed, true);
  vmrt_instance_cancel(limit->instance, IREE_STATUS_DEADLINE_EXCEEDED);
}

static void end_process(void* user_data) {
  const time_limit_t* limit = user_data;
  fprintf(stderr,
          "DEADLINE_EXCEEDED; --time_limit=%g passed and what was running did not stop within %g s: native code, "
          "or a module that is still being read\n",
          limit->seconds, GRACE_SECONDS);
  _Exit(TIME_LIMIT_EXIT_CODE);
}

static iree_status_t start_timers(time_limit_t* limit) {
  IREE_RETURN_IF_ERROR(platform_timer_start((iree_time_t)(limit->seconds * NANOSECONDS), cancel_bytecode, limit,
                                            limit->allocator, &limit->cancel_timer));
  return platform_timer_start((iree_time_t)((limit->seconds + GRACE_SECONDS) * NANOSECONDS), end_process, limit,
                              limit->allocator, &limit->exit_timer);
}

static void time_limit_free(time_limit_t* limit) {
  if (limit->cancel_timer) platform_timer_stop(limit->cancel_timer);
  if (limit->exit_timer) platform_timer_stop(limit->exit_timer);
  iree_allocator_free(limit->allocator, limit);
}

iree_status_t time_limit_start(double seconds, iree_vm_instance_t* instance, iree_allocator_t allocator,
                               time_limit_t** out_limit) {
  if (!(seconds > 0 && seconds <= 1e9)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--time_limit=%g is not between 0 and 1e9 seconds", seconds);
  }
  time_limit_t* limit = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *limit, (void**)&limit));
  limit->allocator = allocator;
  limit->instance = instance;
  limit->seconds = seconds;
  atomic_init(&limit->passed, false);
  iree_status_t status = start_timers(limit);
  if (!iree_status_is_ok(status)) {
    time_limit_free(limit);
    return status;
  }
  *out_limit = limit;
  return iree_ok_status();
}

void time_limit_begin_teardown(time_limit_t* limit) {
  if (limit && atomic_load(&limit->passed)) vmrt_instance_cancel(limit->instance, IREE_STATUS_OK);
}

iree_status_t time_limit_stop(time_limit_t* limit) {
  if (!limit) return iree_ok_status();
  bool passed = atomic_load(&limit->passed);
  double seconds = limit->seconds;
  time_limit_free(limit);
  if (!passed) return iree_ok_status();
  return iree_make_status(IREE_STATUS_DEADLINE_EXCEEDED, "--time_limit=%g passed", seconds);
}
