/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of any format: which reader goes with which extension, and taking back what a bad archive has added. */
#include <stdlib.h>

#include "modules/archive_reader.h"
#include "modules/parameter_index.h"
#include "vm/text.h"

typedef struct archive_format_t {
  const char* extension;
  iree_status_t (*parse)(archive_reader_t* in, iree_io_parameter_index_t* index);
  bool may_overlap; /* parameters may share storage */
} archive_format_t;

static const archive_format_t irpa_format = {"irpa", irpa_parse, true};
static const archive_format_t gguf_format = {"gguf", gguf_parse, false};
static const archive_format_t safetensors_format = {"safetensors", safetensors_parse, false};

/* ---- Overlaps ---------------------------------------------------------------------------------------------------- */

static int compare_offsets(const void* a, const void* b) {
  uint64_t left = ((const archive_range_t*)a)->offset, right = ((const archive_range_t*)b)->offset;
  return left < right ? -1 : left > right;
}

/* Sorts `ranges` and looks at neighbours. */
static iree_status_t check_ranges(const archive_reader_t* in, iree_host_size_t count, archive_range_t* ranges) {
  qsort(ranges, count, sizeof ranges[0], compare_offsets);
  for (iree_host_size_t i = 1; i < count; ++i) {
    const archive_range_t* before = &ranges[i - 1];
    if (ranges[i].offset - before->offset >= before->length) continue;
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, ranges[i].offset,
                         "a parameter begins here, inside of another one of %llu bytes at %llu",
                         (unsigned long long)before->length, (unsigned long long)before->offset);
  }
  return iree_ok_status();
}

/* The parameters from number `first` on, all of one file. */
static iree_status_t check_no_overlap(const archive_reader_t* in, const iree_io_parameter_index_t* index,
                                      iree_host_size_t first) {
  iree_host_size_t total = iree_io_parameter_index_count(index), count = 0;
  archive_range_t* ranges = NULL;
  if (total - first < 2) return iree_ok_status();
  iree_allocator_t allocator = parameter_index_allocator(index);
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(allocator, total - first, sizeof ranges[0], (void**)&ranges));
  iree_status_t status = iree_ok_status();
  for (iree_host_size_t i = first; i < total && iree_status_is_ok(status); ++i) {
    const iree_io_parameter_index_entry_t* entry = NULL;
    status = iree_io_parameter_index_get(index, i, &entry);
    if (iree_status_is_ok(status) && entry->length) {
      ranges[count++] = (archive_range_t){entry->storage.file.offset, entry->length};
    }
  }
  if (iree_status_is_ok(status)) status = check_ranges(in, count, ranges);
  iree_allocator_free(allocator, ranges);
  return status;
}

/* ---- Parsing ----------------------------------------------------------------------------------------------------- */

static iree_status_t archive_parse(const archive_format_t* format, iree_io_file_handle_t* handle,
                                   iree_io_parameter_index_t* index) {
  iree_host_size_t first = iree_io_parameter_index_count(index);
  archive_reader_t in = archive_reader_open(handle);
  iree_status_t status = format->parse(&in, index);
  if (iree_status_is_ok(status) && !format->may_overlap) status = check_no_overlap(&in, index, first);
  if (!iree_status_is_ok(status)) parameter_index_truncate(index, first);
  return status;
}

iree_status_t iree_io_parse_irpa_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index) {
  return archive_parse(&irpa_format, handle, index);
}

iree_status_t iree_io_parse_gguf_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index) {
  return archive_parse(&gguf_format, handle, index);
}

iree_status_t iree_io_parse_safetensors_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index) {
  return archive_parse(&safetensors_format, handle, index);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

/* What follows the last dot of the last part of the path. */
static iree_string_view_t path_extension(iree_string_view_t path) {
  for (iree_host_size_t i = path.size; i > 0 && path.data[i - 1] != '/' && path.data[i - 1] != '\\'; --i) {
    if (path.data[i - 1] == '.') return iree_string_view_substr(path, i, path.size - i);
  }
  return iree_string_view_empty();
}

static char lower_case(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c; }

static bool extension_is(iree_string_view_t extension, const char* wanted) {
  if (extension.size != strlen(wanted)) return false;
  for (iree_host_size_t i = 0; i < extension.size; ++i) {
    if (lower_case(extension.data[i]) != wanted[i]) return false;
  }
  return true;
}

static iree_status_t find_format(iree_string_view_t path, const archive_format_t** out_format) {
  static const archive_format_t* const formats[] = {&irpa_format, &gguf_format, &safetensors_format};
  iree_string_view_t extension = path_extension(path);
  for (iree_host_size_t i = 0; i < sizeof formats / sizeof formats[0]; ++i) {
    if (!extension_is(extension, formats[i]->extension)) continue;
    *out_format = formats[i];
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED,
                          "unsupported file format `%.*s` of '%.*s', expected .irpa, .gguf or .safetensors",
                          VM_SV_ARG(extension), VM_SV_ARG(path));
}

iree_status_t iree_io_parse_file_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index) {
  const archive_format_t* format = NULL;
  IREE_RETURN_IF_ERROR(find_format(vmrt_io_file_handle_path(handle), &format));
  return archive_parse(format, handle, index);
}

iree_status_t vmrt_io_parameters_open_archive(iree_string_view_t path, vmrt_io_file_mode_t mode,
                                              iree_io_parameter_index_t* index, iree_allocator_t host_allocator) {
  const archive_format_t* format = NULL;
  IREE_RETURN_IF_ERROR(find_format(path, &format));
  iree_io_file_handle_t* handle = NULL;
  IREE_RETURN_IF_ERROR(vmrt_io_file_handle_open(path, mode, host_allocator, &handle));
  iree_status_t status = archive_parse(format, handle, index);
  iree_io_file_handle_release(handle);
  return status;
}
