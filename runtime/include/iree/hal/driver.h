/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers by name: from a device URI such as `local-task` to a device. */
#ifndef IREE_HAL_DRIVER_H_
#define IREE_HAL_DRIVER_H_

#include "iree/hal/device.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef struct iree_hal_driver_registry_t iree_hal_driver_registry_t;

/* How the local drivers make their devices. */
typedef struct vmrt_hal_local_options_t {
  uint32_t worker_count; /* of local-task; 0: one a physical core, at most 64 */
  uint64_t shuffle_seed; /* not 0: local-task hands out workgroups in an order drawn from it: finds missing barriers */
  iree_host_size_t plugin_count;
  const iree_string_view_t* plugin_paths; /* executable plugins, loaded once a device; borrowed by the registry */
} vmrt_hal_local_options_t;

IREE_API_EXPORT iree_status_t iree_hal_driver_registry_allocate(iree_allocator_t host_allocator,
                                                                iree_hal_driver_registry_t** out_registry);
IREE_API_EXPORT void iree_hal_driver_registry_free(iree_hal_driver_registry_t* registry);
/* Registers local-sync and local-task; `options` NULL: defaults. */
IREE_API_EXPORT iree_status_t vmrt_hal_register_local_drivers(iree_hal_driver_registry_t* registry,
                                                              const vmrt_hal_local_options_t* options);
/* Name and description of driver `index`, in order of registration, borrowed; OUT_OF_RANGE past the last. */
IREE_API_EXPORT iree_status_t vmrt_hal_driver_registry_at(iree_hal_driver_registry_t* registry, iree_host_size_t index,
                                                          iree_string_view_t* out_name,
                                                          iree_string_view_t* out_description);
/* A device of `DRIVER[://PATH][?OPTIONS]`. NOT_FOUND `no driver 'X' registered`, or for a path that the driver does not
 * have. */
IREE_API_EXPORT iree_status_t iree_hal_create_device(iree_hal_driver_registry_t* registry,
                                                     iree_string_view_t device_uri, iree_allocator_t host_allocator,
                                                     iree_hal_device_t** out_device);
/* cdef: end */

/* What a driver is to the registry: creates devices; `user_data` lives as long as the registry. */
typedef struct vmrt_hal_driver_t {
  iree_string_view_t name;
  iree_string_view_t description;
  iree_status_t (*create_device)(void* user_data, iree_string_view_t path, iree_string_view_t options,
                                 iree_allocator_t host_allocator, iree_hal_device_t** out_device);
  void (*free)(void* user_data); /* or NULL */
  void* user_data;
} vmrt_hal_driver_t;
/* ALREADY_EXISTS for a second driver of that name. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t vmrt_hal_driver_registry_add(iree_hal_driver_registry_t* registry,
                                                                                const vmrt_hal_driver_t* driver);
/* For what drivers keep as long as the registry. */
IREE_API_EXPORT iree_allocator_t vmrt_hal_driver_registry_allocator(iree_hal_driver_registry_t* registry);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_DRIVER_H_ */
