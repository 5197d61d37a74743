/* SPDX-License-Identifier: Apache-2.0 */
/* Fences: entries, joins, and what becomes of all their semaphores. */
#include "device_world.h"

static iree_hal_semaphore_t* new_semaphore(device_world_t* world) {
  iree_hal_semaphore_t* semaphore = NULL;
  CHECK_OK(iree_hal_semaphore_create(world->device, ANY, 0, 0, &semaphore));
  return semaphore;
}

static iree_hal_fence_t* fence_of(iree_hal_semaphore_t* semaphore, uint64_t value) {
  iree_hal_fence_t* fence = NULL;
  CHECK_OK(iree_hal_fence_create_at(semaphore, value, iree_allocator_system(), &fence));
  return fence;
}

static iree_status_t query(iree_hal_fence_t* fence) { return iree_hal_fence_query(fence); }

/* ---- Entries ----------------------------------------------------------------------------------------------------- */

static void entries(device_world_t* world) {
  iree_hal_semaphore_t *a = new_semaphore(world), *b = new_semaphore(world), *c = new_semaphore(world);
  iree_hal_fence_t* fence = NULL;
  CHECK_OK(iree_hal_fence_create(2, world->heap, &fence));
  CHECK_OK(query(fence));
  CHECK_OK(iree_hal_fence_insert(fence, a, 2));
  CHECK_OK(iree_hal_fence_insert(fence, b, 1));
  CHECK_OK(iree_hal_fence_insert(fence, a, 1));
  CHECK_FAILURE(RESOURCE_EXHAUSTED, "2", iree_hal_fence_insert(fence, c, 1));
  CHECK_OK(iree_hal_fence_insert(fence, b, 7));
  iree_hal_semaphore_list_t list = iree_hal_fence_semaphore_list(fence);
  CHECK(list.count == 2 && list.payload_values[0] == 2 && list.payload_values[1] == 7);
  CHECK(iree_hal_fence_semaphore_list(NULL).count == 0);
  iree_hal_semaphore_release(a);
  iree_hal_semaphore_release(b);
  iree_hal_semaphore_release(c);
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, iree_hal_fence_create(IREE_HOST_SIZE_MAX / 2, world->heap, &fence));
  iree_hal_fence_release(fence);
}

static void the_first_unreached_entry_decides(device_world_t* world) {
  iree_hal_semaphore_t *a = new_semaphore(world), *b = new_semaphore(world);
  iree_hal_fence_t* fence = NULL;
  CHECK_OK(iree_hal_fence_create(2, world->heap, &fence));
  CHECK_OK(iree_hal_fence_insert(fence, a, 1));
  CHECK_OK(iree_hal_fence_insert(fence, b, 1));
  CHECK_STATUS(IREE_STATUS_DEFERRED, query(fence));
  iree_hal_semaphore_fail(b, iree_make_status(IREE_STATUS_ABORTED, "b is broken"));
  CHECK_STATUS(IREE_STATUS_DEFERRED, query(fence));
  CHECK_FAILURE(ABORTED, "b is broken", AWAIT(fence));
  CHECK_OK(iree_hal_semaphore_signal(a, 1));
  CHECK_FAILURE(ABORTED, "b is broken", query(fence));
  iree_hal_semaphore_release(a);
  iree_hal_semaphore_release(b);
  iree_hal_fence_release(fence);
}

/* ---- Signals and failures ---------------------------------------------------------------------------------------- */

static void signals(device_world_t* world) {
  iree_hal_fence_t* fence = new_fence(world);
  CHECK_STATUS(IREE_STATUS_DEFERRED, query(fence));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, vmrt_hal_fence_wait_for(fence, 0));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, vmrt_hal_fence_wait_for(fence, 1000000));
  CHECK_OK(iree_hal_fence_signal(fence));
  CHECK_OK(query(fence));
  CHECK_OK(AWAIT(fence));
  CHECK_FAILURE(INVALID_ARGUMENT, "semaphore already signaled past 1", iree_hal_fence_signal(fence));
  iree_hal_fence_release(fence);
}

