/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ELF shared objects: headers, segments, the dynamic table, symbols and relocations. */
#include "hal/local/elf_file.h"

/* ---- Layout of the file ------------------------------------------------------------------------------------------ */

typedef struct elf_header_t {
  uint8_t magic[4];
  uint8_t file_class; /* 2: 64 bits */
  uint8_t data;       /* 1: little endian */
  uint8_t ident[10];
  uint16_t type; /* 3: shared object */
  uint16_t machine;
  uint32_t version;
  uint64_t entry;
  uint64_t program_offset;
  uint64_t section_offset;
  uint32_t flags;
  uint16_t header_size;
  uint16_t program_size;
  uint16_t program_count;
  uint16_t section_size;
  uint16_t section_count;
  uint16_t section_names;
} elf_header_t;

typedef struct elf_program_t {
  uint32_t type;
  uint32_t flags;
  uint64_t offset;
  uint64_t address;
  uint64_t physical;
  uint64_t file_size;
  uint64_t memory_size;
  uint64_t alignment;
} elf_program_t;

typedef struct elf_dynamic_t {
  uint64_t tag;
  uint64_t value;
} elf_dynamic_t;

typedef struct elf_rela_t {
  uint64_t target;
  uint64_t info;
  int64_t addend;
} elf_rela_t;

typedef struct elf_sym_t {
  uint32_t name;
  uint8_t info;
  uint8_t other;
  uint16_t section;
  uint64_t value;
  uint64_t size;
} elf_sym_t;

_Static_assert(sizeof(elf_header_t) == 64 && sizeof(elf_program_t) == 56, "headers as in the file");
_Static_assert(sizeof(elf_dynamic_t) == 16 && sizeof(elf_rela_t) == 24 && sizeof(elf_sym_t) == 24,
               "tables as in the file");

#define TYPE_SHARED 3
#define MACHINE_X86_64 62

enum { SEGMENT_LOAD = 1, SEGMENT_DYNAMIC = 2, SEGMENT_INTERP = 3, SEGMENT_TLS = 7 };
#define SEGMENT_RELRO 0x6474E552u

enum {
  TAG_NULL = 0,
  TAG_PLTRELSZ = 2,
  TAG_PLTGOT = 3,
  TAG_HASH = 4,
  TAG_STRTAB = 5,
  TAG_SYMTAB = 6,
  TAG_RELA = 7,
  TAG_RELASZ = 8,
  TAG_RELAENT = 9,
  TAG_STRSZ = 10,
  TAG_SYMENT = 11,
  TAG_INIT = 12,
  TAG_SONAME = 14,
  TAG_SYMBOLIC = 16,
  TAG_PLTREL = 20,
  TAG_DEBUG = 21,
  TAG_JMPREL = 23,
  TAG_BIND_NOW = 24,
  TAG_INIT_ARRAY = 25,
  TAG_INIT_ARRAYSZ = 27,
  TAG_FLAGS = 30,
  TAG_GNU_HASH = 0x6FFFFEF5,
  TAG_RELACOUNT = 0x6FFFFFF9,
  TAG_FLAGS_1 = 0x6FFFFFFB
};
/* Symbols may share their names' bytes: without a limit, reading them all could take the square of the file's size. */
#define MAX_NAME 65536

/* In FLAGS: relocations in segments that are not writable. */
#define FLAG_TEXTREL 4u

#define refuse(...) iree_make_status(IREE_STATUS_FAILED_PRECONDITION, __VA_ARGS__)
#define X(number) ((unsigned long long)(number))

/* ---- Places ------------------------------------------------------------------------------------------------------ */

static bool range_fits(uint64_t start, uint64_t size, uint64_t limit) {
  return start <= limit && size <= limit - start;
}

static bool range_holds(elf_range_t outer, elf_range_t inner) {
  return inner.address >= outer.address && range_fits(inner.address - outer.address, inner.size, outer.size);
}

const elf_segment_t* elf_file_segment(const elf_file_t* file, elf_range_t range, uint32_t flags) {
  for (uint32_t i = 0; i < file->segment_count; ++i) {
    const elf_segment_t* segment = &file->segments[i];
    if (range_holds(segment->memory, range)) return (segment->flags & flags) == flags ? segment : NULL;
  }
  return NULL;
}

/* The bytes of the file behind a range of addresses; NULL when they are not all in the file. */
static const uint8_t* bytes_at(const elf_file_t* file, elf_range_t range) {
  const elf_segment_t* segment = elf_file_segment(file, range, 0);
  if (!segment) return NULL;
  uint64_t at = range.address - segment->memory.address;
  if (!range_fits(at, range.size, segment->file_size)) return NULL;
  return file->contents.data + segment->file_offset + at;
}

