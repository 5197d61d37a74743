/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for statuses, clock, mutexes, monitors, threads and timers on POSIX systems. */
#if !defined(_WIN32)

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/status_storage.h"
#include "platform/platform.h"

/* ---- Memory for statuses ------------------------------------------------------------------------------------------- */

void* status_storage_allocate(iree_host_size_t byte_length) {
  return aligned_alloc(STATUS_STORAGE_ALIGNMENT, byte_length);
}

void status_storage_free(void* storage) { free(storage); }

/* ---- Clock --------------------------------------------------------------------------------------------------------- */

iree_time_t platform_time_now(void) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (iree_time_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- Mutexes ------------------------------------------------------------------------------------------------------- */

struct platform_mutex_t {
  iree_allocator_t allocator;
  pthread_mutex_t handle;
};

iree_status_t platform_mutex_create(iree_allocator_t allocator, platform_mutex_t** out_mutex) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_mutex_t), &block));
  platform_mutex_t* mutex = block;
  mutex->allocator = allocator;
  int error = pthread_mutex_init(&mutex->handle, NULL);
  if (error) {
    iree_allocator_free(allocator, mutex);
    return iree_make_status(iree_status_code_from_errno(error), "cannot make a mutex: %s", strerror(error));
  }
  *out_mutex = mutex;
  return iree_ok_status();
}

void platform_mutex_free(platform_mutex_t* mutex) {
  if (!mutex) return;
  pthread_mutex_destroy(&mutex->handle);
  iree_allocator_free(mutex->allocator, mutex);
}

void platform_mutex_lock(platform_mutex_t* mutex) { pthread_mutex_lock(&mutex->handle); }

void platform_mutex_unlock(platform_mutex_t* mutex) { pthread_mutex_unlock(&mutex->handle); }

/* ---- Monitors ------------------------------------------------------------------------------------------------------ */

struct platform_monitor_t {
  iree_allocator_t allocator;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
};

/* Deadlines are times of the monotonic clock. macOS cannot wait by it and gets durations instead. */
static int condition_init(pthread_cond_t* condition) {
#if defined(__APPLE__)
  return pthread_cond_init(condition, NULL);
#else
  pthread_condattr_t attributes;
  int error = pthread_condattr_init(&attributes);
  if (error) return error;
  error = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  if (!error) error = pthread_cond_init(condition, &attributes);
  pthread_condattr_destroy(&attributes);
  return error;
#endif
}

static struct timespec nanoseconds_to_timespec(iree_time_t nanoseconds) {
  struct timespec result = {(time_t)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)};
  return result;
}

static void condition_wait_until(pthread_cond_t* condition, pthread_mutex_t* mutex, iree_time_t deadline) {
#if defined(__APPLE__)
  iree_time_t now = platform_time_now();
  struct timespec duration = nanoseconds_to_timespec(deadline > now ? deadline - now : 0);
  pthread_cond_timedwait_relative_np(condition, mutex, &duration);
#else
  struct timespec end = nanoseconds_to_timespec(deadline > 0 ? deadline : 0);
  pthread_cond_timedwait(condition, mutex, &end);
#endif
}

static int monitor_init(platform_monitor_t* monitor) {
  int error = pthread_mutex_init(&monitor->mutex, NULL);
  if (error) return error;
  error = condition_init(&monitor->changed);
  if (error) pthread_mutex_destroy(&monitor->mutex);
  return error;
}

iree_status_t platform_monitor_create(iree_allocator_t allocator, platform_monitor_t** out_monitor) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_monitor_t), &block));
  platform_monitor_t* monitor = block;
  monitor->allocator = allocator;
  int error = monitor_init(monitor);
  if (error) {
    iree_allocator_free(allocator, monitor);
    return iree_make_status(iree_status_code_from_errno(error), "cannot make a monitor: %s", strerror(error));
  }
  *out_monitor = monitor;
  return iree_ok_status();
}

void platform_monitor_free(platform_monitor_t* monitor) {
  if (!monitor) return;
  pthread_cond_destroy(&monitor->changed);
  pthread_mutex_destroy(&monitor->mutex);
  iree_allocator_free(monitor->allocator, monitor);
}

void platform_monitor_lock(platform_monitor_t* monitor) { pthread_mutex_lock(&monitor->mutex); }

void platform_monitor_unlock(platform_monitor_t* monitor) { pthread_mutex_unlock(&monitor->mutex); }

void platform_monitor_wait(platform_monitor_t* monitor, iree_time_t deadline) {
  if (deadline == IREE_TIME_INFINITE_FUTURE) {
    pthread_cond_wait(&monitor->changed, &monitor->mutex);
  } else {
    condition_wait_until(&monitor->changed, &monitor->mutex, deadline);
  }
}

