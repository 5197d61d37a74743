/* SPDX-License-Identifier: Apache-2.0 */
/* Brings the bytes of bytecode modules into memory and hands them over with an allocator that knows how to free
 * them. */
#include "tooling/module_archive.h"

#include <stdatomic.h>

#include "platform/platform.h"

/* Behind a deallocator: what is to be given back. */
typedef struct archive_storage_t {
  iree_allocator_t allocator;
  platform_mapping_t mapping;
  void* block; /* aligned; NULL for mappings */
} archive_storage_t;

static iree_status_t archive_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  (void)params;
  if (command != IREE_ALLOCATOR_COMMAND_FREE) return iree_status_from_code(IREE_STATUS_UNIMPLEMENTED);
  archive_storage_t* storage = self;
  if (storage->block) {
    iree_allocator_free_aligned(storage->allocator, storage->block);
  } else if (storage->mapping.contents.data) {
    platform_unmap_file(&storage->mapping);
  }
  *inout_ptr = NULL;
  iree_allocator_free(storage->allocator, storage);
  return iree_ok_status();
}

static iree_status_t archive_storage_create(iree_allocator_t allocator, archive_storage_t** out_storage) {
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof **out_storage, (void**)out_storage));
  (*out_storage)->allocator = allocator;
  return iree_ok_status();
}

static module_archive_t archive_of(archive_storage_t* storage, iree_const_byte_span_t contents) {
  module_archive_t archive = {contents, {storage, archive_ctl}};
  return archive;
}

void module_archive_free(module_archive_t* archive) {
  if (archive->deallocator.ctl) {
    void* data = (void*)archive->contents.data;
    iree_status_ignore(archive_ctl(archive->deallocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &data));
  }
  memset(archive, 0, sizeof *archive);
}

iree_status_t module_archive_read(iree_string_view_t path, iree_allocator_t allocator, module_archive_t* out_archive) {
  archive_storage_t* storage = NULL;
  IREE_RETURN_IF_ERROR(archive_storage_create(allocator, &storage));
  iree_byte_span_t contents = iree_byte_span_empty();
  iree_status_t status = platform_read_file(path, allocator, &contents);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(allocator, storage);
    return status;
  }
  storage->block = contents.data;
  *out_archive = archive_of(storage, iree_const_cast_byte_span(contents));
  return iree_ok_status();
}

iree_status_t module_archive_map(iree_string_view_t path, iree_allocator_t allocator, module_archive_t* out_archive) {
  archive_storage_t* storage = NULL;
  IREE_RETURN_IF_ERROR(archive_storage_create(allocator, &storage));
  iree_status_t status = platform_map_file(path, &storage->mapping);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(allocator, storage);
    return status;
  }
  *out_archive = archive_of(storage, storage->mapping.contents);
  return iree_ok_status();
}

/* ---- Standard input ---------------------------------------------------------------------------------------------- */

/* Input can be consumed once, whoever asks; this is the one thing about it that a process has to remember. */
static atomic_flag stdin_was_read = ATOMIC_FLAG_INIT;

/* The flag promised a module that can never come: the same reproach for every reason. */
static iree_status_t stdin_unusable(iree_status_t status) {
  if (!IREE_STATUS_IS(FAILED_PRECONDITION, status)) return status;
  iree_string_view_t reason = iree_status_message(status);
  iree_status_t told = iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--module=- cannot be read: %.*s",
                                        (int)reason.size, reason.size ? reason.data : "");
  iree_status_free(status);
  return told;
}

iree_status_t module_archive_read_stdin(iree_allocator_t allocator, module_archive_t* out_archive) {
  archive_storage_t* storage = NULL;
  IREE_RETURN_IF_ERROR(archive_storage_create(allocator, &storage));
  iree_byte_span_t contents = iree_byte_span_empty();
  iree_status_t status = iree_ok_status();
  if (atomic_flag_test_and_set(&stdin_was_read)) {
    status = iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                              "--module=- cannot be read: an earlier one has consumed standard input");
  } else {
    status = stdin_unusable(platform_read_stdin(allocator, &contents));
  }
  if (iree_status_is_ok(status) && contents.data_length == 0) {
    if (contents.data) iree_allocator_free_aligned(allocator, contents.data);
    status = iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--module=- cannot be read: standard input is empty");
  }
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(allocator, storage);
    return status;
  }
  storage->block = contents.data;
  *out_archive = archive_of(storage, iree_const_cast_byte_span(contents));
  return iree_ok_status();
}
