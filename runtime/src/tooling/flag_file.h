/* SPDX-License-Identifier: Apache-2.0 */
/* Flag files, and the one step of the parser that they share with command lines. */
#ifndef VMRT_TOOLING_FLAG_FILE_H_
#define VMRT_TOOLING_FLAG_FILE_H_

#include "iree/base/tooling/flags.h"

#define FLAG_FILE_MAX_DEPTH 16

/* Parses the flags of a file, which `depth` other files led to. The file stays in memory until flag_files_free. */
iree_status_t flag_file_parse(vmrt_flag_parser_t* parser, iree_string_view_t path, int depth);
void flag_files_free(vmrt_flag_parser_t* parser);

/* Parses `argument`, trimmed and beginning with `--`. In flags.c. */
iree_status_t flags_parse_one(vmrt_flag_parser_t* parser, iree_string_view_t argument, int depth);

#endif /* VMRT_TOOLING_FLAG_FILE_H_ */
