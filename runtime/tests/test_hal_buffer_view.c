/* SPDX-License-Identifier: Apache-2.0 */
/* Buffer views and how many bytes a shape takes; files. */
#include "check.h"
#include "iree/hal/buffer_view.h"
#include "iree/hal/file.h"
#include "vmrt/probe.h"

#define I4 IREE_HAL_ELEMENT_TYPE_INT_4
#define I32 IREE_HAL_ELEMENT_TYPE_INT_32
#define DENSE IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR

static iree_hal_allocator_t* heap;

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

/* ---- Sizes ------------------------------------------------------------------------------------------------------- */

static iree_device_size_t size_of(iree_hal_dim_t a, iree_hal_dim_t b, iree_hal_element_type_t type) {
  iree_hal_dim_t shape[] = {a, b};
  iree_device_size_t size = 12345;
  CHECK_OK(iree_hal_buffer_compute_view_size(2, shape, type, DENSE, &size));
  return size;
}

static void test_sizes(void) {
  CHECK(size_of(2, 3, I32) == 24);
  CHECK(size_of(0, 3, I32) == 0);
  CHECK(size_of(1, 5, I4) == 3);
  CHECK(size_of(1, 7, I4) == 4);
  CHECK(size_of(1, 5, IREE_HAL_ELEMENT_TYPE_INT_2) == 2);
  CHECK(size_of(3, 1, 0x1000000C) == 5);
  CHECK(size_of(2, 2, IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_128) == 64);
  CHECK(size_of(UINT64_MAX, 1, I4) == (iree_device_size_t)1 << 63);
  CHECK(size_of(UINT64_MAX, 1, IREE_HAL_ELEMENT_TYPE_INT_8) == UINT64_MAX);
  CHECK(size_of(UINT64_MAX, 0, I32) == 0);
  iree_device_size_t size = 0;
  CHECK_OK(iree_hal_buffer_compute_view_size(0, NULL, I32, DENSE, &size));
  CHECK(size == 4);
}

static void test_sizes_without_answer(void) {
  iree_hal_dim_t negative = (iree_hal_dim_t)-1, large[] = {UINT64_MAX / 2, 3, 1};
  iree_device_size_t size = 0;
  check_message(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_compute_view_size(1, &negative, I32, DENSE, &size),
                "packed byte count overflows device size");
  check_message(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_compute_view_size(3, large, I32, DENSE, &size),
                "overflows device size at dimension 1");
  check_message(IREE_STATUS_INVALID_ARGUMENT, iree_hal_buffer_compute_view_size(1, large + 2, 0, DENSE, &size),
                "opaque element types cannot be indexed");
  CHECK(size == 0);
}

/* ---- Views ------------------------------------------------------------------------------------------------------- */

static iree_hal_buffer_t* allocate(iree_device_size_t size) {
  iree_hal_buffer_params_t params = {0};
  iree_hal_buffer_t* buffer = NULL;
  CHECK_OK(iree_hal_allocator_allocate_buffer(heap, params, size, &buffer));
  return buffer;
}

static void test_properties(void) {
  iree_hal_buffer_t* buffer = allocate(32);
  iree_hal_dim_t shape[] = {2, 3};
  iree_hal_buffer_view_t* view = NULL;
  CHECK_OK(iree_hal_buffer_view_create(buffer, 2, shape, I32, DENSE, iree_allocator_system(), &view));
  iree_hal_buffer_release(buffer);
  CHECK(iree_hal_buffer_view_buffer(view) == buffer);
  CHECK(iree_hal_buffer_view_byte_length(view) == 32);
  CHECK(iree_hal_buffer_view_shape_rank(view) == 2 && iree_hal_buffer_view_element_count(view) == 6);
  CHECK(iree_hal_buffer_view_shape_dim(view, 0) == 2 && iree_hal_buffer_view_shape_dim(view, 1) == 3);
  CHECK(iree_hal_buffer_view_shape_dim(view, 2) == 0 && iree_hal_buffer_view_shape_dim(view, SIZE_MAX) == 0);
  CHECK(memcmp(iree_hal_buffer_view_shape_dims(view), shape, sizeof shape) == 0);
  CHECK(iree_hal_buffer_view_element_type(view) == I32 && iree_hal_buffer_view_encoding_type(view) == DENSE);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER_VIEW) == 1);
  iree_hal_buffer_view_retain(view);
  iree_hal_buffer_view_release(view);
  iree_hal_buffer_view_release(view);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER_VIEW) == 0 && vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER) == 0);
}

static void test_views_too_long(void) {
  iree_hal_buffer_t* buffer = allocate(3);
  iree_hal_dim_t five = 5, seven = 7;
  iree_hal_buffer_view_t* view = NULL;
  CHECK_OK(iree_hal_buffer_view_create(buffer, 1, &five, I4, DENSE, iree_allocator_system(), &view));
  iree_hal_buffer_view_release(view);
  check_message(IREE_STATUS_OUT_OF_RANGE,
                iree_hal_buffer_view_create(buffer, 1, &seven, I4, DENSE, iree_allocator_system(), &view),
                "buffer view byte length 4 exceeds backing buffer byte length 3");
  CHECK(view == NULL);
  iree_hal_buffer_release(buffer);
}

