/* SPDX-License-Identifier: Apache-2.0 */
/* .gguf archives, versions 2 and 3: key-value metadata, then descriptions of tensors, then their data. */
#include "modules/archive_reader.h"
#include "vm/text.h"

#define GGUF_MAGIC 0x46554747u
#define GGUF_DEFAULT_ALIGNMENT 32
#define GGUF_MAX_RANK 8
#define GGUF_MAX_NESTING 4

/* ---- Metadata ---------------------------------------------------------------------------------------------------- */

typedef enum gguf_value_type_e {
  GGUF_UINT32 = 4,
  GGUF_STRING = 8,
  GGUF_ARRAY = 9,
  GGUF_VALUE_TYPE_COUNT = 13
} gguf_value_type_t;

/* Bytes of the types that are only a number; 0 for strings and arrays. */
static const uint8_t gguf_value_sizes[GGUF_VALUE_TYPE_COUNT] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

static iree_string_view_t gguf_read_string(archive_reader_t* in) {
  uint64_t length = archive_read_u64(in);
  return archive_read_bytes(in, length);
}

static iree_status_t gguf_check_value_type(const archive_reader_t* in, uint32_t type) {
  IREE_RETURN_IF_ERROR(in->status);
  if (type < GGUF_VALUE_TYPE_COUNT) return iree_ok_status();
  return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, in->at - 4, "metadata of type %u, expected 0 to %d", type,
                       GGUF_VALUE_TYPE_COUNT - 1);
}

/* What an array has left to be passed over. */
typedef struct gguf_level_t {
  uint32_t type;
  uint64_t count;
} gguf_level_t;

/* Numbers in one step, strings one by one, arrays a level deeper. */
static iree_status_t gguf_skip_value(archive_reader_t* in, uint32_t type) {
  gguf_level_t levels[GGUF_MAX_NESTING] = {{type, 1}};
  int depth = 0;
  while (depth >= 0) {
    gguf_level_t* level = &levels[depth];
    if (level->count == 0) {
      --depth;
    } else if (gguf_value_sizes[level->type] != 0) {
      uint64_t limit = UINT64_MAX / 8;
      (void)archive_read_bytes(in, level->count < limit ? level->count * gguf_value_sizes[level->type] : UINT64_MAX);
      level->count = 0;
    } else if (level->type == GGUF_STRING) {
      (void)gguf_read_string(in);
      --level->count;
    } else {
      if (++depth == GGUF_MAX_NESTING) {
        return archive_error(in, IREE_STATUS_UNIMPLEMENTED, in->at, "arrays nested more than %d deep",
                             GGUF_MAX_NESTING - 1);
      }
      --level->count;
      levels[depth].type = archive_read_u32(in);
      IREE_RETURN_IF_ERROR(gguf_check_value_type(in, levels[depth].type));
      levels[depth].count = archive_read_u64(in);
    }
    IREE_RETURN_IF_ERROR(in->status);
  }
  return iree_ok_status();
}

/* One key and its value; of all of them only general.alignment matters here. */
static iree_status_t gguf_read_metadata(archive_reader_t* in, uint64_t* inout_alignment) {
  iree_string_view_t key = gguf_read_string(in);
  uint32_t type = archive_read_u32(in);
  IREE_RETURN_IF_ERROR(gguf_check_value_type(in, type));
  if (!iree_string_view_equal(key, IREE_SV("general.alignment"))) return gguf_skip_value(in, type);
  uint64_t at = in->at;
  if (type != GGUF_UINT32) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, at, "general.alignment of type %u, expected %d", type,
                         GGUF_UINT32);
  }
  *inout_alignment = archive_read_u32(in);
  IREE_RETURN_IF_ERROR(in->status);
  if (*inout_alignment != 0 && (*inout_alignment & (*inout_alignment - 1)) == 0) return iree_ok_status();
  return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, at, "general.alignment %llu, expected a power of two",
                       (unsigned long long)*inout_alignment);
}

/* ---- Tensors ----------------------------------------------------------------------------------------------------- */

/* Elements come in blocks: how many a block has, and how many bytes it takes. */
typedef struct gguf_tensor_type_t {
  uint16_t block_elements; /* 0: no such type */
  uint16_t block_bytes;
} gguf_tensor_type_t;
static const gguf_tensor_type_t gguf_tensor_types[] = {
    [0] = {1, 4},      [1] = {1, 2},      [2] = {32, 18},   [3] = {32, 20},    [6] = {32, 22},    [7] = {32, 24},
    [8] = {32, 34},    [9] = {32, 40},    [10] = {256, 84}, [11] = {256, 110}, [12] = {256, 144}, [13] = {256, 176},
    [14] = {256, 210}, [15] = {256, 292}, [16] = {256, 66}, [17] = {256, 74},  [18] = {256, 98},  [19] = {256, 50},
    [20] = {32, 18},   [21] = {256, 110}, [22] = {256, 82}, [23] = {256, 136}, [24] = {1, 1},     [25] = {1, 2},
    [26] = {1, 4},     [27] = {1, 8},     [28] = {1, 8},    [29] = {256, 56},  [30] = {1, 2},     [34] = {256, 54},
    [35] = {256, 66},  [39] = {32, 17},
};
#define GGUF_TENSOR_TYPE_COUNT (sizeof gguf_tensor_types / sizeof gguf_tensor_types[0])

