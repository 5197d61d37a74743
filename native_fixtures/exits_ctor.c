/* SPDX-License-Identifier: Apache-2.0 */
/* Calls exit(0) in the constructor of its library. */
#define FAULT_IN_CONSTRUCTOR
#define FAULT_NAME "exits"
#define FAULT exit(0)
#include "fault.h"
