/* SPDX-License-Identifier: Apache-2.0 */
/* Printing strings that modules hand over: of any length, possibly NULL. */
#ifndef VMRT_VM_TEXT_H_
#define VMRT_VM_TEXT_H_

#include "iree/base/api.h"

/* Longest piece of a foreign string in one message. */
#define VM_TEXT_LIMIT 512

static inline int vm_text_length(iree_string_view_t view) {
  if (!view.data) return 0;
  return (int)(view.size < VM_TEXT_LIMIT ? view.size : VM_TEXT_LIMIT);
}

/* Arguments for `%.*s`. */
#define VM_SV_ARG(view) vm_text_length(view), ((view).data ? (view).data : "")

/* A view without data has no size, whatever a module says. */
static inline iree_string_view_t vm_text_sanitize(iree_string_view_t view) {
  return view.data ? view : iree_string_view_empty();
}

#endif /* VMRT_VM_TEXT_H_ */
