/* SPDX-License-Identifier: Apache-2.0 */
/* HAL buffers on the heap allocator: ranges, permissions, host access, subspans, transients, imports, statistics. */
#include "check.h"
#include "hal/buffer_impl.h"
#include "vmrt/probe.h"

#define DEVICE_MEMORY 0x30
#define DEFAULT_USAGE 0xC03

static iree_hal_allocator_t* heap;

/* ---- Helpers ----------------------------------------------------------------------------------------------------- */

static iree_hal_buffer_t* allocate(iree_device_size_t size) {
  iree_hal_buffer_params_t params = {.type = DEVICE_MEMORY, .usage = DEFAULT_USAGE};
  iree_hal_buffer_t* buffer = NULL;
  CHECK_OK(iree_hal_allocator_allocate_buffer(heap, params, size, &buffer));
  return buffer;
}

static void check_message(iree_status_code_t code, iree_status_t status, const char* wanted) {
  char text[1024] = "";
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof text, text, &length);
  CHECK(iree_status_code(status) == code);
  if (!strstr(text, wanted)) {
    fprintf(stderr, "wanted `%s`\ngot    `%s`\n", wanted, text);
    CHECK(!"message as wanted");
  }
  iree_status_free(status);
}

static bool has_bytes(iree_hal_buffer_t* buffer, iree_device_size_t offset, const char* wanted, size_t length) {
  uint8_t bytes[64];
  CHECK(length <= sizeof bytes);
  CHECK_OK(iree_hal_buffer_map_read(buffer, offset, bytes, length));
  return memcmp(bytes, wanted, length) == 0;
}

/* ---- Allocation -------------------------------------------------------------------------------------------------- */

static void test_granted_parameters(void) {
  iree_hal_buffer_t* buffer = allocate(100);
  CHECK(iree_hal_buffer_memory_type(buffer) == 0x36);
  CHECK(iree_hal_buffer_allowed_usage(buffer) == (0xC03 | 0xB000000));
  CHECK(iree_hal_buffer_allowed_access(buffer) == IREE_HAL_MEMORY_ACCESS_ALL);
  CHECK(iree_hal_buffer_byte_length(buffer) == 100 && iree_hal_buffer_allocation_size(buffer) == 100);
  CHECK(iree_hal_buffer_byte_offset(buffer) == 0 && iree_hal_buffer_allocated_buffer(buffer) == buffer);
  iree_hal_buffer_release(buffer);
  iree_hal_buffer_params_t nothing = {0};
  CHECK_OK(iree_hal_allocator_allocate_buffer(heap, nothing, 4, &buffer));
  CHECK(iree_hal_buffer_memory_type(buffer) == 0x06);
  CHECK((iree_hal_buffer_allowed_usage(buffer) & DEFAULT_USAGE) == DEFAULT_USAGE);
  iree_hal_buffer_release(buffer);
}

static void test_zeroed_and_aligned(void) {
  static const iree_device_size_t sizes[] = {0, 1, 63, 64, 65, 4096, 1000000};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    iree_hal_buffer_t* buffer = allocate(sizes[i]);
    uint8_t* bytes = NULL;
    CHECK_OK(hal_buffer_host_pointer(buffer, 0, &bytes));
    CHECK((uintptr_t)bytes % 64 == 0);
    size_t nonzero = 0;
    for (iree_device_size_t at = 0; at < sizes[i]; ++at) nonzero += bytes[at] != 0;
    CHECK(nonzero == 0);
    iree_hal_buffer_release(buffer);
  }
  iree_hal_buffer_params_t params = {.min_alignment = 4096};
  iree_hal_buffer_t* page = NULL;
  uint8_t* bytes = NULL;
  CHECK_OK(iree_hal_allocator_allocate_buffer(heap, params, 10, &page));
  CHECK_OK(hal_buffer_host_pointer(page, 0, &bytes));
  CHECK((uintptr_t)bytes % 4096 == 0);
  iree_hal_buffer_release(page);
}

