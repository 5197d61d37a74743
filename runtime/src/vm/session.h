/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a session, for prepared calls: entering and leaving cost one atomic operation each. */
#ifndef VMRT_VM_SESSION_H_
#define VMRT_VM_SESSION_H_

#include "vmrt/call.h"

typedef enum session_state_e { SESSION_FREE = 0, SESSION_ENTERED = 1, SESSION_CLOSED = 2 } session_state_t;

struct vmrt_session_t {
  iree_atomic_ref_count_t ref_count;
  int32_t state; /* atomic, session_state_t */
  uint32_t flags; /* of invocations */
  iree_allocator_t allocator;
  iree_allocator_t invocation_allocator;
  iree_vm_state_resolver_t resolver;
  iree_vm_context_t* context; /* NULL once closed */
};

/* Why it was not possible to enter. */
iree_status_t session_enter_slow(vmrt_session_t* session);
void session_retain(vmrt_session_t* session);

static inline iree_status_t session_enter(vmrt_session_t* session) {
  int32_t expected = SESSION_FREE;
  bool entered = __atomic_compare_exchange_n(&session->state, &expected, SESSION_ENTERED, false, __ATOMIC_ACQUIRE,
                                             __ATOMIC_RELAXED);
  return entered ? iree_ok_status() : session_enter_slow(session);
}

static inline void session_leave(vmrt_session_t* session) {
  __atomic_store_n(&session->state, SESSION_FREE, __ATOMIC_RELEASE);
}

#endif /* VMRT_VM_SESSION_H_ */
