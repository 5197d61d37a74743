/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors compared element by element. */
#ifndef VMRT_TOOLING_TENSOR_COMPARE_H_
#define VMRT_TOOLING_TENSOR_COMPARE_H_

#include "iree/hal/buffer_view.h"

#define TENSOR_ALL_EQUAL IREE_HOST_SIZE_MAX

/* Whether two numbers are equal, both NaN, or at most absolute + relative * |expected| apart. */
bool tensor_is_near(double actual, double expected, double absolute, double relative);

/* How far apart elements of one type may be; types without a tolerance are compared by their bytes. */
typedef struct tensor_tolerance_t {
  bool exact;
  double absolute;
  double relative;
} tensor_tolerance_t;

/* The first element that differs, or TENSOR_ALL_EQUAL. Both have the same type and shape. */
iree_status_t tensor_find_difference(const iree_hal_buffer_view_t* actual, const iree_hal_buffer_view_t* expected,
                                     tensor_tolerance_t tolerance, iree_host_size_t* out_index);

bool tensor_same_type(const iree_hal_buffer_view_t* a, const iree_hal_buffer_view_t* b);
bool tensor_same_shape(const iree_hal_buffer_view_t* a, const iree_hal_buffer_view_t* b);

/* One element as it is printed in tensors. */
typedef struct tensor_element_text_t {
  char chars[80];
} tensor_element_text_t;
iree_status_t tensor_format_element(const iree_hal_buffer_view_t* view, iree_host_size_t index,
                                    tensor_element_text_t* out_text);
/* One element as a number. INVALID_ARGUMENT for types that have none. */
iree_status_t tensor_element_value(const iree_hal_buffer_view_t* view, iree_host_size_t index, double* out_value);

#endif /* VMRT_TOOLING_TENSOR_COMPARE_H_ */
