/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that name modules and their parameters, shared by all tools. */
#ifndef VMRT_TOOLING_MODULE_FLAGS_H_
#define VMRT_TOOLING_MODULE_FLAGS_H_

#include "iree/base/tooling/flags.h"

extern const vmrt_flag_set_t tooling_module_flags;
extern const vmrt_flag_set_t tooling_parameter_flags;

#endif /* VMRT_TOOLING_MODULE_FLAGS_H_ */
