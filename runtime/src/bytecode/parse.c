/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes to tables: reads the metadata of a verified FlatBuffer into an image, checking it in the order of docs/bytecode.md.
 *
 * All tables lie in one block whose size follows from the counts in the file, which the file's own size bounds. */
#include "bytecode/archive.h"
#include "bytecode/cconv.h"
#include "bytecode/image.h"
#include "bytecode/schema.h"
#include "iree/vm/bytecode/module.h"

#define REF_REGISTERS_MAXIMUM 16383
/* Functions may share code, but the sum of their lengths stays in proportion to the bytes that are there: verification and
 * decoding take time and memory for each function of its own. */
#define SHARED_CODE_FACTOR 16
#define SHARED_CODE_ALLOWANCE (1024 * 1024)
/* Calling conventions are looked at again for each call; one letter stands for 4 bytes of the 16384 a call can pass. */
#define CCONV_LENGTH_MAXIMUM 16384
#define NAME_LENGTH_SHOWN 256
#define IMPORT_FLAG_REQUIRED 1u
#define IMPORT_FLAG_OPTIONAL 2u
#define DEPENDENCY_FLAG_REQUIRED 1u

typedef struct parser_t {
  archive_t archive;
  flatbuffer_table_t root;
  bytecode_image_t* image;
  iree_string_pair_t* next_attr; /* unused rest of the attributes */
} parser_t;

/* For messages: where in the file a table or struct is. */
static unsigned long long offset_of(const parser_t* parser, const uint8_t* place) {
  return bytecode_file_offset(parser->image, place);
}

/* ---- The block behind the tables ------------------------------------------------------------------------------------- */

typedef struct layout_t {
  uint8_t* base; /* NULL while only the size is wanted */
  uint64_t size;
} layout_t;

static void* place_table(layout_t* layout, uint64_t count, uint64_t element_size) {
  void* table = layout->base ? layout->base + layout->size : NULL;
  layout->size += (count * element_size + 15) / 16 * 16;
  return table;
}

static uint64_t place_tables(parser_t* parser, uint32_t attr_count, uint8_t* base) {
  bytecode_image_t* image = parser->image;
  layout_t layout = {base, 0};
  image->types = place_table(&layout, image->type_count, sizeof *image->types);
  image->type_names = place_table(&layout, image->type_count, sizeof *image->type_names);
  image->dependencies = place_table(&layout, image->dependency_count, sizeof *image->dependencies);
  image->imports = place_table(&layout, image->import_count, sizeof *image->imports);
  image->exports = place_table(&layout, image->export_count, sizeof *image->exports);
  image->functions = place_table(&layout, image->function_count, sizeof *image->functions);
  image->rodata = place_table(&layout, image->rodata_count, sizeof *image->rodata);
  parser->next_attr = place_table(&layout, attr_count, sizeof *parser->next_attr);
  return layout.size;
}

static iree_status_t allocate_tables(parser_t* parser, uint32_t attr_count) {
  uint64_t size = place_tables(parser, attr_count, NULL);
  if (size > IREE_HOST_SIZE_MAX) return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "module tables exceed memory");
  if (size == 0) return iree_ok_status();
  bytecode_image_t* image = parser->image;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(image->allocator, (iree_host_size_t)size, &image->arena));
  place_tables(parser, attr_count, image->arena);
  return iree_ok_status();
}

/* ---- Parts in the order of their checks ------------------------------------------------------------------------------ */

static iree_status_t check_requirements(const parser_t* parser, uint32_t requirements, const uint8_t* place) {
  uint32_t missing = requirements & ~(uint32_t)BYTECODE_FEATURES_AVAILABLE;
  if (missing == 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "required features 0x%x are not available; known are 0x%x (file offset 0x%llx)", (unsigned)missing,
                          (unsigned)BYTECODE_FEATURES_AVAILABLE, offset_of(parser, place));
}

static bytecode_attrs_t parse_attrs(parser_t* parser, flatbuffer_table_t table, uint32_t slot) {
  flatbuffer_vector_t vector = flatbuffer_vector(table, slot);
  bytecode_attrs_t attrs = {vector.count, parser->next_attr};
  for (uint32_t i = 0; i < vector.count; ++i) {
    flatbuffer_table_t attr = flatbuffer_element(vector, i);
    parser->next_attr->key = flatbuffer_string(attr, ATTR_KEY);
    parser->next_attr->value = flatbuffer_string(attr, ATTR_VALUE);
    ++parser->next_attr;
  }
  return attrs;
}

