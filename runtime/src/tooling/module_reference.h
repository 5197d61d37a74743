/* SPDX-License-Identifier: Apache-2.0 */
/* Module references `PATH[@EXPORT][?PARAMS]`, taken apart (docs/module-references.md). */
#ifndef VMRT_TOOLING_MODULE_REFERENCE_H_
#define VMRT_TOOLING_MODULE_REFERENCE_H_

#include "iree/base/api.h"

/* All text is borrowed from the reference. */
typedef struct module_reference_t {
  iree_string_view_t path;
  iree_string_view_t export_name; /* empty: the default export */
  bool has_export;                /* an `@` was written, with or without a name behind it */
  bool has_params;                /* a `?` was written, with or without pairs behind it */
  iree_host_size_t param_count;
  iree_string_pair_t* params; /* NULL when there are none */
} module_reference_t;

/* Only memory can be missing: every text is a reference to something. Freed with module_reference_deinitialize. */
iree_status_t module_reference_parse(iree_string_view_t text, iree_allocator_t allocator,
                                     module_reference_t* out_reference);
void module_reference_deinitialize(module_reference_t* reference, iree_allocator_t allocator);

/* Whether the name looks like that of a shared library: `.so`, `.sos`, `.dylib`, `.dll` in any case, or `.so.1.2`. */
bool module_reference_names_library(iree_string_view_t path);

/* The part behind the last path separator. */
iree_string_view_t module_reference_file_name(iree_string_view_t path);

#endif /* VMRT_TOOLING_MODULE_REFERENCE_H_ */
