/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts: order of the steps of registration and teardown, rollback, special functions, signals, forks. */
#include "fake_module.h"
#include "vm/context.h"
#include "vmrt/probe.h"

static iree_vm_instance_t* instance;

static void begin(void) {
  fake_trace[0] = 0;
  fake_trace_questions = false;
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
}

static void end(void) {
  iree_vm_instance_release(instance);
  CHECK(vmrt_live_objects(VMRT_OBJECT_INSTANCE) == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_CONTEXT) == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_STACK) == 0);
  CHECK(vmrt_live_objects(VMRT_OBJECT_STATUS) == 0);
}

#define SPECIALS                               \
  {                                            \
    {"__init", "0v_v", NULL}, {"__deinit", "0v_v", NULL}, \
  }

static void release_modules(iree_vm_module_t** modules, size_t count) {
  for (size_t i = 0; i < count; ++i) iree_vm_module_release(modules[i]);
}

static iree_status_t create(iree_vm_module_t** modules, size_t count, iree_vm_context_t** out_context) {
  return iree_vm_context_create_with_modules(instance, IREE_VM_CONTEXT_FLAG_NONE, count, modules,
                                             iree_allocator_system(), out_context);
}

/* Each module is ready before the next one begins; all of it is undone in reverse, kind by kind. */
static void test_order(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = SPECIALS}, b = {.name = "b", .exports = SPECIALS};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(modules, 2, &context));
  CHECK_TRACE("a.alloc a.deps a.call(__init) b.alloc b.deps b.call(__init)");
  release_modules(modules, 2);
  CHECK_TRACE("");
  CHECK(iree_vm_context_module_count(context) == 2);
  CHECK(iree_vm_context_module_at(context, 1) == modules[1]);
  CHECK(iree_vm_context_module_at(context, 2) == NULL);
  iree_vm_context_release(context);
  CHECK_TRACE("b.call(__deinit) a.call(__deinit) b.free a.free b.destroy a.destroy");
  end();
}

/* A module whose `__init` ran is deinitialised, state or not; its NULL state is not freed. */
static void test_null_state(void) {
  begin();
  fake_module_t a = {.name = "a", .has_no_state = true, .exports = SPECIALS};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(modules, 1, &context));
  iree_vm_context_release(context);
  CHECK_TRACE("a.alloc a.deps a.call(__init) a.call(__deinit)");
  release_modules(modules, 1);
  CHECK_TRACE("a.destroy");
  end();
}

/* `__deinit` is due for a module without `__init` that was registered completely. */
static void test_deinit_without_init(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = {{"__deinit", "0v_v", NULL}}};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(modules, 1, &context));
  iree_vm_context_release(context);
  release_modules(modules, 1);
  CHECK_TRACE("a.alloc a.deps a.call(__deinit) a.free a.destroy");
  end();
}

typedef struct rollback_t {
  const char* event;
  iree_status_code_t code; /* that the event fails with */
  const char* trace;
} rollback_t;

/* Wherever the second module fails, its steps so far and all of the first module are undone; its `__deinit` never
 * runs. */
