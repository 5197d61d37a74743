/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter: runs the fast form of functions on the frames of a stack.
 *
 * One run of the loop is an activation: it starts with an entry from outside, goes through all calls between bytecode
 * functions, of other modules too, without recursion in C, and ends when the entry frame returns, fails or is
 * suspended. */
#ifndef VMRT_BYTECODE_INTERP_H_
#define VMRT_BYTECODE_INTERP_H_

#include "bytecode/module.h"
#include "vm/ref_inline.h"
#include "vm/stack.h"

typedef struct interp_frame_t interp_frame_t;

typedef struct interp_activation_t {
  struct interp_activation_t* outer;
  vm_frame_t* parent;        /* newest frame when it began */
  interp_frame_t* innermost; /* suspended: where to go on */
  iree_byte_span_t results;
  bytecode_module_t* module;
  bool is_suspended;
} interp_activation_t;

/* Followed by the 32-bit registers, then the ref registers. */
struct interp_frame_t {
  vm_frame_t base;
  const code_word_t* ip; /* while it does not run: the call in progress, or where to go on */
  const code_function_t* function;
  bytecode_state_t* state;
  iree_vm_ref_t* refs;
  interp_activation_t* activation; /* NULL: called by bytecode */
  void* pending;                   /* packed form of a suspended import call */
};

static inline int32_t* interp_registers(interp_frame_t* frame) { return (int32_t*)(frame + 1); }

/* Calls `function` with packed arguments. DEFERRED without message: suspended, frames stay. */
iree_status_t interp_begin(iree_vm_stack_t* stack, code_function_t* function, iree_vm_function_call_t call);
/* Continues the outermost suspended activation of `module`; FAILED_PRECONDITION when there is none. */
iree_status_t interp_resume(iree_vm_stack_t* stack, bytecode_module_t* module, iree_byte_span_t results);

/* ---- Between the files of the interpreter ------------------------------------------------------------------------ */

static inline int64_t load_64(const int32_t* reg) {
  int64_t value;
  memcpy(&value, reg, sizeof value);
  return value;
}
static inline void store_64(int32_t* reg, int64_t value) { memcpy(reg, &value, sizeof value); }
static inline iree_vm_ref_t* ref_at(iree_vm_ref_t* refs, uint16_t slot) { return &refs[slot & CODE_REGISTER_INDEX]; }
static inline bool is_move(uint16_t slot) { return (slot & CODE_REGISTER_MOVE) != 0; }
/* By the MOVE bit of `slot`. */
static inline void take_ref(iree_vm_ref_t* refs, uint16_t slot, iree_vm_ref_t* target) {
  if (is_move(slot)) {
    vm_ref_move(ref_at(refs, slot), target);
  } else {
    vm_ref_retain(ref_at(refs, slot), target);
  }
}

extern const vm_frame_class_t interp_frame_class;

/* Runs from the innermost frame of the activation until it ends. */
iree_status_t interp_run(iree_vm_stack_t* stack, interp_activation_t* activation);

/* interp_frame.c */
void interp_release_refs(interp_frame_t* frame);
/* Copies what the return at `ip` names to the result registers of the call that `caller` is in. */
void interp_return_values(interp_frame_t* frame, const code_word_t* ip, interp_frame_t* caller);
/* Writes the packed results of the activation and leaves the entry frame. */
void interp_leave(iree_vm_stack_t* stack, interp_frame_t* frame, const code_word_t* ip);
/* Adds a backtrace where there is none yet and leaves all frames of the activation. */
iree_status_t interp_fail(iree_vm_stack_t* stack, interp_activation_t* activation, iree_status_t status);
iree_status_t interp_suspend(iree_vm_stack_t* stack, interp_activation_t* activation, interp_frame_t* frame);
iree_status_t interp_fail_instruction(iree_vm_stack_t* stack, interp_frame_t* frame, const code_word_t* ip);
iree_status_t interp_trace(interp_frame_t* frame, uint32_t pc);

/* interp_import.c */
iree_status_t interp_find_target_state(iree_vm_stack_t* stack, import_binding_t* binding);
/* Copies arguments from registers to registers. */
void interp_pass_arguments(const import_binding_t* binding, interp_frame_t* caller, const code_word_t* ip,
                           interp_frame_t* callee);
iree_status_t interp_call_native(iree_vm_stack_t* stack, interp_frame_t* frame, const code_word_t* ip);
iree_status_t interp_resume_native(iree_vm_stack_t* stack, interp_frame_t* frame);
/* Releases what a call in progress holds. */
void interp_abandon_native(interp_frame_t* frame);
iree_status_t interp_unresolved(const interp_frame_t* frame, uint32_t ordinal);

/* interp_ref.c, interp_buffer.c: instructions too long for the loop. */
typedef iree_status_t interp_operation_t(interp_frame_t* frame, const code_word_t* ip);
interp_operation_t interp_global_load_ref, interp_global_store_ref, interp_global_load_indirect_ref,
    interp_global_store_indirect_ref, interp_list_alloc, interp_list_reserve, interp_list_resize, interp_list_get,
    interp_list_set, interp_list_get_ref, interp_list_set_ref, interp_select_ref, interp_switch_ref,
    interp_cast_any_ref;
interp_operation_t interp_buffer_alloc, interp_buffer_clone, interp_buffer_copy, interp_buffer_compare,
    interp_buffer_fill, interp_buffer_hash;
/* Why the access at `ip` to element `offset` of a buffer fails. */
iree_status_t interp_buffer_failure(const iree_vm_ref_t* ref, uint64_t offset, uint32_t element_size, bool is_write);
iree_status_t interp_global_failure(const interp_frame_t* frame, uint32_t offset);
iree_status_t interp_list_null(void);
iree_status_t interp_division_by_zero(void);

#endif /* VMRT_BYTECODE_INTERP_H_ */
