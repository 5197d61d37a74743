/* SPDX-License-Identifier: Apache-2.0 */
/* Allocators, the probe, strings and the string builder. */
#include "base/string_builder.h"
#include "check.h"
#include "vmrt/probe.h"

/* ---- Allocators ---------------------------------------------------------------------------------------------------- */

static void check_protocol(iree_allocator_t allocator) {
  void* slot = &slot; /* what malloc finds in the slot does not matter, and stays on failure */
  iree_host_size_t zero = 0, huge = SIZE_MAX - 8, some = 100;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_MALLOC, &zero, &slot));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_CALLOC, &huge, &slot));
  CHECK(slot == &slot);
  CHECK_OK(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_CALLOC, &some, &slot));
  CHECK(((uintptr_t)slot & 15) == 0);
  for (iree_host_size_t i = 0; i < some; ++i) CHECK(((char*)slot)[i] == 0);
  memset(slot, 7, some);
  void* block = slot;
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_REALLOC, &huge, &slot));
  CHECK(slot == block && ((char*)slot)[99] == 7);
  some = 5000;
  CHECK_OK(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_REALLOC, &some, &slot));
  CHECK(((uintptr_t)slot & 15) == 0 && ((char*)slot)[99] == 7);
  CHECK_OK(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &slot));
  CHECK(slot == NULL);
  CHECK_OK(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &slot));
  CHECK_OK(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_REALLOC, &some, &slot));
  iree_allocator_free(allocator, slot);
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, allocator.ctl(allocator.self, (iree_allocator_command_t)4, NULL, &slot));
}

static void test_libc_allocator(void) { check_protocol(iree_allocator_system()); }

static void test_null_allocator(void) {
  void* block = NULL;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_allocator_malloc(iree_allocator_null(), 1, &block));
  CHECK(block == NULL);
  int something;
  iree_allocator_free(iree_allocator_null(), &something);
  CHECK(iree_allocator_is_null(iree_allocator_null()));
}

static void test_arrays(void) {
  iree_allocator_t system = iree_allocator_system();
  iree_host_size_t capacity = 0;
  void* array = NULL;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_allocator_malloc_array(system, SIZE_MAX / 2, 3, &array));
  CHECK_OK(iree_allocator_grow_array(system, 3, sizeof(int), &capacity, &array));
  CHECK(capacity == 3);
  ((int*)array)[2] = 42;
  CHECK_OK(iree_allocator_grow_array(system, 4, sizeof(int), &capacity, &array));
  CHECK(capacity == 6 && ((int*)array)[2] == 42);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE,
               iree_allocator_grow_array(system, SIZE_MAX / 2, sizeof(int), &capacity, &array));
  CHECK(capacity == 6 && ((int*)array)[2] == 42);
  void* copy = NULL;
  CHECK_OK(iree_allocator_clone(system, iree_make_const_byte_span(array, 3 * sizeof(int)), &copy));
  CHECK(memcmp(copy, array, 3 * sizeof(int)) == 0);
  iree_allocator_free(system, copy);
  iree_allocator_free(system, array);
}

static void test_aligned(void) {
  iree_allocator_t system = iree_allocator_system();
  void* block = NULL;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_allocator_malloc_aligned(system, 10, 24, &block));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_allocator_malloc_aligned(system, 10, 0, &block));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_allocator_malloc_aligned(system, SIZE_MAX - 10, 64, &block));
  for (iree_host_size_t alignment = 1; alignment <= 4096; alignment *= 2) {
    CHECK_OK(iree_allocator_malloc_aligned(system, 100, alignment, &block));
    CHECK(((uintptr_t)block & ((alignment < 16 ? 16 : alignment) - 1)) == 0);
    memset(block, 1, 100);
    iree_allocator_free_aligned(system, block);
  }
}

/* ---- Probe --------------------------------------------------------------------------------------------------------- */

static void test_probe_protocol(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  check_protocol(vmrt_probe_allocator(probe, IREE_SV("owner")));
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  CHECK(vmrt_probe_statistics(probe).live_bytes == 0);
  vmrt_probe_release(probe);
}