static iree_status_t check_table(const elf_file_t* file, const char* name, elf_range_t table, uint64_t entry_size) {
  if (table.size % entry_size != 0) {
    return refuse("ELF %s at 0x%llx has 0x%llx bytes, not a multiple of %llu", name, X(table.address), X(table.size),
                  X(entry_size));
  }
  if (table.size == 0 || bytes_at(file, table)) return iree_ok_status();
  return refuse("ELF %s at 0x%llx of 0x%llx bytes is not in the file", name, X(table.address), X(table.size));
}

/* ---- Headers ----------------------------------------------------------------------------------------------------- */

static iree_status_t read_header(const elf_file_t* file, elf_header_t* header) {
  static const uint8_t magic[4] = {0x7F, 'E', 'L', 'F'};
  uint64_t length = file->contents.data_length;
  if (length < sizeof *header) return refuse("not an ELF file: %llu bytes, the header alone has 64", X(length));
  memcpy(header, file->contents.data, sizeof *header);
  if (memcmp(header->magic, magic, sizeof magic) != 0) {
    return refuse("not an ELF file: it begins with %02x %02x %02x %02x", header->magic[0], header->magic[1],
                  header->magic[2], header->magic[3]);
  }
  if (header->file_class != 2 || header->data != 1) {
    return refuse("ELF class %u and data encoding %u at offset 4; 64 bits little endian (2, 1) are expected",
                  header->file_class, header->data);
  }
  if (header->type != TYPE_SHARED || header->machine != MACHINE_X86_64) {
    return refuse("ELF type %u and machine %u at offset 16; a shared object for x86-64 (3, 62) is expected",
                  header->type, header->machine);
  }
  if (header->program_size != sizeof(elf_program_t) ||
      !range_fits(header->program_offset, (uint64_t)header->program_count * sizeof(elf_program_t), length)) {
    return refuse("ELF program headers at offset 0x%llx, %u of %u bytes, are not in the file of %llu bytes",
                  X(header->program_offset), header->program_count, header->program_size, X(length));
  }
  return iree_ok_status();
}

static iree_status_t check_segment(const elf_file_t* file, const elf_segment_t* segment, uint32_t number) {
  if (!range_fits(segment->file_offset, segment->file_size, file->contents.data_length)) {
    return refuse("ELF segment %u: 0x%llx bytes at offset 0x%llx are not in the file of %zu bytes", number,
                  X(segment->file_size), X(segment->file_offset), file->contents.data_length);
  }
  if (segment->file_size > segment->memory.size) {
    return refuse("ELF segment %u: 0x%llx bytes in the file, only 0x%llx in memory", number, X(segment->file_size),
                  X(segment->memory.size));
  }
  if ((segment->flags & ELF_WRITE) && (segment->flags & ELF_EXECUTE)) {
    return iree_make_status(IREE_STATUS_PERMISSION_DENIED, "ELF segment %u at 0x%llx is writable and executable",
                            number, X(segment->memory.address));
  }
  return iree_ok_status();
}

/* Segments are ascending and do not share pages, since each page has one protection. */
static iree_status_t add_segment(elf_file_t* file, const elf_program_t* program, uint32_t number, uint64_t page_size) {
  elf_segment_t segment = {
      program->offset, program->file_size, {program->address, program->memory_size}, program->flags & 7u};
  IREE_RETURN_IF_ERROR(check_segment(file, &segment, number));
  if (segment.memory.size == 0) return iree_ok_status();
  if (!range_fits(segment.memory.address, segment.memory.size, UINT64_MAX - page_size)) {
    return refuse("ELF segment %u at 0x%llx of 0x%llx bytes is beyond all memory", number, X(segment.memory.address),
                  X(segment.memory.size));
  }
  uint64_t first = segment.memory.address & ~(page_size - 1);
  uint64_t end = (segment.memory.address + segment.memory.size + page_size - 1) & ~(page_size - 1);
  if (file->segment_count == ELF_MAX_SEGMENTS) return refuse("ELF segment %u: more than %d", number, ELF_MAX_SEGMENTS);
  if (file->segment_count == 0) file->low = first;
  if (file->segment_count > 0 && first < file->high) {
    return refuse("ELF segment %u at 0x%llx is not on pages behind the one before, which end at 0x%llx", number,
                  X(segment.memory.address), X(file->high));
  }
  file->high = end;
  file->segments[file->segment_count++] = segment;
  return iree_ok_status();
}

