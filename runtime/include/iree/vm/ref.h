/* SPDX-License-Identifier: Apache-2.0 */
/* References: typed, counted pointers to objects that may belong to any module. */
#ifndef IREE_VM_REF_H_
#define IREE_VM_REF_H_

#include "iree/base/api.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iree_vm_instance_t iree_vm_instance_t;

/* cdef: begin */
/* Type of an object: address of its descriptor, in the low three bits the offset of its counter in units of four bytes.
 * 0: null. Two types are the same when the whole words are equal. */
typedef uintptr_t iree_vm_ref_type_t;

/* An owned (or, where said, borrowed) pointer. Null: both words zero. */
typedef struct iree_vm_ref_t {
  void* ptr;
  iree_vm_ref_type_t type;
} iree_vm_ref_t;
/* cdef: end */

#define IREE_VM_REF_TYPE_NULL ((iree_vm_ref_type_t)0)
#define IREE_VM_REF_TYPE_TAG_MASK ((iree_vm_ref_type_t)7)
/* Type definitions only: any type of reference. */
#define IREE_VM_REF_TYPE_ANY (~IREE_VM_REF_TYPE_TAG_MASK)

typedef void (*iree_vm_ref_destroy_t)(void* object);

/* Describes a type; 8-byte aligned and alive as long as any object of the type or its registration. */
typedef struct iree_vm_ref_type_descriptor_t {
  iree_vm_ref_destroy_t destroy; /* called once when the counter reaches zero; NULL: nothing is done */
  iree_string_view_t type_name;  /* without `!`, e.g. vm.buffer */
  uintptr_t offsetof_counter;    /* bits 0-2: offset of the counter in units of four bytes; the rest zero */
} iree_vm_ref_type_descriptor_t;

/* First member of objects that keep their counter at offset 0. */
typedef struct iree_vm_ref_object_t {
  iree_atomic_ref_count_t counter;
} iree_vm_ref_object_t;

static inline iree_vm_ref_t iree_vm_ref_null(void) {
  iree_vm_ref_t ref = {NULL, 0};
  return ref;
}
static inline bool iree_vm_ref_is_null(const iree_vm_ref_t* ref) { return ref->type == 0; }
static inline bool iree_vm_ref_equal(const iree_vm_ref_t* a, const iree_vm_ref_t* b) {
  return a->ptr == b->ptr && a->type == b->type;
}
static inline iree_vm_ref_type_t iree_vm_make_ref_type(const iree_vm_ref_type_descriptor_t* descriptor) {
  return (iree_vm_ref_type_t)descriptor | (descriptor->offsetof_counter & IREE_VM_REF_TYPE_TAG_MASK);
}

IREE_API_EXPORT void iree_vm_ref_object_retain(void* ptr, iree_vm_ref_type_t type);
IREE_API_EXPORT void iree_vm_ref_object_release(void* ptr, iree_vm_ref_type_t type);
/* Takes over the caller's count of `ptr`; what `out_ref` held is released. INVALID_ARGUMENT for type 0 with a pointer. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_ref_wrap_assign(void* ptr, iree_vm_ref_type_t type,
                                                                           iree_vm_ref_t* out_ref);
/* As wrap_assign with a count of its own. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_ref_wrap_retain(void* ptr, iree_vm_ref_type_t type,
                                                                           iree_vm_ref_t* out_ref);
IREE_API_EXPORT void iree_vm_ref_retain_inplace(iree_vm_ref_t* ref);
/* cdef: begin */
/* Safe when both are the same place; what `out_ref` held is released. */
IREE_API_EXPORT void iree_vm_ref_retain(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref);
/* Null stays null; afterwards both words are zero. */
IREE_API_EXPORT void iree_vm_ref_release(iree_vm_ref_t* ref);
/* Name of a type, without `!`; empty for null. */
IREE_API_EXPORT iree_string_view_t iree_vm_ref_type_name(iree_vm_ref_type_t type);
/* cdef: end */
/* A null reference and type ANY always pass; another type is INVALID_ARGUMENT and nothing changes. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_ref_retain_checked(iree_vm_ref_t* ref,
                                                                              iree_vm_ref_type_t type,
                                                                              iree_vm_ref_t* out_ref);
IREE_API_EXPORT void iree_vm_ref_retain_or_move(int is_move, iree_vm_ref_t* ref, iree_vm_ref_t* out_ref);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_ref_retain_or_move_checked(int is_move, iree_vm_ref_t* ref,
                                                                                      iree_vm_ref_type_t type,
                                                                                      iree_vm_ref_t* out_ref);
/* Copies without counting: `out_ref` takes over what the caller holds. Same place: nothing happens. */
IREE_API_EXPORT void iree_vm_ref_assign(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref);
/* As assign, leaving `ref` null. */
IREE_API_EXPORT void iree_vm_ref_move(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref);
/* INVALID_ARGUMENT for null or another type. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_ref_check(iree_vm_ref_t ref, iree_vm_ref_type_t type);

/* For a type with struct NAME_t whose registered type is NAME_type(): the usual casts between object and reference. */
#define IREE_VM_DECLARE_TYPE_ADAPTERS(NAME, T)                                                             \
  IREE_API_EXPORT iree_vm_ref_type_t NAME##_type(void);                                                    \
  IREE_API_EXPORT bool NAME##_isa(iree_vm_ref_t ref);                                                      \
  IREE_API_EXPORT iree_vm_ref_t NAME##_retain_ref(T* value);                                               \
  IREE_API_EXPORT iree_vm_ref_t NAME##_move_ref(T* value);                                                 \
  IREE_API_EXPORT T* NAME##_deref(iree_vm_ref_t ref); /* NULL for null or another type */                  \
  IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t NAME##_check_deref(iree_vm_ref_t ref, T** out_value); \
  IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t NAME##_check_deref_or_null(iree_vm_ref_t ref, T** out_value)

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_REF_H_ */
