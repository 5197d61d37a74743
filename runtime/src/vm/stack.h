/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a stack: blocks of memory that never move, frames that know how to leave, and a budget that limits the
 * depth.
 *
 * Storage is used strictly last in, first out. When a segment is full the next one is taken, and the one left last is
 * kept for the next time, so that a loop that calls across the boundary does not allocate. */
#ifndef VMRT_VM_STACK_H_
#define VMRT_VM_STACK_H_

#include "iree/vm/stack.h"

/* What a frame costs beside its storage: our accounting is that of IREE 3.13, so that recursion ends at the same
 * depth. */
#define VM_STACK_FRAME_COST 80
/* Native functions that may be active at once: each needs an unknown amount of the C stack. */
#define VM_STACK_NATIVE_DEPTH_LIMIT 512
/* Storage inside an invocation: enough for most calls without any allocation. */
#define VM_STACK_INLINE_SIZE 4096
#define VM_STACK_ALIGNMENT 16

typedef struct vm_frame_t vm_frame_t;

typedef struct vm_frame_class_t {
  /* Brings `frame->view` up to date; `depth` is the caller's business. */
  void (*describe)(vm_frame_t* frame);
  /* Releases what the frame holds and gives its storage and budget back. */
  void (*leave)(iree_vm_stack_t* stack, vm_frame_t* frame);
} vm_frame_class_t;

/* First member of every frame. */
struct vm_frame_t {
  vm_frame_t* parent;
  const vm_frame_class_t* frame_class;
  iree_vm_stack_frame_t view;
};

typedef struct vm_stack_segment_t {
  struct vm_stack_segment_t* previous;
  uint8_t* previous_top; /* top in the previous segment */
  uint8_t* previous_start;
  uint8_t* previous_limit;
  iree_host_size_t size; /* of the storage behind this header */
} vm_stack_segment_t;

struct iree_vm_stack_t {
  uint8_t* top; /* next free byte, aligned to 16 */
  uint8_t* limit;
  int64_t budget;      /* accounted bytes that frames may still take */
  vm_frame_t* current; /* newest frame */
  uint8_t* start;      /* first byte of the segment */
  const int32_t* context_cancel;
  const int32_t* instance_cancel;
  void* activation; /* innermost run of the bytecode interpreter on this stack */
  int32_t native_depth;
  uint32_t flags;
  /* Why the newest failure needs no backtrace (its code, 0: it does) and whether its DEFERRED is no suspension. */
  iree_status_code_t backtrace_code;
  bool deferred_failure;
  vm_stack_segment_t* segment; /* NULL: still in the first, inline storage */
  vm_stack_segment_t* spare;
  iree_vm_state_resolver_t state_resolver;
  iree_allocator_t allocator;
};

/* A stack on storage of the caller (aligned to 16). `result_bytes` of the invocation take part in the depth limit. */
void vm_stack_initialize(iree_vm_stack_t* stack, uint32_t flags, iree_vm_state_resolver_t state_resolver,
                         iree_host_size_t result_bytes, void* storage, iree_host_size_t storage_size,
                         iree_allocator_t allocator);
/* Leaves all frames and frees the segments. */
void vm_stack_deinitialize(iree_vm_stack_t* stack);

/* Leaves all frames above `frame` (NULL: all). */
void vm_stack_unwind(iree_vm_stack_t* stack, vm_frame_t* frame);

/* The status of a frame that does not fit any more. */
iree_status_t vm_stack_exhausted(const iree_vm_stack_t* stack);

/* The code that somebody asked this invocation to stop with, or 0. */
static inline int32_t vm_stack_cancelled(const iree_vm_stack_t* stack) {
  return __atomic_load_n(stack->context_cancel, __ATOMIC_RELAXED) |
         __atomic_load_n(stack->instance_cancel, __ATOMIC_RELAXED);
}
/* The status to stop with when vm_stack_cancelled said so. */
iree_status_t vm_stack_cancel_status(const iree_vm_stack_t* stack);

/* A suspension, as against a failure that happens to have the code DEFERRED. */
static inline bool vm_stack_is_suspension(const iree_vm_stack_t* stack, iree_status_t status) {
  return iree_status_code(status) == IREE_STATUS_DEFERRED && !stack->deferred_failure;
}

/* Begins `call` and resumes it until it is no longer suspended. Cancellation ends a callee that defers for ever. */
iree_status_t vm_stack_invoke(iree_vm_stack_t* stack, const iree_vm_function_call_t* call);
/* The same in steps, DEFERRED (the code alone) while it is suspended: `is_begun` is false for the first one. */
iree_status_t vm_stack_step(iree_vm_stack_t* stack, const iree_vm_function_call_t* call, bool is_begun);

/* Call records are passed by value, 16 bytes at a time: spans are written whole, since a load of two words that were
 * stored one by one has to wait for both to reach the cache. */
static inline void vm_set_span(iree_byte_span_t* span, uint8_t* data, iree_host_size_t length) {
#if defined(__GNUC__) && UINTPTR_MAX == UINT64_MAX
  typedef uint64_t pair_t __attribute__((vector_size(16)));
  pair_t pair = {(uint64_t)(uintptr_t)data, length};
  memcpy(span, &pair, sizeof pair);
#else
  *span = iree_make_byte_span(data, length);
#endif
}

/* Takes a new segment; NULL without memory. */
void* vm_stack_push_slow(iree_vm_stack_t* stack, iree_host_size_t size);
void vm_stack_pop_slow(iree_vm_stack_t* stack, void* base);

/* Uninitialised bytes on top of the stack, `size` a multiple of 16; NULL without memory. */
static inline void* vm_stack_push(iree_vm_stack_t* stack, iree_host_size_t size) {
  uint8_t* base = stack->top;
  if (__builtin_expect((iree_host_size_t)(stack->limit - base) < size, 0)) return vm_stack_push_slow(stack, size);
  stack->top = base + size;
  return base;
}

/* Gives back `base` and everything pushed after it. */
static inline void vm_stack_pop(iree_vm_stack_t* stack, void* base) {
  uint8_t* top = (uint8_t*)base;
  if (__builtin_expect((uintptr_t)top - (uintptr_t)stack->start - 1 >= (uintptr_t)(stack->limit - stack->start), 0)) {
    vm_stack_pop_slow(stack, base);
    return;
  }
  stack->top = top;
}

static inline iree_host_size_t vm_stack_align(iree_host_size_t size) {
  return (size + VM_STACK_ALIGNMENT - 1) & ~(iree_host_size_t)(VM_STACK_ALIGNMENT - 1);
}

#endif /* VMRT_VM_STACK_H_ */
