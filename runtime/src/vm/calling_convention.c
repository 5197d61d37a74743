/* SPDX-License-Identifier: Apache-2.0 */
/* Calling conventions: taking the strings apart and sizing the packed buffers that they describe. */
#include "iree/vm/module.h"

#include "vm/text.h"

#define CCONV_SPAN_BEGIN 'C'
#define CCONV_SPAN_END 'D'

/* ---- Parts ------------------------------------------------------------------------------------------------------- */

static iree_string_view_t cconv_without_lone_v(iree_string_view_t part) {
  return part.size == 1 && part.data[0] == 'v' ? iree_string_view_empty() : part;
}

iree_status_t iree_vm_function_call_get_cconv_fragments(const iree_vm_function_signature_t* signature,
                                                        iree_string_view_t* out_arguments,
                                                        iree_string_view_t* out_results) {
  iree_string_view_t cconv = vm_text_sanitize(signature->calling_convention);
  *out_arguments = *out_results = iree_string_view_empty();
  if (cconv.size == 0) return iree_ok_status();
  if (cconv.data[0] != '0') {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unsupported cconv version in '%.*s'; only 0 is known",
                            VM_SV_ARG(cconv));
  }
  iree_host_size_t at = 1; /* a loop: this is part of every call */
  while (at < cconv.size && cconv.data[at] != '_') ++at;
  *out_arguments = cconv_without_lone_v(iree_make_string_view(cconv.data + 1, at - 1));
  if (at < cconv.size) {
    *out_results = cconv_without_lone_v(iree_make_string_view(cconv.data + at + 1, cconv.size - at - 1));
  }
  return iree_ok_status();
}

bool iree_vm_function_call_is_variadic_cconv(iree_string_view_t cconv) {
  return cconv.data && memchr(cconv.data, CCONV_SPAN_BEGIN, cconv.size) != NULL;
}

/* ---- Elements ---------------------------------------------------------------------------------------------------- */

/* Bytes of a packed value, which are also its alignment but for references; 0 for an unknown letter. */
static iree_host_size_t cconv_value_size(char letter) {
  switch (letter) {
    case 'i': case 'f':
      return 4;
    case 'I': case 'F':
      return 8;
    case 'r':
      return 16;
    default:
      return 0;
  }
}

static iree_host_size_t cconv_value_alignment(char letter) { return cconv_value_size(letter) == 4 ? 4 : 8; }

static iree_status_t cconv_unknown_letter(iree_string_view_t part, iree_host_size_t at) {
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "unknown type '%c' at %zu of the calling convention part '%.*s'",
                          part.data[at], at, VM_SV_ARG(part));
}

static iree_status_t cconv_count(iree_string_view_t part, iree_host_size_t* out_count) {
  for (iree_host_size_t i = 0; i < part.size; ++i) {
    if (part.data[i] == CCONV_SPAN_BEGIN || part.data[i] == CCONV_SPAN_END) {
      return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "variadic part '%.*s' has no fixed number of values",
                              VM_SV_ARG(part));
    }
    if (cconv_value_size(part.data[i]) == 0) return cconv_unknown_letter(part, i);
  }
  *out_count = part.size;
  return iree_ok_status();
}

iree_status_t iree_vm_function_call_count_arguments_and_results(const iree_vm_function_signature_t* signature,
                                                                iree_host_size_t* out_argument_count,
                                                                iree_host_size_t* out_result_count) {
  iree_string_view_t arguments, results;
  *out_argument_count = *out_result_count = 0;
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(signature, &arguments, &results));
  IREE_RETURN_IF_ERROR(cconv_count(arguments, out_argument_count));
  return cconv_count(results, out_result_count);
}

/* ---- Sizes ------------------------------------------------------------------------------------------------------- */

/* Where the next value goes, and the largest alignment so far. */
typedef struct cconv_layout_t {
  iree_host_size_t offset;
  iree_host_size_t alignment;
} cconv_layout_t;

static iree_host_size_t cconv_align(iree_host_size_t offset, iree_host_size_t alignment) {
  return (offset + alignment - 1) & ~(alignment - 1);
}