static iree_status_t read_program(elf_file_t* file, const elf_program_t* program, uint32_t number, uint64_t page_size) {
  elf_range_t range = {program->address, program->memory_size};
  switch (program->type) {
    case SEGMENT_LOAD: return add_segment(file, program, number, page_size);
    case SEGMENT_DYNAMIC: file->dynamic = range; return iree_ok_status();
    case SEGMENT_RELRO: file->relro = range; return iree_ok_status();
    case SEGMENT_INTERP:
    case SEGMENT_TLS:
      return refuse("ELF segment %u: %s is not supported", number,
                    program->type == SEGMENT_TLS ? "thread-local storage" : "a program interpreter");
    default: return iree_ok_status();
  }
}

static iree_status_t read_programs(elf_file_t* file, const elf_header_t* header, uint64_t page_size) {
  for (uint32_t i = 0; i < header->program_count; ++i) {
    elf_program_t program;
    memcpy(&program, file->contents.data + header->program_offset + i * sizeof program, sizeof program);
    IREE_RETURN_IF_ERROR(read_program(file, &program, i, page_size));
  }
  if (file->segment_count == 0) return refuse("ELF file without anything to load");
  if (file->high - file->low > ELF_MAX_IMAGE) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "ELF image of 0x%llx bytes is over the limit of 0x%llx",
                            X(file->high - file->low), ELF_MAX_IMAGE);
  }
  if (file->relro.size && !elf_file_segment(file, file->relro, ELF_WRITE)) {
    return refuse("ELF relocation read-only range at 0x%llx of 0x%llx bytes is in no writable segment",
                  X(file->relro.address), X(file->relro.size));
  }
  return iree_ok_status();
}

/* ---- The dynamic table ------------------------------------------------------------------------------------------- */

/* What tags say before anything is checked. */
typedef struct elf_tags_t {
  uint64_t hash, symbol_entry, relocation_entry, slot_kind;
} elf_tags_t;

static iree_status_t refuse_tag(const elf_dynamic_t* entry, uint64_t offset) {
  return refuse("ELF dynamic tag 0x%llx at offset 0x%llx of the dynamic table is not supported", X(entry->tag),
                X(offset));
}

static iree_status_t read_tag(elf_file_t* file, elf_tags_t* tags, const elf_dynamic_t* entry, uint64_t offset) {
  switch (entry->tag) {
    case TAG_PLTRELSZ: file->slots.size = entry->value; break;
    case TAG_JMPREL: file->slots.address = entry->value; break;
    case TAG_PLTREL: tags->slot_kind = entry->value; break;
    case TAG_HASH: tags->hash = entry->value; break;
    case TAG_STRTAB: file->strings.address = entry->value; break;
    case TAG_STRSZ: file->strings.size = entry->value; break;
    case TAG_SYMTAB: file->symbols.address = entry->value; break;
    case TAG_SYMENT: tags->symbol_entry = entry->value; break;
    case TAG_RELA: file->relocations.address = entry->value; break;
    case TAG_RELASZ: file->relocations.size = entry->value; break;
    case TAG_RELAENT: tags->relocation_entry = entry->value; break;
    case TAG_INIT: file->init = entry->value; break;
    case TAG_INIT_ARRAY: file->init_array.address = entry->value; break;
    case TAG_INIT_ARRAYSZ: file->init_array.size = entry->value; break;
    case TAG_FLAGS: return entry->value & FLAG_TEXTREL ? refuse_tag(entry, offset) : iree_ok_status();
    case TAG_PLTGOT:
    case TAG_SONAME:
    case TAG_SYMBOLIC:
    case TAG_DEBUG:
    case TAG_BIND_NOW:
    case TAG_GNU_HASH:
    case TAG_RELACOUNT:
    case TAG_FLAGS_1: break;
    default: return refuse_tag(entry, offset);
  }
  return iree_ok_status();
}

static iree_status_t read_tags(elf_file_t* file, elf_tags_t* tags) {
  const uint8_t* table = file->dynamic.size ? bytes_at(file, file->dynamic) : NULL;
  if (!table) {
    return refuse("ELF dynamic table at 0x%llx of 0x%llx bytes is not in the file", X(file->dynamic.address),
                  X(file->dynamic.size));
  }
  for (uint64_t at = 0; at + sizeof(elf_dynamic_t) <= file->dynamic.size; at += sizeof(elf_dynamic_t)) {
    elf_dynamic_t entry;
    memcpy(&entry, table + at, sizeof entry);
    if (entry.tag == TAG_NULL) return iree_ok_status();
    IREE_RETURN_IF_ERROR(read_tag(file, tags, &entry, at));
  }
  return refuse("ELF dynamic table at 0x%llx has no end", X(file->dynamic.address));
}

/* The number of symbols is the second word of the hash table. */
static iree_status_t read_symbol_count(elf_file_t* file, const elf_tags_t* tags) {
  const uint8_t* hash = tags->hash ? bytes_at(file, (elf_range_t){tags->hash, 8}) : NULL;
  if (!hash) return refuse("ELF file without a DT_HASH table: missing .dynsym/.dynstr sizes");
  memcpy(&file->symbol_count, hash + 4, sizeof file->symbol_count);
  file->symbols.size = (uint64_t)file->symbol_count * sizeof(elf_sym_t);
  return iree_ok_status();
}

