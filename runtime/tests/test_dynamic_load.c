/* SPDX-License-Identifier: Apache-2.0 */
/* Loading native modules: the handshake with libraries that behave and that lie, and the interface in front of them. */
#include "check.h"
#include "fake_library.h"

/* The sources under test, on top of the fake platform and under names of their own. */
#define platform_library_open fake_library_open
#define platform_library_close fake_library_close
#define platform_library_symbol fake_library_symbol
#define iree_vm_dynamic_module_load_from_file load_from_file_under_test
#define dynamic_handshake handshake_under_test
#define dynamic_forward_initialize forward_initialize_under_test
#define dynamic_module_discard discard_under_test
#define dynamic_check_file check_file_under_test
#include "../src/dynamic/dynamic_file.c"
#include "../src/dynamic/dynamic_forward.c"
#include "../src/dynamic/dynamic_handshake.c"
#include "../src/dynamic/dynamic_load.c"
#include "base/status_storage.h"
#include "vmrt/probe.h"

/* ---- Loading under a probe --------------------------------------------------------------------------------------- */

static iree_vm_instance_t* instance;
static vmrt_probe_t* probe;

static void setup(void) {
  fake_reset();
  CHECK_OK(vmrt_probe_create(&probe));
  CHECK_OK(iree_vm_instance_create(4, iree_allocator_system(), &instance));
}

/* Nothing may be left: no memory, no wrapper. */
static void teardown(void) {
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_DYNAMIC_MODULE) == 0);
  iree_vm_instance_release(instance);
  vmrt_probe_release(probe);
  CHECK(vmrt_live_objects(VMRT_OBJECT_INSTANCE) == 0);
}

static iree_status_t load_params(const char* export_name, iree_host_size_t count, const iree_string_pair_t* params,
                                 iree_vm_module_t** out_module) {
  return load_from_file_under_test(instance, IREE_SV("lib/fake.so"), iree_make_cstring_view(export_name), count, params,
                                   vmrt_probe_allocator(probe, IREE_SV("modules")), out_module);
}

static iree_vm_module_t* load(void) {
  iree_vm_module_t* module = NULL;
  CHECK_OK(load_params("", 0, NULL, &module));
  CHECK(module != NULL);
  return module;
}

static bool text_contains(iree_status_t status, const char* part) {
  char text[1024];
  iree_host_size_t length = 0;
  CHECK(iree_status_format(status, sizeof text, text, &length));
  bool found = strstr(text, part) != NULL;
  if (!found) fprintf(stderr, "no `%s` in: %s\n", part, text);
  return found;
}

/* Loading fails with the code, says `part`, the path and the export, and leaves these events. */
static void check_refused(iree_status_code_t code, const char* part, const char* log) {
  iree_vm_module_t* module = NULL;
  iree_status_t status = load_params("make", 0, NULL, &module);
  CHECK(module == NULL);
  CHECK(text_contains(status, part));
  CHECK(text_contains(status, "lib/fake.so"));
  CHECK(text_contains(status, "make"));
  CHECK_STATUS(code, status);
  CHECK(strcmp(fake.log, log) == 0);
  if (strcmp(fake.log, log)) fprintf(stderr, "  log `%s`, wanted `%s` (%s)\n", fake.log, log, part);
}

/* ---- What a library is asked ------------------------------------------------------------------------------------- */

static void test_default_export_is_called_once_with_version_1(void) {
  setup();
  iree_vm_module_t* module = load();
  CHECK(strcmp(fake.symbol, "iree_vm_dynamic_module_create") == 0);
  CHECK(strcmp(fake.path, "lib/fake.so") == 0);
  CHECK(fake.max_version == 1 && fake.out_was_null && fake.instance == instance);
  CHECK(fake.param_count == 0 && fake.params == NULL);
  iree_vm_module_release(module);
  CHECK(strcmp(fake.log, "ocdx") == 0);
  teardown();
}

static void test_parameters_and_export_are_passed_on(void) {
  setup();
  iree_string_pair_t params[2] = {{IREE_SV("k"), IREE_SV("v")}, {IREE_SV("k"), {NULL, 0}}};
  iree_vm_module_t* module = NULL;
  CHECK_OK(load_params("make", 2, params, &module));
  CHECK(strcmp(fake.symbol, "make") == 0);
  CHECK(fake.param_count == 2 && fake.params == params);
  iree_vm_module_release(module);
  teardown();
}