static void failures(device_world_t* world) {
  iree_hal_fence_t* fence = new_fence(world);
  vmrt_hal_fence_fail_code(fence, IREE_STATUS_OK);
  CHECK_STATUS(IREE_STATUS_DEFERRED, query(fence));
  iree_hal_fence_fail(fence, iree_make_status(IREE_STATUS_UNAVAILABLE, "no more"));
  for (int i = 0; i < 2; ++i) CHECK_FAILURE(UNAVAILABLE, "no more", query(fence));
  CHECK_FAILURE(UNAVAILABLE, "no more", iree_hal_fence_signal(fence));
  CHECK_FAILURE(UNAVAILABLE, "no more", AWAIT(fence));
  iree_hal_fence_release(fence);
}

/* ---- Joins ------------------------------------------------------------------------------------------------------- */

static void joins(device_world_t* world) {
  iree_hal_semaphore_t *a = new_semaphore(world), *b = new_semaphore(world);
  iree_hal_fence_t* fences[4] = {fence_of(a, 1), NULL, fence_of(a, 3), fence_of(b, 2)};
  iree_hal_fence_t* joined = NULL;
  CHECK_OK(iree_hal_fence_join(4, fences, world->heap, &joined));
  iree_hal_semaphore_list_t list = iree_hal_fence_semaphore_list(joined);
  CHECK(list.count == 2 && list.semaphores[0] == a && list.payload_values[0] == 3);
  CHECK(list.semaphores[1] == b && list.payload_values[1] == 2);
  for (int i = 0; i < 4; ++i) iree_hal_fence_release(fences[i]);
  CHECK_OK(iree_hal_fence_signal(joined));
  CHECK_OK(query(joined));
  iree_hal_fence_release(joined);
  iree_hal_semaphore_release(a);
  iree_hal_semaphore_release(b);
}

static void joins_of_nothing(device_world_t* world) {
  iree_hal_fence_t *empty = NULL, *joined = NULL;
  CHECK_OK(iree_hal_fence_create(0, world->heap, &empty));
  iree_hal_fence_t* fences[2] = {NULL, empty};
  CHECK_OK(iree_hal_fence_join(0, NULL, world->heap, &joined));
  CHECK(joined == NULL);
  CHECK_OK(iree_hal_fence_join(2, fences, world->heap, &joined));
  CHECK(joined == NULL);
  CHECK_OK(AWAIT(empty));
  CHECK_OK(AWAIT(NULL));
  iree_hal_fence_release(empty);
}

/* Semaphores of two devices in one fence. */
static void fences_of_several_devices(device_world_t* world) {
  iree_hal_device_t* other = NULL;
  CHECK_OK(create_device("local-sync", world->heap, &other));
  iree_hal_fence_t* fences[2] = {new_fence(world), NULL};
  CHECK_OK(vmrt_hal_device_create_fence(other, &fences[1]));
  iree_hal_fence_t* joined = NULL;
  CHECK_OK(iree_hal_fence_join(2, fences, world->heap, &joined));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, vmrt_hal_fence_wait_for(joined, 100000));
  CHECK_OK(iree_hal_fence_signal(fences[1]));
  CHECK_STATUS(IREE_STATUS_DEADLINE_EXCEEDED, vmrt_hal_fence_wait_for(joined, 100000));
  CHECK_OK(vmrt_hal_queue_barrier(other, fences[1], fences[0]));
  CHECK_OK(AWAIT(joined));
  iree_hal_fence_release(joined);
  for (int i = 0; i < 2; ++i) iree_hal_fence_release(fences[i]);
  iree_hal_device_release(other);
}

ON_EACH_DEVICE(entries)
ON_EACH_DEVICE(the_first_unreached_entry_decides)
ON_EACH_DEVICE(signals)
ON_EACH_DEVICE(failures)
ON_EACH_DEVICE(joins)
ON_EACH_DEVICE(joins_of_nothing)
ON_EACH_DEVICE(fences_of_several_devices)

static const check_case_t cases[] = {
    {"entries", test_entries},
    {"the first unreached entry decides", test_the_first_unreached_entry_decides},
    {"signals", test_signals},
    {"failures", test_failures},
    {"joins", test_joins},
    {"joins of nothing", test_joins_of_nothing},
    {"fences of several devices", test_fences_of_several_devices},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