static iree_status_t check_entry_sizes(const elf_file_t* file, const elf_tags_t* tags) {
  if (tags->symbol_entry != sizeof(elf_sym_t)) {
    return refuse("ELF symbols of %llu bytes; 24 are expected", X(tags->symbol_entry));
  }
  if (file->relocations.size && tags->relocation_entry != sizeof(elf_rela_t)) {
    return refuse("ELF relocations of %llu bytes; 24 are expected", X(tags->relocation_entry));
  }
  if (file->slots.size && tags->slot_kind != TAG_RELA) {
    return refuse("ELF procedure linkage relocations of kind %llu; 7 (RELA) is expected", X(tags->slot_kind));
  }
  return iree_ok_status();
}

static iree_status_t check_init(const elf_file_t* file) {
  if (file->init && !elf_file_segment(file, (elf_range_t){file->init, 1}, ELF_EXECUTE)) {
    return refuse("ELF DT_INIT 0x%llx is in no executable segment", X(file->init));
  }
  if (file->init_array.size % 8 != 0 || file->init_array.address % 8 != 0 ||
      (file->init_array.size && !elf_file_segment(file, file->init_array, ELF_READ))) {
    return refuse("ELF DT_INIT_ARRAY at 0x%llx of 0x%llx bytes is no table in memory", X(file->init_array.address),
                  X(file->init_array.size));
  }
  return iree_ok_status();
}

static iree_status_t read_dynamic(elf_file_t* file) {
  elf_tags_t tags = {0, 0, 0, 0};
  IREE_RETURN_IF_ERROR(read_tags(file, &tags));
  IREE_RETURN_IF_ERROR(read_symbol_count(file, &tags));
  IREE_RETURN_IF_ERROR(check_entry_sizes(file, &tags));
  IREE_RETURN_IF_ERROR(check_table(file, "symbol table", file->symbols, sizeof(elf_sym_t)));
  IREE_RETURN_IF_ERROR(check_table(file, "string table", file->strings, 1));
  IREE_RETURN_IF_ERROR(check_table(file, "relocation table", file->relocations, sizeof(elf_rela_t)));
  IREE_RETURN_IF_ERROR(check_table(file, "procedure linkage table", file->slots, sizeof(elf_rela_t)));
  return check_init(file);
}

iree_status_t elf_file_parse(iree_const_byte_span_t contents, uint64_t page_size, elf_file_t* out_file) {
  elf_header_t header;
  memset(out_file, 0, sizeof *out_file);
  out_file->contents = contents;
  IREE_RETURN_IF_ERROR(read_header(out_file, &header));
  IREE_RETURN_IF_ERROR(read_programs(out_file, &header, page_size));
  return read_dynamic(out_file);
}

/* ---- Symbols and relocations ------------------------------------------------------------------------------------- */

iree_host_size_t elf_relocation_count(const elf_range_t* table) {
  return (iree_host_size_t)(table->size / sizeof(elf_rela_t));
}

iree_status_t elf_file_relocation(const elf_file_t* file, const elf_range_t* table, iree_host_size_t index,
                                  elf_relocation_t* out_relocation) {
  elf_rela_t entry;
  memcpy(&entry, bytes_at(file, *table) + index * sizeof entry, sizeof entry);
  *out_relocation = (elf_relocation_t){entry.target, (uint32_t)entry.info, (uint32_t)(entry.info >> 32), entry.addend};
  return iree_ok_status();
}

iree_status_t elf_file_symbol(const elf_file_t* file, uint32_t index, elf_symbol_t* out_symbol) {
  elf_sym_t entry;
  if (index >= file->symbol_count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "ELF symbol %u; the table has %u", index, file->symbol_count);
  }
  memcpy(&entry, bytes_at(file, file->symbols) + (uint64_t)index * sizeof entry, sizeof entry);
  const char* strings = file->strings.size ? (const char*)bytes_at(file, file->strings) : NULL;
  uint64_t room = entry.name < file->strings.size ? file->strings.size - entry.name : 0;
  if (room > MAX_NAME) room = MAX_NAME;
  const char* end = strings && room ? memchr(strings + entry.name, 0, (size_t)room) : NULL;
  if (!end) return refuse("ELF symbol %u: its name at 0x%x is not in the string table", index, entry.name);
  out_symbol->name = iree_make_string_view(strings + entry.name, (iree_host_size_t)(end - strings) - entry.name);
  out_symbol->section = entry.section;
  out_symbol->value = entry.value;
  return iree_ok_status();
}
