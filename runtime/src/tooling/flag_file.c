/* SPDX-License-Identifier: Apache-2.0 */
/* Reads flag files: one flag a line. */
#include "tooling/flag_file.h"

#include "platform/platform.h"
#include "vm/text.h"

/* A file that was read; values of flags point into it. */
struct vmrt_flag_file_t {
  vmrt_flag_file_t* next;
  iree_byte_span_t contents; /* aligned block */
};

void flag_files_free(vmrt_flag_parser_t* parser) {
  while (parser->files) {
    vmrt_flag_file_t* file = parser->files;
    parser->files = file->next;
    if (file->contents.data) iree_allocator_free_aligned(parser->allocator, file->contents.data);
    iree_allocator_free(parser->allocator, file);
  }
}

static iree_status_t read_file(vmrt_flag_parser_t* parser, iree_string_view_t path, iree_string_view_t* out_text) {
  vmrt_flag_file_t* file = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(parser->allocator, sizeof *file, (void**)&file));
  file->next = parser->files;
  parser->files = file;
  IREE_RETURN_IF_ERROR(platform_read_file(path, parser->allocator, &file->contents));
  *out_text = iree_make_string_view((const char*)file->contents.data, file->contents.data_length);
  return iree_ok_status();
}

static iree_status_t parse_line(vmrt_flag_parser_t* parser, iree_string_view_t line, int depth) {
  bool is_comment =
      iree_string_view_starts_with(line, IREE_SV("#")) || iree_string_view_starts_with(line, IREE_SV("//"));
  if (iree_string_view_is_empty(line) || is_comment) return iree_ok_status();
  if (!iree_string_view_starts_with(line, IREE_SV("--"))) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "`%.*s` is no flag; positional arguments not allowed in flag files", VM_SV_ARG(line));
  }
  return flags_parse_one(parser, line, depth + 1);
}

static iree_status_t parse_lines(vmrt_flag_parser_t* parser, iree_string_view_t path, iree_string_view_t text,
                                 int depth) {
  for (int number = 1; text.size > 0; ++number) {
    iree_string_view_t line, rest;
    iree_string_view_split(text, '\n', &line, &rest);
    iree_status_t status = parse_line(parser, iree_string_view_trim(line), depth);
    if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "%.*s:%d", VM_SV_ARG(path), number);
    text = rest;
  }
  return iree_ok_status();
}

iree_status_t flag_file_parse(vmrt_flag_parser_t* parser, iree_string_view_t path, int depth) {
  if (iree_string_view_is_empty(path)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--flagfile= requires a file path");
  }
  if (depth >= FLAG_FILE_MAX_DEPTH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "--flagfile=%.*s is more than %d files deep; does a file include itself?", VM_SV_ARG(path),
                            FLAG_FILE_MAX_DEPTH);
  }
  iree_string_view_t text = iree_string_view_empty();
  iree_status_t status = read_file(parser, path, &text);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "reading --flagfile=%.*s", VM_SV_ARG(path));
  return parse_lines(parser, path, text, depth);
}
