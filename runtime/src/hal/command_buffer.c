/* SPDX-License-Identifier: Apache-2.0 */
/* Command buffers: their life, their memory, and where recording begins and ends. */
#include "hal/command_storage.h"
#include "iree/hal/device.h"

/* Bytes of a block after the first; larger requests get a block of their own size. */
#define BLOCK_SIZE ((iree_host_size_t)16 * 1024)
/* Slots are recorded in an array as long as the highest slot in use. */
#define MAX_SLOT_COUNT ((iree_host_size_t)1 << 20)

/* ---- Life -------------------------------------------------------------------------------------------------------- */

iree_status_t iree_hal_command_buffer_create(iree_hal_device_t* device, iree_hal_command_buffer_mode_t mode,
                                             iree_hal_command_category_t command_categories,
                                             iree_hal_queue_affinity_t queue_affinity,
                                             iree_host_size_t binding_capacity,
                                             iree_hal_command_buffer_t** out_command_buffer) {
  (void)queue_affinity;
  iree_allocator_t host_allocator = iree_hal_device_host_allocator(device);
  iree_hal_command_buffer_t* command_buffer = NULL;
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_uninitialized(host_allocator, sizeof *command_buffer, (void**)&command_buffer));
  memset(command_buffer, 0, offsetof(iree_hal_command_buffer_t, inline_block));
  atomic_ref_count_init(&command_buffer->ref_object.counter);
  command_buffer->host_allocator = host_allocator;
  command_buffer->mode = mode;
  command_buffer->categories = command_categories;
  command_buffer->binding_capacity = binding_capacity;
  command_buffer->last = &command_buffer->first;
  command_buffer->free_begin = command_buffer->inline_block;
  command_buffer->free_end = command_buffer->inline_block + sizeof command_buffer->inline_block;
  live_object_add(VMRT_OBJECT_HAL_COMMAND_BUFFER);
  *out_command_buffer = command_buffer;
  return iree_ok_status();
}

static void command_buffer_destroy(iree_hal_command_buffer_t* command_buffer) {
  live_object_remove(VMRT_OBJECT_HAL_COMMAND_BUFFER);
  iree_allocator_t host_allocator = command_buffer->host_allocator;
  for (command_resource_t* resource = command_buffer->resources; resource; resource = resource->next) {
    iree_hal_buffer_release(resource->buffer);
    iree_hal_executable_release(resource->executable);
  }
  while (command_buffer->blocks) {
    command_block_t* block = command_buffer->blocks;
    command_buffer->blocks = block->next;
    iree_allocator_free(host_allocator, block);
  }
  iree_allocator_free(host_allocator, command_buffer->slots);
  iree_allocator_free(host_allocator, command_buffer);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_command_buffer, iree_hal_command_buffer_t, command_buffer_destroy)

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* A block with room for at least `length` bytes. */
static iree_status_t add_block(iree_hal_command_buffer_t* command_buffer, iree_host_size_t length) {
  const iree_host_size_t header_size = 16;
  iree_host_size_t size = length > BLOCK_SIZE - header_size ? length + header_size : BLOCK_SIZE;
  command_block_t* block = NULL;
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_uninitialized(command_buffer->host_allocator, size, (void**)&block));
  block->next = command_buffer->blocks;
  command_buffer->blocks = block;
  command_buffer->free_begin = (uint8_t*)block + header_size;
  command_buffer->free_end = (uint8_t*)block + size;
  return iree_ok_status();
}

iree_status_t command_buffer_allocate(iree_hal_command_buffer_t* command_buffer, iree_host_size_t length,
                                      void** out_memory) {
  length = (length + 15) & ~(iree_host_size_t)15;
  if (length > (iree_host_size_t)(command_buffer->free_end - command_buffer->free_begin)) {
    IREE_RETURN_IF_ERROR(add_block(command_buffer, length));
  }
  *out_memory = command_buffer->free_begin;
  command_buffer->free_begin += length;
  return iree_ok_status();
}

