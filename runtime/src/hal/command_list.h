/* SPDX-License-Identifier: Apache-2.0 */
/* Inside a command buffer: the recorded commands, for the devices that execute them. */
#ifndef VMRT_HAL_COMMAND_LIST_H_
#define VMRT_HAL_COMMAND_LIST_H_

#include "hal/object.h"
#include "iree/hal/command_buffer.h"

typedef enum hal_command_kind_e {
  HAL_COMMAND_BARRIER, /* everything before it is finished before anything after it begins */
  HAL_COMMAND_FILL,
  HAL_COMMAND_UPDATE,
  HAL_COMMAND_COPY,
  HAL_COMMAND_DISPATCH
} hal_command_kind_t;

/* One recorded command; blocks of them live as long as the command buffer. Direct buffers are retained by the command
 * buffer. Lengths are as recorded: IREE_HAL_WHOLE_BUFFER is resolved when bindings are. */
typedef struct hal_command_t hal_command_t;
struct hal_command_t {
  hal_command_t* next;
  hal_command_kind_t kind;
  union {
    struct {
      iree_hal_buffer_ref_t target;
      uint32_t pattern; /* repeated to 32 bits: little endian bytes 0 to pattern_length - 1 repeat */
      uint8_t pattern_length;
    } fill;
    struct {
      iree_hal_buffer_ref_t target;
      const uint8_t* source; /* target.length bytes */
    } update;
    struct {
      iree_hal_buffer_ref_t source;
      iree_hal_buffer_ref_t target;
    } copy;
    struct {
      iree_hal_executable_t* executable; /* retained */
      uint64_t function;
      iree_hal_dispatch_config_t config;
      bool is_indirect; /* counts come from config.workgroup_count_ref */
      uint16_t constant_count;
      uint16_t binding_count;
      const uint32_t* constants;
      const iree_hal_buffer_ref_t* bindings;
    } dispatch;
  } as;
};

/* The first command of a finished recording. */
const hal_command_t* hal_command_buffer_commands(const iree_hal_command_buffer_t* command_buffer);
iree_hal_command_buffer_mode_t hal_command_buffer_mode(const iree_hal_command_buffer_t* command_buffer);
/* Workgroups of all direct dispatches and bytes of all transfers, as a measure of how much work there is. */
uint64_t hal_command_buffer_workload(const iree_hal_command_buffer_t* command_buffer);
/* Entries of a binding table that commands look at: the highest slot in use and one. */
iree_host_size_t hal_command_buffer_slot_count(const iree_hal_command_buffer_t* command_buffer);

#define HAL_DISPATCH_MAX_COUNT_Z 65535
/* Years of work; the sum over many dispatches still has 64 bits. */
#define HAL_DISPATCH_MAX_WORKGROUPS ((uint64_t)1 << 56)
/* The product of three counts; OUT_OF_RANGE for a z or a product above its limit. */
iree_status_t hal_dispatch_workgroups(const uint32_t count[3], uint64_t* out_workgroups);

/* What a queue checks before it takes an execution: finished, not inline with a wait, the table long enough, no null
 * entry for a slot in use, entries inside their buffers, every command inside its entry, required usage. */
iree_status_t hal_command_buffer_validate_submission(iree_hal_command_buffer_t* command_buffer, bool has_wait,
                                                     iree_hal_buffer_binding_table_t table);

/* Executables belong to the workers of one device. INVALID_ARGUMENT unless it is the one with that timeline. */
struct hal_timeline_t;
iree_status_t hal_command_buffer_check_home(const iree_hal_command_buffer_t* command_buffer,
                                            const struct hal_timeline_t* home);

/* The host range that a command means: from the reference itself or from the entry of `table` at its slot; the length
 * resolved. OUT_OF_RANGE and FAILED_PRECONDITION (memory not committed). */
iree_status_t hal_command_resolve(iree_hal_buffer_ref_t ref, iree_hal_buffer_binding_table_t table,
                                  iree_byte_span_t* out_span);

#endif /* VMRT_HAL_COMMAND_LIST_H_ */
