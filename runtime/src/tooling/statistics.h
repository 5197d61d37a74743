/* SPDX-License-Identifier: Apache-2.0 */
/* What a run allocated and what it left behind, for people. */
#ifndef VMRT_TOOLING_STATISTICS_H_
#define VMRT_TOOLING_STATISTICS_H_

#include <stdio.h>

#include "vmrt/probe.h"

/* A line for each owner of memory, one for all, and one with the objects that still exist. */
void statistics_print(vmrt_probe_t* probe, FILE* file);

#endif /* VMRT_TOOLING_STATISTICS_H_ */
