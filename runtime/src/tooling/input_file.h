/* SPDX-License-Identifier: Apache-2.0 */
/* Files that several arguments are read from, one behind the other. */
#ifndef VMRT_TOOLING_INPUT_FILE_H_
#define VMRT_TOOLING_INPUT_FILE_H_

#include "iree/base/api.h"

/* An open file and how far it was read. */
typedef struct input_file_t input_file_t;

/* The files of one list of arguments, known by the exact text of their paths. */
typedef struct input_files_t {
  iree_allocator_t allocator;
  input_file_t* first;
} input_files_t;

void input_files_initialize(iree_allocator_t allocator, input_files_t* out_files);
/* Closes all of them. */
void input_files_deinitialize(input_files_t* files);

/* Opens the file, or finds it where it was left; `rewind`: at its beginning. Borrowed. What errno says, naming the
 * path. */
iree_status_t input_files_open(input_files_t* files, iree_string_view_t path, bool rewind, input_file_t** out_file);
/* The next bytes, all of them; OUT_OF_RANGE naming path and offset when the file ends before. */
iree_status_t input_file_read(input_file_t* file, iree_byte_span_t target);
bool input_file_is_at_end(input_file_t* file);
/* For messages. */
const char* input_file_path(const input_file_t* file);
uint64_t input_file_offset(const input_file_t* file);

#endif /* VMRT_TOOLING_INPUT_FILE_H_ */