static void test_refused_sizes(void) {
  iree_hal_buffer_params_t params = {0};
  iree_hal_buffer_t* buffer = NULL;
  static const iree_device_size_t sizes[] = {UINT64_MAX, (iree_device_size_t)-16, (iree_device_size_t)1 << 63};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i) {
    CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_hal_allocator_allocate_buffer(heap, params, sizes[i], &buffer));
    CHECK(buffer == NULL);
  }
  params.min_alignment = 48;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_hal_allocator_allocate_buffer(heap, params, 1, &buffer));
}

static void test_compatibility(void) {
  iree_hal_buffer_params_t params = {.type = DEVICE_MEMORY | IREE_HAL_MEMORY_TYPE_OPTIMAL}, granted;
  iree_device_size_t size = 0;
  iree_hal_buffer_compatibility_t result =
      iree_hal_allocator_query_buffer_compatibility(heap, params, 10, &granted, &size);
  CHECK(result & IREE_HAL_BUFFER_COMPATIBILITY_ALLOCATABLE);
  CHECK(result & IREE_HAL_BUFFER_COMPATIBILITY_QUEUE_DISPATCH);
  CHECK(granted.type == 0x36 && size == 10);
  CHECK(iree_hal_allocator_query_buffer_compatibility(heap, params, UINT64_MAX, NULL, NULL) ==
        IREE_HAL_BUFFER_COMPATIBILITY_NONE);
}

/* ---- Ranges and subspans ----------------------------------------------------------------------------------------- */

static void test_range_texts(void) {
  iree_hal_buffer_t* buffer = allocate(16);
  check_message(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_validate_range(buffer, 17, 4),
                "attempted to access an address off the end of the valid buffer range (offset=17, length=4, buffer "
                "byte_length=16)");
  check_message(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_validate_range(buffer, 8, 16),
                "attempted to access an address outside of the valid buffer range (offset=8, adjusted_length=16, "
                "end=23, buffer byte_length=16)");
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_validate_range(buffer, 8, UINT64_MAX - 4));
  CHECK_OK(iree_hal_buffer_validate_range(buffer, 16, 0));
  CHECK_OK(iree_hal_buffer_validate_range(buffer, 3, IREE_HAL_WHOLE_BUFFER));
  iree_device_size_t offset = 0, length = 0;
  CHECK_OK(iree_hal_buffer_calculate_range(100, 16, 3, IREE_HAL_WHOLE_BUFFER, &offset, &length));
  CHECK(offset == 103 && length == 13);
  iree_hal_buffer_release(buffer);
}

static void test_subspans(void) {
  iree_hal_buffer_t *root = allocate(16), *whole = NULL, *part = NULL, *inner = NULL;
  CHECK_OK(iree_hal_buffer_map_write(root, 0, "0123456789abcdef", 16));
  CHECK_OK(iree_hal_buffer_subspan(root, 0, 16, iree_allocator_system(), &whole));
  CHECK(whole == root);
  CHECK_OK(iree_hal_buffer_subspan(root, 4, IREE_HAL_WHOLE_BUFFER, iree_allocator_system(), &part));
  CHECK_OK(iree_hal_buffer_subspan(part, 2, 3, iree_allocator_system(), &inner));
  iree_hal_buffer_release(whole);
  iree_hal_buffer_release(part);
  CHECK(iree_hal_buffer_allocated_buffer(inner) == root);
  CHECK(iree_hal_buffer_byte_offset(inner) == 6 && iree_hal_buffer_byte_length(inner) == 3);
  CHECK(iree_hal_buffer_allocation_size(inner) == 16);
  CHECK(iree_hal_buffer_memory_type(inner) == iree_hal_buffer_memory_type(root));
  iree_hal_buffer_release(root);
  CHECK(has_bytes(inner, 0, "678", 3));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_subspan(inner, 2, 2, iree_allocator_system(), &part));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_subspan(inner, 4, 0, iree_allocator_system(), &part));
  CHECK(part == NULL);
  iree_hal_buffer_release(inner);
}

