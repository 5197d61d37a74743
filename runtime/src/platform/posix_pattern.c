/* SPDX-License-Identifier: Apache-2.0 */
/* Regular expressions on POSIX systems. */
#if !defined(_WIN32)

#include <regex.h>

#include "platform/platform.h"

iree_status_t platform_pattern_match(const char* pattern, const char* const* texts, iree_host_size_t count,
                                     bool* out_matches) {
  regex_t compiled;
  char message[256];
  int error = regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB);
  if (error) {
    regerror(error, &compiled, message, sizeof message);
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "'%s' is no regular expression: %s", pattern, message);
  }
  for (iree_host_size_t i = 0; i < count; ++i) out_matches[i] = regexec(&compiled, texts[i], 0, NULL, 0) == 0;
  regfree(&compiled);
  return iree_ok_status();
}

#else
typedef int posix_pattern_is_not_used_here;
#endif
