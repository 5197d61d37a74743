/* SPDX-License-Identifier: Apache-2.0 */
/* Parameter archives: what the released runtime finds in files of the formats' own libraries; damaged files; refusals.
 */
#include "check.h"
#include "iree/io/parameter_archive.h"
#include "vmrt/probe.h"

#define PATH_SIZE 1024
#define ARCHIVES VMRT_FIXTURES_DIR "/parameters/"

static iree_io_parameter_index_t* new_index(void) {
  iree_io_parameter_index_t* index = NULL;
  CHECK_OK(iree_io_parameter_index_create(iree_allocator_system(), &index));
  return index;
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

static const char* const archive_names[] = {"types.safetensors", "types.gguf", "splats.irpa"};
#define ARCHIVE_COUNT (sizeof archive_names / sizeof archive_names[0])

/* Compares parameter `i` with a line such as `504 16 i64`; `-` is the begin of a splat. */
static void check_entry(const iree_io_parameter_index_t* index, size_t i, const char* line) {
  const iree_io_parameter_index_entry_t* entry = NULL;
  if (!CHECK_OK(iree_io_parameter_index_get(index, i, &entry))) return;
  char begin[32] = "-", found[256];
  bool is_file = entry->type == IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE;
  if (is_file) snprintf(begin, sizeof begin, "%llu", (unsigned long long)entry->storage.file.offset);
  snprintf(found, sizeof found, "%s %llu %.*s\n", begin, (unsigned long long)entry->length, (int)entry->key.size,
           entry->key.data);
  CHECK(strcmp(found, line) == 0);
  const iree_io_parameter_index_entry_t* same = NULL;
  CHECK_OK(iree_io_parameter_index_lookup(index, entry->key, &same));
  CHECK(same == entry);
}

static void check_archive(const char* name, vmrt_io_file_mode_t mode) {
  char path[PATH_SIZE], line[256];
  iree_io_parameter_index_t* index = new_index();
  snprintf(path, sizeof path, ARCHIVES "%s", name);
  CHECK_OK(vmrt_io_parameters_open_archive(iree_make_cstring_view(path), mode, index, iree_allocator_system()));
  snprintf(path, sizeof path, ARCHIVES "%s.expected.txt", name);
  FILE* expected = fopen(path, "r");
  CHECK(expected != NULL);
  size_t count = 0;
  while (expected && fgets(line, sizeof line, expected)) check_entry(index, count++, line);
  CHECK(count > 0 && count == iree_io_parameter_index_count(index));
  if (expected) fclose(expected);
  iree_io_parameter_index_release(index);
}

static void files_of_other_writers(void) {
  for (size_t i = 0; i < ARCHIVE_COUNT; ++i) {
    check_archive(archive_names[i], VMRT_IO_FILE_MODE_MAP);
    check_archive(archive_names[i], VMRT_IO_FILE_MODE_PRELOAD);
  }
}

static void several_archives_in_one_index(void) {
  iree_io_parameter_index_t* index = new_index();
  iree_string_view_t first = IREE_SV(ARCHIVES "types.gguf"), second = IREE_SV(ARCHIVES "splats.irpa");
  CHECK_OK(vmrt_io_parameters_open_archive(first, VMRT_IO_FILE_MODE_MAP, index, iree_allocator_system()));
  CHECK_OK(vmrt_io_parameters_open_archive(second, VMRT_IO_FILE_MODE_MAP, index, iree_allocator_system()));
  CHECK(iree_io_parameter_index_count(index) == 8);
  CHECK_STATUS(IREE_STATUS_ALREADY_EXISTS,
               vmrt_io_parameters_open_archive(first, VMRT_IO_FILE_MODE_MAP, index, iree_allocator_system()));
  const iree_io_parameter_index_entry_t* entry = NULL;
  CHECK(iree_io_parameter_index_count(index) == 8);
  CHECK_OK(iree_io_parameter_index_lookup(index, IREE_SV("q8_0"), &entry));
  CHECK_OK(iree_io_parameter_index_lookup(index, IREE_SV("s8"), &entry));
  CHECK(entry->storage.splat.pattern_length == 8 && memcmp(entry->storage.splat.pattern, "\2\0\0\0\1\0\0\0", 8) == 0);
  iree_io_parameter_index_release(index);
}

static void files_that_cannot_be_opened(void) {
  iree_io_parameter_index_t* index = new_index();
  iree_allocator_t allocator = iree_allocator_system();
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, vmrt_io_parameters_open_archive(IREE_SV(ARCHIVES "absent.irpa"),
                                                                      VMRT_IO_FILE_MODE_MAP, index, allocator));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED,
               vmrt_io_parameters_open_archive(IREE_SV("weights.bin"), VMRT_IO_FILE_MODE_MAP, index, allocator));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED,
               vmrt_io_parameters_open_archive(IREE_SV("some.irpa/weights"), VMRT_IO_FILE_MODE_MAP, index, allocator));
  CHECK_STATUS(IREE_STATUS_UNIMPLEMENTED,
               vmrt_io_parameters_open_archive(IREE_SV(""), VMRT_IO_FILE_MODE_MAP, index, allocator));
  iree_io_parameter_index_release(index);
}

