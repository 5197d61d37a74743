/* SPDX-License-Identifier: Apache-2.0 */
/* The special functions of modules: `__init` at registration, `__deinit` at teardown, `__notify` in between. */
#include "vm/context_slots.h"
#include "vm/module_calls.h"
#include "vm/text.h"

/* ---- Calling ----------------------------------------------------------------------------------------------------- */

static iree_status_t lifecycle_mismatch(const context_slot_t* slot, iree_string_view_t name, iree_string_view_t cconv,
                                        const char* expected) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "'%.*s' of module '%.*s' has the calling convention '%.*s', expected '%s'", VM_SV_ARG(name),
                          VM_SV_ARG(slot->name), VM_SV_ARG(cconv), expected);
}

/* `expected` is a convention such as `0v_v`; other spellings of the same are fine. */
static iree_status_t lifecycle_check_convention(const context_slot_t* slot, iree_string_view_t name,
                                                const iree_vm_function_t* function, const char* expected) {
  iree_vm_function_signature_t signature = iree_vm_function_signature(function);
  iree_vm_function_signature_t wanted = {iree_make_cstring_view(expected)};
  iree_string_view_t arguments, results, wanted_arguments, wanted_results;
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&signature, &arguments, &results));
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&wanted, &wanted_arguments, &wanted_results));
  if (iree_string_view_equal(arguments, wanted_arguments) && iree_string_view_equal(results, wanted_results)) {
    return iree_ok_status();
  }
  return lifecycle_mismatch(slot, name, signature.calling_convention, expected);
}

/* Leaves `function.module` NULL when the module has no such function. */
static iree_status_t lifecycle_find(const context_slot_t* slot, iree_string_view_t name, const char* expected,
                                    iree_vm_function_t* out_function) {
  iree_status_t status =
      vm_module_lookup(slot->module, IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL, name, NULL, out_function);
  if (iree_status_is_ok(status)) return lifecycle_check_convention(slot, name, out_function, expected);
  memset(out_function, 0, sizeof *out_function);
  if (IREE_STATUS_IS(NOT_FOUND, status)) return iree_status_ignore(status);
  return iree_status_annotate_f(status, "looking up '%.*s' of module '%.*s'", VM_SV_ARG(name), VM_SV_ARG(slot->name));
}

/* Calls a function of the slot's module on the context's own stack, which is empty again afterwards. */
static iree_status_t lifecycle_call(iree_vm_context_t* context, const context_slot_t* slot, iree_vm_function_t function,
                                    iree_byte_span_t arguments) {
  iree_vm_module_t* module = function.module;
  if (!module->begin_call) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "module '%.*s' cannot be called", VM_SV_ARG(slot->name));
  }
  const context_slot_t* outer = context->active;
  bool is_outermost = outer == NULL;
  context->active = slot;
  iree_vm_function_call_t call = {function, arguments, iree_byte_span_empty()};
  iree_status_t status = module->begin_call(module->self, context->stack, call);
  if (!iree_status_is_ok(status)) status = iree_vm_stack_annotate_backtrace(context->stack, status);
  if (is_outermost) iree_vm_stack_reset(context->stack);
  context->active = outer;
  return status;
}

/* ---- Registration ------------------------------------------------------------------------------------------------ */

/* A failing lookup of `__deinit` means that there is none: it must not keep the module from working. A wrong convention
 * is refused now, because teardown has nobody to tell. */
static iree_status_t lifecycle_find_deinit(context_slot_t* slot) {
  iree_status_t status = lifecycle_find(slot, IREE_SV("__deinit"), "0v_v", &slot->deinit);
  bool is_found = slot->deinit.module != NULL;
  return is_found ? status : iree_status_ignore(status);
}

iree_status_t lifecycle_initialize(iree_vm_context_t* context, context_slot_t* slot) {
  iree_vm_function_t init;
  IREE_RETURN_IF_ERROR(lifecycle_find(slot, IREE_SV("__init"), "0v_v", &init));
  IREE_RETURN_IF_ERROR(lifecycle_find_deinit(slot));
  if (init.module) {
    iree_status_t status = lifecycle_call(context, slot, init, iree_byte_span_empty());
    if (!iree_status_is_ok(status)) {
      return iree_status_annotate_f(status, "calling '__init' of module '%.*s'", VM_SV_ARG(slot->name));
    }
  }
  slot->is_ready = true;
  return iree_ok_status();
}

/* ---- Teardown ---------------------------------------------------------------------------------------------------- */

static void lifecycle_deinitialize(iree_vm_context_t* context, context_slot_t* slot) {
  if (!slot->is_ready) return;
  slot->is_ready = false;
  if (!slot->deinit.module) return;
  iree_status_free(lifecycle_call(context, slot, slot->deinit, iree_byte_span_empty()));
}

static void lifecycle_free_state(context_slot_t* slot) {
  iree_vm_module_state_t* state = slot->state;
  slot->state = NULL;
  if (state && slot->module->free_state) slot->module->free_state(slot->module->self, state);
}

void lifecycle_undo(iree_vm_context_t* context, iree_host_size_t first) {
  for (iree_host_size_t i = context->slot_count; i-- > first;) lifecycle_deinitialize(context, &context->slots[i]);
  for (iree_host_size_t i = context->slot_count; i-- > first;) lifecycle_free_state(&context->slots[i]);
  while (context->slot_count > first) {
    iree_vm_module_t* module = context->slots[--context->slot_count].module;
    iree_vm_module_release(module);
  }
}

/* ---- Notification ------------------------------------------------------------------------------------------------ */

static iree_status_t notify_module(const context_slot_t* slot, iree_vm_signal_t signal) {
  const iree_vm_module_t* module = slot->module;
  return module->notify ? module->notify(module->self, slot->state, signal) : iree_ok_status();
}

static iree_status_t notify_function(iree_vm_context_t* context, const context_slot_t* slot, iree_vm_signal_t signal) {
  iree_vm_function_t notify;
  IREE_RETURN_IF_ERROR(lifecycle_find(slot, IREE_SV("__notify"), "0i_v", &notify));
  if (!notify.module) return iree_ok_status();
  _Alignas(16) int32_t argument = (int32_t)signal;
  return lifecycle_call(context, slot, notify, iree_make_byte_span(&argument, sizeof argument));
}

static iree_status_t notify_slot(iree_vm_context_t* context, const context_slot_t* slot, iree_vm_signal_t signal,
                                 bool is_forward) {
  iree_status_t status = is_forward ? notify_module(slot, signal) : notify_function(context, slot, signal);
  if (iree_status_is_ok(status)) {
    status = is_forward ? notify_function(context, slot, signal) : notify_module(slot, signal);
  }
  if (iree_status_is_ok(status)) return status;
  return iree_status_annotate_f(status, "notifying module '%.*s' of signal %d", VM_SV_ARG(slot->name), (int)signal);
}

iree_status_t iree_vm_context_notify(iree_vm_context_t* context, iree_vm_signal_t signal) {
  bool is_forward = signal != IREE_VM_SIGNAL_SUSPEND && signal != IREE_VM_SIGNAL_LOW_MEMORY;
  for (iree_host_size_t i = 0; i < context->slot_count; ++i) {
    iree_host_size_t at = is_forward ? i : context->slot_count - 1 - i;
    IREE_RETURN_IF_ERROR(notify_slot(context, &context->slots[at], signal, is_forward));
  }
  return iree_ok_status();
}
