/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms: views written and read, shapes, element types, names of bits. What is wanted was seen on the published
 * tool unless it cannot do it (packed integers). */
#include "check.h"
#include "iree/hal/buffer_view.h"
#include "iree/hal/string_util.h"
#include "vmrt/probe.h"

static iree_hal_allocator_t* heap;

/* ---- Helpers ----------------------------------------------------------------------------------------------------- */

/* Text of the view that `input` means, or the status as text. */
static const char* rewrite(const char* input, iree_host_size_t max_element_count) {
  static char text[4096];
  iree_hal_buffer_view_t* view = NULL;
  iree_host_size_t length = 0;
  iree_status_t status =
      iree_hal_buffer_view_parse(iree_make_cstring_view(input), heap, iree_allocator_system(), &view);
  if (iree_status_is_ok(status)) {
    status = iree_hal_buffer_view_format(view, max_element_count, sizeof text, text, &length);
    if (iree_status_is_ok(status)) CHECK(length == strlen(text));
  }
  if (!iree_status_is_ok(status)) iree_status_format(status, sizeof text, text, &length);
  iree_status_free(status);
  iree_hal_buffer_view_release(view);
  return text;
}

static void check_text(const char* input, const char* wanted) {
  const char* got = rewrite(input, 1024);
  if (strcmp(got, wanted) == 0) return;
  fprintf(stderr, "`%s`\n  wanted `%s`\n  got    `%s`\n", input, wanted, got);
  CHECK(!"same text");
}

/* The error names its code and `part`. */
static void check_refused(const char* input, const char* code, const char* part) {
  const char* got = rewrite(input, 1024);
  if (strstr(got, code) && strstr(got, part)) return;
  fprintf(stderr, "`%s`\n  wanted %s with `%s`\n  got    `%s`\n", input, code, part, got);
  CHECK(!"refused as wanted");
}

static void check_cut(const char* input, iree_host_size_t max_element_count, const char* wanted) {
  const char* got = rewrite(input, max_element_count);
  if (strcmp(got, wanted) == 0) return;
  fprintf(stderr, "`%s` with %zu elements\n  wanted `%s`\n  got    `%s`\n", input, max_element_count, wanted, got);
  CHECK(!"same text");
}

/* ---- Views ------------------------------------------------------------------------------------------------------- */

static void test_shapes(void) {
  check_text("i32=4", "i32=4");
  check_text("xi32=3", "i32=3");
  check_text("f32=", "f32=0");
  check_text("1xi32", "1xi32=0");
  check_text("3xi32=1 2 3", "3xi32=1 2 3");
  check_text("2x2x2xi8=[[1 2][3 4]][[5 6][7 -8]]", "2x2x2xi8=[[1 2][3 4]][[5 6][7 -8]]");
  check_text("0xf32=", "0xf32=");
  check_text("2x0xi32=", "2x0xi32=[][]");
  check_text("2x0xi32=[][]", "2x0xi32=[][]");
  check_text("0x2xi32=", "0x2xi32=");
  check_text("2x0x3xi32=", "2x0x3xi32=[][]");
  check_text("010xi8=1", "8xi8=1 1 1 1 1 1 1 1");
  check_text("2.5xi8=1", "2xi8=1 1");
}

static void test_separators_and_splats(void) {
  check_text("2x2xi32=1", "2x2xi32=[1 1][1 1]");
  check_text("2xi1=01", "2xi1=01 01");
  check_text("2xf32=[1,2", "2xf32=1 2");
  check_text("2xf32=1,,2", "2xf32=1 2");
  check_text("2xf32=1;2", "2xf32=1 1");
  check_text("2xi32 = 1 2", "2xi32=1 2");
  check_text(" 2xi32=  ", "2xi32=0 0");
  check_text("\"2xi32=1 2\"", "2xi32=1 2");
}

static void test_integers(void) {
  check_text("2xi8=200,-128", "2xi8=-56 -128");
  check_text("2xui8=255,0", "2xui8=255 0");
  check_text("1xi16=65535", "1xi16=-1");
  check_text("1xi32=4294967296", "1xi32=0");
  check_text("1xi32=-2147483649", "1xi32=2147483647");
  check_text("1xsi32=4294967295", "1xsi32=-1");
  check_text("1xui32=-1", "1xui32=4294967295");
  check_text("1xui64=-1", "1xui64=18446744073709551615");
  check_text("1xsi64=-9223372036854775808", "1xsi64=-9223372036854775808");
  check_text("2xi32=0x10 010", "2xi32=16 8");
  check_text("2xi32=1.5 2", "2xi32=1 2");
  check_text("1xi32=1abc", "1xi32=1");
}

