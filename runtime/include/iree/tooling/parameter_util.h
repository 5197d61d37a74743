/* SPDX-License-Identifier: Apache-2.0 */
/* From flags to parameters. */
#ifndef IREE_TOOLING_PARAMETER_UTIL_H_
#define IREE_TOOLING_PARAMETER_UTIL_H_

#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The module `io_parameters` with the files of all `--parameters=` flags, those of one scope together. A failure names
 * the flag. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_tooling_create_parameters_module_from_flags(
    iree_vm_instance_t* instance, iree_allocator_t allocator, iree_vm_module_t** out_module);

#ifdef __cplusplus
}
#endif

#endif /* IREE_TOOLING_PARAMETER_UTIL_H_ */
