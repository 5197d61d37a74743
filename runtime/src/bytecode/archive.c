/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the parts of a bytecode file. */
#include "bytecode/archive.h"

#define ZIP_LOCAL_HEADER_SIGNATURE 0x04034B50u
#define ZIP_LOCAL_HEADER_SIZE 30
#define ZIP_NAME_LENGTH_AT 26
#define ZIP_EXTRA_LENGTH_AT 28
#define SIZE_PREFIX_LENGTH 4
#define FLATBUFFER_MINIMUM_LENGTH 16
#define RODATA_ALIGNMENT 64

/* Bytes taken by one ZIP local header at the start, 0 when there is none. Nothing else of the ZIP structure matters. */
static uint64_t zip_header_length(iree_const_byte_span_t contents) {
  if (contents.data_length < ZIP_LOCAL_HEADER_SIZE) return 0;
  if (read_le32(contents.data) != ZIP_LOCAL_HEADER_SIGNATURE) return 0;
  return (uint64_t)ZIP_LOCAL_HEADER_SIZE + read_le16(contents.data + ZIP_NAME_LENGTH_AT) +
         read_le16(contents.data + ZIP_EXTRA_LENGTH_AT);
}

iree_status_t archive_open(iree_const_byte_span_t contents, archive_t* out_archive) {
  uint64_t size = contents.data_length;
  uint64_t prefix = zip_header_length(contents);
  if (prefix > size) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "ZIP local header needs %llu bytes, the file has %llu: it does not have enough data",
                            (unsigned long long)prefix, (unsigned long long)size);
  }
  if (size - prefix < FLATBUFFER_MINIMUM_LENGTH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "FlatBuffer data is not present or less than %d bytes: %llu left at file offset 0x%llx",
                            FLATBUFFER_MINIMUM_LENGTH, (unsigned long long)(size - prefix), (unsigned long long)prefix);
  }
  uint64_t start = prefix + SIZE_PREFIX_LENGTH;
  uint32_t length = read_le32(contents.data + prefix);
  if (length > size - start) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "FlatBuffer length prefix out of bounds: %u bytes announced at file offset 0x%llx, %llu left",
                            (unsigned)length, (unsigned long long)prefix, (unsigned long long)(size - start));
  }
  out_archive->contents = contents;
  out_archive->flatbuffer = (flatbuffer_t){contents.data + start, length, start};
  out_archive->rodata_base = (start + length + RODATA_ALIGNMENT - 1) / RODATA_ALIGNMENT * RODATA_ALIGNMENT;
  return iree_ok_status();
}

bool archive_external_data(const archive_t* archive, uint64_t offset, uint64_t length, iree_const_byte_span_t* out_data) {
  uint64_t size = archive->contents.data_length;
  if (archive->rodata_base > size) return false;
  uint64_t available = size - archive->rodata_base;
  if (offset > available || length > available - offset) return false;
  *out_data = iree_make_const_byte_span(archive->contents.data + archive->rodata_base + offset, (iree_host_size_t)length);
  return true;
}