/* ---- Damage ------------------------------------------------------------------------------------------------------ */

/* Parses a copy that is exactly as long as it says, so that a sanitizer sees every read behind it. */
static iree_status_t parse_bytes(const char* name, const void* bytes, size_t length, iree_io_parameter_index_t* index) {
  iree_io_file_handle_t* handle = NULL;
  void* copy = malloc(length ? length : 1);
  if (length) memcpy(copy, bytes, length);
  iree_string_view_t path = iree_make_cstring_view(name);
  CHECK_OK(vmrt_io_file_handle_wrap(path, copy, length, free, copy, iree_allocator_system(), &handle));
  iree_status_t status = iree_io_parse_file_index(handle, index);
  iree_io_file_handle_release(handle);
  return status;
}

static size_t read_archive(const char* name, uint8_t* out_bytes, size_t capacity) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, ARCHIVES "%s", name);
  FILE* file = fopen(path, "rb");
  CHECK(file != NULL);
  size_t length = file ? fread(out_bytes, 1, capacity, file) : 0;
  if (file) fclose(file);
  return length;
}

/* All of it or nothing: a failing parse leaves the index as it was. */
static bool parse_damaged(const char* name, const void* bytes, size_t length) {
  iree_io_parameter_index_t* index = new_index();
  iree_status_t status = parse_bytes(name, bytes, length, index);
  bool parsed = iree_status_is_ok(status);
  CHECK(parsed || iree_io_parameter_index_count(index) == 0);
  if (!parsed) CHECK(iree_status_message(status).size > 0);
  iree_status_free(status);
  iree_io_parameter_index_release(index);
  return parsed;
}

static void cut_files(void) {
  static uint8_t bytes[8192];
  for (size_t i = 0; i < ARCHIVE_COUNT; ++i) {
    size_t length = read_archive(archive_names[i], bytes, sizeof bytes);
    size_t parsed = 0;
    for (size_t cut = 0; cut < length; ++cut) parsed += parse_damaged(archive_names[i], bytes, cut);
    CHECK(parse_damaged(archive_names[i], bytes, length));
    CHECK(parsed < length / 4 || strstr(archive_names[i], "irpa")); /* storage of splats may be cut */
  }
}

static void flipped_bytes(void) {
  static uint8_t bytes[8192];
  static const uint8_t masks[] = {0x01, 0x80, 0xFF};
  for (size_t i = 0; i < ARCHIVE_COUNT; ++i) {
    size_t length = read_archive(archive_names[i], bytes, sizeof bytes), parsed = 0, tried = 0;
    for (size_t at = 0; at < length && at < 1024; ++at) {
      for (size_t m = 0; m < sizeof masks; ++m, ++tried) {
        bytes[at] ^= masks[m];
        parsed += parse_damaged(archive_names[i], bytes, length);
        bytes[at] ^= masks[m];
      }
    }
    CHECK(tried > 0 && parsed < tried);
  }
}

/* ---- Refusals ---------------------------------------------------------------------------------------------------- */

/* A .safetensors file of that header and `data_length` bytes. */
static void check_safetensors(iree_status_code_t expected, const char* json, size_t data_length) {
  uint8_t bytes[1024] = {0};
  uint64_t length = strlen(json);
  memcpy(bytes, &length, sizeof length);
  memcpy(bytes + sizeof length, json, length);
  iree_io_parameter_index_t* index = new_index();
  iree_status_t status = parse_bytes("t.safetensors", bytes, sizeof length + length + data_length, index);
  if (!iree_status_is_ok(status)) {
    char text[512] = "";
    iree_host_size_t text_length = 0;
    iree_status_format(status, sizeof text, text, &text_length);
    CHECK(strstr(text, "t.safetensors: offset ") != NULL);
    CHECK(iree_io_parameter_index_count(index) == 0);
  }
  if (!CHECK_STATUS(expected, status)) fprintf(stderr, "  header %s\n", json);
  iree_io_parameter_index_release(index);
}

#define TENSOR(dtype, shape, offsets) "{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

