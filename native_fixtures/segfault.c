/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to address zero. */
static volatile int* volatile nowhere;
#define FAULT_NAME "segfault"
#define FAULT (*nowhere = 1)
#include "fault.h"
