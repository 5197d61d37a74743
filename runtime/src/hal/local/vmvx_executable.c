/* SPDX-License-Identifier: Apache-2.0 */
/* Executables of format vmvx-bytecode-fb: each worker calls the functions of a bytecode module in a context of its own.
 */
#include <stdlib.h>

#include "hal/local/executable_loader.h"
#include "hal/local/float_mode.h"
#include "iree/vm/bytecode/module.h"
#include "vm/stack.h"
#include "vm/text.h"

#define EXPORT_CONVENTION "0rrriiiiiiiii_v"
#define SET_CONSTANTS "__set_constants"
#define SET_CONSTANTS_CONVENTION "0r_v"
#define LOCAL_PAGE 4096
#define LOCAL_MEMORY_LIMIT (1ull << 30)
#define MAX_BINDINGS 64

/* ---- What a worker has ------------------------------------------------------------------------------------------- */

/* The objects that functions get are made once and wrap other memory for every dispatch. Between dispatches they are
 * empty, so that a function that kept one can do no harm. */
typedef struct vmvx_worker_t {
  iree_vm_context_t* context;
  iree_vm_list_t* list; /* of the first `listed` bindings */
  uint32_t listed;
  uint8_t* local_memory; /* made when first needed */
  iree_vm_buffer_t local;
  iree_vm_buffer_t constants;
  iree_vm_buffer_t bindings[MAX_BINDINGS];
} vmvx_worker_t;

typedef struct vmvx_function_t {
  iree_vm_function_t function;
  uint32_t local_memory_size;
} vmvx_function_t;

typedef struct vmvx_executable_t {
  local_executable_t base;
  iree_vm_module_t* module;
  vmvx_function_t* functions;
  uint32_t local_memory_size; /* of the function that needs most */
  uint32_t worker_count;
  vmvx_worker_t workers[];
} vmvx_executable_t;

/* Packed arguments of an export. */
typedef struct vmvx_arguments_t {
  iree_vm_ref_t local;
  iree_vm_ref_t constants;
  iree_vm_ref_t bindings;
  uint32_t id[3];
  uint32_t size[3];
  uint32_t count[3];
} vmvx_arguments_t;

/* ---- Running ----------------------------------------------------------------------------------------------------- */

/* Brings the list to the number of bindings of the dispatch. */
static iree_status_t worker_list(vmvx_worker_t* worker, uint32_t count) {
  if (worker->listed == count && iree_vm_list_size(worker->list) == count) return iree_ok_status();
  worker->listed = 0;
  iree_vm_list_clear(worker->list);
  for (uint32_t i = 0; i < count; ++i) {
    iree_vm_ref_t ref = {&worker->bindings[i], iree_vm_buffer_type()};
    IREE_RETURN_IF_ERROR(iree_vm_list_push_ref_retain(worker->list, &ref));
  }
  worker->listed = count;
  return iree_ok_status();
}

static iree_status_t worker_local_memory(vmvx_executable_t* executable, vmvx_worker_t* worker, uint32_t size) {
  if (size == 0) return iree_ok_status();
  if (!worker->local_memory) {
    IREE_RETURN_IF_ERROR(iree_allocator_malloc_aligned(
        executable->base.base.host_allocator, executable->local_memory_size, 64, (void**)&worker->local_memory));
  }
  worker->local.data = iree_make_byte_span(worker->local_memory, size);
  return iree_ok_status();
}

