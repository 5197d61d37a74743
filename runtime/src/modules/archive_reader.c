/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a parameter archive: the only place where bytes of the file are touched. */
#include "modules/archive_reader.h"

#include <stdio.h>

#include "vm/text.h"

archive_reader_t archive_reader_open(iree_io_file_handle_t* file) {
  iree_const_byte_span_t contents = vmrt_io_file_handle_contents(file);
  return (archive_reader_t){.file = file, .data = contents.data, .end = contents.data_length};
}

iree_status_t archive_error(const archive_reader_t* reader, iree_status_code_t code, uint64_t at, const char* format,
                            ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  iree_string_view_t path = vmrt_io_file_handle_path(reader->file);
  return iree_make_status(code, "%.*s: offset %llu: %s", VM_SV_ARG(path), (unsigned long long)at, text);
}

/* The next `length` bytes, or NULL. */
static const uint8_t* read(archive_reader_t* reader, uint64_t length) {
  if (!iree_status_is_ok(reader->status)) return NULL;
  if (reader->at > reader->end || length > reader->end - reader->at) {
    reader->status = archive_error(reader, IREE_STATUS_OUT_OF_RANGE, reader->at, "expected %llu more bytes before %llu",
                                   (unsigned long long)length, (unsigned long long)reader->end);
    return NULL;
  }
  const uint8_t* bytes = reader->data + reader->at;
  reader->at += length;
  return bytes;
}

static uint64_t read_number(archive_reader_t* reader, int size) {
  const uint8_t* bytes = read(reader, (uint64_t)size);
  uint64_t value = 0;
  for (int i = 0; bytes && i < size; ++i) value |= (uint64_t)bytes[i] << (8 * i);
  return value;
}

uint8_t archive_read_u8(archive_reader_t* reader) { return (uint8_t)read_number(reader, 1); }
uint16_t archive_read_u16(archive_reader_t* reader) { return (uint16_t)read_number(reader, 2); }
uint32_t archive_read_u32(archive_reader_t* reader) { return (uint32_t)read_number(reader, 4); }
uint64_t archive_read_u64(archive_reader_t* reader) { return read_number(reader, 8); }

iree_string_view_t archive_read_bytes(archive_reader_t* reader, uint64_t length) {
  if (length == 0) return iree_string_view_empty();
  const uint8_t* bytes = read(reader, length);
  return iree_make_string_view((const char*)bytes, bytes ? length : 0);
}

archive_range_t archive_range(archive_reader_t* reader, const char* what, archive_range_t within, uint64_t offset,
                              uint64_t length) {
  if (offset <= within.length && length <= within.length - offset) {
    return (archive_range_t){within.offset + offset, length};
  }
  if (iree_status_is_ok(reader->status)) {
    reader->status =
        archive_error(reader, IREE_STATUS_OUT_OF_RANGE, reader->at,
                      "%s (offset=%llu, length=%llu) is outside of the %llu bytes that it lies in", what,
                      (unsigned long long)offset, (unsigned long long)length, (unsigned long long)within.length);
  }
  return (archive_range_t){within.offset, 0};
}

iree_status_t archive_add(archive_reader_t* reader, iree_io_parameter_index_t* index,
                          const iree_io_parameter_index_entry_t* entry, uint64_t named_at) {
  iree_string_view_t path = vmrt_io_file_handle_path(reader->file);
  return iree_status_annotate_f(iree_io_parameter_index_add(index, entry), "%.*s: offset %llu", VM_SV_ARG(path),
                                (unsigned long long)named_at);
}

iree_status_t archive_add_range(archive_reader_t* reader, iree_io_parameter_index_t* index, iree_string_view_t key,
                                archive_range_t range, uint64_t named_at) {
  IREE_RETURN_IF_ERROR(reader->status);
  iree_io_parameter_index_entry_t entry = {
      .key = key, .length = range.length, .type = IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE};
  entry.storage.file.handle = reader->file;
  entry.storage.file.offset = range.offset;
  return archive_add(reader, index, &entry, named_at);
}
