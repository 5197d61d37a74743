/* SPDX-License-Identifier: Apache-2.0 */
/* Queues: what operations do, what they refuse, and the order that fences give them. */
#include <pthread.h>

#include "device_world.h"

/* The failure of the call, or else that of the fence that it signals. */
static iree_status_t await_and_release(iree_status_t status, iree_hal_fence_t* fence) {
  if (iree_status_is_ok(status)) status = AWAIT(fence);
  iree_hal_fence_release(fence);
  return status;
}

static iree_status_t fill(device_world_t* world, iree_hal_buffer_t* target, uint64_t offset, uint64_t length,
                          const void* pattern, size_t pattern_length) {
  iree_hal_fence_t* done = new_fence(world);
  return await_and_release(
      vmrt_hal_queue_fill(world->device, NULL, done, target, offset, length, pattern, pattern_length), done);
}

static iree_status_t copy(device_world_t* world, iree_hal_buffer_t* source, uint64_t source_offset,
                          iree_hal_buffer_t* target, uint64_t target_offset, uint64_t length) {
  iree_hal_fence_t* done = new_fence(world);
  return await_and_release(
      vmrt_hal_queue_copy(world->device, NULL, done, source, source_offset, target, target_offset, length), done);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

static void fills(device_world_t* world) {
  iree_hal_buffer_t* buffer = new_words(world, 4, 0);
  CHECK_OK(fill(world, buffer, 1, 2, "\x55", 1));
  CHECK(word_at(buffer, 0) == 0x00555500);
  CHECK_OK(fill(world, buffer, 2, 6, "\xee\xbe", 2));
  CHECK(word_at(buffer, 0) == 0xbeee5500 && word_at(buffer, 1) == 0xbeeebeee);
  CHECK_OK(fill(world, buffer, 8, WHOLE, "abcd", 4));
  CHECK(word_at(buffer, 2) == 0x64636261 && word_at(buffer, 3) == 0x64636261);
  CHECK_OK(fill(world, buffer, 16, 0, "abcd", 4));
  CHECK_FAILURE(INVALID_ARGUMENT,
                "attempting to fill a range with 2 byte values that is not aligned (offset=0, length=3)",
                fill(world, buffer, 0, 3, "ab", 2));
  CHECK_FAILURE(INVALID_ARGUMENT, "fill patterns must be 1, 2, or 4 bytes (got 8)",
                fill(world, buffer, 0, 8, "abcdefgh", 8));
  CHECK_FAILURE(OUT_OF_RANGE, "(offset=8, adjusted_length=16, end=23, buffer byte_length=16)",
                fill(world, buffer, 8, 16, "a", 1));
  iree_hal_buffer_release(buffer);
}

static void copies(device_world_t* world) {
  iree_hal_buffer_t *a = new_words(world, 4, 0x7f7f7f7f), *b = new_words(world, 2, 0), *part = NULL;
  CHECK_OK(copy(world, a, 1, b, 2, 3));
  CHECK(word_at(b, 0) == 0x7f7f0000 && word_at(b, 1) == 0x7f);
  CHECK_OK(copy(world, a, 8, b, 0, WHOLE));
  CHECK(word_at(b, 1) == 0x7f7f7f7f);
  CHECK_OK(copy(world, a, 0, a, 8, 8));
  CHECK_FAILURE(INVALID_ARGUMENT, "source and target ranges must not overlap within the same buffer",
                copy(world, a, 0, a, 7, 8));
  CHECK_OK(iree_hal_buffer_subspan(a, 4, 8, world->heap, &part));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, copy(world, part, 0, a, 8, 8));
  CHECK_FAILURE(OUT_OF_RANGE, "(offset=4, adjusted_length=8, end=11, buffer byte_length=8)",
                copy(world, b, 4, a, 0, 8));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, copy(world, a, 0, b, 4, 8));
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(a);
  iree_hal_buffer_release(b);
}

