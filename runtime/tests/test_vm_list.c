/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: every kind of element, growth, copies, failures without side effects, destruction of deep nests. */
#include "check.h"
#include "iree/vm/api.h"
#include "vmrt/probe.h"

static iree_vm_type_def_t value_type(iree_vm_value_type_t type) { return iree_vm_make_value_type_def(type); }
static iree_vm_type_def_t variants(void) { return iree_vm_make_undefined_type_def(); }
static iree_vm_type_def_t buffers(void) { return iree_vm_make_ref_type_def(iree_vm_buffer_type()); }
static iree_vm_type_def_t any_refs(void) { return iree_vm_make_ref_type_def(IREE_VM_REF_TYPE_ANY); }

static iree_vm_list_t* new_list(iree_vm_type_def_t type, size_t size) {
  iree_vm_list_t* list = NULL;
  CHECK_OK(iree_vm_list_create(type, 0, iree_allocator_system(), &list));
  CHECK_OK(iree_vm_list_resize(list, size));
  return list;
}

static iree_vm_ref_t new_buffer(void) {
  iree_vm_buffer_t* buffer = NULL;
  CHECK_OK(iree_vm_buffer_create(IREE_VM_BUFFER_ACCESS_MUTABLE, 4, 0, iree_allocator_system(), &buffer));
  return iree_vm_buffer_move_ref(buffer);
}

static int32_t count_of(iree_vm_ref_t buffer) { return ((iree_vm_buffer_t*)buffer.ptr)->ref_object.counter.value; }

static void check_nothing_left(void) {
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIST) == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_BUFFER) == 0);
}

static int32_t get_i32(iree_vm_list_t* list, size_t i) {
  iree_vm_value_t value = iree_vm_value_make_none();
  CHECK_OK(iree_vm_list_get_value_as(list, i, IREE_VM_VALUE_TYPE_I32, &value));
  return value.i32;
}

static void set_i32(iree_vm_list_t* list, size_t i, int32_t number) {
  iree_vm_value_t value = iree_vm_value_make_i32(number);
  CHECK_OK(iree_vm_list_set_value(list, i, &value));
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static void test_values(void) {
  static const iree_vm_value_type_t types[] = {IREE_VM_VALUE_TYPE_I8, IREE_VM_VALUE_TYPE_I16, IREE_VM_VALUE_TYPE_I32,
                                               IREE_VM_VALUE_TYPE_I64};
  for (size_t i = 0; i < 4; ++i) {
    iree_vm_list_t* list = new_list(value_type(types[i]), 3);
    CHECK(get_i32(list, 2) == 0);
    set_i32(list, 0, -3);
    set_i32(list, 2, 100);
    CHECK(get_i32(list, 0) == -3 && get_i32(list, 1) == 0 && get_i32(list, 2) == 100);
    iree_vm_value_t value;
    CHECK_OK(iree_vm_list_get_value(list, 0, &value));
    CHECK(value.type == types[i]);
    CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_get_value(list, 3, &value));
    CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_get_value(list, SIZE_MAX, &value));
    CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_set_value(list, 3, &value));
    CHECK(iree_vm_type_def_equal(iree_vm_list_element_type(list), value_type(types[i])));
    iree_vm_list_release(list);
  }
  check_nothing_left();
}

static void test_values_and_refs_do_not_mix(void) {
  iree_vm_list_t* numbers = new_list(value_type(IREE_VM_VALUE_TYPE_I32), 1);
  iree_vm_list_t* refs = new_list(buffers(), 1);
  iree_vm_ref_t buffer = new_buffer(), out = {0};
  iree_vm_value_t value = iree_vm_value_make_i32(1);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_get_value(refs, 0, &value));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_set_value(refs, 0, &value));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_push_value(refs, &value));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_get_ref_retain(numbers, 0, &out));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_set_ref_retain(numbers, 0, &buffer));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_push_ref_move(numbers, &buffer));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_pop_front_ref_move(numbers, &out));
  CHECK(iree_vm_list_size(refs) == 1 && iree_vm_list_size(numbers) == 1 && count_of(buffer) == 1);
  CHECK(iree_vm_list_get_ref_deref(numbers, 0, iree_vm_buffer_type()) == NULL);
  iree_vm_ref_release(&buffer);
  iree_vm_list_release(numbers);
  iree_vm_list_release(refs);
  check_nothing_left();
}

