/* SPDX-License-Identifier: Apache-2.0 */
/* Returns every kind of status from its calls, the forbidden ones too. */
#include "trace.h"

/* The code alone. */
static iree_status_t bare(vmrt_call_t* call) { return vmrt_status_bare((uint32_t)vmrt_arg_i32(call)); }

/* Code, file, line and message. */
static iree_status_t block(vmrt_call_t* call) {
  return vmrt_status(vmrt_arg_i32(call), "a message in a block of its own");
}

/* Text that a careless host would take for a format. */
static iree_status_t percent(vmrt_call_t* call) { return vmrt_status(vmrt_arg_i32(call), "%s", "100 %s and %n of %d"); }

/* A message of 20,000 bytes that ends with `end`. */
static iree_status_t long_message(vmrt_call_t* call) {
  static char text[20001];
  memset(text, 'x', 20000);
  memcpy(text + 19997, "end", 3);
  return vmrt_status(vmrt_arg_i32(call), "%s", text);
}

/* The message is in the library's own constants and not NUL terminated. */
static iree_status_t borrowed_message(vmrt_call_t* call) {
  static const char text[] = "message in the library|not this";
  vmrt_status_storage_t* storage = vmrt_status_storage_allocate(0);
  uint32_t code = (uint32_t)vmrt_arg_i32(call);
  if (!storage) return vmrt_status_bare(code);
  storage->message.data = text;
  storage->message.size = (size_t)(strchr(text, '|') - text);
  return (iree_status_t)((uintptr_t)storage | (code & IREE_STATUS_CODE_MASK));
}

typedef struct {
  vmrt_status_payload_t header;
  char text[32];
} payload_t;

static void format_payload(const vmrt_status_payload_t* header, iree_host_size_t capacity, char* buffer,
                           iree_host_size_t* out_length) {
  const payload_t* payload = (const payload_t*)header;
  trace_event("statuses", buffer ? "format.write" : "format.measure");
  if (buffer && capacity > 0) snprintf(buffer, capacity, "%s", payload->text);
  *out_length = strlen(payload->text);
}

/* Appends a payload; without a formatter it is only freed. */
static iree_status_t attach(vmrt_call_t* call, iree_status_t status, const char* text, bool formatted) {
  payload_t* payload = NULL;
  vmrt_status_storage_t* storage = vmrt_status_storage(status);
  if (!storage || !vmrt_is_ok(vmrt_allocate(call->module->allocator, sizeof *payload, (void**)&payload))) return status;
  payload->header.type = 0x70000000u;
  payload->header.allocator = call->module->allocator;
  payload->header.format = formatted ? format_payload : NULL;
  snprintf(payload->text, sizeof payload->text, "%s", text);
  if (storage->payload_tail) storage->payload_tail->next = &payload->header;
  if (!storage->payload_head) storage->payload_head = &payload->header;
  storage->payload_tail = &payload->header;
  return status;
}

static iree_status_t payload(vmrt_call_t* call) {
  iree_status_t status = vmrt_status(vmrt_arg_i32(call), "message");
  return attach(call, attach(call, status, "first payload", true), "second payload", true);
}

static iree_status_t silent_payload(vmrt_call_t* call) {
  return attach(call, vmrt_status(vmrt_arg_i32(call), "message"), "never printed", false);
}

/* Forbidden: code 0 and yet a block. */
static iree_status_t ok_with_storage(vmrt_call_t* call) {
  (void)call;
  return vmrt_status(IREE_STATUS_OK, "this is not a failure");
}

/* Forbidden: a block that cannot be freed. */
static iree_status_t static_storage(vmrt_call_t* call) {
  static _Alignas(32) vmrt_status_storage_t storage;
  return (iree_status_t)((uintptr_t)&storage | ((uint32_t)vmrt_arg_i32(call) & IREE_STATUS_CODE_MASK));
}

static const vmrt_module_type_t statuses = {
    .name = "statuses",
    VMRT_EXPORTS({"bare", "0i_v", bare}, {"block", "0i_v", block}, {"percent", "0i_v", percent},
                 {"long_message", "0i_v", long_message}, {"borrowed_message", "0i_v", borrowed_message},
                 {"payload", "0i_v", payload}, {"silent_payload", "0i_v", silent_payload},
                 {"ok_with_storage", "0v_v", ok_with_storage}, {"static_storage", "0i_v", static_storage}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, statuses)
