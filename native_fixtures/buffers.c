/* SPDX-License-Identifier: Apache-2.0 */
/* Takes, changes, keeps, returns and makes `vm.buffer` objects. Without a runtime it learns their type from the first one that
 * it sees. */
#include "trace.h"

typedef struct {
  iree_vm_ref_type_t buffer_type; /* 0: none was seen yet */
  iree_vm_ref_t kept;
} state_t;

/* The buffer in the next argument, borrowed. */
static iree_status_t arg_buffer(vmrt_call_t* call, iree_vm_buffer_t** out, iree_vm_ref_t* out_ref) {
  *out_ref = vmrt_arg_ref(call);
  VMRT_TRY(vmrt_ref_buffer(*out_ref, out));
  ((state_t*)vmrt_call_state(call))->buffer_type = out_ref->type;
  return vmrt_ok();
}

static int64_t sum_bytes(const iree_vm_buffer_t* buffer) {
  int64_t total = 0;
  for (size_t i = 0; i < buffer->data.data_length; ++i) total += buffer->data.data[i];
  return total;
}

static iree_status_t sum(vmrt_call_t* call) {
  iree_vm_ref_t ref;
  iree_vm_buffer_t* buffer = NULL;
  VMRT_TRY(arg_buffer(call, &buffer, &ref));
  vmrt_return_i64(call, sum_bytes(buffer));
  return vmrt_ok();
}

static iree_status_t fill(vmrt_call_t* call) {
  iree_vm_ref_t ref;
  iree_vm_buffer_t* buffer = NULL;
  VMRT_TRY(arg_buffer(call, &buffer, &ref));
  if (!(buffer->access & IREE_VM_BUFFER_ACCESS_MUTABLE)) {
    return vmrt_status(IREE_STATUS_PERMISSION_DENIED, "buffers.fill: the buffer is constant");
  }
  if (buffer->data.data_length) memset(buffer->data.data, vmrt_arg_i32(call), buffer->data.data_length);
  return vmrt_ok();
}

/* A new buffer with the bytes 0, 1, …, n - 1. */
static iree_status_t make(vmrt_call_t* call) {
  state_t* state = (state_t*)vmrt_call_state(call);
  int32_t length = vmrt_arg_i32(call);
  iree_vm_ref_t ref;
  if (length < 0) return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "buffers.make: length %d", length);
  if (!state->buffer_type) {
    return vmrt_status(IREE_STATUS_FAILED_PRECONDITION, "buffers.make: no buffer was passed before, their type is not known");
  }
  VMRT_TRY(vmrt_buffer_create(call->module->allocator, state->buffer_type, (size_t)length, &ref));
  for (int32_t i = 0; i < length; ++i) ((iree_vm_buffer_t*)ref.ptr)->data.data[i] = (uint8_t)i;
  vmrt_return_ref(call, ref);
  return vmrt_ok();
}

/* The argument itself, with an owner more. */
static iree_status_t same(vmrt_call_t* call) {
  vmrt_return_ref(call, vmrt_ref_retain(vmrt_arg_ref(call)));
  return vmrt_ok();
}

/* Keeps the buffer until the next one, or null, comes or the state goes. */
static iree_status_t keep(vmrt_call_t* call) {
  state_t* state = (state_t*)vmrt_call_state(call);
  iree_vm_ref_t ref = vmrt_ref_retain(vmrt_arg_ref(call));
  vmrt_ref_release(&state->kept);
  state->kept = ref;
  return vmrt_ok();
}

/* Sum of the bytes of the kept buffer; -1 when there is none. */
static iree_status_t kept_sum(vmrt_call_t* call) {
  state_t* state = (state_t*)vmrt_call_state(call);
  iree_vm_buffer_t* buffer = NULL;
  if (!vmrt_ref_is_null(state->kept)) VMRT_TRY(vmrt_ref_buffer(state->kept, &buffer));
  vmrt_return_i64(call, buffer ? sum_bytes(buffer) : -1);
  return vmrt_ok();
}

/* Owners of the argument right now, the caller's slot included where it counts. */
static iree_status_t owners(vmrt_call_t* call) {
  iree_vm_ref_t ref = vmrt_arg_ref(call);
  vmrt_return_i32(call, vmrt_ref_is_null(ref) ? 0 : atomic_load(vmrt_ref_counter(ref)));
  return vmrt_ok();
}

static void deinit_state(vmrt_module_t* module, void* state) {
  (void)module;
  vmrt_ref_release(&((state_t*)state)->kept);
}

static const vmrt_module_type_t buffers = {
    .name = "buffers",
    .state_size = sizeof(state_t),
    .deinit_state = deinit_state,
    VMRT_EXPORTS({"sum", "0r_I", sum}, {"fill", "0ri_v", fill}, {"make", "0i_r", make}, {"same", "0r_r", same},
                 {"keep", "0r_v", keep}, {"kept_sum", "0v_I", kept_sum}, {"owners", "0r_i", owners}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, buffers)
