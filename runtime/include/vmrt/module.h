/* SPDX-License-Identifier: Apache-2.0 */
/* Kit for native modules: include it, describe the module in a table, export it. No runtime is linked, nothing else is needed.
 *
 *   #include "vmrt/module.h"
 *
 *   typedef struct { vmrt_module_t base; int32_t bias; } math_t;
 *
 *   static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
 *     return vmrt_param_i32(params, "bias", &((math_t*)module)->bias);
 *   }
 *   static iree_status_t add(vmrt_call_t* call) {
 *     int32_t a = vmrt_arg_i32(call), b = vmrt_arg_i32(call);
 *     vmrt_return_i32(call, a + b + ((math_t*)call->module)->bias);
 *     return vmrt_ok();
 *   }
 *   static const vmrt_module_type_t math = {
 *       .name = "math", .size = sizeof(math_t), .configure = configure, VMRT_EXPORTS({"add", "0ii_i", add})};
 *   VMRT_EXPORT_MODULE(iree_vm_dynamic_module_create, math)
 *
 * The library loads with `--module=libmath.so@?bias=5`. One limit follows from linking no runtime: a call does not say which
 * context it belongs to. A module that has state or imports therefore serves one context at a time; calls are refused while it is
 * registered in several. */
#ifndef VMRT_MODULE_H_
#define VMRT_MODULE_H_

#include "vmrt/pack.h"

typedef struct vmrt_module_t vmrt_module_t;
typedef struct vmrt_call_t vmrt_call_t;
typedef struct vmrt_state_t vmrt_state_t;

/* ---- Describing a module ------------------------------------------------------------------------------------------- */

typedef struct vmrt_export_t {
  const char* name;
  const char* cconv; /* in full, with both parts: `0v_v`, `0ii_i` */
  iree_status_t (*function)(vmrt_call_t* call);
} vmrt_export_t;

enum { VMRT_REQUIRED = 1, VMRT_OPTIONAL = 2 };

typedef struct vmrt_import_t {
  const char* name;  /* module.function */
  const char* cconv; /* has to equal the provider's */
  uint32_t flags;    /* VMRT_REQUIRED or VMRT_OPTIONAL */
} vmrt_import_t;

typedef struct vmrt_dependency_t {
  const char* module;
  uint32_t minimum_version;
  uint32_t flags; /* VMRT_REQUIRED or VMRT_OPTIONAL */
} vmrt_dependency_t;

typedef struct vmrt_attr_t {
  const char* function; /* name of the export; NULL: of the module */
  const char* key;
  const char* value;
} vmrt_attr_t;

/* Everything that is the same for all modules of a kind; static, since modules keep a pointer to it. What is left out is empty.
 * Write the four tables with VMRT_EXPORTS and so on. Functions named `__init`, `__deinit` (0v_v) and `__notify` (0i_v) among the
 * exports are called by the host: after the imports are resolved, before the state is freed, on every signal. */
typedef struct vmrt_module_type_t {
  const char* name;
  uint32_t version;
  size_t size;       /* of the struct that begins with vmrt_module_t; 0: there is no more than that */
  size_t state_size; /* bytes of state per context, zeroed */
  const vmrt_export_t* exports;
  size_t export_count;
  const vmrt_import_t* imports;
  size_t import_count;
  const vmrt_dependency_t* dependencies;
  size_t dependency_count;
  const vmrt_attr_t* attrs;
  size_t attr_count;
  /* Once, with the parameters, before the host sees the module. A failure is the failure of the load; deinitialize then runs. */
  iree_status_t (*configure)(vmrt_module_t* module, const vmrt_params_t* params);
  /* Once, after all states are gone. */
  void (*deinitialize)(vmrt_module_t* module);
  /* Per context. After a failing init_state, deinit_state is not called. */
  iree_status_t (*init_state)(vmrt_module_t* module, void* state);
  void (*deinit_state)(vmrt_module_t* module, void* state);
  /* Fills the zeroed `child` from `parent`. NULL: the child starts like a fresh state. Imports are copied either way. */
  iree_status_t (*fork_state)(vmrt_module_t* module, const void* parent, void* child);
  iree_status_t (*notify)(vmrt_module_t* module, void* state, iree_vm_signal_t signal);
  /* Continues a call that returned DEFERRED; the call has results only. NULL: UNIMPLEMENTED. */
  iree_status_t (*resume)(vmrt_call_t* call);
} vmrt_module_type_t;

