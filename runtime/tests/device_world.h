/* SPDX-License-Identifier: Apache-2.0 */
/* Local devices for tests, executables whose kernels are C functions, and the proof that nothing is left. */
#ifndef VMRT_TESTS_DEVICE_WORLD_H_
#define VMRT_TESTS_DEVICE_WORLD_H_

#include "check.h"
#include "hal/local/local_executable.h"
#include "iree/hal/api.h"
#include "vmrt/hal.h"
#include "vmrt/probe.h"

#define ANY IREE_HAL_QUEUE_AFFINITY_ANY
#define WHOLE IREE_HAL_WHOLE_BUFFER

/* ---- Statuses ---------------------------------------------------------------------------------------------------- */

/* The code, and that the text contains `part`. */
static inline void check_failure(iree_status_code_t code, const char* part, iree_status_t status, const char* file,
                                 int line) {
  char text[1024] = "";
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof text, text, &length);
  if (!strstr(text, part)) {
    ++check_failures;
    fprintf(stderr, "%s:%d: wanted a text with '%s'\n  got %s\n", file, line, part, text);
  }
  check_status(code, status, part, file, line);
}
#define CHECK_FAILURE(code, part, expression) check_failure(IREE_STATUS_##code, part, (expression), __FILE__, __LINE__)

static inline void check_nothing_left(void) {
  for (int kind = VMRT_OBJECT_HAL_DEVICE; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    int64_t left = vmrt_live_objects((vmrt_object_kind_t)kind);
    if (left == 0) continue;
    ++check_failures;
    fprintf(stderr, "%lld of %s are left\n", (long long)left, vmrt_object_kind_name((vmrt_object_kind_t)kind));
  }
}

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

typedef struct device_world_t {
  iree_allocator_t heap;
  iree_hal_device_t* device;
  bool is_sync;
} device_world_t;

static inline iree_status_t create_device(const char* uri, iree_allocator_t heap, iree_hal_device_t** out_device) {
  iree_hal_driver_registry_t* registry = NULL;
  const vmrt_hal_local_options_t options = {.worker_count = 2};
  IREE_RETURN_IF_ERROR(iree_hal_driver_registry_allocate(heap, &registry));
  iree_status_t status = vmrt_hal_register_local_drivers(registry, &options);
  if (iree_status_is_ok(status)) {
    status = iree_hal_create_device(registry, iree_make_cstring_view(uri), heap, out_device);
  }
  iree_hal_driver_registry_free(registry);
  return status;
}

static inline bool world_begin(const char* uri, device_world_t* world) {
  world->heap = iree_allocator_system();
  world->is_sync = strcmp(uri, "local-sync") == 0;
  world->device = NULL;
  return CHECK_OK(create_device(uri, world->heap, &world->device));
}

/* A test may have released the device itself and cleared the pointer. */
static inline void world_end(device_world_t* world) {
  iree_hal_device_release(world->device);
  check_nothing_left();
}

static inline void on_each_device(void (*test)(device_world_t* world)) {
  static const char* const uris[] = {"local-sync", "local-task"};
  for (int i = 0; i < 2; ++i) {
    device_world_t world;
    int before = check_failures;
    if (!world_begin(uris[i], &world)) continue;
    test(&world);
    world_end(&world);
    if (check_failures != before) fprintf(stderr, "on %s\n", uris[i]);
  }
}

#define ON_EACH_DEVICE(test) \
  static void test_##test(void) { on_each_device(test); }

static inline iree_hal_fence_t* new_fence(device_world_t* world) {
  iree_hal_fence_t* fence = NULL;
  CHECK_OK(vmrt_hal_device_create_fence(world->device, &fence));
  return fence;
}

#define LIST(fence) iree_hal_fence_semaphore_list(fence)
#define AWAIT(fence) vmrt_hal_fence_wait_for(fence, -1)

/* A buffer of `count` words that are all `value`. */
static inline iree_hal_buffer_t* new_words(device_world_t* world, uint32_t count, uint32_t value) {
  iree_hal_buffer_t* buffer = NULL;
  iree_hal_allocator_t* allocator = iree_hal_device_allocator(world->device);
  iree_hal_buffer_params_t params = {
      .type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL,
      .usage = IREE_HAL_BUFFER_USAGE_DEFAULT | IREE_HAL_BUFFER_USAGE_DISPATCH_INDIRECT_PARAMETERS};
  CHECK_OK(iree_hal_allocator_allocate_buffer(allocator, params, count * 4ull, &buffer));
  CHECK_OK(iree_hal_buffer_map_fill(buffer, 0, WHOLE, &value, 4));
  return buffer;
}

static inline uint32_t word_at(iree_hal_buffer_t* buffer, uint32_t index) {
  uint32_t value = 0;
  CHECK_OK(iree_hal_buffer_map_read(buffer, index * 4ull, &value, 4));
  return value;
}

/* ---- Executables ------------------------------------------------------------------------------------------------- */

