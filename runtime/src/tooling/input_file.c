/* SPDX-License-Identifier: Apache-2.0 */
/* Reads files piece by piece and remembers where they were left. */
#include "tooling/input_file.h"

#include <errno.h>
#include <stdio.h>

#include "platform/platform.h"

struct input_file_t {
  input_file_t* next;
  FILE* stream;
  uint64_t offset;
  iree_host_size_t path_length;
  char path[]; /* NUL terminated */
};

void input_files_initialize(iree_allocator_t allocator, input_files_t* out_files) {
  out_files->allocator = allocator;
  out_files->first = NULL;
}

void input_files_deinitialize(input_files_t* files) {
  while (files->first) {
    input_file_t* file = files->first;
    files->first = file->next;
    if (file->stream) fclose(file->stream);
    iree_allocator_free(files->allocator, file);
  }
}

const char* input_file_path(const input_file_t* file) { return file->path; }
uint64_t input_file_offset(const input_file_t* file) { return file->offset; }

/* ---- Opening ----------------------------------------------------------------------------------------------------- */

static input_file_t* find_file(const input_files_t* files, iree_string_view_t path) {
  for (input_file_t* file = files->first; file; file = file->next) {
    if (iree_string_view_equal(path, iree_make_string_view(file->path, file->path_length))) return file;
  }
  return NULL;
}

static iree_status_t file_error(const input_file_t* file, const char* what) {
  iree_status_code_t code = errno ? iree_status_code_from_errno(errno) : IREE_STATUS_UNKNOWN;
  return iree_make_status(code, "unable to %s file `%s`: %s", what, file->path, strerror(errno));
}

static iree_status_t add_file(input_files_t* files, iree_string_view_t path, input_file_t** out_file) {
  if (path.size == 0 || path.size > PLATFORM_MAX_PATH || memchr(path.data, 0, path.size)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "path of %zu bytes; 1 to %d without NUL are allowed",
                            path.size, PLATFORM_MAX_PATH);
  }
  input_file_t* file = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(files->allocator, sizeof *file + path.size + 1, (void**)&file));
  file->path_length = path.size;
  memcpy(file->path, path.data, path.size);
  file->next = files->first;
  files->first = file;
  errno = 0;
  file->stream = fopen(file->path, "rb");
  if (!file->stream) return file_error(file, "open");
  *out_file = file;
  return iree_ok_status();
}

/* A pipe cannot be read again; at its beginning nothing has to be done. */
static iree_status_t rewind_file(input_file_t* file) {
  if (file->offset == 0) return iree_ok_status();
  errno = 0;
  if (fseek(file->stream, 0, SEEK_SET) != 0) return file_error(file, "rewind");
  file->offset = 0;
  return iree_ok_status();
}

iree_status_t input_files_open(input_files_t* files, iree_string_view_t path, bool rewind, input_file_t** out_file) {
  input_file_t* file = find_file(files, path);
  if (!file) return add_file(files, path, out_file);
  if (rewind) IREE_RETURN_IF_ERROR(rewind_file(file));
  *out_file = file;
  return iree_ok_status();
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

iree_status_t input_file_read(input_file_t* file, iree_byte_span_t target) {
  errno = 0;
  uint64_t begin = file->offset;
  iree_host_size_t count = target.data_length ? fread(target.data, 1, target.data_length, file->stream) : 0;
  file->offset += count;
  if (count == target.data_length) return iree_ok_status();
  if (ferror(file->stream)) return file_error(file, "read");
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "end-of-file encountered during read of `%s`: %zu bytes wanted at offset %llu, %zu are there",
                          file->path, target.data_length, (unsigned long long)begin, count);
}

bool input_file_is_at_end(input_file_t* file) {
  int next = getc(file->stream);
  if (next == EOF) return true;
  ungetc(next, file->stream);
  return false;
}
