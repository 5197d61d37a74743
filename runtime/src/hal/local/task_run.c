/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of a command buffer: preparing one, and running units of it. */
#include "hal/local/task_run.h"

#include "platform/platform.h"

/* Bytes of a transfer that are one unit, and those that take about a nanosecond. */
#define TRANSFER_PIECE ((iree_device_size_t)512 * 1024)
#define TRANSFER_BYTES_PER_NANOSECOND 8

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

/* Commands of the largest region. */
static uint32_t largest_region(const hal_command_t* command) {
  uint32_t largest = 0, count = 0;
  for (; command && largest < TASK_REGION_MAX_COMMANDS; command = command->next) {
    count = command->kind == HAL_COMMAND_BARRIER ? 0 : count + 1;
    if (count > largest) largest = count;
  }
  return largest;
}

iree_status_t task_run_create(hal_queue_operation_t* operation, uint32_t worker_count, uint64_t shuffle_seed,
                              task_costs_t* costs, iree_allocator_t allocator, task_run_t** out_run) {
  const iree_hal_command_buffer_t* command_buffer = operation->as.execute.command_buffer;
  const hal_command_t* commands = command_buffer ? hal_command_buffer_commands(command_buffer) : NULL;
  void* block = NULL;
  iree_host_size_t size = sizeof(task_run_t) + largest_region(commands) * sizeof(task_item_t);
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(allocator, size, &block));
  task_run_t* run = block;
  memset(run, 0, sizeof *run);
  run->operation = operation;
  run->allocator = allocator;
  run->costs = costs;
  run->worker_count = worker_count;
  run->shuffle_seed = shuffle_seed;
  run->rest = commands;
  *out_run = run;
  return iree_ok_status();
}

void task_run_free(task_run_t* run) { iree_allocator_free(run->allocator, run); }

/* ---- Failure ----------------------------------------------------------------------------------------------------- */

