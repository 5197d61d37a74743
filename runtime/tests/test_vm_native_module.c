/* SPDX-License-Identifier: Apache-2.0 */
/* Native modules made of tables: questions, calls with frames, deferred calls, overrides, refusals. */
#include "check.h"
#include "iree/vm/api.h"
#include "vmrt/probe.h"

#define SV(text) {text, sizeof(text) - 1}

/* ---- The module -------------------------------------------------------------------------------------------------- */

typedef struct counter_state_t {
  iree_allocator_t allocator;
  int32_t total;
} counter_state_t;

static iree_status_t counter_alloc_state(void* self, iree_allocator_t allocator,
                                         iree_vm_module_state_t** out_module_state) {
  (void)self;
  counter_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *state, (void**)&state));
  state->allocator = allocator;
  *out_module_state = (iree_vm_module_state_t*)state;
  return iree_ok_status();
}

static void counter_free_state(void* self, iree_vm_module_state_t* module_state) {
  (void)self;
  counter_state_t* state = (counter_state_t*)module_state;
  iree_allocator_free(state->allocator, state);
}

static int destroyed;
static void counter_destroy(void* self) {
  CHECK(self == &destroyed);
  ++destroyed;
}

static iree_status_t unused_target(void) { return iree_ok_status(); }

/* Adds its argument to the state; a negative one fails, zero defers once and gives the total when resumed. */
static iree_status_t add_shim(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,
                              iree_byte_span_t results, iree_vm_native_function_target_t target, void* module,
                              iree_vm_module_state_t* module_state) {
  counter_state_t* state = (counter_state_t*)module_state;
  CHECK(target == unused_target && module == &destroyed && state != NULL);
  CHECK(iree_vm_stack_current_frame(stack)->type == IREE_VM_STACK_FRAME_NATIVE);
  if (flags == IREE_VM_NATIVE_FUNCTION_CALL_BEGIN) {
    int32_t number;
    memcpy(&number, arguments.data, sizeof number);
    if (number < 0) return iree_status_from_code(IREE_STATUS_DATA_LOSS);
    if (number == 0) return iree_status_from_code(IREE_STATUS_DEFERRED);
    state->total += number;
  }
  memcpy(results.data, &state->total, sizeof state->total);
  return iree_ok_status();
}

static const iree_string_pair_t function_attrs[] = {{SV("kind"), SV("sum")}};
static const iree_string_pair_t module_attrs[] = {{SV("author"), SV("nobody")}, {SV("size"), SV("small")}};
static const iree_vm_module_dependency_t dependencies[] = {{SV("other"), 3, IREE_VM_MODULE_DEPENDENCY_FLAG_OPTIONAL}};
static const iree_vm_native_import_descriptor_t imports[] = {
    {IREE_VM_NATIVE_IMPORT_REQUIRED, SV("other.f")}, {IREE_VM_NATIVE_IMPORT_OPTIONAL, SV("other.g")}};
static const iree_vm_native_export_descriptor_t exports[] = {
    {SV("add"), SV("0i_i"), 1, function_attrs},
    {SV("add.more"), SV("0i_i"), 0, NULL},
    {SV("zero"), SV("0i_i"), 0, NULL}};
static const iree_vm_native_function_ptr_t functions[] = {
    {add_shim, unused_target}, {add_shim, unused_target}, {add_shim, unused_target}};

static iree_vm_native_module_descriptor_t counter_descriptor(void) {
  iree_vm_native_module_descriptor_t descriptor = {
      .name = SV("counter"), .version = 5,
      .attr_count = 2, .attrs = module_attrs,
      .dependency_count = 1, .dependencies = dependencies,
      .export_count = 3, .exports = exports,
      .function_count = 3, .functions = functions};
  return descriptor;
}

static iree_vm_module_t counter_interface(void) {
  iree_vm_module_t user;
  CHECK_OK(iree_vm_module_initialize(&user, &destroyed));
  user.destroy = counter_destroy;
  user.alloc_state = counter_alloc_state;
  user.free_state = counter_free_state;
  return user;
}

static iree_vm_instance_t* instance;