/* The source is free to change once the call has returned. */
static void updates(device_world_t* world) {
  iree_hal_buffer_t* buffer = new_words(world, 2, 0);
  iree_hal_fence_t *go = new_fence(world), *done = new_fence(world);
  char source[] = "..ABC";
  CHECK_OK(iree_hal_device_queue_update(world->device, ANY, LIST(go), LIST(done), source, 2, buffer, 1, 3, 0));
  memset(source, 'x', sizeof source);
  CHECK_STATUS(IREE_STATUS_DEFERRED, iree_hal_fence_query(done));
  CHECK_OK(iree_hal_fence_signal(go));
  CHECK_OK(AWAIT(done));
  CHECK(word_at(buffer, 0) == 0x43424100);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE,
               iree_hal_device_queue_update(world->device, ANY, LIST(NULL), LIST(NULL), source, 0, buffer, 6, 3, 0));
  iree_hal_fence_release(go);
  iree_hal_fence_release(done);
  iree_hal_buffer_release(buffer);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static iree_hal_file_t* new_file(iree_hal_memory_access_t access, void* contents, size_t length) {
  iree_hal_file_t* file = NULL;
  CHECK_OK(vmrt_hal_file_from_memory(access, iree_make_byte_span(contents, length), (vmrt_hal_file_release_t){0},
                                     iree_allocator_system(), &file));
  return file;
}

static iree_status_t read_file(device_world_t* world, iree_hal_file_t* file, uint64_t offset, iree_hal_buffer_t* target,
                               uint64_t length) {
  iree_hal_fence_t* done = new_fence(world);
  return await_and_release(
      iree_hal_device_queue_read(world->device, ANY, LIST(NULL), LIST(done), file, offset, target, 0, length, 0), done);
}

static iree_status_t write_file(device_world_t* world, iree_hal_buffer_t* source, iree_hal_file_t* file,
                                uint64_t offset, uint64_t length) {
  iree_hal_fence_t* done = new_fence(world);
  return await_and_release(
      iree_hal_device_queue_write(world->device, ANY, LIST(NULL), LIST(done), source, 0, file, offset, length, 0),
      done);
}

static void files(device_world_t* world) {
  char contents[] = "0123456789";
  iree_hal_buffer_t* buffer = new_words(world, 2, 0);
  iree_hal_file_t* file = new_file(IREE_HAL_MEMORY_ACCESS_READ, contents, 10);
  CHECK_OK(read_file(world, file, 3, buffer, 4));
  CHECK(word_at(buffer, 0) == 0x36353433);
  CHECK_FAILURE(OUT_OF_RANGE, "read range [3, 11) exceeds file length 10", read_file(world, file, 3, buffer, 8));
  CHECK_FAILURE(OUT_OF_RANGE, "read range overflows", read_file(world, file, ~0ull, buffer, 8));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, read_file(world, file, 0, buffer, 9));
  CHECK_STATUS(IREE_STATUS_PERMISSION_DENIED, write_file(world, buffer, file, 0, 4));
  iree_hal_file_release(file);
  file = new_file(IREE_HAL_MEMORY_ACCESS_READ | IREE_HAL_MEMORY_ACCESS_WRITE, contents, 10);
  CHECK_OK(write_file(world, buffer, file, 0, 4));
  CHECK(memcmp(contents, "3456456789", 10) == 0);
  iree_hal_file_release(file);
  iree_hal_buffer_release(buffer);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static const iree_hal_buffer_params_t device_local = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL};

static iree_hal_buffer_t* alloca_words(device_world_t* world, uint32_t count, iree_hal_fence_t* wait,
                                       iree_hal_fence_t* signal) {
  iree_hal_buffer_t* buffer = NULL;
  CHECK_OK(vmrt_hal_queue_alloca(world->device, wait, signal, device_local, count * 4ull, &buffer));
  return buffer;
}

static iree_status_t touch(iree_hal_buffer_t* buffer) { return iree_hal_buffer_map_fill(buffer, 0, 4, "abcd", 4); }

static void memory_is_there_between_two_operations(device_world_t* world) {
  iree_hal_fence_t* fences[4] = {new_fence(world), new_fence(world), new_fence(world), new_fence(world)};
  iree_hal_buffer_t* buffer = alloca_words(world, 4, fences[0], fences[1]);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, touch(buffer));
  CHECK_OK(vmrt_hal_queue_fill(world->device, fences[1], fences[2], buffer, 0, 16, "abcd", 4));
  CHECK_OK(vmrt_hal_queue_dealloca(world->device, fences[2], fences[3], buffer));
  CHECK_OK(vmrt_hal_queue_dealloca(world->device, fences[3], NULL, buffer));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, vmrt_hal_fence_wait_for(fences[3], 0));
  CHECK_OK(iree_hal_fence_signal(fences[0]));
  for (int i = 3; i >= 0; --i) CHECK_OK(AWAIT(fences[i]));
  CHECK_FAILURE(FAILED_PRECONDITION, "transient buffer has not been committed", touch(buffer));
  for (int i = 0; i < 4; ++i) iree_hal_fence_release(fences[i]);
  iree_hal_buffer_release(buffer);
}

