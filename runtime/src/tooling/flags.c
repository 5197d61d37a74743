/* SPDX-License-Identifier: Apache-2.0 */
/* Parses command lines into tables of flags. */
#include "iree/base/tooling/flags.h"

#include "tooling/flag_file.h"
#include "tooling/scalar_text.h"
#include "vm/text.h"

void vmrt_flag_parser_initialize(iree_host_size_t set_count, const vmrt_flag_set_t* const* sets,
                                 iree_allocator_t allocator, vmrt_flag_parser_t* out_parser) {
  memset(out_parser, 0, sizeof *out_parser);
  out_parser->allocator = allocator;
  out_parser->set_count = set_count;
  out_parser->sets = sets;
}

static void free_lists(vmrt_flag_parser_t* parser, const vmrt_flag_set_t* set) {
  for (iree_host_size_t i = 0; i < set->count; ++i) {
    if (set->flags[i].type != VMRT_FLAG_LIST) continue;
    iree_flag_string_list_t* list = set->flags[i].storage;
    iree_allocator_free(parser->allocator, list->values);
    memset(list, 0, sizeof *list);
  }
}

void vmrt_flag_parser_deinitialize(vmrt_flag_parser_t* parser) {
  for (iree_host_size_t i = 0; i < parser->set_count; ++i) free_lists(parser, parser->sets[i]);
  flag_files_free(parser);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

/* What was written behind a name; `given` tells `--name=` from `--name`. */
typedef struct flag_value_t {
  iree_string_view_t text;
  bool given;
} flag_value_t;

static iree_status_t store_bool(iree_string_view_t text, bool* out_value) {
  bool is_true =
      text.size == 0 || iree_string_view_equal(text, IREE_SV("true")) || iree_string_view_equal(text, IREE_SV("1"));
  bool is_false = iree_string_view_equal(text, IREE_SV("false")) || iree_string_view_equal(text, IREE_SV("0"));
  if (!is_true && !is_false) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "parsing value `%.*s` as bool: neither true, 1, false nor 0",
                            VM_SV_ARG(text));
  }
  *out_value = is_true;
  return iree_ok_status();
}

static iree_status_t store_int32(iree_string_view_t text, int32_t* out_value) {
  int64_t number = 0;
  IREE_RETURN_IF_ERROR(scalar_parse_int(text, INT32_MIN, INT32_MAX, "i32", &number));
  *out_value = (int32_t)number;
  return iree_ok_status();
}

static iree_status_t store_string(flag_value_t value, iree_string_view_t* out_value) {
  if (!value.given) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "a value is needed: write `=VALUE` behind the name");
  }
  iree_string_view_t text = value.text;
  if (text.size >= 2 && text.data[0] == '"' && text.data[text.size - 1] == '"') {
    text = iree_make_string_view(text.data + 1, text.size - 2);
  }
  *out_value = text;
  return iree_ok_status();
}

static iree_status_t store_entry(vmrt_flag_parser_t* parser, iree_string_view_t text, iree_flag_string_list_t* list) {
  if (list->count == list->capacity) {
    IREE_RETURN_IF_ERROR(iree_allocator_grow_array(parser->allocator, list->count + 4, sizeof *list->values,
                                                   &list->capacity, (void**)&list->values));
  }
  list->values[list->count++] = text;
  return iree_ok_status();
}

static iree_status_t store_value(vmrt_flag_parser_t* parser, const vmrt_flag_t* flag, flag_value_t value) {
  switch (flag->type) {
    case VMRT_FLAG_BOOL: return store_bool(value.text, flag->storage);
    case VMRT_FLAG_INT32: return store_int32(value.text, flag->storage);
    case VMRT_FLAG_INT64: return scalar_parse_int(value.text, INT64_MIN, INT64_MAX, "i64", flag->storage);
    case VMRT_FLAG_DOUBLE: return scalar_parse_double(value.text, "f64", flag->storage);
    case VMRT_FLAG_STRING: return store_string(value, flag->storage);
    case VMRT_FLAG_LIST: return store_entry(parser, value.text, flag->storage);
    case VMRT_FLAG_REQUEST:
      *(vmrt_flag_request_t*)flag->storage = (vmrt_flag_request_t){true, value.text};
      return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INTERNAL, "flag '%s' has no such type", flag->name);
}

