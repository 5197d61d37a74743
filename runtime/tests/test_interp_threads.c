/* SPDX-License-Identifier: Apache-2.0 */
/* Threads share an instance and modules, each with a context of its own: first calls race to decode the functions. */
#include <pthread.h>

#include "interp_world.h"

#define THREAD_COUNT 4
#define ROUNDS 20

typedef struct shared_t {
  iree_vm_instance_t* instance;
  iree_vm_module_t* module;
} shared_t;

static int32_t call_i32(iree_vm_context_t* context, const char* name, int32_t argument) {
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  iree_vm_function_t function;
  CHECK_OK(iree_vm_context_resolve_function(context, iree_make_cstring_view(name), &function));
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, iree_allocator_system(), &inputs));
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, iree_allocator_system(), &outputs));
  CHECK_OK(push_i32(inputs, argument));
  CHECK_OK(iree_vm_invoke(context, function, 0, NULL, inputs, outputs, iree_allocator_system()));
  int32_t result = list_i32(outputs);
  iree_vm_list_release(inputs);
  iree_vm_list_release(outputs);
  return result;
}

static void* run(void* user_data) {
  const shared_t* shared = (const shared_t*)user_data;
  iree_vm_module_t* module = shared->module;
  iree_vm_context_t* context = NULL;
  CHECK_OK(iree_vm_context_create_with_modules(shared->instance, 0, 1, &module, iree_allocator_system(), &context));
  for (int32_t i = 0; i < ROUNDS; ++i) {
    CHECK(call_i32(context, "a.f1", i) == 2 * i + 1);
    CHECK(call_i32(context, "a.f0", i) == 2 * i);
  }
  iree_vm_context_release(context);
  return NULL;
}

static void test_shared_module(void) {
  static test_bytes_t bytes;
  test_build(&module_a, &bytes);
  for (int round = 0; round < ROUNDS; ++round) {
    shared_t shared = {NULL, NULL};
    pthread_t threads[THREAD_COUNT];
    CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &shared.instance));
    CHECK_OK(iree_vm_bytecode_module_create(shared.instance, 0, test_span(&bytes), iree_allocator_null(),
                                            iree_allocator_system(), &shared.module));
    for (int i = 0; i < THREAD_COUNT; ++i) CHECK(pthread_create(&threads[i], NULL, run, &shared) == 0);
    for (int i = 0; i < THREAD_COUNT; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    iree_vm_module_release(shared.module);
    iree_vm_instance_release(shared.instance);
  }
}

typedef struct stopper_t {
  iree_vm_context_t* context;
} stopper_t;

static void* stop(void* user_data) {
  vmrt_context_cancel(((stopper_t*)user_data)->context, IREE_STATUS_CANCELLED);
  return NULL;
}

/* A loop without end is stopped from another thread. */
static void test_cancelled_from_outside(void) {
  world_t world;
  pthread_t thread;
  int32_t result = 0;
  world_open(&world);
  stopper_t stopper = {world.context};
  CHECK(pthread_create(&thread, NULL, stop, &stopper) == 0);
  CHECK_STATUS(IREE_STATUS_CANCELLED, world_invoke(&world, "c.f2", 0, &result));
  CHECK(pthread_join(thread, NULL) == 0);
  vmrt_context_cancel(world.context, IREE_STATUS_OK);
  world_close(&world);
}

static const check_case_t cases[] = {
    {"shared_module", test_shared_module},
    {"cancelled_from_outside", test_cancelled_from_outside},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
