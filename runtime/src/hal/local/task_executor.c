/* SPDX-License-Identifier: Apache-2.0 */
/* The executor of local-task: a pool of threads runs operations, and so does a thread that waits for them. */
#include "hal/local/local_device.h"
#include "hal/local/task_pool.h"
#include "hal/local/task_run.h"

/* Transfers up to so many bytes are done by the thread that submits them: handing them over takes longer. */
#define QUICK_TRANSFER_LENGTH 16384
/* How many quick operations one call runs for others that submit at the same time. */
#define QUICK_COUNT 64
/* A region is shared by one thread more for each so many nanoseconds. */
#define HELPER_WORTH 15000
/* How often each thread comes back for work of one region. */
#define CHUNKS_PER_THREAD 4
/* How long a thread that waits watches operations that others run before it sleeps. */
#define WATCH_DURATION 20000
#define PAUSES_BETWEEN_LOOKS 16

typedef struct operation_queue_t {
  hal_queue_operation_t* first;
  hal_queue_operation_t* last;
} operation_queue_t;

typedef struct task_executor_t {
  local_executor_t base;
  iree_allocator_t allocator;
  hal_timeline_t* timeline; /* retained */
  uint64_t shuffle_seed;
  task_costs_t costs;
  task_pool_t pool;

  /* Guarded by the lock of the pool. */
  operation_queue_t ready;
  operation_queue_t quick;
  bool runs_quick;          /* a thread is at the quick ones */
  task_run_t* open;         /* have a region that more threads may join */
  uint64_t unfinished;      /* operations */

  uint64_t finished;      /* atomic: operations so far */
  uint64_t finished_seen; /* by threads that assist, of which there is one at a time */
  int32_t assisting;      /* atomic */
  uint64_t shuffled_runs; /* atomic */
} task_executor_t;

/* What a thread has taken: an operation to begin, or a region to join. */
typedef struct task_t {
  hal_queue_operation_t* operation;
  task_run_t* region;
} task_t;

/* ---- Queues ------------------------------------------------------------------------------------------------------ */

static void queue_push(operation_queue_t* queue, hal_queue_operation_t* operation) {
  operation->next = NULL;
  if (queue->last) {
    queue->last->next = operation;
  } else {
    queue->first = operation;
  }
  queue->last = operation;
}

static hal_queue_operation_t* queue_pop(operation_queue_t* queue) {
  hal_queue_operation_t* operation = queue->first;
  if (!operation) return NULL;
  queue->first = operation->next;
  if (!queue->first) queue->last = NULL;
  return operation;
}

/* Called with the lock held. */
static void ready_push(task_executor_t* executor, hal_queue_operation_t* operation) {
  queue_push(&executor->ready, operation);
  task_add_u32(&executor->pool.operations, 1);
  task_pool_wake_for_operations(&executor->pool);
}

/* Called with the lock held, once an operation has signalled. */
static void count_finished(task_executor_t* executor) {
  __atomic_fetch_add(&executor->finished, 1, __ATOMIC_RELEASE);
  if (--executor->unfinished == 0 && executor->pool.has_visitor) platform_monitor_notify_all(executor->pool.monitor);
}

/* ---- Regions for several threads --------------------------------------------------------------------------------- */

/* How many threads more are worth their waking. */
static uint32_t helpers_worth(const task_executor_t* executor, const task_run_t* run) {
  uint64_t count = executor->shuffle_seed ? UINT32_MAX : run->estimate / HELPER_WORTH;
  if (count > run->unit_count - 1) count = run->unit_count - 1;
  return count < executor->base.worker_count ? (uint32_t)count : executor->base.worker_count - 1;
}

static void region_open(task_executor_t* executor, task_run_t* run, uint32_t helpers) {
  task_pool_t* pool = &executor->pool;
  run->chunk_divisor = (uint64_t)(helpers + 1) * CHUNKS_PER_THREAD;
  task_pool_lock(pool);
  run->participants = 1;
  run->helpers_wanted = helpers;
  run->is_open = true;
  run->previous = NULL;
  run->next = executor->open;
  if (run->next) run->next->previous = run;
  executor->open = run;
  task_add_u32(&pool->regions, 1);
  if (pool->spinning < helpers && task_pool_has_work(pool)) task_pool_wake_one(pool);
  task_pool_unlock(pool);
}

/* Called with the lock held: nobody else can join. */
static void region_close(task_executor_t* executor, task_run_t* run) {
  if (!run->is_open) return;
  run->is_open = false;
  if (run->next) run->next->previous = run->previous;
  *(run->previous ? &run->previous->next : &executor->open) = run->next;
  task_add_u32(&executor->pool.regions, -1);
}

