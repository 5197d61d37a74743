/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers and devices: names, URIs, queries, and what the last release does to operations that still wait. */
#include <pthread.h>

#include "device_world.h"
#include "hal/device_impl.h"
#include "platform/platform.h"

/* ---- Drivers ----------------------------------------------------------------------------------------------------- */

static iree_hal_driver_registry_t* new_registry(void) {
  iree_hal_driver_registry_t* registry = NULL;
  CHECK_OK(iree_hal_driver_registry_allocate(iree_allocator_system(), &registry));
  return registry;
}

static void drivers(void) {
  iree_hal_driver_registry_t* registry = new_registry();
  iree_string_view_t name, description;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_hal_driver_registry_at(registry, 0, &name, &description));
  CHECK_OK(vmrt_hal_register_local_drivers(registry, NULL));
  CHECK_OK(vmrt_hal_driver_registry_at(registry, 0, &name, &description));
  CHECK(iree_string_view_equal(name, IREE_SV("local-sync")) && description.size > 0);
  CHECK_OK(vmrt_hal_driver_registry_at(registry, 1, &name, &description));
  CHECK(iree_string_view_equal(name, IREE_SV("local-task")) && description.size > 0);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, vmrt_hal_driver_registry_at(registry, 2, &name, &description));
  CHECK_FAILURE(ALREADY_EXISTS, "local-sync", vmrt_hal_register_local_drivers(registry, NULL));
  iree_hal_driver_registry_free(registry);
  iree_hal_driver_registry_free(NULL);
}

/* A driver that says what it was asked for, and that it is gone. */
static char last_request[64];
static int drivers_freed;

static iree_status_t echo(void* user_data, iree_string_view_t path, iree_string_view_t options,
                          iree_allocator_t host_allocator, iree_hal_device_t** out_device) {
  (void)user_data, (void)host_allocator, (void)out_device;
  snprintf(last_request, sizeof last_request, "%.*s|%.*s", (int)path.size, path.data ? path.data : "",
           (int)options.size, options.data ? options.data : "");
  return iree_status_from_code(IREE_STATUS_UNAVAILABLE);
}

static void count_free(void* user_data) {
  (void)user_data;
  ++drivers_freed;
}

static void uris(void) {
  static const struct {
    const char *uri, *request;
  } rows[] = {{"echo", "|"},          {"echo://", "|"},          {"echo://a/b", "a/b|"}, {"echo://a?x=1&y", "a|x=1&y"},
              {"echo?x://y", "|x://y"}, {"echo://a://b?", "a://b|"}};
  iree_hal_driver_registry_t* registry = new_registry();
  const vmrt_hal_driver_t driver = {IREE_SV("echo"), IREE_SV("says what"), echo, count_free, NULL};
  CHECK_OK(vmrt_hal_driver_registry_add(registry, &driver));
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    iree_hal_device_t* device = NULL;
    last_request[0] = 0;
    CHECK_STATUS(IREE_STATUS_UNAVAILABLE, iree_hal_create_device(registry, iree_make_cstring_view(rows[i].uri),
                                                                 iree_allocator_system(), &device));
    CHECK(strcmp(last_request, rows[i].request) == 0);
  }
  iree_hal_driver_registry_free(registry);
  CHECK(drivers_freed == 1);
}

static void devices_that_cannot_be(void) {
  iree_hal_device_t* device = NULL;
  iree_allocator_t heap = iree_allocator_system();
  CHECK_FAILURE(NOT_FOUND, "no driver 'foo' registered", create_device("foo", heap, &device));
  CHECK_FAILURE(NOT_FOUND, "no driver '' registered", create_device("", heap, &device));
  CHECK_FAILURE(NOT_FOUND, "device paths not yet implemented", create_device("local-sync://0", heap, &device));
  CHECK_FAILURE(NOT_FOUND, "device paths not yet implemented", create_device("local-task://abc?x=1", heap, &device));
  CHECK(device == NULL);
  check_nothing_left();
}

static void devices(void) {
  static const char* const uris_of_sync[] = {"local-sync", "local-sync://", "local-sync?a=b", "local-sync://?a=b"};
  for (int i = 0; i < 4; ++i) {
    iree_hal_device_t* device = NULL;
    CHECK_OK(create_device(uris_of_sync[i], iree_allocator_system(), &device));
    CHECK(iree_string_view_equal(iree_hal_device_id(device), IREE_SV("local-sync")));
    iree_hal_device_release(device);
  }
  check_nothing_left();
}

/* ---- Queries ----------------------------------------------------------------------------------------------------- */

static iree_status_t query(device_world_t* world, const char* category, const char* key, int64_t* out_value) {
  return iree_hal_device_query_i64(world->device, iree_make_cstring_view(category), iree_make_cstring_view(key),
                                   out_value);
}

