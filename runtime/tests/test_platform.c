/* SPDX-License-Identifier: Apache-2.0 */
/* Files, libraries, clock, mutexes, monitors, threads and timers of the system that the test runs on. */
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "platform/platform.h"
#include "platform/read_stream.h"
#include "vmrt/probe.h"

#if defined(__APPLE__)
#define MATH_LIBRARY "/usr/lib/libm.dylib"
#else
#define MATH_LIBRARY "libm.so.6"
#endif

static char folder[64];
static char path_text[256];

static const char* in_folder(const char* name) {
  snprintf(path_text, sizeof path_text, "%s/%s", folder, name);
  return path_text;
}

static const char* write_file(const char* name, const void* data, size_t length) {
  FILE* file = fopen(in_folder(name), "wb");
  CHECK(file != NULL);
  if (length) CHECK(fwrite(data, 1, length, file) == length);
  fclose(file);
  return path_text;
}

static iree_status_t read_path(const char* path, iree_byte_span_t* out) {
  return platform_read_file(iree_make_cstring_view(path), iree_allocator_system(), out);
}

static void free_contents(iree_byte_span_t contents) { iree_allocator_free_aligned(iree_allocator_system(), contents.data); }

/* ---- Reading ------------------------------------------------------------------------------------------------------- */

static void test_read_file(void) {
  iree_byte_span_t contents = iree_byte_span_empty();
  char* data = malloc(200000);
  for (int i = 0; i < 200000; ++i) data[i] = (char)i;
  CHECK_OK(read_path(write_file("data", data, 200000), &contents));
  CHECK(contents.data_length == 200000 && memcmp(contents.data, data, 200000) == 0);
  CHECK(((uintptr_t)contents.data & 63) == 0);
  free_contents(contents);
  CHECK_OK(read_path(write_file("empty", "", 0), &contents));
  CHECK(contents.data_length == 0 && contents.data == NULL);
  free(data);
}

static bool message_has(iree_status_t status, const char* text) {
  char buffer[8192];
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof buffer, buffer, &length);
  bool found = strstr(buffer, text) != NULL;
  if (!found) fprintf(stderr, "no `%s` in `%s`\n", text, buffer);
  return found;
}

static void check_refused(const char* path, size_t length, iree_status_code_t code, const char* text) {
  iree_byte_span_t contents = iree_byte_span_empty();
  platform_mapping_t mapping = {iree_const_byte_span_empty()};
  iree_string_view_t view = iree_make_string_view(path, length);
  iree_status_t status = platform_read_file(view, iree_allocator_system(), &contents);
  CHECK(message_has(status, text));
  CHECK_STATUS(code, status);
  CHECK_STATUS(code, platform_map_file(view, &mapping));
  CHECK(contents.data == NULL && mapping.contents.data == NULL);
}

static void test_unreadable_paths(void) {
  char long_path[PLATFORM_MAX_PATH + 2];
  memset(long_path, 'a', sizeof long_path);
  in_folder("absent");
  check_refused(path_text, strlen(path_text), IREE_STATUS_NOT_FOUND, "absent");
  check_refused(folder, strlen(folder), IREE_STATUS_FAILED_PRECONDITION, folder);
  check_refused(long_path, sizeof long_path, IREE_STATUS_INVALID_ARGUMENT, "4097 bytes");
  check_refused("", 0, IREE_STATUS_INVALID_ARGUMENT, "empty");
  check_refused("a\0b", 3, IREE_STATUS_INVALID_ARGUMENT, "NUL");
}

static void* feed_fifo(void* path) {
  FILE* file = fopen(path, "wb");
  for (int i = 0; file && i < 100000; ++i) fprintf(file, "%08d", i);
  if (file) fclose(file);
  return NULL;
}

static void test_read_fifo(void) {
  iree_byte_span_t contents = iree_byte_span_empty();
  pthread_t thread;
  CHECK(mkfifo(in_folder("fifo"), 0600) == 0);
  CHECK(platform_file_kind(iree_make_cstring_view(path_text)) == PLATFORM_FILE_OTHER);
  CHECK(pthread_create(&thread, NULL, feed_fifo, path_text) == 0);
  CHECK_OK(read_path(path_text, &contents));
  pthread_join(thread, NULL);
  CHECK(contents.data_length == 800000 && memcmp(contents.data + 799992, "00099999", 8) == 0);
  free_contents(contents);
}

