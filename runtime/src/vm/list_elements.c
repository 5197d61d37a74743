/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: reading and writing single elements as numbers, references and variants. */
#include "vm/list_layout.h"

#include "vm/ref_inline.h"
#include "vm/text.h"

/* ---- Checks ------------------------------------------------------------------------------------------------------ */

static iree_status_t list_check_index(const iree_vm_list_t* list, iree_host_size_t i) {
  if (i < list->count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "index %zu out of bounds (%zu)", i, list->count);
}

static iree_status_t list_refuse(const char* what) {
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "list %s", what);
}

static iree_status_t list_check_ref(const iree_vm_list_t* list, const iree_vm_ref_t* value) {
  if (list->mode == VM_LIST_VALUES) return list_refuse("cannot store refs");
  if (list->mode == VM_LIST_VARIANTS || iree_vm_ref_is_null(value) || value->type == list->ref_type ||
      list->ref_type == IREE_VM_REF_TYPE_ANY) {
    return iree_ok_status();
  }
  iree_string_view_t actual = iree_vm_ref_type_name(value->type);
  iree_string_view_t expected = iree_vm_ref_type_name(list->ref_type);
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "source ref type mismatch: got !%.*s, the list stores !%.*s",
                          VM_SV_ARG(actual), VM_SV_ARG(expected));
}

/* One more element, zero, null or empty. */
static iree_status_t list_extend(iree_vm_list_t* list) { return iree_vm_list_resize(list, list->count + 1); }

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static iree_vm_value_t list_load_value(const iree_vm_list_t* list, iree_host_size_t i) {
  iree_vm_value_t value = iree_vm_value_make_none();
  value.type = iree_vm_type_def_as_value(list->element_type);
  memcpy(value.value_storage, vm_list_element_at(list, i), list->element_size);
  return value;
}

static void list_store_value(iree_vm_list_t* list, iree_host_size_t i, const iree_vm_value_t* value) {
  if (list->mode == VM_LIST_VARIANTS) {
    iree_vm_variant_t held = *vm_list_variant_at(list, i);
    *vm_list_variant_at(list, i) = iree_vm_make_variant_value(*value);
    iree_vm_variant_reset(&held);
    return;
  }
  iree_vm_value_t converted = iree_vm_value_convert(value, iree_vm_type_def_as_value(list->element_type));
  memcpy(vm_list_element_at(list, i), converted.value_storage, list->element_size);
}

iree_status_t iree_vm_list_get_value(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_value_t* out_value) {
  IREE_RETURN_IF_ERROR(list_check_index(list, i));
  if (list->mode == VM_LIST_REFS) return list_refuse("does not store values");
  if (list->mode == VM_LIST_VALUES) {
    *out_value = list_load_value(list, i);
    return iree_ok_status();
  }
  const iree_vm_variant_t* variant = vm_list_variant_at(list, i);
  if (!iree_vm_variant_is_value(*variant)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "variant at index %zu is not a value type", i);
  }
  *out_value = variant->value;
  return iree_ok_status();
}

iree_status_t iree_vm_list_get_value_as(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_value_type_t value_type,
                                        iree_vm_value_t* out_value) {
  iree_vm_value_t value;
  IREE_RETURN_IF_ERROR(iree_vm_list_get_value(list, i, &value));
  *out_value = iree_vm_value_convert(&value, value_type);
  return iree_ok_status();
}

iree_status_t iree_vm_list_set_value(iree_vm_list_t* list, iree_host_size_t i, const iree_vm_value_t* value) {
  IREE_RETURN_IF_ERROR(list_check_index(list, i));
  if (list->mode == VM_LIST_REFS) return list_refuse("cannot store values");
  list_store_value(list, i, value);
  return iree_ok_status();
}

iree_status_t iree_vm_list_push_value(iree_vm_list_t* list, const iree_vm_value_t* value) {
  if (list->mode == VM_LIST_REFS) return list_refuse("cannot store values");
  IREE_RETURN_IF_ERROR(list_extend(list));
  list_store_value(list, list->count - 1, value);
  return iree_ok_status();
}

/* ---- References -------------------------------------------------------------------------------------------------- */

