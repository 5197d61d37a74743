/* SPDX-License-Identifier: Apache-2.0 */
/* The module `hal` out of memory at every single request: a status, nothing left behind, and the world still works. */
#include "hal_world.h"

#define ANY ((int64_t)-1)
#define ZERO ((int64_t)0)
#define MAX_REQUESTS 300

/* ---- Features ---------------------------------------------------------------------------------------------------- */

/* Calls that make something give it back through `out_ref`. */
typedef iree_status_t (*feature_t)(hal_world_t* world, iree_vm_ref_t* out_ref);

static iree_status_t make(hal_world_t* world, const char* name, iree_vm_ref_t device, iree_vm_ref_t* out_ref) {
  hal_results_t results;
  iree_status_t status = hal_call(world, name, &results, "rI", device, ZERO);
  if (iree_status_is_ok(status)) *out_ref = results.ref;
  return status;
}

static iree_status_t fences(hal_world_t* world, iree_vm_ref_t* out_ref) {
  iree_vm_ref_t a = NULL_REF, b = NULL_REF;
  hal_results_t results = {.words = {0}};
  iree_status_t status = make(world, "fence.create", hal_world_device_ref(world), &a);
  if (iree_status_is_ok(status)) status = make(world, "fence.create", hal_world_device_ref(world), &b);
  if (iree_status_is_ok(status)) status = hal_call(world, "fence.join", &results, "Ii|rr", ZERO, 2, a, b);
  if (iree_status_is_ok(status)) *out_ref = results.ref;
  if (iree_status_is_ok(status)) status = hal_call(world, "fence.await", &results, "iIi|rr", 0, ZERO, 2, a, b);
  if (iree_status_is_ok(status)) CHECK(results.i32 == IREE_STATUS_DEADLINE_EXCEEDED);
  iree_vm_ref_release(&a);
  iree_vm_ref_release(&b);
  return status;
}

static iree_status_t views(hal_world_t* world, iree_vm_ref_t* out_ref) {
  iree_vm_ref_t allocator = iree_hal_allocator_move_ref(iree_hal_device_allocator(world->device));
  hal_results_t results = {.words = {0}};
  IREE_RETURN_IF_ERROR(
      hal_call(world, "allocator.allocate", &results, "rIiiI", allocator, ANY, 0x56, 0x9000C03, (int64_t)64));
  iree_vm_ref_t buffer = results.ref, key = hal_text("key");
  iree_status_t status = hal_call(world, "buffer_view.create", &results, "rIIiii|I", buffer, (int64_t)4, (int64_t)16,
                                  IREE_HAL_ELEMENT_TYPE_INT_32, 1, 1, (int64_t)4);
  if (iree_status_is_ok(status)) *out_ref = results.ref;
  if (iree_status_is_ok(status)) status = hal_call(world, "buffer_view.trace", NULL, "ri|r", key, 1, *out_ref);
  iree_vm_ref_release(&buffer);
  iree_vm_ref_release(&key);
  return status;
}

static iree_status_t imports(hal_world_t* world, iree_vm_ref_t* out_ref) {
  iree_vm_ref_t allocator = iree_hal_allocator_move_ref(iree_hal_device_allocator(world->device));
  iree_vm_buffer_t* source = NULL;
  hal_results_t results = {.words = {0}};
  CHECK_OK(iree_vm_buffer_create(0, 64, 64, iree_allocator_system(), &source));
  iree_vm_ref_t ref = iree_vm_buffer_move_ref(source);
  iree_status_t status =
      hal_call(world, "allocator.import", &results, "riIiirII", allocator, 0, ANY, 0x30, 0x80C03, ref, ZERO, ANY);
  if (iree_status_is_ok(status)) *out_ref = results.ref;
  iree_vm_ref_release(&ref);
  return status;
}

static iree_status_t files(hal_world_t* world, iree_vm_ref_t* out_ref) {
  iree_vm_ref_t bytes = hal_text("0123456789abcdef");
  hal_results_t results = {.words = {0}};
  iree_status_t status = hal_call(world, "ex.file.from_memory", &results, "rIirIIi", hal_world_device_ref(world), ANY,
                                  1, bytes, ZERO, ANY, 0);
  if (iree_status_is_ok(status)) *out_ref = results.ref;
  iree_vm_ref_release(&bytes);
  return status;
}

