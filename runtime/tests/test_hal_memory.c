/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers, views and files out of memory at every single request, once and from then on; and on many threads. */
#include <pthread.h>

#include "check.h"
#include "hal/buffer_impl.h"
#include "iree/hal/buffer_view.h"
#include "iree/hal/file.h"

#define MAX_REQUESTS 100

/* ---- Features ---------------------------------------------------------------------------------------------------- */

typedef iree_status_t (*feature_t)(iree_hal_allocator_t* allocator, iree_allocator_t heap);

static iree_status_t subspans(iree_hal_allocator_t* allocator, iree_allocator_t heap) {
  iree_hal_buffer_params_t params = {0};
  iree_hal_buffer_t *buffer = NULL, *part = NULL, *inner = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_allocator_allocate_buffer(allocator, params, 100, &buffer));
  iree_status_t status = iree_hal_buffer_subspan(buffer, 10, 50, heap, &part);
  if (iree_status_is_ok(status)) status = iree_hal_buffer_subspan(part, 10, 10, heap, &inner);
  if (iree_status_is_ok(status)) status = iree_hal_buffer_map_fill(inner, 0, 10, "a", 1);
  iree_hal_buffer_release(inner);
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(buffer);
  return status;
}

static iree_status_t transients(iree_hal_allocator_t* allocator, iree_allocator_t heap) {
  iree_hal_buffer_params_t params = {0};
  iree_hal_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(hal_transient_buffer_create(allocator, params, 64, heap, &buffer));
  iree_status_t status = hal_transient_buffer_commit(buffer);
  if (iree_status_is_ok(status)) status = hal_transient_buffer_decommit(buffer);
  iree_hal_buffer_release(buffer);
  return status;
}

static void count_release(void* user_data, iree_hal_buffer_t* buffer) {
  (void)buffer;
  ++*(int*)user_data;
}

/* The memory stays with the caller when the import fails. */
static iree_status_t imports(iree_hal_allocator_t* allocator, iree_allocator_t heap) {
  (void)heap;
  _Alignas(64) static uint8_t memory[64];
  int releases = 0;
  iree_hal_buffer_params_t params = {0};
  iree_hal_buffer_t* buffer = NULL;
  iree_status_t status =
      vmrt_hal_allocator_import_host(allocator, params, memory, sizeof memory, count_release, &releases, &buffer);
  bool was_imported = iree_status_is_ok(status);
  iree_hal_buffer_release(buffer);
  CHECK(releases == (was_imported ? 1 : 0));
  return status;
}

static iree_status_t views(iree_hal_allocator_t* allocator, iree_allocator_t heap) {
  iree_hal_buffer_view_t* view = NULL;
  char text[64];
  iree_host_size_t length = 0;
  IREE_RETURN_IF_ERROR(iree_hal_buffer_view_parse(IREE_SV("2x2xf32=1 2 3 4"), allocator, heap, &view));
  iree_status_t status = iree_hal_buffer_view_format(view, 10, sizeof text, text, &length);
  iree_hal_buffer_view_release(view);
  return status;
}

static iree_status_t files(iree_hal_allocator_t* allocator, iree_allocator_t heap) {
  (void)allocator;
  vmrt_hal_file_release_t nothing = {NULL, NULL};
  iree_hal_file_t* file = NULL;
  IREE_RETURN_IF_ERROR(
      vmrt_hal_file_from_memory(IREE_HAL_MEMORY_ACCESS_READ, iree_byte_span_empty(), nothing, heap, &file));
  iree_hal_file_release(file);
  return iree_ok_status();
}

/* ---- Sweep ------------------------------------------------------------------------------------------------------- */

static iree_status_t run(feature_t feature, iree_allocator_t heap) {
  iree_hal_allocator_t* allocator = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_allocator_create_heap(IREE_SV("sweep"), heap, heap, &allocator));
  iree_status_t status = feature(allocator, heap);
  iree_hal_allocator_statistics_t statistics;
  iree_hal_allocator_query_statistics(allocator, &statistics);
  CHECK(statistics.device_bytes_allocated == statistics.device_bytes_freed);
  iree_hal_allocator_release(allocator);
  return status;
}

