/* SPDX-License-Identifier: Apache-2.0 */
/* Reading until the end of something of unknown length; what every system's file code shares. */
#ifndef VMRT_PLATFORM_READ_STREAM_H_
#define VMRT_PLATFORM_READ_STREAM_H_

#include "iree/base/api.h"

#define READ_STREAM_ALIGNMENT 64
/* What is longer than this never ends, as far as we are concerned. */
#define READ_STREAM_LIMIT ((iree_host_size_t)2 << 30)

/* Reads up to `capacity` bytes into `buffer`; `*out_length` 0 is the end. */
typedef iree_status_t (*read_stream_fn_t)(void* source, uint8_t* buffer, iree_host_size_t capacity,
                                          iree_host_size_t* out_length);

/* All of `source` in one block for iree_allocator_free_aligned; nothing at all gives an empty span. Begins with room for
 * `expected_length` bytes and doubles it when more comes; RESOURCE_EXHAUSTED beyond `limit`. */
iree_status_t read_stream(read_stream_fn_t read, void* source, iree_host_size_t expected_length, iree_host_size_t limit,
                          iree_allocator_t allocator, iree_byte_span_t* out_contents);

#endif /* VMRT_PLATFORM_READ_STREAM_H_ */
