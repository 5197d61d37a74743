/* SPDX-License-Identifier: Apache-2.0 */
/* Inside a buffer, for allocators and devices that make buffers. */
#ifndef VMRT_HAL_BUFFER_IMPL_H_
#define VMRT_HAL_BUFFER_IMPL_H_

#include "hal/object.h"
#include "iree/hal/allocator.h"

typedef struct hal_buffer_vtable_t {
  void (*destroy)(iree_hal_buffer_t* buffer);
  /* Where byte 0 of the allocation is on the host; FAILED_PRECONDITION while there is no memory behind it. Called on
   * the buffer that owns the allocation. NULL: never on the host. */
  iree_status_t (*host_pointer)(iree_hal_buffer_t* buffer, uint8_t** out_pointer);
  /* For memory that is not coherent; NULL: nothing to do. */
  iree_status_t (*invalidate)(iree_hal_buffer_t* buffer, iree_device_size_t offset, iree_device_size_t length);
  iree_status_t (*flush)(iree_hal_buffer_t* buffer, iree_device_size_t offset, iree_device_size_t length);
} hal_buffer_vtable_t;

struct iree_hal_buffer_t {
  iree_vm_ref_object_t ref_object;
  int32_t owners; /* logical owners of the allocation, on the buffer that owns it */
  const hal_buffer_vtable_t* vtable;
  iree_allocator_t host_allocator;
  iree_hal_buffer_t* allocated_buffer; /* retained by subspans, itself otherwise */
  iree_hal_allocator_t* allocator;     /* retained by those that own memory of one; or NULL */
  iree_device_size_t allocation_size;
  iree_device_size_t byte_offset;
  iree_device_size_t byte_length;
  iree_hal_memory_type_t memory_type;
  iree_hal_buffer_usage_t allowed_usage;
  iree_hal_memory_access_t allowed_access;
  iree_hal_buffer_placement_flags_t placement_flags;
  int32_t transient_state; /* hal_transient_state_t, on the buffer that owns the allocation; changed atomically */
  iree_hal_queue_affinity_t queue_affinity;
};

/* What a queue has done to a buffer so far. Memory is there from the beginning and goes with the last reference: nobody
 * who holds one can reach freed memory, whatever order a program asks for; the state says whether it may be used. */
typedef enum hal_transient_state_e {
  HAL_TRANSIENT_NOT = 0, /* not from a queue: always there */
  HAL_TRANSIENT_RESERVED,
  HAL_TRANSIENT_COMMITTED,
  HAL_TRANSIENT_DECOMMITTED
} hal_transient_state_t;

/* Fills in a buffer of `byte_length` bytes that owns its allocation, with one reference. `params` as granted. */
void hal_buffer_initialize(const hal_buffer_vtable_t* vtable, iree_hal_buffer_params_t params,
                           iree_device_size_t byte_length, iree_hal_buffer_placement_flags_t placement_flags,
                           iree_hal_allocator_t* allocator, iree_allocator_t host_allocator,
                           iree_hal_buffer_t* out_buffer);

/* Address of a range that was validated, without looking at usage or access: what devices work with.
 * FAILED_PRECONDITION while there is no memory behind it, or when the host never sees it. */
iree_status_t hal_buffer_host_pointer(iree_hal_buffer_t* buffer, iree_device_size_t offset, uint8_t** out_pointer);

/* ---- Queue allocations ------------------------------------------------------------------------------------------- */

/* A buffer of `allocator` with `params` and size as asked that may not be used before commit and after decommit:
 * FAILED_PRECONDITION. Its object is what the allocator makes; `host_allocator` is for those that need more. */
iree_status_t hal_transient_buffer_create(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                          iree_device_size_t byte_length, iree_allocator_t host_allocator,
                                          iree_hal_buffer_t** out_buffer);
bool hal_buffer_is_transient(const iree_hal_buffer_t* buffer); /* looks at the root of a subspan */
iree_status_t hal_transient_buffer_commit(iree_hal_buffer_t* buffer);
/* FAILED_PRECONDITION unless it is committed. */
iree_status_t hal_transient_buffer_decommit(iree_hal_buffer_t* buffer);

/* ---- Allocators -------------------------------------------------------------------------------------------------- */

typedef struct hal_allocator_vtable_t {
  void (*destroy)(iree_hal_allocator_t* allocator);
  void (*query_statistics)(iree_hal_allocator_t* allocator, iree_hal_allocator_statistics_t* out_statistics);
  iree_hal_buffer_compatibility_t (*query_compatibility)(iree_hal_allocator_t* allocator,
                                                         iree_hal_buffer_params_t* inout_params,
                                                         iree_device_size_t* inout_size);
  iree_status_t (*allocate)(iree_hal_allocator_t* allocator, const iree_hal_buffer_params_t* params,
                            iree_device_size_t size, iree_hal_buffer_t** out_buffer);
  /* For queues: the contents may be what an earlier buffer left. NULL: as `allocate`. */
  iree_status_t (*allocate_transient)(iree_hal_allocator_t* allocator, const iree_hal_buffer_params_t* params,
                                      iree_device_size_t size, iree_hal_buffer_t** out_buffer);
  iree_status_t (*import_host)(iree_hal_allocator_t* allocator, const iree_hal_buffer_params_t* params, void* data,
                               iree_device_size_t length, iree_hal_buffer_release_callback_t release,
                               iree_hal_buffer_t** out_buffer);
} hal_allocator_vtable_t;

/* As iree_hal_allocator_allocate_buffer, for queues. */
iree_status_t hal_allocator_allocate_transient(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                               iree_device_size_t allocation_size, iree_hal_buffer_t** out_buffer);

/* First member of every allocator. */
struct iree_hal_allocator_t {
  iree_vm_ref_object_t ref_object;
  const hal_allocator_vtable_t* vtable;
  iree_allocator_t host_allocator;
};

#endif /* VMRT_HAL_BUFFER_IMPL_H_ */
