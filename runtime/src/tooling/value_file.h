/* SPDX-License-Identifier: Apache-2.0 */
/* Values written to files: raw bytes, or arrays in the .npy format of numpy when the name says so. */
#ifndef VMRT_TOOLING_VALUE_FILE_H_
#define VMRT_TOOLING_VALUE_FILE_H_

#include "iree/vm/api.h"

/* Creates or truncates the file, or appends to it. A number becomes its little-endian bytes or an array of rank 0, a
 * tensor its contents or an array, a buffer its bytes or an array of int8, null nothing or an empty array of int8.
 * INVALID_ARGUMENT for lists and other references, UNIMPLEMENTED for elements that numpy does not have: the file is
 * then not touched. */
iree_status_t value_file_write(iree_vm_variant_t value, iree_string_view_t path, bool append,
                               iree_allocator_t allocator);

#endif /* VMRT_TOOLING_VALUE_FILE_H_ */
