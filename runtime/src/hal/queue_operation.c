/* SPDX-License-Identifier: Apache-2.0 */
/* Queue operations as data: made in one block, run on the host, completed one after the other. */
#include "hal/queue_operation.h"

#include "hal/buffer_impl.h"
#include "hal/transfer.h"

/* ---- Creation ---------------------------------------------------------------------------------------------------- */

/* Copies a list into `*cursor` and retains it. */
static iree_hal_semaphore_list_t copy_list(iree_hal_semaphore_list_t list, uint8_t** cursor) {
  iree_hal_semaphore_list_t copy = {list.count, NULL, (uint64_t*)*cursor};
  copy.semaphores = (iree_hal_semaphore_t**)(copy.payload_values + list.count);
  *cursor = (uint8_t*)(copy.semaphores + list.count);
  for (iree_host_size_t i = 0; i < list.count; ++i) {
    copy.semaphores[i] = list.semaphores[i];
    copy.payload_values[i] = list.payload_values[i];
    iree_hal_semaphore_retain(list.semaphores[i]);
  }
  return copy;
}

static void release_list(iree_hal_semaphore_list_t list) {
  for (iree_host_size_t i = 0; i < list.count; ++i) iree_hal_semaphore_release(list.semaphores[i]);
}

static iree_status_t allocate(iree_host_size_t wait_count, iree_host_size_t signal_count, iree_host_size_t extra_size,
                              iree_allocator_t host_allocator, hal_queue_operation_t** out_operation) {
  const iree_host_size_t entry_size = sizeof(uint64_t) + sizeof(iree_hal_semaphore_t*);
  iree_host_size_t size = sizeof **out_operation + 16 + wait_count * (entry_size + sizeof(hal_queue_wait_t)) +
                          signal_count * entry_size;
  if (extra_size > IREE_HOST_SIZE_MAX - size) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "queue operation with %zu bytes of its own", extra_size);
  }
  return iree_allocator_malloc_uninitialized(host_allocator, size + extra_size, (void**)out_operation);
}

iree_status_t hal_queue_operation_create(hal_queue_operation_kind_t kind, iree_hal_semaphore_list_t wait,
                                         iree_hal_semaphore_list_t signal, iree_host_size_t extra_size,
                                         iree_allocator_t host_allocator, hal_queue_operation_t** out_operation,
                                         uint8_t** out_extra) {
  iree_host_size_t unreached = 0;
  if (hal_semaphore_list_poll(wait, &unreached) == HAL_SEMAPHORE_REACHED) wait = iree_hal_semaphore_list_empty();
  hal_queue_operation_t* operation = NULL;
  IREE_RETURN_IF_ERROR(allocate(wait.count, signal.count, extra_size, host_allocator, &operation));
  memset(operation, 0, sizeof *operation);
  operation->kind = kind;
  operation->host_allocator = host_allocator;
  operation->waits = (hal_queue_wait_t*)(operation + 1);
  uint8_t* cursor = (uint8_t*)(operation->waits + wait.count);
  operation->wait = copy_list(wait, &cursor);
  operation->signal = copy_list(signal, &cursor);
  *out_operation = operation;
  *out_extra = (uint8_t*)(((uintptr_t)cursor + 15) & ~(uintptr_t)15);
  return iree_ok_status();
}

/* ---- Running ----------------------------------------------------------------------------------------------------- */

static iree_status_t host_span(hal_queue_range_t range, iree_byte_span_t* out_span) {
  uint8_t* pointer = NULL;
  if (range.length) IREE_RETURN_IF_ERROR(hal_buffer_host_pointer(range.buffer, range.offset, &pointer));
  *out_span = iree_make_byte_span(pointer, (iree_host_size_t)range.length);
  return iree_ok_status();
}

/* A second deallocation changes nothing, as on the local devices of the released runtime. */
static iree_status_t run_dealloca(iree_hal_buffer_t* buffer) {
  int32_t state = __atomic_load_n(&iree_hal_buffer_allocated_buffer(buffer)->transient_state, __ATOMIC_ACQUIRE);
  return state == HAL_TRANSIENT_DECOMMITTED ? iree_ok_status() : hal_transient_buffer_decommit(buffer);
}

static iree_status_t run_fill(const hal_queue_operation_t* operation) {
  iree_byte_span_t target;
  IREE_RETURN_IF_ERROR(host_span(operation->as.fill.target, &target));
  hal_fill_span(target, operation->as.fill.pattern, operation->as.fill.pattern_length);
  return iree_ok_status();
}

static iree_status_t run_update(const hal_queue_operation_t* operation) {
  iree_byte_span_t target;
  IREE_RETURN_IF_ERROR(host_span(operation->as.update.target, &target));
  if (target.data_length) memcpy(target.data, operation->as.update.source, target.data_length);
  return iree_ok_status();
}

static iree_status_t run_copy(const hal_queue_operation_t* operation) {
  iree_byte_span_t source, target;
  IREE_RETURN_IF_ERROR(host_span(operation->as.copy.source, &source));
  IREE_RETURN_IF_ERROR(host_span(operation->as.copy.target, &target));
  return hal_copy_span(source, target);
}