static iree_status_t parse_header(parser_t* parser) {
  bytecode_image_t* image = parser->image;
  image->version = flatbuffer_u32(parser->root, MODULE_VERSION, 0);
  image->requirements = flatbuffer_u32(parser->root, MODULE_REQUIREMENTS, 0);
  IREE_RETURN_IF_ERROR(check_requirements(parser, image->requirements, parser->root.data));
  image->name = flatbuffer_string(parser->root, MODULE_NAME);
  if (image->name.size == 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "module missing name field (file offset 0x%llx)",
                            offset_of(parser, parser->root.data));
  }
  image->attrs = parse_attrs(parser, parser->root, MODULE_ATTRS);
  return iree_ok_status();
}

/* A name that must not be empty. */
static iree_status_t parse_name(const parser_t* parser, flatbuffer_table_t table, uint32_t slot, const char* what,
                                uint32_t index, const char* field, iree_string_view_t* out_name) {
  *out_name = flatbuffer_string(table, slot);
  if (out_name->size) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%s[%u] missing %s (file offset 0x%llx)", what, (unsigned)index,
                          field, offset_of(parser, table.data));
}

static iree_status_t parse_type_names(parser_t* parser) {
  flatbuffer_vector_t vector = flatbuffer_vector(parser->root, MODULE_TYPES);
  for (uint32_t i = 0; i < vector.count; ++i) {
    IREE_RETURN_IF_ERROR(parse_name(parser, flatbuffer_element(vector, i), TYPE_FULL_NAME, "types", i, "name",
                                    &parser->image->type_names[i]));
  }
  return iree_ok_status();
}

static iree_status_t parse_rodata_segment(parser_t* parser, flatbuffer_table_t segment, uint32_t index) {
  iree_const_byte_span_t* data = &parser->image->rodata[index];
  if (flatbuffer_field(segment, RODATA_EMBEDDED_DATA)) {
    flatbuffer_vector_t embedded = flatbuffer_vector(segment, RODATA_EMBEDDED_DATA);
    *data = iree_make_const_byte_span(embedded.data, embedded.count);
    return iree_ok_status();
  }
  uint64_t offset = flatbuffer_u64(segment, RODATA_EXTERNAL_DATA_OFFSET);
  uint64_t length = flatbuffer_u64(segment, RODATA_EXTERNAL_DATA_LENGTH);
  if (archive_external_data(&parser->archive, offset, length, data)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "rodata[%u] external reference out of range: %llu bytes at 0x%llx + %llu, the file has %llu "
                          "(file offset 0x%llx)",
                          (unsigned)index, (unsigned long long)length, (unsigned long long)parser->archive.rodata_base,
                          (unsigned long long)offset, (unsigned long long)parser->archive.contents.data_length,
                          offset_of(parser, segment.data));
}

static iree_status_t parse_rodata(parser_t* parser) {
  flatbuffer_vector_t vector = flatbuffer_vector(parser->root, MODULE_RODATA_SEGMENTS);
  for (uint32_t i = 0; i < vector.count; ++i) {
    IREE_RETURN_IF_ERROR(parse_rodata_segment(parser, flatbuffer_element(vector, i), i));
  }
  return iree_ok_status();
}

static iree_status_t parse_dependencies(parser_t* parser) {
  flatbuffer_vector_t vector = flatbuffer_vector(parser->root, MODULE_DEPENDENCIES);
  for (uint32_t i = 0; i < vector.count; ++i) {
    flatbuffer_table_t table = flatbuffer_element(vector, i);
    bytecode_dependency_t* dependency = &parser->image->dependencies[i];
    IREE_RETURN_IF_ERROR(parse_name(parser, table, DEPENDENCY_NAME, "dependencies", i, "name", &dependency->name));
    dependency->minimum_version = flatbuffer_u32(table, DEPENDENCY_MINIMUM_VERSION, 0);
    dependency->flags = flatbuffer_u32(table, DEPENDENCY_FLAGS, DEPENDENCY_FLAG_REQUIRED);
  }
  return iree_ok_status();
}

static iree_status_t parse_cconv(const parser_t* parser, flatbuffer_table_t signature, const char* what, uint32_t index,
                                 bytecode_cconv_t* out_cconv) {
  iree_string_view_t text = flatbuffer_string(signature, SIGNATURE_CALLING_CONVENTION);
  if (text.size > CCONV_LENGTH_MAXIMUM) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "%s[%u] calling convention of %zu chars, %d at most (file offset 0x%llx)", what,
                            (unsigned)index, text.size, CCONV_LENGTH_MAXIMUM, offset_of(parser, signature.data));
  }
  *out_cconv = bytecode_cconv_parse(text);
  return iree_ok_status();
}