/* Keeps the first failure and ends the hand-out. */
static void run_fail(task_run_t* run, iree_status_t status) {
  iree_status_t none = iree_ok_status();
  if (!__atomic_compare_exchange_n(&run->failure, &none, status, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
    iree_status_free(status);
  }
  __atomic_store_n(&run->next_unit, run->unit_count, __ATOMIC_RELAXED);
}

iree_status_t task_run_take_failure(task_run_t* run) {
  return __atomic_exchange_n(&run->failure, iree_ok_status(), __ATOMIC_ACQ_REL);
}

/* ---- Preparing a region ------------------------------------------------------------------------------------------ */

static iree_hal_buffer_binding_table_t run_table(const task_run_t* run) { return run->operation->as.execute.table; }

static const iree_hal_buffer_ref_t* transfer_target(const hal_command_t* command) {
  if (command->kind == HAL_COMMAND_FILL) return &command->as.fill.target;
  return command->kind == HAL_COMMAND_UPDATE ? &command->as.update.target : &command->as.copy.target;
}

/* A copy that will be refused stays whole, so that it is refused for what it is. */
static iree_status_t may_split(task_run_t* run, const hal_command_t* command, iree_byte_span_t target, bool* out_may) {
  iree_byte_span_t source = {0};
  *out_may = true;
  if (command->kind != HAL_COMMAND_COPY) return iree_ok_status();
  IREE_RETURN_IF_ERROR(hal_command_resolve(command->as.copy.source, run_table(run), &source));
  uintptr_t from = (uintptr_t)source.data, to = (uintptr_t)target.data;
  *out_may = source.data_length == target.data_length && (from < to ? to - from : from - to) >= target.data_length;
  return iree_ok_status();
}

static iree_status_t prepare_transfer(task_run_t* run, task_item_t* item, uint64_t* out_units) {
  iree_byte_span_t target = {0};
  bool may = false;
  IREE_RETURN_IF_ERROR(hal_command_resolve(*transfer_target(item->command), run_table(run), &target));
  IREE_RETURN_IF_ERROR(may_split(run, item->command, target, &may));
  item->length = target.data_length;
  item->piece = may && item->length > TRANSFER_PIECE ? TRANSFER_PIECE : item->length;
  *out_units = item->length ? (item->length - 1) / item->piece + 1 : 0;
  run->estimate += item->length / TRANSFER_BYTES_PER_NANOSECOND;
  return iree_ok_status();
}

static iree_status_t prepare_dispatch(task_run_t* run, task_item_t* item, uint64_t* out_units) {
  local_ready_dispatch_t* ready = &item->ready;
  IREE_RETURN_IF_ERROR(local_dispatch_prepare(item->command, run_table(run), run->worker_count, ready));
  *out_units = ready->workgroups;
  run->estimate +=
      task_cost_estimate(run->costs, ready->executable, ready->dispatch.function, ready->workgroups);
  return iree_ok_status();
}

/* Commands without work are left out. */
static iree_status_t region_add(task_run_t* run, const hal_command_t* command) {
  task_item_t* item = &run->items[run->item_count];
  uint64_t units = 0;
  item->command = command;
  IREE_RETURN_IF_ERROR(command->kind == HAL_COMMAND_DISPATCH ? prepare_dispatch(run, item, &units)
                                                             : prepare_transfer(run, item, &units));
  if (units == 0) return iree_ok_status();
  run->unit_count += units;
  item->end = run->unit_count;
  ++run->item_count;
  return iree_ok_status();
}

/* One region, which may turn out to be empty. */
static iree_status_t prepare_region(task_run_t* run) {
  const hal_command_t* command = run->rest;
  run->unit_count = run->next_unit = run->estimate = run->item_count = 0;
  for (; command && command->kind != HAL_COMMAND_BARRIER; command = command->next) {
    if (run->item_count == TASK_REGION_MAX_COMMANDS) break;
    IREE_RETURN_IF_ERROR(region_add(run, command));
  }
  while (command && command->kind == HAL_COMMAND_BARRIER) command = command->next;
  run->rest = command;
  return iree_ok_status();
}

bool task_run_next_region(task_run_t* run) {
  run->unit_count = 0;
  while (iree_status_is_ok(run->failure) && run->rest && run->unit_count == 0) {
    iree_status_t status = prepare_region(run);
    if (!iree_status_is_ok(status)) run_fail(run, status);
  }
  return iree_status_is_ok(run->failure) && run->unit_count > 0;
}

/* ---- Running units ----------------------------------------------------------------------------------------------- */

static void ref_advance(iree_hal_buffer_ref_t* ref, iree_device_size_t offset, iree_device_size_t length) {
  ref->offset += offset;
  ref->length = length;
}

/* Pieces of a transfer, as a transfer of its own. */
static iree_status_t run_pieces(const task_run_t* run, const task_item_t* item, uint64_t begin, uint64_t end) {
  iree_device_size_t offset = begin * item->piece;
  iree_device_size_t length = end * item->piece;
  length = (length < item->length ? length : item->length) - offset;
  if (length == item->length) return local_transfer_run(item->command, run_table(run));
  hal_command_t piece = *item->command;
  if (piece.kind == HAL_COMMAND_FILL) {
    ref_advance(&piece.as.fill.target, offset, length);
  } else if (piece.kind == HAL_COMMAND_UPDATE) {
    ref_advance(&piece.as.update.target, offset, length);
    piece.as.update.source += offset;
  } else {
    ref_advance(&piece.as.copy.source, offset, length);
    ref_advance(&piece.as.copy.target, offset, length);
  }
  return local_transfer_run(&piece, run_table(run));
}

static iree_status_t run_workgroups(task_run_t* run, const task_item_t* item, local_worker_t worker, uint64_t begin,
                                    uint64_t end) {
  local_executable_t* executable = item->ready.executable;
  const local_dispatch_t* dispatch = &item->ready.dispatch;
  if (run->worker_count == 1) return executable->issue(executable, dispatch, worker, begin, end);
  iree_time_t started = platform_time_now();
  iree_status_t status = executable->issue(executable, dispatch, worker, begin, end);
  task_cost_record(run->costs, executable, dispatch->function, end - begin, platform_time_now() - started);
  return status;
}

/* The item that the unit belongs to. */
static const task_item_t* item_of_unit(const task_run_t* run, uint64_t unit) {
  uint32_t low = 0, high = run->item_count - 1;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (unit < run->items[middle].end) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return &run->items[low];
}

static iree_status_t run_units(task_run_t* run, local_worker_t worker, uint64_t begin, uint64_t end) {
  for (const task_item_t* item = item_of_unit(run, begin); begin < end; ++item) {
    uint64_t base = item == run->items ? 0 : item[-1].end;
    uint64_t stop = end < item->end ? end : item->end;
    IREE_RETURN_IF_ERROR(item->command->kind == HAL_COMMAND_DISPATCH
                             ? run_workgroups(run, item, worker, begin - base, stop - base)
                             : run_pieces(run, item, begin - base, stop - base));
    begin = stop;
  }
  return iree_ok_status();
}

/* ---- Handing out ------------------------------------------------------------------------------------------------- */

/* A permutation of 0 to count - 1: scrambles within the next power of two, again until the number is below `count`. */
static uint64_t shuffled(uint64_t unit, uint64_t count, uint64_t seed) {
  uint32_t bits = 0;
  while (bits < 63 && count > (uint64_t)1 << bits) ++bits;
  const uint64_t mask = ((uint64_t)1 << bits) - 1;
  do {
    for (int round = 0; round < 3; ++round) {
      unit = (unit * 0x9E3779B97F4A7C15u + (seed >> (round * 8))) & mask;
      unit ^= unit >> (bits / 2 + 1);
    }
  } while (unit >= count);
  return unit;
}

/* The next units nobody has; false when all were handed out. */
static bool claim_units(task_run_t* run, uint64_t* out_begin, uint64_t* out_end) {
  uint64_t begin = __atomic_load_n(&run->next_unit, __ATOMIC_RELAXED), share = 0;
  do {
    if (begin >= run->unit_count) return false;
    share = (run->unit_count - begin) / run->chunk_divisor;
    if (share == 0 || run->shuffle_seed) share = 1;
  } while (!__atomic_compare_exchange_n(&run->next_unit, &begin, begin + share, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  *out_begin = run->shuffle_seed ? shuffled(begin, run->unit_count, run->shuffle_seed) : begin;
  *out_end = *out_begin + share;
  return true;
}

void task_run_work(task_run_t* run, local_worker_t worker) {
  uint64_t begin = 0, end = 0;
  while (claim_units(run, &begin, &end)) {
    iree_status_t status = run_units(run, worker, begin, end);
    if (!iree_status_is_ok(status)) run_fail(run, status);
  }
}