/* ---- References -------------------------------------------------------------------------------------------------- */

static void test_refs(void) {
  iree_vm_list_t* list = new_list(buffers(), 2);
  iree_vm_ref_t buffer = new_buffer(), out = {0}, null = {0};
  CHECK_OK(iree_vm_list_set_ref_retain(list, 0, &buffer));
  CHECK(count_of(buffer) == 2 && iree_vm_list_get_ref_deref(list, 0, iree_vm_buffer_type()) == buffer.ptr);
  CHECK(iree_vm_list_get_ref_deref(list, 0, iree_vm_list_type()) == NULL);
  CHECK(iree_vm_list_get_ref_deref(list, 2, iree_vm_buffer_type()) == NULL);
  CHECK_OK(iree_vm_list_set_ref_retain(list, 0, &buffer)); /* over itself */
  CHECK(count_of(buffer) == 2);
  CHECK_OK(iree_vm_list_get_ref_assign(list, 0, &out));
  CHECK(out.ptr == buffer.ptr && count_of(buffer) == 2);
  out = iree_vm_ref_null();
  CHECK_OK(iree_vm_list_get_ref_retain(list, 0, &out));
  CHECK(count_of(buffer) == 3);
  CHECK_OK(iree_vm_list_get_ref_retain(list, 1, &out));
  CHECK(iree_vm_ref_is_null(&out) && count_of(buffer) == 2);
  CHECK_OK(iree_vm_list_get_ref_retain_or_move(list, 0, true, &out));
  CHECK(count_of(buffer) == 2 && iree_vm_list_get_ref_deref(list, 0, iree_vm_buffer_type()) == NULL);
  CHECK_OK(iree_vm_list_set_ref_move(list, 1, &out));
  CHECK(iree_vm_ref_is_null(&out) && count_of(buffer) == 2);
  CHECK_OK(iree_vm_list_set_ref_retain(list, 1, &null));
  CHECK(count_of(buffer) == 1);
  CHECK_OK(iree_vm_list_push_ref_retain(list, &buffer));
  CHECK_OK(iree_vm_list_push_ref_move(list, &buffer));
  CHECK(iree_vm_ref_is_null(&buffer) && iree_vm_list_size(list) == 4);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_set_ref_move(list, 4, &out));
  iree_vm_list_release(list);
  check_nothing_left();
}

