/* SPDX-License-Identifier: Apache-2.0 */
/* .safetensors archives: the length of a JSON header, the header, then data. Of JSON only what such a header may have.
 */
#include "modules/archive_reader.h"
#include "modules/parameter_index.h"
#include "vm/text.h"

#define SAFETENSORS_MAX_HEADER 100000000u

typedef struct header_t {
  archive_reader_t* in;
  char* text; /* decoded strings: each where it stands in the header, as none grows by being decoded */
  archive_range_t json;
  archive_range_t data;
} header_t;

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static iree_status_t json_error(const header_t* header, const char* expected) {
  return archive_error(header->in, IREE_STATUS_INVALID_ARGUMENT, header->in->at, "expected %s in the header", expected);
}

/* The next byte without taking it; 0 at the end, which is no byte of JSON. */
static char json_peek(const header_t* header) {
  return header->in->at < header->in->end ? (char)header->in->data[header->in->at] : 0;
}

static char json_peek_token(header_t* header) {
  for (;;) {
    char c = json_peek(header);
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return c;
    ++header->in->at;
  }
}

/* Takes `wanted` if it comes next. */
static bool json_accept(header_t* header, char wanted) {
  if (json_peek_token(header) != wanted) return false;
  ++header->in->at;
  return true;
}

static iree_status_t json_expect(header_t* header, char wanted) {
  if (json_accept(header, wanted)) return iree_ok_status();
  char expected[4] = {'\'', wanted, '\'', 0};
  return json_error(header, expected);
}

/* Between two values of a list or object: true when there is another one. */
static iree_status_t json_more(header_t* header, char close, bool* out_more) {
  *out_more = json_accept(header, ',');
  return *out_more ? iree_ok_status() : json_expect(header, close);
}

static iree_status_t json_read_number(header_t* header, uint64_t* out_value) {
  char c = json_peek_token(header);
  uint64_t value = 0;
  bool is_zero = c == '0';
  if (c < '0' || c > '9') return json_error(header, "a number without a sign");
  while (c >= '0' && c <= '9') {
    uint64_t digit = (uint64_t)(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return json_error(header, "a number below 2^64");
    value = 10 * value + digit;
    ++header->in->at;
    c = json_peek(header);
    if (is_zero) break;
  }
  if ((c >= '0' && c <= '9') || c == '.' || c == 'e' || c == 'E') return json_error(header, "a whole number");
  *out_value = value;
  return iree_ok_status();
}

/* ---- Strings ----------------------------------------------------------------------------------------------------- */

static iree_status_t json_read_hex4(header_t* header, uint32_t* out_value) {
  *out_value = 0;
  for (int i = 0; i < 4; ++i) {
    char c = json_peek(header);
    uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = (uint32_t)(c - '0');
    } else if ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')) {
      digit = (uint32_t)(c & 0x5F) - 'A' + 10;
    } else {
      return json_error(header, "four hexadecimal digits");
    }
    *out_value = *out_value << 4 | digit;
    ++header->in->at;
  }
  return iree_ok_status();
}

static iree_host_size_t utf8_encode(uint32_t code, char* out) {
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const uint8_t lead[] = {0, 0xC0, 0xE0, 0xF0};
  out[0] = (char)(lead[tail] | code >> (6 * tail));
  for (int i = 1; i <= tail; ++i) out[i] = (char)(0x80 | (code >> (6 * (tail - i)) & 0x3F));
  return (iree_host_size_t)tail + 1;
}

/* Behind `\u`: a code point, of which the second half may follow. */
static iree_status_t json_read_code_point(header_t* header, uint32_t* out_code) {
  uint32_t low = 0;
  IREE_RETURN_IF_ERROR(json_read_hex4(header, out_code));
  if (*out_code < 0xD800 || *out_code > 0xDFFF) return iree_ok_status();
  if (*out_code > 0xDBFF || json_peek(header) != '\\') return json_error(header, "a pair of surrogates");
  ++header->in->at;
  if (json_peek(header) != 'u') return json_error(header, "a pair of surrogates");
  ++header->in->at;
  IREE_RETURN_IF_ERROR(json_read_hex4(header, &low));
  if (low < 0xDC00 || low > 0xDFFF) return json_error(header, "the low half of a pair of surrogates");
  *out_code = 0x10000 + ((*out_code - 0xD800) << 10) + (low - 0xDC00);
  return iree_ok_status();
}

