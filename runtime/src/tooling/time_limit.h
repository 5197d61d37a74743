/* SPDX-License-Identifier: Apache-2.0 */
/* A limit on the time of a whole run. */
#ifndef VMRT_TOOLING_TIME_LIMIT_H_
#define VMRT_TOOLING_TIME_LIMIT_H_

#include "iree/vm/api.h"

/* Exit code of a process whose native code did not return in time. */
#define TIME_LIMIT_EXIT_CODE 124

typedef struct time_limit_t time_limit_t;

/* After `seconds` bytecode of the instance is cancelled with DEADLINE_EXCEEDED; what cannot be cancelled (native code,
 * reading) has one more second, then the process says so and ends with TIME_LIMIT_EXIT_CODE. INVALID_ARGUMENT unless 0
 * < seconds <= 1e9. */
iree_status_t time_limit_start(double seconds, iree_vm_instance_t* instance, iree_allocator_t allocator,
                               time_limit_t** out_limit);
/* Lets bytecode run again, for the functions of teardown; the rest of the limit stays. NULL is nothing. */
void time_limit_begin_teardown(time_limit_t* limit);
/* Ends the limit: DEADLINE_EXCEEDED if it had passed. NULL is OK. */
iree_status_t time_limit_stop(time_limit_t* limit);

#endif /* VMRT_TOOLING_TIME_LIMIT_H_ */
