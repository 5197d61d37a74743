/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as the system's functions want them. */
#ifndef VMRT_PLATFORM_PATH_H_
#define VMRT_PLATFORM_PATH_H_

#include "platform/platform.h"

typedef struct path_buffer_t {
  char text[PLATFORM_MAX_PATH + 1];
} path_buffer_t;

/* Copies and terminates a path; one that is empty, too long or contains a NUL is INVALID_ARGUMENT, never cut. */
static inline iree_status_t path_to_cstring(iree_string_view_t path, path_buffer_t* out_buffer) {
  if (path.size == 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the path is empty");
  if (path.size > PLATFORM_MAX_PATH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the path '%.40s...' has %zu bytes; the most is %d", path.data,
                            path.size, PLATFORM_MAX_PATH);
  }
  if (memchr(path.data, 0, path.size)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the path '%.*s' contains a NUL", (int)path.size, path.data);
  }
  memcpy(out_buffer->text, path.data, path.size);
  out_buffer->text[path.size] = 0;
  return iree_ok_status();
}

#endif /* VMRT_PLATFORM_PATH_H_ */