#define VMRT_TABLE_(field, count, T, ...) \
  .field = (const T[]){__VA_ARGS__}, .count = sizeof((const T[]){__VA_ARGS__}) / sizeof(T)
#define VMRT_EXPORTS(...) VMRT_TABLE_(exports, export_count, vmrt_export_t, __VA_ARGS__)
#define VMRT_IMPORTS(...) VMRT_TABLE_(imports, import_count, vmrt_import_t, __VA_ARGS__)
#define VMRT_DEPENDENCIES(...) VMRT_TABLE_(dependencies, dependency_count, vmrt_dependency_t, __VA_ARGS__)
#define VMRT_ATTRS(...) VMRT_TABLE_(attrs, attr_count, vmrt_attr_t, __VA_ARGS__)

/* A module; first member of a struct with whatever else it needs. Reading is free, changing is for configure. */
struct vmrt_module_t {
  const vmrt_module_type_t* type;
  iree_vm_module_t interface; /* not at the module's address: hosts pass `self`, and casts between the two are wrong */
  const char* name; /* type->name unless configure says otherwise; alive as long as the module */
  uint32_t version; /* likewise */
  iree_allocator_t allocator;
  iree_vm_instance_t* instance; /* opaque here; of use to a library that links a runtime as well */
  atomic_flag lock;                  /* guards `states` */
  vmrt_state_t* states;              /* one per context */
  _Atomic(vmrt_state_t*) only_state; /* the state, while there is exactly one */
};

/* ---- In a call ----------------------------------------------------------------------------------------------------- */

/* A call of an exported function, alive until that returns. */
struct vmrt_call_t {
  vmrt_module_t* module;
  iree_vm_stack_t* stack; /* handed on to what is called from here */
  vmrt_state_t* state;    /* NULL in a module without state and imports */
  iree_status_t failure;  /* the first mistake in reading or writing values */
  vmrt_cursor_t arguments;
  vmrt_cursor_t results;
  const iree_vm_function_call_t* raw; /* as the host passed it */
};

/* vmrt_arg_i32(call): the next argument; likewise i64, f32, f64 and ref (borrowed: retain to keep or return it).
 * vmrt_return_i32(call, value): the next result; a ref is handed over to the caller.
 * Reading or writing other kinds than the convention has makes the call fail, whatever the function returns then. */
#define VMRT_DEFINE_(name, T, letter)                                                                         \
  static inline T vmrt_arg_##name(vmrt_call_t* call) { return vmrt_read_##name(&call->arguments); }           \
  static inline void vmrt_return_##name(vmrt_call_t* call, T value) { vmrt_write_##name(&call->results, value); }
VMRT_KINDS(VMRT_DEFINE_)
#undef VMRT_DEFINE_

/* Number of tuples in the span that comes next; then read their values one by one. */
static inline uint32_t vmrt_arg_count(vmrt_call_t* call) { return vmrt_read_count(&call->arguments); }

/* In a resume function: the convention of the call that goes on, before its results are returned. */
static inline void vmrt_resume_as(vmrt_call_t* call, const char* cconv) {
  call->results.letters = vmrt_result_letters(cconv);
}

/* ---- State: what exists once per context ----------------------------------------------------------------------------- */

struct vmrt_state_t {
  vmrt_state_t* next;
  iree_allocator_t allocator;
  iree_vm_function_t imports[]; /* module NULL: not resolved; behind them the module's own bytes */
};

static inline size_t vmrt_state_header_size(const vmrt_module_type_t* type) {
  return vmrt_align(sizeof(vmrt_state_t) + type->import_count * sizeof(iree_vm_function_t), 16);
}

/* The module's own bytes in a state. */
static inline void* vmrt_state_data(const vmrt_module_t* module, vmrt_state_t* state) {
  return (uint8_t*)state + vmrt_state_header_size(module->type);
}

/* The state of the context that calls: `state_size` bytes. Never NULL in a module with a state. */
static inline void* vmrt_call_state(const vmrt_call_t* call) { return vmrt_state_data(call->module, call->state); }

