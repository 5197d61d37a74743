/* SPDX-License-Identifier: Apache-2.0 */
/* The module `io_parameters`, version 0: compiled programs load their parameters through it. */
#ifndef IREE_MODULES_IO_PARAMETERS_MODULE_H_
#define IREE_MODULES_IO_PARAMETERS_MODULE_H_

#include "iree/io/parameter_provider.h"
#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Registers the types of the hal module; retains the providers, of which the first one that handles a scope serves it.
 * One reference for the caller. */
IREE_API_EXPORT iree_status_t iree_io_parameters_module_create(iree_vm_instance_t* instance,
                                                               iree_host_size_t provider_count,
                                                               iree_io_parameter_provider_t** providers,
                                                               iree_allocator_t host_allocator,
                                                               iree_vm_module_t** out_module);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_MODULES_IO_PARAMETERS_MODULE_H_ */
