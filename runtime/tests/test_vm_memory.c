/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory at every single request, once and from then on: nothing leaks, all that was initialised is undone. */
#include "fake_module.h"
#include "vmrt/probe.h"

#define MAX_REQUESTS 200

typedef iree_status_t (*feature_t)(iree_allocator_t heap);

/* ---- Features ---------------------------------------------------------------------------------------------------- */

static void fill_modules(fake_module_t* a, fake_module_t* b) {
  *a = (fake_module_t){
      .name = "a", .exports = {{"__init", "0v_v", NULL}, {"__deinit", "0v_v", NULL}, {"add", "0ii_i", NULL}}};
  *b = (fake_module_t){.name = "b",
                       .exports = {{"__init", "0v_v", NULL}, {"__deinit", "0v_v", NULL}, {"__notify", "0i_v", NULL}},
                       .imports = {{"a.add", "0ii_i", false}, {"a.sub", "0ii_i", true}}};
}

static size_t occurrences(const char* event) {
  size_t count = 0;
  for (const char* at = strstr(fake_trace, event); at; at = strstr(at + 1, event)) ++count;
  return count;
}

/* `__deinit` ran once for every `__init` and once for every state that was forked; every module went. */
static void check_balance(void) {
  CHECK(occurrences("call(__deinit)") == occurrences("call(__init)") + occurrences(".free+1"));
  CHECK(occurrences(".destroy") == 2);
}

static iree_status_t use_instance(iree_allocator_t heap, iree_vm_instance_t* instance) {
  iree_status_t status = iree_vm_instance_register_type_placeholder(instance, IREE_SV("hal.device"));
  iree_vm_context_t *context = NULL, *child = NULL;
  fake_module_t a, b;
  fill_modules(&a, &b);
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  if (iree_status_is_ok(status)) status = iree_vm_context_create(instance, 0, heap, &context);
  if (iree_status_is_ok(status)) status = iree_vm_context_register_modules(context, 1, &modules[0]);
  if (iree_status_is_ok(status)) status = iree_vm_context_register_modules(context, 1, &modules[1]);
  if (iree_status_is_ok(status)) status = iree_vm_context_notify(context, IREE_VM_SIGNAL_SUSPEND);
  if (iree_status_is_ok(status)) status = iree_vm_context_fork(context, heap, &child);
  iree_vm_context_release(context);
  iree_vm_context_release(child);
  iree_vm_module_release(modules[1]);
  iree_vm_module_release(modules[0]);
  check_balance();
  return status;
}

static iree_status_t contexts(iree_allocator_t heap) {
  iree_vm_instance_t* instance = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, heap, &instance));
  iree_status_t status = use_instance(heap, instance);
  iree_vm_instance_release(instance);
  return status;
}

/* The failure that is reported is the missing import, not the lack of memory that came with it. */
static iree_status_t failing_link(iree_allocator_t heap) {
  iree_vm_instance_t* instance = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, heap, &instance));
  fake_module_t a, b;
  fill_modules(&a, &b);
  b.imports[1].is_optional = false;
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  iree_vm_context_t* context = NULL;
  iree_status_t status = iree_vm_context_create_with_modules(instance, 0, 2, modules, heap, &context);
  CHECK(!iree_status_is_ok(status) && context == NULL);
  CHECK(occurrences("call(__init)") == occurrences("call(__deinit)"));
  iree_vm_module_release(modules[0]);
  iree_vm_module_release(modules[1]);
  iree_vm_instance_release(instance);
  return IREE_STATUS_IS(NOT_FOUND, status) ? iree_status_ignore(status) : status;
}

static iree_status_t fill_list(iree_allocator_t heap, iree_vm_list_t* list) {
  iree_vm_buffer_t *buffer = NULL, *copy = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_buffer_create(IREE_VM_BUFFER_ACCESS_MUTABLE, 100, 64, heap, &buffer));
  iree_vm_ref_t ref = iree_vm_buffer_move_ref(buffer);
  iree_status_t status = iree_ok_status();
  for (int i = 0; i < 70 && iree_status_is_ok(status); ++i) status = iree_vm_list_push_ref_retain(list, &ref);
  if (iree_status_is_ok(status)) status = iree_vm_buffer_clone(0, buffer, 1, 9, 0, heap, &copy);
  iree_vm_buffer_release(copy);
  iree_vm_ref_release(&ref);
  return status;
}

static iree_status_t lists_and_buffers(iree_allocator_t heap) {
  iree_vm_list_t *list = NULL, *clone = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_list_create(iree_vm_make_undefined_type_def(), 3, heap, &list));
  iree_status_t status = fill_list(heap, list);
  if (iree_status_is_ok(status)) status = iree_vm_list_clone(list, heap, &clone);
  iree_vm_list_release(list);
  iree_vm_list_release(clone);
  return status;
}

static iree_status_t native_modules(iree_allocator_t heap) {
  static const iree_vm_native_module_descriptor_t descriptor = {.name = {"native", 6}};
  iree_vm_module_t user;
  iree_vm_module_t* module = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_module_initialize(&user, NULL));
  IREE_RETURN_IF_ERROR(iree_vm_native_module_create(&user, &descriptor, NULL, heap, &module));
  iree_vm_module_release(module);
  return iree_ok_status();
}

/* ---- Sweep ------------------------------------------------------------------------------------------------------- */

static void check_nothing_left(vmrt_probe_t* probe) {
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
}

/* Runs `feature` with the request number `request` failing; true once the feature needs no more than that. */
static bool survives(feature_t feature, vmrt_probe_t* probe, iree_allocator_t heap, int64_t request,
                     bool from_then_on) {
  fake_trace[0] = 0;
  int64_t failed_before = vmrt_probe_statistics(probe).failed;
  vmrt_probe_fail_at(probe, request, from_then_on);
  iree_status_t status = feature(heap);
  vmrt_probe_fail_at(probe, -1, false);
  bool was_hit = vmrt_probe_statistics(probe).failed > failed_before;
  CHECK_STATUS(was_hit ? IREE_STATUS_RESOURCE_EXHAUSTED : IREE_STATUS_OK, status);
  check_nothing_left(probe);
  return !was_hit;
}

static void sweep(feature_t feature, int64_t least_requests) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t heap = vmrt_probe_allocator(probe, IREE_SV("sweep"));
  for (int from_then_on = 0; from_then_on < 2; ++from_then_on) {
    int64_t request = 0;
    while (request < MAX_REQUESTS && !survives(feature, probe, heap, request, from_then_on != 0)) ++request;
    CHECK(request >= least_requests && request < MAX_REQUESTS);
  }
  vmrt_probe_release(probe);
}

static void test_contexts(void) { sweep(contexts, 8); }
static void test_failing_link(void) { sweep(failing_link, 5); }
static void test_lists_and_buffers(void) { sweep(lists_and_buffers, 6); }
static void test_native_modules(void) { sweep(native_modules, 1); }

static const check_case_t cases[] = {
    {"contexts", test_contexts},
    {"failing_link", test_failing_link},
    {"lists_and_buffers", test_lists_and_buffers},
    {"native_modules", test_native_modules},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
