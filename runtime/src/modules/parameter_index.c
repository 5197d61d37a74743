/* SPDX-License-Identifier: Apache-2.0 */
/* The parameter index: entries in order of arrival, and a hash table of their keys. */
#include "modules/parameter_index.h"

#include "base/atomics.h"
#include "vm/siphash.h"
#include "vm/text.h"

#define FIRST_CAPACITY 16

struct iree_io_parameter_index_t {
  iree_atomic_ref_count_t ref_count;
  iree_allocator_t host_allocator;
  iree_host_size_t count;
  iree_host_size_t capacity;
  iree_io_parameter_index_entry_t* entries; /* keys are copies, files retained */
  iree_host_size_t slot_count;              /* a power of two, at least twice as many as entries; or 0 */
  uint32_t* slots;                          /* 0: free, else the number of an entry plus one */
};

iree_status_t iree_io_parameter_index_create(iree_allocator_t host_allocator, iree_io_parameter_index_t** out_index) {
  *out_index = NULL;
  iree_io_parameter_index_t* index = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *index, (void**)&index));
  index->ref_count.value = 1;
  index->host_allocator = host_allocator;
  *out_index = index;
  return iree_ok_status();
}

static void index_destroy(iree_io_parameter_index_t* index) {
  parameter_index_truncate(index, 0);
  iree_allocator_free(index->host_allocator, index->slots);
  iree_allocator_free(index->host_allocator, index->entries);
  iree_allocator_free(index->host_allocator, index);
}

void iree_io_parameter_index_retain(iree_io_parameter_index_t* index) {
  if (index) atomic_ref_count_retain(&index->ref_count);
}

void iree_io_parameter_index_release(iree_io_parameter_index_t* index) {
  if (index && atomic_ref_count_release(&index->ref_count)) index_destroy(index);
}

iree_host_size_t iree_io_parameter_index_count(const iree_io_parameter_index_t* index) { return index->count; }

iree_allocator_t parameter_index_allocator(const iree_io_parameter_index_t* index) { return index->host_allocator; }

/* ---- Keys -------------------------------------------------------------------------------------------------------- */

/* Where `key` is, or the free slot where it would go. There is always a free one. */
static uint32_t* find_slot(const iree_io_parameter_index_t* index, iree_string_view_t key) {
  static const uint8_t hash_key[SIPHASH_KEY_LENGTH] = {'p', 'a', 'r', 'a', 'm', 'e', 't', 'e', 'r'};
  iree_host_size_t mask = index->slot_count - 1;
  iree_host_size_t at = siphash_2_4(hash_key, (const uint8_t*)key.data, key.size) & mask;
  while (index->slots[at] != 0 && !iree_string_view_equal(index->entries[index->slots[at] - 1].key, key)) {
    at = (at + 1) & mask;
  }
  return &index->slots[at];
}

/* Filled in order of arrival, so that the entries that came last can be taken out again. */
static iree_status_t grow_slots(iree_io_parameter_index_t* index) {
  if (2 * (index->count + 1) <= index->slot_count) return iree_ok_status();
  iree_host_size_t slot_count = index->slot_count ? 2 * index->slot_count : 2 * FIRST_CAPACITY;
  uint32_t* slots = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(index->host_allocator, slot_count, sizeof slots[0], (void**)&slots));
  iree_allocator_free(index->host_allocator, index->slots);
  index->slots = slots;
  index->slot_count = slot_count;
  for (iree_host_size_t i = 0; i < index->count; ++i) *find_slot(index, index->entries[i].key) = (uint32_t)i + 1;
  return iree_ok_status();
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

