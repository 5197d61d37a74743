/* SPDX-License-Identifier: Apache-2.0 */
/* Executables of format embedded-elf-x86_64: our own loader, no libc. */
#include "hal/local/library_executable.h"

#if LOCAL_RUNS_ELF

iree_status_t elf_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable) {
  library_code_t code = {{NULL, 0}, NULL};
  void* symbol = NULL;
  IREE_RETURN_IF_ERROR(
      elf_image_load(load->params->executable_data, IREE_SV(VMRT_EXECUTABLE_LIBRARY_SYMBOL), &code.image, &symbol));
  vmrt_executable_library_query_t query;
  memcpy(&query, &symbol, sizeof query);
  const vmrt_executable_library_t* library = NULL;
  iree_status_t status = library_query(query, &code.image, &library);
  if (!iree_status_is_ok(status)) {
    elf_image_unload(&code.image);
    return status;
  }
  return library_executable_create(load, library, code, out_executable);
}

#else

iree_status_t elf_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable) {
  (void)load;
  (void)out_executable;
  return iree_make_status(IREE_STATUS_UNAVAILABLE, "this system cannot run embedded ELF files for x86-64");
}

#endif
