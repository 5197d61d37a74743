/* SPDX-License-Identifier: Apache-2.0 */
/* A training driver: runs the loop over a compiled module `model` that was loaded before it and gives the last loss. */
#include "trace.h"

enum { INIT, STEP, LOSS };

typedef struct {
  vmrt_module_t base;
  int32_t rate; /* in thousandths */
} trainer_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  trainer_t* self = (trainer_t*)module;
  self->rate = 250;
  return vmrt_param_i32(params, "rate", &self->rate);
}

static iree_status_t init_model(vmrt_call_t* call) {
  vmrt_invoke_t init;
  vmrt_invoke_begin(&init, call, INIT);
  return vmrt_invoke(&init);
}

static iree_status_t step_model(vmrt_call_t* call, float rate) {
  vmrt_invoke_t step;
  vmrt_invoke_begin(&step, call, STEP);
  vmrt_push_f32(&step, rate);
  return vmrt_invoke(&step);
}

/* From the beginning: init, `steps` times step(rate), loss. */
static iree_status_t train(vmrt_call_t* call) {
  int32_t steps = vmrt_arg_i32(call);
  float rate = (float)((trainer_t*)call->module)->rate / 1000.0f;
  VMRT_TRY(init_model(call));
  for (int32_t i = 0; i < steps; ++i) VMRT_TRY(step_model(call, rate));
  vmrt_invoke_t loss;
  vmrt_invoke_begin(&loss, call, LOSS);
  VMRT_TRY(vmrt_invoke(&loss));
  vmrt_return_f32(call, vmrt_take_f32(&loss));
  return vmrt_ok();
}

static const vmrt_module_type_t trainer = {
    .name = "trainer",
    .size = sizeof(trainer_t),
    .configure = configure,
    VMRT_IMPORTS({"model.init", "0v_v", VMRT_REQUIRED},
                 {"model.step", "0f_f", VMRT_REQUIRED},
                 {"model.loss", "0v_f", VMRT_REQUIRED}),
    VMRT_EXPORTS({"train", "0i_f", train}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, trainer)
