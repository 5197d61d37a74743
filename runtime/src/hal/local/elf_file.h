/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ELF shared objects for x86-64 out of memory; nothing they say is believed before it is checked. */
#ifndef VMRT_HAL_LOCAL_ELF_FILE_H_
#define VMRT_HAL_LOCAL_ELF_FILE_H_

#include "iree/base/api.h"

#define ELF_MAX_SEGMENTS 16
/* Largest image: a file of a few bytes can ask for any size. */
#define ELF_MAX_IMAGE (1ull << 30)

typedef enum elf_segment_flags_e { ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4 } elf_segment_flags_t;

/* Addresses are the file's own. */
typedef struct elf_range_t {
  uint64_t address;
  uint64_t size;
} elf_range_t;

typedef struct elf_segment_t {
  uint64_t file_offset;
  uint64_t file_size;
  elf_range_t memory; /* at least file_size bytes */
  uint32_t flags;     /* elf_segment_flags_t */
} elf_segment_t;

typedef struct elf_relocation_t {
  uint64_t target;
  uint32_t type;
  uint32_t symbol;
  int64_t addend;
} elf_relocation_t;

typedef struct elf_symbol_t {
  iree_string_view_t name; /* in the file */
  uint16_t section;        /* 0: not defined here */
  uint64_t value;
} elf_symbol_t;

typedef struct elf_file_t {
  iree_const_byte_span_t contents;
  uint32_t segment_count;
  elf_segment_t segments[ELF_MAX_SEGMENTS]; /* ascending, no page in two of them */
  uint64_t low;                             /* address of the first page */
  uint64_t high;                            /* address after the last page */
  elf_range_t relro;                        /* inside one writable segment; size 0: none */
  elf_range_t dynamic;
  elf_range_t relocations; /* RELA entries; multiples of 24 bytes */
  elf_range_t slots;       /* the same for JMPREL */
  elf_range_t symbols;
  elf_range_t strings;
  uint32_t symbol_count;
  uint64_t init; /* address of a function; 0: none */
  elf_range_t init_array;
} elf_file_t;

/* Reads headers and the dynamic table. The contents are borrowed. `page_size` is that of the host. */
iree_status_t elf_file_parse(iree_const_byte_span_t contents, uint64_t page_size, elf_file_t* out_file);

iree_host_size_t elf_relocation_count(const elf_range_t* table);
/* `index` below the count of `table`. */
iree_status_t elf_file_relocation(const elf_file_t* file, const elf_range_t* table, iree_host_size_t index,
                                  elf_relocation_t* out_relocation);
/* OUT_OF_RANGE past the last symbol. */
iree_status_t elf_file_symbol(const elf_file_t* file, uint32_t index, elf_symbol_t* out_symbol);
/* The segment that holds the whole range and has all `flags`; NULL when there is none. */
const elf_segment_t* elf_file_segment(const elf_file_t* file, elf_range_t range, uint32_t flags);

#endif /* VMRT_HAL_LOCAL_ELF_FILE_H_ */
