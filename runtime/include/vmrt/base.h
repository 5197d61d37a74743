/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses, memory, text and parameters for native modules that link no runtime. */
#ifndef VMRT_BASE_H_
#define VMRT_BASE_H_

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmrt/abi.h"

#if defined(_WIN32)
#define VMRT_EXPORT __declspec(dllexport)
#define VMRT_PRINTF(text_at, values_at)
#else
#define VMRT_EXPORT __attribute__((visibility("default")))
#define VMRT_PRINTF(text_at, values_at) __attribute__((format(printf, text_at, values_at)))
#endif

/* ---- Text ---------------------------------------------------------------------------------------------------------- */

/* View of a NUL-terminated string; NULL gives the empty view. */
static inline iree_string_view_t vmrt_text(const char* text) {
  iree_string_view_t view = {text, text ? strlen(text) : 0};
  return view;
}

static inline bool vmrt_text_is(iree_string_view_t view, const char* text) {
  return view.size == strlen(text) && (view.size == 0 || memcmp(view.data, text, view.size) == 0);
}

/* For `%.*s`: the two arguments that print a view. */
#define VMRT_TEXT(view) ((int)((view).size < 10000 ? (view).size : 10000)), ((view).data ? (view).data : "")

/* ---- Statuses ------------------------------------------------------------------------------------------------------ */

static inline iree_status_t vmrt_ok(void) { return (iree_status_t)0; }
static inline bool vmrt_is_ok(iree_status_t status) { return status == (iree_status_t)0; }

static inline iree_status_code_t vmrt_status_code(iree_status_t status) {
  return (iree_status_code_t)((uintptr_t)status & IREE_STATUS_CODE_MASK);
}

/* A failure that is only its code: needs no memory, says nothing else. */
static inline iree_status_t vmrt_status_bare(uint32_t code) {
  return (iree_status_t)(uintptr_t)(code & IREE_STATUS_CODE_MASK);
}

/* The block behind a status, or NULL when it has none. */
static inline vmrt_status_storage_t* vmrt_status_storage(iree_status_t status) {
  return (vmrt_status_storage_t*)((uintptr_t)status & ~(uintptr_t)IREE_STATUS_CODE_MASK);
}

/* Zeroed storage with room for `text_length` bytes and a NUL behind it; NULL when memory is short. The host frees it with the C
 * library's free; where that and an aligned block do not go together a status is its code alone. */
static inline vmrt_status_storage_t* vmrt_status_storage_allocate(size_t text_length) {
#if defined(_WIN32)
  (void)text_length;
  return NULL;
#else
  size_t size = (sizeof(vmrt_status_storage_t) + text_length + 1 + 31) / 32 * 32;
  vmrt_status_storage_t* storage = (vmrt_status_storage_t*)aligned_alloc(32, size);
  if (storage) memset(storage, 0, size);
  return storage;
#endif
}

/* A failure with a printf-like message; `file` must outlive the call that returns the status (a literal does). */
static inline iree_status_t VMRT_PRINTF(4, 5)
    vmrt_status_at(uint32_t code, const char* file, uint32_t line, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(NULL, 0, format, arguments);
  va_end(arguments);
  vmrt_status_storage_t* storage = length < 0 ? NULL : vmrt_status_storage_allocate((size_t)length);
  if (!storage) return vmrt_status_bare(code);
  va_start(arguments, format);
  vsnprintf((char*)(storage + 1), (size_t)length + 1, format, arguments);
  va_end(arguments);
  storage->file = file;
  storage->line = line;
  storage->message.data = (const char*)(storage + 1);
  storage->message.size = (size_t)length;
  return (iree_status_t)((uintptr_t)storage | (code & IREE_STATUS_CODE_MASK));
}

/* vmrt_status(IREE_STATUS_NOT_FOUND, "no file `%s`", path) */
#define vmrt_status(code, ...) vmrt_status_at((uint32_t)(code), __FILE__, __LINE__, __VA_ARGS__)

/* Text of the failure, borrowed from it; empty when it has none. */
static inline iree_string_view_t vmrt_status_message(iree_status_t status) {
  vmrt_status_storage_t* storage = vmrt_status_storage(status);
  return storage ? storage->message : vmrt_text("");
}

/* Frees a failure that is not passed on, for example one that a called function returned. */
static inline void vmrt_status_free(iree_status_t status) {
  vmrt_status_storage_t* storage = vmrt_status_storage(status);
  if (!storage) return;
  for (vmrt_status_payload_t *payload = storage->payload_head, *next; payload; payload = next) {
    next = payload->next;
    void* block = payload;
    iree_allocator_t allocator = payload->allocator;
    if (allocator.ctl) vmrt_status_free(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &block));
  }
  free(storage);
}

