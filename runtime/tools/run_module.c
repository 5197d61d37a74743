/* SPDX-License-Identifier: Apache-2.0 */
/* vm-run-module: loads modules, links them, calls one function and prints what it returned. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "base/string_builder.h"
#include "iree/tooling/context_util.h"
#include "tooling/describe.h"
#include "tooling/function_io.h"
#include "tooling/module_flags.h"
#include "tooling/statistics.h"
#include "tooling/time_limit.h"
#include "vm/text.h"
#include "vmrt/probe.h"

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

static struct {
  bool help, version, list_functions, dump_module, print_statistics, trace_execution;
  double time_limit;
  iree_string_view_t function;
  iree_flag_string_list_t inputs, outputs, expected_outputs;
  int32_t output_max_element_count;
  double f32_threshold, f64_threshold, rtol;
  iree_string_view_t equality_mode;
} flags = {
    .output_max_element_count = 1024,
    .f32_threshold = 0.0001,
    .f64_threshold = 0.0001,
    .rtol = 1e-5,
    .equality_mode = {"approximate", 11},
};

static const vmrt_flag_t flag_table[] = {
    {"function", VMRT_FLAG_STRING, &flags.function,
     "Export of the last module to call; can be left out if it is the only one."},
    {"input", VMRT_FLAG_LIST, &flags.inputs, "An argument: a number, or (null) for a reference."},
    {"output", VMRT_FLAG_LIST, &flags.outputs,
     "Where a result goes, one flag for each: nothing drops it, `-` prints it, @FILE writes and +FILE appends it (.npy "
     "or raw)."},
    {"expected_output", VMRT_FLAG_LIST, &flags.expected_outputs,
     "What a result has to be, one flag for each; (ignored) matches anything. Nothing else is printed then."},
    {"equality_mode", VMRT_FLAG_STRING, &flags.equality_mode, "Expected numbers are met `approximate` or `exact`."},
    {"expected_f32_threshold", VMRT_FLAG_DOUBLE, &flags.f32_threshold,
     "Absolute difference allowed between f32 numbers."},
    {"expected_f64_threshold", VMRT_FLAG_DOUBLE, &flags.f64_threshold,
     "Absolute difference allowed between f64 numbers."},
    {"expected_rtol", VMRT_FLAG_DOUBLE, &flags.rtol, "Relative difference allowed, added to the absolute one."},
    {"output_max_element_count", VMRT_FLAG_INT32, &flags.output_max_element_count,
     "Most elements of a tensor that are printed. Scalars, buffers and lists are not affected."},
    {"list_functions", VMRT_FLAG_BOOL, &flags.list_functions, "Print the exports of the last module; call nothing."},
    {"dump_module", VMRT_FLAG_BOOL, &flags.dump_module, "Print all about the last module; call nothing."},
    {"print_statistics", VMRT_FLAG_BOOL, &flags.print_statistics,
     "Print at the very end what was allocated and is left."},
    {"trace_execution", VMRT_FLAG_BOOL, &flags.trace_execution,
     "Print each bytecode instruction that is run, to stderr."},
    {"time_limit", VMRT_FLAG_DOUBLE, &flags.time_limit,
     "Seconds for the whole run; then bytecode is cancelled, and a second later the process ends with exit code 124. "
     "0: none."},
    {"help", VMRT_FLAG_BOOL, &flags.help, "Print this and exit."},
    {"version", VMRT_FLAG_BOOL, &flags.version, "Print what this tool understands and exit."},
};
static const vmrt_flag_set_t flag_set = {"vm-run-module", sizeof flag_table / sizeof *flag_table, flag_table};

static iree_status_t check_positional(int argc, char** argv) {
  if (argc <= 1) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "positional argument '%s' not understood: modules are given as --module=FILE, see --help",
                          argv[1]);
}

static iree_status_t check_flag_values(void) {
  bool exact = iree_string_view_equal(flags.equality_mode, IREE_SV("exact"));
  if (!exact && !iree_string_view_equal(flags.equality_mode, IREE_SV("approximate"))) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--equality_mode=%.*s is neither `approximate` nor `exact`",
                            VM_SV_ARG(flags.equality_mode));
  }
  return iree_ok_status();
}

/* ---- One run ----------------------------------------------------------------------------------------------------- */

/* What a run holds, in the order in which it is acquired. Allocators name the owner for the statistics. */
typedef struct run_t {
  iree_allocator_t instance_allocator, module_allocator, context_allocator, call_allocator;
  iree_vm_instance_t* instance;
  time_limit_t* time_limit;
  iree_tooling_module_list_t modules;
  iree_vm_context_t* context;
  iree_vm_list_t* results;
  bool mismatched;
} run_t;

