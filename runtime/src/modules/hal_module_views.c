/* SPDX-License-Identifier: Apache-2.0 */
/* hal.buffer_view: making views, asserting what they are, their parts, their text. */
#include <stdio.h>

#include "base/string_builder.h"
#include "modules/hal_module.h"
#include "vm/text.h"

#define SHAPE_MAX_RANK 128
#define TRACE_MAX_VIEWS 128
#define TRACE_MAX_ELEMENTS 1024

/* ---- Shapes ------------------------------------------------------------------------------------------------------ */

typedef struct shape_t {
  iree_host_size_t rank;
  iree_hal_dim_t dims[SHAPE_MAX_RANK];
} shape_t;

/* The dimensions at the end of the arguments. */
static iree_status_t take_shape(hal_call_t* call, shape_t* out_shape) {
  out_shape->rank = hal_take_count(call, sizeof(int64_t));
  if (out_shape->rank > SHAPE_MAX_RANK) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "shape of rank %zu, expected at most %d", out_shape->rank,
                            SHAPE_MAX_RANK);
  }
  for (iree_host_size_t i = 0; i < out_shape->rank; ++i) out_shape->dims[i] = (iree_hal_dim_t)hal_take_u64(call);
  return hal_call_taken(call);
}

/* Such as 2x3; of many dimensions the first ones. */
typedef struct shape_text_t {
  char text[512];
} shape_text_t;
static shape_text_t shape_text(iree_host_size_t rank, const iree_hal_dim_t* dims) {
  shape_text_t result = {""};
  int length = 0;
  for (iree_host_size_t i = 0; i < rank && length < (int)sizeof result.text; ++i) {
    length += snprintf(result.text + length, sizeof result.text - (size_t)length, "%s%zu", i ? "x" : "", dims[i]);
  }
  return result;
}

static iree_status_t annotate_shapes(iree_status_t status, const shape_t* expected, iree_hal_buffer_view_t* view) {
  shape_text_t expected_text = shape_text(expected->rank, expected->dims);
  shape_text_t actual_text = shape_text(iree_hal_buffer_view_shape_rank(view), iree_hal_buffer_view_shape_dims(view));
  return iree_status_annotate_f(status, "expected shape `%s`, actual shape `%s`", expected_text.text, actual_text.text);
}

/* ---- Making ------------------------------------------------------------------------------------------------------ */

static iree_status_t make_view(hal_call_t* call, iree_hal_buffer_t* source, uint64_t offset, uint64_t length,
                               uint32_t element_type, uint32_t encoding, const shape_t* shape,
                               iree_hal_buffer_view_t** out_view) {
  iree_hal_buffer_t* range = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_subspan(source, offset, length, call->host_allocator, &range));
  iree_status_t status = iree_hal_buffer_view_create(range, shape->rank, shape->dims, element_type, encoding,
                                                     call->host_allocator, out_view);
  iree_hal_buffer_release(range);
  return status;
}

iree_status_t hal_export_buffer_view_create(hal_call_t* call) {
  iree_hal_buffer_t* source = hal_take_buffer(call);
  uint64_t offset = hal_take_u64(call);
  uint64_t length = hal_take_u64(call);
  uint32_t element_type = hal_take_u32(call);
  uint32_t encoding = hal_take_u32(call);
  shape_t shape;
  IREE_RETURN_IF_ERROR(take_shape(call, &shape));
  iree_hal_buffer_view_t* view = NULL;
  iree_status_t status = make_view(call, source, offset, length, element_type, encoding, &shape, &view);
  if (!iree_status_is_ok(status)) {
    return iree_status_annotate_f(status, "invalid subspan of an existing buffer (source_offset=%llu, length=%llu)",
                                  (unsigned long long)offset, (unsigned long long)length);
  }
  return hal_give_ref(call, iree_hal_buffer_view_move_ref(view));
}

/* ---- Asserting --------------------------------------------------------------------------------------------------- */

/* An opaque encoding satisfies any expectation. */
static iree_status_t assert_encoding(iree_string_view_t message, iree_hal_buffer_view_t* view, uint32_t expected) {
  uint32_t actual = iree_hal_buffer_view_encoding_type(view);
  if (actual == expected || actual == IREE_HAL_ENCODING_TYPE_OPAQUE) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%.*s encoding mismatch; expected %08X but have %08X",
                          VM_SV_ARG(message), expected, actual);
}

static bool is_integer(uint32_t element_type) {
  uint32_t kind = iree_hal_element_numerical_type(element_type);
  return kind >= IREE_HAL_NUMERICAL_TYPE_INTEGER && kind <= IREE_HAL_NUMERICAL_TYPE_BOOLEAN;
}

/* Opaque elements satisfy any expectation; integers of the same width each other. */
static bool element_type_satisfies(uint32_t actual, uint32_t expected) {
  if (actual == expected || iree_hal_element_numerical_type(actual) == IREE_HAL_NUMERICAL_TYPE_UNKNOWN) return true;
  return is_integer(actual) && is_integer(expected) &&
         iree_hal_element_bit_count(actual) == iree_hal_element_bit_count(expected);
}

