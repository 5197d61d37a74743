/* SPDX-License-Identifier: Apache-2.0 */
/* Prints tests while they run. */
#include "tooling/test_report.h"

#include "vm/text.h"

#define MILLISECONDS 1e3

static const char* plural(iree_host_size_t count) { return count == 1 ? "" : "s"; }
static long long milliseconds(double seconds) { return (long long)(seconds * MILLISECONDS + 0.5); }

void test_report_list(const test_suite_t* suite, FILE* file) {
  if (test_suite_selected_count(suite) == 0) return;
  fprintf(file, "%.*s.\n", VM_SV_ARG(suite->name));
  for (iree_host_size_t i = 0; i < suite->count; ++i) {
    const test_case_t* test = &suite->cases[i];
    if (!test->is_selected) continue;
    fprintf(file, "  %.*s  # GetParam() = %zu\n", VM_SV_ARG(test->name), test->ordinal);
  }
}

void test_report_begin(const test_suite_t* suite, FILE* file) {
  iree_host_size_t count = test_suite_selected_count(suite);
  int suites = count > 0;
  fprintf(file, "[==========] Running %zu test%s from %d test suite%s.\n", count, plural(count), suites,
          plural((iree_host_size_t)suites));
  fprintf(file, "[----------] %zu test%s from %.*s\n", count, plural(count), VM_SV_ARG(suite->name));
}

void test_report_begin_case(const test_suite_t* suite, const test_case_t* test, FILE* file) {
  fprintf(file, "[ RUN      ] %.*s.%.*s\n", VM_SV_ARG(suite->name), VM_SV_ARG(test->name));
  fflush(file);
}

static void print_failed_name(const test_suite_t* suite, const test_case_t* test, FILE* file) {
  fprintf(file, "[  FAILED  ] %.*s.%.*s, where GetParam() = %zu", VM_SV_ARG(suite->name), VM_SV_ARG(test->name),
          test->ordinal);
}

void test_report_end_case(const test_suite_t* suite, const test_case_t* test, FILE* file) {
  for (const test_failure_t* failure = test->failures; failure; failure = failure->next) {
    fprintf(file, "%.*s.%.*s: Failure\n", VM_SV_ARG(suite->name), VM_SV_ARG(test->name));
    fwrite(failure->text, 1, failure->length, file);
    fprintf(file, "\n\n");
  }
  if (test->failures) {
    print_failed_name(suite, test, file);
  } else {
    fprintf(file, "[       OK ] %.*s.%.*s", VM_SV_ARG(suite->name), VM_SV_ARG(test->name));
  }
  fprintf(file, " (%lld ms)\n", milliseconds(test->seconds));
  fflush(file);
}

static void print_failed(const test_suite_t* suite, iree_host_size_t count, FILE* file) {
  fprintf(file, "[  FAILED  ] %zu test%s, listed below:\n", count, plural(count));
  for (iree_host_size_t i = 0; i < suite->count; ++i) {
    if (!suite->cases[i].failures) continue;
    print_failed_name(suite, &suite->cases[i], file);
    fprintf(file, "\n");
  }
  fprintf(file, "\n %zu FAILED TEST%s\n", count, count == 1 ? "" : "S");
}

void test_report_end(const test_suite_t* suite, FILE* file) {
  iree_host_size_t ran = test_suite_run_count(suite), failed = test_suite_failed_count(suite);
  iree_host_size_t disabled = test_suite_disabled_count(suite);
  int suites = ran > 0;
  fprintf(file, "[----------] %zu test%s from %.*s (%lld ms total)\n\n", ran, plural(ran), VM_SV_ARG(suite->name),
          milliseconds(test_suite_seconds(suite)));
  fprintf(file, "[==========] %zu test%s from %d test suite%s ran. (%lld ms total)\n", ran, plural(ran), suites,
          plural((iree_host_size_t)suites), milliseconds(test_suite_seconds(suite)));
  fprintf(file, "[  PASSED  ] %zu test%s.\n", ran - failed, plural(ran - failed));
  if (failed > 0) print_failed(suite, failed, file);
  if (disabled > 0) {
    fprintf(file, "\n  YOU HAVE %zu DISABLED TEST%s\n\n", disabled, disabled == 1 ? "" : "S");
  }
  fflush(file);
}
