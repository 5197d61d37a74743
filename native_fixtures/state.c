/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps a total per context: add(x), also called bump, adds and gives the total; get gives it. */
#include "trace.h"

typedef struct {
  int32_t total;
} state_t;

static iree_status_t add(vmrt_call_t* call) {
  state_t* state = (state_t*)vmrt_call_state(call);
  state->total += vmrt_arg_i32(call);
  vmrt_return_i32(call, state->total);
  return vmrt_ok();
}

static iree_status_t get(vmrt_call_t* call) {
  vmrt_return_i32(call, ((state_t*)vmrt_call_state(call))->total);
  return vmrt_ok();
}

static iree_status_t fork_state(vmrt_module_t* module, const void* parent, void* child) {
  (void)module;
  *(state_t*)child = *(const state_t*)parent;
  return vmrt_ok();
}

static const vmrt_module_type_t state = {
    .name = "state",
    .state_size = sizeof(state_t),
    .fork_state = fork_state,
    VMRT_EXPORTS({"add", "0i_i", add}, {"bump", "0i_i", add}, {"get", "0v_i", get}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, state)
