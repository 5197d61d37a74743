/* SPDX-License-Identifier: Apache-2.0 */
/* Threads that submit at the same time: random command buffers, tables and fences against a model; failures, ends. */
#include "task_world.h"

#include <pthread.h>

enum { THREADS = 3, ROUNDS = 25, BUFFERS = 3, LENGTH = 96, COMMANDS = 10, SUBMISSIONS = 4 };

/* One thread with buffers of its own, and what should be in them. */
typedef struct submitter_t {
  task_world_t* world;
  pthread_t thread;
  uint64_t random;
  iree_hal_buffer_t* buffers[BUFFERS];
  uint32_t expected[BUFFERS][LENGTH];
  int failed_checks;
} submitter_t;

static uint32_t draw(submitter_t* submitter, uint32_t limit) {
  submitter->random = submitter->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(submitter->random >> 33) % limit;
}

static void expect(submitter_t* submitter, bool condition) { submitter->failed_checks += !condition; }

static void expect_ok(submitter_t* submitter, iree_status_t status) {
  expect(submitter, iree_status_is_ok(status));
  iree_status_free(status);
}

/* ---- Recording --------------------------------------------------------------------------------------------------- */

/* What a command does when it is executed. */
typedef struct model_command_t {
  enum { MODEL_ADD, MODEL_GATHER, MODEL_FILL, MODEL_COPY } kind;
  uint32_t from, to, offset, length, constant;
} model_command_t;

static model_command_t draw_command(submitter_t* submitter) {
  model_command_t command;
  command.kind = draw(submitter, 4);
  command.from = draw(submitter, BUFFERS);
  command.to = (command.from + 1) % BUFFERS;
  command.offset = draw(submitter, LENGTH / 16) * 16; /* whole lines of 64 bytes */
  command.length = 1 + draw(submitter, LENGTH - command.offset);
  command.constant = draw(submitter, 1000);
  return command;
}

/* Buffers are slots of the table. */
static iree_status_t record(submitter_t* submitter, iree_hal_command_buffer_t* commands, model_command_t command) {
  iree_hal_buffer_ref_t bindings[] = {task_slot(command.from, command.offset * 4, command.length * 4),
                                      task_slot(command.to, command.offset * 4, command.length * 4)};
  switch (command.kind) {
    case MODEL_ADD:
      return task_dispatch(submitter->world, commands, TASK_ADD, command.constant, command.length, 1, bindings);
    case MODEL_GATHER:
      return task_dispatch(submitter->world, commands, TASK_GATHER, command.constant, command.length, 2, bindings);
    case MODEL_FILL:
      return iree_hal_command_buffer_fill_buffer(commands, bindings[0], &command.constant, 4, 0);
    default:
      return iree_hal_command_buffer_copy_buffer(commands, bindings[0], bindings[1], 0);
  }
}

static void apply(submitter_t* submitter, model_command_t command) {
  uint32_t* from = submitter->expected[command.from] + command.offset;
  uint32_t* to = submitter->expected[command.to] + command.offset;
  for (uint32_t i = 0; i < command.length; ++i) {
    if (command.kind == MODEL_ADD) from[i] += command.constant;
    if (command.kind == MODEL_GATHER) to[i] = from[(7 * i + 3) % command.length] + command.constant;
    if (command.kind == MODEL_FILL) from[i] = command.constant;
    if (command.kind == MODEL_COPY) to[i] = from[i];
  }
}

/* A command buffer executed `SUBMISSIONS` times, one after the other by a chain of values of one semaphore. */
static iree_hal_command_buffer_t* record_round(submitter_t* submitter, model_command_t* out_model) {
  iree_hal_command_buffer_t* commands = NULL;
  expect_ok(submitter, task_commands_begin(submitter->world, BUFFERS, &commands));
  for (int i = 0; i < COMMANDS; ++i) {
    out_model[i] = draw_command(submitter);
    expect_ok(submitter, record(submitter, commands, out_model[i]));
    expect_ok(submitter, task_barrier(commands));
  }
  expect_ok(submitter, iree_hal_command_buffer_end(commands));
  return commands;
}

/* ---- Submitting -------------------------------------------------------------------------------------------------- */

static iree_hal_buffer_binding_table_t whole_buffers(submitter_t* submitter, iree_hal_buffer_binding_t* storage) {
  iree_hal_buffer_binding_table_t table = {BUFFERS, storage};
  for (int i = 0; i < BUFFERS; ++i) {
    iree_hal_buffer_binding_t entry = {submitter->buffers[i], 0, LENGTH * 4};
    storage[i] = entry;
  }
  return table;
}

