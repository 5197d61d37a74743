/* SPDX-License-Identifier: Apache-2.0 */
/* The container and the metadata: complete modules, the same ones damaged, and modules that are wrong in one place. */
#include "bytecode/image.h"
#include "bytecode_builder.h"
#include "bytecode_examples.h"
#include "check.h"
#include "iree/vm/bytecode/module.h"
#include "vmrt/probe.h"

#define INVALID IREE_STATUS_INVALID_ARGUMENT
#define RANGE IREE_STATUS_OUT_OF_RANGE

static iree_vm_instance_t* instance = NULL;
static test_bytes_t bytes;
static uint32_t root; /* of what is in `bytes`, when test_build made it */

static const test_module_t plain = {
    .name = "m",
    .types = {"i32", "!vm.buffer"},
    .imports = {{"o.f", "0i_i"}},
    .functions = {{"0ii_i", "79 22 0000 0100 0100 5A _ 0100 0100", 1, 2, 0, 0}},
    .rodata_count = 1,
    .global_bytes = 16,
    .global_refs = 1,
};

/* ---- Helpers --------------------------------------------------------------------------------------------------------- */

static void load_example(const uint8_t* data, size_t size) {
  memset(bytes.data, 0, sizeof bytes.data);
  memcpy(bytes.data, data, size);
  bytes.size = (uint32_t)size;
}
#define LOAD_EXAMPLE(example) load_example(example, sizeof example)

static void build_plain(void) { root = test_build(&plain, &bytes); }
static void put_root(uint32_t slot, uint32_t value) { test_store32(&bytes, test_field(root, slot), value); }
/* Element `index` of the vector of tables in a slot of the root. */
static uint32_t root_element(uint32_t slot, uint32_t index) {
  uint32_t field = test_field(root, slot);
  uint32_t place = field + read_le32(bytes.data + field) + 4 + 4 * index;
  return place + read_le32(bytes.data + place);
}
/* First descriptor. */
static uint32_t descriptor(void) {
  uint32_t field = test_field(root, MODULE_FUNCTION_DESCRIPTORS);
  return field + read_le32(bytes.data + field) + 4;
}
static void set_u16(uint32_t place, uint32_t value) {
  bytes.data[place] = (uint8_t)value;
  bytes.data[place + 1] = (uint8_t)(value >> 8);
}

static iree_status_t parse_span(iree_const_byte_span_t span, iree_allocator_t allocator) {
  bytecode_image_t image;
  iree_status_t status = bytecode_image_parse(instance, 0, span, allocator, &image);
  if (!iree_status_is_ok(status)) return status;
  status = bytecode_verify_image(&image);
  bytecode_image_deinitialize(&image);
  return status;
}
static iree_status_t parse(void) { return parse_span(test_span(&bytes), iree_allocator_system()); }

static bool equals(iree_string_view_t text, const char* wanted) {
  return iree_string_view_equal(text, iree_make_cstring_view(wanted));
}

/* ---- What a whole module says ---------------------------------------------------------------------------------------- */

