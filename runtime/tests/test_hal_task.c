/* SPDX-License-Identifier: Apache-2.0 */
/* The executor of local-task: every workgroup once, regions in order, failures, progress when nobody waits, ends. */
#include "task_world.h"

#include <pthread.h>
#include <stdio.h>
#if defined(__linux__)
#include <dirent.h>
#endif

#include "vmrt/probe.h"

static const uint32_t worker_counts[] = {1, 2, 8};
static const uint64_t shuffle_seeds[] = {0, 1, 20260717};

/* Calls `test` for every number of workers, in order and shuffled. */
static void for_all_worlds(void (*test)(task_world_t* world)) {
  for (int workers = 0; workers < 3; ++workers) {
    for (int seed = 0; seed < 3; ++seed) {
      task_world_t world;
      task_world_begin(&world, worker_counts[workers], shuffle_seeds[seed]);
      CHECK(world.worker_count == worker_counts[workers]);
      test(&world);
      task_world_end(&world);
    }
  }
}

static iree_hal_buffer_t* new_buffer(task_world_t* world, iree_device_size_t length) {
  iree_hal_buffer_t* buffer = NULL;
  if (!CHECK_OK(task_buffer(world, length, &buffer))) abort();
  return buffer;
}

static iree_hal_command_buffer_t* begin_commands(task_world_t* world, iree_host_size_t slots) {
  iree_hal_command_buffer_t* commands = NULL;
  if (!CHECK_OK(task_commands_begin(world, slots, &commands))) abort();
  return commands;
}

/* Executes once and returns how it went. */
static iree_status_t run_commands(task_world_t* world, iree_hal_command_buffer_t* commands) {
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  iree_hal_semaphore_t* semaphore = task_semaphore(world);
  CHECK_OK(task_execute(world, semaphore, 0, 1, commands, no_table));
  iree_status_t status = task_wait(semaphore, 1);
  iree_hal_semaphore_release(semaphore);
  return status;
}

/* ---- Workgroups and regions -------------------------------------------------------------------------------------- */

static bool all_words(const uint32_t* words, size_t count, uint32_t value) {
  for (size_t i = 0; i < count; ++i) {
    if (words[i] != value) return false;
  }
  return true;
}

/* Dispatches of all sizes side by side in one region. */
static void every_workgroup_once(task_world_t* world) {
  static const uint32_t sizes[] = {1, 2, 3, 64, 65, 1000, 4097};
  enum { COUNT = sizeof sizes / sizeof sizes[0] };
  iree_hal_buffer_t* buffers[COUNT];
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  uint64_t total = 0;
  for (int i = 0; i < COUNT; ++i) {
    buffers[i] = new_buffer(world, sizes[i] * 4);
    iree_hal_buffer_ref_t target = task_range(buffers[i], 0, IREE_HAL_WHOLE_BUFFER);
    CHECK_OK(task_dispatch(world, commands, TASK_ADD, (uint32_t)i + 1, sizes[i], 1, &target));
    total += sizes[i];
  }
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(run_commands(world, commands));
  CHECK_OK(run_commands(world, commands));
  CHECK(world->executable.workgroups == 2 * total);
  for (int i = 0; i < COUNT; ++i) {
    CHECK(all_words(task_words(buffers[i]), sizes[i], 2 * ((uint32_t)i + 1)));
    iree_hal_buffer_release(buffers[i]);
  }
  iree_hal_command_buffer_release(commands);
}

static void test_every_workgroup_once(void) { for_all_worlds(every_workgroup_once); }

/* Each region reads what all workgroups of the one before wrote. */
static void regions_in_order(task_world_t* world) {
  enum { LENGTH = 257, REGIONS = 24 };
  uint32_t expected[2][LENGTH] = {{0}};
  iree_hal_buffer_t* buffers[2] = {new_buffer(world, LENGTH * 4), new_buffer(world, LENGTH * 4)};
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  for (uint32_t region = 0; region < REGIONS; ++region) {
    int from = region % 2, to = 1 - from;
    iree_hal_buffer_ref_t bindings[] = {task_range(buffers[from], 0, LENGTH * 4),
                                        task_range(buffers[to], 0, LENGTH * 4)};
    CHECK_OK(task_dispatch(world, commands, TASK_GATHER, region + 1, LENGTH, 2, bindings));
    CHECK_OK(task_barrier(commands));
    for (uint32_t i = 0; i < LENGTH; ++i) expected[to][i] = expected[from][(7 * i + 3) % LENGTH] + region + 1;
  }
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(run_commands(world, commands));
  CHECK(memcmp(task_words(buffers[0]), expected[REGIONS % 2], sizeof expected[0]) == 0);
  CHECK(memcmp(task_words(buffers[1]), expected[1 - REGIONS % 2], sizeof expected[0]) == 0);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffers[0]);
  iree_hal_buffer_release(buffers[1]);
}

