/* SPDX-License-Identifier: Apache-2.0 */
/* Drivers by name, and devices of them by URI. */
#include "iree/hal/driver.h"
#include "vm/text.h"

struct iree_hal_driver_registry_t {
  iree_allocator_t host_allocator;
  iree_host_size_t count;
  iree_host_size_t capacity;
  vmrt_hal_driver_t* drivers;
};

/* ---- The registry ------------------------------------------------------------------------------------------------ */

iree_status_t iree_hal_driver_registry_allocate(iree_allocator_t host_allocator,
                                                iree_hal_driver_registry_t** out_registry) {
  iree_hal_driver_registry_t* registry = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *registry, (void**)&registry));
  registry->host_allocator = host_allocator;
  *out_registry = registry;
  return iree_ok_status();
}

void iree_hal_driver_registry_free(iree_hal_driver_registry_t* registry) {
  if (!registry) return;
  for (iree_host_size_t i = registry->count; i-- > 0;) {
    if (registry->drivers[i].free) registry->drivers[i].free(registry->drivers[i].user_data);
  }
  iree_allocator_free(registry->host_allocator, registry->drivers);
  iree_allocator_free(registry->host_allocator, registry);
}

iree_allocator_t vmrt_hal_driver_registry_allocator(iree_hal_driver_registry_t* registry) {
  return registry->host_allocator;
}

static const vmrt_hal_driver_t* find_driver(const iree_hal_driver_registry_t* registry, iree_string_view_t name) {
  for (iree_host_size_t i = 0; i < registry->count; ++i) {
    if (iree_string_view_equal(registry->drivers[i].name, name)) return &registry->drivers[i];
  }
  return NULL;
}

iree_status_t vmrt_hal_driver_registry_add(iree_hal_driver_registry_t* registry, const vmrt_hal_driver_t* driver) {
  if (find_driver(registry, driver->name)) {
    return iree_make_status(IREE_STATUS_ALREADY_EXISTS, "driver '%.*s' is registered already", VM_SV_ARG(driver->name));
  }
  if (registry->count == registry->capacity) {
    IREE_RETURN_IF_ERROR(iree_allocator_grow_array(registry->host_allocator, 4, sizeof *registry->drivers,
                                                   &registry->capacity, (void**)&registry->drivers));
  }
  registry->drivers[registry->count++] = *driver;
  return iree_ok_status();
}

iree_status_t vmrt_hal_driver_registry_at(iree_hal_driver_registry_t* registry, iree_host_size_t index,
                                          iree_string_view_t* out_name, iree_string_view_t* out_description) {
  if (index >= registry->count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "driver %zu of %zu", index, registry->count);
  }
  *out_name = registry->drivers[index].name;
  *out_description = registry->drivers[index].description;
  return iree_ok_status();
}

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

/* Splits DRIVER[:[//PATH]][?OPTIONS]. */
static void split_uri(iree_string_view_t uri, iree_string_view_t* out_driver, iree_string_view_t* out_path,
                      iree_string_view_t* out_options) {
  iree_string_view_t before = uri;
  iree_string_view_split(uri, '?', &before, out_options);
  *out_driver = before;
  *out_path = iree_string_view_empty();
  for (iree_host_size_t i = 0; i + 3 <= before.size; ++i) {
    if (memcmp(before.data + i, "://", 3) != 0) continue;
    *out_driver = iree_make_string_view(before.data, i);
    *out_path = iree_make_string_view(before.data + i + 3, before.size - i - 3);
    return;
  }
  if (iree_string_view_ends_with(before, IREE_SV(":"))) --out_driver->size;
}

iree_status_t iree_hal_create_device(iree_hal_driver_registry_t* registry, iree_string_view_t device_uri,
                                     iree_allocator_t host_allocator, iree_hal_device_t** out_device) {
  iree_string_view_t name, path, options;
  split_uri(device_uri, &name, &path, &options);
  const vmrt_hal_driver_t* driver = find_driver(registry, name);
  if (!driver) {
    return iree_make_status(IREE_STATUS_NOT_FOUND, "no driver '%.*s' registered", VM_SV_ARG(name));
  }
  return driver->create_device(driver->user_data, path, options, host_allocator, out_device);
}
