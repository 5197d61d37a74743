/* SPDX-License-Identifier: Apache-2.0 */
/* Native modules: an interface made of tables, where the module's own functions override single slots. */
#include "iree/vm/native_module.h"

#include "base/atomics.h"
#include "iree/vm/stack.h"
#include "vm/text.h"

typedef struct native_module_t {
  iree_vm_module_t interface; /* what hosts hold; its self is this structure */
  iree_vm_module_t user;      /* overrides; slots may be NULL */
  iree_allocator_t allocator;
  const iree_vm_native_module_descriptor_t* descriptor;
} native_module_t;

static void native_module_destroy(void* self) {
  native_module_t* module = self;
  if (module->user.destroy) module->user.destroy(module->user.self);
  iree_allocator_free(module->allocator, module);
  live_object_remove(VMRT_OBJECT_NATIVE_MODULE);
}

/* ---- Properties -------------------------------------------------------------------------------------------------- */

static iree_string_view_t native_module_name(void* self) {
  native_module_t* module = self;
  return module->user.name ? module->user.name(module->user.self) : module->descriptor->name;
}

static iree_vm_module_signature_t native_module_signature(void* self) {
  native_module_t* module = self;
  if (module->user.signature) return module->user.signature(module->user.self);
  const iree_vm_native_module_descriptor_t* descriptor = module->descriptor;
  iree_vm_module_signature_t signature = {
      .version = descriptor->version,
      .attr_count = descriptor->attr_count,
      .import_function_count = descriptor->import_count,
      .export_function_count = descriptor->export_count,
  };
  return signature;
}

static iree_status_t native_module_enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback,
                                                          void* user_data) {
  native_module_t* module = self;
  if (module->user.enumerate_dependencies) {
    return module->user.enumerate_dependencies(module->user.self, callback, user_data);
  }
  for (iree_host_size_t i = 0; i < module->descriptor->dependency_count; ++i) {
    IREE_RETURN_IF_ERROR(callback(user_data, &module->descriptor->dependencies[i]));
  }
  return iree_ok_status();
}

static iree_status_t native_attr_at(iree_host_size_t count, const iree_string_pair_t* attrs, iree_host_size_t index,
                                    iree_string_pair_t* out_attr) {
  if (index >= count) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  *out_attr = attrs[index];
  return iree_ok_status();
}

static iree_status_t native_module_get_module_attr(void* self, iree_host_size_t index, iree_string_pair_t* out_attr) {
  native_module_t* module = self;
  if (module->user.get_module_attr) return module->user.get_module_attr(module->user.self, index, out_attr);
  return native_attr_at(module->descriptor->attr_count, module->descriptor->attrs, index, out_attr);
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

static bool linkage_is_export(iree_vm_function_linkage_t linkage) {
  return linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT || linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL;
}

static bool linkage_is_import(iree_vm_function_linkage_t linkage) {
  return linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT || linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL;
}

static iree_status_t native_unsupported_linkage(const native_module_t* module, const char* operation) {
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "native module '%.*s' offers no %s for this linkage",
                          VM_SV_ARG(module->descriptor->name), operation);
}

