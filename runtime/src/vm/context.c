/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: creation, registration of modules as one transaction, and questions about them. */
#include "vm/context.h"

#include "base/atomics.h"
#include "vm/context_slots.h"
#include "vm/module_calls.h"
#include "vm/text.h"
#include "vmrt/stage.h"

/* More is taken for a mistake. */
#define CONTEXT_MAX_MODULES 65536

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static intptr_t context_next_id(void) {
  static intptr_t last_id = 0;
  return __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

static void context_destroy(iree_vm_context_t* context) {
  lifecycle_undo(context, 0);
  iree_allocator_t allocator = context->allocator;
  iree_vm_instance_t* instance = context->instance;
  iree_vm_stack_free(context->stack);
  iree_allocator_free(allocator, context->slots);
  iree_allocator_free(allocator, context);
  live_object_remove(VMRT_OBJECT_CONTEXT);
  iree_vm_instance_release(instance);
}

void iree_vm_context_retain(iree_vm_context_t* context) {
  if (context) atomic_ref_count_retain(&context->ref_count);
}

void iree_vm_context_release(iree_vm_context_t* context) {
  if (context && atomic_ref_count_release(&context->ref_count)) context_destroy(context);
}

/* Makes room for `count` more slots. */
static iree_status_t context_reserve(iree_vm_context_t* context, iree_host_size_t count) {
  if (count > CONTEXT_MAX_MODULES || context->slot_count + count > CONTEXT_MAX_MODULES) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%zu more modules are over the limit of %d for a context",
                            count, CONTEXT_MAX_MODULES);
  }
  iree_host_size_t slot_count = context->slot_count + count;
  if (slot_count <= context->slot_capacity) return iree_ok_status();
  return iree_allocator_grow_array(context->allocator, slot_count, sizeof context->slots[0], &context->slot_capacity,
                                   (void**)&context->slots);
}

iree_status_t context_allocate(iree_vm_instance_t* instance, uint32_t flags, iree_host_size_t slot_capacity,
                               iree_allocator_t allocator, iree_vm_context_t** out_context) {
  iree_vm_context_t* context = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *context, (void**)&context));
  atomic_ref_count_init(&context->ref_count);
  context->instance = instance;
  iree_vm_instance_retain(instance);
  context->allocator = allocator;
  context->id = context_next_id();
  context->flags = flags;
  live_object_add(VMRT_OBJECT_CONTEXT);
  uint32_t stack_flags = flags & IREE_VM_CONTEXT_FLAG_TRACE_EXECUTION ? IREE_VM_INVOCATION_FLAG_TRACE_EXECUTION
                                                                      : IREE_VM_INVOCATION_FLAG_NONE;
  iree_status_t status = context_reserve(context, slot_capacity);
  if (iree_status_is_ok(status)) {
    status = iree_vm_stack_allocate(stack_flags, iree_vm_context_state_resolver(context), allocator, &context->stack);
  }
  if (!iree_status_is_ok(status)) {
    iree_vm_context_release(context);
    return status;
  }
  *out_context = context;
  return iree_ok_status();
}

iree_status_t iree_vm_context_create(iree_vm_instance_t* instance, uint32_t flags, iree_allocator_t allocator,
                                     iree_vm_context_t** out_context) {
  *out_context = NULL;
  return context_allocate(instance, flags, /*slot_capacity=*/0, allocator, out_context);
}

iree_status_t iree_vm_context_create_with_modules(iree_vm_instance_t* instance, uint32_t flags,
                                                  iree_host_size_t module_count, iree_vm_module_t** modules,
                                                  iree_allocator_t allocator, iree_vm_context_t** out_context) {
  *out_context = NULL;
  iree_vm_context_t* context = NULL;
  IREE_RETURN_IF_ERROR(context_allocate(instance, flags, module_count, allocator, &context));
  iree_status_t status = iree_vm_context_register_modules(context, module_count, modules);
  if (!iree_status_is_ok(status)) {
    iree_vm_context_release(context);
    return status;
  }
  context->is_static = true;
  *out_context = context;
  return iree_ok_status();
}

/* ---- Registration ------------------------------------------------------------------------------------------------ */

static iree_status_t context_check_open(const iree_vm_context_t* context) {
  const char* reason = context->is_static        ? "was created with its modules"
                       : context->is_frozen      ? "is frozen"
                       : context->is_registering ? "is just registering modules"
                                                 : NULL;
  if (!reason) return iree_ok_status();
  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "context %td %s: no module can be registered", context->id,
                          reason);
}

static iree_status_t context_check_modules(iree_host_size_t module_count, iree_vm_module_t* const* modules) {
  if (!modules) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%zu modules in a list that is NULL", module_count);
  }
  for (iree_host_size_t i = 0; i < module_count; ++i) {
    if (!modules[i]) {
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "module %zu of %zu is NULL", i, module_count);
    }
  }
  return iree_ok_status();
}

static iree_status_t context_allocate_state(iree_vm_context_t* context, context_slot_t* slot) {
  const iree_vm_module_t* module = slot->module;
  if (!module->alloc_state) return iree_ok_status();
  iree_vm_module_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(module->alloc_state(module->self, context->allocator, &state));
  slot->state = state;
  return iree_ok_status();
}