static iree_status_t assert_element_type(iree_string_view_t message, iree_hal_buffer_view_t* view, uint32_t expected) {
  uint32_t actual = iree_hal_buffer_view_element_type(view);
  if (element_type_satisfies(actual, expected)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "%.*s element type mismatch; expected %s (%08X) but have %s (%08X)", VM_SV_ARG(message),
                          vmrt_hal_element_type_name(expected).text, expected, vmrt_hal_element_type_name(actual).text,
                          actual);
}

static iree_status_t assert_shape(iree_string_view_t message, iree_hal_buffer_view_t* view, const shape_t* expected) {
  iree_host_size_t rank = iree_hal_buffer_view_shape_rank(view);
  if (rank != expected->rank) {
    iree_status_t status = iree_make_status(
        IREE_STATUS_INVALID_ARGUMENT, "%.*s shape rank mismatch; expected %zu%s but have %zu%s", VM_SV_ARG(message),
        expected->rank, expected->rank ? "" : " (scalar)", rank, rank ? "" : " (scalar)");
    return annotate_shapes(status, expected, view);
  }
  for (iree_host_size_t i = 0; i < rank; ++i) {
    iree_hal_dim_t dim = iree_hal_buffer_view_shape_dim(view, i);
    if (dim == expected->dims[i]) continue;
    iree_status_t status =
        iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%.*s shape dimension %zu mismatch; expected %zu but have %zu",
                         VM_SV_ARG(message), i, expected->dims[i], dim);
    return annotate_shapes(status, expected, view);
  }
  return iree_ok_status();
}

iree_status_t hal_export_buffer_view_assert(hal_call_t* call) {
  iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  iree_string_view_t message = hal_take_text(call);
  uint32_t element_type = hal_take_u32(call);
  uint32_t encoding = hal_take_u32(call);
  shape_t shape;
  IREE_RETURN_IF_ERROR(take_shape(call, &shape));
  IREE_RETURN_IF_ERROR(assert_encoding(message, view, encoding));
  IREE_RETURN_IF_ERROR(assert_element_type(message, view, element_type));
  return assert_shape(message, view, &shape);
}

/* ---- Parts ------------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_buffer_view_buffer(hal_call_t* call) {
  iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_ref(call, iree_hal_buffer_retain_ref(iree_hal_buffer_view_buffer(view)));
}

iree_status_t hal_export_buffer_view_element_type(hal_call_t* call) {
  iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i32(call, (int32_t)iree_hal_buffer_view_element_type(view));
}

iree_status_t hal_export_buffer_view_encoding_type(hal_call_t* call) {
  iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i32(call, (int32_t)iree_hal_buffer_view_encoding_type(view));
}

iree_status_t hal_export_buffer_view_rank(hal_call_t* call) {
  iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i32(call, (int32_t)iree_hal_buffer_view_shape_rank(view));
}

iree_status_t hal_export_buffer_view_dim(hal_call_t* call) {
  iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  uint32_t index = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_i64(call, (int64_t)iree_hal_buffer_view_shape_dim(view, index));
}

/* ---- Text -------------------------------------------------------------------------------------------------------- */

static iree_status_t append_view(iree_string_builder_t* builder, hal_call_t* call, iree_hal_buffer_view_t* view) {
  iree_host_size_t length = 0;
  iree_status_t status = iree_hal_buffer_view_format(view, TRACE_MAX_ELEMENTS, 0, NULL, &length);
  if (!IREE_STATUS_IS(OUT_OF_RANGE, status) && !iree_status_is_ok(status)) return status;
  iree_status_free(status);
  char* text = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(call->host_allocator, length + 1, (void**)&text));
  status = iree_hal_buffer_view_format(view, TRACE_MAX_ELEMENTS, length + 1, text, &length);
  if (iree_status_is_ok(status)) {
    status = iree_string_builder_append_string(builder, iree_make_string_view(text, length));
  }
  iree_allocator_free(call->host_allocator, text);
  IREE_RETURN_IF_ERROR(status);
  return iree_string_builder_append_string(builder, IREE_SV("\n"));
}

static iree_status_t append_trace(iree_string_builder_t* builder, hal_call_t* call, iree_string_view_t key,
                                  iree_host_size_t count) {
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, IREE_SV("=== ")));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, key));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, IREE_SV(" ===\n")));
  for (iree_host_size_t i = 0; i < count; ++i) {
    iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
    IREE_RETURN_IF_ERROR(hal_call_taken(call));
    IREE_RETURN_IF_ERROR(append_view(builder, call, view));
  }
  return iree_string_builder_append_string(builder, IREE_SV("\n"));
}

static void write_trace(const hal_module_t* module, iree_string_view_t text) {
  if (module->sink.fn) {
    module->sink.fn(module->sink.user_data, text);
  } else {
    fwrite(text.data, 1, text.size, stderr);
  }
}

iree_status_t hal_export_buffer_view_trace(hal_call_t* call) {
  iree_string_view_t key = hal_take_text(call);
  iree_host_size_t count = hal_take_count(call, sizeof(iree_vm_ref_t));
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (count > TRACE_MAX_VIEWS) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%zu buffer views to trace, expected at most %d", count,
                            TRACE_MAX_VIEWS);
  }
  iree_string_builder_t builder;
  iree_string_builder_initialize(call->host_allocator, &builder);
  iree_status_t status = append_trace(&builder, call, key, count);
  if (iree_status_is_ok(status)) write_trace(hal_call_module(call), iree_string_builder_view(&builder));
  iree_string_builder_deinitialize(&builder);
  return status;
}