static void test_regions_in_order(void) { for_all_worlds(regions_in_order); }

/* More commands without a barrier than one region holds. */
static void many_commands(task_world_t* world) {
  enum { COUNT = 200 };
  iree_hal_buffer_t* buffer = new_buffer(world, COUNT * 4);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  for (uint32_t i = 0; i < COUNT; ++i) {
    iree_hal_buffer_ref_t target = task_range(buffer, i * 4, 4);
    CHECK_OK(task_dispatch(world, commands, TASK_ADD, 5, 1, 1, &target));
  }
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(run_commands(world, commands));
  CHECK(all_words(task_words(buffer), COUNT, 5));
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
}

static void test_many_commands(void) { for_all_worlds(many_commands); }

/* One worker: a thread at a time. The order is the recorded one, or one that the seed decides. */
static bool runs_in_order(uint64_t seed) {
  enum { LENGTH = 300 };
  task_world_t world;
  bool is_seen[LENGTH] = {false}, is_ascending = true;
  task_world_begin(&world, 1, seed);
  iree_hal_buffer_t* buffer = new_buffer(&world, LENGTH * 4);
  iree_hal_buffer_ref_t target = task_range(buffer, 0, LENGTH * 4);
  iree_hal_command_buffer_t* commands = begin_commands(&world, 0);
  CHECK_OK(task_dispatch(&world, commands, TASK_ORDER, 0, LENGTH, 1, &target));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(run_commands(&world, commands));
  const uint32_t* order = task_words(buffer);
  for (uint32_t i = 0; i < LENGTH; ++i) {
    CHECK(order[i] < LENGTH && !is_seen[order[i]]);
    if (order[i] < LENGTH) is_seen[order[i]] = true;
    is_ascending = is_ascending && order[i] == i;
  }
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
  task_world_end(&world);
  return is_ascending;
}

static void test_order(void) {
  CHECK(runs_in_order(0));
  CHECK(!runs_in_order(1));
  CHECK(!runs_in_order(2));
  CHECK(!runs_in_order(UINT64_MAX));
}

/* Workgroups of one region run at the same time, on as many threads as there are workers. */
static void test_workgroups_meet(void) {
  for (uint32_t workers = 2; workers <= 4; ++workers) {
    task_world_t world;
    task_world_begin(&world, workers, 0);
    iree_hal_buffer_t* buffer = new_buffer(&world, 64);
    iree_hal_buffer_ref_t target = task_range(buffer, 0, 64);
    iree_hal_command_buffer_t* commands = begin_commands(&world, 0);
    CHECK_OK(task_dispatch(&world, commands, TASK_MEET, workers, workers, 1, &target));
    CHECK_OK(iree_hal_command_buffer_end(commands));
    CHECK_OK(run_commands(&world, commands));
    CHECK(world.executable.met == workers);
    CHECK(all_words(task_words(buffer), workers, workers));
    iree_hal_command_buffer_release(commands);
    iree_hal_buffer_release(buffer);
    task_world_end(&world);
  }
}

