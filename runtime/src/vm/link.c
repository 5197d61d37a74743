/* SPDX-License-Identifier: Apache-2.0 */
/* Linking: dependencies of a module, and its imports found among the modules registered before it. */
#include "vm/context_slots.h"
#include "vm/module_calls.h"
#include "vm/text.h"

/* Ordinals of functions are 16 bits wide; a module that announces more imports cannot be linked. */
#define LINK_MAX_IMPORTS 65536
/* So many missing imports are described in one status; the others are counted. */
#define LINK_MAX_DESCRIBED 32

const context_slot_t* link_find_module(const iree_vm_context_t* context, iree_string_view_t name) {
  for (iree_host_size_t i = context->slot_count; i-- > 0;) {
    const context_slot_t* slot = &context->slots[i];
    if (slot->is_linked && iree_string_view_equal(slot->name, name)) return slot;
  }
  return NULL;
}

/* ---- Dependencies ------------------------------------------------------------------------------------------------ */

typedef struct link_dependent_t {
  const iree_vm_context_t* context;
  const context_slot_t* slot;
} link_dependent_t;

static iree_status_t link_missing_dependency(const link_dependent_t* dependent,
                                             const iree_vm_module_dependency_t* dependency, iree_string_view_t name) {
  bool is_required = (dependency->flags & IREE_VM_MODULE_DEPENDENCY_FLAG_REQUIRED) != 0;
  bool is_optional = (dependency->flags & IREE_VM_MODULE_DEPENDENCY_FLAG_OPTIONAL) != 0;
  if (is_optional && !is_required) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND,
                          "module '%.*s' requires module '%.*s' (version %u or later), "
                          "which is not registered before it",
                          VM_SV_ARG(dependent->slot->name), VM_SV_ARG(name), (unsigned)dependency->minimum_version);
}

static iree_status_t link_check_dependency(void* user_data, const iree_vm_module_dependency_t* dependency) {
  const link_dependent_t* dependent = user_data;
  iree_string_view_t name = vm_text_sanitize(dependency->name);
  const context_slot_t* provider = link_find_module(dependent->context, name);
  if (!provider) return link_missing_dependency(dependent, dependency, name);
  if (!(dependency->flags & IREE_VM_MODULE_DEPENDENCY_FLAG_REQUIRED)) return iree_ok_status();
  uint32_t version = iree_vm_module_signature(provider->module).version;
  if (version >= dependency->minimum_version) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND,
                          "version mismatch: module '%.*s' requires module '%.*s' of version %u or later, "
                          "registered is %u",
                          VM_SV_ARG(dependent->slot->name), VM_SV_ARG(name), (unsigned)dependency->minimum_version,
                          (unsigned)version);
}

iree_status_t link_check_dependencies(const iree_vm_context_t* context, const context_slot_t* slot) {
  link_dependent_t dependent = {context, slot};
  iree_status_t status = iree_vm_module_enumerate_dependencies(slot->module, link_check_dependency, &dependent);
  if (iree_status_is_ok(status)) return status;
  return iree_status_annotate_f(status, "checking the dependencies of module '%.*s'", VM_SV_ARG(slot->name));
}

/* ---- One import -------------------------------------------------------------------------------------------------- */

typedef struct link_import_t {
  iree_host_size_t ordinal;
  iree_string_view_t full_name;
  iree_vm_function_signature_t signature; /* what the importer expects; empty: anything */
  bool is_optional;
  const context_slot_t* importer;
  const context_slot_t* provider; /* NULL until it is found */
} link_import_t;

/* What an import is found to be. */
typedef struct link_target_t {
  iree_vm_function_t function; /* module NULL: an optional import that stays unset */
  iree_vm_function_signature_t signature;
} link_target_t;

/* Every failure of an import names it, who wants it with which convention, and who should have it. */
static iree_status_t link_import_failure(const link_import_t* import, iree_status_t status) {
  iree_string_view_t cconv = import->signature.calling_convention;
  if (iree_string_view_is_empty(cconv)) cconv = IREE_SV("any signature");
  status = iree_status_annotate_f(status, "resolving import '%.*s' (%.*s) of module '%.*s'",
                                  VM_SV_ARG(import->full_name), VM_SV_ARG(cconv), VM_SV_ARG(import->importer->name));
  if (!import->provider) return status;
  return iree_status_annotate_f(status, "looked for in module '%.*s' version %u", VM_SV_ARG(import->provider->name),
                                (unsigned)iree_vm_module_signature(import->provider->module).version);
}

static iree_status_t link_find_provider(const iree_vm_context_t* context, link_import_t* import,
                                        iree_string_view_t* out_function_name) {
  iree_string_view_t module_name;
  if (iree_string_view_split(import->full_name, '.', &module_name, out_function_name) == IREE_STRING_VIEW_NPOS) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "import name '%.*s' is not fully-qualified: module.function",
                            VM_SV_ARG(import->full_name));
  }
  import->provider = link_find_module(context, module_name);
  if (import->provider || import->is_optional) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND,
                          "module '%.*s' is not registered before the module that imports from it",
                          VM_SV_ARG(module_name));
}

