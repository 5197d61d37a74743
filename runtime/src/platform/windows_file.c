/* SPDX-License-Identifier: Apache-2.0 */
/* Files, mappings and standard input on Windows. */
#if defined(_WIN32)

#include <windows.h>

#include "platform/file_kind.h"
#include "platform/path.h"
#include "platform/platform.h"
#include "platform/read_stream.h"
#include "platform/windows_error.h"

/* ---- Opening ------------------------------------------------------------------------------------------------------- */

static bool path_is_directory(const wide_path_t* path) {
  DWORD attributes = GetFileAttributesW(path->text);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY);
}

static iree_status_t file_open(iree_string_view_t path, path_buffer_t* out_name, HANDLE* out_file) {
  wide_path_t wide;
  IREE_RETURN_IF_ERROR(path_to_cstring(path, out_name));
  IREE_RETURN_IF_ERROR(path_to_wide(out_name->text, &wide));
  if (path_is_directory(&wide)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "cannot read file '%s': it is a directory", out_name->text);
  }
  HANDLE file = CreateFileW(wide.text, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING,
                            FILE_ATTRIBUTE_NORMAL, NULL);
  if (file == INVALID_HANDLE_VALUE) return windows_error_status(GetLastError(), "cannot open file", out_name->text);
  *out_file = file;
  return iree_ok_status();
}

/* ---- Reading ------------------------------------------------------------------------------------------------------- */

/* A pipe whose writer has gone ends with an error that is not one. */
static iree_status_t handle_read(void* source, uint8_t* buffer, iree_host_size_t capacity,
                                 iree_host_size_t* out_length) {
  const iree_host_size_t most = (iree_host_size_t)1 << 30;
  DWORD count = 0;
  if (!ReadFile(*(HANDLE*)source, buffer, (DWORD)(capacity < most ? capacity : most), &count, NULL)) {
    DWORD error = GetLastError();
    if (error != ERROR_BROKEN_PIPE && error != ERROR_HANDLE_EOF) return windows_error_status(error, "cannot read", "data");
    count = 0;
  }
  *out_length = count;
  return iree_ok_status();
}

static iree_status_t handle_read_all(HANDLE file, const char* path, iree_allocator_t allocator,
                                     iree_byte_span_t* out_contents) {
  LARGE_INTEGER size;
  iree_host_size_t expected = 65535;
  if (GetFileType(file) == FILE_TYPE_DISK && GetFileSizeEx(file, &size) && size.QuadPart > 0) {
    expected = (iree_host_size_t)size.QuadPart;
  }
  return iree_status_annotate_f(read_stream(handle_read, &file, expected, READ_STREAM_LIMIT, allocator, out_contents),
                                "reading '%s'", path);
}

iree_status_t platform_read_file(iree_string_view_t path, iree_allocator_t allocator, iree_byte_span_t* out_contents) {
  path_buffer_t name;
  HANDLE file = INVALID_HANDLE_VALUE;
  IREE_RETURN_IF_ERROR(file_open(path, &name, &file));
  iree_status_t status = handle_read_all(file, name.text, allocator, out_contents);
  CloseHandle(file);
  return status;
}

iree_status_t platform_read_stdin(iree_allocator_t allocator, iree_byte_span_t* out_contents) {
  HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  if (!input || input == INVALID_HANDLE_VALUE || GetFileType(input) == FILE_TYPE_UNKNOWN) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "standard input is closed");
  }
  if (GetFileType(input) == FILE_TYPE_CHAR) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "standard input is a terminal; pipe or redirect a file");
  }
  return handle_read_all(input, "standard input", allocator, out_contents);
}

platform_file_kind_t platform_file_kind(iree_string_view_t path) {
  path_buffer_t name;
  HANDLE file = INVALID_HANDLE_VALUE;
  uint8_t bytes[4];
  DWORD count = 0;
  iree_status_t status = file_open(path, &name, &file);
  if (!iree_status_is_ok(status)) {
    bool is_directory = IREE_STATUS_IS(FAILED_PRECONDITION, status);
    iree_status_free(status);
    return is_directory ? PLATFORM_FILE_OTHER : PLATFORM_FILE_UNREADABLE;
  }
  platform_file_kind_t kind = PLATFORM_FILE_OTHER;
  if (GetFileType(file) == FILE_TYPE_DISK) {
    BOOL ok = ReadFile(file, bytes, sizeof bytes, &count, NULL);
    kind = ok ? file_kind_of(bytes, count) : PLATFORM_FILE_UNREADABLE;
  }
  CloseHandle(file);
  return kind;
}

/* ---- Mapping ------------------------------------------------------------------------------------------------------- */

/* The view keeps the file open: neither handle is needed afterwards. */
static iree_status_t handle_map(HANDLE file, const char* path, platform_mapping_t* out_mapping) {
  LARGE_INTEGER size;
  if (!GetFileSizeEx(file, &size)) return windows_error_status(GetLastError(), "cannot map file", path);
  out_mapping->contents = iree_const_byte_span_empty();
  if (size.QuadPart == 0) return iree_ok_status();
  HANDLE section = CreateFileMappingW(file, NULL, PAGE_READONLY, 0, 0, NULL);
  void* data = section ? MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0) : NULL;
  DWORD error = data ? 0 : GetLastError();
  if (section) CloseHandle(section);
  if (!data) return windows_error_status(error, "cannot map file", path);
  out_mapping->contents = iree_make_const_byte_span(data, (iree_host_size_t)size.QuadPart);
  return iree_ok_status();
}

iree_status_t platform_map_file(iree_string_view_t path, platform_mapping_t* out_mapping) {
  path_buffer_t name;
  HANDLE file = INVALID_HANDLE_VALUE;
  IREE_RETURN_IF_ERROR(file_open(path, &name, &file));
  iree_status_t status = handle_map(file, name.text, out_mapping);
  CloseHandle(file);
  return status;
}

void platform_unmap_file(platform_mapping_t* mapping) {
  if (mapping->contents.data) UnmapViewOfFile(mapping->contents.data);
  mapping->contents = iree_const_byte_span_empty();
}

#else
typedef int windows_file_is_empty_t;
#endif
