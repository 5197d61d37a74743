/* SPDX-License-Identifier: Apache-2.0 */
/* Values as text: numbers read and written, results printed, written to files and compared. */
#include <math.h>

#include "check.h"
#include "tooling/function_io.h"
#include "tooling/scalar_text.h"
#include "tooling/value_file.h"
#include "tooling/value_text.h"

#define ALLOCATOR iree_allocator_system()

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static iree_vm_value_t parse(const char* text, iree_vm_value_type_t type) {
  iree_vm_value_t value = iree_vm_value_make_none();
  CHECK_OK(scalar_parse(iree_make_cstring_view(text), type, &value));
  CHECK(value.type == type);
  return value;
}
static void check_bad(const char* text, iree_vm_value_type_t type) {
  iree_vm_value_t value = iree_vm_value_make_none();
  if (!CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, scalar_parse(iree_make_cstring_view(text), type, &value))) {
    fprintf(stderr, "  of `%s`\n", text);
  }
}

static void test_integers(void) {
  CHECK(parse("5", IREE_VM_VALUE_TYPE_I32).i32 == 5);
  CHECK(parse(" -5 ", IREE_VM_VALUE_TYPE_I32).i32 == -5);
  CHECK(parse("+3", IREE_VM_VALUE_TYPE_I32).i32 == 3);
  CHECK(parse("0x10", IREE_VM_VALUE_TYPE_I32).i32 == 16);
  CHECK(parse("010", IREE_VM_VALUE_TYPE_I32).i32 == 8);
  CHECK(parse("-2147483648", IREE_VM_VALUE_TYPE_I32).i32 == INT32_MIN);
  CHECK(parse("4294967295", IREE_VM_VALUE_TYPE_I32).i32 == -1);
  CHECK(parse("(null)", IREE_VM_VALUE_TYPE_I32).i32 == 0);
  CHECK(parse("-9223372036854775808", IREE_VM_VALUE_TYPE_I64).i64 == INT64_MIN);
  CHECK(parse("0x7fffffffffffffff", IREE_VM_VALUE_TYPE_I64).i64 == INT64_MAX);
  const char* bad[] = {"", "abc", "\"5\"", "7abc", "1.5", "nan", "0x", "99999999999999999999", "i32=5"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) check_bad(bad[i], IREE_VM_VALUE_TYPE_I32);
  check_bad("4294967296", IREE_VM_VALUE_TYPE_I32);
  check_bad("-2147483649", IREE_VM_VALUE_TYPE_I32);
  check_bad("9223372036854775808", IREE_VM_VALUE_TYPE_I64);
}

static void test_floats(void) {
  CHECK(parse("1.5", IREE_VM_VALUE_TYPE_F32).f32 == 1.5f);
  CHECK(parse("0x1.8p1", IREE_VM_VALUE_TYPE_F64).f64 == 3.0);
  CHECK(parse("1e3", IREE_VM_VALUE_TYPE_F64).f64 == 1000.0);
  CHECK(isnan(parse("nan", IREE_VM_VALUE_TYPE_F32).f32));
  CHECK(isinf(parse("-inf", IREE_VM_VALUE_TYPE_F64).f64));
  CHECK(isinf(parse("1e40", IREE_VM_VALUE_TYPE_F32).f32));
  CHECK(parse("1e-44", IREE_VM_VALUE_TYPE_F32).f32 > 0);
  CHECK(signbit(parse("-0.0", IREE_VM_VALUE_TYPE_F32).f32));
  CHECK(parse("0e5", IREE_VM_VALUE_TYPE_F32).f32 == 0);
  CHECK(parse("0x0p9", IREE_VM_VALUE_TYPE_F32).f32 == 0);
  CHECK(parse("16777217.000001", IREE_VM_VALUE_TYPE_F32).f32 == 16777218.0f); /* rounded once, not twice */
  check_bad("1e-46", IREE_VM_VALUE_TYPE_F32);
  check_bad("1e-400", IREE_VM_VALUE_TYPE_F64);
  check_bad("1.2.3", IREE_VM_VALUE_TYPE_F32);
  check_bad("f32=2", IREE_VM_VALUE_TYPE_F32);
}

