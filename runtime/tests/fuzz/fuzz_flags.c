/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is a command line, an argument a line; each argument is also read as a number of every type. */
#include <stdlib.h>

#include "iree/base/tooling/flags.h"
#include "tooling/scalar_text.h"

#define ARGUMENT_LIMIT 32

static struct {
  bool on;
  int32_t small;
  int64_t large;
  double ratio;
  iree_string_view_t name;
  iree_flag_string_list_t items;
} values;

static const vmrt_flag_t table[] = {
    {"on", VMRT_FLAG_BOOL, &values.on, ""},          {"small", VMRT_FLAG_INT32, &values.small, ""},
    {"large", VMRT_FLAG_INT64, &values.large, ""},   {"ratio", VMRT_FLAG_DOUBLE, &values.ratio, ""},
    {"name", VMRT_FLAG_STRING, &values.name, ""},    {"item", VMRT_FLAG_LIST, &values.items, ""},
};
static const vmrt_flag_set_t set = {"Flags", sizeof table / sizeof *table, table};
static const vmrt_flag_set_t* const sets[] = {&set};

/* Splits at line ends, in place. */
static int split_lines(char* text, char** out_arguments) {
  static char program[] = "program";
  int count = 0;
  out_arguments[count++] = program;
  for (char* line = text; line && count < ARGUMENT_LIMIT;) {
    out_arguments[count++] = line;
    line = strchr(line, '\n');
    if (line) *line++ = 0;
  }
  return count;
}

static void parse_numbers(const char* text) {
  static const iree_vm_value_type_t types[] = {IREE_VM_VALUE_TYPE_I32, IREE_VM_VALUE_TYPE_I64, IREE_VM_VALUE_TYPE_F32,
                                               IREE_VM_VALUE_TYPE_F64};
  for (size_t i = 0; i < sizeof types / sizeof *types; ++i) {
    iree_vm_value_t value;
    iree_status_t status = scalar_parse(iree_make_cstring_view(text), types[i], &value);
    if (iree_status_is_ok(status)) (void)scalar_format(value);
    iree_status_free(status);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  char* text = malloc(size + 1);
  if (!text) return 0;
  if (size) memcpy(text, data, size);
  text[size] = 0;
  char* arguments[ARGUMENT_LIMIT];
  if (!strstr(text, "flagfile")) { /* which would open any file of this machine */
    int count = split_lines(text, arguments);
    for (int i = 1; i < count; ++i) parse_numbers(arguments[i]);
    vmrt_flag_parser_t parser;
    vmrt_flag_parser_initialize(1, sets, iree_allocator_system(), &parser);
    iree_status_free(vmrt_flag_parser_parse(&parser, &count, arguments));
    vmrt_flag_parser_deinitialize(&parser);
  }
  free(text);
  return 0;
}
