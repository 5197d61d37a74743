/* SPDX-License-Identifier: Apache-2.0 */
/* Writes strings and times as JSON has them. */
#include "tooling/json_text.h"

#include <time.h>

/* How many bytes a character has that begins here; 0: none does. */
static size_t character_length(const unsigned char* bytes, size_t available) {
  size_t length = bytes[0] < 0x80 ? 1 : bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : bytes[0] >= 0xC2 ? 2 : 0;
  if (bytes[0] > 0xF4 || length > available) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((bytes[i] & 0xC0) != 0x80) return 0;
  }
  bool is_overlong = (bytes[0] == 0xE0 && bytes[1] < 0xA0) || (bytes[0] == 0xF0 && bytes[1] < 0x90);
  bool is_outside = (bytes[0] == 0xED && bytes[1] > 0x9F) || (bytes[0] == 0xF4 && bytes[1] > 0x8F);
  return is_overlong || is_outside ? 0 : length;
}

static void put_ascii(FILE* file, unsigned char c) {
  switch (c) {
    case '"': fputs("\\\"", file); break;
    case '\\': fputs("\\\\", file); break;
    case '\n': fputs("\\n", file); break;
    case '\t': fputs("\\t", file); break;
    default:
      if (c < 0x20) {
        fprintf(file, "\\u%04x", c);
      } else {
        fputc(c, file);
      }
  }
}

void json_put_string(FILE* file, iree_string_view_t text) {
  const unsigned char* bytes = (const unsigned char*)text.data;
  fputc('"', file);
  for (size_t i = 0; i < text.size;) {
    size_t length = character_length(bytes + i, text.size - i);
    if (length == 0) fputc('?', file);
    if (length == 1) put_ascii(file, bytes[i]);
    if (length > 1) fwrite(bytes + i, 1, length, file);
    i += length ? length : 1;
  }
  fputc('"', file);
}

time_text_t time_text(iree_time_t nanoseconds_since_epoch) {
  time_text_t text = {""};
  time_t seconds = (time_t)(nanoseconds_since_epoch / 1000000000);
  const struct tm* parts = gmtime(&seconds);
  if (parts) strftime(text.chars, sizeof text.chars, "%Y-%m-%dT%H:%M:%S+00:00", parts);
  return text;
}
