/* SPDX-License-Identifier: Apache-2.0 */
/* Linking: dependencies and versions, imports found by name and convention, and what the errors say. */
#include "fake_module.h"
#include "vmrt/probe.h"

static iree_vm_instance_t* instance;

/* Registers `fakes` in one context, reports the status and undoes everything. */
static iree_status_t link_modules(fake_module_t** fakes, size_t count) {
  iree_vm_module_t* modules[8];
  for (size_t i = 0; i < count; ++i) modules[i] = fake_module_initialize(fakes[i]);
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  iree_vm_context_t* context = NULL;
  iree_status_t status =
      iree_vm_context_create_with_modules(instance, 0, count, modules, iree_allocator_system(), &context);
  CHECK(iree_status_is_ok(status) == (context != NULL));
  iree_vm_context_release(context);
  for (size_t i = 0; i < count; ++i) iree_vm_module_release(modules[i]);
  iree_vm_instance_release(instance);
  return status;
}

static void reset_trace(bool questions) {
  fake_trace[0] = 0;
  fake_trace_questions = questions;
}

/* ---- Dependencies ------------------------------------------------------------------------------------------------ */

enum { REQUIRED = IREE_VM_MODULE_DEPENDENCY_FLAG_REQUIRED, OPTIONAL = IREE_VM_MODULE_DEPENDENCY_FLAG_OPTIONAL };

static void test_dependencies(void) {
  static const struct {
    fake_dependency_t dependency;
    iree_status_code_t code;
  } rows[] = {
      {{"lib", 3, REQUIRED}, IREE_STATUS_OK},
      {{"lib", 2, REQUIRED}, IREE_STATUS_OK},
      {{"lib", 4, REQUIRED}, IREE_STATUS_NOT_FOUND},
      {{"lib", 4, REQUIRED | OPTIONAL}, IREE_STATUS_NOT_FOUND},
      {{"lib", 4, OPTIONAL}, IREE_STATUS_OK},
      {{"lib", 4, 0}, IREE_STATUS_OK},
      {{"none", 0, REQUIRED}, IREE_STATUS_NOT_FOUND},
      {{"none", 0, REQUIRED | OPTIONAL}, IREE_STATUS_NOT_FOUND},
      {{"none", 0, OPTIONAL}, IREE_STATUS_OK},
      {{"none", 0, 0}, IREE_STATUS_NOT_FOUND},
      {{"app", 0, REQUIRED}, IREE_STATUS_NOT_FOUND},   /* itself */
      {{"later", 0, REQUIRED}, IREE_STATUS_NOT_FOUND}, /* registered after it */
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    fake_module_t lib = {.name = "lib", .version = 3}, later = {.name = "later"};
    fake_module_t app = {.name = "app", .dependencies = {rows[i].dependency}};
    fake_module_t* fakes[] = {&lib, &app, &later};
    iree_status_t status = link_modules(fakes, 3);
    if (rows[i].code != IREE_STATUS_OK) {
      CHECK(status_mentions(status, "'app'") && status_mentions(status, rows[i].dependency.name));
    }
    CHECK_STATUS(rows[i].code, status);
  }
}

static void test_version_mismatch_names_versions(void) {
  fake_module_t lib = {.name = "lib", .version = 3};
  fake_module_t app = {.name = "app", .dependencies = {{"lib", 17, REQUIRED}}};
  fake_module_t* fakes[] = {&lib, &app};
  iree_status_t status = link_modules(fakes, 2);
  CHECK(status_mentions(status, "version mismatch") && status_mentions(status, "17") && status_mentions(status, "3"));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, status);
}

