/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime sessions: one context, one device, modules appended one by one. */
#include "base/atomics.h"
#include "iree/runtime/api.h"
#include "iree/vm/bytecode/module.h"
#include "tooling/module_archive.h"

struct iree_runtime_session_t {
  iree_atomic_ref_count_t references;
  iree_allocator_t host_allocator;
  iree_runtime_instance_t* instance;
  iree_hal_device_t* device;
  iree_vm_context_t* context;
};

void iree_runtime_session_options_initialize(iree_runtime_session_options_t* out_options) {
  memset(out_options, 0, sizeof *out_options);
}

static void destroy(iree_runtime_session_t* session) {
  if (session->context) iree_vm_context_release(session->context);
  iree_hal_device_release(session->device);
  iree_runtime_instance_release(session->instance);
  iree_allocator_free(session->host_allocator, session);
}

static iree_status_t append_hal_module(iree_runtime_session_t* session) {
  vmrt_hal_module_trace_sink_t standard_error = {NULL, NULL};
  iree_vm_module_t* module = NULL;
  IREE_RETURN_IF_ERROR(vmrt_hal_module_create(iree_runtime_instance_vm_instance(session->instance), 1, &session->device,
                                              standard_error, session->host_allocator, &module));
  iree_status_t status = iree_runtime_session_append_module(session, module);
  iree_vm_module_release(module);
  return status;
}

iree_status_t iree_runtime_session_create_with_device(iree_runtime_instance_t* instance,
                                                      const iree_runtime_session_options_t* options,
                                                      iree_hal_device_t* device, iree_allocator_t host_allocator,
                                                      iree_runtime_session_t** out_session) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof(iree_runtime_session_t), &block));
  iree_runtime_session_t* session = block;
  atomic_ref_count_init(&session->references);
  session->host_allocator = host_allocator;
  session->instance = instance;
  iree_runtime_instance_retain(instance);
  session->device = device;
  iree_hal_device_retain(device);
  iree_status_t status = iree_vm_context_create(iree_runtime_instance_vm_instance(instance),
                                                options ? options->context_flags : 0, host_allocator,
                                                &session->context);
  if (iree_status_is_ok(status)) status = append_hal_module(session);
  if (iree_status_is_ok(status)) {
    *out_session = session;
  } else {
    destroy(session);
  }
  return status;
}

void iree_runtime_session_retain(iree_runtime_session_t* session) {
  if (session) atomic_ref_count_retain(&session->references);
}

void iree_runtime_session_release(iree_runtime_session_t* session) {
  if (session && atomic_ref_count_release(&session->references)) destroy(session);
}

iree_allocator_t iree_runtime_session_host_allocator(const iree_runtime_session_t* session) {
  return session->host_allocator;
}

iree_vm_context_t* iree_runtime_session_context(const iree_runtime_session_t* session) { return session->context; }

iree_hal_device_t* iree_runtime_session_device(const iree_runtime_session_t* session) { return session->device; }

iree_hal_allocator_t* iree_runtime_session_device_allocator(const iree_runtime_session_t* session) {
  return iree_hal_device_allocator(session->device);
}

/* ---- Modules ----------------------------------------------------------------------------------------------------- */

iree_status_t iree_runtime_session_append_module(iree_runtime_session_t* session, iree_vm_module_t* module) {
  return iree_vm_context_register_modules(session->context, 1, &module);
}

iree_status_t iree_runtime_session_append_bytecode_module_from_memory(iree_runtime_session_t* session,
                                                                      iree_const_byte_span_t contents,
                                                                      iree_allocator_t deallocator) {
  iree_vm_module_t* module = NULL;
  iree_status_t status = iree_vm_bytecode_module_create(iree_runtime_instance_vm_instance(session->instance),
                                                        IREE_VM_BYTECODE_MODULE_FLAG_NONE, contents, deallocator,
                                                        session->host_allocator, &module);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(deallocator, (void*)contents.data);
    return status;
  }
  status = iree_runtime_session_append_module(session, module);
  iree_vm_module_release(module);
  return status;
}

iree_status_t iree_runtime_session_append_bytecode_module_from_file(iree_runtime_session_t* session, const char* path) {
  module_archive_t archive = {{NULL, 0}, {NULL, NULL}};
  IREE_RETURN_IF_ERROR(module_archive_read(iree_make_cstring_view(path), session->host_allocator, &archive));
  if (archive.contents.data_length == 0) {
    module_archive_free(&archive);
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "bytecode module '%s' is an empty file", path);
  }
  iree_status_t status =
      iree_runtime_session_append_bytecode_module_from_memory(session, archive.contents, archive.deallocator);
  return iree_status_annotate_f(status, "loading bytecode module at '%s'", path);
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

iree_status_t iree_runtime_session_lookup_function(const iree_runtime_session_t* session, iree_string_view_t full_name,
                                                   iree_vm_function_t* out_function) {
  return iree_vm_context_resolve_function(session->context, full_name, out_function);
}

iree_status_t iree_runtime_session_call(iree_runtime_session_t* session, const iree_vm_function_t* function,
                                        const iree_vm_list_t* input_list, iree_vm_list_t* output_list) {
  return iree_vm_invoke(session->context, *function, 0, NULL, input_list, output_list, session->host_allocator);
}

iree_status_t iree_runtime_session_call_by_name(iree_runtime_session_t* session, iree_string_view_t full_name,
                                                const iree_vm_list_t* input_list, iree_vm_list_t* output_list) {
  iree_vm_function_t function;
  IREE_RETURN_IF_ERROR(iree_runtime_session_lookup_function(session, full_name, &function));
  return iree_runtime_session_call(session, &function, input_list, output_list);
}
