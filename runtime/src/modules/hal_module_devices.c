/* SPDX-License-Identifier: Apache-2.0 */
/* hal.devices, hal.device queries, hal.executable and hal.channel: what belongs to a device without being queued on it.
 */
#include "modules/hal_module.h"
#include "vm/text.h"

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_devices_count(hal_call_t* call) {
  return hal_give_i32(call, (int32_t)hal_call_module(call)->device_count);
}

iree_status_t hal_export_devices_get(hal_call_t* call) {
  uint32_t index = hal_take_u32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  const hal_module_t* module = hal_call_module(call);
  iree_hal_device_t* device = index < module->device_count ? module->devices[index] : NULL;
  return hal_give_ref(call, iree_hal_device_retain_ref(device));
}

iree_status_t hal_export_device_allocator(hal_call_t* call) {
  iree_hal_device_t* device = hal_take_device(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return hal_give_ref(call, iree_hal_allocator_retain_ref(iree_hal_device_allocator(device)));
}

/* What a device does not know is an answer, not an error. */
iree_status_t hal_export_device_query_i64(hal_call_t* call) {
  iree_hal_device_t* device = hal_take_device(call);
  iree_string_view_t category = hal_take_text(call);
  iree_string_view_t key = hal_take_text(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  int64_t value = 0;
  iree_status_t status = iree_hal_device_query_i64(device, category, key, &value);
  bool found = iree_status_is_ok(status);
  if (!found && !IREE_STATUS_IS(NOT_FOUND, status)) return status;
  iree_status_free(status);
  IREE_RETURN_IF_ERROR(hal_give_i32(call, found));
  return hal_give_i64(call, found ? value : 0);
}

/* ---- Executables ------------------------------------------------------------------------------------------------- */

static iree_status_t check_own_device(const hal_module_t* module, iree_hal_device_t* device) {
  for (iree_host_size_t i = 0; i < module->device_count; ++i) {
    if (module->devices[i] == device) return iree_ok_status();
  }
  iree_string_view_t id = iree_hal_device_id(device);
  return iree_make_status(IREE_STATUS_NOT_FOUND, "device '%.*s' is none of the %zu devices of module 'hal'",
                          VM_SV_ARG(id), module->device_count);
}

/* Whole words in an aligned place. */
static iree_status_t take_constants(hal_call_t* call, iree_vm_buffer_t* bytes, hal_scratch_t* scratch,
                                    iree_hal_executable_params_t* params) {
  iree_host_size_t size = bytes ? iree_vm_buffer_length(bytes) : 0;
  if (size % sizeof(uint32_t) != 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "executable constants have %zu bytes, expected a multiple of 4", size);
  }
  params->constant_count = size / sizeof(uint32_t);
  uint32_t* words = hal_scratch_reserve(scratch, call, params->constant_count, sizeof(uint32_t));
  if (words && size) memcpy(words, iree_vm_buffer_data(bytes), size);
  params->constants = words;
  return hal_call_taken(call);
}

iree_status_t hal_export_executable_create(hal_call_t* call) {
  iree_hal_device_t* device = hal_take_device(call);
  iree_hal_executable_params_t params = {.queue_affinity = hal_take_u64(call),
                                         .caching_mode = IREE_HAL_EXECUTABLE_CACHING_MODE_ALLOW_OPTIMIZATION};
  params.executable_format = hal_take_text(call);
  iree_vm_buffer_t* data = hal_take_bytes(call);
  iree_vm_buffer_t* constants = hal_take_bytes_or_null(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  IREE_RETURN_IF_ERROR(check_own_device(hal_call_module(call), device));
  params.executable_data = iree_vm_buffer_const_contents(data);
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  iree_hal_executable_t* executable = NULL;
  iree_status_t status = take_constants(call, constants, &scratch, &params);
  if (iree_status_is_ok(status)) status = iree_hal_device_create_executable(device, &params, &executable);
  hal_scratch_free(&scratch, call);
  if (!iree_status_is_ok(status)) return status;
  return hal_give_ref(call, iree_hal_executable_move_ref(executable));
}

iree_status_t hal_export_executable_lookup_function(hal_call_t* call) {
  iree_hal_executable_t* executable = hal_take_executable(call);
  iree_string_view_t name = hal_take_text(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  uint64_t function = 0;
  IREE_RETURN_IF_ERROR(iree_hal_executable_lookup_function_by_name(executable, name, &function));
  return hal_give_i64(call, (int64_t)function);
}

/* ---- Channels ---------------------------------------------------------------------------------------------------- */

iree_status_t hal_export_channel_create(hal_call_t* call) {
  (void)hal_take_device(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "collectives not implemented");
}

/* Nobody makes channels, so that there is none to be used. */
iree_status_t hal_export_channel_use(hal_call_t* call) {
  iree_vm_ref_t ref = hal_take_ref(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (iree_vm_ref_is_null(&ref)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "ref is null, expected !hal.channel");
  }
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "collectives not implemented");
}
