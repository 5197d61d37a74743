/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that look for work, and when they are woken for it. */
#ifndef VMRT_HAL_LOCAL_TASK_POOL_H_
#define VMRT_HAL_LOCAL_TASK_POOL_H_

#include "platform/platform.h"

#define TASK_POOL_MAX_THREADS 64

typedef struct task_pool_t task_pool_t;

typedef struct task_thread_t {
  task_pool_t* pool;
  uint32_t index;
  platform_thread_t* handle;
} task_thread_t;

/* Runs what there is, called without the lock; false when there was nothing. */
typedef bool (*task_work_fn_t)(void* owner, uint32_t thread_index);

/* The monitor guards all that changes here and whatever its owner wants to guard with it. A thread that runs out of
 * work spins for a moment, then naps for short times (one thread only), then sleeps until it is woken. Spinning and
 * napping threads find new operations by themselves, so that most submissions need no system call. */
struct task_pool_t {
  iree_allocator_t allocator;
  platform_monitor_t* monitor;
  task_work_fn_t work;
  void* owner;
  task_thread_t* threads;
  uint32_t thread_count;
  uint32_t core_count;

  /* Written with the lock held by the owner; threads that spin read them without. */
  uint32_t operations; /* wait to be taken */
  uint32_t regions;    /* have work for several threads */
  uint32_t active;     /* threads at work, those that only assist included: at most thread_count */

  uint32_t spinning;
  uint32_t sleeping; /* and not yet notified */
  uint32_t notified; /* and not yet awake */
  bool napping;
  bool has_visitor; /* a thread that is none of the pool waits for the monitor too */
  bool stopping;
};

/* Starts at most `thread_count` threads named iree-worker-N. Fails only when not one could be started; the member of
 * that name says how many there are. `pool` must stay where it is. */
iree_status_t task_pool_start(task_pool_t* pool, uint32_t thread_count, task_work_fn_t work, void* owner,
                              iree_allocator_t allocator);
/* Ends and joins the threads once they find nothing to do. For a pool that was started. */
void task_pool_stop(task_pool_t* pool);

static inline void task_pool_lock(task_pool_t* pool) { platform_monitor_lock(pool->monitor); }
static inline void task_pool_unlock(task_pool_t* pool) { platform_monitor_unlock(pool->monitor); }

/* ---- With the lock held ---- */

/* Is there something to take, and may one more thread be at work? */
bool task_pool_has_work(const task_pool_t* pool);
/* Wakes a thread that sleeps, if there is one. */
void task_pool_wake_one(task_pool_t* pool);
/* Wakes a thread unless enough of them will look for operations anyway. */
void task_pool_wake_for_operations(task_pool_t* pool);
/* A thread that is none of the pool stops working: another one takes its place where there is more to do. */
void task_pool_wake_instead(task_pool_t* pool);

/* ---- Without ---- */

/* Tells the processor that this thread spins. */
static inline void task_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

static inline uint32_t task_peek_u32(const uint32_t* value) { return __atomic_load_n(value, __ATOMIC_RELAXED); }
/* For values that others peek at; the lock is held. */
static inline void task_add_u32(uint32_t* value, int32_t difference) {
  __atomic_store_n(value, *value + (uint32_t)difference, __ATOMIC_RELAXED);
}

#endif /* VMRT_HAL_LOCAL_TASK_POOL_H_ */