static void test_numbers_print_as_results(void) {
  CHECK(strcmp(scalar_format(iree_vm_value_make_i8(-44)).chars, "i8=-44") == 0);
  CHECK(strcmp(scalar_format(iree_vm_value_make_i16(-300)).chars, "i16=-300") == 0);
  CHECK(strcmp(scalar_format(iree_vm_value_make_i32(5)).chars, "i32=5") == 0);
  CHECK(strcmp(scalar_format(iree_vm_value_make_i64(INT64_MIN)).chars, "i64=-9223372036854775808") == 0);
  CHECK(strcmp(scalar_format(iree_vm_value_make_f32(3.14159265f)).chars, "f32=3.14159") == 0);
  CHECK(strcmp(scalar_format(iree_vm_value_make_f64(1e300)).chars, "f64=1e+300") == 0);
  CHECK(strcmp(scalar_format(iree_vm_value_make_f64(INFINITY)).chars, "f64=inf") == 0);
}

/* ---- Lists of values --------------------------------------------------------------------------------------------- */

static iree_vm_list_t* make_list(void) {
  iree_vm_list_t* list = NULL;
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 4, ALLOCATOR, &list));
  return list;
}
static void push_value(iree_vm_list_t* list, iree_vm_value_t value) { CHECK_OK(iree_vm_list_push_value(list, &value)); }
static void push_ref(iree_vm_list_t* list, iree_vm_ref_t ref) {
  CHECK_OK(iree_vm_list_push_ref_retain(list, &ref));
  iree_vm_ref_release(&ref);
}

static iree_vm_instance_t* instance;
static void setup(void) { CHECK_OK(iree_vm_instance_create(4, ALLOCATOR, &instance)); }
static void teardown(void) { iree_vm_instance_release(instance); }

static iree_vm_buffer_t* make_buffer(const char* text) {
  iree_vm_buffer_t* buffer = NULL;
  uint32_t access = IREE_VM_BUFFER_ACCESS_MUTABLE | IREE_VM_BUFFER_ACCESS_ORIGIN_HOST;
  CHECK_OK(iree_vm_buffer_create(access, strlen(text), 0, ALLOCATOR, &buffer));
  memcpy(iree_vm_buffer_data(buffer), text, strlen(text));
  return buffer;
}

/* A number, a buffer and a list with a number and nothing. */
static iree_vm_list_t* make_results(void) {
  iree_vm_list_t* results = make_list();
  iree_vm_list_t* inner = make_list();
  iree_vm_buffer_t* buffer = make_buffer("abc");
  push_value(inner, iree_vm_value_make_i32(7));
  CHECK_OK(iree_vm_list_resize(inner, 2));
  push_value(results, iree_vm_value_make_f32(0.5f));
  push_ref(results, iree_vm_buffer_retain_ref(buffer));
  push_ref(results, iree_vm_list_retain_ref(inner));
  iree_vm_buffer_release(buffer);
  iree_vm_list_release(inner);
  return results;
}

/* What a file has from its beginning, NUL terminated. */
static size_t read_back(FILE* file, char* buffer, size_t capacity) {
  rewind(file);
  size_t length = fread(buffer, 1, capacity - 1, file);
  buffer[length] = 0;
  return length;
}

static void test_results_print(void) {
  char seen[512];
  setup();
  iree_vm_list_t* results = make_results();
  FILE* file = tmpfile();
  function_io_t io = {NULL, ALLOCATOR, 16, file};
  CHECK_OK(function_print_results(&io, results));
  read_back(file, seen, sizeof seen);
  CHECK(strcmp(seen,
               "result[0]: f32=0.5\nresult[1]: vm.buffer\n(no printer)\nresult[2]: vm.list\nchild_list[0]: i32=7\n"
               "child_list[1]: (null)\n\n") == 0);
  fclose(file);
  iree_vm_list_release(results);
  teardown();
}

static void test_a_list_in_itself_ends(void) {
  setup();
  iree_vm_list_t* list = make_list();
  iree_string_builder_t builder;
  iree_string_builder_initialize(ALLOCATOR, &builder);
  push_ref(list, iree_vm_list_retain_ref(list));
  iree_vm_variant_t value = iree_vm_variant_empty();
  CHECK_OK(iree_vm_list_get_variant_assign(list, 0, &value));
  CHECK_OK(value_text_append(&builder, value, 16));
  CHECK(strstr(builder.buffer, "...") != NULL);
  iree_string_builder_deinitialize(&builder);
  iree_vm_list_clear(list);
  iree_vm_list_release(list);
  teardown();
}

static iree_flag_string_list_t texts_of(iree_string_view_t* values, size_t count, const char** texts) {
  iree_flag_string_list_t list = {count, count, values};
  for (size_t i = 0; i < count; ++i) values[i] = iree_make_cstring_view(texts[i]);
  return list;
}