static void test_whole_module(void) {
  LOAD_EXAMPLE(example_refs);
  bytecode_image_t image;
  if (!CHECK_OK(bytecode_image_parse(instance, 0, test_span(&bytes), iree_allocator_system(), &image))) return;
  CHECK(equals(image.name, "refs"));
  CHECK(image.type_count == 3 && equals(image.type_names[0], "i32") && equals(image.type_names[2], "!vm.buffer"));
  CHECK(iree_vm_type_def_as_value(image.types[1]) == IREE_VM_VALUE_TYPE_I64);
  CHECK(iree_vm_type_def_as_ref(image.types[2]) == iree_vm_instance_lookup_type(instance, IREE_SV("vm.buffer")));
  CHECK(image.import_count == 1 && image.imports[0].optional && equals(image.imports[0].full_name, "other.use"));
  CHECK(equals(image.imports[0].cconv.text, "0rI_i") && equals(image.imports[0].cconv.arguments, "rI"));
  CHECK(image.dependency_count == 1 && equals(image.dependencies[0].name, "other") && image.dependencies[0].flags == 2);
  CHECK(image.export_count == 2 && equals(image.exports[0].local_name, "f") && image.exports[1].function == 1);
  CHECK(image.function_count == 2 && image.functions[0].code_length == 90 && image.functions[0].requirements == 8);
  CHECK(image.functions[0].block_count == 3 && image.functions[0].i32_register_count == 4);
  CHECK(image.functions[0].ref_register_count == 1 && image.functions[1].code[0] == 0x79);
  CHECK(equals(image.functions[1].cconv.text, "0v_v") && image.functions[1].cconv.arguments.size == 0);
  CHECK(image.global_bytes == 8 && image.global_ref_count == 1 && image.debug_table.data == NULL);
  CHECK(image.rodata_count == 1 && image.rodata[0].data_length == 3 && memcmp(image.rodata[0].data, "\1\2\3", 3) == 0);
  CHECK_OK(bytecode_verify_image(&image));
  bytecode_image_deinitialize(&image);
  LOAD_EXAMPLE(example_add);
  CHECK_OK(parse());
  LOAD_EXAMPLE(example_loop);
  CHECK_OK(parse());
}

/* ---- Container ------------------------------------------------------------------------------------------------------- */

static void test_container(void) {
  CHECK_STATUS(INVALID, parse_span(iree_const_byte_span_empty(), iree_allocator_system()));
  LOAD_EXAMPLE(example_add);
  bytes.size = 15;
  CHECK_STATUS(INVALID, parse());
  bytes.size = 16;
  CHECK_STATUS(INVALID, parse());
  const uint32_t prefixes[] = {0, 7, 8, 0x90, sizeof example_add, 0xFFFFFFFF};
  for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; ++i) {
    LOAD_EXAMPLE(example_add);
    test_store32(&bytes, 0, prefixes[i]);
    CHECK_STATUS(INVALID, parse());
  }
  LOAD_EXAMPLE(example_add);
  bytes.data[8] = 'X';
  CHECK_STATUS(INVALID, parse());
  LOAD_EXAMPLE(example_add);
  bytes.size += 35;
  CHECK_OK(parse());
  const uint32_t roots[] = {0, 9, 0x7FFFFFFF, 0xFFFFFFFC};
  for (size_t i = 0; i < sizeof roots / sizeof roots[0]; ++i) {
    LOAD_EXAMPLE(example_add);
    test_store32(&bytes, 4, roots[i]);
    CHECK_STATUS(INVALID, parse());
  }
}

/* A ZIP local header of `name` + `extra` bytes of fields in front of the add module. */
static void load_zipped(uint32_t name, uint32_t extra) {
  memset(bytes.data, 0, sizeof bytes.data);
  test_store32(&bytes, 0, 0x04034B50);
  set_u16(26, name);
  set_u16(28, extra);
  bytes.size = 30 + name + extra;
  memcpy(bytes.data + bytes.size, example_add, sizeof example_add);
  bytes.size += sizeof example_add;
}

static void test_zip_header(void) {
  load_zipped(9, 25);
  CHECK_OK(parse());
  load_zipped(10, 0);
  CHECK_OK(parse());
  load_zipped(9, 0);
  CHECK_STATUS(INVALID, parse()); /* data not aligned to four bytes */
  load_zipped(9, 25);
  set_u16(26, 0xFFFF); /* lengths past the end of the file */
  CHECK_STATUS(INVALID, parse());
  load_zipped(10, 0);
  bytes.size = 40;
  CHECK_STATUS(INVALID, parse());
  bytes.size = 29;
  CHECK_STATUS(INVALID, parse());
}

/* ---- Structure ------------------------------------------------------------------------------------------------------- */

