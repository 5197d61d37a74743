/* SPDX-License-Identifier: Apache-2.0 */
/* From flags to devices. */
#ifndef IREE_TOOLING_DEVICE_UTIL_H_
#define IREE_TOOLING_DEVICE_UTIL_H_

#include <stdio.h>

#include "iree/hal/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Devices in the order of their flags, and the drivers that made them. */
typedef struct vmrt_tooling_devices_t {
  iree_hal_driver_registry_t* registry;
  iree_host_size_t count;
  iree_hal_device_t* values[64]; /* retained */
} vmrt_tooling_devices_t;

/* The drivers of this build, as the flags set them up; freed with iree_hal_driver_registry_free. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
vmrt_tooling_create_driver_registry(iree_allocator_t allocator, iree_hal_driver_registry_t** out_registry);

/* Creates a device for each `--device=` flag; without any, one of `default_uri`. `out_devices` is zeros before.
 * Nothing is left behind on failure, which names the URI. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_tooling_create_devices_from_flags(
    iree_string_view_t default_uri, iree_allocator_t allocator, vmrt_tooling_devices_t* out_devices);
/* Releases them in the order of their creation, then the drivers. */
IREE_API_EXPORT void vmrt_tooling_release_devices(vmrt_tooling_devices_t* devices);

/* The device whose allocator serves inputs, by `--device_lead_allocator=`; borrowed. OUT_OF_RANGE without such a
 * device. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
vmrt_tooling_lead_device(const vmrt_tooling_devices_t* devices, iree_hal_device_t** out_device);

/* A block of allocator statistics for each device. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
vmrt_tooling_print_device_statistics(const vmrt_tooling_devices_t* devices, FILE* file);

/* What `--list_drivers`, `--list_devices`, `--dump_devices` ask for. `*out_listed`: whether one of them was given. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_tooling_list_devices_from_flags(iree_allocator_t allocator,
                                                                                        FILE* file, bool* out_listed);

#ifdef __cplusplus
}
#endif

#endif /* IREE_TOOLING_DEVICE_UTIL_H_ */
