/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the benchmarks of a module. */
#include "tooling/benchmark_list.h"

#include "iree/tooling/context_util.h"
#include "platform/platform.h"
#include "vm/text.h"

/* References to functions have 16 bits for the ordinal: whatever a module says, it has no more. */
#define MAX_ORDINALS 65536

/* ---- What is a benchmark ----------------------------------------------------------------------------------------- */

static bool takes_nothing(const function_call_t* call) {
  return call->arguments.size == 0 || iree_string_view_equal(call->arguments, IREE_SV("v"));
}

static benchmark_kind_t kind_of(const function_call_t* call, iree_string_view_t attribute) {
  if (iree_string_view_equal(attribute, IREE_SV("dispatch"))) return BENCHMARK_DISPATCH;
  return call->is_async ? BENCHMARK_ASYNC : BENCHMARK_PLAIN;
}

static bool is_benchmark(const function_call_t* call, iree_string_view_t name, iree_string_view_t attribute) {
  if (iree_string_view_equal(attribute, IREE_SV("dispatch"))) return true;
  if (iree_string_view_equal(attribute, IREE_SV("entry"))) return true;
  return !vmrt_tooling_is_hidden_name(name) && takes_nothing(call);
}

static iree_status_t make_name(iree_string_view_t function, iree_allocator_t allocator, char** out_name) {
  static const char format[] = "BM_%.*s/process_time/real_time";
  size_t capacity = sizeof format + (size_t)vm_text_length(function);
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, capacity, (void**)out_name));
  snprintf(*out_name, capacity, format, VM_SV_ARG(function));
  return iree_ok_status();
}

/* ---- Registration ------------------------------------------------------------------------------------------------ */

static iree_status_t add_case(benchmark_list_t* list, const function_call_t* call, iree_string_view_t attribute) {
  benchmark_case_t* benchmark = &list->cases[list->count];
  benchmark->call = *call;
  benchmark->kind = kind_of(call, attribute);
  IREE_RETURN_IF_ERROR(make_name(iree_vm_function_name(&call->function), list->allocator, &benchmark->name));
  ++list->count;
  return iree_ok_status();
}

static iree_string_view_t benchmark_attribute(const iree_vm_function_t* function) {
  return iree_vm_function_lookup_attr_by_name(function, IREE_SV("iree.benchmark"));
}

static iree_status_t add_exports(benchmark_list_t* list, iree_vm_module_t* module, iree_host_size_t export_count) {
  for (iree_host_size_t i = 0; i < export_count; ++i) {
    iree_vm_function_t function = {NULL, 0, 0};
    function_call_t call;
    IREE_RETURN_IF_ERROR(
        iree_vm_module_lookup_function_by_ordinal(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, i, &function));
    IREE_RETURN_IF_ERROR(function_call_prepare(function, &call));
    iree_string_view_t attribute = benchmark_attribute(&function);
    if (!is_benchmark(&call, vm_text_sanitize(iree_vm_function_name(&function)), attribute)) continue;
    IREE_RETURN_IF_ERROR(add_case(list, &call, attribute));
  }
  return iree_ok_status();
}

static iree_status_t add_one(benchmark_list_t* list, iree_vm_module_t* module, iree_string_view_t name) {
  function_call_t call;
  IREE_RETURN_IF_ERROR(function_call_find(module, name, &call));
  return add_case(list, &call, benchmark_attribute(&call.function));
}

iree_status_t benchmark_list_register(iree_vm_module_t* module, iree_string_view_t function,
                                      iree_allocator_t allocator, benchmark_list_t* out_list) {
  iree_host_size_t export_count = iree_vm_module_signature(module).export_function_count;
  if (export_count > MAX_ORDINALS) export_count = MAX_ORDINALS;
  benchmark_list_t list = {allocator, 0, NULL};
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc(allocator, (export_count + 1) * sizeof *list.cases, (void**)&list.cases));
  iree_status_t status = iree_string_view_is_empty(function) ? add_exports(&list, module, export_count)
                                                             : add_one(&list, module, function);
  if (!iree_status_is_ok(status)) {
    benchmark_list_deinitialize(&list);
    return status;
  }
  *out_list = list;
  return iree_ok_status();
}

void benchmark_list_deinitialize(benchmark_list_t* list) {
  for (iree_host_size_t i = 0; i < list->count; ++i) iree_allocator_free(list->allocator, list->cases[i].name);
  iree_allocator_free(list->allocator, list->cases);
  memset(list, 0, sizeof *list);
}

/* ---- Selection --------------------------------------------------------------------------------------------------- */

static iree_status_t match_cases(benchmark_list_t* list, const char* pattern, bool wanted) {
  for (iree_host_size_t i = 0; i < list->count; ++i) {
    const char* name = list->cases[i].name;
    bool matches = false;
    IREE_RETURN_IF_ERROR(platform_pattern_match(pattern, &name, 1, &matches));
    list->cases[i].is_selected = matches == wanted;
  }
  return iree_ok_status();
}

static iree_host_size_t selected_count(const benchmark_list_t* list) {
  iree_host_size_t count = 0;
  for (iree_host_size_t i = 0; i < list->count; ++i) count += list->cases[i].is_selected;
  return count;
}

iree_status_t benchmark_list_select(benchmark_list_t* list, iree_string_view_t filter) {
  char pattern[VM_TEXT_LIMIT + 1];
  bool wanted = !iree_string_view_starts_with(filter, IREE_SV("-"));
  iree_string_view_t text = wanted ? filter : iree_make_string_view(filter.data + 1, filter.size - 1);
  if (text.size > VM_TEXT_LIMIT) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "--benchmark_filter= of %zu bytes; at most %d", text.size,
                            VM_TEXT_LIMIT);
  }
  snprintf(pattern, sizeof pattern, "%.*s", VM_SV_ARG(text));
  iree_status_t status = match_cases(list, pattern, wanted);
  if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "--benchmark_filter=%.*s", VM_SV_ARG(filter));
  if (selected_count(list) > 0) return iree_ok_status();
  return iree_make_status(IREE_STATUS_NOT_FOUND,
                          "no benchmark to run: %zu functions of the last module are benchmarks, and "
                          "--benchmark_filter=%.*s leaves none (see --function= for functions with arguments)",
                          list->count, VM_SV_ARG(filter));
}