/* A deallocation of any other buffer only orders. */
static void deallocations_of_other_buffers(device_world_t* world) {
  iree_hal_buffer_t *heap = new_words(world, 1, 0), *kept = NULL;
  iree_hal_fence_t *ready = new_fence(world), *done = new_fence(world);
  CHECK_OK(iree_hal_device_queue_alloca(world->device, ANY, LIST(NULL), LIST(ready), 0, device_local, 4, 1, &kept));
  CHECK_OK(vmrt_hal_queue_dealloca(world->device, ready, NULL, heap));
  CHECK_OK(vmrt_hal_queue_dealloca(world->device, ready, done, kept));
  CHECK_OK(AWAIT(done));
  CHECK_OK(touch(heap));
  CHECK_OK(touch(kept));
  iree_hal_buffer_release(heap);
  iree_hal_buffer_release(kept);
  iree_hal_fence_release(ready);
  iree_hal_fence_release(done);
}

static void allocations_that_cannot_be(device_world_t* world) {
  iree_hal_buffer_t* buffer = NULL;
  CHECK_FAILURE(
      UNIMPLEMENTED, "pools are not supported",
      iree_hal_device_queue_alloca(world->device, ANY, LIST(NULL), LIST(NULL), 7, device_local, 4, 0, &buffer));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED,
               vmrt_hal_queue_alloca(world->device, NULL, NULL, device_local, (uint64_t)-8, &buffer));
  CHECK(buffer == NULL);
  buffer = alloca_words(world, 0, NULL, NULL);
  CHECK(iree_hal_buffer_byte_length(buffer) == 0);
  iree_hal_buffer_release(buffer);
}

/* An operation on memory that was never committed fails its fence, and the call where it runs in the call. */
static void operations_that_fail(device_world_t* world) {
  iree_hal_fence_t *never = new_fence(world), *done = new_fence(world), *after = new_fence(world);
  iree_hal_buffer_t* buffer = alloca_words(world, 1, never, NULL);
  iree_status_t status = vmrt_hal_queue_fill(world->device, NULL, done, buffer, 0, 4, "abcd", 4);
  CHECK_STATUS(world->is_sync ? IREE_STATUS_FAILED_PRECONDITION : IREE_STATUS_OK, status);
  status = vmrt_hal_queue_barrier(world->device, done, after);
  if (!world->is_sync) CHECK_OK(status);
  CHECK_FAILURE(FAILED_PRECONDITION, "committed", AWAIT(done));
  CHECK_FAILURE(FAILED_PRECONDITION, "committed", AWAIT(after));
  if (world->is_sync) CHECK_FAILURE(FAILED_PRECONDITION, "committed", status);
  iree_hal_fence_release(never);
  iree_hal_fence_release(done);
  iree_hal_fence_release(after);
  iree_hal_buffer_release(buffer);
}

/* ---- Order ------------------------------------------------------------------------------------------------------- */

static iree_hal_fence_t* join(iree_hal_fence_t* a, iree_hal_fence_t* b) {
  iree_hal_fence_t *fences[2] = {a, b}, *joined = NULL;
  CHECK_OK(iree_hal_fence_join(2, fences, iree_allocator_system(), &joined));
  return joined;
}

/* The last wait starts an operation, the first failure ends it. */
static void waits_for_several_fences(device_world_t* world) {
  for (int fails = 0; fails < 2; ++fails) {
    iree_hal_fence_t *a = new_fence(world), *b = new_fence(world), *done = new_fence(world);
    iree_hal_fence_t* both = join(a, b);
    CHECK_OK(vmrt_hal_queue_barrier(world->device, both, done));
    if (!fails) {
      CHECK_OK(iree_hal_fence_signal(b));
      CHECK_STATUS(IREE_STATUS_DEFERRED, iree_hal_fence_query(done));
      CHECK_OK(iree_hal_fence_signal(a));
      CHECK_OK(AWAIT(done));
    } else {
      iree_hal_fence_fail(b, iree_make_status(IREE_STATUS_UNAVAILABLE, "b"));
      CHECK_FAILURE(UNAVAILABLE, "b", AWAIT(done));
      CHECK_STATUS(IREE_STATUS_DEFERRED, iree_hal_fence_query(a));
    }
    iree_hal_fence_release(both);
    iree_hal_fence_release(a);
    iree_hal_fence_release(b);
    iree_hal_fence_release(done);
  }
}