static void test_packed_integers(void) {
  check_text("3xi4=1 -2 7", "3xi4=1 -2 7");
  check_text("5xi4=3", "5xi4=3 3 3 3 3");
  check_text("2x3xi2=1,-2,-1,0,1,3", "2x3xi2=[1 -2 -1][0 1 -1]");
  check_text("9xui4=15", "9xui4=15 15 15 15 15 15 15 15 15");
  check_text("3xi12=-2048,2047,1", "3xi12=-2048 2047 1");
  check_refused("2xi4=1 16", "INVALID_ARGUMENT", "element 1: `16` as i4: out of range");
  check_refused("1xsi4=8", "INVALID_ARGUMENT", "out of range");
  uint8_t bytes[2] = {0, 0};
  CHECK_OK(iree_hal_parse_buffer_elements(IREE_SV("1 2 3 -1"), IREE_HAL_ELEMENT_TYPE_INT_4,
                                          iree_make_byte_span(bytes, 2)));
  CHECK(bytes[0] == 0x21 && bytes[1] == 0xF3);
}

static void test_floats(void) {
  check_text("2xf32=nan,-nan", "2xf32=NAN -NAN");
  check_text("2xf32=inf,-inf", "2xf32=INF -INF");
  check_text("3xf32=1e10,1e-7,-0", "3xf32=1E+10 1E-07 -0");
  check_text("2xf32=0x1p3 0x", "2xf32=8 0");
  check_text("1xf32=1e-39", "1xf32=1E-39");
  check_text("1xf64=1e400", "1xf64=INF");
  check_text("2xf16=0.1 65520", "2xf16=0.0999756 INF");
  check_text("1xf16=1e-9", "1xf16=0");
  check_text("2xbf16=0.1 1e39", "2xbf16=0.100098 INF");
  check_text("3xf8E4M3FN=0.1,1000,464", "3xf8E4M3FN=0.101562 NAN 448");
  check_text("2xf8E5M2=1e9,61439", "2xf8E5M2=INF 57344");
  check_text("2xf8E4M3FNUZ=1e9,-0", "2xf8E4M3FNUZ=NAN 0");
  check_text("2xf8E5M2FNUZ=465,1e-9", "2xf8E5M2FNUZ=448 0");
  check_text("3xf8E8M0FNU=3,0,-1", "3xf8E8M0FNU=4 5.87747E-39 5.87747E-39");
  check_refused("1xf32=1e-46", "INVALID_ARGUMENT", "too small");
  check_refused("1xf64=1e-400", "INVALID_ARGUMENT", "too small");
}

static void test_hex(void) {
  check_text("3xi1=01 00 FF", "3xi1=01 00 FF");
  check_text("2xcf64=0000803F00002040 000040C0CDCCCC3D", "2xcf64=0000803F00002040 000040C0CDCCCC3D");
  check_text("2x*16=0a0b 0C0D", "2x*16=0A0B 0C0D");
  check_text("1xi24=010203", "1xi24=010203");
  check_refused("1xi1=2", "INVALID_ARGUMENT", "binary hex element count mismatch");
  check_refused("3xi1=010001", "INVALID_ARGUMENT", "binary hex element count mismatch: element 0: `010001`");
  check_refused("2xi1=01 gg", "INVALID_ARGUMENT", "element 1: `gg` as i1: not hexadecimal digits");
}

static void test_refused_values(void) {
  check_refused("1xi8=256", "INVALID_ARGUMENT", "element 0: `256` as i8: out of range");
  check_refused("1xsi8=128", "INVALID_ARGUMENT", "out of range");
  check_refused("1xui8=-1", "INVALID_ARGUMENT", "out of range");
  check_refused("1xi64=9223372036854775808", "INVALID_ARGUMENT", "out of range");
  check_refused("1xui64=18446744073709551616", "INVALID_ARGUMENT", "out of range");
  check_refused("2xi32=1 abc", "INVALID_ARGUMENT", "element 1: `abc` as i32: not an integer");
  check_refused("2xf32=--1", "INVALID_ARGUMENT", "not a number");
  check_refused("2xi32=1 \"2\"x", "INVALID_ARGUMENT", "element 1");
  check_refused("2xi32=1,2,3", "OUT_OF_RANGE", "overflow");
  check_refused("3xi32=1,2", "OUT_OF_RANGE", "underflow");
  check_refused("2xi32=[]", "OUT_OF_RANGE", "underflow");
  check_refused("0xi32=1", "OUT_OF_RANGE", "overflow");
}

