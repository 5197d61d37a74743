/* SPDX-License-Identifier: Apache-2.0 */
/* An instance, a device, the module `hal` (or another one) and direct calls of its functions with packed arguments. */
#ifndef VMRT_TESTS_HAL_WORLD_H_
#define VMRT_TESTS_HAL_WORLD_H_

#include "check.h"
#include "iree/hal/driver.h"
#include "iree/modules/hal/module.h"
#include "iree/vm/api.h"
#include "vmrt/probe.h"

typedef struct hal_world_t {
  iree_allocator_t heap;
  iree_vm_instance_t* instance;
  iree_hal_driver_registry_t* registry;
  iree_hal_device_t* device;
  iree_vm_module_t* module; /* the one that is called */
  iree_vm_context_t* context;
  iree_vm_stack_t* stack;
} hal_world_t;

static char hal_world_trace[4096];
static inline void hal_world_sink(void* user_data, iree_string_view_t text) {
  (void)user_data;
  snprintf(hal_world_trace, sizeof hal_world_trace, "%.*s", (int)text.size, text.data);
}

static inline iree_status_t hal_world_open_device(hal_world_t* world, const char* uri) {
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, world->heap, &world->instance));
  IREE_RETURN_IF_ERROR(iree_hal_driver_registry_allocate(world->heap, &world->registry));
  IREE_RETURN_IF_ERROR(vmrt_hal_register_local_drivers(world->registry, NULL));
  return iree_hal_create_device(world->registry, iree_make_cstring_view(uri), world->heap, &world->device);
}

/* A context of `world->module` and a stack for calls in it. */
static inline iree_status_t hal_world_open_context(hal_world_t* world) {
  IREE_RETURN_IF_ERROR(iree_vm_context_create(world->instance, 0, world->heap, &world->context));
  IREE_RETURN_IF_ERROR(iree_vm_context_register_modules(world->context, 1, &world->module));
  return iree_vm_stack_allocate(0, iree_vm_context_state_resolver(world->context), world->heap, &world->stack);
}

static inline iree_status_t hal_world_open(hal_world_t* world, const char* uri) {
  IREE_RETURN_IF_ERROR(hal_world_open_device(world, uri));
  vmrt_hal_module_trace_sink_t sink = {hal_world_sink, NULL};
  IREE_RETURN_IF_ERROR(vmrt_hal_module_create(world->instance, 1, &world->device, sink, world->heap, &world->module));
  return hal_world_open_context(world);
}

static inline void hal_world_close(hal_world_t* world) {
  if (world->stack) iree_vm_stack_free(world->stack);
  iree_vm_context_release(world->context);
  iree_vm_module_release(world->module);
  iree_hal_device_release(world->device);
  if (world->registry) iree_hal_driver_registry_free(world->registry);
  iree_vm_instance_release(world->instance);
}

/* Every object of the runtime is gone. */
static inline void hal_check_nothing_left(const char* where) {
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    int64_t count = vmrt_live_objects((vmrt_object_kind_t)kind);
    if (count != 0) {
      fprintf(stderr, "%s: %lld %s left\n", where, (long long)count, vmrt_object_kind_name((vmrt_object_kind_t)kind));
    }
    CHECK(count == 0);
  }
}

