/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses: text, order of annotations, flattening, and blocks as modules without a runtime build them. */
#include <errno.h>

#include "base/status_storage.h"
#include "check.h"
#include "vmrt/probe.h"
#include "vmrt/stage.h"

/* The printed form of a status, which is freed. */
static const char* text_of(iree_status_t status) {
  static char buffer[65536];
  iree_host_size_t length = 0;
  CHECK(iree_status_format(status, sizeof buffer, buffer, &length));
  CHECK(length == strlen(buffer));
  iree_status_free(status);
  return buffer;
}

#define CHECK_TEXT(expected, status) check_text((expected), (status), __LINE__)
static void check_text(const char* expected, iree_status_t status, int line) {
  const char* text = text_of(status);
  if (strcmp(expected, text) == 0) return;
  ++check_failures;
  fprintf(stderr, "%s:%d:\n  wanted `%s`\n  got    `%s`\n", __FILE__, line, expected, text);
}

static iree_status_t not_found(const char* message) {
  return iree_status_allocate(IREE_STATUS_NOT_FOUND, NULL, 0, iree_make_cstring_view(message));
}

static void test_words(void) {
  CHECK(iree_status_from_code(IREE_STATUS_OK) == NULL);
  CHECK(iree_status_is_ok(iree_status_allocate(IREE_STATUS_OK, "f", 1, IREE_SV("nothing"))));
  iree_status_t status = not_found("text");
  CHECK(((uintptr_t)status & 31) == IREE_STATUS_NOT_FOUND);
  CHECK(((uintptr_t)status & ~(uintptr_t)31) != 0);
  CHECK(iree_string_view_equal(iree_status_message(status), IREE_SV("text")));
  CHECK(iree_status_consume_code(status) == IREE_STATUS_NOT_FOUND);
  CHECK(iree_status_is_ok(iree_status_ignore(not_found("ignored"))));
  CHECK(iree_status_message(iree_status_from_code(IREE_STATUS_ABORTED)).size == 0);
}

static void test_code_names(void) {
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_OK), "OK") == 0);
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_CANCELLED), "CANCELLED") == 0);
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_NOT_FOUND), "NOT_FOUND") == 0);
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_RESOURCE_EXHAUSTED), "RESOURCE_EXHAUSTED") == 0);
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_OUT_OF_RANGE), "OUT_OF_RANGE") == 0);
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_UNAVAILABLE), "UNAVAILABLE") == 0);
  CHECK(strcmp(iree_status_code_string(IREE_STATUS_INCOMPATIBLE), "INCOMPATIBLE") == 0);
  CHECK(strcmp(iree_status_code_string((iree_status_code_t)19), "") == 0);
  CHECK(strcmp(iree_status_code_string((iree_status_code_t)31), "") == 0);
}

static void test_errno(void) {
  CHECK(iree_status_code_from_errno(0) == IREE_STATUS_OK);
  CHECK(iree_status_code_from_errno(ENOENT) == IREE_STATUS_NOT_FOUND);
  CHECK(iree_status_code_from_errno(EACCES) == IREE_STATUS_PERMISSION_DENIED);
  CHECK(iree_status_code_from_errno(ENOMEM) == IREE_STATUS_RESOURCE_EXHAUSTED);
  CHECK(iree_status_code_from_errno(EINVAL) == IREE_STATUS_INVALID_ARGUMENT);
  CHECK(iree_status_code_from_errno(99999) == IREE_STATUS_UNKNOWN);
}

static void test_text(void) {
  CHECK_TEXT("OK", iree_ok_status());
  CHECK_TEXT("NOT_FOUND", iree_status_from_code(IREE_STATUS_NOT_FOUND));
  CHECK_TEXT("code 30", iree_status_from_code((iree_status_code_t)30));
  CHECK_TEXT("file.c:12: NOT_FOUND; no 7%d",
             iree_status_allocate(IREE_STATUS_NOT_FOUND, "file.c", 12, IREE_SV("no 7%d")));
  CHECK_TEXT("%s.c:3: ABORTED; n=5",
             iree_status_allocate_f(IREE_STATUS_ABORTED, "%s.c", 3, "n=%d", 5));
}

