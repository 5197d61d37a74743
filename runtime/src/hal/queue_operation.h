/* SPDX-License-Identifier: Apache-2.0 */
/* One operation of a queue as data: what it waits for, what it does, what it signals. */
#ifndef VMRT_HAL_QUEUE_OPERATION_H_
#define VMRT_HAL_QUEUE_OPERATION_H_

#include "hal/semaphore_impl.h"
#include "iree/hal/device.h"

typedef enum hal_queue_operation_kind_e {
  HAL_QUEUE_ALLOCA,
  HAL_QUEUE_DEALLOCA,
  HAL_QUEUE_FILL,
  HAL_QUEUE_UPDATE,
  HAL_QUEUE_COPY,
  HAL_QUEUE_READ,
  HAL_QUEUE_WRITE,
  HAL_QUEUE_BARRIER,
  HAL_QUEUE_EXECUTE
} hal_queue_operation_kind_t;

/* A range of a buffer, checked against it. */
typedef struct hal_queue_range_t {
  iree_hal_buffer_t* buffer;
  iree_device_size_t offset;
  iree_device_size_t length;
} hal_queue_range_t;

/* All that it points at belongs to it: buffers, files, command buffers and semaphores retained, bytes copied. */
typedef struct hal_queue_operation_t hal_queue_operation_t;

/* A wait of an operation that is not reached. */
typedef struct hal_queue_wait_t {
  hal_timepoint_t timepoint; /* first */
  hal_queue_operation_t* operation;
} hal_queue_wait_t;

struct hal_queue_operation_t {
  hal_queue_operation_kind_t kind;
  iree_allocator_t host_allocator;
  iree_hal_semaphore_list_t wait;
  iree_hal_semaphore_list_t signal;
  union {
    hal_queue_range_t alloca;   /* a transient buffer to commit */
    hal_queue_range_t dealloca; /* a transient buffer to decommit */
    struct {
      hal_queue_range_t target;
      uint32_t pattern;
      uint8_t pattern_length;
    } fill;
    struct {
      hal_queue_range_t target;
      const uint8_t* source; /* target.length bytes */
    } update;
    struct {
      hal_queue_range_t source;
      hal_queue_range_t target;
    } copy;
    struct {
      iree_hal_file_t* file;
      uint64_t file_offset;
      hal_queue_range_t range;
    } file; /* READ and WRITE */
    struct {
      iree_hal_command_buffer_t* command_buffer;
      iree_hal_buffer_binding_table_t table; /* retained entries */
    } execute;
  } as;

  /* ---- For the device, until it starts the operation; then `next` and `previous` are for what runs it ------------ */
  hal_queue_operation_t* next;
  hal_queue_operation_t* previous;
  void* device_data;
  void (*finished)(void* device_data); /* the last that hal_queue_operation_complete calls; NULL: nothing */
  hal_queue_wait_t* waits;             /* storage for the timepoints, one for each wait */
  int32_t arrivals_left;               /* atomic: waits not settled yet, and whoever is still busy with the operation */
  bool is_cancelled;
  iree_status_t failure; /* atomic: of the first wait that failed; then what it was completed with */
};

/* An operation without anything to do yet, and `extra_size` bytes that live as long, aligned to 16. Waits that are all
 * reached are left out. */
iree_status_t hal_queue_operation_create(hal_queue_operation_kind_t kind, iree_hal_semaphore_list_t wait,
                                         iree_hal_semaphore_list_t signal, iree_host_size_t extra_size,
                                         iree_allocator_t host_allocator, hal_queue_operation_t** out_operation,
                                         uint8_t** out_extra);
/* Runs anything but EXECUTE on memory that the host sees. */
iree_status_t hal_queue_operation_run_on_host(hal_queue_operation_t* operation);
/* Signals (OK) or fails the signal list, then frees the operation and all it holds. Takes over `status`. Safe on any
 * thread; no lock may be held. What waits for the operation may be started, or completed, on this thread before this
 * returns; when this thread is completing another operation already, all of it happens after that one. */
void hal_queue_operation_complete(hal_queue_operation_t* operation, iree_status_t status);

#endif /* VMRT_HAL_QUEUE_OPERATION_H_ */
