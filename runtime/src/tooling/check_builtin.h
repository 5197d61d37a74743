/* SPDX-License-Identifier: Apache-2.0 */
/* The module `check`, version 0: assertions that compiled test programs call. */
#ifndef VMRT_TOOLING_CHECK_BUILTIN_H_
#define VMRT_TOOLING_CHECK_BUILTIN_H_

#include "iree/vm/api.h"

/* Told about every assertion. `text` says what was wrong; empty when the assertion holds. A status ends the program. */
typedef struct check_listener_t {
  iree_status_t (*fn)(void* user_data, iree_string_view_t text);
  void* user_data;
} check_listener_t;

/* A failed assertion is told and the program goes on. One reference for the caller; the types of the HAL are
 * registered. */
iree_status_t check_builtin_create(iree_vm_instance_t* instance, check_listener_t listener, iree_allocator_t allocator,
                                   iree_vm_module_t** out_module);

#endif /* VMRT_TOOLING_CHECK_BUILTIN_H_ */
