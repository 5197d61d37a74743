/* SPDX-License-Identifier: Apache-2.0 */
/* A call of a function of the module `hal` or `io_parameters`: arguments are taken in order, results given in order.
 *
 * The first failure sticks: what is taken afterwards is zero, null or empty, and `taken` tells. So a function takes all
 * of its arguments, asks once, and works. */
#ifndef VMRT_MODULES_HAL_ARGUMENTS_H_
#define VMRT_MODULES_HAL_ARGUMENTS_H_

#include "iree/modules/hal/types.h"

typedef struct hal_call_t {
  void* module;
  iree_allocator_t host_allocator; /* for what the function makes */
  iree_byte_span_t arguments;
  iree_byte_span_t results;
  iree_host_size_t argument_offset;
  iree_host_size_t result_offset;
  iree_status_t status; /* owned until `taken` hands it out */
} hal_call_t;

/* A function of the module: packed arguments and results are in `call`. */
typedef iree_status_t (*hal_function_t)(hal_call_t* call);
/* Runs `function` and sees to it that no failure looks like a suspension of the call. */
iree_status_t hal_call_run(hal_function_t function, hal_call_t* call);

/* OK when all that was taken so far is there and of the right type; else the first failure, which now belongs to the
 * caller. */
iree_status_t hal_call_taken(hal_call_t* call);

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

int32_t hal_take_i32(hal_call_t* call);
int64_t hal_take_i64(hal_call_t* call);
uint32_t hal_take_u32(hal_call_t* call);
uint64_t hal_take_u64(hal_call_t* call);
/* References are borrowed. Null, or another type: INVALID_ARGUMENT. */
iree_hal_allocator_t* hal_take_allocator(hal_call_t* call);
iree_hal_buffer_t* hal_take_buffer(hal_call_t* call);
iree_hal_buffer_t* hal_take_buffer_or_null(hal_call_t* call);
iree_hal_buffer_view_t* hal_take_buffer_view(hal_call_t* call);
iree_hal_command_buffer_t* hal_take_command_buffer(hal_call_t* call);
iree_hal_device_t* hal_take_device(hal_call_t* call);
iree_hal_executable_t* hal_take_executable(hal_call_t* call);
iree_hal_fence_t* hal_take_fence(hal_call_t* call);
iree_hal_fence_t* hal_take_fence_or_null(hal_call_t* call);
iree_hal_file_t* hal_take_file(hal_call_t* call);
iree_vm_buffer_t* hal_take_bytes(hal_call_t* call);
iree_vm_buffer_t* hal_take_bytes_or_null(hal_call_t* call);
/* A reference of any type, possibly null. */
iree_vm_ref_t hal_take_ref(hal_call_t* call);
/* The text in a vm.buffer; of a null one: empty. */
iree_string_view_t hal_take_text(hal_call_t* call);
iree_string_view_t hal_take_text_or_empty(hal_call_t* call);
/* `length` bytes from `offset` of a vm.buffer (length all ones: the rest); OUT_OF_RANGE sticks too. */
iree_const_byte_span_t hal_call_byte_range(hal_call_t* call, iree_vm_buffer_t* buffer, uint64_t offset,
                                           uint64_t length);

/* How many groups of packed size `group_size` follow; no more than the arguments have room for. */
iree_host_size_t hal_take_count(hal_call_t* call, iree_host_size_t group_size);

/* How many i32 values follow, and these values. */
iree_const_byte_span_t hal_take_words(hal_call_t* call);

/* Where and when a queue operation happens: device, affinity, wait fence?, signal fence?. */
typedef struct hal_queue_arguments_t {
  iree_hal_device_t* device;
  iree_hal_queue_affinity_t affinity;
  iree_hal_semaphore_list_t wait;
  iree_hal_semaphore_list_t signal;
} hal_queue_arguments_t;
hal_queue_arguments_t hal_take_queue(hal_call_t* call);

/* ---- Results ----------------------------------------------------------------------------------------------------- */

/* INVALID_ARGUMENT when the caller left no room. */
iree_status_t hal_give_i32(hal_call_t* call, int32_t value);
iree_status_t hal_give_i64(hal_call_t* call, int64_t value);
/* Takes over the reference, also on failure. */
iree_status_t hal_give_ref(hal_call_t* call, iree_vm_ref_t ref);

/* ---- Room for groups --------------------------------------------------------------------------------------------- */

/* Memory of a call: a little on the C stack, more from the heap. Freed on every path. */
typedef struct hal_scratch_t {
  void* heap;
  union {
    uint64_t alignment;
    uint8_t bytes[1024];
  } inlined;
} hal_scratch_t;
static inline void hal_scratch_initialize(hal_scratch_t* scratch) { scratch->heap = NULL; }
/* Room for `count` elements, not initialised; a failure sticks to the call and gives NULL. */
void* hal_scratch_reserve(hal_scratch_t* scratch, hal_call_t* call, iree_host_size_t count,
                          iree_host_size_t element_size);
void hal_scratch_free(hal_scratch_t* scratch, hal_call_t* call);

#endif /* VMRT_MODULES_HAL_ARGUMENTS_H_ */
