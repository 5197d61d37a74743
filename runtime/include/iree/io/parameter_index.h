/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters by name: what archives hold, in the order in which it was added. Not to be changed while others read it.
 */
#ifndef IREE_IO_PARAMETER_INDEX_H_
#define IREE_IO_PARAMETER_INDEX_H_

#include "iree/io/file_handle.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum iree_io_parameter_index_entry_storage_type_e {
  IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_SPLAT = 0, /* a pattern that is repeated */
  IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE = 1   /* a range of a file */
} iree_io_parameter_index_entry_storage_type_t;

typedef struct iree_io_parameter_index_entry_t {
  iree_string_view_t key;
  uint64_t length; /* bytes */
  iree_io_parameter_index_entry_storage_type_t type;
  union {
    struct {
      uint8_t pattern_length; /* 1 to 16 bytes; `length` is a multiple of it */
      uint8_t pattern[16];
    } splat;
    struct {
      iree_io_file_handle_t* handle;
      uint64_t offset; /* bytes from the start of the file */
    } file;
  } storage;
} iree_io_parameter_index_entry_t;

/* cdef: begin */
typedef struct iree_io_parameter_index_t iree_io_parameter_index_t;

/* Empty, one reference for the caller. */
IREE_API_EXPORT iree_status_t iree_io_parameter_index_create(iree_allocator_t host_allocator,
                                                             iree_io_parameter_index_t** out_index);
IREE_API_EXPORT void iree_io_parameter_index_retain(iree_io_parameter_index_t* index);
IREE_API_EXPORT void iree_io_parameter_index_release(iree_io_parameter_index_t* index);
IREE_API_EXPORT iree_host_size_t iree_io_parameter_index_count(const iree_io_parameter_index_t* index);
/* cdef: end */

/* Copies the key, retains the file. ALREADY_EXISTS for a second parameter of that key, OUT_OF_RANGE for a range outside
 * the file, INVALID_ARGUMENT for a pattern that does not fit; each naming the key. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_io_parameter_index_add(iree_io_parameter_index_t* index, const iree_io_parameter_index_entry_t* entry);
/* Borrowed until the index changes or goes. OUT_OF_RANGE past the last one. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_io_parameter_index_get(
    const iree_io_parameter_index_t* index, iree_host_size_t i, const iree_io_parameter_index_entry_t** out_entry);
/* As get. NOT_FOUND naming the key. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_io_parameter_index_lookup(
    const iree_io_parameter_index_t* index, iree_string_view_t key, const iree_io_parameter_index_entry_t** out_entry);

#ifdef __cplusplus
}
#endif

#endif /* IREE_IO_PARAMETER_INDEX_H_ */
