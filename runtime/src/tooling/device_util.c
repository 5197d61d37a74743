/* SPDX-License-Identifier: Apache-2.0 */
/* Creates the devices that the flags name. */
#include "iree/tooling/device_util.h"

#include "platform/platform.h"
#include "tooling/device_flags.h"
#include "vm/text.h"

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

device_requests_t tooling_device_requests;

static struct {
  iree_flag_string_list_t devices, plugins;
  int32_t lead_allocator, group_count, max_group_count;
  int64_t shuffle_seed;
} flags = {.max_group_count = 64};

static const vmrt_flag_t flag_table[] = {
    {"device", VMRT_FLAG_LIST, &flags.devices,
     "A device DRIVER[://PATH][?OPTIONS], one flag for each; local-task when a module needs one and none is named."},
    {"device_lead_allocator", VMRT_FLAG_INT32, &flags.lead_allocator,
     "Number of the device whose memory holds the arguments, counted from 0."},
    {"executable_plugin", VMRT_FLAG_LIST, &flags.plugins, "A library with imports of executables, loaded per device."},
    {"task_topology_group_count", VMRT_FLAG_INT32, &flags.group_count,
     "Workers of local-task; 0: one for each physical core."},
    {"task_topology_max_group_count", VMRT_FLAG_INT32, &flags.max_group_count,
     "Most workers when their number follows the cores."},
    {"task_shuffle_seed", VMRT_FLAG_INT64, &flags.shuffle_seed,
     "Not 0: local-task runs workgroups in an order drawn from this number."},
    {"list_drivers", VMRT_FLAG_BOOL, &tooling_device_requests.list_drivers, "Print the names of the drivers and exit."},
    {"list_devices", VMRT_FLAG_REQUEST, &tooling_device_requests.list_devices,
     "Print the devices of a driver, or of all, and exit."},
    {"dump_devices", VMRT_FLAG_REQUEST, &tooling_device_requests.dump_devices,
     "Print all about the devices of a driver, or of all, and exit."},
};
const vmrt_flag_set_t tooling_device_flags = {"Devices", sizeof flag_table / sizeof *flag_table, flag_table};

static iree_status_t refuse_count(const char* name, int32_t value) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--%s=%d is no number of workers", name, (int)value);
}

/* Workers of local-task; 0 leaves it to the driver. */
static iree_status_t worker_count_from_flags(uint32_t* out_count) {
  if (flags.group_count < 0) return refuse_count("task_topology_group_count", flags.group_count);
  if (flags.max_group_count < 1) return refuse_count("task_topology_max_group_count", flags.max_group_count);
  *out_count = (uint32_t)flags.group_count;
  uint32_t most = (uint32_t)flags.max_group_count;
  if (*out_count == 0 && platform_core_count() > most) *out_count = most;
  return iree_ok_status();
}

/* ---- Drivers ----------------------------------------------------------------------------------------------------- */

iree_status_t vmrt_tooling_create_driver_registry(iree_allocator_t allocator,
                                                  iree_hal_driver_registry_t** out_registry) {
  vmrt_hal_local_options_t options = {0, (uint64_t)flags.shuffle_seed, flags.plugins.count, flags.plugins.values};
  IREE_RETURN_IF_ERROR(worker_count_from_flags(&options.worker_count));
  iree_hal_driver_registry_t* registry = NULL;
  IREE_RETURN_IF_ERROR(iree_hal_driver_registry_allocate(allocator, &registry));
  iree_status_t status = vmrt_hal_register_local_drivers(registry, &options);
  if (!iree_status_is_ok(status)) {
    iree_hal_driver_registry_free(registry);
    return status;
  }
  *out_registry = registry;
  return iree_ok_status();
}

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

#define MAX_DEVICES (sizeof((vmrt_tooling_devices_t*)0)->values / sizeof(iree_hal_device_t*))

static iree_status_t create_device(vmrt_tooling_devices_t* devices, iree_string_view_t uri,
                                   iree_allocator_t allocator) {
  if (devices->count == MAX_DEVICES) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "too many --device= flags; at most %zu", MAX_DEVICES);
  }
  iree_status_t status =
      iree_hal_create_device(devices->registry, uri, allocator, &devices->values[devices->count]);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "creating device '%.*s'", VM_SV_ARG(uri));
  ++devices->count;
  return iree_ok_status();
}

static iree_status_t create_all(vmrt_tooling_devices_t* devices, iree_string_view_t default_uri,
                                iree_allocator_t allocator) {
  IREE_RETURN_IF_ERROR(vmrt_tooling_create_driver_registry(allocator, &devices->registry));
  if (flags.devices.count == 0) return create_device(devices, default_uri, allocator);
  for (iree_host_size_t i = 0; i < flags.devices.count; ++i) {
    IREE_RETURN_IF_ERROR(create_device(devices, flags.devices.values[i], allocator));
  }
  return iree_ok_status();
}

iree_status_t vmrt_tooling_create_devices_from_flags(iree_string_view_t default_uri, iree_allocator_t allocator,
                                                     vmrt_tooling_devices_t* out_devices) {
  iree_status_t status = create_all(out_devices, default_uri, allocator);
  if (!iree_status_is_ok(status)) vmrt_tooling_release_devices(out_devices);
  return status;
}

void vmrt_tooling_release_devices(vmrt_tooling_devices_t* devices) {
  for (iree_host_size_t i = 0; i < devices->count; ++i) iree_hal_device_release(devices->values[i]);
  if (devices->registry) iree_hal_driver_registry_free(devices->registry);
  memset(devices, 0, sizeof *devices);
}

iree_status_t vmrt_tooling_lead_device(const vmrt_tooling_devices_t* devices, iree_hal_device_t** out_device) {
  if (flags.lead_allocator < 0 || (iree_host_size_t)flags.lead_allocator >= devices->count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "--device_lead_allocator=%d: there are %zu devices",
                            (int)flags.lead_allocator, devices->count);
  }
  *out_device = devices->values[flags.lead_allocator];
  return iree_ok_status();
}

/* ---- Statistics -------------------------------------------------------------------------------------------------- */

static iree_status_t print_statistics(iree_hal_device_t* device, FILE* file) {
  iree_hal_allocator_statistics_t statistics;
  char text[512];
  iree_host_size_t length = 0;
  iree_string_view_t id = iree_hal_device_id(device);
  iree_hal_allocator_query_statistics(iree_hal_device_allocator(device), &statistics);
  IREE_RETURN_IF_ERROR(iree_hal_allocator_statistics_format(&statistics, sizeof text, text, &length));
  fprintf(file, "Device: %.*s\n%s\n", VM_SV_ARG(id), text);
  return iree_ok_status();
}

iree_status_t vmrt_tooling_print_device_statistics(const vmrt_tooling_devices_t* devices, FILE* file) {
  for (iree_host_size_t i = 0; i < devices->count; ++i) {
    IREE_RETURN_IF_ERROR(print_statistics(devices->values[i], file));
  }
  return iree_ok_status();
}