static inline void vmrt_states_lock(vmrt_module_t* module) {
  while (atomic_flag_test_and_set_explicit(&module->lock, memory_order_acquire)) continue;
}

static inline void vmrt_states_unlock(vmrt_module_t* module) {
  vmrt_state_t* only = module->states && !module->states->next ? module->states : NULL;
  atomic_store_explicit(&module->only_state, only, memory_order_release);
  atomic_flag_clear_explicit(&module->lock, memory_order_release);
}

static inline void vmrt_states_add(vmrt_module_t* module, vmrt_state_t* state) {
  vmrt_states_lock(module);
  state->next = module->states;
  module->states = state;
  vmrt_states_unlock(module);
}

static inline void vmrt_states_remove(vmrt_module_t* module, vmrt_state_t* state) {
  vmrt_states_lock(module);
  vmrt_state_t** link = &module->states;
  while (*link && *link != state) link = &(*link)->next;
  if (*link) *link = state->next;
  vmrt_states_unlock(module);
}

/* ---- Calling an import --------------------------------------------------------------------------------------------- */

#ifndef VMRT_INVOKE_ARGUMENTS
#define VMRT_INVOKE_ARGUMENTS 512 /* bytes */
#endif
#ifndef VMRT_INVOKE_RESULTS
#define VMRT_INVOKE_RESULTS 128 /* bytes */
#endif

/* One call of an imported function:
 *   vmrt_invoke_t add;
 *   vmrt_invoke_begin(&add, call, 0);
 *   vmrt_push_i32(&add, a);
 *   vmrt_push_i32(&add, b);
 *   VMRT_TRY(vmrt_invoke(&add));
 *   int32_t sum = vmrt_take_i32(&add); */
typedef struct vmrt_invoke_t {
  vmrt_call_t* call;
  const vmrt_import_t* import;
  iree_vm_function_t function;
  vmrt_cursor_t arguments;
  vmrt_cursor_t results;
  _Alignas(16) uint8_t argument_bytes[VMRT_INVOKE_ARGUMENTS];
  _Alignas(16) uint8_t result_bytes[VMRT_INVOKE_RESULTS];
} vmrt_invoke_t;
_Static_assert(VMRT_INVOKE_ARGUMENTS % 16 == 0 && VMRT_INVOKE_RESULTS % 16 == 0, "whole blocks of 16 bytes");

/* Whether an import (by its place in the table) was resolved; always true of required ones. */
static inline bool vmrt_import_resolved(const vmrt_call_t* call, size_t ordinal) {
  return call->state->imports[ordinal].module != NULL;
}

/* Begins a call of the import at a place in the table. `out` stays where it is until the results are taken. */
static inline void vmrt_invoke_begin(vmrt_invoke_t* out, vmrt_call_t* call, size_t ordinal) {
  memset(out, 0, sizeof *out);
  out->call = call;
  out->import = &call->module->type->imports[ordinal];
  out->function = call->state->imports[ordinal];
  out->arguments = vmrt_cursor(vmrt_argument_letters(out->import->cconv), out->argument_bytes, sizeof out->argument_bytes,
                               &call->failure);
  out->results = vmrt_cursor(vmrt_result_letters(out->import->cconv), out->result_bytes,
                             vmrt_letters_size(vmrt_result_letters(out->import->cconv)), &call->failure);
}

/* vmrt_push_i32(&invoke, value): the next argument; a ref is only lent. vmrt_take_i32(&invoke): the next result; a ref is the
 * caller's to release. Likewise i64, f32, f64. */
#define VMRT_DEFINE_(name, T, letter)                                                                              \
  static inline void vmrt_push_##name(vmrt_invoke_t* invoke, T value) { vmrt_write_##name(&invoke->arguments, value); } \
  static inline T vmrt_take_##name(vmrt_invoke_t* invoke) { return vmrt_read_##name(&invoke->results); }
VMRT_KINDS(VMRT_DEFINE_)
#undef VMRT_DEFINE_

/* The number of tuples of a span; then push their values one by one. */
static inline void vmrt_push_count(vmrt_invoke_t* invoke, uint32_t count) { vmrt_write_count(&invoke->arguments, count); }

