/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors from text and files. */
#ifndef VMRT_TOOLING_TENSOR_INPUT_H_
#define VMRT_TOOLING_TENSOR_INPUT_H_

#include "iree/hal/buffer_view.h"
#include "tooling/input_file.h"

/* Where tensors are made and what they are read from. */
typedef struct tensor_source_t {
  iree_hal_allocator_t* device_allocator;
  iree_allocator_t host_allocator;
  input_files_t* files;
} tensor_source_t;

/* `2x2xf32=1 2 3 4`, or with raw bytes of a file: `=@FILE` from its beginning, `=+FILE` from where it was left. */
iree_status_t tensor_parse(const tensor_source_t* source, iree_string_view_t text,
                           iree_hal_buffer_view_t** out_view);
/* The array that the .npy file has next. */
iree_status_t tensor_read_npy(const tensor_source_t* source, input_file_t* file, iree_hal_buffer_view_t** out_view);

#endif /* VMRT_TOOLING_TENSOR_INPUT_H_ */
