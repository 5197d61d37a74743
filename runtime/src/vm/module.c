/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: the public calls into the interface, with what a slot that is NULL means. */
#include "vm/module_calls.h"

#include "base/atomics.h"
#include "vm/text.h"

/* ---- Life -------------------------------------------------------------------------------------------------------- */

iree_status_t iree_vm_module_initialize(iree_vm_module_t* module, void* self) {
  memset(module, 0, sizeof *module);
  module->self = self;
  atomic_ref_count_init(&module->ref_count);
  return iree_ok_status();
}

void iree_vm_module_retain(iree_vm_module_t* module) {
  if (module) atomic_ref_count_retain(&module->ref_count);
}

void iree_vm_module_release(iree_vm_module_t* module) {
  if (module && atomic_ref_count_release(&module->ref_count) && module->destroy) module->destroy(module->self);
}

/* ---- The module -------------------------------------------------------------------------------------------------- */

iree_string_view_t iree_vm_module_name(const iree_vm_module_t* module) {
  if (!module) return IREE_SV("null");
  return module->name ? vm_text_sanitize(module->name(module->self)) : iree_string_view_empty();
}

iree_vm_module_signature_t iree_vm_module_signature(const iree_vm_module_t* module) {
  iree_vm_module_signature_t none = {0};
  return module && module->signature ? module->signature(module->self) : none;
}

iree_status_t iree_vm_module_get_attr(const iree_vm_module_t* module, iree_host_size_t index,
                                      iree_string_pair_t* out_attr) {
  memset(out_attr, 0, sizeof *out_attr);
  if (!module->get_module_attr) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  return module->get_module_attr(module->self, index, out_attr);
}

iree_string_view_t iree_vm_module_lookup_attr_by_name(const iree_vm_module_t* module, iree_string_view_t key) {
  iree_string_pair_t attr;
  for (iree_host_size_t i = 0; i < VM_MAX_ATTRS; ++i) {
    iree_status_t status = iree_vm_module_get_attr(module, i, &attr);
    if (iree_status_consume_code(status) != IREE_STATUS_OK) break;
    if (iree_string_view_equal(vm_text_sanitize(attr.key), key)) return attr.value;
  }
  return iree_string_view_empty();
}

iree_status_t iree_vm_module_enumerate_dependencies(iree_vm_module_t* module,
                                                    iree_vm_module_dependency_callback_t callback, void* user_data) {
  if (!module->enumerate_dependencies) return iree_ok_status();
  return module->enumerate_dependencies(module->self, callback, user_data);
}

iree_status_t iree_vm_module_resolve_source_location(const iree_vm_module_t* module, iree_vm_function_t function,
                                                     int64_t pc, iree_vm_source_location_t* out_location) {
  memset(out_location, 0, sizeof *out_location);
  if (!module->resolve_source_location) return iree_status_from_code(IREE_STATUS_UNAVAILABLE);
  return module->resolve_source_location(module->self, function, pc, out_location);
}

/* ---- Its functions ----------------------------------------------------------------------------------------------- */

/* A module that does not say whose function it is means its own. */
static void function_complete(const iree_vm_module_t* module, iree_vm_function_t* function) {
  if (!function->module) function->module = (iree_vm_module_t*)module;
}

iree_status_t vm_module_lookup(const iree_vm_module_t* module, iree_vm_function_linkage_t linkage,
                               iree_string_view_t name, const iree_vm_function_signature_t* expected_signature,
                               iree_vm_function_t* out_function) {
  memset(out_function, 0, sizeof *out_function);
  if (!module->lookup_function) return iree_status_from_code(IREE_STATUS_NOT_FOUND);
  IREE_RETURN_IF_ERROR(module->lookup_function(module->self, linkage, name, expected_signature, out_function));
  function_complete(module, out_function);
  return iree_ok_status();
}

iree_status_t vm_module_get_function(const iree_vm_module_t* module, iree_vm_function_linkage_t linkage,
                                     iree_host_size_t ordinal, iree_vm_function_t* out_function,
                                     iree_string_view_t* out_name, iree_vm_function_signature_t* out_signature) {
  if (out_function) memset(out_function, 0, sizeof *out_function);
  if (out_name) *out_name = iree_string_view_empty();
  if (out_signature) out_signature->calling_convention = iree_string_view_empty();
  if (!module->get_function) return iree_status_from_code(IREE_STATUS_UNIMPLEMENTED);
  IREE_RETURN_IF_ERROR(
      module->get_function(module->self, linkage, ordinal, out_function, out_name, out_signature));
  if (out_function) function_complete(module, out_function);
  if (out_name) *out_name = vm_text_sanitize(*out_name);
  if (out_signature) out_signature->calling_convention = vm_text_sanitize(out_signature->calling_convention);
  return iree_ok_status();
}

iree_status_t iree_vm_module_lookup_function_by_name(const iree_vm_module_t* module, iree_vm_function_linkage_t linkage,
                                                     iree_string_view_t name, iree_vm_function_t* out_function) {
  return vm_module_lookup(module, linkage, name, /*expected_signature=*/NULL, out_function);
}

iree_status_t iree_vm_module_lookup_function_by_ordinal(const iree_vm_module_t* module,
                                                        iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                                        iree_vm_function_t* out_function) {
  return vm_module_get_function(module, linkage, ordinal, out_function, NULL, NULL);
}

iree_string_view_t iree_vm_function_name(const iree_vm_function_t* function) {
  iree_string_view_t name = iree_string_view_empty();
  if (!function->module) return name;
  iree_status_t status = vm_module_get_function(function->module, (iree_vm_function_linkage_t)function->linkage,
                                                function->ordinal, NULL, &name, NULL);
  return iree_status_consume_code(status) == IREE_STATUS_OK ? name : iree_string_view_empty();
}

iree_vm_function_signature_t iree_vm_function_signature(const iree_vm_function_t* function) {
  iree_vm_function_signature_t none = {{NULL, 0}};
  iree_vm_function_signature_t signature = none;
  if (!function->module) return none;
  iree_status_t status = vm_module_get_function(function->module, (iree_vm_function_linkage_t)function->linkage,
                                                function->ordinal, NULL, NULL, &signature);
  return iree_status_consume_code(status) == IREE_STATUS_OK ? signature : none;
}

iree_status_t iree_vm_function_get_attr(iree_vm_function_t function, iree_host_size_t index,
                                        iree_string_pair_t* out_attr) {
  memset(out_attr, 0, sizeof *out_attr);
  const iree_vm_module_t* module = function.module;
  if (!module || !module->get_function_attr) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  return module->get_function_attr(module->self, (iree_vm_function_linkage_t)function.linkage, function.ordinal, index,
                                   out_attr);
}

iree_string_view_t iree_vm_function_lookup_attr_by_name(const iree_vm_function_t* function, iree_string_view_t key) {
  iree_string_pair_t attr;
  for (iree_host_size_t i = 0; i < VM_MAX_ATTRS; ++i) {
    iree_status_t status = iree_vm_function_get_attr(*function, i, &attr);
    if (iree_status_consume_code(status) != IREE_STATUS_OK) break;
    if (iree_string_view_equal(vm_text_sanitize(attr.key), key)) return attr.value;
  }
  return iree_string_view_empty();
}
