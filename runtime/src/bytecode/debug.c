/* SPDX-License-Identifier: Apache-2.0 */
/* Looks things up in the debug database, whose structure the parser has verified and whose references nobody has. */
#include "bytecode/debug.h"

#include "bytecode/schema.h"

/* Locations may refer to each other in any way; a text uses this many at most. */
#define LOCATION_NODE_LIMIT 32
#define LOCATION_DEPTH_LIMIT 8
/* Databases with a map for some functions only have few; more are not searched by name. */
#define SEARCHED_MAP_LIMIT 16

static flatbuffer_table_t database_of(const bytecode_image_t* image) {
  flatbuffer_table_t absent = {NULL, NULL};
  return image->debug_table.data ? flatbuffer_table_at(image->debug_table.data) : absent;
}

static bool is_export_of(const bytecode_image_t* image, uint32_t function, iree_string_view_t name) {
  for (uint32_t i = 0; i < image->export_count; ++i) {
    if (image->exports[i].function == function && iree_string_view_equal(image->exports[i].local_name, name)) return true;
  }
  return false;
}

/* The map of a function. There should be one for each; where there is not, which one is for whom is known from names only. */
static flatbuffer_table_t source_map_of(const bytecode_image_t* image, uint32_t function) {
  flatbuffer_table_t absent = {NULL, NULL};
  flatbuffer_vector_t maps = flatbuffer_vector(database_of(image), DEBUG_FUNCTIONS);
  if (maps.count == image->function_count) return function < maps.count ? flatbuffer_element(maps, function) : absent;
  for (uint32_t i = 0; i < maps.count && i < SEARCHED_MAP_LIMIT; ++i) {
    flatbuffer_table_t map = flatbuffer_element(maps, i);
    if (is_export_of(image, function, flatbuffer_string(map, SOURCE_MAP_LOCAL_NAME))) return map;
  }
  return absent;
}

iree_string_view_t bytecode_function_name(const bytecode_image_t* image, uint32_t function) {
  for (uint32_t i = 0; i < image->export_count; ++i) {
    if (image->exports[i].function == function) return image->exports[i].local_name;
  }
  return flatbuffer_string(source_map_of(image, function), SOURCE_MAP_LOCAL_NAME);
}

bool bytecode_debug_find_location(const bytecode_image_t* image, uint32_t function, uint32_t pc, uint32_t* out_location) {
  flatbuffer_vector_t entries = flatbuffer_vector(source_map_of(image, function), SOURCE_MAP_LOCATIONS);
  uint32_t low = 0, high = entries.count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    const uint8_t* entry = entries.data + (size_t)middle * LOC_SIZE;
    uint32_t offset = read_le32(entry + LOC_BYTECODE_OFFSET);
    if (offset == pc) {
      *out_location = read_le32(entry + LOC_LOCATION);
      return true;
    }
    if (offset < pc) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

/* ---- Text ------------------------------------------------------------------------------------------------------------ */

typedef struct location_writer_t {
  flatbuffer_vector_t types;
  flatbuffer_vector_t values;
  uint32_t nodes_left;
  iree_string_builder_t* builder;
} location_writer_t;

static iree_status_t write_location(location_writer_t* writer, uint32_t location, uint32_t depth);

static iree_status_t write_text(location_writer_t* writer, const char* text) {
  return iree_string_builder_append_string(writer->builder, iree_make_cstring_view(text));
}

static iree_status_t write_file_line_col(location_writer_t* writer, flatbuffer_table_t table) {
  iree_string_view_t file = flatbuffer_string(table, FILE_LINE_COL_FILENAME);
  if (file.size == 0) file = IREE_SV("-");
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(writer->builder, file));
  return iree_string_builder_append_format(writer->builder, ":%d:%d", (int)flatbuffer_i32(table, FILE_LINE_COL_LINE),
                                           (int)flatbuffer_i32(table, FILE_LINE_COL_COLUMN));
}

static iree_status_t write_call_site(location_writer_t* writer, flatbuffer_table_t table, uint32_t depth) {
  IREE_RETURN_IF_ERROR(write_location(writer, flatbuffer_u32(table, CALL_SITE_CALLEE, 0), depth));
  IREE_RETURN_IF_ERROR(write_text(writer, " called at "));
  return write_location(writer, flatbuffer_u32(table, CALL_SITE_CALLER, 0), depth);
}

static iree_status_t write_name(location_writer_t* writer, flatbuffer_table_t table, uint32_t depth) {
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(writer->builder, flatbuffer_string(table, NAME_NAME)));
  IREE_RETURN_IF_ERROR(write_text(writer, "("));
  IREE_RETURN_IF_ERROR(write_location(writer, flatbuffer_u32(table, NAME_CHILD_LOCATION, 0), depth));
  return write_text(writer, ")");
}

static iree_status_t write_fused(location_writer_t* writer, flatbuffer_table_t table, uint32_t depth) {
  flatbuffer_vector_t locations = flatbuffer_vector(table, FUSED_LOCATIONS);
  IREE_RETURN_IF_ERROR(write_text(writer, "["));
  for (uint32_t i = 0; i < locations.count && writer->nodes_left; ++i) {
    if (i) IREE_RETURN_IF_ERROR(write_text(writer, ", "));
    IREE_RETURN_IF_ERROR(write_location(writer, read_le32(locations.data + 4 * (size_t)i), depth));
  }
  return write_text(writer, "]");
}

static iree_status_t write_location(location_writer_t* writer, uint32_t location, uint32_t depth) {
  if (depth == 0 || writer->nodes_left == 0) return write_text(writer, "...");
  --writer->nodes_left;
  if (location >= writer->types.count) return write_text(writer, "-");
  uint8_t type = writer->types.data[location];
  if (type == LOCATION_NONE || type > LOCATION_NAME) return write_text(writer, "-");
  flatbuffer_table_t table = flatbuffer_element(writer->values, location);
  switch ((enum schema_location_type_e)type) {
    case LOCATION_CALL_SITE: return write_call_site(writer, table, depth - 1);
    case LOCATION_FILE_LINE_COL: return write_file_line_col(writer, table);
    case LOCATION_FUSED: return write_fused(writer, table, depth - 1);
    case LOCATION_NAME: return write_name(writer, table, depth - 1);
    case LOCATION_NONE: break;
  }
  return iree_ok_status();
}

iree_status_t bytecode_debug_format_location(const bytecode_image_t* image, uint32_t location,
                                             iree_string_builder_t* builder) {
  flatbuffer_table_t database = database_of(image);
  location_writer_t writer = {
      .types = flatbuffer_vector(database, DEBUG_LOCATION_TABLE_TYPE),
      .values = flatbuffer_vector(database, DEBUG_LOCATION_TABLE),
      .nodes_left = LOCATION_NODE_LIMIT,
      .builder = builder,
  };
  return write_location(&writer, location, LOCATION_DEPTH_LIMIT);
}