/* Behind a backslash. */
static iree_status_t json_read_escape(header_t* header, char* out, iree_host_size_t* inout_length) {
  static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
  char c = json_peek(header);
  const char* found = c ? strchr(names, c) : NULL;
  uint32_t code = 0;
  if (!found && c != 'u') return json_error(header, "an escape sequence");
  ++header->in->at;
  if (found) {
    code = (uint32_t)values[found - names];
  } else {
    IREE_RETURN_IF_ERROR(json_read_code_point(header, &code));
  }
  *inout_length += utf8_encode(code, out + *inout_length);
  return iree_ok_status();
}

static iree_status_t json_read_string(header_t* header, iree_string_view_t* out_text) {
  IREE_RETURN_IF_ERROR(json_expect(header, '"'));
  char* out = header->text + (header->in->at - header->json.offset);
  iree_host_size_t length = 0;
  for (;;) {
    char c = json_peek(header);
    if ((unsigned char)c < 0x20) return json_error(header, "the end of a string");
    ++header->in->at;
    if (c == '"') break;
    if (c == '\\') {
      IREE_RETURN_IF_ERROR(json_read_escape(header, out, &length));
    } else {
      out[length++] = c;
    }
  }
  *out_text = iree_make_string_view(out, length);
  return iree_ok_status();
}

/* ---- Tensors ----------------------------------------------------------------------------------------------------- */

typedef struct tensor_t {
  bool has_type, has_shape, has_offsets;
  uint32_t element_bits; /* 0: a type of which the size is not known here */
  uint64_t element_count;
  uint64_t begin, end; /* bytes of the data */
} tensor_t;

static uint32_t dtype_bits(iree_string_view_t name) {
  static const struct {
    const char* name;
    uint32_t bits;
  } types[] = {{"BOOL", 8}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
               {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32},    {"U32", 32},    {"F32", 32},    {"C64", 64},
               {"I64", 64}, {"U64", 64}, {"F64", 64},  {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}};
  for (iree_host_size_t i = 0; i < sizeof types / sizeof types[0]; ++i) {
    if (iree_string_view_equal(name, IREE_SV(types[i].name))) return types[i].bits;
  }
  return 0;
}

static iree_status_t read_shape(header_t* header, uint64_t* out_element_count) {
  *out_element_count = 1;
  IREE_RETURN_IF_ERROR(json_expect(header, '['));
  if (json_accept(header, ']')) return iree_ok_status();
  for (bool more = true; more;) {
    uint64_t dim = 0;
    IREE_RETURN_IF_ERROR(json_read_number(header, &dim));
    if (dim != 0 && *out_element_count > UINT64_MAX / dim) return json_error(header, "less than 2^64 elements");
    *out_element_count *= dim;
    IREE_RETURN_IF_ERROR(json_more(header, ']', &more));
  }
  return iree_ok_status();
}

static iree_status_t read_offsets(header_t* header, tensor_t* tensor) {
  IREE_RETURN_IF_ERROR(json_expect(header, '['));
  IREE_RETURN_IF_ERROR(json_read_number(header, &tensor->begin));
  IREE_RETURN_IF_ERROR(json_expect(header, ','));
  IREE_RETURN_IF_ERROR(json_read_number(header, &tensor->end));
  if (tensor->end < tensor->begin) return json_error(header, "an end that is not before the begin");
  return json_expect(header, ']');
}

/* Marks a field as seen. */
static iree_status_t see_field(const header_t* header, bool* seen) {
  if (*seen) return json_error(header, "each field once");
  *seen = true;
  return iree_ok_status();
}

static iree_status_t read_field(header_t* header, tensor_t* tensor) {
  iree_string_view_t name, type;
  IREE_RETURN_IF_ERROR(json_read_string(header, &name));
  IREE_RETURN_IF_ERROR(json_expect(header, ':'));
  if (iree_string_view_equal(name, IREE_SV("shape"))) {
    IREE_RETURN_IF_ERROR(see_field(header, &tensor->has_shape));
    return read_shape(header, &tensor->element_count);
  }
  if (iree_string_view_equal(name, IREE_SV("data_offsets"))) {
    IREE_RETURN_IF_ERROR(see_field(header, &tensor->has_offsets));
    return read_offsets(header, tensor);
  }
  if (!iree_string_view_equal(name, IREE_SV("dtype"))) return json_error(header, "dtype, shape or data_offsets");
  IREE_RETURN_IF_ERROR(see_field(header, &tensor->has_type));
  IREE_RETURN_IF_ERROR(json_read_string(header, &type));
  tensor->element_bits = dtype_bits(type);
  return iree_ok_status();
}

