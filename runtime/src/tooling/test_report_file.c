/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what became of tests as JUnit's XML or as JSON. */
#include <errno.h>

#include "platform/platform.h"
#include "tooling/json_text.h"
#include "tooling/test_report.h"
#include "vm/text.h"

/* Numbers of a suite, which are those of the whole report too. */
typedef struct totals_t {
  iree_host_size_t tests;
  iree_host_size_t failures;
  iree_host_size_t disabled;
  double seconds;
  time_text_t timestamp;
} totals_t;

static totals_t totals_of(const test_suite_t* suite) {
  totals_t totals = {test_suite_run_count(suite) + test_suite_disabled_count(suite), test_suite_failed_count(suite),
                     test_suite_disabled_count(suite), test_suite_seconds(suite), {""}};
  for (iree_host_size_t i = 0; i < suite->count && !totals.timestamp.chars[0]; ++i) {
    if (suite->cases[i].has_run) totals.timestamp = time_text(suite->cases[i].started);
  }
  return totals;
}

static bool is_reported(const test_case_t* test) { return test->has_run || (test->is_disabled && !test->is_selected); }
static const char* status_of(const test_case_t* test) { return test->has_run ? "run" : "notrun"; }
static const char* result_of(const test_case_t* test) { return test->has_run ? "completed" : "suppressed"; }
static double seconds_of(const test_case_t* test) { return test->has_run ? test->seconds : 0; }

static iree_string_view_t text_of(const test_failure_t* failure) {
  return iree_make_string_view(failure->text, failure->length);
}

/* ---- XML --------------------------------------------------------------------------------------------------------- */

static bool is_xml_character(unsigned char c) { return c >= 0x20 || c == '\n' || c == '\t'; }

static void put_attribute_text(FILE* file, iree_string_view_t text) {
  for (iree_host_size_t i = 0; i < text.size; ++i) {
    unsigned char c = (unsigned char)text.data[i];
    switch (c) {
      case '<': fputs("&lt;", file); break;
      case '>': fputs("&gt;", file); break;
      case '&': fputs("&amp;", file); break;
      case '"': fputs("&quot;", file); break;
      case '\n': fputs("&#x0A;", file); break;
      case '\t': fputs("&#x09;", file); break;
      default: fputc(is_xml_character(c) ? c : '?', file);
    }
  }
}

/* The end of a section inside the text is split over two sections. */
static void put_section(FILE* file, iree_string_view_t text) {
  fputs("<![CDATA[", file);
  for (iree_host_size_t i = 0; i < text.size; ++i) {
    unsigned char c = (unsigned char)text.data[i];
    if (c == '>' && i >= 2 && text.data[i - 1] == ']' && text.data[i - 2] == ']') fputs("]]><![CDATA[", file);
    fputc(is_xml_character(c) ? c : '?', file);
  }
  fputs("]]>", file);
}

static void put_xml_case(const test_suite_t* suite, const test_case_t* test, FILE* file) {
  fputs("    <testcase name=\"", file);
  put_attribute_text(file, test->name);
  fprintf(file, "\" value_param=\"%zu\" file=\"", test->ordinal);
  put_attribute_text(file, suite->name);
  fprintf(file,
          "\" line=\"0\" assertions=\"%zu\" status=\"%s\" result=\"%s\" time=\"%.3f\" timestamp=\"%s\" classname=\"",
          test->check_count, status_of(test), result_of(test), seconds_of(test), time_text(test->started).chars);
  put_attribute_text(file, suite->name);
  fputs(test->failures ? "\">\n" : "\" />\n", file);
  for (const test_failure_t* failure = test->failures; failure; failure = failure->next) {
    fputs("      <failure message=\"", file);
    put_attribute_text(file, text_of(failure));
    fputs("\" type=\"\">", file);
    put_section(file, text_of(failure));
    fputs("</failure>\n", file);
  }
  if (test->failures) fputs("    </testcase>\n", file);
}

static void put_xml(const test_suite_t* suite, FILE* file) {
  totals_t totals = totals_of(suite);
  fprintf(file,
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\" disabled=\"%zu\" "
          "errors=\"0\" time=\"%.3f\" timestamp=\"%s\" name=\"AllTests\">\n  <testsuite name=\"",
          totals.tests, totals.failures, totals.disabled, totals.seconds, totals.timestamp.chars);
  put_attribute_text(file, suite->name);
  fprintf(file,
          "\" tests=\"%zu\" failures=\"%zu\" disabled=\"%zu\" skipped=\"0\" errors=\"0\" time=\"%.3f\" "
          "timestamp=\"%s\">\n",
          totals.tests, totals.failures, totals.disabled, totals.seconds, totals.timestamp.chars);
  for (iree_host_size_t i = 0; i < suite->count; ++i) {
    if (is_reported(&suite->cases[i])) put_xml_case(suite, &suite->cases[i], file);
  }
  fputs("  </testsuite>\n</testsuites>\n", file);
}

