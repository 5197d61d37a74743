/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of buffer views, such as `2x2xi32=[1 2][3 4]`, written and read. */
#include "hal/element_text.h"
#include "vm/text.h"

/* ---- Output ------------------------------------------------------------------------------------------------------ */

/* Counts everything, keeps what fits. */
typedef struct text_sink_t {
  char* buffer;
  iree_host_size_t capacity;
  iree_host_size_t length;
} text_sink_t;

static void put(text_sink_t* sink, const char* text, iree_host_size_t length) {
  if (sink->buffer && sink->length < sink->capacity) {
    iree_host_size_t room = sink->capacity - sink->length;
    memcpy(sink->buffer + sink->length, text, length < room ? length : room);
  }
  sink->length += length;
}

static void put_text(text_sink_t* sink, const char* text) { put(sink, text, strlen(text)); }

static void put_times(text_sink_t* sink, char c, iree_host_size_t count) {
  for (iree_host_size_t i = 0; i < count; ++i) put(sink, &c, 1);
}

static void put_dim(text_sink_t* sink, iree_hal_dim_t dim) {
  char digits[24];
  iree_host_size_t at = sizeof digits;
  do {
    digits[--at] = (char)('0' + dim % 10);
    dim /= 10;
  } while (dim);
  put(sink, digits + at, sizeof digits - at);
  put_text(sink, "x");
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* Rows that show nothing are no longer written after so many: a shape can have far more of them than elements. */
#define MAX_EMPTY_ROWS 65536

/* A list of rows of the innermost dimension; dimensions after one of length 0 are left out. */
typedef struct value_list_t {
  iree_hal_element_type_t element_type;
  const uint8_t* data;
  iree_host_size_t rank;
  const iree_hal_dim_t* shape;
  iree_host_size_t row_length;
  iree_host_size_t elements_left; /* that may be written */
  iree_host_size_t next_element;
  iree_host_size_t empty_rows;
} value_list_t;

static void put_row(text_sink_t* sink, value_list_t* list) {
  iree_host_size_t count = list->row_length < list->elements_left ? list->row_length : list->elements_left;
  for (iree_host_size_t i = 0; i < count; ++i) {
    char text[HAL_ELEMENT_TEXT_SIZE];
    if (i > 0) put_text(sink, " ");
    put(sink, text, hal_element_format(list->element_type, list->data, list->next_element + i, text));
  }
  if (count < list->row_length) put_text(sink, "...");
  list->empty_rows += count == 0;
  list->next_element += count;
  list->elements_left -= count;
}

/* How many brackets open before row `row`; as many close before row `row` begins. The outermost dimension has none. */
static iree_host_size_t brackets_at(const value_list_t* list, iree_host_size_t row) {
  iree_host_size_t count = 1;
  for (iree_host_size_t i = list->rank - 1; i-- > 1 && row % list->shape[i] == 0; ++count) row /= list->shape[i];
  return count;
}

static void put_rows(text_sink_t* sink, value_list_t* list) {
  iree_host_size_t row_count = 1;
  for (iree_host_size_t i = 0; i + 1 < list->rank; ++i) {
    bool overflows = row_count > IREE_HOST_SIZE_MAX / list->shape[i];
    row_count = overflows ? IREE_HOST_SIZE_MAX : row_count * list->shape[i];
  }
  for (iree_host_size_t row = 0; row < row_count; ++row) {
    if (list->empty_rows == MAX_EMPTY_ROWS) {
      put_text(sink, "...");
      put_times(sink, ']', list->rank - 1 - brackets_at(list, row));
      return;
    }
    put_times(sink, '[', brackets_at(list, row));
    put_row(sink, list);
    put_times(sink, ']', row + 1 < row_count ? brackets_at(list, row + 1) : list->rank - 1);
  }
}

static void put_values(text_sink_t* sink, const iree_hal_buffer_view_t* view, const uint8_t* data,
                       iree_host_size_t max_element_count) {
  iree_host_size_t rank = iree_hal_buffer_view_shape_rank(view);
  const iree_hal_dim_t* shape = iree_hal_buffer_view_shape_dims(view);
  for (iree_host_size_t i = 0; i < rank; ++i) {
    if (shape[i] == 0) rank = i + 1;
  }
  value_list_t list = {.element_type = iree_hal_buffer_view_element_type(view),
                       .data = data,
                       .rank = rank,
                       .shape = shape,
                       .row_length = rank ? shape[rank - 1] : 1,
                       .elements_left = max_element_count};
  if (rank < 2) {
    put_row(sink, &list);
  } else {
    put_rows(sink, &list);
  }
}

static iree_status_t put_view(text_sink_t* sink, const iree_hal_buffer_view_t* view,
                              iree_host_size_t max_element_count) {
  iree_hal_element_type_t type = iree_hal_buffer_view_element_type(view);
  vmrt_hal_name_t name = vmrt_hal_element_type_name(type);
  if (hal_element_form(type) == HAL_ELEMENT_FORM_NONE) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "elements of type %s have no text form", name.text);
  }
  for (iree_host_size_t i = 0; i < iree_hal_buffer_view_shape_rank(view); ++i) {
    put_dim(sink, iree_hal_buffer_view_shape_dim(view, i));
  }
  put_text(sink, name.text);
  put_text(sink, "=");
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_range(iree_hal_buffer_view_buffer(view), IREE_HAL_MAPPING_MODE_SCOPED,
                                                 IREE_HAL_MEMORY_ACCESS_READ, 0, IREE_HAL_WHOLE_BUFFER, &mapping));
  put_values(sink, view, mapping.contents.data, max_element_count);
  return iree_hal_buffer_unmap_range(&mapping);
}

