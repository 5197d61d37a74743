/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: storage, exact range checks, elements, hashes, constants of modules, objects built by hand. */
#include "check.h"
#include "iree/vm/api.h"
#include "vm/siphash.h"
#include "vmrt/probe.h"

enum { MUTABLE = IREE_VM_BUFFER_ACCESS_MUTABLE, HOST = IREE_VM_BUFFER_ACCESS_ORIGIN_HOST };

static iree_vm_buffer_t* new_buffer(size_t length) {
  iree_vm_buffer_t* buffer = NULL;
  CHECK_OK(iree_vm_buffer_create(MUTABLE | HOST, length, 0, iree_allocator_system(), &buffer));
  return buffer;
}

static void check_nothing_left(void) { CHECK(vmrt_live_objects(VMRT_OBJECT_BUFFER) == 0); }

static void test_create(void) {
  static const size_t alignments[] = {0, 1, 2, 8, 16, 64, 4096};
  for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; ++i) {
    iree_vm_buffer_t* buffer = NULL;
    CHECK_OK(iree_vm_buffer_create(MUTABLE, 33, alignments[i], iree_allocator_system(), &buffer));
    size_t alignment = alignments[i] > 16 ? alignments[i] : 16;
    CHECK((uintptr_t)buffer->data.data % alignment == 0 && iree_vm_buffer_length(buffer) == 33);
    for (size_t k = 0; k < 33; ++k) CHECK(iree_vm_buffer_data(buffer)[k] == 0);
    CHECK(iree_vm_buffer_access(buffer) & IREE_VM_BUFFER_ACCESS_STORAGE_ALIGNED);
    iree_vm_buffer_release(buffer);
  }
  iree_vm_buffer_t* empty = new_buffer(0);
  CHECK(iree_vm_buffer_length(empty) == 0);
  iree_vm_buffer_release(empty);
  iree_vm_buffer_release(NULL);
  check_nothing_left();
}

static void test_create_refusals(void) {
  iree_vm_buffer_t* buffer = NULL;
  iree_allocator_t heap = iree_allocator_system();
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_create(MUTABLE, 8, 3, heap, &buffer));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_create(MUTABLE, 8, 48, heap, &buffer));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_buffer_create(MUTABLE, SIZE_MAX, 0, heap, &buffer));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_buffer_create(MUTABLE, SIZE_MAX - 47, 0, heap, &buffer));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_buffer_create(MUTABLE, 8, (size_t)1 << 62, heap, &buffer));
  CHECK(buffer == NULL);
  check_nothing_left();
}

static void test_map(void) {
  iree_vm_buffer_t* buffer = new_buffer(16);
  iree_byte_span_t span;
  iree_const_byte_span_t view;
  CHECK_OK(iree_vm_buffer_map_rw(buffer, 4, 8, 1, &span));
  CHECK(span.data == buffer->data.data + 4 && span.data_length == 8);
  CHECK_OK(iree_vm_buffer_map_rw(buffer, 7, 11, 4, &span)); /* both rounded down */
  CHECK(span.data == buffer->data.data + 4 && span.data_length == 8);
  CHECK_OK(iree_vm_buffer_map_ro(buffer, 16, 0, 1, &view));
  CHECK(view.data_length == 0);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_map_ro(buffer, 17, 0, 1, &view));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_map_ro(buffer, (size_t)-16, 32, 1, &view));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_map_rw(buffer, 16, SIZE_MAX, 1, &span));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_map_ro(buffer, 0, 8, 3, &view));
  CHECK(iree_vm_buffer_contents(buffer).data_length == 16);
  iree_vm_buffer_release(buffer);
  check_nothing_left();
}

