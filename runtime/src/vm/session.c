/* SPDX-License-Identifier: Apache-2.0 */
/* A context behind a guard that one thread passes at a time. */
#include "vm/session.h"

#include "base/atomics.h"

/* ---- The guard ----------------------------------------------------------------------------------------------------- */

static iree_status_t session_refusal(session_state_t state) {
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                          state == SESSION_CLOSED ? "the context is closed" : "another thread is inside the context");
}

iree_status_t session_enter_slow(vmrt_session_t* session) {
  return session_refusal((session_state_t)atomic_load_relaxed_i32(&session->state));
}

iree_status_t vmrt_session_enter(vmrt_session_t* session) { return session_enter(session); }

void vmrt_session_leave(vmrt_session_t* session) { session_leave(session); }

/* ---- Life ---------------------------------------------------------------------------------------------------------- */

iree_status_t vmrt_session_create(iree_vm_context_t* context, iree_allocator_t allocator,
                                  iree_allocator_t invocation_allocator, vmrt_session_t** out_session) {
  vmrt_session_t* session = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *session, (void**)&session));
  atomic_ref_count_init(&session->ref_count);
  session->allocator = allocator;
  session->invocation_allocator = invocation_allocator;
  session->resolver = iree_vm_context_state_resolver(context);
  bool is_traced = (iree_vm_context_flags(context) & IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION) != 0;
  session->flags = is_traced ? IREE_VM_INVOCATION_FLAG_TRACE_EXECUTION : IREE_VM_INVOCATION_FLAG_NONE;
  session->context = context;
  iree_vm_context_retain(context);
  *out_session = session;
  return iree_ok_status();
}

void session_retain(vmrt_session_t* session) { atomic_ref_count_retain(&session->ref_count); }

iree_status_t vmrt_session_close(vmrt_session_t* session) {
  IREE_RETURN_IF_ERROR(session_enter(session));
  iree_vm_context_t* context = session->context;
  session->context = NULL;
  __atomic_store_n(&session->state, SESSION_CLOSED, __ATOMIC_RELEASE);
  iree_vm_context_release(context);
  return iree_ok_status();
}

void vmrt_session_release(vmrt_session_t* session) {
  if (!session || !atomic_ref_count_release(&session->ref_count)) return;
  iree_vm_context_release(session->context);
  iree_allocator_free(session->allocator, session);
}
