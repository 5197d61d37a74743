/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines and flag files. */
#include "check.h"
#include "iree/base/tooling/flags.h"
#include "vmrt/probe.h"

static bool on;
static int32_t small;
static int64_t large;
static double ratio;
static iree_string_view_t name;
static iree_flag_string_list_t items;

static const vmrt_flag_t table[] = {
    {"on", VMRT_FLAG_BOOL, &on, ""},          {"small", VMRT_FLAG_INT32, &small, ""},
    {"large", VMRT_FLAG_INT64, &large, ""},   {"ratio", VMRT_FLAG_DOUBLE, &ratio, ""},
    {"name", VMRT_FLAG_STRING, &name, "who"}, {"item", VMRT_FLAG_LIST, &items, ""},
};
static const vmrt_flag_set_t set = {"Flags", sizeof table / sizeof *table, table};
static const vmrt_flag_set_t* const sets[] = {&set};

static vmrt_flag_parser_t parser;
static int argc_left;
static char* argv_left[16];
static iree_string_view_t status_text; /* of the last failure */
static char status_buffer[1024];

/* Parses the arguments, up to a NULL, with fresh storage. */
static iree_status_code_t parse(char** arguments) {
  on = false;
  small = 0;
  large = 0;
  ratio = 0;
  name = iree_string_view_empty();
  vmrt_flag_parser_initialize(1, sets, iree_allocator_system(), &parser);
  argv_left[0] = "program";
  for (argc_left = 1; arguments[argc_left - 1]; ++argc_left) argv_left[argc_left] = arguments[argc_left - 1];
  iree_status_t status = vmrt_flag_parser_parse(&parser, &argc_left, argv_left);
  status_buffer[0] = 0;
  iree_host_size_t length = 0;
  if (!iree_status_is_ok(status)) iree_status_format(status, sizeof status_buffer, status_buffer, &length);
  status_text = iree_make_string_view(status_buffer, length);
  return iree_status_consume_code(status);
}
static void end(void) { vmrt_flag_parser_deinitialize(&parser); }
#define PARSE(...) parse((char*[]){__VA_ARGS__, NULL})

static bool is_text(iree_string_view_t view, const char* text) {
  return iree_string_view_equal(view, iree_make_cstring_view(text));
}

static void test_every_type(void) {
  CHECK(PARSE("--on", "--small=-5", "--large=0x7fffffffffffffff", "--ratio=1.5e3", "--name=x=y", "--item=a",
              "--item=", "--item") == IREE_STATUS_OK);
  CHECK(on && small == -5 && large == INT64_MAX && ratio == 1500 && is_text(name, "x=y"));
  CHECK(items.count == 3 && is_text(items.values[0], "a") && items.values[1].size == 0 && items.values[2].size == 0);
  CHECK(argc_left == 1);
  end();
  CHECK(items.count == 0 && items.values == NULL);
}

static void test_bools(void) {
  const char* yes[] = {"--on", "--on=", "--on=true", "--on=1", "  --on = true  "};
  const char* no[] = {"--on=false", "--on=0"};
  const char* bad[] = {"--on=TRUE", "--on=yes", "--on=2"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; ++i) CHECK(PARSE((char*)yes[i]) == IREE_STATUS_OK && on);
  for (size_t i = 0; i < sizeof no / sizeof *no; ++i) CHECK(PARSE("--on", (char*)no[i]) == IREE_STATUS_OK && !on);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) CHECK(PARSE((char*)bad[i]) == IREE_STATUS_INVALID_ARGUMENT);
  end();
}

static void check_refused(char* argument, const char* part) {
  CHECK(PARSE(argument) == IREE_STATUS_INVALID_ARGUMENT);
  CHECK(strstr(status_buffer, part) != NULL);
  if (!strstr(status_buffer, part)) fprintf(stderr, "  no `%s` in: %s\n", part, status_buffer);
  end();
}

static void test_refusals_name_flag_and_value(void) {
  check_refused("--small=abc", "--small=abc");
  check_refused("--small=3x", "--small=3x");
  check_refused("--small=", "--small=");
  check_refused("--small", "--small");
  check_refused("--small=2147483648", "out of range");
  check_refused("--large=9223372036854775808", "out of range");
  check_refused("--ratio=1.2.3", "--ratio=1.2.3");
  check_refused("--name", "a value is needed");
  check_refused("--nome=x", "flag 'nome' not recognized");
  check_refused("--dash-name=x", "flag 'dash-name' not recognized");
  check_refused("--", "flag '' not recognized");
}

