/* SPDX-License-Identifier: Apache-2.0 */
/* Files, mappings and standard input on POSIX systems. */
#if !defined(_WIN32)

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/file_kind.h"
#include "platform/platform.h"
#include "platform/path.h"
#include "platform/read_stream.h"

/* ---- Opening ------------------------------------------------------------------------------------------------------- */

static iree_status_t errno_status(int error, const char* what, const char* path) {
  return iree_make_status(iree_status_code_from_errno(error), "%s '%s': %s", what, path, strerror(error));
}

static int open_retrying(const char* path, int flags) {
  int fd = -1;
  do {
    fd = open(path, O_RDONLY | O_CLOEXEC | flags);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

/* Opens anything but a directory and says what it is. */
static iree_status_t file_open(const char* path, int* out_fd, struct stat* out_info) {
  int fd = open_retrying(path, 0);
  if (fd < 0) return errno_status(errno, "cannot open file", path);
  int error = fstat(fd, out_info) ? errno : S_ISDIR(out_info->st_mode) ? EISDIR : 0;
  if (error) {
    close(fd);
    return errno_status(error, "cannot read file", path);
  }
  *out_fd = fd;
  return iree_ok_status();
}

/* ---- Reading ------------------------------------------------------------------------------------------------------- */

static iree_status_t fd_read(void* source, uint8_t* buffer, iree_host_size_t capacity, iree_host_size_t* out_length) {
  const iree_host_size_t most = (iree_host_size_t)1 << 30;
  ssize_t count = 0;
  do {
    count = read(*(const int*)source, buffer, capacity < most ? capacity : most);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return iree_make_status(iree_status_code_from_errno(errno), "%s", strerror(errno));
  *out_length = (iree_host_size_t)count;
  return iree_ok_status();
}

/* The size of a regular file is a hint: it may change while it is read. Everything else starts small. */
static iree_status_t fd_read_all(int fd, const struct stat* info, const char* path, iree_allocator_t allocator,
                                 iree_byte_span_t* out_contents) {
  iree_host_size_t expected = S_ISREG(info->st_mode) && info->st_size > 0 ? (iree_host_size_t)info->st_size : 65535;
  return iree_status_annotate_f(read_stream(fd_read, &fd, expected, READ_STREAM_LIMIT, allocator, out_contents),
                                "reading '%s'", path);
}

iree_status_t platform_read_file(iree_string_view_t path, iree_allocator_t allocator, iree_byte_span_t* out_contents) {
  path_buffer_t name;
  int fd = -1;
  struct stat info;
  IREE_RETURN_IF_ERROR(path_to_cstring(path, &name));
  IREE_RETURN_IF_ERROR(file_open(name.text, &fd, &info));
  iree_status_t status = fd_read_all(fd, &info, name.text, allocator, out_contents);
  close(fd);
  return status;
}

iree_status_t platform_read_stdin(iree_allocator_t allocator, iree_byte_span_t* out_contents) {
  struct stat info;
  if (fstat(STDIN_FILENO, &info)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "standard input is closed: %s", strerror(errno));
  }
  if (isatty(STDIN_FILENO)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "standard input is a terminal; pipe or redirect a file");
  }
  if (S_ISDIR(info.st_mode)) return errno_status(EISDIR, "cannot read", "standard input");
  return fd_read_all(STDIN_FILENO, &info, "standard input", allocator, out_contents);
}

/* Never waits for the other end of a pipe and never takes bytes away from it. */
platform_file_kind_t platform_file_kind(iree_string_view_t path) {
  path_buffer_t name;
  struct stat info;
  uint8_t bytes[4];
  iree_status_t status = path_to_cstring(path, &name);
  if (!iree_status_is_ok(status)) {
    iree_status_free(status);
    return PLATFORM_FILE_UNREADABLE;
  }
  int fd = open_retrying(name.text, O_NONBLOCK);
  if (fd < 0) return PLATFORM_FILE_UNREADABLE;
  platform_file_kind_t kind = PLATFORM_FILE_OTHER;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    ssize_t count = pread(fd, bytes, sizeof bytes, 0);
    kind = count < 0 ? PLATFORM_FILE_UNREADABLE : file_kind_of(bytes, (iree_host_size_t)count);
  }
  close(fd);
  return kind;
}

/* ---- Mapping ------------------------------------------------------------------------------------------------------- */

static iree_status_t fd_map(int fd, const struct stat* info, const char* path, platform_mapping_t* out_mapping) {
  if (!S_ISREG(info->st_mode)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "cannot map '%s': not a regular file", path);
  }
  iree_host_size_t length = (iree_host_size_t)info->st_size;
  void* data = length ? mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
  if (data == MAP_FAILED) return errno_status(errno, "cannot map file", path);
  out_mapping->contents = iree_make_const_byte_span(data, length);
  return iree_ok_status();
}

iree_status_t platform_map_file(iree_string_view_t path, platform_mapping_t* out_mapping) {
  path_buffer_t name;
  int fd = -1;
  struct stat info;
  IREE_RETURN_IF_ERROR(path_to_cstring(path, &name));
  IREE_RETURN_IF_ERROR(file_open(name.text, &fd, &info));
  iree_status_t status = fd_map(fd, &info, name.text, out_mapping);
  close(fd);
  return status;
}

void platform_unmap_file(platform_mapping_t* mapping) {
  if (mapping->contents.data) munmap((void*)(uintptr_t)mapping->contents.data, mapping->contents.data_length);
  mapping->contents = iree_const_byte_span_empty();
}

#else
typedef int posix_file_is_empty_t;
#endif
