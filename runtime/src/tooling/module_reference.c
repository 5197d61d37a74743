/* SPDX-License-Identifier: Apache-2.0 */
/* Takes module references apart. Nothing is decoded, trimmed inside or refused here. */
#include "tooling/module_reference.h"

#include <ctype.h>

static iree_string_view_t text_before(iree_string_view_t text, iree_host_size_t at) {
  return iree_make_string_view(text.data, at);
}
static iree_string_view_t text_from(iree_string_view_t text, iree_host_size_t at) {
  return iree_make_string_view(text.data + at, text.size - at);
}

/* Position of the first `c`, or the size. */
static iree_host_size_t first_of(iree_string_view_t text, char c) {
  iree_host_size_t at = 0;
  while (at < text.size && text.data[at] != c) ++at;
  return at;
}

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

/* Without one `&` at each end and without white space around. */
static iree_string_view_t params_text(iree_string_view_t text) {
  if (text.size && text.data[0] == '&') text = text_from(text, 1);
  if (text.size && text.data[text.size - 1] == '&') text = text_before(text, text.size - 1);
  return iree_string_view_trim(text);
}

static iree_host_size_t count_params(iree_string_view_t text) {
  if (iree_string_view_is_empty(text)) return 0;
  iree_host_size_t count = 1;
  for (iree_host_size_t i = 0; i < text.size; ++i) count += text.data[i] == '&';
  return count;
}

/* `k=v`; without `=` the value has NULL data, an empty piece has neither half. */
static iree_string_pair_t parse_param(iree_string_view_t piece) {
  iree_string_pair_t pair = {iree_string_view_empty(), iree_string_view_empty()};
  if (iree_string_view_is_empty(piece)) return pair;
  iree_host_size_t equals = first_of(piece, '=');
  pair.key = text_before(piece, equals);
  if (equals < piece.size) pair.value = text_from(piece, equals + 1);
  return pair;
}

static iree_status_t parse_params(iree_string_view_t query, iree_allocator_t allocator, module_reference_t* reference) {
  iree_string_view_t text = params_text(query);
  iree_host_size_t count = count_params(text);
  if (count == 0) return iree_ok_status();
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_array(allocator, count, sizeof *reference->params, (void**)&reference->params));
  reference->param_count = count;
  for (iree_host_size_t i = 0; i < count; ++i) {
    iree_host_size_t end = first_of(text, '&');
    reference->params[i] = parse_param(text_before(text, end));
    text = text_from(text, end < text.size ? end + 1 : end);
  }
  return iree_ok_status();
}

/* ---- References -------------------------------------------------------------------------------------------------- */

static bool is_separator(char c) { return c == '/' || c == '\\'; }

/* Position of the last `@` behind the last path separator, or the size. */
static iree_host_size_t find_export(iree_string_view_t text) {
  for (iree_host_size_t i = text.size; i > 0 && !is_separator(text.data[i - 1]); --i) {
    if (text.data[i - 1] == '@') return i - 1;
  }
  return text.size;
}

iree_status_t module_reference_parse(iree_string_view_t text, iree_allocator_t allocator,
                                     module_reference_t* out_reference) {
  memset(out_reference, 0, sizeof *out_reference);
  iree_host_size_t question = first_of(text, '?');
  iree_string_view_t head = text_before(text, question);
  iree_host_size_t at = find_export(head);
  out_reference->path = text_before(head, at);
  out_reference->has_export = at < head.size;
  if (out_reference->has_export) out_reference->export_name = text_from(head, at + 1);
  out_reference->has_params = question < text.size;
  if (!out_reference->has_params) return iree_ok_status();
  return parse_params(text_from(text, question + 1), allocator, out_reference);
}

void module_reference_deinitialize(module_reference_t* reference, iree_allocator_t allocator) {
  iree_allocator_free(allocator, reference->params);
  memset(reference, 0, sizeof *reference);
}

/* ---- Names of libraries ------------------------------------------------------------------------------------------ */

iree_string_view_t module_reference_file_name(iree_string_view_t path) {
  iree_host_size_t start = path.size;
  while (start > 0 && !is_separator(path.data[start - 1])) --start;
  return path.size ? text_from(path, start) : path;
}

static bool ends_with_ignoring_case(iree_string_view_t text, const char* suffix) {
  iree_host_size_t length = strlen(suffix);
  if (text.size < length) return false;
  for (iree_host_size_t i = 0; i < length; ++i) {
    if (tolower((unsigned char)text.data[text.size - length + i]) != suffix[i]) return false;
  }
  return true;
}

/* Without trailing `.1.2`, as versioned libraries have it. */
static iree_string_view_t without_version(iree_string_view_t name) {
  iree_host_size_t end = name.size;
  for (iree_host_size_t i = name.size; i > 0; --i) {
    char c = name.data[i - 1];
    if (c == '.') end = i - 1;
    if (c != '.' && !isdigit((unsigned char)c)) break;
  }
  return text_before(name, end);
}

bool module_reference_names_library(iree_string_view_t path) {
  iree_string_view_t name = module_reference_file_name(path);
  return ends_with_ignoring_case(name, ".so") || ends_with_ignoring_case(name, ".sos") ||
         ends_with_ignoring_case(name, ".dylib") || ends_with_ignoring_case(name, ".dll") ||
         ends_with_ignoring_case(without_version(name), ".so");
}
