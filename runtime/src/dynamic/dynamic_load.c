/* SPDX-License-Identifier: Apache-2.0 */
/* Loads native modules: opens the library aside, shakes hands, publishes one object or leaves nothing behind. */
#include "base/atomics.h"
#include "dynamic/dynamic_module.h"
#include "vmrt/stage.h"

static iree_status_t dynamic_copy_export_name(iree_string_view_t name, char* buffer) {
  if (iree_string_view_is_empty(name)) name = IREE_SV(IREE_VM_DYNAMIC_MODULE_EXPORT_NAME);
  if (name.size > DYNAMIC_MAX_EXPORT_NAME) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "export name of %zu bytes; at most %d are allowed", name.size,
                            DYNAMIC_MAX_EXPORT_NAME);
  }
  if (memchr(name.data, 0, name.size)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "export name contains a NUL byte");
  }
  memcpy(buffer, name.data, name.size);
  buffer[name.size] = 0;
  return iree_ok_status();
}

static iree_status_t dynamic_check_path(iree_string_view_t path) {
  if (iree_string_view_is_empty(path)) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the path is empty");
  if (path.size > PLATFORM_MAX_PATH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "path of %zu bytes; at most %d are allowed", path.size,
                            PLATFORM_MAX_PATH);
  }
  bool has_nul = memchr(path.data, 0, path.size) != NULL;
  return has_nul ? iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "path contains a NUL byte") : iree_ok_status();
}

static iree_status_t dynamic_open(iree_string_view_t path, dynamic_module_t* module) {
  iree_status_t status = dynamic_check_file(path);
  if (iree_status_is_ok(status)) status = platform_library_open(path, module->allocator, &module->library);
  status = vmrt_status_at_stage(status, VMRT_STAGE_OPEN);
  return iree_status_annotate_f(status, "failed to load dynamic library");
}

static iree_status_t dynamic_module_create(iree_vm_instance_t* instance, iree_string_view_t path,
                                           const dynamic_request_t* request, iree_allocator_t allocator,
                                           iree_vm_module_t** out_module) {
  dynamic_module_t* fresh = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *fresh, (void**)&fresh));
  fresh->allocator = allocator;
  fresh->instance = instance;
  iree_vm_instance_retain(instance);
  live_object_add(VMRT_OBJECT_DYNAMIC_MODULE);

  iree_status_t status = dynamic_open(path, fresh);
  if (iree_status_is_ok(status)) status = dynamic_handshake(fresh, request);
  if (iree_status_is_ok(status)) status = iree_vm_module_initialize(&fresh->interface, fresh);
  if (!iree_status_is_ok(status)) {
    dynamic_module_discard(fresh);
    return status;
  }
  dynamic_forward_initialize(fresh);
  *out_module = &fresh->interface;
  return iree_ok_status();
}

void dynamic_module_discard(dynamic_module_t* module) {
  /* A module that its own library still counts on must keep its code: the library then stays until the process ends. */
  bool library_in_use = false;
  if (module->user) {
    library_in_use = atomic_load_relaxed_i32(&module->user->ref_count.value) > 1;
    iree_vm_module_release(module->user);
  }
  if (module->library && !library_in_use) platform_library_close(module->library);
  iree_vm_instance_release(module->instance);
  live_object_remove(VMRT_OBJECT_DYNAMIC_MODULE);
  iree_allocator_free(module->allocator, module);
}

iree_status_t iree_vm_dynamic_module_load_from_file(iree_vm_instance_t* instance, iree_string_view_t path,
                                                    iree_string_view_t export_name, iree_host_size_t param_count,
                                                    const iree_string_pair_t* params, iree_allocator_t allocator,
                                                    iree_vm_module_t** out_module) {
  *out_module = NULL;
  char name[DYNAMIC_MAX_EXPORT_NAME + 1];
  iree_status_t status = dynamic_copy_export_name(export_name, name);
  if (iree_status_is_ok(status)) status = dynamic_check_path(path);
  status = vmrt_status_at_stage(status, VMRT_STAGE_PARSE);
  if (iree_status_is_ok(status)) {
    dynamic_request_t request = {name, param_count, param_count ? params : NULL};
    status = dynamic_module_create(instance, path, &request, allocator, out_module);
    if (iree_status_is_ok(status)) return status;
    status = iree_status_annotate_f(status, "export '%s'", name);
  }
  int shown = (int)(path.size < PLATFORM_MAX_PATH ? path.size : PLATFORM_MAX_PATH);
  return iree_status_annotate_f(status, "loading dynamic module at '%.*s'", shown, shown ? path.data : "");
}
