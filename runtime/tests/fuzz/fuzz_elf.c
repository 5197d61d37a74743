/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is an ELF file. It is read and loaded; what would run code of it is only read. */
#include <stdlib.h>

#include "hal/local/elf_image.h"
#include "platform/platform.h"

/* Larger images take the time of the system, not ours. */
#define IMAGE_LIMIT (1u << 24)

static void walk_table(const elf_file_t* file, const elf_range_t* table) {
  for (iree_host_size_t i = 0; i < elf_relocation_count(table); ++i) {
    elf_relocation_t relocation;
    iree_status_free(elf_file_relocation(file, table, i, &relocation));
  }
}

static void walk(const elf_file_t* file) {
  for (uint32_t i = 0; i <= file->symbol_count && i < 1000; ++i) {
    elf_symbol_t symbol;
    iree_status_free(elf_file_symbol(file, i, &symbol));
  }
  walk_table(file, &file->relocations);
  walk_table(file, &file->slots);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  elf_file_t file;
  /* A block of exactly this size, so that a read past the end is seen. */
  uint8_t* contents = malloc(size ? size : 1);
  if (!contents) return 0;
  if (size) memcpy(contents, data, size);
  iree_const_byte_span_t span = iree_make_const_byte_span(contents, size);
  iree_status_t status = elf_file_parse(span, platform_page_size(), &file);
  if (iree_status_is_ok(status)) walk(&file);
  bool is_harmless = !file.init && file.init_array.size == 0 && file.high - file.low <= IMAGE_LIMIT;
  if (iree_status_is_ok(status) && is_harmless) {
    elf_image_t image = {NULL, 0};
    void* symbol = NULL;
    status = elf_image_load(span, IREE_SV("iree_hal_executable_library_query"), &image, &symbol);
    elf_image_unload(&image);
  }
  iree_status_free(status);
  free(contents);
  return 0;
}
