/* SPDX-License-Identifier: Apache-2.0 */
/* Values: sizes and conversions, and releasing what a variant holds. */
#include "iree/vm/value.h"

#include "vm/ref_inline.h"

iree_host_size_t iree_vm_value_type_size(iree_vm_value_type_t type) {
  static const uint8_t sizes[] = {0, 1, 2, 4, 8, 4, 8};
  return (size_t)type < sizeof sizes ? sizes[type] : 0;
}

static bool value_type_is_integer(iree_vm_value_type_t type) {
  return type >= IREE_VM_VALUE_TYPE_I8 && type <= IREE_VM_VALUE_TYPE_I64;
}

static int64_t value_as_integer(const iree_vm_value_t* value) {
  switch (value->type) {
    case IREE_VM_VALUE_TYPE_I8:
      return value->i8;
    case IREE_VM_VALUE_TYPE_I16:
      return value->i16;
    case IREE_VM_VALUE_TYPE_I32:
      return value->i32;
    case IREE_VM_VALUE_TYPE_I64:
      return value->i64;
    default:
      return 0;
  }
}

static iree_vm_value_t value_from_integer(int64_t number, iree_vm_value_type_t type) {
  switch (type) {
    case IREE_VM_VALUE_TYPE_I8:
      return iree_vm_value_make_i8((int8_t)number);
    case IREE_VM_VALUE_TYPE_I16:
      return iree_vm_value_make_i16((int16_t)number);
    case IREE_VM_VALUE_TYPE_I32:
      return iree_vm_value_make_i32((int32_t)number);
    default:
      return iree_vm_value_make_i64(number);
  }
}

static iree_vm_value_t value_zero(iree_vm_value_type_t type) {
  iree_vm_value_t value = iree_vm_value_make_none();
  value.type = type;
  return value;
}

iree_vm_value_t iree_vm_value_convert(const iree_vm_value_t* value, iree_vm_value_type_t type) {
  if (value->type == type) return *value;
  if (value_type_is_integer(value->type) && value_type_is_integer(type)) {
    return value_from_integer(value_as_integer(value), type);
  }
  if (value->type == IREE_VM_VALUE_TYPE_F32 && type == IREE_VM_VALUE_TYPE_F64) {
    return iree_vm_value_make_f64((double)value->f32);
  }
  if (value->type == IREE_VM_VALUE_TYPE_F64 && type == IREE_VM_VALUE_TYPE_F32) {
    return iree_vm_value_make_f32((float)value->f64);
  }
  return value_zero(type);
}

void iree_vm_variant_reset(iree_vm_variant_t* variant) {
  iree_vm_variant_t held = *variant;
  *variant = iree_vm_variant_empty();
  if (iree_vm_variant_is_ref(held)) vm_ref_release(&held.ref);
}