static void test_logical_owners(void) {
  iree_hal_buffer_t *buffer = allocate(16), *part = NULL;
  CHECK_OK(iree_hal_buffer_subspan(buffer, 1, 2, iree_allocator_system(), &part));
  CHECK(iree_hal_buffer_allocation_is_terminal(buffer));
  iree_hal_buffer_allocation_preserve(part);
  CHECK(!iree_hal_buffer_allocation_is_terminal(buffer));
  CHECK(!iree_hal_buffer_allocation_discard(buffer));
  CHECK(iree_hal_buffer_allocation_is_terminal(part));
  CHECK(iree_hal_buffer_allocation_discard(part));
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(buffer);
}

/* ---- Host access ------------------------------------------------------------------------------------------------- */

static void test_fill(void) {
  iree_hal_buffer_t* buffer = allocate(16);
  CHECK_OK(iree_hal_buffer_map_fill(buffer, 0, IREE_HAL_WHOLE_BUFFER, "abcd", 4));
  CHECK(has_bytes(buffer, 0, "abcdabcdabcdabcd", 16));
  CHECK_OK(iree_hal_buffer_map_fill(buffer, 2, 6, "xy", 2));
  CHECK_OK(iree_hal_buffer_map_fill(buffer, 13, 3, "z", 1));
  CHECK_OK(iree_hal_buffer_map_fill(buffer, 4, 0, "1234", 4));
  CHECK(has_bytes(buffer, 0, "abxyxyxyabcdazzz", 16));
  check_message(IREE_STATUS_INVALID_ARGUMENT, iree_hal_buffer_map_fill(buffer, 2, 4, "abcd", 4),
                "attempting to fill a range with 4 byte values that is not aligned (offset=2, length=4)");
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_hal_buffer_map_fill(buffer, 4, 3, "ab", 2));
  check_message(IREE_STATUS_INVALID_ARGUMENT, iree_hal_buffer_map_fill(buffer, 0, 16, "abcdefgh", 8),
                "fill patterns must be 1, 2, or 4 bytes (got 8)");
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_map_fill(buffer, 8, 16, "abcd", 4));
  CHECK(has_bytes(buffer, 0, "abxyxyxyabcdazzz", 16));
  iree_hal_buffer_release(buffer);
}

static void test_large_fill(void) {
  enum { LENGTH = 100002 };
  iree_hal_buffer_t* buffer = allocate(LENGTH);
  uint8_t* bytes = NULL;
  CHECK_OK(iree_hal_buffer_map_fill(buffer, 0, LENGTH, "pq", 2));
  CHECK_OK(hal_buffer_host_pointer(buffer, 0, &bytes));
  size_t wrong = 0;
  for (size_t i = 0; i < LENGTH; ++i) wrong += bytes[i] != "pq"[i % 2];
  CHECK(wrong == 0);
  iree_hal_buffer_release(buffer);
}

static void test_copy(void) {
  iree_hal_buffer_t *buffer = allocate(8), *other = allocate(8), *part = NULL;
  CHECK_OK(iree_hal_buffer_map_write(buffer, 0, "01234567", 8));
  CHECK_OK(iree_hal_buffer_map_copy(buffer, 2, other, 1, 4));
  CHECK(has_bytes(other, 0, "\0002345\0\0\0", 8));
  CHECK_OK(iree_hal_buffer_map_copy(buffer, 0, buffer, 4, 4));
  CHECK(has_bytes(buffer, 0, "01230123", 8));
  CHECK_OK(iree_hal_buffer_subspan(buffer, 2, 4, iree_allocator_system(), &part));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_hal_buffer_map_copy(buffer, 0, part, 0, 4));
  CHECK_OK(iree_hal_buffer_map_copy(part, 0, part, 2, 2));
  CHECK_OK(iree_hal_buffer_map_copy(buffer, 8, other, 8, 0));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_map_copy(buffer, 0, other, 4, 8));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_map_copy(buffer, 4, other, 0, 8));
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(buffer);
  iree_hal_buffer_release(other);
}

