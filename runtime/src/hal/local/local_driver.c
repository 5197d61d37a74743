/* SPDX-License-Identifier: Apache-2.0 */
/* The drivers local-sync and local-task. */
#include "hal/local/local_device.h"
#include "iree/hal/driver.h"
#include "vm/text.h"

/* What a local driver needs to know for its devices. */
typedef struct local_driver_t {
  iree_allocator_t host_allocator;
  iree_string_view_t id;
  bool is_task;
  vmrt_hal_local_options_t options;
} local_driver_t;

static iree_status_t create_executor(const local_driver_t* driver, hal_timeline_t* timeline,
                                     iree_allocator_t host_allocator, local_executor_t** out_executor) {
  if (!driver->is_task) return local_sync_executor_create(host_allocator, out_executor);
  return local_task_executor_create(driver->options.worker_count, driver->options.shuffle_seed, timeline,
                                    host_allocator, out_executor);
}

static iree_status_t create_on_timeline(const local_driver_t* driver, hal_timeline_t* timeline,
                                        iree_allocator_t host_allocator, iree_hal_device_t** out_device) {
  local_executor_t* executor = NULL;
  IREE_RETURN_IF_ERROR(create_executor(driver, timeline, host_allocator, &executor));
  return local_device_create(driver->id, executor, timeline, driver->options.plugin_count,
                             driver->options.plugin_paths, host_allocator, out_device);
}

static iree_status_t local_driver_create_device(void* user_data, iree_string_view_t path, iree_string_view_t options,
                                                iree_allocator_t host_allocator, iree_hal_device_t** out_device) {
  (void)options;
  const local_driver_t* driver = user_data;
  if (path.size) {
    iree_status_t status = iree_make_status(IREE_STATUS_NOT_FOUND, "device paths not yet implemented");
    return iree_status_annotate_f(status, "driver %.*s has one device without a path, not '%.*s'",
                                  VM_SV_ARG(driver->id), VM_SV_ARG(path));
  }
  hal_timeline_t* timeline = NULL;
  IREE_RETURN_IF_ERROR(hal_timeline_create(host_allocator, &timeline));
  iree_status_t status = create_on_timeline(driver, timeline, host_allocator, out_device);
  hal_timeline_release(timeline);
  return status;
}

static void local_driver_free(void* user_data) {
  local_driver_t* driver = user_data;
  iree_allocator_free(driver->host_allocator, driver);
}

static iree_status_t register_driver(iree_hal_driver_registry_t* registry, const char* name, const char* description,
                                     bool is_task, const vmrt_hal_local_options_t* options) {
  iree_allocator_t host_allocator = vmrt_hal_driver_registry_allocator(registry);
  local_driver_t* driver = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *driver, (void**)&driver));
  driver->host_allocator = host_allocator;
  driver->id = iree_make_cstring_view(name);
  driver->is_task = is_task;
  if (options) driver->options = *options;
  const vmrt_hal_driver_t entry = {.name = driver->id,
                                   .description = iree_make_cstring_view(description),
                                   .create_device = local_driver_create_device,
                                   .free = local_driver_free,
                                   .user_data = driver};
  iree_status_t status = vmrt_hal_driver_registry_add(registry, &entry);
  if (!iree_status_is_ok(status)) local_driver_free(driver);
  return status;
}

iree_status_t vmrt_hal_register_local_drivers(iree_hal_driver_registry_t* registry,
                                              const vmrt_hal_local_options_t* options) {
  IREE_RETURN_IF_ERROR(register_driver(registry, "local-sync", "Work on the calling thread", false, options));
  return register_driver(registry, "local-task", "Work on a pool of threads", true, options);
}