static void test_rollback(void) {
  static const rollback_t rollbacks[] = {
      {"alloc", IREE_STATUS_DATA_LOSS,
       "a.alloc a.deps a.call(__init) b.alloc! a.call(__deinit) a.free b.destroy a.destroy"},
      {"deps", IREE_STATUS_ABORTED,
       "a.alloc a.deps a.call(__init) b.alloc b.deps! a.call(__deinit) b.free a.free b.destroy a.destroy"},
      {"get(I0)", IREE_STATUS_PERMISSION_DENIED,
       "a.alloc a.deps a.call(__init) b.alloc b.deps a.call(__deinit) b.free a.free b.destroy a.destroy"},
      {"resolve(0,0ii_i)", IREE_STATUS_UNAVAILABLE,
       "a.alloc a.deps a.call(__init) b.alloc b.deps b.resolve(0,0ii_i)! a.call(__deinit) b.free a.free b.destroy "
       "a.destroy"},
      {"look(__init?)", IREE_STATUS_INTERNAL,
       "a.alloc a.deps a.call(__init) b.alloc b.deps b.resolve(0,0ii_i) a.call(__deinit) b.free a.free b.destroy "
       "a.destroy"},
      {"call(__init)", IREE_STATUS_UNKNOWN,
       "a.alloc a.deps a.call(__init) b.alloc b.deps b.resolve(0,0ii_i) b.call(__init)! a.call(__deinit) b.free "
       "a.free b.destroy a.destroy"},
      {"call(__init)", IREE_STATUS_DEFERRED,
       "a.alloc a.deps a.call(__init) b.alloc b.deps b.resolve(0,0ii_i) b.call(__init)! a.call(__deinit) b.free "
       "a.free b.destroy a.destroy"},
  };
  for (size_t i = 0; i < sizeof rollbacks / sizeof rollbacks[0]; ++i) {
    begin();
    fake_module_t a = {.name = "a",
                       .exports = {{"__init", "0v_v", NULL}, {"__deinit", "0v_v", NULL}, {"add", "0ii_i", NULL}}};
    fake_module_t b = {.name = "b",
                       .exports = SPECIALS,
                       .imports = {{"a.add", "0ii_i", false}},
                       .fail_event = rollbacks[i].event,
                       .fail_code = rollbacks[i].code};
    iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
    iree_vm_context_t* context = NULL;
    iree_status_t status = create(modules, 2, &context);
    CHECK(context == NULL);
    CHECK(status_mentions(status, "module 'b'"));
    CHECK_STATUS(rollbacks[i].code, status);
    iree_vm_module_release(modules[1]);
    iree_vm_module_release(modules[0]);
    CHECK_TRACE(rollbacks[i].trace);
    end();
  }
}

/* A failing `__deinit`, or a failing lookup of it, changes nothing else. */
static void test_failing_deinit(void) {
  static const char* const events[] = {"call(__deinit)", "look(__deinit?)"};
  static const char* const traces[] = {"a.alloc a.deps a.call(__init) a.call(__deinit)! a.free",
                                       "a.alloc a.deps a.call(__init) a.free"};
  for (size_t i = 0; i < 2; ++i) {
    begin();
    fake_module_t a = {
        .name = "a", .exports = SPECIALS, .fail_event = events[i], .fail_code = IREE_STATUS_INTERNAL};
    iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
    iree_vm_context_t* context = NULL;
    CHECK_OK(create(modules, 1, &context));
    iree_vm_context_release(context);
    CHECK_TRACE(traces[i]);
    release_modules(modules, 1);
    end();
  }
}

/* Special functions of another shape are refused before anything is called. */
static void test_special_conventions(void) {
  static const struct {
    const char* name;
    const char* cconv;
    iree_status_code_t code;
  } shapes[] = {
      {"__init", "0i_v", IREE_STATUS_INVALID_ARGUMENT},   {"__init", "0v_i", IREE_STATUS_INVALID_ARGUMENT},
      {"__init", "0CiD_v", IREE_STATUS_INVALID_ARGUMENT}, {"__deinit", "0r_v", IREE_STATUS_INVALID_ARGUMENT},
      {"__deinit", "0_r", IREE_STATUS_INVALID_ARGUMENT},  {"__init", "1v_v", IREE_STATUS_UNIMPLEMENTED},
      {"__init", "", IREE_STATUS_OK},                     {"__init", "0", IREE_STATUS_OK},
      {"__init", "0v", IREE_STATUS_OK},                   {"__init", "0_", IREE_STATUS_OK},
  };
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; ++i) {
    begin();
    fake_module_t a = {.name = "a", .exports = {{shapes[i].name, shapes[i].cconv, NULL}}};
    iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
    iree_vm_context_t* context = NULL;
    iree_status_t status = create(modules, 1, &context);
    bool is_refused = shapes[i].code != IREE_STATUS_OK;
    if (shapes[i].code == IREE_STATUS_INVALID_ARGUMENT) {
      CHECK(status_mentions(status, shapes[i].name) && status_mentions(status, shapes[i].cconv));
    }
    CHECK_STATUS(shapes[i].code, status);
    CHECK_TRACE(is_refused ? "a.alloc a.deps a.free" : "a.alloc a.deps a.call(__init)");
    iree_vm_context_release(context);
    release_modules(modules, 1);
    end();
  }
}

/* ---- Which contexts take modules --------------------------------------------------------------------------------- */

