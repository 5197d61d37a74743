/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of the C library, and helpers over any allocator. */
#include <stdlib.h>

#include "iree/base/api.h"

/* ---- The C library ------------------------------------------------------------------------------------------------- */

static iree_status_t no_memory(iree_host_size_t byte_length) {
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "no memory for a block of %zu bytes", byte_length);
}

/* Small blocks are cleared here: the C library has those that were freed lately at hand for malloc alone. */
static void* allocate_cleared(iree_host_size_t byte_length) {
  if (byte_length > 1024) return calloc(1, byte_length);
  void* block = malloc(byte_length);
#if defined(__GNUC__)
  __asm__("" : "+r"(block)); /* or the compiler makes a calloc of it */
#endif
  if (block) memset(block, 0, byte_length);
  return block;
}

static iree_status_t libc_allocate(iree_allocator_command_t command, const void* params, void** inout_ptr) {
  iree_host_size_t byte_length = *(const iree_host_size_t*)params;
  if (byte_length == 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "a block of 0 bytes was requested");
  if (byte_length > PTRDIFF_MAX) return no_memory(byte_length);
  void* block = NULL;
  if (command == IREE_ALLOCATOR_COMMAND_MALLOC) block = malloc(byte_length);
  if (command == IREE_ALLOCATOR_COMMAND_CALLOC) block = allocate_cleared(byte_length);
  if (command == IREE_ALLOCATOR_COMMAND_REALLOC) block = realloc(*inout_ptr, byte_length);
  if (!block) return no_memory(byte_length);
  *inout_ptr = block;
  return iree_ok_status();
}

iree_status_t iree_allocator_libc_ctl(void* self, iree_allocator_command_t command, const void* params,
                                      void** inout_ptr) {
  (void)self;
  switch (command) {
    case IREE_ALLOCATOR_COMMAND_MALLOC:
    case IREE_ALLOCATOR_COMMAND_CALLOC:
    case IREE_ALLOCATOR_COMMAND_REALLOC:
      return libc_allocate(command, params, inout_ptr);
    case IREE_ALLOCATOR_COMMAND_FREE:
      free(*inout_ptr);
      *inout_ptr = NULL;
      return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unknown allocator command %d", (int)command);
}

/* ---- Helpers ------------------------------------------------------------------------------------------------------- */

static iree_status_t allocator_request(iree_allocator_t allocator, iree_allocator_command_t command,
                                       iree_host_size_t byte_length, void** inout_ptr) {
  if (!allocator.ctl) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the null allocator cannot serve %zu bytes", byte_length);
  }
  return allocator.ctl(allocator.self, command, &byte_length, inout_ptr);
}

static iree_status_t checked_product(iree_host_size_t count, iree_host_size_t element_size, iree_host_size_t* out_bytes) {
  if (element_size && count > IREE_HOST_SIZE_MAX / element_size) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%zu elements of %zu bytes do not fit the address space", count,
                            element_size);
  }
  *out_bytes = count * element_size;
  return iree_ok_status();
}

iree_status_t iree_allocator_malloc(iree_allocator_t allocator, iree_host_size_t byte_length, void** out_ptr) {
  return allocator_request(allocator, IREE_ALLOCATOR_COMMAND_CALLOC, byte_length, out_ptr);
}

iree_status_t iree_allocator_malloc_uninitialized(iree_allocator_t allocator, iree_host_size_t byte_length,
                                                  void** out_ptr) {
  return allocator_request(allocator, IREE_ALLOCATOR_COMMAND_MALLOC, byte_length, out_ptr);
}

iree_status_t iree_allocator_malloc_array(iree_allocator_t allocator, iree_host_size_t count,
                                          iree_host_size_t element_size, void** out_ptr) {
  iree_host_size_t byte_length = 0;
  IREE_RETURN_IF_ERROR(checked_product(count, element_size, &byte_length));
  return iree_allocator_malloc(allocator, byte_length, out_ptr);
}

iree_status_t iree_allocator_realloc(iree_allocator_t allocator, iree_host_size_t byte_length, void** inout_ptr) {
  return allocator_request(allocator, IREE_ALLOCATOR_COMMAND_REALLOC, byte_length, inout_ptr);
}

iree_status_t iree_allocator_grow_array(iree_allocator_t allocator, iree_host_size_t minimum_capacity,
                                        iree_host_size_t element_size, iree_host_size_t* inout_capacity,
                                        void** inout_ptr) {
  iree_host_size_t doubled = *inout_capacity > IREE_HOST_SIZE_MAX / 2 ? IREE_HOST_SIZE_MAX : *inout_capacity * 2;
  iree_host_size_t capacity = minimum_capacity > doubled ? minimum_capacity : doubled;
  iree_host_size_t byte_length = 0;
  IREE_RETURN_IF_ERROR(checked_product(capacity, element_size, &byte_length));
  IREE_RETURN_IF_ERROR(iree_allocator_realloc(allocator, byte_length, inout_ptr));
  *inout_capacity = capacity;
  return iree_ok_status();
}

iree_status_t iree_allocator_clone(iree_allocator_t allocator, iree_const_byte_span_t source, void** out_ptr) {
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(allocator, source.data_length, out_ptr));
  memcpy(*out_ptr, source.data, source.data_length);
  return iree_ok_status();
}

void iree_allocator_free(iree_allocator_t allocator, void* ptr) {
  if (!ptr || !allocator.ctl) return;
  iree_status_free(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &ptr));
}

/* ---- Larger alignments --------------------------------------------------------------------------------------------- */

iree_status_t iree_allocator_malloc_aligned(iree_allocator_t allocator, iree_host_size_t byte_length,
                                            iree_host_size_t alignment, void** out_ptr) {
  if (alignment == 0 || (alignment & (alignment - 1)) != 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "alignment %zu is not a power of two", alignment);
  }
  if (alignment < iree_max_align_t) alignment = iree_max_align_t;
  iree_host_size_t extra = sizeof(void*) + alignment;
  if (extra < alignment || byte_length > IREE_HOST_SIZE_MAX - extra) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%zu bytes aligned to %zu do not fit the address space",
                            byte_length, alignment);
  }
  void* raw = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, extra + byte_length, &raw));
  char* aligned = (char*)(((uintptr_t)raw + extra - 1) & ~(uintptr_t)(alignment - 1));
  memcpy(aligned - sizeof raw, &raw, sizeof raw);
  *out_ptr = aligned;
  return iree_ok_status();
}

void iree_allocator_free_aligned(iree_allocator_t allocator, void* ptr) {
  if (!ptr) return;
  void* raw = NULL;
  memcpy(&raw, (char*)ptr - sizeof raw, sizeof raw);
  iree_allocator_free(allocator, raw);
}
