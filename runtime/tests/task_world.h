/* SPDX-License-Identifier: Apache-2.0 */
/* A local-task device and an executable made of C functions, for tests of the executor. */
#ifndef VMRT_TESTS_TASK_WORLD_H_
#define VMRT_TESTS_TASK_WORLD_H_

#include "check.h"
#include "hal/buffer_impl.h"
#include "hal/local/local_device.h"
#include "iree/hal/api.h"

/* ---- An executable ----------------------------------------------------------------------------------------------- */

/* Bindings are arrays of u32; one workgroup an element. */
enum {
  TASK_ADD,    /* constant; target: target[i] += constant */
  TASK_GATHER, /* constant; source, target: target[i] = source[(7 * i + 3) % n] + constant */
  TASK_FAIL,   /* constant; target: ++target[i], and the workgroup number `constant` fails with ABORTED */
  TASK_GATE,   /* constant; target: waits until the gate is open, then as TASK_ADD */
  TASK_ORDER,  /* constant; target: target[i] = how many workgroups ran before */
  TASK_MEET,   /* constant; target: waits until `constant` workgroups are here, then as TASK_ADD */
  TASK_FUNCTION_COUNT
};

typedef struct task_executable_t {
  local_executable_t base;
  int32_t busy[80];     /* atomic: by worker index */
  uint32_t index_count; /* worker indices that may appear */
  uint64_t misuses;     /* atomic: a worker index used by two threads at once, or too large */
  uint64_t workgroups;  /* atomic */
  int32_t gate_closed;  /* atomic */
  uint32_t met;         /* atomic: workgroups of TASK_MEET */
} task_executable_t;

static inline uint32_t* task_binding(const local_dispatch_t* dispatch, uint32_t binding) {
  return dispatch->binding_pointers[binding];
}

static inline void meet(task_executable_t* executable, uint32_t count) {
  const iree_time_t end = iree_time_now() + (iree_time_t)60 * 1000000000;
  __atomic_fetch_add(&executable->met, 1, __ATOMIC_ACQ_REL);
  while (__atomic_load_n(&executable->met, __ATOMIC_ACQUIRE) < count) {
    if (iree_time_now() < end) continue;
    __atomic_fetch_add(&executable->misuses, 1, __ATOMIC_RELAXED); /* in vain */
    return;
  }
}

static inline iree_status_t task_workgroup(task_executable_t* executable, const local_dispatch_t* dispatch,
                                           uint64_t i) {
  uint32_t constant = dispatch->constants[0];
  uint32_t* first = task_binding(dispatch, 0);
  switch (dispatch->function) {
    case TASK_GATE:
      while (__atomic_load_n(&executable->gate_closed, __ATOMIC_ACQUIRE)) {
      }
      first[i] += constant;
      break;
    case TASK_ORDER:
      first[i] = (uint32_t)__atomic_load_n(&executable->workgroups, __ATOMIC_RELAXED);
      break;
    case TASK_MEET:
      meet(executable, constant);
      first[i] += constant;
      break;
    case TASK_ADD:
      first[i] += constant;
      break;
    case TASK_GATHER:
      task_binding(dispatch, 1)[i] = first[(7 * i + 3) % (dispatch->binding_lengths[0] / 4)] + constant;
      break;
    default:
      ++first[i];
      if (i == constant) return iree_make_status(IREE_STATUS_ABORTED, "workgroup %u fails", constant);
  }
  return iree_ok_status();
}

static inline iree_status_t task_issue(local_executable_t* base, const local_dispatch_t* dispatch,
                                       local_worker_t worker, uint64_t begin, uint64_t end) {
  task_executable_t* executable = (task_executable_t*)base;
  bool is_wrong = worker.index >= executable->index_count || end <= begin;
  if (!is_wrong) is_wrong = __atomic_exchange_n(&executable->busy[worker.index], 1, __ATOMIC_ACQUIRE) != 0;
  if (is_wrong) __atomic_fetch_add(&executable->misuses, 1, __ATOMIC_RELAXED);
  iree_status_t status = iree_ok_status();
  for (; begin < end && iree_status_is_ok(status); ++begin) {
    status = task_workgroup(executable, dispatch, begin);
    __atomic_fetch_add(&executable->workgroups, 1, __ATOMIC_RELAXED);
  }
  if (!is_wrong) __atomic_store_n(&executable->busy[worker.index], 0, __ATOMIC_RELEASE);
  return status;
}

static inline void task_executable_destroy(iree_hal_executable_t* executable) { (void)executable; }

/* Lives as long as its storage; references are only counted. */
static inline void task_executable_initialize(task_executable_t* executable, uint32_t index_count) {
  static const hal_executable_vtable_t vtable = {task_executable_destroy};
  static hal_executable_function_t functions[TASK_FUNCTION_COUNT] = {
      {{"add", 3}, 1, 1}, {{"gather", 6}, 1, 2}, {{"fail", 4}, 1, 1},
      {{"gate", 4}, 1, 1}, {{"order", 5}, 1, 1}, {{"meet", 4}, 1, 1}};
  memset(executable, 0, sizeof *executable);
  atomic_ref_count_init(&executable->base.base.ref_object.counter);
  executable->base.base.vtable = &vtable;
  executable->base.base.host_allocator = iree_allocator_system();
  executable->base.base.function_count = TASK_FUNCTION_COUNT;
  executable->base.base.functions = functions;
  executable->base.issue = task_issue;
  executable->index_count = index_count;
}

/* ---- A device ---------------------------------------------------------------------------------------------------- */

