/* SPDX-License-Identifier: Apache-2.0 */
/* Kernels compiled by the real compiler, loaded as every format that fits and run; what loaders refuse. */
#include "executable_world.h"
#include "vmrt/executable_library.h"

#define WORKERS 3

static local_loaders_t* make_loaders(iree_allocator_t allocator) {
  local_loaders_t* loaders = NULL;
  CHECK_OK(local_loaders_create(0, NULL, WORKERS, allocator, &loaders));
  return loaders;
}

/* ---- Formats ----------------------------------------------------------------------------------------------------- */

static void formats(void) {
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  CHECK(local_loaders_support(loaders, IREE_SV("vmvx-bytecode-fb")));
  CHECK(!local_loaders_support(loaders, IREE_SV("vmvx-bytecode-fb-extra")));
  CHECK(local_loaders_support(loaders, IREE_SV("embedded-elf-x86_64")) == LOCAL_RUNS_ELF);
  CHECK(local_loaders_support(loaders, IREE_SV("embedded-elf-x86_64-extra")) == LOCAL_RUNS_ELF);
  CHECK(local_loaders_support(loaders, IREE_SV("system-elf-x86_64")) == LOCAL_RUNS_ELF);
  CHECK(!local_loaders_support(loaders, IREE_SV("system-elf-x86_64-extra")));
  static const char* const unknown[] = {"system-dylib-x86_64", "embedded-elf-arm_64", "embedded-elf", "vulkan-spirv-fb",
                                        ""};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; ++i) {
    CHECK(!local_loaders_support(loaders, iree_make_cstring_view(unknown[i])));
  }
  iree_hal_executable_t* executable = NULL;
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, load_file(loaders, "vulkan-spirv-fb", "kernels.elf", &executable));
  local_loaders_free(loaders);
  check_nothing_lives();
}

/* ---- Kernels ----------------------------------------------------------------------------------------------------- */

#define NUMBERS 300

static void run_scale(iree_hal_executable_t* executable, uint32_t tile, uint32_t worker) {
  _Alignas(64) int32_t in[NUMBERS], out[NUMBERS];
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, SCALE, (NUMBERS + tile - 1) / tile);
  CHECK(dispatch.record.constant_count == 3 && dispatch.record.binding_count == 2);
  dispatch.constants[0] = 7;
  dispatch.constants[1] = NUMBERS;
  for (int i = 0; i < NUMBERS; ++i) in[i] = i - 100;
  memset(out, 0x55, sizeof out);
  dispatch_bind(&dispatch, 0, in, sizeof in);
  dispatch_bind(&dispatch, 1, out, sizeof out);
  CHECK_OK(dispatch_run(executable, &dispatch, worker));
  for (int i = 0; i < NUMBERS; ++i) CHECK(out[i] == (i - 100) * 7 + 7);
}

/* Row r holds r + 1, r + 2, ... r + 16: its sum is 16 r + 136. */
static void run_sums(iree_hal_executable_t* executable, uint32_t workgroups, uint32_t worker) {
  _Alignas(64) float in[64];
  _Alignas(64) float out[4] = {0, 0, 0, 0};
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, SUMS, workgroups);
  CHECK(dispatch.record.constant_count == 0 && dispatch.record.binding_count == 2);
  for (int i = 0; i < 64; ++i) in[i] = (float)(i / 16 + i % 16 + 1);
  dispatch_bind(&dispatch, 0, in, sizeof in);
  dispatch_bind(&dispatch, 1, out, sizeof out);
  CHECK_OK(dispatch_run(executable, &dispatch, worker));
  for (int row = 0; row < 4; ++row) CHECK(out[row] == (float)(16 * row + 136));
}

/* What runs does not depend on the loaders any more. */
static void run_file(const char* format, const char* name, uint32_t scale_tile, uint32_t sums_workgroups) {
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  iree_hal_executable_t* executable = NULL;
  bool is_loaded = CHECK_OK(load_file(loaders, format, name, &executable));
  local_loaders_free(loaders);
  if (!is_loaded) return;
  CHECK(executable->function_count == 2);
  CHECK(vmrt_live_objects(VMRT_OBJECT_HAL_EXECUTABLE) == 1);
  CHECK(function_named(executable, "no_such_function") == UINT32_MAX);
  for (uint32_t worker = 0; worker < WORKERS; ++worker) {
    run_scale(executable, scale_tile, worker);
    run_sums(executable, sums_workgroups, worker);
    run_scale(executable, scale_tile, worker);
  }
  drop_executable(executable);
  check_nothing_lives();
}

