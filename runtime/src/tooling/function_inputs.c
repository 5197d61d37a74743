/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments from the texts of `--input=` flags. */
#include "tooling/function_io.h"
#include "tooling/scalar_text.h"
#include "vm/text.h"

bool function_text_is_wildcard(iree_string_view_t text) {
  return iree_string_view_equal(text, IREE_SV("(null)")) || iree_string_view_equal(text, IREE_SV("(ignored)"));
}

static iree_status_t push_number(iree_string_view_t text, iree_vm_value_type_t type, iree_vm_list_t* values) {
  iree_vm_value_t value = iree_vm_value_make_none();
  if (text.data[0] == '@' || text.data[0] == '*') {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "function signature mismatch: a file holds an array, the parameter is a number of type %s",
                            scalar_type_name(type));
  }
  IREE_RETURN_IF_ERROR(scalar_parse(text, type, &value));
  return iree_vm_list_push_value(values, &value);
}

static iree_status_t push_reference(iree_string_view_t text, iree_vm_list_t* values) {
  iree_vm_variant_t null = iree_vm_variant_empty();
  if (function_text_is_wildcard(text)) return iree_vm_list_push_variant_retain(values, &null);
  return iree_make_status(
      IREE_STATUS_UNIMPLEMENTED,
      "tensors, storage and files need the HAL, which this tool does not have; only (null) can be given");
}

static iree_status_t push_text(iree_string_view_t text, char letter, iree_vm_list_t* values) {
  if (iree_string_view_is_empty(text)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "no value specified for input");
  }
  iree_vm_value_type_t type = scalar_type_of_letter(letter);
  if (type != IREE_VM_VALUE_TYPE_NONE) return push_number(text, type, values);
  if (letter == 'r') return push_reference(text, values);
  if (letter == 'C')
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the function is variadic and cannot be called");
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unsupported cconv type '%c'", letter);
}

static iree_status_t push_texts(iree_string_view_t cconv, const iree_flag_string_list_t* texts,
                                iree_vm_list_t* values) {
  for (iree_host_size_t i = 0; i < texts->count; ++i) {
    iree_string_view_t text = iree_string_view_trim(texts->values[i]);
    iree_status_t status = i < cconv.size ? push_text(text, cconv.data[i], values)
                                          : iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                                                             "function expected fewer input values: %zu", cconv.size);
    if (!iree_status_is_ok(status)) {
      return iree_status_annotate_f(status, "parsing input `%.*s` (number %zu)", VM_SV_ARG(text), i);
    }
  }
  return iree_ok_status();
}

iree_status_t function_parse_values(iree_string_view_t cconv, const iree_flag_string_list_t* texts,
                                    iree_allocator_t allocator, iree_vm_list_t** out_values) {
  iree_vm_list_t* values = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_list_create(iree_vm_make_undefined_type_def(), texts->count, allocator, &values));
  iree_status_t status = push_texts(cconv, texts, values);
  if (!iree_status_is_ok(status)) {
    iree_vm_list_release(values);
    return status;
  }
  *out_values = values;
  return iree_ok_status();
}
