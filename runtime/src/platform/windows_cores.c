/* SPDX-License-Identifier: Apache-2.0 */
/* Counting physical cores on Windows. */
#if defined(_WIN32)

#include <windows.h>

#include "platform/platform.h"

#define MAX_PROCESSOR_RECORDS 256

static uint32_t bits_set(DWORD_PTR mask) {
  uint32_t count = 0;
  for (; mask; mask &= mask - 1) ++count;
  return count ? count : 1;
}

/* Processors of the group that the process belongs to: at most 64. */
uint32_t platform_core_count(void) {
  SYSTEM_LOGICAL_PROCESSOR_INFORMATION records[MAX_PROCESSOR_RECORDS];
  DWORD_PTR allowed = 1, all = 1;
  DWORD length = sizeof records;
  GetProcessAffinityMask(GetCurrentProcess(), &allowed, &all);
  if (!GetLogicalProcessorInformation(records, &length)) return bits_set(allowed);
  uint32_t count = 0;
  for (DWORD i = 0; i < length / sizeof records[0]; ++i) {
    count += records[i].Relationship == RelationProcessorCore && (records[i].ProcessorMask & allowed) != 0;
  }
  return count ? count : 1;
}

#else
typedef int windows_cores_is_empty_t;
#endif