static iree_status_t map(iree_hal_buffer_t* buffer, iree_hal_mapping_mode_t mode, iree_hal_memory_access_t access,
                         iree_device_size_t offset) {
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_range(buffer, mode, access, offset, IREE_HAL_WHOLE_BUFFER, &mapping));
  return iree_hal_buffer_unmap_range(&mapping);
}

/* Each check hides the ones after it. */
static void test_order_of_mapping_checks(void) {
  iree_hal_buffer_t* buffer = allocate(8);
  buffer->memory_type = DEVICE_MEMORY;
  buffer->allowed_usage = IREE_HAL_BUFFER_USAGE_TRANSFER;
  buffer->allowed_access = IREE_HAL_MEMORY_ACCESS_READ;
  buffer->transient_state = HAL_TRANSIENT_RESERVED;
  check_message(IREE_STATUS_PERMISSION_DENIED, map(buffer, IREE_HAL_MAPPING_MODE_SCOPED, 2, 9),
                "buffer memory type is not compatible; buffer has DEVICE_LOCAL, operation requires HOST_VISIBLE");
  buffer->memory_type |= IREE_HAL_MEMORY_TYPE_HOST_VISIBLE;
  check_message(IREE_STATUS_PERMISSION_DENIED, map(buffer, IREE_HAL_MAPPING_MODE_SCOPED, 2, 9),
                "requested usage was not specified when the buffer was allocated; buffer allows TRANSFER, operation "
                "requires MAPPING_SCOPED");
  buffer->allowed_usage |= IREE_HAL_BUFFER_USAGE_MAPPING_SCOPED;
  check_message(IREE_STATUS_PERMISSION_DENIED, map(buffer, IREE_HAL_MAPPING_MODE_SCOPED, 2, 9),
                "buffer allows READ, operation requires WRITE");
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, map(buffer, IREE_HAL_MAPPING_MODE_SCOPED, 1, 9));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, map(buffer, IREE_HAL_MAPPING_MODE_SCOPED, 1, 8));
  buffer->transient_state = HAL_TRANSIENT_NOT;
  CHECK_OK(map(buffer, IREE_HAL_MAPPING_MODE_SCOPED, 1, 8));
  CHECK_STATUS(IREE_STATUS_PERMISSION_DENIED, map(buffer, IREE_HAL_MAPPING_MODE_PERSISTENT, 1, 0));
  iree_hal_buffer_release(buffer);
}

static void test_mapping_keeps_the_buffer(void) {
  iree_hal_buffer_t* buffer = allocate(8);
  iree_hal_buffer_mapping_t mapping;
  CHECK_OK(iree_hal_buffer_map_range(buffer, IREE_HAL_MAPPING_MODE_PERSISTENT, IREE_HAL_MEMORY_ACCESS_WRITE, 2,
                                     IREE_HAL_WHOLE_BUFFER, &mapping));
  iree_hal_buffer_release(buffer);
  CHECK(mapping.contents.data_length == 6);
  memset(mapping.contents.data, 7, 6);
  CHECK_OK(iree_hal_buffer_unmap_range(&mapping));
  CHECK_OK(iree_hal_buffer_unmap_range(&mapping));
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER) == 0);
}

/* ---- Queue allocations ------------------------------------------------------------------------------------------- */

