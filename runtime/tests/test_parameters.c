/* SPDX-License-Identifier: Apache-2.0 */
/* The module `io_parameters`: loading and gathering from files and patterns, between fences; refusals; lack of memory.
 */
#include "hal_world.h"
#include "iree/io/parameter_archive.h"
#include "iree/modules/io/parameters/module.h"

#define ANY ((int64_t)-1)
#define PATIENCE 20000000000 /* nanoseconds after which what should have happened has not */

/* ---- Parameters -------------------------------------------------------------------------------------------------- */

static const uint8_t file_bytes[64] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
                                       20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39};

static iree_status_t add_file(iree_io_parameter_index_t* index, iree_allocator_t heap) {
  iree_io_parameter_index_entry_t entry = {
      .key = IREE_SV("data"), .length = 32, .type = IREE_IO_PARAMETER_INDEX_ENTRY_STORAGE_TYPE_FILE};
  entry.storage.file.offset = 8;
  IREE_RETURN_IF_ERROR(vmrt_io_file_handle_wrap(IREE_SV("memory"), file_bytes, sizeof file_bytes, NULL, NULL, heap,
                                                &entry.storage.file.handle));
  iree_status_t status = iree_io_parameter_index_add(index, &entry);
  iree_io_file_handle_release(entry.storage.file.handle);
  return status;
}

static iree_status_t add_splat(iree_io_parameter_index_t* index, const char* key, const char* pattern) {
  iree_io_parameter_index_entry_t entry = {.key = iree_make_cstring_view(key), .length = 48};
  entry.storage.splat.pattern_length = (uint8_t)strlen(pattern);
  memcpy(entry.storage.splat.pattern, pattern, strlen(pattern));
  return iree_io_parameter_index_add(index, &entry);
}

static iree_status_t fill_index(iree_io_parameter_index_t* index, iree_allocator_t heap) {
  IREE_RETURN_IF_ERROR(add_file(index, heap));
  IREE_RETURN_IF_ERROR(add_splat(index, "s4", "abcd"));
  IREE_RETURN_IF_ERROR(add_splat(index, "s1 as s16", "xxxxxxxxxxxxxxxx"));
  IREE_RETURN_IF_ERROR(add_splat(index, "s8", "ABCDEFGH"));
  return add_splat(index, "s3", "123");
}

/* The parameters above in scope `model`. */
static iree_status_t create_provider(iree_allocator_t heap, iree_io_parameter_provider_t** out_provider) {
  iree_io_parameter_index_t* index = NULL;
  IREE_RETURN_IF_ERROR(iree_io_parameter_index_create(heap, &index));
  iree_status_t status = fill_index(index, heap);
  if (iree_status_is_ok(status)) {
    status = vmrt_io_parameter_provider_create(IREE_SV("model"), index, heap, out_provider);
  }
  iree_io_parameter_index_release(index);
  return status;
}

static iree_status_t open_world(hal_world_t* world, const char* device) {
  IREE_RETURN_IF_ERROR(hal_world_open_device(world, device));
  iree_io_parameter_provider_t* provider = NULL;
  IREE_RETURN_IF_ERROR(create_provider(world->heap, &provider));
  iree_status_t status = iree_io_parameters_module_create(world->instance, 1, &provider, world->heap, &world->module);
  iree_io_parameter_provider_release(provider);
  IREE_RETURN_IF_ERROR(status);
  return hal_world_open_context(world);
}

static void with_world(void (*body)(hal_world_t* world)) {
  static const char* const devices[] = {"local-sync", "local-task"};
  for (size_t i = 0; i < sizeof devices / sizeof devices[0]; ++i) {
    hal_world_t world = {.heap = iree_allocator_system()};
    if (CHECK_OK(open_world(&world, devices[i]))) body(&world);
    hal_world_close(&world);
    hal_check_nothing_left(devices[i]);
  }
}

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

typedef struct request_t {
  const char* key;
  uint64_t span[3]; /* offset in the parameter, offset in the buffer, length */
} request_t;

/* Key table, key data and spans of up to eight requests. */
typedef struct tables_t {
  iree_vm_ref_t table, data, spans;
} tables_t;

static iree_vm_ref_t make_bytes(const void* bytes, size_t length) {
  iree_vm_buffer_t* buffer = NULL;
  CHECK_OK(iree_vm_buffer_create(0, length, 0, iree_allocator_system(), &buffer));
  if (length) memcpy(iree_vm_buffer_data(buffer), bytes, length);
  return iree_vm_buffer_move_ref(buffer);
}

