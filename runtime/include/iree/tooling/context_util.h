/* SPDX-License-Identifier: Apache-2.0 */
/* What tools share: lists of modules, module references and contexts from flags. */
#ifndef IREE_TOOLING_CONTEXT_UTIL_H_
#define IREE_TOOLING_CONTEXT_UTIL_H_

#include "iree/tooling/device_util.h"
#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Up to 64 retained modules. */
typedef struct iree_tooling_module_list_t {
  iree_host_size_t capacity;
  iree_host_size_t count;
  iree_vm_module_t* values[64];
} iree_tooling_module_list_t;

IREE_API_EXPORT void iree_tooling_module_list_initialize(iree_tooling_module_list_t* out_list);
/* Initialises `out_list` and retains each module. */
IREE_API_EXPORT void iree_tooling_module_list_clone(const iree_tooling_module_list_t* source_list,
                                                    iree_tooling_module_list_t* out_list);
/* Releases the modules, the newest first. */
IREE_API_EXPORT void iree_tooling_module_list_reset(iree_tooling_module_list_t* list);
/* Retains `module`; OUT_OF_RANGE when the list is full. */
IREE_API_EXPORT iree_status_t iree_tooling_module_list_push_back(iree_tooling_module_list_t* list,
                                                                 iree_vm_module_t* module);
/* Borrowed; NULL when empty. */
IREE_API_EXPORT iree_vm_module_t* iree_tooling_module_list_back(const iree_tooling_module_list_t* list);

/* Loads the module that one reference `PATH[@EXPORT][?PARAMS]` names (docs/module-references.md); `-` is standard
 * input. */
IREE_API_EXPORT iree_status_t vmrt_tooling_load_module(iree_vm_instance_t* instance, iree_string_view_t reference,
                                                       bool use_mmap, iree_allocator_t allocator,
                                                       iree_vm_module_t** out_module);
/* Bytecode from the file at `path`, whatever its name contains; `-` is standard input. */
IREE_API_EXPORT iree_status_t vmrt_tooling_load_bytecode(iree_vm_instance_t* instance, iree_string_view_t path,
                                                         bool use_mmap, iree_allocator_t allocator,
                                                         iree_vm_module_t** out_module);
/* cdef: end */

/* Loads the modules of all `--module=` flags in order and appends them. RESOURCE_EXHAUSTED, before anything is loaded,
 * when they do not fit. On failure the modules already appended stay: the caller resets the list. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_load_modules_from_flags(
    iree_vm_instance_t* instance, iree_allocator_t allocator, iree_tooling_module_list_t* list);
/* Appends the user's modules to `resolved_list`, each behind the system modules that it depends on and that no earlier
 * one has the name of: `hal` with the devices of the flags (of `default_device_uri` without any), `io_parameters` with
 * the files of the flags, `vmvx`. A required module that is neither there nor a system module is NOT_FOUND naming
 * both. `out_devices` is zeros before and stays without devices unless `hal` is needed. On failure list and devices
 * keep what they have: the caller resets them, the devices last. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_resolve_modules(
    iree_vm_instance_t* instance, iree_host_size_t user_module_count, iree_vm_module_t* const* user_modules,
    iree_string_view_t default_device_uri, iree_allocator_t allocator, iree_tooling_module_list_t* resolved_list,
    vmrt_tooling_devices_t* out_devices);
/* The same and a context of all of it, which retains the modules. `flags`: IREE_VM_CONTEXT_FLAG_… */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_create_context_from_flags(
    iree_vm_instance_t* instance, iree_host_size_t user_module_count, iree_vm_module_t* const* user_modules,
    iree_string_view_t default_device_uri, uint32_t flags, iree_allocator_t allocator,
    iree_tooling_module_list_t* resolved_list, vmrt_tooling_devices_t* out_devices, iree_vm_context_t** out_context);
/* Names that begin with `__` or contain `$` are for the system. */
IREE_API_EXPORT bool vmrt_tooling_is_hidden_name(iree_string_view_t name);
/* The only export whose name neither starts with `__` nor contains `$`; INVALID_ARGUMENT when there is none or more. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_find_single_exported_function(
    iree_vm_module_t* module, iree_vm_function_t* out_function);

#ifdef __cplusplus
}
#endif

#endif /* IREE_TOOLING_CONTEXT_UTIL_H_ */