/* A reference of another type goes nowhere and leaves nothing behind. */
static void test_wrong_type(void) {
  iree_vm_list_t *typed = new_list(buffers(), 1), *any = new_list(any_refs(), 0);
  iree_vm_ref_t list = iree_vm_list_move_ref(new_list(variants(), 0)), buffer = new_buffer();
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_push_ref_retain(typed, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_push_ref_move(typed, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_set_ref_retain(typed, 0, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_set_ref_move(typed, 0, &list));
  CHECK(iree_vm_list_size(typed) == 1 && !iree_vm_ref_is_null(&list));
  CHECK_OK(iree_vm_list_push_ref_retain(any, &list));
  CHECK_OK(iree_vm_list_push_ref_retain(any, &buffer));
  CHECK(iree_vm_list_size(any) == 2);
  iree_vm_ref_release(&list);
  iree_vm_ref_release(&buffer);
  iree_vm_list_release(typed);
  iree_vm_list_release(any);
  check_nothing_left();
}

static void test_pop_front(void) {
  iree_vm_list_t* list = new_list(buffers(), 0);
  iree_vm_ref_t first = new_buffer(), second = new_buffer(), out = {0};
  CHECK_OK(iree_vm_list_push_ref_retain(list, &first));
  CHECK_OK(iree_vm_list_push_ref_retain(list, &second));
  CHECK_OK(iree_vm_list_pop_front_ref_move(list, &out));
  CHECK(out.ptr == first.ptr && count_of(first) == 2 && iree_vm_list_size(list) == 1);
  CHECK_OK(iree_vm_list_pop_front_ref_move(list, &out));
  CHECK(out.ptr == second.ptr && count_of(first) == 1);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_pop_front_ref_move(list, &out));
  iree_vm_ref_release(&out);
  iree_vm_ref_release(&first);
  iree_vm_ref_release(&second);
  iree_vm_list_release(list);
  check_nothing_left();
}

/* ---- Variants ---------------------------------------------------------------------------------------------------- */

static void test_variants(void) {
  iree_vm_list_t* list = new_list(variants(), 3);
  iree_vm_ref_t buffer = new_buffer(), out = {0};
  iree_vm_value_t value = iree_vm_value_make_f64(2.5);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_get_value(list, 0, &value));
  CHECK_OK(iree_vm_list_get_ref_retain(list, 0, &out)); /* empty reads as null */
  CHECK(iree_vm_ref_is_null(&out));
  CHECK_OK(iree_vm_list_set_value(list, 0, &value));
  CHECK_OK(iree_vm_list_set_ref_retain(list, 1, &buffer));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_get_ref_retain(list, 0, &out));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_get_value(list, 1, &value));
  CHECK_OK(iree_vm_list_get_value_as(list, 0, IREE_VM_VALUE_TYPE_F32, &value));
  CHECK(value.type == IREE_VM_VALUE_TYPE_F32 && value.f32 == 2.5f);
  CHECK_OK(iree_vm_list_set_value(list, 1, &value)); /* over a reference, which is released */
  CHECK(count_of(buffer) == 1);
  CHECK_OK(iree_vm_list_set_ref_retain(list, 1, &buffer)); /* over a number */
  CHECK_OK(iree_vm_list_set_ref_retain(list, 1, &out));    /* null empties */
  CHECK(count_of(buffer) == 1);
  iree_vm_variant_t variant;
  CHECK_OK(iree_vm_list_get_variant_assign(list, 1, &variant));
  CHECK(iree_vm_variant_is_empty(variant));
  iree_vm_ref_release(&buffer);
  iree_vm_list_release(list);
  check_nothing_left();
}

static void test_variant_access(void) {
  iree_vm_list_t *list = new_list(variants(), 0), *numbers = new_list(value_type(IREE_VM_VALUE_TYPE_I16), 1);
  iree_vm_ref_t buffer = new_buffer();
  iree_vm_variant_t variant = iree_vm_make_variant_ref_assign(buffer), number = iree_vm_variant_empty(), out;
  CHECK_OK(iree_vm_list_push_variant_retain(list, &variant));
  CHECK(count_of(buffer) == 2);
  CHECK_OK(iree_vm_list_get_variant_retain(list, 0, &out));
  CHECK(count_of(buffer) == 3 && out.ref.ptr == buffer.ptr);
  CHECK_OK(iree_vm_list_push_variant_move(list, &out));
  CHECK(iree_vm_variant_is_empty(out) && count_of(buffer) == 3);
  CHECK_OK(iree_vm_list_get_variant_move(list, 1, &out));
  CHECK(count_of(buffer) == 3);
  CHECK_OK(iree_vm_list_set_variant_move(list, 0, &out));
  CHECK(count_of(buffer) == 2);
  set_i32(numbers, 0, 12);
  CHECK_OK(iree_vm_list_get_variant_assign(numbers, 0, &number));
  CHECK(iree_vm_variant_is_value(number) && number.value.i16 == 12);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_set_variant_retain(numbers, 0, &variant));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_list_push_variant_retain(numbers, &variant));
  CHECK_OK(iree_vm_list_set_variant_retain(list, 0, &number));
  CHECK(count_of(buffer) == 1 && get_i32(list, 0) == 12);
  iree_vm_variant_t nothing = iree_vm_variant_empty();
  CHECK_OK(iree_vm_list_set_variant_retain(list, 0, &nothing));
  CHECK_OK(iree_vm_list_get_variant_assign(list, 0, &out));
  CHECK(iree_vm_variant_is_empty(out));
  iree_vm_variant_reset(&variant);
  iree_vm_list_release(list);
  iree_vm_list_release(numbers);
  check_nothing_left();
}

/* ---- Size -------------------------------------------------------------------------------------------------------- */