/* Reading is fine, any writing is refused, and that comes before the range. */
static void test_read_only(void) {
  uint8_t bytes[4] = {1, 2, 3, 4}, byte = 9;
  iree_vm_buffer_t constant;
  iree_vm_buffer_t* buffer = new_buffer(4);
  iree_vm_buffer_initialize(HOST, iree_make_byte_span(bytes, 4), iree_allocator_null(), &constant);
  iree_byte_span_t span;
  CHECK(iree_vm_buffer_contents(&constant).data_length == 0);
  CHECK(iree_vm_buffer_const_contents(&constant).data == bytes);
  CHECK_STATUS(IREE_STATUS_PERMISSION_DENIED, iree_vm_buffer_map_rw(&constant, 99, 4, 1, &span));
  CHECK_STATUS(IREE_STATUS_PERMISSION_DENIED, iree_vm_buffer_fill_bytes(&constant, 99, 1, 0));
  CHECK_STATUS(IREE_STATUS_PERMISSION_DENIED, iree_vm_buffer_write_elements(&byte, &constant, 99, 1, 1));
  CHECK_STATUS(IREE_STATUS_PERMISSION_DENIED, iree_vm_buffer_copy_bytes(buffer, 0, &constant, 99, 1));
  CHECK_OK(iree_vm_buffer_copy_bytes(&constant, 0, buffer, 0, 4));
  CHECK(memcmp(buffer->data.data, bytes, 4) == 0 && bytes[0] == 1);
  iree_vm_buffer_deinitialize(&constant);
  iree_vm_buffer_release(buffer);
  check_nothing_left();
}

static void test_copy_and_compare(void) {
  iree_vm_buffer_t *a = new_buffer(8), *b = new_buffer(8);
  bool equal = false;
  for (uint8_t i = 0; i < 8; ++i) a->data.data[i] = i;
  CHECK_OK(iree_vm_buffer_copy_bytes(a, 2, b, 0, 6));
  CHECK_OK(iree_vm_buffer_compare_bytes(a, 2, b, 0, 6, &equal));
  CHECK(equal);
  CHECK_OK(iree_vm_buffer_compare_bytes(a, 0, b, 0, 8, &equal));
  CHECK(!equal);
  CHECK_OK(iree_vm_buffer_compare_bytes(a, 8, b, 8, 0, &equal));
  CHECK(equal);
  CHECK_OK(iree_vm_buffer_copy_bytes(a, 0, a, 1, 7)); /* overlapping */
  CHECK(a->data.data[0] == 0 && a->data.data[1] == 0 && a->data.data[7] == 6);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_copy_bytes(a, 1, b, 0, 8));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_copy_bytes(a, 0, b, 1, 8));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_copy_bytes(a, (size_t)-8, b, 0, 16));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_compare_bytes(a, 0, b, (size_t)-1, 2, &equal));
  iree_vm_buffer_t* clone = NULL;
  CHECK_OK(iree_vm_buffer_clone(MUTABLE, a, 1, 7, 64, iree_allocator_system(), &clone));
  CHECK((uintptr_t)clone->data.data % 64 == 0 && memcmp(clone->data.data, a->data.data + 1, 7) == 0);
  iree_vm_buffer_release(clone);
  clone = NULL;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_clone(MUTABLE, a, 2, 7, 0, iree_allocator_system(), &clone));
  CHECK(clone == NULL);
  iree_vm_buffer_release(a);
  iree_vm_buffer_release(b);
  check_nothing_left();
}

static void test_elements(void) {
  iree_vm_buffer_t* buffer = new_buffer(15); /* seven whole elements of two bytes */
  uint16_t pattern = 0x1234, out[3] = {0, 0, 0};
  uint64_t wide = 1;
  CHECK_OK(iree_vm_buffer_fill_elements(buffer, 1, 2, 2, &pattern));
  CHECK_OK(iree_vm_buffer_read_elements(buffer, 0, out, 3, 2));
  CHECK(out[0] == 0 && out[1] == 0x1234 && out[2] == 0x1234);
  CHECK_OK(iree_vm_buffer_write_elements(out, buffer, 4, 3, 2));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_write_elements(out, buffer, 5, 3, 2));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_read_elements(buffer, 8, out, 0, 2));
  CHECK_OK(iree_vm_buffer_read_elements(buffer, 7, out, 0, 2));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_fill_elements(buffer, 1, 1, 8, &wide));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_fill_elements(buffer, (size_t)1 << 61, 1, 8, &wide));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_fill_elements(buffer, SIZE_MAX, 2, 1, &wide));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_fill_elements(buffer, 0, 1, 3, &wide));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_buffer_read_elements(buffer, 0, out, 1, 0));
  CHECK_OK(iree_vm_buffer_fill_bytes(buffer, 0, 15, 0xAB));
  CHECK(buffer->data.data[14] == 0xAB);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_fill_bytes(buffer, 1, 15, 0));
  iree_vm_buffer_release(buffer);
  check_nothing_left();
}