/* Borrows the reference at `i`; an empty variant slot reads as null. */
static iree_status_t list_peek_ref(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_t* out_ref) {
  IREE_RETURN_IF_ERROR(list_check_index(list, i));
  if (list->mode == VM_LIST_VALUES) return list_refuse("does not store refs");
  if (list->mode == VM_LIST_REFS) {
    *out_ref = *vm_list_ref_at(list, i);
    return iree_ok_status();
  }
  const iree_vm_variant_t* variant = vm_list_variant_at(list, i);
  if (iree_vm_variant_is_value(*variant)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "variant at index %zu is not a ref", i);
  }
  *out_ref = iree_vm_variant_is_empty(*variant) ? iree_vm_ref_null() : variant->ref;
  return iree_ok_status();
}

/* Leaves the slot null or empty without releasing: somebody else has taken over what it held. */
static void list_forget_element(const iree_vm_list_t* list, iree_host_size_t i) {
  memset(vm_list_element_at(list, i), 0, list->element_size);
}

/* Puts an owned reference over what the slot holds, which is released last. */
static void list_put_ref(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_t value) {
  iree_vm_variant_t held = iree_vm_variant_empty();
  if (list->mode == VM_LIST_VARIANTS) {
    held = *vm_list_variant_at(list, i);
    *vm_list_variant_at(list, i) =
        iree_vm_ref_is_null(&value) ? iree_vm_variant_empty() : iree_vm_make_variant_ref_assign(value);
  } else {
    held = iree_vm_make_variant_ref_assign(*vm_list_ref_at(list, i));
    *vm_list_ref_at(list, i) = value;
  }
  iree_vm_variant_reset(&held);
}

void* iree_vm_list_get_ref_deref(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_type_t type) {
  if (i >= list->count || list->mode == VM_LIST_VALUES) return NULL;
  if (list->mode == VM_LIST_REFS) {
    const iree_vm_ref_t* ref = vm_list_ref_at(list, i);
    return ref->type == type ? ref->ptr : NULL;
  }
  const iree_vm_variant_t* variant = vm_list_variant_at(list, i);
  return iree_vm_variant_is_ref(*variant) && variant->ref.type == type ? variant->ref.ptr : NULL;
}

iree_status_t iree_vm_list_get_ref_assign(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_t* out_value) {
  return list_peek_ref(list, i, out_value);
}

iree_status_t iree_vm_list_get_ref_retain(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_t* out_value) {
  iree_vm_ref_t borrowed = iree_vm_ref_null();
  IREE_RETURN_IF_ERROR(list_peek_ref(list, i, &borrowed));
  vm_ref_retain(&borrowed, out_value);
  return iree_ok_status();
}

iree_status_t iree_vm_list_get_ref_move(iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_t* out_value) {
  iree_vm_ref_t taken;
  IREE_RETURN_IF_ERROR(list_peek_ref(list, i, &taken));
  list_forget_element(list, i);
  vm_ref_move(&taken, out_value);
  return iree_ok_status();
}

iree_status_t iree_vm_list_get_ref_retain_or_move(iree_vm_list_t* list, iree_host_size_t i, bool is_move,
                                                  iree_vm_ref_t* out_value) {
  return is_move ? iree_vm_list_get_ref_move(list, i, out_value) : iree_vm_list_get_ref_retain(list, i, out_value);
}

iree_status_t iree_vm_list_set_ref_retain(iree_vm_list_t* list, iree_host_size_t i, const iree_vm_ref_t* value) {
  iree_vm_ref_t retained = *value;
  IREE_RETURN_IF_ERROR(list_check_index(list, i));
  IREE_RETURN_IF_ERROR(list_check_ref(list, value));
  iree_vm_ref_retain_inplace(&retained);
  list_put_ref(list, i, retained);
  return iree_ok_status();
}

iree_status_t iree_vm_list_set_ref_move(iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_t* value) {
  IREE_RETURN_IF_ERROR(list_check_index(list, i));
  IREE_RETURN_IF_ERROR(list_check_ref(list, value));
  iree_vm_ref_t taken = *value;
  *value = iree_vm_ref_null();
  list_put_ref(list, i, taken);
  return iree_ok_status();
}

iree_status_t iree_vm_list_push_ref_retain(iree_vm_list_t* list, const iree_vm_ref_t* value) {
  iree_vm_ref_t kept = *value; /* `value` may point into the storage that is about to move */
  IREE_RETURN_IF_ERROR(list_check_ref(list, &kept));
  IREE_RETURN_IF_ERROR(list_extend(list));
  return iree_vm_list_set_ref_retain(list, list->count - 1, &kept);
}

