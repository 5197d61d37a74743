/* SPDX-License-Identifier: Apache-2.0 */
/* Semaphores: values, failures, timepoints, and threads that wait for them. */
#include <pthread.h>

#include "hal/semaphore_impl.h"
#include "device_world.h"

static hal_timeline_t* new_timeline(void) {
  hal_timeline_t* timeline = NULL;
  CHECK_OK(hal_timeline_create(iree_allocator_system(), &timeline));
  return timeline;
}

/* Lives on without the timeline's creator. */
static iree_hal_semaphore_t* new_semaphore(uint64_t initial_value) {
  hal_timeline_t* timeline = new_timeline();
  iree_hal_semaphore_t* semaphore = NULL;
  CHECK_OK(hal_semaphore_create(timeline, initial_value, iree_allocator_system(), &semaphore));
  hal_timeline_release(timeline);
  return semaphore;
}

static iree_timeout_t after(int64_t nanos) { return (iree_timeout_t){IREE_TIMEOUT_RELATIVE, nanos}; }
static const iree_timeout_t forever = {IREE_TIMEOUT_ABSOLUTE, IREE_TIME_INFINITE_FUTURE};

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static void values_only_grow(void) {
  iree_hal_semaphore_t* semaphore = new_semaphore(3);
  uint64_t value = 0;
  CHECK_OK(iree_hal_semaphore_query(semaphore, &value));
  CHECK(value == 3);
  CHECK_FAILURE(INVALID_ARGUMENT, "semaphore already signaled past 3", iree_hal_semaphore_signal(semaphore, 3));
  CHECK_OK(iree_hal_semaphore_signal(semaphore, 10));
  CHECK_FAILURE(INVALID_ARGUMENT, "semaphore already signaled past 9", iree_hal_semaphore_signal(semaphore, 9));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_hal_semaphore_signal(semaphore, IREE_HAL_SEMAPHORE_FAILURE_VALUE));
  CHECK_OK(iree_hal_semaphore_signal(semaphore, IREE_HAL_SEMAPHORE_MAX_VALUE));
  CHECK_OK(iree_hal_semaphore_query(semaphore, &value));
  CHECK(value == 2147483646);
  iree_hal_semaphore_release(semaphore);
  check_nothing_left();
}

static void failures_stay(void) {
  iree_hal_semaphore_t* semaphore = new_semaphore(1);
  iree_hal_semaphore_fail(semaphore, iree_ok_status());
  CHECK_OK(iree_hal_semaphore_wait(semaphore, 1, after(0)));
  iree_hal_semaphore_fail(semaphore, iree_make_status(IREE_STATUS_DATA_LOSS, "disk full"));
  iree_hal_semaphore_fail(semaphore, iree_make_status(IREE_STATUS_ABORTED, "second"));
  uint64_t value = 0;
  for (int i = 0; i < 2; ++i) CHECK_FAILURE(DATA_LOSS, "disk full", iree_hal_semaphore_query(semaphore, &value));
  CHECK(value == 2147483647);
  CHECK_FAILURE(DATA_LOSS, "disk full", iree_hal_semaphore_signal(semaphore, 5));
  CHECK_FAILURE(DATA_LOSS, "disk full", iree_hal_semaphore_wait(semaphore, 1, forever));
  iree_hal_semaphore_release(semaphore);
  check_nothing_left();
}

static void bad_initial_values(void) {
  hal_timeline_t* timeline = new_timeline();
  iree_hal_semaphore_t* semaphore = NULL;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               hal_semaphore_create(timeline, IREE_HAL_SEMAPHORE_FAILURE_VALUE, iree_allocator_system(), &semaphore));
  CHECK(semaphore == NULL);
  hal_timeline_release(timeline);
}

/* ---- Waiting ----------------------------------------------------------------------------------------------------- */

static void waits_end_in_time(void) {
  iree_hal_semaphore_t* semaphore = new_semaphore(0);
  CHECK_OK(iree_hal_semaphore_wait(semaphore, 0, after(0)));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(semaphore, 1, after(0)));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(semaphore, 1, after(-5)));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(semaphore, 1, after(1000000)));
  const iree_timeout_t past = {IREE_TIMEOUT_ABSOLUTE, IREE_TIME_INFINITE_PAST};
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(semaphore, 1, past));
  const iree_timeout_t soon = {IREE_TIMEOUT_ABSOLUTE, iree_time_now() + 1000000};
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(semaphore, 1, soon));
  CHECK_OK(iree_hal_semaphore_list_wait(iree_hal_semaphore_list_empty(), forever));
  iree_hal_semaphore_release(semaphore);
}

/* Semaphores that two threads signal in turn. */
typedef struct ping_pong_t {
  iree_hal_semaphore_t* ping;
  iree_hal_semaphore_t* pong;
  uint64_t rounds;
} ping_pong_t;

static void* answer(void* user_data) {
  ping_pong_t* game = user_data;
  for (uint64_t i = 1; i <= game->rounds; ++i) {
    CHECK_OK(iree_hal_semaphore_wait(game->ping, i, forever));
    CHECK_OK(iree_hal_semaphore_signal(game->pong, i));
  }
  return NULL;
}

static void play(ping_pong_t* game) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, answer, game) == 0);
  for (uint64_t i = 1; i <= game->rounds; ++i) {
    CHECK_OK(iree_hal_semaphore_signal(game->ping, i));
    CHECK_OK(iree_hal_semaphore_wait(game->pong, i, forever));
  }
  pthread_join(thread, NULL);
}