static void test_name(void) {
  build_plain();
  test_drop_field(&bytes, root, MODULE_NAME);
  CHECK_STATUS(INVALID, parse());
  test_module_t module = plain;
  module.name = "";
  test_build(&module, &bytes);
  CHECK_STATUS(INVALID, parse());
}

static void test_offsets(void) {
  static const uint32_t slots[] = {MODULE_NAME,
                                   MODULE_TYPES,
                                   MODULE_IMPORTED_FUNCTIONS,
                                   MODULE_EXPORTED_FUNCTIONS,
                                   MODULE_FUNCTION_SIGNATURES,
                                   MODULE_RODATA_SEGMENTS,
                                   MODULE_STATE,
                                   MODULE_FUNCTION_DESCRIPTORS,
                                   MODULE_BYTECODE_DATA};
  static const uint32_t offsets[] = {0, 1, 2, 0x7FFFFFFC, 0x80000000, 0xFFFFFFFC};
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; ++i) {
    for (size_t j = 0; j < sizeof offsets / sizeof offsets[0]; ++j) {
      build_plain();
      put_root(slots[i], offsets[j]);
      CHECK_STATUS(INVALID, parse());
    }
  }
}

static void test_vectors_and_strings(void) {
  static const uint32_t lengths[] = {0x10000, 0x40000001, 0x7FFFFFFF, 0xFFFFFFFF};
  static const uint32_t slots[] = {MODULE_NAME, MODULE_TYPES, MODULE_FUNCTION_DESCRIPTORS, MODULE_BYTECODE_DATA};
  for (size_t i = 0; i < sizeof slots / sizeof slots[0]; ++i) {
    for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; ++j) {
      build_plain();
      uint32_t field = test_field(root, slots[i]);
      test_store32(&bytes, field + read_le32(bytes.data + field), lengths[j]);
      CHECK_STATUS(INVALID, parse());
    }
  }
  build_plain();
  uint32_t name = test_field(root, MODULE_NAME);
  bytes.data[name + read_le32(bytes.data + name) + 5] = 'x'; /* the zero behind "m" */
  CHECK_STATUS(INVALID, parse());
}

static void test_vtables(void) {
  static const uint32_t headers[] = {0, 2, 5, 0xFFFE, 3u << 16 | 4, 0xFFFCu << 16 | 36};
  for (size_t i = 0; i < sizeof headers / sizeof headers[0]; ++i) {
    build_plain();
    test_store32(&bytes, root - read_le32(bytes.data + root), headers[i]);
    CHECK_STATUS(INVALID, parse());
  }
  static const uint32_t places[] = {1, 0x7FFFFFFF, 0x80000000, 0xFFFF0000};
  for (size_t i = 0; i < sizeof places / sizeof places[0]; ++i) {
    build_plain();
    test_store32(&bytes, root, places[i]);
    CHECK_STATUS(INVALID, parse());
  }
  build_plain();
  set_u16(root - read_le32(bytes.data + root) + 4 + 2 * MODULE_VERSION, 0x7000); /* a field outside its table */
  CHECK_STATUS(INVALID, parse());
}