/* Of two modules of a name, the one registered last is checked and linked. */
static void test_last_registered_wins(void) {
  fake_module_t old = {.name = "lib", .version = 1, .exports = {{"f", "0i_i", NULL}}};
  fake_module_t new = {.name = "lib", .version = 2, .exports = {{"f", "0i_i", NULL}}};
  fake_module_t app = {
      .name = "app", .dependencies = {{"lib", 2, REQUIRED}}, .imports = {{"lib.f", "0i_i", false}}};
  fake_module_t* fakes[] = {&old, &new, &app};
  CHECK_OK(link_modules(fakes, 3));
  CHECK(app.resolved[0].module == &new.interface);
  fake_module_t* reversed[] = {&new, &old, &app};
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, link_modules(reversed, 3));
}

/* No fall-back to an older module of the same name. */
static void test_first_match_decides(void) {
  fake_module_t old = {.name = "lib", .exports = {{"f", "0i_i", NULL}}}, new = {.name = "lib"};
  fake_module_t app = {.name = "app", .imports = {{"lib.f", "0i_i", false}}};
  fake_module_t* fakes[] = {&old, &new, &app};
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, link_modules(fakes, 3));
}

/* ---- One import -------------------------------------------------------------------------------------------------- */

typedef struct import_row_t {
  fake_import_t import;
  iree_status_code_t code;
  bool is_resolved;
} import_row_t;

static void test_imports(void) {
  static const import_row_t rows[] = {
      {{"lib.f", "0i_i", false}, IREE_STATUS_OK, true},
      {{"lib.f", "", false}, IREE_STATUS_OK, true}, /* unchecked */
      {{"lib.f", NULL, false}, IREE_STATUS_OK, true},
      {{"lib.a.b", "0v_v", false}, IREE_STATUS_OK, true}, /* functions may have dots */
      {{"lib.f", "0i_I", false}, IREE_STATUS_INTERNAL, false},
      {{"lib.f", "0i_I", true}, IREE_STATUS_INTERNAL, false},
      {{"lib.f", "0i", false}, IREE_STATUS_INTERNAL, false},
      {{"lib.none", "0i_i", false}, IREE_STATUS_NOT_FOUND, false},
      {{"lib.none", "0i_i", true}, IREE_STATUS_OK, false},
      {{"none.f", "0i_i", false}, IREE_STATUS_NOT_FOUND, false},
      {{"none.f", "0i_i", true}, IREE_STATUS_OK, false},
      {{"app.f", "0i_i", false}, IREE_STATUS_NOT_FOUND, false}, /* itself */
      {{"f", "0i_i", false}, IREE_STATUS_INVALID_ARGUMENT, false},
      {{"f", "0i_i", true}, IREE_STATUS_INVALID_ARGUMENT, false},
      {{"", "0i_i", false}, IREE_STATUS_INVALID_ARGUMENT, false},
      {{".f", "0i_i", false}, IREE_STATUS_NOT_FOUND, false},
      {{"lib.", "0i_i", false}, IREE_STATUS_NOT_FOUND, false},
      {{"dotted.lib.f", "0i_i", false}, IREE_STATUS_NOT_FOUND, false}, /* modules may not */
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    fake_module_t lib = {.name = "lib", .exports = {{"f", "0i_i", NULL}, {"a.b", "0v_v", NULL}}};
    fake_module_t dotted = {.name = "dotted.lib", .exports = {{"f", "0i_i", NULL}}};
    fake_module_t app = {.name = "app", .exports = {{"f", "0i_i", NULL}}, .imports = {rows[i].import}};
    fake_module_t* fakes[] = {&lib, &dotted, &app};
    iree_status_t status = link_modules(fakes, 3);
    if (rows[i].code != IREE_STATUS_OK) {
      CHECK(status_mentions(status, "'app'") && status_mentions(status, rows[i].import.name));
    }
    if (!CHECK_STATUS(rows[i].code, status)) fprintf(stderr, "  in row %zu\n", i);
    CHECK((app.resolved[0].module == &lib.interface) == rows[i].is_resolved);
  }
}