static void test_nothing_to_do(void) {
  task_world_t world;
  task_world_begin(&world, 2, 0);
  iree_hal_buffer_t* buffer = new_buffer(&world, 64);
  iree_hal_buffer_ref_t target = task_range(buffer, 0, 64);
  iree_hal_command_buffer_t* commands = begin_commands(&world, 0);
  CHECK_OK(task_barrier(commands));
  CHECK_OK(task_dispatch(&world, commands, TASK_ADD, 1, 0, 1, &target)); /* no workgroups */
  CHECK_OK(task_barrier(commands));
  CHECK_OK(task_barrier(commands));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(run_commands(&world, commands));
  CHECK(world.executable.workgroups == 0);
  iree_hal_command_buffer_release(commands);
  commands = begin_commands(&world, 0);
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(run_commands(&world, commands)); /* no commands */
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
  task_world_end(&world);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

/* Fill, copy and update beside each other; large ones are split. */
static void transfers(task_world_t* world) {
  enum { LENGTH = 3 * 512 * 1024 + 20 };
  static const uint16_t pattern = 0xBEEF;
  static const uint8_t bytes[] = {1, 2, 3, 4, 5};
  iree_hal_buffer_t* a = new_buffer(world, LENGTH);
  iree_hal_buffer_t* b = new_buffer(world, LENGTH);
  iree_hal_command_buffer_t* commands = begin_commands(world, 2);
  CHECK_OK(iree_hal_command_buffer_fill_buffer(commands, task_range(a, 2, LENGTH - 4), &pattern, 2, 0));
  CHECK_OK(task_barrier(commands));
  CHECK_OK(iree_hal_command_buffer_copy_buffer(commands, task_slot(0, 2, LENGTH - 6), task_slot(1, 4, LENGTH - 6), 0));
  CHECK_OK(iree_hal_command_buffer_update_buffer(commands, bytes, 1, task_slot(1, LENGTH - 2, 2), 0));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_buffer_binding_t entries[] = {{a, 0, IREE_HAL_WHOLE_BUFFER}, {b, 0, LENGTH}};
  iree_hal_buffer_binding_table_t table = {2, entries};
  iree_hal_semaphore_t* semaphore = task_semaphore(world);
  CHECK_OK(task_execute(world, semaphore, 0, 1, commands, table));
  CHECK_OK(task_wait(semaphore, 1));
  const uint8_t* copied = (const uint8_t*)task_words(b);
  bool is_right = memcmp(copied, "\0\0\0\0", 4) == 0;
  for (size_t i = 4; i < LENGTH - 2; ++i) is_right = is_right && copied[i] == (i % 2 ? 0xBE : 0xEF);
  CHECK(is_right);
  CHECK(copied[LENGTH - 2] == 2 && copied[LENGTH - 1] == 3);
  iree_hal_semaphore_release(semaphore);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(a);
  iree_hal_buffer_release(b);
}

static void test_transfers(void) { for_all_worlds(transfers); }

/* ---- Failures ---------------------------------------------------------------------------------------------------- */

/* The region in which a workgroup fails is the last one. */
static void failing_workgroup(task_world_t* world) {
  enum { LENGTH = 500 };
  iree_hal_buffer_t* buffers[2] = {new_buffer(world, LENGTH * 4), new_buffer(world, LENGTH * 4)};
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  iree_hal_buffer_ref_t targets[2] = {task_range(buffers[0], 0, LENGTH * 4), task_range(buffers[1], 0, LENGTH * 4)};
  CHECK_OK(task_dispatch(world, commands, TASK_FAIL, 321, LENGTH, 1, &targets[0]));
  CHECK_OK(task_barrier(commands));
  CHECK_OK(task_dispatch(world, commands, TASK_ADD, 1, LENGTH, 1, &targets[1]));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_STATUS(IREE_STATUS_ABORTED, run_commands(world, commands));
  const uint32_t* ran = task_words(buffers[0]);
  CHECK(ran[321] == 1);
  for (int i = 0; i < LENGTH; ++i) CHECK(ran[i] <= 1);
  CHECK(all_words(task_words(buffers[1]), LENGTH, 0));
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffers[0]);
  iree_hal_buffer_release(buffers[1]);
}

static void test_failing_workgroup(void) { for_all_worlds(failing_workgroup); }

/* All workgroups fail at once: one failure is kept. */
static void test_many_failures(void) {
  task_world_t world;
  task_world_begin(&world, 8, 0);
  iree_hal_buffer_t* buffer = new_buffer(&world, 256);
  iree_hal_command_buffer_t* commands = begin_commands(&world, 0);
  for (uint32_t i = 0; i < 64; ++i) {
    iree_hal_buffer_ref_t target = task_range(buffer, i * 4, 4);
    CHECK_OK(task_dispatch(&world, commands, TASK_FAIL, 0, 1, 1, &target));
  }
  CHECK_OK(iree_hal_command_buffer_end(commands));
  for (int i = 0; i < 50; ++i) CHECK_STATUS(IREE_STATUS_ABORTED, run_commands(&world, commands));
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
  task_world_end(&world);
}

