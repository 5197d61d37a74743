/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the first byte chooses a format of parameter archives, the rest is the file; what it has lies inside of
 * it. */
#include <stdlib.h>

#include "iree/io/parameter_archive.h"

static const char* const paths[] = {"f.irpa", "f.gguf", "f.safetensors"};

static void require(bool condition) {
  if (!condition) abort();
}

static void check_entries(const iree_io_parameter_index_t* index, size_t size) {
  for (iree_host_size_t i = 0; i < iree_io_parameter_index_count(index); ++i) {
    const iree_io_parameter_index_entry_t *entry = NULL, *found = NULL;
    require(iree_status_is_ok(iree_io_parameter_index_get(index, i, &entry)));
    require(iree_status_is_ok(iree_io_parameter_index_lookup(index, entry->key, &found)) && found == entry);
    if (entry->type != IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE) continue;
    require(entry->storage.file.offset <= size && entry->length <= size - entry->storage.file.offset);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  iree_string_view_t path = iree_make_cstring_view(paths[data[0] % 3]);
  iree_allocator_t allocator = iree_allocator_system();
  iree_io_parameter_index_t* index = NULL;
  iree_io_file_handle_t* handle = NULL;
  char* copy = malloc(--size);
  if (!copy) return 0;
  memcpy(copy, data + 1, size);
  require(iree_status_is_ok(iree_io_parameter_index_create(allocator, &index)));
  require(iree_status_is_ok(vmrt_io_file_handle_wrap(path, copy, size, free, copy, allocator, &handle)));
  iree_status_t status = iree_io_parse_file_index(handle, index);
  require(iree_status_is_ok(status) || iree_io_parameter_index_count(index) == 0);
  check_entries(index, size);
  iree_status_free(status);
  iree_io_file_handle_release(handle);
  iree_io_parameter_index_release(index);
  return 0;
}
