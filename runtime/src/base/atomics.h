/* SPDX-License-Identifier: Apache-2.0 */
/* Atomic operations on plain integers, and the counters of live objects. */
#ifndef VMRT_BASE_ATOMICS_H_
#define VMRT_BASE_ATOMICS_H_

#include "iree/base/api.h"
#include "vmrt/probe.h"

static inline void atomic_ref_count_init(iree_atomic_ref_count_t* count) { count->value = 1; }
static inline void atomic_ref_count_retain(iree_atomic_ref_count_t* count) {
  __atomic_fetch_add(&count->value, 1, __ATOMIC_RELAXED);
}
/* True for the one caller that dropped the last reference. */
static inline bool atomic_ref_count_release(iree_atomic_ref_count_t* count) {
  return __atomic_fetch_sub(&count->value, 1, __ATOMIC_ACQ_REL) == 1;
}

static inline int32_t atomic_load_relaxed_i32(const int32_t* value) { return __atomic_load_n(value, __ATOMIC_RELAXED); }
static inline void atomic_store_relaxed_i32(int32_t* value, int32_t number) {
  __atomic_store_n(value, number, __ATOMIC_RELAXED);
}

/* Counts an object in or out of vmrt_live_objects. */
void live_object_add(vmrt_object_kind_t kind);
void live_object_remove(vmrt_object_kind_t kind);

#endif /* VMRT_BASE_ATOMICS_H_ */