static iree_vm_module_t* new_counter(const iree_vm_native_module_descriptor_t* descriptor) {
  iree_vm_module_t user = counter_interface();
  iree_vm_module_t* module = NULL;
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  CHECK_OK(iree_vm_native_module_create(&user, descriptor, instance, iree_allocator_system(), &module));
  destroyed = 0;
  return module;
}

static void release_counter(iree_vm_module_t* module) {
  iree_vm_module_release(module);
  CHECK(destroyed == 1);
  iree_vm_instance_release(instance);
  CHECK(vmrt_live_objects(VMRT_OBJECT_NATIVE_MODULE) == 0 && vmrt_live_objects(VMRT_OBJECT_STACK) == 0);
}

/* ---- Questions --------------------------------------------------------------------------------------------------- */

static iree_status_t count_dependency(void* user_data, const iree_vm_module_dependency_t* dependency) {
  CHECK(iree_string_view_equal(dependency->name, IREE_SV("other")) && dependency->minimum_version == 3);
  ++*(int*)user_data;
  return iree_ok_status();
}

static void test_properties(void) {
  iree_vm_native_module_descriptor_t descriptor = counter_descriptor();
  iree_vm_module_t* module = new_counter(&descriptor);
  CHECK(iree_string_view_equal(iree_vm_module_name(module), IREE_SV("counter")));
  iree_vm_module_signature_t signature = iree_vm_module_signature(module);
  CHECK(signature.version == 5 && signature.attr_count == 2 && signature.export_function_count == 3);
  CHECK(iree_string_view_equal(iree_vm_module_lookup_attr_by_name(module, IREE_SV("size")), IREE_SV("small")));
  CHECK(iree_string_view_is_empty(iree_vm_module_lookup_attr_by_name(module, IREE_SV("none"))));
  iree_string_pair_t attr;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_module_get_attr(module, 2, &attr));
  int count = 0;
  CHECK_OK(iree_vm_module_enumerate_dependencies(module, count_dependency, &count));
  CHECK(count == 1);
  iree_vm_source_location_t location;
  iree_vm_function_t function = {module, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0};
  CHECK_STATUS(IREE_STATUS_UNAVAILABLE, iree_vm_module_resolve_source_location(module, function, 0, &location));
  release_counter(module);
}

static void test_lookup(void) {
  iree_vm_native_module_descriptor_t descriptor = counter_descriptor();
  iree_vm_module_t* module = new_counter(&descriptor);
  iree_vm_function_t function;
  for (uint16_t i = 0; i < 3; ++i) {
    CHECK_OK(iree_vm_module_lookup_function_by_name(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, exports[i].local_name,
                                                    &function));
    CHECK(function.module == module && function.ordinal == i && function.linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT);
    CHECK(iree_string_view_equal(iree_vm_function_name(&function), exports[i].local_name));
    CHECK(iree_string_view_equal(iree_vm_function_signature(&function).calling_convention, IREE_SV("0i_i")));
  }
  static const char* const unknown[] = {"", "a", "add.", "add.morf", "zz"};
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; ++i) {
    iree_string_view_t name = IREE_SV(unknown[i]);
    CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_module_lookup_function_by_name(
                                            module, IREE_VM_FUNCTION_LINKAGE_EXPORT, name, &function));
    CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_module_lookup_function_by_name(
                                            module, IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL, name, &function));
  }
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, iree_vm_module_lookup_function_by_name(
                                              module, IREE_VM_FUNCTION_LINKAGE_INTERNAL, IREE_SV("add"), &function));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_module_lookup_function_by_ordinal(
                                             module, IREE_VM_FUNCTION_LINKAGE_EXPORT, 3, &function));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, iree_vm_module_lookup_function_by_ordinal(
                                              module, IREE_VM_FUNCTION_LINKAGE_INTERNAL, 0, &function));
  release_counter(module);
}

