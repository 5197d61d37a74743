/* SPDX-License-Identifier: Apache-2.0 */
/* The schema of bytecode archives as data. */
#include "bytecode/schema.h"

#define SCHEMA(table_name, table_fields) \
  { table_name, sizeof(table_fields) / sizeof(table_fields)[0], table_fields }
#define FIELD_SCALAR(field, bytes) {.name = field, .kind = FLATBUFFER_SCALAR, .size = bytes}
#define FIELD_STRING(field) {.name = field, .kind = FLATBUFFER_STRING}
#define FIELD_TABLE(field, schema) {.name = field, .kind = FLATBUFFER_TABLE, .of = schema}
#define FIELD_SCALARS(field, bytes) {.name = field, .kind = FLATBUFFER_SCALARS, .size = bytes}
#define FIELD_TABLES(field, schema) {.name = field, .kind = FLATBUFFER_TABLES, .of = schema}
#define FIELD_UNION(field, count, schemas) {.name = field, .kind = FLATBUFFER_UNION, .size = count, .of = schemas}
#define FIELD_UNIONS(field, count, schemas) {.name = field, .kind = FLATBUFFER_UNIONS, .size = count, .of = schemas}

static const flatbuffer_field_t attr_fields[] = {
    [ATTR_KEY] = FIELD_STRING("key"),
    [ATTR_VALUE] = FIELD_STRING("value"),
};
const flatbuffer_schema_t schema_attr = SCHEMA("Attr", attr_fields);

static const flatbuffer_field_t type_fields[] = {
    [TYPE_FULL_NAME] = FIELD_STRING("full_name"),
};
static const flatbuffer_schema_t schema_type = SCHEMA("Type", type_fields);

static const flatbuffer_field_t signature_fields[] = {
    [SIGNATURE_CALLING_CONVENTION] = FIELD_STRING("calling_convention"),
    [SIGNATURE_ATTRS] = FIELD_TABLES("attrs", &schema_attr),
};
static const flatbuffer_schema_t schema_signature = SCHEMA("Signature", signature_fields);

static const flatbuffer_field_t dependency_fields[] = {
    [DEPENDENCY_NAME] = FIELD_STRING("name"),
    [DEPENDENCY_MINIMUM_VERSION] = FIELD_SCALAR("minimum_version", 4),
    [DEPENDENCY_FLAGS] = FIELD_SCALAR("flags", 4),
};
static const flatbuffer_schema_t schema_dependency = SCHEMA("Dependency", dependency_fields);

static const flatbuffer_field_t import_fields[] = {
    [IMPORT_FULL_NAME] = FIELD_STRING("full_name"),
    [IMPORT_SIGNATURE] = FIELD_TABLE("signature", &schema_signature),
    [IMPORT_FLAGS] = FIELD_SCALAR("flags", 4),
};
static const flatbuffer_schema_t schema_import = SCHEMA("Import", import_fields);

static const flatbuffer_field_t export_fields[] = {
    [EXPORT_LOCAL_NAME] = FIELD_STRING("local_name"),
    [EXPORT_INTERNAL_ORDINAL] = FIELD_SCALAR("internal_ordinal", 4),
};
static const flatbuffer_schema_t schema_export = SCHEMA("Export", export_fields);

static const flatbuffer_schema_t schema_compressions[] = {{"Uncompressed", 0, NULL}};
static const flatbuffer_field_t rodata_fields[] = {
    [RODATA_COMPRESSION_TYPE] = FIELD_UNION("compression_type", 1, schema_compressions),
    [RODATA_EMBEDDED_DATA] = FIELD_SCALARS("embedded_data", 1),
    [RODATA_EXTERNAL_DATA_OFFSET] = FIELD_SCALAR("external_data_offset", 8),
    [RODATA_EXTERNAL_DATA_LENGTH] = FIELD_SCALAR("external_data_length", 8),
};
static const flatbuffer_schema_t schema_rodata = SCHEMA("Rodata", rodata_fields);

static const flatbuffer_field_t rwdata_fields[] = {
    [RWDATA_BYTE_SIZE] = FIELD_SCALAR("byte_size", 4),
};
static const flatbuffer_schema_t schema_rwdata = SCHEMA("Rwdata", rwdata_fields);

