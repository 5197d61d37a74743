/* SPDX-License-Identifier: Apache-2.0 */
/* Stacks: segments of storage, native frames, and what an invocation may ask of its stack. */
#include "vm/stack.h"

#include "base/atomics.h"
#include "vm/context.h"

/* Segments grow up to this many bytes; a larger frame gets a segment of its own size. */
#define SEGMENT_SIZE_MAX (256 * 1024)
#define SEGMENT_SIZE_MIN (16 * 1024)

/* The view is the last member: the storage that the function asked for follows it. */
typedef struct native_frame_t {
  iree_vm_stack_frame_cleanup_fn_t cleanup;
  int64_t cost;
  vm_frame_t base;
} native_frame_t;

static const int32_t never_cancelled = 0;

/* The wheel's stack starts with 8192 bytes, keeps a header and small results in them, and doubles seven times. */
static int64_t budget_of(iree_host_size_t result_bytes) {
  int64_t inline_results = result_bytes <= 2048 ? (int64_t)vm_stack_align(result_bytes) : 0;
  return (IREE_VM_STACK_DEFAULT_SIZE - VM_STACK_FRAME_COST - inline_results) *
         (IREE_VM_STACK_MAX_SIZE / IREE_VM_STACK_DEFAULT_SIZE);
}

void vm_stack_initialize(iree_vm_stack_t* stack, uint32_t flags, iree_vm_state_resolver_t state_resolver,
                         iree_host_size_t result_bytes, void* storage, iree_host_size_t storage_size,
                         iree_allocator_t allocator) {
  const iree_vm_context_t* context = vm_context_from_resolver(state_resolver);
  /* Field by field: clearing the whole first takes longer than an empty call should. */
  stack->top = stack->start = (uint8_t*)storage;
  stack->limit = (uint8_t*)storage + storage_size;
  stack->budget = budget_of(result_bytes);
  stack->current = NULL;
  stack->context_cancel = context ? vm_context_cancel_flag(context) : &never_cancelled;
  stack->instance_cancel = context ? vm_instance_cancel_flag(iree_vm_context_instance(context)) : &never_cancelled;
  stack->activation = NULL;
  stack->native_depth = 0;
  stack->flags = flags;
  stack->backtrace_code = IREE_STATUS_OK;
  stack->deferred_failure = false;
  stack->segment = stack->spare = NULL;
  stack->state_resolver = state_resolver;
  stack->allocator = allocator;
}

void vm_stack_deinitialize(iree_vm_stack_t* stack) {
  if (stack->current) vm_stack_unwind(stack, NULL);
  while (stack->segment) {
    vm_stack_segment_t* previous = stack->segment->previous;
    iree_allocator_free(stack->allocator, stack->segment);
    stack->segment = previous;
  }
  if (stack->spare) iree_allocator_free(stack->allocator, stack->spare);
  stack->spare = NULL;
}

iree_status_t iree_vm_stack_allocate(uint32_t flags, iree_vm_state_resolver_t state_resolver,
                                     iree_allocator_t allocator, iree_vm_stack_t** out_stack) {
  iree_host_size_t header = vm_stack_align(sizeof(iree_vm_stack_t));
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(allocator, header + VM_STACK_INLINE_SIZE, &block));
  iree_vm_stack_t* stack = (iree_vm_stack_t*)block;
  vm_stack_initialize(stack, flags, state_resolver, 0, (uint8_t*)block + header, VM_STACK_INLINE_SIZE, allocator);
  live_object_add(VMRT_OBJECT_STACK);
  *out_stack = stack;
  return iree_ok_status();
}

void iree_vm_stack_free(iree_vm_stack_t* stack) {
  if (!stack) return;
  vm_stack_deinitialize(stack);
  iree_allocator_free(stack->allocator, stack);
  live_object_remove(VMRT_OBJECT_STACK);
}

void iree_vm_stack_reset(iree_vm_stack_t* stack) { vm_stack_unwind(stack, NULL); }

