/* SPDX-License-Identifier: Apache-2.0 */
/* The module `check` for any runtime with a `hal` module: assertions about values and tensors, counted, told and traced.
 *
 * A failing assertion is printed to standard error and written to the event trace, and
 *   on_failure=fail (default)   makes the call fail with ABORTED, so that a run tool exits with a failure;
 *   on_failure=continue         lets the program go on: whoever reads the trace counts.
 * Every assertion, passed or failed, is one line of the trace: `ev` check, `kind`, `index` (0, 1, 2, ... in this module), `ok`,
 * and for failures `message`, `lhs`, `rhs`. */
#include "check_text.h"

typedef struct check_t {
  vmrt_module_t base;
  bool goes_on; /* on_failure=continue */
  uint32_t count;
} check_t;

static iree_status_t configure(vmrt_module_t* module, const vmrt_params_t* params) {
  static const char* const keys[] = {"on_failure", NULL};
  VMRT_TRY(vmrt_params_allow(params, keys));
  iree_string_view_t chosen = vmrt_param_text(params, "on_failure", "fail");
  ((check_t*)module)->goes_on = vmrt_text_is(chosen, "continue");
  if (((check_t*)module)->goes_on || vmrt_text_is(chosen, "fail")) return vmrt_ok();
  return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "on_failure=%.*s: it is `fail` or `continue`", VMRT_TEXT(chosen));
}

/* ---- Telling --------------------------------------------------------------------------------------------------------- */

/* Room for a text that grows; what does not fit into memory is cut. */
static trace_line_t text_begin(void) {
  trace_line_t text = {(char*)malloc(512), 0, 512};
  return text;
}

static iree_string_view_t text_view(const trace_line_t* text) {
  iree_string_view_t view = {text->text ? text->text : "", text->size};
  return view;
}

/* What an assertion is about; tensors are NULL where it is about a number. */
typedef struct finding_t {
  const char* kind;
  bool holds;
  trace_line_t message; /* of a failure */
  const tensor_t* lhs;
  const tensor_t* rhs;
} finding_t;

static finding_t finding(const char* kind, const tensor_t* lhs, const tensor_t* rhs) {
  finding_t made = {kind, true, {NULL, 0, 0}, lhs, rhs};
  return made;
}

/* The place of the message of a failure. */
static trace_line_t* finding_fails(finding_t* finding) {
  finding->holds = false;
  if (!finding->message.text) finding->message = text_begin();
  return &finding->message;
}

static void trace_tensor(trace_line_t* line, const char* key, const tensor_t* tensor) {
  if (!tensor || !line->text) return;
  trace_line_t text = text_begin();
  put_tensor(&text, tensor);
  trace_text(line, key, text_view(&text));
  free(text.text);
}

static void finding_trace(const finding_t* finding, uint32_t index) {
  trace_line_t line = trace_begin("check", "check");
  trace_text(&line, "kind", vmrt_text(finding->kind));
  trace_number(&line, "index", index);
  trace_printf(&line, ",\"ok\":%s", finding->holds ? "true" : "false");
  if (!finding->holds) {
    trace_text(&line, "message", text_view(&finding->message));
    trace_tensor(&line, "lhs", finding->lhs);
    trace_tensor(&line, "rhs", finding->rhs);
  }
  trace_end(&line);
}

static void put_side(trace_line_t* text, const char* name, const tensor_t* tensor) {
  if (!tensor) return;
  trace_printf(text, "\n  %s:\n    ", name);
  put_tensor(text, tensor);
}

static iree_status_t finding_fail(check_t* check, finding_t* finding) {
  trace_line_t* text = &finding->message;
  put_side(text, finding->rhs ? "lhs" : "tensor", finding->lhs);
  put_side(text, "rhs", finding->rhs);
  iree_string_view_t whole = text_view(text);
  if (check->goes_on) {
    fprintf(stderr, "check.%s failed: %.*s\n", finding->kind, VMRT_TEXT(whole));
    return vmrt_ok();
  }
  return vmrt_status(IREE_STATUS_ABORTED, "check.%s failed: %.*s", finding->kind, VMRT_TEXT(whole));
}

/* Counts, traces, and makes of it what the call returns. */
static iree_status_t finding_report(vmrt_call_t* call, finding_t* finding) {
  check_t* check = (check_t*)call->module;
  finding_trace(finding, check->count++);
  iree_status_t status = finding->holds ? vmrt_ok() : finding_fail(check, finding);
  free(finding->message.text);
  return status;
}

/* ---- Numbers --------------------------------------------------------------------------------------------------------- */

static iree_status_t expect_true(vmrt_call_t* call) {
  int32_t value = vmrt_arg_i32(call);
  finding_t found = finding("expect_true", NULL, NULL);
  if (!value) trace_printf(finding_fails(&found), "Expected %d to be nonzero.", value);
  return finding_report(call, &found);
}

static iree_status_t expect_false(vmrt_call_t* call) {
  int32_t value = vmrt_arg_i32(call);
  finding_t found = finding("expect_false", NULL, NULL);
  if (value) trace_printf(finding_fails(&found), "Expected %d to be zero.", value);
  return finding_report(call, &found);
}

/* ---- One tensor ------------------------------------------------------------------------------------------------------ */

static iree_status_t unsupported(const char* kind, uint32_t type) {
  char room[16];
  return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "check.%s: unsupported element type %s", kind, type_name(type, room));
}

