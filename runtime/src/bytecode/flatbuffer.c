/* SPDX-License-Identifier: Apache-2.0 */
/* The verification of FlatBuffers: the only place that judges offsets.
 *
 * Positions are counted from the start of the buffer and held in 64 bits, so that no sum can wrap. The first failure sticks:
 * `reason` is set and every later step is skipped. Recursion follows the schema, which is finite, not the data. */
#include "bytecode/flatbuffer.h"

typedef struct walk_t {
  const flatbuffer_t* buffer;
  uint64_t steps_left;
  const flatbuffer_schema_t* counted;
  uint32_t count;
  const char* reason; /* NULL as long as all is well */
  uint64_t position;  /* of the failure */
  const flatbuffer_schema_t* schema;
  const char* field;
} walk_t;

/* A table whose header was checked. */
typedef struct checked_table_t {
  uint64_t position;
  uint32_t size;
  uint64_t vtable;
  uint32_t vtable_size;
} checked_table_t;

static bool reject(walk_t* walk, const char* reason, uint64_t position) {
  if (!walk->reason) {
    walk->reason = reason;
    walk->position = position;
  }
  return false;
}

static bool readable(const walk_t* walk, uint64_t position, uint64_t length) {
  return position <= walk->buffer->size && length <= walk->buffer->size - position;
}

static uint32_t load32(const walk_t* walk, uint64_t position) { return read_le32(walk->buffer->data + position); }

static bool take_steps(walk_t* walk, uint64_t steps, uint64_t position) {
  if (steps > walk->steps_left) return reject(walk, "tables shared too often for the size of the buffer", position);
  walk->steps_left -= steps;
  return true;
}

/* Follows the offset stored at `place`. */
static bool follow(walk_t* walk, uint64_t place, uint64_t* out_target) {
  if (place & 3 || !readable(walk, place, 4)) return reject(walk, "offset field out of range or unaligned", place);
  uint64_t target = place + load32(walk, place);
  if (target <= place || target & 3 || !readable(walk, target, 4)) {
    return reject(walk, "offset target out of range or unaligned", place);
  }
  *out_target = target;
  return true;
}

static bool check_table_header(walk_t* walk, uint64_t position, checked_table_t* out) {
  const char* reason = "table header out of range or unaligned";
  if (position & 3 || !readable(walk, position, 4)) return reject(walk, reason, position);
  int64_t vtable = (int64_t)position - (int32_t)load32(walk, position);
  if (vtable < 0 || vtable & 1 || !readable(walk, (uint64_t)vtable, 4)) {
    return reject(walk, "vtable header out of range or unaligned", position);
  }
  const uint8_t* header = walk->buffer->data + vtable;
  uint32_t vtable_size = read_le16(header), table_size = read_le16(header + 2);
  if (vtable_size & 1 || vtable_size < 4 || !readable(walk, (uint64_t)vtable, vtable_size)) {
    return reject(walk, "vtable size out of range or unaligned", (uint64_t)vtable);
  }
  if (table_size < 4 || !readable(walk, position, table_size)) return reject(walk, "table size out of range", position);
  *out = (checked_table_t){position, table_size, (uint64_t)vtable, vtable_size};
  return true;
}

/* Position of a field of `size` bytes; 0 when it is absent. */
static bool check_field(walk_t* walk, const checked_table_t* table, uint32_t slot, uint32_t size, uint64_t* out_place) {
  *out_place = 0;
  if (4 + 2 * slot + 2 > table->vtable_size) return true;
  uint32_t offset = read_le16(walk->buffer->data + table->vtable + 4 + 2 * slot);
  if (offset == 0) return true;
  if (offset + size > table->size) return reject(walk, "table field out of range", table->position);
  *out_place = table->position + offset;
  return true;
}

static bool check_scalar(walk_t* walk, uint64_t place, uint32_t size) {
  uintptr_t address = (uintptr_t)(walk->buffer->data + place);
  return address % size == 0 || reject(walk, "table field not aligned", place);
}

static bool check_vector(walk_t* walk, uint64_t place, uint32_t element_size, uint64_t* out_position) {
  if (!follow(walk, place, out_position)) return false;
  uint64_t length = (uint64_t)load32(walk, *out_position) * element_size;
  return readable(walk, *out_position + 4, length) || reject(walk, "vector out of range", *out_position);
}

static bool check_string(walk_t* walk, uint64_t place) {
  uint64_t position;
  if (!follow(walk, place, &position)) return false;
  uint64_t length = load32(walk, position);
  if (!readable(walk, position + 4, length + 1)) return reject(walk, "string out of range", position);
  return walk->buffer->data[position + 4 + length] == 0 || reject(walk, "string not zero terminated", position);
}

static bool check_table(walk_t* walk, const flatbuffer_schema_t* schema, uint64_t position);

static bool check_table_reference(walk_t* walk, const flatbuffer_schema_t* schema, uint64_t place) {
  uint64_t position;
  return follow(walk, place, &position) && check_table(walk, schema, position);
}

