/* SPDX-License-Identifier: Apache-2.0 */
/* Allocators that count their blocks by owner and fail on demand. */
#include <stdlib.h>

#include "base/atomics.h"

#define PROBE_MAX_OWNERS 64
#define PROBE_NAME_SIZE 32

typedef struct account_t {
  vmrt_probe_t* probe;
  char name[PROBE_NAME_SIZE];
  vmrt_probe_statistics_t statistics;
} account_t;

/* Lives until its holder has released it and its last block is freed. The last account is "other". */
struct vmrt_probe_t {
  bool locked;
  bool is_released;
  bool fails_from_then_on;
  int64_t until_failure; /* requests that still succeed; -1: all of them */
  iree_host_size_t account_count;
  vmrt_probe_statistics_t total;
  account_t accounts[PROBE_MAX_OWNERS + 1];
};

/* Before every block; a multiple of 16 bytes, so that the block keeps its alignment. */
typedef struct block_header_t {
  account_t* account;
  iree_host_size_t byte_length;
} block_header_t;

/* ---- Locking ------------------------------------------------------------------------------------------------------- */

/* Held for a few additions only. */
static void probe_lock(vmrt_probe_t* probe) {
  while (__atomic_test_and_set(&probe->locked, __ATOMIC_ACQUIRE)) {
  }
}

static void probe_unlock(vmrt_probe_t* probe) { __atomic_clear(&probe->locked, __ATOMIC_RELEASE); }

/* Unlocks, and frees the probe when nobody needs it any more. */
static void probe_unlock_or_free(vmrt_probe_t* probe) {
  bool is_last = probe->is_released && probe->total.live_blocks == 0;
  probe_unlock(probe);
  if (is_last) free(probe);
}

/* ---- Accounting ---------------------------------------------------------------------------------------------------- */

static void statistics_change(vmrt_probe_statistics_t* statistics, int64_t blocks, int64_t bytes) {
  statistics->live_blocks += blocks;
  statistics->live_bytes += bytes;
  if (statistics->live_blocks > statistics->peak_blocks) statistics->peak_blocks = statistics->live_blocks;
  if (statistics->live_bytes > statistics->peak_bytes) statistics->peak_bytes = statistics->live_bytes;
}

static void account_change(account_t* account, int64_t blocks, int64_t bytes) {
  statistics_change(&account->statistics, blocks, bytes);
  statistics_change(&account->probe->total, blocks, bytes);
}

/* Counts a request; true when it is one to fail. */
static bool account_request(account_t* account) {
  vmrt_probe_t* probe = account->probe;
  ++account->statistics.requests;
  ++probe->total.requests;
  if (probe->until_failure < 0) return false;
  if (probe->until_failure > 0) {
    --probe->until_failure;
    return false;
  }
  if (!probe->fails_from_then_on) probe->until_failure = -1;
  ++account->statistics.failed;
  ++probe->total.failed;
  return true;
}

/* ---- Serving ------------------------------------------------------------------------------------------------------- */

static iree_status_t probe_free(void** inout_ptr) {
  if (!*inout_ptr) return iree_ok_status();
  block_header_t* header = (block_header_t*)*inout_ptr - 1;
  account_t* account = header->account;
  int64_t byte_length = (int64_t)header->byte_length;
  free(header);
  *inout_ptr = NULL;
  probe_lock(account->probe);
  account_change(account, -1, -byte_length);
  probe_unlock_or_free(account->probe);
  return iree_ok_status();
}

/* A resized block stays in the account that it was made under. False when there is no memory. */
static bool probe_resize(account_t* account, iree_allocator_command_t command, iree_host_size_t byte_length,
                         void** inout_ptr) {
  if (byte_length > PTRDIFF_MAX - sizeof(block_header_t)) return false;
  iree_host_size_t total = sizeof(block_header_t) + byte_length;
  block_header_t* old = command == IREE_ALLOCATOR_COMMAND_REALLOC && *inout_ptr ? (block_header_t*)*inout_ptr - 1 : NULL;
  int64_t old_length = old ? (int64_t)old->byte_length : 0;
  block_header_t* header = command == IREE_ALLOCATOR_COMMAND_CALLOC ? calloc(1, total) : realloc(old, total);
  if (!header) return false;
  if (!old) header->account = account;
  header->byte_length = byte_length;
  *inout_ptr = header + 1;
  probe_lock(account->probe);
  account_change(header->account, old ? 0 : 1, (int64_t)byte_length - old_length);
  probe_unlock(account->probe);
  return true;
}