static iree_status_t check_storage(const iree_io_parameter_index_entry_t* entry) {
  if (entry->type == IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_SPLAT) {
    uint8_t length = entry->storage.splat.pattern_length;
    if (length > 0 && length <= sizeof entry->storage.splat.pattern && entry->length % length == 0) {
      return iree_ok_status();
    }
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "pattern of %u bytes for parameter `%.*s` of %llu bytes, expected 1 to 16 that divide it",
                            (unsigned)length, VM_SV_ARG(entry->key), (unsigned long long)entry->length);
  }
  uint64_t offset = entry->storage.file.offset;
  uint64_t size = vmrt_io_file_handle_contents(entry->storage.file.handle).data_length;
  if (offset <= size && entry->length <= size - offset) return iree_ok_status();
  return iree_make_status(
      IREE_STATUS_OUT_OF_RANGE, "parameter `%.*s` (offset=%llu, length=%llu) is outside of its file of %llu bytes",
      VM_SV_ARG(entry->key), (unsigned long long)offset, (unsigned long long)entry->length, (unsigned long long)size);
}

static iree_status_t copy_key(iree_allocator_t allocator, iree_string_view_t key, iree_string_view_t* out_key) {
  char* copy = NULL;
  *out_key = iree_string_view_empty();
  if (key.size == 0) return iree_ok_status();
  IREE_RETURN_IF_ERROR(iree_allocator_clone(allocator, iree_make_const_byte_span(key.data, key.size), (void**)&copy));
  *out_key = iree_make_string_view(copy, key.size);
  return iree_ok_status();
}

static iree_status_t grow_entries(iree_io_parameter_index_t* index) {
  if (index->count < index->capacity) return iree_ok_status();
  if (index->count >= UINT32_MAX - 1) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "more than %zu parameters in one index", index->count);
  }
  iree_host_size_t minimum = index->count ? index->count + 1 : FIRST_CAPACITY;
  return iree_allocator_grow_array(index->host_allocator, minimum, sizeof index->entries[0], &index->capacity,
                                   (void**)&index->entries);
}

iree_status_t iree_io_parameter_index_add(iree_io_parameter_index_t* index,
                                          const iree_io_parameter_index_entry_t* entry) {
  IREE_RETURN_IF_ERROR(check_storage(entry));
  IREE_RETURN_IF_ERROR(grow_entries(index));
  IREE_RETURN_IF_ERROR(grow_slots(index));
  uint32_t* slot = find_slot(index, entry->key);
  if (*slot != 0) {
    return iree_make_status(IREE_STATUS_ALREADY_EXISTS, "parameter `%.*s` is in the index already",
                            VM_SV_ARG(entry->key));
  }
  iree_io_parameter_index_entry_t* added = &index->entries[index->count];
  *added = *entry;
  IREE_RETURN_IF_ERROR(copy_key(index->host_allocator, entry->key, &added->key));
  if (added->type == IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE) {
    iree_io_file_handle_retain(added->storage.file.handle);
  }
  *slot = (uint32_t)++index->count;
  return iree_ok_status();
}

void parameter_index_truncate(iree_io_parameter_index_t* index, iree_host_size_t count) {
  while (index->count > count) {
    iree_io_parameter_index_entry_t* entry = &index->entries[index->count - 1];
    *find_slot(index, entry->key) = 0;
    --index->count;
    if (entry->type == IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE) {
      iree_io_file_handle_release(entry->storage.file.handle);
    }
    iree_allocator_free(index->host_allocator, (void*)entry->key.data);
  }
}

/* ---- Asking ------------------------------------------------------------------------------------------------------ */

iree_status_t iree_io_parameter_index_get(const iree_io_parameter_index_t* index, iree_host_size_t i,
                                          const iree_io_parameter_index_entry_t** out_entry) {
  if (i >= index->count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "parameter %zu of %zu", i, index->count);
  }
  *out_entry = &index->entries[i];
  return iree_ok_status();
}

iree_status_t iree_io_parameter_index_lookup(const iree_io_parameter_index_t* index, iree_string_view_t key,
                                             const iree_io_parameter_index_entry_t** out_entry) {
  uint32_t number = index->count ? *find_slot(index, key) : 0;
  if (number == 0) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "no parameter found in index with key '%.*s'", VM_SV_ARG(key));
  }
  *out_entry = &index->entries[number - 1];
  return iree_ok_status();
}
