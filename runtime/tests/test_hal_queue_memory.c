/* SPDX-License-Identifier: Apache-2.0 */
/* Devices, recordings and queue calls out of memory at every single request, once and from then on. */
#include "device_world.h"

#define MAX_REQUESTS 400

/* A feature uses a device of `uri` whose memory comes from `heap`. */
typedef iree_status_t (*feature_t)(const char* uri, iree_allocator_t heap);

/* Ends a feature that has a device. */
static iree_status_t end(device_world_t* world, iree_status_t status) {
  iree_hal_device_release(world->device);
  return status;
}

static iree_status_t begin(const char* uri, iree_allocator_t heap, device_world_t* world) {
  *world = (device_world_t){.heap = heap, .is_sync = strcmp(uri, "local-sync") == 0};
  return create_device(uri, heap, &world->device);
}

static iree_status_t devices(const char* uri, iree_allocator_t heap) {
  device_world_t world;
  IREE_RETURN_IF_ERROR(begin(uri, heap, &world));
  return end(&world, iree_ok_status());
}

/* ---- Fences ------------------------------------------------------------------------------------------------------ */

static iree_status_t use_fences(device_world_t* world) {
  iree_hal_fence_t *fences[3] = {NULL, NULL, NULL}, *joined = NULL;
  iree_status_t status = iree_ok_status();
  for (int i = 0; i < 3 && iree_status_is_ok(status); ++i) {
    status = vmrt_hal_device_create_fence(world->device, &fences[i]);
  }
  if (iree_status_is_ok(status)) status = iree_hal_fence_join(3, fences, world->heap, &joined);
  if (iree_status_is_ok(status)) status = vmrt_hal_queue_barrier(world->device, fences[0], fences[1]);
  if (iree_status_is_ok(status)) status = iree_hal_fence_signal(fences[0]);
  if (iree_status_is_ok(status)) status = AWAIT(fences[1]);
  for (int i = 0; i < 3; ++i) iree_hal_fence_release(fences[i]);
  iree_hal_fence_release(joined);
  return status;
}

static iree_status_t fences(const char* uri, iree_allocator_t heap) {
  device_world_t world;
  IREE_RETURN_IF_ERROR(begin(uri, heap, &world));
  return end(&world, use_fences(&world));
}

/* ---- Recordings and queues --------------------------------------------------------------------------------------- */

static iree_status_t record(iree_hal_command_buffer_t* commands, iree_hal_executable_t* executable) {
  static const uint8_t bytes[4096] = {1};
  IREE_RETURN_IF_ERROR(iree_hal_command_buffer_begin(commands));
  for (uint32_t i = 0; i < 8; ++i) {
    iree_hal_buffer_ref_t target = slot_ref(i % 2 ? 30 : 1, 0, 4096);
    IREE_RETURN_IF_ERROR(iree_hal_command_buffer_update_buffer(commands, bytes, 0, target, 0));
    IREE_RETURN_IF_ERROR(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
    IREE_RETURN_IF_ERROR(record_add(commands, executable, 64, 1, slot_ref(1, 0, WHOLE)));
    IREE_RETURN_IF_ERROR(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
  }
  return iree_hal_command_buffer_end(commands);
}

static iree_status_t allocate(device_world_t* world, iree_hal_fence_t* signal, iree_hal_buffer_t** out_buffer) {
  const iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL};
  return vmrt_hal_queue_alloca(world->device, NULL, signal, params, 4096, out_buffer);
}

static iree_status_t execute_and_wait(device_world_t* world, iree_hal_command_buffer_t* commands,
                                      iree_hal_buffer_t* buffer, iree_hal_fence_t* ready, iree_hal_fence_t* done) {
  iree_hal_buffer_binding_t table[31] = {{NULL, 0, 0}};
  table[1] = table[30] = (iree_hal_buffer_binding_t){buffer, 0, WHOLE};
  IREE_RETURN_IF_ERROR(execute(world, ready, done, commands, 31, table));
  return AWAIT(done);
}

static iree_status_t use_commands(device_world_t* world, iree_hal_executable_t* executable) {
  iree_hal_command_buffer_t* commands = NULL;
  iree_hal_fence_t *ready = NULL, *done = NULL;
  iree_hal_buffer_t* buffer = NULL;
  iree_status_t status =
      iree_hal_command_buffer_create(world->device, 0, IREE_HAL_COMMAND_CATEGORY_ANY, ANY, 31, &commands);
  if (iree_status_is_ok(status)) status = record(commands, executable);
  if (iree_status_is_ok(status)) status = vmrt_hal_device_create_fence(world->device, &ready);
  if (iree_status_is_ok(status)) status = vmrt_hal_device_create_fence(world->device, &done);
  if (iree_status_is_ok(status)) status = allocate(world, ready, &buffer);
  if (iree_status_is_ok(status)) status = execute_and_wait(world, commands, buffer, ready, done);
  iree_hal_buffer_release(buffer);
  iree_hal_fence_release(ready);
  iree_hal_fence_release(done);
  iree_hal_command_buffer_release(commands);
  return status;
}

static iree_status_t commands(const char* uri, iree_allocator_t heap) {
  device_world_t world;
  IREE_RETURN_IF_ERROR(begin(uri, heap, &world));
  iree_hal_executable_t* executable = new_executable();
  iree_status_t status = use_commands(&world, executable);
  iree_hal_executable_release(executable);
  return end(&world, status);
}

/* Every kind of transfer, behind a fence that is signalled at the end, or never. */
static iree_status_t submit_transfers(device_world_t* world, iree_hal_fence_t* go, iree_hal_fence_t* done,
                                      iree_hal_buffer_t* a, iree_hal_buffer_t* b) {
  iree_hal_device_t* device = world->device;
  IREE_RETURN_IF_ERROR(vmrt_hal_queue_fill(device, go, NULL, a, 0, 8, "ab", 2));
  IREE_RETURN_IF_ERROR(vmrt_hal_queue_update(device, go, NULL, "abcdefgh", a, 8, 8));
  IREE_RETURN_IF_ERROR(vmrt_hal_queue_dealloca(device, go, NULL, b));
  return vmrt_hal_queue_copy(device, go, done, a, 0, b, 0, 16);
}

static iree_status_t use_transfers(device_world_t* world, bool is_signalled) {
  iree_hal_fence_t *go = NULL, *done = NULL;
  iree_hal_buffer_t *a = NULL, *b = NULL;
  iree_hal_allocator_t* allocator = iree_hal_device_allocator(world->device);
  const iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL};
  iree_status_t status = iree_hal_allocator_allocate_buffer(allocator, params, 16, &a);
  if (iree_status_is_ok(status)) status = iree_hal_allocator_allocate_buffer(allocator, params, 16, &b);
  if (iree_status_is_ok(status)) status = vmrt_hal_device_create_fence(world->device, &go);
  if (iree_status_is_ok(status)) status = vmrt_hal_device_create_fence(world->device, &done);
  if (iree_status_is_ok(status)) status = submit_transfers(world, go, done, a, b);
  if (iree_status_is_ok(status) && is_signalled) status = iree_hal_fence_signal(go);
  if (iree_status_is_ok(status) && is_signalled) status = AWAIT(done);
  iree_hal_buffer_release(a);
  iree_hal_buffer_release(b);
  iree_hal_fence_release(go);
  iree_hal_fence_release(done);
  return status;
}

