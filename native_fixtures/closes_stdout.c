/* SPDX-License-Identifier: Apache-2.0 */
/* Closes the standard output of the process. */
#define FAULT_NAME "closes_stdout"
#define FAULT TRACE_CLOSE_(1)
#include "fault.h"
