/* SPDX-License-Identifier: Apache-2.0 */
/* Providers: every transfer is one operation of a queue; several run side by side and are joined at the end. */
#include "iree/io/parameter_provider.h"

#include "base/atomics.h"
#include "modules/parameter_storage.h"
#include "vm/text.h"

struct iree_io_parameter_provider_t {
  iree_atomic_ref_count_t ref_count;
  iree_allocator_t host_allocator;
  iree_io_parameter_index_t* index; /* retained */
  iree_host_size_t scope_length;
  char scope[];
};

iree_status_t vmrt_io_parameter_provider_create(iree_string_view_t scope, iree_io_parameter_index_t* index,
                                                iree_allocator_t host_allocator,
                                                iree_io_parameter_provider_t** out_provider) {
  *out_provider = NULL;
  iree_io_parameter_provider_t* provider = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *provider + scope.size, (void**)&provider));
  provider->ref_count.value = 1;
  provider->host_allocator = host_allocator;
  provider->index = index;
  iree_io_parameter_index_retain(index);
  provider->scope_length = scope.size;
  if (scope.size) memcpy(provider->scope, scope.data, scope.size);
  *out_provider = provider;
  return iree_ok_status();
}

static void provider_destroy(iree_io_parameter_provider_t* provider) {
  iree_io_parameter_index_release(provider->index);
  iree_allocator_free(provider->host_allocator, provider);
}

void iree_io_parameter_provider_retain(iree_io_parameter_provider_t* provider) {
  if (provider) atomic_ref_count_retain(&provider->ref_count);
}

void iree_io_parameter_provider_release(iree_io_parameter_provider_t* provider) {
  if (provider && atomic_ref_count_release(&provider->ref_count)) provider_destroy(provider);
}

bool iree_io_parameter_provider_query_support(const iree_io_parameter_provider_t* provider, iree_string_view_t scope) {
  return iree_string_view_equal(scope, iree_make_string_view(provider->scope, provider->scope_length));
}

/* ---- Checking ---------------------------------------------------------------------------------------------------- */

static iree_status_t find_entry(const iree_io_parameter_provider_t* provider,
                                const vmrt_io_parameter_transfer_t* transfer,
                                const iree_io_parameter_index_entry_t** out_entry) {
  IREE_RETURN_IF_ERROR(iree_io_parameter_index_lookup(provider->index, transfer->key, out_entry));
  uint64_t size = (*out_entry)->length;
  if (transfer->parameter_offset <= size && transfer->length <= size - transfer->parameter_offset) {
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "parameter `%.*s` range out of bounds (offset=%llu, length=%llu, size=%llu)",
                          VM_SV_ARG(transfer->key), (unsigned long long)transfer->parameter_offset,
                          (unsigned long long)transfer->length, (unsigned long long)size);
}

/* Nothing is begun unless all of it can be done. */
static iree_status_t check_transfers(const iree_io_parameter_provider_t* provider,
                                     vmrt_io_parameter_transfers_t transfers) {
  for (iree_host_size_t i = 0; i < transfers.count; ++i) {
    const iree_io_parameter_index_entry_t* entry = NULL;
    IREE_RETURN_IF_ERROR(find_entry(provider, &transfers.values[i], &entry));
  }
  return iree_ok_status();
}

static iree_status_t check_buffer_ranges(const iree_hal_buffer_t* buffer, vmrt_io_parameter_transfers_t transfers) {
  for (iree_host_size_t i = 0; i < transfers.count; ++i) {
    const vmrt_io_parameter_transfer_t* transfer = &transfers.values[i];
    IREE_RETURN_IF_ERROR(iree_hal_buffer_validate_range(buffer, transfer->buffer_offset, transfer->length));
  }
  return iree_ok_status();
}

/* ---- Joining ----------------------------------------------------------------------------------------------------- */

/* One semaphore a transfer, of which the value 1 says that it is done. */
typedef struct join_t {
  iree_allocator_t allocator;
  iree_hal_semaphore_list_t done;
} join_t;

static void join_deinitialize(join_t* join) {
  for (iree_host_size_t i = 0; i < join->done.count; ++i) iree_hal_semaphore_release(join->done.semaphores[i]);
  iree_allocator_free(join->allocator, join->done.semaphores);
  iree_allocator_free(join->allocator, join->done.payload_values);
}

static iree_status_t join_allocate(const vmrt_io_parameter_queue_t* queue, iree_host_size_t count, join_t* join) {
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(join->allocator, count, sizeof join->done.semaphores[0],
                                                   (void**)&join->done.semaphores));
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(join->allocator, count, sizeof join->done.payload_values[0],
                                                   (void**)&join->done.payload_values));
  for (iree_host_size_t i = 0; i < count; ++i) {
    IREE_RETURN_IF_ERROR(iree_hal_semaphore_create(queue->device, queue->affinity, 0, 0, &join->done.semaphores[i]));
    join->done.payload_values[i] = 1;
    join->done.count = i + 1;
  }
  return iree_ok_status();
}

/* The part of the queue's work that transfer `i` is. */
static vmrt_io_parameter_queue_t join_lane(const vmrt_io_parameter_queue_t* queue, const join_t* join,
                                           iree_host_size_t i) {
  vmrt_io_parameter_queue_t lane = *queue;
  lane.signal = (iree_hal_semaphore_list_t){1, &join->done.semaphores[i], &join->done.payload_values[i]};
  return lane;
}