/* An allocator that has little to give, to see that reading does not ask for more than came. */
static iree_status_t small_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  if (params && *(const iree_host_size_t*)params > (1 << 20)) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "no more than a megabyte");
  }
  return iree_allocator_libc_ctl(self, command, params, inout_ptr);
}

static void test_read_endless_device(void) {
  iree_byte_span_t contents = iree_byte_span_empty();
  iree_allocator_t small = {NULL, small_ctl};
  iree_status_t status = platform_read_file(IREE_SV("/dev/zero"), small, &contents);
  CHECK(message_has(status, "reading '/dev/zero'"));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
  CHECK(contents.data == NULL);
}

/* Serves `*source` bytes, at most 10 at a time. */
static iree_status_t fake_read(void* source, uint8_t* buffer, iree_host_size_t capacity, iree_host_size_t* out_length) {
  iree_host_size_t* left = source;
  iree_host_size_t count = *left < 10 ? *left : 10;
  if (count > capacity) count = capacity;
  memset(buffer, 'z', count);
  *left -= count;
  *out_length = count;
  return iree_ok_status();
}

static void test_read_stream_limits(void) {
  for (iree_host_size_t length = 0; length <= 130; ++length) {
    for (iree_host_size_t expected = 0; expected <= 110; expected += 5) {
      iree_byte_span_t contents = iree_byte_span_empty();
      iree_host_size_t left = length;
      iree_status_t status = read_stream(fake_read, &left, expected, 100, iree_allocator_system(), &contents);
      bool fits = length <= 100 && expected <= 100;
      CHECK_STATUS(fits ? IREE_STATUS_OK : IREE_STATUS_RESOURCE_EXHAUSTED, status);
      CHECK(contents.data_length == (fits ? length : 0));
      free_contents(contents);
    }
  }
}

/* Standard input is swapped for the test and put back. */
static iree_status_t read_stdin_from(const char* path, iree_byte_span_t* out) {
  int saved = dup(STDIN_FILENO);
  close(STDIN_FILENO);
  if (path) CHECK(open(path, O_RDONLY) == STDIN_FILENO);
  iree_status_t status = platform_read_stdin(iree_allocator_system(), out);
  if (saved >= 0) dup2(saved, STDIN_FILENO);
  if (saved >= 0) close(saved);
  return status;
}

static void test_read_stdin(void) {
  iree_byte_span_t contents = iree_byte_span_empty();
  CHECK_OK(read_stdin_from(write_file("input", "hello", 5), &contents));
  CHECK(contents.data_length == 5 && memcmp(contents.data, "hello", 5) == 0);
  free_contents(contents);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, read_stdin_from(NULL, &contents));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, read_stdin_from(folder, &contents));
  CHECK_OK(read_stdin_from("/dev/null", &contents));
  CHECK(contents.data_length == 0);
}

/* ---- Mapping and kinds --------------------------------------------------------------------------------------------- */

static void test_map_file(void) {
  platform_mapping_t mapping = {iree_const_byte_span_empty()};
  CHECK_OK(platform_map_file(iree_make_cstring_view(write_file("mapped", "content", 7)), &mapping));
  CHECK(mapping.contents.data_length == 7 && memcmp(mapping.contents.data, "content", 7) == 0);
  platform_unmap_file(&mapping);
  CHECK(mapping.contents.data == NULL);
  platform_unmap_file(&mapping);
  CHECK_OK(platform_map_file(iree_make_cstring_view(write_file("empty2", "", 0)), &mapping));
  CHECK(mapping.contents.data_length == 0);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, platform_map_file(IREE_SV("/dev/zero"), &mapping));
}

static void check_kind(platform_file_kind_t expected, const void* data, size_t length) {
  CHECK(platform_file_kind(iree_make_cstring_view(write_file("kind", data, length))) == expected);
}

static void test_file_kind(void) {
  check_kind(PLATFORM_FILE_LIBRARY, "\x7f" "ELF\2", 5);
  check_kind(PLATFORM_FILE_LIBRARY, "MZ\x90", 3);
  check_kind(PLATFORM_FILE_LIBRARY, "\xcf\xfa\xed\xfe", 4);
  check_kind(PLATFORM_FILE_LIBRARY, "\xca\xfe\xba\xbe", 4);
  check_kind(PLATFORM_FILE_OTHER, "\x7f" "EL", 3);
  check_kind(PLATFORM_FILE_OTHER, "", 0);
  check_kind(PLATFORM_FILE_OTHER, "PK\3\4", 4);
  CHECK(platform_file_kind(iree_make_cstring_view(in_folder("absent"))) == PLATFORM_FILE_UNREADABLE);
  CHECK(platform_file_kind(iree_make_cstring_view(folder)) == PLATFORM_FILE_OTHER);
}