static iree_status_t run_file(const hal_queue_operation_t* operation) {
  iree_hal_file_t* file = operation->as.file.file;
  iree_byte_span_t span;
  IREE_RETURN_IF_ERROR(host_span(operation->as.file.range, &span));
  if (span.data_length == 0) return iree_ok_status();
  return operation->kind == HAL_QUEUE_READ
             ? vmrt_hal_file_read(file, operation->as.file.file_offset, span)
             : vmrt_hal_file_write(file, operation->as.file.file_offset, iree_const_cast_byte_span(span));
}

iree_status_t hal_queue_operation_run_on_host(hal_queue_operation_t* operation) {
  switch (operation->kind) {
    case HAL_QUEUE_ALLOCA:
      return hal_transient_buffer_commit(operation->as.alloca.buffer);
    case HAL_QUEUE_DEALLOCA:
      return run_dealloca(operation->as.dealloca.buffer);
    case HAL_QUEUE_FILL:
      return run_fill(operation);
    case HAL_QUEUE_UPDATE:
      return run_update(operation);
    case HAL_QUEUE_COPY:
      return run_copy(operation);
    case HAL_QUEUE_READ:
    case HAL_QUEUE_WRITE:
      return run_file(operation);
    case HAL_QUEUE_BARRIER:
      return iree_ok_status();
    case HAL_QUEUE_EXECUTE:
      break;
  }
  return iree_make_status(IREE_STATUS_INTERNAL, "command buffers are executed by devices");
}

/* ---- Completion -------------------------------------------------------------------------------------------------- */

static void release_table(iree_hal_buffer_binding_table_t table) {
  for (iree_host_size_t i = 0; i < table.count; ++i) iree_hal_buffer_release(table.bindings[i].buffer);
}

static void release_operands(hal_queue_operation_t* operation) {
  switch (operation->kind) {
    case HAL_QUEUE_ALLOCA:
      iree_hal_buffer_release(operation->as.alloca.buffer);
      break;
    case HAL_QUEUE_DEALLOCA:
      iree_hal_buffer_release(operation->as.dealloca.buffer);
      break;
    case HAL_QUEUE_FILL:
      iree_hal_buffer_release(operation->as.fill.target.buffer);
      break;
    case HAL_QUEUE_UPDATE:
      iree_hal_buffer_release(operation->as.update.target.buffer);
      break;
    case HAL_QUEUE_COPY:
      iree_hal_buffer_release(operation->as.copy.source.buffer);
      iree_hal_buffer_release(operation->as.copy.target.buffer);
      break;
    case HAL_QUEUE_READ:
    case HAL_QUEUE_WRITE:
      iree_hal_file_release(operation->as.file.file);
      iree_hal_buffer_release(operation->as.file.range.buffer);
      break;
    case HAL_QUEUE_BARRIER:
      break;
    case HAL_QUEUE_EXECUTE:
      iree_hal_command_buffer_release(operation->as.execute.command_buffer);
      release_table(operation->as.execute.table);
      break;
  }
}

static void tell_waiters(hal_queue_operation_t* operation) {
  if (iree_status_is_ok(operation->failure)) {
    iree_status_free(iree_hal_semaphore_list_signal(operation->signal));
  } else {
    iree_hal_semaphore_list_fail(operation->signal, operation->failure);
  }
}

static void free_operation(hal_queue_operation_t* operation) {
  void (*finished)(void*) = operation->finished;
  void* device_data = operation->device_data;
  release_list(operation->wait);
  release_list(operation->signal);
  iree_allocator_free(operation->host_allocator, operation);
  if (finished) finished(device_data);
}

/* Operations that one thread has to complete. Telling waiters starts and completes other operations: they queue up
 * here, so that a chain of any length takes no more stack than one link. */
typedef struct completion_queue_t {
  hal_queue_operation_t* first;
  hal_queue_operation_t** last;
} completion_queue_t;

static _Thread_local completion_queue_t* thread_completions;

static void push(completion_queue_t* queue, hal_queue_operation_t* operation) {
  operation->next = NULL;
  *queue->last = operation;
  queue->last = &operation->next;
}

static hal_queue_operation_t* pop(completion_queue_t* queue) {
  hal_queue_operation_t* operation = queue->first;
  if (!operation) return NULL;
  queue->first = operation->next;
  if (!queue->first) queue->last = &queue->first;
  return operation;
}

/* Operands go first, so that who sees the signal sees them gone. Their release may run code of others, which may wait
 * for operations of its own: it must not find this queue. */
static void complete_one(completion_queue_t* queue, hal_queue_operation_t* operation) {
  release_operands(operation);
  thread_completions = queue;
  tell_waiters(operation);
  thread_completions = NULL;
  free_operation(operation);
}

void hal_queue_operation_complete(hal_queue_operation_t* operation, iree_status_t status) {
  operation->failure = status;
  if (thread_completions) {
    push(thread_completions, operation);
    return;
  }
  completion_queue_t queue = {NULL, &queue.first};
  push(&queue, operation);
  while ((operation = pop(&queue))) complete_one(&queue, operation);
}
