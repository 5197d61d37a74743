/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the headers of .npy files; reads strictly what numpy writes. */
#include "tooling/npy.h"

#include <stdio.h>

#include "vm/text.h"

#define NPY_MAGIC          "\x93NUMPY"
#define NPY_MAGIC_LENGTH   6
#define NPY_MAX_DICTIONARY 65536

/* ---- Types ------------------------------------------------------------------------------------------------------- */

/* numpy's letter and bytes of an element; what is read, and what is written as it. */
static const struct {
  char kind;
  int bytes;
  iree_hal_element_type_t read;
  iree_hal_element_type_t also_written; /* signless numbers are written as signed ones */
} types[] = {
    {'i', 1, IREE_HAL_ELEMENT_TYPE_SINT_8, IREE_HAL_ELEMENT_TYPE_INT_8},
    {'i', 2, IREE_HAL_ELEMENT_TYPE_SINT_16, IREE_HAL_ELEMENT_TYPE_INT_16},
    {'i', 4, IREE_HAL_ELEMENT_TYPE_SINT_32, IREE_HAL_ELEMENT_TYPE_INT_32},
    {'i', 8, IREE_HAL_ELEMENT_TYPE_SINT_64, IREE_HAL_ELEMENT_TYPE_INT_64},
    {'u', 1, IREE_HAL_ELEMENT_TYPE_UINT_8, IREE_HAL_ELEMENT_TYPE_NONE},
    {'u', 2, IREE_HAL_ELEMENT_TYPE_UINT_16, IREE_HAL_ELEMENT_TYPE_NONE},
    {'u', 4, IREE_HAL_ELEMENT_TYPE_UINT_32, IREE_HAL_ELEMENT_TYPE_NONE},
    {'u', 8, IREE_HAL_ELEMENT_TYPE_UINT_64, IREE_HAL_ELEMENT_TYPE_NONE},
    {'f', 2, IREE_HAL_ELEMENT_TYPE_FLOAT_16, IREE_HAL_ELEMENT_TYPE_NONE},
    {'f', 4, IREE_HAL_ELEMENT_TYPE_FLOAT_32, IREE_HAL_ELEMENT_TYPE_NONE},
    {'f', 8, IREE_HAL_ELEMENT_TYPE_FLOAT_64, IREE_HAL_ELEMENT_TYPE_NONE},
    {'b', 1, IREE_HAL_ELEMENT_TYPE_BOOL_8, IREE_HAL_ELEMENT_TYPE_NONE},
    {'c', 8, IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_64, IREE_HAL_ELEMENT_TYPE_NONE},
    {'c', 16, IREE_HAL_ELEMENT_TYPE_COMPLEX_FLOAT_128, IREE_HAL_ELEMENT_TYPE_NONE},
};
#define TYPE_COUNT (sizeof types / sizeof *types)

/* ---- The dictionary ---------------------------------------------------------------------------------------------- */

/* A reader of the dictionary's text; the first failure sticks, and what is read then is nothing. */
typedef struct dictionary_t {
  const input_file_t* file;
  uint64_t file_offset; /* of the text */
  iree_string_view_t text;
  iree_host_size_t at;
  iree_status_t status;
} dictionary_t;

static void refuse(dictionary_t* in, iree_status_code_t code, const char* message) {
  if (!iree_status_is_ok(in->status)) return;
  in->status = iree_make_status(code, "`%s`, offset %llu: %s", input_file_path(in->file),
                                (unsigned long long)(in->file_offset + in->at), message);
}
static void refuse_form(dictionary_t* in, const char* wanted) {
  if (!iree_status_is_ok(in->status)) return;
  in->status = iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "`%s`, offset %llu: malformed header dict: %s expected",
                                input_file_path(in->file), (unsigned long long)(in->file_offset + in->at), wanted);
}

static char peek(dictionary_t* in) {
  while (in->at < in->text.size && strchr(" \t\r\n", in->text.data[in->at]) && in->text.data[in->at]) ++in->at;
  return in->at < in->text.size ? in->text.data[in->at] : 0;
}

static bool accept(dictionary_t* in, char wanted) {
  if (!iree_status_is_ok(in->status) || peek(in) != wanted || in->at >= in->text.size) return false;
  ++in->at;
  return true;
}

static void expect(dictionary_t* in, char wanted) {
  char name[] = {'`', wanted, '`', 0};
  if (!accept(in, wanted)) refuse_form(in, name);
}

static iree_string_view_t read_string(dictionary_t* in) {
  char quote = peek(in) == '"' ? '"' : '\'';
  if (!accept(in, quote)) {
    refuse_form(in, "a string");
    return iree_string_view_empty();
  }
  const char* begin = in->text.data + in->at;
  const char* end = memchr(begin, quote, in->text.size - in->at);
  if (!end) {
    refuse_form(in, "the end of a string");
    return iree_string_view_empty();
  }
  in->at += (iree_host_size_t)(end - begin) + 1;
  return iree_make_string_view(begin, (iree_host_size_t)(end - begin));
}

