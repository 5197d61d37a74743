/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is the text of a buffer view; what it means is written and read again. */
#include <stdlib.h>

#include "iree/hal/buffer_view.h"

/* Shapes ask for any amount of memory. */
#define MEMORY_LIMIT ((iree_host_size_t)1 << 16)

static iree_status_t limited_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  if (command != IREE_ALLOCATOR_COMMAND_FREE && *(const iree_host_size_t*)params > MEMORY_LIMIT) {
    return iree_status_from_code(IREE_STATUS_RESOURCE_EXHAUSTED);
  }
  return iree_allocator_libc_ctl(self, command, params, inout_ptr);
}

static const iree_allocator_t limited = {NULL, limited_ctl};

static void require(bool condition) {
  if (!condition) abort();
}

/* All elements as text, to be freed; NULL when the type has none. */
static char* write_view(const iree_hal_buffer_view_t* view) {
  iree_host_size_t length = 0;
  iree_status_code_t code =
      iree_status_consume_code(iree_hal_buffer_view_format(view, IREE_HOST_SIZE_MAX, 0, NULL, &length));
  require(code == IREE_STATUS_OUT_OF_RANGE);
  if (length == 0) return NULL;
  char* text = malloc(length + 1);
  require(text != NULL);
  iree_status_free(iree_hal_buffer_view_format(view, IREE_HOST_SIZE_MAX, length + 1, text, &length));
  require(strlen(text) == length);
  return text;
}

/* What was written means itself, unless rows were left out or the numbers of the text are rounded. */
static void check_text(const char* text, iree_hal_allocator_t* allocator) {
  if (strstr(text, "...")) return;
  iree_hal_buffer_view_t* view = NULL;
  iree_status_t status = iree_hal_buffer_view_parse(iree_make_cstring_view(text), allocator, limited, &view);
  if (iree_status_is_ok(status)) {
    char* again = write_view(view);
    require(again && strcmp(again, text) == 0);
    free(again);
  } else {
    require(strchr(text, '.') || strchr(text, 'E')); /* rounded to what is no number of the type */
  }
  iree_status_free(status);
  iree_hal_buffer_view_release(view);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  iree_hal_allocator_t* allocator = NULL;
  iree_hal_buffer_view_t* view = NULL;
  iree_string_view_t input = iree_make_string_view((const char*)data, size);
  require(iree_status_is_ok(iree_hal_allocator_create_heap(IREE_SV("fuzz"), limited, limited, &allocator)));
  iree_status_t status = iree_hal_buffer_view_parse(input, allocator, limited, &view);
  if (iree_status_is_ok(status)) {
    char* text = write_view(view);
    if (text) check_text(text, allocator);
    free(text);
    iree_hal_buffer_view_release(view);
  }
  iree_status_free(status);
  iree_hal_allocator_release(allocator);
  return 0;
}