/* The answers of the reference for both devices. */
static void queries(device_world_t* world) {
  static const struct {
    const char *category, *key;
    int64_t sync, task;
  } rows[] = {
      {"hal.device.id", "local*", 1, 1},
      {"hal.device.id", "local-sync", 1, 0},
      {"hal.device.id", "local-task", 0, 1},
      {"hal.device.id", "local", 0, 0},
      {"hal.device.id", "vulkan", 0, 0},
      {"hal.device.id", "vulk?n", 0, 0},
      {"hal.device.id", "*", 1, 1},
      {"hal.device.id", "", 0, 0},
      {"hal.executable.format", "embedded-elf-x86_64", 1, 1},
      {"hal.executable.format", "vmvx-bytecode-fb", 1, 1},
      {"hal.executable.format", "system-elf-x86_64", 1, 1},
      {"hal.executable.format", "static", 0, 0},
      {"hal.executable.format", "system-dylib-x86_64", 0, 0},
      {"hal.executable.format", "embedded-elf-arm_64", 0, 0},
      {"hal.executable.format", "vulkan-spirv-fb", 0, 0},
      {"hal.device", "concurrency", 1, 1},
      {"hal.dispatch", "concurrency", 1, 2},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    int64_t value = -1;
    CHECK_OK(query(world, rows[i].category, rows[i].key, &value));
    bool is_right = value == (world->is_sync ? rows[i].sync : rows[i].task);
    if (!is_right) fprintf(stderr, "%s :: %s gave %lld\n", rows[i].category, rows[i].key, (long long)value);
    CHECK(is_right);
  }
}

static void unknown_queries(device_world_t* world) {
  static const char* const rows[][2] = {{"hal.device", "speed"},     {"hal.dispatch", ""},        {"hal.cpu", "sse2"},
                                        {"vulkan.device", "api_version"}, {"", ""}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    int64_t value = -1;
    CHECK_FAILURE(NOT_FOUND, rows[i][1], query(world, rows[i][0], rows[i][1], &value));
    CHECK(value == 0);
  }
  iree_hal_executable_t* executable = NULL;
  const iree_hal_executable_params_t params = {.executable_format = IREE_SV("ABCD")};
  CHECK_FAILURE(NOT_FOUND, "'ABCD'", iree_hal_device_create_executable(world->device, &params, &executable));
}

static bool glob(const char* pattern, const char* text) {
  return hal_glob_match(iree_make_cstring_view(pattern), iree_make_cstring_view(text));
}

static void globs(void) {
  CHECK(glob("a*b*c", "abbbc") && glob("*c", "abc") && glob("a**", "a") && glob("???", "abc") && glob("*a?", "aaab"));
  CHECK(!glob("a*b", "abc") && !glob("???", "ab") && !glob("A", "a") && !glob("", "") && !glob("ab", "a"));
}

/* ---- Teardown ---------------------------------------------------------------------------------------------------- */

static void release_device(device_world_t* world) {
  iree_hal_device_release(world->device);
  world->device = NULL;
}

/* A chain behind a fence that nobody signals, and one whose fence was signalled. */
static void what_waits_is_cancelled(device_world_t* world) {
  enum { LINKS = 5000 };
  iree_hal_fence_t *never = new_fence(world), *fences[LINKS], *done = new_fence(world), *other = new_fence(world);
  iree_hal_buffer_t *buffer = new_words(world, 1, 0), *fresh = NULL;
  iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL};
  CHECK_OK(vmrt_hal_queue_alloca(world->device, never, NULL, params, 4, &fresh));
  for (int i = 0; i < LINKS; ++i) {
    fences[i] = new_fence(world);
    CHECK_OK(vmrt_hal_queue_fill(world->device, i ? fences[i - 1] : never, fences[i], buffer, 0, 4, "abcd", 4));
  }
  CHECK_OK(vmrt_hal_queue_barrier(world->device, other, done));
  CHECK_OK(iree_hal_fence_signal(other));
  release_device(world);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_DEVICE) == 0);
  CHECK_OK(AWAIT(done));
  for (int i = 0; i < LINKS; ++i) {
    CHECK_FAILURE(CANCELLED, "the device was released", iree_hal_fence_query(fences[i]));
    iree_hal_fence_release(fences[i]);
  }
  CHECK_STATUS(IREE_STATUS_DEFERRED, iree_hal_fence_query(never));
  CHECK_OK(iree_hal_fence_signal(never));
  CHECK(word_at(buffer, 0) == 0);
  iree_hal_fence_release(never);
  iree_hal_fence_release(done);
  iree_hal_fence_release(other);
  iree_hal_buffer_release(fresh);
  iree_hal_buffer_release(buffer);
}