static void cconv_add_value(cconv_layout_t* layout, char letter) {
  iree_host_size_t alignment = cconv_value_alignment(letter);
  if (layout->alignment < alignment) layout->alignment = alignment;
  layout->offset = cconv_align(layout->offset, alignment) + cconv_value_size(letter);
}

/* Length of the tuple of the span that begins at `at`, checked. */
static iree_status_t cconv_tuple_length(iree_string_view_t part, iree_host_size_t at, iree_host_size_t* out_length) {
  for (iree_host_size_t i = at + 1; i < part.size; ++i) {
    if (part.data[i] == CCONV_SPAN_END && i > at + 1) {
      *out_length = i - at - 1;
      return iree_ok_status();
    }
    if (part.data[i] == CCONV_SPAN_END || part.data[i] == CCONV_SPAN_BEGIN) break;
    if (cconv_value_size(part.data[i]) == 0) return cconv_unknown_letter(part, i);
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the span at %zu of '%.*s' is empty, nested or not closed", at,
                          VM_SV_ARG(part));
}

static iree_host_size_t cconv_tuple_alignment(iree_string_view_t tuple) {
  iree_host_size_t alignment = 4;
  for (iree_host_size_t i = 0; i < tuple.size; ++i) {
    if (alignment < cconv_value_alignment(tuple.data[i])) alignment = cconv_value_alignment(tuple.data[i]);
  }
  return alignment;
}

/* A count, then `count` tuples: the first one begins at the alignment of its largest member, the others right behind. An
 * empty span takes no padding, but its members still count for the alignment of the whole. */
static void cconv_add_span(cconv_layout_t* layout, iree_string_view_t tuple, iree_host_size_t count) {
  iree_host_size_t alignment = cconv_tuple_alignment(tuple);
  cconv_add_value(layout, 'i');
  if (layout->alignment < alignment) layout->alignment = alignment;
  if (count > 0) layout->offset = cconv_align(layout->offset, alignment);
  for (iree_host_size_t k = 0; k < count; ++k) {
    for (iree_host_size_t i = 0; i < tuple.size; ++i) cconv_add_value(layout, tuple.data[i]);
  }
}

static iree_status_t cconv_segment(iree_string_view_t part, const iree_vm_register_list_t* segments,
                                   iree_host_size_t element, iree_host_size_t* out_count) {
  if (!segments) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the size of the variadic part '%.*s' needs segment sizes",
                            VM_SV_ARG(part));
  }
  if (element >= segments->size) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "'%.*s' has more elements than the %u segment sizes given",
                            VM_SV_ARG(part), (unsigned)segments->size);
  }
  *out_count = segments->registers[element];
  return iree_ok_status();
}

iree_status_t iree_vm_function_call_compute_cconv_fragment_size(iree_string_view_t cconv_fragment,
                                                                const iree_vm_register_list_t* segment_size_list,
                                                                iree_host_size_t* out_required_size) {
  *out_required_size = 0;
  cconv_layout_t layout = {0, 1};
  iree_host_size_t element = 0;
  iree_string_view_t part = cconv_without_lone_v(vm_text_sanitize(cconv_fragment));
  for (iree_host_size_t i = 0; i < part.size; ++i, ++element) {
    if (part.data[i] != CCONV_SPAN_BEGIN) {
      if (cconv_value_size(part.data[i]) == 0) return cconv_unknown_letter(part, i);
      cconv_add_value(&layout, part.data[i]);
      continue;
    }
    iree_host_size_t tuple_length = 0, count = 0;
    IREE_RETURN_IF_ERROR(cconv_tuple_length(part, i, &tuple_length));
    IREE_RETURN_IF_ERROR(cconv_segment(part, segment_size_list, element, &count));
    cconv_add_span(&layout, iree_make_string_view(part.data + i + 1, tuple_length), count);
    i += tuple_length + 1;
  }
  *out_required_size = cconv_align(layout.offset, layout.alignment);
  return iree_ok_status();
}
