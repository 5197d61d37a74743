/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of memory for code on Windows. */
#if defined(_WIN32)

#include <windows.h>

#include "platform/platform.h"
#include "platform/windows_error.h"

iree_host_size_t platform_page_size(void) {
  SYSTEM_INFO info;
  GetSystemInfo(&info);
  return info.dwPageSize;
}

iree_status_t platform_pages_reserve(iree_host_size_t byte_length, uint8_t** out_pages) {
  void* pages = VirtualAlloc(NULL, byte_length, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
  if (!pages) return windows_error_status(GetLastError(), "cannot reserve pages", "for code");
  *out_pages = pages;
  return iree_ok_status();
}

static DWORD protection_bits(platform_protection_t protection) {
  switch (protection) {
    case PLATFORM_PROTECT_READ: return PAGE_READONLY;
    case PLATFORM_PROTECT_READ_WRITE: return PAGE_READWRITE;
    default: return PAGE_EXECUTE_READ;
  }
}

iree_status_t platform_pages_protect(uint8_t* pages, iree_host_size_t byte_length, platform_protection_t protection) {
  DWORD before = 0;
  if (!VirtualProtect(pages, byte_length, protection_bits(protection), &before)) {
    return windows_error_status(GetLastError(), "cannot change the protection", "of pages for code");
  }
  if (protection == PLATFORM_PROTECT_READ_EXECUTE) FlushInstructionCache(GetCurrentProcess(), pages, byte_length);
  return iree_ok_status();
}

void platform_pages_release(uint8_t* pages, iree_host_size_t byte_length) {
  (void)byte_length;
  if (pages) VirtualFree(pages, 0, MEM_RELEASE);
}

#else
typedef int windows_memory_is_empty_t;
#endif
