/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of a bytecode archive: their slots, and the schema that verification goes by. */
#ifndef VMRT_BYTECODE_SCHEMA_H_
#define VMRT_BYTECODE_SCHEMA_H_

#include "bytecode/flatbuffer.h"

#define SCHEMA_IDENTIFIER "IREE"

enum schema_module_slot_e {
  MODULE_NAME = 0,
  MODULE_VERSION = 1,
  MODULE_REQUIREMENTS = 2,
  MODULE_ATTRS = 3,
  MODULE_TYPES = 4,
  MODULE_DEPENDENCIES = 5,
  MODULE_IMPORTED_FUNCTIONS = 6,
  MODULE_EXPORTED_FUNCTIONS = 7,
  MODULE_FUNCTION_SIGNATURES = 8,
  MODULE_RODATA_SEGMENTS = 9,
  MODULE_RWDATA_SEGMENTS = 10,
  MODULE_STATE = 11,
  MODULE_FUNCTION_DESCRIPTORS = 12,
  MODULE_BYTECODE_VERSION = 13,
  MODULE_BYTECODE_DATA = 14,
  MODULE_DEBUG_DATABASE = 15,
};
enum schema_attr_slot_e { ATTR_KEY = 0, ATTR_VALUE = 1 };
enum schema_type_slot_e { TYPE_FULL_NAME = 0 };
enum schema_signature_slot_e { SIGNATURE_CALLING_CONVENTION = 0, SIGNATURE_ATTRS = 1 };
enum schema_dependency_slot_e { DEPENDENCY_NAME = 0, DEPENDENCY_MINIMUM_VERSION = 1, DEPENDENCY_FLAGS = 2 };
enum schema_import_slot_e { IMPORT_FULL_NAME = 0, IMPORT_SIGNATURE = 1, IMPORT_FLAGS = 2 };
enum schema_export_slot_e { EXPORT_LOCAL_NAME = 0, EXPORT_INTERNAL_ORDINAL = 1 };
enum schema_rodata_slot_e {
  RODATA_COMPRESSION_TYPE = 0,
  RODATA_COMPRESSION = 1,
  RODATA_EMBEDDED_DATA = 2,
  RODATA_EXTERNAL_DATA_OFFSET = 3,
  RODATA_EXTERNAL_DATA_LENGTH = 4,
};
enum schema_rwdata_slot_e { RWDATA_BYTE_SIZE = 0 };
enum schema_state_slot_e { STATE_GLOBAL_BYTES_CAPACITY = 0, STATE_GLOBAL_REF_COUNT = 1 };
enum schema_debug_slot_e { DEBUG_LOCATION_TABLE_TYPE = 0, DEBUG_LOCATION_TABLE = 1, DEBUG_FUNCTIONS = 2 };
enum schema_source_map_slot_e { SOURCE_MAP_LOCAL_NAME = 0, SOURCE_MAP_LOCATIONS = 1 };
enum schema_call_site_slot_e { CALL_SITE_CALLEE = 0, CALL_SITE_CALLER = 1 };
enum schema_file_line_col_slot_e { FILE_LINE_COL_FILENAME = 0, FILE_LINE_COL_LINE = 1, FILE_LINE_COL_COLUMN = 2 };
enum schema_fused_slot_e { FUSED_METADATA = 0, FUSED_LOCATIONS = 1 };
enum schema_name_slot_e { NAME_NAME = 0, NAME_CHILD_LOCATION = 1 };

/* Types of the location union. */
enum schema_location_type_e {
  LOCATION_NONE = 0,
  LOCATION_CALL_SITE = 1,
  LOCATION_FILE_LINE_COL = 2,
  LOCATION_FUSED = 3,
  LOCATION_NAME = 4,
};

/* Structs, by the offsets of their members. */
enum schema_descriptor_offset_e {
  DESCRIPTOR_BYTECODE_OFFSET = 0,
  DESCRIPTOR_BYTECODE_LENGTH = 4,
  DESCRIPTOR_REQUIREMENTS = 8,
  DESCRIPTOR_BLOCK_COUNT = 14,
  DESCRIPTOR_I32_REGISTER_COUNT = 16,
  DESCRIPTOR_REF_REGISTER_COUNT = 18,
  DESCRIPTOR_SIZE = 20,
};
enum schema_loc_offset_e { LOC_BYTECODE_OFFSET = 0, LOC_LOCATION = 4, LOC_SIZE = 8 };

extern const flatbuffer_schema_t schema_module;
extern const flatbuffer_schema_t schema_attr;

#endif /* VMRT_BYTECODE_SCHEMA_H_ */
