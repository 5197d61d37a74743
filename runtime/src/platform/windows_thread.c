/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for statuses, clock, mutexes, monitors, threads and timers on Windows. */
#if defined(_WIN32)

#include <malloc.h>
#include <windows.h>

#include "base/status_storage.h"
#include "platform/platform.h"
#include "platform/windows_error.h"

/* ---- Memory for statuses ------------------------------------------------------------------------------------------- */

void* status_storage_allocate(iree_host_size_t byte_length) {
  return _aligned_malloc(byte_length, STATUS_STORAGE_ALIGNMENT);
}

void status_storage_free(void* storage) { _aligned_free(storage); }

/* ---- Clock --------------------------------------------------------------------------------------------------------- */

/* Seconds and the rest apart, so that nothing overflows. */
iree_time_t platform_time_now(void) {
  LARGE_INTEGER ticks, frequency;
  QueryPerformanceCounter(&ticks);
  QueryPerformanceFrequency(&frequency);
  return ticks.QuadPart / frequency.QuadPart * 1000000000 +
         ticks.QuadPart % frequency.QuadPart * 1000000000 / frequency.QuadPart;
}

/* Milliseconds to sleep, rounded up and at most an hour; 0 when the deadline has passed. */
static DWORD milliseconds_until(iree_time_t deadline) {
  const iree_time_t most = (iree_time_t)3600 * 1000000000;
  iree_time_t now = platform_time_now();
  if (deadline <= now) return 0;
  iree_time_t left = deadline - now;
  return (DWORD)(((left < most ? left : most) + 999999) / 1000000);
}

/* ---- Mutexes ------------------------------------------------------------------------------------------------------- */

struct platform_mutex_t {
  iree_allocator_t allocator;
  SRWLOCK lock;
};

iree_status_t platform_mutex_create(iree_allocator_t allocator, platform_mutex_t** out_mutex) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_mutex_t), &block));
  platform_mutex_t* mutex = block;
  mutex->allocator = allocator;
  InitializeSRWLock(&mutex->lock);
  *out_mutex = mutex;
  return iree_ok_status();
}

void platform_mutex_free(platform_mutex_t* mutex) {
  if (mutex) iree_allocator_free(mutex->allocator, mutex);
}

void platform_mutex_lock(platform_mutex_t* mutex) { AcquireSRWLockExclusive(&mutex->lock); }

void platform_mutex_unlock(platform_mutex_t* mutex) { ReleaseSRWLockExclusive(&mutex->lock); }

/* ---- Monitors ------------------------------------------------------------------------------------------------------ */

struct platform_monitor_t {
  iree_allocator_t allocator;
  SRWLOCK lock;
  CONDITION_VARIABLE changed;
};

iree_status_t platform_monitor_create(iree_allocator_t allocator, platform_monitor_t** out_monitor) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_monitor_t), &block));
  platform_monitor_t* monitor = block;
  monitor->allocator = allocator;
  InitializeSRWLock(&monitor->lock);
  InitializeConditionVariable(&monitor->changed);
  *out_monitor = monitor;
  return iree_ok_status();
}

void platform_monitor_free(platform_monitor_t* monitor) {
  if (monitor) iree_allocator_free(monitor->allocator, monitor);
}

void platform_monitor_lock(platform_monitor_t* monitor) { AcquireSRWLockExclusive(&monitor->lock); }

void platform_monitor_unlock(platform_monitor_t* monitor) { ReleaseSRWLockExclusive(&monitor->lock); }

void platform_monitor_wait(platform_monitor_t* monitor, iree_time_t deadline) {
  DWORD left = deadline == IREE_TIME_INFINITE_FUTURE ? INFINITE : milliseconds_until(deadline);
  SleepConditionVariableSRW(&monitor->changed, &monitor->lock, left, 0);
}

void platform_monitor_notify_one(platform_monitor_t* monitor) { WakeConditionVariable(&monitor->changed); }

void platform_monitor_notify_all(platform_monitor_t* monitor) { WakeAllConditionVariable(&monitor->changed); }

