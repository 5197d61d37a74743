/* SPDX-License-Identifier: Apache-2.0 */
/* Executables that are libraries of machine code, however they were loaded. */
#ifndef VMRT_HAL_LOCAL_LIBRARY_EXECUTABLE_H_
#define VMRT_HAL_LOCAL_LIBRARY_EXECUTABLE_H_

#include "hal/local/elf_image.h"
#include "hal/local/executable_loader.h"
#include "platform/platform.h"
#include "vmrt/executable_library.h"

/* What has to stay loaded: one of these, or neither. */
typedef struct library_code_t {
  elf_image_t image;
  platform_library_t* library;
} library_code_t;

/* Asks for the library and checks all that it says; with an image, that it lies inside it. FAILED_PRECONDITION when the
 * query gives NULL or the tables are wrong, UNAVAILABLE for code made for a sanitizer. */
iree_status_t library_query(vmrt_executable_library_query_t query, const elf_image_t* image,
                            const vmrt_executable_library_t** out_library);
/* `library` was checked. Takes over `code`, also on failure. */
iree_status_t library_executable_create(const local_load_t* load, const vmrt_executable_library_t* library,
                                        library_code_t code, iree_hal_executable_t** out_executable);

#endif /* VMRT_HAL_LOCAL_LIBRARY_EXECUTABLE_H_ */
