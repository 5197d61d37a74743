/* SPDX-License-Identifier: Apache-2.0 */
/* Calls a function as often as a measurement wants. */
#include <time.h>

#include "platform/platform.h"
#include "tooling/benchmark_list.h"
#include "vm/text.h"

iree_status_t benchmark_batch_check(int32_t batch_size, int32_t batch_concurrency) {
  if (batch_size < 1 || batch_concurrency < 1) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "--batch_size=%d and --batch_concurrency=%d: batch size and concurrency must be positive",
                            (int)batch_size, (int)batch_concurrency);
  }
  if (batch_size <= INT32_MAX - (batch_concurrency - 1)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "rounded batch size is too large");
}

/* ---- Rounds of asynchronous calls -------------------------------------------------------------------------------- */

/* One timeline for each call of a round; a round waits until all timelines have reached its number. */
typedef struct lanes_t {
  const benchmark_work_t* work;
  iree_host_size_t count;
  iree_hal_semaphore_t** semaphores;
} lanes_t;

static void free_lanes(lanes_t* lanes) {
  for (iree_host_size_t i = 0; i < lanes->count; ++i) iree_hal_semaphore_release(lanes->semaphores[i]);
  iree_allocator_free(lanes->work->allocator, lanes->semaphores);
}

static iree_status_t create_lanes(const benchmark_work_t* work, lanes_t* out_lanes) {
  iree_host_size_t count = (iree_host_size_t)work->batch_concurrency;
  lanes_t lanes = {work, 0, NULL};
  iree_status_t status = iree_allocator_malloc_array(work->allocator, count, sizeof *lanes.semaphores,
                                                     (void**)&lanes.semaphores);
  while (iree_status_is_ok(status) && lanes.count < count) {
    status = iree_hal_semaphore_create(work->device, IREE_HAL_QUEUE_AFFINITY_ANY, 0, 0,
                                       &lanes.semaphores[lanes.count]);
    if (iree_status_is_ok(status)) ++lanes.count;
  }
  if (iree_status_is_ok(status)) {
    *out_lanes = lanes;
  } else {
    free_lanes(&lanes);
  }
  return status;
}

/* NULL for the first round, which waits for nothing. */
static iree_status_t fence_of_round(const lanes_t* lanes, uint64_t round, iree_hal_fence_t** out_fence) {
  if (round == 0) return iree_ok_status();
  iree_hal_fence_t* fence = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_fence_create(lanes->count, lanes->work->allocator, &fence));
  iree_status_t status = iree_ok_status();
  for (iree_host_size_t i = 0; i < lanes->count && iree_status_is_ok(status); ++i) {
    status = iree_hal_fence_insert(fence, lanes->semaphores[i], round);
  }
  if (iree_status_is_ok(status)) {
    *out_fence = fence;
  } else {
    iree_hal_fence_release(fence);
  }
  return status;
}

static iree_status_t call_in_lane(const lanes_t* lanes, iree_host_size_t lane, uint64_t round,
                                  iree_hal_fence_t* wait) {
  const benchmark_work_t* work = lanes->work;
  iree_hal_fence_t* signal = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_fence_create_at(lanes->semaphores[lane], round + 1, work->allocator, &signal));
  iree_status_t status = function_call_begin(&work->benchmark->call, work->context, wait, signal, work->inputs,
                                             work->results, work->allocator);
  iree_hal_fence_release(signal);
  return status;
}

static iree_status_t run_round(const lanes_t* lanes, uint64_t round) {
  iree_hal_fence_t* wait = NULL;
  IREE_RETURN_IF_ERROR(fence_of_round(lanes, round, &wait));
  iree_status_t status = iree_ok_status();
  for (iree_host_size_t i = 0; i < lanes->count && iree_status_is_ok(status); ++i) {
    status = call_in_lane(lanes, i, round, wait);
  }
  if (wait) iree_hal_fence_release(wait);
  return status;
}

static iree_status_t run_rounds(const lanes_t* lanes, uint64_t round_count) {
  iree_hal_fence_t* done = NULL;
  for (uint64_t round = 0; round < round_count; ++round) IREE_RETURN_IF_ERROR(run_round(lanes, round));
  IREE_RETURN_IF_ERROR(fence_of_round(lanes, round_count, &done));
  iree_status_t status = vmrt_hal_fence_wait_for(done, -1);
  iree_hal_fence_release(done);
  return status;
}

static iree_status_t run_async_batch(const benchmark_work_t* work, int64_t calls) {
  lanes_t lanes;
  if (!work->device) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "the function is asynchronous (iree.abi.model = coarse-fences) and needs a HAL device");
  }
  IREE_RETURN_IF_ERROR(create_lanes(work, &lanes));
  iree_status_t status = run_rounds(&lanes, (uint64_t)(calls / work->batch_concurrency));
  free_lanes(&lanes);
  return status;
}

/* ---- Batches ----------------------------------------------------------------------------------------------------- */

static iree_status_t run_batch(const benchmark_work_t* work, int64_t batch) {
  if (work->benchmark->kind == BENCHMARK_ASYNC) return run_async_batch(work, batch);
  return iree_vm_invoke(work->context, work->benchmark->call.function, 0, NULL, work->inputs, work->results,
                        work->allocator);
}

/* Calls of a batch; asynchronous ones fill whole rounds. */
static int64_t batch_of(const benchmark_work_t* work) {
  if (work->benchmark->kind != BENCHMARK_ASYNC) return work->batch_size;
  int64_t rounds = (work->batch_size + work->batch_concurrency - 1) / work->batch_concurrency;
  return rounds * work->batch_concurrency;
}

iree_status_t benchmark_work_run(void* user_data, int64_t iterations, benchmark_sample_t* out_sample) {
  const benchmark_work_t* work = user_data;
  int64_t batch = batch_of(work), done = 0;
  clock_t cpu_begin = clock();
  iree_time_t begin = platform_time_now();
  for (; done < iterations; done += batch) IREE_RETURN_IF_ERROR(run_batch(work, batch));
  out_sample->real_seconds = (double)(platform_time_now() - begin) * 1e-9;
  out_sample->cpu_seconds = (double)(clock() - cpu_begin) / CLOCKS_PER_SEC;
  out_sample->iterations = done;
  return iree_ok_status();
}
