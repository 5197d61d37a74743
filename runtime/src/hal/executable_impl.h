/* SPDX-License-Identifier: Apache-2.0 */
/* Inside executables: what every kind says about its functions. */
#ifndef VMRT_HAL_EXECUTABLE_IMPL_H_
#define VMRT_HAL_EXECUTABLE_IMPL_H_

#include "hal/object.h"
#include "iree/hal/executable.h"

typedef struct hal_executable_function_t {
  iree_string_view_t name; /* lives as long as the executable; empty: cannot be looked up */
  uint16_t constant_count; /* 32-bit words */
  uint16_t binding_count;
} hal_executable_function_t;

typedef struct hal_executable_vtable_t {
  void (*destroy)(iree_hal_executable_t* executable);
} hal_executable_vtable_t;

struct hal_timeline_t;

/* First member of every executable. The makers fill it in. */
struct iree_hal_executable_t {
  iree_vm_ref_object_t ref_object;
  struct hal_timeline_t* home; /* of the device that it was made for, retained; NULL: of no device */
  const hal_executable_vtable_t* vtable;
  iree_allocator_t host_allocator;
  iree_host_size_t function_count;
  hal_executable_function_t* functions;
};

/* The function, or OUT_OF_RANGE naming `function` and the count. */
iree_status_t hal_executable_function(const iree_hal_executable_t* executable, uint64_t function,
                                      const hal_executable_function_t** out_function);

#endif /* VMRT_HAL_EXECUTABLE_IMPL_H_ */