static void test_function_attrs(void) {
  iree_vm_native_module_descriptor_t descriptor = counter_descriptor();
  iree_vm_module_t* module = new_counter(&descriptor);
  iree_string_pair_t attr;
  iree_vm_function_t add = {module, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0}, past = add, internal = add;
  past.ordinal = 3;
  internal.linkage = IREE_VM_FUNCTION_LINKAGE_INTERNAL;
  CHECK_OK(iree_vm_function_get_attr(add, 0, &attr));
  CHECK(iree_string_view_equal(attr.value, IREE_SV("sum")));
  CHECK(iree_string_view_equal(iree_vm_function_lookup_attr_by_name(&add, IREE_SV("kind")), IREE_SV("sum")));
  CHECK(iree_string_view_is_empty(iree_vm_function_lookup_attr_by_name(&add, IREE_SV("mood"))));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_function_get_attr(add, 1, &attr));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_vm_function_get_attr(past, 0, &attr));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_function_get_attr(internal, 0, &attr));
  release_counter(module);
}

static void test_imports(void) {
  iree_vm_native_module_descriptor_t descriptor = counter_descriptor();
  descriptor.import_count = 2;
  descriptor.imports = imports;
  iree_vm_module_t* module = new_counter(&descriptor);
  iree_vm_function_t function;
  iree_string_view_t name;
  iree_vm_function_signature_t signature;
  CHECK_OK(module->get_function(module->self, IREE_VM_FUNCTION_LINKAGE_IMPORT, 1, &function, &name, &signature));
  CHECK(function.linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL);
  CHECK(iree_string_view_equal(name, IREE_SV("other.g")));
  CHECK(iree_string_view_is_empty(signature.calling_convention));
  iree_vm_context_t* context = NULL;
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_context_create_with_modules(instance, 0, 1, &module,
                                                                          iree_allocator_system(), &context));
  release_counter(module);
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

typedef struct calls_t {
  iree_vm_native_module_descriptor_t descriptor;
  iree_vm_module_t* module;
  iree_vm_context_t* context;
  iree_vm_stack_t* stack;
} calls_t;

static void begin_calls(calls_t* calls) {
  calls->descriptor = counter_descriptor();
  calls->module = new_counter(&calls->descriptor);
  CHECK_OK(iree_vm_context_create_with_modules(instance, 0, 1, &calls->module, iree_allocator_system(),
                                               &calls->context));
  CHECK_OK(iree_vm_stack_allocate(0, iree_vm_context_state_resolver(calls->context), iree_allocator_system(),
                                  &calls->stack));
}

static void end_calls(calls_t* calls) {
  iree_vm_stack_free(calls->stack);
  iree_vm_context_release(calls->context);
  release_counter(calls->module);
}

static iree_status_t call(calls_t* calls, uint16_t linkage, uint16_t ordinal, int32_t number, int32_t* out_total) {
  iree_vm_function_call_t record = {{calls->module, linkage, ordinal},
                                    iree_make_byte_span(&number, sizeof number),
                                    iree_make_byte_span(out_total, sizeof *out_total)};
  return calls->module->begin_call(calls->module->self, calls->stack, record);
}

static void test_calls(void) {
  calls_t calls;
  begin_calls(&calls);
  int32_t total = 0;
  CHECK_OK(call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, 3, &total));
  CHECK_OK(call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL, 1, 4, &total));
  CHECK(total == 7);
  iree_status_t status = call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 2, -1, &total);
  char text[512];
  iree_host_size_t length = 0;
  CHECK(iree_status_format(status, sizeof text, text, &length));
  CHECK(strstr(text, "counter.zero") != NULL);
  CHECK_STATUS(IREE_STATUS_DATA_LOSS, status);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 3, 1, &total));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, call(&calls, IREE_VM_FUNCTION_LINKAGE_INTERNAL, 0, 1, &total));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, call(&calls, IREE_VM_FUNCTION_LINKAGE_IMPORT, 0, 1, &total));
  CHECK(iree_vm_stack_current_frame(calls.stack) == NULL && total == 7);
  end_calls(&calls);
}

/* A call that defers keeps its frame until it is resumed, or until the stack goes. */
static void test_deferred(void) {
  calls_t calls;
  begin_calls(&calls);
  int32_t total = 0;
  iree_byte_span_t results = iree_make_byte_span(&total, sizeof total);
  CHECK_OK(call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, 5, &total));
  CHECK_STATUS(IREE_STATUS_DEFERRED, call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, 0, &total));
  CHECK(iree_vm_stack_current_frame(calls.stack)->function.module == calls.module);
  total = 0;
  CHECK_OK(calls.module->resume_call(calls.module->self, calls.stack, results));
  CHECK(total == 5 && iree_vm_stack_current_frame(calls.stack) == NULL);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION,
               calls.module->resume_call(calls.module->self, calls.stack, results));
  CHECK_STATUS(IREE_STATUS_DEFERRED, call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, 0, &total));
  end_calls(&calls);
}

