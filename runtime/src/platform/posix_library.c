/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries on POSIX systems. */
#if !defined(_WIN32)

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/atomics.h"
#include "platform/path.h"
#include "platform/platform.h"

struct platform_library_t {
  iree_allocator_t allocator;
  void* handle;
  char path[]; /* for messages */
};

static const char* loader_error(void) {
  const char* text = dlerror();
  return text ? text : "the loader gives no reason";
}

static iree_status_t library_create(iree_string_view_t path, iree_allocator_t allocator,
                                    platform_library_t** out_library) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_library_t) + path.size + 1, &block));
  platform_library_t* library = block;
  library->allocator = allocator;
  memcpy(library->path, path.data, path.size);
  live_object_add(VMRT_OBJECT_LIBRARY);
  *out_library = library;
  return iree_ok_status();
}

iree_status_t platform_library_open(iree_string_view_t path, iree_allocator_t allocator,
                                    platform_library_t** out_library) {
  path_buffer_t name;
  platform_library_t* library = NULL;
  IREE_RETURN_IF_ERROR(path_to_cstring(path, &name));
  IREE_RETURN_IF_ERROR(library_create(path, allocator, &library));
  library->handle = dlopen(name.text, RTLD_LAZY | RTLD_LOCAL);
  if (!library->handle) {
    iree_status_t status =
        iree_make_status(IREE_STATUS_NOT_FOUND, "cannot load library '%s': %s", name.text, loader_error());
    platform_library_close(library);
    return status;
  }
  *out_library = library;
  return iree_ok_status();
}

void platform_library_close(platform_library_t* library) {
  if (!library) return;
  if (library->handle) dlclose(library->handle);
  live_object_remove(VMRT_OBJECT_LIBRARY);
  iree_allocator_free(library->allocator, library);
}

iree_status_t platform_library_symbol(platform_library_t* library, const char* name, void** out_address) {
  void* address = dlsym(library->handle, name);
  if (!address) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "symbol '%s' not found in library '%s': %s", name, library->path,
                            loader_error());
  }
  *out_address = address;
  return iree_ok_status();
}

/* ---- From memory ------------------------------------------------------------------------------------------------- */

static iree_status_t temporary_error(const char* what, const char* path) {
  return iree_make_status(iree_status_code_from_errno(errno), "cannot %s temporary file '%s': %s", what, path,
                          strerror(errno));
}

/* Template of a path in the folder that TMPDIR names. */
static iree_status_t temporary_path(path_buffer_t* out_path) {
  const char* folder = getenv("TMPDIR");
  if (!folder || !*folder) folder = "/tmp";
  static const char name[] = "/vmrt-library-XXXXXX";
  size_t length = strlen(folder);
  if (length + sizeof name > sizeof out_path->text) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "TMPDIR names a folder with a path of %zu bytes; the most is %d", length,
                            (int)(PLATFORM_MAX_PATH - sizeof name));
  }
  memcpy(out_path->text, folder, length);
  memcpy(out_path->text + length, name, sizeof name);
  return iree_ok_status();
}

static bool write_all(int file, iree_const_byte_span_t contents) {
  for (iree_host_size_t at = 0; at < contents.data_length;) {
    ssize_t count = write(file, contents.data + at, contents.data_length - at);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    at += (iree_host_size_t)count;
  }
  return true;
}

iree_status_t platform_library_open_memory(iree_const_byte_span_t contents, iree_allocator_t allocator,
                                           platform_library_t** out_library) {
  path_buffer_t path;
  IREE_RETURN_IF_ERROR(temporary_path(&path));
  int file = mkstemp(path.text);
  if (file < 0) return temporary_error("create", path.text);
  iree_status_t status = iree_ok_status();
  if (!write_all(file, contents)) status = temporary_error("write", path.text);
  close(file);
  if (iree_status_is_ok(status)) {
    status = platform_library_open(iree_make_cstring_view(path.text), allocator, out_library);
  }
  unlink(path.text);
  return status;
}

#else
typedef int posix_library_is_empty_t;
#endif