static iree_status_t transfers(const char* uri, iree_allocator_t heap) {
  device_world_t world;
  IREE_RETURN_IF_ERROR(begin(uri, heap, &world));
  return end(&world, use_transfers(&world, true));
}

static iree_status_t cancelled_transfers(const char* uri, iree_allocator_t heap) {
  device_world_t world;
  IREE_RETURN_IF_ERROR(begin(uri, heap, &world));
  return end(&world, use_transfers(&world, false));
}

/* ---- Sweeps ------------------------------------------------------------------------------------------------------ */

/* True when the feature needs no more than `request` requests. */
static bool fail_once(const char* uri, feature_t feature, int64_t request, bool from_then_on) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  vmrt_probe_fail_at(probe, request, from_then_on);
  iree_status_t status = feature(uri, vmrt_probe_allocator(probe, IREE_SV("test")));
  vmrt_probe_statistics_t statistics = vmrt_probe_statistics(probe);
  bool is_done = statistics.failed == 0;
  bool may_do_with_less = strcmp(uri, "local-task") == 0; /* threads, if only one of them starts */
  CHECK(statistics.live_blocks == 0);
  iree_status_code_t code = iree_status_consume_code(status);
  CHECK(code == (is_done ? IREE_STATUS_OK : IREE_STATUS_RESOURCE_EXHAUSTED) ||
        (code == IREE_STATUS_OK && may_do_with_less));
  vmrt_probe_release(probe);
  check_nothing_left();
  return is_done;
}

static void sweep(feature_t feature) {
  static const char* const uris[] = {"local-sync", "local-task"};
  for (int i = 0; i < 4; ++i) {
    int64_t request = 0;
    while (request < MAX_REQUESTS && !fail_once(uris[i / 2], feature, request, i % 2)) ++request;
    CHECK(request > 0 && request < MAX_REQUESTS);
  }
}

static void test_devices(void) { sweep(devices); }
static void test_fences(void) { sweep(fences); }
static void test_commands(void) { sweep(commands); }
static void test_transfers(void) { sweep(transfers); }
static void test_cancelled_transfers(void) { sweep(cancelled_transfers); }

static const check_case_t cases[] = {
    {"devices", test_devices},
    {"fences", test_fences},
    {"commands", test_commands},
    {"transfers", test_transfers},
    {"cancelled transfers", test_cancelled_transfers},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