/* A call from outside of any context that has the module finds no state. */
static void test_stranger(void) {
  calls_t calls;
  begin_calls(&calls);
  iree_vm_context_t* other = NULL;
  iree_vm_stack_t* own_stack = calls.stack;
  int32_t total = 0;
  CHECK_OK(iree_vm_context_create(instance, 0, iree_allocator_system(), &other));
  CHECK_OK(iree_vm_stack_allocate(0, iree_vm_context_state_resolver(other), iree_allocator_system(), &calls.stack));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, call(&calls, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0, 1, &total));
  iree_vm_stack_free(calls.stack);
  iree_vm_context_release(other);
  calls.stack = own_stack;
  end_calls(&calls);
}

/* ---- Overrides and refusals -------------------------------------------------------------------------------------- */

static iree_string_view_t other_name(void* self) {
  CHECK(self == &destroyed);
  return IREE_SV("renamed");
}

static iree_status_t own_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t record) {
  (void)stack;
  (void)record;
  CHECK(self == &destroyed);
  return iree_status_from_code(IREE_STATUS_ABORTED);
}

static void test_overrides(void) {
  iree_vm_native_module_descriptor_t descriptor = counter_descriptor();
  descriptor.function_count = 0; /* no functions are needed by who calls them himself */
  iree_vm_module_t user = counter_interface();
  user.name = other_name;
  user.begin_call = own_begin_call;
  iree_vm_module_t* module = NULL;
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  CHECK_OK(iree_vm_native_module_create(&user, &descriptor, instance, iree_allocator_system(), &module));
  destroyed = 0;
  CHECK(iree_string_view_equal(iree_vm_module_name(module), IREE_SV("renamed")));
  iree_vm_function_call_t record = {{module, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0}, {NULL, 0}, {NULL, 0}};
  CHECK_STATUS(IREE_STATUS_ABORTED, module->begin_call(module->self, NULL, record));
  release_counter(module);
}

static iree_status_t create_from(const iree_vm_native_module_descriptor_t* descriptor) {
  iree_vm_module_t user;
  CHECK_OK(iree_vm_module_initialize(&user, NULL));
  iree_vm_module_t* module = NULL;
  iree_status_t status =
      iree_vm_native_module_create(&user, descriptor, NULL, iree_allocator_system(), &module);
  CHECK(iree_status_is_ok(status) == (module != NULL));
  iree_vm_module_release(module);
  return status;
}

static void test_refusals(void) {
  iree_vm_native_module_descriptor_t descriptor = counter_descriptor();
  CHECK_OK(create_from(&descriptor));
  descriptor.function_count = 2;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, create_from(&descriptor));
  static const iree_vm_native_export_descriptor_t unsorted[] = {{SV("b"), SV("0i_i"), 0, NULL},
                                                                {SV("a"), SV("0i_i"), 0, NULL}};
  descriptor.exports = unsorted;
  descriptor.export_count = 2;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, create_from(&descriptor));
  static const iree_vm_native_export_descriptor_t twice[] = {{SV("a"), SV("0i_i"), 0, NULL},
                                                             {SV("a"), SV("0i_i"), 0, NULL}};
  descriptor.exports = twice;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, create_from(&descriptor));
  static const iree_vm_native_function_ptr_t no_shim[] = {{add_shim, unused_target}, {NULL, unused_target}};
  descriptor.exports = exports;
  descriptor.functions = no_shim;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, create_from(&descriptor));
  descriptor = counter_descriptor();
  descriptor.import_count = 70000;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, create_from(&descriptor));
  CHECK(vmrt_live_objects(VMRT_OBJECT_NATIVE_MODULE) == 0);
}

static const check_case_t cases[] = {
    {"properties", test_properties}, {"lookup", test_lookup},     {"function_attrs", test_function_attrs},
    {"imports", test_imports},       {"calls", test_calls},       {"deferred", test_deferred},
    {"stranger", test_stranger},     {"overrides", test_overrides}, {"refusals", test_refusals},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
