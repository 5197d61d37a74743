/* SPDX-License-Identifier: Apache-2.0 */
/* Calls exit(0). */
#define FAULT_NAME "exits"
#define FAULT exit(0)
#include "fault.h"