iree_status_t iree_hal_buffer_view_format(const iree_hal_buffer_view_t* buffer_view, iree_host_size_t max_element_count,
                                          iree_host_size_t capacity, char* buffer, iree_host_size_t* out_length) {
  text_sink_t sink = {.buffer = buffer, .capacity = capacity};
  iree_status_t status = put_view(&sink, buffer_view, max_element_count);
  if (buffer && capacity) buffer[sink.length < capacity ? sink.length : capacity - 1] = 0;
  if (!iree_status_is_ok(status)) return status;
  *out_length = sink.length;
  if (buffer && sink.length < capacity) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "the text of the buffer view has %zu characters and room for %zu", sink.length, capacity);
}

/* ---- Input ------------------------------------------------------------------------------------------------------- */

#define MAX_RANK 128

/* What stands before `=`. */
typedef struct view_type_t {
  iree_host_size_t rank;
  iree_hal_dim_t shape[MAX_RANK];
  iree_hal_element_type_t element_type;
} view_type_t;

static iree_status_t parse_into_view(iree_string_view_t text, iree_hal_buffer_view_t* view) {
  iree_hal_buffer_mapping_t mapping;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_map_range(iree_hal_buffer_view_buffer(view), IREE_HAL_MAPPING_MODE_SCOPED,
                                                 IREE_HAL_MEMORY_ACCESS_DISCARD_WRITE, 0, IREE_HAL_WHOLE_BUFFER,
                                                 &mapping));
  iree_status_t status = hal_elements_parse(text, iree_hal_buffer_view_element_type(view),
                                            iree_hal_buffer_view_element_count(view), mapping.contents);
  return iree_status_join(status, iree_hal_buffer_unmap_range(&mapping));
}

static iree_status_t create_view(const view_type_t* type, iree_hal_allocator_t* allocator,
                                 iree_allocator_t host_allocator, iree_hal_buffer_view_t** out_view) {
  iree_device_size_t size = 0;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_compute_view_size(type->rank, type->shape, type->element_type,
                                                         IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR, &size));
  iree_hal_buffer_params_t params = {
      .usage = IREE_HAL_BUFFER_USAGE_DEFAULT | IREE_HAL_BUFFER_USAGE_MAPPING,
      .type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL | IREE_HAL_MEMORY_TYPE_HOST_VISIBLE};
  iree_hal_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_allocator_allocate_buffer(allocator, params, size, &buffer));
  iree_status_t status = iree_hal_buffer_view_create(buffer, type->rank, type->shape, type->element_type,
                                                     IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR, host_allocator, out_view);
  iree_hal_buffer_release(buffer);
  return status;
}

/* Without spaces around, and without one quote at each end. */
static iree_string_view_t strip(iree_string_view_t text) {
  text = iree_string_view_trim(text);
  if (text.size && text.data[0] == '"') text = iree_string_view_substr(text, 1, text.size);
  if (text.size && text.data[text.size - 1] == '"') text = iree_string_view_substr(text, 0, text.size - 1);
  return iree_string_view_trim(text);
}

iree_status_t iree_hal_buffer_view_parse(iree_string_view_t text, iree_hal_allocator_t* allocator,
                                         iree_allocator_t host_allocator, iree_hal_buffer_view_t** out_buffer_view) {
  *out_buffer_view = NULL;
  iree_string_view_t type_text, values_text;
  iree_string_view_split(strip(text), '=', &type_text, &values_text);
  view_type_t type;
  IREE_RETURN_IF_ERROR(iree_hal_parse_shape_and_element_type(iree_string_view_trim(type_text), MAX_RANK, &type.rank,
                                                             type.shape, &type.element_type));
  iree_hal_buffer_view_t* view = NULL;
  IREE_RETURN_IF_ERROR(create_view(&type, allocator, host_allocator, &view));
  iree_status_t status = iree_ok_status();
  values_text = iree_string_view_trim(values_text);
  if (values_text.size) status = parse_into_view(values_text, view); /* the memory is zeroed otherwise */
  if (iree_status_is_ok(status)) {
    *out_buffer_view = view;
  } else {
    iree_hal_buffer_view_release(view);
  }
  return status;
}
