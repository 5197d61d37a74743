/* SPDX-License-Identifier: Apache-2.0 */
/* Bytecode modules: archives (.vmfb) of bytecode version 17. */
#ifndef IREE_VM_BYTECODE_MODULE_H_
#define IREE_VM_BYTECODE_MODULE_H_

#include "iree/vm/instance.h"
#include "iree/vm/module.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef enum iree_vm_bytecode_module_flags_e {
  IREE_VM_BYTECODE_MODULE_FLAG_NONE = 0,
  IREE_VM_BYTECODE_MODULE_FLAG_ALLOW_PLACEHOLDER_TYPES = 1 /* unknown types get a name only: to look at, not to run */
} iree_vm_bytecode_module_flags_t;

/* Parses and verifies the archive, every function of it; nothing unverified is ever run. On success the module owns the
 * archive's memory and frees it with `archive_allocator` (null: borrowed, outlives the module); on failure the caller keeps it.
 * A rejection names the offset or the function and pc, and the rule. */
IREE_API_EXPORT iree_status_t iree_vm_bytecode_module_create(iree_vm_instance_t* instance, uint32_t flags,
                                                             iree_const_byte_span_t archive_contents,
                                                             iree_allocator_t archive_allocator,
                                                             iree_allocator_t allocator, iree_vm_module_t** out_module);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_BYTECODE_MODULE_H_ */
