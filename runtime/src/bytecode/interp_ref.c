/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions on references, lists and ref globals. */
#include "bytecode/interp.h"
#include "vm/list_layout.h"

/* Types of operands are the `value` of a type definition: it is the descriptor's address for references and never that
 * of an object for numbers and for `!vm.opaque`, which so let only null through. */
static bool fits_type(const iree_vm_ref_t* ref, uint64_t type) {
  return ref->type == 0 || (ref->type & ~IREE_VM_REF_TYPE_TAG_MASK) == type;
}

static iree_status_t check_type(const iree_vm_ref_t* ref, uint64_t type) {
  if (fits_type(ref, type)) return iree_ok_status();
  iree_string_view_t name = iree_vm_ref_type_name(ref->type);
  iree_vm_type_def_t wanted = {(uintptr_t)type};
  iree_string_view_t wanted_name =
      iree_vm_type_def_is_ref(wanted) ? iree_vm_ref_type_name(iree_vm_type_def_as_ref(wanted)) : IREE_SV("null");
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "source ref type mismatch: %.*s where %.*s is expected",
                          (int)name.size, name.data, (int)wanted_name.size, wanted_name.data);
}

/* Reads `source` by its MOVE bit into `target` after the type check. */
static iree_status_t take_checked(interp_frame_t* frame, uint16_t source, uint64_t type, iree_vm_ref_t* target) {
  IREE_RETURN_IF_ERROR(check_type(ref_at(frame->refs, source), type));
  take_ref(frame->refs, source, target);
  return iree_ok_status();
}

iree_status_t interp_division_by_zero(void) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "division by zero");
}

/* ---- Globals ----------------------------------------------------------------------------------------------------- */

iree_status_t interp_global_failure(const interp_frame_t* frame, uint32_t offset) {
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "global byte_offset out of range: %u (rwdata=%u)", offset,
                          frame->state->module->image.global_bytes);
}

/* Here it is the result whose MOVE bit says that the global gives its reference away. */
static iree_status_t load_global(interp_frame_t* frame, uint32_t ordinal, uint64_t type, uint16_t result) {
  iree_vm_ref_t* global = &frame->state->ref_globals[ordinal];
  IREE_RETURN_IF_ERROR(check_type(global, type));
  if (is_move(result)) {
    vm_ref_move(global, ref_at(frame->refs, result));
  } else {
    vm_ref_retain(global, ref_at(frame->refs, result));
  }
  return iree_ok_status();
}

static iree_status_t check_global(const interp_frame_t* frame, uint32_t ordinal) {
  uint32_t count = frame->state->module->image.global_ref_count;
  if (ordinal < count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "global ref ordinal out of range: %u (table=%u)", ordinal, count);
}

iree_status_t interp_global_load_ref(interp_frame_t* frame, const code_word_t* ip) {
  return load_global(frame, (uint32_t)ip->imm, ip[1].bits, ip->a);
}

iree_status_t interp_global_store_ref(interp_frame_t* frame, const code_word_t* ip) {
  return take_checked(frame, ip->a, ip[1].bits, &frame->state->ref_globals[(uint32_t)ip->imm]);
}

iree_status_t interp_global_load_indirect_ref(interp_frame_t* frame, const code_word_t* ip) {
  uint32_t ordinal = (uint32_t)interp_registers(frame)[ip->a];
  IREE_RETURN_IF_ERROR(check_global(frame, ordinal));
  return load_global(frame, ordinal, ip[1].bits, ip->b);
}

iree_status_t interp_global_store_indirect_ref(interp_frame_t* frame, const code_word_t* ip) {
  uint32_t ordinal = (uint32_t)interp_registers(frame)[ip->a];
  IREE_RETURN_IF_ERROR(check_global(frame, ordinal));
  return take_checked(frame, ip->b, ip[1].bits, &frame->state->ref_globals[ordinal]);
}

/* ---- Choosing ---------------------------------------------------------------------------------------------------- */

iree_status_t interp_cast_any_ref(interp_frame_t* frame, const code_word_t* ip) {
  return take_checked(frame, ip->a, ip[1].bits, ref_at(frame->refs, ip->b));
}

iree_status_t interp_select_ref(interp_frame_t* frame, const code_word_t* ip) {
  bool condition = interp_registers(frame)[ip->a] != 0;
  uint16_t chosen = condition ? ip->b : ip->c, other = condition ? ip->c : ip->b, result = ip[1].op;
  IREE_RETURN_IF_ERROR(take_checked(frame, chosen, ip[2].bits, ref_at(frame->refs, result)));
  if (is_move(other) && ref_at(frame->refs, other) != ref_at(frame->refs, result)) {
    vm_ref_release(ref_at(frame->refs, other));
  }
  return iree_ok_status();
}

iree_status_t interp_switch_ref(interp_frame_t* frame, const code_word_t* ip) {
  const uint16_t* values = ip[1].slots;
  uint32_t count = values[0], index = (uint32_t)interp_registers(frame)[ip->a];
  uint64_t type = ip[1 + code_words_of(1 + count)].bits;
  return take_checked(frame, index < count ? values[1 + index] : ip->b, type, ref_at(frame->refs, ip->c));
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

iree_status_t interp_list_null(void) { return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "list is null"); }

