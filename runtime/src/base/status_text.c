/* SPDX-License-Identifier: Apache-2.0 */
/* The text of statuses: names of codes, the printed form, and statuses flattened into text. */
#include <errno.h>
#include <stdio.h>

#include "base/status_storage.h"

const char* iree_status_code_string(iree_status_code_t code) {
  static const char* const names[] = {
      "OK",                 "CANCELLED",           "UNKNOWN",   "INVALID_ARGUMENT", "DEADLINE_EXCEEDED",
      "NOT_FOUND",          "ALREADY_EXISTS",      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",   "OUT_OF_RANGE",     "UNIMPLEMENTED",
      "INTERNAL",           "UNAVAILABLE",         "DATA_LOSS", "UNAUTHENTICATED",  "DEFERRED",
      "INCOMPATIBLE",
  };
  return (size_t)code < sizeof names / sizeof names[0] ? names[code] : "";
}

iree_status_code_t iree_status_code_from_errno(int error_number) {
  switch (error_number) {
    case 0: return IREE_STATUS_OK;
    case EINVAL: case ENAMETOOLONG: case E2BIG: case EDESTADDRREQ: case EDOM: case EFAULT: case EILSEQ: case ENOPROTOOPT:
    case ENOTSOCK: case EPROTOTYPE:
      return IREE_STATUS_INVALID_ARGUMENT;
    case ETIMEDOUT: return IREE_STATUS_DEADLINE_EXCEEDED;
    case ENOENT: case ENODEV: case ENXIO: case ESRCH: return IREE_STATUS_NOT_FOUND;
    case EEXIST: case EADDRNOTAVAIL: case EALREADY: return IREE_STATUS_ALREADY_EXISTS;
    case EACCES: case EPERM: case EROFS: return IREE_STATUS_PERMISSION_DENIED;
    case ENOMEM: case EMFILE: case ENFILE: case ENOSPC: case EMLINK: case ENOBUFS:
      return IREE_STATUS_RESOURCE_EXHAUSTED;
    case EISDIR: case ENOTDIR: case ENOTEMPTY: case EBADF: case EBUSY: case ECHILD: case EISCONN: case ENOTCONN: case EPIPE:
    case ETXTBSY:
      return IREE_STATUS_FAILED_PRECONDITION;
    case EFBIG: case EOVERFLOW: case ERANGE: return IREE_STATUS_OUT_OF_RANGE;
    case ENOSYS: case ENOTSUP: case EAFNOSUPPORT: case EPROTONOSUPPORT: case EXDEV: return IREE_STATUS_UNIMPLEMENTED;
    case EAGAIN: case ECONNREFUSED: case ECONNABORTED: case ECONNRESET: case EINTR: case EHOSTUNREACH: case ENETDOWN:
    case ENETRESET: case ENETUNREACH: case ENOLCK:
      return IREE_STATUS_UNAVAILABLE;
    case EDEADLK: return IREE_STATUS_ABORTED;
    case ECANCELED: return IREE_STATUS_CANCELLED;
    case EIO: return IREE_STATUS_DATA_LOSS;
    default: return IREE_STATUS_UNKNOWN;
  }
}

/* ---- The printed form ---------------------------------------------------------------------------------------------- */

/* Text on its way into a buffer that may be too small or absent; `length` counts all of it. */
typedef struct text_sink_t {
  char* buffer;
  iree_host_size_t capacity;
  iree_host_size_t length;
} text_sink_t;

static iree_host_size_t sink_room(const text_sink_t* sink) {
  return sink->buffer && sink->length < sink->capacity ? sink->capacity - sink->length : 0;
}

static void sink_put(text_sink_t* sink, iree_string_view_t text) {
  iree_host_size_t room = sink_room(sink);
  iree_host_size_t count = text.size < room ? text.size : room;
  if (count) memcpy(sink->buffer + sink->length, text.data, count);
  sink->length += text.size;
}

/* A part behind those before it. */
static void sink_put_part(text_sink_t* sink, iree_string_view_t text) {
  if (text.size == 0) return;
  if (sink->length) sink_put(sink, IREE_SV("; "));
  sink_put(sink, text);
}

/* Longest text of one payload that is believed. */
#define PAYLOAD_MAX_LENGTH ((iree_host_size_t)1 << 30)

