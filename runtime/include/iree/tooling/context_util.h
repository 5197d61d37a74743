/* SPDX-License-Identifier: Apache-2.0 */
/* What tools share: lists of modules, module references and contexts from flags. */
#ifndef IREE_TOOLING_CONTEXT_UTIL_H_
#define IREE_TOOLING_CONTEXT_UTIL_H_

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

/* Loads the module that one reference `PATH[@EXPORT][?PARAMS]` names (docs/module-references.md); `-` is standard input. */
IREE_API_EXPORT iree_status_t vmrt_tooling_load_module(iree_vm_instance_t* instance, iree_string_view_t reference,
                                                       bool use_mmap, iree_allocator_t allocator,
                                                       iree_vm_module_t** out_module);
/* Bytecode from the file at `path`, whatever its name contains; `-` is standard input. */
IREE_API_EXPORT iree_status_t vmrt_tooling_load_bytecode(iree_vm_instance_t* instance, iree_string_view_t path,
                                                         bool use_mmap, iree_allocator_t allocator,
                                                         iree_vm_module_t** out_module);
/* cdef: end */

/* Loads the modules of all `--module=` flags in order and appends them. RESOURCE_EXHAUSTED, before anything is loaded, when they
 * do not fit. On failure the modules already appended stay: the caller resets the list. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_load_modules_from_flags(iree_vm_instance_t* instance,
                                                                                        iree_allocator_t allocator,
                                                                                        iree_tooling_module_list_t* list);
/* Every required dependency of every module has to be the name of an earlier one: NOT_FOUND naming both otherwise. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
vmrt_tooling_check_dependencies(const iree_tooling_module_list_t* list);
/* The only export whose name neither starts with `__` nor contains `$`; INVALID_ARGUMENT when there is none or more. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_find_single_exported_function(
    iree_vm_module_t* module, iree_vm_function_t* out_function);

#ifdef __cplusplus
}
#endif

#endif /* IREE_TOOLING_CONTEXT_UTIL_H_ */
