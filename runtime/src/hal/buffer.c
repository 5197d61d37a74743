/* SPDX-License-Identifier: Apache-2.0 */
/* HAL buffers: life, properties, subspans, owners. Checks are in buffer_check.c, host access in buffer_map.c. */
#include "hal/buffer_impl.h"

/* ---- Life -------------------------------------------------------------------------------------------------------- */

void hal_buffer_initialize(const hal_buffer_vtable_t* vtable, iree_hal_buffer_params_t params,
                           iree_device_size_t byte_length, iree_hal_buffer_placement_flags_t placement_flags,
                           iree_hal_allocator_t* allocator, iree_allocator_t host_allocator,
                           iree_hal_buffer_t* out_buffer) {
  atomic_ref_count_init(&out_buffer->ref_object.counter);
  out_buffer->owners = 1;
  out_buffer->vtable = vtable;
  out_buffer->host_allocator = host_allocator;
  out_buffer->allocated_buffer = out_buffer;
  out_buffer->allocator = allocator;
  out_buffer->allocation_size = byte_length;
  out_buffer->byte_offset = 0;
  out_buffer->byte_length = byte_length;
  out_buffer->memory_type = params.type;
  out_buffer->allowed_usage = params.usage;
  out_buffer->allowed_access = params.access;
  out_buffer->placement_flags = placement_flags;
  out_buffer->transient_state = HAL_TRANSIENT_NOT;
  out_buffer->queue_affinity = params.queue_affinity;
  iree_hal_allocator_retain(allocator);
  live_object_add(VMRT_OBJECT_HAL_BUFFER);
}

static void buffer_destroy(iree_hal_buffer_t* buffer) {
  iree_hal_allocator_t* allocator = buffer->allocator;
  buffer->vtable->destroy(buffer);
  live_object_remove(VMRT_OBJECT_HAL_BUFFER);
  iree_hal_allocator_release(allocator);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_buffer, iree_hal_buffer_t, buffer_destroy)

/* ---- Properties -------------------------------------------------------------------------------------------------- */

iree_hal_memory_type_t iree_hal_buffer_memory_type(const iree_hal_buffer_t* buffer) { return buffer->memory_type; }

iree_hal_memory_access_t iree_hal_buffer_allowed_access(const iree_hal_buffer_t* buffer) {
  return buffer->allowed_access;
}

iree_hal_buffer_usage_t iree_hal_buffer_allowed_usage(const iree_hal_buffer_t* buffer) { return buffer->allowed_usage; }

iree_device_size_t iree_hal_buffer_byte_length(const iree_hal_buffer_t* buffer) { return buffer->byte_length; }

iree_device_size_t iree_hal_buffer_allocation_size(const iree_hal_buffer_t* buffer) { return buffer->allocation_size; }

iree_device_size_t iree_hal_buffer_byte_offset(const iree_hal_buffer_t* buffer) { return buffer->byte_offset; }

iree_hal_buffer_t* iree_hal_buffer_allocated_buffer(const iree_hal_buffer_t* buffer) {
  return buffer->allocated_buffer;
}

/* ---- Subspans ---------------------------------------------------------------------------------------------------- */

static void subspan_destroy(iree_hal_buffer_t* buffer) {
  iree_hal_buffer_t* root = buffer->allocated_buffer;
  iree_allocator_free(buffer->host_allocator, buffer);
  iree_hal_buffer_release(root);
}

static const hal_buffer_vtable_t subspan_vtable = {.destroy = subspan_destroy};

static iree_hal_buffer_params_t buffer_params(const iree_hal_buffer_t* buffer) {
  iree_hal_buffer_params_t params = {.usage = buffer->allowed_usage,
                                     .access = buffer->allowed_access,
                                     .type = buffer->memory_type,
                                     .queue_affinity = buffer->queue_affinity};
  return params;
}

iree_status_t iree_hal_buffer_subspan(iree_hal_buffer_t* buffer, iree_device_size_t byte_offset,
                                      iree_device_size_t byte_length, iree_allocator_t host_allocator,
                                      iree_hal_buffer_t** out_buffer) {
  *out_buffer = NULL;
  iree_device_size_t offset = 0, length = 0;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_calculate_range(buffer->byte_offset, buffer->byte_length, byte_offset,
                                                       byte_length, &offset, &length));
  if (offset == buffer->byte_offset && length == buffer->byte_length) {
    iree_hal_buffer_retain(buffer);
    *out_buffer = buffer;
    return iree_ok_status();
  }
  iree_hal_buffer_t* root = buffer->allocated_buffer;
  iree_hal_buffer_t* subspan = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(host_allocator, sizeof *subspan, (void**)&subspan));
  hal_buffer_initialize(&subspan_vtable, buffer_params(root), length, root->placement_flags, NULL, host_allocator,
                        subspan);
  subspan->allocated_buffer = root;
  subspan->allocation_size = root->allocation_size;
  subspan->byte_offset = offset;
  iree_hal_buffer_retain(root);
  *out_buffer = subspan;
  return iree_ok_status();
}

/* ---- Logical owners ---------------------------------------------------------------------------------------------- */

void iree_hal_buffer_allocation_preserve(iree_hal_buffer_t* buffer) {
  __atomic_fetch_add(&buffer->allocated_buffer->owners, 1, __ATOMIC_RELAXED);
}

bool iree_hal_buffer_allocation_discard(iree_hal_buffer_t* buffer) {
  return __atomic_fetch_sub(&buffer->allocated_buffer->owners, 1, __ATOMIC_ACQ_REL) == 1;
}

bool iree_hal_buffer_allocation_is_terminal(const iree_hal_buffer_t* buffer) {
  return __atomic_load_n(&buffer->allocated_buffer->owners, __ATOMIC_ACQUIRE) == 1;
}