static iree_status_t worker_begin(vmvx_executable_t* executable, vmvx_worker_t* worker,
                                  const local_dispatch_t* dispatch) {
  if (dispatch->binding_count > MAX_BINDINGS) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%u bindings; the most is %d", dispatch->binding_count,
                            MAX_BINDINGS);
  }
  IREE_RETURN_IF_ERROR(worker_list(worker, dispatch->binding_count));
  IREE_RETURN_IF_ERROR(
      worker_local_memory(executable, worker, executable->functions[dispatch->function].local_memory_size));
  worker->constants.data =
      iree_make_byte_span((void*)(uintptr_t)dispatch->constants, dispatch->constant_count * sizeof(uint32_t));
  for (uint32_t i = 0; i < dispatch->binding_count; ++i) {
    bool is_read_only = dispatch->read_only >> i & 1;
    worker->bindings[i].access =
        IREE_VM_BUFFER_ACCESS_ORIGIN_HOST | (is_read_only ? 0u : (uint32_t)IREE_VM_BUFFER_ACCESS_MUTABLE);
    worker->bindings[i].data = iree_make_byte_span(dispatch->binding_pointers[i], dispatch->binding_lengths[i]);
  }
  return iree_ok_status();
}

static int32_t references(const iree_vm_buffer_t* buffer) {
  return __atomic_load_n(&buffer->ref_object.counter.value, __ATOMIC_RELAXED);
}

/* True when nobody but the worker holds the object: its own reference and, for bindings, that of the list. */
static bool worker_end(vmvx_worker_t* worker, uint32_t binding_count) {
  bool is_whole = references(&worker->local) == 1 && references(&worker->constants) == 1;
  worker->local.data = iree_byte_span_empty();
  worker->constants.data = iree_byte_span_empty();
  for (uint32_t i = 0; i < binding_count; ++i) {
    worker->bindings[i].data = iree_byte_span_empty();
    is_whole &= references(&worker->bindings[i]) == 2;
  }
  if (iree_vm_list_size(worker->list) != worker->listed) worker->listed = 0;
  return is_whole;
}

static iree_status_t kept_reference(const vmvx_executable_t* executable, uint32_t function) {
  iree_string_view_t name = executable->base.base.functions[function].name;
  return iree_make_status(
      IREE_STATUS_FAILED_PRECONDITION,
      "function '%.*s' keeps, or took out of the list, a buffer that is only its own during the call", VM_SV_ARG(name));
}

static iree_status_t run_workgroups(const vmvx_executable_t* executable, vmvx_worker_t* worker,
                                    const local_dispatch_t* dispatch, uint64_t begin, uint64_t end) {
  _Alignas(VM_STACK_ALIGNMENT) uint8_t storage[VM_STACK_INLINE_SIZE];
  iree_vm_stack_t stack;
  vm_stack_initialize(&stack, 0, iree_vm_context_state_resolver(worker->context), 0, storage, sizeof storage,
                      executable->base.base.host_allocator);
  local_workgroup_t id = local_workgroup_at(dispatch->workgroup_count, begin);
  vmvx_arguments_t arguments = {{&worker->local, iree_vm_buffer_type()},
                                {&worker->constants, iree_vm_buffer_type()},
                                {worker->list, iree_vm_list_type()},
                                {0, 0, 0},
                                {1, 1, 1},
                                {0, 0, 0}};
  memcpy(arguments.count, dispatch->workgroup_count, sizeof arguments.count);
  iree_vm_function_call_t call = {executable->functions[dispatch->function].function,
                                  iree_make_byte_span(&arguments, sizeof arguments), iree_byte_span_empty()};
  iree_status_t status = iree_ok_status();
  for (uint64_t i = begin; i < end && iree_status_is_ok(status); ++i) {
    arguments.id[0] = id.x;
    arguments.id[1] = id.y;
    arguments.id[2] = id.z;
    status = vm_stack_invoke(&stack, &call);
    local_workgroup_next(dispatch->workgroup_count, &id);
  }
  vm_stack_deinitialize(&stack);
  return status;
}

