/* SPDX-License-Identifier: Apache-2.0 */
/* ELF shared objects in memory, ready to run. */
#ifndef VMRT_HAL_LOCAL_ELF_IMAGE_H_
#define VMRT_HAL_LOCAL_ELF_IMAGE_H_

#include "hal/local/elf_file.h"

typedef struct elf_image_t {
  uint8_t* pages; /* NULL: not loaded */
  iree_host_size_t size;
} elf_image_t;

/* Loads, relocates, protects and initialises; finds the function `symbol_name`. The file is not needed afterwards. No
 * page is ever writable and executable at once. NOT_FOUND: no such symbol. UNAVAILABLE: the file needs symbols of
 * others. */
iree_status_t elf_image_load(iree_const_byte_span_t contents, iree_string_view_t symbol_name, elf_image_t* out_image,
                             void** out_symbol);
void elf_image_unload(elf_image_t* image);

#endif /* VMRT_HAL_LOCAL_ELF_IMAGE_H_ */
