/* SPDX-License-Identifier: Apache-2.0 */
/* Exports with names of 255 and of 256 letters `a`: modules `cut` and `whole`, so a name cut short is seen. */
#include "trace.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define A255 A64 A64 A64 A16 A16 A16 "aaaaaaaaaaaaaaa"

static iree_status_t length_of_name(vmrt_call_t* call) {
  vmrt_return_i32(call, strcmp(call->module->name, "cut") == 0 ? 255 : 256);
  return vmrt_ok();
}

static const vmrt_module_type_t cut = {.name = "cut", VMRT_EXPORTS({"length", "0v_i", length_of_name})};
static const vmrt_module_type_t whole = {.name = "whole", VMRT_EXPORTS({"length", "0v_i", length_of_name})};

iree_status_t create_cut(VMRT_CREATE_PARAMETERS) __asm__(A255);
iree_status_t create_whole(VMRT_CREATE_PARAMETERS) __asm__(A255 "a");
TRACE_EXPORT_MODULE(create_cut, cut)
TRACE_EXPORT_MODULE(create_whole, whole)
