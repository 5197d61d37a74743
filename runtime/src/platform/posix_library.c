/* SPDX-License-Identifier: Apache-2.0 */
/* Shared libraries on POSIX systems. */
#if !defined(_WIN32)

#include <dlfcn.h>

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

#else
typedef int posix_library_is_empty_t;
#endif