static void test_positional_arguments_stay(void) {
  CHECK(PARSE("a.vmfb", "--small=1", "-h", "-small=2") == IREE_STATUS_OK);
  CHECK(argc_left == 4 && small == 1);
  CHECK(strcmp(argv_left[1], "a.vmfb") == 0 && strcmp(argv_left[2], "-h") == 0);
  end();
}

static void test_order_and_quotes(void) {
  CHECK(PARSE("--small=1", "--small=2") == IREE_STATUS_OK && small == 2);
  CHECK(PARSE("--small=1", "--small=x", "--small=3") == IREE_STATUS_INVALID_ARGUMENT && small == 1);
  CHECK(PARSE("--name=\"a b\"") == IREE_STATUS_OK && is_text(name, "a b"));
  CHECK(PARSE("--name=\"\"") == IREE_STATUS_OK && is_text(name, ""));
  CHECK(PARSE("--name=\"") == IREE_STATUS_OK && is_text(name, "\""));
  end();
  CHECK(PARSE("--item=\"a\"", "--item=a,b") == IREE_STATUS_OK && is_text(items.values[0], "\"a\"") && items.count == 2);
  end();
}

/* ---- Flag files -------------------------------------------------------------------------------------------------- */

static void write_file(const char* path, const char* text) {
  FILE* file = fopen(path, "wb");
  CHECK(file != NULL);
  if (file) fputs(text, file);
  if (file) fclose(file);
}

#define FILE_1 "test_tooling_flags.1.tmp"
#define FILE_2 "test_tooling_flags.2.tmp"

static void test_flag_file(void) {
  write_file(FILE_1, "# comment\r\n// comment\n\n  --small=4  \r\n--flagfile=" FILE_2 "\n--name=\n--item=x --on");
  write_file(FILE_2, "--large=7\n--small=5");
  CHECK(PARSE("--small=1", "--name=n", "--flagfile=" FILE_1, "--large=8") == IREE_STATUS_OK);
  CHECK(small == 5 && large == 8 && is_text(name, "") && !on);
  CHECK(items.count == 1 && is_text(items.values[0], "x --on"));
  end();
}

static void test_flag_file_errors_say_where(void) {
  write_file(FILE_1, "--small=1\n\nbare\n");
  check_refused("--flagfile=" FILE_1, FILE_1 ":3");
  write_file(FILE_1, "--nome=1\n");
  check_refused("--flagfile=" FILE_1, FILE_1 ":1");
  write_file(FILE_1, "--flagfile=" FILE_1 "\n");
  check_refused("--flagfile=" FILE_1, "does a file include itself?");
  check_refused("--flagfile=", "--flagfile= requires a file path");
  check_refused("--flagfile", "--flagfile= requires a file path");
  CHECK(PARSE("--flagfile=test_tooling_flags.missing.tmp") == IREE_STATUS_NOT_FOUND);
  CHECK(strstr(status_buffer, "test_tooling_flags.missing.tmp") != NULL);
  end();
  remove(FILE_1);
  remove(FILE_2);
}

static void test_every_failing_allocation(void) {
  write_file(FILE_1, "--item=x\n--item=y\n");
  for (int64_t request = 0;; ++request) {
    vmrt_probe_t* probe = NULL;
    char* argv[] = {"program", "--item=1", ("--flagfile=" FILE_1), "--item=2", "--item=3", "--item=4"};
    int argc = 6;
    CHECK_OK(vmrt_probe_create(&probe));
    vmrt_flag_parser_initialize(1, sets, vmrt_probe_allocator(probe, IREE_SV("flags")), &parser);
    vmrt_probe_fail_at(probe, request, false);
    iree_status_code_t code = iree_status_consume_code(vmrt_flag_parser_parse(&parser, &argc, argv));
    CHECK(code == IREE_STATUS_OK || code == IREE_STATUS_RESOURCE_EXHAUSTED);
    vmrt_flag_parser_deinitialize(&parser);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    vmrt_probe_release(probe);
    if (code == IREE_STATUS_OK) break;
  }
  remove(FILE_1);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"every_type", test_every_type},
      {"bools", test_bools},
      {"refusals_name_flag_and_value", test_refusals_name_flag_and_value},
      {"positional_arguments_stay", test_positional_arguments_stay},
      {"order_and_quotes", test_order_and_quotes},
      {"flag_file", test_flag_file},
      {"flag_file_errors_say_where", test_flag_file_errors_say_where},
      {"every_failing_allocation", test_every_failing_allocation},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
