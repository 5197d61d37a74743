/* SPDX-License-Identifier: Apache-2.0 */
/* The little that C tests need: checks that say what was wrong where, and a list of cases run in order. */
#ifndef VMRT_TESTS_CHECK_H_
#define VMRT_TESTS_CHECK_H_

#include <stdio.h>
#include <stdlib.h>

#include "iree/base/api.h"

static int check_failures = 0;

#define CHECK(condition)                                                            \
  do {                                                                              \
    if (!(condition)) {                                                             \
      ++check_failures;                                                             \
      fprintf(stderr, "%s:%d: CHECK failed: %s\n", __FILE__, __LINE__, #condition); \
    }                                                                               \
  } while (0)

/* Compares the code of a status, prints the status when it is another one, and frees it. */
#define CHECK_STATUS(expected_code, expression) check_status((expected_code), (expression), #expression, __FILE__, __LINE__)
#define CHECK_OK(expression) CHECK_STATUS(IREE_STATUS_OK, expression)

static inline bool check_status(iree_status_code_t expected, iree_status_t status, const char* text, const char* file,
                                int line) {
  bool same = iree_status_code(status) == expected;
  if (!same) {
    char buffer[2048];
    iree_host_size_t length = 0;
    iree_status_format(status, sizeof buffer, buffer, &length);
    ++check_failures;
    fprintf(stderr, "%s:%d: %s\n  wanted %s\n  got    %.*s\n", file, line, text, iree_status_code_string(expected),
            (int)(length < sizeof buffer ? length : sizeof buffer - 1), buffer);
  }
  iree_status_free(status);
  return same;
}

typedef struct check_case_t {
  const char* name;
  void (*run)(void);
} check_case_t;

/* Runs all cases, or those whose name contains argv[1]; the exit code of main. */
static inline int check_main(const check_case_t* cases, size_t count, int argc, char** argv) {
  size_t ran = 0;
  for (size_t i = 0; i < count; ++i) {
    if (argc > 1 && !strstr(cases[i].name, argv[1])) continue;
    int before = check_failures;
    cases[i].run();
    ++ran;
    printf("%s %s\n", check_failures == before ? "ok  " : "FAIL", cases[i].name);
  }
  if (ran == 0) fprintf(stderr, "no case ran\n");
  return check_failures || ran == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* VMRT_TESTS_CHECK_H_ */