static void test_transient_life(void) {
  iree_hal_buffer_params_t params = {.type = DEVICE_MEMORY};
  iree_hal_buffer_t *buffer = NULL, *part = NULL, *plain = allocate(4);
  CHECK_OK(hal_transient_buffer_create(heap, params, 16, iree_allocator_system(), &buffer));
  CHECK_OK(iree_hal_buffer_subspan(buffer, 4, 4, iree_allocator_system(), &part));
  CHECK(hal_buffer_is_transient(buffer) && hal_buffer_is_transient(part) && !hal_buffer_is_transient(plain));
  CHECK(buffer->placement_flags & part->placement_flags & IREE_HAL_BUFFER_PLACEMENT_FLAG_ASYNCHRONOUS);
  uint32_t word = 1;
  check_message(IREE_STATUS_FAILED_PRECONDITION, iree_hal_buffer_map_read(part, 0, &word, 4),
                "transient buffer has not been committed");
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, hal_transient_buffer_decommit(buffer));
  CHECK_OK(hal_transient_buffer_commit(buffer));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, hal_transient_buffer_commit(buffer));
  CHECK_OK(iree_hal_buffer_map_read(part, 0, &word, 4));
  CHECK(word == 0);
  CHECK_OK(hal_transient_buffer_decommit(part));
  check_message(IREE_STATUS_FAILED_PRECONDITION, iree_hal_buffer_map_read(buffer, 0, &word, 4),
                "transient buffer has not been committed any more");
  check_message(IREE_STATUS_FAILED_PRECONDITION, hal_transient_buffer_decommit(buffer), "queued for deallocation");
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, hal_transient_buffer_commit(plain));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, hal_transient_buffer_decommit(plain));
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(buffer);
  iree_hal_buffer_release(plain);
}

/* ---- Imports ----------------------------------------------------------------------------------------------------- */

static void count_release(void* user_data, iree_hal_buffer_t* buffer) {
  CHECK(buffer != NULL);
  ++*(int*)user_data;
}

static void test_import(void) {
  _Alignas(64) static uint8_t memory[128] = "imported";
  iree_hal_buffer_params_t params = {.type = DEVICE_MEMORY};
  iree_hal_buffer_t *buffer = NULL, *part = NULL;
  int releases = 0;
  CHECK_OK(vmrt_hal_allocator_import_host(heap, params, memory, 100, count_release, &releases, &buffer));
  CHECK(has_bytes(buffer, 0, "imported", 8));
  CHECK_OK(iree_hal_buffer_subspan(buffer, 64, 10, iree_allocator_system(), &part));
  iree_hal_buffer_release(buffer);
  CHECK(releases == 0);
  CHECK_OK(iree_hal_buffer_map_write(part, 0, "part", 4));
  iree_hal_buffer_release(part);
  CHECK(releases == 1 && memcmp(memory + 64, "part", 4) == 0);
  check_message(IREE_STATUS_OUT_OF_RANGE,
                vmrt_hal_allocator_import_host(heap, params, memory + 16, 10, count_release, &releases, &buffer),
                "imported heap buffer data must be aligned to 64");
  CHECK(releases == 1 && buffer == NULL);
}

/* ---- Statistics -------------------------------------------------------------------------------------------------- */

/* The example of the facts: two inputs and a result of 16 bytes each, copied to a buffer of the host for printing. */
static void test_statistics(void) {
  iree_hal_allocator_t* allocator = NULL;
  iree_hal_buffer_t* buffers[4];
  CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("x"), iree_allocator_system(), iree_allocator_system(), &allocator));
  for (int i = 0; i < 4; ++i) {
    iree_hal_buffer_params_t params = {.type = i == 3 ? 0x56 : DEVICE_MEMORY};
    CHECK_OK(iree_hal_allocator_allocate_buffer(allocator, params, 16, &buffers[i]));
  }
  for (int i = 0; i < 4; ++i) iree_hal_buffer_release(buffers[i]);
  iree_hal_allocator_statistics_t statistics;
  iree_hal_allocator_query_statistics(allocator, &statistics);
  char text[512];
  iree_host_size_t length = 0;
  CHECK_OK(iree_hal_allocator_statistics_format(&statistics, sizeof text, text, &length));
  static const char wanted[] =
      "[[ iree_hal_allocator_t memory statistics ]]\n"
      "  HOST_LOCAL:           16B peak /           16B allocated /           16B freed /            0B live\n"
      "DEVICE_LOCAL:           48B peak /           48B allocated /           48B freed /            0B live\n";
  CHECK(strcmp(text, wanted) == 0);
  CHECK(length == strlen(text));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_allocator_statistics_format(&statistics, 10, text, &length));
  iree_hal_allocator_release(allocator);
}

