/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is a module reference; its parts must be parts of it. */
#include <stdlib.h>

#include "tooling/module_reference.h"

static void require_inside(iree_string_view_t part, iree_string_view_t whole) {
  if (part.size == 0) return;
  if (part.data < whole.data || part.data + part.size > whole.data + whole.size) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  char* copy = malloc(size ? size : 1);
  if (!copy) return 0;
  if (size) memcpy(copy, data, size);
  iree_string_view_t text = iree_make_string_view(copy, size);
  module_reference_t reference;
  iree_status_t status = module_reference_parse(text, iree_allocator_system(), &reference);
  if (iree_status_is_ok(status)) {
    require_inside(reference.path, text);
    require_inside(reference.export_name, text);
    for (iree_host_size_t i = 0; i < reference.param_count; ++i) {
      require_inside(reference.params[i].key, text);
      require_inside(reference.params[i].value, text);
    }
    require_inside(module_reference_file_name(reference.path), reference.path);
    (void)module_reference_names_library(reference.path);
    module_reference_deinitialize(&reference, iree_allocator_system());
  }
  iree_status_free(status);
  free(copy);
  return 0;
}