/* Tables that many vectors share: the work grows with the square of the file, so it is refused. */
static void test_shared_tables(void) {
  enum { SIGNATURES = 400, ATTRS = 400 };
  bytes.size = 0;
  test_take(&bytes, 12);
  memcpy(bytes.data + 8, SCHEMA_IDENTIFIER, 4);
  root = test_put_table(&bytes, 4, MODULE_FUNCTION_SIGNATURES + 1);
  for (uint32_t slot = MODULE_VERSION; slot < MODULE_FUNCTION_SIGNATURES; ++slot) test_drop_field(&bytes, root, slot);
  test_put_string(&bytes, test_field(root, MODULE_NAME), "m");
  uint32_t signatures = test_put_vector(&bytes, test_field(root, MODULE_FUNCTION_SIGNATURES), SIGNATURES, 4);
  uint32_t signature = test_put_table(&bytes, signatures, 2);
  test_drop_field(&bytes, signature, SIGNATURE_CALLING_CONVENTION);
  uint32_t attrs = test_put_vector(&bytes, test_field(signature, SIGNATURE_ATTRS), ATTRS, 4);
  uint32_t attr = test_put_table(&bytes, attrs, 0);
  for (uint32_t i = 0; i < SIGNATURES; ++i) test_store32(&bytes, signatures + 4 * i, signature - (signatures + 4 * i));
  for (uint32_t i = 0; i < ATTRS; ++i) test_store32(&bytes, attrs + 4 * i, attr - (attrs + 4 * i));
  test_store32(&bytes, 0, bytes.size - 4);
  iree_status_t status = parse();
  iree_string_view_t message = iree_status_message(status);
  CHECK(iree_string_view_starts_with(message, IREE_SV("FlatBuffer verification failed: tables shared too often")));
  CHECK_STATUS(INVALID, status);
}

/* ---- Metadata -------------------------------------------------------------------------------------------------------- */

static void test_version_and_requirements(void) {
  static const struct {
    uint32_t slot, value;
    iree_status_code_t status;
  } rows[] = {
      {MODULE_BYTECODE_VERSION, 18u << 16, INVALID},    {MODULE_BYTECODE_VERSION, 16u << 16, INVALID},
      {MODULE_BYTECODE_VERSION, 17u << 16 | 1, INVALID}, {MODULE_BYTECODE_VERSION, 0, INVALID},
      {MODULE_REQUIREMENTS, 15, IREE_STATUS_OK},        {MODULE_REQUIREMENTS, 16, INVALID},
      {MODULE_REQUIREMENTS, 0x80000000, INVALID},       {MODULE_VERSION, 0xFFFFFFFF, IREE_STATUS_OK},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    build_plain();
    put_root(rows[i].slot, rows[i].value);
    CHECK_STATUS(rows[i].status, parse());
  }
  build_plain();
  test_drop_field(&bytes, root, MODULE_BYTECODE_VERSION);
  CHECK_STATUS(INVALID, parse());
}

static void test_types(void) {
  static const struct {
    const char* name;
    iree_status_code_t status;
  } rows[] = {
      {"", INVALID},
      {"!foo.bar", IREE_STATUS_NOT_FOUND},
      {"foo", IREE_STATUS_NOT_FOUND},
      {"i1", IREE_STATUS_NOT_FOUND},
      {"f16", IREE_STATUS_NOT_FOUND},
      {"?", IREE_STATUS_NOT_FOUND},
      {"!", IREE_STATUS_NOT_FOUND},
      {"!vm.ref<?>", IREE_STATUS_NOT_FOUND},
      {"!vm.list<garbage", IREE_STATUS_OK},
      {"!vm.listX", IREE_STATUS_OK},
      {"!vm.opaque", IREE_STATUS_OK},
      {"f64", IREE_STATUS_OK},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    test_module_t module = plain;
    module.types[1] = rows[i].name;
    test_build(&module, &bytes);
    CHECK_STATUS(rows[i].status, parse());
  }
  build_plain();
  test_drop_field(&bytes, root, MODULE_TYPES);
  CHECK_OK(parse());
  build_plain();
  test_drop_field(&bytes, root_element(MODULE_TYPES, 0), TYPE_FULL_NAME);
  CHECK_STATUS(INVALID, parse());
}

static void test_placeholder_types(void) {
  test_module_t module = plain;
  module.types[1] = "!foo.bar";
  test_build(&module, &bytes);
  bytecode_image_t image;
  uint32_t flags = IREE_VM_BYTECODE_MODULE_FLAG_ALLOW_PLACEHOLDER_TYPES;
  if (!CHECK_OK(bytecode_image_parse(instance, flags, test_span(&bytes), iree_allocator_system(), &image))) return;
  CHECK(equals(iree_vm_ref_type_name(iree_vm_type_def_as_ref(image.types[1])), "foo.bar"));
  bytecode_image_deinitialize(&image);
}

