/* SPDX-License-Identifier: Apache-2.0 */
/* Byte buffers: the only reference type, with lists, that every module knows.
 *
 * Ranges are checked without wrapping: OUT_OF_RANGE. Writing to a buffer that is not mutable is PERMISSION_DENIED and is
 * checked before the range. */
#ifndef IREE_VM_BUFFER_H_
#define IREE_VM_BUFFER_H_

#include "iree/vm/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef enum iree_vm_buffer_access_e {
  IREE_VM_BUFFER_ACCESS_MUTABLE = 1,
  IREE_VM_BUFFER_ACCESS_ORIGIN_MODULE = 2,
  IREE_VM_BUFFER_ACCESS_ORIGIN_GUEST = 4,
  IREE_VM_BUFFER_ACCESS_ORIGIN_HOST = 8,
  IREE_VM_BUFFER_ACCESS_STORAGE_ALIGNED = 16 /* object and data came from the aligned allocator */
} iree_vm_buffer_access_t;
typedef struct iree_vm_buffer_t iree_vm_buffer_t;
/* cdef: end */

typedef struct iree_vm_module_t iree_vm_module_t;

/* Public because modules without a runtime build buffers by hand. */
struct iree_vm_buffer_t {
  iree_vm_ref_object_t ref_object;
  uint32_t access; /* iree_vm_buffer_access_t bits */
  iree_byte_span_t data;
  iree_allocator_t allocator;       /* frees the object (or its aligned block); null for constants */
  iree_vm_module_t* storage_module; /* constants: retained while any reference exists */
};

/* Wraps memory of the caller in an object of the caller. */
IREE_API_EXPORT void iree_vm_buffer_initialize(uint32_t access, iree_byte_span_t data, iree_allocator_t allocator,
                                               iree_vm_buffer_t* out_buffer);
/* A constant of `module`: the counter starts at 0; the first reference retains the module, the last one releases it. */
IREE_API_EXPORT void iree_vm_buffer_initialize_module_storage(iree_byte_span_t data, iree_vm_module_t* module,
                                                              iree_vm_buffer_t* out_buffer);
IREE_API_EXPORT void iree_vm_buffer_deinitialize(iree_vm_buffer_t* buffer);

/* cdef: begin */
/* `length` zeroed bytes, one reference for the caller. `alignment` 0 means 16; not a power of two: INVALID_ARGUMENT. A length
 * that cannot be served: RESOURCE_EXHAUSTED. */
IREE_API_EXPORT iree_status_t iree_vm_buffer_create(uint32_t access, iree_host_size_t length, iree_host_size_t alignment,
                                                    iree_allocator_t allocator, iree_vm_buffer_t** out_buffer);
IREE_API_EXPORT void iree_vm_buffer_retain(iree_vm_buffer_t* buffer);
IREE_API_EXPORT void iree_vm_buffer_release(iree_vm_buffer_t* buffer);
IREE_API_EXPORT iree_host_size_t iree_vm_buffer_length(const iree_vm_buffer_t* buffer);
IREE_API_EXPORT uint8_t* iree_vm_buffer_data(const iree_vm_buffer_t* buffer);
IREE_API_EXPORT uint32_t iree_vm_buffer_access(const iree_vm_buffer_t* buffer);
/* cdef: end */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_buffer_wrap_retain(iree_vm_buffer_t* buffer,
                                                                              iree_vm_ref_t* out_ref);
/* A mutable copy of a range. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_buffer_clone(uint32_t access, const iree_vm_buffer_t* source,
                                                                        iree_host_size_t source_offset,
                                                                        iree_host_size_t length,
                                                                        iree_host_size_t alignment,
                                                                        iree_allocator_t allocator,
                                                                        iree_vm_buffer_t** out_buffer);
/* Empty unless the buffer is mutable. */
IREE_API_EXPORT iree_byte_span_t iree_vm_buffer_contents(const iree_vm_buffer_t* buffer);
IREE_API_EXPORT iree_const_byte_span_t iree_vm_buffer_const_contents(const iree_vm_buffer_t* buffer);
/* Ranges of one buffer may overlap. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_vm_buffer_copy_bytes(const iree_vm_buffer_t* source, iree_host_size_t source_offset, const iree_vm_buffer_t* target,
                          iree_host_size_t target_offset, iree_host_size_t length);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_vm_buffer_compare_bytes(const iree_vm_buffer_t* lhs, iree_host_size_t lhs_offset, const iree_vm_buffer_t* rhs,
                             iree_host_size_t rhs_offset, iree_host_size_t length, bool* out_equal);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_buffer_fill_bytes(const iree_vm_buffer_t* target,
                                                                             iree_host_size_t offset,
                                                                             iree_host_size_t length, uint8_t value);
/* Offsets of the element functions are in elements; `element_length` is 1, 2, 4 or 8 bytes, else INVALID_ARGUMENT. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_vm_buffer_fill_elements(const iree_vm_buffer_t* target, iree_host_size_t element_offset,
                             iree_host_size_t element_count, iree_host_size_t element_length, const void* value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_vm_buffer_read_elements(const iree_vm_buffer_t* source, iree_host_size_t element_offset, void* target,
                             iree_host_size_t element_count, iree_host_size_t element_length);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_vm_buffer_write_elements(const void* source, const iree_vm_buffer_t* target, iree_host_size_t element_offset,
                              iree_host_size_t element_count, iree_host_size_t element_length);
/* Offset and length are rounded down to the alignment. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_buffer_map_ro(const iree_vm_buffer_t* buffer,
                                                                         iree_host_size_t offset, iree_host_size_t length,
                                                                         iree_host_size_t alignment,
                                                                         iree_const_byte_span_t* out_span);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_buffer_map_rw(const iree_vm_buffer_t* buffer,
                                                                         iree_host_size_t offset, iree_host_size_t length,
                                                                         iree_host_size_t alignment,
                                                                         iree_byte_span_t* out_span);
/* SipHash-2-4 with the key bytes 0 to 15. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_buffer_hash(const iree_vm_buffer_t* buffer,
                                                                       iree_host_size_t offset, iree_host_size_t length,
                                                                       int64_t* out_hash);

IREE_VM_DECLARE_TYPE_ADAPTERS(iree_vm_buffer, iree_vm_buffer_t);
/* cdef: begin */
IREE_API_EXPORT iree_vm_ref_t iree_vm_buffer_retain_ref(iree_vm_buffer_t* value);
IREE_API_EXPORT iree_vm_buffer_t* iree_vm_buffer_deref(iree_vm_ref_t ref);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_BUFFER_H_ */