static iree_status_t probe_request(account_t* account, iree_allocator_command_t command, iree_host_size_t byte_length,
                                   void** inout_ptr) {
  if (byte_length == 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "a block of 0 bytes was requested");
  probe_lock(account->probe);
  long long number = (long long)account->probe->total.requests;
  bool fails = account_request(account);
  probe_unlock(account->probe);
  if (!fails && probe_resize(account, command, byte_length, inout_ptr)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%s of %zu bytes for `%s`, request %lld",
                          fails ? "the probe failed the allocation" : "no memory for the allocation", byte_length,
                          account->name, number);
}

static iree_status_t probe_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  switch (command) {
    case IREE_ALLOCATOR_COMMAND_MALLOC:
    case IREE_ALLOCATOR_COMMAND_CALLOC:
    case IREE_ALLOCATOR_COMMAND_REALLOC:
      return probe_request(self, command, *(const iree_host_size_t*)params, inout_ptr);
    case IREE_ALLOCATOR_COMMAND_FREE:
      return probe_free(inout_ptr);
  }
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unknown allocator command %d", (int)command);
}

/* ---- Interface ----------------------------------------------------------------------------------------------------- */

iree_status_t vmrt_probe_create(vmrt_probe_t** out_probe) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(iree_allocator_system(), sizeof(vmrt_probe_t), &block));
  vmrt_probe_t* probe = block;
  probe->until_failure = -1;
  *out_probe = probe;
  return iree_ok_status();
}

void vmrt_probe_release(vmrt_probe_t* probe) {
  if (!probe) return;
  probe_lock(probe);
  probe->is_released = true;
  probe_unlock_or_free(probe);
}

/* The account of that name, made when there is none yet. Names longer than the account's field are cut. */
static account_t* probe_account(vmrt_probe_t* probe, iree_string_view_t owner) {
  owner = iree_string_view_substr(owner, 0, PROBE_NAME_SIZE - 1);
  for (iree_host_size_t i = 0; i < probe->account_count; ++i) {
    if (iree_string_view_equal(iree_make_cstring_view(probe->accounts[i].name), owner)) return &probe->accounts[i];
  }
  if (probe->account_count > PROBE_MAX_OWNERS) return &probe->accounts[PROBE_MAX_OWNERS];
  if (probe->account_count == PROBE_MAX_OWNERS) owner = IREE_SV("other");
  account_t* account = &probe->accounts[probe->account_count++];
  account->probe = probe;
  if (owner.size) memcpy(account->name, owner.data, owner.size);
  return account;
}

iree_allocator_t vmrt_probe_allocator(vmrt_probe_t* probe, iree_string_view_t owner) {
  probe_lock(probe);
  iree_allocator_t allocator = {probe_account(probe, owner), probe_ctl};
  probe_unlock(probe);
  return allocator;
}

vmrt_probe_statistics_t vmrt_probe_statistics(vmrt_probe_t* probe) {
  probe_lock(probe);
  vmrt_probe_statistics_t statistics = probe->total;
  probe_unlock(probe);
  return statistics;
}

iree_status_t vmrt_probe_owner(vmrt_probe_t* probe, iree_host_size_t index, iree_string_view_t* out_name,
                               vmrt_probe_statistics_t* out_statistics) {
  probe_lock(probe);
  iree_host_size_t count = probe->account_count;
  if (index < count) {
    *out_name = iree_make_cstring_view(probe->accounts[index].name);
    *out_statistics = probe->accounts[index].statistics;
  }
  probe_unlock(probe);
  if (index < count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "owner %zu of %zu", index, count);
}

void vmrt_probe_fail_at(vmrt_probe_t* probe, int64_t request, bool from_then_on) {
  probe_lock(probe);
  probe->until_failure = request;
  probe->fails_from_then_on = from_then_on;
  probe_unlock(probe);
}