/* Runs `body` on each local device; nothing is left afterwards. */
static inline void hal_with_world(void (*body)(hal_world_t* world)) {
  static const char* const devices[] = {"local-sync", "local-task"};
  for (size_t i = 0; i < sizeof devices / sizeof devices[0]; ++i) {
    hal_world_t world = {.heap = iree_allocator_system()};
    if (CHECK_OK(hal_world_open(&world, devices[i]))) body(&world);
    hal_world_close(&world);
    hal_check_nothing_left(devices[i]);
  }
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

typedef union hal_results_t {
  int32_t i32;
  int64_t i64;
  iree_vm_ref_t ref;
  uint64_t words[4];
} hal_results_t;

/* Arguments by letter: i and I are int32_t and int64_t, r an iree_vm_ref_t, | a gap to the next multiple of 8. */
static inline size_t hal_pack(uint8_t* bytes, const char* letters, va_list values) {
  size_t at = 0;
  for (const char* letter = letters; *letter; ++letter) {
    size_t size = *letter == 'i' ? 4 : *letter == 'r' ? 16 : 8;
    if (*letter != 'i') at = (at + 7) & ~(size_t)7;
    if (*letter == '|') continue;
    union {
      int32_t i32;
      int64_t i64;
      iree_vm_ref_t ref;
    } value;
    if (*letter == 'i') value.i32 = va_arg(values, int32_t);
    if (*letter == 'I') value.i64 = va_arg(values, int64_t);
    if (*letter == 'r') value.ref = va_arg(values, iree_vm_ref_t);
    memcpy(bytes + at, &value, size);
    at += size;
  }
  return at;
}

/* Results are borrowed from nobody: a reference among them belongs to the caller. */
static inline iree_status_t hal_call(hal_world_t* world, const char* name, hal_results_t* results, const char* letters,
                                     ...) {
  _Alignas(16) uint8_t bytes[4096] = {0};
  hal_results_t unused;
  if (!results) results = &unused;
  memset(results, 0, sizeof *results);
  va_list values;
  va_start(values, letters);
  size_t length = hal_pack(bytes, letters, values);
  va_end(values);
  iree_vm_function_call_t call = {.arguments = iree_make_byte_span(bytes, length),
                                  .results = iree_make_byte_span(results, sizeof *results)};
  IREE_RETURN_IF_ERROR(iree_vm_module_lookup_function_by_name(world->module, IREE_VM_FUNCTION_LINKAGE_EXPORT,
                                                              iree_make_cstring_view(name), &call.function));
  return world->module->begin_call(world->module->self, world->stack, call);
}

/* The status of a call and a piece of its message. */
static inline void hal_check_failure(iree_status_code_t expected, const char* message, iree_status_t status) {
  char text[1024] = "";
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof text, text, &length);
  bool right = iree_status_code(status) == expected && strstr(text, message) != NULL;
  if (!right) fprintf(stderr, "  wanted %s: %s\n  got    %s\n", iree_status_code_string(expected), message, text);
  CHECK(right);
  iree_status_free(status);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

#define NULL_REF iree_vm_ref_null()

/* A vm.buffer of that text; one reference for the caller. */
static inline iree_vm_ref_t hal_text(const char* text) {
  iree_vm_buffer_t* buffer = NULL;
  CHECK_OK(iree_vm_buffer_create(0, strlen(text), 0, iree_allocator_system(), &buffer));
  if (buffer) memcpy(iree_vm_buffer_data(buffer), text, strlen(text));
  return iree_vm_buffer_move_ref(buffer);
}

static inline iree_vm_ref_t hal_world_device_ref(hal_world_t* world) { return iree_hal_device_move_ref(world->device); }

/* A host-visible buffer of `size` bytes. */
static inline iree_vm_ref_t hal_world_buffer(hal_world_t* world, uint64_t size) {
  iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_HOST_LOCAL | IREE_HAL_MEMORY_TYPE_DEVICE_VISIBLE,
                                     .usage = IREE_HAL_BUFFER_USAGE_DEFAULT | IREE_HAL_BUFFER_USAGE_MAPPING};
  iree_hal_buffer_t* buffer = NULL;
  CHECK_OK(iree_hal_allocator_allocate_buffer(iree_hal_device_allocator(world->device), params, size, &buffer));
  return iree_hal_buffer_move_ref(buffer);
}

static inline iree_vm_ref_t hal_world_fence(hal_world_t* world) {
  hal_results_t results;
  CHECK_OK(hal_call(world, "fence.create", &results, "rI", hal_world_device_ref(world), (int64_t)0));
  return results.ref;
}

#endif /* VMRT_TESTS_HAL_WORLD_H_ */
