/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of a module that are benchmarks, and how they are called over and over. */
#ifndef VMRT_TOOLING_BENCHMARK_LIST_H_
#define VMRT_TOOLING_BENCHMARK_LIST_H_

#include "tooling/benchmark.h"
#include "tooling/function_call.h"

typedef enum benchmark_kind_e {
  BENCHMARK_PLAIN,    /* one call for a batch: the function loops itself if it has to */
  BENCHMARK_DISPATCH, /* one call for a batch, whose size is the argument */
  BENCHMARK_ASYNC     /* as many calls as the batch has, several at a time */
} benchmark_kind_t;

typedef struct benchmark_case_t {
  function_call_t call;
  benchmark_kind_t kind;
  char* name; /* BM_FUNCTION/process_time/real_time */
  bool is_selected;
} benchmark_case_t;

typedef struct benchmark_list_t {
  iree_allocator_t allocator;
  iree_host_size_t count;
  benchmark_case_t* cases;
} benchmark_list_t;

/* The one export `function`, or, when that is empty, all exports that say that they are benchmarks or take no
 * arguments. */
iree_status_t benchmark_list_register(iree_vm_module_t* module, iree_string_view_t function,
                                      iree_allocator_t allocator, benchmark_list_t* out_list);
void benchmark_list_deinitialize(benchmark_list_t* list);
/* Selects by a regular expression that is found in the name; a leading `-` selects the others. NOT_FOUND when none is
 * left. */
iree_status_t benchmark_list_select(benchmark_list_t* list, iree_string_view_t filter);

/* What a benchmark is called with. */
typedef struct benchmark_work_t {
  const benchmark_case_t* benchmark;
  iree_vm_context_t* context;
  iree_hal_device_t* device; /* or NULL */
  iree_allocator_t allocator;
  int32_t batch_size;
  int32_t batch_concurrency;
  iree_vm_list_t* inputs;
  iree_vm_list_t* results; /* of the latest call */
} benchmark_work_t;
/* A benchmark_function_t; `user_data` is a benchmark_work_t. */
iree_status_t benchmark_work_run(void* user_data, int64_t iterations, benchmark_sample_t* out_sample);
/* INVALID_ARGUMENT unless both are positive; OUT_OF_RANGE when the batch cannot be rounded up. */
iree_status_t benchmark_batch_check(int32_t batch_size, int32_t batch_concurrency);

#endif /* VMRT_TOOLING_BENCHMARK_LIST_H_ */