static void no_wake_up_is_missed(void) {
  ping_pong_t game = {new_semaphore(0), new_semaphore(0), 2000};
  play(&game);
  iree_hal_semaphore_release(game.ping);
  iree_hal_semaphore_release(game.pong);
  check_nothing_left();
}

static void* fail_later(void* semaphore) {
  iree_hal_semaphore_fail(semaphore, iree_make_status(IREE_STATUS_UNAVAILABLE, "gone"));
  return NULL;
}

/* A list whose first entry is never reached, and another one on another timeline that fails. */
static void any_failure_ends_a_wait(void) {
  for (int round = 0; round < 50; ++round) {
    iree_hal_semaphore_t* semaphores[3] = {new_semaphore(0), new_semaphore(0), new_semaphore(0)};
    uint64_t values[3] = {1, 1, 1};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, fail_later, semaphores[1 + round % 2]) == 0);
    CHECK_FAILURE(UNAVAILABLE, "gone",
                  iree_hal_semaphore_list_wait((iree_hal_semaphore_list_t){3, semaphores, values}, forever));
    pthread_join(thread, NULL);
    for (int i = 0; i < 3; ++i) iree_hal_semaphore_release(semaphores[i]);
  }
  check_nothing_left();
}

/* ---- Assistants -------------------------------------------------------------------------------------------------- */

typedef struct assistant_t {
  iree_hal_semaphore_t* semaphore;
  int calls;
} assistant_t;

/* Works twice, then does what the waiter waits for. */
static bool assist(void* user_data) {
  assistant_t* assistant = user_data;
  if (++assistant->calls == 3) CHECK_OK(iree_hal_semaphore_signal(assistant->semaphore, 1));
  return true;
}

static void waiters_work(void) {
  hal_timeline_t* timeline = new_timeline();
  assistant_t assistant = {NULL, 0};
  CHECK_OK(hal_semaphore_create(timeline, 0, iree_allocator_system(), &assistant.semaphore));
  hal_timeline_set_assistant(timeline, assist, &assistant);
  CHECK_OK(iree_hal_semaphore_wait(assistant.semaphore, 1, forever));
  CHECK(assistant.calls == 3);
  CHECK_OK(iree_hal_semaphore_wait(assistant.semaphore, 1, forever));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(assistant.semaphore, 2, after(0)));
  CHECK(assistant.calls == 3);
  hal_timeline_set_assistant(timeline, NULL, NULL);
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, iree_hal_semaphore_wait(assistant.semaphore, 2, after(1000)));
  CHECK(assistant.calls == 3);
  iree_hal_semaphore_release(assistant.semaphore);
  hal_timeline_release(timeline);
}

/* ---- Timepoints -------------------------------------------------------------------------------------------------- */

typedef struct counted_t {
  hal_timepoint_t timepoint;
  int calls;
  iree_status_code_t code;
} counted_t;

static void count_call(hal_timepoint_t* timepoint, iree_status_t status) {
  counted_t* counted = (counted_t*)timepoint;
  ++counted->calls;
  counted->code = iree_status_consume_code(status);
}

static bool add(iree_hal_semaphore_t* semaphore, uint64_t value, counted_t* counted, iree_status_code_t* out_code) {
  iree_status_t status = iree_ok_status();
  bool is_kept = hal_semaphore_add_timepoint(semaphore, value, count_call, &counted->timepoint, &status);
  *out_code = iree_status_consume_code(status);
  return is_kept;
}

static void timepoints_are_called_once(void) {
  iree_hal_semaphore_t* semaphore = new_semaphore(1);
  counted_t counted[4] = {{{NULL, 0, NULL}, 0, 0}};
  iree_status_code_t code;
  CHECK(!add(semaphore, 1, &counted[0], &code) && code == IREE_STATUS_OK);
  for (int i = 1; i < 4; ++i) CHECK(add(semaphore, 1 + (uint64_t)i, &counted[i], &code));
  CHECK_OK(iree_hal_semaphore_signal(semaphore, 3));
  CHECK(counted[0].calls == 0 && counted[1].calls == 1 && counted[2].calls == 1 && counted[3].calls == 0);
  CHECK(!hal_semaphore_remove_timepoint(semaphore, &counted[1].timepoint));
  CHECK(hal_semaphore_remove_timepoint(semaphore, &counted[3].timepoint));
  CHECK(!hal_semaphore_remove_timepoint(semaphore, &counted[3].timepoint));
  CHECK(add(semaphore, 100, &counted[3], &code));
  iree_hal_semaphore_fail(semaphore, iree_status_from_code(IREE_STATUS_DEFERRED));
  CHECK(counted[3].calls == 1 && counted[3].code == IREE_STATUS_DEFERRED);
  CHECK(!add(semaphore, 200, &counted[0], &code) && code == IREE_STATUS_DEFERRED);
  iree_hal_semaphore_release(semaphore);
  check_nothing_left();
}

static const check_case_t cases[] = {
    {"values only grow", values_only_grow},
    {"failures stay", failures_stay},
    {"bad initial values", bad_initial_values},
    {"waits end in time", waits_end_in_time},
    {"no wake-up is missed", no_wake_up_is_missed},
    {"any failure ends a wait", any_failure_ends_a_wait},
    {"waiters work", waiters_work},
    {"timepoints are called once", timepoints_are_called_once},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