static void test_exports_and_tables(void) {
  build_plain();
  test_store32(&bytes, test_field(root_element(MODULE_EXPORTED_FUNCTIONS, 0), EXPORT_INTERNAL_ORDINAL), 1);
  CHECK_STATUS(INVALID, parse());
  build_plain();
  test_store32(&bytes, test_field(root_element(MODULE_EXPORTED_FUNCTIONS, 0), EXPORT_INTERNAL_ORDINAL), 0xFFFFFFFF);
  CHECK_STATUS(INVALID, parse());
  build_plain();
  test_drop_field(&bytes, root_element(MODULE_EXPORTED_FUNCTIONS, 0), EXPORT_LOCAL_NAME);
  CHECK_STATUS(INVALID, parse());
  build_plain();
  test_drop_field(&bytes, root_element(MODULE_IMPORTED_FUNCTIONS, 0), IMPORT_FULL_NAME);
  CHECK_STATUS(INVALID, parse());
  build_plain();
  test_drop_field(&bytes, root, MODULE_FUNCTION_SIGNATURES);
  CHECK_STATUS(INVALID, parse());
  build_plain();
  test_drop_field(&bytes, root, MODULE_STATE);
  CHECK_OK(parse());
}

static void test_descriptor_ranges(void) {
  static const struct {
    uint32_t offset, length;
  } rows[] = {{0, 0}, {0, 0xFFFFFFFF}, {0, 17}, {0xFFFFFFF8, 14}, {3, 14}, {0x7FFFFFFF, 0x7FFFFFFF}, {0x7FFFFFFF, 1}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    build_plain();
    test_store32(&bytes, descriptor() + DESCRIPTOR_BYTECODE_OFFSET, rows[i].offset);
    test_store32(&bytes, descriptor() + DESCRIPTOR_BYTECODE_LENGTH, rows[i].length);
    CHECK_STATUS(INVALID, parse());
  }
  build_plain();
  set_u16(descriptor() + 12, 1); /* reserved: nobody looks */
  CHECK_OK(parse());
}

static void test_state(void) {
  static const struct {
    int32_t bytes, refs;
    iree_status_code_t status;
  } rows[] = {{-1, 0, RANGE}, {0, -1, RANGE}, {INT32_MIN, INT32_MIN, RANGE}, {0, 0, IREE_STATUS_OK}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    test_module_t module = plain;
    module.global_bytes = rows[i].bytes;
    module.global_refs = rows[i].refs;
    test_build(&module, &bytes);
    CHECK_STATUS(rows[i].status, parse());
  }
}

/* A module whose only rodata segment is external, `offset` and `length` as given, four bytes behind the FlatBuffer. */
static void build_external(uint64_t offset, uint64_t length) {
  build_plain();
  uint32_t field = test_field(root, MODULE_RODATA_SEGMENTS);
  uint32_t place = field + read_le32(bytes.data + field) + 4;
  bytes.size = (bytes.size + 7) / 8 * 8;
  uint32_t vtable = test_take(&bytes, 16), table = test_take(&bytes, 24);
  set_u16(vtable, 4 + 2 * 5);
  set_u16(vtable + 2, 24);
  set_u16(vtable + 4 + 2 * RODATA_EXTERNAL_DATA_OFFSET, 8);
  set_u16(vtable + 4 + 2 * RODATA_EXTERNAL_DATA_LENGTH, 16);
  test_store32(&bytes, table, table - vtable);
  for (int i = 0; i < 2; ++i) {
    test_store32(&bytes, table + 8 + 4 * (uint32_t)i, (uint32_t)(offset >> 32 * i));
    test_store32(&bytes, table + 16 + 4 * (uint32_t)i, (uint32_t)(length >> 32 * i));
  }
  test_store32(&bytes, place, table - place);
  test_store32(&bytes, 0, bytes.size - 4);
  bytes.size = (bytes.size + 63) / 64 * 64;
  memcpy(bytes.data + bytes.size, "\1\2\3\4", 4);
  bytes.size += 4;
}

