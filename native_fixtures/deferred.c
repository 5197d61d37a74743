/* SPDX-License-Identifier: Apache-2.0 */
/* Answers DEFERRED and finishes when it is resumed: wait() and answer() = 42, after `times=` resumptions (1). */
#include "trace.h"

typedef struct {
  vmrt_module_t base;
  int32_t times;
} deferred_t;

typedef struct {
  const char* cconv; /* of the call in progress */
  int32_t left;
} state_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  ((deferred_t*)module)->times = 1;
  return vmrt_param_i32(params, "times", &((deferred_t*)module)->times);
}

static iree_status_t resume(vmrt_call_t* call) {
  state_t* state = (state_t*)vmrt_call_state(call);
  if (!state->cconv) return vmrt_status(IREE_STATUS_FAILED_PRECONDITION, "deferred: no call is in progress");
  if (state->left-- > 0) return vmrt_status_bare(IREE_STATUS_DEFERRED);
  vmrt_resume_as(call, state->cconv);
  if (strcmp(state->cconv, "0v_i") == 0) vmrt_return_i32(call, 42);
  state->cconv = NULL;
  return vmrt_ok();
}

static iree_status_t begin(vmrt_call_t* call, const char* cconv) {
  state_t* state = (state_t*)vmrt_call_state(call);
  state->cconv = cconv;
  state->left = ((deferred_t*)call->module)->times;
  return resume(call);
}

static iree_status_t wait_for_it(vmrt_call_t* call) { return begin(call, "0v_v"); }
static iree_status_t answer(vmrt_call_t* call) { return begin(call, "0v_i"); }

static const vmrt_module_type_t deferred = {
    .name = "deferred",
    .size = sizeof(deferred_t),
    .state_size = sizeof(state_t),
    .configure = configure,
    .resume = resume,
    VMRT_EXPORTS({"wait", "0v_v", wait_for_it}, {"answer", "0v_i", answer}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, deferred)