static inline iree_status_t vmrt_invoke_check(vmrt_invoke_t* invoke) {
  const char* left = invoke->arguments.letters;
  iree_status_t failure = invoke->call->failure;
  invoke->call->failure = vmrt_ok();
  if (!vmrt_is_ok(failure)) return failure;
  if (!invoke->function.module) {
    return vmrt_status(IREE_STATUS_NOT_FOUND, "import `%s` was not resolved", invoke->import->name);
  }
  if (*left && *left != '_' && *left != 'v') {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "import `%s`: arguments are missing from `%s` on", invoke->import->name,
                       left);
  }
  if (invoke->results.capacity > sizeof invoke->result_bytes) {
    return vmrt_status(IREE_STATUS_RESOURCE_EXHAUSTED, "import `%s`: more than %zu bytes of results", invoke->import->name,
                       sizeof invoke->result_bytes);
  }
  return vmrt_ok();
}

/* Makes the call. A failure of the function is returned as it is: pass it on, or free it with vmrt_status_free. */
static inline iree_status_t vmrt_invoke(vmrt_invoke_t* invoke) {
  VMRT_TRY(vmrt_invoke_check(invoke));
  size_t alignment = vmrt_letters_alignment(vmrt_argument_letters(invoke->import->cconv), true);
  iree_vm_function_call_t call = {
      .function = invoke->function,
      .arguments = {invoke->argument_bytes, vmrt_align(invoke->arguments.offset, alignment)},
      .results = {invoke->result_bytes, invoke->results.capacity},
  };
  iree_vm_module_t* callee = call.function.module;
  iree_status_t status = callee->begin_call(callee->self, invoke->call->stack, call);
  if (!vmrt_is_ok(status)) vmrt_release_refs(invoke->results.letters, invoke->result_bytes, invoke->results.capacity);
  return status;
}

/* ---- The sixteen slots, in the order of the interface ---------------------------------------------------------------- */

static inline void vmrt_slot_destroy(void* self) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  if (module->type->deinitialize) module->type->deinitialize(module);
  vmrt_free(module->allocator, module);
}

static inline iree_string_view_t vmrt_slot_name(void* self) { return vmrt_text(((vmrt_module_t*)self)->name); }

/* Writes the attribute number `index` of a function, or of the module where `function` is NULL. */
static inline iree_status_t vmrt_find_attr(const vmrt_module_type_t* type, const char* function, size_t index,
                                           iree_string_pair_t* out_attr) {
  for (size_t i = 0; i < type->attr_count; ++i) {
    const vmrt_attr_t* attr = &type->attrs[i];
    bool same = function && attr->function ? strcmp(function, attr->function) == 0 : function == attr->function;
    if (!same || index-- > 0) continue;
    out_attr->key = vmrt_text(attr->key);
    out_attr->value = vmrt_text(attr->value);
    return vmrt_ok();
  }
  return vmrt_status_bare(IREE_STATUS_OUT_OF_RANGE);
}

static inline iree_vm_module_signature_t vmrt_slot_signature(void* self) {
  const vmrt_module_t* module = (const vmrt_module_t*)self;
  iree_vm_module_signature_t signature = {
      .version = module->version,
      .import_function_count = module->type->import_count,
      .export_function_count = module->type->export_count,
  };
  for (size_t i = 0; i < module->type->attr_count; ++i) signature.attr_count += module->type->attrs[i].function == NULL;
  return signature;
}

static inline iree_status_t vmrt_slot_enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback,
                                                             void* user_data) {
  const vmrt_module_type_t* type = ((vmrt_module_t*)self)->type;
  for (size_t i = 0; i < type->dependency_count; ++i) {
    iree_vm_module_dependency_t dependency = {
        .name = vmrt_text(type->dependencies[i].module),
        .minimum_version = type->dependencies[i].minimum_version,
        .flags = type->dependencies[i].flags,
    };
    VMRT_TRY(callback(user_data, &dependency));
  }
  return vmrt_ok();
}

static inline iree_status_t vmrt_slot_get_module_attr(void* self, iree_host_size_t index, iree_string_pair_t* out_attr) {
  return vmrt_find_attr(((vmrt_module_t*)self)->type, NULL, index, out_attr);
}

static inline bool vmrt_linkage_is_export(uint32_t linkage) {
  return linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT || linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL;
}