void platform_monitor_notify_one(platform_monitor_t* monitor) { pthread_cond_signal(&monitor->changed); }

void platform_monitor_notify_all(platform_monitor_t* monitor) { pthread_cond_broadcast(&monitor->changed); }

/* ---- Threads ------------------------------------------------------------------------------------------------------- */

#define THREAD_NAME_LENGTH 15

struct platform_thread_t {
  iree_allocator_t allocator;
  pthread_t handle;
  void (*fn)(void* user_data);
  void* user_data;
  char name[THREAD_NAME_LENGTH + 1];
};

static void* thread_run(void* argument) {
  platform_thread_t* thread = argument;
#if defined(__APPLE__)
  pthread_setname_np(thread->name);
#elif defined(__linux__)
  pthread_setname_np(pthread_self(), thread->name);
#endif
  thread->fn(thread->user_data);
  return NULL;
}

iree_status_t platform_thread_start(const char* name, void (*fn)(void* user_data), void* user_data,
                                    iree_allocator_t allocator, platform_thread_t** out_thread) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(platform_thread_t), &block));
  platform_thread_t* thread = block;
  thread->allocator = allocator;
  thread->fn = fn;
  thread->user_data = user_data;
  memcpy(thread->name, name, strnlen(name, THREAD_NAME_LENGTH));
  int error = pthread_create(&thread->handle, NULL, thread_run, thread);
  if (error) {
    iree_status_t status = iree_make_status(iree_status_code_from_errno(error), "cannot start thread '%s': %s",
                                            thread->name, strerror(error));
    iree_allocator_free(allocator, thread);
    return status;
  }
  *out_thread = thread;
  return iree_ok_status();
}

void platform_thread_join(platform_thread_t* thread) {
  if (!thread) return;
  pthread_join(thread->handle, NULL);
  iree_allocator_free(thread->allocator, thread);
}

/* ---- Timers -------------------------------------------------------------------------------------------------------- */

/* The thread sleeps in poll on a pipe: a byte wakes it up at once. */
struct platform_timer_t {
  iree_allocator_t allocator;
  void (*fn)(void* user_data);
  void* user_data;
  iree_time_t deadline;
  int pipe[2];
  pthread_t thread;
};

/* Milliseconds to sleep, rounded up; 0 when the deadline has passed. */
static int timer_milliseconds_left(const platform_timer_t* timer) {
  const iree_time_t most = (iree_time_t)3600 * 1000000000;
  iree_time_t now = platform_time_now();
  if (timer->deadline <= now) return 0;
  iree_time_t left = timer->deadline - now;
  return (int)(((left < most ? left : most) + 999999) / 1000000);
}

static void* timer_run(void* argument) {
  platform_timer_t* timer = argument;
  struct pollfd stop = {timer->pipe[0], POLLIN, 0};
  for (int left = timer_milliseconds_left(timer); left > 0; left = timer_milliseconds_left(timer)) {
    int ready = poll(&stop, 1, left);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return NULL;
  }
  timer->fn(timer->user_data);
  return NULL;
}

/* Away from the numbers of the standard streams: where one of them is closed, a pipe must not be taken for it. */
static int timer_open_pipe(int* ends) {
  int low[2];
  if (pipe(low)) return errno;
  ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int error = ends[0] < 0 || ends[1] < 0 ? errno : 0;
  close(low[0]);
  close(low[1]);
  if (error && ends[0] >= 0) close(ends[0]);
  if (error && ends[1] >= 0) close(ends[1]);
  return error;
}

static int timer_start_thread(platform_timer_t* timer) {
  int error = timer_open_pipe(timer->pipe);
  if (error) return error;
  error = pthread_create(&timer->thread, NULL, timer_run, timer);
  if (error) {
    close(timer->pipe[0]);
    close(timer->pipe[1]);
  }
  return error;
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
  int error = timer_start_thread(timer);
  if (error) {
    iree_allocator_free(allocator, timer);
    return iree_make_status(iree_status_code_from_errno(error), "cannot start a timer: %s", strerror(error));
  }
  *out_timer = timer;
  return iree_ok_status();
}

void platform_timer_stop(platform_timer_t* timer) {
  if (!timer) return;
  while (write(timer->pipe[1], "", 1) < 0 && errno == EINTR) {
  }
  pthread_join(timer->thread, NULL);
  close(timer->pipe[1]);
  close(timer->pipe[0]);
  iree_allocator_free(timer->allocator, timer);
}

#else
typedef int posix_thread_is_empty_t;
#endif
