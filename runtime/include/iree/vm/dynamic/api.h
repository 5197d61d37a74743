/* SPDX-License-Identifier: Apache-2.0 */
/* Loading native modules: everything a host needs. */
#ifndef IREE_VM_DYNAMIC_API_H_
#define IREE_VM_DYNAMIC_API_H_

#include "iree/vm/api.h"
#include "iree/vm/dynamic/module.h"

#endif /* IREE_VM_DYNAMIC_API_H_ */
