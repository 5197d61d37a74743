/* SPDX-License-Identifier: Apache-2.0 */
/* Counting physical cores on POSIX systems. */
#if !defined(_WIN32)

#include <stdio.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/sysctl.h>
#elif defined(__linux__)
#include <sched.h>
#endif

#include "platform/platform.h"

static uint32_t online_processor_count(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (uint32_t)count : 1;
}

#if defined(__APPLE__)

uint32_t platform_core_count(void) {
  int count = 0;
  size_t size = sizeof count;
  if (sysctlbyname("hw.physicalcpu", &count, &size, NULL, 0) == 0 && count > 0) return (uint32_t)count;
  return online_processor_count();
}

#elif defined(__linux__)

/* The lowest processor of the core that `cpu` belongs to; the list that the system gives is in ascending order. */
static int first_thread_of_core(int cpu) {
  char path[96];
  int first = cpu;
  snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
  FILE* file = fopen(path, "r");
  if (!file) return cpu;
  if (fscanf(file, "%d", &first) != 1 || first < 0 || first >= CPU_SETSIZE) first = cpu;
  fclose(file);
  return first;
}

uint32_t platform_core_count(void) {
  cpu_set_t allowed, cores;
  if (sched_getaffinity(0, sizeof allowed, &allowed)) return online_processor_count();
  CPU_ZERO(&cores);
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(first_thread_of_core(cpu), &cores);
  }
  int count = CPU_COUNT(&cores);
  return count > 0 ? (uint32_t)count : 1;
}

#else

uint32_t platform_core_count(void) { return online_processor_count(); }

#endif

#else
typedef int posix_cores_is_empty_t;
#endif
