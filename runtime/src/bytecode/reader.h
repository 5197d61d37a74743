/* SPDX-License-Identifier: Apache-2.0 */
/* A reader of little-endian bytes whose first failure sticks: a read past the end gives zero and so do all later ones. */
#ifndef VMRT_BYTECODE_READER_H_
#define VMRT_BYTECODE_READER_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct reader_t {
  const uint8_t* begin; /* alignment is counted from here */
  const uint8_t* at;
  const uint8_t* end;
  bool overrun;
} reader_t;

static inline reader_t reader_over(const uint8_t* data, size_t length) {
  reader_t reader = {data, data, data + length, false};
  return reader;
}
static inline size_t reader_offset(const reader_t* reader) { return (size_t)(reader->at - reader->begin); }
static inline size_t reader_remaining(const reader_t* reader) { return (size_t)(reader->end - reader->at); }

static inline uint16_t read_le16(const uint8_t* data) { return (uint16_t)(data[0] | data[1] << 8); }
static inline uint32_t read_le32(const uint8_t* data) {
  return (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}
static inline uint64_t read_le64(const uint8_t* data) {
  return (uint64_t)read_le32(data) | (uint64_t)read_le32(data + 4) << 32;
}

/* The next `length` bytes, or NULL when there are not so many. */
static inline const uint8_t* reader_take(reader_t* reader, size_t length) {
  const uint8_t* data = reader->at;
  if (length > reader_remaining(reader)) {
    reader->at = reader->end;
    reader->overrun = true;
    return NULL;
  }
  reader->at = data + length;
  return data;
}
static inline uint8_t reader_u8(reader_t* reader) {
  const uint8_t* data = reader_take(reader, 1);
  return data ? *data : 0;
}
static inline uint16_t reader_u16(reader_t* reader) {
  const uint8_t* data = reader_take(reader, 2);
  return data ? read_le16(data) : 0;
}
static inline uint32_t reader_u32(reader_t* reader) {
  const uint8_t* data = reader_take(reader, 4);
  return data ? read_le32(data) : 0;
}
static inline uint64_t reader_u64(reader_t* reader) {
  const uint8_t* data = reader_take(reader, 8);
  return data ? read_le64(data) : 0;
}
/* Skips the byte, if any, that a list of 16-bit words is padded with. */
static inline void reader_align2(reader_t* reader) {
  if (reader_offset(reader) & 1) (void)reader_take(reader, 1);
}

#endif /* VMRT_BYTECODE_READER_H_ */
