/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments from the texts of `--input=` flags. */
#include "iree/modules/hal/types.h"
#include "tooling/function_io.h"
#include "tooling/scalar_text.h"
#include "tooling/tensor_input.h"
#include "vm/text.h"

static bool is_wildcard(iree_string_view_t text) {
  return iree_string_view_equal(text, IREE_SV("(null)")) || iree_string_view_equal(text, IREE_SV("(ignored)"));
}

/* Texts become values, one for each letter of the convention. */
typedef struct value_parser_t {
  tensor_source_t source;
  iree_string_view_t cconv;
  bool ignored_is_empty; /* `(ignored)` is no value, also for numbers */
  iree_vm_list_t* values;
} value_parser_t;

/* The letter of the value that comes next. */
static iree_status_t next_letter(const value_parser_t* parser, char* out_letter) {
  iree_host_size_t index = iree_vm_list_size(parser->values);
  if (index >= parser->cconv.size) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "function expected fewer input values: %zu",
                            parser->cconv.size);
  }
  *out_letter = parser->cconv.data[index];
  return iree_ok_status();
}

static bool is_number_next(const value_parser_t* parser) {
  iree_host_size_t index = iree_vm_list_size(parser->values);
  return index < parser->cconv.size && scalar_type_of_letter(parser->cconv.data[index]) != IREE_VM_VALUE_TYPE_NONE;
}

static iree_status_t push_ref(value_parser_t* parser, iree_vm_ref_t ref) {
  iree_status_t status = iree_vm_list_push_ref_move(parser->values, &ref);
  iree_vm_ref_release(&ref);
  return status;
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static iree_status_t push_number(value_parser_t* parser, iree_string_view_t text, iree_vm_value_type_t type) {
  iree_vm_value_t value = iree_vm_value_make_none();
  if (text.data[0] == '@' || text.data[0] == '*') {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "function signature mismatch: a file holds an array, the parameter is a number of type %s",
                            scalar_type_name(type));
  }
  IREE_RETURN_IF_ERROR(scalar_parse(text, type, &value));
  return iree_vm_list_push_value(parser->values, &value);
}

/* ---- References -------------------------------------------------------------------------------------------------- */

static iree_status_t check_tensor_memory(const value_parser_t* parser) {
  if (parser->source.device_allocator) return iree_ok_status();
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "there is no memory for tensors; only (null) can be given");
}

static iree_status_t push_next_array(value_parser_t* parser, input_file_t* file) {
  iree_hal_buffer_view_t* view = NULL;
  char letter = 0;
  IREE_RETURN_IF_ERROR(next_letter(parser, &letter));
  if (letter != 'r') {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "function signature mismatch: `%s` holds an array, the parameter has the type `%c`",
                            input_file_path(file), letter);
  }
  IREE_RETURN_IF_ERROR(tensor_read_npy(&parser->source, file, &view));
  return push_ref(parser, iree_hal_buffer_view_move_ref(view));
}

/* `@FILE` is the first array of a file, `+FILE` the next one, `*FILE` all that are left. */
static iree_status_t push_npy(value_parser_t* parser, iree_string_view_t text) {
  input_file_t* file = NULL;
  iree_string_view_t path = iree_make_string_view(text.data + 1, text.size - 1);
  IREE_RETURN_IF_ERROR(check_tensor_memory(parser));
  if (!iree_string_view_ends_with(path, IREE_SV(".npy"))) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED,
                            "only .npy files say which tensors they hold; write SHAPExTYPE=@FILE for raw bytes");
  }
  IREE_RETURN_IF_ERROR(input_files_open(parser->source.files, path, text.data[0] == '@', &file));
  if (text.data[0] != '*') return push_next_array(parser, file);
  while (!input_file_is_at_end(file)) IREE_RETURN_IF_ERROR(push_next_array(parser, file));
  return iree_ok_status();
}

