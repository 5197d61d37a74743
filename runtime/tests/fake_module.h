/* SPDX-License-Identifier: Apache-2.0 */
/* Modules made of a few tables for tests of contexts: they note what happens to them in one text and fail where told. */
#ifndef VMRT_TESTS_FAKE_MODULE_H_
#define VMRT_TESTS_FAKE_MODULE_H_

#include <stdarg.h>

#include "check.h"
#include "iree/vm/api.h"

#define FAKE_MAX_TABLE 80

/* ---- Trace ------------------------------------------------------------------------------------------------------- */

/* Events of all fake modules, separated by blanks. */
static char fake_trace[16384];
/* Whether lookups and readings of tables are among the events. */
static bool fake_trace_questions = false;

static inline void fake_trace_add(const char* format, ...) {
  size_t length = strlen(fake_trace);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(fake_trace + length, sizeof fake_trace - length, format, arguments);
  va_end(arguments);
}

/* Compares the events since the last check and forgets them. */
static inline void check_trace(const char* expected, const char* file, int line) {
  size_t length = strlen(fake_trace);
  if (length > 0) fake_trace[length - 1] = 0;
  if (strcmp(fake_trace, expected) != 0) {
    ++check_failures;
    fprintf(stderr, "%s:%d: events\n  wanted %s\n  got    %s\n", file, line, expected, fake_trace);
  }
  fake_trace[0] = 0;
}
#define CHECK_TRACE(expected) check_trace((expected), __FILE__, __LINE__)

/* The text of `status` contains `part`; frees nothing. */
static inline bool status_mentions(iree_status_t status, const char* part) {
  static char text[16384];
  iree_host_size_t length = 0;
  iree_status_format(status, sizeof text, text, &length);
  if (strstr(text, part)) return true;
  fprintf(stderr, "'%s' is not in: %s\n", part, text);
  return false;
}

/* ---- A module ---------------------------------------------------------------------------------------------------- */

typedef struct fake_module_t fake_module_t;
typedef struct fake_export_t {
  const char* name;
  const char* cconv;
  iree_status_t (*call)(fake_module_t* fake, iree_vm_stack_t* stack, iree_vm_function_call_t call); /* NULL: OK */
} fake_export_t;

typedef struct fake_import_t {
  const char* name;
  const char* cconv;
  bool is_optional;
} fake_import_t;

typedef struct fake_dependency_t {
  const char* name;
  uint32_t minimum_version;
  uint32_t flags;
} fake_dependency_t;

/* Tables end at the first entry without a name. */
struct fake_module_t {
  const char* name; /* before the interface: `self` and the module are different addresses */
  iree_vm_module_t interface;
  uint32_t version;
  bool has_no_state;
  const char* fail_event; /* such as "alloc" or "call(__init)": the event that fails with `fail_code` */
  iree_status_code_t fail_code;
  size_t imports_announced; /* instead of the size of the table when not 0 */
  fake_export_t exports[FAKE_MAX_TABLE];
  fake_import_t imports[FAKE_MAX_TABLE];
  fake_dependency_t dependencies[4];
  iree_vm_function_t resolved[FAKE_MAX_TABLE]; /* of the last context */
};

typedef struct fake_state_t {
  fake_module_t* fake;
  int generation; /* forks between this state and a fresh one */
  iree_allocator_t allocator;
} fake_state_t;

static inline iree_status_t fake_event(fake_module_t* fake, const char* format, ...) {
  char event[128];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(event, sizeof event, format, arguments);
  va_end(arguments);
  bool fails = fake->fail_event && strcmp(event, fake->fail_event) == 0;
  bool is_question = strncmp(event, "look", 4) == 0 || strncmp(event, "get", 3) == 0;
  if (fake_trace_questions || !is_question) fake_trace_add("%s.%s%s ", fake->name, event, fails ? "!" : "");
  return fails ? iree_status_from_code(fake->fail_code) : iree_ok_status();
}

static inline size_t fake_export_count(const fake_module_t* fake) {
  size_t count = 0;
  while (count < FAKE_MAX_TABLE && fake->exports[count].name) ++count;
  return count;
}

static inline size_t fake_import_count(const fake_module_t* fake) {
  size_t count = 0;
  while (count < FAKE_MAX_TABLE && fake->imports[count].name) ++count;
  return fake->imports_announced ? fake->imports_announced : count;
}

/* ---- Its functions, in the order of the interface ---------------------------------------------------------------- */

static inline void fake_destroy(void* self) { (void)fake_event(self, "destroy"); }

static inline iree_string_view_t fake_name(void* self) { return IREE_SV(((fake_module_t*)self)->name); }

static inline iree_vm_module_signature_t fake_signature(void* self) {
  fake_module_t* fake = self;
  iree_vm_module_signature_t signature = {.version = fake->version,
                                          .import_function_count = fake_import_count(fake),
                                          .export_function_count = fake_export_count(fake)};
  return signature;
}

static inline iree_status_t fake_enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback,
                                                        void* user_data) {
  fake_module_t* fake = self;
  IREE_RETURN_IF_ERROR(fake_event(fake, "deps"));
  for (size_t i = 0; i < 4 && fake->dependencies[i].name; ++i) {
    const fake_dependency_t* entry = &fake->dependencies[i];
    iree_vm_module_dependency_t dependency = {IREE_SV(entry->name), entry->minimum_version, entry->flags};
    IREE_RETURN_IF_ERROR(callback(user_data, &dependency));
  }
  return iree_ok_status();
}

