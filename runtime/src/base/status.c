/* SPDX-License-Identifier: Apache-2.0 */
/* Making, annotating, copying and freeing statuses. Their memory is the C library's, so that they may cross to modules that
 * free them; without memory a status is its code alone. */
#include <stdio.h>

#include "base/atomics.h"
#include "base/status_storage.h"

/* ---- Storage ------------------------------------------------------------------------------------------------------- */

static iree_status_t status_pack(iree_status_code_t code, status_storage_t* storage) {
  return (iree_status_t)((uintptr_t)storage | ((uintptr_t)code & IREE_STATUS_CODE_MASK));
}

/* A block with room for `text_length` bytes behind it, marked and counted as ours. */
static status_storage_t* status_storage_create(const char* file, uint32_t line, iree_host_size_t text_length) {
  if (text_length > PTRDIFF_MAX - sizeof(status_storage_t) - STATUS_STORAGE_ALIGNMENT) return NULL;
  iree_host_size_t length = sizeof(status_storage_t) + text_length + STATUS_STORAGE_ALIGNMENT - 1;
  status_storage_t* storage = status_storage_allocate(length / STATUS_STORAGE_ALIGNMENT * STATUS_STORAGE_ALIGNMENT);
  if (!storage) return NULL;
  memset(storage, 0, sizeof *storage);
  storage->file = file;
  storage->line = line;
  storage->mark = STATUS_STORAGE_MARK;
  live_object_add(VMRT_OBJECT_STATUS);
  return storage;
}

static char* status_storage_text(status_storage_t* storage) { return (char*)(storage + 1); }

static void status_payload_free(status_payload_t* payload) {
  void* block = payload;
  if (!payload->allocator.ctl) return;
  iree_status_free(payload->allocator.ctl(payload->allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &block));
}

void iree_status_free(iree_status_t status) {
  status_storage_t* storage = status_storage(status);
  if (!storage) return;
  for (status_payload_t* payload = storage->payload_head; payload;) {
    status_payload_t* next = payload->next;
    status_payload_free(payload);
    payload = next;
  }
  if (storage->mark == STATUS_STORAGE_MARK) live_object_remove(VMRT_OBJECT_STATUS);
  status_storage_free(storage);
}

iree_status_t iree_status_ignore(iree_status_t status) {
  iree_status_free(status);
  return iree_ok_status();
}

iree_status_code_t iree_status_consume_code(iree_status_t status) {
  iree_status_code_t code = iree_status_code(status);
  iree_status_free(status);
  return code;
}

/* ---- Making -------------------------------------------------------------------------------------------------------- */

iree_status_t iree_status_allocate(iree_status_code_t code, const char* file, uint32_t line, iree_string_view_t message) {
  if (code == IREE_STATUS_OK) return iree_ok_status();
  status_storage_t* storage = status_storage_create(file, line, message.size);
  if (!storage) return iree_status_from_code(code);
  if (message.size) memcpy(status_storage_text(storage), message.data, message.size);
  storage->message = iree_make_string_view(status_storage_text(storage), message.size);
  return status_pack(code, storage);
}

/* Length of the formatted text; 0 when the format cannot be printed. */
static iree_host_size_t measure_format(const char* format, va_list arguments) {
  va_list copy;
  va_copy(copy, arguments);
  int length = vsnprintf(NULL, 0, format, copy);
  va_end(copy);
  return length > 0 ? (iree_host_size_t)length : 0;
}

static iree_status_t status_allocate_v(iree_status_code_t code, const char* file, uint32_t line, const char* format,
                                       va_list arguments) {
  iree_host_size_t length = measure_format(format, arguments);
  status_storage_t* storage = status_storage_create(file, line, length + 1);
  if (!storage) return iree_status_from_code(code);
  vsnprintf(status_storage_text(storage), length + 1, format, arguments);
  storage->message = iree_make_string_view(status_storage_text(storage), length);
  return status_pack(code, storage);
}

iree_status_t iree_status_allocate_f(iree_status_code_t code, const char* file, uint32_t line, const char* format, ...) {
  if (code == IREE_STATUS_OK) return iree_ok_status();
  va_list arguments;
  va_start(arguments, format);
  iree_status_t status = status_allocate_v(code, file, line, format, arguments);
  va_end(arguments);
  return status;
}

