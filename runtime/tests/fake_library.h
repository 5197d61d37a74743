/* SPDX-License-Identifier: Apache-2.0 */
/* A shared library that exists only in a test: it can refuse, lack its symbol or lie without a file being built. */
#ifndef VMRT_TESTS_FAKE_LIBRARY_H_
#define VMRT_TESTS_FAKE_LIBRARY_H_

#include <string.h>

#include "iree/vm/dynamic/api.h"

typedef struct platform_library_t platform_library_t;
struct platform_library_t {
  iree_allocator_t allocator;
};

/* What the library does, and what was done to it. */
typedef struct fake_library_t {
  /* Set by a test. */
  bool missing;                         /* cannot be opened */
  bool has_no_export;                   /* any symbol is NOT_FOUND */
  iree_status_t (*create_status)(void); /* what the export returns; NULL: OK */
  bool returns_no_module;
  int32_t ref_count; /* of the module it returns */
  iree_status_t (*begin_call_status)(void);

  /* Seen by the test. `log` has a letter for each event: o open, c create, d destroy, x close. */
  char log[32];
  platform_library_t* library; /* opened last */
  char path[64];
  char symbol[64];
  uint32_t max_version;
  iree_host_size_t param_count;
  const iree_string_pair_t* params;
  bool out_was_null;
  iree_vm_instance_t* instance;
  bool outputs_were_zero; /* of the last get_function or lookup_function */
  void* last_self;
  iree_vm_module_t module; /* what it returns; its self is `self` */
  int self;
} fake_library_t;

static fake_library_t fake;

static void fake_log(char event) {
  size_t length = strlen(fake.log);
  if (length + 1 < sizeof fake.log) fake.log[length] = event;
}

/* ---- The library's module ---------------------------------------------------------------------------------------- */

static void fake_destroy(void* self) {
  fake.last_self = self;
  fake_log('d');
}
static iree_string_view_t fake_name(void* self) {
  fake.last_self = self;
  return IREE_SV("fake");
}
static iree_vm_module_signature_t fake_signature(void* self) {
  iree_vm_module_signature_t signature = {3, 0, 0, 1, 0};
  fake.last_self = self;
  return signature;
}
static bool is_zero(const void* bytes, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if (((const char*)bytes)[i]) return false;
  }
  return true;
}
static iree_status_t fake_lookup_function(void* self, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                          const iree_vm_function_signature_t* expected,
                                          iree_vm_function_t* out_function) {
  (void)expected;
  fake.last_self = self;
  fake.outputs_were_zero = is_zero(out_function, sizeof *out_function);
  out_function->module = (iree_vm_module_t*)&fake; /* a lie */
  out_function->linkage = (uint16_t)linkage;
  if (!iree_string_view_equal(name, IREE_SV("f"))) return iree_status_from_code(IREE_STATUS_NOT_FOUND);
  return iree_ok_status();
}
/* Writes nothing but the name: the rest has to be zero. */
static iree_status_t fake_get_function(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                       iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                       iree_vm_function_signature_t* out_signature) {
  (void)linkage;
  fake.last_self = self;
  fake.outputs_were_zero = (!out_function || is_zero(out_function, sizeof *out_function)) &&
                           (!out_name || is_zero(out_name, sizeof *out_name)) &&
                           (!out_signature || is_zero(out_signature, sizeof *out_signature));
  if (ordinal > 0) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  if (out_name) *out_name = iree_make_string_view(NULL, 5); /* a lie */
  return iree_ok_status();
}
static iree_status_t fake_alloc_state(void* self, iree_allocator_t allocator, iree_vm_module_state_t** out_state) {
  (void)allocator;
  fake.last_self = self;
  *out_state = (iree_vm_module_state_t*)&fake;
  return iree_status_from_code(IREE_STATUS_ABORTED);
}
static void fake_free_state(void* self, iree_vm_module_state_t* state) {
  (void)state;
  fake.last_self = self;
}
static iree_status_t fake_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  (void)stack;
  (void)call;
  fake.last_self = self;
  return fake.begin_call_status ? fake.begin_call_status() : iree_ok_status();
}

static iree_status_t fake_create(uint32_t max_version, iree_vm_instance_t* instance, iree_host_size_t param_count,
                                 const iree_string_pair_t* params, iree_allocator_t allocator,
                                 iree_vm_module_t** out_module) {
  (void)allocator;
  fake_log('c');
  fake.max_version = max_version;
  fake.instance = instance;
  fake.param_count = param_count;
  fake.params = params;
  fake.out_was_null = *out_module == NULL;
  fake.module.ref_count.value = fake.ref_count;
  if (!fake.returns_no_module) *out_module = &fake.module;
  return fake.create_status ? fake.create_status() : iree_ok_status();
}

/* A library that does everything right, with a module that has the required slots only. */
static void fake_reset(void) {
  memset(&fake, 0, sizeof fake);
  fake.ref_count = 1;
  fake.module.self = &fake.self;
  fake.module.destroy = fake_destroy;
  fake.module.name = fake_name;
  fake.module.signature = fake_signature;
  fake.module.lookup_function = fake_lookup_function;
  fake.module.get_function = fake_get_function;
  fake.module.alloc_state = fake_alloc_state;
  fake.module.free_state = fake_free_state;
  fake.module.begin_call = fake_begin_call;
}

/* ---- The platform under it --------------------------------------------------------------------------------------- */

static iree_status_t fake_library_open(iree_string_view_t path, iree_allocator_t allocator,
                                       platform_library_t** out_library) {
  snprintf(fake.path, sizeof fake.path, "%.*s", (int)path.size, path.data);
  if (fake.missing) return iree_make_status(IREE_STATUS_NOT_FOUND, "the fake loader finds nothing");
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof **out_library, (void**)out_library));
  (*out_library)->allocator = allocator;
  fake.library = *out_library;
  fake_log('o');
  return iree_ok_status();
}
static void fake_library_close(platform_library_t* library) {
  fake_log('x');
  iree_allocator_free(library->allocator, library);
}
static iree_status_t fake_library_symbol(platform_library_t* library, const char* name, void** out_address) {
  iree_vm_dynamic_module_create_fn_t create = fake_create;
  (void)library;
  snprintf(fake.symbol, sizeof fake.symbol, "%s", name);
  if (fake.has_no_export) return iree_make_status(IREE_STATUS_NOT_FOUND, "symbol '%s' not found in library", name);
  memcpy(out_address, &create, sizeof create);
  return iree_ok_status();
}

#endif /* VMRT_TESTS_FAKE_LIBRARY_H_ */
