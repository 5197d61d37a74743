/* SPDX-License-Identifier: Apache-2.0 */
/* Command buffers: commands recorded once and executed by queues any number of times, with different binding tables. */
#ifndef IREE_HAL_COMMAND_BUFFER_H_
#define IREE_HAL_COMMAND_BUFFER_H_

#include "iree/hal/executable.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iree_hal_command_buffer_t iree_hal_command_buffer_t;

typedef uint32_t iree_hal_command_buffer_mode_t;
enum {
  IREE_HAL_COMMAND_BUFFER_MODE_DEFAULT = 0,
  IREE_HAL_COMMAND_BUFFER_MODE_ONE_SHOT = 1,
  IREE_HAL_COMMAND_BUFFER_MODE_ALLOW_INLINE_EXECUTION = 0x10,
  IREE_HAL_COMMAND_BUFFER_MODE_UNVALIDATED = 0x20,
  IREE_HAL_COMMAND_BUFFER_MODE_UNRETAINED = 0x40
};
typedef uint32_t iree_hal_command_category_t;
enum {
  IREE_HAL_COMMAND_CATEGORY_TRANSFER = 1,
  IREE_HAL_COMMAND_CATEGORY_DISPATCH = 2,
  IREE_HAL_COMMAND_CATEGORY_ANY = 3
};
typedef uint32_t iree_hal_execution_stage_t;
typedef uint64_t iree_hal_dispatch_flags_t;
enum {
  IREE_HAL_DISPATCH_FLAG_NONE = 0,
  IREE_HAL_DISPATCH_FLAG_DYNAMIC_INDIRECT_PARAMETERS = 1,
  IREE_HAL_DISPATCH_FLAG_STATIC_INDIRECT_PARAMETERS = 2
};
/* Bytes of one inline update. */
#define IREE_HAL_COMMAND_BUFFER_MAX_UPDATE_SIZE 65536
#define IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS 32

/* How many workgroups: fixed, or three u32 in a buffer (12 bytes at a multiple of 4) when an INDIRECT flag is set. */
typedef struct iree_hal_dispatch_config_t {
  uint32_t workgroup_count[3];
  iree_hal_buffer_ref_t workgroup_count_ref;
} iree_hal_dispatch_config_t;

typedef struct iree_hal_buffer_ref_list_t {
  iree_host_size_t count;
  const iree_hal_buffer_ref_t* values;
} iree_hal_buffer_ref_list_t;

/* One entry of a table given at execution. */
typedef struct iree_hal_buffer_binding_t {
  iree_hal_buffer_t* buffer;
  iree_device_size_t offset;
  iree_device_size_t length; /* or IREE_HAL_WHOLE_BUFFER */
} iree_hal_buffer_binding_t;
typedef struct iree_hal_buffer_binding_table_t {
  iree_host_size_t count;
  const iree_hal_buffer_binding_t* bindings;
} iree_hal_buffer_binding_table_t;

/* Recording begins with begin and ends with end; anything else is FAILED_PRECONDITION. A command names a buffer
 * directly (retained) or a slot below `binding_capacity` (OUT_OF_RANGE otherwise).
 * All rules: conformance/contract/hal_calls.toml. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_command_buffer_create(
    iree_hal_device_t* device, iree_hal_command_buffer_mode_t mode, iree_hal_command_category_t command_categories,
    iree_hal_queue_affinity_t queue_affinity, iree_host_size_t binding_capacity,
    iree_hal_command_buffer_t** out_command_buffer);
IREE_API_EXPORT void iree_hal_command_buffer_retain(iree_hal_command_buffer_t* command_buffer);
IREE_API_EXPORT void iree_hal_command_buffer_release(iree_hal_command_buffer_t* command_buffer);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_begin(iree_hal_command_buffer_t* command_buffer);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_end(iree_hal_command_buffer_t* command_buffer);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_begin_debug_group(iree_hal_command_buffer_t* command_buffer, iree_string_view_t label);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_end_debug_group(iree_hal_command_buffer_t* command_buffer);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_execution_barrier(iree_hal_command_buffer_t* command_buffer,
                                          iree_hal_execution_stage_t source_stage_mask,
                                          iree_hal_execution_stage_t target_stage_mask, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_advise_buffer(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t buffer_ref,
                                      uint64_t flags, uint64_t arg0, uint64_t arg1);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_fill_buffer(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t target_ref,
                                    const void* pattern, iree_host_size_t pattern_length, uint64_t flags);
/* The source is copied now. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_update_buffer(iree_hal_command_buffer_t* command_buffer, const void* source_buffer,
                                      iree_host_size_t source_offset, iree_hal_buffer_ref_t target_ref, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_command_buffer_copy_buffer(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t source_ref,
                                    iree_hal_buffer_ref_t target_ref, uint64_t flags);
/* `constants`: whole 32-bit words. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_command_buffer_dispatch(
    iree_hal_command_buffer_t* command_buffer, iree_hal_executable_t* executable, uint64_t function,
    iree_hal_dispatch_config_t config, iree_const_byte_span_t constants, iree_hal_buffer_ref_list_t bindings,
    iree_hal_dispatch_flags_t flags);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_COMMAND_BUFFER_H_ */
