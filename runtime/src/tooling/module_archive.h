/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a bytecode module with the way to give them back: read, mapped, or taken from standard input. */
#ifndef VMRT_TOOLING_MODULE_ARCHIVE_H_
#define VMRT_TOOLING_MODULE_ARCHIVE_H_

#include "iree/base/api.h"

/* `deallocator` frees `contents.data` and all that belongs to it; it serves nothing else. Freed that way also when
 * empty. */
typedef struct module_archive_t {
  iree_const_byte_span_t contents;
  iree_allocator_t deallocator;
} module_archive_t;

iree_status_t module_archive_read(iree_string_view_t path, iree_allocator_t allocator, module_archive_t* out_archive);
iree_status_t module_archive_map(iree_string_view_t path, iree_allocator_t allocator, module_archive_t* out_archive);
/* Standard input, once per process. INVALID_ARGUMENT when it was read before, is empty, closed or a terminal. */
iree_status_t module_archive_read_stdin(iree_allocator_t allocator, module_archive_t* out_archive);
void module_archive_free(module_archive_t* archive);

#endif /* VMRT_TOOLING_MODULE_ARCHIVE_H_ */
