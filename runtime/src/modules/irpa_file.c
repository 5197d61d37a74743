/* SPDX-License-Identifier: Apache-2.0 */
/* .irpa archives: headers, each with segments of entries, of names and of storage. */
#include "modules/archive_reader.h"

#define IRPA_MAGIC 0x41505249u
#define IRPA_HEADER_SIZE 0x58
#define IRPA_ENTRY_HEAD_SIZE 60
#define IRPA_ENTRY_ALIGNMENT 16

typedef enum irpa_entry_type_e {
  IRPA_ENTRY_SKIP = 0,
  IRPA_ENTRY_SPLAT = 1,
  IRPA_ENTRY_DATA = 2,
  IRPA_ENTRY_EXTERNAL = 3
} irpa_entry_type_t;

/* Offsets count from the header that names them. */
typedef struct irpa_header_t {
  uint64_t at;
  uint64_t next; /* 0: none */
  uint64_t entry_count;
  archive_range_t entries;
  archive_range_t metadata;
  archive_range_t storage;
} irpa_header_t;

static archive_range_t irpa_read_range(archive_reader_t* in, const char* what, archive_range_t within) {
  uint64_t offset = archive_read_u64(in);
  uint64_t length = archive_read_u64(in);
  return archive_range(in, what, within, offset, length);
}

/* Magic, version and size: what decides whether the rest can be read at all. */
static iree_status_t irpa_check_head(archive_reader_t* in) {
  uint64_t at = in->at;
  uint32_t magic = archive_read_u32(in);
  uint16_t major = archive_read_u16(in);
  (void)archive_read_u16(in); /* minor: additions that can be passed over */
  uint64_t size = archive_read_u64(in);
  IREE_RETURN_IF_ERROR(in->status);
  if (magic != IRPA_MAGIC) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, at, "magic %08X, expected %08X of an IRPA header", magic,
                         IRPA_MAGIC);
  }
  if (major != 0) {
    return archive_error(in, IREE_STATUS_UNIMPLEMENTED, at + 4, "version %u of the format, expected 0", major);
  }
  if (size < IRPA_HEADER_SIZE) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, at + 8, "header of %llu bytes, expected at least %u",
                         (unsigned long long)size, IRPA_HEADER_SIZE);
  }
  return iree_ok_status();
}

static iree_status_t irpa_read_header(archive_reader_t* in, irpa_header_t* out_header) {
  archive_range_t rest = {in->at, in->end - in->at};
  out_header->at = in->at;
  IREE_RETURN_IF_ERROR(irpa_check_head(in));
  out_header->next = archive_read_u64(in);
  (void)archive_read_u64(in); /* flags: none are known */
  out_header->entry_count = archive_read_u64(in);
  out_header->entries = irpa_read_range(in, "entry segment", rest);
  out_header->metadata = irpa_read_range(in, "metadata segment", rest);
  out_header->storage = irpa_read_range(in, "storage segment", rest);
  return in->status;
}

static iree_status_t irpa_add_splat(archive_reader_t* in, iree_io_parameter_index_t* index, iree_string_view_t key,
                                    uint64_t at) {
  iree_io_parameter_index_entry_t entry = {.key = key, .type = IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_SPLAT};
  entry.length = archive_read_u64(in);
  iree_string_view_t pattern = archive_read_bytes(in, sizeof entry.storage.splat.pattern);
  entry.storage.splat.pattern_length = archive_read_u8(in);
  IREE_RETURN_IF_ERROR(in->status);
  memcpy(entry.storage.splat.pattern, pattern.data, pattern.size);
  return archive_add(in, index, &entry, at);
}

static iree_status_t irpa_add_entry(archive_reader_t* in, const irpa_header_t* header, iree_io_parameter_index_t* index,
                                    uint64_t at) {
  uint32_t type = archive_read_u32(in);
  (void)archive_read_u64(in); /* flags: none are known */
  archive_range_t name = irpa_read_range(in, "name", header->metadata);
  (void)irpa_read_range(in, "metadata", header->metadata);
  (void)archive_read_u64(in); /* alignment that a copy of the storage should have */
  IREE_RETURN_IF_ERROR(in->status);
  iree_string_view_t key = iree_make_string_view((const char*)in->data + name.offset, name.length);
  switch (type) {
    case IRPA_ENTRY_SKIP:
      return iree_ok_status();
    case IRPA_ENTRY_SPLAT:
      return irpa_add_splat(in, index, key, at);
    case IRPA_ENTRY_DATA:
      return archive_add_range(in, index, key, irpa_read_range(in, "storage", header->storage), at);
    case IRPA_ENTRY_EXTERNAL:
      return archive_error(in, IREE_STATUS_UNIMPLEMENTED, at, "parameters in external files are not supported");
    default:
      return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, at + 8, "entry of type %u, expected 0 to 3", type);
  }
}

/* Entries say how long they are; the next one begins at the next multiple of 16 in the segment. */
static iree_status_t irpa_add_entries(const archive_reader_t* whole, const irpa_header_t* header,
                                      iree_io_parameter_index_t* index) {
  archive_reader_t in = *whole;
  uint64_t offset = 0;
  for (uint64_t i = 0; i < header->entry_count; ++i) {
    uint64_t at = header->entries.offset + offset;
    in.at = at;
    in.end = header->entries.offset + header->entries.length;
    uint64_t size = archive_read_u64(&in);
    IREE_RETURN_IF_ERROR(in.status);
    if (size < IRPA_ENTRY_HEAD_SIZE || size > header->entries.length - offset) {
      return archive_error(&in, IREE_STATUS_INVALID_ARGUMENT, at, "entry of %llu bytes, expected %u to %llu",
                           (unsigned long long)size, IRPA_ENTRY_HEAD_SIZE,
                           (unsigned long long)(header->entries.length - offset));
    }
    in.end = at + size;
    IREE_RETURN_IF_ERROR(irpa_add_entry(&in, header, index, at));
    offset = (offset + size + IRPA_ENTRY_ALIGNMENT - 1) & ~(uint64_t)(IRPA_ENTRY_ALIGNMENT - 1);
    if (offset > header->entries.length) offset = header->entries.length;
  }
  return iree_ok_status();
}

iree_status_t irpa_parse(archive_reader_t* in, iree_io_parameter_index_t* index) {
  for (;;) {
    irpa_header_t header;
    IREE_RETURN_IF_ERROR(irpa_read_header(in, &header));
    IREE_RETURN_IF_ERROR(irpa_add_entries(in, &header, index));
    if (header.next == 0) return iree_ok_status();
    if (header.next < IRPA_HEADER_SIZE || header.next > in->end - header.at) {
      return archive_error(in, IREE_STATUS_OUT_OF_RANGE, header.at + 16,
                           "the next header is %llu bytes on, expected %u to %llu", (unsigned long long)header.next,
                           IRPA_HEADER_SIZE, (unsigned long long)(in->end - header.at));
    }
    in->at = header.at + header.next;
  }
}