/* Position of `name` among the sorted exports; their count when it is not there. */
static iree_host_size_t native_find_export(const iree_vm_native_module_descriptor_t* descriptor,
                                           iree_string_view_t name) {
  iree_host_size_t low = 0, high = descriptor->export_count;
  while (low < high) {
    iree_host_size_t middle = low + (high - low) / 2;
    int order = iree_string_view_compare(name, descriptor->exports[middle].local_name);
    if (order == 0) return middle;
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return descriptor->export_count;
}

static iree_status_t native_module_lookup_function(void* self, iree_vm_function_linkage_t linkage,
                                                   iree_string_view_t name,
                                                   const iree_vm_function_signature_t* expected_signature,
                                                   iree_vm_function_t* out_function) {
  native_module_t* module = self;
  if (module->user.lookup_function) {
    return module->user.lookup_function(module->user.self, linkage, name, expected_signature, out_function);
  }
  if (!linkage_is_export(linkage)) return native_unsupported_linkage(module, "lookup by name");
  iree_host_size_t ordinal = native_find_export(module->descriptor, name);
  if (ordinal == module->descriptor->export_count) {
    if (linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL) return iree_status_from_code(IREE_STATUS_NOT_FOUND);
    return iree_make_status(IREE_STATUS_NOT_FOUND, "no function '%.*s' exported by module '%.*s'", VM_SV_ARG(name),
                            VM_SV_ARG(module->descriptor->name));
  }
  *out_function = (iree_vm_function_t){&module->interface, (uint16_t)linkage, (uint16_t)ordinal};
  return iree_ok_status();
}

static iree_status_t native_check_ordinal(const native_module_t* module, const char* table, iree_host_size_t ordinal,
                                          iree_host_size_t count) {
  if (ordinal < count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%s ordinal %zu is out of range: module '%.*s' has %zu", table,
                          ordinal, VM_SV_ARG(module->descriptor->name), count);
}

static iree_status_t native_get_import(native_module_t* module, iree_host_size_t ordinal,
                                       iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                       iree_vm_function_signature_t* out_signature) {
  IREE_RETURN_IF_ERROR(native_check_ordinal(module, "import", ordinal, module->descriptor->import_count));
  const iree_vm_native_import_descriptor_t* import = &module->descriptor->imports[ordinal];
  iree_vm_function_linkage_t linkage = import->flags & IREE_VM_NATIVE_IMPORT_OPTIONAL
                                           ? IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL
                                           : IREE_VM_FUNCTION_LINKAGE_IMPORT;
  if (out_function) *out_function = (iree_vm_function_t){&module->interface, (uint16_t)linkage, (uint16_t)ordinal};
  if (out_name) *out_name = import->full_name;
  if (out_signature) out_signature->calling_convention = iree_string_view_empty();
  return iree_ok_status();
}

static iree_status_t native_get_export(native_module_t* module, iree_vm_function_linkage_t linkage,
                                       iree_host_size_t ordinal, iree_vm_function_t* out_function,
                                       iree_string_view_t* out_name, iree_vm_function_signature_t* out_signature) {
  IREE_RETURN_IF_ERROR(native_check_ordinal(module, "export", ordinal, module->descriptor->export_count));
  const iree_vm_native_export_descriptor_t* export = &module->descriptor->exports[ordinal];
  if (out_function) *out_function = (iree_vm_function_t){&module->interface, (uint16_t)linkage, (uint16_t)ordinal};
  if (out_name) *out_name = export->local_name;
  if (out_signature) out_signature->calling_convention = export->calling_convention;
  return iree_ok_status();
}

static iree_status_t native_module_get_function(void* self, iree_vm_function_linkage_t linkage,
                                                iree_host_size_t ordinal, iree_vm_function_t* out_function,
                                                iree_string_view_t* out_name,
                                                iree_vm_function_signature_t* out_signature) {
  native_module_t* module = self;
  if (module->user.get_function) {
    return module->user.get_function(module->user.self, linkage, ordinal, out_function, out_name, out_signature);
  }
  if (linkage_is_import(linkage)) return native_get_import(module, ordinal, out_function, out_name, out_signature);
  if (linkage_is_export(linkage)) {
    return native_get_export(module, linkage, ordinal, out_function, out_name, out_signature);
  }
  return native_unsupported_linkage(module, "functions by ordinal");
}

static iree_status_t native_module_get_function_attr(void* self, iree_vm_function_linkage_t linkage,
                                                     iree_host_size_t ordinal, iree_host_size_t index,
                                                     iree_string_pair_t* out_attr) {
  native_module_t* module = self;
  if (module->user.get_function_attr) {
    return module->user.get_function_attr(module->user.self, linkage, ordinal, index, out_attr);
  }
  if (!linkage_is_export(linkage)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "only exports have attributes");
  }
  IREE_RETURN_IF_ERROR(native_check_ordinal(module, "export", ordinal, module->descriptor->export_count));
  const iree_vm_native_export_descriptor_t* export = &module->descriptor->exports[ordinal];
  return native_attr_at(export->attr_count, export->attrs, index, out_attr);
}

static iree_status_t native_module_resolve_source_location(void* self, iree_vm_function_t function, int64_t pc,
                                                           iree_vm_source_location_t* out_location) {
  native_module_t* module = self;
  if (!module->user.resolve_source_location) return iree_status_from_code(IREE_STATUS_UNAVAILABLE);
  return module->user.resolve_source_location(module->user.self, function, pc, out_location);
}

