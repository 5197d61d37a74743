/* SPDX-License-Identifier: Apache-2.0 */
/* References: the public operations on counted, typed pointers. */
#include "vm/ref_inline.h"

#include "iree/vm/buffer.h"
#include "iree/vm/module.h"
#include "vm/text.h"

void vm_object_first_reference(void* ptr, iree_vm_ref_type_t type) {
  if (type != iree_vm_buffer_type()) return;
  iree_vm_buffer_t* buffer = ptr;
  iree_vm_module_retain(buffer->storage_module);
}

void vm_object_destroy(void* ptr, iree_vm_ref_type_t type) {
  const iree_vm_ref_type_descriptor_t* descriptor = vm_type_descriptor(type);
  if (descriptor->destroy) descriptor->destroy(ptr);
}

void iree_vm_ref_object_retain(void* ptr, iree_vm_ref_type_t type) {
  if (ptr && type) vm_object_retain(ptr, type);
}

void iree_vm_ref_object_release(void* ptr, iree_vm_ref_type_t type) {
  if (ptr && type) vm_object_release(ptr, type);
}

iree_string_view_t iree_vm_ref_type_name(iree_vm_ref_type_t type) {
  if (type == IREE_VM_REF_TYPE_NULL) return iree_string_view_empty();
  if ((type & ~IREE_VM_REF_TYPE_TAG_MASK) == IREE_VM_REF_TYPE_ANY) return IREE_SV("?");
  return vm_type_descriptor(type)->type_name;
}

static iree_status_t ref_check_wrapped(void* ptr, iree_vm_ref_type_t type) {
  if (!ptr || type != IREE_VM_REF_TYPE_NULL) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "an object needs a type to become a reference");
}

iree_status_t iree_vm_ref_wrap_assign(void* ptr, iree_vm_ref_type_t type, iree_vm_ref_t* out_ref) {
  IREE_RETURN_IF_ERROR(ref_check_wrapped(ptr, type));
  iree_vm_ref_t held = *out_ref;
  out_ref->ptr = ptr;
  out_ref->type = type;
  if (held.ptr != ptr) vm_ref_release(&held);
  return iree_ok_status();
}

iree_status_t iree_vm_ref_wrap_retain(void* ptr, iree_vm_ref_type_t type, iree_vm_ref_t* out_ref) {
  IREE_RETURN_IF_ERROR(ref_check_wrapped(ptr, type));
  iree_vm_ref_t fresh = {ptr, type};
  vm_ref_retain(&fresh, out_ref);
  return iree_ok_status();
}

void iree_vm_ref_retain_inplace(iree_vm_ref_t* ref) {
  if (vm_ref_is_counted(ref)) vm_object_retain(ref->ptr, ref->type);
}

void iree_vm_ref_retain(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref) { vm_ref_retain(ref, out_ref); }

void iree_vm_ref_release(iree_vm_ref_t* ref) { vm_ref_release(ref); }

void iree_vm_ref_move(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref) { vm_ref_move(ref, out_ref); }

void iree_vm_ref_assign(iree_vm_ref_t* ref, iree_vm_ref_t* out_ref) {
  if (ref == out_ref) return;
  iree_vm_ref_t held = *out_ref;
  *out_ref = *ref;
  vm_ref_release(&held);
}

void iree_vm_ref_retain_or_move(int is_move, iree_vm_ref_t* ref, iree_vm_ref_t* out_ref) {
  if (is_move) {
    vm_ref_move(ref, out_ref);
  } else {
    vm_ref_retain(ref, out_ref);
  }
}

static iree_status_t ref_mismatch(iree_vm_ref_type_t actual, iree_vm_ref_type_t expected) {
  iree_string_view_t actual_name = iree_vm_ref_type_name(actual);
  iree_string_view_t expected_name = iree_vm_ref_type_name(expected);
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "source ref type mismatch: got !%.*s, expected !%.*s",
                          VM_SV_ARG(actual_name), VM_SV_ARG(expected_name));
}

static bool ref_fits(const iree_vm_ref_t* ref, iree_vm_ref_type_t type) {
  return ref->type == type || iree_vm_ref_is_null(ref) || (type & ~IREE_VM_REF_TYPE_TAG_MASK) == IREE_VM_REF_TYPE_ANY;
}

iree_status_t iree_vm_ref_retain_checked(iree_vm_ref_t* ref, iree_vm_ref_type_t type, iree_vm_ref_t* out_ref) {
  return iree_vm_ref_retain_or_move_checked(/*is_move=*/0, ref, type, out_ref);
}

iree_status_t iree_vm_ref_retain_or_move_checked(int is_move, iree_vm_ref_t* ref, iree_vm_ref_type_t type,
                                                 iree_vm_ref_t* out_ref) {
  if (!ref_fits(ref, type)) return ref_mismatch(ref->type, type);
  iree_vm_ref_retain_or_move(is_move, ref, out_ref);
  return iree_ok_status();
}

iree_status_t iree_vm_ref_check(iree_vm_ref_t ref, iree_vm_ref_type_t type) {
  if (!vm_ref_is_counted(&ref)) {
    iree_string_view_t name = iree_vm_ref_type_name(type);
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "ref is null, expected !%.*s", VM_SV_ARG(name));
  }
  return ref.type == type ? iree_ok_status() : ref_mismatch(ref.type, type);
}
