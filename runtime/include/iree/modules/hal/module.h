/* SPDX-License-Identifier: Apache-2.0 */
/* The module `hal`, version 7: what compiled programs drive devices with. */
#ifndef IREE_MODULES_HAL_MODULE_H_
#define IREE_MODULES_HAL_MODULE_H_

#include "iree/modules/hal/types.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Where `hal.buffer_view.trace` writes: called with the whole text of one trace. */
typedef struct vmrt_hal_module_trace_sink_t {
  void (*fn)(void* user_data, iree_string_view_t text); /* NULL: standard error */
  void* user_data;
} vmrt_hal_module_trace_sink_t;

/* Retains the devices; their order is that of `hal.devices.get`. One reference for the caller. */
IREE_API_EXPORT iree_status_t vmrt_hal_module_create(iree_vm_instance_t* instance, iree_host_size_t device_count,
                                                     iree_hal_device_t** devices, vmrt_hal_module_trace_sink_t sink,
                                                     iree_allocator_t host_allocator, iree_vm_module_t** out_module);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_MODULES_HAL_MODULE_H_ */
