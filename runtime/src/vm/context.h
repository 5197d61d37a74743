/* SPDX-License-Identifier: Apache-2.0 */
/* What the interpreter and the stack may know of contexts and instances beyond the public API. */
#ifndef VMRT_VM_CONTEXT_H_
#define VMRT_VM_CONTEXT_H_

#include "iree/vm/api.h"

/* The status code that vmrt_context_cancel or vmrt_instance_cancel set last, 0 while nobody cancelled. Read with
 * atomic_load_relaxed_i32; valid as long as the object. */
const int32_t* vm_context_cancel_flag(const iree_vm_context_t* context);
const int32_t* vm_instance_cancel_flag(const iree_vm_instance_t* instance);

/* The context behind a resolver made by iree_vm_context_state_resolver; NULL for any other resolver. */
const iree_vm_context_t* vm_context_from_resolver(iree_vm_state_resolver_t resolver);

#endif /* VMRT_VM_CONTEXT_H_ */
