/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of ranges of buffers, exact for any 64-bit numbers. */
#ifndef VMRT_VM_BUFFER_RANGE_H_
#define VMRT_VM_BUFFER_RANGE_H_

#include "iree/vm/buffer.h"

/* OUT_OF_RANGE unless the bytes exist. An empty range may begin at the end. */
iree_status_t vm_buffer_check_range(const iree_vm_buffer_t* buffer, iree_host_size_t offset, iree_host_size_t length);
/* PERMISSION_DENIED unless the buffer may be written. */
iree_status_t vm_buffer_check_mutable(const iree_vm_buffer_t* buffer);

/* True when `count` elements of `element_length` (not 0) bytes exist from element `element_offset`. */
static inline bool vm_buffer_has_elements(const iree_vm_buffer_t* buffer, uint64_t element_offset, uint64_t count,
                                          uint64_t element_length) {
  uint64_t total = buffer->data.data_length / element_length;
  return element_offset <= total && count <= total - element_offset;
}

/* Address of a byte that was checked; an empty buffer may have no address at all. */
static inline uint8_t* vm_buffer_at(const iree_vm_buffer_t* buffer, iree_host_size_t offset) {
  return buffer->data.data ? buffer->data.data + offset : NULL;
}

#endif /* VMRT_VM_BUFFER_RANGE_H_ */