/* `&SHAPExTYPE`: the memory of a tensor alone. */
static iree_status_t push_storage(value_parser_t* parser, iree_string_view_t text) {
  iree_hal_buffer_view_t* view = NULL;
  IREE_RETURN_IF_ERROR(tensor_parse(&parser->source, iree_make_string_view(text.data + 1, text.size - 1), &view));
  iree_vm_ref_t ref = iree_hal_buffer_retain_ref(iree_hal_buffer_view_buffer(view));
  iree_hal_buffer_view_release(view);
  return push_ref(parser, ref);
}

static iree_status_t push_tensor(value_parser_t* parser, iree_string_view_t text) {
  iree_hal_buffer_view_t* view = NULL;
  IREE_RETURN_IF_ERROR(tensor_parse(&parser->source, text, &view));
  return push_ref(parser, iree_hal_buffer_view_move_ref(view));
}

static iree_status_t push_empty(value_parser_t* parser) {
  iree_vm_variant_t empty = iree_vm_variant_empty();
  return iree_vm_list_push_variant_retain(parser->values, &empty);
}

static iree_status_t push_reference(value_parser_t* parser, iree_string_view_t text) {
  if (is_wildcard(text)) return push_empty(parser);
  IREE_RETURN_IF_ERROR(check_tensor_memory(parser));
  if (text.data[0] == '@' || text.data[0] == '+') return push_npy(parser, text);
  return text.data[0] == '&' ? push_storage(parser, text) : push_tensor(parser, text);
}

/* ---- Values ------------------------------------------------------------------------------------------------------ */

static iree_status_t push_text(value_parser_t* parser, iree_string_view_t text) {
  char letter = 0;
  if (iree_string_view_is_empty(text)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "no value specified for input");
  }
  if (text.data[0] == '*' && !is_number_next(parser)) return push_npy(parser, text);
  IREE_RETURN_IF_ERROR(next_letter(parser, &letter));
  if (parser->ignored_is_empty && iree_string_view_equal(text, IREE_SV("(ignored)"))) return push_empty(parser);
  iree_vm_value_type_t type = scalar_type_of_letter(letter);
  if (type != IREE_VM_VALUE_TYPE_NONE) return push_number(parser, text, type);
  if (letter == 'r') return push_reference(parser, text);
  if (letter == 'C')
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the function is variadic and cannot be called");
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unsupported cconv type '%c'", letter);
}

static iree_status_t push_texts(value_parser_t* parser, const iree_flag_string_list_t* texts) {
  for (iree_host_size_t i = 0; i < texts->count; ++i) {
    iree_string_view_t text = iree_string_view_trim(texts->values[i]);
    iree_status_t status = push_text(parser, text);
    if (!iree_status_is_ok(status)) {
      return iree_status_annotate_f(status, "parsing input `%.*s` (number %zu)", VM_SV_ARG(text), i);
    }
  }
  return iree_ok_status();
}

static iree_status_t parse_values(const function_io_t* io, iree_string_view_t cconv,
                                  const iree_flag_string_list_t* texts, bool ignored_is_empty,
                                  iree_vm_list_t** out_values) {
  iree_vm_list_t* values = NULL;
  input_files_t files;
  IREE_RETURN_IF_ERROR(
      iree_vm_list_create(iree_vm_make_undefined_type_def(), texts->count, io->host_allocator, &values));
  input_files_initialize(io->host_allocator, &files);
  value_parser_t parser = {{io->device_allocator, io->host_allocator, &files}, cconv, ignored_is_empty, values};
  iree_status_t status = push_texts(&parser, texts);
  input_files_deinitialize(&files);
  if (!iree_status_is_ok(status)) {
    iree_vm_list_release(values);
    return status;
  }
  *out_values = values;
  return iree_ok_status();
}

iree_status_t function_parse_values(const function_io_t* io, iree_string_view_t cconv,
                                    const iree_flag_string_list_t* texts, iree_vm_list_t** out_values) {
  return parse_values(io, cconv, texts, /*ignored_is_empty=*/false, out_values);
}

iree_status_t function_parse_expectations(const function_io_t* io, iree_string_view_t cconv,
                                          const iree_flag_string_list_t* texts, iree_vm_list_t** out_values) {
  return parse_values(io, cconv, texts, /*ignored_is_empty=*/true, out_values);
}
