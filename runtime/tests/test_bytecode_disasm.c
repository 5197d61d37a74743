/* SPDX-License-Identifier: Apache-2.0 */
/* Code as text, and names and locations out of debug databases of any quality. */
#include "bytecode/debug.h"
#include "bytecode/disasm.h"
#include "bytecode_builder.h"
#include "bytecode_examples.h"
#include "check.h"

static iree_vm_instance_t* instance = NULL;
static iree_string_builder_t builder;
static _Alignas(64) uint8_t archive[4096];

static bool parse(iree_const_byte_span_t span, bytecode_image_t* out_image) {
  return CHECK_OK(bytecode_image_parse(instance, 0, span, iree_allocator_system(), out_image));
}
static bool parse_example(const uint8_t* data, size_t size, bytecode_image_t* out_image) {
  memcpy(archive, data, size);
  return parse(iree_make_const_byte_span(archive, size), out_image);
}

static void check_text(const char* wanted) {
  iree_string_view_t got = iree_string_builder_view(&builder);
  bool same = iree_string_view_equal(got, iree_make_cstring_view(wanted));
  CHECK(same);
  if (!same) fprintf(stderr, "--- wanted\n%s\n--- got\n%.*s\n", wanted, (int)got.size, got.data);
  builder.size = 0;
}

/* ---- Text ------------------------------------------------------------------------------------------------------------ */

static void test_loop(void) {
  bytecode_image_t image;
  if (!parse_example(example_loop, sizeof example_loop, &image)) return;
  CHECK_OK(bytecode_disassemble_image(&image, &builder));
  check_text(
      "vm.module @loop version 0\n"
      "vm.type f64\n"
      "vm.type i32\n"
      "vm.type i64\n"
      "\n"
      "vm.export @sum\n"
      "vm.func @sum(%i0: i32, %i2:3: i64) -> (i64) {\n"
      "^bb0:\n"
      "  %i1 = vm.const.i32.zero\n"
      "  %i4 = vm.const.i32 1  // 0x00000001\n"
      "  %i6:7 = vm.const.i64.zero\n"
      "  vm.br ^bb1()\n"
      "^bb1:\n"
      "  %i5 = vm.cmp.lt.i32.s %i1, %i0\n"
      "  vm.cond_br %i5, ^bb2(), ^bb3()\n"
      "^bb2:\n"
      "  %i8:9 = vm.add.i64 %i6:7, %i2:3\n"
      "  %i1 = vm.add.i32 %i1, %i4\n"
      "  vm.br ^bb1(%i8->%i6, %i9->%i7)\n"
      "^bb3:\n"
      "  %i0:1 = vm.cast.si64.f64 %i6:7\n"
      "  %i0:1 = vm.sqrt.f64 %i0:1\n"
      "  %i2:3 = vm.cast.f64.si64 %i0:1\n"
      "  vm.return %i2\n"
      "}\n");
  bytecode_image_deinitialize(&image);
}

static void test_references(void) {
  bytecode_image_t image;
  if (!parse_example(example_refs, sizeof example_refs, &image)) return;
  CHECK_OK(bytecode_disassemble_image(&image, &builder));
  check_text(
      "vm.module @refs version 0\n"
      "vm.type i32\n"
      "vm.type i64\n"
      "vm.type !vm.buffer\n"
      "// depends on @other version 0, optional\n"
      "vm.import optional @other.use cconv \"0rI_i\"\n"
      "vm.rodata[0] = 010203\n"
      "\n"
      "vm.export @f\n"
      "vm.func @f(%i0:1: i64) -> (i32) {\n"
      "^bb0:\n"
      "  %r0 = vm.const.ref.rodata 0  // 3b\n"
      "  vm.global.store.ref %r0, .refs[0] : !vm.buffer\n"
      "  %i2 = vm.buffer.load.i8.u %r0, %i0:1\n"
      "  %i0 = vm.import.resolved @other.use\n"
      "  vm.cond_br %i0, ^bb1(), ^bb2()\n"
      "^bb1:\n"
      "  %i0:1 = vm.global.load.i64 .rwdata[0]\n"
      "  %i3 = vm.call @other.use(%R0, %i0)\n"
      "  vm.return %i3\n"
      "^bb2:\n"
      "  vm.discard.refs %r0\n"
      "  vm.return %i2\n"
      "}\n"
      "\n"
      "vm.export @__init\n"
      "vm.func @__init() -> () {\n"
      "^bb0:\n"
      "  %i0:1 = vm.const.i64 4  // 0x0000000000000004\n"
      "  vm.global.store.i64 %i0:1, .rwdata[0]\n"
      "  vm.return\n"
      "}\n");
  bytecode_image_deinitialize(&image);
}