/* ---- Flags ------------------------------------------------------------------------------------------------------- */

static const vmrt_flag_t* find_flag(const vmrt_flag_parser_t* parser, iree_string_view_t name) {
  for (iree_host_size_t s = 0; s < parser->set_count; ++s) {
    for (iree_host_size_t i = 0; i < parser->sets[s]->count; ++i) {
      const vmrt_flag_t* flag = &parser->sets[s]->flags[i];
      if (iree_string_view_equal(name, iree_make_cstring_view(flag->name))) return flag;
    }
  }
  return NULL;
}

iree_status_t flags_parse_one(vmrt_flag_parser_t* parser, iree_string_view_t argument, int depth) {
  iree_string_view_t body = iree_make_string_view(argument.data + 2, argument.size - 2);
  iree_string_view_t name = body;
  flag_value_t value = {iree_string_view_empty(), false};
  value.given = iree_string_view_split(body, '=', &name, &value.text) != IREE_STRING_VIEW_NPOS;
  name = iree_string_view_trim(name);
  value.text = iree_string_view_trim(value.text);
  if (iree_string_view_equal(name, IREE_SV("flagfile"))) return flag_file_parse(parser, value.text, depth);
  const vmrt_flag_t* flag = find_flag(parser, name);
  if (!flag) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "flag '%.*s' not recognized", VM_SV_ARG(name));
  iree_status_t status = store_value(parser, flag, value);
  return iree_status_annotate_f(status, "flag '--%.*s'", VM_SV_ARG(body));
}

iree_status_t vmrt_flag_parser_parse(vmrt_flag_parser_t* parser, int* argc, char** argv) {
  int kept = *argc > 0 ? 1 : 0;
  for (int i = 1; i < *argc; ++i) {
    iree_string_view_t argument = iree_string_view_trim(iree_make_cstring_view(argv[i]));
    if (!iree_string_view_starts_with(argument, IREE_SV("--"))) {
      argv[kept++] = argv[i];
      continue;
    }
    IREE_RETURN_IF_ERROR(flags_parse_one(parser, argument, 0));
  }
  *argc = kept;
  return iree_ok_status();
}

/* ---- Help -------------------------------------------------------------------------------------------------------- */

static void print_value(const vmrt_flag_t* flag, FILE* file) {
  const iree_string_view_t* text = flag->storage;
  const iree_flag_string_list_t* list = flag->storage;
  switch (flag->type) {
    case VMRT_FLAG_BOOL: fprintf(file, "--%s=%s", flag->name, *(const bool*)flag->storage ? "true" : "false"); break;
    case VMRT_FLAG_INT32: fprintf(file, "--%s=%d", flag->name, (int)*(const int32_t*)flag->storage); break;
    case VMRT_FLAG_INT64: fprintf(file, "--%s=%lld", flag->name, (long long)*(const int64_t*)flag->storage); break;
    case VMRT_FLAG_DOUBLE: fprintf(file, "--%s=%g", flag->name, *(const double*)flag->storage); break;
    case VMRT_FLAG_STRING: fprintf(file, "--%s=%.*s", flag->name, VM_SV_ARG(*text)); break;
    case VMRT_FLAG_LIST: fprintf(file, "--%s=... (%zu given)", flag->name, list->count); break;
    case VMRT_FLAG_REQUEST: fprintf(file, "--%s[=...]", flag->name); break;
  }
}

void vmrt_flag_parser_print(const vmrt_flag_parser_t* parser, FILE* file) {
  for (iree_host_size_t s = 0; s < parser->set_count; ++s) {
    fprintf(file, "%s:\n", parser->sets[s]->title);
    for (iree_host_size_t i = 0; i < parser->sets[s]->count; ++i) {
      const vmrt_flag_t* flag = &parser->sets[s]->flags[i];
      fprintf(file, "  ");
      print_value(flag, file);
      fprintf(file, "\n      %s\n", flag->help);
    }
  }
  fprintf(file, "Everywhere:\n  --flagfile=PATH\n");
  fprintf(file, "      One flag a line; empty lines and lines that begin with # or // are skipped.\n");
}
