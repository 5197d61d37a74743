/* SPDX-License-Identifier: Apache-2.0 */
/* Telling shared libraries from other files by their first bytes. */
#ifndef VMRT_PLATFORM_FILE_KIND_H_
#define VMRT_PLATFORM_FILE_KIND_H_

#include "platform/platform.h"

static inline platform_file_kind_t file_kind_of(const uint8_t* bytes, iree_host_size_t length) {
  static const uint8_t magics[][4] = {
      {0x7F, 'E', 'L', 'F'},    {0xFE, 0xED, 0xFA, 0xCE}, {0xFE, 0xED, 0xFA, 0xCF},
      {0xCE, 0xFA, 0xED, 0xFE}, {0xCF, 0xFA, 0xED, 0xFE}, {0xCA, 0xFE, 0xBA, 0xBE},
  };
  if (length >= 2 && bytes[0] == 'M' && bytes[1] == 'Z') return PLATFORM_FILE_LIBRARY;
  for (size_t i = 0; length >= 4 && i < sizeof magics / sizeof magics[0]; ++i) {
    if (memcmp(bytes, magics[i], 4) == 0) return PLATFORM_FILE_LIBRARY;
  }
  return PLATFORM_FILE_OTHER;
}

#endif /* VMRT_PLATFORM_FILE_KIND_H_ */