static iree_status_t parse_inputs(const char* cconv, size_t count, const char** texts, iree_vm_list_t** out_list) {
  iree_string_view_t values[8];
  iree_flag_string_list_t list = texts_of(values, count, texts);
  function_io_t io = {NULL, ALLOCATOR, 16, NULL};
  return function_parse_values(&io, iree_make_cstring_view(cconv), &list, out_list);
}

static void test_inputs(void) {
  const char* texts[] = {"1", " 2 ", "(null)", "0.5"};
  iree_vm_list_t* list = NULL;
  setup();
  CHECK_OK(parse_inputs("iIrF", 4, texts, &list));
  CHECK(iree_vm_list_size(list) == 4);
  iree_vm_list_release(list);
  CHECK_OK(parse_inputs("iIrF", 1, texts, &list));
  CHECK(iree_vm_list_size(list) == 1);
  iree_vm_list_release(list);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, parse_inputs("i", 2, texts, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, parse_inputs("i", 1, (const char*[]){"x"}, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, parse_inputs("i", 1, (const char*[]){""}, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, parse_inputs("i", 1, (const char*[]){"@a.npy"}, &list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, parse_inputs("CiD", 1, texts, &list));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, parse_inputs("r", 1, (const char*[]){"2xi32=1 2"}, &list));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, parse_inputs("z", 1, texts, &list));
  teardown();
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

#define FILE_RAW "test_tooling_values.tmp"
#define FILE_NPY "test_tooling_values.tmp.npy"

static size_t file_contents(const char* path, char* buffer, size_t capacity) {
  FILE* file = fopen(path, "rb");
  size_t length = file ? read_back(file, buffer, capacity) : SIZE_MAX;
  if (file) fclose(file);
  remove(path);
  return length;
}

static iree_status_t write_number(const char* path, bool append) {
  iree_vm_variant_t value = iree_vm_make_variant_value(iree_vm_value_make_i32(0x01020304));
  return value_file_write(value, iree_make_cstring_view(path), append, ALLOCATOR);
}

static void test_raw_files(void) {
  char seen[64];
  remove(FILE_RAW);
  CHECK_OK(write_number(FILE_RAW, true));
  CHECK_OK(write_number(FILE_RAW, true));
  CHECK(file_contents(FILE_RAW, seen, sizeof seen) == 8 && memcmp(seen, "\4\3\2\1\4\3\2\1", 8) == 0);
  CHECK_OK(write_number(FILE_RAW, false));
  CHECK_OK(write_number(FILE_RAW, false));
  CHECK(file_contents(FILE_RAW, seen, sizeof seen) == 4);
  CHECK_OK(value_file_write(iree_vm_variant_empty(), IREE_SV(FILE_RAW), false, ALLOCATOR));
  CHECK(file_contents(FILE_RAW, seen, sizeof seen) == 0);
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, write_number("no/such/folder/x", false));
}

#define BEGINS(bytes, literal) (memcmp((bytes), (literal), sizeof(literal) - 1) == 0)

static void test_npy_files(void) {
  char seen[256];
  CHECK_OK(write_number(FILE_NPY, false));
  CHECK(file_contents(FILE_NPY, seen, sizeof seen) == 132);
  CHECK(BEGINS(seen, "\x93NUMPY\1\0v\0{'descr': '<i4', 'fortran_order': False, 'shape': (), }  "));
  CHECK(seen[127] == '\n' && memcmp(seen + 128, "\4\3\2\1", 4) == 0);
  CHECK_OK(value_file_write(iree_vm_variant_empty(), IREE_SV(FILE_NPY), false, ALLOCATOR));
  CHECK(file_contents(FILE_NPY, seen, sizeof seen) == 128);
  CHECK(BEGINS(seen, "\x93NUMPY\1\0v\0{'descr': '|i1', 'fortran_order': False, 'shape': (0,), }"));
}

static void test_lists_are_not_written(void) {
  setup();
  iree_vm_list_t* list = make_list();
  iree_vm_variant_t value = iree_vm_make_variant_ref_assign(iree_vm_list_retain_ref(list));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, value_file_write(value, IREE_SV(FILE_RAW), false, ALLOCATOR));
  CHECK(file_contents(FILE_RAW, (char[8]){0}, 8) == SIZE_MAX);
  iree_vm_variant_reset(&value);
  iree_vm_list_release(list);
  teardown();
}

/* ---- Expectations ------------------------------------------------------------------------------------------------ */