static void test_refused_types(void) {
  check_refused("1xfp32=1", "INVALID_ARGUMENT", "out of range bit count in 'fp32'");
  check_refused("1xi256=1", "INVALID_ARGUMENT", "out of range bit count in 'i256'");
  check_refused("1xi01=1", "INVALID_ARGUMENT", "out of range bit count in 'i01'");
  check_refused("1xF32=1", "INVALID_ARGUMENT", "unhandled element type prefix in 'F32'");
  check_refused("", "INVALID_ARGUMENT", "unhandled element type prefix");
  check_refused("1xi0=1", "INVALID_ARGUMENT", "opaque element types cannot be indexed");
  check_refused("2xx2xi32=1", "INVALID_ARGUMENT", "invalid shape specification: '2xx2'");
  check_refused("-1xi32=1", "INVALID_ARGUMENT", "shape[0] invalid value '-1'");
  check_refused("2x?xi8=1", "INVALID_ARGUMENT", "shape[1] invalid value '?'");
  check_refused("99999999999999999999xi8=1", "INVALID_ARGUMENT", "shape[0] invalid value");
  check_refused("9999999999x9999999999xi64=1", "OUT_OF_RANGE", "shape element count overflows device size");
  check_refused("4611686018427387904xi64=1", "OUT_OF_RANGE", "packed byte count overflows device size");
  check_refused("1152921504606846976xi64=1", "RESOURCE_EXHAUSTED", "limit");
  check_refused("2x*4=0", "INVALID_ARGUMENT", "no text form");
}

static void test_many_dimensions(void) {
  char text[300] = "";
  for (int i = 0; i < 128; ++i) strcat(text, "1x");
  strcat(text, "i8=7");
  CHECK(strstr(rewrite(text, 10), "i8=[[[") != NULL);
  CHECK(strstr(rewrite(text, 10), "[[7]]") != NULL);
  memmove(text + 2, text, strlen(text) + 1);
  check_refused(text, "RESOURCE_EXHAUSTED", "more than 128 dimensions");
}

/* ---- Long lists -------------------------------------------------------------------------------------------------- */

static void test_cut_lists(void) {
  check_cut("6xi32=1,2,3,4,5,6", 0, "6xi32=...");
  check_cut("6xi32=1,2,3,4,5,6", 2, "6xi32=1 2...");
  check_cut("6xi32=1,2,3,4,5,6", 6, "6xi32=1 2 3 4 5 6");
  check_cut("2x3xi32=1,2,3,4,5,6", 0, "2x3xi32=[...][...]");
  check_cut("2x3xi32=1,2,3,4,5,6", 3, "2x3xi32=[1 2 3][...]");
  check_cut("2x3xi32=1,2,3,4,5,6", 4, "2x3xi32=[1 2 3][4...]");
  check_cut("2x2x2xi32=1,2,3,4,5,6,7,8", 3, "2x2x2xi32=[[1 2][3...]][[...][...]]");
  check_cut("2x2x2xi32=1,2,3,4,5,6,7,8", 5, "2x2x2xi32=[[1 2][3 4]][[5...][...]]");
  check_cut("i32=4", 0, "i32=...");
  check_cut("2x0xi32=", 0, "2x0xi32=[][]");
}

/* A shape may have far more rows than elements: the text stays short. */
static void test_rows_without_end(void) {
  iree_hal_buffer_view_t* view = NULL;
  CHECK_OK(iree_hal_buffer_view_parse(IREE_SV("4000000000x3x0xi8="), heap, iree_allocator_system(), &view));
  iree_host_size_t length = 0;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_hal_buffer_view_format(view, 10, 0, NULL, &length));
  CHECK(length > 100000 && length < 1000000);
  char* text = malloc(length + 1);
  CHECK_OK(iree_hal_buffer_view_format(view, 10, length + 1, text, &length));
  long depth = 0;
  for (const char* at = text; *at; ++at) depth += (*at == '[') - (*at == ']');
  CHECK(depth == 0);
  CHECK(strstr(text, "[[][][]][[][][]]") != NULL && strstr(text, "...]") != NULL);
  free(text);
  iree_hal_buffer_view_release(view);
}

static void test_capacity(void) {
  iree_hal_buffer_view_t* view = NULL;
  CHECK_OK(iree_hal_buffer_view_parse(IREE_SV("2xi32=10 20"), heap, iree_allocator_system(), &view));
  char text[16];
  for (iree_host_size_t capacity = 0; capacity < sizeof text; ++capacity) {
    iree_host_size_t length = 0;
    memset(text, '#', sizeof text);
    CHECK_STATUS(capacity > 11 ? IREE_STATUS_OK : IREE_STATUS_OUT_OF_RANGE,
                 iree_hal_buffer_view_format(view, 9, capacity, text, &length));
    CHECK(length == 11 && text[capacity] == '#');
    if (capacity > 0) CHECK(strncmp(text, "2xi32=10 20", capacity - 1) == 0 && memchr(text, 0, capacity));
  }
  iree_hal_buffer_view_release(view);
}

