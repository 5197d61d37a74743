/* SPDX-License-Identifier: Apache-2.0 */
/* Executables of format static: libraries that are linked into the host program and registered by it. */
#include "base/atomics.h"
#include "hal/local/library_executable.h"

#define STATIC_LIBRARY_LIMIT 64

/* Grows only: `registered` counts the entries that may be read. */
static const vmrt_executable_library_t* libraries[STATIC_LIBRARY_LIMIT];
static int32_t registered;  /* atomic */
static int32_t registering; /* atomic: somebody is adding an entry */
static const elf_image_t no_image = {NULL, 0};

static const vmrt_executable_library_t* find_library(iree_string_view_t name) {
  int32_t count = __atomic_load_n(&registered, __ATOMIC_ACQUIRE);
  for (int32_t i = 0; i < count; ++i) {
    if (iree_string_view_equal(name, iree_make_cstring_view(libraries[i]->header->name))) return libraries[i];
  }
  return NULL;
}

bool static_library_is_registered(void) { return __atomic_load_n(&registered, __ATOMIC_ACQUIRE) > 0; }

static iree_status_t add_library(const vmrt_executable_library_t* library) {
  if (find_library(iree_make_cstring_view(library->header->name))) {
    return iree_make_status(IREE_STATUS_ALREADY_EXISTS, "a static library of the name '%s' is registered already",
                            library->header->name);
  }
  if (registered == STATIC_LIBRARY_LIMIT) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "static library '%s': %d are registered already, the most",
                            library->header->name, STATIC_LIBRARY_LIMIT);
  }
  libraries[registered] = library;
  __atomic_store_n(&registered, registered + 1, __ATOMIC_RELEASE);
  return iree_ok_status();
}

iree_status_t vmrt_hal_register_static_library(vmrt_executable_library_query_t query) {
  const vmrt_executable_library_t* library = NULL;
  IREE_RETURN_IF_ERROR(library_query(query, &no_image, &library));
  if (!library->header->name) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "a static library needs a name to be found by");
  }
  while (__atomic_exchange_n(&registering, 1, __ATOMIC_ACQUIRE)) {
  }
  iree_status_t status = add_library(library);
  __atomic_store_n(&registering, 0, __ATOMIC_RELEASE);
  return status;
}

/* The data is the name of the library; terminating NULs do not belong to it. */
static iree_string_view_t library_name(iree_const_byte_span_t data) {
  iree_host_size_t length = data.data_length;
  while (length > 0 && data.data[length - 1] == 0) --length;
  return iree_make_string_view((const char*)data.data, length);
}

iree_status_t static_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable) {
  iree_string_view_t name = library_name(load->params->executable_data);
  const vmrt_executable_library_t* library = find_library(name);
  if (!library) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "no static library of the name '%.*s' is registered",
                            (int)(name.size < LOCAL_NAME_LIMIT ? name.size : LOCAL_NAME_LIMIT),
                            name.data ? name.data : "");
  }
  library_code_t code = {{NULL, 0}, NULL};
  return library_executable_create(load, library, code, out_executable);
}
