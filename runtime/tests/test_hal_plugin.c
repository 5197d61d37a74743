/* SPDX-License-Identifier: Apache-2.0 */
/* Executable plugins: the handshake, imports of kernels, unloading. libraries/plugin.c is the plugin. */
#include "executable_world.h"

#if LOCAL_RUNS_ELF

#define PLUGIN_PATH VMRT_TEST_PLUGIN

/* Keeps the plugin mapped, so that its log can be read after it is unloaded. */
static platform_library_t* plugin;
static char* plugin_log;

static void behave(const char* behaviour) {
  setenv("PLUGIN", behaviour, 1);
  if (!plugin) {
    void* address = NULL;
    CHECK_OK(platform_library_open(IREE_SV(PLUGIN_PATH), iree_allocator_system(), &plugin));
    CHECK_OK(platform_library_symbol(plugin, "plugin_log", &address));
    plugin_log = address;
  }
  plugin_log[0] = 0;
}

static void check_log(const char* wanted) {
  CHECK(strcmp(plugin_log, wanted) == 0);
  if (strcmp(plugin_log, wanted) != 0) fprintf(stderr, "  wanted %s, got %s\n", wanted, plugin_log);
}

static iree_status_t load_plugins(iree_host_size_t count, local_loaders_t** out_loaders) {
  const iree_string_view_t paths[3] = {IREE_SV(PLUGIN_PATH), IREE_SV(PLUGIN_PATH), IREE_SV(PLUGIN_PATH)};
  *out_loaders = NULL;
  return local_loaders_create(count, paths, 2, iree_allocator_system(), out_loaders);
}

/* ---- The handshake ----------------------------------------------------------------------------------------------- */

/* The log of a plugin that was accepted and unloaded again ends with the number that it gave itself. */
static void accepted(const char* behaviour, bool has_unload) {
  local_loaders_t* loaders = NULL;
  behave(behaviour);
  CHECK_OK(load_plugins(1, &loaders));
  local_loaders_free(loaders);
  CHECK(strncmp(plugin_log, has_unload ? "qlu" : "ql", has_unload ? 3 : 2) == 0);
  CHECK(has_unload || strlen(plugin_log) == 2);
}

static void refused(const char* behaviour, iree_status_code_t code, const char* text, const char* log) {
  local_loaders_t* loaders = NULL;
  behave(behaviour);
  iree_status_t status = load_plugins(1, &loaders);
  char message[1024];
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof message, message, &length);
  CHECK(strstr(message, text) != NULL);
  if (!strstr(message, text)) fprintf(stderr, "  %s\n", message);
  CHECK_STATUS(code, status);
  CHECK(strncmp(plugin_log, log, strlen(log)) == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIBRARY) == 1);
}

static void handshake(void) {
  accepted("", true);
  accepted("odd", false);
  refused("null", IREE_STATUS_FAILED_PRECONDITION, "plugin does not support this version of the runtime (00000001)",
          "q");
  refused("sanitizer", IREE_STATUS_UNAVAILABLE, "plugin 'plugin' is compiled for a sanitizer", "q");
  refused("no_header", IREE_STATUS_FAILED_PRECONDITION, "no header", "q");
  refused("no_load", IREE_STATUS_FAILED_PRECONDITION, "no function `load`", "q");
  refused("load_fails", IREE_STATUS_RESOURCE_EXHAUSTED, "loading plugin 'plugin'", "qlu");
}

static void refused_path(const char* path, iree_status_code_t code) {
  iree_string_view_t view = iree_make_cstring_view(path);
  local_loaders_t* loaders = NULL;
  CHECK_STATUS(code, local_loaders_create(1, &view, 1, iree_allocator_system(), &loaders));
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIBRARY) == 1);
}

static void paths(void) {
  behave("");
  refused_path("", IREE_STATUS_NOT_FOUND);
  refused_path("/no/such/library.so", IREE_STATUS_NOT_FOUND);
  refused_path("libm.so.6", IREE_STATUS_NOT_FOUND);
  refused_path("embedded:" PLUGIN_PATH, IREE_STATUS_FAILED_PRECONDITION);
  refused_path("embedded:/no/such/library.so", IREE_STATUS_NOT_FOUND);
  refused_path("/no/such/library.sos", IREE_STATUS_NOT_FOUND);
  refused_path("embedded:" VMRT_FIXTURES_DIR "/executables/kernels.elf", IREE_STATUS_NOT_FOUND);
}

static void order(void) {
  local_loaders_t* loaders = NULL;
  behave("");
  CHECK_OK(load_plugins(3, &loaders));
  local_loaders_free(loaders);
  int first = 0, second = 0, third = 0;
  CHECK(sscanf(plugin_log, "qlqlqlu%du%du%d", &first, &second, &third) == 3);
  CHECK(first == second + 1 && second == third + 1);
}

