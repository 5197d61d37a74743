/* SPDX-License-Identifier: Apache-2.0 */
/* Loading ELF shared objects: copy, relocate, protect, initialise. */
#include "hal/local/elf_image.h"

#include "platform/platform.h"

#define refuse(...) iree_make_status(IREE_STATUS_FAILED_PRECONDITION, __VA_ARGS__)
#define X(number) ((unsigned long long)(number))
#define NAME_ARG(view) (int)((view).size < 256 ? (view).size : 256), (view).data

typedef enum relocation_type_e {
  RELOCATION_NONE = 0,
  RELOCATION_64 = 1,
  RELOCATION_PC32 = 2,
  RELOCATION_COPY = 5,
  RELOCATION_GLOB_DAT = 6,
  RELOCATION_JUMP_SLOT = 7,
  RELOCATION_RELATIVE = 8,
  RELOCATION_32 = 10,
  RELOCATION_32S = 11
} relocation_type_t;

/* Sections from here on mean something else than a place in this file. */
#define SECTION_RESERVED 0xFF00u

typedef struct loader_t {
  const elf_file_t* file;
  uint8_t* pages; /* of the address file->low */
} loader_t;

/* Of an address that was checked. */
static uint8_t* place(const loader_t* loader, uint64_t address) {
  return loader->pages + (address - loader->file->low);
}

static void copy_segments(const loader_t* loader) {
  for (uint32_t i = 0; i < loader->file->segment_count; ++i) {
    const elf_segment_t* segment = &loader->file->segments[i];
    if (segment->file_size == 0) continue;
    memcpy(place(loader, segment->memory.address), loader->file->contents.data + segment->file_offset,
           (size_t)segment->file_size);
  }
}

/* ---- Symbols ----------------------------------------------------------------------------------------------------- */

/* Address in memory of a symbol that has to be defined in the file. */
static iree_status_t symbol_address(const loader_t* loader, uint32_t index, uint64_t* out_address) {
  elf_symbol_t symbol;
  IREE_RETURN_IF_ERROR(elf_file_symbol(loader->file, index, &symbol));
  if (symbol.section == 0) {
    return iree_make_status(IREE_STATUS_UNAVAILABLE, "ELF symbol %u '%.*s' is not defined in the file", index,
                            NAME_ARG(symbol.name));
  }
  if (symbol.section >= SECTION_RESERVED || symbol.value < loader->file->low || symbol.value > loader->file->high) {
    return refuse("ELF symbol %u '%.*s' of section %u at 0x%llx is not in the image", index, NAME_ARG(symbol.name),
                  symbol.section, X(symbol.value));
  }
  *out_address = (uint64_t)(uintptr_t)place(loader, symbol.value);
  return iree_ok_status();
}

static iree_status_t find_symbol(const loader_t* loader, iree_string_view_t name, void** out_address) {
  for (uint32_t i = 1; i < loader->file->symbol_count; ++i) {
    elf_symbol_t symbol;
    IREE_RETURN_IF_ERROR(elf_file_symbol(loader->file, i, &symbol));
    if (symbol.section == 0 || !iree_string_view_equal(symbol.name, name)) continue;
    if (!elf_file_segment(loader->file, (elf_range_t){symbol.value, 1}, ELF_EXECUTE)) {
      return refuse("ELF symbol %u '%.*s' at 0x%llx is in no executable segment", i, NAME_ARG(name), X(symbol.value));
    }
    *out_address = place(loader, symbol.value);
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_NOT_FOUND, "ELF file does not define the symbol '%.*s' among its %u",
                          NAME_ARG(name), loader->file->symbol_count);
}

/* Symbols that nobody would provide are found before any of the code runs. */
static iree_status_t check_defined(const loader_t* loader) {
  for (uint32_t i = 1; i < loader->file->symbol_count; ++i) {
    elf_symbol_t symbol;
    IREE_RETURN_IF_ERROR(elf_file_symbol(loader->file, i, &symbol));
    if (symbol.section == 0) {
      return iree_make_status(IREE_STATUS_UNAVAILABLE, "ELF symbol %u '%.*s' is not defined in the file", i,
                              NAME_ARG(symbol.name));
    }
  }
  return iree_ok_status();
}

/* ---- Relocations ------------------------------------------------------------------------------------------------- */

static uint64_t relocation_width(uint32_t type) {
  return type == RELOCATION_PC32 || type == RELOCATION_32 || type == RELOCATION_32S ? 4 : 8;
}

static bool fits_32(uint32_t type, uint64_t value) {
  if (type == RELOCATION_32) return value <= UINT32_MAX;
  return (int64_t)value >= INT32_MIN && (int64_t)value <= INT32_MAX;
}

static iree_status_t store(const loader_t* loader, const elf_relocation_t* entry, uint64_t value) {
  uint64_t width = relocation_width(entry->type);
  if (!elf_file_segment(loader->file, (elf_range_t){entry->target, width}, ELF_WRITE)) {
    return refuse("ELF relocation of type %u at 0x%llx is in no writable segment", entry->type, X(entry->target));
  }
  if (width == 4 && !fits_32(entry->type, value)) {
    return refuse("ELF relocation of type %u at 0x%llx: 0x%llx has more than 32 bits", entry->type, X(entry->target),
                  X(value));
  }
  memcpy(place(loader, entry->target), &value, (size_t)width); /* little endian */
  return iree_ok_status();
}

