/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the module `hal`: what its functions share. */
#ifndef VMRT_MODULES_HAL_MODULE_H_
#define VMRT_MODULES_HAL_MODULE_H_

#include "iree/modules/hal/module.h"
#include "modules/hal_arguments.h"

/* One for all contexts: nothing in it changes after creation, so that contexts need no state of their own. */
typedef struct hal_module_t {
  iree_allocator_t host_allocator;
  vmrt_hal_module_trace_sink_t sink;
  iree_host_size_t device_count;
  iree_hal_device_t* devices[]; /* retained */
} hal_module_t;

static inline const hal_module_t* hal_call_module(const hal_call_t* call) { return (const hal_module_t*)call->module; }

/* hal_export_NAME, one a row of the table. Several rows may share one. */
#define HAL_EXPORT(name, cconv, function) iree_status_t hal_export_##function(hal_call_t* call);
#include "modules/hal_exports.def"
#undef HAL_EXPORT

#endif /* VMRT_MODULES_HAL_MODULE_H_ */