/* ---- State ------------------------------------------------------------------------------------------------------- */

static iree_status_t native_module_alloc_state(void* self, iree_allocator_t allocator,
                                               iree_vm_module_state_t** out_module_state) {
  native_module_t* module = self;
  if (module->user.alloc_state) return module->user.alloc_state(module->user.self, allocator, out_module_state);
  *out_module_state = NULL;
  return iree_ok_status();
}

static void native_module_free_state(void* self, iree_vm_module_state_t* module_state) {
  native_module_t* module = self;
  if (module->user.free_state) module->user.free_state(module->user.self, module_state);
}

static iree_status_t native_module_fork_state(void* self, iree_vm_module_state_t* parent_state,
                                              iree_allocator_t allocator, iree_vm_module_state_t** out_child_state) {
  native_module_t* module = self;
  if (module->user.fork_state) {
    return module->user.fork_state(module->user.self, parent_state, allocator, out_child_state);
  }
  *out_child_state = NULL;
  if (!parent_state) return iree_ok_status();
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "module '%.*s' has state but no fork_state",
                          VM_SV_ARG(module->descriptor->name));
}

static iree_status_t native_module_resolve_import(void* self, iree_vm_module_state_t* module_state,
                                                  iree_host_size_t ordinal, const iree_vm_function_t* function,
                                                  const iree_vm_function_signature_t* signature) {
  native_module_t* module = self;
  if (module->user.resolve_import) {
    return module->user.resolve_import(module->user.self, module_state, ordinal, function, signature);
  }
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "module '%.*s' has imports but no resolve_import",
                          VM_SV_ARG(module->descriptor->name));
}

static iree_status_t native_module_notify(void* self, iree_vm_module_state_t* module_state, iree_vm_signal_t signal) {
  native_module_t* module = self;
  return module->user.notify ? module->user.notify(module->user.self, module_state, signal) : iree_ok_status();
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static iree_status_t native_annotate_failure(const native_module_t* module, uint16_t ordinal, iree_status_t status) {
  iree_string_view_t name = module->descriptor->exports[ordinal].local_name;
  return iree_status_annotate_f(status, "while invoking native function %.*s.%.*s",
                                VM_SV_ARG(module->descriptor->name), VM_SV_ARG(name));
}

/* Runs the shim of the function whose frame is on top; a function that defers keeps its frame. */
static iree_status_t native_run(native_module_t* module, iree_vm_stack_t* stack, const iree_vm_stack_frame_t* frame,
                                uint32_t flags, iree_byte_span_t arguments, iree_byte_span_t results) {
  uint16_t ordinal = frame->function.ordinal;
  const iree_vm_native_function_ptr_t* function = &module->descriptor->functions[ordinal];
  iree_status_t status =
      function->shim(stack, flags, arguments, results, function->target, module->user.self, frame->module_state);
  if (IREE_STATUS_IS(DEFERRED, status)) return status;
  iree_status_t left = iree_vm_stack_function_leave(stack);
  if (iree_status_is_ok(status)) return left;
  iree_status_free(left);
  return native_annotate_failure(module, ordinal, status);
}

static iree_status_t native_module_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  native_module_t* module = self;
  if (module->user.begin_call) return module->user.begin_call(module->user.self, stack, call);
  if (!linkage_is_export((iree_vm_function_linkage_t)call.function.linkage) ||
      call.function.ordinal >= module->descriptor->export_count) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "function %u of linkage %u cannot be called: module '%.*s' has %zu exports",
                            (unsigned)call.function.ordinal, (unsigned)call.function.linkage,
                            VM_SV_ARG(module->descriptor->name), module->descriptor->export_count);
  }
  iree_vm_stack_frame_t* frame = NULL;
  IREE_RETURN_IF_ERROR(
      iree_vm_stack_function_enter(stack, &call.function, IREE_VM_STACK_FRAME_NATIVE, 0, NULL, &frame));
  return native_run(module, stack, frame, IREE_VM_NATIVE_FUNCTION_CALL_BEGIN, call.arguments, call.results);
}

