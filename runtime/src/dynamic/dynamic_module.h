/* SPDX-License-Identifier: Apache-2.0 */
/* A native module as the rest of the runtime sees it: our interface in front, the library and its own module behind. */
#ifndef VMRT_DYNAMIC_DYNAMIC_MODULE_H_
#define VMRT_DYNAMIC_DYNAMIC_MODULE_H_

#include "iree/vm/dynamic/api.h"
#include "platform/platform.h"

/* Longest name of an export in bytes; a longer one is refused, never cut. */
#define DYNAMIC_MAX_EXPORT_NAME 255

typedef struct dynamic_module_t {
  iree_vm_module_t interface; /* what hosts hold; its self is this structure */
  iree_allocator_t allocator;
  iree_vm_instance_t* instance; /* retained: the library may use it until destroy has returned */
  platform_library_t* library;
  iree_vm_module_t* user; /* what the library made; one reference of it is ours */
} dynamic_module_t;

/* What a host asks of a library. `export_name` is NUL terminated. */
typedef struct dynamic_request_t {
  const char* export_name;
  iree_host_size_t param_count;
  const iree_string_pair_t* params;
} dynamic_request_t;

/* NOT_FOUND when the file is a library that lacks part of what the system's loader would map. */
iree_status_t dynamic_check_file(iree_string_view_t path);

/* Calls the export of the open library and takes over the module that it returns once that is one that can be used. On
 * failure nothing of the library is held but the library itself; the status owes nothing to its memory. */
iree_status_t dynamic_handshake(dynamic_module_t* module, const dynamic_request_t* request);

/* Fills the interface with functions that pass every call on to `module->user`. */
void dynamic_forward_initialize(dynamic_module_t* module);

/* Gives back whatever `module` holds: the user's module, then the library, the instance and the memory. */
void dynamic_module_discard(dynamic_module_t* module);

/* A status that owes nothing to the library. OK and codes without storage are that already. */
static inline iree_status_t dynamic_own_status(iree_status_t status) {
  return (uintptr_t)status <= IREE_STATUS_CODE_MASK ? status : iree_status_freeze(status);
}

#endif /* VMRT_DYNAMIC_DYNAMIC_MODULE_H_ */
