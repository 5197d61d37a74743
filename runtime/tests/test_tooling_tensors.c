/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors in tools: .npy headers, arguments of every form, results, expectations; short of memory at every request. */
#include "check.h"
#include "iree/modules/hal/types.h"
#include "tooling/function_io.h"
#include "tooling/npy.h"
#include "tooling/tensor_compare.h"
#include "vmrt/probe.h"

#define ALLOCATOR iree_allocator_system()
#define FILE_NPY  "test_tooling_tensors.npy"
#define FILE_RAW  "test_tooling_tensors.bin"

static void write_file(const char* path, const void* bytes, size_t length) {
  FILE* file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, length, file) == length);
  if (file) fclose(file);
}

/* ---- .npy -------------------------------------------------------------------------------------------------------- */

static iree_status_t read_npy(iree_allocator_t allocator, npy_array_t* out_array) {
  input_files_t files;
  input_file_t* file = NULL;
  input_files_initialize(allocator, &files);
  iree_status_t status = input_files_open(&files, IREE_SV(FILE_NPY), true, &file);
  if (iree_status_is_ok(status)) status = npy_read_header(file, allocator, out_array);
  input_files_deinitialize(&files);
  return status;
}

static void check_header_comes_back(iree_hal_element_type_t written, iree_hal_element_type_t read,
                                    iree_host_size_t rank, const iree_hal_dim_t* shape) {
  npy_header_t header;
  npy_array_t array;
  CHECK_OK(npy_format_header(written, rank, shape, &header));
  CHECK(header.length % 64 == 0 && header.bytes[header.length - 1] == '\n');
  write_file(FILE_NPY, header.bytes, header.length);
  CHECK_OK(read_npy(ALLOCATOR, &array));
  CHECK(array.element_type == read && array.rank == rank);
  CHECK(memcmp(array.shape, shape, rank * sizeof *shape) == 0);
}

static void test_headers_come_back(void) {
  iree_hal_dim_t shape[NPY_MAX_RANK] = {3, 0, 1};
  iree_hal_dim_t large[NPY_MAX_RANK];
  for (int i = 0; i < NPY_MAX_RANK; ++i) large[i] = INT64_MAX;
  for (iree_host_size_t rank = 0; rank <= 3; ++rank) {
    check_header_comes_back(IREE_HAL_ELEMENT_TYPE_INT_32, IREE_HAL_ELEMENT_TYPE_SINT_32, rank, shape);
    check_header_comes_back(IREE_HAL_ELEMENT_TYPE_UINT_8, IREE_HAL_ELEMENT_TYPE_UINT_8, rank, shape);
    check_header_comes_back(IREE_HAL_ELEMENT_TYPE_BOOL_8, IREE_HAL_ELEMENT_TYPE_BOOL_8, rank, shape);
    check_header_comes_back(IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_128, IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_128, rank,
                            shape);
  }
  check_header_comes_back(IREE_HAL_ELEMENT_TYPE_FLOAT_64, IREE_HAL_ELEMENT_TYPE_FLOAT_64, NPY_MAX_RANK, large);
  npy_header_t header;
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED,
               npy_format_header(IREE_HAL_ELEMENT_TYPE_INT_8, NPY_MAX_RANK + 1, large, &header));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, npy_format_header(IREE_HAL_ELEMENT_TYPE_BFLOAT_16, 0, shape, &header));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, npy_format_header(IREE_HAL_ELEMENT_TYPE_INT_4, 0, shape, &header));
  remove(FILE_NPY);
}

