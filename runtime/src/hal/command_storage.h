/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a command buffer and the memory that recordings live in: for command_*.c alone. */
#ifndef VMRT_HAL_COMMAND_STORAGE_H_
#define VMRT_HAL_COMMAND_STORAGE_H_

#include "hal/command_list.h"

typedef enum command_state_e { COMMAND_STATE_INITIAL, COMMAND_STATE_RECORDING, COMMAND_STATE_FINISHED } command_state_t;

/* Memory for commands; blocks are freed with the command buffer. */
typedef struct command_block_t {
  struct command_block_t* next;
} command_block_t;

/* What is retained: a buffer or an executable. */
typedef struct command_resource_t {
  struct command_resource_t* next;
  iree_hal_buffer_t* buffer;
  iree_hal_executable_t* executable;
} command_resource_t;

/* What the commands want of the entry in one slot of a binding table. */
typedef struct command_slot_t {
  iree_device_size_t end; /* bytes from the start of the entry */
  iree_hal_buffer_usage_t usage;
  bool is_used;
} command_slot_t;

struct iree_hal_command_buffer_t {
  iree_vm_ref_object_t ref_object;
  iree_allocator_t host_allocator;
  iree_hal_command_buffer_mode_t mode;
  iree_hal_command_category_t categories;
  iree_host_size_t binding_capacity;
  command_state_t state;
  int64_t group_depth;     /* debug groups open */
  bool has_unopened_group; /* one was closed that was not open */
  hal_command_t* first;
  hal_command_t** last; /* where the next command is linked */
  uint64_t workload;
  struct hal_timeline_t* home; /* of the executables, which keep it; NULL: any device can run the commands */
  command_resource_t* resources;
  iree_host_size_t slot_count; /* highest slot in use and one */
  iree_host_size_t slot_capacity;
  command_slot_t* slots;
  command_block_t* blocks;
  uint8_t* free_begin; /* of the newest block, or of `inline_block` */
  uint8_t* free_end;
  _Alignas(16) uint8_t inline_block[1024];
};

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* Uninitialised memory aligned to 16 that lives as long as the command buffer. */
iree_status_t command_buffer_allocate(iree_hal_command_buffer_t* command_buffer, iree_host_size_t length,
                                      void** out_memory);
/* Keeps an object for the life of the command buffer; one of the two is NULL. */
iree_status_t command_buffer_keep(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_t* buffer,
                                  iree_hal_executable_t* executable);
/* The record of a slot that a command uses; OUT_OF_RANGE past the declared capacity. */
iree_status_t command_buffer_use_slot(iree_hal_command_buffer_t* command_buffer, uint32_t slot,
                                      command_slot_t** out_slot);

/* ---- Recording --------------------------------------------------------------------------------------------------- */

/* What a command does to a buffer that it names. */
typedef struct command_use_t {
  iree_hal_buffer_usage_t usage; /* all bits; DISPATCH_STORAGE: any of its bits */
  bool is_range_checked;         /* of direct buffers, while recording */
} command_use_t;

/* FAILED_PRECONDITION unless commands of that category may be recorded now. */
iree_status_t command_check_category(const iree_hal_command_buffer_t* command_buffer,
                                     iree_hal_command_category_t required);
/* Checks and keeps a direct buffer, or remembers what a slot has to offer. */
iree_status_t command_use_buffer(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t ref,
                                 command_use_t use);
/* A command with `extra_size` bytes behind it, not linked yet. */
iree_status_t command_new(iree_hal_command_buffer_t* command_buffer, hal_command_kind_t kind,
                          iree_host_size_t extra_size, hal_command_t** out_command);
void command_append(iree_hal_command_buffer_t* command_buffer, hal_command_t* command, uint64_t workload);

#endif /* VMRT_HAL_COMMAND_STORAGE_H_ */
