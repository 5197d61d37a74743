/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of memory for code on POSIX systems. */
#if !defined(_WIN32)

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform/platform.h"

iree_host_size_t platform_page_size(void) {
  long size = sysconf(_SC_PAGESIZE);
  return size > 0 ? (iree_host_size_t)size : 4096;
}

static iree_host_size_t round_to_pages(iree_host_size_t byte_length) {
  iree_host_size_t page = platform_page_size();
  return (byte_length + page - 1) & ~(page - 1);
}

iree_status_t platform_pages_reserve(iree_host_size_t byte_length, uint8_t** out_pages) {
  iree_host_size_t length = round_to_pages(byte_length);
  if (length == 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "cannot reserve pages for %zu bytes", byte_length);
  }
  void* pages = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "cannot reserve pages for %zu bytes: %s", byte_length,
                            strerror(errno));
  }
  *out_pages = pages;
  return iree_ok_status();
}

static int protection_bits(platform_protection_t protection) {
  switch (protection) {
    case PLATFORM_PROTECT_READ: return PROT_READ;
    case PLATFORM_PROTECT_READ_WRITE: return PROT_READ | PROT_WRITE;
    default: return PROT_READ | PROT_EXEC;
  }
}

iree_status_t platform_pages_protect(uint8_t* pages, iree_host_size_t byte_length, platform_protection_t protection) {
  uintptr_t first = (uintptr_t)pages & ~(uintptr_t)(platform_page_size() - 1);
  iree_host_size_t length = round_to_pages((uintptr_t)pages - first + byte_length);
  if (mprotect((void*)first, length, protection_bits(protection)) == 0) return iree_ok_status();
  return iree_make_status(iree_status_code_from_errno(errno), "cannot change the protection of %zu bytes: %s", length,
                          strerror(errno));
}

void platform_pages_release(uint8_t* pages, iree_host_size_t byte_length) {
  if (pages) munmap(pages, round_to_pages(byte_length));
}

#else
typedef int posix_memory_is_empty_t;
#endif