static void vmvx_kernels(void) { run_file(VMVX_FORMAT, "kernels.vmfb", 64, 1); }

#if LOCAL_RUNS_ELF

static void elf_kernels(void) { run_file(ELF_FORMAT, "kernels.elf", 4096, 4); }

static void system_kernels(void) { run_file("system-elf-x86_64", "kernels.elf", 4096, 4); }

/* Workers at the same time, on the same executables. */
typedef struct crowd_t {
  iree_hal_executable_t *vmvx, *elf;
  uint32_t worker;
} crowd_t;

static void work(void* user_data) {
  const crowd_t* crowd = user_data;
  for (int i = 0; i < 20; ++i) {
    run_scale(crowd->vmvx, 64, crowd->worker);
    run_scale(crowd->elf, 4096, crowd->worker);
    run_sums(crowd->vmvx, 1, crowd->worker);
  }
}

static void several_workers(void) {
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  crowd_t crowd[WORKERS] = {{NULL, NULL, 0}};
  platform_thread_t* threads[WORKERS] = {NULL};
  CHECK_OK(load_file(loaders, VMVX_FORMAT, "kernels.vmfb", &crowd[0].vmvx));
  CHECK_OK(load_file(loaders, ELF_FORMAT, "kernels.elf", &crowd[0].elf));
  for (uint32_t i = 0; i < WORKERS; ++i) {
    crowd[i] = (crowd_t){crowd[0].vmvx, crowd[0].elf, i};
    CHECK_OK(platform_thread_start("worker", work, &crowd[i], iree_allocator_system(), &threads[i]));
  }
  for (uint32_t i = 0; i < WORKERS; ++i) platform_thread_join(threads[i]);
  drop_executable(crowd[0].vmvx);
  drop_executable(crowd[0].elf);
  local_loaders_free(loaders);
  check_nothing_lives();
}

static void misaligned_binding(void) {
  _Alignas(64) uint8_t memory[1024] = {0};
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  iree_hal_executable_t* executable = NULL;
  CHECK_OK(load_file(loaders, ELF_FORMAT, "kernels.elf", &executable));
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, SUMS, 4);
  dispatch_bind(&dispatch, 0, memory, 256);
  dispatch_bind(&dispatch, 1, memory + 516, 16);
  iree_status_t status = dispatch_run(executable, &dispatch, 0);
  CHECK(IREE_STATUS_IS(INVALID_ARGUMENT, status));
  CHECK(strstr(iree_status_message(status).data, "binding 1 begins 4 bytes") != NULL);
  iree_status_free(status);
  drop_executable(executable);
  local_loaders_free(loaders);
}

#endif

/* ---- Constants --------------------------------------------------------------------------------------------------- */

static void constants_that_nobody_wants(void) {
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  static const uint32_t constants[2] = {1, 2};
  static const struct {
    const char *format, *file;
    iree_status_code_t code;
  } cases[] = {
    {VMVX_FORMAT, "kernels.vmfb", IREE_STATUS_INVALID_ARGUMENT},
#if LOCAL_RUNS_ELF
    {ELF_FORMAT, "kernels.elf", IREE_STATUS_FAILED_PRECONDITION},
#endif
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    iree_byte_span_t data = executable_file(cases[i].file);
    iree_hal_executable_params_t params = executable_params(cases[i].format, data);
    params.constant_count = 2;
    params.constants = constants;
    iree_hal_executable_t* executable = NULL;
    iree_status_t status = local_loaders_load(loaders, &params, &executable);
    CHECK(strstr(iree_status_message(status).data, "constants but 2") != NULL ||
          strstr(iree_status_message(status).data, "but 2 constants were provided") != NULL);
    CHECK_STATUS(cases[i].code, status);
    iree_allocator_free_aligned(iree_allocator_system(), data.data);
  }
  local_loaders_free(loaders);
  check_nothing_lives();
}

/* ---- Libraries of the host --------------------------------------------------------------------------------------- */

typedef struct seen_t {
  uint32_t count;
  uint32_t order[24];
  uint32_t local_memory_size;
  bool is_aligned;
  uint32_t environment_constant;
  uint32_t max_concurrency;
  float denormal;
} seen_t;
static seen_t seen;
static volatile float tiny = 1e-38f;

