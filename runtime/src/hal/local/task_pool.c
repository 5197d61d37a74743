/* SPDX-License-Identifier: Apache-2.0 */
/* The threads of a pool: starting, looking for work, resting, stopping. */
#include "hal/local/task_pool.h"

#include <stdio.h>

/* How long a thread looks for work before it rests, in nanoseconds. */
#define SPIN_DURATION 20000
/* How long an operation is left to the thread that is about to wait for it. */
#define SPIN_GRACE 2000
#define PAUSES_BETWEEN_LOOKS 16
/* Afterwards one thread looks every now and then, before it sleeps for good. */
#define NAP_DURATION 50000
#define NAP_COUNT 20

/* ---- Waking ------------------------------------------------------------------------------------------------------ */

bool task_pool_has_work(const task_pool_t* pool) {
  return pool->active < pool->thread_count && (pool->operations || pool->regions);
}

void task_pool_wake_one(task_pool_t* pool) {
  if (pool->sleeping == 0) return;
  --pool->sleeping;
  ++pool->notified;
  if (pool->has_visitor) {
    platform_monitor_notify_all(pool->monitor);
  } else {
    platform_monitor_notify_one(pool->monitor);
  }
}

void task_pool_wake_for_operations(task_pool_t* pool) {
  if (pool->active >= pool->thread_count) return; /* whoever ends first looks again */
  if (pool->operations > pool->spinning + pool->notified + pool->napping) task_pool_wake_one(pool);
}

void task_pool_wake_instead(task_pool_t* pool) {
  if (pool->regions && pool->spinning + pool->notified == 0 && task_pool_has_work(pool)) {
    task_pool_wake_one(pool);
  } else {
    task_pool_wake_for_operations(pool);
  }
}

/* ---- Resting ----------------------------------------------------------------------------------------------------- */

/* Called with the lock held. Until notified, `deadline`, or the end of the pool. */
static void pool_wait(task_pool_t* pool, iree_time_t deadline) {
  ++pool->sleeping;
  do {
    platform_monitor_wait(pool->monitor, deadline);
    if (pool->notified) {
      --pool->notified;
      return;
    }
  } while (!pool->stopping && (deadline == IREE_TIME_INFINITE_FUTURE || platform_time_now() < deadline));
  --pool->sleeping;
}

/* Called with the lock held. */
static void pool_sleep(task_pool_t* pool) {
  for (int naps = 0; naps < NAP_COUNT && !pool->napping; ++naps) {
    pool->napping = true;
    pool_wait(pool, platform_time_now() + NAP_DURATION);
    pool->napping = false;
    if (pool->stopping || task_pool_has_work(pool)) return;
  }
  pool_wait(pool, IREE_TIME_INFINITE_FUTURE);
}

/* Returns when there may be something to take, or when it takes too long. */
static void pool_spin(const task_pool_t* pool) {
  const iree_time_t end = platform_time_now() + SPIN_DURATION;
  iree_time_t seen = 0; /* when the operation that waits was noticed */
  for (iree_time_t now = 0; now < end && !task_peek_u32(&pool->regions);) {
    for (int i = 0; i < PAUSES_BETWEEN_LOOKS; ++i) task_pause();
    now = platform_time_now();
    if (!task_peek_u32(&pool->operations)) {
      seen = 0;
    } else if (!seen) {
      seen = now;
    } else if (now - seen > SPIN_GRACE) {
      return;
    }
  }
}

/* Whoever spins needs a core that nobody else needs; while nobody works, one is left to the thread that submits. */
static bool pool_may_spin(const task_pool_t* pool) {
  return pool->spinning + (pool->active ? pool->active : 1) < pool->core_count;
}

/* False: the thread has to end. */
static bool pool_rest(task_pool_t* pool) {
  task_pool_lock(pool);
  if (!pool->stopping && !task_pool_has_work(pool) && pool_may_spin(pool)) {
    ++pool->spinning;
    task_pool_unlock(pool);
    pool_spin(pool);
    task_pool_lock(pool);
    --pool->spinning;
  }
  bool has_work = task_pool_has_work(pool);
  bool stopping = pool->stopping;
  if (!has_work && !stopping) pool_sleep(pool);
  task_pool_unlock(pool);
  return has_work || !stopping;
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

static void thread_main(void* argument) {
  const task_thread_t* thread = argument;
  do {
    while (thread->pool->work(thread->pool->owner, thread->index)) {
    }
  } while (pool_rest(thread->pool));
}

static iree_status_t pool_start_thread(task_pool_t* pool, uint32_t index) {
  char name[24];
  snprintf(name, sizeof name, "iree-worker-%u", index);
  pool->threads[index].pool = pool;
  pool->threads[index].index = index;
  return platform_thread_start(name, thread_main, &pool->threads[index], pool->allocator, &pool->threads[index].handle);
}

/* As many as the system gives. */
static iree_status_t pool_start_threads(task_pool_t* pool, uint32_t thread_count) {
  iree_status_t status = iree_ok_status();
  uint32_t started = 0;
  while (started < thread_count && iree_status_is_ok(status = pool_start_thread(pool, started))) ++started;
  if (started == 0) return status;
  iree_status_free(status);
  task_pool_lock(pool);
  pool->thread_count = started;
  task_pool_unlock(pool);
  return iree_ok_status();
}

iree_status_t task_pool_start(task_pool_t* pool, uint32_t thread_count, task_work_fn_t work, void* owner,
                              iree_allocator_t allocator) {
  void* threads = NULL;
  memset(pool, 0, sizeof *pool);
  pool->allocator = allocator;
  pool->work = work;
  pool->owner = owner;
  pool->core_count = platform_core_count();
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(allocator, thread_count, sizeof(task_thread_t), &threads));
  pool->threads = threads;
  iree_status_t status = platform_monitor_create(allocator, &pool->monitor);
  if (iree_status_is_ok(status)) status = pool_start_threads(pool, thread_count);
  if (!iree_status_is_ok(status)) {
    platform_monitor_free(pool->monitor);
    iree_allocator_free(allocator, threads);
  }
  return status;
}

void task_pool_stop(task_pool_t* pool) {
  task_pool_lock(pool);
  pool->stopping = true;
  platform_monitor_notify_all(pool->monitor);
  task_pool_unlock(pool);
  for (uint32_t i = 0; i < pool->thread_count; ++i) platform_thread_join(pool->threads[i].handle);
  platform_monitor_free(pool->monitor);
  iree_allocator_free(pool->allocator, pool->threads);
}
