/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of retained modules. */
#include "iree/tooling/context_util.h"

#define MODULE_LIST_CAPACITY (sizeof((iree_tooling_module_list_t*)0)->values / sizeof(iree_vm_module_t*))

void iree_tooling_module_list_initialize(iree_tooling_module_list_t* out_list) {
  memset(out_list, 0, sizeof *out_list);
  out_list->capacity = MODULE_LIST_CAPACITY;
}

void iree_tooling_module_list_clone(const iree_tooling_module_list_t* source_list,
                                    iree_tooling_module_list_t* out_list) {
  *out_list = *source_list;
  for (iree_host_size_t i = 0; i < out_list->count; ++i) iree_vm_module_retain(out_list->values[i]);
}

void iree_tooling_module_list_reset(iree_tooling_module_list_t* list) {
  while (list->count > 0) {
    iree_vm_module_t* newest = list->values[--list->count];
    list->values[list->count] = NULL;
    iree_vm_module_release(newest);
  }
}

iree_status_t iree_tooling_module_list_push_back(iree_tooling_module_list_t* list, iree_vm_module_t* module) {
  if (list->count == list->capacity) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "a list holds at most %zu modules", list->capacity);
  }
  iree_vm_module_retain(module);
  list->values[list->count++] = module;
  return iree_ok_status();
}

iree_vm_module_t* iree_tooling_module_list_back(const iree_tooling_module_list_t* list) {
  return list->count ? list->values[list->count - 1] : NULL;
}