static tables_t make_tables(size_t count, const request_t* requests) {
  char data[256] = "";
  uint32_t table[8][2];
  uint64_t spans[8][3];
  for (size_t i = 0; i < count; ++i) {
    table[i][0] = (uint32_t)strlen(data);
    table[i][1] = (uint32_t)strlen(requests[i].key);
    strcat(data, requests[i].key);
    memcpy(spans[i], requests[i].span, sizeof spans[i]);
  }
  return (tables_t){make_bytes(table, count * sizeof table[0]), make_bytes(data, strlen(data)),
                    make_bytes(spans, count * sizeof spans[0])};
}

static void free_tables(tables_t* tables) {
  iree_vm_ref_release(&tables->table);
  iree_vm_ref_release(&tables->data);
  iree_vm_ref_release(&tables->spans);
}

static iree_status_t load(hal_world_t* world, const char* scope, iree_vm_ref_t wait, iree_vm_ref_t signal, size_t count,
                          const request_t* requests, hal_results_t* results) {
  iree_vm_ref_t scope_ref = hal_text(scope);
  tables_t tables = make_tables(count, requests);
  iree_status_t status = hal_call(world, "load", results, "rIrrrIiirrr", hal_world_device_ref(world), ANY, wait, signal,
                                  scope_ref, ANY, 0x56, 0x9000C03, tables.table, tables.data, tables.spans);
  free_tables(&tables);
  iree_vm_ref_release(&scope_ref);
  return status;
}

/* `gather` or `scatter`, which take buffer and scope in another order. */
static iree_status_t transfer(hal_world_t* world, const char* name, iree_vm_ref_t signal, iree_vm_ref_t buffer,
                              size_t count, const request_t* requests) {
  iree_vm_ref_t scope = hal_text("model");
  bool is_gather = strcmp(name, "gather") == 0;
  tables_t tables = make_tables(count, requests);
  iree_status_t status =
      hal_call(world, name, NULL, "rIrrrrrrr", hal_world_device_ref(world), ANY, NULL_REF, signal,
               is_gather ? scope : buffer, is_gather ? buffer : scope, tables.table, tables.data, tables.spans);
  free_tables(&tables);
  iree_vm_ref_release(&scope);
  return status;
}

static iree_hal_fence_t* make_fence(hal_world_t* world) {
  iree_hal_semaphore_t* semaphore = NULL;
  iree_hal_fence_t* fence = NULL;
  CHECK_OK(iree_hal_semaphore_create(world->device, ANY, 0, 0, &semaphore));
  CHECK_OK(iree_hal_fence_create_at(semaphore, 1, iree_allocator_system(), &fence));
  iree_hal_semaphore_release(semaphore);
  return fence;
}

static void check_bytes(iree_hal_buffer_t* buffer, uint64_t offset, const char* expected) {
  char found[128] = "";
  CHECK_OK(iree_hal_buffer_map_read(buffer, offset, found, strlen(expected)));
  CHECK(strcmp(found, expected) == 0);
}

/* ---- Cases ------------------------------------------------------------------------------------------------------- */

static void load_body(hal_world_t* world) {
  static const request_t requests[] = {
      {"data", {4, 0, 16}}, {"s4", {0, 0, 8}}, {"s4", {1, 0, 6}},   {"s1 as s16", {3, 0, 5}},
      {"s8", {6, 0, 12}},   {"s3", {1, 0, 7}}, {"data", {0, 0, 0}},
  };
  static const char* const expected[] = {
      "\14\15\16\17\20\21\22\23\24\25\26\27\30\31\32\33", "abcdabcd", "bcdabc", "xxxxx", "GHABCDEFGHAB", "2312312", ""};
  hal_results_t results;
  iree_hal_fence_t *wait = make_fence(world), *signal = make_fence(world);
  CHECK_OK(iree_hal_fence_signal(wait));
  CHECK_OK(load(world, "model", iree_hal_fence_move_ref(wait), iree_hal_fence_move_ref(signal), 7, requests, &results));
  CHECK_OK(vmrt_hal_fence_wait_for(signal, PATIENCE));
  iree_vm_list_t* list = iree_vm_list_deref(results.ref);
  CHECK(list && iree_vm_list_size(list) == 7);
  for (size_t i = 0; i < 7 && list; ++i) {
    iree_hal_buffer_t* buffer = iree_vm_list_get_ref_deref(list, i, iree_hal_buffer_type());
    CHECK(buffer && iree_hal_buffer_byte_length(buffer) == requests[i].span[2]);
    if (buffer) check_bytes(buffer, 0, expected[i]);
  }
  iree_vm_ref_release(&results.ref);
  iree_hal_fence_release(wait);
  iree_hal_fence_release(signal);
}
static void load_many(void) { with_world(load_body); }