static int note_kernel(const vmrt_executable_environment_t* environment,
                       const vmrt_executable_dispatch_state_t* dispatch,
                       const vmrt_executable_workgroup_state_t* workgroup) {
  CHECK(dispatch->workgroup_size_x == 1 && dispatch->workgroup_size_y == 1 && dispatch->workgroup_size_z == 1);
  CHECK(dispatch->constant_count == 1 && dispatch->constants[0] == 99);
  CHECK(memcmp(environment->processor_data, local_processor_data(), 64) == 0);
  seen.order[seen.count++] =
      workgroup->workgroup_id_x + 10u * workgroup->workgroup_id_y + 100u * workgroup->workgroup_id_z;
  seen.local_memory_size = workgroup->local_memory_size;
  seen.is_aligned = (uintptr_t)workgroup->local_memory % 64 == 0;
  memset(workgroup->local_memory, 1, workgroup->local_memory_size);
  seen.environment_constant = environment->constants[1];
  seen.max_concurrency = dispatch->max_concurrency;
  seen.denormal = tiny * 0.1f;
  return 0;
}

static int failing_kernel(const vmrt_executable_environment_t* environment,
                          const vmrt_executable_dispatch_state_t* dispatch,
                          const vmrt_executable_workgroup_state_t* workgroup) {
  (void)environment, (void)dispatch;
  ++seen.count;
  return workgroup->workgroup_id_x == 2 ? -5 : 0;
}

static vmrt_executable_library_header_t host_header = {VMRT_EXECUTABLE_LIBRARY_VERSION, "host", 0, 0};
static const vmrt_executable_function_t host_functions[] = {note_kernel, failing_kernel};
static const vmrt_executable_attributes_t host_attributes[] = {{.local_memory_pages = 2, .constant_count = 1},
                                                               {.binding_count = 0}};
static const char* const host_names[] = {"note", "fail"};
static const vmrt_executable_library_t host_library = {
    .header = &host_header,
    .exports = {.count = 2, .functions = host_functions, .attributes = host_attributes, .names = host_names},
    .constant_count = 2,
};
static const vmrt_executable_library_t* host_query(uint32_t version, const vmrt_executable_environment_t* environment) {
  (void)environment;
  return version == VMRT_EXECUTABLE_LIBRARY_VERSION ? &host_library : NULL;
}

static iree_hal_executable_t* load_host(local_loaders_t* loaders) {
  static const uint32_t constants[2] = {5, 6};
  if (!local_loaders_support(loaders, IREE_SV("static"))) CHECK_OK(vmrt_hal_register_static_library(host_query));
  iree_hal_executable_t* executable = NULL;
  iree_hal_executable_params_t params = executable_params("static", iree_make_byte_span("host", 4));
  params.constants = constants;
  params.constant_count = 2;
  CHECK_OK(local_loaders_load(loaders, &params, &executable));
  return executable;
}

static void static_library(void) {
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  CHECK(!local_loaders_support(loaders, IREE_SV("static")));
  CHECK_OK(vmrt_hal_register_static_library(host_query));
  CHECK_STATUS(IREE_STATUS_ALREADY_EXISTS, vmrt_hal_register_static_library(host_query));
  CHECK(local_loaders_support(loaders, IREE_SV("static")));
  iree_hal_executable_t* executable = load_host(loaders);
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, "note", 3);
  memcpy(dispatch.record.workgroup_count, (uint32_t[]){3, 2, 2}, 12);
  dispatch.record.max_concurrency = 300;
  dispatch.constants[0] = 99;
  memset(&seen, 0, sizeof seen);
  CHECK_OK(dispatch_run(executable, &dispatch, 1));
  static const uint32_t order[] = {0, 1, 2, 10, 11, 12, 100, 101, 102, 110, 111, 112};
  CHECK(seen.count == 12 && memcmp(seen.order, order, sizeof order) == 0);
  CHECK(seen.local_memory_size == 8192 && seen.is_aligned && seen.environment_constant == 6);
  CHECK(seen.max_concurrency == 255);
#if defined(__x86_64__)
  CHECK(seen.denormal == 0.0f);
  CHECK(tiny * 0.1f != 0.0f);
#endif
  drop_executable(executable);
  local_loaders_free(loaders);
  check_nothing_lives();
}

/* Begins in the middle, and ends with the workgroup that fails. */
static void ranges_and_failures(void) {
  local_loaders_t* loaders = make_loaders(iree_allocator_system());
  iree_hal_executable_t* executable = load_host(loaders);
  local_executable_t* local = (local_executable_t*)executable;
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, "note", 3);
  memcpy(dispatch.record.workgroup_count, (uint32_t[]){3, 2, 2}, 12);
  dispatch.constants[0] = 99;
  memset(&seen, 0, sizeof seen);
  CHECK_OK(local->issue(local, &dispatch.record, (local_worker_t){0}, 4, 7));
  CHECK(seen.count == 3 && seen.order[0] == 11 && seen.order[1] == 12 && seen.order[2] == 100);

  dispatch_prepare(&dispatch, executable, "fail", 5);
  memset(&seen, 0, sizeof seen);
  iree_status_t status = dispatch_run(executable, &dispatch, 0);
  CHECK(strstr(iree_status_message(status).data, "executable entry point returned catastrophic error -5") != NULL);
  CHECK_STATUS(IREE_STATUS_INTERNAL, status);
  CHECK(seen.count == 3);
  drop_executable(executable);
  local_loaders_free(loaders);
}