static void test_probe_counts_by_owner(void) {
  vmrt_probe_t* probe = NULL;
  void *first = NULL, *second = NULL;
  iree_string_view_t name;
  vmrt_probe_statistics_t statistics;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t one = vmrt_probe_allocator(probe, IREE_SV("one"));
  iree_allocator_t two = vmrt_probe_allocator(probe, IREE_SV("two"));
  CHECK(one.self == vmrt_probe_allocator(probe, IREE_SV("one")).self);
  CHECK_OK(iree_allocator_malloc(one, 100, &first));
  CHECK_OK(iree_allocator_malloc(two, 50, &second));
  CHECK_OK(iree_allocator_realloc(two, 10, &first)); /* stays with its owner */
  iree_allocator_free(one, second);
  CHECK_OK(vmrt_probe_owner(probe, 0, &name, &statistics));
  CHECK(iree_string_view_equal(name, IREE_SV("one")));
  CHECK(statistics.live_blocks == 1 && statistics.live_bytes == 10 && statistics.peak_bytes == 100);
  CHECK_OK(vmrt_probe_owner(probe, 1, &name, &statistics));
  CHECK(statistics.live_blocks == 0 && statistics.peak_bytes == 50 && statistics.requests == 2);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_probe_owner(probe, 2, &name, &statistics));
  statistics = vmrt_probe_statistics(probe);
  CHECK(statistics.live_blocks == 1 && statistics.peak_blocks == 2 && statistics.peak_bytes == 150);
  CHECK(statistics.requests == 3 && statistics.failed == 0);
  vmrt_probe_release(probe);
  iree_allocator_free(one, first); /* the probe goes with its last block */
}

static void test_probe_many_owners(void) {
  vmrt_probe_t* probe = NULL;
  iree_string_view_t name;
  vmrt_probe_statistics_t statistics;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t last = iree_allocator_null();
  for (int i = 0; i < 100; ++i) {
    char text[8];
    snprintf(text, sizeof text, "o%d", i);
    last = vmrt_probe_allocator(probe, iree_make_cstring_view(text));
  }
  CHECK_OK(vmrt_probe_owner(probe, 64, &name, &statistics));
  CHECK(iree_string_view_equal(name, IREE_SV("other")));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_probe_owner(probe, 65, &name, &statistics));
  check_protocol(last);
  vmrt_probe_release(probe);
}

static iree_status_code_t try_allocation(iree_allocator_t allocator) {
  void* block = NULL;
  iree_status_t status = iree_allocator_malloc(allocator, 8, &block);
  iree_allocator_free(allocator, block);
  return iree_status_consume_code(status);
}

static void test_probe_fails(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t allocator = vmrt_probe_allocator(probe, IREE_SV("x"));
  vmrt_probe_fail_at(probe, 1, false);
  CHECK(try_allocation(allocator) == IREE_STATUS_OK);
  CHECK(try_allocation(allocator) == IREE_STATUS_RESOURCE_EXHAUSTED);
  CHECK(try_allocation(allocator) == IREE_STATUS_OK);
  vmrt_probe_fail_at(probe, 0, true);
  CHECK(try_allocation(allocator) == IREE_STATUS_RESOURCE_EXHAUSTED);
  CHECK(try_allocation(allocator) == IREE_STATUS_RESOURCE_EXHAUSTED);
  vmrt_probe_fail_at(probe, -1, true);
  CHECK(try_allocation(allocator) == IREE_STATUS_OK);
  CHECK(vmrt_probe_statistics(probe).failed == 3);
  vmrt_probe_release(probe);
}

static void test_object_names(void) {
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    CHECK(vmrt_object_kind_name((vmrt_object_kind_t)kind) != NULL);
  }
  CHECK(strcmp(vmrt_object_kind_name(VMRT_OBJECT_BYTECODE_MODULE), "bytecode_module") == 0);
  CHECK(vmrt_object_kind_name(VMRT_OBJECT_KIND_COUNT) == NULL);
  CHECK(vmrt_live_objects(VMRT_OBJECT_KIND_COUNT) == 0);
}

/* ---- Strings ------------------------------------------------------------------------------------------------------- */

