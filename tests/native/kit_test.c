/* SPDX-License-Identifier: Apache-2.0 */
/* Drives a module of the kit through its interface alone: several states, fork, signals, resumption, and memory that runs out. */
#include "vmrt/module.h"

#define CHECK(condition)                                               \
  do {                                                                 \
    if (condition) break;                                              \
    fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
    exit(1);                                                           \
  } while (0)

/* ---- An allocator that counts, and fails from the n-th request on ------------------------------------------------------ */

typedef struct {
  int live, allowed;
} heap_t;

static iree_status_t heap_control(void* self, iree_allocator_command_t command, const void* params, void** block) {
  heap_t* heap = (heap_t*)self;
  if (command == IREE_ALLOCATOR_COMMAND_FREE) {
    heap->live -= *block != NULL;
    free(*block);
    *block = NULL;
    return vmrt_ok();
  }
  CHECK(command == IREE_ALLOCATOR_COMMAND_CALLOC);
  if (heap->allowed-- <= 0) return vmrt_status(IREE_STATUS_RESOURCE_EXHAUSTED, "out of memory");
  *block = calloc(1, *(const size_t*)params);
  ++heap->live;
  return vmrt_ok();
}

static iree_status_code_t take_code(iree_status_t status) {
  iree_status_code_t code = vmrt_status_code(status);
  vmrt_status_free(status);
  return code;
}

/* ---- The module under test: a total per context, one import, one call that defers ------------------------------------- */

typedef struct {
  int32_t total, signals;
} total_t;

static int live_totals;

static iree_status_t init_state(vmrt_module_t* module, void* state) {
  (void)module;
  ((total_t*)state)->total = 10;
  ++live_totals;
  return vmrt_ok();
}

static void deinit_state(vmrt_module_t* module, void* state) {
  (void)module, (void)state;
  --live_totals;
}

static iree_status_t fork_state(vmrt_module_t* module, const void* parent, void* child) {
  (void)module;
  if (((const total_t*)parent)->total < 0) return vmrt_status_bare(IREE_STATUS_ABORTED);
  ((total_t*)child)->total = ((const total_t*)parent)->total;
  return vmrt_ok();
}

static iree_status_t notify(vmrt_module_t* module, void* state, iree_vm_signal_t signal) {
  (void)module;
  ((total_t*)state)->signals += (int32_t)signal;
  return vmrt_ok();
}

static iree_status_t add(vmrt_call_t* call) {
  total_t* total = (total_t*)vmrt_call_state(call);
  total->total += vmrt_arg_i32(call);
  vmrt_return_i32(call, total->total);
  return vmrt_ok();
}

static iree_status_t later(vmrt_call_t* call) {
  (void)call;
  return vmrt_status_bare(IREE_STATUS_DEFERRED);
}

static iree_status_t resume(vmrt_call_t* call) {
  vmrt_resume_as(call, "0v_i");
  vmrt_return_i32(call, ((total_t*)vmrt_call_state(call))->signals);
  return vmrt_ok();
}

static iree_status_t bound(vmrt_call_t* call) {
  vmrt_return_i32(call, vmrt_import_resolved(call, 0));
  return vmrt_ok();
}

static const vmrt_module_type_t total_type = {
    .name = "total",
    .state_size = sizeof(total_t),
    .init_state = init_state,
    .deinit_state = deinit_state,
    .fork_state = fork_state,
    .notify = notify,
    .resume = resume,
    VMRT_IMPORTS({"other.thing", "0v_v", VMRT_OPTIONAL}),
    VMRT_EXPORTS({"add", "0i_i", add}, {"later", "0v_i", later}, {"bound", "0v_i", bound}),
};

/* ---- Steps --------------------------------------------------------------------------------------------------------------- */

static iree_vm_module_t* create(heap_t* heap) {
  iree_vm_module_t* module = NULL;
  iree_allocator_t allocator = {heap, heap_control};
  CHECK(vmrt_is_ok(vmrt_module_create(&total_type, 1, NULL, 0, NULL, allocator, &module)));
  return module;
}

static iree_vm_module_state_t* alloc_state(iree_vm_module_t* module, heap_t* heap) {
  iree_vm_module_state_t* state = NULL;
  iree_allocator_t allocator = {heap, heap_control};
  CHECK(vmrt_is_ok(module->alloc_state(module->self, allocator, &state)));
  return state;
}

