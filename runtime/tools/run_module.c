/* SPDX-License-Identifier: Apache-2.0 */
/* vm-run-module: loads modules, links them, calls one function and prints what it returned. */
#include <stdlib.h>

#include "base/string_builder.h"
#include "tooling/describe.h"
#include "tooling/function_call.h"
#include "tooling/function_io.h"
#include "tooling/output_flags.h"
#include "tooling/tool_main.h"
#include "tooling/tool_session.h"
#include "vm/text.h"

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

static struct {
  bool list_functions, dump_module;
  iree_string_view_t function;
  iree_flag_string_list_t inputs;
} flags;

static const vmrt_flag_t flag_table[] = {
    {"function", VMRT_FLAG_STRING, &flags.function,
     "Export of the last module to call; can be left out if it is the only one."},
    {"input", VMRT_FLAG_LIST, &flags.inputs,
     "An argument: a number, a tensor such as 2x2xf32=1,2,3,4, @FILE.npy, or (null)."},
    {"list_functions", VMRT_FLAG_BOOL, &flags.list_functions, "Print the exports of the last module; call nothing."},
    {"dump_module", VMRT_FLAG_BOOL, &flags.dump_module, "Print all about the last module; call nothing."},
};
static const vmrt_flag_set_t flag_set = {"vm-run-module", sizeof flag_table / sizeof *flag_table, flag_table};

/* ---- One run ----------------------------------------------------------------------------------------------------- */

typedef struct run_t {
  tool_session_t session;
  iree_vm_list_t* results;
  bool mismatched;
} run_t;

static iree_status_t describe(run_t* run) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(run->session.call_allocator, &builder);
  iree_vm_module_t* main_module = iree_tooling_module_list_back(&run->session.user_modules);
  iree_status_t status =
      flags.dump_module ? describe_module(main_module, &builder) : describe_exports(main_module, &builder);
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(&builder), stdout);
  iree_string_builder_deinitialize(&builder);
  return status;
}

static iree_status_t find_function(iree_vm_module_t* module, function_call_t* out_call) {
  if (!iree_string_view_is_empty(flags.function)) return function_call_find(module, flags.function, out_call);
  iree_vm_function_t function = {NULL, 0, 0};
  IREE_RETURN_IF_ERROR(iree_tooling_find_single_exported_function(module, &function));
  return function_call_prepare(function, out_call);
}

static iree_status_t print_exec(run_t* run, iree_string_view_t name) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(run->session.call_allocator, &builder);
  iree_status_t status = iree_string_builder_append_format(&builder, "EXEC @%.*s\n", VM_SV_ARG(name));
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(&builder), stdout);
  iree_string_builder_deinitialize(&builder);
  return status;
}

static iree_status_t invoke(run_t* run, const function_call_t* call, const function_io_t* io) {
  iree_vm_list_t* inputs = NULL;
  tool_session_t* session = &run->session;
  iree_status_t status = function_parse_values(io, call->arguments, &flags.inputs, &inputs);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "parsing function inputs");
  status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 8, io->host_allocator, &run->results);
  if (iree_status_is_ok(status)) status = print_exec(run, iree_vm_function_name(&call->function));
  if (iree_status_is_ok(status)) {
    status = function_call_invoke(call, session->context, session->device, inputs, run->results, io->host_allocator);
  }
  iree_vm_list_release(inputs);
  return status;
}

static iree_status_t call_function(run_t* run) {
  function_call_t call;
  bool matched = true;
  function_io_t io = {NULL, run->session.call_allocator, output_flags_max_element_count(), stdout};
  IREE_RETURN_IF_ERROR(find_function(iree_tooling_module_list_back(&run->session.user_modules), &call));
  IREE_RETURN_IF_ERROR(tool_session_tensor_allocator(&run->session, &io.device_allocator));
  IREE_RETURN_IF_ERROR(invoke(run, &call, &io));
  iree_status_t status = output_flags_process(&io, run->results, call.results, &matched);
  run->mismatched = !matched;
  return iree_status_annotate_f(status, "processing function outputs");
}

static iree_status_t run_all(run_t* run) {
  IREE_RETURN_IF_ERROR(output_flags_check());
  bool describe_only = flags.list_functions || flags.dump_module;
  iree_status_t status = tool_session_create_instance(&run->session);
  if (iree_status_is_ok(status)) status = tool_session_load(&run->session);
  if (iree_status_is_ok(status) && describe_only) return describe(run);
  if (iree_status_is_ok(status)) status = tool_session_link(&run->session);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "creating run context");
  return call_function(run);
}

/* Results first, as their types may live in a library. */
static int run_module(const char* program) {
  (void)program;
  run_t run = {.results = NULL};
  iree_status_t status = tool_session_open(&run.session);
  if (iree_status_is_ok(status)) status = run_all(&run);
  if (run.results) iree_vm_list_release(run.results);
  int exit_code = tool_finish(tool_session_close(&run.session, status));
  tool_session_finish(&run.session);
  return run.mismatched ? EXIT_FAILURE : exit_code;
}

int main(int argc, char** argv) {
  static const vmrt_flag_set_t* const sets[] = {&flag_set, &tooling_output_flags};
  static const tool_t tool = {"vm-run-module", "--module=FILE [--module=FILE...] [--function=NAME] [--input=VALUE...]",
                              VMRT_VERSION, 2, sets, run_module};
  return tool_main(&tool, argc, argv);
}
