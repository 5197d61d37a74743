/* SPDX-License-Identifier: Apache-2.0 */
/* Never comes back; it sleeps in its loop, to spare the machine. */
#define FAULT_NAME "loops"
#define FAULT for (;;) TRACE_SLEEP_()
#include "fault.h"