static void test_growing(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = SPECIALS}, b = {.name = "b", .exports = SPECIALS};
  fake_module_t bad = {.name = "bad", .fail_event = "alloc", .fail_code = IREE_STATUS_ABORTED};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b), fake_module_initialize(&bad)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(iree_vm_context_create(instance, 0, iree_allocator_system(), &context));
  CHECK_OK(iree_vm_context_register_modules(context, 0, NULL));
  CHECK_OK(iree_vm_context_register_modules(context, 1, &modules[0]));
  CHECK_TRACE("a.alloc a.deps a.call(__init)");
  CHECK_STATUS(IREE_STATUS_ABORTED, iree_vm_context_register_modules(context, 2, &modules[1]));
  CHECK_TRACE("b.alloc b.deps b.call(__init) bad.alloc! b.call(__deinit) b.free");
  CHECK(iree_vm_context_module_count(context) == 1);
  CHECK_OK(iree_vm_context_register_modules(context, 1, &modules[1]));
  CHECK(iree_vm_context_module_count(context) == 2);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_context_register_modules(context, 2, NULL));
  iree_vm_module_t* with_null[] = {modules[0], NULL};
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_context_register_modules(context, 2, with_null));
  CHECK(iree_vm_context_module_count(context) == 2);
  iree_vm_context_freeze(context);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_context_register_modules(context, 1, modules));
  iree_vm_context_release(context);
  release_modules(modules, 3);
  end();
}

static void test_static(void) {
  begin();
  fake_module_t a = {.name = "a"};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(NULL, 0, &context));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_context_register_modules(context, 1, modules));
  iree_vm_context_release(context);
  release_modules(modules, 1);
  end();
}

/* ---- Questions --------------------------------------------------------------------------------------------------- */

static void test_ids_and_flags(void) {
  begin();
  iree_vm_context_t *first = NULL, *second = NULL;
  CHECK_OK(iree_vm_context_create(instance, IREE_VM_CONTEXT_FLAG_CONCURRENT, iree_allocator_system(), &first));
  CHECK_OK(iree_vm_context_create(instance, 0, iree_allocator_system(), &second));
  CHECK(iree_vm_context_id(second) == iree_vm_context_id(first) + 1);
  CHECK(iree_vm_context_id(NULL) == -1);
  CHECK(iree_vm_context_flags(first) == IREE_VM_CONTEXT_FLAG_CONCURRENT);
  CHECK(iree_vm_context_instance(first) == instance);
  iree_vm_context_release(first);
  iree_vm_context_release(second);
  iree_vm_context_release(NULL);
  end();
}

/* The first registration answers for a module that is registered twice, except in its own `__init` and `__deinit`. */
static iree_vm_module_state_t* seen_states[4];
static size_t seen_state_count;
static iree_status_t see_state(fake_module_t* fake, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)call;
  return iree_vm_stack_query_module_state(stack, &fake->interface, &seen_states[seen_state_count++]);
}

static void test_states(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = {{"__init", "0v_v", see_state}, {"__deinit", "0v_v", see_state}}};
  fake_module_t b = {.name = "b"}, other = {.name = "other"};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b), &a.interface};
  iree_vm_module_t* stranger = fake_module_initialize(&other);
  iree_vm_context_t* context = NULL;
  seen_state_count = 0;
  CHECK_OK(create(modules, 3, &context));
  CHECK(seen_state_count == 2 && seen_states[0] && seen_states[1] && seen_states[0] != seen_states[1]);
  iree_vm_module_state_t *state_a = NULL, *state_b = NULL, *none = NULL;
  CHECK_OK(iree_vm_context_resolve_module_state(context, modules[0], &state_a));
  CHECK_OK(iree_vm_context_resolve_module_state(context, modules[1], &state_b));
  CHECK(state_a == seen_states[0] && state_b && state_b != state_a);
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_context_resolve_module_state(context, stranger, &none));
  iree_vm_state_resolver_t resolver = iree_vm_context_state_resolver(context);
  CHECK_OK(resolver.query_module_state(resolver.self, modules[0], &none));
  CHECK(none == state_a);
  CHECK(vm_context_from_resolver(resolver) == context);
  iree_vm_module_state_t* second = seen_states[1];
  iree_vm_context_release(context);
  CHECK(seen_state_count == 4 && seen_states[2] == second && seen_states[3] == state_a);
  release_modules(modules, 2);
  iree_vm_module_release(stranger);
  end();
}