/* The questions asked of both modules, in the order of the sheet. */
static void test_questions(void) {
  reset_trace(true);
  fake_module_t lib = {.name = "lib", .exports = {{"f", "0i_i", NULL}}};
  fake_module_t app = {.name = "app", .imports = {{"lib.f", "0i_i", false}, {"lib.g", "0i_i", true}}};
  fake_module_t* fakes[] = {&lib, &app};
  CHECK_OK(link_modules(fakes, 2));
  CHECK_TRACE(
      "lib.alloc lib.deps lib.look(__init?) lib.look(__deinit?) app.alloc app.deps app.get(I0) lib.look(f) "
      "lib.get(X0) app.resolve(0,0i_i) app.get(I1) lib.look(g) app.look(__init?) app.look(__deinit?) app.free "
      "lib.free lib.destroy app.destroy");
  reset_trace(false);
}

static void test_mismatch_names_both_conventions(void) {
  fake_module_t lib = {.name = "lib", .exports = {{"f", "0iif_r", NULL}}};
  fake_module_t app = {.name = "app", .imports = {{"lib.f", "0IF_v", false}}};
  fake_module_t* fakes[] = {&lib, &app};
  iree_status_t status = link_modules(fakes, 2);
  CHECK(status_mentions(status, "0iif_r") && status_mentions(status, "0IF_v"));
  CHECK(status_mentions(status, "'lib'") && status_mentions(status, "'app'") && status_mentions(status, "lib.f"));
  CHECK_STATUS(IREE_STATUS_INTERNAL, status);
}

/* What the provider says is passed on, with the name of the import. */
static void test_provider_failures(void) {
  static const char* const events[] = {"look(f)", "get(X0)"};
  for (size_t i = 0; i < 2; ++i) {
    for (int is_optional = 0; is_optional < 2; ++is_optional) {
      fake_module_t lib = {.name = "lib",
                           .version = 41,
                           .exports = {{"f", "0i_i", NULL}},
                           .fail_event = events[i],
                           .fail_code = IREE_STATUS_UNAUTHENTICATED};
      fake_module_t app = {.name = "app", .imports = {{"lib.f", "0i_i", is_optional != 0}}};
      fake_module_t* fakes[] = {&lib, &app};
      iree_status_t status = link_modules(fakes, 2);
      CHECK(status_mentions(status, "'lib.f'") && status_mentions(status, "'app'"));
      CHECK(status_mentions(status, "41") && status_mentions(status, "0i_i"));
      CHECK_STATUS(IREE_STATUS_UNAUTHENTICATED, status);
    }
  }
}

/* ---- Many imports ------------------------------------------------------------------------------------------------ */

/* All that is missing is listed; nothing is handed over after the first miss; the first code counts. */
static void test_all_missing_are_listed(void) {
  reset_trace(false);
  fake_module_t lib = {.name = "lib", .exports = {{"a", "0v_v", NULL}, {"d", "0v_v", NULL}}};
  fake_module_t app = {.name = "app",
                       .imports = {{"lib.a", "0v_v", false},
                                   {"lib.b", "0v_v", false},
                                   {"gone.c", "0v_v", false},
                                   {"lib.d", "0i_v", false},
                                   {"lib.a", "0v_v", false}}};
  fake_module_t* fakes[] = {&lib, &app};
  iree_status_t status = link_modules(fakes, 2);
  CHECK(status_mentions(status, "'lib.b'") && status_mentions(status, "'gone.c'"));
  CHECK(status_mentions(status, "'lib.d'"));
  CHECK(status_mentions(status, "3 of 5"));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, status);
  CHECK_TRACE("lib.alloc lib.deps app.alloc app.deps app.resolve(0,0v_v) app.free lib.free lib.destroy app.destroy");
}

