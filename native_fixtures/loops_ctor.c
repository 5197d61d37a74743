/* SPDX-License-Identifier: Apache-2.0 */
/* Never comes back in the constructor of its library; it sleeps in its loop, to spare the machine. */
#define FAULT_IN_CONSTRUCTOR
#define FAULT_NAME "loops"
#define FAULT for (;;) TRACE_SLEEP_()
#include "fault.h"
