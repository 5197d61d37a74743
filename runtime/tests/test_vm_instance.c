/* SPDX-License-Identifier: Apache-2.0 */
/* Instances: the table of types, placeholders, and many threads at it at once. */
#include <pthread.h>

#include "check.h"
#include "iree/vm/api.h"
#include "vmrt/probe.h"

static const iree_vm_ref_type_descriptor_t first = {NULL, {"test.first", 10}, 0};
static const iree_vm_ref_type_descriptor_t second = {NULL, {"test.second", 11}, 1};
static const iree_vm_ref_type_descriptor_t third = {NULL, {"test.third", 10}, 0};
static const iree_vm_ref_type_descriptor_t namesake = {NULL, {"test.first", 10}, 0};

static iree_vm_instance_t* new_instance(size_t capacity) {
  iree_vm_instance_t* instance = NULL;
  CHECK_OK(iree_vm_instance_create(capacity, iree_allocator_system(), &instance));
  return instance;
}

static void release_instance(iree_vm_instance_t* instance) {
  iree_vm_instance_release(instance);
  CHECK(vmrt_live_objects(VMRT_OBJECT_INSTANCE) == 0);
}

static iree_vm_ref_type_t lookup(iree_vm_instance_t* instance, const char* name) {
  return iree_vm_instance_lookup_type(instance, IREE_SV(name));
}

static void test_builtin_types(void) {
  iree_vm_instance_t* instance = new_instance(IREE_VM_TYPE_CAPACITY_DEFAULT);
  CHECK(lookup(instance, "vm.buffer") == iree_vm_buffer_type());
  CHECK(lookup(instance, "vm.list") == iree_vm_list_type());
  CHECK(lookup(instance, "vm.lis") == 0 && lookup(instance, "") == 0 && lookup(instance, "!vm.list") == 0);
  iree_vm_instance_retain(instance);
  iree_vm_instance_release(instance);
  CHECK(vmrt_live_objects(VMRT_OBJECT_INSTANCE) == 1);
  release_instance(instance);
  iree_vm_instance_release(NULL);
}

static void test_registration(void) {
  iree_vm_instance_t* instance = new_instance(8);
  iree_vm_ref_type_t type = 0, again = 0;
  CHECK_OK(iree_vm_instance_register_type(instance, &second, &type));
  CHECK(type == ((uintptr_t)&second | 1) && lookup(instance, "test.second") == type);
  CHECK_OK(iree_vm_instance_register_type(instance, &second, &again));
  CHECK(again == type);
  iree_vm_instance_unregister_type(instance, &second);
  CHECK(lookup(instance, "test.second") == type);
  iree_vm_instance_unregister_type(instance, &second);
  CHECK(lookup(instance, "test.second") == 0);
  iree_vm_instance_unregister_type(instance, &second); /* unknown: ignored */
  release_instance(instance);
}

/* Taking one out of the middle leaves the others as they were; of two with one name the first counts. */
static void test_unregistering_leaves_others(void) {
  iree_vm_instance_t* instance = new_instance(8);
  iree_vm_ref_type_t type;
  CHECK_OK(iree_vm_instance_register_type(instance, &first, &type));
  CHECK_OK(iree_vm_instance_register_type(instance, &second, &type));
  CHECK_OK(iree_vm_instance_register_type(instance, &third, &type));
  CHECK_OK(iree_vm_instance_register_type(instance, &namesake, &type));
  CHECK(lookup(instance, "test.first") == (uintptr_t)&first);
  iree_vm_instance_unregister_type(instance, &second);
  CHECK(lookup(instance, "test.first") == (uintptr_t)&first && lookup(instance, "test.third") == (uintptr_t)&third);
  iree_vm_instance_unregister_type(instance, &first);
  CHECK(lookup(instance, "test.first") == (uintptr_t)&namesake && lookup(instance, "test.third") == (uintptr_t)&third);
  CHECK(lookup(instance, "vm.buffer") == iree_vm_buffer_type() && lookup(instance, "vm.list") == iree_vm_list_type());
  release_instance(instance);
}