static bool check_tables(walk_t* walk, const flatbuffer_schema_t* schema, uint64_t place) {
  uint64_t position;
  if (!check_vector(walk, place, 4, &position)) return false;
  uint32_t count = load32(walk, position);
  for (uint64_t i = 0; i < count; ++i) {
    if (!check_table_reference(walk, schema, position + 4 + 4 * i)) return false;
  }
  return true;
}

static bool check_union_value(walk_t* walk, const flatbuffer_field_t* field, uint32_t type, uint64_t place) {
  bool is_set = place != 0 && load32(walk, place) != 0;
  if ((type != 0) != is_set) return reject(walk, "union type and value do not match", place);
  if (!is_set) return true;
  if (type <= field->size) return check_table_reference(walk, &field->of[type - 1], place);
  uint64_t position;
  return follow(walk, place, &position);
}

static bool check_union(walk_t* walk, const flatbuffer_field_t* field, const checked_table_t* table, uint32_t slot) {
  uint64_t type_place, value_place;
  if (!check_field(walk, table, slot, 1, &type_place) || !check_field(walk, table, slot + 1, 4, &value_place)) return false;
  if (value_place & 3) return reject(walk, "offset field out of range or unaligned", value_place);
  return check_union_value(walk, field, type_place ? walk->buffer->data[type_place] : 0, value_place);
}

static bool check_unions(walk_t* walk, const flatbuffer_field_t* field, const checked_table_t* table, uint32_t slot) {
  uint64_t type_place, value_place, types, values;
  if (!check_field(walk, table, slot, 4, &type_place) || !check_field(walk, table, slot + 1, 4, &value_place)) return false;
  if (!type_place != !value_place) return reject(walk, "union vector without its types or values", table->position);
  if (!type_place) return true;
  if (!check_vector(walk, type_place, 1, &types) || !check_vector(walk, value_place, 4, &values)) return false;
  uint32_t count = load32(walk, types);
  if (count != load32(walk, values)) return reject(walk, "union vectors of different lengths", values);
  if (!take_steps(walk, count, values)) return false;
  for (uint64_t i = 0; i < count; ++i) {
    if (!check_union_value(walk, field, walk->buffer->data[types + 4 + i], values + 4 + 4 * i)) return false;
  }
  return true;
}

static bool check_plain_field(walk_t* walk, const flatbuffer_field_t* field, const checked_table_t* table, uint32_t slot) {
  uint64_t place, ignored;
  if (!check_field(walk, table, slot, field->kind == FLATBUFFER_SCALAR ? field->size : 4, &place)) return false;
  if (place == 0) return !field->required || reject(walk, "required field missing", table->position);
  switch ((flatbuffer_kind_t)field->kind) {
    case FLATBUFFER_SCALAR: return check_scalar(walk, place, field->size);
    case FLATBUFFER_STRING: return check_string(walk, place);
    case FLATBUFFER_TABLE: return check_table_reference(walk, field->of, place);
    case FLATBUFFER_SCALARS: return check_vector(walk, place, field->size, &ignored);
    case FLATBUFFER_TABLES: return check_tables(walk, field->of, place);
    case FLATBUFFER_UNUSED:
    case FLATBUFFER_UNION:
    case FLATBUFFER_UNIONS: break;
  }
  return true;
}

static bool check_table(walk_t* walk, const flatbuffer_schema_t* schema, uint64_t position) {
  walk->schema = schema;
  walk->field = "";
  walk->count += schema == walk->counted;
  checked_table_t table;
  if (!take_steps(walk, 1, position) || !check_table_header(walk, position, &table)) return false;
  for (uint32_t slot = 0; slot < schema->field_count; ++slot) {
    const flatbuffer_field_t* field = &schema->fields[slot];
    if (field->kind == FLATBUFFER_UNUSED) continue;
    walk->schema = schema;
    walk->field = field->name;
    bool good = field->kind == FLATBUFFER_UNION    ? check_union(walk, field, &table, slot)
                : field->kind == FLATBUFFER_UNIONS ? check_unions(walk, field, &table, slot)
                                                   : check_plain_field(walk, field, &table, slot);
    if (!good) return false;
  }
  return true;
}

static bool check_buffer(walk_t* walk, const char identifier[4]) {
  const flatbuffer_t* buffer = walk->buffer;
  if ((uintptr_t)buffer->data & 3) return reject(walk, "buffer header not aligned to 4 bytes", 0);
  if (buffer->size < 8) return reject(walk, "buffer header too small", 0);
  if (memcmp(buffer->data + 4, identifier, 4) != 0) return reject(walk, "identifier mismatch", 4);
  return true;
}

iree_status_t flatbuffer_verify(const flatbuffer_t* buffer, const char identifier[4], const flatbuffer_schema_t* root,
                                const flatbuffer_schema_t* counted, uint32_t* out_counted) {
  walk_t walk = {.buffer = buffer, .steps_left = buffer->size, .counted = counted, .schema = root, .field = ""};
  if (check_buffer(&walk, identifier) && check_table(&walk, root, read_le32(buffer->data))) {
    *out_counted = walk.count;
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "FlatBuffer verification failed: %s, at file offset 0x%llx (%s%s%s)", walk.reason,
                          (unsigned long long)(buffer->file_offset + walk.position), walk.schema->name,
                          *walk.field ? "." : "", walk.field);
}
