/* SPDX-License-Identifier: Apache-2.0 */
/* Buffer views: a range of a buffer with a shape and an element type; their text forms; element conversions. */
#ifndef IREE_HAL_BUFFER_VIEW_H_
#define IREE_HAL_BUFFER_VIEW_H_

#include "iree/hal/allocator.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* (kind << 24) | bits of one element. */
typedef uint32_t iree_hal_element_type_t;
typedef uint32_t iree_hal_encoding_type_t;
/* Elements along one dimension. */
typedef iree_host_size_t iree_hal_dim_t;

typedef enum iree_hal_element_types_e {
  IREE_HAL_ELEMENT_TYPE_NONE = 0,
  IREE_HAL_ELEMENT_TYPE_OPAQUE_8 = 0x00000008,
  IREE_HAL_ELEMENT_TYPE_BOOL_8 = 0x13000008,
  IREE_HAL_ELEMENT_TYPE_INT_2 = 0x10000002,
  IREE_HAL_ELEMENT_TYPE_INT_4 = 0x10000004,
  IREE_HAL_ELEMENT_TYPE_INT_8 = 0x10000008,
  IREE_HAL_ELEMENT_TYPE_INT_16 = 0x10000010,
  IREE_HAL_ELEMENT_TYPE_INT_32 = 0x10000020,
  IREE_HAL_ELEMENT_TYPE_INT_64 = 0x10000040,
  IREE_HAL_ELEMENT_TYPE_SINT_8 = 0x11000008,
  IREE_HAL_ELEMENT_TYPE_SINT_16 = 0x11000010,
  IREE_HAL_ELEMENT_TYPE_SINT_32 = 0x11000020,
  IREE_HAL_ELEMENT_TYPE_SINT_64 = 0x11000040,
  IREE_HAL_ELEMENT_TYPE_UINT_8 = 0x12000008,
  IREE_HAL_ELEMENT_TYPE_UINT_16 = 0x12000010,
  IREE_HAL_ELEMENT_TYPE_UINT_32 = 0x12000020,
  IREE_HAL_ELEMENT_TYPE_UINT_64 = 0x12000040,
  IREE_HAL_ELEMENT_TYPE_FLOAT_16 = 0x21000010,
  IREE_HAL_ELEMENT_TYPE_FLOAT_32 = 0x21000020,
  IREE_HAL_ELEMENT_TYPE_FLOAT_64 = 0x21000040,
  IREE_HAL_ELEMENT_TYPE_BFLOAT_16 = 0x22000010,
  IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_64 = 0x23000040,
  IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_128 = 0x23000080,
  IREE_HAL_ELEMENT_TYPE_FLOAT_8_E5M2 = 0x24000008,
  IREE_HAL_ELEMENT_TYPE_FLOAT_8_E4M3_FN = 0x25000008,
  IREE_HAL_ELEMENT_TYPE_FLOAT_8_E5M2_FNUZ = 0x26000008,
  IREE_HAL_ELEMENT_TYPE_FLOAT_8_E4M3_FNUZ = 0x27000008,
  IREE_HAL_ELEMENT_TYPE_FLOAT_8_E8M0_FNU = 0x28000008
} iree_hal_element_types_t;

typedef enum iree_hal_encoding_types_e {
  IREE_HAL_ENCODING_TYPE_OPAQUE = 0,
  IREE_HAL_ENCODING_TYPE_DENSE_ROW_MAJOR = 1
} iree_hal_encoding_types_t;

typedef struct iree_hal_buffer_view_t iree_hal_buffer_view_t;
/* cdef: end */

typedef enum iree_hal_numerical_type_e {
  IREE_HAL_NUMERICAL_TYPE_UNKNOWN = 0x00,
  IREE_HAL_NUMERICAL_TYPE_INTEGER = 0x10,
  IREE_HAL_NUMERICAL_TYPE_INTEGER_SIGNED = 0x11,
  IREE_HAL_NUMERICAL_TYPE_INTEGER_UNSIGNED = 0x12,
  IREE_HAL_NUMERICAL_TYPE_BOOLEAN = 0x13,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_IEEE = 0x21,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_BRAIN = 0x22,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_COMPLEX = 0x23,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E5M2 = 0x24,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E4M3_FN = 0x25,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E5M2_FNUZ = 0x26,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E4M3_FNUZ = 0x27,
  IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E8M0_FNU = 0x28
} iree_hal_numerical_type_t;

static inline uint32_t iree_hal_element_numerical_type(iree_hal_element_type_t type) { return type >> 24; }
static inline uint32_t iree_hal_element_bit_count(iree_hal_element_type_t type) { return type & 0xFFu; }

/* cdef: begin */
/* Bytes of `shape` elements, packed types rounded up once. INVALID_ARGUMENT for a type without width, OUT_OF_RANGE when
 * the size overflows. */
IREE_API_EXPORT iree_status_t iree_hal_buffer_compute_view_size(
    iree_host_size_t shape_rank, const iree_hal_dim_t* shape, iree_hal_element_type_t element_type,
    iree_hal_encoding_type_t encoding_type, iree_device_size_t* out_allocation_size);
