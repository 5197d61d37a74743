/* SPDX-License-Identifier: Apache-2.0 */
/* From flags to loaded modules, and the function of one that is run when none is named. */
#include "iree/tooling/context_util.h"

#include "tooling/module_flags.h"
#include "vm/text.h"

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

static iree_flag_string_list_t flag_module = {0, 0, NULL};
static iree_string_view_t flag_module_mode = {"preload", 7};

static const vmrt_flag_t module_flag_table[] = {
    {"module", VMRT_FLAG_LIST, &flag_module,
     "A module PATH[@EXPORT][?PARAMETERS], in the order of loading; the last one is run. `-` is standard input."},
    {"module_mode", VMRT_FLAG_STRING, &flag_module_mode, "Bytecode files are read with `preload`, mapped with `mmap`."},
};
const vmrt_flag_set_t tooling_module_flags = {"Modules", 2, module_flag_table};

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

static iree_status_t module_mode_from_flag(bool* out_use_mmap) {
  *out_use_mmap = iree_string_view_equal(flag_module_mode, IREE_SV("mmap"));
  if (*out_use_mmap || iree_string_view_equal(flag_module_mode, IREE_SV("preload"))) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "unrecognized --module_mode= value '%.*s'; it is `preload` or `mmap`",
                          VM_SV_ARG(flag_module_mode));
}

static iree_status_t load_one(iree_vm_instance_t* instance, iree_string_view_t reference, bool use_mmap,
                              iree_allocator_t allocator, iree_tooling_module_list_t* list) {
  iree_vm_module_t* module = NULL;
  IREE_RETURN_IF_ERROR(vmrt_tooling_load_module(instance, reference, use_mmap, allocator, &module));
  iree_status_t status = iree_tooling_module_list_push_back(list, module);
  iree_vm_module_release(module);
  return status;
}

iree_status_t iree_tooling_load_modules_from_flags(iree_vm_instance_t* instance, iree_allocator_t allocator,
                                                   iree_tooling_module_list_t* list) {
  bool use_mmap = false;
  IREE_RETURN_IF_ERROR(module_mode_from_flag(&use_mmap));
  if (flag_module.count > list->capacity - list->count) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                            "too many modules: %zu with %zu --module= flags; at most %zu",
                            list->count + flag_module.count, flag_module.count, list->capacity);
  }
  for (iree_host_size_t i = 0; i < flag_module.count; ++i) {
    iree_status_t status = load_one(instance, flag_module.values[i], use_mmap, allocator, list);
    if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "loading modules and dependencies");
  }
  return iree_ok_status();
}

/* ---- The function to run ----------------------------------------------------------------------------------------- */

/* References to functions have 16 bits for the ordinal: whatever a module says, it has no more. */
#define MAX_ORDINALS 65536

bool vmrt_tooling_is_hidden_name(iree_string_view_t name) {
  return iree_string_view_starts_with(name, IREE_SV("__")) ||
         iree_string_view_find_char(name, '$', 0) != IREE_STRING_VIEW_NPOS;
}

iree_status_t iree_tooling_find_single_exported_function(iree_vm_module_t* module, iree_vm_function_t* out_function) {
  iree_host_size_t export_count = iree_vm_module_signature(module).export_function_count;
  if (export_count > MAX_ORDINALS) export_count = MAX_ORDINALS;
  iree_vm_function_t found = {NULL, 0, 0};
  for (iree_host_size_t i = 0; i < export_count; ++i) {
    iree_vm_function_t function = {NULL, 0, 0};
    IREE_RETURN_IF_ERROR(
        iree_vm_module_lookup_function_by_ordinal(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, i, &function));
    if (vmrt_tooling_is_hidden_name(iree_vm_function_name(&function))) continue;
    if (found.module) {
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                              "more than one exported function present; name the one to run with --function=");
    }
    found = function;
  }
  if (!found.module) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "no exported functions found in module: there is nothing to run");
  }
  *out_function = found;
  return iree_ok_status();
}