static iree_status_t native_module_resume_call(void* self, iree_vm_stack_t* stack, iree_byte_span_t call_results) {
  native_module_t* module = self;
  if (module->user.resume_call) return module->user.resume_call(module->user.self, stack, call_results);
  const iree_vm_stack_frame_t* frame = iree_vm_stack_current_frame(stack);
  if (!frame || frame->function.module != &module->interface) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "no call into module '%.*s' is on top of the stack to be resumed",
                            VM_SV_ARG(module->descriptor->name));
  }
  return native_run(module, stack, frame, IREE_VM_NATIVE_FUNCTION_CALL_RESUME, iree_byte_span_empty(), call_results);
}

/* ---- Creation ---------------------------------------------------------------------------------------------------- */

static iree_status_t native_check_sorted(const iree_vm_native_module_descriptor_t* descriptor) {
  for (iree_host_size_t i = 1; i < descriptor->export_count; ++i) {
    iree_string_view_t before = descriptor->exports[i - 1].local_name, name = descriptor->exports[i].local_name;
    if (iree_string_view_compare(before, name) < 0) continue;
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "exports of module '%.*s' are not sorted: '%.*s' comes after '%.*s'",
                            VM_SV_ARG(descriptor->name), VM_SV_ARG(name), VM_SV_ARG(before));
  }
  return iree_ok_status();
}

static iree_status_t native_check_functions(const iree_vm_module_t* user,
                                            const iree_vm_native_module_descriptor_t* descriptor) {
  if (user->begin_call) return iree_ok_status();
  if (descriptor->export_count != descriptor->function_count) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "module '%.*s' has %zu exports but %zu functions",
                            VM_SV_ARG(descriptor->name), descriptor->export_count, descriptor->function_count);
  }
  for (iree_host_size_t i = 0; i < descriptor->function_count; ++i) {
    if (descriptor->functions[i].shim) continue;
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "function '%.*s' of module '%.*s' has no shim to call",
                            VM_SV_ARG(descriptor->exports[i].local_name), VM_SV_ARG(descriptor->name));
  }
  return iree_ok_status();
}

/* Ordinals of functions are 16 bits wide. */
static iree_status_t native_check_counts(const iree_vm_native_module_descriptor_t* descriptor) {
  if (descriptor->export_count <= UINT16_MAX && descriptor->import_count <= UINT16_MAX) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "module '%.*s' has %zu exports and %zu imports; %d of each are possible",
                          VM_SV_ARG(descriptor->name), descriptor->export_count, descriptor->import_count, UINT16_MAX);
}

static void native_module_fill_interface(native_module_t* module) {
  iree_vm_module_t* interface = &module->interface;
  interface->destroy = native_module_destroy;
  interface->name = native_module_name;
  interface->signature = native_module_signature;
  interface->enumerate_dependencies = native_module_enumerate_dependencies;
  interface->get_module_attr = native_module_get_module_attr;
  interface->lookup_function = native_module_lookup_function;
  interface->get_function = native_module_get_function;
  interface->get_function_attr = native_module_get_function_attr;
  interface->resolve_source_location = native_module_resolve_source_location;
  interface->alloc_state = native_module_alloc_state;
  interface->free_state = native_module_free_state;
  interface->fork_state = native_module_fork_state;
  interface->resolve_import = native_module_resolve_import;
  interface->notify = native_module_notify;
  interface->begin_call = native_module_begin_call;
  interface->resume_call = native_module_resume_call;
}

iree_status_t iree_vm_native_module_create(const iree_vm_module_t* module_interface,
                                           const iree_vm_native_module_descriptor_t* module_descriptor,
                                           iree_vm_instance_t* instance, iree_allocator_t allocator,
                                           iree_vm_module_t** out_module) {
  (void)instance; /* nothing of it is needed: types are words */
  *out_module = NULL;
  IREE_RETURN_IF_ERROR(native_check_counts(module_descriptor));
  IREE_RETURN_IF_ERROR(native_check_functions(module_interface, module_descriptor));
  IREE_RETURN_IF_ERROR(native_check_sorted(module_descriptor));
  native_module_t* module = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *module, (void**)&module));
  iree_status_t status = iree_vm_module_initialize(&module->interface, module);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(allocator, module);
    return status;
  }
  module->user = *module_interface;
  module->allocator = allocator;
  module->descriptor = module_descriptor;
  native_module_fill_interface(module);
  live_object_add(VMRT_OBJECT_NATIVE_MODULE);
  *out_module = &module->interface;
  return iree_ok_status();
}
