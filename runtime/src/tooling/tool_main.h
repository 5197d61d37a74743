/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs have in common: flags, help, the text and the exit code of a failure. */
#ifndef VMRT_TOOLING_TOOL_MAIN_H_
#define VMRT_TOOLING_TOOL_MAIN_H_

#include "iree/base/tooling/flags.h"

typedef struct tool_t {
  const char* name;
  const char* usage;   /* what stands behind the name in the help */
  const char* version; /* of the project */
  iree_host_size_t flag_set_count; /* at most 4 */
  const vmrt_flag_set_t* const* flag_sets;
  int (*run)(const char* program); /* everything after the flags; the exit code. `program` is argv[0]. */
} tool_t;

/* Parses the flags that all tools share and the tool's own, answers `--help`, `--version` and the listings of devices,
 * or runs the tool. */
int tool_main(const tool_t* tool, int argc, char** argv);

/* Prints `status` to stderr unless it is OK, frees it, and gives the exit code that it stands for. */
int tool_finish(iree_status_t status);
/* Prints `status` and a line end; keeps it. */
void tool_print_status(iree_status_t status, FILE* file);

#endif /* VMRT_TOOLING_TOOL_MAIN_H_ */