/* ---- Moving ------------------------------------------------------------------------------------------------------ */

/* Buffers of transfers: one each, or one for all when `stride` is 0. */
typedef struct targets_t {
  iree_hal_buffer_t** buffers;
  iree_host_size_t stride;
} targets_t;

static iree_status_t move_one(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                              const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t* target) {
  const iree_io_parameter_index_entry_t* entry = NULL;
  IREE_RETURN_IF_ERROR(find_entry(provider, transfer, &entry));
  return parameter_storage_read(entry, queue, transfer, target, provider->host_allocator);
}

static iree_status_t move_joined(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                                 vmrt_io_parameter_transfers_t transfers, targets_t targets, join_t* join) {
  IREE_RETURN_IF_ERROR(join_allocate(queue, transfers.count, join));
  for (iree_host_size_t i = 0; i < transfers.count; ++i) {
    vmrt_io_parameter_queue_t lane = join_lane(queue, join, i);
    IREE_RETURN_IF_ERROR(move_one(provider, &lane, &transfers.values[i], targets.buffers[i * targets.stride]));
  }
  return iree_hal_device_queue_barrier(queue->device, queue->affinity, join->done, queue->signal, 0);
}

/* Whoever waits for the end of transfers that never all began is told so. */
static iree_status_t move_all(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                              vmrt_io_parameter_transfers_t transfers, targets_t targets) {
  if (transfers.count == 0) {
    return iree_hal_device_queue_barrier(queue->device, queue->affinity, queue->wait, queue->signal, 0);
  }
  if (transfers.count == 1) return move_one(provider, queue, &transfers.values[0], targets.buffers[0]);
  join_t join = {.allocator = provider->host_allocator};
  iree_status_t status = move_joined(provider, queue, transfers, targets, &join);
  if (!iree_status_is_ok(status)) iree_hal_semaphore_list_fail(queue->signal, iree_status_clone(status));
  join_deinitialize(&join);
  return status;
}

/* ---- Operations -------------------------------------------------------------------------------------------------- */

static iree_status_t allocate_target(const vmrt_io_parameter_queue_t* queue, iree_hal_buffer_params_t params,
                                     const vmrt_io_parameter_transfer_t* transfer, iree_hal_buffer_t** out_buffer) {
  if (transfer->length > UINT64_MAX - transfer->buffer_offset) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "buffer of %llu bytes behind offset %llu for parameter `%.*s`",
                            (unsigned long long)transfer->length, (unsigned long long)transfer->buffer_offset,
                            VM_SV_ARG(transfer->key));
  }
  iree_hal_allocator_t* allocator = iree_hal_device_allocator(queue->device);
  return iree_hal_allocator_allocate_buffer(allocator, params, transfer->buffer_offset + transfer->length, out_buffer);
}

static iree_status_t load_buffers(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                                  iree_hal_buffer_params_t params, vmrt_io_parameter_transfers_t transfers,
                                  iree_hal_buffer_t** buffers) {
  for (iree_host_size_t i = 0; i < transfers.count; ++i) {
    IREE_RETURN_IF_ERROR(allocate_target(queue, params, &transfers.values[i], &buffers[i]));
  }
  return move_all(provider, queue, transfers, (targets_t){buffers, 1});
}

iree_status_t iree_io_parameter_provider_load(iree_io_parameter_provider_t* provider,
                                              const vmrt_io_parameter_queue_t* queue,
                                              iree_hal_buffer_params_t target_params,
                                              vmrt_io_parameter_transfers_t transfers,
                                              iree_hal_buffer_t** out_buffers) {
  for (iree_host_size_t i = 0; i < transfers.count; ++i) out_buffers[i] = NULL;
  IREE_RETURN_IF_ERROR(check_transfers(provider, transfers));
  iree_status_t status = load_buffers(provider, queue, target_params, transfers, out_buffers);
  for (iree_host_size_t i = 0; i < transfers.count && !iree_status_is_ok(status); ++i) {
    iree_hal_buffer_release(out_buffers[i]);
    out_buffers[i] = NULL;
  }
  return status;
}

iree_status_t iree_io_parameter_provider_gather(iree_io_parameter_provider_t* provider,
                                                const vmrt_io_parameter_queue_t* queue, iree_hal_buffer_t* target,
                                                vmrt_io_parameter_transfers_t transfers) {
  IREE_RETURN_IF_ERROR(check_transfers(provider, transfers));
  IREE_RETURN_IF_ERROR(check_buffer_ranges(target, transfers));
  return move_all(provider, queue, transfers, (targets_t){&target, 0});
}

iree_status_t iree_io_parameter_provider_scatter(iree_io_parameter_provider_t* provider,
                                                 const vmrt_io_parameter_queue_t* queue, iree_hal_buffer_t* source,
                                                 vmrt_io_parameter_transfers_t transfers) {
  IREE_RETURN_IF_ERROR(check_transfers(provider, transfers));
  IREE_RETURN_IF_ERROR(check_buffer_ranges(source, transfers));
  if (transfers.count > 0) {
    return iree_make_status(IREE_STATUS_PERMISSION_DENIED, "parameter `%.*s` can only be read, not written",
                            VM_SV_ARG(transfers.values[0].key));
  }
  return iree_hal_device_queue_barrier(queue->device, queue->affinity, queue->wait, queue->signal, 0);
}
