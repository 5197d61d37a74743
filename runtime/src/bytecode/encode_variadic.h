/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of variadic calls: a list of 16-bit numbers behind the segment sizes of a CALL_IMPORT.
 *
 * First the bytes of all packed arguments and the number of entries. Then an entry for each value, its offset plus a kind of
 * variadic_kind_t (offsets are multiples of 4), and for each span an entry with the place of its count and one with the
 * count. */
#ifndef VMRT_BYTECODE_ENCODE_VARIADIC_H_
#define VMRT_BYTECODE_ENCODE_VARIADIC_H_

#include "bytecode/encode.h"

typedef enum variadic_kind_e { VARIADIC_32 = 0, VARIADIC_64 = 1, VARIADIC_REF = 2, VARIADIC_COUNT = 3 } variadic_kind_t;
/* Larger calls have no plan. */
#define VARIADIC_MAX_BYTES 65528u

/* The numbers of a plan; 0 when there can be none: no convention, one that does not fit the call, too many bytes. */
uint32_t variadic_plan_measure(iree_string_view_t letters, operand_list_t segments, uint32_t argument_count);
/* Pushes a plan that was measured. */
void variadic_plan_encode(encoder_t* encoder, iree_string_view_t letters, operand_list_t segments);

#endif /* VMRT_BYTECODE_ENCODE_VARIADIC_H_ */
