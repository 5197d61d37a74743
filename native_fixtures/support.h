/* SPDX-License-Identifier: Apache-2.0 */
/* What several fixtures need: text and code parameters that stay, a type that differs per module. */
#ifndef SUPPORT_H_
#define SUPPORT_H_

#include "trace.h"

typedef struct {
  char text[512];
} support_text_t;

/* Copies a text parameter, or `fallback`, into the module; INVALID_ARGUMENT for one that is too long to keep. */
static inline iree_status_t support_param_text(const vmrt_params_t* params, const char* key, const char* fallback,
                                               support_text_t* out) {
  iree_string_view_t value = vmrt_param_text(params, key, fallback);
  if (value.size >= sizeof out->text) {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "parameter `%s`: longer than %zu bytes", key, sizeof out->text - 1);
  }
  if (value.size) memcpy(out->text, value.data, value.size);
  out->text[value.size] = 0;
  return vmrt_ok();
}

/* A failure with the text, or the code alone where that is empty. */
static inline iree_status_t support_failure(int32_t code, const char* message) {
  return *message ? vmrt_status(code, "%s", message) : vmrt_status_bare((uint32_t)code);
}

#endif /* SUPPORT_H_ */