static iree_status_t vmvx_issue(local_executable_t* base, const local_dispatch_t* dispatch, local_worker_t who,
                                uint64_t begin, uint64_t end) {
  vmvx_executable_t* executable = (vmvx_executable_t*)base;
  vmvx_worker_t* worker = &executable->workers[who.index];
  IREE_RETURN_IF_ERROR(worker_begin(executable, worker, dispatch));
  uint64_t mode = float_mode_enter();
  iree_status_t status = run_workgroups(executable, worker, dispatch, begin, end);
  float_mode_restore(mode);
  bool is_whole = worker_end(worker, dispatch->binding_count);
  if (!is_whole) worker->listed = 0;
  return iree_status_is_ok(status) && !is_whole ? kept_reference(executable, dispatch->function) : status;
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

/* Decimal text of an attribute, 0 without one. */
static iree_status_t read_number(const iree_vm_function_t* function, const char* key, uint64_t limit,
                                 uint64_t* out_number) {
  iree_string_view_t text = iree_vm_function_lookup_attr_by_name(function, iree_make_cstring_view(key));
  uint64_t number = 0;
  bool is_number = true;
  for (iree_host_size_t i = 0; i < text.size && is_number; ++i) {
    is_number = text.data[i] >= '0' && text.data[i] <= '9';
    number = number * 10 + (uint64_t)(text.data[i] - '0');
    if (number > limit) is_number = false;
  }
  if (!is_number) {
    iree_string_view_t name = iree_vm_function_name(function);
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "attribute '%s' of export '%.*s' is '%.*s'; a number up to %llu is expected", key,
                            VM_SV_ARG(name), VM_SV_ARG(text), (unsigned long long)limit);
  }
  *out_number = number;
  return iree_ok_status();
}

static iree_status_t check_convention(const iree_vm_function_t* function, const char* expected) {
  iree_string_view_t name = iree_vm_function_name(function);
  iree_string_view_t convention = iree_vm_function_signature(function).calling_convention;
  if (iree_string_view_equal(convention, iree_make_cstring_view(expected))) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "export '%.*s' has the calling convention '%.*s'; '%s' is expected", VM_SV_ARG(name),
                          VM_SV_ARG(convention), expected);
}

static iree_status_t describe_function(vmvx_executable_t* executable, iree_host_size_t index) {
  vmvx_function_t* entry = &executable->functions[index];
  hal_executable_function_t* description = &executable->base.base.functions[index];
  uint64_t constants = 0, bindings = 0, local = 0;
  IREE_RETURN_IF_ERROR(check_convention(&entry->function, EXPORT_CONVENTION));
  IREE_RETURN_IF_ERROR(read_number(&entry->function, "constant_count", UINT16_MAX, &constants));
  IREE_RETURN_IF_ERROR(read_number(&entry->function, "binding_count", MAX_BINDINGS, &bindings));
  IREE_RETURN_IF_ERROR(read_number(&entry->function, "local_memory", LOCAL_MEMORY_LIMIT, &local));
  description->name = iree_vm_function_name(&entry->function);
  description->constant_count = (uint16_t)constants;
  description->binding_count = (uint16_t)bindings;
  entry->local_memory_size = (uint32_t)(local / LOCAL_PAGE * LOCAL_PAGE);
  if (entry->local_memory_size > executable->local_memory_size) {
    executable->local_memory_size = entry->local_memory_size;
  }
  return iree_ok_status();
}

/* These exports are for the machinery; other hidden names, such as `__builtin_splat_i64`, are kernels. */
static bool is_kernel(const iree_vm_function_t* function) {
  static const char* const machinery[] = {"__init", "__deinit", "__notify", SET_CONSTANTS};
  for (size_t i = 0; i < sizeof machinery / sizeof *machinery; ++i) {
    if (iree_string_view_equal(iree_vm_function_name(function), iree_make_cstring_view(machinery[i]))) return false;
  }
  return true;
}