/* Returns from the function when `expression` fails. */
#define VMRT_TRY(expression)                          \
  do {                                                \
    iree_status_t vmrt_try_ = (expression);           \
    if (!vmrt_is_ok(vmrt_try_)) return vmrt_try_;     \
  } while (0)

/* ---- Memory -------------------------------------------------------------------------------------------------------- */

/* Zeroed memory, aligned to 16 bytes. `*out` is written only on success. Length 0 is INVALID_ARGUMENT. */
static inline iree_status_t vmrt_allocate(iree_allocator_t allocator, size_t length, void** out) {
  void* block = NULL;
  VMRT_TRY(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_CALLOC, &length, &block));
  *out = block;
  return vmrt_ok();
}

static inline void vmrt_free(iree_allocator_t allocator, void* block) {
  if (block) vmrt_status_free(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &block));
}

/* A NUL-terminated copy of a text. */
static inline iree_status_t vmrt_copy_text(iree_allocator_t allocator, iree_string_view_t text, char** out) {
  void* copy = NULL;
  VMRT_TRY(vmrt_allocate(allocator, text.size + 1, &copy));
  if (text.size) memcpy(copy, text.data, text.size);
  *out = (char*)copy;
  return vmrt_ok();
}

/* ---- Parameters ---------------------------------------------------------------------------------------------------- */

/* What follows the `?` of a module reference, in written order. All text is borrowed for the call of the create function. */
typedef struct vmrt_params_t {
  size_t count;
  const iree_string_pair_t* pairs;
} vmrt_params_t;

/* The last pair of that key; NULL when there is none. */
static inline const iree_string_pair_t* vmrt_param_find(const vmrt_params_t* params, const char* key) {
  for (size_t i = params->count; i > 0; --i) {
    if (vmrt_text_is(params->pairs[i - 1].key, key)) return &params->pairs[i - 1];
  }
  return NULL;
}

/* The value, or `fallback` where the key is not given. */
static inline iree_string_view_t vmrt_param_text(const vmrt_params_t* params, const char* key, const char* fallback) {
  const iree_string_pair_t* pair = vmrt_param_find(params, key);
  return pair ? pair->value : vmrt_text(fallback);
}

static inline bool vmrt_param_is(const vmrt_params_t* params, const char* key, const char* value) {
  const iree_string_pair_t* pair = vmrt_param_find(params, key);
  return pair && vmrt_text_is(pair->value, value);
}

/* Reads an integer as C writes it (also 0x10, 010); `*inout_value` stays where the key is not given. INVALID_ARGUMENT, naming
 * key and text, for anything else or out of range. */
static inline iree_status_t vmrt_param_i64(const vmrt_params_t* params, const char* key, int64_t* inout_value) {
  const iree_string_pair_t* pair = vmrt_param_find(params, key);
  if (!pair) return vmrt_ok();
  char text[32] = {0};
  char* end = text;
  if (pair->value.size < sizeof text && pair->value.size > 0) memcpy(text, pair->value.data, pair->value.size);
  errno = 0;
  long long value = strtoll(text, &end, 0);
  if (end == text || *end != 0 || errno != 0) {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "parameter `%s`: `%.*s` is not an integer of 64 bits", key,
                       VMRT_TEXT(pair->value));
  }
  *inout_value = value;
  return vmrt_ok();
}

/* As vmrt_param_i64, for 32 bits. */
static inline iree_status_t vmrt_param_i32(const vmrt_params_t* params, const char* key, int32_t* inout_value) {
  int64_t value = *inout_value;
  VMRT_TRY(vmrt_param_i64(params, key, &value));
  if (value < INT32_MIN || value > INT32_MAX) {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "parameter `%s`: %lld does not fit 32 bits", key, (long long)value);
  }
  *inout_value = (int32_t)value;
  return vmrt_ok();
}

/* INVALID_ARGUMENT, naming it, for a key that is not among `keys` (NULL at the end): a misspelled parameter is not ignored. */
static inline iree_status_t vmrt_params_allow(const vmrt_params_t* params, const char* const* keys) {
  for (size_t i = 0; i < params->count; ++i) {
    const char* const* key = keys;
    while (*key && !vmrt_text_is(params->pairs[i].key, *key)) ++key;
    if (!*key) {
      return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "there is no parameter `%.*s`", VMRT_TEXT(params->pairs[i].key));
    }
  }
  return vmrt_ok();
}

#endif /* VMRT_BASE_H_ */
