/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries on Windows. */
#if defined(_WIN32)

#include <windows.h>

#include "base/atomics.h"
#include "platform/path.h"
#include "platform/platform.h"
#include "platform/windows_error.h"

struct platform_library_t {
  iree_allocator_t allocator;
  HMODULE handle;
  char path[]; /* for messages */
};

static iree_status_t library_create(const char* path, iree_allocator_t allocator, platform_library_t** out_library) {
  void* block = NULL;
  size_t length = strlen(path);
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_library_t) + length + 1, &block));
  platform_library_t* library = block;
  library->allocator = allocator;
  memcpy(library->path, path, length);
  live_object_add(VMRT_OBJECT_LIBRARY);
  *out_library = library;
  return iree_ok_status();
}

iree_status_t platform_library_open(iree_string_view_t path, iree_allocator_t allocator,
                                    platform_library_t** out_library) {
  path_buffer_t name;
  wide_path_t wide;
  platform_library_t* library = NULL;
  IREE_RETURN_IF_ERROR(path_to_cstring(path, &name));
  IREE_RETURN_IF_ERROR(path_to_wide(name.text, &wide));
  IREE_RETURN_IF_ERROR(library_create(name.text, allocator, &library));
  library->handle = LoadLibraryW(wide.text);
  if (!library->handle) {
    iree_status_t status = windows_error_status(GetLastError(), "cannot load library", name.text);
    platform_library_close(library);
    return status;
  }
  *out_library = library;
  return iree_ok_status();
}

void platform_library_close(platform_library_t* library) {
  if (!library) return;
  if (library->handle) FreeLibrary(library->handle);
  live_object_remove(VMRT_OBJECT_LIBRARY);
  iree_allocator_free(library->allocator, library);
}

iree_status_t platform_library_symbol(platform_library_t* library, const char* name, void** out_address) {
  FARPROC address = GetProcAddress(library->handle, name);
  if (!address) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "symbol '%s' not found in library '%s'", name, library->path);
  }
  memcpy(out_address, &address, sizeof address);
  return iree_ok_status();
}

/* A library that is in use cannot be removed here, so there would be no way to clean up. */
iree_status_t platform_library_open_memory(iree_const_byte_span_t contents, iree_allocator_t allocator,
                                           platform_library_t** out_library) {
  (void)contents;
  (void)allocator;
  (void)out_library;
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "libraries cannot be loaded from memory on this system");
}

#else
typedef int windows_library_is_empty_t;
#endif