static const function_tolerance_t near = {false, 1e-3, 1e-2, 1e-4, 1e-4, 1e-5};
static const function_tolerance_t exact = {true, 0, 0, 0, 0, 0};

/* Compares one number with a text; the report goes to `seen`. */
static bool expect_report(iree_vm_value_t actual, const char* letter, const char* text,
                          const function_tolerance_t* tolerance, char* seen, size_t capacity) {
  iree_string_view_t values[1];
  iree_flag_string_list_t texts = texts_of(values, 1, &text);
  iree_vm_list_t* results = make_list();
  bool matched = false;
  FILE* file = tmpfile();
  function_io_t io = {NULL, ALLOCATOR, 16, file};
  push_value(results, actual);
  CHECK_OK(function_expect_results(&io, results, iree_make_cstring_view(letter), &texts, tolerance, &matched));
  read_back(file, seen, capacity);
  fclose(file);
  iree_vm_list_release(results);
  return matched;
}
static bool expect(iree_vm_value_t actual, const char* letter, const char* text,
                   const function_tolerance_t* tolerance) {
  char seen[256];
  bool matched = expect_report(actual, letter, text, tolerance, seen, sizeof seen);
  CHECK(strncmp(seen, matched ? "[SUCCESS]" : "[FAILED]", 8) == 0);
  return matched;
}

static void test_expected_numbers(void) {
  CHECK(expect(iree_vm_value_make_i32(7), "i", "7", &near));
  CHECK(!expect(iree_vm_value_make_i32(7), "i", "8", &near));
  CHECK(expect(iree_vm_value_make_i32(7), "i", "(ignored)", &near));
  CHECK(!expect(iree_vm_value_make_i32(7), "i", "(null)", &near));
  CHECK(expect(iree_vm_value_make_f32(1.00005f), "f", "1", &near));
  CHECK(!expect(iree_vm_value_make_f32(1.0002f), "f", "1", &near));
  CHECK(expect(iree_vm_value_make_f64(1000.01), "F", "1000", &near));
  CHECK(expect(iree_vm_value_make_f64(NAN), "F", "nan", &near));
  CHECK(!expect(iree_vm_value_make_f64(NAN), "F", "0", &near));
  CHECK(expect(iree_vm_value_make_f64(INFINITY), "F", "inf", &near));
  CHECK(!expect(iree_vm_value_make_f64(INFINITY), "F", "-inf", &near));
  CHECK(expect(iree_vm_value_make_f32(-0.0f), "f", "0", &near));
  CHECK(!expect(iree_vm_value_make_f32(-0.0f), "f", "0", &exact));
  CHECK(!expect(iree_vm_value_make_f32(1.00005f), "f", "1", &exact));
}

static void test_reports(void) {
  char seen[256];
  CHECK(!expect_report(iree_vm_value_make_i32(7), "i", "8", &near, seen, sizeof seen));
  CHECK(strcmp(seen, "[FAILED] result[0]: i32=7 does not match the expected i32=8\n") == 0);
  CHECK(!expect_report(iree_vm_value_make_i64(7), "i", "7", &near, seen, sizeof seen));
  CHECK(strcmp(seen, "[FAILED] result[0]: variant types mismatch; expected i32 but got i64\n") == 0);
}

static void test_expected_count(void) {
  iree_flag_string_list_t none = {0, 0, NULL};
  iree_vm_list_t* results = make_list();
  char seen[128];
  bool matched = true;
  FILE* file = tmpfile();
  push_value(results, iree_vm_value_make_i32(1));
  function_io_t io = {NULL, ALLOCATOR, 16, file};
  CHECK_OK(function_expect_results(&io, results, IREE_SV("i"), &none, &near, &matched));
  read_back(file, seen, sizeof seen);
  CHECK(!matched && strcmp(seen, "[FAILED] expected 0 list elements but 1 provided\n") == 0);
  fclose(file);
  iree_vm_list_release(results);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"integers", test_integers},
      {"floats", test_floats},
      {"numbers_print_as_results", test_numbers_print_as_results},
      {"results_print", test_results_print},
      {"a_list_in_itself_ends", test_a_list_in_itself_ends},
      {"inputs", test_inputs},
      {"raw_files", test_raw_files},
      {"npy_files", test_npy_files},
      {"lists_are_not_written", test_lists_are_not_written},
      {"expected_numbers", test_expected_numbers},
      {"reports", test_reports},
      {"expected_count", test_expected_count},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
