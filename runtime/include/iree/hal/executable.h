/* SPDX-License-Identifier: Apache-2.0 */
/* Executables: compiled kernels of a device, and what their functions expect. */
#ifndef IREE_HAL_EXECUTABLE_H_
#define IREE_HAL_EXECUTABLE_H_

#include "iree/hal/buffer.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iree_hal_executable_t iree_hal_executable_t;

typedef uint32_t iree_hal_executable_caching_mode_t;
enum {
  IREE_HAL_EXECUTABLE_CACHING_MODE_ALIAS_PROVIDED_DATA = 1,
  IREE_HAL_EXECUTABLE_CACHING_MODE_ALLOW_OPTIMIZATION = 4,
  IREE_HAL_EXECUTABLE_CACHING_MODE_DISABLE_VERIFICATION = 64
};

typedef struct iree_hal_executable_params_t {
  iree_hal_queue_affinity_t queue_affinity;
  iree_hal_executable_caching_mode_t caching_mode;
  iree_string_view_t executable_format;   /* such as embedded-elf-x86_64 */
  iree_const_byte_span_t executable_data; /* copied or only read during the call */
  iree_host_size_t constant_count;
  const uint32_t* constants; /* executable-level constants */
} iree_hal_executable_params_t;

IREE_API_EXPORT void iree_hal_executable_retain(iree_hal_executable_t* executable);
IREE_API_EXPORT void iree_hal_executable_release(iree_hal_executable_t* executable);
IREE_API_EXPORT iree_host_size_t iree_hal_executable_function_count(const iree_hal_executable_t* executable);
/* Zero-based index of an export; NOT_FOUND naming the function. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_executable_lookup_function_by_name(
    const iree_hal_executable_t* executable, iree_string_view_t name, uint64_t* out_function);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_EXECUTABLE_H_ */
