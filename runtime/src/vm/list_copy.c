/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: copying ranges of elements, and whole lists. */
#include "vm/list_layout.h"

#include "vm/ref_inline.h"

static bool list_range_fits(const iree_vm_list_t* list, iree_host_size_t i, iree_host_size_t count) {
  return i <= list->count && count <= list->count - i;
}

static iree_status_t list_check_range(const iree_vm_list_t* list, const char* which, iree_host_size_t i,
                                      iree_host_size_t count) {
  if (list_range_fits(list, i, count)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%s range of %zu elements from %zu is out of bounds (%zu)", which,
                          count, i, list->count);
}

static iree_status_t list_type_mismatch(iree_host_size_t i) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "element %zu of the source list is not of the type that the target list stores", i);
}

/* Every variant of the range is exactly what the typed target stores; null is of no type. */
static iree_status_t list_check_variants(const iree_vm_list_t* source, iree_host_size_t i, const iree_vm_list_t* target,
                                         iree_host_size_t count) {
  for (iree_host_size_t k = i; k < i + count; ++k) {
    const iree_vm_variant_t* variant = vm_list_variant_at(source, k);
    if (target->mode == VM_LIST_REFS && target->ref_type == IREE_VM_REF_TYPE_ANY) {
      if (!iree_vm_variant_is_ref(*variant)) return list_type_mismatch(k);
    } else if (!iree_vm_type_def_equal(variant->type, target->element_type)) {
      return list_type_mismatch(k);
    }
  }
  return iree_ok_status();
}

static iree_status_t list_check_types(const iree_vm_list_t* source, iree_host_size_t i, const iree_vm_list_t* target,
                                      iree_host_size_t count) {
  if (target->mode == VM_LIST_VARIANTS || iree_vm_type_def_equal(source->element_type, target->element_type)) {
    return iree_ok_status();
  }
  if (source->mode == VM_LIST_VARIANTS) return list_check_variants(source, i, target, count);
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the lists store different types");
}

/* Same type, numbers only: one block. */
static void list_copy_values(const iree_vm_list_t* source, iree_host_size_t i, iree_vm_list_t* target,
                             iree_host_size_t j, iree_host_size_t count) {
  memcpy(vm_list_element_at(target, j), vm_list_element_at(source, i), count * target->element_size);
}

static iree_status_t list_copy_elements(const iree_vm_list_t* source, iree_host_size_t i, iree_vm_list_t* target,
                                        iree_host_size_t j, iree_host_size_t count) {
  for (iree_host_size_t k = 0; k < count; ++k) {
    iree_vm_variant_t variant;
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(source, i + k, &variant));
    IREE_RETURN_IF_ERROR(iree_vm_list_set_variant_retain(target, j + k, &variant));
  }
  return iree_ok_status();
}

iree_status_t iree_vm_list_copy(iree_vm_list_t* source, iree_host_size_t i, iree_vm_list_t* target, iree_host_size_t j,
                                iree_host_size_t count) {
  if (count == 0) return iree_ok_status();
  IREE_RETURN_IF_ERROR(list_check_range(source, "source", i, count));
  IREE_RETURN_IF_ERROR(list_check_range(target, "target", j, count));
  if (source == target && (i < j ? j - i : i - j) < count) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "ranges of %zu elements from %zu and from %zu of one list overlap", count, i, j);
  }
  IREE_RETURN_IF_ERROR(list_check_types(source, i, target, count));
  if (source->mode == VM_LIST_VALUES && target->mode == VM_LIST_VALUES) {
    list_copy_values(source, i, target, j, count);
    return iree_ok_status();
  }
  return list_copy_elements(source, i, target, j, count);
}

iree_status_t iree_vm_list_clone(iree_vm_list_t* source, iree_allocator_t allocator, iree_vm_list_t** out_target) {
  *out_target = NULL;
  iree_vm_list_t* target = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_list_create(source->element_type, source->count, allocator, &target));
  iree_status_t status = iree_vm_list_resize(target, source->count);
  if (iree_status_is_ok(status)) status = iree_vm_list_copy(source, 0, target, 0, source->count);
  if (!iree_status_is_ok(status)) {
    iree_vm_list_release(target);
    return status;
  }
  *out_target = target;
  return iree_ok_status();
}