static void test_cancel_flags(void) {
  begin();
  iree_vm_context_t* context = NULL;
  CHECK_OK(iree_vm_context_create(instance, 0, iree_allocator_system(), &context));
  CHECK(*vm_context_cancel_flag(context) == 0 && *vm_instance_cancel_flag(instance) == 0);
  vmrt_context_cancel(context, IREE_STATUS_DEADLINE_EXCEEDED);
  vmrt_instance_cancel(instance, IREE_STATUS_CANCELLED);
  CHECK(*vm_context_cancel_flag(context) == IREE_STATUS_DEADLINE_EXCEEDED);
  CHECK(*vm_instance_cancel_flag(instance) == IREE_STATUS_CANCELLED);
  vmrt_context_cancel(context, IREE_STATUS_OK);
  CHECK(*vm_context_cancel_flag(context) == 0);
  iree_vm_context_release(context);
  end();
}

/* ---- Signals ----------------------------------------------------------------------------------------------------- */

static int32_t notified_signal;
static iree_status_t take_signal(fake_module_t* fake, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)fake;
  (void)stack;
  CHECK(call.arguments.data_length == 4 && call.results.data_length == 0);
  memcpy(&notified_signal, call.arguments.data, 4);
  return iree_ok_status();
}

static void test_notify_order(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = {{"__notify", "0i_v", take_signal}}};
  fake_module_t b = {.name = "b", .exports = {{"__notify", "0i", take_signal}}}; /* the short form of the same */
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(modules, 2, &context));
  fake_trace[0] = 0;
  CHECK_OK(iree_vm_context_notify(context, IREE_VM_SIGNAL_RESUME));
  CHECK_TRACE("a.notify(0) a.call(__notify) b.notify(0) b.call(__notify)");
  CHECK_OK(iree_vm_context_notify(context, IREE_VM_SIGNAL_SUSPEND));
  CHECK_TRACE("b.call(__notify) b.notify(1) a.call(__notify) a.notify(1)");
  CHECK(notified_signal == IREE_VM_SIGNAL_SUSPEND);
  CHECK_OK(iree_vm_context_notify(context, IREE_VM_SIGNAL_LOW_MEMORY));
  CHECK_TRACE("b.call(__notify) b.notify(2) a.call(__notify) a.notify(2)");
  b.fail_event = "notify(2)";
  b.fail_code = IREE_STATUS_UNAVAILABLE;
  iree_status_t status = iree_vm_context_notify(context, IREE_VM_SIGNAL_LOW_MEMORY);
  CHECK(status_mentions(status, "module 'b'"));
  CHECK_STATUS(IREE_STATUS_UNAVAILABLE, status);
  CHECK_TRACE("b.call(__notify) b.notify(2)!");
  modules[0]->notify = NULL;
  CHECK_OK(iree_vm_context_notify(context, IREE_VM_SIGNAL_RESUME));
  CHECK_TRACE("a.call(__notify) b.notify(0) b.call(__notify)");
  iree_vm_context_release(context);
  release_modules(modules, 2);
  end();
}

static void test_notify_convention(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = {{"__notify", "0v_v", NULL}}};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(modules, 1, &context));
  fake_trace[0] = 0;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_context_notify(context, IREE_VM_SIGNAL_RESUME));
  CHECK_TRACE("a.notify(0)");
  iree_vm_context_release(context);
  release_modules(modules, 1);
  end();
}

/* ---- Forks ------------------------------------------------------------------------------------------------------- */

static void test_fork(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = SPECIALS}, b = {.name = "b", .has_no_state = true, .exports = SPECIALS};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  iree_vm_context_t *parent = NULL, *child = NULL;
  CHECK_OK(create(modules, 2, &parent));
  fake_trace[0] = 0;
  CHECK_OK(iree_vm_context_fork(parent, iree_allocator_system(), &child));
  CHECK_TRACE("a.fork b.fork a.notify(3) b.notify(3)");
  CHECK(iree_vm_context_id(child) > iree_vm_context_id(parent));
  CHECK(iree_vm_context_module_count(child) == 2);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_context_register_modules(child, 1, modules));
  iree_vm_context_release(child);
  CHECK_TRACE("b.call(__deinit) a.call(__deinit) a.free+1");
  iree_vm_context_release(parent);
  CHECK_TRACE("b.call(__deinit) a.call(__deinit) a.free");
  release_modules(modules, 2);
  end();
}