/* Writes the kernels among the exports, in their order, unless `out_functions` is NULL. */
static iree_status_t list_kernels(const iree_vm_module_t* module, vmvx_function_t* out_functions,
                                  iree_host_size_t* out_count) {
  iree_host_size_t total = iree_vm_module_signature(module).export_function_count, count = 0;
  for (iree_host_size_t i = 0; i < total; ++i) {
    iree_vm_function_t function;
    IREE_RETURN_IF_ERROR(
        iree_vm_module_lookup_function_by_ordinal(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, i, &function));
    if (!is_kernel(&function)) continue;
    if (out_functions) out_functions[count].function = function;
    ++count;
  }
  *out_count = count;
  return iree_ok_status();
}

/* ---- Workers ----------------------------------------------------------------------------------------------------- */

static void worker_deinitialize(vmvx_worker_t* worker, iree_allocator_t allocator) {
  iree_vm_list_release(worker->list);
  iree_vm_context_release(worker->context);
  iree_allocator_free_aligned(allocator, worker->local_memory);
}

static void wrap(uint32_t access, iree_vm_buffer_t* buffer) {
  iree_vm_buffer_initialize(access | IREE_VM_BUFFER_ACCESS_ORIGIN_HOST, iree_byte_span_empty(), iree_allocator_null(),
                            buffer);
}

static iree_status_t worker_initialize(vmvx_worker_t* worker, const local_load_t* load, iree_vm_module_t* module) {
  iree_vm_module_t* modules[2] = {load->vmvx_module, module};
  wrap(IREE_VM_BUFFER_ACCESS_MUTABLE, &worker->local);
  wrap(0, &worker->constants);
  for (uint32_t i = 0; i < MAX_BINDINGS; ++i) wrap(IREE_VM_BUFFER_ACCESS_MUTABLE, &worker->bindings[i]);
  IREE_RETURN_IF_ERROR(iree_vm_list_create(iree_vm_make_ref_type_def(iree_vm_buffer_type()), MAX_BINDINGS,
                                           load->allocator, &worker->list));
  return iree_vm_context_create_with_modules(load->instance, 0, 2, modules, load->allocator, &worker->context);
}

/* The function that takes executable-level constants; without one `module` is NULL. */
static iree_status_t find_set_constants(iree_vm_module_t* module, const iree_hal_executable_params_t* params,
                                        iree_vm_function_t* out_function) {
  memset(out_function, 0, sizeof *out_function);
  iree_status_t status = iree_vm_module_lookup_function_by_name(module, IREE_VM_FUNCTION_LINKAGE_EXPORT,
                                                                IREE_SV(SET_CONSTANTS), out_function);
  if (IREE_STATUS_IS(NOT_FOUND, status)) {
    iree_status_free(status);
    memset(out_function, 0, sizeof *out_function);
    if (params->constant_count == 0) return iree_ok_status();
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "executable has no executable-level constants but %zu constants were provided",
                            params->constant_count);
  }
  IREE_RETURN_IF_ERROR(status);
  if (params->constant_count == 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "executable has executable-level constants but none were provided");
  }
  return check_convention(out_function, SET_CONSTANTS_CONVENTION);
}

