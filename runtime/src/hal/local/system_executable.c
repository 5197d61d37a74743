/* SPDX-License-Identifier: Apache-2.0 */
/* Executables of format system-elf-x86_64: shared objects that the system loads. */
#include "hal/local/library_executable.h"

static const elf_image_t no_image = {NULL, 0};

static iree_status_t query_library(platform_library_t* loaded, const vmrt_executable_library_t** out_library) {
  void* symbol = NULL;
  iree_status_t status = platform_library_symbol(loaded, VMRT_EXECUTABLE_LIBRARY_SYMBOL, &symbol);
  if (!iree_status_is_ok(status)) {
    iree_status_free(status);
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "the library does not export the symbol '%s'",
                            VMRT_EXECUTABLE_LIBRARY_SYMBOL);
  }
  vmrt_executable_library_query_t query;
  memcpy(&query, &symbol, sizeof query);
  return library_query(query, &no_image, out_library);
}

iree_status_t system_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable) {
  library_code_t code = {{NULL, 0}, NULL};
  const vmrt_executable_library_t* library = NULL;
  IREE_RETURN_IF_ERROR(platform_library_open_memory(load->params->executable_data, load->allocator, &code.library));
  iree_status_t status = query_library(code.library, &library);
  if (!iree_status_is_ok(status)) {
    platform_library_close(code.library);
    return status;
  }
  return library_executable_create(load, library, code, out_executable);
}
