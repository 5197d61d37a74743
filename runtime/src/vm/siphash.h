/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-2-4 with a result of 64 bits (Aumasson and Bernstein, 2012). */
#ifndef VMRT_VM_SIPHASH_H_
#define VMRT_VM_SIPHASH_H_

#include <stddef.h>
#include <stdint.h>

#define SIPHASH_KEY_LENGTH 16

/* `data` may be NULL when `length` is 0. */
uint64_t siphash_2_4(const uint8_t key[SIPHASH_KEY_LENGTH], const uint8_t* data, size_t length);

#endif /* VMRT_VM_SIPHASH_H_ */