static void good_round(submitter_t* submitter) {
  model_command_t model[COMMANDS];
  iree_hal_buffer_binding_t storage[BUFFERS];
  iree_hal_buffer_binding_table_t table = whole_buffers(submitter, storage);
  iree_hal_command_buffer_t* commands = record_round(submitter, model);
  iree_hal_semaphore_t* semaphore = task_semaphore(submitter->world);
  bool is_backwards = draw(submitter, 2);
  for (uint64_t i = 0; i < SUBMISSIONS; ++i) {
    uint64_t begin = is_backwards ? SUBMISSIONS - i : i + 1;
    expect_ok(submitter, task_execute(submitter->world, semaphore, begin, begin + 1, commands, table));
    for (int c = 0; c < COMMANDS; ++c) apply(submitter, model[c]);
  }
  iree_hal_command_buffer_release(commands);
  expect_ok(submitter, iree_hal_semaphore_signal(semaphore, 1));
  expect_ok(submitter, task_wait(semaphore, SUBMISSIONS + 1));
  iree_hal_semaphore_release(semaphore);
}

/* Nothing of the second submission runs; both fences fail. */
static void failing_round(submitter_t* submitter) {
  iree_hal_buffer_binding_t storage[BUFFERS];
  iree_hal_buffer_binding_table_t table = whole_buffers(submitter, storage);
  iree_hal_buffer_t* scratch = NULL;
  expect_ok(submitter, task_buffer(submitter->world, LENGTH * 4, &scratch));
  storage[0].buffer = scratch;
  iree_hal_buffer_ref_t target = task_slot(0, 0, LENGTH * 4);
  iree_hal_command_buffer_t* commands = NULL;
  uint32_t failing = draw(submitter, LENGTH);
  expect_ok(submitter, task_commands_begin(submitter->world, 1, &commands));
  expect_ok(submitter, task_dispatch(submitter->world, commands, TASK_FAIL, failing, LENGTH, 1, &target));
  expect_ok(submitter, iree_hal_command_buffer_end(commands));
  iree_hal_semaphore_t* semaphore = task_semaphore(submitter->world);
  expect_ok(submitter, task_execute(submitter->world, semaphore, 0, 1, commands, table));
  expect_ok(submitter, task_execute(submitter->world, semaphore, 1, 2, commands, table));
  iree_status_t status = task_wait(semaphore, 2);
  expect(submitter, iree_status_code(status) == IREE_STATUS_ABORTED);
  iree_status_free(status);
  expect(submitter, task_words(scratch)[failing] == 1);
  iree_hal_semaphore_release(semaphore);
  iree_hal_command_buffer_release(commands);
  iree_hal_buffer_release(scratch);
}

static void* submit_rounds(void* argument) {
  submitter_t* submitter = argument;
  for (int round = 0; round < ROUNDS; ++round) {
    if (draw(submitter, 4) == 0) {
      failing_round(submitter);
    } else {
      good_round(submitter);
    }
    for (int i = 0; i < BUFFERS; ++i) {
      expect(submitter, memcmp(task_words(submitter->buffers[i]), submitter->expected[i], LENGTH * 4) == 0);
    }
  }
  return NULL;
}

static void run_submitters(uint32_t worker_count, uint64_t seed) {
  task_world_t world;
  submitter_t submitters[THREADS];
  memset(submitters, 0, sizeof submitters);
  task_world_begin(&world, worker_count, seed);
  for (int t = 0; t < THREADS; ++t) {
    submitters[t].world = &world;
    submitters[t].random = (uint64_t)t * 77 + worker_count + 1;
    for (int i = 0; i < BUFFERS; ++i) CHECK_OK(task_buffer(&world, LENGTH * 4, &submitters[t].buffers[i]));
    CHECK(pthread_create(&submitters[t].thread, NULL, submit_rounds, &submitters[t]) == 0);
  }
  for (int t = 0; t < THREADS; ++t) {
    pthread_join(submitters[t].thread, NULL);
    CHECK(submitters[t].failed_checks == 0);
    for (int i = 0; i < BUFFERS; ++i) iree_hal_buffer_release(submitters[t].buffers[i]);
  }
  task_world_end(&world);
}

