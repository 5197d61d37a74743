/* SPDX-License-Identifier: Apache-2.0 */
/* Executable plugins: the handshake, finding imports, unloading. */
#include "hal/local/executable_plugin.h"

#include "base/atomics.h"
#include "hal/local/elf_image.h"
#include "hal/local/executable_loader.h"
#include "platform/platform.h"

#define PATH_ARG(path) \
  (int)((path).size < LOCAL_NAME_LIMIT ? (path).size : LOCAL_NAME_LIMIT), ((path).data ? (path).data : "")

_Static_assert(sizeof(void*) != 8 ||
                   (sizeof(vmrt_executable_plugin_header_t) == 96 && sizeof(vmrt_executable_plugin_t) == 32 &&
                    sizeof(vmrt_executable_plugin_request_t) == 32),
               "tables as plugins have them");

/* Steps are taken in this order and undone in reverse. */
typedef struct plugin_t {
  platform_library_t* library; /* this or an image */
  elf_image_t image;
  const vmrt_executable_plugin_t* table;
  void* self;
  bool is_begun; /* `load` was called */
} plugin_t;

struct executable_plugins_t {
  iree_atomic_ref_count_t ref_count;
  iree_allocator_t allocator;
  iree_host_size_t count;
  plugin_t plugins[];
};

/* ---- Loading one ------------------------------------------------------------------------------------------------- */

static void plugin_unload(plugin_t* plugin) {
  if (plugin->is_begun && plugin->table->unload) plugin->table->unload(plugin->self);
  platform_library_close(plugin->library);
  elf_image_unload(&plugin->image);
}

static const char* plugin_name(const plugin_t* plugin) {
  return plugin->table->header->name ? plugin->table->header->name : "without a name";
}

/* A status of the plugin as one of ours: it may point into the library. */
static iree_status_t plugin_status(const plugin_t* plugin, iree_status_t status) {
  if (iree_status_is_ok(status)) return status;
  if (plugin->table->header->features & VMRT_EXECUTABLE_PLUGIN_FULL_STATUS) return iree_status_freeze(status);
  return iree_status_from_code(iree_status_code(status));
}

static iree_status_t open_image(iree_string_view_t path, iree_allocator_t allocator, elf_image_t* out_image,
                                void** out_symbol) {
#if LOCAL_RUNS_ELF
  iree_byte_span_t contents;
  IREE_RETURN_IF_ERROR(platform_read_file(path, allocator, &contents));
  iree_status_t status = elf_image_load(iree_const_cast_byte_span(contents), IREE_SV(VMRT_EXECUTABLE_PLUGIN_SYMBOL),
                                        out_image, out_symbol);
  iree_allocator_free_aligned(allocator, contents.data);
  return status;
#else
  (void)allocator;
  (void)out_image;
  (void)out_symbol;
  return iree_make_status(IREE_STATUS_UNAVAILABLE, "this system cannot run the embedded ELF file '%.*s'",
                          PATH_ARG(path));
#endif
}

static iree_status_t plugin_open(plugin_t* plugin, iree_string_view_t path, iree_allocator_t allocator,
                                 void** out_symbol) {
  iree_string_view_t prefix = IREE_SV("embedded:");
  bool has_prefix = iree_string_view_starts_with(path, prefix);
  if (has_prefix) path = iree_string_view_substr(path, prefix.size, IREE_HOST_SIZE_MAX);
  if (path.size == 0) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "no plugin is named: the path is empty");
  }
  if (has_prefix || iree_string_view_ends_with(path, IREE_SV(".sos"))) {
    return open_image(path, allocator, &plugin->image, out_symbol);
  }
  IREE_RETURN_IF_ERROR(platform_library_open(path, allocator, &plugin->library));
  return platform_library_symbol(plugin->library, VMRT_EXECUTABLE_PLUGIN_SYMBOL, out_symbol);
}

static iree_status_t plugin_query(plugin_t* plugin, void* symbol) {
  vmrt_executable_plugin_query_t query;
  memcpy(&query, &symbol, sizeof query);
  plugin->table = query(VMRT_EXECUTABLE_PLUGIN_VERSION, NULL);
  if (!plugin->table) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "plugin does not support this version of the runtime (%08x)",
                            VMRT_EXECUTABLE_PLUGIN_VERSION);
  }
  if (!plugin->table->header || !plugin->table->load) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "the plugin's table has no %s",
                            plugin->table->header ? "function `load`" : "header");
  }
  if (plugin->table->header->sanitizer != VMRT_EXECUTABLE_SANITIZER_NONE) {
    return iree_make_status(IREE_STATUS_UNAVAILABLE,
                            "plugin '%s' is compiled for a sanitizer (number %d) that this runtime does not have",
                            plugin_name(plugin), plugin->table->header->sanitizer);
  }
  return iree_ok_status();
}

