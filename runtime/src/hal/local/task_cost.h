/* SPDX-License-Identifier: Apache-2.0 */
/* What a workgroup of a function took lately: whether sharing a region between threads is worth waking them. */
#ifndef VMRT_HAL_LOCAL_TASK_COST_H_
#define VMRT_HAL_LOCAL_TASK_COST_H_

#include <stdint.h>

#define TASK_COST_ENTRIES 64

/* Functions that fall on the same entry displace each other: a guess that is wrong costs time, nothing else. */
typedef struct task_costs_t {
  struct {
    uintptr_t key;
    uint64_t cost; /* nanoseconds / 256 a workgroup */
  } entries[TASK_COST_ENTRIES];
} task_costs_t;

/* Nanoseconds that `workgroups` workgroups of the function will take on one thread. */
uint64_t task_cost_estimate(const task_costs_t* costs, const void* executable, uint32_t function, uint64_t workgroups);
/* So many workgroups took `duration` nanoseconds. */
void task_cost_record(task_costs_t* costs, const void* executable, uint32_t function, uint64_t workgroups,
                      int64_t duration);

#endif /* VMRT_HAL_LOCAL_TASK_COST_H_ */
