/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a bytecode module and calls everything in it, within limits of time and memory. */
#ifndef VMRT_TESTS_FUZZ_RUN_H_
#define VMRT_TESTS_FUZZ_RUN_H_

#include "iree/vm/api.h"

/* Parses, verifies, prints and runs a module; nothing that it does may harm the process. */
void fuzz_run_module(iree_const_byte_span_t archive);

/* Whether the module would be loaded; much faster. */
bool fuzz_accepts_module(iree_const_byte_span_t archive);

#endif /* VMRT_TESTS_FUZZ_RUN_H_ */