/* What was started is finished, and so is what that starts. */
static void what_can_run_is_finished(device_world_t* world) {
  enum { LINKS = 200 };
  iree_hal_executable_t* executable = new_executable();
  iree_hal_buffer_t* buffer = new_words(world, 1000, 0);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 0);
  CHECK_OK(record_add(commands, executable, 1000, 1, direct_ref(buffer, 0, WHOLE)));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_fence_t* previous = NULL;
  for (int i = 0; i < LINKS; ++i) {
    iree_hal_fence_t* next = new_fence(world);
    CHECK_OK(execute(world, previous, next, commands, 0, NULL));
    iree_hal_fence_release(previous);
    previous = next;
  }
  release_device(world);
  CHECK_OK(iree_hal_fence_query(previous));
  CHECK(word_at(buffer, 0) == LINKS && word_at(buffer, 999) == LINKS);
  iree_hal_fence_release(previous);
  iree_hal_command_buffer_release(commands);
  iree_hal_executable_release(executable);
  iree_hal_buffer_release(buffer);
}

/* Another thread signals, or fails, what operations wait for while the device goes. */
typedef struct late_signals_t {
  iree_hal_fence_t* fences[16];
} late_signals_t;

static void* signal_late(void* user_data) {
  late_signals_t* late = user_data;
  for (int i = 0; i < 16; ++i) {
    if (i % 3 == 0) {
      vmrt_hal_fence_fail_code(late->fences[i], IREE_STATUS_ABORTED);
    } else {
      CHECK_OK(iree_hal_fence_signal(late->fences[i]));
    }
  }
  return NULL;
}

static iree_hal_fence_t* wait_for_two(device_world_t* world, iree_hal_fence_t* a, iree_hal_fence_t* b) {
  iree_hal_fence_t *pair[2] = {a, b}, *both = NULL, *done = new_fence(world);
  CHECK_OK(iree_hal_fence_join(2, pair, world->heap, &both));
  CHECK_OK(vmrt_hal_queue_barrier(world->device, both, done));
  iree_hal_fence_release(both);
  return done;
}

static void release_against_signals(device_world_t* world) {
  late_signals_t late;
  iree_hal_fence_t* done[16];
  pthread_t thread;
  for (int i = 0; i < 16; ++i) late.fences[i] = new_fence(world);
  for (int i = 0; i < 16; ++i) done[i] = wait_for_two(world, late.fences[i], late.fences[(i * 7 + 3) % 16]);
  CHECK(pthread_create(&thread, NULL, signal_late, &late) == 0);
  release_device(world);
  pthread_join(thread, NULL);
  for (int i = 0; i < 16; ++i) {
    iree_status_code_t code = iree_status_consume_code(iree_hal_fence_query(done[i]));
    CHECK(code == IREE_STATUS_OK || code == IREE_STATUS_CANCELLED || code == IREE_STATUS_ABORTED);
    iree_hal_fence_release(done[i]);
    iree_hal_fence_release(late.fences[i]);
  }
}

static void many_releases_against_signals(void) {
  for (int i = 0; i < 30; ++i) on_each_device(release_against_signals);
}

/* Buffers, fences and recordings are of use without their device. */
static void objects_outlive_their_device(device_world_t* world) {
  iree_hal_buffer_t* buffer = new_words(world, 4, 9);
  iree_hal_fence_t* fence = new_fence(world);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 0);
  release_device(world);
  CHECK(word_at(buffer, 3) == 9);
  CHECK_OK(record_fill(commands, direct_ref(buffer, 0, 16), 1));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, vmrt_hal_fence_wait_for(fence, 1000000));
  CHECK_OK(iree_hal_fence_signal(fence));
  CHECK_OK(AWAIT(fence));
  iree_hal_command_buffer_release(commands);
  iree_hal_fence_release(fence);
  iree_hal_buffer_release(buffer);
}

ON_EACH_DEVICE(queries)
ON_EACH_DEVICE(unknown_queries)
ON_EACH_DEVICE(what_waits_is_cancelled)
ON_EACH_DEVICE(what_can_run_is_finished)
ON_EACH_DEVICE(objects_outlive_their_device)

/* ---- Two devices ------------------------------------------------------------------------------------------------- */

static iree_hal_executable_t* load_kernels(iree_hal_device_t* device) {
  iree_byte_span_t data = iree_byte_span_empty();
  iree_hal_executable_t* executable = NULL;
  CHECK_OK(platform_read_file(IREE_SV(VMRT_FIXTURES_DIR "/executables/kernels.vmfb"), iree_allocator_system(), &data));
  iree_hal_executable_params_t params = {.executable_format = IREE_SV("vmvx-bytecode-fb"),
                                         .executable_data = iree_const_cast_byte_span(data)};
  CHECK_OK(iree_hal_device_create_executable(device, &params, &executable));
  iree_allocator_free_aligned(iree_allocator_system(), data.data);
  return executable;
}

