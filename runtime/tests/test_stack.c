/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks by themselves: frames of native functions, segments, the depth limit. */
#include "check.h"
#include "fake_module.h"
#include "vm/stack.h"
#include "vmrt/probe.h"

static int left_frames = 0;
static void count_frame(iree_vm_stack_frame_t* frame) {
  (void)frame;
  ++left_frames;
}

static iree_status_t no_state(void* self, iree_vm_module_t* module, iree_vm_module_state_t** out_state) {
  (void)module;
  *out_state = (iree_vm_module_state_t*)self;
  return iree_ok_status();
}

typedef struct stack_world_t {
  vmrt_probe_t* probe;
  iree_vm_stack_t* stack;
} stack_world_t;

static void open_stack(stack_world_t* world) {
  static int state;
  iree_vm_state_resolver_t resolver = {&state, no_state};
  left_frames = 0;
  CHECK_OK(vmrt_probe_create(&world->probe));
  CHECK_OK(iree_vm_stack_allocate(0, resolver, vmrt_probe_allocator(world->probe, IREE_SV("stack")), &world->stack));
}

static void close_stack(stack_world_t* world) {
  iree_vm_stack_free(world->stack);
  CHECK(vmrt_probe_statistics(world->probe).live_blocks == 0);
  vmrt_probe_release(world->probe);
}

static iree_status_t enter(stack_world_t* world, iree_host_size_t size, iree_vm_stack_frame_t** out_frame) {
  return iree_vm_stack_function_enter(world->stack, NULL, IREE_VM_STACK_FRAME_NATIVE, size, count_frame, out_frame);
}

static void test_frames(void) {
  stack_world_t world;
  open_stack(&world);
  CHECK(iree_vm_stack_current_frame(world.stack) == NULL);
  CHECK(iree_vm_stack_parent_frame(world.stack) == NULL);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_stack_function_leave(world.stack));
  iree_vm_stack_frame_t *outer = NULL, *inner = NULL;
  CHECK_OK(enter(&world, 0, &outer));
  CHECK_OK(enter(&world, 64, &inner));
  CHECK(iree_vm_stack_current_frame(world.stack) == inner);
  CHECK(iree_vm_stack_parent_frame(world.stack) == outer);
  CHECK(outer->depth == 0 && inner->depth == 1);
  CHECK(inner->type == IREE_VM_STACK_FRAME_NATIVE);
  CHECK_OK(iree_vm_stack_function_leave(world.stack));
  CHECK(iree_vm_stack_current_frame(world.stack) == outer);
  CHECK(left_frames == 1);
  CHECK_OK(iree_vm_stack_function_leave(world.stack));
  CHECK(left_frames == 2);
  close_stack(&world);
}

/* Storage behind each frame is its own and stays where it is while others come and go in further segments. */
static void test_frames_stay(void) {
  stack_world_t world;
  open_stack(&world);
  iree_vm_stack_frame_t* frames[100];
  for (int i = 0; i < 100; ++i) {
    CHECK_OK(enter(&world, 1000, &frames[i]));
    memset(frames[i] + 1, i, 1000);
  }
  for (int i = 99; i >= 0; --i) {
    CHECK(iree_vm_stack_current_frame(world.stack) == frames[i]);
    const uint8_t* storage = (const uint8_t*)(frames[i] + 1);
    for (int at = 0; at < 1000; at += 333) CHECK(storage[at] == i);
    CHECK_OK(iree_vm_stack_function_leave(world.stack));
  }
  CHECK(left_frames == 100);
  close_stack(&world);
}

static void test_free_leaves_frames(void) {
  stack_world_t world;
  open_stack(&world);
  iree_vm_stack_frame_t* frame = NULL;
  for (int i = 0; i < 50; ++i) CHECK_OK(enter(&world, 4000, &frame));
  iree_vm_stack_reset(world.stack);
  CHECK(left_frames == 50);
  CHECK(iree_vm_stack_current_frame(world.stack) == NULL);
  for (int i = 0; i < 50; ++i) CHECK_OK(enter(&world, 4000, &frame));
  close_stack(&world);
  CHECK(left_frames == 100);
}

