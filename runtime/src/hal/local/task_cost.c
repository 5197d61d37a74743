/* SPDX-License-Identifier: Apache-2.0 */
/* The table of costs: any thread reads and writes it, without order between the writes. */
#include "hal/local/task_cost.h"

#define COST_SCALE 256
#define COST_MAX ((uint64_t)1 << 40)
/* Of a function that was not seen yet: enough to share it. */
#define COST_UNKNOWN ((uint64_t)20000 * COST_SCALE)

static uintptr_t cost_key(const void* executable, uint32_t function) {
  return (uintptr_t)executable ^ (uintptr_t)(function * 2654435761u);
}

static uintptr_t cost_index(uintptr_t key) { return (key >> 4 ^ key >> 12) % TASK_COST_ENTRIES; }

/* 0: not known. */
static uint64_t cost_of(const task_costs_t* costs, uintptr_t key) {
  const uintptr_t index = cost_index(key);
  if (__atomic_load_n(&costs->entries[index].key, __ATOMIC_RELAXED) != key) return 0;
  return __atomic_load_n(&costs->entries[index].cost, __ATOMIC_RELAXED);
}

uint64_t task_cost_estimate(const task_costs_t* costs, const void* executable, uint32_t function, uint64_t workgroups) {
  uint64_t cost = cost_of(costs, cost_key(executable, function));
  if (cost == 0) cost = COST_UNKNOWN;
  return workgroups < COST_MAX / cost ? workgroups * cost / COST_SCALE : COST_MAX / COST_SCALE;
}

void task_cost_record(task_costs_t* costs, const void* executable, uint32_t function, uint64_t workgroups,
                      int64_t duration) {
  const uintptr_t key = cost_key(executable, function);
  const uintptr_t index = cost_index(key);
  uint64_t known = cost_of(costs, key);
  uint64_t cost = (uint64_t)duration < COST_MAX / COST_SCALE ? (uint64_t)duration * COST_SCALE / workgroups : COST_MAX;
  if (cost == 0) cost = 1;
  /* A thread that was interrupted took long: what is slower than expected counts for less. */
  if (known && cost > known) cost = known + ((cost < 4 * known ? cost : 4 * known) - known) / 8 + 1;
  if (known && cost < known) cost = (known + cost) / 2;
  __atomic_store_n(&costs->entries[index].key, key, __ATOMIC_RELAXED);
  __atomic_store_n(&costs->entries[index].cost, cost, __ATOMIC_RELAXED);
}
