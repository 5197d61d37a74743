/* SPDX-License-Identifier: Apache-2.0 */
/* Strings in files for machines. */
#ifndef VMRT_TOOLING_JSON_TEXT_H_
#define VMRT_TOOLING_JSON_TEXT_H_

#include <stdio.h>

#include "iree/base/api.h"

/* With quotes; control characters escaped. Bytes that are not UTF-8 become `?`. */
void json_put_string(FILE* file, iree_string_view_t text);

/* `2026-11-24T03:05:59+00:00`. */
typedef struct time_text_t {
  char chars[40];
} time_text_t;
time_text_t time_text(iree_time_t nanoseconds_since_epoch);

#endif /* VMRT_TOOLING_JSON_TEXT_H_ */