static iree_status_t record(hal_world_t* world, iree_vm_ref_t commands, iree_vm_ref_t bytes) {
  IREE_RETURN_IF_ERROR(hal_call(world, "command_buffer.fill_buffer", NULL, "rrIIiIiI", commands, NULL_REF, ZERO,
                                (int64_t)8, 0, ZERO, 4, ZERO));
  IREE_RETURN_IF_ERROR(hal_call(world, "command_buffer.update_buffer", NULL, "rrIrIIiI", commands, bytes, ZERO,
                                NULL_REF, ZERO, (int64_t)8, 0, ZERO));
  return hal_call(world, "command_buffer.finalize", NULL, "r", commands);
}

static iree_status_t commands(hal_world_t* world, iree_vm_ref_t* out_ref) {
  iree_vm_ref_t device = hal_world_device_ref(world), bytes = hal_text("01234567");
  hal_results_t results = {.words = {0}};
  iree_status_t status = hal_call(world, "command_buffer.create", &results, "riiIi", device, 0, 1, ANY, 1);
  iree_vm_ref_t recorded = results.ref;
  if (iree_status_is_ok(status)) status = record(world, recorded, bytes);
  if (iree_status_is_ok(status)) {
    status = hal_call(world, "device.queue.alloca", &results, "rIrrIiiII", device, ANY, NULL_REF, NULL_REF, ZERO, 0x56,
                      0x9000C03, (int64_t)16, ZERO);
    if (iree_status_is_ok(status)) *out_ref = results.ref;
  }
  if (iree_status_is_ok(status)) {
    status = hal_call(world, "device.queue.execute.indirect", NULL, "rIrrrIi|rII", device, ANY, NULL_REF, NULL_REF,
                      recorded, ZERO, 1, *out_ref, ZERO, (int64_t)16);
  }
  iree_vm_ref_release(&recorded);
  iree_vm_ref_release(&bytes);
  return status;
}

/* ---- Sweeps ------------------------------------------------------------------------------------------------------ */

static bool try_feature(hal_world_t* world, vmrt_probe_t* probe, feature_t feature, int64_t request) {
  int64_t before = vmrt_probe_statistics(probe).live_blocks;
  iree_vm_ref_t ref = NULL_REF;
  vmrt_probe_fail_at(probe, request, false);
  iree_status_t status = feature(world, &ref);
  vmrt_probe_fail_at(probe, -1, false);
  bool succeeded = iree_status_is_ok(status);
  CHECK(succeeded || iree_status_code(status) == IREE_STATUS_RESOURCE_EXHAUSTED);
  iree_status_free(status);
  iree_vm_ref_release(&ref);
  CHECK(vmrt_probe_statistics(probe).live_blocks == before);
  return succeeded;
}

static void sweep(feature_t feature) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  hal_world_t world = {.heap = vmrt_probe_allocator(probe, IREE_SV("test"))};
  iree_vm_ref_t warm_up = NULL_REF; /* what is kept for later use is there before anything is counted */
  int64_t request = 0;
  CHECK_OK(hal_world_open(&world, "local-sync"));
  CHECK_OK(feature(&world, &warm_up));
  iree_vm_ref_release(&warm_up);
  while (request < MAX_REQUESTS && !try_feature(&world, probe, feature, request)) ++request;
  CHECK(request > 0 && request < MAX_REQUESTS);
  hal_world_close(&world);
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  vmrt_probe_release(probe);
}

static void sweep_fences(void) { sweep(fences); }
static void sweep_views(void) { sweep(views); }
static void sweep_imports(void) { sweep(imports); }
static void sweep_files(void) { sweep(files); }
static void sweep_commands(void) { sweep(commands); }

static iree_status_t open_and_close(iree_allocator_t heap) {
  hal_world_t world = {.heap = heap};
  iree_status_t status = hal_world_open(&world, "local-sync");
  hal_world_close(&world);
  return status;
}

static void sweep_creation(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t heap = vmrt_probe_allocator(probe, IREE_SV("test"));
  int64_t request = 0;
  for (bool succeeded = false; !succeeded && request < MAX_REQUESTS; ++request) {
    vmrt_probe_fail_at(probe, request, false);
    iree_status_t status = open_and_close(heap);
    succeeded = iree_status_is_ok(status);
    CHECK(succeeded || iree_status_code(status) == IREE_STATUS_RESOURCE_EXHAUSTED);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    iree_status_free(status);
  }
  CHECK(request > 1 && request < MAX_REQUESTS);
  vmrt_probe_release(probe);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"sweep_creation", sweep_creation}, {"sweep_fences", sweep_fences}, {"sweep_views", sweep_views},
      {"sweep_imports", sweep_imports},   {"sweep_files", sweep_files},   {"sweep_commands", sweep_commands},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
