/* SPDX-License-Identifier: Apache-2.0 */
/* Results to standard output and to files, as `--output=` flags say. */
#include <errno.h>

#include "tooling/function_io.h"
#include "tooling/value_file.h"
#include "tooling/value_text.h"
#include "vm/text.h"

iree_status_t function_print(iree_string_view_t text, FILE* file) {
  errno = 0;
  bool written = text.size == 0 || fwrite(text.data, 1, text.size, file) == text.size;
  if (written && fflush(file) == 0) return iree_ok_status();
  iree_status_code_t code = errno ? iree_status_code_from_errno(errno) : IREE_STATUS_UNKNOWN;
  return iree_make_status(code, "writing standard output: %s", strerror(errno));
}

static iree_status_t print_builder(iree_status_t status, iree_string_builder_t* builder, FILE* file) {
  if (iree_status_is_ok(status)) status = function_print(iree_string_builder_view(builder), file);
  iree_string_builder_deinitialize(builder);
  return status;
}

static iree_status_t append_results(const function_io_t* io, iree_string_builder_t* builder,
                                    const iree_vm_list_t* results) {
  for (iree_host_size_t i = 0; i < iree_vm_list_size(results); ++i) {
    iree_vm_variant_t value = iree_vm_variant_empty();
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(results, i, &value));
    IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "result[%zu]: ", i));
    IREE_RETURN_IF_ERROR(value_text_append(builder, value, io->max_element_count));
  }
  return iree_ok_status();
}

iree_status_t function_print_results(const function_io_t* io, const iree_vm_list_t* results) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(io->host_allocator, &builder);
  return print_builder(append_results(io, &builder, results), &builder, io->file);
}

static iree_status_t print_value(const function_io_t* io, iree_vm_variant_t value) {
  iree_string_builder_t builder;
  iree_string_builder_initialize(io->host_allocator, &builder);
  return print_builder(value_text_append(&builder, value, io->max_element_count), &builder, io->file);
}

static iree_status_t write_result(const function_io_t* io, iree_vm_variant_t value, iree_string_view_t text) {
  if (iree_string_view_is_empty(text)) return iree_ok_status();
  if (iree_string_view_equal(text, IREE_SV("-"))) return print_value(io, value);
  iree_string_view_t path = iree_make_string_view(text.data + 1, text.size - 1);
  if (text.data[0] == '@') return value_file_write(value, path, /*append=*/false, io->host_allocator);
  if (text.data[0] == '+') return value_file_write(value, path, /*append=*/true, io->host_allocator);
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED,
                          "unsupported output mode specification '%.*s'; it is empty, `-`, `@PATH` or `+PATH`",
                          VM_SV_ARG(text));
}

iree_status_t function_write_results(const function_io_t* io, const iree_vm_list_t* results,
                                     const iree_flag_string_list_t* texts) {
  iree_host_size_t count = iree_vm_list_size(results);
  if (texts->count != count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "%zu outputs specified but the function has %zu results",
                            texts->count, count);
  }
  for (iree_host_size_t i = 0; i < count; ++i) {
    iree_vm_variant_t value = iree_vm_variant_empty();
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(results, i, &value));
    iree_status_t status = write_result(io, value, texts->values[i]);
    if (!iree_status_is_ok(status)) {
      return iree_status_annotate_f(status, "result %zu with --output=%.*s", i, VM_SV_ARG(texts->values[i]));
    }
  }
  return iree_ok_status();
}
