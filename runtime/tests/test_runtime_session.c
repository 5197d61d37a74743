/* SPDX-License-Identifier: Apache-2.0 */
/* The short way into a C program: instance, session, calls with tensors, on both local devices; and when memory is
 * short. */
#include "check.h"
#include "iree/runtime/api.h"
#include "vmrt/hal.h"
#include "vmrt/probe.h"

#define PROGRAM VMRT_FIXTURES_DIR "/hal/programs/prebuilt/17/vmvx/elementwise_add_f32.vmfb"

static const char* const drivers[] = {"local-sync", "local-task"};

static iree_status_t push_tensor(iree_runtime_call_t* call, const char* text) {
  iree_runtime_session_t* session = call->session;
  iree_hal_buffer_view_t* view = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_view_parse(iree_make_cstring_view(text),
                                                  iree_runtime_session_device_allocator(session),
                                                  iree_runtime_session_host_allocator(session), &view));
  iree_status_t status = iree_runtime_call_inputs_push_back_buffer_view(call, view);
  iree_hal_buffer_view_release(view);
  return status;
}

static iree_status_t call_add(iree_runtime_call_t* call, char* text, iree_host_size_t capacity) {
  IREE_RETURN_IF_ERROR(push_tensor(call, "8xf32=1,2,3,4,5,6,7,8"));
  IREE_RETURN_IF_ERROR(push_tensor(call, "8xf32=0.5"));
  IREE_RETURN_IF_ERROR(iree_runtime_call_invoke(call, 0));
  iree_hal_buffer_view_t* view = NULL;
  iree_host_size_t length = 0;
  IREE_RETURN_IF_ERROR(iree_runtime_call_outputs_pop_front_buffer_view(call, &view));
  iree_status_t status = iree_hal_buffer_view_format(view, 1024, capacity, text, &length);
  iree_hal_buffer_view_release(view);
  return status;
}

static iree_status_t use_session(iree_runtime_session_t* session, char* text, iree_host_size_t capacity) {
  iree_runtime_call_t call;
  IREE_RETURN_IF_ERROR(iree_runtime_session_append_bytecode_module_from_file(session, PROGRAM));
  IREE_RETURN_IF_ERROR(iree_runtime_call_initialize_by_name(session, IREE_SV("module.main"), &call));
  iree_status_t status = call_add(&call, text, capacity);
  iree_runtime_call_deinitialize(&call);
  return status;
}

/* From nothing to the text of the sum, and back to nothing. */
static iree_status_t run(const char* driver, iree_allocator_t allocator, char* text, iree_host_size_t capacity) {
  iree_runtime_instance_options_t options;
  iree_runtime_instance_options_initialize(&options);
  iree_runtime_instance_options_use_all_available_drivers(&options);
  iree_runtime_instance_t* instance = NULL;
  IREE_RETURN_IF_ERROR(iree_runtime_instance_create(&options, allocator, &instance));
  iree_hal_device_t* device = NULL;
  iree_runtime_session_t* session = NULL;
  iree_status_t status =
      iree_runtime_instance_try_create_default_device(instance, iree_make_cstring_view(driver), &device);
  if (iree_status_is_ok(status)) {
    status = iree_runtime_session_create_with_device(instance, NULL, device, allocator, &session);
  }
  if (iree_status_is_ok(status)) status = use_session(session, text, capacity);
  iree_runtime_session_release(session);
  iree_hal_device_release(device);
  iree_runtime_instance_release(instance);
  return status;
}

static void test_a_sum(void) {
  for (size_t i = 0; i < sizeof drivers / sizeof *drivers; ++i) {
    char text[128] = "";
    CHECK_OK(run(drivers[i], iree_allocator_system(), text, sizeof text));
    CHECK(strcmp(text, "8xf32=1.5 2.5 3.5 4.5 5.5 6.5 7.5 8.5") == 0);
  }
}

static void test_no_such_driver(void) {
  char text[8];
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, run("no-such-driver", iree_allocator_system(), text, sizeof text));
}

/* Every request of a whole run fails once; nothing is lost, and nothing but RESOURCE_EXHAUSTED comes of it. */
static void test_short_of_memory(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t allocator = vmrt_probe_allocator(probe, IREE_SV("test"));
  iree_status_code_t code = IREE_STATUS_RESOURCE_EXHAUSTED;
  for (int64_t request = 0; code != IREE_STATUS_OK; ++request) {
    char text[128];
    vmrt_probe_fail_at(probe, request, false);
    code = iree_status_consume_code(run("local-sync", allocator, text, sizeof text));
    CHECK(code == IREE_STATUS_OK || code == IREE_STATUS_RESOURCE_EXHAUSTED);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    if (request > 100000) break;
  }
  CHECK(code == IREE_STATUS_OK);
  vmrt_probe_release(probe);
}

static void test_nothing_is_left(void) {
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
}

static const check_case_t cases[] = {
    {"a sum", test_a_sum},
    {"no such driver", test_no_such_driver},
    {"short of memory", test_short_of_memory},
    {"nothing is left", test_nothing_is_left},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
