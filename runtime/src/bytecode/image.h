/* SPDX-License-Identifier: Apache-2.0 */
/* A bytecode archive as structures: what archive.c and parse.c make of the bytes and everybody else reads.
 *
 * Strings, code and rodata are views into the archive. The parser owns every bound and count; after it, all views are inside
 * the archive and all ordinals of tables are in range. After verify.c every function's code is safe to decode and run. */
#ifndef VMRT_BYTECODE_IMAGE_H_
#define VMRT_BYTECODE_IMAGE_H_

#include "iree/vm/api.h"

#define BYTECODE_VERSION_MAJOR 17
#define BYTECODE_VERSION_MINOR 0

typedef enum bytecode_feature_e {
  BYTECODE_FEATURE_EXT_F32 = 1,
  BYTECODE_FEATURE_EXT_F64 = 2,
  BYTECODE_FEATURE_YIELD = 4,
  BYTECODE_FEATURE_UNWIND = 8,
  BYTECODE_FEATURES_AVAILABLE = 15
} bytecode_feature_t;

typedef struct bytecode_attrs_t {
  uint32_t count;
  const iree_string_pair_t* pairs;
} bytecode_attrs_t;

/* A calling convention, taken apart: `arguments` and `results` without version, `_` and lone `v`. */
typedef struct bytecode_cconv_t {
  iree_string_view_t text;
  iree_string_view_t arguments;
  iree_string_view_t results;
} bytecode_cconv_t;

typedef struct bytecode_dependency_t {
  iree_string_view_t name;
  uint32_t minimum_version;
  uint32_t flags;
} bytecode_dependency_t;

typedef struct bytecode_import_t {
  iree_string_view_t full_name;
  bytecode_cconv_t cconv; /* empty text: unchecked */
  bytecode_attrs_t attrs;
  bool optional;
} bytecode_import_t;

typedef struct bytecode_export_t {
  iree_string_view_t local_name;
  uint32_t function; /* ordinal into functions */
} bytecode_export_t;

typedef struct bytecode_function_t {
  const uint8_t* code;
  uint32_t code_length; /* bytes */
  uint32_t requirements;
  uint16_t block_count;
  uint16_t i32_register_count;
  uint16_t ref_register_count;
  bytecode_cconv_t cconv;
  bytecode_attrs_t attrs;
} bytecode_function_t;

typedef struct bytecode_image_t {
  iree_const_byte_span_t archive; /* what was parsed; offsets in messages are counted from its start */
  iree_string_view_t name;
  uint32_t version;
  uint32_t requirements;
  bytecode_attrs_t attrs;
  uint32_t type_count;
  iree_vm_type_def_t* types; /* resolved against the instance */
  iree_string_view_t* type_names;
  uint32_t dependency_count;
  bytecode_dependency_t* dependencies;
  uint32_t import_count;
  bytecode_import_t* imports;
  uint32_t export_count;
  bytecode_export_t* exports;
  uint32_t function_count;
  bytecode_function_t* functions;
  uint32_t rodata_count;
  iree_const_byte_span_t* rodata;
  uint32_t global_bytes;
  uint32_t global_ref_count;
  iree_const_byte_span_t debug_table; /* from the debug database to the end of its buffer, for debug.c; empty: none */
  void* arena;                        /* one block behind all tables above */
  iree_allocator_t allocator;
} bytecode_image_t;

/* Parses `archive` and resolves types; `*out_image` owns its tables, not the archive. Freed with bytecode_image_deinitialize.
 * Statuses and their order: docs/bytecode.md. */
iree_status_t bytecode_image_parse(iree_vm_instance_t* instance, uint32_t flags, iree_const_byte_span_t archive,
                                   iree_allocator_t allocator, bytecode_image_t* out_image);
void bytecode_image_deinitialize(bytecode_image_t* image);

/* Verifies the code of every function against the image. */
iree_status_t bytecode_verify_image(const bytecode_image_t* image);

/* Verifies the operand lists of all calls of an import, declared without calling convention, against the one of the function
 * that it was bound to. To be asked when such an import is resolved, before it can be called. */
iree_status_t bytecode_verify_import_calls(const bytecode_image_t* image, uint32_t import, iree_string_view_t cconv);

/* Offset of a place inside the archive from its start. */
static inline uint64_t bytecode_file_offset(const bytecode_image_t* image, const uint8_t* place) {
  return (uint64_t)(place - image->archive.data);
}

#endif /* VMRT_BYTECODE_IMAGE_H_ */