static inline iree_status_t fake_lookup_function(void* self, iree_vm_function_linkage_t linkage,
                                                 iree_string_view_t name,
                                                 const iree_vm_function_signature_t* expected_signature,
                                                 iree_vm_function_t* out_function) {
  fake_module_t* fake = self;
  (void)expected_signature;
  bool is_optional = linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL;
  IREE_RETURN_IF_ERROR(fake_event(fake, "look(%.*s%s)", (int)name.size, name.data, is_optional ? "?" : ""));
  for (size_t i = 0; i < fake_export_count(fake); ++i) {
    if (!iree_string_view_equal(IREE_SV(fake->exports[i].name), name)) continue;
    out_function->linkage = (uint16_t)linkage; /* the module stays zero: hosts know it */
    out_function->ordinal = (uint16_t)i;
    return iree_ok_status();
  }
  return iree_status_from_code(IREE_STATUS_NOT_FOUND);
}

/* Writes what was asked for and only that, like a careless module. */
static inline iree_status_t fake_get_function(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                              iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                              iree_vm_function_signature_t* out_signature) {
  fake_module_t* fake = self;
  bool is_import = linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT || linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL;
  IREE_RETURN_IF_ERROR(fake_event(fake, "get(%c%zu)", is_import ? 'I' : 'X', ordinal));
  size_t count = is_import ? fake_import_count(fake) : fake_export_count(fake);
  if (ordinal >= count || ordinal >= FAKE_MAX_TABLE) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  const char* name = is_import ? fake->imports[ordinal].name : fake->exports[ordinal].name;
  const char* cconv = is_import ? fake->imports[ordinal].cconv : fake->exports[ordinal].cconv;
  if (out_function && is_import && fake->imports[ordinal].is_optional) {
    out_function->linkage = IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL;
  }
  if (out_name) *out_name = IREE_SV(name);
  if (out_signature && cconv) out_signature->calling_convention = IREE_SV(cconv);
  return iree_ok_status();
}

static inline iree_status_t fake_alloc_state(void* self, iree_allocator_t allocator,
                                             iree_vm_module_state_t** out_module_state) {
  fake_module_t* fake = self;
  CHECK(*out_module_state == NULL);
  IREE_RETURN_IF_ERROR(fake_event(fake, "alloc"));
  if (fake->has_no_state) return iree_ok_status();
  fake_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *state, (void**)&state));
  state->fake = fake;
  state->allocator = allocator;
  *out_module_state = (iree_vm_module_state_t*)state;
  return iree_ok_status();
}

static inline void fake_free_state(void* self, iree_vm_module_state_t* module_state) {
  fake_state_t* state = (fake_state_t*)module_state;
  CHECK(state->fake == self);
  (void)fake_event(self, state->generation ? "free+%d" : "free", state->generation);
  iree_allocator_free(state->allocator, state);
}

static inline iree_status_t fake_fork_state(void* self, iree_vm_module_state_t* parent_state,
                                            iree_allocator_t allocator, iree_vm_module_state_t** out_child_state) {
  IREE_RETURN_IF_ERROR(fake_event(self, "fork"));
  if (!parent_state) return iree_ok_status();
  fake_state_t* state = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *state, (void**)&state));
  state->fake = self;
  state->generation = ((fake_state_t*)parent_state)->generation + 1;
  state->allocator = allocator;
  *out_child_state = (iree_vm_module_state_t*)state;
  return iree_ok_status();
}

static inline iree_status_t fake_resolve_import(void* self, iree_vm_module_state_t* module_state,
                                                iree_host_size_t ordinal, const iree_vm_function_t* function,
                                                const iree_vm_function_signature_t* signature) {
  fake_module_t* fake = self;
  CHECK(fake->has_no_state == (module_state == NULL));
  IREE_RETURN_IF_ERROR(fake_event(fake, "resolve(%zu,%.*s)", ordinal, (int)signature->calling_convention.size,
                                  signature->calling_convention.data ? signature->calling_convention.data : ""));
  fake->resolved[ordinal] = *function;
  return iree_ok_status();
}

static inline iree_status_t fake_notify(void* self, iree_vm_module_state_t* module_state, iree_vm_signal_t signal) {
  (void)module_state;
  return fake_event(self, "notify(%d)", (int)signal);
}

static inline iree_status_t fake_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  fake_module_t* fake = self;
  const fake_export_t* export = &fake->exports[call.function.ordinal];
  IREE_RETURN_IF_ERROR(fake_event(fake, "call(%s)", export->name));
  return export->call ? export->call(fake, stack, call) : iree_ok_status();
}

/* Completes a module of which the tables are filled; one reference for the caller. The storage is the caller's. */
static inline iree_vm_module_t* fake_module_initialize(fake_module_t* fake) {
  CHECK_OK(iree_vm_module_initialize(&fake->interface, fake));
  iree_vm_module_t* module = &fake->interface;
  module->destroy = fake_destroy;
  module->name = fake_name;
  module->signature = fake_signature;
  module->enumerate_dependencies = fake_enumerate_dependencies;
  module->lookup_function = fake_lookup_function;
  module->get_function = fake_get_function;
  module->alloc_state = fake_alloc_state;
  module->free_state = fake_free_state;
  module->fork_state = fake_fork_state;
  module->resolve_import = fake_resolve_import;
  module->notify = fake_notify;
  module->begin_call = fake_begin_call;
  return module;
}

#endif /* VMRT_TESTS_FAKE_MODULE_H_ */
