/* SPDX-License-Identifier: Apache-2.0 */
/* The module `hal`: its table of exports, its devices, creation and destruction. */
#include "modules/hal_module.h"

#include "iree/vm/native_module.h"

#define HAL_MODULE_VERSION 7

/* ---- Table ------------------------------------------------------------------------------------------------------- */

static const iree_vm_native_export_descriptor_t hal_exports[] = {
#define HAL_EXPORT(name, cconv, function) {{name, sizeof name - 1}, {cconv, sizeof cconv - 1}, 0, NULL},
#include "modules/hal_exports.def"
#undef HAL_EXPORT
};

static iree_status_t hal_module_shim(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,
                                     iree_byte_span_t results, iree_vm_native_function_target_t target, void* self,
                                     iree_vm_module_state_t* module_state) {
  (void)stack;
  (void)flags;
  (void)module_state;
  hal_call_t call = {
      .module = self,
      .host_allocator = ((const hal_module_t*)self)->host_allocator,
      .arguments = arguments,
      .results = results,
  };
  return hal_call_run((hal_function_t)(void (*)(void))target, &call);
}

static const iree_vm_native_function_ptr_t hal_functions[] = {
#define HAL_EXPORT(name, cconv, function) \
  {hal_module_shim, (iree_vm_native_function_target_t)(void (*)(void))hal_export_##function},
#include "modules/hal_exports.def"
#undef HAL_EXPORT
};

static const iree_vm_native_module_descriptor_t hal_descriptor = {
    .name = {"hal", 3},
    .version = HAL_MODULE_VERSION,
    .export_count = sizeof hal_exports / sizeof hal_exports[0],
    .exports = hal_exports,
    .function_count = sizeof hal_functions / sizeof hal_functions[0],
    .functions = hal_functions,
};

/* ---- Life -------------------------------------------------------------------------------------------------------- */

/* The devices go last: whatever else the module had is gone when a device is destroyed. */
static void hal_module_destroy(void* self) {
  hal_module_t* module = self;
  module->sink = (vmrt_hal_module_trace_sink_t){NULL, NULL};
  for (iree_host_size_t i = module->device_count; i > 0; --i) iree_hal_device_release(module->devices[i - 1]);
  iree_allocator_free(module->host_allocator, module);
}

static iree_status_t hal_module_allocate(iree_host_size_t device_count, iree_hal_device_t** devices,
                                         vmrt_hal_module_trace_sink_t sink, iree_allocator_t host_allocator,
                                         hal_module_t** out_module) {
  hal_module_t* module = NULL;
  if (device_count > INT32_MAX) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "module 'hal' cannot have %zu devices", device_count);
  }
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *module + device_count * sizeof module->devices[0],
                                             (void**)&module));
  module->host_allocator = host_allocator;
  module->sink = sink;
  module->device_count = device_count;
  for (iree_host_size_t i = 0; i < device_count; ++i) {
    iree_hal_device_retain(devices[i]);
    module->devices[i] = devices[i];
  }
  *out_module = module;
  return iree_ok_status();
}

iree_status_t vmrt_hal_module_create(iree_vm_instance_t* instance, iree_host_size_t device_count,
                                     iree_hal_device_t** devices, vmrt_hal_module_trace_sink_t sink,
                                     iree_allocator_t host_allocator, iree_vm_module_t** out_module) {
  *out_module = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_module_register_all_types(instance));
  hal_module_t* module = NULL;
  IREE_RETURN_IF_ERROR(hal_module_allocate(device_count, devices, sink, host_allocator, &module));
  iree_vm_module_t interface = {.self = module, .destroy = hal_module_destroy};
  iree_status_t status =
      iree_vm_native_module_create(&interface, &hal_descriptor, instance, host_allocator, out_module);
  if (!iree_status_is_ok(status)) hal_module_destroy(module);
  return status;
}