static iree_status_t link_check_signature(const link_import_t* import, const link_target_t* target) {
  iree_string_view_t expected = import->signature.calling_convention;
  iree_string_view_t actual = target->signature.calling_convention;
  if (iree_string_view_is_empty(expected) || iree_string_view_equal(expected, actual)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INTERNAL, "signature mismatch: import '%.*s' expected '%.*s' but got '%.*s'",
                          VM_SV_ARG(import->full_name), VM_SV_ARG(expected), VM_SV_ARG(actual));
}

static iree_status_t link_find_export(const link_import_t* import, iree_string_view_t function_name,
                                      link_target_t* out_target) {
  const iree_vm_module_t* provider = import->provider->module;
  iree_status_t status = vm_module_lookup(provider, IREE_VM_FUNCTION_LINKAGE_EXPORT, function_name, &import->signature,
                                          &out_target->function);
  if (!iree_status_is_ok(status)) {
    memset(&out_target->function, 0, sizeof out_target->function);
    bool is_skipped = import->is_optional && IREE_STATUS_IS(NOT_FOUND, status);
    return is_skipped ? iree_status_ignore(status) : status;
  }
  IREE_RETURN_IF_ERROR(vm_module_get_function(provider, (iree_vm_function_linkage_t)out_target->function.linkage,
                                              out_target->function.ordinal, NULL, NULL, &out_target->signature));
  return link_check_signature(import, out_target);
}

static iree_status_t link_find_import(const iree_vm_context_t* context, link_import_t* import,
                                      link_target_t* out_target) {
  memset(out_target, 0, sizeof *out_target);
  iree_string_view_t function_name;
  IREE_RETURN_IF_ERROR(link_find_provider(context, import, &function_name));
  return import->provider ? link_find_export(import, function_name, out_target) : iree_ok_status();
}

static iree_status_t link_hand_over(const link_import_t* import, const link_target_t* target) {
  const context_slot_t* importer = import->importer;
  const iree_vm_module_t* module = importer->module;
  if (!module->resolve_import) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "module '%.*s' has imports but no resolve_import",
                            VM_SV_ARG(importer->name));
  }
  return module->resolve_import(module->self, importer->state, import->ordinal, &target->function, &target->signature);
}

/* ---- All imports ------------------------------------------------------------------------------------------------- */

static iree_status_t link_get_import(const context_slot_t* slot, iree_host_size_t ordinal, link_import_t* out_import) {
  memset(out_import, 0, sizeof *out_import);
  out_import->ordinal = ordinal;
  out_import->importer = slot;
  iree_vm_function_t function;
  iree_status_t status = vm_module_get_function(slot->module, IREE_VM_FUNCTION_LINKAGE_IMPORT, ordinal, &function,
                                                &out_import->full_name, &out_import->signature);
  out_import->is_optional = function.linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL;
  if (iree_status_is_ok(status)) return status;
  return iree_status_annotate_f(status, "reading import %zu of module '%.*s'", ordinal, VM_SV_ARG(slot->name));
}

/* Imports that cannot be had: the status of the first one, the others as text behind it. */
typedef struct link_failures_t {
  iree_status_t status;
  iree_host_size_t count;
} link_failures_t;

static void link_add_failure(link_failures_t* failures, iree_status_t status) {
  if (++failures->count > LINK_MAX_DESCRIBED) {
    iree_status_free(status);
    return;
  }
  failures->status = iree_status_join(failures->status, status);
}

static iree_status_t link_summarize(const context_slot_t* slot, const link_failures_t* failures,
                                    iree_host_size_t import_count) {
  return iree_status_annotate_f(failures->status, "resolving module '%.*s' imports: %zu of %zu cannot be had",
                                VM_SV_ARG(slot->name), failures->count, import_count);
}

static iree_status_t link_check_import_count(const context_slot_t* slot, iree_host_size_t import_count) {
  if (import_count <= LINK_MAX_IMPORTS) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "module '%.*s' announces %zu imports; %d are possible",
                          VM_SV_ARG(slot->name), import_count, LINK_MAX_IMPORTS);
}

/* Imports are handed over as long as all were found; after the first failure they are only looked for. What the module
 * itself does wrong ends the walk. */
iree_status_t link_resolve_imports(const iree_vm_context_t* context, const context_slot_t* slot) {
  iree_host_size_t import_count = iree_vm_module_signature(slot->module).import_function_count;
  IREE_RETURN_IF_ERROR(link_check_import_count(slot, import_count));
  link_failures_t failures = {iree_ok_status(), 0};
  for (iree_host_size_t i = 0; i < import_count; ++i) {
    link_import_t import;
    link_target_t target;
    iree_status_t own = link_get_import(slot, i, &import);
    if (!iree_status_is_ok(own)) return iree_status_join(failures.status, own);
    iree_status_t status = link_find_import(context, &import, &target);
    if (iree_status_is_ok(status) && target.function.module && failures.count == 0) {
      status = link_hand_over(&import, &target);
    }
    if (!iree_status_is_ok(status)) link_add_failure(&failures, link_import_failure(&import, status));
  }
  return failures.count ? link_summarize(slot, &failures, import_count) : iree_ok_status();
}
