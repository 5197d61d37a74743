/* SPDX-License-Identifier: Apache-2.0 */
/* Native modules in shared libraries. */
#ifndef IREE_VM_DYNAMIC_MODULE_H_
#define IREE_VM_DYNAMIC_MODULE_H_

#include "iree/vm/instance.h"
#include "iree/vm/module.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IREE_VM_DYNAMIC_MODULE_EXPORT_NAME "iree_vm_dynamic_module_create"

typedef enum iree_vm_dynamic_module_version_e {
  IREE_VM_DYNAMIC_MODULE_VERSION_0_1 = 1,
  IREE_VM_DYNAMIC_MODULE_VERSION_LATEST = 1
} iree_vm_dynamic_module_version_t;

/* What a library exports. `params` are borrowed for the call. Success: OK and a module with one reference. A library that needs
 * a newer host than `max_version` returns OK and leaves `*out_module` NULL. */
typedef iree_status_t (*iree_vm_dynamic_module_create_fn_t)(uint32_t max_version, iree_vm_instance_t* instance,
                                                            iree_host_size_t param_count,
                                                            const iree_string_pair_t* params,
                                                            iree_allocator_t allocator, iree_vm_module_t** out_module);

/* cdef: begin */
/* Opens the library at `path`, calls its export (empty: iree_vm_dynamic_module_create) and checks what it returns. The library
 * stays open until the module is destroyed. NOT_FOUND: no such library or export, with the loader's text. INCOMPATIBLE: the
 * library refused (OK without a module). INVALID_ARGUMENT: a path or export name that is too long or empty. FAILED_PRECONDITION:
 * a required slot of the module is missing, by name. */
IREE_API_EXPORT iree_status_t iree_vm_dynamic_module_load_from_file(
    iree_vm_instance_t* instance, iree_string_view_t path, iree_string_view_t export_name, iree_host_size_t param_count,
    const iree_string_pair_t* params, iree_allocator_t allocator, iree_vm_module_t** out_module);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_DYNAMIC_MODULE_H_ */