static void failures_spread(device_world_t* world) {
  iree_hal_buffer_t *source = new_words(world, 1, 1), *target = new_words(world, 1, 0), *fresh = NULL;
  iree_hal_fence_t *broken = new_fence(world), *done = new_fence(world);
  iree_hal_fence_fail(broken, iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "broken"));
  iree_status_t status = vmrt_hal_queue_copy(world->device, broken, done, source, 0, target, 0, 4);
  CHECK_STATUS(world->is_sync ? IREE_STATUS_RESOURCE_EXHAUSTED : IREE_STATUS_OK, status);
  CHECK_FAILURE(RESOURCE_EXHAUSTED, "broken", AWAIT(done));
  CHECK(word_at(target, 0) == 0);
  status = vmrt_hal_queue_alloca(world->device, broken, NULL, device_local, 4, &fresh);
  CHECK_STATUS(world->is_sync ? IREE_STATUS_RESOURCE_EXHAUSTED : IREE_STATUS_OK, status);
  CHECK((fresh == NULL) == world->is_sync);
  iree_hal_buffer_release(fresh);
  iree_hal_buffer_release(source);
  iree_hal_buffer_release(target);
  iree_hal_fence_release(broken);
  iree_hal_fence_release(done);
}

/* A second signal of the same fence is nobody's failure. */
static void two_signals_of_one_fence(device_world_t* world) {
  iree_hal_fence_t* done = new_fence(world);
  for (int i = 0; i < 2; ++i) CHECK_OK(vmrt_hal_queue_barrier(world->device, NULL, done));
  CHECK_OK(AWAIT(done));
  iree_hal_fence_release(done);
}

/* Each link waits for the one before: the first signal runs them all, or fails them all, without a deep stack. */
static void long_chains(device_world_t* world) {
  enum { LINKS = 20000 };
  for (int fails = 0; fails < 2; ++fails) {
    iree_hal_buffer_t* buffer = new_words(world, 1, 0);
    iree_hal_fence_t* last = NULL;
    iree_hal_fence_t* first = new_fence(world);
    iree_hal_fence_t* previous = first;
    iree_hal_fence_retain(first);
    for (uint32_t i = 1; i <= LINKS; ++i) {
      last = new_fence(world);
      CHECK_OK(vmrt_hal_queue_fill(world->device, previous, last, buffer, 0, 4, &i, 4));
      iree_hal_fence_release(previous);
      previous = last;
    }
    if (fails) {
      iree_hal_fence_fail(first, iree_make_status(IREE_STATUS_ABORTED, "chain"));
      CHECK_FAILURE(ABORTED, "chain", AWAIT(last));
    } else {
      CHECK_OK(iree_hal_fence_signal(first));
      CHECK_OK(AWAIT(last));
    }
    CHECK(word_at(buffer, 0) == (fails ? 0 : LINKS));
    iree_hal_fence_release(first);
    iree_hal_fence_release(last);
    iree_hal_buffer_release(buffer);
  }
}

/* ---- Command buffers --------------------------------------------------------------------------------------------- */

/* One recording, pending several times with different tables. */
static void recordings_are_reusable(device_world_t* world) {
  enum { RUNS = 20 };
  iree_hal_executable_t* executable = new_executable();
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 1);
  CHECK_OK(record_add(commands, executable, 50, 3, slot_ref(0, 0, WHOLE)));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_fence_t *go = new_fence(world), *done[RUNS];
  iree_hal_buffer_t* buffers[RUNS];
  for (uint32_t i = 0; i < RUNS; ++i) {
    buffers[i] = new_words(world, 50, i);
    done[i] = new_fence(world);
    const iree_hal_buffer_binding_t entry = {buffers[i], 0, WHOLE};
    CHECK_OK(execute(world, go, done[i], commands, 1, &entry));
  }
  iree_hal_command_buffer_release(commands);
  iree_hal_executable_release(executable);
  CHECK_OK(iree_hal_fence_signal(go));
  for (uint32_t i = 0; i < RUNS; ++i) {
    CHECK_OK(AWAIT(done[i]));
    CHECK(word_at(buffers[i], 0) == i + 3 && word_at(buffers[i], 49) == i + 3);
    iree_hal_fence_release(done[i]);
    iree_hal_buffer_release(buffers[i]);
  }
  iree_hal_fence_release(go);
}

