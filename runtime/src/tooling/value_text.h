/* SPDX-License-Identifier: Apache-2.0 */
/* Values of any kind as the text that tools print. */
#ifndef VMRT_TOOLING_VALUE_TEXT_H_
#define VMRT_TOOLING_VALUE_TEXT_H_

#include "base/string_builder.h"
#include "iree/hal/buffer_view.h"
#include "iree/vm/api.h"

/* Appends the value and a line end: `i32=7`, `(null)`, the name of a type and below it `(no printer)`, a tensor with
 * up to `max_element_count` elements, or a list with a line for each element and an empty one behind them. Lists are
 * followed 32 deep and to a million elements, then `...` stands for the rest: a list may contain itself. */
iree_status_t value_text_append(iree_string_builder_t* builder, iree_vm_variant_t value,
                                iree_host_size_t max_element_count);
/* Appends `SHAPExTYPE=VALUES` without line end. */
iree_status_t value_text_append_tensor(iree_string_builder_t* builder, const iree_hal_buffer_view_t* view,
                                       iree_host_size_t max_element_count);

/* Null reference or empty. */
bool value_is_null(iree_vm_variant_t value);

#endif /* VMRT_TOOLING_VALUE_TEXT_H_ */
