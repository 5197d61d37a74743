/* SPDX-License-Identifier: Apache-2.0 */
/* Text that grows. */
#ifndef VMRT_BASE_STRING_BUILDER_H_
#define VMRT_BASE_STRING_BUILDER_H_

#include "iree/base/api.h"

typedef struct iree_string_builder_t {
  iree_allocator_t allocator;
  char* buffer; /* NUL terminated when not NULL */
  iree_host_size_t size;
  iree_host_size_t capacity;
} iree_string_builder_t;

void iree_string_builder_initialize(iree_allocator_t allocator, iree_string_builder_t* out_builder);
void iree_string_builder_deinitialize(iree_string_builder_t* builder);
/* The text so far, borrowed. */
iree_string_view_t iree_string_builder_view(const iree_string_builder_t* builder);
iree_status_t iree_string_builder_append_string(iree_string_builder_t* builder, iree_string_view_t text);
iree_status_t iree_string_builder_append_format(iree_string_builder_t* builder, const char* format, ...)
    IREE_PRINTF_ATTRIBUTE(2, 3);

#endif /* VMRT_BASE_STRING_BUILDER_H_ */