/* Takes the next slot, which lifecycle_undo cleans up to whatever step it came. */
static iree_status_t context_register_module(iree_vm_context_t* context, iree_vm_module_t* module) {
  context_slot_t* slot = &context->slots[context->slot_count++];
  memset(slot, 0, sizeof *slot);
  slot->module = module;
  iree_vm_module_retain(module);
  slot->name = iree_vm_module_name(module);

  iree_status_t status = context_allocate_state(context, slot);
  if (iree_status_is_ok(status)) status = link_check_dependencies(context, slot);
  if (iree_status_is_ok(status)) status = link_resolve_imports(context, slot);
  slot->is_linked = iree_status_is_ok(status);
  status = vmrt_status_at_stage(status, VMRT_STAGE_LINK);
  if (slot->is_linked) status = vmrt_status_at_stage(lifecycle_initialize(context, slot), VMRT_STAGE_INIT);
  return iree_status_is_ok(status)
             ? status
             : iree_status_annotate_f(status, "registering module '%.*s' in context %td", VM_SV_ARG(slot->name),
                                      context->id);
}

iree_status_t iree_vm_context_register_modules(iree_vm_context_t* context, iree_host_size_t module_count,
                                               iree_vm_module_t** modules) {
  if (module_count == 0) return iree_ok_status();
  IREE_RETURN_IF_ERROR(context_check_open(context));
  IREE_RETURN_IF_ERROR(context_reserve(context, module_count));
  IREE_RETURN_IF_ERROR(context_check_modules(module_count, modules));
  iree_host_size_t first = context->slot_count;
  iree_status_t status = iree_ok_status();
  context->is_registering = true;
  for (iree_host_size_t i = 0; i < module_count && iree_status_is_ok(status); ++i) {
    status = context_register_module(context, modules[i]);
  }
  if (!iree_status_is_ok(status)) lifecycle_undo(context, first);
  context->is_registering = false;
  return status;
}

void iree_vm_context_freeze(iree_vm_context_t* context) { context->is_frozen = true; }

/* ---- Questions --------------------------------------------------------------------------------------------------- */

iree_vm_instance_t* iree_vm_context_instance(const iree_vm_context_t* context) { return context->instance; }

intptr_t iree_vm_context_id(const iree_vm_context_t* context) { return context ? context->id : -1; }

uint32_t iree_vm_context_flags(const iree_vm_context_t* context) { return context->flags; }

iree_host_size_t iree_vm_context_module_count(const iree_vm_context_t* context) { return context->slot_count; }

iree_vm_module_t* iree_vm_context_module_at(const iree_vm_context_t* context, iree_host_size_t index) {
  return index < context->slot_count ? context->slots[index].module : NULL;
}

iree_status_t iree_vm_context_resolve_function(const iree_vm_context_t* context, iree_string_view_t full_name,
                                               iree_vm_function_t* out_function) {
  iree_string_view_t module_name, function_name;
  if (iree_string_view_split(vm_text_sanitize(full_name), '.', &module_name, &function_name) == IREE_STRING_VIEW_NPOS) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "function name '%.*s' is not fully-qualified: module.function", VM_SV_ARG(full_name));
  }
  const context_slot_t* slot = link_find_module(context, module_name);
  if (!slot) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "no module '%.*s' is registered in context %td to find '%.*s' in",
                            VM_SV_ARG(module_name), context->id, VM_SV_ARG(full_name));
  }
  iree_status_t status =
      vm_module_lookup(slot->module, IREE_VM_FUNCTION_LINKAGE_EXPORT, function_name, NULL, out_function);
  if (iree_status_is_ok(status)) return status;
  return iree_status_annotate_f(status, "resolving function '%.*s'", VM_SV_ARG(full_name));
}

/* ---- States ------------------------------------------------------------------------------------------------------ */

/* While `__init` or the like of a module runs, the module has the state of that slot, even if it is registered twice.
 * Otherwise the first slot counts; the one found last is tried first, because it is asked for at every call. */
static iree_status_t context_query_module_state(void* self, iree_vm_module_t* module,
                                                iree_vm_module_state_t** out_module_state) {
  iree_vm_context_t* context = self;
  if (context->active && context->active->module == module) {
    *out_module_state = context->active->state;
    return iree_ok_status();
  }
  iree_host_size_t recent = (iree_host_size_t)atomic_load_relaxed_i32(&context->recent);
  if (recent < context->slot_count && context->slots[recent].module == module) {
    *out_module_state = context->slots[recent].state;
    return iree_ok_status();
  }
  for (iree_host_size_t i = 0; i < context->slot_count; ++i) {
    if (context->slots[i].module != module) continue;
    atomic_store_relaxed_i32(&context->recent, (int32_t)i);
    *out_module_state = context->slots[i].state;
    return iree_ok_status();
  }
  *out_module_state = NULL;
  return iree_status_from_code(IREE_STATUS_NOT_FOUND);
}

iree_status_t iree_vm_context_resolve_module_state(const iree_vm_context_t* context, iree_vm_module_t* module,
                                                   iree_vm_module_state_t** out_module_state) {
  return context_query_module_state((void*)context, module, out_module_state);
}

iree_vm_state_resolver_t iree_vm_context_state_resolver(const iree_vm_context_t* context) {
  iree_vm_state_resolver_t resolver = {(void*)context, context_query_module_state};
  return resolver;
}

const iree_vm_context_t* vm_context_from_resolver(iree_vm_state_resolver_t resolver) {
  return resolver.query_module_state == context_query_module_state ? resolver.self : NULL;
}

/* ---- Cancellation ------------------------------------------------------------------------------------------------ */

const int32_t* vm_context_cancel_flag(const iree_vm_context_t* context) { return &context->cancel_code; }

void vmrt_context_cancel(iree_vm_context_t* context, iree_status_code_t code) {
  atomic_store_relaxed_i32(&context->cancel_code, (int32_t)(code & IREE_STATUS_CODE_MASK));
}
