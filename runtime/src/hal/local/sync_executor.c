/* SPDX-License-Identifier: Apache-2.0 */
/* Runs operations on the thread that starts them, one command after the other. */
#include "hal/command_list.h"
#include "hal/local/local_device.h"
#include "platform/platform.h"

typedef struct sync_executor_t {
  local_executor_t base;
  iree_allocator_t host_allocator;
  platform_mutex_t* worker_lock; /* held by the thread that is worker 0 */
} sync_executor_t;

/* ---- Running ----------------------------------------------------------------------------------------------------- */

static iree_status_t run_dispatch(const hal_command_t* command, iree_hal_buffer_binding_table_t table) {
  const local_worker_t worker = {0};
  local_ready_dispatch_t ready;
  IREE_RETURN_IF_ERROR(local_dispatch_prepare(command, table, 1, &ready));
  if (ready.workgroups == 0) return iree_ok_status();
  return ready.executable->issue(ready.executable, &ready.dispatch, worker, 0, ready.workgroups);
}

static iree_status_t run_commands(const hal_command_t* command, iree_hal_buffer_binding_table_t table) {
  iree_status_t status = iree_ok_status();
  for (; command && iree_status_is_ok(status); command = command->next) {
    if (command->kind == HAL_COMMAND_DISPATCH) {
      status = run_dispatch(command, table);
    } else if (command->kind != HAL_COMMAND_BARRIER) {
      status = local_transfer_run(command, table);
    }
  }
  return status;
}

static iree_status_t run_operation(sync_executor_t* executor, hal_queue_operation_t* operation) {
  if (operation->kind != HAL_QUEUE_EXECUTE) return hal_queue_operation_run_on_host(operation);
  const hal_command_t* commands = hal_command_buffer_commands(operation->as.execute.command_buffer);
  platform_mutex_lock(executor->worker_lock);
  iree_status_t status = run_commands(commands, operation->as.execute.table);
  platform_mutex_unlock(executor->worker_lock);
  return status;
}

static iree_status_t sync_executor_start(local_executor_t* base, hal_queue_operation_t* operation) {
  iree_status_t status = run_operation((sync_executor_t*)base, operation);
  iree_status_t answer = iree_status_clone(status);
  hal_queue_operation_complete(operation, status);
  return answer;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void sync_executor_free(local_executor_t* base) {
  sync_executor_t* executor = (sync_executor_t*)base;
  platform_mutex_free(executor->worker_lock);
  iree_allocator_free(executor->host_allocator, executor);
}

iree_status_t local_sync_executor_create(iree_allocator_t host_allocator, local_executor_t** out_executor) {
  sync_executor_t* executor = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *executor, (void**)&executor));
  iree_status_t status = platform_mutex_create(host_allocator, &executor->worker_lock);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(host_allocator, executor);
    return status;
  }
  executor->base = (local_executor_t){.free = sync_executor_free,
                                      .start = sync_executor_start,
                                      .is_synchronous = true,
                                      .worker_count = 1,
                                      .worker_index_count = 1};
  executor->host_allocator = host_allocator;
  *out_executor = &executor->base;
  return iree_ok_status();
}