static iree_status_t read_tensor(header_t* header, tensor_t* out_tensor) {
  IREE_RETURN_IF_ERROR(json_expect(header, '{'));
  for (bool more = true; more;) {
    IREE_RETURN_IF_ERROR(read_field(header, out_tensor));
    IREE_RETURN_IF_ERROR(json_more(header, '}', &more));
  }
  if (out_tensor->has_type && out_tensor->has_shape && out_tensor->has_offsets) return iree_ok_status();
  return json_error(header, "dtype, shape and data_offsets of the tensor before this");
}

/* Whole bytes that hold all elements, when the size of an element is known. */
static iree_status_t check_size(const header_t* header, iree_string_view_t name, const tensor_t* tensor,
                                uint64_t named_at) {
  if (tensor->element_bits == 0) return iree_ok_status();
  uint64_t length = tensor->end - tensor->begin;
  bool fits = tensor->element_count <= UINT64_MAX / tensor->element_bits;
  uint64_t bits = fits ? tensor->element_count * tensor->element_bits : 0;
  if (fits && bits % 8 == 0 && bits / 8 == length) return iree_ok_status();
  return archive_error(header->in, IREE_STATUS_INVALID_ARGUMENT, named_at,
                       "tensor `%.*s` has %llu bytes, expected those of %llu elements of %u bits", VM_SV_ARG(name),
                       (unsigned long long)length, (unsigned long long)tensor->element_count, tensor->element_bits);
}

static iree_status_t add_tensor(header_t* header, iree_string_view_t name, uint64_t named_at,
                                iree_io_parameter_index_t* index) {
  tensor_t tensor = {0};
  IREE_RETURN_IF_ERROR(read_tensor(header, &tensor));
  IREE_RETURN_IF_ERROR(check_size(header, name, &tensor, named_at));
  archive_range_t range =
      archive_range(header->in, "tensor data", header->data, tensor.begin, tensor.end - tensor.begin);
  return archive_add_range(header->in, index, name, range, named_at);
}

/* ---- Header ------------------------------------------------------------------------------------------------------ */

/* Text for people: strings by name. */
static iree_status_t skip_metadata(header_t* header) {
  IREE_RETURN_IF_ERROR(json_expect(header, '{'));
  if (json_accept(header, '}')) return iree_ok_status();
  for (bool more = true; more;) {
    iree_string_view_t text;
    IREE_RETURN_IF_ERROR(json_read_string(header, &text));
    IREE_RETURN_IF_ERROR(json_expect(header, ':'));
    IREE_RETURN_IF_ERROR(json_read_string(header, &text));
    IREE_RETURN_IF_ERROR(json_more(header, '}', &more));
  }
  return iree_ok_status();
}

static iree_status_t read_members(header_t* header, iree_io_parameter_index_t* index) {
  IREE_RETURN_IF_ERROR(json_expect(header, '{'));
  bool more = !json_accept(header, '}'), has_metadata = false;
  while (more) {
    iree_string_view_t name;
    uint64_t named_at = header->in->at;
    IREE_RETURN_IF_ERROR(json_read_string(header, &name));
    IREE_RETURN_IF_ERROR(json_expect(header, ':'));
    if (iree_string_view_equal(name, IREE_SV("__metadata__"))) {
      IREE_RETURN_IF_ERROR(see_field(header, &has_metadata));
      IREE_RETURN_IF_ERROR(skip_metadata(header));
    } else {
      IREE_RETURN_IF_ERROR(add_tensor(header, name, named_at, index));
    }
    IREE_RETURN_IF_ERROR(json_more(header, '}', &more));
  }
  (void)json_peek_token(header);
  return header->in->at == header->in->end ? iree_ok_status() : json_error(header, "nothing but space at the end");
}

iree_status_t safetensors_parse(archive_reader_t* in, iree_io_parameter_index_t* index) {
  archive_range_t file = {0, in->end};
  uint64_t length = archive_read_u64(in);
  IREE_RETURN_IF_ERROR(in->status);
  if (length == 0 || length > SAFETENSORS_MAX_HEADER || length > in->end - in->at) {
    return archive_error(in, IREE_STATUS_INVALID_ARGUMENT, 0, "header of %llu bytes, expected 1 to %u and at most %llu",
                         (unsigned long long)length, SAFETENSORS_MAX_HEADER, (unsigned long long)(in->end - in->at));
  }
  header_t header = {.in = in, .json = {in->at, length}};
  header.data = archive_range(in, "data", file, in->at + length, in->end - in->at - length);
  in->end = in->at + length;
  iree_allocator_t allocator = parameter_index_allocator(index);
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_uninitialized(allocator, length, (void**)&header.text));
  iree_status_t status = read_members(&header, index);
  iree_allocator_free(allocator, header.text);
  return status;
}