static iree_status_t parse_imports(parser_t* parser) {
  flatbuffer_vector_t vector = flatbuffer_vector(parser->root, MODULE_IMPORTED_FUNCTIONS);
  for (uint32_t i = 0; i < vector.count; ++i) {
    flatbuffer_table_t table = flatbuffer_element(vector, i);
    flatbuffer_table_t signature = flatbuffer_table(table, IMPORT_SIGNATURE);
    bytecode_import_t* import = &parser->image->imports[i];
    IREE_RETURN_IF_ERROR(parse_name(parser, table, IMPORT_FULL_NAME, "imports", i, "full_name", &import->full_name));
    IREE_RETURN_IF_ERROR(parse_cconv(parser, signature, "imports", i, &import->cconv));
    import->attrs = parse_attrs(parser, signature, SIGNATURE_ATTRS);
    import->optional = (flatbuffer_u32(table, IMPORT_FLAGS, IMPORT_FLAG_REQUIRED) & IMPORT_FLAG_OPTIONAL) != 0;
  }
  return iree_ok_status();
}

static iree_status_t parse_exports(parser_t* parser) {
  flatbuffer_vector_t vector = flatbuffer_vector(parser->root, MODULE_EXPORTED_FUNCTIONS);
  for (uint32_t i = 0; i < vector.count; ++i) {
    flatbuffer_table_t table = flatbuffer_element(vector, i);
    bytecode_export_t* export = &parser->image->exports[i];
    IREE_RETURN_IF_ERROR(parse_name(parser, table, EXPORT_LOCAL_NAME, "exports", i, "local_name", &export->local_name));
    export->function = flatbuffer_u32(table, EXPORT_INTERNAL_ORDINAL, 0);
    if (export->function >= parser->image->function_count) {
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                              "exports[%u] internal_ordinal out of range: %d of %u functions (file offset 0x%llx)",
                              (unsigned)i, (int)export->function, (unsigned)parser->image->function_count,
                              offset_of(parser, table.data));
    }
  }
  return iree_ok_status();
}

static iree_status_t check_table_lengths(const parser_t* parser) {
  uint32_t signatures = flatbuffer_vector(parser->root, MODULE_FUNCTION_SIGNATURES).count;
  if (signatures == parser->image->function_count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "function signature and descriptor table length mismatch: %u and %u (file offset 0x%llx)",
                          (unsigned)signatures, (unsigned)parser->image->function_count,
                          offset_of(parser, parser->root.data));
}

static iree_status_t check_version(const parser_t* parser) {
  uint32_t version = flatbuffer_u32(parser->root, MODULE_BYTECODE_VERSION, 0);
  uint32_t major = version >> 16, minor = version & 0xFFFF;
  if (major == BYTECODE_VERSION_MAJOR && minor <= BYTECODE_VERSION_MINOR) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "bytecode version mismatch; runtime supports %d.%d, module has %u.%u (file offset 0x%llx)",
                          BYTECODE_VERSION_MAJOR, BYTECODE_VERSION_MINOR, (unsigned)major, (unsigned)minor,
                          offset_of(parser, parser->root.data));
}

static iree_status_t reject_descriptor(const parser_t* parser, const uint8_t* place, uint32_t index, const char* field,
                                       int64_t value) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "functions[%u] descriptor: %s out of range: %lld (file offset 0x%llx)",
                          (unsigned)index, field, (long long)value, offset_of(parser, place));
}

static iree_status_t parse_descriptor(parser_t* parser, const uint8_t* place, uint32_t index, flatbuffer_vector_t code) {
  int32_t offset = (int32_t)read_le32(place + DESCRIPTOR_BYTECODE_OFFSET);
  int32_t length = (int32_t)read_le32(place + DESCRIPTOR_BYTECODE_LENGTH);
  int16_t blocks = (int16_t)read_le16(place + DESCRIPTOR_BLOCK_COUNT);
  int16_t i32_registers = (int16_t)read_le16(place + DESCRIPTOR_I32_REGISTER_COUNT);
  int16_t ref_registers = (int16_t)read_le16(place + DESCRIPTOR_REF_REGISTER_COUNT);
  if (blocks <= 0) return reject_descriptor(parser, place, index, "block_count", blocks);
  if (length <= 0 || (uint32_t)length > code.count) {
    return reject_descriptor(parser, place, index, "bytecode_length", length);
  }
  if (offset < 0 || (uint32_t)offset > code.count - (uint32_t)length) {
    return reject_descriptor(parser, place, index, "bytecode_offset", offset);
  }
  if (i32_registers < 0) return reject_descriptor(parser, place, index, "i32_register_count", i32_registers);
  if (ref_registers < 0 || ref_registers > REF_REGISTERS_MAXIMUM) {
    return reject_descriptor(parser, place, index, "ref_register_count", ref_registers);
  }
  bytecode_function_t* function = &parser->image->functions[index];
  function->code = code.data + offset;
  function->code_length = (uint32_t)length;
  function->requirements = read_le32(place + DESCRIPTOR_REQUIREMENTS);
  function->block_count = (uint16_t)blocks;
  function->i32_register_count = (uint16_t)i32_registers;
  function->ref_register_count = (uint16_t)ref_registers;
  return iree_ok_status();
}