iree_status_t command_buffer_keep(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_t* buffer,
                                  iree_hal_executable_t* executable) {
  for (command_resource_t* newest = command_buffer->resources; newest; newest = NULL) {
    if (newest->buffer == buffer && newest->executable == executable) return iree_ok_status();
  }
  command_resource_t* resource = NULL;
  IREE_RETURN_IF_ERROR(command_buffer_allocate(command_buffer, sizeof *resource, (void**)&resource));
  *resource = (command_resource_t){command_buffer->resources, buffer, executable};
  command_buffer->resources = resource;
  iree_hal_buffer_retain(buffer);
  iree_hal_executable_retain(executable);
  return iree_ok_status();
}

/* ---- Slots ------------------------------------------------------------------------------------------------------- */

static iree_status_t reserve_slots(iree_hal_command_buffer_t* command_buffer, iree_host_size_t count) {
  if (count > MAX_SLOT_COUNT) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "commands use binding table slot %zu; the highest is %zu",
                            count - 1, MAX_SLOT_COUNT - 1);
  }
  if (count > command_buffer->slot_capacity) {
    IREE_RETURN_IF_ERROR(iree_allocator_grow_array(command_buffer->host_allocator, count < 8 ? 8 : count,
                                                   sizeof *command_buffer->slots, &command_buffer->slot_capacity,
                                                   (void**)&command_buffer->slots));
  }
  if (count > command_buffer->slot_count) {
    memset(&command_buffer->slots[command_buffer->slot_count], 0,
           (count - command_buffer->slot_count) * sizeof *command_buffer->slots);
    command_buffer->slot_count = count;
  }
  return iree_ok_status();
}

iree_status_t command_buffer_use_slot(iree_hal_command_buffer_t* command_buffer, uint32_t slot,
                                      command_slot_t** out_slot) {
  if (slot >= command_buffer->binding_capacity) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "indirect buffer reference slot %u is out range of the declared binding capacity of the "
                            "command buffer %zu",
                            slot, command_buffer->binding_capacity);
  }
  IREE_RETURN_IF_ERROR(reserve_slots(command_buffer, (iree_host_size_t)slot + 1));
  *out_slot = &command_buffer->slots[slot];
  (*out_slot)->is_used = true;
  return iree_ok_status();
}

/* ---- Recording --------------------------------------------------------------------------------------------------- */

iree_status_t iree_hal_command_buffer_begin(iree_hal_command_buffer_t* command_buffer) {
  if (command_buffer->state != COMMAND_STATE_INITIAL) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,
                            "command buffer has been recorded or is being recorded; recording begins once");
  }
  command_buffer->state = COMMAND_STATE_RECORDING;
  return iree_ok_status();
}

iree_status_t iree_hal_command_buffer_end(iree_hal_command_buffer_t* command_buffer) {
  if (command_buffer->state != COMMAND_STATE_RECORDING) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "command buffer is not in a recording state");
  }
  if (command_buffer->group_depth != 0 || command_buffer->has_unopened_group) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "unbalanced debug groups: %s",
                            command_buffer->has_unopened_group ? "one was ended that had not begun"
                                                               : "one has not been ended");
  }
  command_buffer->state = COMMAND_STATE_FINISHED;
  return iree_ok_status();
}

/* ---- For devices ------------------------------------------------------------------------------------------------- */

const hal_command_t* hal_command_buffer_commands(const iree_hal_command_buffer_t* command_buffer) {
  return command_buffer->first;
}

iree_hal_command_buffer_mode_t hal_command_buffer_mode(const iree_hal_command_buffer_t* command_buffer) {
  return command_buffer->mode;
}

uint64_t hal_command_buffer_workload(const iree_hal_command_buffer_t* command_buffer) {
  return command_buffer->workload;
}

iree_host_size_t hal_command_buffer_slot_count(const iree_hal_command_buffer_t* command_buffer) {
  return command_buffer->slot_count;
}
