/* SPDX-License-Identifier: Apache-2.0 */
/* Acquires and releases what a tool works with. */
#include "tooling/tool_session.h"

#include "iree/modules/hal/types.h"
#include "tooling/statistics.h"

static struct {
  bool print_statistics, trace_execution;
  double time_limit;
} flags;

static const vmrt_flag_t flag_table[] = {
    {"print_statistics", VMRT_FLAG_BOOL, &flags.print_statistics,
     "Print what devices allocated before they go, and at the very end what the process allocated and left."},
    {"trace_execution", VMRT_FLAG_BOOL, &flags.trace_execution,
     "Print each bytecode instruction that is run, to stderr."},
    {"time_limit", VMRT_FLAG_DOUBLE, &flags.time_limit,
     "Seconds for the whole run; then bytecode is cancelled, and a second later the process ends with exit code 124. "
     "0: none."},
};
const vmrt_flag_set_t tooling_session_flags = {"Running", sizeof flag_table / sizeof *flag_table, flag_table};

/* ---- Acquiring --------------------------------------------------------------------------------------------------- */

static iree_allocator_t owner_allocator(vmrt_probe_t* probe, const char* owner) {
  return probe ? vmrt_probe_allocator(probe, iree_make_cstring_view(owner)) : iree_allocator_system();
}

iree_status_t tool_session_open(tool_session_t* out_session) {
  memset(out_session, 0, sizeof *out_session);
  iree_tooling_module_list_initialize(&out_session->user_modules);
  iree_tooling_module_list_initialize(&out_session->resolved_modules);
  iree_status_t status = flags.print_statistics ? vmrt_probe_create(&out_session->probe) : iree_ok_status();
  out_session->instance_allocator = owner_allocator(out_session->probe, "instance");
  out_session->module_allocator = owner_allocator(out_session->probe, "modules");
  out_session->context_allocator = owner_allocator(out_session->probe, "context");
  out_session->call_allocator = owner_allocator(out_session->probe, "call");
  return status;
}

iree_status_t tool_session_create_instance(tool_session_t* session) {
  IREE_RETURN_IF_ERROR(
      iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, session->instance_allocator, &session->instance));
  IREE_RETURN_IF_ERROR(iree_hal_module_register_all_types(session->instance));
  if (flags.time_limit == 0) return iree_ok_status();
  return time_limit_start(flags.time_limit, session->instance, session->instance_allocator, &session->time_limit);
}

iree_status_t tool_session_load(tool_session_t* session) {
  iree_host_size_t before = session->user_modules.count;
  IREE_RETURN_IF_ERROR(iree_tooling_load_modules_from_flags(session->instance, session->module_allocator,
                                                            &session->user_modules));
  if (session->user_modules.count > before) return iree_ok_status();
  return iree_make_status(
      IREE_STATUS_INVALID_ARGUMENT,
      "no user module specified; use --module=FILE to load one, or --module=- to read it from stdin");
}

iree_status_t tool_session_link(tool_session_t* session) {
  uint32_t context_flags = flags.trace_execution ? IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION : IREE_VM_CONTEXT_FLAG_NONE;
  const iree_tooling_module_list_t* user = &session->user_modules;
  IREE_RETURN_IF_ERROR(iree_tooling_create_context_from_flags(
      session->instance, user->count, user->values, IREE_SV("local-task"), context_flags, session->context_allocator,
      &session->resolved_modules, &session->devices, &session->context));
  if (session->devices.count == 0) return iree_ok_status();
  return vmrt_tooling_lead_device(&session->devices, &session->device);
}

iree_status_t tool_session_tensor_allocator(tool_session_t* session, iree_hal_allocator_t** out_allocator) {
  if (!session->device && !session->tensor_heap) {
    IREE_RETURN_IF_ERROR(iree_hal_allocator_create_heap(IREE_SV("heap"), session->call_allocator,
                                                        session->call_allocator, &session->tensor_heap));
  }
  *out_allocator = session->device ? iree_hal_device_allocator(session->device) : session->tensor_heap;
  return iree_ok_status();
}

/* ---- Releasing --------------------------------------------------------------------------------------------------- */

/* The device is always last: modules may keep its buffers until they are destroyed. */
static void release_devices(tool_session_t* session) {
  if (flags.print_statistics) {
    iree_status_ignore(vmrt_tooling_print_device_statistics(&session->devices, stderr));
  }
  session->device = NULL;
  vmrt_tooling_release_devices(&session->devices);
}

static void release_context(tool_session_t* session) {
  if (session->context) iree_vm_context_release(session->context);
  session->context = NULL;
}

void tool_session_unlink(tool_session_t* session) {
  release_context(session);
  iree_tooling_module_list_reset(&session->resolved_modules);
  release_devices(session);
}

iree_status_t tool_session_close(tool_session_t* session, iree_status_t status) {
  time_limit_begin_teardown(session->time_limit);
  release_context(session);
  iree_tooling_module_list_reset(&session->user_modules);
  iree_tooling_module_list_reset(&session->resolved_modules);
  if (session->tensor_heap) iree_hal_allocator_release(session->tensor_heap);
  session->tensor_heap = NULL;
  release_devices(session);
  status = iree_status_join(status, time_limit_stop(session->time_limit));
  session->time_limit = NULL;
  if (session->instance) iree_vm_instance_release(session->instance);
  session->instance = NULL;
  return status;
}

void tool_session_finish(tool_session_t* session) {
  if (!session->probe) return;
  statistics_print(session->probe, stderr);
  vmrt_probe_release(session->probe);
  session->probe = NULL;
}