static void test_buffers_keep_their_allocator(void) {
  iree_hal_allocator_t* allocator = NULL;
  iree_hal_buffer_t* buffer = NULL;
  iree_hal_buffer_params_t params = {0};
  CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("x"), iree_allocator_system(), iree_allocator_system(), &allocator));
  CHECK_OK(iree_hal_allocator_allocate_buffer(allocator, params, 16, &buffer));
  iree_hal_allocator_release(allocator);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_ALLOCATOR) == 2);
  CHECK_OK(iree_hal_buffer_map_write(buffer, 0, "still here", 10));
  iree_hal_buffer_release(buffer);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_ALLOCATOR) == 1);
}

static iree_hal_buffer_t* allocate_transient(iree_device_size_t size, uint8_t** out_bytes) {
  iree_hal_buffer_params_t params = {.type = DEVICE_MEMORY, .usage = DEFAULT_USAGE};
  iree_hal_buffer_t* buffer = NULL;
  CHECK_OK(hal_transient_buffer_create(heap, params, size, iree_allocator_system(), &buffer));
  CHECK_OK(hal_transient_buffer_commit(buffer));
  CHECK_OK(hal_buffer_host_pointer(buffer, 0, out_bytes));
  return buffer;
}

/* Queues get large memory back as they left it; others find zeros, and the statistics do not know. */
static void test_kept_memory(void) {
  enum { SIZE = 100000 };
  uint8_t *first = NULL, *second = NULL, *fresh = NULL;
  iree_hal_buffer_t* buffer = allocate_transient(SIZE, &first);
  for (int i = 0; i < SIZE; ++i) CHECK(first[i] == 0);
  memset(first, 7, SIZE);
  iree_hal_buffer_release(buffer);
  iree_hal_buffer_t* zeroed = allocate(SIZE);
  CHECK_OK(hal_buffer_host_pointer(zeroed, 0, &fresh));
  for (int i = 0; i < SIZE; ++i) CHECK(fresh[i] == 0);
  iree_hal_allocator_statistics_t before, after;
  iree_hal_allocator_query_statistics(heap, &before);
  buffer = allocate_transient(SIZE - 10000, &second);
  iree_hal_allocator_query_statistics(heap, &after);
  CHECK(second == first && iree_hal_buffer_allocation_size(buffer) == SIZE - 10000);
  CHECK(after.device_bytes_allocated == before.device_bytes_allocated + SIZE - 10000);
  CHECK(after.device_bytes_freed == before.device_bytes_freed);
  iree_hal_buffer_release(buffer);
  iree_hal_buffer_release(zeroed);
  buffer = allocate_transient(SIZE / 4, &second); /* too small to take so much */
  CHECK(second != first && second[0] == 0);
  iree_hal_buffer_release(buffer);
}

static const check_case_t cases[] = {
    {"granted_parameters", test_granted_parameters},
    {"zeroed_and_aligned", test_zeroed_and_aligned},
    {"kept_memory", test_kept_memory},
    {"refused_sizes", test_refused_sizes},
    {"compatibility", test_compatibility},
    {"range_texts", test_range_texts},
    {"subspans", test_subspans},
    {"logical_owners", test_logical_owners},
    {"fill", test_fill},
    {"large_fill", test_large_fill},
    {"copy", test_copy},
    {"order_of_mapping_checks", test_order_of_mapping_checks},
    {"mapping_keeps_the_buffer", test_mapping_keeps_the_buffer},
    {"transient_life", test_transient_life},
    {"import", test_import},
    {"statistics", test_statistics},
    {"buffers_keep_their_allocator", test_buffers_keep_their_allocator},
};

int main(int argc, char** argv) {
  iree_allocator_t system = iree_allocator_system();
  if (!CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("test"), system, system, &heap))) return EXIT_FAILURE;
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  iree_hal_allocator_release(heap);
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
  return check_failures ? EXIT_FAILURE : result;
}
