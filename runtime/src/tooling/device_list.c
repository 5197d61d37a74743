/* SPDX-License-Identifier: Apache-2.0 */
/* Prints which drivers and devices there are. */
#include "iree/tooling/device_util.h"
#include "tooling/device_flags.h"
#include "vm/text.h"

static iree_status_t driver_at(iree_hal_driver_registry_t* registry, iree_host_size_t index,
                               iree_string_view_t* out_name) {
  iree_string_view_t description = iree_string_view_empty();
  return vmrt_hal_driver_registry_at(registry, index, out_name, &description);
}

/* Calls `print` for the driver of that name, or for all when it is empty. */
static iree_status_t for_drivers(iree_hal_driver_registry_t* registry, iree_string_view_t wanted,
                                 void (*print)(iree_string_view_t name, FILE* file), FILE* file) {
  iree_string_view_t name = iree_string_view_empty();
  bool any = iree_string_view_is_empty(wanted);
  for (iree_host_size_t i = 0; iree_status_consume_code(driver_at(registry, i, &name)) == IREE_STATUS_OK; ++i) {
    if (!iree_string_view_is_empty(wanted) && !iree_string_view_equal(wanted, name)) continue;
    print(name, file);
    any = true;
  }
  if (any) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND, "no driver '%.*s' registered; see --list_drivers", VM_SV_ARG(wanted));
}

static void print_name(iree_string_view_t name, FILE* file) { fprintf(file, "%.*s\n", VM_SV_ARG(name)); }

/* Local drivers have one device, which needs no path. */
static void print_uri(iree_string_view_t name, FILE* file) { fprintf(file, "%.*s://\n", VM_SV_ARG(name)); }

#define RULE "# ============================================================================\n"
#define LINE "# ===----------------------------------------------------------------------===\n"

static void print_device(iree_string_view_t name, FILE* file) {
  fprintf(file, RULE "# Enumerated devices for driver '%.*s'\n" RULE "\n", VM_SV_ARG(name));
  fprintf(file, LINE "# --device=%.*s://\n#   default\n" LINE, VM_SV_ARG(name));
}

static iree_status_t list_devices(iree_hal_driver_registry_t* registry, FILE* file) {
  const device_requests_t* requests = &tooling_device_requests;
  if (requests->list_drivers) {
    IREE_RETURN_IF_ERROR(for_drivers(registry, iree_string_view_empty(), print_name, file));
  }
  if (requests->list_devices.given) {
    IREE_RETURN_IF_ERROR(for_drivers(registry, requests->list_devices.value, print_uri, file));
  }
  if (requests->dump_devices.given) {
    IREE_RETURN_IF_ERROR(for_drivers(registry, requests->dump_devices.value, print_device, file));
  }
  return iree_ok_status();
}

iree_status_t vmrt_tooling_list_devices_from_flags(iree_allocator_t allocator, FILE* file, bool* out_listed) {
  const device_requests_t* requests = &tooling_device_requests;
  *out_listed = requests->list_drivers || requests->list_devices.given || requests->dump_devices.given;
  if (!*out_listed) return iree_ok_status();
  iree_hal_driver_registry_t* registry = NULL;
  IREE_RETURN_IF_ERROR(vmrt_tooling_create_driver_registry(allocator, &registry));
  iree_status_t status = list_devices(registry, file);
  iree_hal_driver_registry_free(registry);
  return status;
}
