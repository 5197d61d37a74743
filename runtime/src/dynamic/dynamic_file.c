/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at a library's file before the system's loader does: of a file that was cut short the loader maps what is not
 * there, and the process ends with SIGBUS. */
#include "dynamic/dynamic_module.h"

/* ---- ELF, as far as it matters here: 64 bits, little-endian ------------------------------------------------------ */

enum {
  ELF_HEADER_SIZE = 64,
  ELF_PHOFF = 32,     /* u64: offset of the program headers */
  ELF_PHENTSIZE = 54, /* u16: size of each */
  ELF_PHNUM = 56,     /* u16: how many */
  PROGRAM_HEADER_SIZE = 56,
  PROGRAM_TYPE_LOAD = 1, /* u32 at the beginning */
  PROGRAM_OFFSET = 8,    /* u64: where the segment is in the file */
  PROGRAM_FILESZ = 32    /* u64: how many bytes of it are in the file */
};

static uint64_t read_number(const uint8_t* bytes, size_t width) {
  uint64_t number = 0;
  for (size_t i = width; i > 0; --i) number = number << 8 | bytes[i - 1];
  return number;
}

static bool is_elf64(iree_const_byte_span_t file) {
  static const uint8_t magic[] = {0x7F, 'E', 'L', 'F', 2, 1};
  return file.data_length >= ELF_HEADER_SIZE && memcmp(file.data, magic, sizeof magic) == 0;
}

static iree_status_t check_segment(const uint8_t* header, iree_host_size_t file_length) {
  uint64_t offset = read_number(header + PROGRAM_OFFSET, 8), length = read_number(header + PROGRAM_FILESZ, 8);
  if (read_number(header, 4) != PROGRAM_TYPE_LOAD) return iree_ok_status();
  if (offset <= file_length && length <= file_length - offset) return iree_ok_status();
  return iree_make_status(
      IREE_STATUS_NOT_FOUND,
      "the library is cut short: a segment has %llu bytes from offset %llu, the file only %zu in all",
      (unsigned long long)length, (unsigned long long)offset, file_length);
}

/* Headers that are outside of the file, or of another size, the loader reads and refuses itself. */
static iree_status_t check_elf(iree_const_byte_span_t file) {
  uint64_t start = read_number(file.data + ELF_PHOFF, 8), count = read_number(file.data + ELF_PHNUM, 2);
  if (read_number(file.data + ELF_PHENTSIZE, 2) != PROGRAM_HEADER_SIZE) return iree_ok_status();
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t at = start + i * PROGRAM_HEADER_SIZE;
    if (at < start || at > file.data_length || file.data_length - at < PROGRAM_HEADER_SIZE) break;
    IREE_RETURN_IF_ERROR(check_segment(file.data + at, file.data_length));
  }
  return iree_ok_status();
}

iree_status_t dynamic_check_file(iree_string_view_t path) {
  /* Without a separator the loader searches, and nobody knows which file it will find. */
  if (iree_string_view_find_char(path, '/', 0) == IREE_STRING_VIEW_NPOS) return iree_ok_status();
  platform_mapping_t mapping = {{NULL, 0}};
  iree_status_t status = platform_map_file(path, &mapping);
  if (!iree_status_is_ok(status)) return iree_status_ignore(status); /* the loader says it better */
  status = is_elf64(mapping.contents) ? check_elf(mapping.contents) : iree_ok_status();
  platform_unmap_file(&mapping);
  return status;
}