/* One and none: no joining, but the fence is signalled all the same. */
static void load_few_body(hal_world_t* world) {
  static const request_t request = {"s4", {0, 4, 8}};
  for (size_t count = 0; count <= 1; ++count) {
    hal_results_t results;
    iree_hal_fence_t* signal = make_fence(world);
    CHECK_OK(load(world, "model", NULL_REF, iree_hal_fence_move_ref(signal), count, &request, &results));
    CHECK_OK(vmrt_hal_fence_wait_for(signal, PATIENCE));
    iree_vm_list_t* list = iree_vm_list_deref(results.ref);
    CHECK(list && iree_vm_list_size(list) == count);
    iree_hal_buffer_t* buffer = count ? iree_vm_list_get_ref_deref(list, 0, iree_hal_buffer_type()) : NULL;
    if (buffer) check_bytes(buffer, 4, "abcdabcd");
    iree_vm_ref_release(&results.ref);
    iree_hal_fence_release(signal);
  }
}
static void load_few(void) { with_world(load_few_body); }

static void gather_body(hal_world_t* world) {
  static const request_t requests[] = {{"s8", {0, 0, 8}}, {"s4", {0, 8, 4}}, {"s3", {2, 13, 3}}};
  iree_vm_ref_t buffer = hal_world_buffer(world, 16);
  CHECK_OK(iree_hal_buffer_map_fill(iree_hal_buffer_deref(buffer), 0, 16, "-", 1));
  iree_hal_fence_t* signal = make_fence(world);
  CHECK_OK(transfer(world, "gather", iree_hal_fence_move_ref(signal), buffer, 3, requests));
  CHECK_OK(vmrt_hal_fence_wait_for(signal, PATIENCE));
  check_bytes(iree_hal_buffer_deref(buffer), 0, "ABCDEFGHabcd-312");
  static const request_t outside = {"s8", {0, 9, 8}};
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "buffer byte_length=16",
                    transfer(world, "gather", NULL_REF, buffer, 1, &outside));
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED, "parameter `s8` can only be read",
                    transfer(world, "scatter", NULL_REF, buffer, 1, requests));
  CHECK_OK(transfer(world, "scatter", NULL_REF, buffer, 0, NULL));
  iree_hal_fence_release(signal);
  iree_vm_ref_release(&buffer);
}
static void gather_and_scatter(void) { with_world(gather_body); }

static void refusals_body(hal_world_t* world) {
  static const struct {
    const char* scope;
    request_t request;
    iree_status_code_t code;
    const char* message;
  } cases[] = {
      {"other", {"s4", {0, 0, 4}}, IREE_STATUS_NOT_FOUND, "no provider registered that handles scopes like 'other'"},
      {"", {"s4", {0, 0, 4}}, IREE_STATUS_NOT_FOUND, "no provider registered that handles scopes like ''"},
      {"model", {"s5", {0, 0, 4}}, IREE_STATUS_NOT_FOUND, "no parameter found in index with key 's5'"},
      {"model",
       {"s4", {40, 0, 9}},
       IREE_STATUS_OUT_OF_RANGE,
       "parameter `s4` range out of bounds (offset=40, length=9, size=48)"},
      {"model", {"s4", {UINT64_MAX, 0, 2}}, IREE_STATUS_OUT_OF_RANGE, "parameter `s4` range out of bounds"},
      {"model", {"s4", {0, UINT64_MAX, 2}}, IREE_STATUS_OUT_OF_RANGE, "parameter `s4`"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    hal_check_failure(cases[i].code, cases[i].message,
                      load(world, cases[i].scope, NULL_REF, NULL_REF, 1, &cases[i].request, NULL));
  }
}
static void refusals(void) { with_world(refusals_body); }

static void key_tables_body(hal_world_t* world) {
  static const struct {
    uint32_t table[2];
    size_t table_length, spans_length;
    iree_status_code_t code;
  } cases[] = {{{0, 2}, 8, 23, IREE_STATUS_INVALID_ARGUMENT}, {{0, 2}, 7, 24, IREE_STATUS_INVALID_ARGUMENT},
               {{0, 2}, 8, 0, IREE_STATUS_INVALID_ARGUMENT},  {{0, 3}, 8, 24, IREE_STATUS_OUT_OF_RANGE},
               {{3, 0}, 8, 24, IREE_STATUS_OUT_OF_RANGE},     {{1, UINT32_MAX}, 8, 24, IREE_STATUS_OUT_OF_RANGE}};
  iree_vm_ref_t scope = hal_text("model"), data = hal_text("s4");
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    uint64_t spans[3] = {0, 0, 4};
    iree_vm_ref_t table = make_bytes(cases[i].table, cases[i].table_length);
    iree_vm_ref_t span = make_bytes(spans, cases[i].spans_length);
    hal_check_failure(cases[i].code, "key",
                      hal_call(world, "load", NULL, "rIrrrIiirrr", hal_world_device_ref(world), ANY, NULL_REF, NULL_REF,
                               scope, ANY, 0x56, 0x9000C03, table, data, span));
    iree_vm_ref_release(&table);
    iree_vm_ref_release(&span);
  }
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "ref is null",
                    hal_call(world, "load", NULL, "rIrrrIiirrr", hal_world_device_ref(world), ANY, NULL_REF, NULL_REF,
                             scope, ANY, 0x56, 0x9000C03, data, NULL_REF, data));
  iree_vm_ref_release(&scope);
  iree_vm_ref_release(&data);
}
static void key_tables(void) { with_world(key_tables_body); }