static void test_submitters(void) {
  static const uint32_t worker_counts[] = {1, 2, 8};
  for (int i = 0; i < 3; ++i) {
    run_submitters(worker_counts[i], 0);
    run_submitters(worker_counts[i], 4711);
  }
}

/* ---- Several devices --------------------------------------------------------------------------------------------- */

/* A command buffer that adds 1 to all of `buffer`. */
static iree_hal_command_buffer_t* record_add(task_world_t* world, iree_hal_buffer_t* buffer) {
  iree_hal_command_buffer_t* commands = NULL;
  iree_hal_buffer_ref_t target = task_range(buffer, 0, 256);
  CHECK_OK(task_commands_begin(world, 0, &commands));
  CHECK_OK(task_dispatch(world, commands, TASK_ADD, 1, 64, 1, &target));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  return commands;
}

/* By turns on two devices, each operation after the one before; barriers run on whichever thread signals. */
static void test_two_devices(void) {
  enum { LINKS = 400 };
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  task_world_t worlds[2];
  iree_hal_semaphore_t* semaphores[2];
  iree_hal_command_buffer_t* commands[2];
  iree_hal_buffer_t* buffer = NULL;
  for (int i = 0; i < 2; ++i) {
    task_world_begin(&worlds[i], 1 + (uint32_t)i, 0);
    semaphores[i] = task_semaphore(&worlds[i]);
    if (i == 0) CHECK_OK(task_buffer(&worlds[0], 256, &buffer));
    commands[i] = record_add(&worlds[i], buffer);
  }
  for (uint64_t link = 0; link < LINKS; ++link) {
    uint64_t before = link, after = link + 1;
    iree_hal_semaphore_list_t wait = {link ? 1 : 0, &semaphores[(link + 1) % 2], &before};
    iree_hal_semaphore_list_t signal = {1, &semaphores[link % 2], &after};
    CHECK_OK(iree_hal_device_queue_execute(worlds[link % 2].device, IREE_HAL_QUEUE_AFFINITY_ANY, wait, signal,
                                           link % 5 ? commands[link % 2] : NULL, no_table, 0));
  }
  CHECK_OK(task_wait(semaphores[(LINKS - 1) % 2], LINKS));
  CHECK(task_words(buffer)[63] == LINKS - LINKS / 5);
  for (int i = 0; i < 2; ++i) {
    iree_hal_command_buffer_release(commands[i]);
    iree_hal_semaphore_release(semaphores[i]);
    task_world_end(&worlds[i]);
  }
  iree_hal_buffer_release(buffer);
}

/* ---- Ends -------------------------------------------------------------------------------------------------------- */

static void* wait_for_end(void* semaphore) {
  iree_status_t status = task_wait(semaphore, 31);
  iree_status_code_t code = iree_status_code(status);
  iree_status_free(status);
  return (void*)(intptr_t)code;
}

/* Devices that end with work pending while another thread waits for it; a part of it can never begin. */
static void test_ends(void) {
  iree_hal_buffer_binding_table_t no_table = {0, NULL};
  for (uint32_t i = 0; i < 60; ++i) {
    task_world_t world;
    iree_hal_buffer_t* buffer = NULL;
    task_world_begin(&world, 1 + i % 4, i % 2 ? i : 0);
    CHECK_OK(task_buffer(&world, 256, &buffer));
    iree_hal_command_buffer_t* commands = record_add(&world, buffer);
    iree_hal_semaphore_t* done = task_semaphore(&world);
    iree_hal_semaphore_t* never = task_semaphore(&world);
    pthread_t waiter;
    CHECK(pthread_create(&waiter, NULL, wait_for_end, done) == 0);
    CHECK_OK(task_execute(&world, never, 1, 2, commands, no_table));
    for (uint64_t v = 0; v < 31; ++v) CHECK_OK(task_execute(&world, done, v, v + 1, commands, no_table));
    iree_hal_command_buffer_release(commands);
    task_world_end(&world);
    void* code = NULL;
    pthread_join(waiter, &code);
    CHECK((intptr_t)code == IREE_STATUS_OK);
    CHECK(task_words(buffer)[63] == 31);
    CHECK_STATUS(IREE_STATUS_CANCELLED, task_wait(never, 2));
    iree_hal_semaphore_release(done);
    iree_hal_semaphore_release(never);
    iree_hal_buffer_release(buffer);
  }
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"submitters", test_submitters},
      {"two_devices", test_two_devices},
      {"ends", test_ends},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