iree_status_t iree_vm_list_push_ref_move(iree_vm_list_t* list, iree_vm_ref_t* value) {
  IREE_RETURN_IF_ERROR(list_check_ref(list, value));
  IREE_RETURN_IF_ERROR(list_extend(list));
  return iree_vm_list_set_ref_move(list, list->count - 1, value);
}

iree_status_t iree_vm_list_pop_front_ref_move(iree_vm_list_t* list, iree_vm_ref_t* out_value) {
  iree_vm_ref_t taken;
  IREE_RETURN_IF_ERROR(list_peek_ref(list, 0, &taken));
  --list->count;
  memmove(list->storage, list->storage + list->element_size, list->count * list->element_size);
  vm_ref_move(&taken, out_value);
  return iree_ok_status();
}

/* ---- Variants ---------------------------------------------------------------------------------------------------- */

iree_status_t iree_vm_list_get_variant_assign(const iree_vm_list_t* list, iree_host_size_t i,
                                              iree_vm_variant_t* out_variant) {
  IREE_RETURN_IF_ERROR(list_check_index(list, i));
  switch ((vm_list_mode_t)list->mode) {
    case VM_LIST_VALUES:
      *out_variant = iree_vm_make_variant_value(list_load_value(list, i));
      break;
    case VM_LIST_REFS:
      *out_variant = iree_vm_make_variant_ref_assign(*vm_list_ref_at(list, i));
      break;
    case VM_LIST_VARIANTS:
      *out_variant = *vm_list_variant_at(list, i);
      break;
  }
  return iree_ok_status();
}

iree_status_t iree_vm_list_get_variant_retain(const iree_vm_list_t* list, iree_host_size_t i,
                                              iree_vm_variant_t* out_variant) {
  IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(list, i, out_variant));
  if (iree_vm_variant_is_ref(*out_variant)) iree_vm_ref_retain_inplace(&out_variant->ref);
  return iree_ok_status();
}

iree_status_t iree_vm_list_get_variant_move(iree_vm_list_t* list, iree_host_size_t i, iree_vm_variant_t* out_variant) {
  IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(list, i, out_variant));
  if (list->mode != VM_LIST_VALUES) list_forget_element(list, i);
  return iree_ok_status();
}

static bool variant_is_number(const iree_vm_variant_t* variant) { return iree_vm_variant_is_value(*variant); }

/* The reference of a variant that is no number; an empty one counts as null. */
static iree_vm_ref_t variant_ref(const iree_vm_variant_t* variant) {
  return iree_vm_variant_is_ref(*variant) ? variant->ref : iree_vm_ref_null();
}

iree_status_t iree_vm_list_set_variant_retain(iree_vm_list_t* list, iree_host_size_t i,
                                              const iree_vm_variant_t* variant) {
  if (variant_is_number(variant)) return iree_vm_list_set_value(list, i, &variant->value);
  iree_vm_ref_t ref = variant_ref(variant);
  return iree_vm_list_set_ref_retain(list, i, &ref);
}

iree_status_t iree_vm_list_set_variant_move(iree_vm_list_t* list, iree_host_size_t i, iree_vm_variant_t* variant) {
  iree_vm_ref_t ref = variant_ref(variant);
  IREE_RETURN_IF_ERROR(variant_is_number(variant) ? iree_vm_list_set_value(list, i, &variant->value)
                                                  : iree_vm_list_set_ref_move(list, i, &ref));
  *variant = iree_vm_variant_empty();
  return iree_ok_status();
}

iree_status_t iree_vm_list_push_variant_retain(iree_vm_list_t* list, const iree_vm_variant_t* variant) {
  if (variant_is_number(variant)) return iree_vm_list_push_value(list, &variant->value);
  iree_vm_ref_t ref = variant_ref(variant);
  return iree_vm_list_push_ref_retain(list, &ref);
}

iree_status_t iree_vm_list_push_variant_move(iree_vm_list_t* list, iree_vm_variant_t* variant) {
  iree_vm_ref_t ref = variant_ref(variant);
  IREE_RETURN_IF_ERROR(variant_is_number(variant) ? iree_vm_list_push_value(list, &variant->value)
                                                  : iree_vm_list_push_ref_move(list, &ref));
  *variant = iree_vm_variant_empty();
  return iree_ok_status();
}