static void safetensors_headers(void) {
  check_safetensors(IREE_STATUS_OK, "{}", 0);
  check_safetensors(IREE_STATUS_OK, " { \"__metadata__\" : { \"a\" : \"b\" , \"c\" : \"\" } } \n", 0);
  check_safetensors(IREE_STATUS_OK, "{\"a\":" TENSOR("F32", "[2]", "[0,8]") "}", 8);
  check_safetensors(IREE_STATUS_OK, "{\"a\":" TENSOR("NEW", "[2]", "[0,3]") "}", 8);
  check_safetensors(IREE_STATUS_OK, "{\"\\ud83d\\ude00\\u20AC\\n\":" TENSOR("U8", "[]", "[0,1]") "}", 1);
  check_safetensors(IREE_STATUS_INVALID_ARGUMENT, "{\"a\":" TENSOR("F32", "[3]", "[0,8]") "}", 8);
  check_safetensors(IREE_STATUS_INVALID_ARGUMENT, "{\"a\":" TENSOR("F32", "[2]", "[8,0]") "}", 8);
  check_safetensors(IREE_STATUS_OUT_OF_RANGE, "{\"a\":" TENSOR("F32", "[2]", "[4,12]") "}", 8);
  check_safetensors(IREE_STATUS_OUT_OF_RANGE,
                    "{\"a\":" TENSOR("X", "[2]", "[18446744073709551614,18446744073709551615]") "}", 8);
  check_safetensors(IREE_STATUS_ALREADY_EXISTS,
                    "{\"a\":" TENSOR("U8", "[1]", "[0,1]") ",\"a\":" TENSOR("U8", "[1]", "[1,2]") "}", 2);
  check_safetensors(IREE_STATUS_INVALID_ARGUMENT,
                    "{\"a\":" TENSOR("U8", "[2]", "[0,2]") ",\"b\":" TENSOR("U8", "[2]", "[1,3]") "}", 3);
}

static void safetensors_syntax(void) {
  static const char* const refused[] = {
      "",
      "[]",
      "{",
      "{}}",
      "{} x",
      "{\"a\"}",
      "{\"a\":1}",
      "{\"a\":{}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}",
      "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1],\"more\":1}}",
      "{\"a\":" TENSOR("U8", "[-1]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[01]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[1.0]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[1e0]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[1,]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[18446744073709551616]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[4294967296,4294967296]", "[0,1]") "}",
      "{\"a\":" TENSOR("U8", "[1]", "[0]") "}",
      "{\"a\":" TENSOR("U8", "[1]", "[0,1,2]") "}",
      "{\"a\\x\":" TENSOR("U8", "[1]", "[0,1]") "}",
      "{\"\\ud800\":" TENSOR("U8", "[1]", "[0,1]") "}",
      "{\"\\udc00\":" TENSOR("U8", "[1]", "[0,1]") "}",
      "{\"\\u12g4\":" TENSOR("U8", "[1]", "[0,1]") "}",
      "{\"a\n\":" TENSOR("U8", "[1]", "[0,1]") "}",
      "{\"__metadata__\":{\"a\":1}}",
      "{\"__metadata__\":{},\"__metadata__\":{}}",
      "{\"a",
      "{\"a\\",
      "{\"a\\u00",
  };
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; ++i) {
    check_safetensors(IREE_STATUS_INVALID_ARGUMENT, refused[i], 8);
  }
}

/* Changes one number of an archive that is right. */
static void check_changed(iree_status_code_t expected, const char* name, size_t at, uint64_t value, size_t size,
                          const char* message) {
  static uint8_t bytes[8192];
  size_t length = read_archive(name, bytes, sizeof bytes);
  memcpy(bytes + at, &value, size);
  iree_io_parameter_index_t* index = new_index();
  iree_status_t status = parse_bytes(name, bytes, length, index);
  char text[512] = "";
  iree_host_size_t text_length = 0;
  iree_status_format(status, sizeof text, text, &text_length);
  CHECK(strstr(text, message) != NULL && strstr(text, name) != NULL);
  CHECK_STATUS(expected, status);
  iree_io_parameter_index_release(index);
}

static void irpa_numbers(void) {
  const char* name = "splats.irpa";
  check_changed(IREE_STATUS_INVALID_ARGUMENT, name, 0, 0, 4, "offset 0: magic 00000000");
  check_changed(IREE_STATUS_UNIMPLEMENTED, name, 4, 1, 2, "offset 4: version 1");
  check_changed(IREE_STATUS_INVALID_ARGUMENT, name, 8, 0x57, 8, "offset 8: header of 87 bytes");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 16, UINT64_MAX, 8, "offset 16: the next header");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 16, 1, 8, "offset 16: the next header");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 32, UINT64_MAX, 8, "expected 8 more bytes");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 40, UINT64_MAX, 8, "entry segment");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 64, UINT64_MAX - 8, 8, "metadata segment");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 80, UINT64_MAX, 8, "storage segment");
}

