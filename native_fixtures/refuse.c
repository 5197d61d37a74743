/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses as first published: OK and no module. */
#include "trace.h"

VMRT_EXPORT iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS);
iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS) {
  (void)instance, (void)allocator;
  trace_create_event(NULL, max_version, param_count, params, IREE_STATUS_OK);
  *out_module = NULL;
  return vmrt_ok();
}
