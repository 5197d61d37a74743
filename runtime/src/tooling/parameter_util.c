/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the parameter files that the flags name. */
#include "iree/tooling/parameter_util.h"

#include "iree/io/parameter_archive.h"
#include "iree/io/parameter_provider.h"
#include "iree/modules/io/parameters/module.h"
#include "tooling/module_flags.h"
#include "vm/text.h"

static struct {
  iree_flag_string_list_t files;
  iree_string_view_t mode;
} flags = {.mode = {"file", 4}};

static const vmrt_flag_t flag_table[] = {
    {"parameters", VMRT_FLAG_LIST, &flags.files,
     "A parameter file [SCOPE=]FILE: .irpa, .gguf or .safetensors. Opened when a module needs parameters."},
    {"parameter_mode", VMRT_FLAG_STRING, &flags.mode, "Parameter files are mapped with `file`, read with `preload`."},
};
const vmrt_flag_set_t tooling_parameter_flags = {"Parameters", sizeof flag_table / sizeof *flag_table, flag_table};

static iree_status_t mode_from_flag(vmrt_io_file_mode_t* out_mode) {
  bool preload = iree_string_view_equal(flags.mode, IREE_SV("preload"));
  *out_mode = preload ? VMRT_IO_FILE_MODE_PRELOAD : VMRT_IO_FILE_MODE_MAP;
  if (preload || iree_string_view_equal(flags.mode, IREE_SV("file"))) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "unrecognized --parameter_mode= value '%.*s'; it is `file` or `preload`",
                          VM_SV_ARG(flags.mode));
}

/* ---- Scopes ------------------------------------------------------------------------------------------------------ */

/* The files of one scope. Text is borrowed from the flags. */
typedef struct scope_t {
  iree_string_view_t name;
  iree_io_parameter_index_t* index;
} scope_t;

/* All scopes; there are at most as many as files. */
typedef struct scopes_t {
  iree_vm_instance_t* instance;
  iree_allocator_t allocator;
  iree_host_size_t count;
  scope_t* values;
  iree_io_parameter_provider_t** providers;
} scopes_t;

static iree_status_t find_scope(scopes_t* scopes, iree_string_view_t name, scope_t** out_scope) {
  for (iree_host_size_t i = 0; i < scopes->count; ++i) {
    if (!iree_string_view_equal(name, scopes->values[i].name)) continue;
    *out_scope = &scopes->values[i];
    return iree_ok_status();
  }
  scope_t* scope = &scopes->values[scopes->count];
  IREE_RETURN_IF_ERROR(iree_io_parameter_index_create(scopes->allocator, &scope->index));
  scope->name = name;
  ++scopes->count;
  *out_scope = scope;
  return iree_ok_status();
}

static iree_status_t open_file(scopes_t* scopes, iree_string_view_t text, vmrt_io_file_mode_t mode) {
  iree_string_view_t name = iree_string_view_empty(), path = text;
  scope_t* scope = NULL;
  if (iree_string_view_find_char(text, '=', 0) != IREE_STRING_VIEW_NPOS) {
    iree_string_view_split(text, '=', &name, &path);
  }
  IREE_RETURN_IF_ERROR(find_scope(scopes, name, &scope));
  iree_status_t status = vmrt_io_parameters_open_archive(path, mode, scope->index, scopes->allocator);
  return iree_status_annotate_f(status, "opening --parameters=%.*s", VM_SV_ARG(text));
}

static iree_status_t open_files(scopes_t* scopes) {
  vmrt_io_file_mode_t mode = VMRT_IO_FILE_MODE_MAP;
  IREE_RETURN_IF_ERROR(mode_from_flag(&mode));
  for (iree_host_size_t i = 0; i < flags.files.count; ++i) {
    IREE_RETURN_IF_ERROR(open_file(scopes, flags.files.values[i], mode));
  }
  return iree_ok_status();
}

/* ---- The module -------------------------------------------------------------------------------------------------- */

static iree_status_t create_module(scopes_t* scopes, iree_vm_module_t** out_module) {
  IREE_RETURN_IF_ERROR(open_files(scopes));
  for (iree_host_size_t i = 0; i < scopes->count; ++i) {
    IREE_RETURN_IF_ERROR(vmrt_io_parameter_provider_create(scopes->values[i].name, scopes->values[i].index,
                                                           scopes->allocator, &scopes->providers[i]));
  }
  return iree_io_parameters_module_create(scopes->instance, scopes->count, scopes->providers, scopes->allocator,
                                          out_module);
}

static void free_scopes(scopes_t* scopes) {
  for (iree_host_size_t i = 0; i < scopes->count; ++i) {
    if (scopes->providers[i]) iree_io_parameter_provider_release(scopes->providers[i]);
    iree_io_parameter_index_release(scopes->values[i].index);
  }
  iree_allocator_free(scopes->allocator, scopes->values);
  iree_allocator_free(scopes->allocator, scopes->providers);
}

iree_status_t iree_tooling_create_parameters_module_from_flags(iree_vm_instance_t* instance,
                                                               iree_allocator_t allocator,
                                                               iree_vm_module_t** out_module) {
  scopes_t scopes = {instance, allocator, 0, NULL, NULL};
  iree_host_size_t capacity = flags.files.count + 1; /* no request is for nothing */
  iree_status_t status = iree_allocator_malloc(allocator, capacity * sizeof *scopes.values, (void**)&scopes.values);
  if (iree_status_is_ok(status)) {
    status = iree_allocator_malloc(allocator, capacity * sizeof *scopes.providers, (void**)&scopes.providers);
  }
  if (iree_status_is_ok(status)) status = create_module(&scopes, out_module);
  free_scopes(&scopes);
  return status;
}
