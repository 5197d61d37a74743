/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: what is the same for every kind of them. */
#include "hal/device_impl.h"
#include "hal/executable_impl.h"

static void device_destroy(iree_hal_device_t* device) { device->vtable->destroy(device); }

HAL_DEFINE_REFERENCE_COUNT(iree_hal_device, iree_hal_device_t, device_destroy)

iree_string_view_t iree_hal_device_id(iree_hal_device_t* device) { return device->id; }

iree_hal_allocator_t* iree_hal_device_allocator(iree_hal_device_t* device) { return device->allocator; }

iree_allocator_t iree_hal_device_host_allocator(iree_hal_device_t* device) { return device->host_allocator; }

iree_status_t iree_hal_device_query_i64(iree_hal_device_t* device, iree_string_view_t category, iree_string_view_t key,
                                        int64_t* out_value) {
  *out_value = 0;
  if (iree_string_view_equal(category, IREE_SV("hal.device.id"))) {
    *out_value = hal_glob_match(key, device->id);
    return iree_ok_status();
  }
  return device->vtable->query_i64(device, category, key, out_value);
}

iree_status_t iree_hal_device_create_executable(iree_hal_device_t* device, const iree_hal_executable_params_t* params,
                                                iree_hal_executable_t** out_executable) {
  IREE_RETURN_IF_ERROR(device->vtable->create_executable(device, params, out_executable));
  (*out_executable)->home = device->timeline;
  hal_timeline_retain(device->timeline);
  return iree_ok_status();
}

/* Operations are handed on when they are submitted; nothing is kept back. */
iree_status_t iree_hal_device_queue_flush(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity) {
  (void)device, (void)queue_affinity;
  return iree_ok_status();
}