static iree_status_t list_of(const interp_frame_t* frame, uint16_t slot, iree_vm_list_t** out_list) {
  *out_list = iree_vm_list_deref(frame->refs[slot & CODE_REGISTER_INDEX]);
  return *out_list ? iree_ok_status() : interp_list_null();
}

static uint32_t u32_of(interp_frame_t* frame, uint16_t slot) { return (uint32_t)interp_registers(frame)[slot]; }

iree_status_t interp_list_alloc(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_list_t* list = NULL;
  iree_vm_type_def_t element_type = {(uintptr_t)ip[1].bits};
  IREE_RETURN_IF_ERROR(iree_vm_list_create(element_type, u32_of(frame, ip->a), frame->state->allocator, &list));
  return iree_vm_ref_wrap_assign(list, iree_vm_list_type(), ref_at(frame->refs, ip->b));
}

iree_status_t interp_list_reserve(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_list_t* list = NULL;
  IREE_RETURN_IF_ERROR(list_of(frame, ip->a, &list));
  return iree_vm_list_reserve(list, u32_of(frame, ip->b));
}

iree_status_t interp_list_resize(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_list_t* list = NULL;
  IREE_RETURN_IF_ERROR(list_of(frame, ip->a, &list));
  return iree_vm_list_resize(list, u32_of(frame, ip->b));
}

static iree_vm_value_type_t value_type_of(uint16_t op) {
  switch (op) {
    case CODE_LIST_GET_I32: case CODE_LIST_SET_I32: return IREE_VM_VALUE_TYPE_I32;
    case CODE_LIST_GET_I64: case CODE_LIST_SET_I64: return IREE_VM_VALUE_TYPE_I64;
    case CODE_LIST_GET_F32: case CODE_LIST_SET_F32: return IREE_VM_VALUE_TYPE_F32;
    default: return IREE_VM_VALUE_TYPE_F64;
  }
}

iree_status_t interp_list_get(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_list_t* list = NULL;
  iree_vm_value_t value;
  iree_vm_value_type_t type = value_type_of(ip->op);
  IREE_RETURN_IF_ERROR(list_of(frame, ip->a, &list));
  IREE_RETURN_IF_ERROR(iree_vm_list_get_value_as(list, u32_of(frame, ip->b), type, &value));
  memcpy(&interp_registers(frame)[ip->c], value.value_storage, iree_vm_value_type_size(type));
  return iree_ok_status();
}

iree_status_t interp_list_set(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_list_t* list = NULL;
  iree_vm_value_t value = {.type = value_type_of(ip->op)};
  IREE_RETURN_IF_ERROR(list_of(frame, ip->a, &list));
  memcpy(value.value_storage, &interp_registers(frame)[ip->c], iree_vm_value_type_size(value.type));
  return iree_vm_list_set_value(list, u32_of(frame, ip->b), &value);
}

/* The common case: the element of a list of references has the type asked for, and stays. False: another case. */
static bool get_ref_directly(interp_frame_t* frame, const code_word_t* ip) {
  const iree_vm_ref_t* holder = ref_at(frame->refs, ip->a);
  if (holder->type != iree_vm_list_type() || is_move(ip->c)) return false;
  const iree_vm_list_t* list = (const iree_vm_list_t*)holder->ptr;
  uint32_t index = u32_of(frame, ip->b);
  if (list->mode != VM_LIST_REFS || index >= list->count) return false;
  const iree_vm_ref_t* element = vm_list_ref_at(list, index);
  if (element->type == 0 || !fits_type(element, ip[1].bits)) return false;
  vm_ref_retain(element, ref_at(frame->refs, ip->c));
  return true;
}

/* An element of another type than the one asked for reads as null. */
iree_status_t interp_list_get_ref(interp_frame_t* frame, const code_word_t* ip) {
  if (get_ref_directly(frame, ip)) return iree_ok_status();
  iree_vm_list_t* list = NULL;
  uint32_t index = u32_of(frame, ip->b);
  iree_vm_ref_t* result = ref_at(frame->refs, ip->c);
  iree_vm_ref_t borrowed = iree_vm_ref_null();
  IREE_RETURN_IF_ERROR(list_of(frame, ip->a, &list));
  IREE_RETURN_IF_ERROR(iree_vm_list_get_ref_assign(list, index, &borrowed));
  if (!fits_type(&borrowed, ip[1].bits)) {
    vm_ref_release(result);
    return iree_ok_status();
  }
  /* By way of a local: the result register may hold the list itself. */
  iree_vm_ref_t element = iree_vm_ref_null();
  IREE_RETURN_IF_ERROR(iree_vm_list_get_ref_retain_or_move(list, index, is_move(ip->c), &element));
  vm_ref_move(&element, result);
  return iree_ok_status();
}

iree_status_t interp_list_set_ref(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_list_t* list = NULL;
  uint32_t index = u32_of(frame, ip->b);
  iree_vm_ref_t* value = ref_at(frame->refs, ip->c);
  IREE_RETURN_IF_ERROR(list_of(frame, ip->a, &list));
  if (is_move(ip->c)) return iree_vm_list_set_ref_move(list, index, value);
  return iree_vm_list_set_ref_retain(list, index, value);
}
