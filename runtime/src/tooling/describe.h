/* SPDX-License-Identifier: Apache-2.0 */
/* What a module says about itself, as text. */
#ifndef VMRT_TOOLING_DESCRIBE_H_
#define VMRT_TOOLING_DESCRIBE_H_

#include "base/string_builder.h"
#include "iree/vm/api.h"

/* A line `NAME CONVENTION` for each export; `-` where the module gives no convention. */
iree_status_t describe_exports(iree_vm_module_t* module, iree_string_builder_t* builder);

/* Name, version, attributes, dependencies, imports and exports with their attributes; of bytecode the code too. */
iree_status_t describe_module(iree_vm_module_t* module, iree_string_builder_t* builder);

#endif /* VMRT_TOOLING_DESCRIBE_H_ */
