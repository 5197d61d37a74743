/* SPDX-License-Identifier: Apache-2.0 */
/* Calling conventions: parts, counts and sizes of packed buffers, with the values measured on IREE 3.13. */
#include "check.h"
#include "iree/vm/api.h"

typedef struct parts_row_t {
  const char* cconv;
  const char* arguments;
  const char* results;
} parts_row_t;

static iree_status_t split(const char* cconv, iree_string_view_t* arguments, iree_string_view_t* results) {
  iree_vm_function_signature_t signature = {iree_make_cstring_view(cconv)};
  return iree_vm_function_call_get_cconv_fragments(&signature, arguments, results);
}

static void test_parts(void) {
  static const parts_row_t rows[] = {
      {NULL, "", ""},         {"", "", ""},           {"0", "", ""},       {"0_", "", ""},    {"0v", "", ""},
      {"0v_v", "", ""},       {"0i", "i", ""},        {"0i_", "i", ""},    {"0i_v", "i", ""}, {"0_i", "", "i"},
      {"0iIfF_r", "iIfF", "r"}, {"0iCrD_i", "iCrD", "i"}, {"0vi_v", "vi", ""}, {"0i_i_i", "i", "i_i"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    iree_string_view_t arguments, results;
    CHECK_OK(split(rows[i].cconv, &arguments, &results));
    CHECK(iree_string_view_equal(arguments, IREE_SV(rows[i].arguments)));
    CHECK(iree_string_view_equal(results, IREE_SV(rows[i].results)));
  }
  iree_string_view_t arguments, results;
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, split("1i_i", &arguments, &results));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, split("i_i", &arguments, &results));
}

static iree_status_t count(const char* cconv, size_t* arguments, size_t* results) {
  iree_vm_function_signature_t signature = {iree_make_cstring_view(cconv)};
  return iree_vm_function_call_count_arguments_and_results(&signature, arguments, results);
}

static void test_counts(void) {
  size_t arguments = 99, results = 99;
  CHECK_OK(count("0v_v", &arguments, &results));
  CHECK(arguments == 0 && results == 0);
  CHECK_OK(count("0iIfFr_rr", &arguments, &results));
  CHECK(arguments == 5 && results == 2);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, count("0iCiD_i", &arguments, &results));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, count("0i_CiD", &arguments, &results));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, count("0ix_i", &arguments, &results));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, count("0vi_i", &arguments, &results));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, count("0i_i_i", &arguments, &results));
  CHECK(iree_vm_function_call_is_variadic_cconv(IREE_SV("0iCiD_i")));
  CHECK(!iree_vm_function_call_is_variadic_cconv(IREE_SV("0ii_i")));
  CHECK(!iree_vm_function_call_is_variadic_cconv(iree_string_view_empty()));
}

static void test_fixed_sizes(void) {
  static const struct {
    const char* part;
    size_t size;
  } rows[] = {{"", 0},    {"v", 0},    {"i", 4},   {"I", 8},  {"iI", 16}, {"Ii", 16},  {"ir", 24},
              {"rir", 40}, {"iii", 12}, {"fF", 16}, {"rr", 32}, {"ri", 24}, {"iriI", 40}, {"iIifFi", 40}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    size_t size = 99;
    CHECK_OK(iree_vm_function_call_compute_cconv_fragment_size(IREE_SV(rows[i].part), NULL, &size));
    if (size != rows[i].size) fprintf(stderr, "%s: %zu\n", rows[i].part, size);
    CHECK(size == rows[i].size);
  }
}

/* One entry for each top-level element; 0xFFFF where it is no span. */
typedef struct segments_t {
  uint16_t size;
  uint16_t counts[4];
} segments_t;

typedef struct span_row_t {
  const char* part;
  segments_t segments;
  size_t size;
} span_row_t;

static iree_status_t size_of_spans(const char* part, const segments_t* segments, size_t* out_size) {
  return iree_vm_function_call_compute_cconv_fragment_size(IREE_SV(part), (const iree_vm_register_list_t*)segments,
                                                           out_size);
}

/* The measured totals where the wheel is right; its overruns (three or more padded tuples) as they are written. */
static void test_span_sizes(void) {
  static const span_row_t rows[] = {
      {"iCiDi", {3, {0xFFFF, 0, 0xFFFF}}, 12},
      {"iCiDi", {3, {0xFFFF, 3, 0xFFFF}}, 24},
      {"iCID", {2, {0xFFFF, 2}}, 24},
      {"iCID", {2, {0xFFFF, 0}}, 8},
      {"iCIiDi", {3, {0xFFFF, 2, 0xFFFF}}, 40},
      {"iCIiDi", {3, {0xFFFF, 0, 0xFFFF}}, 16},
      {"iCIiDi", {3, {0xFFFF, 3, 0xFFFF}}, 56},
      {"iCIiDi", {3, {0xFFFF, 40, 0xFFFF}}, 648},
      {"CrDi", {2, {2, 0xFFFF}}, 48},
      {"CiDCIDi", {3, {1, 1, 0xFFFF}}, 32},
      {"CiDCIDi", {3, {0, 1, 0xFFFF}}, 24},
      {"CiIiDi", {2, {2, 0xFFFF}}, 48}, /* the second tuple begins right behind the first */
      {"CiD", {1, {65535}}, 4 + 4 * 65535},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    size_t size = 0;
    CHECK_OK(size_of_spans(rows[i].part, &rows[i].segments, &size));
    if (size != rows[i].size) fprintf(stderr, "%s: %zu, wanted %zu\n", rows[i].part, size, rows[i].size);
    CHECK(size == rows[i].size);
  }
}

static void test_bad_parts(void) {
  static const segments_t one = {1, {1}};
  size_t size = 0;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, size_of_spans("CiD", NULL, &size));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, size_of_spans("iCiD", &one, &size)); /* too few segments */
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, size_of_spans("CCiDD", &one, &size));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, size_of_spans("Ci", &one, &size));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, size_of_spans("C", &one, &size));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, size_of_spans("CD", &one, &size));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, size_of_spans("CxD", &one, &size));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, size_of_spans("D", &one, &size));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, size_of_spans("iz", NULL, &size));
}

static const check_case_t cases[] = {
    {"parts", test_parts},           {"counts", test_counts},       {"fixed_sizes", test_fixed_sizes},
    {"span_sizes", test_span_sizes}, {"bad_parts", test_bad_parts},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
