/* SPDX-License-Identifier: Apache-2.0 */
/* Base types of the runtime: strings, spans, allocators, statuses, reference counts and time.
 *
 * Names, argument orders and layouts are those of IREE 3.13 on 64-bit hosts; every layout that crosses a module boundary is
 * asserted in src/base/layout_check.c. Text between the cdef marks is also read by the Python binding: opaque structs, plain
 * enums and functions only. */
#ifndef IREE_BASE_API_H_
#define IREE_BASE_API_H_

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define IREE_API_EXPORT __declspec(dllexport)
#define IREE_MUST_USE_RESULT
#define IREE_PRINTF_ATTRIBUTE(format_index, first_index)
#else
#define IREE_API_EXPORT __attribute__((visibility("default")))
#define IREE_MUST_USE_RESULT __attribute__((warn_unused_result))
#define IREE_PRINTF_ATTRIBUTE(format_index, first_index) __attribute__((format(printf, format_index, first_index)))
#endif

#define IREE_HOST_SIZE_MAX SIZE_MAX
#define iree_max_align_t 16

/* ---- Sizes, strings and spans -------------------------------------------------------------------------------------- */

/* cdef: begin */
typedef size_t iree_host_size_t;

/* Borrowed text, not NUL terminated. Empty: size 0; data may then be NULL. */
typedef struct iree_string_view_t {
  const char* data;
  iree_host_size_t size;
} iree_string_view_t;

/* A key and its value; a value with NULL data was not given at all, one of size 0 was given empty. */
typedef struct iree_string_pair_t {
  iree_string_view_t key;
  iree_string_view_t value;
} iree_string_pair_t;

typedef struct iree_byte_span_t {
  uint8_t* data;
  iree_host_size_t data_length; /* bytes */
} iree_byte_span_t;

typedef struct iree_const_byte_span_t {
  const uint8_t* data;
  iree_host_size_t data_length; /* bytes */
} iree_const_byte_span_t;
/* cdef: end */

