/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions and prepared calls: numbers in and out, the guard, closing, memory. */
#include "check.h"
#include "iree/vm/native_module.h"
#include "vmrt/call.h"
#include "vmrt/probe.h"

/* ---- A module to call ---------------------------------------------------------------------------------------------- */

static vmrt_session_t* entered_during_call = NULL; /* tried from inside a call */

static iree_status_t shim_add(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,
                              iree_byte_span_t results, iree_vm_native_function_target_t target, void* module,
                              iree_vm_module_state_t* module_state) {
  (void)stack, (void)flags, (void)target, (void)module, (void)module_state;
  int32_t left, right, sum;
  memcpy(&left, arguments.data, 4);
  memcpy(&right, arguments.data + 4, 4);
  sum = left + right;
  if (entered_during_call) CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, vmrt_session_close(entered_during_call));
  if (sum < 0) return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "negative");
  memcpy(results.data, &sum, 4);
  return iree_ok_status();
}

static iree_status_t shim_same(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,
                               iree_byte_span_t results, iree_vm_native_function_target_t target, void* module,
                               iree_vm_module_state_t* module_state) {
  (void)stack, (void)flags, (void)target, (void)module, (void)module_state;
  memcpy(results.data, arguments.data, arguments.data_length);
  return iree_ok_status();
}

static iree_status_t create_module(iree_vm_instance_t* instance, iree_allocator_t allocator,
                                   iree_vm_module_t** out_module) {
  static iree_vm_native_export_descriptor_t exports[3];
  static const iree_vm_native_function_ptr_t functions[3] = {{shim_add, NULL}, {shim_same, NULL}, {shim_same, NULL}};
  static iree_vm_native_module_descriptor_t descriptor;
  iree_vm_module_t interface;
  exports[0].local_name = IREE_SV("add");
  exports[0].calling_convention = IREE_SV("0ii_i");
  exports[1].local_name = IREE_SV("same");
  exports[1].calling_convention = IREE_SV("0iIfF_iIfF");
  exports[2].local_name = IREE_SV("with_ref");
  exports[2].calling_convention = IREE_SV("0r_v");
  descriptor.name = IREE_SV("m");
  descriptor.export_count = descriptor.function_count = 3;
  descriptor.exports = exports;
  descriptor.functions = functions;
  IREE_RETURN_IF_ERROR(iree_vm_module_initialize(&interface, NULL));
  return iree_vm_native_module_create(&interface, &descriptor, instance, allocator, out_module);
}

typedef struct world_t {
  iree_vm_instance_t* instance;
  iree_vm_module_t* module;
  iree_vm_context_t* context;
  vmrt_session_t* session;
  vmrt_call_t* call;
} world_t;

static iree_status_t prepare_call(world_t* world, const char* name, vmrt_call_t** out_call) {
  iree_vm_function_t function;
  IREE_RETURN_IF_ERROR(iree_vm_context_resolve_function(world->context, iree_make_cstring_view(name), &function));
  return vmrt_call_create(world->session, function, out_call);
}

static iree_status_t world_create(iree_allocator_t allocator, world_t* world) {
  memset(world, 0, sizeof *world);
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, allocator, &world->instance));
  IREE_RETURN_IF_ERROR(create_module(world->instance, allocator, &world->module));
  IREE_RETURN_IF_ERROR(
      iree_vm_context_create_with_modules(world->instance, 0, 1, &world->module, allocator, &world->context));
  IREE_RETURN_IF_ERROR(vmrt_session_create(world->context, allocator, allocator, &world->session));
  return prepare_call(world, "m.add", &world->call);
}

static void world_free(world_t* world) {
  vmrt_call_release(world->call);
  vmrt_session_release(world->session);
  iree_vm_context_release(world->context);
  iree_vm_module_release(world->module);
  iree_vm_instance_release(world->instance);
}

static iree_status_t call_add(world_t* world, int32_t left, int32_t right, int32_t* out_sum) {
  memcpy(vmrt_call_arguments(world->call).data, &left, 4);
  memcpy(vmrt_call_arguments(world->call).data + 4, &right, 4);
  IREE_RETURN_IF_ERROR(vmrt_call_invoke(world->call));
  memcpy(out_sum, vmrt_call_results(world->call).data, 4);
  return iree_ok_status();
}

