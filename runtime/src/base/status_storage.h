/* SPDX-License-Identifier: Apache-2.0 */
/* What a status points to. Modules without a runtime build and read such blocks too: the layout is part of the ABI. */
#ifndef VMRT_BASE_STATUS_STORAGE_H_
#define VMRT_BASE_STATUS_STORAGE_H_

#include "iree/base/api.h"

/* Context attached to a status. `allocator` frees the payload, `format` writes its text as iree_status_format does and may be
 * NULL: nothing is printed. */
typedef struct status_payload_t {
  struct status_payload_t* next;
  uint32_t type; /* status_payload_type_t, or a type of the user's from 0x70000000 */
  iree_allocator_t allocator;
  void (*format)(const struct status_payload_t* payload, iree_host_size_t capacity, char* buffer,
                 iree_host_size_t* out_length);
} status_payload_t;

typedef enum status_payload_type_e {
  STATUS_PAYLOAD_OPAQUE = 0,
  STATUS_PAYLOAD_MESSAGE = 1,
  STATUS_PAYLOAD_STACK_TRACE = 2
} status_payload_type_t;

typedef struct status_message_payload_t {
  status_payload_t header;
  iree_string_view_t text;
} status_message_payload_t;

/* Aligned to 32 bytes, as the code takes the low five bits of its address; freed with the free of the C library. */
typedef struct status_storage_t {
  status_payload_t* payload_head;
  status_payload_t* payload_tail;
  const char* file; /* NUL terminated, may be NULL */
  uint32_t line;
  uint32_t mark; /* padding in the ABI; STATUS_STORAGE_MARK in blocks that we made and count */
  iree_string_view_t message;
} status_storage_t;

#define STATUS_STORAGE_ALIGNMENT 32
#define STATUS_STORAGE_MARK 0x766D7274u

static inline status_storage_t* status_storage(iree_status_t status) {
  return (status_storage_t*)((uintptr_t)status & ~(uintptr_t)IREE_STATUS_CODE_MASK);
}

static inline void status_storage_append(status_storage_t* storage, status_payload_t* payload) {
  if (storage->payload_tail) {
    storage->payload_tail->next = payload;
  } else {
    storage->payload_head = payload;
  }
  storage->payload_tail = payload;
}

/* The two calls that differ between C libraries; implemented in src/platform. NULL when there is no memory. */
void* status_storage_allocate(iree_host_size_t byte_length);
void status_storage_free(void* storage);

#endif /* VMRT_BASE_STATUS_STORAGE_H_ */