static void test_instance_lives_as_long_as_the_module(void) {
  setup();
  iree_vm_module_t* module = load();
  iree_vm_instance_release(instance);
  CHECK(vmrt_live_objects(VMRT_OBJECT_INSTANCE) == 1);
  iree_vm_instance_retain(instance);
  iree_vm_module_release(module);
  teardown();
}

/* ---- Refusals ---------------------------------------------------------------------------------------------------- */

static iree_status_t fails_with_message(void) { return iree_make_status(IREE_STATUS_DATA_LOSS, "cannot be made"); }
static iree_status_t fails_with_code(void) { return iree_status_from_code(IREE_STATUS_ABORTED); }

static void test_missing_library(void) {
  setup();
  fake.missing = true;
  check_refused(IREE_STATUS_NOT_FOUND, "the fake loader finds nothing", "");
  teardown();
}

static void test_missing_export_closes_the_library(void) {
  setup();
  fake.has_no_export = true;
  check_refused(IREE_STATUS_NOT_FOUND, "symbol 'make' not found", "ox");
  teardown();
}

static void test_no_module_is_a_refusal(void) {
  setup();
  fake.returns_no_module = true;
  check_refused(IREE_STATUS_INCOMPATIBLE, "returned no module", "ocx");
  teardown();
}

static void test_failure_keeps_code_and_message(void) {
  setup();
  fake.returns_no_module = true;
  fake.create_status = fails_with_message;
  check_refused(IREE_STATUS_DATA_LOSS, "cannot be made", "ocx");
  teardown();
}

static void test_failure_with_a_module_releases_it(void) {
  setup();
  fake.create_status = fails_with_code;
  check_refused(IREE_STATUS_ABORTED, "ABORTED", "ocdx");
  teardown();
}

static void test_reference_count_has_to_be_one(void) {
  for (int32_t count = -1; count <= 3; ++count) {
    if (count == 1) continue;
    setup();
    fake.ref_count = count;
    check_refused(IREE_STATUS_FAILED_PRECONDITION, "references", "ocx");
    teardown();
  }
}

static void test_required_slots_are_named(void) {
  struct {
    const char* name;
    size_t offset;
    const char* log;
  } slots[] = {
      {"'destroy'", offsetof(iree_vm_module_t, destroy), "ocx"},
      {"'name'", offsetof(iree_vm_module_t, name), "ocdx"},
      {"'signature'", offsetof(iree_vm_module_t, signature), "ocdx"},
      {"'lookup_function'", offsetof(iree_vm_module_t, lookup_function), "ocdx"},
      {"'get_function'", offsetof(iree_vm_module_t, get_function), "ocdx"},
      {"'alloc_state'", offsetof(iree_vm_module_t, alloc_state), "ocdx"},
      {"'free_state'", offsetof(iree_vm_module_t, free_state), "ocdx"},
      {"'begin_call'", offsetof(iree_vm_module_t, begin_call), "ocdx"},
  };
  for (size_t i = 0; i < sizeof slots / sizeof *slots; ++i) {
    setup();
    memset((char*)&fake.module + slots[i].offset, 0, sizeof(void (*)(void)));
    check_refused(IREE_STATUS_FAILED_PRECONDITION, slots[i].name, slots[i].log);
    teardown();
  }
}

static void test_long_and_empty_names_are_refused_before_anything_is_opened(void) {
  setup();
  static char name[5000];
  memset(name, 'a', sizeof name);
  iree_vm_module_t* module = NULL;
  iree_allocator_t allocator = iree_allocator_system();
  iree_string_view_t path = IREE_SV("lib/fake.so"), none = iree_string_view_empty();
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, load_from_file_under_test(instance, path, iree_make_string_view(name, 256),
                                                                       0, NULL, allocator, &module));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, load_from_file_under_test(instance, path, iree_make_string_view("a\0b", 3),
                                                                       0, NULL, allocator, &module));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, load_from_file_under_test(instance, iree_make_string_view(name, 4096),
                                                                       none, 0, NULL, allocator, &module));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               load_from_file_under_test(instance, none, none, 0, NULL, allocator, &module));
  CHECK(fake.log[0] == 0);
  CHECK_OK(load_from_file_under_test(instance, path, iree_make_string_view(name, 255), 0, NULL, allocator, &module));
  iree_vm_module_release(module);
  teardown();
}

