/* SPDX-License-Identifier: Apache-2.0 */
/* The loaders of one device: one row a format. */
#include "base/atomics.h"
#include "hal/local/executable_loader.h"
#include "iree/modules/vmvx/module.h"

struct local_loaders_t {
  iree_allocator_t allocator;
  uint32_t worker_count;
  executable_plugins_t* plugins;
  iree_vm_instance_t* instance; /* for vmvx */
  iree_vm_module_t* vmvx_module;
};

/* ---- Formats ----------------------------------------------------------------------------------------------------- */

typedef struct loader_row_t {
  const char* format;
  bool is_prefix; /* the format may go on behind it */
  iree_status_t (*load)(const local_load_t* load, iree_hal_executable_t** out_executable);
} loader_row_t;

static const loader_row_t rows[] = {
#if LOCAL_RUNS_ELF
    {"embedded-elf-x86_64", true, elf_executable_load},
    {"system-elf-x86_64", false, system_executable_load},
#endif
    {"vmvx-bytecode-fb", false, vmvx_executable_load},
    {"static", false, static_executable_load},
};

static const loader_row_t* find_row(iree_string_view_t format) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
    iree_string_view_t known = iree_make_cstring_view(rows[i].format);
    bool matches =
        rows[i].is_prefix ? iree_string_view_starts_with(format, known) : iree_string_view_equal(format, known);
    if (!matches) continue;
    return rows[i].load == static_executable_load && !static_library_is_registered() ? NULL : &rows[i];
  }
  return NULL;
}

bool local_loaders_support(local_loaders_t* loaders, iree_string_view_t format) {
  (void)loaders;
  return find_row(format) != NULL;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static iree_status_t loaders_fill(local_loaders_t* loaders, iree_host_size_t plugin_count,
                                  const iree_string_view_t* plugin_paths) {
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, loaders->allocator, &loaders->instance));
  IREE_RETURN_IF_ERROR(iree_vmvx_module_create(loaders->instance, loaders->allocator, &loaders->vmvx_module));
  if (plugin_count == 0) return iree_ok_status();
  return executable_plugins_load(plugin_count, plugin_paths, loaders->allocator, &loaders->plugins);
}

iree_status_t local_loaders_create(iree_host_size_t plugin_count, const iree_string_view_t* plugin_paths,
                                   uint32_t worker_count, iree_allocator_t host_allocator,
                                   local_loaders_t** out_loaders) {
  local_loaders_t* loaders = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *loaders, (void**)&loaders));
  loaders->allocator = host_allocator;
  loaders->worker_count = worker_count;
  iree_status_t status = loaders_fill(loaders, plugin_count, plugin_paths);
  if (!iree_status_is_ok(status)) {
    local_loaders_free(loaders);
    return status;
  }
  *out_loaders = loaders;
  return iree_ok_status();
}

void local_loaders_free(local_loaders_t* loaders) {
  if (!loaders) return;
  executable_plugins_release(loaders->plugins);
  iree_vm_module_release(loaders->vmvx_module);
  iree_vm_instance_release(loaders->instance);
  iree_allocator_free(loaders->allocator, loaders);
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

iree_status_t local_loaders_load(local_loaders_t* loaders, const iree_hal_executable_params_t* params,
                                 iree_hal_executable_t** out_executable) {
  iree_string_view_t format = params->executable_format;
  const loader_row_t* row = find_row(format);
  int length = (int)(format.size < LOCAL_NAME_LIMIT ? format.size : LOCAL_NAME_LIMIT);
  if (!row) {
    return iree_make_status(IREE_STATUS_NOT_FOUND,
                            "no executable loader registered for the given executable format '%.*s'", length,
                            format.data ? format.data : "");
  }
  local_load_t load = {
      .params = params,
      .worker_count = loaders->worker_count,
      .plugins = loaders->plugins,
      .instance = loaders->instance,
      .vmvx_module = loaders->vmvx_module,
      .allocator = loaders->allocator,
  };
  return iree_status_annotate_f(row->load(&load, out_executable), "loading executable of format '%.*s'", length,
                                format.data);
}

/* ---- What executables have in common ----------------------------------------------------------------------------- */

iree_status_t local_executable_initialize(const hal_executable_vtable_t* vtable, iree_host_size_t function_count,
                                          iree_allocator_t allocator, local_executable_t* executable) {
  iree_hal_executable_t* base = &executable->base;
  if (function_count > 0) {
    IREE_RETURN_IF_ERROR(
        iree_allocator_malloc_array(allocator, function_count, sizeof *base->functions, (void**)&base->functions));
  }
  atomic_ref_count_init(&base->ref_object.counter);
  base->vtable = vtable;
  base->host_allocator = allocator;
  base->function_count = function_count;
  live_object_add(VMRT_OBJECT_HAL_EXECUTABLE);
  return iree_ok_status();
}

void local_executable_deinitialize(local_executable_t* executable) {
  iree_allocator_free(executable->base.host_allocator, executable->base.functions);
  live_object_remove(VMRT_OBJECT_HAL_EXECUTABLE);
}