/* NOT_FOUND for what is not exported: a bare code where the host only asks whether there is one. */
static inline iree_status_t vmrt_slot_lookup_function(void* self, iree_vm_function_linkage_t linkage,
                                                      iree_string_view_t name,
                                                      const iree_vm_function_signature_t* expected_signature,
                                                      iree_vm_function_t* out_function) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  (void)expected_signature; /* the host compares: it knows who asks */
  for (size_t i = 0; i < module->type->export_count && vmrt_linkage_is_export(linkage); ++i) {
    if (!vmrt_text_is(name, module->type->exports[i].name)) continue;
    out_function->module = &module->interface;
    out_function->linkage = (uint16_t)linkage;
    out_function->ordinal = (uint16_t)i;
    return vmrt_ok();
  }
  if (linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL) return vmrt_status_bare(IREE_STATUS_NOT_FOUND);
  return vmrt_status(IREE_STATUS_NOT_FOUND, "module `%s` has no function `%.*s`", module->name, VMRT_TEXT(name));
}

/* Imports tell by their linkage whether they are optional. */
static inline iree_status_t vmrt_slot_get_function(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                                   iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                                   iree_vm_function_signature_t* out_signature) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  bool is_export = vmrt_linkage_is_export(linkage);
  if (linkage == IREE_VM_FUNCTION_LINKAGE_INTERNAL ||
      ordinal >= (is_export ? module->type->export_count : module->type->import_count)) {
    return vmrt_status(IREE_STATUS_OUT_OF_RANGE, "module `%s` has no function %zu of linkage %d", module->name, ordinal,
                       (int)linkage);
  }
  const vmrt_import_t* import = is_export ? NULL : &module->type->imports[ordinal];
  if (import) {
    linkage = import->flags & VMRT_OPTIONAL ? IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL : IREE_VM_FUNCTION_LINKAGE_IMPORT;
  }
  iree_vm_function_t function = {&module->interface, (uint16_t)linkage, (uint16_t)ordinal};
  if (out_function) *out_function = function;
  if (out_name) *out_name = vmrt_text(import ? import->name : module->type->exports[ordinal].name);
  if (out_signature) {
    out_signature->calling_convention = vmrt_text(import ? import->cconv : module->type->exports[ordinal].cconv);
  }
  return vmrt_ok();
}

static inline iree_status_t vmrt_slot_get_function_attr(void* self, iree_vm_function_linkage_t linkage,
                                                        iree_host_size_t ordinal, iree_host_size_t index,
                                                        iree_string_pair_t* out_attr) {
  const vmrt_module_type_t* type = ((vmrt_module_t*)self)->type;
  if (!vmrt_linkage_is_export(linkage) || ordinal >= type->export_count) {
    return vmrt_status_bare(IREE_STATUS_OUT_OF_RANGE);
  }
  return vmrt_find_attr(type, type->exports[ordinal].name, index, out_attr);
}

static inline iree_status_t vmrt_slot_resolve_source_location(void* self, iree_vm_function_t function, int64_t pc,
                                                              iree_vm_source_location_t* out_location) {
  (void)self, (void)function, (void)pc, (void)out_location;
  return vmrt_status_bare(IREE_STATUS_UNAVAILABLE);
}

static inline iree_status_t vmrt_slot_alloc_state(void* self, iree_allocator_t allocator,
                                                  iree_vm_module_state_t** out_module_state) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  void* block = NULL;
  VMRT_TRY(vmrt_allocate(allocator, vmrt_state_header_size(module->type) + module->type->state_size, &block));
  vmrt_state_t* state = (vmrt_state_t*)block;
  state->allocator = allocator;
  iree_status_t status =
      module->type->init_state ? module->type->init_state(module, vmrt_state_data(module, state)) : vmrt_ok();
  if (!vmrt_is_ok(status)) {
    vmrt_free(allocator, state);
    return status;
  }
  vmrt_states_add(module, state);
  *out_module_state = (iree_vm_module_state_t*)state;
  return vmrt_ok();
}

static inline void vmrt_slot_free_state(void* self, iree_vm_module_state_t* module_state) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  vmrt_state_t* state = (vmrt_state_t*)module_state;
  if (!state) return;
  vmrt_states_remove(module, state);
  if (module->type->deinit_state) module->type->deinit_state(module, vmrt_state_data(module, state));
  vmrt_free(state->allocator, state);
}