/* Called with the lock held: whoever joins wakes the next one. */
static void region_join(task_executor_t* executor, task_run_t* run) {
  ++run->participants;
  if (run->helpers_wanted) --run->helpers_wanted;
  if (run->helpers_wanted > executor->pool.spinning) task_pool_wake_one(&executor->pool);
}

/* All was handed out. True for the last one to leave: the run is its own now. */
static bool region_leave(task_executor_t* executor, task_run_t* run) {
  task_pool_lock(&executor->pool);
  region_close(executor, run);
  bool is_last = --run->participants == 0;
  task_pool_unlock(&executor->pool);
  return is_last;
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

/* Runs regions until the end (true: the operation is finished) or until somebody else is left with the run. */
static bool run_regions(task_executor_t* executor, task_run_t* run, local_worker_t worker) {
  while (task_run_next_region(run)) {
    uint32_t helpers = helpers_worth(executor, run);
    run->chunk_divisor = 1;
    if (helpers) region_open(executor, run, helpers);
    task_run_work(run, worker);
    if (helpers && !region_leave(executor, run)) return false;
  }
  hal_queue_operation_t* operation = run->operation;
  iree_status_t status = task_run_take_failure(run);
  task_run_free(run);
  hal_queue_operation_complete(operation, status);
  return true;
}

static uint64_t next_shuffle_seed(task_executor_t* executor) {
  if (!executor->shuffle_seed) return 0;
  uint64_t serial = __atomic_add_fetch(&executor->shuffled_runs, 1, __ATOMIC_RELAXED);
  return (executor->shuffle_seed + serial * 0x9E3779B97F4A7C15u) | 1;
}

static bool run_operation(task_executor_t* executor, hal_queue_operation_t* operation, local_worker_t worker) {
  if (operation->kind != HAL_QUEUE_EXECUTE) {
    hal_queue_operation_complete(operation, hal_queue_operation_run_on_host(operation));
    return true;
  }
  task_run_t* run = NULL;
  iree_status_t status = task_run_create(operation, executor->base.worker_count, next_shuffle_seed(executor),
                                         &executor->costs, executor->allocator, &run);
  if (!iree_status_is_ok(status)) {
    hal_queue_operation_complete(operation, status);
    return true;
  }
  return run_regions(executor, run, worker);
}

/* Called with the lock held. Regions first: what was begun is to be finished. */
static bool take_task(task_executor_t* executor, task_t* out_task) {
  task_pool_t* pool = &executor->pool;
  if (!task_pool_has_work(pool)) return false;
  task_add_u32(&pool->active, 1);
  out_task->operation = NULL;
  out_task->region = executor->open;
  if (out_task->region) {
    region_join(executor, out_task->region);
  } else {
    out_task->operation = queue_pop(&executor->ready);
    task_add_u32(&pool->operations, -1);
    task_pool_wake_for_operations(pool);
  }
  return true;
}

/* True when an operation is finished. */
static bool run_task(task_executor_t* executor, task_t task, local_worker_t worker) {
  if (task.operation) return run_operation(executor, task.operation, worker);
  task_run_work(task.region, worker);
  return region_leave(executor, task.region) && run_regions(executor, task.region, worker);
}

/* Runs tasks while there are any, or `only_one`; false when there was none. */
static bool run_tasks(task_executor_t* executor, local_worker_t worker, bool only_one) {
  bool found = false;
  task_t task;
  task_pool_lock(&executor->pool);
  while (!(only_one && found) && take_task(executor, &task)) {
    task_pool_unlock(&executor->pool);
    bool finished = run_task(executor, task, worker);
    task_pool_lock(&executor->pool);
    task_add_u32(&executor->pool.active, -1);
    if (finished) count_finished(executor);
    found = true;
  }
  if (found && only_one) task_pool_wake_instead(&executor->pool);
  task_pool_unlock(&executor->pool);
  return found;
}

static bool worker_work(void* self, uint32_t worker_index) {
  const local_worker_t worker = {worker_index};
  return run_tasks(self, worker, false);
}

/* ---- Quick operations -------------------------------------------------------------------------------------------- */

static bool is_quick(const hal_queue_operation_t* operation) {
  switch (operation->kind) {
    case HAL_QUEUE_ALLOCA:
    case HAL_QUEUE_DEALLOCA:
    case HAL_QUEUE_BARRIER:
      return true;
    case HAL_QUEUE_FILL:
      return operation->as.fill.target.length <= QUICK_TRANSFER_LENGTH;
    case HAL_QUEUE_UPDATE:
      return operation->as.update.target.length <= QUICK_TRANSFER_LENGTH;
    case HAL_QUEUE_COPY:
      return operation->as.copy.target.length <= QUICK_TRANSFER_LENGTH;
    default:
      return false;
  }
}

/* Called with the lock held, which is let go meanwhile. One thread at a time: operations that become ready by what it
 * signals are appended, so that a long chain of them needs no deep stack. */
static void run_quick(task_executor_t* executor) {
  hal_queue_operation_t* operation = NULL;
  executor->runs_quick = true;
  for (int count = 0; count < QUICK_COUNT && (operation = queue_pop(&executor->quick)); ++count) {
    task_pool_unlock(&executor->pool);
    hal_queue_operation_complete(operation, hal_queue_operation_run_on_host(operation));
    task_pool_lock(&executor->pool);
    count_finished(executor);
  }
  executor->runs_quick = false;
  while ((operation = queue_pop(&executor->quick))) ready_push(executor, operation);
}

static iree_status_t executor_start(local_executor_t* base, hal_queue_operation_t* operation) {
  task_executor_t* executor = (task_executor_t*)base;
  task_pool_lock(&executor->pool);
  ++executor->unfinished;
  if (is_quick(operation)) {
    queue_push(&executor->quick, operation);
    if (!executor->runs_quick) run_quick(executor);
  } else {
    ready_push(executor, operation);
  }
  task_pool_unlock(&executor->pool);
  return iree_ok_status();
}

/* ---- Assisting --------------------------------------------------------------------------------------------------- */

/* Watches what others run, where a core is free for it. True when something was finished or can be taken. */
static bool watch_operations(task_executor_t* executor) {
  const task_pool_t* pool = &executor->pool;
  const iree_time_t end = platform_time_now() + WATCH_DURATION;
  do {
    uint64_t finished = __atomic_load_n(&executor->finished, __ATOMIC_ACQUIRE);
    if (finished != executor->finished_seen) {
      executor->finished_seen = finished;
      return true;
    }
    uint32_t active = task_peek_u32(&pool->active);
    if (active == 0 || active >= pool->core_count) return false;
    if (active < executor->base.worker_count && (task_peek_u32(&pool->operations) || task_peek_u32(&pool->regions))) {
      return true;
    }
    for (int i = 0; i < PAUSES_BETWEEN_LOOKS; ++i) task_pause();
  } while (platform_time_now() < end);
  return false;
}

/* One task, then the thread looks whether it still has to wait. */
static bool executor_assist(void* self) {
  task_executor_t* executor = self;
  const local_worker_t worker = {executor->base.worker_count};
  if (__atomic_exchange_n(&executor->assisting, 1, __ATOMIC_ACQUIRE)) return false;
  bool found = run_tasks(executor, worker, true) || watch_operations(executor);
  __atomic_store_n(&executor->assisting, 0, __ATOMIC_RELEASE);
  return found;
}

/* ---- Making and freeing ------------------------------------------------------------------------------------------ */

static void executor_finish_all(task_executor_t* executor) {
  task_pool_lock(&executor->pool);
  executor->pool.has_visitor = true;
  while (executor->unfinished) platform_monitor_wait(executor->pool.monitor, IREE_TIME_INFINITE_FUTURE);
  task_pool_unlock(&executor->pool);
}

static void executor_free(local_executor_t* base) {
  task_executor_t* executor = (task_executor_t*)base;
  executor_finish_all(executor);
  hal_timeline_set_assistant(executor->timeline, NULL, NULL);
  task_pool_stop(&executor->pool);
  hal_timeline_release(executor->timeline);
  iree_allocator_free(executor->allocator, executor);
}

iree_status_t local_task_executor_create(uint32_t worker_count, uint64_t shuffle_seed, hal_timeline_t* timeline,
                                         iree_allocator_t host_allocator, local_executor_t** out_executor) {
  void* block = NULL;
  if (worker_count == 0) worker_count = platform_core_count();
  if (worker_count > TASK_POOL_MAX_THREADS) worker_count = TASK_POOL_MAX_THREADS;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof(task_executor_t), &block));
  task_executor_t* executor = block;
  executor->base.free = executor_free;
  executor->base.start = executor_start;
  executor->base.worker_count = worker_count;
  executor->allocator = host_allocator;
  executor->shuffle_seed = shuffle_seed;
  iree_status_t status = task_pool_start(&executor->pool, worker_count, worker_work, executor, host_allocator);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(host_allocator, executor);
    return status;
  }
  executor->base.worker_count = executor->pool.thread_count;
  executor->base.worker_index_count = executor->pool.thread_count + 1;
  executor->timeline = timeline;
  hal_timeline_retain(timeline);
  hal_timeline_set_assistant(timeline, executor_assist, executor);
  *out_executor = &executor->base;
  return iree_ok_status();
}