/* Only what was forked is undone; the parent goes on. */
static void test_failing_fork(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = SPECIALS}, b = {.name = "b", .exports = SPECIALS};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  iree_vm_context_t *parent = NULL, *child = NULL;
  CHECK_OK(create(modules, 2, &parent));
  fake_trace[0] = 0;
  b.fail_event = "fork";
  b.fail_code = IREE_STATUS_DATA_LOSS;
  CHECK_STATUS(IREE_STATUS_DATA_LOSS, iree_vm_context_fork(parent, iree_allocator_system(), &child));
  CHECK(child == NULL);
  CHECK_TRACE("a.fork b.fork! a.call(__deinit) a.free+1");
  b.fail_event = "notify(3)";
  CHECK_STATUS(IREE_STATUS_DATA_LOSS, iree_vm_context_fork(parent, iree_allocator_system(), &child));
  CHECK_TRACE("a.fork b.fork a.notify(3) b.notify(3)! b.call(__deinit) a.call(__deinit) b.free+1 a.free+1");
  CHECK_OK(iree_vm_context_notify(parent, IREE_VM_SIGNAL_RESUME));
  iree_vm_context_release(parent);
  release_modules(modules, 2);
  end();
}

/* Without fork_state, only a module without a state can be forked. */
static void test_fork_without_slot(void) {
  begin();
  fake_module_t a = {.name = "a", .has_no_state = true}, b = {.name = "b"};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a), fake_module_initialize(&b)};
  modules[0]->fork_state = NULL;
  modules[1]->fork_state = NULL;
  iree_vm_context_t *parent = NULL, *child = NULL;
  CHECK_OK(create(modules, 1, &parent));
  CHECK_OK(iree_vm_context_fork(parent, iree_allocator_system(), &child));
  iree_vm_context_release(child);
  iree_vm_context_release(parent);
  CHECK_OK(create(modules, 2, &parent));
  iree_status_t status = iree_vm_context_fork(parent, iree_allocator_system(), &child);
  CHECK(status_mentions(status, "'b'"));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, status);
  iree_vm_context_release(parent);
  release_modules(modules, 2);
  end();
}

/* ---- Careless modules -------------------------------------------------------------------------------------------- */

/* Every slot may be NULL without a crash; what needs it fails or counts as absent. */
static void test_empty_interface(void) {
  begin();
  iree_vm_module_t module;
  CHECK_OK(iree_vm_module_initialize(&module, NULL));
  iree_vm_module_t* modules[] = {&module};
  iree_vm_context_t* context = NULL;
  CHECK_OK(create(modules, 1, &context));
  iree_vm_function_t function;
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_context_resolve_function(context, IREE_SV(".x"), &function));
  CHECK_OK(iree_vm_context_notify(context, IREE_VM_SIGNAL_RESUME));
  iree_vm_context_release(context);
  iree_vm_module_release(&module);
  end();
}

static iree_vm_context_t* reentered;
static iree_status_t register_again(fake_module_t* fake, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)stack;
  (void)call;
  iree_vm_module_t* module = &fake->interface;
  return iree_vm_context_register_modules(reentered, 1, &module);
}

static void test_registering_in_init(void) {
  begin();
  fake_module_t a = {.name = "a", .exports = {{"__init", "0v_v", register_again}}};
  iree_vm_module_t* modules[] = {fake_module_initialize(&a)};
  CHECK_OK(iree_vm_context_create(instance, 0, iree_allocator_system(), &reentered));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_vm_context_register_modules(reentered, 1, modules));
  CHECK(iree_vm_context_module_count(reentered) == 0);
  iree_vm_context_release(reentered);
  release_modules(modules, 1);
  end();
}

static const check_case_t cases[] = {
    {"order", test_order},
    {"null_state", test_null_state},
    {"deinit_without_init", test_deinit_without_init},
    {"rollback", test_rollback},
    {"failing_deinit", test_failing_deinit},
    {"special_conventions", test_special_conventions},
    {"growing", test_growing},
    {"static", test_static},
    {"ids_and_flags", test_ids_and_flags},
    {"states", test_states},
    {"cancel_flags", test_cancel_flags},
    {"notify_order", test_notify_order},
    {"notify_convention", test_notify_convention},
    {"fork", test_fork},
    {"failing_fork", test_failing_fork},
    {"fork_without_slot", test_fork_without_slot},
    {"empty_interface", test_empty_interface},
    {"registering_in_init", test_registering_in_init},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
