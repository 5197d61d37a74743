/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as text: how they are written on command lines and printed as results. */
#ifndef VMRT_TOOLING_SCALAR_TEXT_H_
#define VMRT_TOOLING_SCALAR_TEXT_H_

#include "iree/vm/value.h"

/* The whole text is the number, in any base that C detects; INVALID_ARGUMENT naming text and type otherwise. */
iree_status_t scalar_parse_int(iree_string_view_t text, int64_t minimum, int64_t maximum, const char* type_name,
                               int64_t* out_number);
/* As C reads it, hexadecimal, `nan` and `inf` included. Too large is infinite; INVALID_ARGUMENT for a number other than
 * zero that would become zero. */
iree_status_t scalar_parse_double(iree_string_view_t text, const char* type_name, double* out_number);

/* A number of the type. i32 takes the signed and the unsigned range. `(null)` and `(ignored)` are zero. */
iree_status_t scalar_parse(iree_string_view_t text, iree_vm_value_type_t type, iree_vm_value_t* out_value);

/* Type of a letter of a calling convention; NONE for references and everything else. */
iree_vm_value_type_t scalar_type_of_letter(char letter);
/* Such as `i32`. */
const char* scalar_type_name(iree_vm_value_type_t type);

/* `i32=7`; the longest is far below the size. */
typedef struct scalar_text_t {
  char chars[64];
} scalar_text_t;
scalar_text_t scalar_format(iree_vm_value_t value);

#endif /* VMRT_TOOLING_SCALAR_TEXT_H_ */