/* ---- The interface ----------------------------------------------------------------------------------------------- */

static void test_calls_get_the_librarys_self(void) {
  setup();
  iree_vm_module_t* module = load();
  CHECK(iree_string_view_equal(module->name(module->self), IREE_SV("fake")));
  CHECK(fake.last_self == &fake.self);
  CHECK(module->signature(module->self).version == 3);
  iree_vm_module_release(module);
  CHECK(fake.last_self == &fake.self);
  teardown();
}

static void test_functions_name_the_wrapper_and_outputs_start_zeroed(void) {
  setup();
  iree_vm_module_t* module = load();
  iree_vm_function_t function;
  iree_string_view_t name = IREE_SV("garbage");
  iree_vm_function_signature_t signature = {IREE_SV("garbage")};
  memset(&function, 0xAA, sizeof function);
  CHECK_OK(module->lookup_function(module->self, IREE_VM_FUNCTION_LINKAGE_EXPORT, IREE_SV("f"), NULL, &function));
  CHECK(fake.outputs_were_zero && function.module == module && function.linkage == 2);
  memset(&function, 0xAA, sizeof function);
  CHECK_STATUS(IREE_STATUS_NOT_FOUND,
               module->lookup_function(module->self, IREE_VM_FUNCTION_LINKAGE_EXPORT, IREE_SV("g"), NULL, &function));
  CHECK(function.module == NULL);
  CHECK_OK(module->get_function(module->self, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, &function, &name, &signature));
  CHECK(fake.outputs_were_zero && function.module == module);
  CHECK(name.data == NULL && name.size == 0);
  CHECK(signature.calling_convention.size == 0);
  CHECK_OK(module->get_function(module->self, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, NULL, NULL, NULL));
  iree_vm_module_release(module);
  teardown();
}

static iree_status_t count_dependency(void* user_data, const iree_vm_module_dependency_t* dependency) {
  (void)dependency;
  ++*(int*)user_data;
  return iree_ok_status();
}

static void test_optional_slots_have_defaults(void) {
  setup();
  iree_vm_module_t* module = load();
  int dependencies = 0;
  iree_string_pair_t attr;
  iree_vm_function_t function = {module, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0};
  iree_vm_source_location_t location;
  iree_vm_module_state_t* state = (iree_vm_module_state_t*)&fake;
  CHECK_OK(module->enumerate_dependencies(module->self, count_dependency, &dependencies));
  CHECK(dependencies == 0);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, module->get_module_attr(module->self, 0, &attr));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE,
               module->get_function_attr(module->self, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, 0, &attr));
  CHECK_STATUS(IREE_STATUS_UNAVAILABLE, module->resolve_source_location(module->self, function, 0, &location));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, module->fork_state(module->self, NULL, iree_allocator_system(), &state));
  CHECK(state == NULL);
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, module->resolve_import(module->self, NULL, 0, &function, NULL));
  CHECK_OK(module->notify(module->self, NULL, IREE_VM_SIGNAL_RESUME));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, module->resume_call(module->self, NULL, iree_byte_span_empty()));
  iree_vm_module_release(module);
  teardown();
}

static void test_a_failed_state_is_no_state(void) {
  setup();
  iree_vm_module_t* module = load();
  iree_vm_module_state_t* state = NULL;
  CHECK_STATUS(IREE_STATUS_ABORTED, module->alloc_state(module->self, iree_allocator_system(), &state));
  CHECK(state == NULL);
  iree_vm_module_release(module);
  teardown();
}

/* ---- Statuses that outlive the library --------------------------------------------------------------------------- */

static char library_text[16];