static void test_annotations_are_in_order(void) {
  iree_status_t status = iree_status_from_code(IREE_STATUS_NOT_FOUND);
  status = iree_status_annotate_f(status, "resolving %s", "import");
  status = iree_status_annotate(status, IREE_SV("linking"));
  status = iree_status_annotate_f(status, "creating %d contexts", 1);
  CHECK_TEXT("NOT_FOUND; resolving import; linking; creating 1 contexts", status);
  status = iree_status_annotate(not_found(""), IREE_SV("inner"));
  status = iree_status_annotate(status, IREE_SV("outer"));
  CHECK_TEXT("NOT_FOUND; inner; outer", status);
  CHECK(iree_status_is_ok(iree_status_annotate(iree_ok_status(), IREE_SV("nothing"))));
  CHECK(iree_status_is_ok(iree_status_annotate_f(iree_ok_status(), "nothing %d", 1)));
}

static void test_format_measures(void) {
  char small[8];
  iree_host_size_t length = 0;
  iree_status_t status = iree_status_annotate(not_found("abc"), IREE_SV("def"));
  CHECK(!iree_status_format(status, 0, NULL, &length));
  CHECK(length == strlen("NOT_FOUND; abc; def"));
  CHECK(!iree_status_format(status, sizeof small, small, &length));
  CHECK(length == strlen("NOT_FOUND; abc; def"));
  CHECK(strcmp(small, "NOT_FOU") == 0);
  for (iree_host_size_t capacity = 1; capacity < 32; ++capacity) {
    char* exact = malloc(capacity); /* a write past the end is seen by the address sanitizer */
    CHECK(iree_status_format(status, capacity, exact, &length) == (capacity > length));
    CHECK(memchr(exact, 0, capacity) != NULL);
    free(exact);
  }
  iree_status_free(status);
}

static void test_join(void) {
  CHECK_TEXT("NOT_FOUND; first", iree_status_join(iree_ok_status(), not_found("first")));
  CHECK_TEXT("NOT_FOUND; first", iree_status_join(not_found("first"), iree_ok_status()));
  iree_status_t status = iree_status_join(
      not_found("first"), iree_status_annotate(iree_status_from_code(IREE_STATUS_ABORTED), IREE_SV("second")));
  CHECK_TEXT("NOT_FOUND; first; additional failure: ABORTED; second", status);
}

static void test_clone(void) {
  iree_status_t status = iree_status_allocate(IREE_STATUS_DATA_LOSS, "a.c", 3, IREE_SV("message"));
  iree_status_t clone = iree_status_clone(status);
  CHECK(iree_status_source_location(clone).line == 3);
  iree_status_free(status);
  CHECK_TEXT("a.c:3: DATA_LOSS; message", clone);
}

/* ---- Statuses of modules ------------------------------------------------------------------------------------------- */

static int formatter_calls = 0;
static int payload_frees = 0;

static iree_status_t module_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  if (command == IREE_ALLOCATOR_COMMAND_FREE) ++payload_frees;
  return iree_allocator_libc_ctl(self, command, params, inout_ptr);
}

static void module_format(const status_payload_t* payload, iree_host_size_t capacity, char* buffer,
                          iree_host_size_t* out_length) {
  (void)payload;
  ++formatter_calls;
  *out_length = 5;
  if (buffer && capacity) snprintf(buffer, capacity, "extra");
}

/* As a library without a runtime would: raw offsets of the ABI. */
static iree_status_t module_status(iree_status_code_t code, const char* file, char* message, bool has_payload) {
  static const size_t message_at = 32, size_at = 40;
  char* block = aligned_alloc(32, 64);
  size_t length = strlen(message);
  uint32_t line = 77;
  void* payload = NULL;
  memset(block, 0xAB, 64);
  if (has_payload) {
    iree_allocator_t allocator = {NULL, module_ctl};
    void (*format)(const status_payload_t*, iree_host_size_t, char*, iree_host_size_t*) = module_format;
    payload = calloc(1, 40);
    memcpy((char*)payload + 16, &allocator, sizeof allocator);
    memcpy((char*)payload + 32, &format, sizeof format);
  }
  memcpy(block, &payload, 8);
  memcpy(block + 8, &payload, 8);
  memcpy(block + 16, &file, 8);
  memcpy(block + 24, &line, 4);
  memcpy(block + message_at, &message, 8);
  memcpy(block + size_at, &length, 8);
  return (iree_status_t)((uintptr_t)block | code);
}

static void test_module_status(void) {
  char message[] = "from %s outside";
  payload_frees = 0;
  iree_status_t status = module_status(IREE_STATUS_ABORTED, "lib.c", message, true);
  status = iree_status_annotate(status, IREE_SV("ours"));
  CHECK_TEXT("lib.c:77: ABORTED; from %s outside; extra; ours", status);
  CHECK(payload_frees == 1);
}