static void test_strings(void) {
  iree_string_view_t text = IREE_SV("a=b=c"), left, right;
  CHECK(iree_string_view_find_char(text, '=', 2) == 3);
  CHECK(iree_string_view_find_char(text, 'x', 0) == IREE_STRING_VIEW_NPOS);
  CHECK(iree_string_view_find_char(text, '=', 9) == IREE_STRING_VIEW_NPOS);
  CHECK(iree_string_view_equal(iree_string_view_substr(text, 2, 100), IREE_SV("b=c")));
  CHECK(iree_string_view_substr(text, 9, 1).size == 0);
  CHECK(iree_string_view_starts_with(text, IREE_SV("a=")) && !iree_string_view_starts_with(text, IREE_SV("a=b=c=")));
  CHECK(iree_string_view_ends_with(text, IREE_SV("c")) && !iree_string_view_ends_with(text, IREE_SV("x")));
  CHECK(iree_string_view_starts_with(text, iree_string_view_empty()));
  CHECK(iree_string_view_split(text, '=', &left, &right) == 1);
  CHECK(iree_string_view_equal(left, IREE_SV("a")) && iree_string_view_equal(right, IREE_SV("b=c")));
  CHECK(iree_string_view_split(text, '&', &left, &right) == IREE_STRING_VIEW_NPOS);
  CHECK(iree_string_view_equal(left, text) && right.data == NULL);
  CHECK(iree_string_view_split(IREE_SV("k="), '=', NULL, &right) == 1 && right.data != NULL && right.size == 0);
  CHECK(iree_string_view_equal(iree_string_view_trim(IREE_SV(" \t\n\v\f\rx y ")), IREE_SV("x y")));
  CHECK(iree_string_view_trim(IREE_SV("   ")).size == 0);
  CHECK(iree_string_view_trim(iree_string_view_empty()).size == 0);
  CHECK(iree_string_view_compare(IREE_SV("ab"), IREE_SV("b")) < 0);
  CHECK(iree_string_view_compare(IREE_SV("ab"), IREE_SV("a")) > 0);
  CHECK(iree_string_view_compare(IREE_SV("\x80"), IREE_SV("a")) > 0);
  CHECK(iree_string_view_compare(iree_string_view_empty(), iree_string_view_empty()) == 0);
}

static void test_string_builder(void) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(iree_allocator_system(), &builder);
  CHECK(iree_string_builder_view(&builder).size == 0);
  CHECK_OK(iree_string_builder_append_string(&builder, IREE_SV("x=")));
  for (int i = 0; i < 1000; ++i) CHECK_OK(iree_string_builder_append_format(&builder, "%d,", i % 10));
  iree_string_view_t text = iree_string_builder_view(&builder);
  CHECK(text.size == 2002 && iree_string_view_starts_with(text, IREE_SV("x=0,1,2,")));
  CHECK(text.data[text.size] == 0);
  iree_string_builder_deinitialize(&builder);
  CHECK(builder.buffer == NULL && builder.size == 0);
}

static void test_string_builder_without_memory(void) {
  vmrt_probe_t* probe = NULL;
  iree_string_builder_t builder;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_string_builder_initialize(vmrt_probe_allocator(probe, IREE_SV("text")), &builder);
  CHECK_OK(iree_string_builder_append_string(&builder, IREE_SV("kept")));
  vmrt_probe_fail_at(probe, 0, true);
  char long_text[500] = {0};
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED,
               iree_string_builder_append_string(&builder, iree_make_string_view(long_text, sizeof long_text)));
  CHECK(iree_string_view_equal(iree_string_builder_view(&builder), IREE_SV("kept")));
  iree_string_builder_deinitialize(&builder);
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  vmrt_probe_release(probe);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"libc_allocator", test_libc_allocator},
      {"null_allocator", test_null_allocator},
      {"arrays", test_arrays},
      {"aligned", test_aligned},
      {"probe_protocol", test_probe_protocol},
      {"probe_counts_by_owner", test_probe_counts_by_owner},
      {"probe_many_owners", test_probe_many_owners},
      {"probe_fails", test_probe_fails},
      {"object_names", test_object_names},
      {"strings", test_strings},
      {"string_builder", test_string_builder},
      {"string_builder_without_memory", test_string_builder_without_memory},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
