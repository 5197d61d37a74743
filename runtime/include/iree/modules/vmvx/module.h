/* SPDX-License-Identifier: Apache-2.0 */
/* The module `vmvx`, version 0: 2-d microkernels that vmvx executables may import. */
#ifndef IREE_MODULES_VMVX_MODULE_H_
#define IREE_MODULES_VMVX_MODULE_H_

#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Stateless: one module may serve any number of contexts. One reference for the caller. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vmvx_module_create(iree_vm_instance_t* instance,
                                                                           iree_allocator_t host_allocator,
                                                                           iree_vm_module_t** out_module);

#ifdef __cplusplus
}
#endif

#endif /* IREE_MODULES_VMVX_MODULE_H_ */