iree_status_t iree_status_allocate_copy(iree_status_code_t code, iree_string_view_t file, uint32_t line,
                                        iree_string_view_t message) {
  if (code == IREE_STATUS_OK) return iree_ok_status();
  if (file.size > PTRDIFF_MAX / 2 || message.size > PTRDIFF_MAX / 2) return iree_status_from_code(code);
  status_storage_t* storage = status_storage_create(NULL, line, message.size + file.size + 1);
  if (!storage) return iree_status_from_code(code);
  char* text = status_storage_text(storage);
  if (message.size) memcpy(text, message.data, message.size);
  storage->message = iree_make_string_view(text, message.size);
  if (file.size) {
    memcpy(text + message.size, file.data, file.size);
    text[message.size + file.size] = 0;
    storage->file = text + message.size;
  }
  return status_pack(code, storage);
}

iree_status_t iree_status_clone(iree_status_t status) {
  const status_storage_t* storage = status_storage(status);
  if (!storage) return status;
  return iree_status_allocate_copy(iree_status_code(status), iree_make_cstring_view(storage->file), storage->line,
                                   storage->message);
}

/* ---- Annotating ---------------------------------------------------------------------------------------------------- */

static void message_payload_format(const status_payload_t* payload, iree_host_size_t capacity, char* buffer,
                                   iree_host_size_t* out_length) {
  iree_string_view_t text = ((const status_message_payload_t*)payload)->text;
  *out_length = text.size;
  if (!buffer || capacity == 0) return;
  iree_host_size_t count = text.size < capacity - 1 ? text.size : capacity - 1;
  memcpy(buffer, text.data, count);
  buffer[count] = 0;
}

/* A payload with room for `length` bytes and a NUL, linked behind the others; NULL when there is no memory. */
static char* status_append_payload(status_storage_t* storage, iree_host_size_t length) {
  void* block = NULL;
  if (length > PTRDIFF_MAX - sizeof(status_message_payload_t) - 1) return NULL;
  iree_status_t status =
      iree_allocator_malloc(iree_allocator_system(), sizeof(status_message_payload_t) + length + 1, &block);
  if (!iree_status_is_ok(status)) {
    iree_status_free(status);
    return NULL;
  }
  status_message_payload_t* payload = block;
  payload->header.type = STATUS_PAYLOAD_MESSAGE;
  payload->header.allocator = iree_allocator_system();
  payload->header.format = message_payload_format;
  payload->text = iree_make_string_view((char*)(payload + 1), length);
  status_storage_append(storage, &payload->header);
  return (char*)(payload + 1);
}

/* A status without storage gets the first annotation as its message; later ones are payloads. So the order of the text is
 * always the order of the calls. */
iree_status_t iree_status_annotate(iree_status_t status, iree_string_view_t message) {
  if (iree_status_is_ok(status) || message.size == 0) return status;
  status_storage_t* storage = status_storage(status);
  if (!storage) return iree_status_allocate(iree_status_code(status), NULL, 0, message);
  char* text = status_append_payload(storage, message.size);
  if (text) memcpy(text, message.data, message.size);
  return status;
}

static iree_status_t status_annotate_v(iree_status_t status, const char* format, va_list arguments) {
  status_storage_t* storage = status_storage(status);
  if (!storage) return status_allocate_v(iree_status_code(status), NULL, 0, format, arguments);
  iree_host_size_t length = measure_format(format, arguments);
  char* text = length ? status_append_payload(storage, length) : NULL;
  if (text) vsnprintf(text, length + 1, format, arguments);
  return status;
}

iree_status_t iree_status_annotate_f(iree_status_t status, const char* format, ...) {
  if (iree_status_is_ok(status)) return status;
  va_list arguments;
  va_start(arguments, format);
  status = status_annotate_v(status, format, arguments);
  va_end(arguments);
  return status;
}

/* ---- Looking inside ------------------------------------------------------------------------------------------------ */

iree_string_view_t iree_status_message(iree_status_t status) {
  const status_storage_t* storage = status_storage(status);
  return storage ? storage->message : iree_string_view_empty();
}

iree_status_source_location_t iree_status_source_location(iree_status_t status) {
  const status_storage_t* storage = status_storage(status);
  iree_status_source_location_t location = {storage ? storage->file : NULL, storage ? storage->line : 0};
  return location;
}
