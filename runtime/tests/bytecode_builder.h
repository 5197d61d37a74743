/* SPDX-License-Identifier: Apache-2.0 */
/* Writes small bytecode modules for tests, right or wrong as they are asked for.
 *
 * Every table gets a vtable of its own in front of it and every field four bytes, so a place is easy to compute. */
#ifndef VMRT_TESTS_BYTECODE_BUILDER_H_
#define VMRT_TESTS_BYTECODE_BUILDER_H_

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "bytecode/schema.h"
#include "iree/base/api.h"

/* Big enough for every test; aligned as a loader would align a file. */
typedef struct test_bytes_t {
  _Alignas(64) uint8_t data[65536];
  uint32_t size;
} test_bytes_t;

typedef struct test_function_t {
  const char* cconv;
  const char* code; /* see test_parse_hex */
  int32_t blocks, i32_registers, ref_registers;
  uint32_t requirements;
} test_function_t;

typedef struct test_import_t {
  const char* name;
  const char* cconv; /* NULL: no signature table */
} test_import_t;

typedef struct test_module_t {
  const char* name;
  const char* types[8];
  test_import_t imports[8];
  test_function_t functions[8]; /* the first without code ends the list; function i is exported as `fi` */
  uint32_t rodata_count;        /* of four bytes each */
  int32_t global_bytes, global_refs;
} test_module_t;

static inline void test_store32(test_bytes_t* out, uint32_t place, uint32_t value) {
  for (int i = 0; i < 4; ++i) out->data[place + i] = (uint8_t)(value >> 8 * i);
}
static inline uint32_t test_take(test_bytes_t* out, uint32_t length) {
  out->size = (out->size + 3) / 4 * 4;
  uint32_t place = out->size;
  if (place + length > sizeof out->data) abort();
  memset(out->data + place, 0, length);
  out->size += length;
  return place;
}
/* Makes the offset at `place` point to the next thing taken. */
static inline void test_point_here(test_bytes_t* out, uint32_t place) {
  test_store32(out, place, (out->size + 3) / 4 * 4 - place);
}
static inline void test_put_string(test_bytes_t* out, uint32_t place, const char* text) {
  uint32_t length = (uint32_t)strlen(text);
  test_point_here(out, place);
  uint32_t at = test_take(out, 4 + length + 1);
  test_store32(out, at, length);
  memcpy(out->data + at + 4, text, length);
}
/* A table of `count` fields, all present and zero, at the offset `place` (0: no offset). Field i is at table + 4 + 4 * i. */
static inline uint32_t test_put_table(test_bytes_t* out, uint32_t place, uint32_t count) {
  uint32_t vtable = test_take(out, 4 + 2 * count);
  uint32_t table = test_take(out, 4 + 4 * count);
  if (place) test_store32(out, place, table - place);
  test_store32(out, vtable, (4 + 2 * count) | (4 + 4 * count) << 16);
  for (uint32_t i = 0; i < count; ++i) out->data[vtable + 4 + 2 * i] = (uint8_t)(4 + 4 * i);
  test_store32(out, table, table - vtable);
  return table;
}
/* Leaves a field of a table out. */
static inline void test_drop_field(test_bytes_t* out, uint32_t table, uint32_t slot) {
  uint32_t vtable = table - read_le32(out->data + table);
  out->data[vtable + 4 + 2 * slot] = out->data[vtable + 5 + 2 * slot] = 0;
}
static inline uint32_t test_field(uint32_t table, uint32_t slot) { return table + 4 + 4 * slot; }
/* A vector of `count` elements; the place of the first. */
static inline uint32_t test_put_vector(test_bytes_t* out, uint32_t place, uint32_t count, uint32_t element_size) {
  test_point_here(out, place);
  uint32_t at = test_take(out, 4 + count * element_size);
  test_store32(out, at, count);
  return at + 4;
}

/* Bytes of a hexadecimal text, spaces skipped; `_` is a zero byte where the offset is odd, as lists want it. Returns their
 * number; `out` may be NULL. */
static inline uint32_t test_parse_hex(const char* text, uint8_t* out) {
  uint32_t digits = 0;
  for (; *text; ++text) {
    if (*text == '_' && digits / 2 % 2) {
      if (out) out[digits / 2] = 0;
      digits += 2;
    }
    if (!isxdigit((unsigned char)*text)) continue;
    uint8_t digit = (uint8_t)(isdigit((unsigned char)*text) ? *text - '0' : tolower((unsigned char)*text) - 'a' + 10);
    if (out) out[digits / 2] = digits % 2 ? (uint8_t)(out[digits / 2] | digit) : (uint8_t)(digit << 4);
    ++digits;
  }
  return digits / 2;
}

static inline uint32_t test_count_functions(const test_module_t* module) {
  uint32_t count = 0;
  while (count < 8 && module->functions[count].code) ++count;
  return count;
}

static inline void test_put_exports(test_bytes_t* out, uint32_t count, uint32_t root) {
  uint32_t exports = test_put_vector(out, test_field(root, MODULE_EXPORTED_FUNCTIONS), count, 4);
  for (uint32_t i = 0; i < count; ++i) {
    const char name[] = {'f', (char)('0' + i), 0};
    uint32_t export = test_put_table(out, exports + 4 * i, 2);
    test_store32(out, test_field(export, EXPORT_INTERNAL_ORDINAL), i);
    test_put_string(out, test_field(export, EXPORT_LOCAL_NAME), name);
  }
}

