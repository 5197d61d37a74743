/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns on Windows, whose C library has no regular expressions: plain text only. */
#if defined(_WIN32)

#include "platform/platform.h"

iree_status_t platform_pattern_match(const char* pattern, const char* const* texts, iree_host_size_t count,
                                     bool* out_matches) {
  bool is_anything = strcmp(pattern, ".") == 0 || strcmp(pattern, ".*") == 0;
  if (!is_anything && strpbrk(pattern, "\\^$.|?*+()[]{}")) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "'%s': only plain text can be searched for on this system",
                            pattern);
  }
  for (iree_host_size_t i = 0; i < count; ++i) out_matches[i] = is_anything || strstr(texts[i], pattern) != NULL;
  return iree_ok_status();
}

#else
typedef int windows_pattern_is_not_used_here;
#endif
