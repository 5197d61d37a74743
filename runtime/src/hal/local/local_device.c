/* SPDX-License-Identifier: Apache-2.0 */
/* Devices on this processor: heap memory, loaders of executables, a queue and an executor. */
#include "hal/local/local_device.h"

#include "hal/local/local_queue.h"
#include "vm/text.h"

typedef struct local_device_t {
  iree_hal_device_t base;
  local_executor_t* executor;
  local_loaders_t* loaders;
  local_queue_t queue;
} local_device_t;

/* ---- Queries ----------------------------------------------------------------------------------------------------- */

static bool query_cpu(iree_string_view_t key, int64_t* out_value) {
  bool is_present = false;
  bool is_known = local_processor_feature(key, &is_present);
  *out_value = is_present;
  return is_known;
}

static bool query_concurrency(iree_string_view_t key, int64_t concurrency, int64_t* out_value) {
  if (!iree_string_view_equal(key, IREE_SV("concurrency"))) return false;
  *out_value = concurrency;
  return true;
}

static bool query(local_device_t* device, iree_string_view_t category, iree_string_view_t key, int64_t* out_value) {
  if (iree_string_view_equal(category, IREE_SV("hal.executable.format"))) {
    *out_value = local_loaders_support(device->loaders, key);
    return true;
  }
  if (iree_string_view_equal(category, IREE_SV("hal.device"))) return query_concurrency(key, 1, out_value);
  if (iree_string_view_equal(category, IREE_SV("hal.dispatch"))) {
    return query_concurrency(key, device->executor->worker_count, out_value);
  }
  return iree_string_view_equal(category, IREE_SV("hal.cpu")) && query_cpu(key, out_value);
}

static iree_status_t local_device_query_i64(iree_hal_device_t* base, iree_string_view_t category,
                                            iree_string_view_t key, int64_t* out_value) {
  if (query((local_device_t*)base, category, key, out_value)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND, "device %.*s knows no '%.*s' of category '%.*s'", VM_SV_ARG(base->id),
                          VM_SV_ARG(key), VM_SV_ARG(category));
}

/* ---- Work -------------------------------------------------------------------------------------------------------- */

static iree_status_t local_device_create_executable(iree_hal_device_t* base, const iree_hal_executable_params_t* params,
                                                    iree_hal_executable_t** out_executable) {
  return local_loaders_load(((local_device_t*)base)->loaders, params, out_executable);
}

static iree_status_t local_device_submit(iree_hal_device_t* base, hal_queue_operation_t* operation) {
  return local_queue_submit(&((local_device_t*)base)->queue, operation);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

/* Whatever is there, in the order that lets nothing outlive what it uses: threads before the code that they run. */
static void free_parts(local_device_t* device) {
  device->executor->free(device->executor);
  if (device->loaders) local_loaders_free(device->loaders);
  if (device->queue.monitor) local_queue_deinitialize(&device->queue);
  iree_hal_allocator_release(device->base.allocator);
  hal_timeline_release(device->base.timeline);
  iree_allocator_free(device->base.host_allocator, device);
}

static void local_device_destroy(iree_hal_device_t* base) {
  local_device_t* device = (local_device_t*)base;
  local_queue_close(&device->queue);
  free_parts(device);
  live_object_remove(VMRT_OBJECT_HAL_DEVICE);
}

static const hal_device_vtable_t local_device_vtable = {
    .destroy = local_device_destroy,
    .query_i64 = local_device_query_i64,
    .create_executable = local_device_create_executable,
    .submit = local_device_submit,
};

static iree_status_t create_parts(local_device_t* device, iree_host_size_t plugin_count,
                                  const iree_string_view_t* plugin_paths) {
  iree_allocator_t host_allocator = device->base.host_allocator;
  IREE_RETURN_IF_ERROR(local_queue_initialize(device->executor, host_allocator, &device->queue));
  IREE_RETURN_IF_ERROR(iree_hal_allocator_create_heap(device->base.id, host_allocator, host_allocator,
                                                      &device->base.allocator));
  return local_loaders_create(plugin_count, plugin_paths, device->executor->worker_index_count, host_allocator,
                              &device->loaders);
}

iree_status_t local_device_create(iree_string_view_t id, local_executor_t* executor, hal_timeline_t* timeline,
                                  iree_host_size_t plugin_count, const iree_string_view_t* plugin_paths,
                                  iree_allocator_t host_allocator, iree_hal_device_t** out_device) {
  local_device_t* device = NULL;
  iree_status_t status = iree_allocator_malloc(host_allocator, sizeof *device, (void**)&device);
  if (!iree_status_is_ok(status)) {
    executor->free(executor);
    return status;
  }
  atomic_ref_count_init(&device->base.ref_object.counter);
  device->base.vtable = &local_device_vtable;
  device->base.host_allocator = host_allocator;
  device->base.id = id;
  device->base.timeline = timeline;
  hal_timeline_retain(timeline);
  device->executor = executor;
  status = create_parts(device, plugin_count, plugin_paths);
  if (!iree_status_is_ok(status)) {
    free_parts(device);
    return status;
  }
  live_object_add(VMRT_OBJECT_HAL_DEVICE);
  *out_device = &device->base;
  return iree_ok_status();
}