typedef struct task_world_t {
  iree_allocator_t allocator;
  iree_hal_device_t* device;
  uint32_t worker_count;
  task_executable_t executable;
} task_world_t;

static inline iree_status_t task_device_create(task_world_t* world, uint32_t worker_count, uint64_t shuffle_seed) {
  hal_timeline_t* timeline = NULL;
  local_executor_t* executor = NULL;
  IREE_RETURN_IF_ERROR(hal_timeline_create(world->allocator, &timeline));
  iree_status_t status = local_task_executor_create(worker_count, shuffle_seed, timeline, world->allocator, &executor);
  if (iree_status_is_ok(status)) {
    world->worker_count = executor->worker_count;
    task_executable_initialize(&world->executable, executor->worker_index_count);
    status = local_device_create(IREE_SV("local-task"), executor, timeline, 0, NULL, world->allocator, &world->device);
  }
  hal_timeline_release(timeline);
  return status;
}

static inline void task_world_begin(task_world_t* world, uint32_t worker_count, uint64_t shuffle_seed) {
  memset(world, 0, sizeof *world);
  world->allocator = iree_allocator_system();
  CHECK_OK(task_device_create(world, worker_count, shuffle_seed));
}

static inline void task_world_end(task_world_t* world) {
  iree_hal_device_release(world->device);
  CHECK(world->executable.misuses == 0);
}

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

static inline iree_status_t task_buffer(task_world_t* world, iree_device_size_t length,
                                        iree_hal_buffer_t** out_buffer) {
  iree_hal_buffer_params_t params = {
      .usage = IREE_HAL_BUFFER_USAGE_DEFAULT | IREE_HAL_BUFFER_USAGE_DISPATCH_INDIRECT_PARAMETERS,
      .type = IREE_HAL_MEMORY_TYPE_DEVICE_VISIBLE | IREE_HAL_MEMORY_TYPE_HOST_VISIBLE};
  return iree_hal_allocator_allocate_buffer(iree_hal_device_allocator(world->device), params, length, out_buffer);
}

/* What is in a buffer. */
static inline uint32_t* task_words(iree_hal_buffer_t* buffer) {
  uint8_t* bytes = NULL;
  if (!CHECK_OK(hal_buffer_host_pointer(buffer, 0, &bytes))) abort();
  return (uint32_t*)bytes;
}

static inline iree_hal_buffer_ref_t task_range(iree_hal_buffer_t* buffer, iree_device_size_t offset,
                                               iree_device_size_t length) {
  iree_hal_buffer_ref_t ref = {0, buffer, offset, length};
  return ref;
}

static inline iree_hal_buffer_ref_t task_slot(uint32_t slot, iree_device_size_t offset, iree_device_size_t length) {
  iree_hal_buffer_ref_t ref = {slot, NULL, offset, length};
  return ref;
}

/* ---- Commands ---------------------------------------------------------------------------------------------------- */

static inline iree_status_t task_commands_begin(task_world_t* world, iree_host_size_t slots,
                                         iree_hal_command_buffer_t** out_commands) {
  IREE_RETURN_IF_ERROR(iree_hal_command_buffer_create(world->device, IREE_HAL_COMMAND_BUFFER_MODE_DEFAULT,
                                                      IREE_HAL_COMMAND_CATEGORY_ANY, IREE_HAL_QUEUE_AFFINITY_ANY, slots,
                                                      out_commands));
  return iree_hal_command_buffer_begin(*out_commands);
}

static inline iree_status_t task_dispatch(task_world_t* world, iree_hal_command_buffer_t* commands, uint32_t function,
                                   uint32_t constant, uint32_t workgroups, iree_host_size_t binding_count,
                                   const iree_hal_buffer_ref_t* bindings) {
  iree_hal_dispatch_config_t config = {{workgroups, 1, 1}, {0}};
  iree_hal_buffer_ref_list_t list = {binding_count, bindings};
  return iree_hal_command_buffer_dispatch(commands, &world->executable.base.base, function, config,
                                          iree_make_const_byte_span(&constant, sizeof constant), list,
                                          IREE_HAL_DISPATCH_FLAG_NONE);
}

static inline iree_status_t task_barrier(iree_hal_command_buffer_t* commands) {
  return iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0);
}

static inline iree_hal_semaphore_t* task_semaphore(task_world_t* world) {
  iree_hal_semaphore_t* semaphore = NULL;
  CHECK_OK(iree_hal_semaphore_create(world->device, IREE_HAL_QUEUE_AFFINITY_ANY, 0, 0, &semaphore));
  return semaphore;
}

/* Executes when the semaphore reaches `begin` and raises it to `end`. */
static inline iree_status_t task_execute(task_world_t* world, iree_hal_semaphore_t* semaphore, uint64_t begin,
                                         uint64_t end, iree_hal_command_buffer_t* commands,
                                         iree_hal_buffer_binding_table_t table) {
  iree_hal_semaphore_list_t wait = {begin ? 1 : 0, &semaphore, &begin};
  iree_hal_semaphore_list_t signal = {1, &semaphore, &end};
  return iree_hal_device_queue_execute(world->device, IREE_HAL_QUEUE_AFFINITY_ANY, wait, signal, commands, table, 0);
}

static inline iree_status_t task_wait(iree_hal_semaphore_t* semaphore, uint64_t value) {
  iree_timeout_t never = {IREE_TIMEOUT_ABSOLUTE, IREE_TIME_INFINITE_FUTURE};
  return iree_hal_semaphore_wait(semaphore, value, never);
}

#endif /* VMRT_TESTS_TASK_WORLD_H_ */