static void sink_put_payload(text_sink_t* sink, const status_payload_t* payload) {
  iree_host_size_t separator = sink->length ? 2 : 0, length = 0;
  if (!payload->format) return;
  char* at = sink_room(sink) > separator ? sink->buffer + sink->length + separator : NULL;
  iree_host_size_t room = at ? sink_room(sink) - separator : 0;
  if (at) memset(at, 0, room);
  payload->format(payload, room, at, &length);
  if (length == 0 || length > PAYLOAD_MAX_LENGTH) return;
  if (separator) sink_put(sink, IREE_SV("; "));
  sink->length += length;
}

static void sink_put_payloads(text_sink_t* sink, const status_storage_t* storage) {
  for (const status_payload_t* payload = storage->payload_head; payload; payload = payload->next) {
    sink_put_payload(sink, payload);
  }
}

static void sink_put_location(text_sink_t* sink, const status_storage_t* storage) {
  char line[16];
  if (!storage->file) return;
  snprintf(line, sizeof line, ":%u: ", storage->line);
  sink_put(sink, iree_make_cstring_view(storage->file));
  sink_put(sink, iree_make_cstring_view(line));
}

static void sink_put_status(text_sink_t* sink, iree_status_t status) {
  const status_storage_t* storage = status_storage(status);
  char number[16];
  const char* name = iree_status_code_string(iree_status_code(status));
  snprintf(number, sizeof number, "code %d", (int)iree_status_code(status));
  if (storage) sink_put_location(sink, storage);
  sink_put(sink, iree_make_cstring_view(*name ? name : number));
  if (!storage) return;
  sink_put_part(sink, storage->message);
  sink_put_payloads(sink, storage);
}

bool iree_status_format(iree_status_t status, iree_host_size_t buffer_capacity, char* buffer,
                        iree_host_size_t* out_length) {
  text_sink_t sink = {buffer, buffer_capacity, 0};
  sink_put_status(&sink, status);
  *out_length = sink.length;
  if (!buffer || buffer_capacity == 0) return false;
  bool fits = sink.length < buffer_capacity;
  buffer[fits ? sink.length : buffer_capacity - 1] = 0;
  return fits;
}

/* ---- Flattening ---------------------------------------------------------------------------------------------------- */

/* `prefix`, message and payloads in one allocated text, or NULL without memory. */
static char* flatten_text(iree_string_view_t prefix, const status_storage_t* storage, iree_host_size_t* out_length) {
  text_sink_t measure = {NULL, 0, 0};
  sink_put_part(&measure, prefix);
  sink_put_part(&measure, storage->message);
  sink_put_payloads(&measure, storage);
  void* text = NULL;
  iree_status_free(iree_allocator_malloc(iree_allocator_system(), measure.length + 1, &text));
  if (!text) return NULL;
  text_sink_t sink = {text, measure.length + 1, 0};
  sink_put_part(&sink, prefix);
  sink_put_part(&sink, storage->message);
  sink_put_payloads(&sink, storage);
  *out_length = sink.length < measure.length ? sink.length : measure.length;
  return text;
}

iree_status_t iree_status_freeze(iree_status_t status) {
  const status_storage_t* storage = status_storage(status);
  if (!storage) return status;
  bool is_lie = iree_status_code(status) == IREE_STATUS_OK;
  iree_status_code_t code = is_lie ? IREE_STATUS_INTERNAL : iree_status_code(status);
  iree_string_view_t prefix = is_lie ? IREE_SV("status with code OK carries storage") : iree_string_view_empty();
  iree_host_size_t length = 0;
  char* text = flatten_text(prefix, storage, &length);
  iree_status_t frozen = iree_status_from_code(code);
  if (text) {
    frozen = iree_status_allocate_copy(code, iree_make_cstring_view(storage->file), storage->line,
                                       iree_make_string_view(text, length));
    iree_allocator_free(iree_allocator_system(), text);
  }
  iree_status_free(status);
  return frozen;
}

iree_status_t iree_status_join(iree_status_t base_status, iree_status_t new_status) {
  iree_host_size_t length = 0;
  void* text = NULL;
  if (iree_status_is_ok(base_status)) return new_status;
  if (iree_status_is_ok(new_status)) return base_status;
  iree_status_format(new_status, 0, NULL, &length);
  iree_status_free(iree_allocator_malloc(iree_allocator_system(), length + 1, &text));
  if (text) {
    iree_status_format(new_status, length + 1, text, &length);
    base_status = iree_status_annotate_f(base_status, "additional failure: %s", (const char*)text);
    iree_allocator_free(iree_allocator_system(), text);
  }
  iree_status_free(new_status);
  return base_status;
}