enum { KERNEL_ADD, KERNEL_DOUBLE, KERNEL_FAIL, KERNEL_COUNT };
static const hal_executable_function_t test_functions[] = {
    [KERNEL_ADD] = {{"add", 3}, 1, 1},       /* word i of the binding += constant, workgroup i */
    [KERNEL_DOUBLE] = {{"double", 6}, 0, 2}, /* word i of the second = 2 * word i of the first */
    [KERNEL_FAIL] = {{"fail", 4}, 0, 0},     /* fails in workgroup 3 */
};

static inline iree_status_t run_workgroup(const local_dispatch_t* dispatch, uint64_t index) {
  uint32_t* first = dispatch->binding_count ? dispatch->binding_pointers[0] : NULL;
  switch (dispatch->function) {
    case KERNEL_ADD:
      __atomic_fetch_add(&first[index], dispatch->constants[0], __ATOMIC_RELAXED);
      return iree_ok_status();
    case KERNEL_DOUBLE:
      ((uint32_t*)dispatch->binding_pointers[1])[index] = 2 * first[index];
      return iree_ok_status();
  }
  if (index != 3) return iree_ok_status();
  return iree_make_status(IREE_STATUS_DATA_LOSS, "workgroup 3 fails");
}

static inline iree_status_t test_issue(local_executable_t* executable, const local_dispatch_t* dispatch,
                                       local_worker_t worker, uint64_t begin, uint64_t end) {
  (void)executable, (void)worker;
  for (uint64_t i = begin; i < end; ++i) IREE_RETURN_IF_ERROR(run_workgroup(dispatch, i));
  return iree_ok_status();
}

static inline void test_executable_destroy(iree_hal_executable_t* executable) {
  live_object_remove(VMRT_OBJECT_HAL_EXECUTABLE);
  iree_allocator_free(executable->host_allocator, executable);
}

static inline iree_hal_executable_t* new_executable(void) {
  static const hal_executable_vtable_t vtable = {test_executable_destroy};
  local_executable_t* executable = NULL;
  CHECK_OK(iree_allocator_malloc(iree_allocator_system(), sizeof *executable, (void**)&executable));
  atomic_ref_count_init(&executable->base.ref_object.counter);
  executable->base.vtable = &vtable;
  executable->base.host_allocator = iree_allocator_system();
  executable->base.function_count = KERNEL_COUNT;
  executable->base.functions = (hal_executable_function_t*)test_functions;
  executable->issue = test_issue;
  live_object_add(VMRT_OBJECT_HAL_EXECUTABLE);
  return &executable->base;
}

/* ---- Command buffers --------------------------------------------------------------------------------------------- */

static inline iree_hal_command_buffer_t* begin_commands(device_world_t* world, uint32_t mode,
                                                        iree_host_size_t capacity) {
  iree_hal_command_buffer_t* commands = NULL;
  CHECK_OK(
      iree_hal_command_buffer_create(world->device, mode, IREE_HAL_COMMAND_CATEGORY_ANY, ANY, capacity, &commands));
  CHECK_OK(iree_hal_command_buffer_begin(commands));
  return commands;
}

static inline iree_hal_buffer_ref_t slot_ref(uint32_t slot, uint64_t offset, uint64_t length) {
  return (iree_hal_buffer_ref_t){slot, NULL, offset, length};
}
static inline iree_hal_buffer_ref_t direct_ref(iree_hal_buffer_t* buffer, uint64_t offset, uint64_t length) {
  return (iree_hal_buffer_ref_t){0, buffer, offset, length};
}

static inline iree_status_t record_fill(iree_hal_command_buffer_t* commands, iree_hal_buffer_ref_t target,
                                        uint32_t value) {
  return iree_hal_command_buffer_fill_buffer(commands, target, &value, 4, 0);
}

/* Adds `constant` to the first `count` words of `target`. */
static inline iree_status_t record_add(iree_hal_command_buffer_t* commands, iree_hal_executable_t* executable,
                                       uint32_t count, uint32_t constant, iree_hal_buffer_ref_t target) {
  const iree_hal_dispatch_config_t config = {.workgroup_count = {count, 1, 1}};
  return iree_hal_command_buffer_dispatch(commands, executable, KERNEL_ADD, config,
                                          iree_make_const_byte_span(&constant, 4),
                                          (iree_hal_buffer_ref_list_t){1, &target}, 0);
}

static inline iree_status_t execute(device_world_t* world, iree_hal_fence_t* wait, iree_hal_fence_t* signal,
                                    iree_hal_command_buffer_t* commands, iree_host_size_t count,
                                    const iree_hal_buffer_binding_t* bindings) {
  return iree_hal_device_queue_execute(world->device, ANY, LIST(wait), LIST(signal), commands,
                                       (iree_hal_buffer_binding_table_t){count, bindings}, 0);
}

/* Executes and waits: the failure of the call, or that of the fence. */
static inline iree_status_t execute_now(device_world_t* world, iree_hal_command_buffer_t* commands,
                                        iree_host_size_t count, const iree_hal_buffer_binding_t* bindings) {
  iree_hal_fence_t* done = new_fence(world);
  iree_status_t status = execute(world, NULL, done, commands, count, bindings);
  if (iree_status_is_ok(status)) status = AWAIT(done);
  iree_hal_fence_release(done);
  return status;
}

#endif /* VMRT_TESTS_DEVICE_WORLD_H_ */
