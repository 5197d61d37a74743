/* SPDX-License-Identifier: Apache-2.0 */
/* Operations of a local device between the queue call and the executor: they wait here, or are cancelled. */
#ifndef VMRT_HAL_LOCAL_LOCAL_QUEUE_H_
#define VMRT_HAL_LOCAL_LOCAL_QUEUE_H_

#include "hal/local/local_device.h"

typedef struct local_queue_t {
  platform_monitor_t* monitor; /* guards the rest */
  local_executor_t* executor;
  hal_queue_operation_t* pending; /* doubly linked; their waits are not all reached */
  uint32_t running;               /* started and not completed */
  bool is_draining;               /* somebody wants to know about changes */
  bool is_closed;                 /* nothing is started any more */
} local_queue_t;

iree_status_t local_queue_initialize(local_executor_t* executor, iree_allocator_t host_allocator,
                                     local_queue_t* out_queue);
void local_queue_deinitialize(local_queue_t* queue);
/* Starts the operation when its waits are reached: now, or later on the thread that reaches the last one. Takes it
 * over. */
iree_status_t local_queue_submit(local_queue_t* queue, hal_queue_operation_t* operation);
/* Waits for all that is started, also by what is completed meanwhile, and cancels what still waits. Nobody submits any
 * more. */
void local_queue_close(local_queue_t* queue);

#endif /* VMRT_HAL_LOCAL_LOCAL_QUEUE_H_ */