/* Counts that are read when the dispatch is prepared: z is too large. */
static void test_failing_preparation(void) {
  static const uint32_t counts[] = {1, 1, 65536};
  task_world_t world;
  task_world_begin(&world, 2, 0);
  iree_hal_buffer_t* buffer = new_buffer(&world, 64);
  memcpy(task_words(buffer), counts, sizeof counts);
  iree_hal_command_buffer_t* commands = begin_commands(&world, 0);
  iree_hal_buffer_ref_t target = task_range(buffer, 0, 64);
  iree_hal_buffer_ref_list_t bindings = {1, &target};
  iree_hal_dispatch_config_t config = {{0}, task_range(buffer, 0, 12)};
  CHECK_OK(iree_hal_command_buffer_dispatch(commands, &world.executable.base.base, TASK_ADD, config,
                                            iree_make_const_byte_span(counts, 4), bindings,
                                            IREE_HAL_DISPATCH_FLAG_DYNAMIC_INDIRECT_PARAMETERS));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, run_commands(&world, commands));
  CHECK(world.executable.workgroups == 0);
  task_words(buffer)[2] = 4; /* of 16 */
  CHECK_OK(run_commands(&world, commands));
  CHECK(world.executable.workgroups == 4);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
  task_world_end(&world);
}

/* ---- Progress ---------------------------------------------------------------------------------------------------- */

/* Nobody waits; whoever asks sees it happen. */
static void progress_without_waiting(task_world_t* world) {
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  iree_hal_buffer_t* buffer = new_buffer(world, 64);
  iree_hal_buffer_ref_t target = task_range(buffer, 0, 64);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  CHECK_OK(task_dispatch(world, commands, TASK_ADD, 1, 16, 1, &target));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_semaphore_t* semaphore = task_semaphore(world);
  for (uint64_t i = 0; i < 20; ++i) {
    uint64_t value = 0;
    CHECK_OK(task_execute(world, semaphore, i, i + 1, commands, no_table));
    while (value <= i) CHECK_OK(iree_hal_semaphore_query(semaphore, &value));
  }
  CHECK(all_words(task_words(buffer), 16, 20));
  iree_hal_semaphore_release(semaphore);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
}

static void test_progress_without_waiting(void) { for_all_worlds(progress_without_waiting); }

/* Each waits for the one submitted after it. */
static void submitted_backwards(task_world_t* world) {
  enum { COUNT = 500 };
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  iree_hal_buffer_t* buffer = new_buffer(world, 64);
  iree_hal_buffer_ref_t target = task_range(buffer, 0, 4);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  CHECK_OK(task_dispatch(world, commands, TASK_ADD, 3, 1, 1, &target));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_semaphore_t* semaphore = task_semaphore(world);
  for (uint64_t i = COUNT; i > 0; --i) {
    /* Executions and barriers by turns: barriers run on the thread that signals. */
    CHECK_OK(task_execute(world, semaphore, i, i + 1, i % 3 ? commands : NULL, no_table));
  }
  CHECK_OK(iree_hal_semaphore_signal(semaphore, 1));
  CHECK_OK(task_wait(semaphore, COUNT + 1));
  CHECK(task_words(buffer)[0] == 3 * (COUNT - COUNT / 3));
  iree_hal_semaphore_release(semaphore);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
}

static void test_submitted_backwards(void) { for_all_worlds(submitted_backwards); }

/* ---- The end ----------------------------------------------------------------------------------------------------- */

static void* open_gate(void* gate) {
  __atomic_store_n((int32_t*)gate, 0, __ATOMIC_RELEASE);
  return NULL;
}

/* The last reference to the device goes while operations run and more become ready. */
static void release_while_busy(task_world_t* world) {
  enum { COUNT = 40 };
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  iree_hal_buffer_t* buffer = new_buffer(world, 64);
  iree_hal_buffer_ref_t target = task_range(buffer, 0, 64);
  iree_hal_command_buffer_t* commands = begin_commands(world, 0);
  CHECK_OK(task_dispatch(world, commands, TASK_GATE, 1, 16, 1, &target));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_semaphore_t* semaphore = task_semaphore(world);
  world->executable.gate_closed = 1;
  for (uint64_t i = 0; i < COUNT; ++i) CHECK_OK(task_execute(world, semaphore, i, i + 1, commands, no_table));
  iree_hal_command_buffer_release(commands);
  pthread_t opener;
  CHECK(pthread_create(&opener, NULL, open_gate, &world->executable.gate_closed) == 0);
  iree_hal_device_release(world->device);
  world->device = NULL;
  CHECK_OK(task_wait(semaphore, COUNT));
  CHECK(all_words(task_words(buffer), 16, COUNT));
  pthread_join(opener, NULL);
  iree_hal_semaphore_release(semaphore);
  iree_hal_buffer_release(buffer);
}

static void test_release_while_busy(void) { for_all_worlds(release_while_busy); }