/* A failed wait fails the signal, whether one transfer or several depend on it. */
static void failed_wait_body(hal_world_t* world) {
  static const request_t requests[] = {{"s8", {0, 0, 8}}, {"data", {0, 0, 4}}, {"s4", {0, 0, 4}}};
  for (size_t count = 0; count <= 3; ++count) {
    hal_results_t results = {.words = {0}};
    iree_hal_fence_t *wait = make_fence(world), *signal = make_fence(world);
    iree_hal_fence_fail(wait, iree_status_from_code(IREE_STATUS_DATA_LOSS));
    iree_status_t status =
        load(world, "model", iree_hal_fence_move_ref(wait), iree_hal_fence_move_ref(signal), count, requests, &results);
    CHECK(iree_status_is_ok(status) || iree_status_code(status) == IREE_STATUS_DATA_LOSS);
    if (iree_status_is_ok(status)) iree_vm_ref_release(&results.ref);
    iree_status_free(status);
    CHECK_STATUS(IREE_STATUS_DATA_LOSS, vmrt_hal_fence_wait_for(signal, PATIENCE));
    iree_hal_fence_release(wait);
    iree_hal_fence_release(signal);
  }
}
static void failed_wait(void) { with_world(failed_wait_body); }

/* ---- Memory ------------------------------------------------------------------------------------------------------ */

static iree_status_t load_with(iree_allocator_t heap) {
  static const request_t requests[] = {{"s8", {0, 0, 8}}, {"data", {0, 0, 4}}, {"s4", {0, 0, 4}}};
  hal_world_t world = {.heap = heap};
  hal_results_t results;
  iree_status_t status = open_world(&world, "local-sync");
  if (iree_status_is_ok(status)) status = load(&world, "model", NULL_REF, NULL_REF, 3, requests, &results);
  if (iree_status_is_ok(status)) iree_vm_ref_release(&results.ref);
  hal_world_close(&world);
  return status;
}

static void out_of_memory(void) {
  vmrt_probe_t* probe = NULL;
  CHECK_OK(vmrt_probe_create(&probe));
  iree_allocator_t heap = vmrt_probe_allocator(probe, IREE_SV("test"));
  int64_t request = 0;
  for (bool succeeded = false; !succeeded && request < 500; ++request) {
    vmrt_probe_fail_at(probe, request, false);
    iree_status_t status = load_with(heap);
    succeeded = iree_status_is_ok(status);
    CHECK(succeeded || iree_status_code(status) == IREE_STATUS_RESOURCE_EXHAUSTED);
    CHECK(vmrt_probe_statistics(probe).live_blocks == 0);
    iree_status_free(status);
  }
  CHECK(request > 10 && request < 500);
  vmrt_probe_release(probe);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"load_many", load_many},         {"load_few", load_few},     {"gather_and_scatter", gather_and_scatter},
      {"refusals", refusals},           {"key_tables", key_tables}, {"failed_wait", failed_wait},
      {"out_of_memory", out_of_memory},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
