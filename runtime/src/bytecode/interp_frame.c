/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to frames outside the straight path: results, suspension, failure, unwinding, tracing. */
#include <stdio.h>

#include "bytecode/disasm.h"
#include "bytecode/interp.h"

_Static_assert(sizeof(interp_frame_t) % VM_STACK_ALIGNMENT == 0, "registers follow the frame and are aligned like it");

void interp_release_refs(interp_frame_t* frame) {
  for (uint32_t i = 0; i < frame->function->ref_count; ++i) vm_ref_release(&frame->refs[i]);
}

/* ---- As frames of the stack -------------------------------------------------------------------------------------- */

static void interp_describe(vm_frame_t* base) {
  interp_frame_t* frame = (interp_frame_t*)base;
  uint32_t word = 0;
  code_form_t form = code_function_locate(frame->function, frame->ip, &word);
  base->view.type = IREE_VM_STACK_FRAME_BYTECODE;
  base->view.function.module = &frame->function->module->interface;
  base->view.function.linkage = IREE_VM_FUNCTION_LINKAGE_INTERNAL;
  base->view.function.ordinal = (uint16_t)frame->function->ordinal;
  base->view.module_state = (iree_vm_module_state_t*)frame->state;
  base->view.pc = code_function_pc(frame->function, form, word);
}

/* The entry frame takes its activation with it. */
static void interp_leave_frame(iree_vm_stack_t* stack, vm_frame_t* base) {
  interp_frame_t* frame = (interp_frame_t*)base;
  interp_activation_t* activation = frame->activation;
  interp_release_refs(frame);
  if (frame->pending) interp_abandon_native(frame);
  stack->current = base->parent;
  stack->budget += frame->function->cost;
  if (activation) {
    stack->activation = activation->outer;
    vm_stack_pop(stack, activation);
  } else {
    vm_stack_pop(stack, frame);
  }
}

const vm_frame_class_t interp_frame_class = {interp_describe, interp_leave_frame};

/* ---- Results ----------------------------------------------------------------------------------------------------- */

void interp_return_values(interp_frame_t* frame, const code_word_t* ip, interp_frame_t* caller) {
  const uint16_t* values = ip->slots + 2;
  const uint16_t* targets = caller->ip[CODE_CALL_RESULTS].slots + 1;
  const int32_t* from = interp_registers(frame);
  int32_t* to = interp_registers(caller);
  uint32_t count = ip->a;
  for (uint32_t i = 0; i < count; ++i) {
    if (values[i] & CODE_REGISTER_REF) {
      take_ref(frame->refs, values[i], ref_at(caller->refs, targets[i]));
    } else if (values[i] & CODE_REGISTER_64) {
      store_64(&to[targets[i]], load_64(&from[values[i] & CODE_REGISTER_INDEX]));
    } else {
      to[targets[i]] = from[values[i]];
    }
  }
}

/* Writes one result at `at` and returns where the next one may start. */
static uint32_t pack_result(interp_frame_t* frame, uint16_t value, uint8_t* to, uint32_t at) {
  const int32_t* registers = interp_registers(frame);
  if (value & CODE_REGISTER_REF) {
    at = (at + 7) & ~7u;
    iree_vm_ref_t owned = iree_vm_ref_null();
    take_ref(frame->refs, value, &owned);
    memcpy(to + at, &owned, sizeof owned);
    return at + (uint32_t)sizeof owned;
  }
  if (value & CODE_REGISTER_64) {
    at = (at + 7) & ~7u;
    memcpy(to + at, &registers[value & CODE_REGISTER_INDEX], 8);
    return at + 8;
  }
  memcpy(to + at, &registers[value], 4);
  return at + 4;
}

static void pack_results(interp_frame_t* frame, const code_word_t* ip) {
  uint8_t* to = frame->activation->results.data;
  uint32_t at = 0;
  switch (ip->op) {
    case CODE_RETURN_VOID: return;
    case CODE_RETURN_32: pack_result(frame, ip->a, to, 0); return;
    case CODE_RETURN_64: pack_result(frame, ip->a | CODE_REGISTER_64, to, 0); return;
    default:
      for (uint32_t i = 0; i < ip->a; ++i) at = pack_result(frame, (ip->slots + 2)[i], to, at);
      return;
  }
}