static inline iree_status_t vmrt_slot_fork_state(void* self, iree_vm_module_state_t* parent_state, iree_allocator_t allocator,
                                                 iree_vm_module_state_t** out_child_state) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  vmrt_state_t* parent = (vmrt_state_t*)parent_state;
  iree_vm_module_state_t* child = NULL;
  VMRT_TRY(vmrt_slot_alloc_state(self, allocator, &child));
  memcpy(((vmrt_state_t*)child)->imports, parent->imports, module->type->import_count * sizeof(iree_vm_function_t));
  iree_status_t status = module->type->fork_state
                             ? module->type->fork_state(module, vmrt_state_data(module, parent),
                                                        vmrt_state_data(module, (vmrt_state_t*)child))
                             : vmrt_ok();
  if (!vmrt_is_ok(status)) {
    vmrt_slot_free_state(self, child);
    return status;
  }
  *out_child_state = child;
  return vmrt_ok();
}

static inline iree_status_t vmrt_slot_resolve_import(void* self, iree_vm_module_state_t* module_state,
                                                     iree_host_size_t ordinal, const iree_vm_function_t* function,
                                                     const iree_vm_function_signature_t* signature) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  (void)signature; /* compared by the host */
  if (!module_state || ordinal >= module->type->import_count) {
    return vmrt_status(IREE_STATUS_OUT_OF_RANGE, "module `%s` has no import %zu", module->name, ordinal);
  }
  ((vmrt_state_t*)module_state)->imports[ordinal] = *function;
  return vmrt_ok();
}

static inline iree_status_t vmrt_slot_notify(void* self, iree_vm_module_state_t* module_state, iree_vm_signal_t signal) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  if (!module->type->notify || !module_state) return vmrt_ok();
  return module->type->notify(module, vmrt_state_data(module, (vmrt_state_t*)module_state), signal);
}

/* Finds the state of the call; see the top of this file. */
static inline iree_status_t vmrt_call_find_state(vmrt_call_t* call) {
  const vmrt_module_type_t* type = call->module->type;
  call->state = NULL;
  if (type->state_size == 0 && type->import_count == 0) return vmrt_ok();
  call->state = atomic_load_explicit(&call->module->only_state, memory_order_acquire);
  if (call->state) return vmrt_ok();
  return vmrt_status(IREE_STATUS_FAILED_PRECONDITION,
                     "module `%s` is not in exactly one context; without a runtime it cannot tell whose call this is",
                     call->module->name);
}

/* Fills in `call`, field by field: clearing it as a whole costs more than a short function. */
static inline iree_status_t vmrt_call_begin(vmrt_call_t* call, vmrt_module_t* module, iree_vm_stack_t* stack,
                                            const iree_vm_function_call_t* raw, const char* cconv) {
  call->module = module;
  call->stack = stack;
  call->raw = raw;
  call->failure = vmrt_ok();
  call->arguments = vmrt_cursor(vmrt_argument_letters(cconv), raw->arguments.data, raw->arguments.data_length,
                                &call->failure);
  call->results = vmrt_cursor(vmrt_result_letters(cconv), raw->results.data, raw->results.data_length, &call->failure);
  return vmrt_call_find_state(call);
}

/* Which of two failures is reported: what the function returned, else the first mistake with values. */
static inline iree_status_t vmrt_call_end(vmrt_call_t* call, iree_status_t status, const char* result_letters) {
  if (vmrt_is_ok(status)) {
    status = call->failure;
  } else {
    vmrt_status_free(call->failure);
  }
  if (!vmrt_is_ok(status)) vmrt_release_refs(result_letters, call->results.data, call->results.capacity);
  return status;
}

static inline iree_status_t vmrt_slot_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t raw) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  vmrt_call_t call;
  if (!vmrt_linkage_is_export(raw.function.linkage) || raw.function.ordinal >= module->type->export_count) {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "module `%s` has no export %d", module->name, raw.function.ordinal);
  }
  const vmrt_export_t* target = &module->type->exports[raw.function.ordinal];
  VMRT_TRY(vmrt_call_begin(&call, module, stack, &raw, target->cconv));
  return vmrt_call_end(&call, target->function(&call), vmrt_result_letters(target->cconv));
}