static iree_status_t run_load(run_t* run) {
  IREE_RETURN_IF_ERROR(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, run->instance_allocator, &run->instance));
  if (flags.time_limit != 0) {
    IREE_RETURN_IF_ERROR(time_limit_start(flags.time_limit, run->instance, run->instance_allocator, &run->time_limit));
  }
  IREE_RETURN_IF_ERROR(iree_tooling_load_modules_from_flags(run->instance, run->module_allocator, &run->modules));
  if (run->modules.count > 0) return iree_ok_status();
  return iree_make_status(
      IREE_STATUS_INVALID_ARGUMENT,
      "no user module specified; use --module=FILE to load one, or --module=- to read it from stdin");
}

static iree_status_t run_describe(run_t* run) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(run->call_allocator, &builder);
  iree_vm_module_t* main_module = iree_tooling_module_list_back(&run->modules);
  iree_status_t status =
      flags.dump_module ? describe_module(main_module, &builder) : describe_exports(main_module, &builder);
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(&builder), stdout);
  iree_string_builder_deinitialize(&builder);
  return status;
}

static iree_status_t run_link(run_t* run) {
  IREE_RETURN_IF_ERROR(vmrt_tooling_check_dependencies(&run->modules));
  uint32_t context_flags = flags.trace_execution ? IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION : IREE_VM_CONTEXT_FLAG_NONE;
  iree_status_t status = iree_vm_context_create_with_modules(
      run->instance, context_flags, run->modules.count, run->modules.values, run->context_allocator, &run->context);
  return iree_status_annotate_f(status, "creating VM context");
}

/* ---- The call ---------------------------------------------------------------------------------------------------- */

static iree_status_t find_function(iree_vm_module_t* module, iree_vm_function_t* out_function) {
  if (iree_string_view_is_empty(flags.function))
    return iree_tooling_find_single_exported_function(module, out_function);
  return iree_status_annotate_f(
      iree_vm_module_lookup_function_by_name(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, flags.function, out_function),
      "looking up function '%.*s'", VM_SV_ARG(flags.function));
}

/* Functions that take fences wait for a device. */
static iree_status_t check_model(const iree_vm_function_t* function) {
  iree_string_view_t model = iree_vm_function_lookup_attr_by_name(function, IREE_SV("iree.abi.model"));
  if (!iree_string_view_equal(model, IREE_SV("coarse-fences"))) return iree_ok_status();
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                          "the function is asynchronous (iree.abi.model = coarse-fences) and needs a HAL device");
}

static iree_status_t print_exec(run_t* run, iree_string_view_t name) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(run->call_allocator, &builder);
  iree_status_t status = iree_string_builder_append_format(&builder, "EXEC @%.*s\n", VM_SV_ARG(name));
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(&builder), stdout);
  iree_string_builder_deinitialize(&builder);
  return status;
}

static iree_status_t annotate_call(iree_status_t status, const iree_vm_function_t* function) {
  if (iree_status_is_ok(status)) return status;
  iree_string_view_t declaration = iree_vm_function_lookup_attr_by_name(function, IREE_SV("iree.abi.declaration"));
  if (iree_string_view_is_empty(declaration)) return status;
  return iree_status_annotate_f(status, "`%.*s`", VM_SV_ARG(declaration));
}

static iree_status_t invoke(run_t* run, iree_vm_function_t function, iree_string_view_t arguments) {
  iree_vm_list_t* inputs = NULL;
  iree_status_t status = function_parse_values(arguments, &flags.inputs, run->call_allocator, &inputs);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "parsing function inputs");
  status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 8, run->call_allocator, &run->results);
  if (iree_status_is_ok(status)) status = print_exec(run, iree_vm_function_name(&function));
  if (iree_status_is_ok(status)) {
    status = iree_vm_invoke(run->context, function, 0, NULL, inputs, run->results, run->call_allocator);
    status = annotate_call(status, &function);
  }
  iree_vm_list_release(inputs);
  return status;
}

static iree_status_t process_results(run_t* run, iree_string_view_t cconv) {
  if (flags.expected_outputs.count > 0) {
    function_tolerance_t tolerance = {iree_string_view_equal(flags.equality_mode, IREE_SV("exact")),
                                      flags.f32_threshold, flags.f64_threshold, flags.rtol};
    bool matched = false;
    IREE_RETURN_IF_ERROR(function_expect_results(run->results, cconv, &flags.expected_outputs, &tolerance, stdout,
                                                 run->call_allocator, &matched));
    run->mismatched = !matched;
    return iree_ok_status();
  }
  if (flags.outputs.count > 0) return function_write_results(run->results, &flags.outputs, stdout, run->call_allocator);
  return function_print_results(run->results, stdout, run->call_allocator);
}

static iree_status_t run_call(run_t* run) {
  iree_vm_function_t function = {NULL, 0, 0};
  IREE_RETURN_IF_ERROR(find_function(iree_tooling_module_list_back(&run->modules), &function));
  iree_vm_function_signature_t signature = iree_vm_function_signature(&function);
  iree_string_view_t arguments, results;
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&signature, &arguments, &results));
  IREE_RETURN_IF_ERROR(check_model(&function));
  IREE_RETURN_IF_ERROR(invoke(run, function, arguments));
  return iree_status_annotate_f(process_results(run, results), "processing function outputs");
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

