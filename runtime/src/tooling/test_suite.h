/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a module as tests, and what became of them. */
#ifndef VMRT_TOOLING_TEST_SUITE_H_
#define VMRT_TOOLING_TEST_SUITE_H_

#include "tooling/function_call.h"

typedef struct test_failure_t test_failure_t;
struct test_failure_t {
  test_failure_t* next;
  iree_host_size_t length;
  char text[]; /* NUL terminated */
};

/* One function. Names are borrowed from the module. */
typedef struct test_case_t {
  function_call_t call;
  iree_string_view_t name;
  iree_host_size_t ordinal; /* of the export */
  bool is_disabled;         /* its name says so */
  bool is_selected;
  /* Of the latest run: */
  bool has_run;
  iree_time_t started; /* since the epoch */
  double seconds;
  iree_host_size_t check_count; /* assertions, those that hold too */
  test_failure_t* failures; /* in order */
  test_failure_t** last_failure;
} test_case_t;

/* All tests of one module in the order of its exports. */
typedef struct test_suite_t {
  iree_allocator_t allocator;
  iree_string_view_t name; /* of the module */
  iree_host_size_t count;
  test_case_t* cases;
} test_suite_t;

/* Every export is a test but those for the system. INVALID_ARGUMENT when one takes arguments or gives results. */
iree_status_t test_suite_discover(iree_vm_module_t* module, iree_allocator_t allocator, test_suite_t* out_suite);
void test_suite_deinitialize(test_suite_t* suite);
/* Selects tests whose name `SUITE.NAME` matches, as --gtest_filter says; disabled ones only on request. */
void test_suite_select(test_suite_t* suite, iree_string_view_t filter, bool disabled_too);

iree_host_size_t test_suite_selected_count(const test_suite_t* suite);
iree_host_size_t test_suite_disabled_count(const test_suite_t* suite);
iree_host_size_t test_suite_failed_count(const test_suite_t* suite);
iree_host_size_t test_suite_run_count(const test_suite_t* suite);
double test_suite_seconds(const test_suite_t* suite);

/* Forgets the latest run. */
void test_case_reset(test_case_t* test, iree_allocator_t allocator);
/* Copies `text`. */
iree_status_t test_case_add_failure(test_case_t* test, iree_string_view_t text, iree_allocator_t allocator);

/* Patterns with `*` and `?` separated by `:`; behind a `-` those that must not match. Empty: everything. */
bool test_filter_matches(iree_string_view_t filter, const char* name);

#endif /* VMRT_TOOLING_TEST_SUITE_H_ */