static iree_status_t parse_functions(parser_t* parser) {
  flatbuffer_vector_t descriptors = flatbuffer_vector(parser->root, MODULE_FUNCTION_DESCRIPTORS);
  flatbuffer_vector_t signatures = flatbuffer_vector(parser->root, MODULE_FUNCTION_SIGNATURES);
  flatbuffer_vector_t code = flatbuffer_vector(parser->root, MODULE_BYTECODE_DATA);
  uint64_t total_length = 0;
  for (uint32_t i = 0; i < descriptors.count; ++i) {
    const uint8_t* place = descriptors.data + (size_t)i * DESCRIPTOR_SIZE;
    IREE_RETURN_IF_ERROR(parse_descriptor(parser, place, i, code));
    bytecode_function_t* function = &parser->image->functions[i];
    flatbuffer_table_t signature = flatbuffer_element(signatures, i);
    IREE_RETURN_IF_ERROR(parse_cconv(parser, signature, "functions", i, &function->cconv));
    function->attrs = parse_attrs(parser, signature, SIGNATURE_ATTRS);
    total_length += function->code_length;
  }
  if (total_length <= (uint64_t)code.count * SHARED_CODE_FACTOR + SHARED_CODE_ALLOWANCE) return iree_ok_status();
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                          "functions share too much code: %llu bytes in all, %u in the file",
                          (unsigned long long)total_length, (unsigned)code.count);
}

/* ---- Types ----------------------------------------------------------------------------------------------------------- */

static const struct {
  const char* name;
  iree_vm_value_type_t type;
} value_types[] = {
    {"i8", IREE_VM_VALUE_TYPE_I8},   {"i16", IREE_VM_VALUE_TYPE_I16}, {"i32", IREE_VM_VALUE_TYPE_I32},
    {"i64", IREE_VM_VALUE_TYPE_I64}, {"f32", IREE_VM_VALUE_TYPE_F32}, {"f64", IREE_VM_VALUE_TYPE_F64},
};

/* 0 when there is none; with placeholders allowed there always is one. */
static iree_status_t lookup_ref_type(iree_vm_instance_t* instance, uint32_t flags, iree_string_view_t name,
                                     iree_vm_ref_type_t* out_type) {
  if (iree_string_view_starts_with(name, IREE_SV("vm.list"))) name = IREE_SV("vm.list");
  *out_type = iree_vm_instance_lookup_type(instance, name);
  if (*out_type || !(flags & IREE_VM_BYTECODE_MODULE_FLAG_ALLOW_PLACEHOLDER_TYPES)) return iree_ok_status();
  IREE_RETURN_IF_ERROR(iree_vm_instance_register_type_placeholder(instance, name));
  *out_type = iree_vm_instance_lookup_type_placeholder(instance, name);
  return iree_ok_status();
}

static bool resolve_value_type(iree_string_view_t name, iree_vm_type_def_t* out_type) {
  for (size_t i = 0; i < sizeof value_types / sizeof value_types[0]; ++i) {
    if (!iree_string_view_equal(name, iree_make_cstring_view(value_types[i].name))) continue;
    *out_type = iree_vm_make_value_type_def(value_types[i].type);
    return true;
  }
  *out_type = iree_vm_make_undefined_type_def();
  return iree_string_view_equal(name, IREE_SV("!vm.opaque"));
}

static iree_status_t resolve_type(iree_vm_instance_t* instance, uint32_t flags, bytecode_image_t* image, uint32_t index) {
  iree_string_view_t name = image->type_names[index];
  if (resolve_value_type(name, &image->types[index])) return iree_ok_status();
  iree_vm_ref_type_t type = IREE_VM_REF_TYPE_NULL;
  if (name.size > 1 && name.data[0] == '!') {
    IREE_RETURN_IF_ERROR(lookup_ref_type(instance, flags, iree_make_string_view(name.data + 1, name.size - 1), &type));
  }
  image->types[index] = iree_vm_make_ref_type_def(type);
  if (type) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND, "no type registered with name '%.*s' (types[%u])",
                          (int)(name.size < NAME_LENGTH_SHOWN ? name.size : NAME_LENGTH_SHOWN), name.data,
                          (unsigned)index);
}