/* Retains `buffer`. OUT_OF_RANGE when the shape needs more bytes than the buffer has. */
IREE_API_EXPORT iree_status_t iree_hal_buffer_view_create(iree_hal_buffer_t* buffer, iree_host_size_t shape_rank,
                                                          const iree_hal_dim_t* shape,
                                                          iree_hal_element_type_t element_type,
                                                          iree_hal_encoding_type_t encoding_type,
                                                          iree_allocator_t host_allocator,
                                                          iree_hal_buffer_view_t** out_buffer_view);
IREE_API_EXPORT void iree_hal_buffer_view_retain(iree_hal_buffer_view_t* buffer_view);
IREE_API_EXPORT void iree_hal_buffer_view_release(iree_hal_buffer_view_t* buffer_view);
/* Borrowed. */
IREE_API_EXPORT iree_hal_buffer_t* iree_hal_buffer_view_buffer(const iree_hal_buffer_view_t* buffer_view);
IREE_API_EXPORT iree_host_size_t iree_hal_buffer_view_shape_rank(const iree_hal_buffer_view_t* buffer_view);
IREE_API_EXPORT const iree_hal_dim_t* iree_hal_buffer_view_shape_dims(const iree_hal_buffer_view_t* buffer_view);
/* 0 past the rank. */
IREE_API_EXPORT iree_hal_dim_t iree_hal_buffer_view_shape_dim(const iree_hal_buffer_view_t* buffer_view,
                                                              iree_host_size_t index);
IREE_API_EXPORT iree_host_size_t iree_hal_buffer_view_element_count(const iree_hal_buffer_view_t* buffer_view);
IREE_API_EXPORT iree_hal_element_type_t iree_hal_buffer_view_element_type(const iree_hal_buffer_view_t* buffer_view);
IREE_API_EXPORT iree_hal_encoding_type_t iree_hal_buffer_view_encoding_type(const iree_hal_buffer_view_t* buffer_view);
/* Bytes of the view's range. */
IREE_API_EXPORT iree_device_size_t iree_hal_buffer_view_byte_length(const iree_hal_buffer_view_t* buffer_view);
/* `SHAPExTYPE=VALUES`, at most `max_element_count` elements and then `...`; memory has to be mappable. Writes up to
 * `capacity` bytes with a NUL; `*out_length` is the whole length without it, also when OUT_OF_RANGE says that it did
 * not fit. */
IREE_API_EXPORT iree_status_t iree_hal_buffer_view_format(const iree_hal_buffer_view_t* buffer_view,
                                                          iree_host_size_t max_element_count, iree_host_size_t capacity,
                                                          char* buffer, iree_host_size_t* out_length);
/* The view that a text such as `2x2xi32=[1 2][3 4]` means (docs/vm-run-module.md), in new memory of `allocator`. */
IREE_API_EXPORT iree_status_t iree_hal_buffer_view_parse(iree_string_view_t text, iree_hal_allocator_t* allocator,
                                                         iree_allocator_t host_allocator,
                                                         iree_hal_buffer_view_t** out_buffer_view);
/* cdef: end */

/* A shape such as `2x3`; INVALID_ARGUMENT `shape[i] invalid value`, RESOURCE_EXHAUSTED past `shape_capacity`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_parse_shape(iree_string_view_t text,
                                                                        iree_host_size_t shape_capacity,
                                                                        iree_host_size_t* out_rank,
                                                                        iree_hal_dim_t* out_shape);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_parse_element_type(iree_string_view_t text,
                                                                               iree_hal_element_type_t* out_type);
/* `2x3xf32` and so on: shape and type at once, the part before `=` of a text. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_parse_shape_and_element_type(
    iree_string_view_t text, iree_host_size_t shape_capacity, iree_host_size_t* out_rank, iree_hal_dim_t* out_shape,
    iree_hal_element_type_t* out_type);
/* Name of a type such as `f32`, with a NUL; at most 15 bytes. */
typedef struct vmrt_hal_name_t {
  char text[16];
} vmrt_hal_name_t;
IREE_API_EXPORT vmrt_hal_name_t vmrt_hal_element_type_name(iree_hal_element_type_t type);
/* Values from text into `data`: separators, splat of a single value, hex for bool and opaque types.
 * The length of `data` says how many. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_parse_buffer_elements(iree_string_view_t text,
                                                                                  iree_hal_element_type_t element_type,
                                                                                  iree_byte_span_t data);
/* One element as a double; types that have no numbers (opaque, complex) are INVALID_ARGUMENT. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_hal_element_to_double(iree_hal_element_type_t type,
                                                                              const void* element, double* out_value);

/* Conversions of the small float types, rounding to nearest even; overflow and NaN as each type defines. */
IREE_API_EXPORT float iree_math_f16_to_f32(uint16_t value);
IREE_API_EXPORT uint16_t iree_math_f32_to_f16(float value);
IREE_API_EXPORT float iree_math_bf16_to_f32(uint16_t value);
IREE_API_EXPORT uint16_t iree_math_f32_to_bf16(float value);
/* `type`: one of the 8-bit float types. */
IREE_API_EXPORT float vmrt_hal_float8_to_f32(iree_hal_element_type_t type, uint8_t value);
IREE_API_EXPORT uint8_t vmrt_hal_f32_to_float8(iree_hal_element_type_t type, float value);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_BUFFER_VIEW_H_ */
