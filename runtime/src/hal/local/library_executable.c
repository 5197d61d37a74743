/* SPDX-License-Identifier: Apache-2.0 */
/* Running kernels of a library: environment, states, the loop over workgroups. */
#include "hal/local/library_executable.h"

#include "base/atomics.h"
#include "hal/local/float_mode.h"

/* What compiled kernels take for granted of every binding. */
#define BINDING_ALIGNMENT 64
#define LOCAL_MEMORY_ALIGNMENT 64

typedef struct library_executable_t {
  local_executable_t base;
  library_code_t code;
  executable_plugins_t* plugins; /* retained; NULL without imports */
  const vmrt_executable_library_t* library;
  vmrt_executable_environment_t environment;
  void** import_functions;
  void** import_contexts;
  uint32_t* constants;
  char* names;
  iree_host_size_t local_memory_size; /* of the export that needs most */
  uint32_t worker_count;
  void* local_memory[]; /* by worker; made when first needed */
} library_executable_t;

/* ---- Running ----------------------------------------------------------------------------------------------------- */

static iree_status_t check_bindings(const local_dispatch_t* dispatch) {
  for (uint32_t i = 0; i < dispatch->binding_count; ++i) {
    uintptr_t misaligned = (uintptr_t)dispatch->binding_pointers[i] % BINDING_ALIGNMENT;
    if (misaligned == 0 || dispatch->binding_lengths[i] == 0) continue;
    return iree_make_status(
        IREE_STATUS_INVALID_ARGUMENT,
        "binding %u begins %zu bytes after a multiple of %d; compiled kernels need bindings aligned to %d", i,
        (size_t)misaligned, BINDING_ALIGNMENT, BINDING_ALIGNMENT);
  }
  return iree_ok_status();
}

/* Memory of the worker, enough for every export. */
static iree_status_t worker_memory(library_executable_t* executable, uint32_t worker, uint32_t size,
                                   void** out_memory) {
  *out_memory = NULL;
  if (size == 0) return iree_ok_status();
  void** memory = &executable->local_memory[worker];
  if (!*memory) {
    IREE_RETURN_IF_ERROR(iree_allocator_malloc_aligned(executable->base.base.host_allocator,
                                                       executable->local_memory_size, LOCAL_MEMORY_ALIGNMENT, memory));
  }
  *out_memory = *memory;
  return iree_ok_status();
}

static uint32_t local_memory_size(const vmrt_executable_exports_t* exports, uint32_t function) {
  return exports->attributes ? exports->attributes[function].local_memory_pages * VMRT_EXECUTABLE_LOCAL_PAGE : 0u;
}

static vmrt_executable_dispatch_state_t dispatch_state(const local_dispatch_t* dispatch) {
  vmrt_executable_dispatch_state_t state = {
      .workgroup_size_x = 1,
      .workgroup_size_y = 1,
      .workgroup_size_z = 1,
      .constant_count = dispatch->constant_count,
      .workgroup_count_x = dispatch->workgroup_count[0],
      .workgroup_count_y = dispatch->workgroup_count[1],
      .workgroup_count_z = (uint16_t)dispatch->workgroup_count[2],
      .max_concurrency = (uint8_t)(dispatch->max_concurrency < 255 ? dispatch->max_concurrency : 255),
      .binding_count = (uint8_t)dispatch->binding_count,
      .constants = dispatch->constants,
      .binding_pointers = dispatch->binding_pointers,
      .binding_lengths = dispatch->binding_lengths,
  };
  return state;
}

/* The code of the kernel that failed, or 0. */
static int run_workgroups(const library_executable_t* executable, const local_dispatch_t* dispatch,
                          vmrt_executable_workgroup_state_t* workgroup, uint64_t begin, uint64_t end) {
  vmrt_executable_function_t function = executable->library->exports.functions[dispatch->function];
  const vmrt_executable_dispatch_state_t state = dispatch_state(dispatch);
  local_workgroup_t id = local_workgroup_at(dispatch->workgroup_count, begin);
  int result = 0;
  uint64_t mode = float_mode_enter();
  for (uint64_t i = begin; i < end && result == 0; ++i) {
    workgroup->workgroup_id_x = id.x;
    workgroup->workgroup_id_y = id.y;
    workgroup->workgroup_id_z = (uint16_t)id.z;
    result = function(&executable->environment, &state, workgroup);
    local_workgroup_next(dispatch->workgroup_count, &id);
  }
  float_mode_restore(mode);
  return result;
}

