/* SPDX-License-Identifier: Apache-2.0 */
/* HAL objects as references of the VM: one descriptor a type, and the casts between object and reference. */
#include "iree/modules/hal/types.h"
#include "vm/type_adapters.h"

/* References count at offset 0, where HAL objects count themselves: the last reference of the VM hands its count back,
 * so that the object's own release finds it and destroys the object. */
#define HAL_DEFINE_TYPE(NAME, T, text)                                                                   \
  static void NAME##_destroy_ref(void* object) {                                                         \
    ((iree_vm_ref_object_t*)object)->counter.value = 1;                                                  \
    NAME##_release(object);                                                                              \
  }                                                                                                      \
  static const iree_vm_ref_type_descriptor_t NAME##_descriptor = {.destroy = NAME##_destroy_ref,         \
                                                                  .type_name = {text, sizeof text - 1}}; \
  VM_DEFINE_TYPE_ADAPTERS(NAME, T, NAME##_descriptor)

HAL_DEFINE_TYPE(iree_hal_allocator, iree_hal_allocator_t, "hal.allocator");
HAL_DEFINE_TYPE(iree_hal_buffer, iree_hal_buffer_t, "hal.buffer");
HAL_DEFINE_TYPE(iree_hal_buffer_view, iree_hal_buffer_view_t, "hal.buffer_view");
HAL_DEFINE_TYPE(iree_hal_command_buffer, iree_hal_command_buffer_t, "hal.command_buffer");
HAL_DEFINE_TYPE(iree_hal_device, iree_hal_device_t, "hal.device");
HAL_DEFINE_TYPE(iree_hal_executable, iree_hal_executable_t, "hal.executable");
HAL_DEFINE_TYPE(iree_hal_fence, iree_hal_fence_t, "hal.fence");
HAL_DEFINE_TYPE(iree_hal_file, iree_hal_file_t, "hal.file");
HAL_DEFINE_TYPE(iree_hal_semaphore, iree_hal_semaphore_t, "hal.semaphore");

/* Types that programs may name although no device here makes such objects. */
static const iree_vm_ref_type_descriptor_t channel_descriptor = {.type_name = {"hal.channel", 11}};
static const iree_vm_ref_type_descriptor_t event_descriptor = {.type_name = {"hal.event", 9}};

static const iree_vm_ref_type_descriptor_t* const hal_descriptors[] = {
    &iree_hal_allocator_descriptor,
    &iree_hal_buffer_descriptor,
    &iree_hal_buffer_view_descriptor,
    &channel_descriptor,
    &iree_hal_command_buffer_descriptor,
    &iree_hal_device_descriptor,
    &event_descriptor,
    &iree_hal_executable_descriptor,
    &iree_hal_fence_descriptor,
    &iree_hal_file_descriptor,
    &iree_hal_semaphore_descriptor,
};

iree_status_t iree_hal_module_register_all_types(iree_vm_instance_t* instance) {
  for (iree_host_size_t i = 0; i < sizeof hal_descriptors / sizeof hal_descriptors[0]; ++i) {
    iree_string_view_t name = hal_descriptors[i]->type_name;
    if (iree_vm_instance_lookup_type(instance, name) == iree_vm_make_ref_type(hal_descriptors[i])) continue;
    iree_vm_ref_type_t type = IREE_VM_REF_TYPE_NULL;
    IREE_RETURN_IF_ERROR(iree_vm_instance_register_type(instance, hal_descriptors[i], &type));
  }
  return iree_ok_status();
}