static inline void test_put_descriptor(test_bytes_t* out, uint32_t place, const test_function_t* function, uint32_t offset) {
  test_store32(out, place + DESCRIPTOR_BYTECODE_OFFSET, offset);
  test_store32(out, place + DESCRIPTOR_BYTECODE_LENGTH, test_parse_hex(function->code, NULL));
  test_store32(out, place + DESCRIPTOR_REQUIREMENTS, function->requirements);
  test_store32(out, place + DESCRIPTOR_BLOCK_COUNT - 2, (uint32_t)function->blocks << 16);
  test_store32(out, place + DESCRIPTOR_I32_REGISTER_COUNT,
               ((uint32_t)function->i32_registers & 0xFFFF) | (uint32_t)function->ref_registers << 16);
}

static inline void test_put_functions(test_bytes_t* out, const test_module_t* module, uint32_t root) {
  uint32_t count = test_count_functions(module), total = 0;
  test_put_exports(out, count, root);
  uint32_t signatures = test_put_vector(out, test_field(root, MODULE_FUNCTION_SIGNATURES), count, 4);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t signature = test_put_table(out, signatures + 4 * i, 1);
    test_put_string(out, test_field(signature, SIGNATURE_CALLING_CONVENTION), module->functions[i].cconv);
  }
  uint32_t descriptors = test_put_vector(out, test_field(root, MODULE_FUNCTION_DESCRIPTORS), count, DESCRIPTOR_SIZE);
  for (uint32_t i = 0; i < count; ++i) {
    test_put_descriptor(out, descriptors + i * DESCRIPTOR_SIZE, &module->functions[i], total);
    total += (test_parse_hex(module->functions[i].code, NULL) + 7) / 8 * 8;
  }
  uint32_t code = test_put_vector(out, test_field(root, MODULE_BYTECODE_DATA), total, 1);
  for (uint32_t i = 0; i < count; ++i) {
    code += (test_parse_hex(module->functions[i].code, out->data + code) + 7) / 8 * 8;
  }
}

static inline void test_put_types(test_bytes_t* out, const test_module_t* module, uint32_t root) {
  uint32_t count = 0;
  while (count < 8 && module->types[count]) ++count;
  uint32_t types = test_put_vector(out, test_field(root, MODULE_TYPES), count, 4);
  for (uint32_t i = 0; i < count; ++i) {
    test_put_string(out, test_field(test_put_table(out, types + 4 * i, 1), TYPE_FULL_NAME), module->types[i]);
  }
}

/* All imports are optional. */
static inline void test_put_imports(test_bytes_t* out, const test_module_t* module, uint32_t root) {
  uint32_t count = 0;
  while (count < 8 && module->imports[count].name) ++count;
  uint32_t imports = test_put_vector(out, test_field(root, MODULE_IMPORTED_FUNCTIONS), count, 4);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t import = test_put_table(out, imports + 4 * i, 3);
    test_store32(out, test_field(import, IMPORT_FLAGS), 2);
    test_put_string(out, test_field(import, IMPORT_FULL_NAME), module->imports[i].name);
    if (!module->imports[i].cconv) {
      test_drop_field(out, import, IMPORT_SIGNATURE);
      continue;
    }
    uint32_t signature = test_put_table(out, test_field(import, IMPORT_SIGNATURE), 1);
    test_put_string(out, test_field(signature, SIGNATURE_CALLING_CONVENTION), module->imports[i].cconv);
  }
}

static inline void test_put_rodata(test_bytes_t* out, const test_module_t* module, uint32_t root) {
  uint32_t rodata = test_put_vector(out, test_field(root, MODULE_RODATA_SEGMENTS), module->rodata_count, 4);
  for (uint32_t i = 0; i < module->rodata_count; ++i) {
    uint32_t segment = test_put_table(out, rodata + 4 * i, 3);
    test_drop_field(out, segment, RODATA_COMPRESSION_TYPE);
    test_drop_field(out, segment, RODATA_COMPRESSION);
    test_put_vector(out, test_field(segment, RODATA_EMBEDDED_DATA), 4, 1);
  }
}

/* Writes the module and returns the place of its root table. */
static inline uint32_t test_build(const test_module_t* module, test_bytes_t* out) {
  out->size = 0;
  test_take(out, 12); /* size prefix, root offset, identifier */
  memcpy(out->data + 8, SCHEMA_IDENTIFIER, 4);
  uint32_t root = test_put_table(out, 4, MODULE_BYTECODE_DATA + 1);
  test_drop_field(out, root, MODULE_ATTRS);
  test_drop_field(out, root, MODULE_DEPENDENCIES);
  test_drop_field(out, root, MODULE_RWDATA_SEGMENTS);
  test_store32(out, test_field(root, MODULE_BYTECODE_VERSION), 17u << 16);
  test_put_string(out, test_field(root, MODULE_NAME), module->name);
  test_put_types(out, module, root);
  test_put_imports(out, module, root);
  test_put_rodata(out, module, root);
  uint32_t state = test_put_table(out, test_field(root, MODULE_STATE), 2);
  test_store32(out, test_field(state, STATE_GLOBAL_BYTES_CAPACITY), (uint32_t)module->global_bytes);
  test_store32(out, test_field(state, STATE_GLOBAL_REF_COUNT), (uint32_t)module->global_refs);
  test_put_functions(out, module, root);
  test_take(out, 0);
  test_store32(out, 0, out->size - 4);
  return root;
}

static inline iree_const_byte_span_t test_span(const test_bytes_t* bytes) {
  return iree_make_const_byte_span(bytes->data, bytes->size);
}

#endif /* VMRT_TESTS_BYTECODE_BUILDER_H_ */