static iree_status_t library_status(iree_status_code_t code) {
  status_storage_t* storage = aligned_alloc(32, 64);
  memset(storage, 0, 64);
  strcpy(library_text, "in the library");
  storage->file = library_text;
  storage->message = iree_make_cstring_view(library_text);
  return (iree_status_t)((uintptr_t)storage | (uintptr_t)code);
}
static iree_status_t fails_from_library(void) { return library_status(IREE_STATUS_UNAVAILABLE); }
static iree_status_t ok_with_storage(void) { return library_status(IREE_STATUS_OK); }

static iree_status_t begin_call(iree_vm_module_t* module) {
  iree_vm_function_call_t call;
  memset(&call, 0, sizeof call);
  call.function.module = module;
  return module->begin_call(module->self, NULL, call);
}

static void test_statuses_outlive_the_library(void) {
  setup();
  fake.begin_call_status = fails_from_library;
  iree_vm_module_t* module = load();
  iree_status_t status = begin_call(module);
  iree_vm_module_release(module);
  memset(library_text, '#', sizeof library_text);
  CHECK(text_contains(status, "in the library"));
  CHECK(!strstr(iree_status_message(status).data, "#"));
  CHECK_STATUS(IREE_STATUS_UNAVAILABLE, status);
  teardown();
}

static void test_success_with_storage_is_a_failure(void) {
  setup();
  fake.begin_call_status = ok_with_storage;
  iree_vm_module_t* module = load();
  CHECK_STATUS(IREE_STATUS_INTERNAL, begin_call(module));
  fake.begin_call_status = fails_with_code;
  CHECK_STATUS(IREE_STATUS_ABORTED, begin_call(module));
  fake.begin_call_status = NULL;
  CHECK_OK(begin_call(module));
  iree_vm_module_release(module);
  teardown();
}

/* ---- The end ----------------------------------------------------------------------------------------------------- */

static void test_library_in_use_stays_open(void) {
  setup();
  iree_vm_module_t* module = load();
  ++fake.module.ref_count.value; /* the library counts on its module */
  iree_vm_module_release(module);
  CHECK(strcmp(fake.log, "oc") == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_DYNAMIC_MODULE) == 0);
  CHECK(vmrt_probe_statistics(probe).live_blocks == 1); /* the handle, on purpose */
  fake_library_close(fake.library);
  teardown();
}

static void test_every_failing_allocation(void) {
  for (int64_t request = 0;; ++request) {
    setup();
    iree_vm_module_t* module = NULL;
    vmrt_probe_fail_at(probe, request, false);
    iree_status_t status = load_params("", 0, NULL, &module);
    bool loaded = iree_status_is_ok(status);
    if (loaded) iree_vm_module_release(module);
    if (!loaded) CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
    CHECK(loaded || module == NULL);
    teardown();
    if (loaded) {
      CHECK(request > 0);
      return;
    }
  }
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"default_export_is_called_once_with_version_1", test_default_export_is_called_once_with_version_1},
      {"parameters_and_export_are_passed_on", test_parameters_and_export_are_passed_on},
      {"instance_lives_as_long_as_the_module", test_instance_lives_as_long_as_the_module},
      {"missing_library", test_missing_library},
      {"missing_export_closes_the_library", test_missing_export_closes_the_library},
      {"no_module_is_a_refusal", test_no_module_is_a_refusal},
      {"failure_keeps_code_and_message", test_failure_keeps_code_and_message},
      {"failure_with_a_module_releases_it", test_failure_with_a_module_releases_it},
      {"reference_count_has_to_be_one", test_reference_count_has_to_be_one},
      {"required_slots_are_named", test_required_slots_are_named},
      {"long_and_empty_names_are_refused", test_long_and_empty_names_are_refused_before_anything_is_opened},
      {"calls_get_the_librarys_self", test_calls_get_the_librarys_self},
      {"functions_name_the_wrapper", test_functions_name_the_wrapper_and_outputs_start_zeroed},
      {"optional_slots_have_defaults", test_optional_slots_have_defaults},
      {"a_failed_state_is_no_state", test_a_failed_state_is_no_state},
      {"statuses_outlive_the_library", test_statuses_outlive_the_library},
      {"success_with_storage_is_a_failure", test_success_with_storage_is_a_failure},
      {"library_in_use_stays_open", test_library_in_use_stays_open},
      {"every_failing_allocation", test_every_failing_allocation},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