/* ---- Names ------------------------------------------------------------------------------------------------------- */

static void test_type_names(void) {
  static const char* const names[] = {"i1",  "i2",   "i4",   "i8",   "i16",  "i32",    "i64",      "si8",        "si64",
                                      "ui8", "ui64", "f16",  "f32",  "f64",  "bf16",   "cf64",     "cf128",      "*8",
                                      "*24", "i128", "f8E5M2", "f8E4M3FN", "f8E5M2FNUZ", "f8E4M3FNUZ", "f8E8M0FNU"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
    iree_hal_element_type_t type = 0;
    CHECK_OK(iree_hal_parse_element_type(iree_make_cstring_view(names[i]), &type));
    CHECK(strcmp(vmrt_hal_element_type_name(type).text, names[i]) == 0);
  }
  iree_hal_element_type_t type = 0;
  CHECK_OK(iree_hal_parse_element_type(IREE_SV("bf16"), &type));
  CHECK(type == 0x22000010);
  CHECK_OK(iree_hal_parse_element_type(IREE_SV("i1"), &type));
  CHECK(type == 0x13000008);
  CHECK_OK(iree_hal_parse_element_type(IREE_SV("cf64"), &type));
  CHECK(type == 0x23000040);
}

static bool memory_is(iree_hal_memory_type_t value, const char* wanted) {
  iree_bitfield_string_temp_t temp;
  return iree_string_view_equal(iree_hal_memory_type_format(value, &temp), iree_make_cstring_view(wanted));
}

static bool usage_is(iree_hal_buffer_usage_t value, const char* wanted) {
  iree_bitfield_string_temp_t temp;
  return iree_string_view_equal(iree_hal_buffer_usage_format(value, &temp), iree_make_cstring_view(wanted));
}

static void test_bit_names(void) {
  CHECK(memory_is(0x56, "HOST_LOCAL|DEVICE_VISIBLE"));
  CHECK(memory_is(0x36, "DEVICE_LOCAL|HOST_VISIBLE|HOST_COHERENT"));
  CHECK(memory_is(0x01, "OPTIMAL"));
  CHECK(memory_is(0, "NONE"));
  CHECK(memory_is(0x10000010, "DEVICE_VISIBLE|0x10000000"));
  CHECK(usage_is(0xB000003, "TRANSFER|MAPPING|MAPPING_PERSISTENT"));
  CHECK(usage_is(0xC03, "TRANSFER|DISPATCH_STORAGE"));
  CHECK(usage_is(0x3F00, "DISPATCH"));
  CHECK(usage_is(0x3001, "DISPATCH_IMAGE|TRANSFER_SOURCE"));
}

/* Every pair of single bits left out of all: the longest texts have room. */
static void test_bit_names_have_room(void) {
  iree_bitfield_string_temp_t temp;
  for (int a = 0; a < 32; ++a) {
    for (int b = 0; b < 32; ++b) {
      uint32_t value = ~(UINT32_C(1) << a) & ~(UINT32_C(1) << b);
      CHECK(iree_hal_buffer_usage_format(value & 0xAAAAAAAA, &temp).size < sizeof temp.buffer);
      CHECK(iree_hal_buffer_usage_format(value & ~UINT32_C(0x501), &temp).size < sizeof temp.buffer);
      CHECK(iree_hal_memory_type_format(value, &temp).size < sizeof temp.buffer);
      CHECK(iree_hal_memory_access_format((iree_hal_memory_access_t)value, &temp).size < sizeof temp.buffer);
    }
  }
}

static const check_case_t cases[] = {
    {"shapes", test_shapes},
    {"separators_and_splats", test_separators_and_splats},
    {"integers", test_integers},
    {"packed_integers", test_packed_integers},
    {"floats", test_floats},
    {"hex", test_hex},
    {"refused_values", test_refused_values},
    {"refused_types", test_refused_types},
    {"many_dimensions", test_many_dimensions},
    {"cut_lists", test_cut_lists},
    {"rows_without_end", test_rows_without_end},
    {"capacity", test_capacity},
    {"type_names", test_type_names},
    {"bit_names", test_bit_names},
    {"bit_names_have_room", test_bit_names_have_room},
};

int main(int argc, char** argv) {
  iree_allocator_t system = iree_allocator_system();
  if (!CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("test"), system, system, &heap))) return EXIT_FAILURE;
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  iree_hal_allocator_release(heap);
  bool is_clean = vmrt_live_objects(VMRT_OBJECT_HAL_BUFFER) == 0 && vmrt_live_objects(VMRT_OBJECT_STATUS) == 0;
  return is_clean ? result : EXIT_FAILURE;
}
