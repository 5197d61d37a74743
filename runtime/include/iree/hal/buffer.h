/* SPDX-License-Identifier: Apache-2.0 */
/* HAL buffers: ranges of device memory with a type, an allowed usage and a host view where the memory allows one. */
#ifndef IREE_HAL_BUFFER_H_
#define IREE_HAL_BUFFER_H_

#include "iree/vm/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Bytes on a device. */
typedef uint64_t iree_device_size_t;
/* One bit a queue; all ones: any. */
typedef uint64_t iree_hal_queue_affinity_t;

typedef uint32_t iree_hal_memory_type_t; /* iree_hal_memory_type_bits_t */
typedef enum iree_hal_memory_type_bits_e {
  IREE_HAL_MEMORY_TYPE_OPTIMAL = 0x01,
  IREE_HAL_MEMORY_TYPE_HOST_VISIBLE = 0x02,
  IREE_HAL_MEMORY_TYPE_HOST_COHERENT = 0x04,
  IREE_HAL_MEMORY_TYPE_HOST_CACHED = 0x08,
  IREE_HAL_MEMORY_TYPE_HOST_LOCAL = 0x46,
  IREE_HAL_MEMORY_TYPE_DEVICE_VISIBLE = 0x10,
  IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL = 0x30
} iree_hal_memory_type_bits_t;

typedef uint16_t iree_hal_memory_access_t; /* iree_hal_memory_access_bits_t */
typedef enum iree_hal_memory_access_bits_e {
  IREE_HAL_MEMORY_ACCESS_NONE = 0,
  IREE_HAL_MEMORY_ACCESS_READ = 1,
  IREE_HAL_MEMORY_ACCESS_WRITE = 2,
  IREE_HAL_MEMORY_ACCESS_DISCARD = 4,
  IREE_HAL_MEMORY_ACCESS_DISCARD_WRITE = 6,
  IREE_HAL_MEMORY_ACCESS_ALL = 7,
  IREE_HAL_MEMORY_ACCESS_MAY_ALIAS = 8,
  IREE_HAL_MEMORY_ACCESS_UNALIGNED = 16,
  IREE_HAL_MEMORY_ACCESS_ANY = 32
} iree_hal_memory_access_bits_t;

typedef uint32_t iree_hal_buffer_usage_t; /* iree_hal_buffer_usage_bits_t */
typedef enum iree_hal_buffer_usage_bits_e {
  IREE_HAL_BUFFER_USAGE_NONE = 0,
  IREE_HAL_BUFFER_USAGE_TRANSFER_SOURCE = 0x1,
  IREE_HAL_BUFFER_USAGE_TRANSFER_TARGET = 0x2,
  IREE_HAL_BUFFER_USAGE_TRANSFER = 0x3,
  IREE_HAL_BUFFER_USAGE_DISPATCH_INDIRECT_PARAMETERS = 0x100,
  IREE_HAL_BUFFER_USAGE_DISPATCH_UNIFORM_READ = 0x200,
  IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE_READ = 0x400,
  IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE_WRITE = 0x800,
  IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE = 0xC00,
  IREE_HAL_BUFFER_USAGE_DISPATCH_IMAGE_READ = 0x1000,
  IREE_HAL_BUFFER_USAGE_DISPATCH_IMAGE_WRITE = 0x2000,
  IREE_HAL_BUFFER_USAGE_DISPATCH_IMAGE = 0x3000,
  IREE_HAL_BUFFER_USAGE_DISPATCH = 0x3F00,
  IREE_HAL_BUFFER_USAGE_DEFAULT = 0xC03,
  IREE_HAL_BUFFER_USAGE_SHARING_EXPORT = 0x10000,
  IREE_HAL_BUFFER_USAGE_SHARING_REPLICATE = 0x20000,
  IREE_HAL_BUFFER_USAGE_SHARING_CONCURRENT = 0x40000,
  IREE_HAL_BUFFER_USAGE_SHARING_IMMUTABLE = 0x80000,
  IREE_HAL_BUFFER_USAGE_MAPPING_SCOPED = 0x1000000,
  IREE_HAL_BUFFER_USAGE_MAPPING_PERSISTENT = 0x2000000,
  IREE_HAL_BUFFER_USAGE_MAPPING_OPTIONAL = 0x4000000,
  IREE_HAL_BUFFER_USAGE_MAPPING_ACCESS_RANDOM = 0x8000000,
  IREE_HAL_BUFFER_USAGE_MAPPING_ACCESS_SEQUENTIAL_WRITE = 0x10000000,
  IREE_HAL_BUFFER_USAGE_MAPPING = 0x9000000
} iree_hal_buffer_usage_bits_t;