/* The host does not say which call goes on: a deferring module remembers it. */
static inline iree_status_t vmrt_slot_resume_call(void* self, iree_vm_stack_t* stack, iree_byte_span_t call_results) {
  vmrt_module_t* module = (vmrt_module_t*)self;
  const iree_vm_function_call_t raw = {.results = call_results};
  vmrt_call_t call;
  if (!module->type->resume) {
    return vmrt_status(IREE_STATUS_UNIMPLEMENTED, "module `%s` defers no calls", module->name);
  }
  VMRT_TRY(vmrt_call_begin(&call, module, stack, &raw, ""));
  return vmrt_call_end(&call, module->type->resume(&call), "");
}

static inline iree_vm_module_t vmrt_interface(vmrt_module_t* module) {
  iree_vm_module_t interface = {
      .self = module,
      .destroy = vmrt_slot_destroy,
      .name = vmrt_slot_name,
      .signature = vmrt_slot_signature,
      .enumerate_dependencies = vmrt_slot_enumerate_dependencies,
      .get_module_attr = vmrt_slot_get_module_attr,
      .lookup_function = vmrt_slot_lookup_function,
      .get_function = vmrt_slot_get_function,
      .get_function_attr = vmrt_slot_get_function_attr,
      .resolve_source_location = vmrt_slot_resolve_source_location,
      .alloc_state = vmrt_slot_alloc_state,
      .free_state = vmrt_slot_free_state,
      .fork_state = vmrt_slot_fork_state,
      .resolve_import = vmrt_slot_resolve_import,
      .notify = vmrt_slot_notify,
      .begin_call = vmrt_slot_begin_call,
      .resume_call = vmrt_slot_resume_call,
  };
  return interface;
}

/* ---- Creating and exporting ------------------------------------------------------------------------------------------ */

/* Parameters of every create function, under the names that VMRT_CREATE_ARGUMENTS passes on. */
#define VMRT_CREATE_PARAMETERS                                                                                          \
  uint32_t max_version, iree_vm_instance_t *instance, iree_host_size_t param_count, const iree_string_pair_t *params, \
      iree_allocator_t allocator, iree_vm_module_t **out_module
#define VMRT_CREATE_ARGUMENTS max_version, instance, param_count, params, allocator, out_module

/* Makes a module of `type` with one reference; `*out_module` is written only on success. INCOMPATIBLE: the host is too old. */
static inline iree_status_t vmrt_module_create(const vmrt_module_type_t* type, VMRT_CREATE_PARAMETERS) {
  if (max_version < IREE_VM_DYNAMIC_MODULE_VERSION_0_1) {
    return vmrt_status(IREE_STATUS_INCOMPATIBLE, "module `%s` needs version %d of the interface, the host has %u", type->name,
                       IREE_VM_DYNAMIC_MODULE_VERSION_0_1, max_version);
  }
  void* block = NULL;
  VMRT_TRY(vmrt_allocate(allocator, type->size ? type->size : sizeof(vmrt_module_t), &block));
  vmrt_module_t* module = (vmrt_module_t*)block;
  module->interface = vmrt_interface(module);
  *(atomic_int*)(void*)&module->interface.ref_count = 1;
  module->type = type;
  module->name = type->name;
  module->version = type->version;
  module->allocator = allocator;
  module->instance = instance;
  atomic_flag_clear(&module->lock);
  vmrt_params_t given = {param_count, params};
  iree_status_t status = type->configure ? type->configure(module, &given) : vmrt_ok();
  if (!vmrt_is_ok(status)) {
    vmrt_slot_destroy(module);
    return status;
  }
  *out_module = &module->interface;
  return vmrt_ok();
}

/* Defines the exported function `symbol` that makes modules of `type`; no semicolon. (The pointer keeps `type` apart from the
 * names of the parameters.) */
#define VMRT_EXPORT_MODULE(symbol, type)                           \
  static const vmrt_module_type_t* const symbol##_type = &(type);  \
  VMRT_EXPORT iree_status_t symbol(VMRT_CREATE_PARAMETERS);        \
  iree_status_t symbol(VMRT_CREATE_PARAMETERS) { return vmrt_module_create(symbol##_type, VMRT_CREATE_ARGUMENTS); }

#endif /* VMRT_MODULE_H_ */