static iree_status_t library_issue(local_executable_t* base, const local_dispatch_t* dispatch, local_worker_t worker,
                                   uint64_t begin, uint64_t end) {
  library_executable_t* executable = (library_executable_t*)base;
  vmrt_executable_workgroup_state_t workgroup = {.processor_id = worker.index};
  workgroup.local_memory_size = local_memory_size(&executable->library->exports, dispatch->function);
  IREE_RETURN_IF_ERROR(check_bindings(dispatch));
  IREE_RETURN_IF_ERROR(worker_memory(executable, worker.index, workgroup.local_memory_size, &workgroup.local_memory));
  int result = run_workgroups(executable, dispatch, &workgroup, begin, end);
  if (result == 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INTERNAL, "executable entry point returned catastrophic error %d", result);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void code_unload(library_code_t* code) {
  elf_image_unload(&code->image);
  platform_library_close(code->library);
}

static void library_destroy(iree_hal_executable_t* base) {
  library_executable_t* executable = (library_executable_t*)base;
  iree_allocator_t allocator = base->host_allocator;
  for (uint32_t i = 0; i < executable->worker_count; ++i) {
    iree_allocator_free_aligned(allocator, executable->local_memory[i]);
  }
  iree_allocator_free(allocator, executable->names);
  iree_allocator_free(allocator, executable->constants);
  iree_allocator_free(allocator, executable->import_functions);
  code_unload(&executable->code);
  executable_plugins_release(executable->plugins);
  local_executable_deinitialize(&executable->base);
  iree_allocator_free(allocator, executable);
}

static const hal_executable_vtable_t library_vtable = {.destroy = library_destroy};

static iree_status_t copy_constants(library_executable_t* executable, const iree_hal_executable_params_t* params) {
  uint32_t expected = executable->library->constant_count;
  if (params->constant_count != expected) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "executable has %u executable-level constants but %zu were provided", expected,
                            params->constant_count);
  }
  if (expected == 0) return iree_ok_status();
  iree_const_byte_span_t bytes = iree_make_const_byte_span(params->constants, expected * sizeof(uint32_t));
  IREE_RETURN_IF_ERROR(
      iree_allocator_clone(executable->base.base.host_allocator, bytes, (void**)&executable->constants));
  executable->environment.constants = executable->constants;
  return iree_ok_status();
}

static int call_import(vmrt_executable_import_t function, void* params, void* context, void* reserved) {
  return function(params, context, reserved);
}

static iree_status_t resolve_imports(library_executable_t* executable, executable_plugins_t* plugins) {
  uint32_t count = executable->library->import_count;
  if (count == 0) return iree_ok_status();
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(executable->base.base.host_allocator, count, 2 * sizeof(void*),
                                                   (void**)&executable->import_functions));
  executable->import_contexts = executable->import_functions + count;
  executable->plugins = plugins;
  executable_plugins_retain(plugins);
  vmrt_executable_plugin_request_t request = {count, executable->library->import_symbols, executable->import_functions,
                                              executable->import_contexts};
  IREE_RETURN_IF_ERROR(executable_plugins_resolve(plugins, &request));
  executable->environment.import_functions = (const vmrt_executable_import_t*)(const void*)executable->import_functions;
  executable->environment.import_contexts = executable->import_contexts;
  return iree_ok_status();
}

static iree_status_t copy_names(library_executable_t* executable) {
  const vmrt_executable_exports_t* exports = &executable->library->exports;
  if (!exports->names || exports->count == 0) return iree_ok_status();
  iree_host_size_t total = 0;
  for (uint32_t i = 0; i < exports->count; ++i) total += strlen(exports->names[i]) + 1;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(executable->base.base.host_allocator, total, (void**)&executable->names));
  char* at = executable->names;
  for (uint32_t i = 0; i < exports->count; ++i) {
    iree_host_size_t length = strlen(exports->names[i]);
    memcpy(at, exports->names[i], length);
    executable->base.base.functions[i].name = iree_make_string_view(at, length);
    at += length + 1;
  }
  return iree_ok_status();
}

static void describe_functions(library_executable_t* executable) {
  const vmrt_executable_exports_t* exports = &executable->library->exports;
  for (uint32_t i = 0; exports->attributes && i < exports->count; ++i) {
    executable->base.base.functions[i].constant_count = exports->attributes[i].constant_count;
    executable->base.base.functions[i].binding_count = exports->attributes[i].binding_count;
    iree_host_size_t size = local_memory_size(exports, i);
    if (size > executable->local_memory_size) executable->local_memory_size = size;
  }
}

static iree_status_t library_fill(library_executable_t* executable, const local_load_t* load) {
  memcpy(executable->environment.processor_data, local_processor_data(), sizeof executable->environment.processor_data);
  executable->environment.import_thunk = call_import;
  describe_functions(executable);
  IREE_RETURN_IF_ERROR(copy_names(executable));
  IREE_RETURN_IF_ERROR(copy_constants(executable, load->params));
  return resolve_imports(executable, load->plugins);
}

iree_status_t library_executable_create(const local_load_t* load, const vmrt_executable_library_t* library,
                                        library_code_t code, iree_hal_executable_t** out_executable) {
  library_executable_t* executable = NULL;
  iree_host_size_t size = sizeof *executable + load->worker_count * sizeof executable->local_memory[0];
  iree_status_t status = iree_allocator_malloc(load->allocator, size, (void**)&executable);
  if (iree_status_is_ok(status)) {
    status = local_executable_initialize(&library_vtable, library->exports.count, load->allocator, &executable->base);
  }
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(load->allocator, executable);
    code_unload(&code);
    return status;
  }
  executable->base.issue = library_issue;
  executable->code = code;
  executable->library = library;
  executable->worker_count = load->worker_count;
  status = library_fill(executable, load);
  if (!iree_status_is_ok(status)) {
    library_destroy(&executable->base.base);
    return status;
  }
  *out_executable = &executable->base.base;
  return iree_ok_status();
}