/* What is asked for. A zero stands for: usage DEFAULT, access ALL, type OPTIMAL, affinity any, alignment the device's
 * own. */
typedef struct iree_hal_buffer_params_t {
  iree_hal_buffer_usage_t usage;
  iree_hal_memory_access_t access;
  iree_hal_memory_type_t type;
  iree_hal_queue_affinity_t queue_affinity;
  iree_device_size_t min_alignment; /* bytes, a power of two */
} iree_hal_buffer_params_t;

typedef struct iree_hal_buffer_t iree_hal_buffer_t;
typedef struct iree_hal_allocator_t iree_hal_allocator_t;
typedef struct iree_hal_device_t iree_hal_device_t;
/* cdef: end */

#define IREE_HAL_WHOLE_BUFFER (~(iree_device_size_t)0)
#define IREE_HAL_QUEUE_AFFINITY_ANY (~(iree_hal_queue_affinity_t)0)
/* Addresses that kernels get are multiples of this. */
#define IREE_HAL_HEAP_BUFFER_ALIGNMENT 64

/* Where a buffer came from. ASYNCHRONOUS: from a queue, so that a queue may deallocate it. */
typedef uint32_t iree_hal_buffer_placement_flags_t;
enum { IREE_HAL_BUFFER_PLACEMENT_FLAG_ASYNCHRONOUS = 1, IREE_HAL_BUFFER_PLACEMENT_FLAG_INDETERMINATE_LIFETIME = 2 };

typedef enum iree_hal_mapping_mode_e {
  IREE_HAL_MAPPING_MODE_SCOPED = 1,
  IREE_HAL_MAPPING_MODE_PERSISTENT = 2
} iree_hal_mapping_mode_t;

/* Called when memory that somebody else owns is no longer used. */
typedef struct iree_hal_buffer_release_callback_t {
  void (*fn)(void* user_data, iree_hal_buffer_t* buffer); /* NULL: nothing to do */
  void* user_data;
} iree_hal_buffer_release_callback_t;

/* A host view of a range; `contents` is valid until it is unmapped. */
typedef struct iree_hal_buffer_mapping_t {
  iree_byte_span_t contents;
  iree_hal_buffer_t* buffer; /* retained */
  iree_hal_memory_access_t access;
} iree_hal_buffer_mapping_t;

/* A range of a buffer, or of the buffer in a slot of a binding table when `buffer` is NULL. */
typedef struct iree_hal_buffer_ref_t {
  uint32_t buffer_slot;
  iree_hal_buffer_t* buffer;
  iree_device_size_t offset; /* bytes */
  iree_device_size_t length; /* bytes or IREE_HAL_WHOLE_BUFFER */
} iree_hal_buffer_ref_t;

/* cdef: begin */
IREE_API_EXPORT void iree_hal_buffer_retain(iree_hal_buffer_t* buffer);
IREE_API_EXPORT void iree_hal_buffer_release(iree_hal_buffer_t* buffer);
IREE_API_EXPORT iree_hal_memory_type_t iree_hal_buffer_memory_type(const iree_hal_buffer_t* buffer);
IREE_API_EXPORT iree_hal_memory_access_t iree_hal_buffer_allowed_access(const iree_hal_buffer_t* buffer);
IREE_API_EXPORT iree_hal_buffer_usage_t iree_hal_buffer_allowed_usage(const iree_hal_buffer_t* buffer);
/* Bytes of this range, and of the whole allocation that it lies in. */
IREE_API_EXPORT iree_device_size_t iree_hal_buffer_byte_length(const iree_hal_buffer_t* buffer);
IREE_API_EXPORT iree_device_size_t iree_hal_buffer_allocation_size(const iree_hal_buffer_t* buffer);
/* Bytes from the start of the allocation. */
IREE_API_EXPORT iree_device_size_t iree_hal_buffer_byte_offset(const iree_hal_buffer_t* buffer);
/* The buffer that owns the memory; itself unless it is a subspan. Borrowed. */
IREE_API_EXPORT iree_hal_buffer_t* iree_hal_buffer_allocated_buffer(const iree_hal_buffer_t* buffer);
/* A range as a buffer of its own, retaining the allocation; the whole range is the same object with one more reference.
 * A subspan of a subspan refers to the root. OUT_OF_RANGE outside. `byte_length` all ones: the rest. */