static iree_status_code_t call(iree_vm_module_t* module, uint16_t ordinal, int32_t argument, int32_t* result) {
  iree_vm_function_call_t call = {
      .function = {module, IREE_VM_FUNCTION_LINKAGE_EXPORT, ordinal},
      .arguments = {(uint8_t*)&argument, ordinal == 0 ? sizeof argument : 0},
      .results = {(uint8_t*)result, sizeof *result},
  };
  return take_code(module->begin_call(module->self, NULL, call));
}

static void test_calls_are_refused_while_there_are_several_states(void) {
  heap_t heap = {.allowed = 100};
  int32_t result = 0;
  iree_vm_module_t* module = create(&heap);
  CHECK(call(module, 0, 1, &result) == IREE_STATUS_FAILED_PRECONDITION);
  iree_vm_module_state_t* first = alloc_state(module, &heap);
  CHECK(call(module, 0, 1, &result) == IREE_STATUS_OK && result == 11);
  iree_vm_module_state_t* second = alloc_state(module, &heap);
  CHECK(call(module, 0, 1, &result) == IREE_STATUS_FAILED_PRECONDITION);
  module->free_state(module->self, second);
  CHECK(call(module, 0, 1, &result) == IREE_STATUS_OK && result == 12);
  module->free_state(module->self, first);
  module->destroy(module->self);
  CHECK(heap.live == 0 && live_totals == 0);
}

static void test_a_fork_copies_state_and_imports(void) {
  heap_t heap = {.allowed = 100};
  int32_t result = 0;
  iree_allocator_t allocator = {&heap, heap_control};
  iree_vm_module_t* module = create(&heap);
  iree_vm_module_state_t *parent = alloc_state(module, &heap), *child = NULL;
  iree_vm_function_t function = {module, IREE_VM_FUNCTION_LINKAGE_EXPORT, 0};
  CHECK(call(module, 2, 0, &result) == IREE_STATUS_OK && result == 0);
  CHECK(vmrt_is_ok(module->resolve_import(module->self, parent, 0, &function, NULL)));
  CHECK(take_code(module->resolve_import(module->self, parent, 1, &function, NULL)) == IREE_STATUS_OUT_OF_RANGE);
  CHECK(call(module, 0, 5, &result) == IREE_STATUS_OK);
  CHECK(vmrt_is_ok(module->fork_state(module->self, parent, allocator, &child)));
  module->free_state(module->self, parent);
  CHECK(call(module, 0, 0, &result) == IREE_STATUS_OK && result == 15);
  CHECK(call(module, 2, 0, &result) == IREE_STATUS_OK && result == 1);
  CHECK(call(module, 0, -100, &result) == IREE_STATUS_OK);
  iree_vm_module_state_t* refused = NULL;
  CHECK(take_code(module->fork_state(module->self, child, allocator, &refused)) == IREE_STATUS_ABORTED && !refused);
  module->free_state(module->self, child);
  module->destroy(module->self);
  CHECK(heap.live == 0 && live_totals == 0);
}

static void test_signals_reach_the_state_and_deferred_calls_resume(void) {
  heap_t heap = {.allowed = 100};
  int32_t result = 0;
  iree_vm_module_t* module = create(&heap);
  iree_vm_module_state_t* state = alloc_state(module, &heap);
  CHECK(vmrt_is_ok(module->notify(module->self, state, IREE_VM_SIGNAL_LOW_MEMORY)));
  CHECK(call(module, 1, 0, &result) == IREE_STATUS_DEFERRED);
  iree_byte_span_t results = {(uint8_t*)&result, sizeof result};
  CHECK(vmrt_is_ok(module->resume_call(module->self, NULL, results)) && result == IREE_VM_SIGNAL_LOW_MEMORY);
  results.data_length = 2;
  CHECK(take_code(module->resume_call(module->self, NULL, results)) == IREE_STATUS_OUT_OF_RANGE);
  module->free_state(module->self, state);
  module->destroy(module->self);
}

