/* SPDX-License-Identifier: Apache-2.0 */
/* Its create function fails: `code=` (14, UNAVAILABLE), `message=`, `storage=` bare, block (default) or payload; with `module=1`
 * it sets the module nevertheless, which the host then has to release. */
#include "support.h"

static void format_payload(const vmrt_status_payload_t* payload, iree_host_size_t capacity, char* buffer,
                           iree_host_size_t* out_length) {
  static const char text[] = "text of the payload";
  (void)payload;
  if (buffer && capacity > 0) snprintf(buffer, capacity, "%s", text);
  *out_length = sizeof text - 1;
}

static iree_status_t add_payload(iree_status_t status, iree_allocator_t allocator) {
  vmrt_status_payload_t* payload = NULL;
  if (!vmrt_is_ok(vmrt_allocate(allocator, sizeof *payload, (void**)&payload))) return status;
  payload->type = 0x70000000u;
  payload->allocator = allocator;
  payload->format = format_payload;
  vmrt_status_storage(status)->payload_head = vmrt_status_storage(status)->payload_tail = payload;
  return status;
}

static iree_status_t failure(const vmrt_params_t* params, iree_allocator_t allocator) {
  int32_t code = IREE_STATUS_UNAVAILABLE;
  VMRT_TRY(vmrt_param_i32(params, "code", &code));
  iree_string_view_t message = vmrt_param_text(params, "message", "this module cannot be created");
  if (vmrt_param_is(params, "storage", "bare")) return vmrt_status_bare((uint32_t)code);
  iree_status_t status = vmrt_status(code, "%.*s", VMRT_TEXT(message));
  return vmrt_param_is(params, "storage", "payload") ? add_payload(status, allocator) : status;
}

static const vmrt_module_type_t fail_create = {.name = "fail_create"};

VMRT_EXPORT iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS);
iree_status_t iree_vm_dynamic_module_create(VMRT_CREATE_PARAMETERS) {
  vmrt_params_t given = {param_count, params};
  bool sets_module = vmrt_param_is(&given, "module", "1");
  iree_vm_module_t* module = NULL;
  if (sets_module) VMRT_TRY(vmrt_module_create(&fail_create, max_version, instance, 0, NULL, allocator, &module));
  if (sets_module) VMRT_TRY(trace_wrap(allocator, "fail_create", &module));
  iree_status_t status = failure(&given, allocator);
  trace_create_event("fail_create", max_version, param_count, params, vmrt_status_code(status));
  if (sets_module) *out_module = module;
  return status;
}
