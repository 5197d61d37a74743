/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of parameters: .irpa, .gguf and .safetensors files.
 *
 * Every offset, count and length of a file is checked before it is used: INVALID_ARGUMENT, OUT_OF_RANGE or
 * UNIMPLEMENTED with the file and the offset in it. An archive that fails adds nothing that an earlier one has not
 * added. */
#ifndef IREE_IO_PARAMETER_ARCHIVE_H_
#define IREE_IO_PARAMETER_ARCHIVE_H_

#include "iree/io/parameter_index.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
/* Opens the file and adds its parameters to `index`, which keeps the file. The format goes by the extension;
 * UNIMPLEMENTED for another one. */
IREE_API_EXPORT iree_status_t vmrt_io_parameters_open_archive(iree_string_view_t path, vmrt_io_file_mode_t mode,
                                                              iree_io_parameter_index_t* index,
                                                              iree_allocator_t host_allocator);
/* The same for contents that are there already, the extension being that of the handle's path. */
IREE_API_EXPORT iree_status_t iree_io_parse_file_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index);
/* One format each. */
IREE_API_EXPORT iree_status_t iree_io_parse_irpa_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index);
IREE_API_EXPORT iree_status_t iree_io_parse_gguf_index(iree_io_file_handle_t* handle, iree_io_parameter_index_t* index);
IREE_API_EXPORT iree_status_t iree_io_parse_safetensors_index(iree_io_file_handle_t* handle,
                                                              iree_io_parameter_index_t* index);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_IO_PARAMETER_ARCHIVE_H_ */