/* Create, two states, a fork; 0, 1, 2, … requests are served. */
static iree_status_t live_once(heap_t* heap) {
  iree_allocator_t allocator = {heap, heap_control};
  iree_vm_module_t* module = NULL;
  iree_vm_module_state_t *parent = NULL, *child = NULL;
  VMRT_TRY(vmrt_module_create(&total_type, 1, NULL, 0, NULL, allocator, &module));
  iree_status_t status = module->alloc_state(module->self, allocator, &parent);
  if (vmrt_is_ok(status)) status = module->fork_state(module->self, parent, allocator, &child);
  if (child) module->free_state(module->self, child);
  if (parent) module->free_state(module->self, parent);
  module->destroy(module->self);
  return status;
}

static void test_short_memory_is_reported_and_nothing_leaks(void) {
  for (int allowed = 0;; ++allowed) {
    heap_t heap = {.allowed = allowed};
    iree_status_code_t code = take_code(live_once(&heap));
    CHECK(heap.live == 0 && live_totals == 0);
    if (code == IREE_STATUS_OK) return;
    CHECK(code == IREE_STATUS_RESOURCE_EXHAUSTED && allowed < 10);
  }
}

/* Linkages and ordinals that do not exist, spans that are too short. */
static void test_nonsense_of_the_host_is_refused(void) {
  heap_t heap = {.allowed = 100};
  int32_t result = 0;
  iree_vm_module_t* module = create(&heap);
  iree_vm_module_state_t* state = alloc_state(module, &heap);
  iree_vm_function_call_t bad = {.function = {module, IREE_VM_FUNCTION_LINKAGE_IMPORT, 0}};
  CHECK(take_code(module->begin_call(module->self, NULL, bad)) == IREE_STATUS_INVALID_ARGUMENT);
  CHECK(call(module, 3, 0, &result) == IREE_STATUS_INVALID_ARGUMENT);
  bad.function.linkage = IREE_VM_FUNCTION_LINKAGE_EXPORT;
  CHECK(take_code(module->begin_call(module->self, NULL, bad)) == IREE_STATUS_OUT_OF_RANGE);
  CHECK(take_code(module->get_function(module->self, IREE_VM_FUNCTION_LINKAGE_INTERNAL, 0, NULL, NULL, NULL)) ==
        IREE_STATUS_OUT_OF_RANGE);
  CHECK(take_code(module->get_function(module->self, IREE_VM_FUNCTION_LINKAGE_IMPORT, 1, NULL, NULL, NULL)) ==
        IREE_STATUS_OUT_OF_RANGE);
  iree_vm_module_t* refused = NULL;
  iree_allocator_t allocator = {&heap, heap_control};
  CHECK(take_code(vmrt_module_create(&total_type, 0, NULL, 0, NULL, allocator, &refused)) == IREE_STATUS_INCOMPATIBLE);
  CHECK(!refused);
  module->free_state(module->self, state);
  module->destroy(module->self);
  CHECK(heap.live == 0);
}

/* What cannot be said in the room that a call has. */
static void test_packing_follows_the_convention(void) {
  uint8_t bytes[64] = {0};
  iree_status_t failure = vmrt_ok();
  vmrt_cursor_t cursor = vmrt_cursor("iCIiDF_v", bytes, sizeof bytes, &failure);
  vmrt_write_i32(&cursor, 1);
  vmrt_write_count(&cursor, 2);
  for (int i = 0; i < 2; ++i) {
    vmrt_write_i64(&cursor, 2);
    vmrt_write_i32(&cursor, 3);
  }
  CHECK(cursor.offset == 36);
  vmrt_write_f64(&cursor, 4.0);
  CHECK(vmrt_is_ok(failure) && cursor.offset == 48);
  vmrt_write_f64(&cursor, 4.0);
  CHECK(take_code(failure) == IREE_STATUS_INVALID_ARGUMENT);
  CHECK(vmrt_letters_size("v") == 0 && vmrt_letters_size("iIi_r") == 24 && vmrt_letters_size("rir") == 40);
  CHECK(vmrt_letters_size("fF") == 16 && vmrt_letters_size("iii") == 12 && vmrt_letters_size("iriI") == 40);
}

int main(void) {
  test_calls_are_refused_while_there_are_several_states();
  test_a_fork_copies_state_and_imports();
  test_signals_reach_the_state_and_deferred_calls_resume();
  test_short_memory_is_reported_and_nothing_leaks();
  test_nonsense_of_the_host_is_refused();
  test_packing_follows_the_convention();
  return 0;
}
