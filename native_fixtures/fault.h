/* SPDX-License-Identifier: Apache-2.0 */
/* A module that does something terrible: the including file says what (FAULT, FAULT_NAME), the parameter `at=` says when: create,
 * alloc, init, call (default), destroy or dtor. FAULT_IN_CONSTRUCTOR does it before anybody can say. An event `fault` with `at`
 * comes before it. */
#ifndef FAULT_H_
#define FAULT_H_

#include "support.h"

static support_text_t fault_at;

static inline void fault_reach(const char* stage) {
  if (strcmp(fault_at.text, stage) != 0) return;
  trace_line_t line = trace_begin(NULL, "fault");
  trace_text(&line, "at", vmrt_text(stage));
  trace_end(&line);
  FAULT;
}

#if !defined(_WIN32)
__attribute__((constructor)) static void fault_constructor(void) {
#if defined(FAULT_IN_CONSTRUCTOR)
  strcpy(fault_at.text, "ctor");
#endif
  fault_reach("ctor");
}
__attribute__((destructor)) static void fault_destructor(void) { fault_reach("dtor"); }
#endif

static iree_status_t fault_configure(vmrt_module_t* module, const vmrt_params_t* params) {
  (void)module;
  VMRT_TRY(support_param_text(params, "at", "call", &fault_at));
  fault_reach("create");
  return vmrt_ok();
}

static void fault_deinitialize(vmrt_module_t* module) {
  (void)module;
  fault_reach("destroy");
}

static iree_status_t fault_init_state(vmrt_module_t* module, void* state) {
  (void)module, (void)state;
  fault_reach("alloc");
  return vmrt_ok();
}

static iree_status_t fault_init(vmrt_call_t* call) {
  (void)call;
  fault_reach("init");
  return vmrt_ok();
}

/* x + 1, unless this is where it happens. */
static iree_status_t fault_run(vmrt_call_t* call) {
  fault_reach("call");
  vmrt_return_i32(call, vmrt_arg_i32(call) + 1);
  return vmrt_ok();
}

static const vmrt_module_type_t fault_type = {
    .name = FAULT_NAME,
    .configure = fault_configure,
    .deinitialize = fault_deinitialize,
    .init_state = fault_init_state,
    VMRT_EXPORTS({"__init", "0v_v", fault_init}, {"run", "0i_i", fault_run}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, fault_type)

#endif /* FAULT_H_ */