/* Every byte of a header replaced: an error or a header, never more. */
static void test_damaged_headers(void) {
  static const unsigned char damages[] = {0, ' ', '\'', '(', ')', ',', ':', '9', '{', '}', 0xFF};
  iree_hal_dim_t shape[] = {2, 3};
  npy_header_t header;
  npy_array_t array;
  CHECK_OK(npy_format_header(IREE_HAL_ELEMENT_TYPE_FLOAT_32, 2, shape, &header));
  for (iree_host_size_t at = 0; at < header.length; ++at) {
    unsigned char good = header.bytes[at];
    for (size_t i = 0; i < sizeof damages; ++i) {
      header.bytes[at] = damages[i];
      write_file(FILE_NPY, header.bytes, header.length);
      iree_status_code_t code = iree_status_consume_code(read_npy(ALLOCATOR, &array));
      CHECK(code == IREE_STATUS_OK || code == IREE_STATUS_INVALID_ARGUMENT || code == IREE_STATUS_UNIMPLEMENTED ||
            code == IREE_STATUS_OUT_OF_RANGE);
    }
    header.bytes[at] = good;
  }
  remove(FILE_NPY);
}

/* ---- Comparing --------------------------------------------------------------------------------------------------- */

static iree_hal_buffer_view_t* parse_view(iree_hal_allocator_t* allocator, const char* text) {
  iree_hal_buffer_view_t* view = NULL;
  CHECK_OK(iree_hal_buffer_view_parse(iree_make_cstring_view(text), allocator, ALLOCATOR, &view));
  return view;
}

static iree_host_size_t difference(const char* left, const char* right, tensor_tolerance_t tolerance) {
  iree_hal_allocator_t* allocator = NULL;
  iree_host_size_t index = 0;
  CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("test"), ALLOCATOR, ALLOCATOR, &allocator));
  iree_hal_buffer_view_t* views[] = {parse_view(allocator, left), parse_view(allocator, right)};
  CHECK_OK(tensor_find_difference(views[0], views[1], tolerance, &index));
  for (int i = 0; i < 2; ++i) iree_hal_buffer_view_release(views[i]);
  iree_hal_allocator_release(allocator);
  return index;
}

static void test_differences(void) {
  const tensor_tolerance_t exact = {true, 0, 0}, near = {false, 0.1, 0.01};
  CHECK(difference("3xi32=1 2 3", "3xi32=1 2 3", exact) == TENSOR_ALL_EQUAL);
  CHECK(difference("3xi32=1 2 3", "3xi32=1 2 4", exact) == 2);
  CHECK(difference("0xi32=", "0xi32=", exact) == TENSOR_ALL_EQUAL);
  CHECK(difference("2xf32=0 -0", "2xf32=0 0", exact) == 1);
  CHECK(difference("2xf32=0 -0", "2xf32=0 0", near) == TENSOR_ALL_EQUAL);
  CHECK(difference("3xf64=nan inf -inf", "3xf64=nan inf -inf", near) == TENSOR_ALL_EQUAL);
  CHECK(difference("2xf64=1 inf", "2xf64=1 -inf", near) == 1);
  CHECK(difference("2xf64=inf 1", "2xf64=1e300 1", near) == 0);
  CHECK(difference("2xf16=100 1", "2xf16=101 1.2", near) == 1);
}

static void test_elements_as_text(void) {
  static const struct {
    const char *tensor, *text;
  } cases[] = {{"2xi8=0 -5", "-5"},
               {"2xui8=0 251", "251"},
               {"2xi64=0 -9223372036854775808", "-9223372036854775808"},
               {"2xf16=0 0.5", "0.5"},
               {"2xf32=0 1e10", "1E+10"},
               {"2xf64=0 nan", "NAN"},
               {"2xi1=00 01", "01"},
               {"2xui64=0 18446744073709551615", "18446744073709551615"}};
  iree_hal_allocator_t* allocator = NULL;
  CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("test"), ALLOCATOR, ALLOCATOR, &allocator));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    tensor_element_text_t text = {""};
    iree_hal_buffer_view_t* view = parse_view(allocator, cases[i].tensor);
    CHECK_OK(tensor_format_element(view, 1, &text));
    CHECK(strcmp(text.chars, cases[i].text) == 0);
    CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, tensor_format_element(view, 2, &text));
    iree_hal_buffer_view_release(view);
  }
  iree_hal_allocator_release(allocator);
}

/* ---- Short of memory --------------------------------------------------------------------------------------------- */

