/* SPDX-License-Identifier: Apache-2.0 */
/* References, values and variants: counting, moving, checking, converting. */
#include "check.h"
#include "iree/vm/api.h"
#include "vmrt/probe.h"

/* A type whose counter is not at the start of the object. */
typedef struct object_t {
  int32_t padding[3];
  iree_atomic_ref_count_t counter;
  int destroyed;
} object_t;

static void object_destroy(void* object) { ++((object_t*)object)->destroyed; }

static const iree_vm_ref_type_descriptor_t object_descriptor = {object_destroy, {"test.object", 11}, 3};
static const iree_vm_ref_type_descriptor_t immortal_descriptor = {NULL, {"test.immortal", 13}, 3};

static iree_vm_ref_type_t object_type(void) { return iree_vm_make_ref_type(&object_descriptor); }

static object_t new_object(void) {
  object_t object = {.counter = {1}};
  return object;
}

static void test_type_words(void) {
  CHECK(object_type() == ((uintptr_t)&object_descriptor | 3));
  CHECK(iree_string_view_equal(iree_vm_ref_type_name(object_type()), IREE_SV("test.object")));
  CHECK(iree_string_view_is_empty(iree_vm_ref_type_name(IREE_VM_REF_TYPE_NULL)));
  CHECK(iree_string_view_equal(iree_vm_ref_type_name(iree_vm_buffer_type()), IREE_SV("vm.buffer")));
  CHECK(iree_string_view_equal(iree_vm_ref_type_name(iree_vm_list_type()), IREE_SV("vm.list")));
}

static void test_counting(void) {
  object_t object = new_object();
  iree_vm_ref_t a = {0}, b = {0};
  CHECK_OK(iree_vm_ref_wrap_assign(&object, object_type(), &a));
  CHECK(object.counter.value == 1);
  iree_vm_ref_retain(&a, &b);
  CHECK(object.counter.value == 2 && iree_vm_ref_equal(&a, &b));
  iree_vm_ref_retain(&a, &a);
  iree_vm_ref_retain(&a, &b);
  CHECK(object.counter.value == 2);
  iree_vm_ref_retain_inplace(&a);
  iree_vm_ref_object_release(&object, object_type());
  iree_vm_ref_release(&a);
  CHECK(iree_vm_ref_is_null(&a) && a.ptr == NULL && object.counter.value == 1 && object.destroyed == 0);
  iree_vm_ref_release(&a);
  iree_vm_ref_release(&b);
  CHECK(object.counter.value == 0 && object.destroyed == 1);
}

static void test_wrapping(void) {
  object_t first = new_object(), second = new_object();
  iree_vm_ref_t ref = {0};
  CHECK_OK(iree_vm_ref_wrap_assign(&first, object_type(), &ref));
  CHECK_OK(iree_vm_ref_wrap_assign(&first, object_type(), &ref)); /* same object: only overwritten */
  CHECK(first.counter.value == 1 && first.destroyed == 0);
  CHECK_OK(iree_vm_ref_wrap_retain(&first, object_type(), &ref));
  CHECK(first.counter.value == 1);
  CHECK_OK(iree_vm_ref_wrap_retain(&second, object_type(), &ref));
  CHECK(first.destroyed == 1 && second.counter.value == 2);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_ref_wrap_assign(&first, IREE_VM_REF_TYPE_NULL, &ref));
  CHECK(ref.ptr == &second);
  CHECK_OK(iree_vm_ref_wrap_assign(NULL, IREE_VM_REF_TYPE_NULL, &ref));
  CHECK(iree_vm_ref_is_null(&ref) && second.counter.value == 1);
}

static void test_moving(void) {
  object_t first = new_object(), second = new_object();
  iree_vm_ref_t a = {&first, object_type()}, b = {&second, object_type()};
  iree_vm_ref_move(&a, &a);
  CHECK(a.ptr == &first);
  iree_vm_ref_move(&a, &b);
  CHECK(iree_vm_ref_is_null(&a) && b.ptr == &first && second.destroyed == 1 && first.counter.value == 1);
  iree_vm_ref_retain_or_move(1, &b, &a);
  CHECK(iree_vm_ref_is_null(&b) && a.ptr == &first);
  iree_vm_ref_retain_or_move(0, &a, &b);
  CHECK(first.counter.value == 2);
  iree_vm_ref_t borrowed = {0};
  iree_vm_ref_assign(&a, &borrowed);
  iree_vm_ref_assign(&borrowed, &borrowed);
  CHECK(first.counter.value == 2 && borrowed.ptr == &first);
  iree_vm_ref_release(&a);
  iree_vm_ref_release(&b);
  CHECK(first.destroyed == 1);
}

static void test_checked(void) {
  object_t object = new_object();
  iree_vm_ref_t ref = {&object, object_type()}, null = {0}, out = {0};
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_ref_retain_checked(&ref, iree_vm_list_type(), &out));
  CHECK(iree_vm_ref_is_null(&out) && object.counter.value == 1);
  CHECK_OK(iree_vm_ref_retain_checked(&ref, object_type(), &out));
  CHECK_OK(iree_vm_ref_retain_checked(&ref, IREE_VM_REF_TYPE_ANY, &out));
  CHECK(object.counter.value == 2);
  CHECK_OK(iree_vm_ref_retain_checked(&null, object_type(), &out));
  CHECK(iree_vm_ref_is_null(&out) && object.counter.value == 1);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               iree_vm_ref_retain_or_move_checked(1, &ref, iree_vm_buffer_type(), &out));
  CHECK(ref.ptr == &object);
  CHECK_OK(iree_vm_ref_retain_or_move_checked(1, &ref, object_type(), &out));
  CHECK(iree_vm_ref_is_null(&ref) && out.ptr == &object);
  CHECK_OK(iree_vm_ref_check(out, object_type()));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_ref_check(out, iree_vm_list_type()));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_ref_check(null, object_type()));
  iree_vm_ref_release(&out);
}

