/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns that device identifiers are asked for. */
#include "hal/device_impl.h"

bool hal_glob_match(iree_string_view_t pattern, iree_string_view_t text) {
  iree_host_size_t at = 0, position = 0;
  iree_host_size_t star = IREE_STRING_VIEW_NPOS, star_position = 0; /* where to try again with one byte more */
  if (iree_string_view_is_empty(pattern)) return false;
  while (position < text.size) {
    if (at < pattern.size && pattern.data[at] == '*') {
      star = at++;
      star_position = position;
    } else if (at < pattern.size && (pattern.data[at] == '?' || pattern.data[at] == text.data[position])) {
      ++at, ++position;
    } else if (star != IREE_STRING_VIEW_NPOS) {
      at = star + 1;
      position = ++star_position;
    } else {
      return false;
    }
  }
  while (at < pattern.size && pattern.data[at] == '*') ++at;
  return at == pattern.size;
}
