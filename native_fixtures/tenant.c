/* SPDX-License-Identifier: Apache-2.0 */
/* Lives beside a device: depends on `hal` and traces the number of threads with every event of its life, which tells whether the
 * device is still there.
 *
 * Parameters: `name=` (tenant), `fail=` alloc, init or call (with DATA_LOSS), `keep=` state or module: how long a reference
 * given to `keep` stays; without it `keep` keeps nothing. */
#define TRACE_THREADS
#include "support.h"

typedef struct {
  vmrt_module_t base;
  support_text_t name, fail, keep;
  iree_vm_ref_t kept;
} tenant_t;

typedef struct {
  iree_vm_ref_t kept;
} state_t;

static iree_status_t reach(const vmrt_module_t* module, const char* stage) {
  const tenant_t* self = (const tenant_t*)module;
  return strcmp(self->fail.text, stage) == 0 ? support_failure(IREE_STATUS_DATA_LOSS, "") : vmrt_ok();
}

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  tenant_t* self = (tenant_t*)module;
  static const char* const known[] = {"name", "fail", "keep", NULL};
  VMRT_TRY(vmrt_params_allow(params, known));
  VMRT_TRY(support_param_text(params, "name", "tenant", &self->name));
  VMRT_TRY(support_param_text(params, "fail", "", &self->fail));
  VMRT_TRY(support_param_text(params, "keep", "", &self->keep));
  module->name = self->name.text;
  return vmrt_ok();
}

static iree_status_t init_state(vmrt_module_t* module, void* state) {
  (void)state;
  return reach(module, "alloc");
}

/* An event of the library: it may come within `destroy`, which is written when that begins. */
static void let_go(iree_vm_ref_t* kept) {
  if (vmrt_ref_is_null(*kept)) return;
  trace_event(NULL, "lib.let_go");
  vmrt_ref_release(kept);
}

static void deinit_state(vmrt_module_t* module, void* state) {
  (void)module;
  let_go(&((state_t*)state)->kept);
}

static void deinitialize(vmrt_module_t* module) { let_go(&((tenant_t*)module)->kept); }

static iree_status_t init(vmrt_call_t* call) { return reach(call->module, "init"); }

/* How many threads there are now. */
static iree_status_t threads(vmrt_call_t* call) {
  VMRT_TRY(reach(call->module, "call"));
  vmrt_return_i32(call, (int32_t)threads_now());
  return vmrt_ok();
}

static iree_status_t ping(vmrt_call_t* call) {
  VMRT_TRY(reach(call->module, "call"));
  vmrt_return_i32(call, 1);
  return vmrt_ok();
}

/* Keeps its argument for as long as the module was told. */
static iree_status_t keep(vmrt_call_t* call) {
  tenant_t* self = (tenant_t*)call->module;
  iree_vm_ref_t ref = vmrt_arg_ref(call);
  if (!self->keep.text[0]) return vmrt_ok();
  iree_vm_ref_t* place = strcmp(self->keep.text, "state") == 0 ? &((state_t*)vmrt_call_state(call))->kept : &self->kept;
  vmrt_ref_release(place);
  *place = vmrt_ref_retain(ref);
  return vmrt_ok();
}

static const vmrt_module_type_t tenant = {
    .name = "tenant",
    .size = sizeof(tenant_t),
    .state_size = sizeof(state_t),
    .configure = configure,
    .deinitialize = deinitialize,
    .init_state = init_state,
    .deinit_state = deinit_state,
    VMRT_DEPENDENCIES({"hal", 0, VMRT_REQUIRED}),
    VMRT_EXPORTS({"__init", "0v_v", init}, {"threads", "0v_i", threads}, {"ping", "0v_i", ping}, {"keep", "0r_v", keep}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, tenant)
