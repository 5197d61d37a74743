/* SPDX-License-Identifier: Apache-2.0 */
/* The flags that say what happens with results. */
#ifndef VMRT_TOOLING_OUTPUT_FLAGS_H_
#define VMRT_TOOLING_OUTPUT_FLAGS_H_

#include "iree/base/tooling/flags.h"
#include "tooling/function_io.h"

extern const vmrt_flag_set_t tooling_output_flags;

/* INVALID_ARGUMENT for values that mean nothing. */
iree_status_t output_flags_check(void);
/* `--output_max_element_count=`; negative is no limit. */
iree_host_size_t output_flags_max_element_count(void);
/* Compares results when expectations were given, else writes them where `--output=` says, else prints them. */
iree_status_t output_flags_process(const function_io_t* io, const iree_vm_list_t* results, iree_string_view_t cconv,
                                   bool* out_matched);

#endif /* VMRT_TOOLING_OUTPUT_FLAGS_H_ */