/* Values of the sheet and of the paper's test program (message 00 01 02 … of each length). */
static void test_hash(void) {
  static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  static const uint8_t message[15] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
  CHECK(siphash_2_4(key, NULL, 0) == 0x726fdb47dd0e0e31u);
  CHECK(siphash_2_4(key, message, 1) == 0x74f839c593dc67fdu);
  CHECK(siphash_2_4(key, message, 8) == 0x93f5f5799a932462u);
  CHECK(siphash_2_4(key, message, 15) == 0xa129ca6149be45e5u);
  iree_vm_buffer_t* buffer = new_buffer(20);
  int64_t hash = 0;
  memcpy(buffer->data.data + 3, message, 15);
  CHECK_OK(iree_vm_buffer_hash(buffer, 3, 15, &hash));
  CHECK((uint64_t)hash == 0xa129ca6149be45e5u);
  CHECK_OK(iree_vm_buffer_hash(buffer, 20, 0, &hash));
  CHECK((uint64_t)hash == 0x726fdb47dd0e0e31u);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_buffer_hash(buffer, (size_t)-4, 8, &hash));
  iree_vm_buffer_release(buffer);
  check_nothing_left();
}

/* ---- Other owners ------------------------------------------------------------------------------------------------ */

static int destroyed_modules;
static void module_destroy(void* self) {
  (void)self;
  ++destroyed_modules;
}

/* The first reference of a constant retains its module, the last one releases it, again and again. */
static void test_constants(void) {
  static uint8_t bytes[3] = {1, 2, 3};
  iree_vm_module_t module;
  iree_vm_buffer_t constant;
  CHECK_OK(iree_vm_module_initialize(&module, &module));
  module.destroy = module_destroy;
  destroyed_modules = 0;
  iree_vm_buffer_initialize_module_storage(iree_make_byte_span(bytes, 3), &module, &constant);
  CHECK(constant.ref_object.counter.value == 0 && iree_vm_buffer_access(&constant) == 2);
  iree_vm_ref_t a = {0}, b = {0};
  CHECK_OK(iree_vm_buffer_wrap_retain(&constant, &a));
  CHECK(module.ref_count.value == 2 && constant.ref_object.counter.value == 1);
  iree_vm_ref_retain(&a, &b);
  CHECK(module.ref_count.value == 2);
  iree_vm_ref_release(&a);
  iree_vm_ref_release(&b);
  CHECK(module.ref_count.value == 1 && constant.ref_object.counter.value == 0);
  a = iree_vm_buffer_retain_ref(&constant);
  iree_vm_module_release(&module);
  CHECK(destroyed_modules == 0);
  iree_vm_ref_release(&a);
  CHECK(destroyed_modules == 1);
}

/* Without the bit of the aligned scheme the object itself is the block, as modules without a runtime make it. */
static void test_built_by_hand(void) {
  iree_vm_buffer_t* buffer = NULL;
  CHECK_OK(iree_allocator_malloc(iree_allocator_system(), sizeof *buffer + 8, (void**)&buffer));
  buffer->ref_object.counter.value = 1;
  buffer->access = MUTABLE | HOST;
  buffer->data = iree_make_byte_span(buffer + 1, 8);
  buffer->allocator = iree_allocator_system();
  iree_vm_ref_t ref = {buffer, iree_vm_buffer_type()};
  CHECK_OK(iree_vm_buffer_fill_bytes(iree_vm_buffer_deref(ref), 0, 8, 7));
  CHECK(vmrt_live_objects(VMRT_OBJECT_BUFFER) == 0);
  iree_vm_ref_release(&ref);
  check_nothing_left();
}

static const check_case_t cases[] = {
    {"create", test_create},
    {"create_refusals", test_create_refusals},
    {"map", test_map},
    {"read_only", test_read_only},
    {"copy_and_compare", test_copy_and_compare},
    {"elements", test_elements},
    {"hash", test_hash},
    {"constants", test_constants},
    {"built_by_hand", test_built_by_hand},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