IREE_API_EXPORT iree_status_t iree_hal_buffer_subspan(iree_hal_buffer_t* buffer, iree_device_size_t byte_offset,
                                                      iree_device_size_t byte_length, iree_allocator_t host_allocator,
                                                      iree_hal_buffer_t** out_buffer);
/* Through a scoped mapping; ranges as below. Pattern of 1, 2 or 4 bytes; INVALID_ARGUMENT otherwise, or when offset or
 * length is not a multiple of it. */
IREE_API_EXPORT iree_status_t iree_hal_buffer_map_fill(iree_hal_buffer_t* buffer, iree_device_size_t byte_offset,
                                                       iree_device_size_t byte_length, const void* pattern,
                                                       iree_host_size_t pattern_length);
IREE_API_EXPORT iree_status_t iree_hal_buffer_map_read(iree_hal_buffer_t* source, iree_device_size_t source_offset,
                                                       void* target, iree_device_size_t length);
IREE_API_EXPORT iree_status_t iree_hal_buffer_map_write(iree_hal_buffer_t* target, iree_device_size_t target_offset,
                                                        const void* source, iree_device_size_t length);
/* cdef: end */
/* Ranges overlapping in one allocation are INVALID_ARGUMENT. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_buffer_map_copy(iree_hal_buffer_t* source,
                                                                            iree_device_size_t source_offset,
                                                                            iree_hal_buffer_t* target,
                                                                            iree_device_size_t target_offset,
                                                                            iree_device_size_t length);

/* A host view. Checked in this order: memory HOST_VISIBLE (PERMISSION_DENIED), usage MAPPING_SCOPED or
 * MAPPING_PERSISTENT (PERMISSION_DENIED), allowed access (PERMISSION_DENIED), range (OUT_OF_RANGE), then memory not
 * committed (FAILED_PRECONDITION). `byte_length` all ones: the rest. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_buffer_map_range(
    iree_hal_buffer_t* buffer, iree_hal_mapping_mode_t mode, iree_hal_memory_access_t access,
    iree_device_size_t byte_offset, iree_device_size_t byte_length, iree_hal_buffer_mapping_t* out_mapping);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_buffer_unmap_range(iree_hal_buffer_mapping_t* mapping);

/* Range checks whose texts name offset, length and what there is; OUT_OF_RANGE. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_buffer_calculate_range(
    iree_device_size_t base_offset, iree_device_size_t max_length, iree_device_size_t offset, iree_device_size_t length,
    iree_device_size_t* out_adjusted_offset, iree_device_size_t* out_adjusted_length);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_buffer_validate_range(const iree_hal_buffer_t* buffer,
                                                                                  iree_device_size_t offset,
                                                                                  iree_device_size_t length);
/* PERMISSION_DENIED naming what the buffer has and what the operation requires. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_buffer_validate_memory_type(iree_hal_memory_type_t actual, iree_hal_memory_type_t required);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_buffer_validate_usage(iree_hal_buffer_usage_t allowed, iree_hal_buffer_usage_t required);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_buffer_validate_access(iree_hal_memory_access_t allowed, iree_hal_memory_access_t required);

/* Logical owners of the allocation, one at the beginning: preserve adds one, discard removes one and says whether it
 * was the last, is_terminal says whether there is only one. */
IREE_API_EXPORT void iree_hal_buffer_allocation_preserve(iree_hal_buffer_t* buffer);
IREE_API_EXPORT bool iree_hal_buffer_allocation_discard(iree_hal_buffer_t* buffer);
IREE_API_EXPORT bool iree_hal_buffer_allocation_is_terminal(const iree_hal_buffer_t* buffer);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_BUFFER_H_ */