/* ---- Libraries ----------------------------------------------------------------------------------------------------- */

static void test_library(void) {
  platform_library_t* library = NULL;
  void* address = NULL;
  int64_t live = vmrt_live_objects(VMRT_OBJECT_LIBRARY);
  CHECK_OK(platform_library_open(IREE_SV(MATH_LIBRARY), iree_allocator_system(), &library));
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIBRARY) == live + 1);
  CHECK_OK(platform_library_symbol(library, "cos", &address));
  CHECK(address != NULL);
  iree_status_t status = platform_library_symbol(library, "no_such_symbol", &address);
  CHECK(message_has(status, "no_such_symbol") && message_has(status, MATH_LIBRARY));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, status);
  platform_library_close(library);
  CHECK(vmrt_live_objects(VMRT_OBJECT_LIBRARY) == live);
}

static void test_library_refusals(void) {
  platform_library_t* library = NULL;
  iree_status_t status =
      platform_library_open(iree_make_cstring_view(in_folder("absent.so")), iree_allocator_system(), &library);
  CHECK(message_has(status, "absent.so"));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, status);
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, platform_library_open(iree_make_cstring_view(write_file("text.so", "no", 2)),
                                                            iree_allocator_system(), &library));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, platform_library_open(iree_string_view_empty(), iree_allocator_system(), &library));
  CHECK(library == NULL);
}

/* ---- Time and threads ---------------------------------------------------------------------------------------------- */

static void test_clock(void) {
  iree_time_t before = iree_time_now();
  iree_time_t after = iree_time_now();
  CHECK(before > 0 && after >= before);
}

typedef struct counter_t {
  platform_mutex_t* mutex;
  int64_t value;
} counter_t;

static void* count_up(void* argument) {
  counter_t* counter = argument;
  for (int i = 0; i < 10000; ++i) {
    platform_mutex_lock(counter->mutex);
    ++counter->value;
    platform_mutex_unlock(counter->mutex);
  }
  return NULL;
}

static void test_mutex(void) {
  counter_t counter = {NULL, 0};
  pthread_t threads[3];
  CHECK_OK(platform_mutex_create(iree_allocator_system(), &counter.mutex));
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, count_up, &counter) == 0);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
  CHECK(counter.value == 30000);
  platform_mutex_free(counter.mutex);
  platform_mutex_free(NULL);
}

typedef struct exchange_t {
  platform_monitor_t* monitor;
  int64_t turns; /* even: the test's turn */
  char name[16];
} exchange_t;

static void answer_turns(void* argument) {
  exchange_t* exchange = argument;
  pthread_getname_np(pthread_self(), exchange->name, sizeof exchange->name);
  platform_monitor_lock(exchange->monitor);
  while (exchange->turns < 200) {
    while (exchange->turns % 2 == 0 && exchange->turns < 200) {
      platform_monitor_wait(exchange->monitor, IREE_TIME_INFINITE_FUTURE);
    }
    ++exchange->turns;
    platform_monitor_notify_one(exchange->monitor);
  }
  platform_monitor_unlock(exchange->monitor);
}

static void test_monitor_and_thread(void) {
  exchange_t exchange = {0};
  platform_thread_t* thread = NULL;
  CHECK_OK(platform_monitor_create(iree_allocator_system(), &exchange.monitor));
  CHECK_OK(platform_thread_start("iree-worker-62 and more", answer_turns, &exchange, iree_allocator_system(), &thread));
  platform_monitor_lock(exchange.monitor);
  for (int i = 0; i < 100; ++i) {
    ++exchange.turns;
    platform_monitor_notify_all(exchange.monitor);
    while (exchange.turns % 2 == 1) platform_monitor_wait(exchange.monitor, IREE_TIME_INFINITE_FUTURE);
  }
  platform_monitor_unlock(exchange.monitor);
  platform_thread_join(thread);
  platform_thread_join(NULL);
  CHECK(exchange.turns == 200);
  CHECK(strcmp(exchange.name, "iree-worker-62 ") == 0);
  platform_monitor_free(exchange.monitor);
  platform_monitor_free(NULL);
}

