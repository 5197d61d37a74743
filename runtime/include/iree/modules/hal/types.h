/* SPDX-License-Identifier: Apache-2.0 */
/* HAL objects as references of the VM. */
#ifndef IREE_MODULES_HAL_TYPES_H_
#define IREE_MODULES_HAL_TYPES_H_

#include "iree/hal/api.h"
#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_allocator, iree_hal_allocator_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_buffer, iree_hal_buffer_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_buffer_view, iree_hal_buffer_view_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_command_buffer, iree_hal_command_buffer_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_device, iree_hal_device_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_executable, iree_hal_executable_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_fence, iree_hal_fence_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_file, iree_hal_file_t);
IREE_VM_DECLARE_TYPE_ADAPTERS(iree_hal_semaphore, iree_hal_semaphore_t);

/* cdef: begin */
/* Registers all `hal.*` types; once more for the same instance changes nothing. */
IREE_API_EXPORT iree_status_t iree_hal_module_register_all_types(iree_vm_instance_t* instance);
IREE_API_EXPORT iree_vm_ref_t iree_hal_buffer_view_retain_ref(iree_hal_buffer_view_t* value);
IREE_API_EXPORT iree_hal_buffer_view_t* iree_hal_buffer_view_deref(iree_vm_ref_t ref);
IREE_API_EXPORT iree_vm_ref_t iree_hal_buffer_retain_ref(iree_hal_buffer_t* value);
IREE_API_EXPORT iree_hal_buffer_t* iree_hal_buffer_deref(iree_vm_ref_t ref);
IREE_API_EXPORT iree_vm_ref_t iree_hal_fence_retain_ref(iree_hal_fence_t* value);
IREE_API_EXPORT iree_hal_fence_t* iree_hal_fence_deref(iree_vm_ref_t ref);
IREE_API_EXPORT iree_vm_ref_t iree_hal_device_retain_ref(iree_hal_device_t* value);
IREE_API_EXPORT iree_hal_device_t* iree_hal_device_deref(iree_vm_ref_t ref);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_MODULES_HAL_TYPES_H_ */
