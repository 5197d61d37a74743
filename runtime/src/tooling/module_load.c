/* SPDX-License-Identifier: Apache-2.0 */
/* Loads what a module reference names: content decides between a native library and bytecode. */
#include "iree/tooling/context_util.h"
#include "iree/vm/bytecode/module.h"
#include "iree/vm/dynamic/api.h"
#include "platform/platform.h"
#include "tooling/module_archive.h"
#include "tooling/module_reference.h"
#include "vmrt/stage.h"

#define VIEW_ARGS(view) (int)((view).size < 4096 ? (view).size : 4096), ((view).size ? (view).data : "")

/* ---- Bytecode ---------------------------------------------------------------------------------------------------- */

static iree_status_t check_no_native_parts(const module_reference_t* reference) {
  if (!reference->has_export && !reference->has_params) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "--module=%.*s names a bytecode module, which takes no %s: that is for native modules",
                          VIEW_ARGS(reference->path), reference->has_export ? "@EXPORT" : "?PARAMETERS");
}

static iree_status_t load_archive(const module_reference_t* reference, bool use_mmap, iree_allocator_t allocator,
                                  module_archive_t* out_archive) {
  IREE_RETURN_IF_ERROR(vmrt_status_at_stage(check_no_native_parts(reference), VMRT_STAGE_PARSE));
  if (iree_string_view_equal(reference->path, IREE_SV("-"))) return module_archive_read_stdin(allocator, out_archive);
  iree_status_t status = use_mmap ? module_archive_map(reference->path, allocator, out_archive)
                                  : module_archive_read(reference->path, allocator, out_archive);
  return iree_status_annotate_f(status, use_mmap ? "failed to map file" : "failed to open file");
}

static iree_status_t load_bytecode(iree_vm_instance_t* instance, const module_reference_t* reference, bool use_mmap,
                                   iree_allocator_t allocator, iree_vm_module_t** out_module) {
  module_archive_t archive = {{NULL, 0}, {NULL, NULL}};
  iree_status_t status =
      vmrt_status_at_stage(load_archive(reference, use_mmap, allocator, &archive), VMRT_STAGE_OPEN);
  if (iree_status_is_ok(status)) {
    status = iree_vm_bytecode_module_create(instance, IREE_VM_BYTECODE_MODULE_FLAG_NONE, archive.contents,
                                            archive.deallocator, allocator, out_module);
    if (iree_status_is_ok(status)) return status;
    status = vmrt_status_at_stage(status, VMRT_STAGE_VERIFY);
  }
  module_archive_free(&archive);
  return iree_status_annotate_f(status, "loading bytecode module at '%.*s'", VIEW_ARGS(reference->path));
}

/* ---- Native modules ---------------------------------------------------------------------------------------------- */

/* A file that we looked at is opened as that file; the system's search for bare names must not find another one. */
static iree_status_t load_seen_library(iree_vm_instance_t* instance, const module_reference_t* reference,
                                       iree_allocator_t allocator, iree_vm_module_t** out_module) {
  iree_string_view_t path = reference->path;
  char here[PLATFORM_MAX_PATH + 3] = "./";
  bool is_bare = module_reference_file_name(path).size == path.size;
  if (is_bare && path.size <= PLATFORM_MAX_PATH) {
    memcpy(here + 2, path.data, path.size);
    path = iree_make_string_view(here, path.size + 2);
  }
  return iree_vm_dynamic_module_load_from_file(instance, path, reference->export_name, reference->param_count,
                                               reference->params, allocator, out_module);
}

static iree_status_t load_reference(iree_vm_instance_t* instance, const module_reference_t* reference, bool use_mmap,
                                    iree_allocator_t allocator, iree_vm_module_t** out_module) {
  if (iree_string_view_is_empty(reference->path)) {
    return vmrt_status_at_stage(
        iree_make_status(IREE_STATUS_NOT_FOUND, "--module= names no file; --module=- reads standard input"),
        VMRT_STAGE_OPEN);
  }
  if (iree_string_view_equal(reference->path, IREE_SV("-"))) {
    return load_bytecode(instance, reference, use_mmap, allocator, out_module);
  }
  switch (platform_file_kind(reference->path)) {
    case PLATFORM_FILE_LIBRARY: return load_seen_library(instance, reference, allocator, out_module);
    case PLATFORM_FILE_UNREADABLE:
      if (!module_reference_names_library(reference->path)) break;
      return iree_vm_dynamic_module_load_from_file(instance, reference->path, reference->export_name,
                                                   reference->param_count, reference->params, allocator, out_module);
    case PLATFORM_FILE_OTHER: break;
  }
  return load_bytecode(instance, reference, use_mmap, allocator, out_module);
}

iree_status_t vmrt_tooling_load_bytecode(iree_vm_instance_t* instance, iree_string_view_t path, bool use_mmap,
                                         iree_allocator_t allocator, iree_vm_module_t** out_module) {
  *out_module = NULL;
  module_reference_t reference = {.path = path};
  return load_bytecode(instance, &reference, use_mmap, allocator, out_module);
}

iree_status_t vmrt_tooling_load_module(iree_vm_instance_t* instance, iree_string_view_t reference, bool use_mmap,
                                       iree_allocator_t allocator, iree_vm_module_t** out_module) {
  *out_module = NULL;
  module_reference_t parts;
  IREE_RETURN_IF_ERROR(module_reference_parse(reference, allocator, &parts));
  iree_status_t status = load_reference(instance, &parts, use_mmap, allocator, out_module);
  module_reference_deinitialize(&parts, allocator);
  return status;
}
