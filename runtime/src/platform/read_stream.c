/* SPDX-License-Identifier: Apache-2.0 */
/* Reading until the end of something of unknown length. */
#include "platform/read_stream.h"

typedef struct growing_block_t {
  iree_allocator_t allocator;
  uint8_t* data;
  iree_host_size_t length;
  iree_host_size_t capacity;
} growing_block_t;

static iree_status_t block_grow(growing_block_t* block, iree_host_size_t capacity) {
  void* data = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_aligned(block->allocator, capacity, READ_STREAM_ALIGNMENT, &data));
  if (block->length) memcpy(data, block->data, block->length);
  iree_allocator_free_aligned(block->allocator, block->data);
  block->data = data;
  block->capacity = capacity;
  return iree_ok_status();
}

/* One byte more than the limit is enough to know that it was passed. */
static iree_status_t block_make_room(growing_block_t* block, iree_host_size_t limit) {
  if (block->length < block->capacity) return iree_ok_status();
  if (block->length > limit) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "more than %zu bytes, the most that is read", limit);
  }
  iree_host_size_t capacity = block->capacity > limit / 2 ? limit + 1 : block->capacity * 2;
  return block_grow(block, capacity);
}

static iree_status_t block_fill(growing_block_t* block, read_stream_fn_t read, void* source, iree_host_size_t limit) {
  for (;;) {
    iree_host_size_t count = 0;
    IREE_RETURN_IF_ERROR(block_make_room(block, limit));
    IREE_RETURN_IF_ERROR(read(source, block->data + block->length, block->capacity - block->length, &count));
    if (count == 0) return iree_ok_status();
    block->length += count;
  }
}

iree_status_t read_stream(read_stream_fn_t read, void* source, iree_host_size_t expected_length, iree_host_size_t limit,
                          iree_allocator_t allocator, iree_byte_span_t* out_contents) {
  growing_block_t block = {allocator, NULL, 0, 0};
  if (expected_length > limit) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%zu bytes, more than the %zu that are read",
                            expected_length, limit);
  }
  /* The byte more sees the end without growing. */
  iree_status_t status = block_grow(&block, expected_length + 1);
  if (iree_status_is_ok(status)) status = block_fill(&block, read, source, limit);
  if (!iree_status_is_ok(status) || block.length == 0) {
    iree_allocator_free_aligned(allocator, block.data);
    block.data = NULL;
  }
  if (iree_status_is_ok(status)) *out_contents = iree_make_byte_span(block.data, block.length);
  return status;
}
