/* SPDX-License-Identifier: Apache-2.0 */
/* Values of any kind as the text that tools print. */
#ifndef VMRT_TOOLING_VALUE_TEXT_H_
#define VMRT_TOOLING_VALUE_TEXT_H_

#include "base/string_builder.h"
#include "iree/vm/api.h"

/* Appends the value and a line end: `i32=7`, `(null)`, the name of a type and below it `(no printer)`, or a list with a
 * line for each element and an empty one behind them. Lists are followed 32 deep and to a million elements, then `...`
 * stands for the rest: a list may contain itself. */
iree_status_t value_text_append(iree_string_builder_t* builder, iree_vm_variant_t value);

/* Null reference or empty. */
bool value_is_null(iree_vm_variant_t value);

#endif /* VMRT_TOOLING_VALUE_TEXT_H_ */
