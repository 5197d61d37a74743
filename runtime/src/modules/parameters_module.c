/* SPDX-License-Identifier: Apache-2.0 */
/* The module `io_parameters`: scopes to providers, key tables to transfers. */
#include "iree/modules/io/parameters/module.h"
#include "iree/vm/native_module.h"
#include "modules/hal_arguments.h"
#include "vm/text.h"

typedef struct parameters_module_t {
  iree_allocator_t host_allocator;
  iree_host_size_t provider_count;
  iree_io_parameter_provider_t* providers[]; /* retained */
} parameters_module_t;

static iree_status_t find_provider(const hal_call_t* call, iree_string_view_t scope,
                                   iree_io_parameter_provider_t** out_provider) {
  const parameters_module_t* module = call->module;
  for (iree_host_size_t i = 0; i < module->provider_count; ++i) {
    if (!iree_io_parameter_provider_query_support(module->providers[i], scope)) continue;
    *out_provider = module->providers[i];
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_NOT_FOUND, "no provider registered that handles scopes like '%.*s'",
                          VM_SV_ARG(scope));
}

/* ---- Key tables -------------------------------------------------------------------------------------------------- */

/* Entries as they lie in the buffers, which may be unaligned. */
typedef struct key_entry_t {
  uint32_t offset;
  uint32_t length;
} key_entry_t;
typedef struct span_entry_t {
  uint64_t parameter_offset;
  uint64_t buffer_offset;
  uint64_t length;
} span_entry_t;

typedef struct key_tables_t {
  iree_const_byte_span_t table; /* key_entry_t each */
  iree_const_byte_span_t data;
  iree_const_byte_span_t spans; /* span_entry_t each */
} key_tables_t;

static iree_const_byte_span_t take_contents(hal_call_t* call) {
  iree_vm_buffer_t* bytes = hal_take_bytes(call);
  return bytes ? iree_vm_buffer_const_contents(bytes) : iree_const_byte_span_empty();
}

static key_tables_t take_tables(hal_call_t* call) {
  key_tables_t tables;
  tables.table = take_contents(call);
  tables.data = take_contents(call);
  tables.spans = take_contents(call);
  return tables;
}

static iree_status_t check_tables(const key_tables_t* tables) {
  iree_host_size_t keys = tables->table.data_length, spans = tables->spans.data_length;
  if (keys % sizeof(key_entry_t) == 0 && spans % sizeof(span_entry_t) == 0 &&
      keys / sizeof(key_entry_t) == spans / sizeof(span_entry_t)) {
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "key table of %zu bytes and spans of %zu bytes, expected as many of 8 as of 24 bytes each",
                          keys, spans);
}

static iree_status_t read_transfer(const key_tables_t* tables, iree_host_size_t i,
                                   vmrt_io_parameter_transfer_t* out_transfer) {
  key_entry_t key;
  span_entry_t span;
  memcpy(&key, tables->table.data + i * sizeof key, sizeof key);
  memcpy(&span, tables->spans.data + i * sizeof span, sizeof span);
  if (key.offset > tables->data.data_length || key.length > tables->data.data_length - key.offset) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "key %zu (offset=%u, length=%u) is outside of the %zu bytes of key data", i, key.offset,
                            key.length, tables->data.data_length);
  }
  const char* text = key.length ? (const char*)tables->data.data + key.offset : NULL;
  *out_transfer = (vmrt_io_parameter_transfer_t){iree_make_string_view(text, key.length), span.parameter_offset,
                                                 span.buffer_offset, span.length};
  return iree_ok_status();
}