/* ---- Cases --------------------------------------------------------------------------------------------------------- */

static void test_calls(void) {
  world_t world;
  int32_t sum = 0;
  CHECK_OK(world_create(iree_allocator_system(), &world));
  CHECK(vmrt_call_arguments(world.call).data_length == 8 && vmrt_call_results(world.call).data_length == 4);
  for (int32_t i = 0; i < 10; ++i) {
    CHECK_OK(call_add(&world, i, 1, &sum));
    CHECK(sum == i + 1);
  }
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, call_add(&world, -5, 1, &sum));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, (iree_status_t)vmrt_call_invoke_word(world.call));
  world_free(&world);
}

static void test_layout_of_numbers(void) {
  world_t world;
  vmrt_call_t* call = NULL;
  struct {
    int32_t i;
    int64_t l;
    float f;
    double d;
  } numbers = {1, 2, 3.0f, 4.0};
  CHECK_OK(world_create(iree_allocator_system(), &world));
  CHECK_OK(prepare_call(&world, "m.same", &call));
  CHECK(vmrt_call_arguments(call).data_length == 32 && vmrt_call_results(call).data_length == 32);
  CHECK(((uintptr_t)vmrt_call_arguments(call).data & 15) == 0 && ((uintptr_t)vmrt_call_results(call).data & 15) == 0);
  memcpy(vmrt_call_arguments(call).data, &numbers, sizeof numbers);
  CHECK_OK(vmrt_call_invoke(call));
  CHECK(memcmp(vmrt_call_results(call).data, &numbers, sizeof numbers) == 0);
  vmrt_call_release(call);
  world_free(&world);
}

static void test_references_are_refused(void) {
  world_t world;
  vmrt_call_t* call = NULL;
  CHECK_OK(world_create(iree_allocator_system(), &world));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, prepare_call(&world, "m.with_ref", &call));
  CHECK(call == NULL);
  world_free(&world);
}

static void test_guard(void) {
  world_t world;
  int32_t sum = 0;
  CHECK_OK(world_create(iree_allocator_system(), &world));
  CHECK_OK(vmrt_session_enter(world.session));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, vmrt_session_enter(world.session));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, call_add(&world, 1, 2, &sum));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, vmrt_session_close(world.session));
  vmrt_session_leave(world.session);
  entered_during_call = world.session;
  CHECK_OK(call_add(&world, 1, 2, &sum));
  entered_during_call = NULL;
  world_free(&world);
}

static void test_closing(void) {
  world_t world;
  int32_t sum = 0;
  int64_t contexts = vmrt_live_objects(VMRT_OBJECT_CONTEXT);
  CHECK_OK(world_create(iree_allocator_system(), &world));
  iree_vm_context_release(world.context);
  world.context = NULL;
  CHECK_OK(call_add(&world, 1, 2, &sum));
  CHECK_OK(vmrt_session_close(world.session));
  CHECK(vmrt_live_objects(VMRT_OBJECT_CONTEXT) == contexts);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, call_add(&world, 1, 2, &sum));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, vmrt_session_enter(world.session));
  world_free(&world);
}

static void test_without_memory(void) {
  for (int64_t request = 0;; ++request) {
    vmrt_probe_t* probe = NULL;
    world_t world;
    int32_t sum = 0;
    CHECK_OK(vmrt_probe_create(&probe));
    vmrt_probe_fail_at(probe, request, true);
    iree_status_t status = world_create(vmrt_probe_allocator(probe, IREE_SV("all")), &world);
    if (iree_status_is_ok(status)) status = call_add(&world, 1, 2, &sum);
    world_free(&world);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    vmrt_probe_release(probe);
    if (iree_status_is_ok(status)) break;
    CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
  }
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"calls", test_calls},
      {"layout_of_numbers", test_layout_of_numbers},
      {"references_are_refused", test_references_are_refused},
      {"guard", test_guard},
      {"closing", test_closing},
      {"without_memory", test_without_memory},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
