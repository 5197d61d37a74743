/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: queues that do work when fences allow it. */
#ifndef IREE_HAL_DEVICE_H_
#define IREE_HAL_DEVICE_H_

#include "iree/hal/allocator.h"
#include "iree/hal/command_buffer.h"
#include "iree/hal/fence.h"
#include "iree/hal/file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
IREE_API_EXPORT void iree_hal_device_retain(iree_hal_device_t* device);
/* The last release finishes what can run, cancels what waits for something that nobody will signal (its signal fences
 * fail with CANCELLED), and never waits for ever. Not from code that the device runs itself: a kernel, the reader of a
 * file, the release of a buffer's memory. */
IREE_API_EXPORT void iree_hal_device_release(iree_hal_device_t* device);
/* Such as local-task; borrowed. */
IREE_API_EXPORT iree_string_view_t iree_hal_device_id(iree_hal_device_t* device);
IREE_API_EXPORT iree_hal_allocator_t* iree_hal_device_allocator(iree_hal_device_t* device); /* borrowed */
IREE_API_EXPORT iree_allocator_t iree_hal_device_host_allocator(iree_hal_device_t* device);
/* What programs ask with hal.device.query.i64; NOT_FOUND for a category or key that the device does not know. */
IREE_API_EXPORT iree_status_t iree_hal_device_query_i64(iree_hal_device_t* device, iree_string_view_t category,
                                                        iree_string_view_t key, int64_t* out_value);
/* cdef: end */

/* Queue operations: each begins when all of `wait` is reached and then signals `signal`; when a wait fails, or the
 * operation does, `signal` fails with that status. What is wrong with the arguments is the status of the call itself. A
 * device that runs on the calling thread (local-sync) also returns the operation's own failure. Everything given is
 * retained as needed. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_alloca(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, uint64_t pool, iree_hal_buffer_params_t params,
    iree_device_size_t allocation_size, uint64_t flags, iree_hal_buffer_t** out_buffer);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_dealloca(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, iree_hal_buffer_t* buffer, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_fill(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, iree_hal_buffer_t* target, iree_device_size_t target_offset,
    iree_device_size_t length, const void* pattern, iree_host_size_t pattern_length, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_update(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, const void* source, iree_host_size_t source_offset, iree_hal_buffer_t* target,
    iree_device_size_t target_offset, iree_device_size_t length, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_copy(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, iree_hal_buffer_t* source, iree_device_size_t source_offset,
    iree_hal_buffer_t* target, iree_device_size_t target_offset, iree_device_size_t length, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_read(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, iree_hal_file_t* source, uint64_t source_offset, iree_hal_buffer_t* target,
    iree_device_size_t target_offset, iree_device_size_t length, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_write(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, iree_hal_buffer_t* source, iree_device_size_t source_offset,
    iree_hal_file_t* target, uint64_t target_offset, iree_device_size_t length, uint64_t flags);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_barrier(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, uint64_t flags);
/* `command_buffer` NULL: a barrier. The table is checked against what was recorded. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_queue_execute(
    iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity, iree_hal_semaphore_list_t wait,
    iree_hal_semaphore_list_t signal, iree_hal_command_buffer_t* command_buffer,
    iree_hal_buffer_binding_table_t binding_table, uint64_t flags);
/* A hint. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_hal_device_queue_flush(iree_hal_device_t* device, iree_hal_queue_affinity_t queue_affinity);
/* NOT_FOUND naming the format when no loader takes it. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_hal_device_create_executable(
    iree_hal_device_t* device, const iree_hal_executable_params_t* params, iree_hal_executable_t** out_executable);

#ifdef __cplusplus
}
#endif

#endif /* IREE_HAL_DEVICE_H_ */