iree_allocator_t iree_vm_stack_allocator(const iree_vm_stack_t* stack) { return stack->allocator; }

uint32_t iree_vm_stack_invocation_flags(const iree_vm_stack_t* stack) { return stack->flags; }

iree_status_t iree_vm_stack_query_module_state(iree_vm_stack_t* stack, iree_vm_module_t* module,
                                               iree_vm_module_state_t** out_module_state) {
  return stack->state_resolver.query_module_state(stack->state_resolver.self, module, out_module_state);
}

iree_status_t vm_stack_exhausted(const iree_vm_stack_t* stack) {
  if (stack->budget >= 0) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "no memory for another stack segment");
  }
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "stack limit of %d bytes reached: recursion too deep",
                          IREE_VM_STACK_MAX_SIZE);
}

iree_status_t vm_stack_cancel_status(const iree_vm_stack_t* stack) {
  int32_t code = __atomic_load_n(stack->context_cancel, __ATOMIC_RELAXED);
  if (!code) code = __atomic_load_n(stack->instance_cancel, __ATOMIC_RELAXED);
  if (!code) code = IREE_STATUS_CANCELLED; /* taken back in between */
  return iree_make_status((iree_status_code_t)(code & IREE_STATUS_CODE_MASK), "invocation cancelled");
}

/* ---- Segments ---------------------------------------------------------------------------------------------------- */

static iree_host_size_t next_segment_size(const iree_vm_stack_t* stack, iree_host_size_t wanted) {
  iree_host_size_t size = stack->segment ? stack->segment->size * 2 : SEGMENT_SIZE_MIN;
  if (size > SEGMENT_SIZE_MAX) size = SEGMENT_SIZE_MAX;
  return size > wanted ? size : wanted;
}

static vm_stack_segment_t* take_segment(iree_vm_stack_t* stack, iree_host_size_t wanted) {
  vm_stack_segment_t* segment = stack->spare;
  if (segment && segment->size >= wanted) {
    stack->spare = NULL;
    return segment;
  }
  iree_host_size_t size = next_segment_size(stack, wanted);
  void* block = NULL;
  iree_status_t status =
      iree_allocator_malloc_uninitialized(stack->allocator, vm_stack_align(sizeof *segment) + size, &block);
  if (!iree_status_is_ok(status)) {
    iree_status_free(status);
    return NULL;
  }
  segment = (vm_stack_segment_t*)block;
  segment->size = size;
  return segment;
}

void* vm_stack_push_slow(iree_vm_stack_t* stack, iree_host_size_t size) {
  vm_stack_segment_t* segment = take_segment(stack, size);
  if (!segment) return NULL;
  segment->previous = stack->segment;
  segment->previous_top = stack->top;
  segment->previous_start = stack->start;
  segment->previous_limit = stack->limit;
  stack->segment = segment;
  stack->start = (uint8_t*)segment + vm_stack_align(sizeof *segment);
  stack->limit = stack->start + segment->size;
  stack->top = stack->start + size;
  return stack->start;
}

static void pop_segment(iree_vm_stack_t* stack) {
  vm_stack_segment_t* segment = stack->segment;
  stack->segment = segment->previous;
  stack->top = segment->previous_top;
  stack->start = segment->previous_start;
  stack->limit = segment->previous_limit;
  vm_stack_segment_t* smaller = segment;
  if (!stack->spare || stack->spare->size < segment->size) {
    smaller = stack->spare;
    stack->spare = segment;
  }
  if (smaller) iree_allocator_free(stack->allocator, smaller);
}

static bool is_in_segment(const iree_vm_stack_t* stack, const void* base) {
  return (uintptr_t)base - (uintptr_t)stack->start <= (uintptr_t)(stack->limit - stack->start);
}

void vm_stack_pop_slow(iree_vm_stack_t* stack, void* base) {
  while (stack->segment && !is_in_segment(stack, base)) pop_segment(stack);
  if (stack->segment && base == stack->start) {
    pop_segment(stack);
  } else {
    stack->top = (uint8_t*)base;
  }
}

