/* SPDX-License-Identifier: Apache-2.0 */
/* Executables: their life, and their functions by name and number. */
#include "hal/executable_impl.h"
#include "hal/semaphore_impl.h"
#include "vm/text.h"

static void executable_destroy(iree_hal_executable_t* executable) {
  hal_timeline_t* home = executable->home;
  executable->vtable->destroy(executable);
  hal_timeline_release(home);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_executable, iree_hal_executable_t, executable_destroy)

iree_host_size_t iree_hal_executable_function_count(const iree_hal_executable_t* executable) {
  return executable->function_count;
}

iree_status_t hal_executable_function(const iree_hal_executable_t* executable, uint64_t function,
                                      const hal_executable_function_t** out_function) {
  if (function >= executable->function_count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "executable has no function %lld; it has %zu",
                            (long long)function, executable->function_count);
  }
  *out_function = &executable->functions[function];
  return iree_ok_status();
}

iree_status_t iree_hal_executable_lookup_function_by_name(const iree_hal_executable_t* executable,
                                                          iree_string_view_t name, uint64_t* out_function) {
  for (iree_host_size_t i = 0; i < executable->function_count && name.size; ++i) {
    if (!iree_string_view_equal(executable->functions[i].name, name)) continue;
    *out_function = i;
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_NOT_FOUND, "executable has no function named '%.*s'", VM_SV_ARG(name));
}
