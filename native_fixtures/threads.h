/* SPDX-License-Identifier: Apache-2.0 */
/* How many threads the process has: workers and helpers of devices are seen to come and go without any help of the runtime. */
#ifndef THREADS_H_
#define THREADS_H_

#if defined(__linux__)
#include <dirent.h>

/* Counted in the system's list; 0 where that cannot be read. */
static inline long threads_now(void) {
  DIR* tasks = opendir("/proc/self/task");
  if (!tasks) return 0;
  long count = 0;
  for (struct dirent* entry = readdir(tasks); entry; entry = readdir(tasks)) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}
#else
/* 0: this system is not asked. */
static inline long threads_now(void) { return 0; }
#endif

#endif /* THREADS_H_ */
