/* SPDX-License-Identifier: Apache-2.0 */
/* Its export is a number, not a function. */
#include "vmrt/base.h"

VMRT_EXPORT extern const uint64_t iree_vm_dynamic_module_create[8];
const uint64_t iree_vm_dynamic_module_create[8] = {0};
