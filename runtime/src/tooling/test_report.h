/* SPDX-License-Identifier: Apache-2.0 */
/* Tests as text for people, in the manner of GoogleTest, and as files for machines. */
#ifndef VMRT_TOOLING_TEST_REPORT_H_
#define VMRT_TOOLING_TEST_REPORT_H_

#include <stdio.h>

#include "tooling/test_suite.h"

void test_report_list(const test_suite_t* suite, FILE* file);
void test_report_begin(const test_suite_t* suite, FILE* file);
void test_report_begin_case(const test_suite_t* suite, const test_case_t* test, FILE* file);
void test_report_end_case(const test_suite_t* suite, const test_case_t* test, FILE* file);
void test_report_end(const test_suite_t* suite, FILE* file);

/* `xml`, `json`, `xml:PATH` or `json:PATH`. */
iree_status_t test_report_check_destination(iree_string_view_t destination);
/* Writes JUnit's XML or the same in JSON. What errno says when the file cannot be written. */
iree_status_t test_report_write_file(const test_suite_t* suite, iree_string_view_t destination);

#endif /* VMRT_TOOLING_TEST_REPORT_H_ */