/* ---- Frames ------------------------------------------------------------------------------------------------------ */

void vm_stack_unwind(iree_vm_stack_t* stack, vm_frame_t* frame) {
  while (stack->current != frame && stack->current) stack->current->frame_class->leave(stack, stack->current);
}

static void native_describe(vm_frame_t* frame) { (void)frame; }

static void native_leave(iree_vm_stack_t* stack, vm_frame_t* frame) {
  native_frame_t* native = (native_frame_t*)((uint8_t*)frame - offsetof(native_frame_t, base));
  if (native->cleanup) native->cleanup(&frame->view);
  stack->current = frame->parent;
  stack->budget += native->cost;
  vm_stack_pop(stack, native);
}

static const vm_frame_class_t native_frame_class = {native_describe, native_leave};

static int32_t depth_of(const vm_frame_t* frame) {
  int32_t depth = 0;
  for (frame = frame->parent; frame; frame = frame->parent) {
    ++depth;
    if (frame->frame_class == &native_frame_class) return depth + frame->view.depth;
  }
  return depth;
}

static iree_vm_stack_frame_t* view_of(vm_frame_t* frame) {
  if (!frame) return NULL;
  frame->frame_class->describe(frame);
  frame->view.depth = depth_of(frame);
  return &frame->view;
}

iree_vm_stack_frame_t* iree_vm_stack_current_frame(iree_vm_stack_t* stack) { return view_of(stack->current); }

iree_vm_stack_frame_t* iree_vm_stack_parent_frame(iree_vm_stack_t* stack) {
  return stack->current ? view_of(stack->current->parent) : NULL;
}

/* Takes budget and storage for a native frame. */
static iree_status_t push_native_frame(iree_vm_stack_t* stack, iree_host_size_t frame_size,
                                       native_frame_t** out_frame) {
  if (frame_size > IREE_VM_STACK_MAX_SIZE) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                            "stack frame of %zu bytes is larger than the stack limit of %d", frame_size,
                            IREE_VM_STACK_MAX_SIZE);
  }
  int64_t cost = VM_STACK_FRAME_COST + (int64_t)vm_stack_align(frame_size);
  stack->budget -= cost;
  native_frame_t* frame = NULL;
  if (stack->budget >= 0) {
    frame = (native_frame_t*)vm_stack_push(stack, vm_stack_align(sizeof *frame + frame_size));
  }
  if (!frame) {
    iree_status_t status = vm_stack_exhausted(stack);
    stack->budget += cost;
    return status;
  }
  *frame = (native_frame_t){.cost = cost};
  *out_frame = frame;
  return iree_ok_status();
}

iree_status_t iree_vm_stack_function_enter(iree_vm_stack_t* stack, const iree_vm_function_t* function,
                                           iree_vm_stack_frame_type_t frame_type, iree_host_size_t frame_size,
                                           iree_vm_stack_frame_cleanup_fn_t frame_cleanup_fn,
                                           iree_vm_stack_frame_t** out_frame) {
  iree_vm_module_state_t* module_state = NULL;
  if (function && function->module) {
    IREE_RETURN_IF_ERROR(iree_vm_stack_query_module_state(stack, function->module, &module_state));
  }
  native_frame_t* frame = NULL;
  IREE_RETURN_IF_ERROR(push_native_frame(stack, frame_size, &frame));
  frame->cleanup = frame_cleanup_fn;
  frame->base.parent = stack->current;
  frame->base.frame_class = &native_frame_class;
  iree_vm_stack_frame_t* view = &frame->base.view;
  view->type = frame_type;
  if (function) view->function = *function;
  view->module_state = module_state;
  view->depth = depth_of(&frame->base);
  stack->current = &frame->base;
  *out_frame = view;
  return iree_ok_status();
}

iree_status_t iree_vm_stack_function_leave(iree_vm_stack_t* stack) {
  if (!stack->current) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "no frame on the stack to leave");
  }
  stack->current->frame_class->leave(stack, stack->current);
  return iree_ok_status();
}
