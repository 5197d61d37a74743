/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash: two rounds for every eight bytes of the message, four at the end. */
#include "vm/siphash.h"

typedef struct siphash_state_t {
  uint64_t v0, v1, v2, v3;
} siphash_state_t;

static uint64_t rotate_left(uint64_t word, int bits) { return word << bits | word >> (64 - bits); }

/* Up to eight bytes, the first one lowest. */
static uint64_t load_little_endian(const uint8_t* bytes, size_t count) {
  uint64_t word = 0;
  for (size_t i = 0; i < count; ++i) word |= (uint64_t)bytes[i] << (8 * i);
  return word;
}

static void siphash_rounds(siphash_state_t* s, int count) {
  for (int i = 0; i < count; ++i) {
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 = rotate_left(s->v2, 32);
  }
}

static void siphash_absorb(siphash_state_t* s, uint64_t word) {
  s->v3 ^= word;
  siphash_rounds(s, 2);
  s->v0 ^= word;
}

uint64_t siphash_2_4(const uint8_t key[SIPHASH_KEY_LENGTH], const uint8_t* data, size_t length) {
  uint64_t k0 = load_little_endian(key, 8);
  uint64_t k1 = load_little_endian(key + 8, 8);
  siphash_state_t s = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u,
                       k1 ^ 0x7465646279746573u};
  size_t whole = length - length % 8;
  for (size_t i = 0; i < whole; i += 8) siphash_absorb(&s, load_little_endian(data + i, 8));
  uint64_t last = length % 8 ? load_little_endian(data + whole, length % 8) : 0;
  siphash_absorb(&s, last | (uint64_t)length << 56);
  s.v2 ^= 0xff;
  siphash_rounds(&s, 4);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