/* ---- JSON -------------------------------------------------------------------------------------------------------- */

static void put_json_totals(const totals_t* totals, const char* indent, FILE* file) {
  fprintf(file,
          "%s\"tests\": %zu,\n%s\"failures\": %zu,\n%s\"disabled\": %zu,\n%s\"errors\": 0,\n%s\"timestamp\": \"%s\",\n"
          "%s\"time\": \"%.3fs\",\n",
          indent, totals->tests, indent, totals->failures, indent, totals->disabled, indent, indent,
          totals->timestamp.chars, indent, totals->seconds);
}

static void put_json_failures(const test_case_t* test, FILE* file) {
  fputs(",\n          \"failures\": [", file);
  for (const test_failure_t* failure = test->failures; failure; failure = failure->next) {
    fputs("\n            {\n              \"failure\": ", file);
    json_put_string(file, text_of(failure));
    fputs(",\n              \"type\": \"\"\n            }", file);
    if (failure->next) fputc(',', file);
  }
  fputs("\n          ]", file);
}

static void put_json_case(const test_suite_t* suite, const test_case_t* test, FILE* file) {
  fputs("        {\n          \"name\": ", file);
  json_put_string(file, test->name);
  fprintf(file, ",\n          \"value_param\": \"%zu\",\n          \"file\": ", test->ordinal);
  json_put_string(file, suite->name);
  fprintf(file,
          ",\n          \"line\": 0,\n          \"assertions\": %zu,\n          \"status\": \"%s\",\n"
          "          \"result\": \"%s\",\n"
          "          \"timestamp\": \"%s\",\n          \"time\": \"%.3fs\",\n          \"classname\": ",
          test->check_count, test->has_run ? "RUN" : "NOTRUN", test->has_run ? "COMPLETED" : "SUPPRESSED",
          time_text(test->started).chars, seconds_of(test));
  json_put_string(file, suite->name);
  if (test->failures) put_json_failures(test, file);
  fputs("\n        }", file);
}

static void put_json(const test_suite_t* suite, FILE* file) {
  totals_t totals = totals_of(suite);
  bool is_first = true;
  fputs("{\n", file);
  put_json_totals(&totals, "  ", file);
  fputs("  \"name\": \"AllTests\",\n  \"testsuites\": [\n    {\n      \"name\": ", file);
  json_put_string(file, suite->name);
  fputs(",\n", file);
  put_json_totals(&totals, "      ", file);
  fputs("      \"testsuite\": [\n", file);
  for (iree_host_size_t i = 0; i < suite->count; ++i) {
    if (!is_reported(&suite->cases[i])) continue;
    if (!is_first) fputs(",\n", file);
    is_first = false;
    put_json_case(suite, &suite->cases[i], file);
  }
  fputs("\n      ]\n    }\n  ]\n}\n", file);
}

/* ---- Files ------------------------------------------------------------------------------------------------------- */

typedef struct destination_t {
  void (*put)(const test_suite_t* suite, FILE* file);
  char path[PLATFORM_MAX_PATH + 1];
} destination_t;

static iree_status_t parse_destination(iree_string_view_t text, destination_t* out_destination) {
  iree_string_view_t format = text, path = iree_string_view_empty();
  iree_string_view_split(text, ':', &format, &path);
  bool is_json = iree_string_view_equal(format, IREE_SV("json"));
  if ((!is_json && !iree_string_view_equal(format, IREE_SV("xml"))) || path.size > PLATFORM_MAX_PATH) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "--gtest_output=%.*s is neither xml[:PATH] nor json[:PATH]", VM_SV_ARG(text));
  }
  if (path.size == 0) path = is_json ? IREE_SV("test_detail.json") : IREE_SV("test_detail.xml");
  out_destination->put = is_json ? put_json : put_xml;
  memcpy(out_destination->path, path.data, path.size);
  out_destination->path[path.size] = 0;
  return iree_ok_status();
}

iree_status_t test_report_check_destination(iree_string_view_t destination) {
  destination_t parsed;
  return parse_destination(destination, &parsed);
}

iree_status_t test_report_write_file(const test_suite_t* suite, iree_string_view_t destination) {
  destination_t parsed;
  IREE_RETURN_IF_ERROR(parse_destination(destination, &parsed));
  errno = 0;
  FILE* file = fopen(parsed.path, "wb");
  if (file) parsed.put(suite, file);
  bool written = file && !ferror(file);
  if (file && fclose(file) != 0) written = false;
  if (written) return iree_ok_status();
  iree_status_code_t code = errno ? iree_status_code_from_errno(errno) : IREE_STATUS_UNKNOWN;
  return iree_make_status(code, "unable to write the report `%s`: %s", parsed.path, strerror(errno));
}
