/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a module for functions safely: outputs are zeroed before the call and made sound after it. */
#ifndef VMRT_VM_MODULE_CALLS_H_
#define VMRT_VM_MODULE_CALLS_H_

#include "iree/vm/module.h"

/* A search through attributes gives up here: a module may never say that there are no more. */
#define VM_MAX_ATTRS 65536

/* NOT_FOUND (without a message) when the module has no lookup_function. A function without a module gets `module`. */
iree_status_t vm_module_lookup(const iree_vm_module_t* module, iree_vm_function_linkage_t linkage,
                               iree_string_view_t name, const iree_vm_function_signature_t* expected_signature,
                               iree_vm_function_t* out_function);
/* Any output may be NULL. */
iree_status_t vm_module_get_function(const iree_vm_module_t* module, iree_vm_function_linkage_t linkage,
                                     iree_host_size_t ordinal, iree_vm_function_t* out_function,
                                     iree_string_view_t* out_name, iree_vm_function_signature_t* out_signature);

#endif /* VMRT_VM_MODULE_CALLS_H_ */