static iree_status_t resolve_types(iree_vm_instance_t* instance, uint32_t flags, bytecode_image_t* image) {
  for (uint32_t i = 0; i < image->type_count; ++i) IREE_RETURN_IF_ERROR(resolve_type(instance, flags, image, i));
  return iree_ok_status();
}

static iree_status_t parse_state(parser_t* parser) {
  flatbuffer_table_t state = flatbuffer_table(parser->root, MODULE_STATE);
  int32_t bytes = flatbuffer_i32(state, STATE_GLOBAL_BYTES_CAPACITY);
  int32_t refs = flatbuffer_i32(state, STATE_GLOBAL_REF_COUNT);
  if (bytes < 0 || refs < 0) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "module state layout overflow: %d global bytes, %d global references (file offset 0x%llx)",
                            (int)bytes, (int)refs, offset_of(parser, state.data));
  }
  parser->image->global_bytes = (uint32_t)bytes;
  parser->image->global_ref_count = (uint32_t)refs;
  return iree_ok_status();
}

static void find_debug_table(parser_t* parser) {
  const flatbuffer_t* buffer = &parser->archive.flatbuffer;
  flatbuffer_table_t debug = flatbuffer_table(parser->root, MODULE_DEBUG_DATABASE);
  if (!debug.data) return;
  parser->image->debug_table =
      iree_make_const_byte_span(debug.data, (iree_host_size_t)(buffer->data + buffer->size - debug.data));
}

/* ---- The whole ------------------------------------------------------------------------------------------------------- */

static void count_tables(parser_t* parser) {
  bytecode_image_t* image = parser->image;
  image->type_count = flatbuffer_vector(parser->root, MODULE_TYPES).count;
  image->dependency_count = flatbuffer_vector(parser->root, MODULE_DEPENDENCIES).count;
  image->import_count = flatbuffer_vector(parser->root, MODULE_IMPORTED_FUNCTIONS).count;
  image->export_count = flatbuffer_vector(parser->root, MODULE_EXPORTED_FUNCTIONS).count;
  image->function_count = flatbuffer_vector(parser->root, MODULE_FUNCTION_DESCRIPTORS).count;
  image->rodata_count = flatbuffer_vector(parser->root, MODULE_RODATA_SEGMENTS).count;
}

static iree_status_t parse_parts(parser_t* parser) {
  IREE_RETURN_IF_ERROR(parse_header(parser));
  IREE_RETURN_IF_ERROR(parse_type_names(parser));
  IREE_RETURN_IF_ERROR(parse_rodata(parser));
  IREE_RETURN_IF_ERROR(parse_dependencies(parser));
  IREE_RETURN_IF_ERROR(parse_imports(parser));
  IREE_RETURN_IF_ERROR(check_table_lengths(parser));
  IREE_RETURN_IF_ERROR(parse_exports(parser));
  IREE_RETURN_IF_ERROR(check_version(parser));
  return parse_functions(parser);
}

iree_status_t bytecode_image_parse(iree_vm_instance_t* instance, uint32_t flags, iree_const_byte_span_t archive,
                                   iree_allocator_t allocator, bytecode_image_t* out_image) {
  bytecode_image_t image = {.archive = archive, .allocator = allocator};
  parser_t parser = {.image = &image};
  uint32_t attr_count = 0;
  IREE_RETURN_IF_ERROR(archive_open(archive, &parser.archive));
  IREE_RETURN_IF_ERROR(
      flatbuffer_verify(&parser.archive.flatbuffer, SCHEMA_IDENTIFIER, &schema_module, &schema_attr, &attr_count));
  parser.root = flatbuffer_root(&parser.archive.flatbuffer);
  count_tables(&parser);
  IREE_RETURN_IF_ERROR(allocate_tables(&parser, attr_count));
  iree_status_t status = parse_parts(&parser);
  if (iree_status_is_ok(status)) status = resolve_types(instance, flags, &image);
  if (iree_status_is_ok(status)) status = parse_state(&parser);
  if (!iree_status_is_ok(status)) {
    bytecode_image_deinitialize(&image);
    return status;
  }
  find_debug_table(&parser);
  *out_image = image;
  return iree_ok_status();
}

void bytecode_image_deinitialize(bytecode_image_t* image) {
  iree_allocator_free(image->allocator, image->arena);
  memset(image, 0, sizeof *image);
}
