/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a bytecode module: an optional ZIP header, the FlatBuffer, and read-only data behind it. */
#ifndef VMRT_BYTECODE_ARCHIVE_H_
#define VMRT_BYTECODE_ARCHIVE_H_

#include "bytecode/flatbuffer.h"
#include "iree/base/api.h"

typedef struct archive_t {
  iree_const_byte_span_t contents;
  flatbuffer_t flatbuffer;
  uint64_t rodata_base; /* where external data is counted from; may lie past the end of the file */
} archive_t;

/* Finds the parts; all of them are views of `contents`. INVALID_ARGUMENT when a part does not fit. */
iree_status_t archive_open(iree_const_byte_span_t contents, archive_t* out_archive);

/* External read-only data; false when the range is not inside the file. */
bool archive_external_data(const archive_t* archive, uint64_t offset, uint64_t length, iree_const_byte_span_t* out_data);

#endif /* VMRT_BYTECODE_ARCHIVE_H_ */