static iree_status_t plugin_begin(plugin_t* plugin, iree_allocator_t allocator) {
  vmrt_executable_plugin_environment_t environment = {allocator};
  plugin->is_begun = true;
  iree_status_t status = plugin->table->load(&environment, 0, NULL, &plugin->self);
  return iree_status_annotate_f(plugin_status(plugin, status), "loading plugin '%s'", plugin_name(plugin));
}

static iree_status_t plugin_load(plugin_t* plugin, iree_string_view_t path, iree_allocator_t allocator) {
  void* symbol = NULL;
  iree_status_t status = plugin_open(plugin, path, allocator, &symbol);
  if (iree_status_is_ok(status)) status = plugin_query(plugin, symbol);
  if (iree_status_is_ok(status)) status = plugin_begin(plugin, allocator);
  return iree_status_annotate_f(status, "executable plugin '%.*s'", PATH_ARG(path));
}

/* ---- All of a device --------------------------------------------------------------------------------------------- */

iree_status_t executable_plugins_load(iree_host_size_t count, const iree_string_view_t* paths,
                                      iree_allocator_t allocator, executable_plugins_t** out_plugins) {
  executable_plugins_t* set = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *set + count * sizeof set->plugins[0], (void**)&set));
  atomic_ref_count_init(&set->ref_count);
  set->allocator = allocator;
  iree_status_t status = iree_ok_status();
  while (iree_status_is_ok(status) && set->count < count) {
    iree_host_size_t i = set->count++;
    status = plugin_load(&set->plugins[i], paths[i], allocator);
  }
  if (!iree_status_is_ok(status)) {
    executable_plugins_release(set);
    return status;
  }
  *out_plugins = set;
  return iree_ok_status();
}

void executable_plugins_retain(executable_plugins_t* plugins) {
  if (plugins) atomic_ref_count_retain(&plugins->ref_count);
}

void executable_plugins_release(executable_plugins_t* plugins) {
  if (!plugins || !atomic_ref_count_release(&plugins->ref_count)) return;
  for (iree_host_size_t i = plugins->count; i > 0; --i) plugin_unload(&plugins->plugins[i - 1]);
  iree_allocator_free(plugins->allocator, plugins);
}

/* ---- Imports ----------------------------------------------------------------------------------------------------- */

static bool is_optional(const char* name) { return name[0] == '?'; }

/* The first required name without a function; NULL when there is none. */
static const char* missing_name(const vmrt_executable_plugin_request_t* request) {
  for (size_t i = 0; i < request->count; ++i) {
    if (!request->functions[i] && !is_optional(request->names[i])) return request->names[i];
  }
  return NULL;
}

static bool is_complete(const vmrt_executable_plugin_request_t* request) {
  for (size_t i = 0; i < request->count; ++i) {
    if (!request->functions[i]) return false;
  }
  return true;
}

/* That symbols are missing is no failure yet. */
static iree_status_t plugin_resolve(plugin_t* plugin, const vmrt_executable_plugin_request_t* request) {
  uint32_t resolution = 0;
  if (!plugin->table->resolve) return iree_ok_status();
  iree_status_t status = plugin_status(plugin, plugin->table->resolve(plugin->self, request, &resolution));
  if (IREE_STATUS_IS(NOT_FOUND, status)) return iree_status_ignore(status);
  return iree_status_annotate_f(status, "plugin '%s' looking for imports of an executable", plugin_name(plugin));
}

iree_status_t executable_plugins_resolve(executable_plugins_t* plugins,
                                         const vmrt_executable_plugin_request_t* request) {
  for (iree_host_size_t i = plugins ? plugins->count : 0; i > 0 && !is_complete(request); --i) {
    IREE_RETURN_IF_ERROR(plugin_resolve(&plugins->plugins[i - 1], request));
  }
  const char* missing = missing_name(request);
  if (!missing) return iree_ok_status();
  return iree_make_status(IREE_STATUS_UNAVAILABLE,
                          "the executable needs the function '%.*s', which no executable plugin provides (%zu loaded)",
                          LOCAL_NAME_LIMIT, missing, plugins ? (size_t)plugins->count : (size_t)0);
}