/* Of a subspan: only its own bytes. */
static void test_view_of_a_subspan(void) {
  iree_hal_buffer_t *buffer = allocate(16), *part = NULL;
  iree_hal_dim_t two = 2;
  iree_hal_buffer_view_t* view = NULL;
  char text[64];
  iree_host_size_t length = 0;
  int32_t numbers[] = {1, 2, 3, 4};
  CHECK_OK(iree_hal_buffer_map_write(buffer, 0, numbers, sizeof numbers));
  CHECK_OK(iree_hal_buffer_subspan(buffer, 4, 8, iree_allocator_system(), &part));
  CHECK_OK(iree_hal_buffer_view_create(part, 1, &two, I32, DENSE, iree_allocator_system(), &view));
  CHECK_OK(iree_hal_buffer_view_format(view, 10, sizeof text, text, &length));
  CHECK(strcmp(text, "2xi32=2 3") == 0);
  iree_hal_buffer_view_release(view);
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(buffer);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static void count_release(void* user_data) { ++*(int*)user_data; }

static void test_memory_file(void) {
  uint8_t memory[8] = "01234567", bytes[4] = {0};
  int releases = 0;
  vmrt_hal_file_release_t release = {count_release, &releases};
  iree_hal_file_t* file = NULL;
  CHECK_OK(vmrt_hal_file_from_memory(IREE_HAL_MEMORY_ACCESS_READ | IREE_HAL_MEMORY_ACCESS_WRITE,
                                     iree_make_byte_span(memory, 8), release, iree_allocator_system(), &file));
  CHECK(iree_hal_file_length(file) == 8);
  CHECK_OK(vmrt_hal_file_read(file, 4, iree_make_byte_span(bytes, 4)));
  CHECK(memcmp(bytes, "4567", 4) == 0);
  CHECK_OK(vmrt_hal_file_write(file, 1, iree_make_const_byte_span("abc", 3)));
  CHECK(memcmp(memory, "0abc4567", 8) == 0);
  CHECK_OK(vmrt_hal_file_read(file, 8, iree_byte_span_empty()));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_hal_file_read(file, 5, iree_make_byte_span(bytes, 4)));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_hal_file_read(file, UINT64_MAX, iree_make_byte_span(bytes, 4)));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_hal_file_write(file, 7, iree_make_const_byte_span("ab", 2)));
  iree_hal_file_retain(file);
  iree_hal_file_release(file);
  CHECK(releases == 0);
  iree_hal_file_release(file);
  CHECK(releases == 1 && vmrt_live_objects(VMRT_OBJECT_HAL_FILE) == 0);
}

static iree_status_t read_pattern(void* user_data, uint64_t offset, iree_byte_span_t target) {
  ++*(int*)user_data;
  for (iree_host_size_t i = 0; i < target.data_length; ++i) target.data[i] = (uint8_t)(offset + i);
  return offset == 99 ? iree_make_status(IREE_STATUS_DATA_LOSS, "byte 99 is gone") : iree_ok_status();
}

static void test_read_only_files(void) {
  uint8_t bytes[4] = {0};
  int reads = 0;
  vmrt_hal_file_release_t release = {NULL, &reads};
  iree_hal_file_t* file = NULL;
  CHECK_OK(vmrt_hal_file_from_reader(read_pattern, 100, release, iree_allocator_system(), &file));
  CHECK(iree_hal_file_allowed_access(file) == IREE_HAL_MEMORY_ACCESS_READ);
  CHECK_OK(vmrt_hal_file_read(file, 10, iree_make_byte_span(bytes, 4)));
  CHECK(bytes[0] == 10 && bytes[3] == 13);
  CHECK_STATUS(IREE_STATUS_DATA_LOSS, vmrt_hal_file_read(file, 99, iree_make_byte_span(bytes, 1)));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_hal_file_read(file, 98, iree_make_byte_span(bytes, 4)));
  CHECK_OK(vmrt_hal_file_read(file, 100, iree_make_byte_span(bytes, 0)));
  CHECK(reads == 2);
  check_message(IREE_STATUS_PERMISSION_DENIED, vmrt_hal_file_write(file, 0, iree_make_const_byte_span("a", 1)),
                "file allows READ, operation requires WRITE");
  iree_hal_file_release(file);
}

static const check_case_t cases[] = {
    {"sizes", test_sizes},
    {"sizes_without_answer", test_sizes_without_answer},
    {"properties", test_properties},
    {"views_too_long", test_views_too_long},
    {"view_of_a_subspan", test_view_of_a_subspan},
    {"memory_file", test_memory_file},
    {"read_only_files", test_read_only_files},
};

int main(int argc, char** argv) {
  iree_allocator_t system = iree_allocator_system();
  if (!CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("test"), system, system, &heap))) return EXIT_FAILURE;
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  iree_hal_allocator_release(heap);
  return result;
}
