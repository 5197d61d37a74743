/* SPDX-License-Identifier: Apache-2.0 */
/* Values, type definitions and variants: what lists and invocations carry. */
#ifndef IREE_VM_VALUE_H_
#define IREE_VM_VALUE_H_

#include "iree/vm/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef enum iree_vm_value_type_e {
  IREE_VM_VALUE_TYPE_NONE = 0,
  IREE_VM_VALUE_TYPE_I8 = 1,
  IREE_VM_VALUE_TYPE_I16 = 2,
  IREE_VM_VALUE_TYPE_I32 = 3,
  IREE_VM_VALUE_TYPE_I64 = 4,
  IREE_VM_VALUE_TYPE_F32 = 5,
  IREE_VM_VALUE_TYPE_F64 = 6
} iree_vm_value_type_t;

typedef struct iree_vm_value_t {
  iree_vm_value_type_t type;
  union {
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;
    float f32;
    double f64;
    uint8_t value_storage[8];
  };
} iree_vm_value_t;

/* A value type in bits 0-2 or a reference type in the rest. All zero: variant (anything). */
typedef struct iree_vm_type_def_t {
  uintptr_t value;
} iree_vm_type_def_t;

/* A value or a reference that says which. All zero: empty. */
typedef struct iree_vm_variant_t {
  iree_vm_type_def_t type;
  union {
    iree_vm_value_t value;
    iree_vm_ref_t ref;
  };
} iree_vm_variant_t;
/* cdef: end */

static inline iree_vm_type_def_t iree_vm_make_undefined_type_def(void) {
  iree_vm_type_def_t type = {0};
  return type;
}
static inline iree_vm_type_def_t iree_vm_make_value_type_def(iree_vm_value_type_t value_type) {
  iree_vm_type_def_t type = {(uintptr_t)value_type};
  return type;
}
/* The counter offset in the low bits of `ref_type` is not kept; see iree_vm_type_def_as_ref. */
static inline iree_vm_type_def_t iree_vm_make_ref_type_def(iree_vm_ref_type_t ref_type) {
  iree_vm_type_def_t type = {ref_type & ~IREE_VM_REF_TYPE_TAG_MASK};
  return type;
}
static inline iree_vm_value_type_t iree_vm_type_def_as_value(iree_vm_type_def_t type) {
  return (iree_vm_value_type_t)(type.value & IREE_VM_REF_TYPE_TAG_MASK);
}
static inline bool iree_vm_type_def_is_variant(iree_vm_type_def_t type) { return type.value == 0; }
static inline bool iree_vm_type_def_is_value(iree_vm_type_def_t type) {
  return iree_vm_type_def_as_value(type) != IREE_VM_VALUE_TYPE_NONE;
}
static inline bool iree_vm_type_def_is_ref(iree_vm_type_def_t type) {
  return (type.value & ~IREE_VM_REF_TYPE_TAG_MASK) != 0;
}
static inline bool iree_vm_type_def_equal(iree_vm_type_def_t a, iree_vm_type_def_t b) { return a.value == b.value; }
/* The full type word again, counter offset from the descriptor; ANY and null as they are. */
static inline iree_vm_ref_type_t iree_vm_type_def_as_ref(iree_vm_type_def_t type) {
  iree_vm_ref_type_t word = type.value & ~IREE_VM_REF_TYPE_TAG_MASK;
  if (word == 0 || word == IREE_VM_REF_TYPE_ANY) return word;
  return iree_vm_make_ref_type((const iree_vm_ref_type_descriptor_t*)word);
}

static inline iree_vm_value_t iree_vm_value_make_none(void) {
  iree_vm_value_t value = {IREE_VM_VALUE_TYPE_NONE, {0}};
  return value;
}
#define IREE_VM_DEFINE_VALUE_(name, T, tag)                          \
  static inline iree_vm_value_t iree_vm_value_make_##name(T number) { \
    iree_vm_value_t value = {tag, {0}};                              \
    value.name = number;                                             \
    return value;                                                    \
  }
IREE_VM_DEFINE_VALUE_(i8, int8_t, IREE_VM_VALUE_TYPE_I8)
IREE_VM_DEFINE_VALUE_(i16, int16_t, IREE_VM_VALUE_TYPE_I16)
IREE_VM_DEFINE_VALUE_(i32, int32_t, IREE_VM_VALUE_TYPE_I32)
IREE_VM_DEFINE_VALUE_(i64, int64_t, IREE_VM_VALUE_TYPE_I64)
IREE_VM_DEFINE_VALUE_(f32, float, IREE_VM_VALUE_TYPE_F32)
IREE_VM_DEFINE_VALUE_(f64, double, IREE_VM_VALUE_TYPE_F64)
#undef IREE_VM_DEFINE_VALUE_

/* Same type: a copy. Integer to integer: truncated or sign-extended. f32 and f64: as C converts. Integer and float: 0. */
IREE_API_EXPORT iree_vm_value_t iree_vm_value_convert(const iree_vm_value_t* value, iree_vm_value_type_t type);
/* Bytes of a value in lists: 1, 2, 4 or 8; 0 for NONE. */
IREE_API_EXPORT iree_host_size_t iree_vm_value_type_size(iree_vm_value_type_t type);

static inline iree_vm_variant_t iree_vm_variant_empty(void) {
  iree_vm_variant_t variant;
  memset(&variant, 0, sizeof variant);
  return variant;
}
static inline bool iree_vm_variant_is_empty(iree_vm_variant_t variant) { return variant.type.value == 0; }
static inline bool iree_vm_variant_is_value(iree_vm_variant_t variant) { return iree_vm_type_def_is_value(variant.type); }
static inline bool iree_vm_variant_is_ref(iree_vm_variant_t variant) { return iree_vm_type_def_is_ref(variant.type); }
static inline iree_vm_variant_t iree_vm_make_variant_value(iree_vm_value_t value) {
  iree_vm_variant_t variant = iree_vm_variant_empty();
  variant.type = iree_vm_make_value_type_def(value.type);
  variant.value = value;
  return variant;
}
/* Takes over the reference. */
static inline iree_vm_variant_t iree_vm_make_variant_ref_assign(iree_vm_ref_t ref) {
  iree_vm_variant_t variant = iree_vm_variant_empty();
  variant.type = iree_vm_make_ref_type_def(ref.type);
  variant.ref = ref;
  return variant;
}
/* cdef: begin */
/* Releases what it holds and empties it. */
IREE_API_EXPORT void iree_vm_variant_reset(iree_vm_variant_t* variant);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_VALUE_H_ */