static iree_status_t check_all_true(vmrt_call_t* call, const tensor_t* tensor) {
  bool is_float = tensor_is_float(tensor->type) && tensor_bits(tensor->type) >= 32;
  if (!is_float && !tensor_is_integer(tensor->type)) return unsupported("expect_all_true", tensor->type);
  finding_t found = finding("expect_all_true", tensor, NULL);
  for (size_t i = 0; i < tensor->count && found.holds; ++i) {
    if (is_float ? float_number(tensor, i) != 0 : element_word(tensor, i) != 0) continue;
    trace_printf(finding_fails(&found), "Expected all elements to be nonzero; element %zu is zero.", i);
  }
  return finding_report(call, &found);
}

static iree_status_t expect_all_true(vmrt_call_t* call) {
  iree_vm_ref_t device = vmrt_arg_ref(call), view = vmrt_arg_ref(call);
  tensor_t tensor;
  iree_status_t status = tensor_fetch(call, device, view, &tensor);
  if (vmrt_is_ok(status)) status = check_all_true(call, &tensor);
  tensor_release(call, &tensor);
  return status;
}

/* ---- Two tensors ----------------------------------------------------------------------------------------------------- */

static bool same_shape(const tensor_t* lhs, const tensor_t* rhs) {
  return lhs->rank == rhs->rank && memcmp(lhs->dims, rhs->dims, (size_t)lhs->rank * sizeof *lhs->dims) == 0;
}

static bool same_content(const tensor_t* lhs, const tensor_t* rhs) {
  return lhs->size == rhs->size && (lhs->size == 0 || memcmp(lhs->data, rhs->data, lhs->size) == 0);
}

/* Says which of type and shape differ. */
static void compare_kind(finding_t* found, const char* sentence) {
  bool types = found->lhs->type == found->rhs->type, shapes = same_shape(found->lhs, found->rhs);
  if (types && shapes) return;
  trace_line_t* text = finding_fails(found);
  trace_printf(text, "%s%s%s", sentence, types ? "" : " Element types do not match.",
               shapes ? "" : " Shapes do not match.");
}

static iree_status_t check_eq(vmrt_call_t* call, const tensor_t* lhs, const tensor_t* rhs, float atol, float rtol) {
  const char* sentence = "Expected equality of these values.";
  finding_t found = finding("expect_eq", lhs, rhs);
  (void)atol, (void)rtol;
  compare_kind(&found, sentence);
  if (!same_content(lhs, rhs)) {
    bool is_first = found.holds;
    trace_line_t* text = finding_fails(&found);
    trace_printf(text, "%s Contents does not match.", is_first ? sentence : "");
  }
  return finding_report(call, &found);
}

/* Equal, both NaN, or near: the tolerance is relative to a finite right side. */
static bool is_near(double lhs, double rhs, float atol, float rtol) {
  if (lhs == rhs || (isnan(lhs) && isnan(rhs))) return true;
  return isfinite(rhs) && fabs(lhs - rhs) <= (double)atol + (double)rtol * fabs(rhs);
}

static iree_status_t check_almost_eq(vmrt_call_t* call, const tensor_t* lhs, const tensor_t* rhs, float atol,
                                     float rtol) {
  const char* sentence = "Expected near equality of these values.";
  finding_t found = finding("expect_almost_eq", lhs, rhs);
  compare_kind(&found, sentence);
  if (found.holds && !tensor_is_float(lhs->type)) return unsupported("expect_almost_eq", lhs->type);
  for (size_t i = 0; found.holds && i < lhs->count; ++i) {
    double l = float_number(lhs, i), r = float_number(rhs, i);
    if (is_near(l, r, atol, rtol)) continue;
    trace_line_t* text = finding_fails(&found);
    trace_printf(text, "%s Contents does not match to tolerance parameters atol=%g, rtol=%g.", sentence, (double)atol,
                 (double)rtol);
    trace_printf(text, " The first failure occurs at index %zu as the lhs value %g differs from the rhs value %g by", i,
                 l, r);
    trace_printf(text, " %.3e.", r - l);
  }
  return finding_report(call, &found);
}

typedef iree_status_t (*compare_t)(vmrt_call_t* call, const tensor_t* lhs, const tensor_t* rhs, float atol, float rtol);

static iree_status_t compare(vmrt_call_t* call, compare_t how, bool has_tolerance) {
  iree_vm_ref_t device = vmrt_arg_ref(call), left = vmrt_arg_ref(call), right = vmrt_arg_ref(call);
  float atol = has_tolerance ? vmrt_arg_f32(call) : 0, rtol = has_tolerance ? vmrt_arg_f32(call) : 0;
  tensor_t lhs, rhs = {0};
  iree_status_t status = tensor_fetch(call, device, left, &lhs);
  if (vmrt_is_ok(status)) status = tensor_fetch(call, device, right, &rhs);
  if (vmrt_is_ok(status)) status = how(call, &lhs, &rhs, atol, rtol);
  tensor_release(call, &lhs);
  tensor_release(call, &rhs);
  return status;
}

static iree_status_t expect_eq(vmrt_call_t* call) { return compare(call, check_eq, false); }

static iree_status_t expect_almost_eq(vmrt_call_t* call) { return compare(call, check_almost_eq, true); }

static const vmrt_module_type_t check = {
    .name = "check",
    .size = sizeof(check_t),
    .configure = configure,
    VMRT_DEPENDENCIES({"hal", 0, VMRT_REQUIRED}),
    VMRT_IMPORTS(TENSOR_IMPORTS),
    VMRT_EXPORTS({"expect_all_true", "0rr_v", expect_all_true},
                 {"expect_almost_eq", "0rrrff_v", expect_almost_eq},
                 {"expect_eq", "0rrr_v", expect_eq},
                 {"expect_false", "0i_v", expect_false},
                 {"expect_true", "0i_v", expect_true}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, check)