#define INPUT_COUNT 7

static iree_flag_string_list_t all_inputs(iree_string_view_t* values) {
  static const char* const texts[INPUT_COUNT] = {
      "7", "2x2xf32=1 2 3 4", "&3xi8=1", "2xi16=@" FILE_RAW, "2xi16=+" FILE_RAW, "@" FILE_NPY, "(null)"};
  iree_flag_string_list_t list = {INPUT_COUNT, INPUT_COUNT, values};
  for (int i = 0; i < INPUT_COUNT; ++i) values[i] = iree_make_cstring_view(texts[i]);
  return list;
}

static iree_status_t use_values(const function_io_t* io, iree_vm_list_t* values,
                                const iree_flag_string_list_t* texts) {
  static const function_tolerance_t near = {false, 0, 0, 0, 0, 0};
  static iree_string_view_t places[INPUT_COUNT] = {{"-", 1}, {"@" FILE_RAW ".out", sizeof FILE_RAW + 4}};
  iree_flag_string_list_t outputs = {INPUT_COUNT, INPUT_COUNT, places};
  bool matched = false;
  IREE_RETURN_IF_ERROR(function_print_results(io, values));
  IREE_RETURN_IF_ERROR(function_write_results(io, values, &outputs));
  IREE_RETURN_IF_ERROR(function_expect_results(io, values, IREE_SV("irrrrrr"), texts, &near, &matched));
  CHECK(matched);
  return iree_ok_status();
}

static iree_status_t parse_and_use(iree_allocator_t heap, FILE* sink) {
  iree_string_view_t views[INPUT_COUNT];
  iree_flag_string_list_t texts = all_inputs(views);
  iree_hal_allocator_t* allocator = NULL;
  iree_vm_list_t* values = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_allocator_create_heap(IREE_SV("test"), heap, heap, &allocator));
  function_io_t io = {allocator, heap, 1024, sink};
  iree_status_t status = function_parse_values(&io, IREE_SV("irrrrrr"), &texts, &values);
  if (iree_status_is_ok(status)) {
    CHECK(iree_vm_list_size(values) == INPUT_COUNT);
    status = use_values(&io, values, &texts);
    iree_vm_list_release(values);
  }
  iree_hal_allocator_release(allocator);
  return status;
}

#define MAX_REQUESTS 500

static void test_out_of_memory(void) {
  const int16_t raw[] = {1, 2, 3, 4};
  const iree_hal_dim_t shape[] = {0};
  npy_header_t header;
  iree_vm_instance_t* instance = NULL;
  vmrt_probe_t* probe = NULL;
  FILE* sink = tmpfile();
  int64_t request = 0;
  write_file(FILE_RAW, raw, sizeof raw);
  CHECK_OK(npy_format_header(IREE_HAL_ELEMENT_TYPE_SINT_8, 1, shape, &header));
  write_file(FILE_NPY, header.bytes, header.length);
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, ALLOCATOR, &instance));
  CHECK_OK(iree_hal_module_register_all_types(instance));
  CHECK_OK(vmrt_probe_create(&probe));
  iree_status_code_t code = IREE_STATUS_RESOURCE_EXHAUSTED;
  for (; code == IREE_STATUS_RESOURCE_EXHAUSTED && request < MAX_REQUESTS; ++request) {
    vmrt_probe_fail_at(probe, request, false);
    code = iree_status_consume_code(parse_and_use(vmrt_probe_allocator(probe, IREE_SV("all")), sink));
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  }
  CHECK(code == IREE_STATUS_OK && request > 20);
  vmrt_probe_release(probe);
  iree_vm_instance_release(instance);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER) == 0 && vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER_VIEW) == 0);
  fclose(sink);
  remove(FILE_NPY);
  remove(FILE_RAW);
  remove(FILE_RAW ".out");
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"headers_come_back", test_headers_come_back}, {"damaged_headers", test_damaged_headers},
      {"differences", test_differences},             {"elements_as_text", test_elements_as_text},
      {"out_of_memory", test_out_of_memory},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