void interp_leave(iree_vm_stack_t* stack, interp_frame_t* frame, const code_word_t* ip) {
  pack_results(frame, ip);
  interp_leave_frame(stack, &frame->base);
}

/* ---- Suspension -------------------------------------------------------------------------------------------------- */

/* A call of another module that gives results and is not made to be suspended. */
static bool cannot_wait(const interp_frame_t* frame, const interp_frame_t* caller) {
  if (caller->ip->op != CODE_CALL_IMPORT || (caller->ip[1].op & CALL_FLAG_YIELDABLE)) return false;
  const code_function_t* function = frame->function;
  return function->module->image.functions[function->ordinal].cconv.results.size > 0;
}

iree_status_t interp_suspend(iree_vm_stack_t* stack, interp_activation_t* activation, interp_frame_t* frame) {
  for (interp_frame_t* at = frame; !at->activation; at = (interp_frame_t*)at->base.parent) {
    if (cannot_wait(at, (interp_frame_t*)at->base.parent)) {
      return interp_fail(stack, activation, iree_make_status(IREE_STATUS_UNIMPLEMENTED,
                                                             "yield in imports with results not supported"));
    }
  }
  activation->innermost = frame;
  activation->is_suspended = true;
  return iree_status_from_code(IREE_STATUS_DEFERRED);
}

/* ---- Failure ----------------------------------------------------------------------------------------------------- */

iree_status_t interp_fail(iree_vm_stack_t* stack, interp_activation_t* activation, iree_status_t status) {
  if (stack->backtrace_code != iree_status_code(status)) {
    status = iree_vm_stack_annotate_backtrace(stack, status);
    stack->backtrace_code = iree_status_code(status);
  }
  stack->deferred_failure = IREE_STATUS_IS(DEFERRED, status);
  vm_stack_unwind(stack, activation->parent);
  return status;
}

iree_status_t interp_fail_instruction(iree_vm_stack_t* stack, interp_frame_t* frame, const code_word_t* ip) {
  int32_t number = interp_registers(frame)[ip->a];
  iree_status_code_t code = (iree_status_code_t)((uint32_t)number & IREE_STATUS_CODE_MASK);
  stack->backtrace_code = IREE_STATUS_OK;
  if (code == IREE_STATUS_OK) {
    return iree_make_status(IREE_STATUS_INTERNAL, "fail with status %d, which is no failure: %.*s", (int)number,
                            (int)ip->b, (const char*)ip[1].pointer);
  }
  return iree_make_status(code, "%.*s", (int)ip->b, (const char*)ip[1].pointer);
}

/* ---- Tracing ----------------------------------------------------------------------------------------------------- */

static iree_status_t append_trace(interp_frame_t* frame, uint32_t pc, iree_string_builder_t* builder) {
  const bytecode_image_t* image = &frame->function->module->image;
  iree_vm_function_t function = {&frame->function->module->interface, IREE_VM_FUNCTION_LINKAGE_INTERNAL,
                                 (uint16_t)frame->function->ordinal};
  iree_string_view_t name = iree_vm_function_name(&function);
  bytecode_registers_t registers = {interp_registers(frame), frame->refs};
  if (iree_string_view_is_empty(name)) {
    IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "[%.*s@%u+%08X] ", (int)image->name.size,
                                                           image->name.data, frame->function->ordinal, pc));
  } else {
    IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "[%.*s.%.*s+%08X] ", (int)image->name.size,
                                                           image->name.data, (int)name.size, name.data, pc));
  }
  return bytecode_disassemble_instruction(image, frame->function->ordinal, pc, &registers, builder, NULL);
}

iree_status_t interp_trace(interp_frame_t* frame, uint32_t pc) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(frame->function->module->allocator, &builder);
  iree_status_t status = append_trace(frame, pc, &builder);
  if (iree_status_is_ok(status)) {
    iree_string_view_t line = iree_string_builder_view(&builder);
    fprintf(stderr, "%.*s\n", (int)line.size, line.data);
  }
  iree_string_builder_deinitialize(&builder);
  return status;
}