static void test_growth(void) {
  iree_vm_list_t* list = new_list(value_type(IREE_VM_VALUE_TYPE_I32), 0);
  iree_vm_value_t value;
  CHECK(iree_vm_list_capacity(list) == 0);
  for (int32_t i = 0; i < 1000; ++i) {
    value = iree_vm_value_make_i32(i);
    CHECK_OK(iree_vm_list_push_value(list, &value));
  }
  CHECK(iree_vm_list_size(list) == 1000 && iree_vm_list_capacity(list) == 1024 && get_i32(list, 999) == 999);
  CHECK_OK(iree_vm_list_resize(list, 10));
  CHECK_OK(iree_vm_list_resize(list, 12));
  CHECK(get_i32(list, 9) == 9 && get_i32(list, 10) == 0 && get_i32(list, 11) == 0);
  CHECK_OK(iree_vm_list_reserve(list, 1025));
  CHECK(iree_vm_list_capacity(list) == 2048 && iree_vm_list_size(list) == 12);
  iree_vm_list_clear(list);
  CHECK(iree_vm_list_size(list) == 0);
  iree_vm_list_release(list);
  check_nothing_left();
}

static void test_limits(void) {
  iree_vm_list_t* list = NULL;
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED,
               iree_vm_list_create(variants(), UINT32_MAX, iree_allocator_system(), &list));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED,
               iree_vm_list_create(variants(), SIZE_MAX, iree_allocator_system(), &list));
  CHECK(list == NULL);
  list = new_list(buffers(), 1);
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_list_resize(list, (size_t)1 << 31));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_list_reserve(list, SIZE_MAX));
  CHECK(iree_vm_list_size(list) == 1);
  iree_vm_list_release(list);
  iree_vm_type_def_t eighth_number = {7}, both = {iree_vm_list_type() | 3};
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_create(eighth_number, 0, iree_allocator_system(), &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_create(both, 0, iree_allocator_system(), &list));
  check_nothing_left();
}

static void test_resize_releases(void) {
  iree_vm_list_t* list = new_list(any_refs(), 0);
  iree_vm_ref_t buffer = new_buffer();
  for (int i = 0; i < 5; ++i) CHECK_OK(iree_vm_list_push_ref_retain(list, &buffer));
  CHECK_OK(iree_vm_list_resize(list, 2));
  CHECK(count_of(buffer) == 3);
  iree_vm_list_clear(list);
  CHECK(count_of(buffer) == 1);
  iree_vm_list_release(list);
  iree_vm_ref_release(&buffer);
  check_nothing_left();
}

/* The sizes of the sheet: 72 bytes and the elements. */
static void test_static_storage(void) {
  iree_vm_type_def_t i32 = value_type(IREE_VM_VALUE_TYPE_I32), variant = variants();
  CHECK(iree_vm_list_storage_size(&i32, 4) == 88);
  CHECK(iree_vm_list_storage_size(&variant, 4) == 168);
  CHECK(iree_vm_list_storage_size(&variant, SIZE_MAX) == SIZE_MAX);
  _Alignas(16) uint8_t bytes[168];
  iree_vm_list_t* list = NULL;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE,
               iree_vm_list_initialize(iree_make_byte_span(bytes, 167), &variant, 4, &list));
  CHECK_OK(iree_vm_list_initialize(iree_make_byte_span(bytes, 168), &variant, 4, &list));
  CHECK_OK(iree_vm_list_resize(list, 3));
  iree_vm_ref_t buffer = new_buffer();
  CHECK_OK(iree_vm_list_push_ref_move(list, &buffer));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_resize(list, 5));
  CHECK(iree_vm_list_size(list) == 4);
  iree_vm_list_deinitialize(list);
  check_nothing_left();
}

/* ---- Copies ------------------------------------------------------------------------------------------------------ */

