/* SPDX-License-Identifier: Apache-2.0 */
/* Searching, splitting and comparing borrowed text. */
#include "iree/base/api.h"

iree_host_size_t iree_string_view_find_char(iree_string_view_t view, char c, iree_host_size_t pos) {
  if (pos >= view.size) return IREE_STRING_VIEW_NPOS;
  const char* found = memchr(view.data + pos, c, view.size - pos);
  return found ? (iree_host_size_t)(found - view.data) : IREE_STRING_VIEW_NPOS;
}

iree_string_view_t iree_string_view_substr(iree_string_view_t view, iree_host_size_t pos, iree_host_size_t length) {
  if (pos > view.size) pos = view.size;
  if (length > view.size - pos) length = view.size - pos;
  return iree_make_string_view(view.data ? view.data + pos : NULL, length);
}

bool iree_string_view_starts_with(iree_string_view_t view, iree_string_view_t prefix) {
  return prefix.size <= view.size && iree_string_view_equal(iree_string_view_substr(view, 0, prefix.size), prefix);
}

bool iree_string_view_ends_with(iree_string_view_t view, iree_string_view_t suffix) {
  if (suffix.size > view.size) return false;
  return iree_string_view_equal(iree_string_view_substr(view, view.size - suffix.size, suffix.size), suffix);
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

iree_string_view_t iree_string_view_trim(iree_string_view_t view) {
  iree_host_size_t begin = 0, end = view.size;
  while (begin < end && is_space(view.data[begin])) ++begin;
  while (end > begin && is_space(view.data[end - 1])) --end;
  return iree_string_view_substr(view, begin, end - begin);
}

iree_host_size_t iree_string_view_split(iree_string_view_t view, char c, iree_string_view_t* out_lhs,
                                        iree_string_view_t* out_rhs) {
  iree_host_size_t at = iree_string_view_find_char(view, c, 0);
  bool found = at != IREE_STRING_VIEW_NPOS;
  if (out_lhs) *out_lhs = iree_string_view_substr(view, 0, at);
  if (out_rhs) *out_rhs = found ? iree_string_view_substr(view, at + 1, view.size) : iree_string_view_empty();
  return at;
}

int iree_string_view_compare(iree_string_view_t a, iree_string_view_t b) {
  iree_host_size_t shorter = a.size < b.size ? a.size : b.size;
  int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
  return order ? order : (a.size > b.size) - (a.size < b.size);
}