/* Runs `feature` with the request number `request` failing; true once the feature needs no more than that. */
static bool survives(feature_t feature, vmrt_probe_t* probe, iree_allocator_t heap, int64_t request,
                     bool from_then_on) {
  int64_t failed_before = vmrt_probe_statistics(probe).failed;
  vmrt_probe_fail_at(probe, request, from_then_on);
  iree_status_t status = run(feature, heap);
  vmrt_probe_fail_at(probe, -1, false);
  bool was_hit = vmrt_probe_statistics(probe).failed > failed_before;
  CHECK_STATUS(was_hit ? IREE_STATUS_RESOURCE_EXHAUSTED : IREE_STATUS_OK, status);
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) CHECK(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
  return !was_hit;
}

/* `requests` says how many allocations the feature takes, the one of the allocator object included. */
static void sweep(feature_t feature, int64_t requests) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t heap = vmrt_probe_allocator(probe, IREE_SV("sweep"));
  for (int from_then_on = 0; from_then_on < 2; ++from_then_on) {
    int64_t request = 0;
    while (request < MAX_REQUESTS && !survives(feature, probe, heap, request, from_then_on != 0)) ++request;
    CHECK(request == requests);
  }
  vmrt_probe_release(probe);
}

static void test_subspans(void) { sweep(subspans, 4); }
static void test_transients(void) { sweep(transients, 2); }
static void test_imports(void) { sweep(imports, 2); }
static void test_views(void) { sweep(views, 3); }
static void test_files(void) { sweep(files, 2); }

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

typedef struct shared_t {
  iree_hal_allocator_t* allocator;
  iree_hal_buffer_t* buffer;
  iree_hal_buffer_t* transient;
  int committed; /* threads whose commit was the one that counted */
  int failures;
} shared_t;

static bool work_once(shared_t* shared) {
  iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL};
  iree_hal_buffer_t *own = NULL, *part = NULL;
  uint32_t word = 0;
  iree_status_t status = iree_hal_allocator_allocate_buffer(shared->allocator, params, 48, &own);
  if (iree_status_is_ok(status)) status = iree_hal_buffer_map_copy(shared->buffer, 0, own, 0, 48);
  if (iree_status_is_ok(status)) {
    status = iree_hal_buffer_subspan(shared->buffer, 4, 4, iree_allocator_system(), &part);
  }
  if (iree_status_is_ok(status)) status = iree_hal_buffer_map_read(part, 0, &word, 4);
  iree_hal_buffer_allocation_preserve(shared->buffer);
  bool was_last = iree_hal_buffer_allocation_discard(shared->buffer);
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(own);
  return iree_status_consume_code(status) == IREE_STATUS_OK && !was_last;
}

static void* work(void* user_data) {
  shared_t* shared = user_data;
  if (iree_status_consume_code(hal_transient_buffer_commit(shared->transient)) == IREE_STATUS_OK) {
    __atomic_fetch_add(&shared->committed, 1, __ATOMIC_RELAXED);
  }
  for (int i = 0; i < 500; ++i) {
    if (!work_once(shared)) __atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

static void test_threads(void) {
  enum { THREADS = 4 };
  shared_t shared = {0};
  iree_allocator_t system = iree_allocator_system();
  iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL};
  CHECK_OK(iree_hal_allocator_create_heap(IREE_SV("threads"), system, system, &shared.allocator));
  CHECK_OK(iree_hal_allocator_allocate_buffer(shared.allocator, params, 48, &shared.buffer));
  CHECK_OK(hal_transient_buffer_create(shared.allocator, params, 48, system, &shared.transient));
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; ++i) CHECK(pthread_create(&threads[i], NULL, work, &shared) == 0);
  for (int i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(shared.failures == 0 && shared.committed == 1);
  iree_hal_buffer_release(shared.buffer);
  iree_hal_buffer_release(shared.transient);
  iree_hal_allocator_statistics_t statistics;
  iree_hal_allocator_query_statistics(shared.allocator, &statistics);
  CHECK(statistics.device_bytes_allocated == 48 * (2 + 500 * THREADS));
  CHECK(statistics.device_bytes_freed == statistics.device_bytes_allocated);
  CHECK(statistics.device_bytes_peak >= 96 && statistics.device_bytes_peak <= 48 * (2 + THREADS));
  iree_hal_allocator_release(shared.allocator);
}

static const check_case_t cases[] = {
    {"subspans", test_subspans}, {"transients", test_transients}, {"imports", test_imports},
    {"views", test_views},       {"files", test_files},           {"threads", test_threads},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
