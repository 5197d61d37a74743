/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of .npy files, the array format of numpy: a magic number, a dictionary in text, then the elements. */
#ifndef VMRT_TOOLING_NPY_H_
#define VMRT_TOOLING_NPY_H_

#include "iree/hal/buffer_view.h"
#include "tooling/input_file.h"

#define NPY_MAX_RANK 128

/* What a header says about the elements behind it. */
typedef struct npy_array_t {
  iree_hal_element_type_t element_type;
  iree_host_size_t rank;
  iree_hal_dim_t shape[NPY_MAX_RANK];
} npy_array_t;

/* Reads a header of format 1, 2 or 3; the file then stands at the first element. INVALID_ARGUMENT: not an .npy file or
 * a malformed header; UNIMPLEMENTED: what no tensor can hold, such as strings, big-endian numbers and Fortran order;
 * OUT_OF_RANGE: the file ends before. All name file and offset. */
iree_status_t npy_read_header(input_file_t* file, iree_allocator_t allocator, npy_array_t* out_array);

/* The longest header for NPY_MAX_RANK dimensions fits. */
typedef struct npy_header_t {
  iree_host_size_t length; /* a multiple of 64 */
  unsigned char bytes[3072];
} npy_header_t;
/* UNIMPLEMENTED for element types that numpy does not have; RESOURCE_EXHAUSTED for more dimensions. */
iree_status_t npy_format_header(iree_hal_element_type_t element_type, iree_host_size_t rank,
                                const iree_hal_dim_t* shape, npy_header_t* out_header);

#endif /* VMRT_TOOLING_NPY_H_ */