typedef struct gguf_tensor_t {
  uint64_t named_at;
  iree_string_view_t name;
  uint64_t element_count;
  uint32_t type;
  uint64_t offset; /* from the beginning of the data */
} gguf_tensor_t;

static iree_status_t gguf_read_shape(archive_reader_t* in, uint64_t* out_element_count) {
  uint32_t rank = archive_read_u32(in);
  IREE_RETURN_IF_ERROR(in->status);
  if (rank > GGUF_MAX_RANK) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, in->at - 4, "tensor of rank %u, expected at most %d", rank,
                         GGUF_MAX_RANK);
  }
  *out_element_count = 1;
  for (uint32_t i = 0; i < rank; ++i) {
    uint64_t dim = archive_read_u64(in);
    if (dim != 0 && *out_element_count > UINT64_MAX / dim) {
      return archive_error(in, IREE_STATUS_OUT_OF_RANGE, in->at - 8, "the tensor has more than 2^64 elements");
    }
    *out_element_count *= dim;
  }
  return iree_ok_status();
}

static iree_status_t gguf_read_tensor(archive_reader_t* in, gguf_tensor_t* out_tensor) {
  out_tensor->named_at = in->at;
  out_tensor->name = gguf_read_string(in);
  IREE_RETURN_IF_ERROR(gguf_read_shape(in, &out_tensor->element_count));
  out_tensor->type = archive_read_u32(in);
  out_tensor->offset = archive_read_u64(in);
  return in->status;
}

static iree_status_t gguf_tensor_length(const archive_reader_t* in, const gguf_tensor_t* tensor, uint64_t* out_length) {
  gguf_tensor_type_t type = {0, 0};
  if (tensor->type < GGUF_TENSOR_TYPE_COUNT) type = gguf_tensor_types[tensor->type];
  if (type.block_elements == 0) {
    return archive_error(in, IREE_STATUS_UNIMPLEMENTED, tensor->named_at, "tensor `%.*s` has the unknown type %u",
                         VM_SV_ARG(tensor->name), tensor->type);
  }
  uint64_t blocks = tensor->element_count / type.block_elements;
  if (tensor->element_count % type.block_elements != 0 || blocks > UINT64_MAX / type.block_bytes) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, tensor->named_at,
                         "tensor `%.*s` has %llu elements, expected whole blocks of %u", VM_SV_ARG(tensor->name),
                         (unsigned long long)tensor->element_count, type.block_elements);
  }
  *out_length = blocks * type.block_bytes;
  return iree_ok_status();
}

static iree_status_t gguf_add_tensor(archive_reader_t* in, archive_range_t data, uint64_t alignment,
                                     const gguf_tensor_t* tensor, iree_io_parameter_index_t* index) {
  uint64_t length = 0;
  IREE_RETURN_IF_ERROR(gguf_tensor_length(in, tensor, &length));
  if (tensor->offset % alignment != 0) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, tensor->named_at,
                         "tensor `%.*s` begins at %llu of the data, expected a multiple of %llu",
                         VM_SV_ARG(tensor->name), (unsigned long long)tensor->offset, (unsigned long long)alignment);
  }
  archive_range_t range = archive_range(in, "tensor data", data, tensor->offset, length);
  return archive_add_range(in, index, tensor->name, range, tensor->named_at);
}

/* ---- File -------------------------------------------------------------------------------------------------------- */

typedef struct gguf_header_t {
  uint64_t tensor_count;
  uint64_t metadata_count;
} gguf_header_t;

static iree_status_t gguf_read_header(archive_reader_t* in, gguf_header_t* out_header) {
  uint32_t magic = archive_read_u32(in);
  uint32_t version = archive_read_u32(in);
  out_header->tensor_count = archive_read_u64(in);
  out_header->metadata_count = archive_read_u64(in);
  IREE_RETURN_IF_ERROR(in->status);
  if (magic != GGUF_MAGIC) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, 0, "magic %08X, expected %08X of a GGUF file", magic,
                         GGUF_MAGIC);
  }
  if (version == 2 || version == 3) return iree_ok_status();
  return archive_error(in, IREE_STATUS_UNIMPLEMENTED, 4, "version %u of the format, expected 2 or 3", version);
}

/* Where the data begins is known only behind the last description: these are read twice, first to get past them. */
iree_status_t gguf_parse(archive_reader_t* in, iree_io_parameter_index_t* index) {
  gguf_header_t header = {0, 0};
  uint64_t alignment = GGUF_DEFAULT_ALIGNMENT;
  gguf_tensor_t tensor = {0};
  IREE_RETURN_IF_ERROR(gguf_read_header(in, &header));
  for (uint64_t i = 0; i < header.metadata_count; ++i) IREE_RETURN_IF_ERROR(gguf_read_metadata(in, &alignment));
  uint64_t tensors_at = in->at;
  for (uint64_t i = 0; i < header.tensor_count; ++i) IREE_RETURN_IF_ERROR(gguf_read_tensor(in, &tensor));
  uint64_t data_at = (in->at + alignment - 1) & ~(alignment - 1);
  if (data_at > in->end) data_at = in->end; /* nothing but tensors without data can follow */
  archive_range_t data = {data_at, in->end - data_at};
  in->at = tensors_at;
  for (uint64_t i = 0; i < header.tensor_count; ++i) {
    IREE_RETURN_IF_ERROR(gguf_read_tensor(in, &tensor));
    IREE_RETURN_IF_ERROR(gguf_add_tensor(in, data, alignment, &tensor, index));
  }
  return iree_ok_status();
}
