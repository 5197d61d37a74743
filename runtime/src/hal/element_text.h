/* SPDX-License-Identifier: Apache-2.0 */
/* Single elements as text. */
#ifndef VMRT_HAL_ELEMENT_TEXT_H_
#define VMRT_HAL_ELEMENT_TEXT_H_

#include "iree/hal/buffer_view.h"

/* How elements of a type are written. */
typedef enum hal_element_form_e {
  HAL_ELEMENT_FORM_NONE,   /* not at all: parts of bytes that are no integers */
  HAL_ELEMENT_FORM_HEX,    /* two digits a byte */
  HAL_ELEMENT_FORM_INTEGER, /* decimal; packed when the width is not a whole number of bytes */
  HAL_ELEMENT_FORM_FLOAT
} hal_element_form_t;
hal_element_form_t hal_element_form(iree_hal_element_type_t type);

/* No element is longer: 31 bytes in hex. */
#define HAL_ELEMENT_TEXT_SIZE 72

/* Element `index` of `data` as text with a NUL; its length. `type` has a form, `data` has the element. */
iree_host_size_t hal_element_format(iree_hal_element_type_t type, const uint8_t* data, iree_host_size_t index,
                                    char text[HAL_ELEMENT_TEXT_SIZE]);
/* Writes element `index` of `data`; INVALID_ARGUMENT naming index and text. */
iree_status_t hal_element_parse(iree_string_view_t text, iree_hal_element_type_t type, uint8_t* data,
                                iree_host_size_t index);
/* `count` elements from a list as iree_hal_parse_buffer_elements reads it. */
iree_status_t hal_elements_parse(iree_string_view_t text, iree_hal_element_type_t type, iree_host_size_t count,
                                 iree_byte_span_t data);

#endif /* VMRT_HAL_ELEMENT_TEXT_H_ */