/* As a trace shows it: targets as pc, registers that are read with their values. */
static void test_values(void) {
  bytecode_image_t image;
  if (!parse_example(example_loop, sizeof example_loop, &image)) return;
  _Alignas(8) int32_t i32[10] = {3, -1, 7, 0, 1, 1, 40, 0, 0, 0};
  const bytecode_registers_t registers = {i32, NULL};
  uint32_t next = 0;
  CHECK_OK(bytecode_disassemble_instruction(&image, 0, 47, &registers, &builder, &next));
  check_text("%i8:9 = vm.add.i64 %i6:7(40), %i2:3(7)");
  CHECK(next == 54);
  CHECK_OK(bytecode_disassemble_instruction(&image, 0, 30, &registers, &builder, &next));
  check_text("vm.cond_br %i5(1), ^46(), ^76()");
  CHECK_OK(bytecode_disassemble_instruction(&image, 0, 61, &registers, &builder, NULL));
  check_text("vm.br ^22(%i8(0)->%i6, %i9(0)->%i7)");
  const double number = 2.5;
  memcpy(i32, &number, sizeof number);
  CHECK_OK(bytecode_disassemble_instruction(&image, 0, 83, &registers, &builder, NULL));
  check_text("%i0:1 = vm.sqrt.f64 %i0:1(2.5)");
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               bytecode_disassemble_instruction(&image, 0, 96, &registers, &builder, NULL)); /* inside the return */
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               bytecode_disassemble_instruction(&image, 0, 1000, &registers, &builder, NULL));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, bytecode_disassemble_instruction(&image, 1, 0, &registers, &builder, NULL));
  builder.size = 0;
  bytecode_image_deinitialize(&image);
}

