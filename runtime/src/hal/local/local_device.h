/* SPDX-License-Identifier: Apache-2.0 */
/* Local devices: operations wait here until their fences allow them; an executor then runs them. */
#ifndef VMRT_HAL_LOCAL_LOCAL_DEVICE_H_
#define VMRT_HAL_LOCAL_LOCAL_DEVICE_H_

#include "hal/device_impl.h"
#include "hal/local/local_executable.h"

/* Who runs operations whose waits are satisfied: the calling thread (sync_executor.c) or a pool of workers
 * (task_executor.c). */
typedef struct local_executor_t local_executor_t;
struct local_executor_t {
  /* Waits for everything started, stops all threads, frees the executor. Not called from one of its own threads. */
  void (*free)(local_executor_t* executor);
  /* Runs `operation` now or later and ends it with hal_queue_operation_complete. From any thread. A failure is what
   * the queue call reports besides the signal list (local-sync only). */
  iree_status_t (*start)(local_executor_t* executor, hal_queue_operation_t* operation);
  bool is_synchronous;   /* start returns when the operation is done: queue calls report its failure */
  uint32_t worker_count; /* what hal.dispatch concurrency answers */
  uint32_t worker_index_count; /* indices of local_worker_t in use, the threads that assist included */
};

iree_status_t local_sync_executor_create(iree_allocator_t host_allocator, local_executor_t** out_executor);
/* `worker_count` 0: one a physical core, at most 64. Sets itself as the assistant of `timeline`. */
iree_status_t local_task_executor_create(uint32_t worker_count, uint64_t shuffle_seed, hal_timeline_t* timeline,
                                         iree_allocator_t host_allocator, local_executor_t** out_executor);

/* Takes over `executor`, also on failure. `id` is a literal. */
iree_status_t local_device_create(iree_string_view_t id, local_executor_t* executor, hal_timeline_t* timeline,
                                  iree_host_size_t plugin_count, const iree_string_view_t* plugin_paths,
                                  iree_allocator_t host_allocator, iree_hal_device_t** out_device);

/* ---- Running a command buffer ------------------------------------------------------------------------------------ */

/* One dispatch ready to issue: bindings resolved, lengths and counts checked, indirect counts read. `storage` holds the
 * arrays. Workgroups: 0 when a count is zero. */
typedef struct local_ready_dispatch_t {
  local_executable_t* executable;
  local_dispatch_t dispatch;
  uint64_t workgroups;
  void* binding_pointers[IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS];
  size_t binding_lengths[IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS];
} local_ready_dispatch_t;
struct hal_command_t;
iree_status_t local_dispatch_prepare(const struct hal_command_t* command, iree_hal_buffer_binding_table_t table,
                                     uint32_t max_concurrency, local_ready_dispatch_t* out_ready);
/* A fill, an update or a copy. */
iree_status_t local_transfer_run(const struct hal_command_t* command, iree_hal_buffer_binding_table_t table);

#endif /* VMRT_HAL_LOCAL_LOCAL_DEVICE_H_ */