static void gguf_numbers(void) {
  const char* name = "types.gguf";
  check_changed(IREE_STATUS_INVALID_ARGUMENT, name, 0, 0, 4, "offset 0: magic 00000000");
  check_changed(IREE_STATUS_UNIMPLEMENTED, name, 4, 1, 4, "offset 4: version 1");
  check_changed(IREE_STATUS_OUT_OF_RANGE, name, 24, UINT64_MAX, 8, "offset 32: expected 18446744073709551615 more");
}

/* ---- Index ------------------------------------------------------------------------------------------------------- */

static iree_status_t add_splat(iree_io_parameter_index_t* index, const char* key, uint64_t length, uint8_t pattern) {
  iree_io_parameter_index_entry_t entry = {.key = iree_make_cstring_view(key), .length = length};
  entry.storage.splat.pattern_length = pattern;
  return iree_io_parameter_index_add(index, &entry);
}

static void many_keys(void) {
  iree_io_parameter_index_t* index = new_index();
  char key[32];
  for (int i = 0; i < 1000; ++i) {
    snprintf(key, sizeof key, "key %d", i);
    CHECK_OK(add_splat(index, key, (uint64_t)i, 1));
  }
  const iree_io_parameter_index_entry_t* entry = NULL;
  for (int i = 0; i < 1000; ++i) {
    snprintf(key, sizeof key, "key %d", i);
    CHECK_OK(iree_io_parameter_index_lookup(index, iree_make_cstring_view(key), &entry));
    CHECK(entry->length == (uint64_t)i);
    CHECK_STATUS(IREE_STATUS_ALREADY_EXISTS, add_splat(index, key, 1, 1));
  }
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_io_parameter_index_lookup(index, IREE_SV("key 1000"), &entry));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, iree_io_parameter_index_get(index, 1000, &entry));
  iree_io_parameter_index_release(index);
}

static void entries_that_do_not_fit(void) {
  iree_io_parameter_index_t* index = new_index();
  const iree_io_parameter_index_entry_t* entry = NULL;
  CHECK_STATUS(IREE_STATUS_NOT_FOUND, iree_io_parameter_index_lookup(index, IREE_SV("a"), &entry));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, add_splat(index, "a", 8, 0));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, add_splat(index, "a", 34, 17));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, add_splat(index, "a", 7, 2));
  CHECK_OK(add_splat(index, "", 32, 16));
  CHECK_OK(iree_io_parameter_index_lookup(index, IREE_SV(""), &entry));
  iree_io_parameter_index_release(index);
}

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static iree_status_t open_one(const char* name, iree_allocator_t heap) {
  iree_io_parameter_index_t* index = NULL;
  char path[PATH_SIZE];
  snprintf(path, sizeof path, ARCHIVES "%s", name);
  IREE_RETURN_IF_ERROR(iree_io_parameter_index_create(heap, &index));
  iree_status_t status =
      vmrt_io_parameters_open_archive(iree_make_cstring_view(path), VMRT_IO_FILE_MODE_PRELOAD, index, heap);
  iree_io_parameter_index_release(index);
  return status;
}

static iree_status_t open_all(iree_allocator_t heap) {
  for (size_t i = 0; i < ARCHIVE_COUNT; ++i) IREE_RETURN_IF_ERROR(open_one(archive_names[i], heap));
  return iree_ok_status();
}

static void out_of_memory(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t heap = vmrt_probe_allocator(probe, IREE_SV("test"));
  int64_t request = 0;
  for (bool succeeded = false; !succeeded && request < 200; ++request) {
    vmrt_probe_fail_at(probe, request, false);
    iree_status_t status = open_all(heap);
    succeeded = iree_status_is_ok(status);
    CHECK(succeeded || iree_status_code(status) == IREE_STATUS_RESOURCE_EXHAUSTED);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    iree_status_free(status);
  }
  CHECK(request > 10 && request < 200);
  vmrt_probe_release(probe);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"files_of_other_writers", files_of_other_writers},
      {"several_archives_in_one_index", several_archives_in_one_index},
      {"files_that_cannot_be_opened", files_that_cannot_be_opened},
      {"cut_files", cut_files},
      {"flipped_bytes", flipped_bytes},
      {"safetensors_headers", safetensors_headers},
      {"safetensors_syntax", safetensors_syntax},
      {"irpa_numbers", irpa_numbers},
      {"gguf_numbers", gguf_numbers},
      {"many_keys", many_keys},
      {"entries_that_do_not_fit", entries_that_do_not_fit},
      {"out_of_memory", out_of_memory},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
