/* SPDX-License-Identifier: Apache-2.0 */
/* Providers: the parameters of one scope, moved between archives and device buffers by queue operations. */
#ifndef IREE_IO_PARAMETER_PROVIDER_H_
#define IREE_IO_PARAMETER_PROVIDER_H_

#include "iree/hal/api.h"
#include "iree/io/parameter_index.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef struct iree_io_parameter_provider_t iree_io_parameter_provider_t;

/* All parameters of `index`, which is retained, under `scope` (copied; empty: parameters without one). One reference
 * for the caller. */
IREE_API_EXPORT iree_status_t vmrt_io_parameter_provider_create(iree_string_view_t scope,
                                                                iree_io_parameter_index_t* index,
                                                                iree_allocator_t host_allocator,
                                                                iree_io_parameter_provider_t** out_provider);
IREE_API_EXPORT void iree_io_parameter_provider_retain(iree_io_parameter_provider_t* provider);
IREE_API_EXPORT void iree_io_parameter_provider_release(iree_io_parameter_provider_t* provider);
/* cdef: end */
IREE_API_EXPORT bool iree_io_parameter_provider_query_support(const iree_io_parameter_provider_t* provider,
                                                              iree_string_view_t scope);

/* A parameter and the ranges that belong together, all in bytes. */
typedef struct vmrt_io_parameter_transfer_t {
  iree_string_view_t key;
  uint64_t parameter_offset;
  uint64_t buffer_offset;
  uint64_t length;
} vmrt_io_parameter_transfer_t;
typedef struct vmrt_io_parameter_transfers_t {
  iree_host_size_t count;
  const vmrt_io_parameter_transfer_t* values;
} vmrt_io_parameter_transfers_t;

/* When and where a transfer happens: after `wait`; `signal` is signalled once when all of it is done, or fails. */
typedef struct vmrt_io_parameter_queue_t {
  iree_hal_device_t* device;
  iree_hal_queue_affinity_t affinity;
  iree_hal_semaphore_list_t wait;
  iree_hal_semaphore_list_t signal;
} vmrt_io_parameter_queue_t;

/* A new buffer for each transfer in `out_buffers`, owned by the caller; nothing on failure. NOT_FOUND for a key,
 * OUT_OF_RANGE for a range outside its parameter. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_io_parameter_provider_load(
    iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
    iree_hal_buffer_params_t target_params, vmrt_io_parameter_transfers_t transfers, iree_hal_buffer_t** out_buffers);
/* From parameters to ranges of `target`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_io_parameter_provider_gather(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                                  iree_hal_buffer_t* target, vmrt_io_parameter_transfers_t transfers);
/* From ranges of `source` to parameters; archives are read only, so that any transfer is PERMISSION_DENIED. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_io_parameter_provider_scatter(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                                   iree_hal_buffer_t* source, vmrt_io_parameter_transfers_t transfers);

#ifdef __cplusplus
}
#endif

#endif /* IREE_IO_PARAMETER_PROVIDER_H_ */
