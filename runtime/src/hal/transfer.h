/* SPDX-License-Identifier: Apache-2.0 */
/* What recorded and queued transfers have in common: their checks, and doing them on the host. */
#ifndef VMRT_HAL_TRANSFER_H_
#define VMRT_HAL_TRANSFER_H_

#include "iree/hal/buffer.h"

/* A target of transfers must not be memory that can only be read, such as an imported constant: PERMISSION_DENIED. */
iree_status_t hal_check_write(const iree_hal_buffer_t* buffer, iree_hal_buffer_usage_t usage);
/* PERMISSION_DENIED unless it is memory that devices see, with all bits of `usage`; one DISPATCH_STORAGE bit is enough
 * where both are asked for. */
iree_status_t hal_check_usage(const iree_hal_buffer_t* buffer, iree_hal_buffer_usage_t usage);
/* Whether two ranges inside their buffers share a byte of one allocation. */
bool hal_ranges_overlap(const iree_hal_buffer_t* a, iree_device_size_t a_offset, const iree_hal_buffer_t* b,
                        iree_device_size_t b_offset, iree_device_size_t length);

/* A pattern of 1, 2 or 4 bytes repeated to four. */
uint32_t hal_fill_pattern(const void* pattern, iree_host_size_t pattern_length);
/* Any length; what does not fit at the end is left out. */
void hal_fill_span(iree_byte_span_t target, uint32_t pattern, uint8_t pattern_length);
/* INVALID_ARGUMENT when the lengths differ or the bytes overlap. */
iree_status_t hal_copy_span(iree_byte_span_t source, iree_byte_span_t target);

#endif /* VMRT_HAL_TRANSFER_H_ */
