/* SPDX-License-Identifier: Apache-2.0 */
/* HAL allocators: what all kinds have in common, and the text of their statistics. */
#include "hal/buffer_impl.h"

#include <stdio.h>

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void allocator_destroy(iree_hal_allocator_t* allocator) {
  allocator->vtable->destroy(allocator);
  live_object_remove(VMRT_OBJECT_HAL_ALLOCATOR);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_allocator, iree_hal_allocator_t, allocator_destroy)

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

/* A larger size is a negative number that lost its sign. */
#define MAX_ALLOCATION_SIZE ((iree_device_size_t)INT64_MAX)
#define MAX_ALIGNMENT ((iree_device_size_t)1 << 30)

void iree_hal_buffer_params_canonicalize(iree_hal_buffer_params_t* params) {
  if (!params->usage) params->usage = IREE_HAL_BUFFER_USAGE_DEFAULT;
  if (!params->access) params->access = IREE_HAL_MEMORY_ACCESS_ALL;
  if (!params->type) params->type = IREE_HAL_MEMORY_TYPE_OPTIMAL;
  if (!params->queue_affinity) params->queue_affinity = IREE_HAL_QUEUE_AFFINITY_ANY;
}

static iree_status_t check_request(const iree_hal_buffer_params_t* params, iree_device_size_t size) {
  if (params->min_alignment & (params->min_alignment - 1)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "buffer alignment %llu is not a power of two",
                            (unsigned long long)params->min_alignment);
  }
  if (size <= MAX_ALLOCATION_SIZE && params->min_alignment <= MAX_ALIGNMENT) return iree_ok_status();
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                          "a buffer of %llu bytes aligned to %llu is over the limit of %llu bytes aligned to %llu",
                          (unsigned long long)size, (unsigned long long)params->min_alignment,
                          (unsigned long long)MAX_ALLOCATION_SIZE, (unsigned long long)MAX_ALIGNMENT);
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

iree_hal_buffer_compatibility_t iree_hal_allocator_query_buffer_compatibility(iree_hal_allocator_t* allocator,
                                                                              iree_hal_buffer_params_t params,
                                                                              iree_device_size_t allocation_size,
                                                                              iree_hal_buffer_params_t* out_params,
                                                                              iree_device_size_t* out_allocation_size) {
  iree_hal_buffer_params_canonicalize(&params);
  iree_hal_buffer_compatibility_t result = IREE_HAL_BUFFER_COMPATIBILITY_NONE;
  if (iree_status_consume_code(check_request(&params, allocation_size)) == IREE_STATUS_OK) {
    result = allocator->vtable->query_compatibility(allocator, &params, &allocation_size);
  }
  if (out_params) *out_params = params;
  if (out_allocation_size) *out_allocation_size = allocation_size;
  return result;
}

iree_status_t iree_hal_allocator_allocate_buffer(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                                 iree_device_size_t allocation_size, iree_hal_buffer_t** out_buffer) {
  *out_buffer = NULL;
  iree_hal_buffer_params_canonicalize(&params);
  IREE_RETURN_IF_ERROR(check_request(&params, allocation_size));
  return allocator->vtable->allocate(allocator, &params, allocation_size, out_buffer);
}

iree_status_t hal_allocator_allocate_transient(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                               iree_device_size_t allocation_size, iree_hal_buffer_t** out_buffer) {
  if (!allocator->vtable->allocate_transient) {
    return iree_hal_allocator_allocate_buffer(allocator, params, allocation_size, out_buffer);
  }
  *out_buffer = NULL;
  iree_hal_buffer_params_canonicalize(&params);
  IREE_RETURN_IF_ERROR(check_request(&params, allocation_size));
  return allocator->vtable->allocate_transient(allocator, &params, allocation_size, out_buffer);
}

iree_status_t vmrt_hal_allocator_import_host(iree_hal_allocator_t* allocator, iree_hal_buffer_params_t params,
                                             void* data, iree_device_size_t length,
                                             void (*release)(void* user_data, iree_hal_buffer_t* buffer),
                                             void* user_data, iree_hal_buffer_t** out_buffer) {
  *out_buffer = NULL;
  iree_hal_buffer_params_canonicalize(&params);
  IREE_RETURN_IF_ERROR(check_request(&params, length));
  if (!allocator->vtable->import_host) {
    return iree_make_status(IREE_STATUS_UNAVAILABLE, "this allocator cannot use memory of the host");
  }
  iree_hal_buffer_release_callback_t callback = {release, user_data};
  return allocator->vtable->import_host(allocator, &params, data, length, callback, out_buffer);
}

/* ---- Statistics -------------------------------------------------------------------------------------------------- */

void iree_hal_allocator_query_statistics(iree_hal_allocator_t* allocator,
                                         iree_hal_allocator_statistics_t* out_statistics) {
  allocator->vtable->query_statistics(allocator, out_statistics);
}

#define ACCOUNT_FORMAT "%12lluB peak / %12lluB allocated / %12lluB freed / %12lluB live\n"
#define ACCOUNT_ARGS(peak, allocated, freed)                                     \
  (unsigned long long)(peak), (unsigned long long)(allocated), (unsigned long long)(freed), \
      (unsigned long long)((allocated) - (freed))

iree_status_t iree_hal_allocator_statistics_format(const iree_hal_allocator_statistics_t* statistics,
                                                   iree_host_size_t capacity, char* buffer,
                                                   iree_host_size_t* out_length) {
  const iree_hal_allocator_statistics_t* s = statistics;
  int length = snprintf(
      buffer, capacity,
      "[[ iree_hal_allocator_t memory statistics ]]\n  HOST_LOCAL: " ACCOUNT_FORMAT "DEVICE_LOCAL: " ACCOUNT_FORMAT,
      ACCOUNT_ARGS(s->host_bytes_peak, s->host_bytes_allocated, s->host_bytes_freed),
      ACCOUNT_ARGS(s->device_bytes_peak, s->device_bytes_allocated, s->device_bytes_freed));
  if (length < 0) return iree_make_status(IREE_STATUS_INTERNAL, "memory statistics could not be written as text");
  *out_length = (iree_host_size_t)length;
  if (*out_length < capacity) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "memory statistics need %d characters and have room for %zu",
                          length, capacity);
}
