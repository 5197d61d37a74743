/* SPDX-License-Identifier: Apache-2.0 */
/* All that the runtime asks of an operating system. One .c file per system implements it; nothing above has OS #ifdefs. */
#ifndef VMRT_PLATFORM_PLATFORM_H_
#define VMRT_PLATFORM_PLATFORM_H_

#include "iree/base/api.h"

/* ---- Files --------------------------------------------------------------------------------------------------------- */

/* Longest path in bytes; a longer one is INVALID_ARGUMENT, never cut. */
#define PLATFORM_MAX_PATH 4095

/* The whole file in one block aligned to 64 bytes, freed with iree_allocator_free_aligned. NOT_FOUND, PERMISSION_DENIED or
 * what errno says, naming the path; a directory, a file that never ends and one larger than memory are errors too. Pipes and
 * devices are read to their end. An empty file gives an empty span. */
iree_status_t platform_read_file(iree_string_view_t path, iree_allocator_t allocator, iree_byte_span_t* out_contents);

/* A file mapped read-only and private. */
typedef struct platform_mapping_t {
  iree_const_byte_span_t contents;
} platform_mapping_t;
iree_status_t platform_map_file(iree_string_view_t path, platform_mapping_t* out_mapping);
void platform_unmap_file(platform_mapping_t* mapping);

/* Standard input to its end, as platform_read_file; FAILED_PRECONDITION when it is closed or a terminal. */
iree_status_t platform_read_stdin(iree_allocator_t allocator, iree_byte_span_t* out_contents);

typedef enum platform_file_kind_e {
  PLATFORM_FILE_UNREADABLE, /* cannot be opened or read */
  PLATFORM_FILE_LIBRARY,    /* begins as ELF, Mach-O or PE files do */
  PLATFORM_FILE_OTHER
} platform_file_kind_t;
/* Looks at the first bytes of a regular file only; anything else is OTHER. */
platform_file_kind_t platform_file_kind(iree_string_view_t path);

/* ---- Shared libraries ---------------------------------------------------------------------------------------------- */

typedef struct platform_library_t platform_library_t;
/* Lazy binding, local scope; a path without separator uses the system's search. NOT_FOUND with the loader's own text. */
iree_status_t platform_library_open(iree_string_view_t path, iree_allocator_t allocator, platform_library_t** out_library);
/* Drops the handle; the system unloads the library with its last one. */
void platform_library_close(platform_library_t* library);
/* NOT_FOUND naming symbol and library. `name` is NUL terminated. */
iree_status_t platform_library_symbol(platform_library_t* library, const char* name, void** out_address);

/* ---- Time and threads ---------------------------------------------------------------------------------------------- */

iree_time_t platform_time_now(void);

typedef struct platform_mutex_t platform_mutex_t;
iree_status_t platform_mutex_create(iree_allocator_t allocator, platform_mutex_t** out_mutex);
void platform_mutex_free(platform_mutex_t* mutex);
void platform_mutex_lock(platform_mutex_t* mutex);
void platform_mutex_unlock(platform_mutex_t* mutex);

/* Calls `fn(user_data)` on a thread of its own when `duration` has passed, unless stopped before. */
typedef struct platform_timer_t platform_timer_t;
iree_status_t platform_timer_start(iree_time_t duration, void (*fn)(void* user_data), void* user_data,
                                   iree_allocator_t allocator, platform_timer_t** out_timer);
/* Waits until `fn` is not running, then frees the timer. */
void platform_timer_stop(platform_timer_t* timer);

/* A mutex with a condition. */
typedef struct platform_monitor_t platform_monitor_t;
iree_status_t platform_monitor_create(iree_allocator_t allocator, platform_monitor_t** out_monitor);
void platform_monitor_free(platform_monitor_t* monitor);
void platform_monitor_lock(platform_monitor_t* monitor);
void platform_monitor_unlock(platform_monitor_t* monitor);
/* Called with the lock held, which is let go meanwhile; returns for a notification, at `deadline` (IREE_TIME_INFINITE_FUTURE:
 * none), or for no reason at all. */
void platform_monitor_wait(platform_monitor_t* monitor, iree_time_t deadline);
void platform_monitor_notify_one(platform_monitor_t* monitor);
void platform_monitor_notify_all(platform_monitor_t* monitor);

typedef struct platform_thread_t platform_thread_t;
/* `name`: at most 15 bytes, as debuggers and /proc show it. */
iree_status_t platform_thread_start(const char* name, void (*fn)(void* user_data), void* user_data,
                                    iree_allocator_t allocator, platform_thread_t** out_thread);
/* Waits for the thread to end, then frees it. */
void platform_thread_join(platform_thread_t* thread);
/* Physical cores that this process may use, at least 1. */
uint32_t platform_core_count(void);

/* ---- Memory for code ------------------------------------------------------------------------------------------------- */

/* Pages of zeros that can be read and written; `byte_length` is rounded up to whole pages. */
iree_status_t platform_pages_reserve(iree_host_size_t byte_length, uint8_t** out_pages);
typedef enum platform_protection_e {
  PLATFORM_PROTECT_READ,
  PLATFORM_PROTECT_READ_WRITE,
  PLATFORM_PROTECT_READ_EXECUTE
} platform_protection_t;
/* Whole pages around the range. */
iree_status_t platform_pages_protect(uint8_t* pages, iree_host_size_t byte_length, platform_protection_t protection);
void platform_pages_release(uint8_t* pages, iree_host_size_t byte_length);
iree_host_size_t platform_page_size(void);

/* Opens the library whose file is `contents`, by way of a temporary file that is gone when this returns. */
iree_status_t platform_library_open_memory(iree_const_byte_span_t contents, iree_allocator_t allocator,
                                           platform_library_t** out_library);

/* ---- Patterns -------------------------------------------------------------------------------------------------------- */

/* Whether the extended regular expression is found in each of the texts. INVALID_ARGUMENT: it is none; UNIMPLEMENTED where the
 * system has none. */
iree_status_t platform_pattern_match(const char* pattern, const char* const* texts, iree_host_size_t count,
                                     bool* out_matches);

#endif /* VMRT_PLATFORM_PLATFORM_H_ */
