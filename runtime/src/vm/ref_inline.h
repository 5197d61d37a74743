/* SPDX-License-Identifier: Apache-2.0 */
/* Counting references without a function call: for the interpreter and for ref.c itself. */
#ifndef VMRT_VM_REF_INLINE_H_
#define VMRT_VM_REF_INLINE_H_

#include "base/atomics.h"
#include "iree/vm/ref.h"

/* Called for a counter that went from 0 to 1: a constant buffer then retains its module. */
void vm_object_first_reference(void* ptr, iree_vm_ref_type_t type);
/* Called for a counter that went from 1 to 0. */
void vm_object_destroy(void* ptr, iree_vm_ref_type_t type);

static inline const iree_vm_ref_type_descriptor_t* vm_type_descriptor(iree_vm_ref_type_t type) {
  return (const iree_vm_ref_type_descriptor_t*)(type & ~IREE_VM_REF_TYPE_TAG_MASK);
}

static inline iree_atomic_ref_count_t* vm_object_counter(void* ptr, iree_vm_ref_type_t type) {
  return (iree_atomic_ref_count_t*)((uint8_t*)ptr + 4 * (type & IREE_VM_REF_TYPE_TAG_MASK));
}

/* Something to count: a type without an object, or an object without a type, is not. */
static inline bool vm_ref_is_counted(const iree_vm_ref_t* ref) { return ref->type != 0 && ref->ptr != NULL; }

static inline void vm_object_retain(void* ptr, iree_vm_ref_type_t type) {
  int32_t before = __atomic_fetch_add(&vm_object_counter(ptr, type)->value, 1, __ATOMIC_RELAXED);
  if (__builtin_expect(before == 0, 0)) vm_object_first_reference(ptr, type);
}

static inline void vm_object_release(void* ptr, iree_vm_ref_type_t type) {
  if (atomic_ref_count_release(vm_object_counter(ptr, type))) vm_object_destroy(ptr, type);
}

/* Releases what `ref` holds and leaves it null; it is null already when the object is destroyed. */
static inline void vm_ref_release(iree_vm_ref_t* ref) {
  iree_vm_ref_t held = *ref;
  *ref = iree_vm_ref_null();
  if (vm_ref_is_counted(&held)) vm_object_release(held.ptr, held.type);
}

/* `out_ref` gets a count of its own; safe when both are the same place. */
static inline void vm_ref_retain(const iree_vm_ref_t* ref, iree_vm_ref_t* out_ref) {
  iree_vm_ref_t fresh = *ref;
  iree_vm_ref_t held = *out_ref;
  if (vm_ref_is_counted(&fresh)) vm_object_retain(fresh.ptr, fresh.type);
  *out_ref = fresh;
  if (vm_ref_is_counted(&held)) vm_object_release(held.ptr, held.type);
}

/* `out_ref` takes over the count of `ref`, which becomes null; nothing happens when both are the same place. */
static inline void vm_ref_move(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref) {
  if (ref == out_ref) return;
  iree_vm_ref_t held = *out_ref;
  *out_ref = *ref;
  *ref = iree_vm_ref_null();
  if (vm_ref_is_counted(&held)) vm_object_release(held.ptr, held.type);
}

#endif /* VMRT_VM_REF_INLINE_H_ */