/* The transfers that the tables describe, in `scratch`. */
static iree_status_t read_transfers(hal_call_t* call, const key_tables_t* tables, hal_scratch_t* scratch,
                                    vmrt_io_parameter_transfers_t* out_transfers) {
  IREE_RETURN_IF_ERROR(check_tables(tables));
  iree_host_size_t count = tables->table.data_length / sizeof(key_entry_t);
  vmrt_io_parameter_transfer_t* transfers = hal_scratch_reserve(scratch, call, count, sizeof transfers[0]);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  for (iree_host_size_t i = 0; i < count; ++i) IREE_RETURN_IF_ERROR(read_transfer(tables, i, &transfers[i]));
  *out_transfers = (vmrt_io_parameter_transfers_t){count, transfers};
  return iree_ok_status();
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

static vmrt_io_parameter_queue_t take_queue(hal_call_t* call) {
  hal_queue_arguments_t queue = hal_take_queue(call);
  return (vmrt_io_parameter_queue_t){queue.device, queue.affinity, queue.wait, queue.signal};
}

/* A list that retains the buffers. */
static iree_status_t list_of_buffers(hal_call_t* call, iree_host_size_t count, iree_hal_buffer_t** buffers,
                                     iree_vm_list_t** out_list) {
  iree_vm_list_t* list = NULL;
  iree_vm_type_def_t type = iree_vm_make_ref_type_def(iree_hal_buffer_type());
  IREE_RETURN_IF_ERROR(iree_vm_list_create(type, count, call->host_allocator, &list));
  iree_status_t status = iree_vm_list_resize(list, count);
  for (iree_host_size_t i = 0; i < count && iree_status_is_ok(status); ++i) {
    iree_vm_ref_t ref = iree_hal_buffer_move_ref(buffers[i]);
    status = iree_vm_list_set_ref_retain(list, i, &ref);
  }
  if (!iree_status_is_ok(status)) {
    iree_vm_list_release(list);
    return status;
  }
  *out_list = list;
  return iree_ok_status();
}

static iree_status_t load_list(hal_call_t* call, iree_io_parameter_provider_t* provider,
                               const vmrt_io_parameter_queue_t* queue, iree_hal_buffer_params_t params,
                               vmrt_io_parameter_transfers_t transfers, iree_vm_list_t** out_list) {
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  iree_hal_buffer_t** buffers = hal_scratch_reserve(&scratch, call, transfers.count, sizeof buffers[0]);
  iree_status_t status = hal_call_taken(call);
  if (iree_status_is_ok(status)) {
    status = iree_io_parameter_provider_load(provider, queue, params, transfers, buffers);
    if (iree_status_is_ok(status)) {
      status = list_of_buffers(call, transfers.count, buffers, out_list);
      for (iree_host_size_t i = 0; i < transfers.count; ++i) iree_hal_buffer_release(buffers[i]);
    }
  }
  hal_scratch_free(&scratch, call);
  return status;
}

static iree_status_t parameters_load(hal_call_t* call) {
  vmrt_io_parameter_queue_t queue = take_queue(call);
  iree_string_view_t scope = hal_take_text_or_empty(call);
  iree_hal_buffer_params_t params = {.queue_affinity = hal_take_u64(call)};
  params.type = hal_take_u32(call);
  params.usage = hal_take_u32(call);
  key_tables_t tables = take_tables(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_io_parameter_provider_t* provider = NULL;
  IREE_RETURN_IF_ERROR(find_provider(call, scope, &provider));
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  vmrt_io_parameter_transfers_t transfers = {0, NULL};
  iree_vm_list_t* list = NULL;
  iree_status_t status = read_transfers(call, &tables, &scratch, &transfers);
  if (iree_status_is_ok(status)) status = load_list(call, provider, &queue, params, transfers, &list);
  hal_scratch_free(&scratch, call);
  IREE_RETURN_IF_ERROR(status);
  return hal_give_ref(call, iree_vm_list_move_ref(list));
}

/* What gather and scatter have in common: all but the order of scope and buffer. */
typedef iree_status_t (*transfer_fn_t)(iree_io_parameter_provider_t* provider, const vmrt_io_parameter_queue_t* queue,
                                       iree_hal_buffer_t* buffer, vmrt_io_parameter_transfers_t transfers);
static iree_status_t parameters_transfer(hal_call_t* call, transfer_fn_t transfer,
                                         const vmrt_io_parameter_queue_t* queue, iree_string_view_t scope,
                                         iree_hal_buffer_t* buffer) {
  key_tables_t tables = take_tables(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  iree_io_parameter_provider_t* provider = NULL;
  IREE_RETURN_IF_ERROR(find_provider(call, scope, &provider));
  hal_scratch_t scratch;
  hal_scratch_initialize(&scratch);
  vmrt_io_parameter_transfers_t transfers = {0, NULL};
  iree_status_t status = read_transfers(call, &tables, &scratch, &transfers);
  if (iree_status_is_ok(status)) status = transfer(provider, queue, buffer, transfers);
  hal_scratch_free(&scratch, call);
  return status;
}

static iree_status_t parameters_gather(hal_call_t* call) {
  vmrt_io_parameter_queue_t queue = take_queue(call);
  iree_string_view_t scope = hal_take_text_or_empty(call);
  iree_hal_buffer_t* target = hal_take_buffer(call);
  return parameters_transfer(call, iree_io_parameter_provider_gather, &queue, scope, target);
}

static iree_status_t parameters_scatter(hal_call_t* call) {
  vmrt_io_parameter_queue_t queue = take_queue(call);
  iree_hal_buffer_t* source = hal_take_buffer(call);
  iree_string_view_t scope = hal_take_text_or_empty(call);
  return parameters_transfer(call, iree_io_parameter_provider_scatter, &queue, scope, source);
}

/* ---- Module ------------------------------------------------------------------------------------------------------ */

static iree_status_t parameters_shim(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,
                                     iree_byte_span_t results, iree_vm_native_function_target_t target, void* self,
                                     iree_vm_module_state_t* module_state) {
  (void)stack;
  (void)flags;
  (void)module_state;
  hal_call_t call = {
      .module = self,
      .host_allocator = ((const parameters_module_t*)self)->host_allocator,
      .arguments = arguments,
      .results = results,
  };
  return hal_call_run((hal_function_t)(void (*)(void))target, &call);
}

#define SV(literal) \
  { literal, sizeof literal - 1 }
#define FUNCTION(function) \
  { parameters_shim, (iree_vm_native_function_target_t)(void (*)(void))function }

static const iree_vm_native_export_descriptor_t parameters_exports[] = {
    {SV("gather"), SV("0rIrrrrrrr_v"), 0, NULL},
    {SV("load"), SV("0rIrrrIiirrr_r"), 0, NULL},
    {SV("scatter"), SV("0rIrrrrrrr_v"), 0, NULL},
};
static const iree_vm_native_function_ptr_t parameters_functions[] = {
    FUNCTION(parameters_gather), FUNCTION(parameters_load), FUNCTION(parameters_scatter)};

static const iree_vm_native_module_descriptor_t parameters_descriptor = {
    .name = SV("io_parameters"),
    .version = 0,
    .export_count = sizeof parameters_exports / sizeof parameters_exports[0],
    .exports = parameters_exports,
    .function_count = sizeof parameters_functions / sizeof parameters_functions[0],
    .functions = parameters_functions,
};

static void parameters_destroy(void* self) {
  parameters_module_t* module = self;
  for (iree_host_size_t i = module->provider_count; i > 0; --i) {
    iree_io_parameter_provider_release(module->providers[i - 1]);
  }
  iree_allocator_free(module->host_allocator, module);
}

iree_status_t iree_io_parameters_module_create(iree_vm_instance_t* instance, iree_host_size_t provider_count,
                                               iree_io_parameter_provider_t** providers,
                                               iree_allocator_t host_allocator, iree_vm_module_t** out_module) {
  *out_module = NULL;
  parameters_module_t* module = NULL;
  iree_host_size_t size = sizeof *module + provider_count * sizeof module->providers[0];
  IREE_RETURN_IF_ERROR(iree_hal_module_register_all_types(instance));
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, size, (void**)&module));
  module->host_allocator = host_allocator;
  module->provider_count = provider_count;
  for (iree_host_size_t i = 0; i < provider_count; ++i) {
    iree_io_parameter_provider_retain(providers[i]);
    module->providers[i] = providers[i];
  }
  iree_vm_module_t interface = {.self = module, .destroy = parameters_destroy};
  iree_status_t status =
      iree_vm_native_module_create(&interface, &parameters_descriptor, instance, host_allocator, out_module);
  if (!iree_status_is_ok(status)) parameters_destroy(module);
  return status;
}
