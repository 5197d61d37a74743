/* SPDX-License-Identifier: Apache-2.0 */
/* The first words with a library: finds its export, calls it, and judges what it returned before anybody else sees
 * it. */
#include "base/atomics.h"
#include "dynamic/dynamic_module.h"
#include "vmrt/stage.h"

/* A host cannot do without these functions of a module. */
#define REQUIRED_SLOTS(SLOT) \
  SLOT(destroy)              \
  SLOT(name)                 \
  SLOT(signature)            \
  SLOT(lookup_function)      \
  SLOT(get_function)         \
  SLOT(alloc_state)          \
  SLOT(free_state)           \
  SLOT(begin_call)

static iree_status_t slot_missing(const char* slot) {
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "required slot '%s' of the returned module is NULL", slot);
}

static iree_status_t dynamic_check_slots(const iree_vm_module_t* user) {
#define CHECK_SLOT(slot) \
  if (!user->slot) return slot_missing(#slot);
  REQUIRED_SLOTS(CHECK_SLOT)
#undef CHECK_SLOT
  return iree_ok_status();
}

static iree_status_t dynamic_check_module(const iree_vm_module_t* user) {
  int32_t references = atomic_load_relaxed_i32(&user->ref_count.value);
  if (references != 1) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "the returned module has %d references; a new module has exactly 1, which is the host's",
                            references);
  }
  return dynamic_check_slots(user);
}

/* Releases a module that is not wanted, as far as that is safe: one without a reference or without `destroy` is left
 * alone. */
static void dynamic_drop_module(iree_vm_module_t* user) {
  if (user && user->destroy && atomic_load_relaxed_i32(&user->ref_count.value) > 0) iree_vm_module_release(user);
}

static iree_status_t dynamic_find_export(platform_library_t* library, const char* name,
                                         iree_vm_dynamic_module_create_fn_t* out_create) {
  void* address = NULL;
  IREE_RETURN_IF_ERROR(vmrt_status_at_stage(platform_library_symbol(library, name, &address), VMRT_STAGE_SYMBOL));
  _Static_assert(sizeof *out_create == sizeof address, "functions and objects have addresses of one size");
  memcpy(out_create, &address, sizeof address);
  return iree_ok_status();
}

/* Calls the export; a module comes back only together with OK. */
static iree_status_t dynamic_create(iree_vm_dynamic_module_create_fn_t create, dynamic_module_t* module,
                                    const dynamic_request_t* request) {
  iree_vm_module_t* user = NULL;
  iree_status_t status = dynamic_own_status(create(IREE_VM_DYNAMIC_MODULE_VERSION_LATEST, module->instance,
                                                   request->param_count, request->params, module->allocator, &user));
  if (iree_status_is_ok(status) && !user) {
    return iree_make_status(IREE_STATUS_INCOMPATIBLE,
                            "the library returned no module: it needs a newer host than interface version %d",
                            (int)IREE_VM_DYNAMIC_MODULE_VERSION_LATEST);
  }
  if (iree_status_is_ok(status)) status = dynamic_check_module(user);
  if (!iree_status_is_ok(status)) {
    dynamic_drop_module(user);
    return status;
  }
  module->user = user;
  return iree_ok_status();
}

iree_status_t dynamic_handshake(dynamic_module_t* module, const dynamic_request_t* request) {
  iree_vm_dynamic_module_create_fn_t create = NULL;
  IREE_RETURN_IF_ERROR(dynamic_find_export(module->library, request->export_name, &create));
  return vmrt_status_at_stage(dynamic_create(create, module, request), VMRT_STAGE_CREATE);
}
