/* SPDX-License-Identifier: Apache-2.0 */
/* vm-check-module: runs every function of a module as a test whose assertions are calls of the module `check`. */
#include <stdlib.h>
#include <time.h>

#include "base/string_builder.h"
#include "platform/platform.h"
#include "tooling/check_builtin.h"
#include "tooling/function_io.h"
#include "tooling/test_report.h"
#include "tooling/tool_main.h"
#include "tooling/tool_session.h"
#include "vm/text.h"

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

static struct {
  bool expect_failure, list_tests, fail_fast, disabled_too, brief;
  int32_t repeat;
  iree_string_view_t filter, output;
} flags = {.repeat = 1, .filter = {"*", 1}};

static const vmrt_flag_t flag_table[] = {
    {"expect_failure", VMRT_FLAG_BOOL, &flags.expect_failure, "Succeed if and only if something fails."},
    {"gtest_filter", VMRT_FLAG_STRING, &flags.filter,
     "Tests to run, by SUITE.NAME: patterns with * and ? separated by `:`; behind a `-` those to leave out."},
    {"gtest_list_tests", VMRT_FLAG_BOOL, &flags.list_tests, "Print the names of the tests and exit."},
    {"gtest_output", VMRT_FLAG_STRING, &flags.output, "Write a report: xml[:PATH] or json[:PATH]."},
    {"gtest_repeat", VMRT_FLAG_INT32, &flags.repeat, "Run all tests this often."},
    {"gtest_fail_fast", VMRT_FLAG_BOOL, &flags.fail_fast, "Run nothing after the first failure."},
    {"gtest_also_run_disabled_tests", VMRT_FLAG_BOOL, &flags.disabled_too, "Run tests named DISABLED_... too."},
    {"gtest_brief", VMRT_FLAG_BOOL, &flags.brief, "Print tests that fail only."},
};
static const vmrt_flag_set_t flag_set = {"vm-check-module", sizeof flag_table / sizeof *flag_table, flag_table};

static iree_status_t check_flags(void) {
  if (flags.repeat < 1) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--gtest_repeat=%d: at least 1", (int)flags.repeat);
  }
  return iree_string_view_is_empty(flags.output) ? iree_ok_status() : test_report_check_destination(flags.output);
}

/* ---- One test ---------------------------------------------------------------------------------------------------- */

typedef struct check_run_t {
  tool_session_t session;
  test_suite_t suite;
  test_case_t* current; /* hears of assertions; NULL between tests */
  bool failed;
  bool has_nothing; /* no test is left to run, which is never what was wanted */
} check_run_t;

static iree_status_t on_assertion(void* user_data, iree_string_view_t text) {
  check_run_t* run = user_data;
  if (!run->current) return iree_ok_status();
  ++run->current->check_count;
  if (iree_string_view_is_empty(text)) return iree_ok_status();
  return test_case_add_failure(run->current, text, run->suite.allocator);
}

/* Takes over `status`: a failure of the test when it is not OK. */
static iree_status_t add_status(check_run_t* run, const char* what, iree_status_t status) {
  if (iree_status_is_ok(status)) return status;
  char text[4096];
  iree_string_builder_t builder;
  iree_host_size_t length = 0;
  const char* code = iree_status_code_string(iree_status_code(status));
  bool whole = iree_status_format(status, sizeof text, text, &length);
  iree_status_free(status);
  iree_string_builder_initialize(run->suite.allocator, &builder);
  status = iree_string_builder_append_format(
      &builder, "Value of: %s\nExpected: error code OK\n  Actual: status, whose error code is %s: %.*s", what, code,
      whole ? (int)length : (int)strlen(code), whole ? text : code);
  if (iree_status_is_ok(status)) {
    status = test_case_add_failure(run->current, iree_string_builder_view(&builder), run->suite.allocator);
  }
  iree_string_builder_deinitialize(&builder);
  return status;
}

static iree_status_t call_test(check_run_t* run, test_case_t* test) {
  iree_vm_list_t* nothing = NULL;
  tool_session_t* session = &run->session;
  IREE_RETURN_IF_ERROR(iree_vm_list_create(iree_vm_make_undefined_type_def(), 2, session->call_allocator, &nothing));
  iree_status_t status = function_call_invoke(&test->call, session->context, session->device, nothing, NULL,
                                              session->call_allocator);
  iree_vm_list_release(nothing);
  return status;
}

/* A context and devices of its own: what one test leaves behind, no other sees. */
static iree_status_t run_test(check_run_t* run, test_case_t* test) {
  run->current = test;
  iree_status_t status = tool_session_link(&run->session);
  if (iree_status_is_ok(status)) {
    status = add_status(run, "calling the function", call_test(run, test));
  } else {
    status = add_status(run, "setting up the test", status);
  }
  tool_session_unlink(&run->session);
  run->current = NULL;
  return status;
}