/* Sums of four rows of 16 numbers: two bindings, no constants. */
static iree_status_t record_sums(iree_hal_command_buffer_t* commands, iree_hal_executable_t* executable) {
  uint64_t function = 0;
  const iree_hal_buffer_ref_t refs[2] = {slot_ref(0, 0, 256), slot_ref(1, 0, 16)};
  const iree_hal_dispatch_config_t config = {.workgroup_count = {1, 1, 1}};
  CHECK_OK(iree_hal_executable_lookup_function_by_name(executable, IREE_SV("sums_dispatch_0_reduction_4x16_f32"),
                                                       &function));
  return iree_hal_command_buffer_dispatch(commands, executable, function, config, iree_const_byte_span_empty(),
                                          (iree_hal_buffer_ref_list_t){2, refs}, 0);
}

/* What an executable keeps for each worker is there for the workers of its own device only. */
static void executables_stay_on_their_device(device_world_t* world) {
  device_world_t other = {.heap = world->heap};
  CHECK_OK(create_device("local-sync", other.heap, &other.device));
  iree_hal_executable_t *ours = load_kernels(world->device), *theirs = load_kernels(other.device);
  iree_hal_buffer_t *in = new_words(world, 64, 0), *out = new_words(world, 4, 7);
  const iree_hal_buffer_binding_t table[2] = {{in, 0, WHOLE}, {out, 0, WHOLE}};
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 2);
  CHECK_OK(record_sums(commands, theirs));
  CHECK_FAILURE(INVALID_ARGUMENT, "for another device", record_sums(commands, ours));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_FAILURE(INVALID_ARGUMENT, "for another device", execute_now(world, commands, 2, table));
  CHECK(word_at(out, 0) == 7);
  CHECK_OK(execute_now(&other, commands, 2, table));
  CHECK(word_at(out, 0) == 0 && word_at(out, 3) == 0);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(in);
  iree_hal_buffer_release(out);
  iree_hal_executable_release(ours);
  iree_hal_executable_release(theirs);
  iree_hal_device_release(other.device);
}

/* A constant may be read by kernels, and kernels of bytecode cannot write to it. */
static void constants_are_not_written(device_world_t* world) {
  static _Alignas(64) float numbers[64] = {1, 2};
  static _Alignas(64) float sums[4] = {7, 7, 7, 7};
  const iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL,
                                           .usage = IREE_HAL_BUFFER_USAGE_DEFAULT,
                                           .access = IREE_HAL_MEMORY_ACCESS_READ};
  iree_hal_allocator_t* allocator = iree_hal_device_allocator(world->device);
  iree_hal_buffer_t *in = NULL, *constant = NULL, *out = new_words(world, 4, 7);
  CHECK_OK(vmrt_hal_allocator_import_host(allocator, params, numbers, sizeof numbers, NULL, NULL, &in));
  CHECK_OK(vmrt_hal_allocator_import_host(allocator, params, sums, sizeof sums, NULL, NULL, &constant));
  iree_hal_executable_t* executable = load_kernels(world->device);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 2);
  CHECK_OK(record_sums(commands, executable));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_buffer_binding_t table[2] = {{in, 0, WHOLE}, {out, 0, WHOLE}};
  CHECK_OK(execute_now(world, commands, 2, table));
  CHECK(word_at(out, 0) == 0x40400000 && word_at(out, 1) == 0);
  table[1].buffer = constant;
  CHECK_FAILURE(PERMISSION_DENIED, "", execute_now(world, commands, 2, table));
  CHECK(sums[0] == 7 && sums[3] == 7);
  iree_hal_command_buffer_release(commands);
  iree_hal_executable_release(executable);
  iree_hal_buffer_release(in);
  iree_hal_buffer_release(constant);
  iree_hal_buffer_release(out);
}

ON_EACH_DEVICE(executables_stay_on_their_device)
ON_EACH_DEVICE(constants_are_not_written)

static const check_case_t cases[] = {
    {"drivers", drivers},
    {"uris", uris},
    {"devices that cannot be", devices_that_cannot_be},
    {"devices", devices},
    {"queries", test_queries},
    {"unknown queries", test_unknown_queries},
    {"globs", globs},
    {"what waits is cancelled", test_what_waits_is_cancelled},
    {"what can run is finished", test_what_can_run_is_finished},
    {"many releases against signals", many_releases_against_signals},
    {"objects outlive their device", test_objects_outlive_their_device},
    {"executables stay on their device", test_executables_stay_on_their_device},
    {"constants are not written", test_constants_are_not_written},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