static void test_copy_values(void) {
  iree_vm_list_t *source = new_list(value_type(IREE_VM_VALUE_TYPE_I32), 4);
  iree_vm_list_t *target = new_list(value_type(IREE_VM_VALUE_TYPE_I32), 4), *all = new_list(variants(), 4);
  iree_vm_list_t* wide = new_list(value_type(IREE_VM_VALUE_TYPE_I64), 4);
  for (int32_t i = 0; i < 4; ++i) set_i32(source, (size_t)i, i + 1);
  CHECK_OK(iree_vm_list_copy(source, 1, target, 0, 3));
  CHECK(get_i32(target, 0) == 2 && get_i32(target, 2) == 4 && get_i32(target, 3) == 0);
  CHECK_OK(iree_vm_list_copy(source, 0, all, 0, 2));
  CHECK(get_i32(all, 1) == 2);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(all, 0, target, 0, 3)); /* the third is empty */
  CHECK(get_i32(target, 0) == 2);
  CHECK_OK(iree_vm_list_copy(all, 0, target, 0, 2));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(source, 0, wide, 0, 1));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(source, 0, source, 1, 2));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(source, 2, source, 1, 2));
  CHECK_OK(iree_vm_list_copy(source, 0, source, 2, 2));
  CHECK(get_i32(source, 2) == 1 && get_i32(source, 3) == 2);
  CHECK_OK(iree_vm_list_copy(source, 99, wide, 99, 0));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_copy(source, SIZE_MAX, target, 0, 2));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_copy(source, 2, target, 0, SIZE_MAX));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_list_copy(source, 0, target, 3, 2));
  iree_vm_list_release(source);
  iree_vm_list_release(target);
  iree_vm_list_release(all);
  iree_vm_list_release(wide);
  check_nothing_left();
}

static void test_copy_refs(void) {
  iree_vm_list_t *typed = new_list(buffers(), 2), *any = new_list(any_refs(), 2), *all = new_list(variants(), 2);
  iree_vm_ref_t buffer = new_buffer();
  CHECK_OK(iree_vm_list_set_ref_retain(typed, 0, &buffer));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(typed, 0, any, 0, 1));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(any, 0, typed, 0, 1));
  CHECK_OK(iree_vm_list_copy(typed, 0, all, 0, 2));
  CHECK(count_of(buffer) == 3);
  CHECK_OK(iree_vm_list_copy(all, 0, typed, 1, 1));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_copy(all, 0, typed, 0, 2)); /* the second is null */
  CHECK(count_of(buffer) == 4);
  CHECK_OK(iree_vm_list_copy(typed, 0, typed, 1, 1));
  CHECK(count_of(buffer) == 4);
  iree_vm_list_t* clone = NULL;
  CHECK_OK(iree_vm_list_clone(typed, iree_allocator_system(), &clone));
  CHECK(count_of(buffer) == 6 && iree_vm_list_size(clone) == 2);
  iree_vm_list_swap_storage(clone, all);
  CHECK(iree_vm_type_def_is_variant(iree_vm_list_element_type(clone)));
  CHECK(iree_vm_list_get_ref_deref(all, 1, iree_vm_buffer_type()) == buffer.ptr);
  iree_vm_list_release(clone);
  iree_vm_list_release(typed);
  iree_vm_list_release(any);
  iree_vm_list_release(all);
  CHECK(count_of(buffer) == 1);
  iree_vm_ref_release(&buffer);
  check_nothing_left();
}

/* ---- Destruction ------------------------------------------------------------------------------------------------- */

/* A chain of lists is destroyed without recursion as deep as the chain. */
static void test_deep_nest(void) {
  iree_vm_ref_t outer = iree_vm_list_move_ref(new_list(any_refs(), 0));
  for (int i = 0; i < 200000; ++i) {
    iree_vm_list_t* list = NULL;
    if (!CHECK_OK(iree_vm_list_create(any_refs(), 1, iree_allocator_system(), &list))) break;
    if (!CHECK_OK(iree_vm_list_push_ref_move(list, &outer))) break;
    outer = iree_vm_list_move_ref(list);
  }
  iree_vm_ref_release(&outer);
  check_nothing_left();
}

static const check_case_t cases[] = {
    {"values", test_values},
    {"values_and_refs_do_not_mix", test_values_and_refs_do_not_mix},
    {"refs", test_refs},
    {"wrong_type", test_wrong_type},
    {"pop_front", test_pop_front},
    {"variants", test_variants},
    {"variant_access", test_variant_access},
    {"growth", test_growth},
    {"limits", test_limits},
    {"resize_releases", test_resize_releases},
    {"static_storage", test_static_storage},
    {"copy_values", test_copy_values},
    {"copy_refs", test_copy_refs},
    {"deep_nest", test_deep_nest},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
