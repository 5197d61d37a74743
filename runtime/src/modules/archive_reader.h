/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a parameter archive: little-endian numbers and strings out of a file, never past its end. */
#ifndef VMRT_MODULES_ARCHIVE_READER_H_
#define VMRT_MODULES_ARCHIVE_READER_H_

#include "iree/io/parameter_archive.h"

/* A place in the file. The first failure sticks; reads then give zero and empty strings. */
typedef struct archive_reader_t {
  iree_io_file_handle_t* file;
  const uint8_t* data;
  uint64_t at;
  uint64_t end; /* reads stay below */
  iree_status_t status;
} archive_reader_t;

archive_reader_t archive_reader_open(iree_io_file_handle_t* file);
/* A failure that names the file and the offset `at`. */
iree_status_t archive_error(const archive_reader_t* reader, iree_status_code_t code, uint64_t at, const char* format,
                            ...) IREE_PRINTF_ATTRIBUTE(4, 5);

uint8_t archive_read_u8(archive_reader_t* reader);
uint16_t archive_read_u16(archive_reader_t* reader);
uint32_t archive_read_u32(archive_reader_t* reader);
uint64_t archive_read_u64(archive_reader_t* reader);
/* `length` bytes of the file, borrowed. */
iree_string_view_t archive_read_bytes(archive_reader_t* reader, uint64_t length);
/* The range that `offset` and `length` name inside [base, base + size); a failure naming `what` sticks. */
typedef struct archive_range_t {
  uint64_t offset; /* from the start of the file */
  uint64_t length;
} archive_range_t;
archive_range_t archive_range(archive_reader_t* reader, const char* what, archive_range_t within, uint64_t offset,
                              uint64_t length);
/* Adds a parameter; a failure says where in the file it was named. */
iree_status_t archive_add(archive_reader_t* reader, iree_io_parameter_index_t* index,
                          const iree_io_parameter_index_entry_t* entry, uint64_t named_at);
/* The same for a range of the reader's file, unless reading has failed before. */
iree_status_t archive_add_range(archive_reader_t* reader, iree_io_parameter_index_t* index, iree_string_view_t key,
                                archive_range_t range, uint64_t named_at);

/* ---- Formats ----------------------------------------------------------------------------------------------------- */

/* Adds what the archive has; the caller takes it back after a failure. */
iree_status_t irpa_parse(archive_reader_t* in, iree_io_parameter_index_t* index);
iree_status_t gguf_parse(archive_reader_t* in, iree_io_parameter_index_t* index);
iree_status_t safetensors_parse(archive_reader_t* in, iree_io_parameter_index_t* index);

#endif /* VMRT_MODULES_ARCHIVE_READER_H_ */