static void inline_command_buffers(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, IREE_HAL_COMMAND_BUFFER_MODE_ALLOW_INLINE_EXECUTION, 0);
  iree_hal_fence_t* reached = new_fence(world);
  CHECK_OK(iree_hal_fence_signal(reached));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_FAILURE(INVALID_ARGUMENT, "inline command buffer submitted with a wait",
                execute(world, reached, NULL, commands, 0, NULL));
  CHECK_OK(execute_now(world, commands, 0, NULL));
  CHECK_OK(execute_now(world, NULL, 0, NULL));
  CHECK_OK(iree_hal_device_queue_flush(world->device, ANY));
  iree_hal_fence_release(reached);
  iree_hal_command_buffer_release(commands);
}

/* ---- Threads ----------------------------------------------------------------------------------------------------- */

typedef struct submitter_t {
  device_world_t* world;
  iree_hal_command_buffer_t* commands;
  iree_hal_buffer_t* counter;
} submitter_t;

/* Allocation, execution, deallocation; some of them wait for a fence that this thread signals later. */
static void* submit_many(void* user_data) {
  submitter_t* submitter = user_data;
  device_world_t* world = submitter->world;
  for (int i = 0; i < 200; ++i) {
    iree_hal_fence_t *go = new_fence(world), *ready = new_fence(world), *done = new_fence(world);
    if (i % 2) CHECK_OK(iree_hal_fence_signal(go));
    iree_hal_buffer_t* buffer = alloca_words(world, 8, go, ready);
    const iree_hal_buffer_binding_t table[2] = {{submitter->counter, 0, WHOLE}, {buffer, 0, WHOLE}};
    CHECK_OK(execute(world, ready, done, submitter->commands, 2, table));
    CHECK_OK(vmrt_hal_queue_dealloca(world->device, done, NULL, buffer));
    iree_hal_buffer_release(buffer);
    if (i % 2 == 0) CHECK_OK(iree_hal_fence_signal(go));
    CHECK_OK(AWAIT(done));
    iree_hal_fence_release(go);
    iree_hal_fence_release(ready);
    iree_hal_fence_release(done);
  }
  return NULL;
}

static void many_threads(device_world_t* world) {
  iree_hal_executable_t* executable = new_executable();
  submitter_t submitter = {world, begin_commands(world, 0, 2), new_words(world, 1, 0)};
  CHECK_OK(record_add(submitter.commands, executable, 1, 1, slot_ref(0, 0, WHOLE)));
  CHECK_OK(record_fill(submitter.commands, slot_ref(1, 0, 32), 1));
  CHECK_OK(iree_hal_command_buffer_end(submitter.commands));
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) CHECK(pthread_create(&threads[i], NULL, submit_many, &submitter) == 0);
  for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
  CHECK(word_at(submitter.counter, 0) == 800);
  iree_hal_buffer_release(submitter.counter);
  iree_hal_command_buffer_release(submitter.commands);
  iree_hal_executable_release(executable);
}

ON_EACH_DEVICE(fills)
ON_EACH_DEVICE(copies)
ON_EACH_DEVICE(updates)
ON_EACH_DEVICE(files)
ON_EACH_DEVICE(memory_is_there_between_two_operations)
ON_EACH_DEVICE(deallocations_of_other_buffers)
ON_EACH_DEVICE(allocations_that_cannot_be)
ON_EACH_DEVICE(operations_that_fail)
ON_EACH_DEVICE(waits_for_several_fences)
ON_EACH_DEVICE(failures_spread)
ON_EACH_DEVICE(two_signals_of_one_fence)
ON_EACH_DEVICE(long_chains)
ON_EACH_DEVICE(recordings_are_reusable)
ON_EACH_DEVICE(inline_command_buffers)
ON_EACH_DEVICE(many_threads)

static const check_case_t cases[] = {
    {"fills", test_fills},
    {"copies", test_copies},
    {"updates", test_updates},
    {"files", test_files},
    {"memory is there between two operations", test_memory_is_there_between_two_operations},
    {"deallocations of other buffers", test_deallocations_of_other_buffers},
    {"allocations that cannot be", test_allocations_that_cannot_be},
    {"operations that fail", test_operations_that_fail},
    {"waits for several fences", test_waits_for_several_fences},
    {"failures spread", test_failures_spread},
    {"two signals of one fence", test_two_signals_of_one_fence},
    {"long chains", test_long_chains},
    {"recordings are reusable", test_recordings_are_reusable},
    {"inline command buffers", test_inline_command_buffers},
    {"many threads", test_many_threads},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
