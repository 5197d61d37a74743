/* SPDX-License-Identifier: Apache-2.0 */
/* Errors of Windows as statuses, and paths in UTF-16; for the windows_*.c files only. */
#ifndef VMRT_PLATFORM_WINDOWS_ERROR_H_
#define VMRT_PLATFORM_WINDOWS_ERROR_H_

#include <windows.h>

#include "platform/platform.h"

static inline iree_status_code_t windows_error_code(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_MOD_NOT_FOUND:
    case ERROR_PROC_NOT_FOUND:
    case ERROR_BAD_EXE_FORMAT:
      return IREE_STATUS_NOT_FOUND;
    case ERROR_ACCESS_DENIED:
    case ERROR_SHARING_VIOLATION:
      return IREE_STATUS_PERMISSION_DENIED;
    case ERROR_NOT_ENOUGH_MEMORY:
    case ERROR_OUTOFMEMORY:
    case ERROR_TOO_MANY_OPEN_FILES:
      return IREE_STATUS_RESOURCE_EXHAUSTED;
    case ERROR_INVALID_NAME:
    case ERROR_INVALID_PARAMETER:
    case ERROR_NO_UNICODE_TRANSLATION:
      return IREE_STATUS_INVALID_ARGUMENT;
    default:
      return IREE_STATUS_UNKNOWN;
  }
}

static inline iree_status_t windows_error_status(DWORD error, const char* what, const char* name) {
  char text[256] = "";
  DWORD length = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, error, 0, text,
                                sizeof text, NULL);
  while (length && (text[length - 1] == '\n' || text[length - 1] == '\r' || text[length - 1] == ' ')) text[--length] = 0;
  return iree_make_status(windows_error_code(error), "%s '%s': %s (error %lu)", what, name, text, (unsigned long)error);
}

typedef struct wide_path_t {
  wchar_t text[PLATFORM_MAX_PATH + 1];
} wide_path_t;

static inline iree_status_t path_to_wide(const char* path, wide_path_t* out_path) {
  int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, out_path->text, PLATFORM_MAX_PATH + 1);
  return length ? iree_ok_status() : windows_error_status(GetLastError(), "cannot use path", path);
}

#endif /* VMRT_PLATFORM_WINDOWS_ERROR_H_ */
