/* SPDX-License-Identifier: Apache-2.0 */
/* Runs out of memory at every request of load, link, call and teardown: a status each time, and nothing is left
 * over. */
#include "interp_world.h"

static iree_status_t call_everything(world_t* world) {
  static const char* const names[] = {"a.f0", "a.f1", "a.f2", "a.f4", "c.f0"};
  for (int i = 0; i < 5; ++i) {
    int32_t result = 0;
    native_plan.deferrals = 1;
    IREE_RETURN_IF_ERROR(world_invoke(world, names[i], 3, &result));
  }
  int32_t result = 0;
  iree_status_t status = world_invoke(world, "c.f4", 3, &result); /* takes all segments of a stack */
  CHECK(IREE_STATUS_IS(RESOURCE_EXHAUSTED, status));
  iree_status_free(status);
  status = world_invoke(world, "a.f7", 3, &result);
  if (IREE_STATUS_IS(INVALID_ARGUMENT, status)) return iree_status_ignore(status);
  return status;
}

static iree_status_t load_call_unload(vmrt_probe_t* probe) {
  world_t world = {.probe = probe, .allocator = vmrt_probe_allocator(probe, IREE_SV("world"))};
  iree_status_t status = world_create(&world);
  if (iree_status_is_ok(status)) status = call_everything(&world);
  world_free(&world);
  return status;
}

static void sweep(bool from_then_on) {
  int64_t request = 0;
  for (bool done = false; !done; ++request) {
    vmrt_probe_t* probe = NULL;
    CHECK_OK(vmrt_probe_create(&probe));
    vmrt_probe_fail_at(probe, request, from_then_on);
    iree_status_t status = load_call_unload(probe);
    vmrt_probe_statistics_t statistics = vmrt_probe_statistics(probe);
    CHECK(statistics.live_blocks == 0);
    done = statistics.failed == 0;
    if (done) {
      CHECK_OK(status);
    } else if (!iree_status_is_ok(status)) {
      CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
    }
    vmrt_probe_release(probe);
  }
  CHECK(request > 30);
}

static void test_one_request_fails(void) { sweep(false); }
static void test_all_later_requests_fail(void) { sweep(true); }

static const check_case_t cases[] = {
    {"one_request_fails", test_one_request_fails},
    {"all_later_requests_fail", test_all_later_requests_fail},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
