/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies for IREE_VM_DECLARE_TYPE_ADAPTERS: the casts between an object and a reference to it. */
#ifndef VMRT_VM_TYPE_ADAPTERS_H_
#define VMRT_VM_TYPE_ADAPTERS_H_

#include "vm/ref_inline.h"

/* `descriptor` is a static object of the file that expands this; it describes the type in every instance. */
#define VM_DEFINE_TYPE_ADAPTERS(NAME, T, descriptor)                                              \
  iree_vm_ref_type_t NAME##_type(void) { return iree_vm_make_ref_type(&(descriptor)); }           \
  bool NAME##_isa(iree_vm_ref_t ref) { return ref.ptr != NULL && ref.type == NAME##_type(); }     \
  iree_vm_ref_t NAME##_retain_ref(T* value) {                                                     \
    if (value) vm_object_retain(value, NAME##_type());                                            \
    return NAME##_move_ref(value);                                                                \
  }                                                                                               \
  iree_vm_ref_t NAME##_move_ref(T* value) {                                                       \
    iree_vm_ref_t ref = {value, value ? NAME##_type() : IREE_VM_REF_TYPE_NULL};                   \
    return ref;                                                                                   \
  }                                                                                               \
  T* NAME##_deref(iree_vm_ref_t ref) { return NAME##_isa(ref) ? (T*)ref.ptr : NULL; }             \
  iree_status_t NAME##_check_deref(iree_vm_ref_t ref, T** out_value) {                            \
    IREE_RETURN_IF_ERROR(iree_vm_ref_check(ref, NAME##_type()));                                  \
    *out_value = (T*)ref.ptr;                                                                     \
    return iree_ok_status();                                                                      \
  }                                                                                               \
  iree_status_t NAME##_check_deref_or_null(iree_vm_ref_t ref, T** out_value) {                    \
    if (vm_ref_is_counted(&ref)) return NAME##_check_deref(ref, out_value);                      \
    *out_value = NULL;                                                                            \
    return iree_ok_status();                                                                      \
  }                                                                                               \
  iree_vm_ref_type_t NAME##_type(void)

#endif /* VMRT_VM_TYPE_ADAPTERS_H_ */