static iree_status_t relocate(const loader_t* loader, const elf_relocation_t* entry) {
  uint64_t symbol = 0, addend = (uint64_t)entry->addend;
  switch (entry->type) {
    case RELOCATION_NONE: return iree_ok_status();
    case RELOCATION_RELATIVE:
      return store(loader, entry, (uint64_t)(uintptr_t)loader->pages - loader->file->low + addend);
    case RELOCATION_64:
    case RELOCATION_32:
    case RELOCATION_32S:
    case RELOCATION_PC32:
    case RELOCATION_GLOB_DAT:
    case RELOCATION_JUMP_SLOT: break;
    default:
      return refuse("ELF relocation of type %u%s at 0x%llx is not supported", entry->type,
                    entry->type == RELOCATION_COPY ? " (COPY)" : "", X(entry->target));
  }
  IREE_RETURN_IF_ERROR(symbol_address(loader, entry->symbol, &symbol));
  if (entry->type == RELOCATION_GLOB_DAT || entry->type == RELOCATION_JUMP_SLOT) return store(loader, entry, symbol);
  uint64_t at = (uint64_t)(uintptr_t)loader->pages - loader->file->low + entry->target;
  return store(loader, entry, symbol + addend - (entry->type == RELOCATION_PC32 ? at : 0));
}

static iree_status_t relocate_table(const loader_t* loader, const elf_range_t* table) {
  iree_host_size_t count = elf_relocation_count(table);
  for (iree_host_size_t i = 0; i < count; ++i) {
    elf_relocation_t entry;
    IREE_RETURN_IF_ERROR(elf_file_relocation(loader->file, table, i, &entry));
    IREE_RETURN_IF_ERROR(relocate(loader, &entry));
  }
  return iree_ok_status();
}

/* ---- Protection and start ---------------------------------------------------------------------------------------- */

static iree_status_t protect(const loader_t* loader) {
  for (uint32_t i = 0; i < loader->file->segment_count; ++i) {
    const elf_segment_t* segment = &loader->file->segments[i];
    platform_protection_t protection = segment->flags & ELF_WRITE     ? PLATFORM_PROTECT_READ_WRITE
                                       : segment->flags & ELF_EXECUTE ? PLATFORM_PROTECT_READ_EXECUTE
                                                                      : PLATFORM_PROTECT_READ;
    IREE_RETURN_IF_ERROR(platform_pages_protect(place(loader, segment->memory.address),
                                                (iree_host_size_t)segment->memory.size, protection));
  }
  return iree_ok_status();
}

/* Only whole pages inside the range: what shares a page with it may have to stay writable. */
static iree_status_t protect_relro(const loader_t* loader) {
  uint64_t page = platform_page_size();
  elf_range_t range = loader->file->relro;
  uint64_t first = (range.address + page - 1) & ~(page - 1);
  uint64_t end = (range.address + range.size) & ~(page - 1);
  if (first >= end) return iree_ok_status();
  return platform_pages_protect(place(loader, first), (iree_host_size_t)(end - first), PLATFORM_PROTECT_READ);
}

typedef void (*init_function_t)(void);

static void call_at(void* address) {
  init_function_t function;
  memcpy(&function, &address, sizeof function);
  function();
}

/* Entries are addresses in memory by now; 0 and -1 mean nothing. */
static iree_status_t check_init_entry(const loader_t* loader, uint64_t address, uint64_t index) {
  uint64_t own = address - (uint64_t)(uintptr_t)loader->pages + loader->file->low;
  if (elf_file_segment(loader->file, (elf_range_t){own, 1}, ELF_EXECUTE)) return iree_ok_status();
  return refuse("ELF DT_INIT_ARRAY entry %llu is in no executable segment", X(index));
}

static iree_status_t initialize(const loader_t* loader) {
  const elf_file_t* file = loader->file;
  if (file->init) call_at(place(loader, file->init));
  for (uint64_t i = 0; i < file->init_array.size / 8; ++i) {
    uint64_t address;
    memcpy(&address, place(loader, file->init_array.address + 8 * i), sizeof address);
    if (address == 0 || address == UINT64_MAX) continue;
    IREE_RETURN_IF_ERROR(check_init_entry(loader, address, i));
    call_at((void*)(uintptr_t)address);
  }
  return iree_ok_status();
}

static iree_status_t load_into(const loader_t* loader, iree_string_view_t symbol_name, void** out_symbol) {
  copy_segments(loader);
  IREE_RETURN_IF_ERROR(check_defined(loader));
  IREE_RETURN_IF_ERROR(relocate_table(loader, &loader->file->relocations));
  IREE_RETURN_IF_ERROR(relocate_table(loader, &loader->file->slots));
  IREE_RETURN_IF_ERROR(find_symbol(loader, symbol_name, out_symbol));
  IREE_RETURN_IF_ERROR(protect(loader));
  IREE_RETURN_IF_ERROR(protect_relro(loader));
  return initialize(loader);
}

iree_status_t elf_image_load(iree_const_byte_span_t contents, iree_string_view_t symbol_name, elf_image_t* out_image,
                             void** out_symbol) {
  elf_file_t file;
  elf_image_t image = {NULL, 0};
  IREE_RETURN_IF_ERROR(elf_file_parse(contents, platform_page_size(), &file));
  image.size = (iree_host_size_t)(file.high - file.low);
  IREE_RETURN_IF_ERROR(platform_pages_reserve(image.size, &image.pages));
  loader_t loader = {&file, image.pages};
  iree_status_t status = load_into(&loader, symbol_name, out_symbol);
  if (!iree_status_is_ok(status)) {
    elf_image_unload(&image);
    return status;
  }
  *out_image = image;
  return iree_ok_status();
}

void elf_image_unload(elf_image_t* image) {
  platform_pages_release(image->pages, image->size);
  *image = (elf_image_t){NULL, 0};
}