static const flatbuffer_field_t state_fields[] = {
    [STATE_GLOBAL_BYTES_CAPACITY] = FIELD_SCALAR("global_bytes_capacity", 4),
    [STATE_GLOBAL_REF_COUNT] = FIELD_SCALAR("global_ref_count", 4),
};
static const flatbuffer_schema_t schema_state = SCHEMA("State", state_fields);

static const flatbuffer_field_t call_site_fields[] = {
    [CALL_SITE_CALLEE] = FIELD_SCALAR("callee", 4),
    [CALL_SITE_CALLER] = FIELD_SCALAR("caller", 4),
};
static const flatbuffer_field_t file_line_col_fields[] = {
    [FILE_LINE_COL_FILENAME] = FIELD_STRING("filename"),
    [FILE_LINE_COL_LINE] = FIELD_SCALAR("line", 4),
    [FILE_LINE_COL_COLUMN] = FIELD_SCALAR("column", 4),
};
static const flatbuffer_field_t fused_fields[] = {
    [FUSED_METADATA] = FIELD_STRING("metadata"),
    [FUSED_LOCATIONS] = FIELD_SCALARS("locations", 4),
};
static const flatbuffer_field_t name_fields[] = {
    [NAME_NAME] = FIELD_STRING("name"),
    [NAME_CHILD_LOCATION] = FIELD_SCALAR("child_location", 4),
};
static const flatbuffer_schema_t schema_locations[] = {
    [LOCATION_CALL_SITE - 1] = SCHEMA("CallSite", call_site_fields),
    [LOCATION_FILE_LINE_COL - 1] = SCHEMA("FileLineCol", file_line_col_fields),
    [LOCATION_FUSED - 1] = SCHEMA("Fused", fused_fields),
    [LOCATION_NAME - 1] = SCHEMA("Name", name_fields),
};

static const flatbuffer_field_t source_map_fields[] = {
    [SOURCE_MAP_LOCAL_NAME] = FIELD_STRING("local_name"),
    [SOURCE_MAP_LOCATIONS] = FIELD_SCALARS("locations", LOC_SIZE),
};
static const flatbuffer_schema_t schema_source_map = SCHEMA("SourceMap", source_map_fields);

static const flatbuffer_field_t debug_fields[] = {
    [DEBUG_LOCATION_TABLE_TYPE] = FIELD_UNIONS("location_table", 4, schema_locations),
    [DEBUG_FUNCTIONS] = FIELD_TABLES("functions", &schema_source_map),
};
static const flatbuffer_schema_t schema_debug = SCHEMA("Debug", debug_fields);

static const flatbuffer_field_t module_fields[] = {
    [MODULE_NAME] = {.name = "name", .kind = FLATBUFFER_STRING, .required = true},
    [MODULE_VERSION] = FIELD_SCALAR("version", 4),
    [MODULE_REQUIREMENTS] = FIELD_SCALAR("requirements", 4),
    [MODULE_ATTRS] = FIELD_TABLES("attrs", &schema_attr),
    [MODULE_TYPES] = FIELD_TABLES("types", &schema_type),
    [MODULE_DEPENDENCIES] = FIELD_TABLES("dependencies", &schema_dependency),
    [MODULE_IMPORTED_FUNCTIONS] = FIELD_TABLES("imported_functions", &schema_import),
    [MODULE_EXPORTED_FUNCTIONS] = FIELD_TABLES("exported_functions", &schema_export),
    [MODULE_FUNCTION_SIGNATURES] = FIELD_TABLES("function_signatures", &schema_signature),
    [MODULE_RODATA_SEGMENTS] = FIELD_TABLES("rodata_segments", &schema_rodata),
    [MODULE_RWDATA_SEGMENTS] = FIELD_TABLES("rwdata_segments", &schema_rwdata),
    [MODULE_STATE] = FIELD_TABLE("module_state", &schema_state),
    [MODULE_FUNCTION_DESCRIPTORS] = FIELD_SCALARS("function_descriptors", DESCRIPTOR_SIZE),
    [MODULE_BYTECODE_VERSION] = FIELD_SCALAR("bytecode_version", 4),
    [MODULE_BYTECODE_DATA] = FIELD_SCALARS("bytecode_data", 1),
    [MODULE_DEBUG_DATABASE] = FIELD_TABLE("debug_database", &schema_debug),
};
const flatbuffer_schema_t schema_module = SCHEMA("Module", module_fields);