/* Instructions of which the examples have none. */
static void test_forms(void) {
  static const struct {
    const char* code;
    const char* text;
  } rows[] = {
      {"5B 0000 0600 61 22 00 FF 5C 7A", "vm.fail %i0, \"a\\22\\00\\FF\\5Cz\""},
      {"59 00000080 _ 0200 FFFF 0100 0200 0100 00C0 0100 0200",
       "%i2 = vm.call.variadic @o.spans segments[65535, 1](%i1, %R0)"},
      {"88 00000080 _ 0200 FFFF 0000 0100 0100 00000000 0100 0200",
       "vm.call.variadic.yieldable @o.spans segments[65535, 0](%i1) -> ^0(%i2)"},
      {"58 00000000 _ 0000 0000", "vm.call @m:0()"},
      {"83 0000 00000000 _ 0000 0100 00000000 0100 0100 0000", "vm.br_table %i0 { default: ^0(), 0: ^0(%i1->%i0) }"},
      {"21 0000 01000000 00C0 _ 0200 0080 0180 0180",
       "%r1 = vm.switch.ref %i0[%r0, %r1] else %R0 -> !vm.buffer"},
      {"1E 0000 01000000 0080 01C0 0180", "%r1 = vm.select.ref %i0 ? %r0 : %R1 -> !vm.buffer"},
      {"E0 05 0000C03F 0100", "%i1 = vm.const.f32 1.5"},
      {"12 00000000 0000 0080", "%r0 = vm.list.alloc %i0 : !vm.list<i32>"},
      {"5E 0200 6869 _ 0100 0000", "vm.trace \"hi\"(%i0)"},
      {"82 0080 01000000 0080", "%r0 = vm.cast.any.ref %r0 : !vm.ref<?> -> !vm.buffer"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    test_module_t module = {.name = "m",
                            .types = {"i32", "!vm.buffer"},
                            .imports = {{"o.spans", "0iCrD_i"}},
                            .functions = {{"0v_v", rows[i].code, 1, 4, 2, 3}}};
    static test_bytes_t bytes;
    bytecode_image_t image;
    test_build(&module, &bytes);
    if (!parse(test_span(&bytes), &image)) continue;
    CHECK_OK(bytecode_disassemble_instruction(&image, 0, 0, NULL, &builder, NULL));
    check_text(rows[i].text);
    bytecode_image_deinitialize(&image);
  }
}

/* ---- Debug database -------------------------------------------------------------------------------------------------- */

/* A location: its union type and up to two numbers, or a file name. */
typedef struct test_location_t {
  uint8_t type;
  const char* text;
  int32_t a, b;
} test_location_t;

static void put_location(test_bytes_t* out, uint32_t place, const test_location_t* location) {
  bool has_text = location->type == LOCATION_FILE_LINE_COL || location->type == LOCATION_NAME;
  uint32_t table = test_put_table(out, place, 3);
  test_store32(out, test_field(table, has_text), (uint32_t)location->a);
  test_store32(out, test_field(table, has_text + 1), (uint32_t)location->b);
  if (has_text && location->text) test_put_string(out, test_field(table, 0), location->text);
  if (has_text && !location->text) test_drop_field(out, table, 0);
  if (location->type != LOCATION_FUSED) return;
  test_drop_field(out, table, FUSED_METADATA);
  uint32_t list = test_put_vector(out, test_field(table, FUSED_LOCATIONS), 2, 4);
  test_store32(out, list, (uint32_t)location->a);
  test_store32(out, list + 4, (uint32_t)location->b);
}

static void put_location_table(test_bytes_t* out, uint32_t debug, const test_location_t* locations, uint32_t count) {
  if (count == 0) {
    test_drop_field(out, debug, DEBUG_LOCATION_TABLE_TYPE);
    test_drop_field(out, debug, DEBUG_LOCATION_TABLE);
    return;
  }
  uint32_t types = test_put_vector(out, test_field(debug, DEBUG_LOCATION_TABLE_TYPE), count, 1);
  uint32_t values = test_put_vector(out, test_field(debug, DEBUG_LOCATION_TABLE), count, 4);
  for (uint32_t i = 0; i < count; ++i) {
    out->data[types + i] = locations[i].type;
    if (locations[i].type != LOCATION_NONE) put_location(out, values + 4 * i, &locations[i]);
  }
}

/* `count` maps, the last of them named `name` and saying that pc 1 is at location 0. */
static void put_source_maps(test_bytes_t* out, uint32_t debug, uint32_t count, const char* name) {
  uint32_t maps = test_put_vector(out, test_field(debug, DEBUG_FUNCTIONS), count, 4);
  for (uint32_t i = 0; i < count; ++i) {
    bool is_last = i + 1 == count;
    uint32_t map = test_put_table(out, maps + 4 * i, 2);
    test_put_string(out, test_field(map, SOURCE_MAP_LOCAL_NAME), is_last ? name : "another");
    uint32_t entries = test_put_vector(out, test_field(map, SOURCE_MAP_LOCATIONS), is_last, LOC_SIZE);
    if (is_last) test_store32(out, entries + LOC_BYTECODE_OFFSET, 1);
  }
}

/* One function `f0`, and a database of these locations. */
static void build_debug(test_bytes_t* out, uint32_t map_count, const char* name, const test_location_t* locations,
                        uint32_t count) {
  const test_module_t module = {.name = "m", .functions = {{"0v_v", "79 5A _ 0000", 1, 0, 0, 0}}};
  uint32_t root = test_build(&module, out);
  /* A longer vtable; the database takes the place of the field `rwdata_segments`, which nobody needs. */
  uint32_t vtable = root - read_le32(out->data + root);
  uint32_t longer = test_take(out, 4 + 2 * (MODULE_DEBUG_DATABASE + 1));
  memcpy(out->data + longer, out->data + vtable, 4 + 2 * MODULE_DEBUG_DATABASE);
  out->data[longer] = 4 + 2 * (MODULE_DEBUG_DATABASE + 1);
  out->data[longer + 4 + 2 * MODULE_DEBUG_DATABASE] = 4 + 4 * MODULE_RWDATA_SEGMENTS;
  test_store32(out, root, root - longer);
  uint32_t debug = test_put_table(out, test_field(root, MODULE_RWDATA_SEGMENTS), 3);
  put_source_maps(out, debug, map_count, name);
  put_location_table(out, debug, locations, count);
  test_take(out, 0);
  test_store32(out, 0, out->size - 4);
}

static void check_location(uint32_t map_count, const char* name, const test_location_t* locations, uint32_t count,
                           const char* wanted) {
  static test_bytes_t bytes;
  bytecode_image_t image;
  build_debug(&bytes, map_count, name, locations, count);
  if (!parse(test_span(&bytes), &image)) return;
  uint32_t location = 0;
  bool found = bytecode_debug_find_location(&image, 0, 1, &location);
  CHECK(found == (wanted != NULL));
  CHECK(!bytecode_debug_find_location(&image, 0, 2, &location));
  if (found) {
    CHECK_OK(bytecode_debug_format_location(&image, location, &builder));
    check_text(wanted);
  }
  bytecode_image_deinitialize(&image);
}

static void test_locations(void) {
  const test_location_t file = {LOCATION_FILE_LINE_COL, "a.mlir", 3, 7};
  check_location(1, "f0", &file, 1, "a.mlir:3:7");
  const test_location_t nameless = {LOCATION_FILE_LINE_COL, NULL, 3, 7};
  check_location(1, "f0", &nameless, 1, "-:3:7");
  const test_location_t call[] = {{LOCATION_CALL_SITE, NULL, 1, 2}, file, {LOCATION_FILE_LINE_COL, "b.mlir", 1, 2}};
  check_location(1, "f0", call, 3, "a.mlir:3:7 called at b.mlir:1:2");
  const test_location_t name[] = {{LOCATION_NAME, "label", 1, 0}, file};
  check_location(1, "f0", name, 2, "label(a.mlir:3:7)");
  const test_location_t fused[] = {{LOCATION_FUSED, NULL, 1, 9}, file};
  check_location(1, "f0", fused, 2, "[a.mlir:3:7, -]");
  const test_location_t none = {LOCATION_NONE, NULL, 0, 0};
  check_location(1, "f0", &none, 1, "-");
  check_location(1, "f0", NULL, 0, "-");
}

static void test_location_circles(void) {
  const test_location_t name = {LOCATION_NAME, "n", 0, 0};
  check_location(1, "f0", &name, 1, "n(n(n(n(n(n(n(n(...))))))))");
  const test_location_t call = {LOCATION_CALL_SITE, NULL, 0, 0};
  static test_bytes_t bytes;
  bytecode_image_t image;
  build_debug(&bytes, 1, "f0", &call, 1);
  if (!parse(test_span(&bytes), &image)) return;
  CHECK_OK(bytecode_debug_format_location(&image, 0, &builder));
  CHECK(builder.size < 1024);
  builder.size = 0;
  CHECK_OK(bytecode_debug_format_location(&image, 1000000, &builder));
  check_text("-");
  CHECK_OK(bytecode_debug_format_location(&image, UINT32_MAX, &builder));
  check_text("-");
  bytecode_image_deinitialize(&image);
}

/* Maps belong to functions by position only when there are as many of both; else by the name of an export. */
static void test_source_maps(void) {
  const test_location_t file = {LOCATION_FILE_LINE_COL, "a.mlir", 3, 7};
  check_location(1, "whatever", &file, 1, "a.mlir:3:7");
  check_location(2, "f0", &file, 1, "a.mlir:3:7");
  check_location(2, "whatever", &file, 1, NULL);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"loop", test_loop},
      {"references", test_references},
      {"values", test_values},
      {"forms", test_forms},
      {"locations", test_locations},
      {"location_circles", test_location_circles},
      {"source_maps", test_source_maps},
  };
  if (!CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance))) return 1;
  iree_string_builder_initialize(iree_allocator_system(), &builder);
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  iree_string_builder_deinitialize(&builder);
  iree_vm_instance_release(instance);
  return result;
}
