/* SPDX-License-Identifier: Apache-2.0 */
/* Calls abort. */
#define FAULT_NAME "aborts"
#define FAULT abort()
#include "fault.h"
