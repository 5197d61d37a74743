/* SPDX-License-Identifier: Apache-2.0 */
/* Makes tensors of text, of raw files and of .npy files. */
#include "tooling/tensor_input.h"

#include "tooling/npy.h"

#define MAX_RANK 128

/* A tensor whose elements come from a file. */
typedef struct tensor_shape_t {
  iree_hal_element_type_t element_type;
  iree_host_size_t rank;
  const iree_hal_dim_t* dims;
} tensor_shape_t;

static iree_status_t read_contents(input_file_t* file, iree_hal_buffer_t* buffer) {
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_range(buffer, IREE_HAL_MAPPING_MODE_SCOPED,
                                                 IREE_HAL_MEMORY_ACCESS_DISCARD_WRITE, 0, IREE_HAL_WHOLE_BUFFER,
                                                 &mapping));
  iree_status_t status = input_file_read(file, mapping.contents);
  return iree_status_join(status, iree_hal_buffer_unmap_range(&mapping));
}

static iree_status_t read_tensor(const tensor_source_t* source, input_file_t* file, const tensor_shape_t* shape,
                                 iree_hal_buffer_view_t** out_view) {
  iree_hal_buffer_params_t params = {0};
  iree_hal_buffer_t* buffer = NULL;
  iree_device_size_t size = 0;
  params.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL;
  params.usage = IREE_HAL_BUFFER_USAGE_DEFAULT | IREE_HAL_BUFFER_USAGE_MAPPING;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_compute_view_size(shape->rank, shape->dims, shape->element_type,
                                                         IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR, &size));
  IREE_RETURN_IF_ERROR(iree_hal_allocator_allocate_buffer(source->device_allocator, params, size, &buffer));
  iree_status_t status = read_contents(file, buffer);
  if (iree_status_is_ok(status)) {
    status = iree_hal_buffer_view_create(buffer, shape->rank, shape->dims, shape->element_type,
                                         IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR, source->host_allocator, out_view);
  }
  iree_hal_buffer_release(buffer);
  return status;
}

static iree_status_t read_raw(const tensor_source_t* source, iree_string_view_t shape_text, iree_string_view_t place,
                              iree_hal_buffer_view_t** out_view) {
  iree_hal_dim_t dims[MAX_RANK];
  tensor_shape_t shape = {0, 0, dims};
  input_file_t* file = NULL;
  bool rewind = place.data[0] == '@';
  IREE_RETURN_IF_ERROR(
      iree_hal_parse_shape_and_element_type(shape_text, MAX_RANK, &shape.rank, dims, &shape.element_type));
  iree_string_view_t path = iree_make_string_view(place.data + 1, place.size - 1);
  IREE_RETURN_IF_ERROR(input_files_open(source->files, path, rewind, &file));
  return read_tensor(source, file, &shape, out_view);
}

iree_status_t tensor_parse(const tensor_source_t* source, iree_string_view_t text,
                           iree_hal_buffer_view_t** out_view) {
  iree_string_view_t shape = text, data = iree_string_view_empty();
  if (iree_string_view_find_char(text, '=', 0) == IREE_STRING_VIEW_NPOS &&
      iree_string_view_find_char(text, 'x', 0) == IREE_STRING_VIEW_NPOS) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "invalid tensor specification, requires at least a shape/type such as 2xf32 or f32=1");
  }
  iree_string_view_split(text, '=', &shape, &data);
  if (data.size > 0 && (data.data[0] == '@' || data.data[0] == '+')) {
    return read_raw(source, iree_string_view_trim(shape), data, out_view);
  }
  return iree_hal_buffer_view_parse(text, source->device_allocator, source->host_allocator, out_view);
}

iree_status_t tensor_read_npy(const tensor_source_t* source, input_file_t* file, iree_hal_buffer_view_t** out_view) {
  npy_array_t array;
  IREE_RETURN_IF_ERROR(npy_read_header(file, source->host_allocator, &array));
  tensor_shape_t shape = {array.element_type, array.rank, array.shape};
  return read_tensor(source, file, &shape, out_view);
}