static void test_long_lists_are_counted(void) {
  static char names[FAKE_MAX_TABLE][16];
  fake_module_t app = {.name = "app"};
  for (size_t i = 0; i < FAKE_MAX_TABLE; ++i) {
    snprintf(names[i], sizeof names[i], "gone.f%02zu", i);
    app.imports[i] = (fake_import_t){names[i], "0v_v", false};
  }
  fake_module_t* fakes[] = {&app};
  iree_status_t status = link_modules(fakes, 1);
  CHECK(status_mentions(status, "'gone.f31'") && status_mentions(status, "80 of 80"));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, status);
}

/* More imports than the module serves; far more than a module can have. */
static void test_lying_import_counts(void) {
  fake_module_t app = {.name = "app", .imports_announced = 3};
  fake_module_t* fakes[] = {&app};
  app.fail_event = "get(I0)";
  app.fail_code = IREE_STATUS_OUT_OF_RANGE;
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, link_modules(fakes, 1));
  app.fail_event = NULL;
  app.imports_announced = SIZE_MAX;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, link_modules(fakes, 1));
}

static void test_missing_resolve_import(void) {
  fake_module_t lib = {.name = "lib", .exports = {{"f", "0i_i", NULL}}};
  fake_module_t app = {.name = "app", .imports = {{"lib.f", "0i_i", false}}};
  iree_vm_module_t* modules[] = {fake_module_initialize(&lib), fake_module_initialize(&app)};
  modules[1]->resolve_import = NULL;
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  iree_vm_context_t* context = NULL;
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED, iree_vm_context_create_with_modules(instance, 0, 2, modules,
                                                                              iree_allocator_system(), &context));
  iree_vm_module_release(modules[0]);
  iree_vm_module_release(modules[1]);
  iree_vm_instance_release(instance);
}

/* ---- Names of functions ------------------------------------------------------------------------------------------ */

static void test_resolve_function(void) {
  fake_module_t old = {.name = "lib", .exports = {{"f", "0i_i", NULL}}};
  fake_module_t new = {.name = "lib", .exports = {{"x", "0v_v", NULL}, {"f.g", "0ii_i", NULL}}};
  iree_vm_module_t* modules[] = {fake_module_initialize(&old), fake_module_initialize(&new)};
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  iree_vm_context_t* context = NULL;
  CHECK_OK(iree_vm_context_create_with_modules(instance, 0, 2, modules, iree_allocator_system(), &context));
  iree_vm_function_t function;
  CHECK_OK(iree_vm_context_resolve_function(context, IREE_SV("lib.f.g"), &function));
  CHECK(function.module == modules[1] && function.ordinal == 1 && function.linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT);
  CHECK(iree_string_view_equal(iree_vm_function_name(&function), IREE_SV("f.g")));
  CHECK(iree_string_view_equal(iree_vm_function_signature(&function).calling_convention, IREE_SV("0ii_i")));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_context_resolve_function(context, IREE_SV("lib.f"), &function));
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_vm_context_resolve_function(context, IREE_SV("bil.f"), &function));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, iree_vm_context_resolve_function(context, IREE_SV("f"), &function));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               iree_vm_context_resolve_function(context, iree_string_view_empty(), &function));
  iree_vm_context_release(context);
  iree_vm_module_release(modules[0]);
  iree_vm_module_release(modules[1]);
  iree_vm_instance_release(instance);
}

static const check_case_t cases[] = {
    {"dependencies", test_dependencies},
    {"version_mismatch_names_versions", test_version_mismatch_names_versions},
    {"last_registered_wins", test_last_registered_wins},
    {"first_match_decides", test_first_match_decides},
    {"imports", test_imports},
    {"questions", test_questions},
    {"mismatch_names_both_conventions", test_mismatch_names_both_conventions},
    {"provider_failures", test_provider_failures},
    {"all_missing_are_listed", test_all_missing_are_listed},
    {"long_lists_are_counted", test_long_lists_are_counted},
    {"lying_import_counts", test_lying_import_counts},
    {"missing_resolve_import", test_missing_resolve_import},
    {"resolve_function", test_resolve_function},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
