/* SPDX-License-Identifier: Apache-2.0 */
/* Calling convention strings such as `0iI_r`. */
#ifndef VMRT_BYTECODE_CCONV_H_
#define VMRT_BYTECODE_CCONV_H_

#include "bytecode/image.h"

#define BYTECODE_CCONV_SPAN_BEGIN 'C'
#define BYTECODE_CCONV_SPAN_END 'D'

/* Takes a string apart. The parts of a string of another version than 0 are empty. */
bytecode_cconv_t bytecode_cconv_parse(iree_string_view_t text);

/* UNIMPLEMENTED unless the text is empty or of version 0. */
iree_status_t bytecode_cconv_check_version(const bytecode_cconv_t* cconv);

/* What a function with code may declare: values and references only (INVALID_ARGUMENT), and registers enough to receive the
 * arguments (INVALID_ARGUMENT). */
iree_status_t bytecode_cconv_check_function(const bytecode_cconv_t* cconv, uint32_t i32_register_count,
                                            uint32_t ref_register_count);

#endif /* VMRT_BYTECODE_CCONV_H_ */
