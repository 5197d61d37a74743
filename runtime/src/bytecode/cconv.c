/* SPDX-License-Identifier: Apache-2.0 */
/* Takes calling convention strings apart and checks those of functions with code. */
#include "bytecode/cconv.h"

static iree_string_view_t without_lone_v(iree_string_view_t fragment) {
  return fragment.size == 1 && fragment.data[0] == 'v' ? iree_string_view_empty() : fragment;
}

bytecode_cconv_t bytecode_cconv_parse(iree_string_view_t text) {
  bytecode_cconv_t cconv = {text, iree_string_view_empty(), iree_string_view_empty()};
  if (text.size == 0 || text.data[0] != '0') return cconv;
  iree_string_view_t body = iree_make_string_view(text.data + 1, text.size - 1);
  const char* separator = body.size ? memchr(body.data, '_', body.size) : NULL;
  iree_host_size_t argument_size = separator ? (iree_host_size_t)(separator - body.data) : body.size;
  cconv.arguments = without_lone_v(iree_make_string_view(body.data, argument_size));
  if (separator) cconv.results = without_lone_v(iree_make_string_view(separator + 1, body.size - argument_size - 1));
  return cconv;
}

iree_status_t bytecode_cconv_check_version(const bytecode_cconv_t* cconv) {
  if (cconv->text.size == 0 || cconv->text.data[0] == '0') return iree_ok_status();
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unsupported cconv version '%c'; only '0' is known",
                          cconv->text.data[0]);
}

/* Registers that arguments of a fragment take, both banks counted from zero and 64-bit values on even registers. */
typedef struct register_need_t {
  uint64_t i32;
  uint64_t ref;
} register_need_t;

static iree_status_t add_need(register_need_t* need, char letter) {
  switch (letter) {
    case 'i': case 'f':
      ++need->i32;
      return iree_ok_status();
    case 'I': case 'F':
      need->i32 = (need->i32 + 1) / 2 * 2 + 2;
      return iree_ok_status();
    case 'r':
      ++need->ref;
      return iree_ok_status();
    case BYTECODE_CCONV_SPAN_BEGIN: case BYTECODE_CCONV_SPAN_END:
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "internal functions cannot accept variadic arguments");
    default:
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "unsupported cconv fragment char '%c'", letter);
  }
}

static iree_status_t need_of(iree_string_view_t fragment, register_need_t* out_need) {
  *out_need = (register_need_t){0, 0};
  for (iree_host_size_t i = 0; i < fragment.size; ++i) IREE_RETURN_IF_ERROR(add_need(out_need, fragment.data[i]));
  return iree_ok_status();
}

iree_status_t bytecode_cconv_check_function(const bytecode_cconv_t* cconv, uint32_t i32_register_count,
                                            uint32_t ref_register_count) {
  register_need_t arguments, results;
  IREE_RETURN_IF_ERROR(need_of(cconv->arguments, &arguments));
  IREE_RETURN_IF_ERROR(need_of(cconv->results, &results));
  if (arguments.i32 <= i32_register_count && arguments.ref <= ref_register_count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "insufficient register storage for function arguments: %llu i32 and %llu ref registers needed, "
                          "%u and %u declared",
                          (unsigned long long)arguments.i32, (unsigned long long)arguments.ref,
                          (unsigned)i32_register_count, (unsigned)ref_register_count);
}