static bool accept_word(dictionary_t* in, const char* word) {
  size_t length = strlen(word);
  peek(in);
  if (in->text.size - in->at < length || memcmp(in->text.data + in->at, word, length) != 0) return false;
  in->at += length;
  return true;
}

static void read_dimension(dictionary_t* in, npy_array_t* array) {
  uint64_t number = 0;
  iree_host_size_t begin = in->at;
  for (; in->at < in->text.size && in->text.data[in->at] >= '0' && in->text.data[in->at] <= '9'; ++in->at) {
    unsigned digit = (unsigned)(in->text.data[in->at] - '0');
    if (number > ((uint64_t)INT64_MAX - digit) / 10) refuse(in, IREE_STATUS_OUT_OF_RANGE, "dimension out of range");
    number = number * 10 + digit;
  }
  if (in->at == begin) refuse_form(in, "a dimension");
  if (array->rank == NPY_MAX_RANK) refuse(in, IREE_STATUS_RESOURCE_EXHAUSTED, "more than 128 dimensions");
  if (iree_status_is_ok(in->status)) array->shape[array->rank++] = (iree_hal_dim_t)number;
}

/* `()`, `(3,)`, `(2, 3)`. */
static void read_shape(dictionary_t* in, npy_array_t* array) {
  array->rank = 0;
  expect(in, '(');
  while (iree_status_is_ok(in->status) && peek(in) != ')') {
    read_dimension(in, array);
    if (accept(in, ',')) continue;
    if (array->rank == 1) refuse_form(in, "`,`");
    break;
  }
  expect(in, ')');
}

static void refuse_type(dictionary_t* in, iree_string_view_t text) {
  if (!iree_status_is_ok(in->status)) return;
  in->status = iree_make_status(IREE_STATUS_UNIMPLEMENTED, "`%s`, offset %llu: unsupported data type %.*s",
                                input_file_path(in->file), (unsigned long long)(in->file_offset + in->at),
                                VM_SV_ARG(text));
}

/* `<f4`: byte order, kind, bytes. A list of fields instead is a record. */
static void read_type(dictionary_t* in, npy_array_t* array) {
  iree_string_view_t text = read_string(in);
  if (!iree_status_is_ok(in->status)) return;
  if (text.size < 2 || !strchr("<>|=", text.data[0])) {
    refuse_form(in, "a type such as '<f4' before here");
    return;
  }
  for (size_t i = 0; i < TYPE_COUNT; ++i) {
    char name[8];
    snprintf(name, sizeof name, "%c%d", types[i].kind, types[i].bytes);
    if (!iree_string_view_equal(iree_make_string_view(text.data + 1, text.size - 1), iree_make_cstring_view(name)))
      continue;
    if (text.data[0] == '>' && types[i].bytes > 1) {
      refuse(in, IREE_STATUS_UNIMPLEMENTED, "unsupported big-endian elements");
    }
    array->element_type = types[i].read;
    return;
  }
  refuse_type(in, iree_make_string_view(text.data + 1, text.size - 1));
}

static void read_order(dictionary_t* in) {
  if (accept_word(in, "False")) return;
  if (accept_word(in, "True")) {
    refuse(in, IREE_STATUS_UNIMPLEMENTED, "unsupported Fortran order");
  } else {
    refuse_form(in, "True or False");
  }
}

static void read_entry(dictionary_t* in, bool* seen, npy_array_t* array) {
  static const char* const keys[] = {"descr", "fortran_order", "shape"};
  iree_string_view_t key = read_string(in);
  int index = 0;
  while (index < 3 && !iree_string_view_equal(key, iree_make_cstring_view(keys[index]))) ++index;
  if (index == 3 || seen[index]) {
    refuse_form(in, "'descr', 'fortran_order' and 'shape', each once,");
    return;
  }
  seen[index] = true;
  expect(in, ':');
  if (index == 0) read_type(in, array);
  if (index == 1) read_order(in);
  if (index == 2) read_shape(in, array);
}

static iree_status_t parse_dictionary(dictionary_t* in, npy_array_t* out_array) {
  bool seen[3] = {false, false, false};
  expect(in, '{');
  while (iree_status_is_ok(in->status) && peek(in) != '}') {
    read_entry(in, seen, out_array);
    if (!accept(in, ',')) break;
  }
  expect(in, '}');
  if (!(seen[0] && seen[1] && seen[2])) refuse_form(in, "'descr', 'fortran_order' and 'shape'");
  if (iree_status_is_ok(in->status) && (peek(in) || in->at < in->text.size)) refuse_form(in, "the end of the header");
  return in->status;
}

/* ---- Reading ----------------------------------------------------------------------------------------------------- */