static void test_external_rodata(void) {
  static const struct {
    uint64_t offset, length;
    iree_status_code_t status;
  } rows[] = {
      {0, 4, IREE_STATUS_OK},  {1, 3, IREE_STATUS_OK},    {4, 0, IREE_STATUS_OK},      {0, 5, INVALID},
      {5, 0, INVALID},         {UINT64_MAX, 1, INVALID},  {0, UINT64_MAX, INVALID},    {1, UINT64_MAX, INVALID},
      {UINT64_MAX, 0, INVALID}, {UINT64_MAX, UINT64_MAX, INVALID},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    build_external(rows[i].offset, rows[i].length);
    CHECK_STATUS(rows[i].status, parse());
  }
  build_external(0, 0);
  bytes.size = read_le32(bytes.data) + 4; /* ends in front of where external data would begin */
  if (bytes.size % 64) CHECK_STATUS(INVALID, parse());
}

/* ---- Everything at once ---------------------------------------------------------------------------------------------- */

/* Every prefix of a module and every module with one byte changed is read without harm. Prefixes end where their block ends, so
 * that the address sanitizer sees a read past the end. */
static void damage_example(const uint8_t* data, size_t size) {
  for (size_t length = 0; length < size; ++length) {
    uint8_t* copy = aligned_alloc(64, 4096);
    uint8_t* place = copy + (4096 - length) / 4 * 4; /* as close to the end as the alignment allows */
    memcpy(place, data, length);
    iree_status_free(parse_span(iree_make_const_byte_span(place, length), iree_allocator_system()));
    free(copy);
  }
  static const uint8_t changes[] = {0x01, 0x80, 0xFF, 0x79};
  for (size_t i = 0; i < size; ++i) {
    for (size_t j = 0; j < sizeof changes; ++j) {
      load_example(data, size);
      bytes.data[i] ^= changes[j];
      iree_status_free(parse());
    }
  }
  CHECK(size < 4096);
}

static void test_damage(void) {
  damage_example(example_add, sizeof example_add);
  damage_example(example_loop, sizeof example_loop);
  damage_example(example_refs, sizeof example_refs);
}

static void test_out_of_memory(void) {
  LOAD_EXAMPLE(example_refs);
  vmrt_probe_t* probe = NULL;
  if (!CHECK_OK(vmrt_probe_create(&probe))) return;
  iree_allocator_t allocator = vmrt_probe_allocator(probe, IREE_SV("image"));
  for (int64_t allowed = 0;; ++allowed) {
    vmrt_probe_fail_at(probe, allowed, true);
    iree_status_t status = parse_span(test_span(&bytes), allocator);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    if (iree_status_is_ok(status)) break;
    CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
    CHECK(allowed < 100);
    if (allowed >= 100) break;
  }
  vmrt_probe_release(probe);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"whole_module", test_whole_module},
      {"container", test_container},
      {"zip_header", test_zip_header},
      {"name", test_name},
      {"offsets", test_offsets},
      {"vectors_and_strings", test_vectors_and_strings},
      {"vtables", test_vtables},
      {"shared_tables", test_shared_tables},
      {"version_and_requirements", test_version_and_requirements},
      {"types", test_types},
      {"placeholder_types", test_placeholder_types},
      {"exports_and_tables", test_exports_and_tables},
      {"descriptor_ranges", test_descriptor_ranges},
      {"state", test_state},
      {"external_rodata", test_external_rodata},
      {"damage", test_damage},
      {"out_of_memory", test_out_of_memory},
  };
  if (!CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance))) return 1;
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  iree_vm_instance_release(instance);
  return result;
}