/* ---- Threads ------------------------------------------------------------------------------------------------------- */

#define THREAD_NAME_LENGTH 15

struct platform_thread_t {
  iree_allocator_t allocator;
  HANDLE handle;
  void (*fn)(void* user_data);
  void* user_data;
  WCHAR name[THREAD_NAME_LENGTH + 1];
};

/* Systems before Windows 10 have no names for threads. */
static void thread_set_name(const WCHAR* name) {
  typedef HRESULT(WINAPI * set_description_t)(HANDLE thread, PCWSTR description);
  FARPROC address = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "SetThreadDescription");
  set_description_t set_description = NULL;
  memcpy(&set_description, &address, sizeof set_description);
  if (set_description) set_description(GetCurrentThread(), name);
}

static DWORD WINAPI thread_run(LPVOID argument) {
  platform_thread_t* thread = argument;
  thread_set_name(thread->name);
  thread->fn(thread->user_data);
  return 0;
}

iree_status_t platform_thread_start(const char* name, void (*fn)(void* user_data), void* user_data,
                                    iree_allocator_t allocator, platform_thread_t** out_thread) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_thread_t), &block));
  platform_thread_t* thread = block;
  thread->allocator = allocator;
  thread->fn = fn;
  thread->user_data = user_data;
  for (int i = 0; i < THREAD_NAME_LENGTH && name[i]; ++i) thread->name[i] = (WCHAR)name[i];
  thread->handle = CreateThread(NULL, 0, thread_run, thread, 0, NULL);
  if (!thread->handle) {
    iree_status_t status = windows_error_status(GetLastError(), "cannot start thread", name);
    iree_allocator_free(allocator, thread);
    return status;
  }
  *out_thread = thread;
  return iree_ok_status();
}

void platform_thread_join(platform_thread_t* thread) {
  if (!thread) return;
  WaitForSingleObject(thread->handle, INFINITE);
  CloseHandle(thread->handle);
  iree_allocator_free(thread->allocator, thread);
}

/* ---- Timers -------------------------------------------------------------------------------------------------------- */

struct platform_timer_t {
  iree_allocator_t allocator;
  void (*fn)(void* user_data);
  void* user_data;
  iree_time_t deadline;
  HANDLE stop; /* an event */
  HANDLE thread;
};

static DWORD WINAPI timer_run(LPVOID argument) {
  platform_timer_t* timer = argument;
  for (DWORD left = milliseconds_until(timer->deadline); left > 0; left = milliseconds_until(timer->deadline)) {
    if (WaitForSingleObject(timer->stop, left) != WAIT_TIMEOUT) return 0;
  }
  timer->fn(timer->user_data);
  return 0;
}

static void timer_free(platform_timer_t* timer) {
  if (timer->thread) CloseHandle(timer->thread);
  if (timer->stop) CloseHandle(timer->stop);
  iree_allocator_free(timer->allocator, timer);
}

iree_status_t platform_timer_start(iree_time_t duration, void (*fn)(void* user_data), void* user_data,
                                   iree_allocator_t allocator, platform_timer_t** out_timer) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_timer_t), &block));
  platform_timer_t* timer = block;
  iree_time_t now = platform_time_now();
  timer->allocator = allocator;
  timer->fn = fn;
  timer->user_data = user_data;
  timer->deadline = duration > IREE_TIME_INFINITE_FUTURE - now ? IREE_TIME_INFINITE_FUTURE : now + duration;
  timer->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
  timer->thread = timer->stop ? CreateThread(NULL, 0, timer_run, timer, 0, NULL) : NULL;
  if (!timer->thread) {
    iree_status_t status = windows_error_status(GetLastError(), "cannot start", "timer");
    timer_free(timer);
    return status;
  }
  *out_timer = timer;
  return iree_ok_status();
}

void platform_timer_stop(platform_timer_t* timer) {
  if (!timer) return;
  SetEvent(timer->stop);
  WaitForSingleObject(timer->thread, INFINITE);
  timer_free(timer);
}

#else
typedef int windows_thread_is_empty_t;
#endif