static iree_status_t run_all(run_t* run) {
  IREE_RETURN_IF_ERROR(check_flag_values());
  iree_status_t status = run_load(run);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "creating run context");
  if (flags.list_functions || flags.dump_module) return run_describe(run);
  status = run_link(run);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "creating run context");
  return run_call(run);
}

/* Results first, as their types may live in a library; the newest module first; the instance last. */
static iree_status_t run_release(run_t* run, iree_status_t status) {
  time_limit_begin_teardown(run->time_limit);
  if (run->results) iree_vm_list_release(run->results);
  if (run->context) iree_vm_context_release(run->context);
  iree_tooling_module_list_reset(&run->modules);
  status = iree_status_join(status, time_limit_stop(run->time_limit));
  if (run->instance) iree_vm_instance_release(run->instance);
  return status;
}

static void print_status(iree_status_t status) {
  iree_host_size_t length = 0;
  iree_status_format(status, 0, NULL, &length);
  char* text = malloc(length + 1);
  if (text && iree_status_format(status, length + 1, text, &length)) {
    fprintf(stderr, "%s\n", text);
  } else {
    fprintf(stderr, "%s\n", iree_status_code_string(iree_status_code(status)));
  }
  free(text);
}

static int finish(iree_status_t status) {
  if (iree_status_is_ok(status)) return EXIT_SUCCESS;
  print_status(status);
  iree_status_free(status);
  return EXIT_FAILURE;
}

static iree_allocator_t owner_allocator(vmrt_probe_t* probe, const char* owner) {
  return probe ? vmrt_probe_allocator(probe, iree_make_cstring_view(owner)) : iree_allocator_system();
}

static int run_with_probe(vmrt_probe_t* probe) {
  run_t run;
  memset(&run, 0, sizeof run);
  run.instance_allocator = owner_allocator(probe, "instance");
  run.module_allocator = owner_allocator(probe, "modules");
  run.context_allocator = owner_allocator(probe, "context");
  run.call_allocator = owner_allocator(probe, "call");
  iree_tooling_module_list_initialize(&run.modules);
  int exit_code = finish(run_release(&run, run_all(&run)));
  return run.mismatched ? EXIT_FAILURE : exit_code;
}

static int run_module(void) {
  if (!flags.print_statistics) return run_with_probe(NULL);
  vmrt_probe_t* probe = NULL;
  iree_status_t status = vmrt_probe_create(&probe);
  if (!iree_status_is_ok(status)) return finish(status);
  int exit_code = run_with_probe(probe);
  statistics_print(probe, stderr);
  vmrt_probe_release(probe);
  return exit_code;
}

static int print_help(const vmrt_flag_parser_t* parser) {
  printf("Usage: vm-run-module --module=FILE [--module=FILE...] [--function=NAME] [--input=VALUE...]\n\n");
  vmrt_flag_parser_print(parser, stdout);
  return finish(function_print(iree_string_view_empty(), stdout));
}

static int print_version(void) {
  iree_string_view_t text = IREE_SV("vm-run-module " VMRT_VERSION ": bytecode version 17, native module interface 1\n");
  return finish(function_print(text, stdout));
}

static int run_flags(const vmrt_flag_parser_t* parser, iree_status_t status, int argc, char** argv) {
  if (flags.help || flags.version) {
    iree_status_free(status);
    return flags.help ? print_help(parser) : print_version();
  }
  if (iree_status_is_ok(status)) status = check_positional(argc, argv);
  if (iree_status_is_ok(status)) return run_module();
  fprintf(stderr, "FLAGS ERROR:\n");
  return finish(status);
}

/* A reader that went away is a failed write, not the end of the process before teardown; a closed standard output must
 * not become the number of some other file. */
static iree_status_t check_stdout(void) {
#ifdef SIGPIPE
  signal(SIGPIPE, SIG_IGN);
#endif
  errno = 0;
  if (ftell(stdout) >= 0 || errno != EBADF) return iree_ok_status();
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                          "standard output is closed: there is nowhere to print results");
}

int main(int argc, char** argv) {
  const vmrt_flag_set_t* sets[] = {&tooling_module_flags, &flag_set};
  vmrt_flag_parser_t parser;
  iree_status_t status = check_stdout();
  if (!iree_status_is_ok(status)) return finish(status);
  vmrt_flag_parser_initialize(sizeof sets / sizeof *sets, sets, iree_allocator_system(), &parser);
  status = vmrt_flag_parser_parse(&parser, &argc, argv);
  int exit_code = run_flags(&parser, status, argc, argv);
  vmrt_flag_parser_deinitialize(&parser);
  return exit_code;
}
