/* SPDX-License-Identifier: Apache-2.0 */
/* One execution of a command buffer: its regions one after the other, and the work of a region handed out in pieces. */
#ifndef VMRT_HAL_LOCAL_TASK_RUN_H_
#define VMRT_HAL_LOCAL_TASK_RUN_H_

#include "hal/command_list.h"
#include "hal/local/local_device.h"
#include "hal/local/task_cost.h"

/* Commands between two barriers; very many of them make several regions, which is as right. */
#define TASK_REGION_MAX_COMMANDS 64

/* One command of the region. Its units are workgroups, or pieces of a transfer. */
typedef struct task_item_t {
  const hal_command_t* command;
  uint64_t end;                 /* units of this and of all earlier commands of the region */
  iree_device_size_t length;    /* of a transfer */
  iree_device_size_t piece;     /* bytes of a transfer that are one unit */
  local_ready_dispatch_t ready; /* of a dispatch */
} task_item_t;

typedef struct task_run_t task_run_t;
struct task_run_t {
  /* For the executor, guarded by its lock. */
  task_run_t* next;
  task_run_t* previous;
  hal_queue_operation_t* operation;
  uint32_t participants;
  uint32_t helpers_wanted;
  bool is_open;

  iree_allocator_t allocator;
  task_costs_t* costs;
  uint32_t worker_count;
  uint64_t shuffle_seed; /* 0: in order */

  const hal_command_t* rest; /* what follows the region */
  uint64_t unit_count;
  uint64_t next_unit;    /* atomic */
  uint64_t chunk_divisor; /* that part of the remaining units is taken at once */
  uint64_t estimate;     /* nanoseconds on one thread */
  iree_status_t failure; /* atomic: the first one */
  uint32_t item_count;
  task_item_t items[];
};

/* For an EXECUTE. `shuffle_seed`: 0 or what decides the order of workgroups. */
iree_status_t task_run_create(hal_queue_operation_t* operation, uint32_t worker_count, uint64_t shuffle_seed,
                              task_costs_t* costs, iree_allocator_t allocator, task_run_t** out_run);
/* The operation stays; the failure was taken. */
void task_run_free(task_run_t* run);
/* Prepares the next region that has any work. False at the end and after a failure. Nobody may be at work. */
bool task_run_next_region(task_run_t* run);
/* Works on the region until all of it was handed out. Any number of threads at once, each with its own `worker`. */
void task_run_work(task_run_t* run, local_worker_t worker);
/* The end of it, OK or the first failure, which is now the caller's. */
iree_status_t task_run_take_failure(task_run_t* run);

#endif /* VMRT_HAL_LOCAL_TASK_RUN_H_ */
