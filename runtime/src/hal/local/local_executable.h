/* SPDX-License-Identifier: Apache-2.0 */
/* Executables that run on this processor: issuing workgroups, and the loaders that make them. */
#ifndef VMRT_HAL_LOCAL_LOCAL_EXECUTABLE_H_
#define VMRT_HAL_LOCAL_LOCAL_EXECUTABLE_H_

#include "hal/executable_impl.h"

/* ---- Issuing ----------------------------------------------------------------------------------------------------- */

/* One dispatch with its bindings resolved; constant while workgroups run. */
typedef struct local_dispatch_t {
  uint32_t function;           /* below the executable's function count */
  uint32_t workgroup_count[3]; /* each at least 1; z at most 65535 */
  uint32_t max_concurrency;    /* workers; 1 on local-sync */
  uint16_t constant_count;     /* both counts are those of the function */
  uint16_t binding_count;
  const uint32_t* constants;
  void* const* binding_pointers;
  const size_t* binding_lengths;
  uint64_t read_only; /* bit i: binding i is memory that must not be written, for executables that can tell */
} local_dispatch_t;

/* Who runs: an index below the worker count that the executable was made for, used by one thread at a time. */
typedef struct local_worker_t {
  uint32_t index;
} local_worker_t;

typedef struct local_executable_t local_executable_t;
struct local_executable_t {
  iree_hal_executable_t base;
  /* Runs workgroups begin to end - 1 in linear order (x fastest, then y, then z). Stops at the first failure and
   * returns it. Sets up and restores the float environment itself (denormals flushed). */
  iree_status_t (*issue)(local_executable_t* executable, const local_dispatch_t* dispatch, local_worker_t worker,
                         uint64_t begin, uint64_t end);
};

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

/* All loaders of one device: embedded-elf-x86_64, system-elf-x86_64, vmvx-bytecode-fb, and static when a library is
 * registered; executable plugins. */
typedef struct local_loaders_t local_loaders_t;

/* `worker_count`: indices of local_worker_t that will be used. Loads the plugins in order; the plugin's failure is the
 * failure of this call. */
iree_status_t local_loaders_create(iree_host_size_t plugin_count, const iree_string_view_t* plugin_paths,
                                   uint32_t worker_count, iree_allocator_t host_allocator,
                                   local_loaders_t** out_loaders);
/* Unloads the plugins. Executables may live on (they keep what they need). */
void local_loaders_free(local_loaders_t* loaders);
/* The answer to hal.executable.format. */
bool local_loaders_support(local_loaders_t* loaders, iree_string_view_t format);
iree_status_t local_loaders_load(local_loaders_t* loaders, const iree_hal_executable_params_t* params,
                                 iree_hal_executable_t** out_executable);

/* ---- The processor ----------------------------------------------------------------------------------------------- */

/* The eight words that kernels get (bits by feature: processor_data.c), detected once. */
const uint64_t* local_processor_data(void);
/* hal.cpu queries: false for a name that is not in the table of processor_data.c. */
bool local_processor_feature(iree_string_view_t name, bool* out_present);

#endif /* VMRT_HAL_LOCAL_LOCAL_EXECUTABLE_H_ */
