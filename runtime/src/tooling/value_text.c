/* SPDX-License-Identifier: Apache-2.0 */
/* Prints values into text. */
#include "tooling/value_text.h"

#include "iree/modules/hal/types.h"
#include "tooling/scalar_text.h"
#include "vm/text.h"

#define MAX_LIST_DEPTH    32
#define MAX_LIST_ELEMENTS (1 << 20)

typedef struct value_printer_t {
  iree_string_builder_t* builder;
  int depth;
  int elements; /* of all lists so far */
  iree_host_size_t max_element_count;
} value_printer_t;

bool value_is_null(iree_vm_variant_t value) {
  return iree_vm_variant_is_empty(value) || (iree_vm_variant_is_ref(value) && iree_vm_ref_is_null(&value.ref));
}

static iree_status_t print_value(value_printer_t* printer, iree_vm_variant_t value);

static iree_status_t print_elements(value_printer_t* printer, const iree_vm_list_t* list) {
  iree_host_size_t count = iree_vm_list_size(list);
  for (iree_host_size_t i = 0; i < count; ++i) {
    if (printer->depth > MAX_LIST_DEPTH || ++printer->elements > MAX_LIST_ELEMENTS) {
      return iree_string_builder_append_format(printer->builder, "...\n");
    }
    iree_vm_variant_t element = iree_vm_variant_empty();
    IREE_RETURN_IF_ERROR(iree_vm_list_get_variant_assign(list, i, &element));
    IREE_RETURN_IF_ERROR(iree_string_builder_append_format(printer->builder, "child_list[%zu]: ", i));
    IREE_RETURN_IF_ERROR(print_value(printer, element));
  }
  return iree_ok_status();
}

/* Most tensors fit into the first size. */
#define TENSOR_TEXT_GUESS 1024

static iree_status_t append_tensor(iree_string_builder_t* builder, const iree_hal_buffer_view_t* view,
                                   iree_host_size_t max_element_count, iree_host_size_t capacity,
                                   iree_host_size_t* out_length) {
  char* text = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(builder->allocator, capacity, (void**)&text));
  iree_status_t status = iree_hal_buffer_view_format(view, max_element_count, capacity, text, out_length);
  if (iree_status_is_ok(status)) {
    status = iree_string_builder_append_string(builder, iree_make_string_view(text, *out_length));
  }
  iree_allocator_free(builder->allocator, text);
  return status;
}

iree_status_t value_text_append_tensor(iree_string_builder_t* builder, const iree_hal_buffer_view_t* view,
                                       iree_host_size_t max_element_count) {
  iree_host_size_t length = 0;
  iree_status_t status = append_tensor(builder, view, max_element_count, TENSOR_TEXT_GUESS, &length);
  if (iree_status_code(status) != IREE_STATUS_OUT_OF_RANGE || length < TENSOR_TEXT_GUESS) return status;
  iree_status_ignore(status);
  return append_tensor(builder, view, max_element_count, length + 1, &length);
}

static iree_status_t print_tensor(value_printer_t* printer, const iree_hal_buffer_view_t* view) {
  IREE_RETURN_IF_ERROR(value_text_append_tensor(printer->builder, view, printer->max_element_count));
  return iree_string_builder_append_format(printer->builder, "\n");
}

static iree_status_t print_ref(value_printer_t* printer, iree_vm_ref_t ref) {
  iree_string_view_t name = iree_vm_ref_type_name(ref.type);
  const iree_vm_list_t* list = iree_vm_list_deref(ref);
  IREE_RETURN_IF_ERROR(iree_string_builder_append_format(printer->builder, "%.*s\n", VM_SV_ARG(name)));
  const iree_hal_buffer_view_t* view = iree_hal_buffer_view_deref(ref);
  if (view) return print_tensor(printer, view);
  if (!list) return iree_string_builder_append_format(printer->builder, "(no printer)\n");
  ++printer->depth;
  iree_status_t status = print_elements(printer, list);
  --printer->depth;
  IREE_RETURN_IF_ERROR(status);
  return iree_string_builder_append_format(printer->builder, "\n");
}

static iree_status_t print_value(value_printer_t* printer, iree_vm_variant_t value) {
  if (value_is_null(value)) return iree_string_builder_append_format(printer->builder, "(null)\n");
  if (iree_vm_variant_is_ref(value)) return print_ref(printer, value.ref);
  return iree_string_builder_append_format(printer->builder, "%s\n", scalar_format(value.value).chars);
}

iree_status_t value_text_append(iree_string_builder_t* builder, iree_vm_variant_t value,
                                iree_host_size_t max_element_count) {
  value_printer_t printer = {builder, 0, 0, max_element_count};
  return print_value(&printer, value);
}
