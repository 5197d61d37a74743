/* SPDX-License-Identifier: Apache-2.0 */
/* Module references taken apart, and lists of modules. */
#include "check.h"
#include "iree/tooling/context_util.h"
#include "tooling/module_reference.h"
#include "vmrt/probe.h"

#define ALLOCATOR iree_allocator_system()

static bool is_text(iree_string_view_t view, const char* text) {
  return iree_string_view_equal(view, iree_make_cstring_view(text));
}

static void check_parts(const char* text, const char* path, const char* export_name, size_t param_count) {
  module_reference_t reference;
  CHECK_OK(module_reference_parse(iree_make_cstring_view(text), ALLOCATOR, &reference));
  bool same = is_text(reference.path, path) && is_text(reference.export_name, export_name) &&
              reference.param_count == param_count && (reference.params == NULL) == (param_count == 0);
  CHECK(same);
  if (!same) fprintf(stderr, "  in `%s`\n", text);
  module_reference_deinitialize(&reference, ALLOCATOR);
}

static void test_parts(void) {
  check_parts("app.vmfb", "app.vmfb", "", 0);
  check_parts("-", "-", "", 0);
  check_parts("", "", "", 0);
  check_parts("l.so@", "l.so", "", 0);
  check_parts("l.so@?", "l.so", "", 0);
  check_parts("l.so@exp", "l.so", "exp", 0);
  check_parts("l.so@?a=1", "l.so", "", 1);
  check_parts("l.so?a=1", "l.so", "", 1);
  check_parts("l.so@e?a=1?b=2", "l.so", "e", 1);
  check_parts("l.so@e@x", "l.so@e", "x", 0);
  check_parts("a@b/l.so", "a@b/l.so", "", 0);
  check_parts("a@b/l.so@e", "a@b/l.so", "e", 0);
  check_parts("a@b/l.so?mail=x@y/z", "a@b/l.so", "", 1);
  check_parts("l.so?mail=x@y", "l.so", "", 1);
  check_parts("?", "", "", 0);
  check_parts("@", "", "", 0);
}

/* A parameter as `key|value`, where a missing half is `~`. */
static void append_half(char* buffer, iree_string_view_t half) {
  if (!half.data) strcat(buffer, "~");
  if (half.data) strncat(buffer, half.data, half.size);
}

static void check_params(const char* query, const char* wanted) {
  char text[128] = "l.so?", seen[256] = "";
  module_reference_t reference;
  strcat(text, query);
  CHECK_OK(module_reference_parse(iree_make_cstring_view(text), ALLOCATOR, &reference));
  CHECK(reference.has_params);
  for (size_t i = 0; i < reference.param_count; ++i) {
    append_half(seen, reference.params[i].key);
    strcat(seen, "|");
    append_half(seen, reference.params[i].value);
    strcat(seen, "\n");
  }
  CHECK(strcmp(seen, wanted) == 0);
  if (strcmp(seen, wanted)) fprintf(stderr, "  of `%s`: %s\n", query, seen);
  module_reference_deinitialize(&reference, ALLOCATOR);
}

static void test_params(void) {
  check_params("", "");
  check_params("&", "");
  check_params("&&", "");
  check_params("&&&", "~|~\n~|~\n");
  check_params("a=1", "a|1\n");
  check_params("a=1&b=2&a=3", "a|1\nb|2\na|3\n");
  check_params("a=b=c", "a|b=c\n");
  check_params("a", "a|~\n");
  check_params("a=", "a|\n");
  check_params("=v", "|v\n");
  check_params("=", "|\n");
  check_params("a=1&&b=2", "a|1\n~|~\nb|2\n");
  check_params("&a=1", "a|1\n");
  check_params("a=1&", "a|1\n");
  check_params("&&a=1", "~|~\na|1\n");
  check_params("a=1&&", "a|1\n~|~\n");
  check_params(" &a=1", "~|~\na|1\n");
  check_params(" a= 1 ", "a| 1\n");
  check_params("a=%20+;#@?\x80", "a|%20+;#@?\x80\n");
}

static void test_names_of_libraries(void) {
  const char* libraries[] = {"l.so", "dir/l.so", "L.SO", "l.so.1", "l.so.1.22", "x.dylib", "FOO.DLL", "l.sos", ".so"};
  const char* others[] = {"a.vmfb", "so", "l.so/a", "l.so.x", "l.so1", "1.2", "", "l.soo"};
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; ++i) {
    CHECK(module_reference_names_library(iree_make_cstring_view(libraries[i])));
  }
  for (size_t i = 0; i < sizeof others / sizeof *others; ++i) {
    CHECK(!module_reference_names_library(iree_make_cstring_view(others[i])));
  }
}

/* ---- Lists ------------------------------------------------------------------------------------------------------- */

static int destroyed[64];
static size_t destroyed_count;
static void record_destroy(void* self) { destroyed[destroyed_count++] = *(int*)self; }

static void make_module(iree_vm_module_t* module, int* number) {
  CHECK_OK(iree_vm_module_initialize(module, number));
  module->destroy = record_destroy;
}

static void test_list_releases_the_newest_first(void) {
  int numbers[3] = {0, 1, 2};
  iree_vm_module_t modules[3];
  iree_tooling_module_list_t list, copy;
  destroyed_count = 0;
  iree_tooling_module_list_initialize(&list);
  CHECK(iree_tooling_module_list_back(&list) == NULL);
  for (int i = 0; i < 3; ++i) {
    make_module(&modules[i], &numbers[i]);
    CHECK_OK(iree_tooling_module_list_push_back(&list, &modules[i]));
    iree_vm_module_release(&modules[i]);
  }
  CHECK(iree_tooling_module_list_back(&list) == &modules[2]);
  iree_tooling_module_list_clone(&list, &copy);
  iree_tooling_module_list_reset(&list);
  CHECK(list.count == 0 && destroyed_count == 0);
  iree_tooling_module_list_reset(&copy);
  CHECK(destroyed_count == 3 && destroyed[0] == 2 && destroyed[1] == 1 && destroyed[2] == 0);
  iree_tooling_module_list_reset(&copy);
}

static void test_list_is_full_at_64(void) {
  int number = 0;
  iree_vm_module_t module;
  iree_tooling_module_list_t list;
  make_module(&module, &number);
  iree_tooling_module_list_initialize(&list);
  CHECK(list.capacity == 64);
  for (int i = 0; i < 64; ++i) CHECK_OK(iree_tooling_module_list_push_back(&list, &module));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_tooling_module_list_push_back(&list, &module));
  iree_tooling_module_list_reset(&list);
  CHECK(module.ref_count.value == 1);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"parts", test_parts},
      {"params", test_params},
      {"names_of_libraries", test_names_of_libraries},
      {"list_releases_the_newest_first", test_list_releases_the_newest_first},
      {"list_is_full_at_64", test_list_is_full_at_64},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
