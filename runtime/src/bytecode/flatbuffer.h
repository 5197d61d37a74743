/* SPDX-License-Identifier: Apache-2.0 */
/* FlatBuffers: one verification against a schema in the form of data, then reading without checks.
 *
 * flatbuffer_verify walks everything the schema reaches and checks every offset, vtable, string and vector; the accessors
 * below may be used only on a buffer that passed it, with the field kinds of the same schema. */
#ifndef VMRT_BYTECODE_FLATBUFFER_H_
#define VMRT_BYTECODE_FLATBUFFER_H_

#include "bytecode/reader.h"
#include "iree/base/api.h"

typedef enum flatbuffer_kind_e {
  FLATBUFFER_UNUSED = 0, /* the slot is not looked at */
  FLATBUFFER_SCALAR,     /* `size` bytes, naturally aligned in memory */
  FLATBUFFER_STRING,
  FLATBUFFER_TABLE,       /* of schema `of` */
  FLATBUFFER_SCALARS,     /* vector of elements of `size` bytes, scalars or structs, aligned to 4 at most */
  FLATBUFFER_TABLES,      /* vector of tables of schema `of` */
  FLATBUFFER_UNION,       /* takes two slots, the type first; type t is of schema of[t - 1], others are not entered */
  FLATBUFFER_UNIONS,      /* takes two slots: vector of types, vector of values */
} flatbuffer_kind_t;

typedef struct flatbuffer_schema_t flatbuffer_schema_t;

typedef struct flatbuffer_field_t {
  const char* name;
  uint8_t kind;
  uint8_t size; /* of scalars; number of schemas of unions */
  bool required;
  const flatbuffer_schema_t* of;
} flatbuffer_field_t;

struct flatbuffer_schema_t {
  const char* name;
  uint32_t field_count;
  const flatbuffer_field_t* fields; /* indexed by slot */
};

/* The whole buffer, without size prefix. */
typedef struct flatbuffer_t {
  const uint8_t* data;
  uint32_t size;
  uint64_t file_offset; /* of `data`, for messages */
} flatbuffer_t;

/* A table; all zero stands for an absent one, whose fields are all absent. */
typedef struct flatbuffer_table_t {
  const uint8_t* data;
  const uint8_t* vtable;
} flatbuffer_table_t;

typedef struct flatbuffer_vector_t {
  const uint8_t* data; /* first element */
  uint32_t count;
} flatbuffer_vector_t;

/* Checks identifier, root and everything below it. `*out_counted` is how often a table of schema `counted` was met. A buffer
 * whose tables are shared so often that the walk takes more steps than the buffer has bytes is refused, so that neither time
 * nor memory of a reader exceeds what the size justifies. INVALID_ARGUMENT names reason, place and field. */
iree_status_t flatbuffer_verify(const flatbuffer_t* buffer, const char identifier[4], const flatbuffer_schema_t* root,
                                const flatbuffer_schema_t* counted, uint32_t* out_counted);

/* ---- Reading what was verified --------------------------------------------------------------------------------------- */

static inline flatbuffer_table_t flatbuffer_table_at(const uint8_t* data) {
  flatbuffer_table_t table = {data, data - (int32_t)read_le32(data)};
  return table;
}
static inline flatbuffer_table_t flatbuffer_root(const flatbuffer_t* buffer) {
  return flatbuffer_table_at(buffer->data + read_le32(buffer->data));
}
/* Place of a field inside its table; NULL when it is absent. */
static inline const uint8_t* flatbuffer_field(flatbuffer_table_t table, uint32_t slot) {
  if (!table.data || 4 + 2 * slot + 2 > read_le16(table.vtable)) return NULL;
  uint16_t offset = read_le16(table.vtable + 4 + 2 * slot);
  return offset ? table.data + offset : NULL;
}
/* What the offset stored at `place` points to. */
static inline const uint8_t* flatbuffer_follow(const uint8_t* place) { return place + read_le32(place); }

static inline uint8_t flatbuffer_u8(flatbuffer_table_t table, uint32_t slot) {
  const uint8_t* field = flatbuffer_field(table, slot);
  return field ? *field : 0;
}
static inline uint32_t flatbuffer_u32(flatbuffer_table_t table, uint32_t slot, uint32_t fallback) {
  const uint8_t* field = flatbuffer_field(table, slot);
  return field ? read_le32(field) : fallback;
}
static inline int32_t flatbuffer_i32(flatbuffer_table_t table, uint32_t slot) {
  return (int32_t)flatbuffer_u32(table, slot, 0);
}
static inline uint64_t flatbuffer_u64(flatbuffer_table_t table, uint32_t slot) {
  const uint8_t* field = flatbuffer_field(table, slot);
  return field ? read_le64(field) : 0;
}
static inline flatbuffer_vector_t flatbuffer_vector(flatbuffer_table_t table, uint32_t slot) {
  const uint8_t* field = flatbuffer_field(table, slot);
  flatbuffer_vector_t vector = {NULL, 0};
  if (field) {
    vector.data = flatbuffer_follow(field) + 4;
    vector.count = read_le32(vector.data - 4);
  }
  return vector;
}
/* Empty when absent. */
static inline iree_string_view_t flatbuffer_string(flatbuffer_table_t table, uint32_t slot) {
  flatbuffer_vector_t text = flatbuffer_vector(table, slot);
  return iree_make_string_view((const char*)text.data, text.count);
}
static inline flatbuffer_table_t flatbuffer_table(flatbuffer_table_t table, uint32_t slot) {
  const uint8_t* field = flatbuffer_field(table, slot);
  flatbuffer_table_t absent = {NULL, NULL};
  return field ? flatbuffer_table_at(flatbuffer_follow(field)) : absent;
}
/* Element of a vector of tables. */
static inline flatbuffer_table_t flatbuffer_element(flatbuffer_vector_t vector, uint32_t index) {
  return flatbuffer_table_at(flatbuffer_follow(vector.data + 4 * (size_t)index));
}

#endif /* VMRT_BYTECODE_FLATBUFFER_H_ */