static iree_time_t now_since_epoch(void) {
  struct timespec now = {0, 0};
  timespec_get(&now, TIME_UTC);
  return (iree_time_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static iree_status_t time_test(check_run_t* run, test_case_t* test) {
  if (!flags.brief) test_report_begin_case(&run->suite, test, stdout);
  test->has_run = true;
  test->started = now_since_epoch();
  iree_time_t begin = platform_time_now();
  iree_status_t status = run_test(run, test);
  test->seconds = (double)(platform_time_now() - begin) * 1e-9;
  if (test->failures) run->failed = true;
  if (!flags.brief || test->failures) test_report_end_case(&run->suite, test, stdout);
  return status;
}

/* ---- All tests --------------------------------------------------------------------------------------------------- */

static iree_status_t run_selected(check_run_t* run) {
  test_suite_t* suite = &run->suite;
  bool stopped = false;
  for (iree_host_size_t i = 0; i < suite->count; ++i) test_case_reset(&suite->cases[i], suite->allocator);
  if (!flags.brief) test_report_begin(suite, stdout);
  for (iree_host_size_t i = 0; i < suite->count && !stopped; ++i) {
    if (!suite->cases[i].is_selected) continue;
    IREE_RETURN_IF_ERROR(time_test(run, &suite->cases[i]));
    stopped = flags.fail_fast && run->failed;
  }
  test_report_end(suite, stdout);
  if (iree_string_view_is_empty(flags.output)) return iree_ok_status();
  return test_report_write_file(suite, flags.output);
}

static iree_status_t run_tests(check_run_t* run) {
  test_suite_select(&run->suite, flags.filter, flags.disabled_too);
  if (flags.list_tests) {
    test_report_list(&run->suite, stdout);
    return function_print(iree_string_view_empty(), stdout);
  }
  if (test_suite_selected_count(&run->suite) == 0) {
    run->has_nothing = true;
    return iree_make_status(IREE_STATUS_NOT_FOUND,
                            "no test to run: module '%.*s' has %zu functions without arguments and results, and "
                            "--gtest_filter=%.*s leaves none",
                            VM_SV_ARG(run->suite.name), run->suite.count, VM_SV_ARG(flags.filter));
  }
  for (int32_t i = 0; i < flags.repeat; ++i) {
    if (flags.repeat > 1) printf("\nRepeating all tests (iteration %d) . . .\n\n", (int)i + 1);
    IREE_RETURN_IF_ERROR(run_selected(run));
    if (flags.fail_fast && run->failed) break;
  }
  return function_print(iree_string_view_empty(), stdout);
}

static iree_status_t push_check_module(check_run_t* run) {
  check_listener_t listener = {on_assertion, run};
  iree_vm_module_t* module = NULL;
  tool_session_t* session = &run->session;
  IREE_RETURN_IF_ERROR(check_builtin_create(session->instance, listener, session->module_allocator, &module));
  iree_status_t status = iree_tooling_module_list_push_back(&session->user_modules, module);
  iree_vm_module_release(module);
  return status;
}

static iree_status_t run_all(check_run_t* run) {
  tool_session_t* session = &run->session;
  IREE_RETURN_IF_ERROR(tool_session_create_instance(session));
  IREE_RETURN_IF_ERROR(push_check_module(run));
  IREE_RETURN_IF_ERROR(tool_session_load(session));
  IREE_RETURN_IF_ERROR(test_suite_discover(iree_tooling_module_list_back(&session->user_modules),
                                           session->call_allocator, &run->suite));
  return run_tests(run);
}

/* ---- The program ------------------------------------------------------------------------------------------------- */

/* Says what the run means and frees `status`. */
static int conclude(const check_run_t* run, iree_status_t status) {
  bool failed = run->failed || !iree_status_is_ok(status);
  if (failed) printf(flags.expect_failure ? "Test failed as expected\n" : "Test failed\n");
  if (!failed && flags.expect_failure) printf("Test passed but expected failure\n");
  if (!iree_status_is_ok(status)) tool_print_status(status, stdout);
  fflush(stdout);
  iree_status_free(status);
  return failed == flags.expect_failure ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int check_module(const char* program) {
  (void)program;
  check_run_t run = {.failed = false};
  iree_status_t status = check_flags();
  if (!iree_status_is_ok(status)) return tool_finish(status);
  status = tool_session_open(&run.session);
  if (iree_status_is_ok(status)) status = run_all(&run);
  if (run.suite.cases) test_suite_deinitialize(&run.suite);
  status = tool_session_close(&run.session, status);
  int exit_code = run.has_nothing || flags.list_tests ? tool_finish(status) : conclude(&run, status);
  tool_session_finish(&run.session);
  return exit_code;
}

int main(int argc, char** argv) {
  static const vmrt_flag_set_t* const sets[] = {&flag_set};
  static const tool_t tool = {"vm-check-module", "--module=FILE [--module=FILE...] [--gtest_filter=PATTERN]",
                              VMRT_VERSION, 1, sets, check_module};
  return tool_main(&tool, argc, argv);
}
