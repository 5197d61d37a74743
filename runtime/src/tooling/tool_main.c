/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of every program: from arguments to an exit code. */
#include "tooling/tool_main.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "iree/tooling/device_util.h"
#include "tooling/device_flags.h"
#include "tooling/function_io.h"
#include "tooling/module_flags.h"
#include "tooling/tool_session.h"

static struct {
  bool help, version;
} flags;

static const vmrt_flag_t flag_table[] = {
    {"help", VMRT_FLAG_BOOL, &flags.help, "Print this and exit."},
    {"version", VMRT_FLAG_BOOL, &flags.version, "Print what this tool understands and exit."},
};
static const vmrt_flag_set_t general_flags = {"General", sizeof flag_table / sizeof *flag_table, flag_table};

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

void tool_print_status(iree_status_t status, FILE* file) {
  iree_host_size_t length = 0;
  iree_status_format(status, 0, NULL, &length);
  char* text = malloc(length + 1);
  if (text && iree_status_format(status, length + 1, text, &length)) {
    fprintf(file, "%s\n", text);
  } else {
    fprintf(file, "%s\n", iree_status_code_string(iree_status_code(status)));
  }
  free(text);
}

int tool_finish(iree_status_t status) {
  if (iree_status_is_ok(status)) return EXIT_SUCCESS;
  tool_print_status(status, stderr);
  iree_status_free(status);
  return EXIT_FAILURE;
}

static int finish_flags(iree_status_t status) {
  if (!iree_status_is_ok(status)) fprintf(stderr, "FLAGS ERROR:\n");
  return tool_finish(status);
}

/* ---- Answers ----------------------------------------------------------------------------------------------------- */

static int print_help(const tool_t* tool, const vmrt_flag_parser_t* parser) {
  printf("Usage: %s %s\n\n", tool->name, tool->usage);
  vmrt_flag_parser_print(parser, stdout);
  return tool_finish(function_print(iree_string_view_empty(), stdout));
}

static int print_version(const tool_t* tool) {
  printf("%s %s: bytecode version 17, native module interface 1\n", tool->name, tool->version);
  return tool_finish(function_print(iree_string_view_empty(), stdout));
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

static iree_status_t check_positional(int argc, char** argv) {
  if (argc <= 1) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "positional argument '%s' not understood: modules are given as --module=FILE, see --help",
                          argv[1]);
}

static int run_flags(const tool_t* tool, const vmrt_flag_parser_t* parser, iree_status_t status, int argc,
                     char** argv) {
  if (flags.help || flags.version) {
    iree_status_free(status);
    return flags.help ? print_help(tool, parser) : print_version(tool);
  }
  bool listed = false;
  if (iree_status_is_ok(status)) status = check_positional(argc, argv);
  if (iree_status_is_ok(status)) {
    status = vmrt_tooling_list_devices_from_flags(iree_allocator_system(), stdout, &listed);
  }
  if (!iree_status_is_ok(status)) return finish_flags(status);
  if (listed) return tool_finish(function_print(iree_string_view_empty(), stdout));
  return tool->run(argv[0]);
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

int tool_main(const tool_t* tool, int argc, char** argv) {
  const vmrt_flag_set_t* sets[12] = {&tooling_module_flags, &tooling_device_flags, &tooling_parameter_flags,
                                     &tooling_session_flags, &general_flags};
  iree_host_size_t set_count = 5;
  for (iree_host_size_t i = 0; i < tool->flag_set_count; ++i) sets[set_count++] = tool->flag_sets[i];
  vmrt_flag_parser_t parser;
  iree_status_t status = check_stdout();
  if (!iree_status_is_ok(status)) return tool_finish(status);
  vmrt_flag_parser_initialize(set_count, sets, iree_allocator_system(), &parser);
  status = vmrt_flag_parser_parse(&parser, &argc, argv);
  int exit_code = run_flags(tool, &parser, status, argc, argv);
  vmrt_flag_parser_deinitialize(&parser);
  return exit_code;
}
