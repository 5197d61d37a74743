/* SPDX-License-Identifier: Apache-2.0 */
/* Inside a device: what each kind of device implements. Arguments were checked before. */
#ifndef VMRT_HAL_DEVICE_IMPL_H_
#define VMRT_HAL_DEVICE_IMPL_H_

#include "hal/object.h"
#include "hal/queue_operation.h"
#include "hal/semaphore_impl.h"

typedef struct hal_device_vtable_t {
  void (*destroy)(iree_hal_device_t* device);
  /* NOT_FOUND for what it does not know. */
  iree_status_t (*query_i64)(iree_hal_device_t* device, iree_string_view_t category, iree_string_view_t key,
                             int64_t* out_value);
  iree_status_t (*create_executable)(iree_hal_device_t* device, const iree_hal_executable_params_t* params,
                                     iree_hal_executable_t** out_executable);
  /* Takes over `operation`, whatever is returned. A failure is what the call reports besides the signal list. */
  iree_status_t (*submit)(iree_hal_device_t* device, hal_queue_operation_t* operation);
} hal_device_vtable_t;

/* First member of every device. */
struct iree_hal_device_t {
  iree_vm_ref_object_t ref_object;
  const hal_device_vtable_t* vtable;
  iree_allocator_t host_allocator;
  iree_string_view_t id;             /* a literal */
  iree_hal_allocator_t* allocator;   /* retained */
  hal_timeline_t* timeline;          /* retained */
};

/* hal.device.id: a glob of `*` and `?`, case-sensitive; an empty pattern matches nothing. */
bool hal_glob_match(iree_string_view_t pattern, iree_string_view_t text);

#endif /* VMRT_HAL_DEVICE_IMPL_H_ */