static void test_freeze(void) {
  char message[] = "text of the library";
  char file[] = "library.c";
  formatter_calls = payload_frees = 0;
  int64_t live = vmrt_live_objects(VMRT_OBJECT_STATUS);
  iree_status_t status = iree_status_freeze(module_status(IREE_STATUS_UNAVAILABLE, file, message, true));
  CHECK(formatter_calls == 2 && payload_frees == 1);
  CHECK(vmrt_live_objects(VMRT_OBJECT_STATUS) == live + 1);
  memset(message, 'x', sizeof message); /* the library is gone */
  memset(file, 'x', sizeof file);
  CHECK(iree_string_view_equal(iree_status_message(status), IREE_SV("text of the library; extra")));
  CHECK_TEXT("library.c:77: UNAVAILABLE; text of the library; extra", status);
  CHECK(formatter_calls == 2);
  CHECK(vmrt_live_objects(VMRT_OBJECT_STATUS) == live);
  CHECK(iree_status_freeze(iree_status_from_code(IREE_STATUS_ABORTED)) == iree_status_from_code(IREE_STATUS_ABORTED));
}

static void test_freeze_keeps_unnamed_codes(void) {
  char message[] = "why";
  iree_status_code_t code = (iree_status_code_t)23;
  CHECK_TEXT("code 23; why", iree_status_freeze(module_status(code, NULL, message, false)));
}

static void test_freeze_keeps_long_messages(void) {
  size_t length = 60000;
  char* message = malloc(length + 1);
  memset(message, 'm', length);
  message[length] = 0;
  iree_status_t status = iree_status_freeze(module_status(IREE_STATUS_INTERNAL, NULL, message, true));
  CHECK(iree_status_message(status).size == length + strlen("; extra"));
  CHECK(iree_string_view_ends_with(iree_status_message(status), IREE_SV("m; extra")));
  iree_status_free(status);
  free(message);
}

static void test_freeze_of_a_lie(void) {
  char message[] = "all is well";
  CHECK_TEXT("l.c:77: INTERNAL; status with code OK carries storage; all is well",
             iree_status_freeze(module_status(IREE_STATUS_OK, "l.c", message, false)));
}

/* What a module does with a status that we made: frees payloads by their allocators, then the block. */
static void test_module_frees_ours(void) {
  iree_status_t status = iree_status_annotate(not_found("ours"), IREE_SV("payload"));
  char* block = (char*)((uintptr_t)status & ~(uintptr_t)31);
  void* payload = NULL;
  memcpy(&payload, block, sizeof payload);
  CHECK(payload != NULL);
  iree_allocator_t allocator;
  memcpy(&allocator, (char*)payload + 16, sizeof allocator);
  CHECK_OK(allocator.ctl(allocator.self, IREE_ALLOCATOR_COMMAND_FREE, NULL, &payload));
  free(block);
}

/* ---- Stages -------------------------------------------------------------------------------------------------------- */

static void test_stages(void) {
  CHECK(iree_status_is_ok(vmrt_status_at_stage(iree_ok_status(), VMRT_STAGE_LINK)));
  CHECK(vmrt_status_stage(iree_ok_status()) == VMRT_STAGE_UNKNOWN);
  iree_status_t status = vmrt_status_at_stage(not_found("text"), VMRT_STAGE_SYMBOL);
  status = iree_status_annotate(status, IREE_SV("loading"));
  status = vmrt_status_at_stage(status, VMRT_STAGE_CREATE);
  CHECK(vmrt_status_stage(status) == VMRT_STAGE_SYMBOL);
  CHECK_TEXT("NOT_FOUND; text; loading", status);
  status = vmrt_status_at_stage(iree_status_from_code(IREE_STATUS_ABORTED), VMRT_STAGE_INIT);
  CHECK(vmrt_status_stage(status) == VMRT_STAGE_INIT);
  CHECK_TEXT("ABORTED; calling", iree_status_annotate(status, IREE_SV("calling")));
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"words", test_words},
      {"code_names", test_code_names},
      {"errno", test_errno},
      {"text", test_text},
      {"annotations_are_in_order", test_annotations_are_in_order},
      {"format_measures", test_format_measures},
      {"join", test_join},
      {"clone", test_clone},
      {"module_status", test_module_status},
      {"freeze", test_freeze},
      {"freeze_keeps_unnamed_codes", test_freeze_keeps_unnamed_codes},
      {"freeze_keeps_long_messages", test_freeze_keeps_long_messages},
      {"freeze_of_a_lie", test_freeze_of_a_lie},
      {"module_frees_ours", test_module_frees_ours},
      {"stages", test_stages},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