/* The length of the dictionary: two bytes in format 1, four in 2 and 3. */
static iree_status_t read_prefix(input_file_t* file, uint32_t* out_length) {
  uint8_t bytes[NPY_MAGIC_LENGTH + 2], length[4] = {0, 0, 0, 0};
  uint64_t begin = input_file_offset(file);
  IREE_RETURN_IF_ERROR(input_file_read(file, iree_make_byte_span(bytes, sizeof bytes)));
  if (memcmp(bytes, NPY_MAGIC, NPY_MAGIC_LENGTH) != 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "`%s`, offset %llu: npy header magic mismatch",
                            input_file_path(file), (unsigned long long)begin);
  }
  int version = bytes[NPY_MAGIC_LENGTH];
  if (version < 1 || version > 3) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "`%s`, offset %llu: npy format %d; 1, 2 and 3 are known",
                            input_file_path(file), (unsigned long long)begin + NPY_MAGIC_LENGTH, version);
  }
  IREE_RETURN_IF_ERROR(input_file_read(file, iree_make_byte_span(length, version == 1 ? 2 : 4)));
  *out_length = length[0] | (uint32_t)length[1] << 8 | (uint32_t)length[2] << 16 | (uint32_t)length[3] << 24;
  if (*out_length <= NPY_MAX_DICTIONARY) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "`%s`, offset %llu: malformed header dict: %u bytes long, at most %d are read",
                          input_file_path(file), (unsigned long long)begin + 8, (unsigned)*out_length,
                          NPY_MAX_DICTIONARY);
}

iree_status_t npy_read_header(input_file_t* file, iree_allocator_t allocator, npy_array_t* out_array) {
  uint32_t length = 0;
  char* text = NULL;
  IREE_RETURN_IF_ERROR(read_prefix(file, &length));
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, length ? length : 1, (void**)&text));
  dictionary_t in = {file, input_file_offset(file), iree_make_string_view(text, length), 0, iree_ok_status()};
  iree_status_t status = input_file_read(file, iree_make_byte_span(text, length));
  if (iree_status_is_ok(status)) status = parse_dictionary(&in, out_array);
  iree_allocator_free(allocator, text);
  return status;
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static iree_status_t format_type(iree_hal_element_type_t type, char* out_text, size_t capacity) {
  for (size_t i = 0; i < TYPE_COUNT; ++i) {
    if (type != types[i].read && (type != types[i].also_written || type == IREE_HAL_ELEMENT_TYPE_NONE)) continue;
    snprintf(out_text, capacity, "%c%c%d", types[i].bytes > 1 ? '<' : '|', types[i].kind, types[i].bytes);
    return iree_ok_status();
  }
  vmrt_hal_name_t name = vmrt_hal_element_type_name(type);
  return iree_make_status(IREE_STATUS_UNIMPLEMENTED,
                          "unsupported data encoding: .npy files have no %s; write raw bytes (another file name)",
                          name.text);
}

#define DIMENSION_TEXT 22 /* 20 digits, comma, blank */

static void format_shape(iree_host_size_t rank, const iree_hal_dim_t* shape, char* text) {
  size_t length = 0;
  text[length++] = '(';
  for (iree_host_size_t i = 0; i < rank; ++i) {
    length += (size_t)snprintf(text + length, DIMENSION_TEXT + 1, i ? ", %zu" : "%zu", shape[i]);
  }
  if (rank == 1) text[length++] = ',';
  text[length++] = ')';
  text[length] = 0;
}

iree_status_t npy_format_header(iree_hal_element_type_t element_type, iree_host_size_t rank,
                                const iree_hal_dim_t* shape, npy_header_t* out_header) {
  char type[8], shape_text[NPY_MAX_RANK * DIMENSION_TEXT + 8];
  if (rank > NPY_MAX_RANK) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%zu dimensions; .npy files are written up to %d", rank,
                            NPY_MAX_RANK);
  }
  IREE_RETURN_IF_ERROR(format_type(element_type, type, sizeof type));
  format_shape(rank, shape, shape_text);
  unsigned char* bytes = out_header->bytes;
  memset(bytes, ' ', sizeof out_header->bytes);
  memcpy(bytes, NPY_MAGIC "\x01\x00", NPY_MAGIC_LENGTH + 2);
  char* text = (char*)bytes + 10;
  int length = snprintf(text, sizeof out_header->bytes - 10,
                        "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape_text);
  text[length] = ' ';
  /* The elements begin at a multiple of 64 bytes, at 128 at least, with a line end before. */
  out_header->length = (10 + (iree_host_size_t)length + 1 + 63) / 64 * 64;
  if (out_header->length < 128) out_header->length = 128;
  bytes[8] = (unsigned char)(out_header->length - 10);
  bytes[9] = (unsigned char)((out_header->length - 10) >> 8);
  bytes[out_header->length - 1] = '\n';
  return iree_ok_status();
}
