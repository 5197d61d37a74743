/* SPDX-License-Identifier: Apache-2.0 */
/* Runtime instances: a VM instance and the drivers of this build. */
#include "base/atomics.h"
#include "iree/runtime/api.h"

struct iree_runtime_instance_t {
  iree_atomic_ref_count_t references;
  iree_allocator_t host_allocator;
  iree_vm_instance_t* vm_instance;
  iree_hal_driver_registry_t* driver_registry;
};

void iree_runtime_instance_options_initialize(iree_runtime_instance_options_t* out_options) {
  memset(out_options, 0, sizeof *out_options);
}

void iree_runtime_instance_options_use_all_available_drivers(iree_runtime_instance_options_t* options) {
  options->use_all_available_drivers = true;
}

static void destroy(iree_runtime_instance_t* instance) {
  if (instance->driver_registry) iree_hal_driver_registry_free(instance->driver_registry);
  iree_vm_instance_release(instance->vm_instance);
  iree_allocator_free(instance->host_allocator, instance);
}

static iree_status_t fill(const iree_runtime_instance_options_t* options, iree_runtime_instance_t* instance) {
  iree_allocator_t allocator = instance->host_allocator;
  IREE_RETURN_IF_ERROR(
      iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, allocator, &instance->vm_instance));
  IREE_RETURN_IF_ERROR(iree_hal_module_register_all_types(instance->vm_instance));
  IREE_RETURN_IF_ERROR(iree_hal_driver_registry_allocate(allocator, &instance->driver_registry));
  if (!options || !options->use_all_available_drivers) return iree_ok_status();
  return vmrt_hal_register_local_drivers(instance->driver_registry, NULL);
}

iree_status_t iree_runtime_instance_create(const iree_runtime_instance_options_t* options,
                                           iree_allocator_t host_allocator, iree_runtime_instance_t** out_instance) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof(iree_runtime_instance_t), &block));
  iree_runtime_instance_t* instance = block;
  atomic_ref_count_init(&instance->references);
  instance->host_allocator = host_allocator;
  iree_status_t status = fill(options, instance);
  if (iree_status_is_ok(status)) {
    *out_instance = instance;
  } else {
    destroy(instance);
  }
  return status;
}

void iree_runtime_instance_retain(iree_runtime_instance_t* instance) {
  if (instance) atomic_ref_count_retain(&instance->references);
}

void iree_runtime_instance_release(iree_runtime_instance_t* instance) {
  if (instance && atomic_ref_count_release(&instance->references)) destroy(instance);
}

iree_allocator_t iree_runtime_instance_host_allocator(const iree_runtime_instance_t* instance) {
  return instance->host_allocator;
}

iree_vm_instance_t* iree_runtime_instance_vm_instance(const iree_runtime_instance_t* instance) {
  return instance->vm_instance;
}

iree_hal_driver_registry_t* iree_runtime_instance_driver_registry(const iree_runtime_instance_t* instance) {
  return instance->driver_registry;
}

iree_status_t iree_runtime_instance_try_create_default_device(iree_runtime_instance_t* instance,
                                                              iree_string_view_t driver_name,
                                                              iree_hal_device_t** out_device) {
  return iree_hal_create_device(instance->driver_registry, driver_name, instance->host_allocator, out_device);
}
