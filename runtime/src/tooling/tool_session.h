/* SPDX-License-Identifier: Apache-2.0 */
/* What every tool holds while it works: modules, devices, a context; acquired in that order, released in the other. */
#ifndef VMRT_TOOLING_TOOL_SESSION_H_
#define VMRT_TOOLING_TOOL_SESSION_H_

#include "iree/base/tooling/flags.h"
#include "iree/tooling/context_util.h"
#include "tooling/time_limit.h"
#include "vmrt/probe.h"

/* `--print_statistics`, `--trace_execution` and `--time_limit=`. */
extern const vmrt_flag_set_t tooling_session_flags;

/* Allocators name the owner for the statistics. */
typedef struct tool_session_t {
  vmrt_probe_t* probe; /* NULL unless statistics are wanted */
  iree_allocator_t instance_allocator, module_allocator, context_allocator, call_allocator;
  iree_vm_instance_t* instance;
  time_limit_t* time_limit;
  iree_tooling_module_list_t user_modules;     /* what the flags name, in order; the last one is the main module */
  iree_tooling_module_list_t resolved_modules; /* with the system modules that they need */
  vmrt_tooling_devices_t devices;
  iree_vm_context_t* context;
  iree_hal_device_t* device;         /* the lead device, borrowed; NULL when no module needs one */
  iree_hal_allocator_t* tensor_heap; /* memory for tensors when there is no device */
} tool_session_t;

/* Only memory can be missing. Always followed by tool_session_close. */
iree_status_t tool_session_open(tool_session_t* out_session);

/* The instance with all types of the HAL, then the modules of the flags behind those that `user_modules` has already.
 * INVALID_ARGUMENT when the flags name none. */
iree_status_t tool_session_create_instance(tool_session_t* session);
iree_status_t tool_session_load(tool_session_t* session);
/* Resolves dependencies, creates devices and the context. May be done again after tool_session_unlink. */
iree_status_t tool_session_link(tool_session_t* session);
/* Context, system modules, statistics when they are wanted, devices. User modules stay. */
void tool_session_unlink(tool_session_t* session);
/* Borrowed: where tensors are made. */
iree_status_t tool_session_tensor_allocator(tool_session_t* session, iree_hal_allocator_t** out_allocator);

/* Releases everything: the context, the modules from the newest to the oldest, then statistics of the devices are
 * printed, then the devices go, whatever failed before. Joins `status` with that of the time limit. */
iree_status_t tool_session_close(tool_session_t* session, iree_status_t status);
/* Prints what the run allocated and left behind, if wanted, and forgets the probe. Statuses should be freed before. */
void tool_session_finish(tool_session_t* session);

#endif /* VMRT_TOOLING_TOOL_SESSION_H_ */