static void test_monitor_deadline(void) {
  platform_monitor_t* monitor = NULL;
  CHECK_OK(platform_monitor_create(iree_allocator_system(), &monitor));
  platform_monitor_lock(monitor);
  iree_time_t deadline = platform_time_now() + 2000000;
  while (platform_time_now() < deadline) platform_monitor_wait(monitor, deadline); /* nobody notifies */
  platform_monitor_wait(monitor, 0);                                              /* passed long ago */
  platform_monitor_wait(monitor, IREE_TIME_INFINITE_PAST);
  platform_monitor_unlock(monitor);
  platform_monitor_free(monitor);
}

static void test_thread_memory(void) {
  vmrt_probe_t* probe = NULL;
  platform_monitor_t* monitor = NULL;
  platform_thread_t* thread = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t allocator = vmrt_probe_allocator(probe, IREE_SV("test"));
  vmrt_probe_fail_at(probe, 0, true);
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, platform_monitor_create(allocator, &monitor));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, platform_thread_start("none", answer_turns, NULL, allocator, &thread));
  CHECK(!monitor && !thread && vmrt_probe_statistics(probe).live_blocks == 0);
  vmrt_probe_release(probe);
}

/* No more than the processors that this process may use. */
static void test_core_count(void) {
  uint32_t count = platform_core_count();
  CHECK(count >= 1 && (long)count <= sysconf(_SC_NPROCESSORS_ONLN));
}

static void write_byte(void* pipe_end) { CHECK(write(*(int*)pipe_end, "x", 1) == 1); }

static void test_timer(void) {
  platform_timer_t* timer = NULL;
  int ends[2];
  char byte = 0;
  CHECK(pipe(ends) == 0);
  CHECK_OK(platform_timer_start(1000000, write_byte, &ends[1], iree_allocator_system(), &timer));
  CHECK(read(ends[0], &byte, 1) == 1 && byte == 'x'); /* waits until the timer has fired */
  platform_timer_stop(timer);
  CHECK_OK(platform_timer_start(IREE_TIME_INFINITE_FUTURE, write_byte, &ends[1], iree_allocator_system(), &timer));
  platform_timer_stop(timer); /* at once, without firing */
  close(ends[1]);
  CHECK(read(ends[0], &byte, 1) == 0);
  close(ends[0]);
}

static void* use_probe(void* probe) {
  iree_allocator_t allocator = vmrt_probe_allocator(probe, IREE_SV("thread"));
  for (int i = 0; i < 2000; ++i) {
    void* block = NULL;
    CHECK_OK(iree_allocator_malloc(allocator, 16, &block));
    CHECK_OK(iree_allocator_realloc(allocator, 64, &block));
    iree_allocator_free(allocator, block);
  }
  return NULL;
}

static void test_probe_in_threads(void) {
  vmrt_probe_t* probe = NULL;
  pthread_t threads[3];
  CHECK_OK(vmrt_probe_create(&probe));
  for (int i = 0; i < 3; ++i) CHECK(pthread_create(&threads[i], NULL, use_probe, probe) == 0);
  for (int i = 0; i < 3; ++i) pthread_join(threads[i], NULL);
  CHECK(vmrt_probe_statistics(probe).live_blocks == 0 && vmrt_probe_statistics(probe).requests == 12000);
  vmrt_probe_release(probe);
}

static void remove_files(void) {
  static const char* const names[] = {"data", "empty", "fifo", "input", "mapped", "empty2", "kind", "text.so"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) remove(in_folder(names[i]));
  rmdir(folder);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"read_file", test_read_file},
      {"unreadable_paths", test_unreadable_paths},
      {"read_fifo", test_read_fifo},
      {"read_endless_device", test_read_endless_device},
      {"read_stream_limits", test_read_stream_limits},
      {"read_stdin", test_read_stdin},
      {"map_file", test_map_file},
      {"file_kind", test_file_kind},
      {"library", test_library},
      {"library_refusals", test_library_refusals},
      {"clock", test_clock},
      {"mutex", test_mutex},
      {"monitor_and_thread", test_monitor_and_thread},
      {"monitor_deadline", test_monitor_deadline},
      {"thread_memory", test_thread_memory},
      {"core_count", test_core_count},
      {"timer", test_timer},
      {"probe_in_threads", test_probe_in_threads},
  };
  strcpy(folder, "vmrt_platform_XXXXXX");
  if (!mkdtemp(folder)) return EXIT_FAILURE;
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  remove_files();
  return result;
}
