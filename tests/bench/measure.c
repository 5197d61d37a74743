/* SPDX-License-Identifier: Apache-2.0 */
/* Times our runtime for bench.py: `measure call|load|context|lookup SECONDS FUNCTION MODULE...` prints nanoseconds
 * each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "iree/vm/bytecode/module.h"
#include "iree/vm/dynamic/module.h"
#include "iree/vm/api.h"

typedef struct bench_t {
  iree_vm_instance_t* instance;
  iree_vm_module_t* modules[8];
  size_t module_count;
  const char* paths[8];
  const char* function_name;
  iree_vm_context_t* context;
  iree_vm_function_t function;
  iree_vm_list_t* inputs;
  iree_vm_list_t* outputs;
  iree_const_byte_span_t archive; /* of the last module */
} bench_t;

static void must(iree_status_t status) {
  if (iree_status_is_ok(status)) return;
  char text[4096];
  size_t length = 0;
  iree_status_format(status, sizeof text, text, &length);
  fprintf(stderr, "%.*s\n", (int)(length < sizeof text ? length : sizeof text - 1), text);
  exit(EXIT_FAILURE);
}

static iree_const_byte_span_t read_file(const char* path) {
  FILE* file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  long size = ftell(file);
  rewind(file);
  void* data = NULL;
  must(iree_allocator_malloc_aligned(iree_allocator_system(), (size_t)size, 64, &data));
  if (fread(data, 1, (size_t)size, file) != (size_t)size) {
    perror(path);
    exit(EXIT_FAILURE);
  }
  fclose(file);
  return iree_make_const_byte_span(data, (size_t)size);
}

static void load(bench_t* bench, const char* path) {
  iree_allocator_t system = iree_allocator_system();
  iree_vm_module_t** module = &bench->modules[bench->module_count++];
  if (strstr(path, ".so")) {
    must(iree_vm_dynamic_module_load_from_file(bench->instance, IREE_SV(path), iree_string_view_empty(), 0, NULL,
                                               system, module));
    return;
  }
  bench->archive = read_file(path);
  must(iree_vm_bytecode_module_create(bench->instance, 0, bench->archive, iree_allocator_null(), system, module));
}

/* ---- What is timed: `count` times -------------------------------------------------------------------------------- */

static void time_call(bench_t* bench, long count) {
  for (long i = 0; i < count; ++i) {
    must(iree_vm_invoke(bench->context, bench->function, 0, NULL, bench->inputs, bench->outputs,
                        iree_allocator_system()));
  }
}

static void time_load(bench_t* bench, long count) {
  for (long i = 0; i < count; ++i) {
    iree_vm_module_t* module = NULL;
    must(iree_vm_bytecode_module_create(bench->instance, 0, bench->archive, iree_allocator_null(),
                                        iree_allocator_system(), &module));
    iree_vm_module_release(module);
  }
}

static void time_context(bench_t* bench, long count) {
  for (long i = 0; i < count; ++i) {
    iree_vm_context_t* context = NULL;
    must(iree_vm_context_create_with_modules(bench->instance, 0, bench->module_count, bench->modules,
                                             iree_allocator_system(), &context));
    iree_vm_context_release(context);
  }
}

static void time_lookup(bench_t* bench, long count) {
  iree_vm_module_t* module = bench->modules[bench->module_count - 1];
  iree_string_view_t name = IREE_SV(bench->function_name);
  for (long i = 0; i < count; ++i) {
    iree_vm_function_t function;
    must(iree_vm_module_lookup_function_by_name(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, name, &function));
  }
}

typedef void (*timed_t)(bench_t* bench, long count);

/* Doubles the count until a run is long enough. */
static double nanoseconds_each(bench_t* bench, timed_t timed, double seconds) {
  timed(bench, 1);
  for (long count = 1;; count *= 2) {
    iree_time_t begin = iree_time_now();
    timed(bench, count);
    iree_time_t spent = iree_time_now() - begin;
    if ((double)spent >= seconds * 1e9) return (double)spent / (double)count;
  }
}

static timed_t timed_of(const char* name) {
  if (strcmp(name, "load") == 0) return time_load;
  if (strcmp(name, "context") == 0) return time_context;
  if (strcmp(name, "lookup") == 0) return time_lookup;
  return time_call;
}

int main(int argc, char** argv) {
  if (argc < 5 || argc > 4 + 8) {
    fprintf(stderr, "usage: measure call|load|context|lookup SECONDS FUNCTION MODULE...\n");
    return EXIT_FAILURE;
  }
  bench_t bench = {.function_name = argv[3]};
  iree_allocator_t system = iree_allocator_system();
  must(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, system, &bench.instance));
  for (int i = 4; i < argc; ++i) load(&bench, argv[i]);
  must(iree_vm_context_create_with_modules(bench.instance, 0, bench.module_count, bench.modules, system,
                                           &bench.context));
  must(iree_vm_module_lookup_function_by_name(bench.modules[bench.module_count - 1], IREE_VM_FUNCTION_LINKAGE_EXPORT,
                                              IREE_SV(bench.function_name), &bench.function));
  must(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, system, &bench.inputs));
  must(iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, system, &bench.outputs));
  printf("%.3f\n", nanoseconds_each(&bench, timed_of(argv[1]), atof(argv[2])));
  return EXIT_SUCCESS;
}