/* Half a reference is none, and a type without destroy is left alone. */
static void test_odd_references(void) {
  object_t object = new_object();
  iree_vm_ref_t typeless = {&object, 0}, objectless = {NULL, object_type()}, out = {0};
  iree_vm_ref_retain(&typeless, &out);
  iree_vm_ref_release(&out);
  iree_vm_ref_retain(&objectless, &out);
  iree_vm_ref_release(&out);
  iree_vm_ref_release(&typeless);
  CHECK(object.counter.value == 1);
  iree_vm_ref_t immortal = {&object, iree_vm_make_ref_type(&immortal_descriptor)};
  iree_vm_ref_release(&immortal);
  CHECK(object.counter.value == 0 && object.destroyed == 0);
}

static void test_adapters(void) {
  iree_vm_list_t* list = NULL;
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 0, iree_allocator_system(), &list));
  iree_vm_ref_t ref = iree_vm_list_move_ref(list), null = iree_vm_list_retain_ref(NULL);
  iree_vm_list_t* found = NULL;
  iree_vm_buffer_t* buffer = NULL;
  CHECK(iree_vm_ref_is_null(&null) && iree_vm_list_isa(ref) && !iree_vm_buffer_isa(ref) && !iree_vm_list_isa(null));
  CHECK(iree_vm_list_deref(ref) == list && !iree_vm_buffer_deref(ref) && !iree_vm_list_deref(null));
  CHECK_OK(iree_vm_list_check_deref(ref, &found));
  CHECK(found == list);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_list_check_deref(null, &found));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_check_deref(ref, &buffer));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_check_deref_or_null(ref, &buffer));
  CHECK_OK(iree_vm_list_check_deref_or_null(null, &found));
  CHECK(found == NULL && buffer == NULL);
  iree_vm_ref_t second = iree_vm_list_retain_ref(list);
  iree_vm_ref_release(&ref);
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIST) == 1);
  iree_vm_ref_release(&second);
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIST) == 0);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static iree_vm_value_t convert(iree_vm_value_t value, iree_vm_value_type_t type) {
  return iree_vm_value_convert(&value, type);
}

static void test_conversions(void) {
  CHECK(convert(iree_vm_value_make_i64(0x1234567890), IREE_VM_VALUE_TYPE_I32).i32 == 0x34567890);
  CHECK(convert(iree_vm_value_make_i32(0x12345), IREE_VM_VALUE_TYPE_I8).i8 == 0x45);
  CHECK(convert(iree_vm_value_make_i32(0xFF80), IREE_VM_VALUE_TYPE_I16).i16 == -128);
  CHECK(convert(iree_vm_value_make_i8(-1), IREE_VM_VALUE_TYPE_I64).i64 == -1);
  CHECK(convert(iree_vm_value_make_i16(-5), IREE_VM_VALUE_TYPE_I32).i32 == -5);
  CHECK(convert(iree_vm_value_make_f32(1.5f), IREE_VM_VALUE_TYPE_F64).f64 == 1.5);
  CHECK(convert(iree_vm_value_make_f64(0.1), IREE_VM_VALUE_TYPE_F32).f32 == 0.1f);
  CHECK(convert(iree_vm_value_make_i32(7), IREE_VM_VALUE_TYPE_F32).f32 == 0);
  CHECK(convert(iree_vm_value_make_f64(7), IREE_VM_VALUE_TYPE_I64).i64 == 0);
  CHECK(convert(iree_vm_value_make_f32(7), IREE_VM_VALUE_TYPE_F32).f32 == 7);
  CHECK(convert(iree_vm_value_make_none(), IREE_VM_VALUE_TYPE_I32).i32 == 0);
  CHECK(convert(iree_vm_value_make_i32(7), IREE_VM_VALUE_TYPE_NONE).type == IREE_VM_VALUE_TYPE_NONE);
  CHECK(convert(iree_vm_value_make_i64(-1), IREE_VM_VALUE_TYPE_I16).type == IREE_VM_VALUE_TYPE_I16);
}

static void test_sizes(void) {
  static const size_t sizes[] = {0, 1, 2, 4, 8, 4, 8, 0};
  for (int type = 0; type < 8; ++type) CHECK(iree_vm_value_type_size((iree_vm_value_type_t)type) == sizes[type]);
}

static void test_variants(void) {
  object_t object = new_object();
  iree_vm_ref_t ref = {&object, object_type()};
  iree_vm_variant_t variant = iree_vm_make_variant_ref_assign(ref);
  CHECK(iree_vm_variant_is_ref(variant) && !iree_vm_variant_is_value(variant) && !iree_vm_variant_is_empty(variant));
  CHECK(iree_vm_type_def_as_ref(variant.type) == object_type());
  iree_vm_variant_reset(&variant);
  CHECK(iree_vm_variant_is_empty(variant) && object.destroyed == 1);
  iree_vm_variant_reset(&variant);
  variant = iree_vm_make_variant_value(iree_vm_value_make_f32(2));
  CHECK(iree_vm_variant_is_value(variant) && !iree_vm_variant_is_ref(variant));
  iree_vm_variant_reset(&variant);
  CHECK(iree_vm_variant_is_empty(variant));
}

static const check_case_t cases[] = {
    {"type_words", test_type_words}, {"counting", test_counting}, {"wrapping", test_wrapping},
    {"moving", test_moving},         {"checked", test_checked},   {"odd_references", test_odd_references},
    {"adapters", test_adapters},     {"conversions", test_conversions}, {"sizes", test_sizes},
    {"variants", test_variants},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
