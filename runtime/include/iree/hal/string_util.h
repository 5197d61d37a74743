/* SPDX-License-Identifier: Apache-2.0 */
/* Names of memory types and usages, as messages have them: `HOST_LOCAL|DEVICE_VISIBLE`. */
#ifndef IREE_HAL_STRING_UTIL_H_
#define IREE_HAL_STRING_UTIL_H_

#include "iree/hal/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Room for every name joined; the view points into it. */
typedef struct iree_bitfield_string_temp_t {
  char buffer[320];
} iree_bitfield_string_temp_t;

/* Composites first, in the order that messages of the released runtime have; unnamed bits as hex; NONE for zero. */
IREE_API_EXPORT iree_string_view_t iree_hal_memory_type_format(iree_hal_memory_type_t value,
                                                               iree_bitfield_string_temp_t* out_temp);
IREE_API_EXPORT iree_string_view_t iree_hal_memory_access_format(iree_hal_memory_access_t value,
                                                                 iree_bitfield_string_temp_t* out_temp);
IREE_API_EXPORT iree_string_view_t iree_hal_buffer_usage_format(iree_hal_buffer_usage_t value,
                                                                iree_bitfield_string_temp_t* out_temp);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_STRING_UTIL_H_ */