/* ---- Imports ----------------------------------------------------------------------------------------------------- */

static iree_status_t run_import(iree_hal_executable_t* executable, float* out) {
  _Alignas(64) float in[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, "disp", 1);
  dispatch_bind(&dispatch, 0, in, sizeof in);
  dispatch_bind(&dispatch, 1, out, sizeof in);
  return dispatch_run(executable, &dispatch, 1);
}

/* The executable keeps the plugin after the loaders are gone. */
static void imports(void) {
  _Alignas(64) float out[8];
  local_loaders_t* loaders = NULL;
  iree_hal_executable_t* executable = NULL;
  behave("");
  CHECK_OK(load_plugins(1, &loaders));
  if (!CHECK_OK(load_file(loaders, ELF_FORMAT, "imports.elf", &executable))) return;
  local_loaders_free(loaders);
  check_log("qlr");
  CHECK_OK(run_import(executable, out));
  for (int i = 0; i < 7; ++i) CHECK(out[i] == (float)(2 * (i + 1)));
  int self = ((int)out[7] - 1) / 10;
  CHECK(self >= 1 && (int)out[7] == 1 + 10 * self);
  behave("import_fails");
  iree_status_t status = run_import(executable, out);
  CHECK(strstr(iree_status_message(status).data, "catastrophic error 3") != NULL);
  CHECK_STATUS(IREE_STATUS_INTERNAL, status);
  drop_executable(executable);
  char log[16];
  snprintf(log, sizeof log, "u%d", self);
  check_log(log);
}

static void unresolved(iree_host_size_t plugin_count, const char* behaviour, iree_status_code_t code,
                       const char* text) {
  local_loaders_t* loaders = NULL;
  iree_hal_executable_t* executable = NULL;
  behave(behaviour);
  CHECK_OK(load_plugins(plugin_count, &loaders));
  iree_status_t status = load_file(loaders, ELF_FORMAT, "imports.elf", &executable);
  char message[1024];
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof message, message, &length);
  CHECK(strstr(message, text) != NULL);
  CHECK_STATUS(code, status);
  local_loaders_free(loaders);
}

static void missing_imports(void) {
  unresolved(0, "", IREE_STATUS_UNAVAILABLE, "'twice', which no executable plugin provides (0 loaded)");
  unresolved(2, "nothing", IREE_STATUS_UNAVAILABLE, "'twice', which no executable plugin provides (2 loaded)");
  unresolved(1, "no_resolve", IREE_STATUS_UNAVAILABLE, "'twice'");
  unresolved(2, "resolve_fails", IREE_STATUS_ABORTED, "plugin 'plugin' looking for imports");
}

/* Asked last to first, until everything is there. */
static void optional_imports(void) {
  const iree_string_view_t path[2] = {IREE_SV(PLUGIN_PATH), IREE_SV(PLUGIN_PATH)};
  static const char* const names[3] = {"?other", "?twice", "twice"};
  void* functions[3] = {NULL, NULL, NULL};
  void* contexts[3] = {NULL, NULL, NULL};
  vmrt_executable_plugin_request_t request = {3, names, functions, contexts};
  executable_plugins_t* plugins = NULL;
  behave("");
  CHECK_OK(executable_plugins_load(2, path, iree_allocator_system(), &plugins));
  CHECK_OK(executable_plugins_resolve(plugins, &request));
  CHECK(!functions[0] && functions[1] && functions[2] && contexts[1] == contexts[2]);
  CHECK(strcmp(plugin_log, "qlqlrr") == 0);
  request.count = 0;
  CHECK_OK(executable_plugins_resolve(plugins, &request));
  CHECK_OK(executable_plugins_resolve(NULL, &request));
  executable_plugins_release(plugins);
}

static iree_status_t use_import(iree_allocator_t heap) {
  const iree_string_view_t path = IREE_SV(PLUGIN_PATH);
  local_loaders_t* loaders = NULL;
  iree_hal_executable_t* executable = NULL;
  IREE_RETURN_IF_ERROR(local_loaders_create(1, &path, 2, heap, &loaders));
  iree_status_t status = load_file(loaders, ELF_FORMAT, "imports.elf", &executable);
  drop_executable(executable);
  local_loaders_free(loaders);
  return status;
}

static void out_of_memory(void) {
  behave("");
  platform_library_close(plugin);
  plugin = NULL;
  sweep_memory(use_import);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"handshake", handshake},
      {"paths", paths},
      {"order", order},
      {"imports", imports},
      {"missing_imports", missing_imports},
      {"optional_imports", optional_imports},
      {"out_of_memory", out_of_memory},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}

#else

int main(void) {
  printf("ok   this system cannot run the kernels of the fixtures\n");
  return 0;
}

#endif
