/* SPDX-License-Identifier: Apache-2.0 */
/* Finds tests, selects some, and keeps what failed. */
#include "tooling/test_suite.h"

#include <stdio.h>

#include "iree/tooling/context_util.h"
#include "vm/text.h"

/* References to functions have 16 bits for the ordinal: whatever a module says, it has no more. */
#define MAX_ORDINALS 65536

/* ---- Finding ----------------------------------------------------------------------------------------------------- */

static bool is_nothing(iree_string_view_t letters) {
  return letters.size == 0 || iree_string_view_equal(letters, IREE_SV("v"));
}

static iree_status_t add_case(test_suite_t* suite, iree_host_size_t ordinal, iree_vm_function_t function) {
  test_case_t* test = &suite->cases[suite->count];
  memset(test, 0, sizeof *test);
  test->name = vm_text_sanitize(iree_vm_function_name(&function));
  test->ordinal = ordinal;
  test->is_disabled = iree_string_view_starts_with(test->name, IREE_SV("DISABLED_"));
  test->last_failure = &test->failures;
  IREE_RETURN_IF_ERROR(function_call_prepare(function, &test->call));
  if (!is_nothing(test->call.arguments) || !is_nothing(test->call.results)) {
    iree_vm_function_signature_t signature = iree_vm_function_signature(&function);
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "expected function with no inputs or outputs, but export '%.*s' has signature '%.*s'",
                            VM_SV_ARG(test->name), VM_SV_ARG(signature.calling_convention));
  }
  ++suite->count;
  return iree_ok_status();
}

static iree_status_t add_exports(test_suite_t* suite, iree_vm_module_t* module, iree_host_size_t export_count) {
  for (iree_host_size_t i = 0; i < export_count; ++i) {
    iree_vm_function_t function = {NULL, 0, 0};
    IREE_RETURN_IF_ERROR(
        iree_vm_module_lookup_function_by_ordinal(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, i, &function));
    if (vmrt_tooling_is_hidden_name(vm_text_sanitize(iree_vm_function_name(&function)))) continue;
    IREE_RETURN_IF_ERROR(add_case(suite, i, function));
  }
  return iree_ok_status();
}

iree_status_t test_suite_discover(iree_vm_module_t* module, iree_allocator_t allocator, test_suite_t* out_suite) {
  iree_host_size_t export_count = iree_vm_module_signature(module).export_function_count;
  if (export_count > MAX_ORDINALS) export_count = MAX_ORDINALS;
  test_suite_t suite = {allocator, vm_text_sanitize(iree_vm_module_name(module)), 0, NULL};
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc(allocator, (export_count + 1) * sizeof *suite.cases, (void**)&suite.cases));
  iree_status_t status = add_exports(&suite, module, export_count);
  if (!iree_status_is_ok(status)) {
    test_suite_deinitialize(&suite);
    return status;
  }
  *out_suite = suite;
  return iree_ok_status();
}

void test_suite_deinitialize(test_suite_t* suite) {
  for (iree_host_size_t i = 0; i < suite->count; ++i) test_case_reset(&suite->cases[i], suite->allocator);
  iree_allocator_free(suite->allocator, suite->cases);
  memset(suite, 0, sizeof *suite);
}

/* ---- Outcomes ---------------------------------------------------------------------------------------------------- */

void test_case_reset(test_case_t* test, iree_allocator_t allocator) {
  while (test->failures) {
    test_failure_t* failure = test->failures;
    test->failures = failure->next;
    iree_allocator_free(allocator, failure);
  }
  test->last_failure = &test->failures;
  test->has_run = false;
  test->check_count = 0;
}

iree_status_t test_case_add_failure(test_case_t* test, iree_string_view_t text, iree_allocator_t allocator) {
  test_failure_t* failure = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *failure + text.size + 1, (void**)&failure));
  failure->length = text.size;
  memcpy(failure->text, text.data, text.size);
  *test->last_failure = failure;
  test->last_failure = &failure->next;
  return iree_ok_status();
}

iree_host_size_t test_suite_selected_count(const test_suite_t* suite) {
  iree_host_size_t count = 0;
  for (iree_host_size_t i = 0; i < suite->count; ++i) count += suite->cases[i].is_selected;
  return count;
}

iree_host_size_t test_suite_disabled_count(const test_suite_t* suite) {
  iree_host_size_t count = 0;
  for (iree_host_size_t i = 0; i < suite->count; ++i) {
    count += suite->cases[i].is_disabled && !suite->cases[i].is_selected;
  }
  return count;
}

iree_host_size_t test_suite_failed_count(const test_suite_t* suite) {
  iree_host_size_t count = 0;
  for (iree_host_size_t i = 0; i < suite->count; ++i) count += suite->cases[i].failures != NULL;
  return count;
}

iree_host_size_t test_suite_run_count(const test_suite_t* suite) {
  iree_host_size_t count = 0;
  for (iree_host_size_t i = 0; i < suite->count; ++i) count += suite->cases[i].has_run;
  return count;
}

double test_suite_seconds(const test_suite_t* suite) {
  double seconds = 0;
  for (iree_host_size_t i = 0; i < suite->count; ++i) seconds += suite->cases[i].has_run ? suite->cases[i].seconds : 0;
  return seconds;
}

/* ---- Selecting --------------------------------------------------------------------------------------------------- */

/* Goes back to the latest `*` when what follows it does not match: time is at most the product of the lengths. */
static bool glob_matches(iree_string_view_t pattern, const char* name) {
  size_t at = 0, star = SIZE_MAX;
  const char* retry = name;
  while (*name) {
    if (at < pattern.size && pattern.data[at] == '*') {
      star = at++;
      retry = name;
    } else if (at < pattern.size && (pattern.data[at] == '?' || pattern.data[at] == *name)) {
      ++at, ++name;
    } else if (star != SIZE_MAX) {
      at = star + 1;
      name = ++retry;
    } else {
      return false;
    }
  }
  while (at < pattern.size && pattern.data[at] == '*') ++at;
  return at == pattern.size;
}

static bool any_matches(iree_string_view_t patterns, const char* name) {
  while (patterns.size > 0) {
    iree_string_view_t pattern = patterns, rest = iree_string_view_empty();
    iree_string_view_split(patterns, ':', &pattern, &rest);
    if (glob_matches(pattern, name)) return true;
    patterns = rest;
  }
  return false;
}

bool test_filter_matches(iree_string_view_t filter, const char* name) {
  iree_string_view_t wanted = filter, unwanted = iree_string_view_empty();
  iree_string_view_split(filter, '-', &wanted, &unwanted);
  return (wanted.size == 0 || any_matches(wanted, name)) && !any_matches(unwanted, name);
}

void test_suite_select(test_suite_t* suite, iree_string_view_t filter, bool disabled_too) {
  char name[2 * VM_TEXT_LIMIT + 2];
  for (iree_host_size_t i = 0; i < suite->count; ++i) {
    test_case_t* test = &suite->cases[i];
    snprintf(name, sizeof name, "%.*s.%.*s", VM_SV_ARG(suite->name), VM_SV_ARG(test->name));
    test->is_selected = test_filter_matches(filter, name) && (disabled_too || !test->is_disabled);
  }
}
