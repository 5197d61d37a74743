/* SPDX-License-Identifier: Apache-2.0 */
/* Native calls native: needs minimal.add, and uses state.get where a module `state` was loaded before it. */
#include "trace.h"

enum { ADD, STATE_GET };

/* 2 (a + b), by two nested calls of the import. */
static iree_status_t twice_add(vmrt_call_t* call) {
  vmrt_invoke_t add;
  vmrt_invoke_begin(&add, call, ADD);
  vmrt_push_i32(&add, vmrt_arg_i32(call));
  vmrt_push_i32(&add, vmrt_arg_i32(call));
  VMRT_TRY(vmrt_invoke(&add));
  int32_t sum = vmrt_take_i32(&add);
  vmrt_invoke_begin(&add, call, ADD);
  vmrt_push_i32(&add, sum);
  vmrt_push_i32(&add, sum);
  VMRT_TRY(vmrt_invoke(&add));
  vmrt_return_i32(call, vmrt_take_i32(&add));
  return vmrt_ok();
}

static iree_status_t has_optional(vmrt_call_t* call) {
  vmrt_return_i32(call, vmrt_import_resolved(call, STATE_GET));
  return vmrt_ok();
}

/* NOT_FOUND, naming the import, where it is missing. */
static iree_status_t call_optional(vmrt_call_t* call) {
  vmrt_invoke_t get;
  vmrt_invoke_begin(&get, call, STATE_GET);
  VMRT_TRY(vmrt_invoke(&get));
  vmrt_return_i32(call, vmrt_take_i32(&get));
  return vmrt_ok();
}

static const vmrt_module_type_t importer = {
    .name = "importer",
    VMRT_IMPORTS({"minimal.add", "0ii_i", VMRT_REQUIRED}, {"state.get", "0v_i", VMRT_OPTIONAL}),
    VMRT_EXPORTS({"twice_add", "0ii_i", twice_add},
                 {"has_optional", "0v_i", has_optional},
                 {"call_optional", "0v_i", call_optional}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, importer)