/* 128 times the 8192 bytes of the first block less its header of 80: a frame without storage costs 80. */
static void test_limit(void) {
  stack_world_t world;
  open_stack(&world);
  iree_vm_stack_frame_t* frame = NULL;
  int depth = 0;
  iree_status_t status = enter(&world, 0, &frame);
  for (; iree_status_is_ok(status) && depth < 20000; ++depth) status = enter(&world, 0, &frame);
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, status);
  CHECK(depth == (8192 - 80) * 128 / 80);
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, enter(&world, 0, &frame));
  CHECK_OK(iree_vm_stack_function_leave(world.stack));
  CHECK_OK(enter(&world, 0, &frame));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, enter(&world, 2000000, &frame));
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, enter(&world, SIZE_MAX, &frame));
  close_stack(&world);
}

/* A loop across the end of a segment takes one segment, not one a round. */
static void test_boundary_is_cheap(void) {
  stack_world_t world;
  open_stack(&world);
  for (int fill = 0; fill < 3 * VM_STACK_INLINE_SIZE; fill += 512) {
    CHECK(vm_stack_push(world.stack, 512) != NULL);
    int64_t requests = vmrt_probe_statistics(world.probe).requests;
    for (int i = 0; i < 10; ++i) {
      void* block = vm_stack_push(world.stack, 2048);
      CHECK(block != NULL);
      vm_stack_pop(world.stack, block);
    }
    CHECK(vmrt_probe_statistics(world.probe).requests - requests <= 1);
  }
  close_stack(&world);
}

static void test_segment_without_memory(void) {
  stack_world_t world;
  open_stack(&world);
  iree_vm_stack_frame_t* frame = NULL;
  vmrt_probe_fail_at(world.probe, 0, true);
  CHECK_STATUS(IREE_STATUS_RESOURCE_EXHAUSTED, enter(&world, 2 * VM_STACK_INLINE_SIZE, &frame));
  CHECK(iree_vm_stack_current_frame(world.stack) == NULL);
  vmrt_probe_fail_at(world.probe, -1, false);
  CHECK_OK(enter(&world, 2 * VM_STACK_INLINE_SIZE, &frame));
  close_stack(&world);
}

static void test_backtrace(void) {
  stack_world_t world;
  fake_module_t fake = {.name = "n", .exports = {{"g", "0v_v", NULL}}};
  iree_vm_function_t function = {fake_module_initialize(&fake), IREE_VM_FUNCTION_LINKAGE_EXPORT, 0};
  open_stack(&world);
  iree_status_t status = iree_make_status(IREE_STATUS_ABORTED, "why");
  status = iree_vm_stack_annotate_backtrace(world.stack, status);
  iree_vm_stack_frame_t* frame = NULL;
  CHECK_OK(enter(&world, 0, &frame));
  CHECK_OK(iree_vm_stack_function_enter(world.stack, &function, IREE_VM_STACK_FRAME_NATIVE, 0, NULL, &frame));
  CHECK(iree_status_is_ok(iree_vm_stack_annotate_backtrace(world.stack, iree_ok_status())));
  status = iree_vm_stack_annotate_backtrace(world.stack, status);
  CHECK(status_mentions(status, "why"));
  CHECK(status_mentions(status, "[1] native   n.g -"));
  CHECK(status_mentions(status, "[0] native   -"));
  CHECK_STATUS(IREE_STATUS_ABORTED, status);
  close_stack(&world);
}

static const check_case_t cases[] = {
    {"frames", test_frames},
    {"frames_stay", test_frames_stay},
    {"free_leaves_frames", test_free_leaves_frames},
    {"limit", test_limit},
    {"boundary_is_cheap", test_boundary_is_cheap},
    {"segment_without_memory", test_segment_without_memory},
    {"backtrace", test_backtrace},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
