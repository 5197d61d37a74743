/* SPDX-License-Identifier: Apache-2.0 */
/* Names and source locations of functions, as far as the module tells.
 *
 * Nothing here can fail on what the file says: references that lead nowhere or in circles are cut off. */
#ifndef VMRT_BYTECODE_DEBUG_H_
#define VMRT_BYTECODE_DEBUG_H_

#include "base/string_builder.h"
#include "bytecode/image.h"

/* The first export of the function, else its name in the debug database, else empty. Takes time: for messages. */
iree_string_view_t bytecode_function_name(const bytecode_image_t* image, uint32_t function);

/* Location recorded for exactly this pc; false when there is none. */
bool bytecode_debug_find_location(const bytecode_image_t* image, uint32_t function, uint32_t pc, uint32_t* out_location);

/* Writes a location as `file:line:column`; calls, names and fusions in words around it. */
iree_status_t bytecode_debug_format_location(const bytecode_image_t* image, uint32_t location,
                                             iree_string_builder_t* builder);

#endif /* VMRT_BYTECODE_DEBUG_H_ */