/* The module may keep the buffer: it has a copy of its own. */
static iree_status_t worker_set_constants(const vmvx_worker_t* worker, iree_vm_function_t function,
                                          const iree_hal_executable_params_t* params, iree_allocator_t allocator) {
  iree_vm_buffer_t* buffer = NULL;
  iree_host_size_t size = params->constant_count * sizeof(uint32_t);
  IREE_RETURN_IF_ERROR(iree_vm_buffer_create(IREE_VM_BUFFER_ACCESS_ORIGIN_HOST, size, 0, allocator, &buffer));
  memcpy(iree_vm_buffer_data(buffer), params->constants, size);
  _Alignas(VM_STACK_ALIGNMENT) uint8_t storage[VM_STACK_INLINE_SIZE];
  iree_vm_stack_t stack;
  vm_stack_initialize(&stack, 0, iree_vm_context_state_resolver(worker->context), 0, storage, sizeof storage,
                      allocator);
  iree_vm_ref_t argument = {buffer, iree_vm_buffer_type()};
  iree_vm_function_call_t call = {function, iree_make_byte_span(&argument, sizeof argument), iree_byte_span_empty()};
  iree_status_t status = vm_stack_invoke(&stack, &call);
  vm_stack_deinitialize(&stack);
  iree_vm_buffer_release(buffer);
  return iree_status_annotate_f(status, "setting the executable's constants");
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void vmvx_destroy(iree_hal_executable_t* base) {
  vmvx_executable_t* executable = (vmvx_executable_t*)base;
  iree_allocator_t allocator = base->host_allocator;
  for (uint32_t i = 0; i < executable->worker_count; ++i) worker_deinitialize(&executable->workers[i], allocator);
  iree_allocator_free(allocator, executable->functions);
  iree_vm_module_release(executable->module);
  local_executable_deinitialize(&executable->base);
  iree_allocator_free(allocator, executable);
}

static const hal_executable_vtable_t vmvx_vtable = {.destroy = vmvx_destroy};

static iree_status_t vmvx_fill(vmvx_executable_t* executable, const local_load_t* load) {
  iree_host_size_t count = executable->base.base.function_count;
  iree_vm_function_t set_constants;
  if (count > 0) {
    IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(load->allocator, count, sizeof *executable->functions,
                                                     (void**)&executable->functions));
    IREE_RETURN_IF_ERROR(list_kernels(executable->module, executable->functions, &count));
  }
  for (iree_host_size_t i = 0; i < count; ++i) IREE_RETURN_IF_ERROR(describe_function(executable, i));
  IREE_RETURN_IF_ERROR(find_set_constants(executable->module, load->params, &set_constants));
  while (executable->worker_count < load->worker_count) {
    vmvx_worker_t* worker = &executable->workers[executable->worker_count++];
    IREE_RETURN_IF_ERROR(worker_initialize(worker, load, executable->module));
    if (!set_constants.module) continue;
    IREE_RETURN_IF_ERROR(worker_set_constants(worker, set_constants, load->params, load->allocator));
  }
  return iree_ok_status();
}

/* Takes over the module, also on failure. */
static iree_status_t create_with_module(const local_load_t* load, iree_vm_module_t* module,
                                        iree_hal_executable_t** out_executable) {
  vmvx_executable_t* executable = NULL;
  iree_host_size_t count = 0;
  iree_host_size_t size = sizeof *executable + load->worker_count * sizeof executable->workers[0];
  iree_status_t status = list_kernels(module, NULL, &count);
  if (iree_status_is_ok(status)) status = iree_allocator_malloc(load->allocator, size, (void**)&executable);
  if (iree_status_is_ok(status)) {
    status = local_executable_initialize(&vmvx_vtable, count, load->allocator, &executable->base);
  }
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(load->allocator, executable);
    iree_vm_module_release(module);
    return status;
  }
  executable->base.issue = vmvx_issue;
  executable->module = module;
  status = vmvx_fill(executable, load);
  if (!iree_status_is_ok(status)) {
    vmvx_destroy(&executable->base.base);
    return status;
  }
  *out_executable = &executable->base.base;
  return iree_ok_status();
}

iree_status_t vmvx_executable_load(const local_load_t* load, iree_hal_executable_t** out_executable) {
  iree_const_byte_span_t data = load->params->executable_data;
  iree_vm_module_t* module = NULL;
  void* copy = NULL;
  if (data.data_length == 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "the executable has no data");
  IREE_RETURN_IF_ERROR(iree_allocator_clone(load->allocator, data, &copy));
  iree_status_t status = iree_vm_bytecode_module_create(
      load->instance, 0, iree_make_const_byte_span(copy, data.data_length), load->allocator, load->allocator, &module);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(load->allocator, copy);
    return status;
  }
  return create_with_module(load, module, out_executable);
}