static void test_refusals(void) {
  iree_vm_instance_t* instance = NULL;
  iree_vm_ref_type_t type;
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_instance_create(1, iree_allocator_system(), &instance));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_instance_create(SIZE_MAX, iree_allocator_system(), &instance));
  CHECK(instance == NULL && vmrt_live_objects(VMRT_OBJECT_INSTANCE) == 0);
  instance = new_instance(3);
  CHECK_OK(iree_vm_instance_register_type(instance, &first, &type));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_vm_instance_register_type(instance, &second, &type));
  CHECK_OK(iree_vm_instance_register_type(instance, &first, &type)); /* needs no slot */
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_instance_register_type(instance, NULL, &type));
  const iree_vm_ref_type_descriptor_t* crooked = (const iree_vm_ref_type_descriptor_t*)((const char*)&first + 4);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_instance_register_type(instance, crooked, &type));
  iree_vm_ref_type_descriptor_t far_counter = {NULL, {"test.far", 8}, 8};
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_instance_register_type(instance, &far_counter, &type));
  release_instance(instance);
}

static void test_placeholders(void) {
  iree_vm_instance_t* instance = new_instance(8);
  iree_vm_ref_type_t type;
  char name[] = "hal.device";
  CHECK_OK(iree_vm_instance_register_type_placeholder(instance, IREE_SV(name)));
  CHECK_OK(iree_vm_instance_register_type_placeholder(instance, IREE_SV("test.first")));
  CHECK_OK(iree_vm_instance_register_type_placeholder(instance, IREE_SV("test.first"))); /* once is enough */
  memset(name, 'x', sizeof name - 1);
  CHECK(lookup(instance, "hal.device") == 0);
  iree_vm_ref_type_t placeholder = iree_vm_instance_lookup_type_placeholder(instance, IREE_SV("hal.device"));
  CHECK(placeholder && iree_string_view_equal(iree_vm_ref_type_name(placeholder), IREE_SV("hal.device")));
  CHECK_OK(iree_vm_instance_register_type(instance, &first, &type));
  CHECK(iree_vm_instance_lookup_type_placeholder(instance, IREE_SV("test.first")) == type); /* the real one */
  CHECK(iree_vm_instance_lookup_type_placeholder(instance, IREE_SV("none")) == 0);
  release_instance(instance);
}

/* A library forgot to unregister its type and is gone: nobody looks at the descriptor any more. */
static void test_descriptor_gone(void) {
  iree_vm_instance_t* instance = new_instance(8);
  iree_vm_ref_type_descriptor_t* descriptor = malloc(sizeof *descriptor);
  iree_vm_ref_type_t type;
  *descriptor = third;
  CHECK_OK(iree_vm_instance_register_type(instance, descriptor, &type));
  free(descriptor);
  release_instance(instance);
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

enum { THREADS = 4, ROUNDS = 2000 };

typedef struct worker_t {
  iree_vm_instance_t* instance;
  const iree_vm_ref_type_descriptor_t* descriptor;
  int failures;
} worker_t;

static void* work(void* argument) {
  worker_t* worker = argument;
  for (int i = 0; i < ROUNDS; ++i) {
    iree_vm_ref_type_t type = 0;
    iree_vm_instance_retain(worker->instance);
    iree_status_t status = iree_vm_instance_register_type(worker->instance, worker->descriptor, &type);
    iree_vm_ref_type_t found = iree_vm_instance_lookup_type(worker->instance, worker->descriptor->type_name);
    iree_vm_ref_type_t list = iree_vm_instance_lookup_type(worker->instance, IREE_SV("vm.list"));
    worker->failures += !iree_status_is_ok(status) || found != type || list != iree_vm_list_type();
    iree_vm_instance_unregister_type(worker->instance, worker->descriptor);
    vmrt_instance_cancel(worker->instance, IREE_STATUS_OK);
    iree_vm_instance_release(worker->instance);
    iree_status_free(status);
  }
  return NULL;
}

/* Two threads share a type, two have their own. */
static void test_threads(void) {
  iree_vm_instance_t* instance = new_instance(8);
  worker_t workers[THREADS] = {
      {instance, &first, 0}, {instance, &first, 0}, {instance, &second, 0}, {instance, &third, 0}};
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, work, &workers[i]) == 0);
  for (int i = 0; i < THREADS; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(workers[i].failures == 0);
  }
  CHECK(lookup(instance, "test.first") == 0);
  release_instance(instance);
}

static const check_case_t cases[] = {
    {"builtin_types", test_builtin_types},
    {"registration", test_registration},
    {"unregistering_leaves_others", test_unregistering_leaves_others},
    {"refusals", test_refusals},
    {"placeholders", test_placeholders},
    {"descriptor_gone", test_descriptor_gone},
    {"threads", test_threads},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