static inline iree_string_view_t iree_make_string_view(const char* data, iree_host_size_t size) {
  iree_string_view_t view = {data, size};
  return view;
}
static inline iree_string_view_t iree_string_view_empty(void) { return iree_make_string_view(NULL, 0); }
/* View of a NUL-terminated string; NULL gives the empty view. */
static inline iree_string_view_t iree_make_cstring_view(const char* text) {
  return iree_make_string_view(text, text ? strlen(text) : 0);
}
static inline bool iree_string_view_is_empty(iree_string_view_t view) { return view.size == 0; }
static inline bool iree_string_view_equal(iree_string_view_t a, iree_string_view_t b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
static inline iree_byte_span_t iree_make_byte_span(void* data, iree_host_size_t length) {
  iree_byte_span_t span = {(uint8_t*)data, length};
  return span;
}
static inline iree_byte_span_t iree_byte_span_empty(void) { return iree_make_byte_span(NULL, 0); }
static inline iree_const_byte_span_t iree_make_const_byte_span(const void* data, iree_host_size_t length) {
  iree_const_byte_span_t span = {(const uint8_t*)data, length};
  return span;
}
static inline iree_const_byte_span_t iree_const_byte_span_empty(void) { return iree_make_const_byte_span(NULL, 0); }
static inline iree_const_byte_span_t iree_const_cast_byte_span(iree_byte_span_t span) {
  return iree_make_const_byte_span(span.data, span.data_length);
}
#define IREE_SV(literal) iree_make_cstring_view(literal)

#define IREE_STRING_VIEW_NPOS SIZE_MAX
/* Position of the first `c` at or after `pos`; IREE_STRING_VIEW_NPOS when there is none. */
IREE_API_EXPORT iree_host_size_t iree_string_view_find_char(iree_string_view_t view, char c, iree_host_size_t pos);
/* At most `length` bytes from `pos`; both are clamped to the view. */
IREE_API_EXPORT iree_string_view_t iree_string_view_substr(iree_string_view_t view, iree_host_size_t pos,
                                                           iree_host_size_t length);
IREE_API_EXPORT bool iree_string_view_starts_with(iree_string_view_t view, iree_string_view_t prefix);
IREE_API_EXPORT bool iree_string_view_ends_with(iree_string_view_t view, iree_string_view_t suffix);
/* Without the white space (as isspace in the C locale) at both ends. */
IREE_API_EXPORT iree_string_view_t iree_string_view_trim(iree_string_view_t view);
/* Splits at the first `c` into what is before and after it; returns its position, or IREE_STRING_VIEW_NPOS, `*out_rhs` then
 * being empty. Either output may be NULL. */
IREE_API_EXPORT iree_host_size_t iree_string_view_split(iree_string_view_t view, char c, iree_string_view_t* out_lhs,
                                                        iree_string_view_t* out_rhs);
/* Byte order comparison: negative, zero or positive. */
IREE_API_EXPORT int iree_string_view_compare(iree_string_view_t a, iree_string_view_t b);

/* ---- Statuses ------------------------------------------------------------------------------------------------------ */

/* cdef: begin */
typedef enum iree_status_code_e {
  IREE_STATUS_OK = 0,
  IREE_STATUS_CANCELLED = 1,
  IREE_STATUS_UNKNOWN = 2,
  IREE_STATUS_INVALID_ARGUMENT = 3,
  IREE_STATUS_DEADLINE_EXCEEDED = 4,
  IREE_STATUS_NOT_FOUND = 5,
  IREE_STATUS_ALREADY_EXISTS = 6,
  IREE_STATUS_PERMISSION_DENIED = 7,
  IREE_STATUS_RESOURCE_EXHAUSTED = 8,
  IREE_STATUS_FAILED_PRECONDITION = 9,
  IREE_STATUS_ABORTED = 10,
  IREE_STATUS_OUT_OF_RANGE = 11,
  IREE_STATUS_UNIMPLEMENTED = 12,
  IREE_STATUS_INTERNAL = 13,
  IREE_STATUS_UNAVAILABLE = 14,
  IREE_STATUS_DATA_LOSS = 15,
  IREE_STATUS_UNAUTHENTICATED = 16,
  IREE_STATUS_DEFERRED = 17,
  IREE_STATUS_INCOMPATIBLE = 18,
  IREE_STATUS_CODE_MASK = 31
} iree_status_code_t;

/* A result: the code in the low five bits, above them a pointer to the storage of a message or nothing. A whole word of zero
 * is OK. The holder of a failure owns it and passes it on, frees it or ignores it. */
typedef struct iree_status_handle_t* iree_status_t;
/* cdef: end */

static inline iree_status_t iree_ok_status(void) { return (iree_status_t)0; }
static inline bool iree_status_is_ok(iree_status_t status) { return status == NULL; }
static inline iree_status_code_t iree_status_code(iree_status_t status) {
  return (iree_status_code_t)((uintptr_t)status & IREE_STATUS_CODE_MASK);
}
/* The form without storage: no allocation, no message. */
static inline iree_status_t iree_status_from_code(iree_status_code_t code) {
  return (iree_status_t)(uintptr_t)((uint32_t)code & IREE_STATUS_CODE_MASK);
}
#define IREE_STATUS_IS(name, status) (iree_status_code(status) == IREE_STATUS_##name)

/* A status with a printf-like message and the place that made it. Falls back to the code alone when memory is short. */
#define iree_make_status(code, ...) iree_status_allocate_f((code), __FILE__, __LINE__, __VA_ARGS__)

#define IREE_RETURN_IF_ERROR(expression)                      \
  do {                                                        \
    iree_status_t iree_status_ = (expression);                \
    if (!iree_status_is_ok(iree_status_)) return iree_status_; \
  } while (0)

/* `file` is borrowed for the life of the status (a literal); `message` is copied. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_allocate(iree_status_code_t code, const char* file,
                                                                        uint32_t line, iree_string_view_t message);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_allocate_f(iree_status_code_t code, const char* file,
                                                                          uint32_t line, const char* format, ...)
    IREE_PRINTF_ATTRIBUTE(4, 5);
/* As iree_status_allocate, copying the file name too. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_allocate_copy(iree_status_code_t code,
                                                                             iree_string_view_t file, uint32_t line,
                                                                             iree_string_view_t message);
/* Attaches context: inner to outer is the order of the calls and of the printed text. Returns the same status; OK stays OK;
 * a status without storage gets one. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_annotate(iree_status_t status, iree_string_view_t message);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_annotate_f(iree_status_t status, const char* format, ...)
    IREE_PRINTF_ATTRIBUTE(2, 3);
/* Copies code, place and message; payloads are not copied. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_clone(iree_status_t status);
/* Flattens message and payloads into one block of our own and frees the original: nothing of it is referred to afterwards.
 * The way for statuses out of a library that may be unloaded. Code 0 with storage becomes INTERNAL saying so. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_freeze(iree_status_t status);
/* The first failure wins; a second one is attached to it as text. Takes over both. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_status_join(iree_status_t base_status, iree_status_t new_status);
/* Frees and returns the code. */
IREE_API_EXPORT iree_status_code_t iree_status_consume_code(iree_status_t status);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_code_t iree_status_code_from_errno(int error_number);

typedef struct iree_status_source_location_t {
  const char* file; /* NULL when unknown; borrowed from the status */
  uint32_t line;
} iree_status_source_location_t;
IREE_API_EXPORT iree_status_source_location_t iree_status_source_location(iree_status_t status);

/* cdef: begin */
/* Frees the storage and its payloads; codes without storage and OK need nothing. */
IREE_API_EXPORT void iree_status_free(iree_status_t status);
/* Frees and returns OK. */
IREE_API_EXPORT iree_status_t iree_status_ignore(iree_status_t status);
/* First message only, borrowed from the status; empty when there is none. */
IREE_API_EXPORT iree_string_view_t iree_status_message(iree_status_t status);
/* Writes `FILE:LINE: CODE; message; annotation; ...` with a NUL if it fits in `buffer_capacity`. `*out_length` is the length
 * of the whole text without the NUL, also when it did not fit (then false) or `buffer` is NULL. */
IREE_API_EXPORT bool iree_status_format(iree_status_t status, iree_host_size_t buffer_capacity, char* buffer,
                                        iree_host_size_t* out_length);
/* Upper case name such as NOT_FOUND; empty for the unnamed codes 19 to 31. */
IREE_API_EXPORT const char* iree_status_code_string(iree_status_code_t code);
/* cdef: end */

/* ---- Allocators ---------------------------------------------------------------------------------------------------- */

/* cdef: begin */
typedef enum iree_allocator_command_e {
  IREE_ALLOCATOR_COMMAND_MALLOC = 0,
  IREE_ALLOCATOR_COMMAND_CALLOC = 1,
  IREE_ALLOCATOR_COMMAND_REALLOC = 2,
  IREE_ALLOCATOR_COMMAND_FREE = 3
} iree_allocator_command_t;

/* One function for all of them. `params` of the first three commands points to one size_t, the length in bytes; blocks are
 * aligned to 16 bytes. Length 0: INVALID_ARGUMENT. No memory: RESOURCE_EXHAUSTED, `*inout_ptr` as it was. */
typedef iree_status_t (*iree_allocator_ctl_fn_t)(void* self, iree_allocator_command_t command, const void* params,
                                                 void** inout_ptr);
typedef struct iree_allocator_t {
  void* self;
  iree_allocator_ctl_fn_t ctl; /* NULL: the null allocator; frees are ignored, the rest is INVALID_ARGUMENT */
} iree_allocator_t;

/* The malloc family of the C library. */
IREE_API_EXPORT iree_status_t iree_allocator_libc_ctl(void* self, iree_allocator_command_t command, const void* params,
                                                      void** inout_ptr);
/* cdef: end */

static inline iree_allocator_t iree_allocator_null(void) {
  iree_allocator_t allocator = {NULL, NULL};
  return allocator;
}
static inline bool iree_allocator_is_null(iree_allocator_t allocator) { return allocator.ctl == NULL; }
static inline iree_allocator_t iree_allocator_system(void) {
  iree_allocator_t allocator = {NULL, iree_allocator_libc_ctl};
  return allocator;
}
/* Zeroed memory. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_allocator_malloc(iree_allocator_t allocator,
                                                                         iree_host_size_t byte_length, void** out_ptr);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_allocator_malloc_uninitialized(iree_allocator_t allocator, iree_host_size_t byte_length, void** out_ptr);
/* count * element_size zeroed bytes; OUT_OF_RANGE when the product overflows. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_allocator_malloc_array(iree_allocator_t allocator,
                                                                               iree_host_size_t count,
                                                                               iree_host_size_t element_size,
                                                                               void** out_ptr);
/* Keeps the content up to the smaller size; the block stays as it was on failure. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_allocator_realloc(iree_allocator_t allocator,
                                                                          iree_host_size_t byte_length, void** inout_ptr);
/* As realloc for max(minimum_capacity, 2 * *inout_capacity) elements. New elements are not initialised. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_allocator_grow_array(iree_allocator_t allocator,
                                                                             iree_host_size_t minimum_capacity,
                                                                             iree_host_size_t element_size,
                                                                             iree_host_size_t* inout_capacity,
                                                                             void** inout_ptr);
/* A copy of `source`; its length must not be 0. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_allocator_clone(iree_allocator_t allocator,
                                                                        iree_const_byte_span_t source, void** out_ptr);
IREE_API_EXPORT void iree_allocator_free(iree_allocator_t allocator, void* ptr);
/* Blocks aligned to more than 16 bytes; `alignment` is a power of two, else INVALID_ARGUMENT. The address of the raw block is
 * kept in the eight bytes before the block. Free with iree_allocator_free_aligned only. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_allocator_malloc_aligned(iree_allocator_t allocator,
                                                                                 iree_host_size_t byte_length,
                                                                                 iree_host_size_t alignment,
                                                                                 void** out_ptr);
IREE_API_EXPORT void iree_allocator_free_aligned(iree_allocator_t allocator, void* ptr);

/* ---- Reference counts ---------------------------------------------------------------------------------------------- */

/* A plain 32-bit counter, changed with the atomic operations of src/base/atomics.h. */
typedef struct iree_atomic_ref_count_t {
  int32_t value;
} iree_atomic_ref_count_t;

/* ---- Time ---------------------------------------------------------------------------------------------------------- */

/* cdef: begin */
/* Nanoseconds of a monotonic clock. */
typedef int64_t iree_time_t;
/* cdef: end */
#define IREE_TIME_INFINITE_PAST INT64_MIN
#define IREE_TIME_INFINITE_FUTURE INT64_MAX
IREE_API_EXPORT iree_time_t iree_time_now(void);

typedef enum iree_timeout_type_e {
  IREE_TIMEOUT_ABSOLUTE = 0,
  IREE_TIMEOUT_RELATIVE = 1
} iree_timeout_type_t;
typedef struct iree_timeout_t {
  iree_timeout_type_t type;
  iree_time_t nanos;
} iree_timeout_t;

#ifdef __cplusplus
}
#endif

#endif /* IREE_BASE_API_H_ */
