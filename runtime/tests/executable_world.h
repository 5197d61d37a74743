/* SPDX-License-Identifier: Apache-2.0 */
/* Loaders, executables of the fixtures and dispatches on them: what the tests of executables share. */
#ifndef VMRT_TESTS_EXECUTABLE_WORLD_H_
#define VMRT_TESTS_EXECUTABLE_WORLD_H_

#include "check.h"
#include "hal/local/executable_loader.h"
#include "platform/platform.h"
#include "vmrt/probe.h"

#define ELF_FORMAT "embedded-elf-x86_64"
#define VMVX_FORMAT "vmvx-bytecode-fb"
#define SCALE "scale_dispatch_0_elementwise_D_i32"
#define SUMS "sums_dispatch_0_reduction_4x16_f32"

/* Freed by the caller. */
static inline iree_byte_span_t executable_file(const char* name) {
  char path[1024];
  iree_byte_span_t contents = iree_byte_span_empty();
  snprintf(path, sizeof path, "%s/executables/%s", VMRT_FIXTURES_DIR, name);
  CHECK_OK(platform_read_file(iree_make_cstring_view(path), iree_allocator_system(), &contents));
  return contents;
}

static inline iree_hal_executable_params_t executable_params(const char* format, iree_byte_span_t data) {
  iree_hal_executable_params_t params = {0};
  params.executable_format = iree_make_cstring_view(format);
  params.executable_data = iree_const_cast_byte_span(data);
  return params;
}

static inline iree_status_t load_file(local_loaders_t* loaders, const char* format, const char* name,
                                      iree_hal_executable_t** out_executable) {
  iree_byte_span_t data = executable_file(name);
  iree_hal_executable_params_t params = executable_params(format, data);
  iree_status_t status = local_loaders_load(loaders, &params, out_executable);
  iree_allocator_free_aligned(iree_allocator_system(), data.data);
  return status;
}

/* Whoever releases it here is the only owner. */
static inline void drop_executable(iree_hal_executable_t* executable) {
  if (executable) executable->vtable->destroy(executable);
}

/* UINT32_MAX when there is none. */
static inline uint32_t function_named(const iree_hal_executable_t* executable, const char* name) {
  for (iree_host_size_t i = 0; i < executable->function_count; ++i) {
    if (iree_string_view_equal(executable->functions[i].name, iree_make_cstring_view(name))) return (uint32_t)i;
  }
  return UINT32_MAX;
}

/* One dispatch with memory of the test. */
typedef struct dispatch_t {
  local_dispatch_t record;
  uint32_t constants[8];
  void* pointers[8];
  size_t lengths[8];
} dispatch_t;

static inline void dispatch_prepare(dispatch_t* dispatch, const iree_hal_executable_t* executable, const char* name,
                                    uint32_t workgroups) {
  memset(dispatch, 0, sizeof *dispatch);
  local_dispatch_t* record = &dispatch->record;
  record->function = function_named(executable, name);
  CHECK(record->function < executable->function_count);
  record->workgroup_count[0] = workgroups;
  record->workgroup_count[1] = record->workgroup_count[2] = 1;
  record->max_concurrency = 1;
  record->constant_count = executable->functions[record->function].constant_count;
  record->binding_count = executable->functions[record->function].binding_count;
  record->constants = dispatch->constants;
  record->binding_pointers = dispatch->pointers;
  record->binding_lengths = dispatch->lengths;
}

static inline void dispatch_bind(dispatch_t* dispatch, uint32_t index, void* pointer, size_t length) {
  dispatch->pointers[index] = pointer;
  dispatch->lengths[index] = length;
}

/* All workgroups in one range. */
static inline iree_status_t dispatch_run(iree_hal_executable_t* executable, const dispatch_t* dispatch,
                                         uint32_t worker) {
  const uint32_t* count = dispatch->record.workgroup_count;
  local_executable_t* local = (local_executable_t*)executable;
  return local->issue(local, &dispatch->record, (local_worker_t){worker}, 0, (uint64_t)count[0] * count[1] * count[2]);
}

static inline void check_nothing_lives(void) {
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    int64_t live = vmrt_live_objects((vmrt_object_kind_t)kind);
    CHECK(live == 0);
    if (live) fprintf(stderr, "  %lld of %s\n", (long long)live, vmrt_object_kind_name((vmrt_object_kind_t)kind));
  }
}

/* Fails one request after the other, once and from then on, until `feature` gets by without: whatever fails, nothing is
 * left. */
static inline void sweep_memory(iree_status_t (*feature)(iree_allocator_t heap)) {
  for (int from_then_on = 0; from_then_on < 2; ++from_then_on) {
    bool is_done = false;
    for (int64_t request = 0; request < 400 && !is_done; ++request) {
      vmrt_probe_t* probe = NULL;
      CHECK_OK(vmrt_probe_create(&probe));
      vmrt_probe_fail_at(probe, request, from_then_on != 0);
      iree_status_t status = feature(vmrt_probe_allocator(probe, IREE_SV("feature")));
      vmrt_probe_statistics_t statistics = vmrt_probe_statistics(probe);
      is_done = statistics.failed == 0;
      CHECK_STATUS(is_done ? IREE_STATUS_OK : IREE_STATUS_RESOURCE_EXHAUSTED, status);
      CHECK(statistics.live_blocks == 0);
      vmrt_probe_release(probe);
      check_nothing_lives();
    }
    CHECK(is_done);
  }
}

#endif /* VMRT_TESTS_EXECUTABLE_WORLD_H_ */
