/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what modules depend on: earlier modules, or modules of the system that are made on demand. */
#include "iree/modules/hal/module.h"
#include "iree/modules/vmvx/module.h"
#include "iree/tooling/context_util.h"
#include "iree/tooling/parameter_util.h"
#include "vm/text.h"

typedef struct resolver_t {
  iree_vm_instance_t* instance;
  iree_string_view_t default_device_uri;
  iree_allocator_t allocator;
  iree_tooling_module_list_t* list;
  vmrt_tooling_devices_t* devices;
} resolver_t;

/* ---- System modules ---------------------------------------------------------------------------------------------- */

static iree_status_t create_hal(resolver_t* resolver, iree_vm_module_t** out_module) {
  vmrt_tooling_devices_t* devices = resolver->devices;
  vmrt_hal_module_trace_sink_t standard_error = {NULL, NULL};
  if (devices->count == 0) {
    IREE_RETURN_IF_ERROR(
        vmrt_tooling_create_devices_from_flags(resolver->default_device_uri, resolver->allocator, devices));
  }
  return vmrt_hal_module_create(resolver->instance, devices->count, devices->values, standard_error,
                                resolver->allocator, out_module);
}

static iree_status_t create_vmvx(resolver_t* resolver, iree_vm_module_t** out_module) {
  return iree_vmvx_module_create(resolver->instance, resolver->allocator, out_module);
}

static iree_status_t create_parameters(resolver_t* resolver, iree_vm_module_t** out_module) {
  return iree_tooling_create_parameters_module_from_flags(resolver->instance, resolver->allocator, out_module);
}

static iree_status_t refuse_inline(resolver_t* resolver, iree_vm_module_t** out_module) {
  (void)resolver, (void)out_module;
  return iree_make_status(IREE_STATUS_NOT_FOUND,
                          "this runtime has no modules for inline execution; compile the program for a device "
                          "(without --iree-execution-model=inline-...)");
}

typedef struct system_module_t {
  const char* name;
  iree_status_t (*create)(resolver_t* resolver, iree_vm_module_t** out_module);
} system_module_t;

static const system_module_t* find_system_module(iree_string_view_t name) {
  static const system_module_t modules[] = {
      {"hal", create_hal},
      {"vmvx", create_vmvx},
      {"io_parameters", create_parameters},
      {"hal_inline", refuse_inline},
      {"hal_loader", refuse_inline},
  };
  for (size_t i = 0; i < sizeof modules / sizeof *modules; ++i) {
    if (iree_string_view_equal(name, iree_make_cstring_view(modules[i].name))) return &modules[i];
  }
  return NULL;
}

static iree_status_t push_module(resolver_t* resolver, iree_vm_module_t* module) {
  if (resolver->list->count < resolver->list->capacity) {
    return iree_tooling_module_list_push_back(resolver->list, module);
  }
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "resolved module list capacity %zu too small for all modules and what they depend on",
                          resolver->list->capacity);
}

static iree_status_t push_system_module(resolver_t* resolver, const system_module_t* system) {
  iree_vm_module_t* module = NULL;
  IREE_RETURN_IF_ERROR(system->create(resolver, &module));
  iree_status_t status = push_module(resolver, module);
  iree_vm_module_release(module);
  return status;
}

/* ---- Dependencies ------------------------------------------------------------------------------------------------ */

static bool is_in_list(const iree_tooling_module_list_t* list, iree_string_view_t name) {
  for (iree_host_size_t i = 0; i < list->count; ++i) {
    if (iree_string_view_equal(name, iree_vm_module_name(list->values[i]))) return true;
  }
  return false;
}

static iree_status_t resolve_dependency(void* user_data, const iree_vm_module_dependency_t* dependency) {
  resolver_t* resolver = user_data;
  iree_string_view_t name = vm_text_sanitize(dependency->name);
  bool required = (dependency->flags & IREE_VM_MODULE_DEPENDENCY_FLAG_REQUIRED) != 0;
  if (is_in_list(resolver->list, name)) return iree_ok_status();
  const system_module_t* system = find_system_module(name);
  if (system && (required || system->create != refuse_inline)) {
    iree_status_t status = push_system_module(resolver, system);
    return iree_status_annotate_f(status, "creating module '%s'", system->name);
  }
  if (!required) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND,
                          "required module '%.*s' not available: no earlier --module= has that name",
                          VM_SV_ARG(name));
}

static iree_status_t resolve_module(resolver_t* resolver, iree_vm_module_t* module) {
  iree_status_t status = iree_vm_module_enumerate_dependencies(module, resolve_dependency, resolver);
  if (iree_status_is_ok(status)) return push_module(resolver, module);
  iree_string_view_t name = iree_vm_module_name(module);
  return iree_status_annotate_f(status, "resolving dependencies for '%.*s'", VM_SV_ARG(name));
}

iree_status_t iree_tooling_resolve_modules(iree_vm_instance_t* instance, iree_host_size_t user_module_count,
                                           iree_vm_module_t* const* user_modules,
                                           iree_string_view_t default_device_uri, iree_allocator_t allocator,
                                           iree_tooling_module_list_t* resolved_list,
                                           vmrt_tooling_devices_t* out_devices) {
  resolver_t resolver = {instance, default_device_uri, allocator, resolved_list, out_devices};
  for (iree_host_size_t i = 0; i < user_module_count; ++i) {
    IREE_RETURN_IF_ERROR(resolve_module(&resolver, user_modules[i]));
  }
  return iree_ok_status();
}

iree_status_t iree_tooling_create_context_from_flags(iree_vm_instance_t* instance, iree_host_size_t user_module_count,
                                                     iree_vm_module_t* const* user_modules,
                                                     iree_string_view_t default_device_uri, uint32_t flags,
                                                     iree_allocator_t allocator,
                                                     iree_tooling_module_list_t* resolved_list,
                                                     vmrt_tooling_devices_t* out_devices,
                                                     iree_vm_context_t** out_context) {
  IREE_RETURN_IF_ERROR(iree_tooling_resolve_modules(instance, user_module_count, user_modules, default_device_uri,
                                                    allocator, resolved_list, out_devices));
  iree_status_t status = iree_vm_context_create_with_modules(instance, flags, resolved_list->count,
                                                             resolved_list->values, allocator, out_context);
  return iree_status_annotate_f(status, "creating VM context");
}