#if defined(__linux__)
/* Threads of this process that are called iree-worker-… */
static uint32_t count_worker_threads(void) {
  uint32_t count = 0;
  DIR* tasks = opendir("/proc/self/task");
  for (struct dirent* entry; (entry = readdir(tasks));) {
    char path[512], name[32] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
    FILE* file = fopen(path, "r");
    if (!file) continue;
    if (fgets(name, sizeof name, file)) count += strncmp(name, "iree-worker-", 12) == 0;
    fclose(file);
  }
  closedir(tasks);
  return count;
}

/* A thread names itself: one that has just started may not have come to it. */
static void test_threads(void) {
  task_world_t world;
  task_world_begin(&world, 5, 0);
  while (count_worker_threads() < 5) {
  }
  CHECK(count_worker_threads() == 5);
  task_world_end(&world);
  CHECK(count_worker_threads() == 0);
}
#endif

static void test_default_worker_count(void) {
  task_world_t world;
  task_world_begin(&world, 0, 0);
  uint32_t cores = platform_core_count();
  CHECK(world.worker_count == (cores < 64 ? cores : 64));
  task_world_end(&world);
  task_world_begin(&world, 1000, 0);
  CHECK(world.worker_count == 64);
  task_world_end(&world);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static iree_status_t device_life(task_world_t* world) {
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  iree_hal_buffer_t* buffer = NULL;
  iree_hal_command_buffer_t* commands = NULL;
  iree_hal_semaphore_t* semaphore = NULL;
  iree_status_t status = task_device_create(world, 2, 0);
  if (iree_status_is_ok(status)) status = task_buffer(world, 256, &buffer);
  if (iree_status_is_ok(status)) status = task_commands_begin(world, 0, &commands);
  for (int i = 0; i < 3 && iree_status_is_ok(status); ++i) {
    iree_hal_buffer_ref_t target = task_range(buffer, 0, 256);
    status = task_dispatch(world, commands, TASK_ADD, 1, 64, 1, &target);
    if (iree_status_is_ok(status)) status = task_barrier(commands);
  }
  if (iree_status_is_ok(status)) status = iree_hal_command_buffer_end(commands);
  if (iree_status_is_ok(status)) status = iree_hal_semaphore_create(world->device, 0, 0, 0, &semaphore);
  if (iree_status_is_ok(status)) status = task_execute(world, semaphore, 0, 1, commands, no_table);
  if (iree_status_is_ok(status)) status = task_wait(semaphore, 1);
  if (iree_status_is_ok(status)) CHECK(all_words(task_words(buffer), 64, 3));
  iree_hal_semaphore_release(semaphore);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(buffer);
  iree_hal_device_release(world->device);
  return status;
}

/* Out of memory at every request. A second thread that cannot be started is no failure. */
static void test_out_of_memory(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  bool is_done = false;
  for (int64_t request = 0; !is_done && request < 200; ++request) {
    task_world_t world;
    memset(&world, 0, sizeof world);
    world.allocator = vmrt_probe_allocator(probe, IREE_SV("test"));
    vmrt_probe_fail_at(probe, request, false);
    int64_t failed = vmrt_probe_statistics(probe).failed;
    iree_status_t status = device_life(&world);
    vmrt_probe_fail_at(probe, -1, false);
    is_done = vmrt_probe_statistics(probe).failed == failed;
    CHECK(is_done ? iree_status_is_ok(status) : true);
    if (!iree_status_is_ok(status)) CHECK(iree_status_code(status) == IREE_STATUS_RESOURCE_EXHAUSTED);
    iree_status_free(status);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
  }
  CHECK(is_done);
  vmrt_probe_release(probe);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"every_workgroup_once", test_every_workgroup_once},
      {"regions_in_order", test_regions_in_order},
      {"many_commands", test_many_commands},
      {"order", test_order},
      {"workgroups_meet", test_workgroups_meet},
      {"nothing_to_do", test_nothing_to_do},
      {"transfers", test_transfers},
      {"failing_workgroup", test_failing_workgroup},
      {"many_failures", test_many_failures},
      {"failing_preparation", test_failing_preparation},
      {"progress_without_waiting", test_progress_without_waiting},
      {"submitted_backwards", test_submitted_backwards},
      {"release_while_busy", test_release_while_busy},
#if defined(__linux__)
      {"threads", test_threads},
#endif
      {"default_worker_count", test_default_worker_count},
      {"out_of_memory", test_out_of_memory},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