/* ---- Libraries that are wrong ------------------------------------------------------------------------------------ */

static vmrt_executable_library_t wrong;
static const vmrt_executable_library_t* wrong_query(uint32_t version,
                                                    const vmrt_executable_environment_t* environment) {
  (void)version, (void)environment;
  return &wrong;
}
static const vmrt_executable_library_t* null_query(uint32_t version, const vmrt_executable_environment_t* environment) {
  (void)version, (void)environment;
  return NULL;
}

static void wrong_libraries(void) {
  static vmrt_executable_library_header_t header;
  static const vmrt_executable_attributes_t many_constants[2] = {{.constant_count = 65}, {0}};
  static const vmrt_executable_attributes_t many_bindings[2] = {{0}, {.binding_count = 65}};
  static const vmrt_executable_function_t no_function[2] = {note_kernel, NULL};
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, vmrt_hal_register_static_library(null_query));
#define REFUSED(code, change) \
  header = host_header;       \
  wrong = host_library;       \
  wrong.header = &header;     \
  change;                     \
  CHECK_STATUS(IREE_STATUS_##code, vmrt_hal_register_static_library(wrong_query))
  REFUSED(FAILED_PRECONDITION, wrong.header = NULL);
  REFUSED(FAILED_PRECONDITION, header.version = 5);
  REFUSED(FAILED_PRECONDITION, header.version = 7);
  REFUSED(UNAVAILABLE, header.sanitizer = 1);
  REFUSED(UNAVAILABLE, header.sanitizer = 17);
  REFUSED(INVALID_ARGUMENT, header.name = NULL);
  REFUSED(FAILED_PRECONDITION, wrong.exports.functions = NULL);
  REFUSED(FAILED_PRECONDITION, wrong.exports.functions = no_function);
  REFUSED(FAILED_PRECONDITION, wrong.exports.attributes = many_constants);
  REFUSED(FAILED_PRECONDITION, wrong.exports.attributes = many_bindings);
  REFUSED(FAILED_PRECONDITION, wrong.import_count = 1);
  REFUSED(FAILED_PRECONDITION, wrong.exports.count = 70000);
#undef REFUSED
}

/* ---- Memory and the processor ------------------------------------------------------------------------------------ */

static iree_status_t use_everything(iree_allocator_t heap) {
  local_loaders_t* loaders = NULL;
  iree_hal_executable_t *vmvx = NULL, *elf = NULL;
  IREE_RETURN_IF_ERROR(local_loaders_create(0, NULL, WORKERS, heap, &loaders));
  iree_status_t status = load_file(loaders, VMVX_FORMAT, "kernels.vmfb", &vmvx);
#if LOCAL_RUNS_ELF
  if (iree_status_is_ok(status)) status = load_file(loaders, ELF_FORMAT, "kernels.elf", &elf);
#endif
  drop_executable(elf);
  drop_executable(vmvx);
  local_loaders_free(loaders);
  return status;
}

static void out_of_memory(void) { sweep_memory(use_everything); }

static void processor(void) {
  bool is_present = false;
  CHECK(local_processor_feature(IREE_SV("avx2"), &is_present));
  CHECK(is_present == (local_processor_data()[0] >> 15 & 1));
  CHECK(!local_processor_feature(IREE_SV("sse2"), &is_present));
  CHECK(!local_processor_feature(IREE_SV(""), &is_present));
  for (int i = 1; i < 8; ++i) CHECK(local_processor_data()[i] == 0);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
    {"formats", formats},
    {"vmvx_kernels", vmvx_kernels},
#if LOCAL_RUNS_ELF
    {"elf_kernels", elf_kernels},
    {"system_kernels", system_kernels},
    {"several_workers", several_workers},
    {"misaligned_binding", misaligned_binding},
#endif
    {"constants_that_nobody_wants", constants_that_nobody_wants},
    {"static_library", static_library},
    {"ranges_and_failures", ranges_and_failures},
    {"wrong_libraries", wrong_libraries},
    {"out_of_memory", out_of_memory},
    {"processor", processor},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
