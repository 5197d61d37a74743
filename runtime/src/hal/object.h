/* SPDX-License-Identifier: Apache-2.0 */
/* What HAL objects have in common: a counter at offset 0, as references of the VM expect it. */
#ifndef VMRT_HAL_OBJECT_H_
#define VMRT_HAL_OBJECT_H_

#include "base/atomics.h"
#include "iree/vm/ref.h"

/* Bodies of PREFIX_retain and PREFIX_release for a struct whose first member is `iree_vm_ref_object_t ref_object`;
 * `destroy(object)` is called by whoever drops the last reference. NULL is allowed. */
#define HAL_DEFINE_REFERENCE_COUNT(PREFIX, T, destroy)                                  \
  void PREFIX##_retain(T* object) {                                                     \
    if (object) atomic_ref_count_retain(&object->ref_object.counter);                   \
  }                                                                                     \
  void PREFIX##_release(T* object) {                                                    \
    if (object && atomic_ref_count_release(&object->ref_object.counter)) destroy(object); \
  }

#endif /* VMRT_HAL_OBJECT_H_ */
