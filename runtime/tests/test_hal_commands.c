/* SPDX-License-Identifier: Apache-2.0 */
/* Command buffers: what may be recorded, what a submission needs, and what the commands do. */
#include "device_world.h"

/* ---- States ------------------------------------------------------------------------------------------------------ */

static void states(device_world_t* world) {
  iree_hal_command_buffer_t* commands = NULL;
  CHECK_OK(iree_hal_command_buffer_create(world->device, 0, IREE_HAL_COMMAND_CATEGORY_ANY, ANY, 0, &commands));
  iree_hal_buffer_t* buffer = new_words(world, 4, 0);
  const char* not_recording = "command buffer is not in a recording state";
  CHECK_FAILURE(FAILED_PRECONDITION, not_recording, record_fill(commands, direct_ref(buffer, 0, 16), 1));
  CHECK_OK(iree_hal_command_buffer_begin(commands));
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, iree_hal_command_buffer_begin(commands));
  CHECK_FAILURE(FAILED_PRECONDITION, "command buffer recording has not been ended and it is still in a recording state",
                execute_now(world, commands, 0, NULL));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_FAILURE(FAILED_PRECONDITION, not_recording, iree_hal_command_buffer_end(commands));
  CHECK_FAILURE(FAILED_PRECONDITION, not_recording, record_fill(commands, direct_ref(buffer, 0, 16), 1));
  CHECK_FAILURE(FAILED_PRECONDITION, not_recording, iree_hal_command_buffer_execution_barrier(commands, 4, 4, 0));
  CHECK_OK(execute_now(world, commands, 0, NULL));
  iree_hal_buffer_release(buffer);
  iree_hal_command_buffer_release(commands);
}

static void debug_groups(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 0);
  CHECK_OK(iree_hal_command_buffer_begin_debug_group(commands, IREE_SV("outer")));
  CHECK_FAILURE(FAILED_PRECONDITION, "unbalanced", iree_hal_command_buffer_end(commands));
  CHECK_OK(iree_hal_command_buffer_end_debug_group(commands));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(execute_now(world, commands, 0, NULL));
  iree_hal_command_buffer_release(commands);
  commands = begin_commands(world, 0, 0);
  CHECK_OK(iree_hal_command_buffer_end_debug_group(commands));
  CHECK_OK(iree_hal_command_buffer_begin_debug_group(commands, IREE_SV("late")));
  CHECK_FAILURE(FAILED_PRECONDITION, "unbalanced", iree_hal_command_buffer_end(commands));
  iree_hal_command_buffer_release(commands);
}

static void categories(device_world_t* world) {
  iree_hal_command_buffer_t* commands = NULL;
  iree_hal_buffer_t* buffer = new_words(world, 4, 0);
  iree_hal_executable_t* executable = new_executable();
  CHECK_OK(iree_hal_command_buffer_create(world->device, 0, IREE_HAL_COMMAND_CATEGORY_DISPATCH, ANY, 0, &commands));
  CHECK_OK(iree_hal_command_buffer_begin(commands));
  CHECK_FAILURE(FAILED_PRECONDITION, "operation requires categories TRANSFER but command buffer only supports DISPATCH",
                record_fill(commands, direct_ref(buffer, 0, 16), 1));
  CHECK_OK(record_add(commands, executable, 4, 1, direct_ref(buffer, 0, 16)));
  iree_hal_command_buffer_release(commands);
  CHECK_OK(iree_hal_command_buffer_create(world->device, 0, IREE_HAL_COMMAND_CATEGORY_TRANSFER, ANY, 0, &commands));
  CHECK_OK(iree_hal_command_buffer_begin(commands));
  CHECK_FAILURE(FAILED_PRECONDITION, "operation requires categories DISPATCH but command buffer only supports TRANSFER",
                record_add(commands, executable, 4, 1, direct_ref(buffer, 0, 16)));
  iree_hal_command_buffer_release(commands);
  iree_hal_executable_release(executable);
  iree_hal_buffer_release(buffer);
}

/* ---- Transfers --------------------------------------------------------------------------------------------------- */

static iree_status_t copy(iree_hal_command_buffer_t* commands, iree_hal_buffer_ref_t source,
                          iree_hal_buffer_ref_t target) {
  return iree_hal_command_buffer_copy_buffer(commands, source, target, 0);
}

static void transfers_that_cannot_be(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 2);
  iree_hal_buffer_t *a = new_words(world, 4, 0), *b = new_words(world, 2, 0);
  static const uint8_t bytes[65537] = {0};
  CHECK_FAILURE(INVALID_ARGUMENT, "fill value length is not one of the supported values (pattern_length=3)",
                iree_hal_command_buffer_fill_buffer(commands, direct_ref(a, 0, 12), bytes, 3, 0));
  CHECK_FAILURE(INVALID_ARGUMENT, "(offset=1, length=4, pattern_length=4)",
                record_fill(commands, direct_ref(a, 1, 4), 7));
  CHECK_FAILURE(INVALID_ARGUMENT, "(offset=0, length=18446744073709551615, pattern_length=4)",
                record_fill(commands, slot_ref(0, 0, WHOLE), 7));
  CHECK_FAILURE(OUT_OF_RANGE, "(offset=8, adjusted_length=16, end=23, buffer byte_length=16)",
                record_fill(commands, direct_ref(a, 8, 16), 7));
  CHECK_FAILURE(OUT_OF_RANGE, "slot 4 is out range of the declared binding capacity of the command buffer 2",
                record_fill(commands, slot_ref(4, 0, 16), 7));
  CHECK_FAILURE(OUT_OF_RANGE, "overflows", record_fill(commands, slot_ref(1, ~3ull, 8), 7));
  CHECK_FAILURE(OUT_OF_RANGE, "buffer byte_length=8", copy(commands, direct_ref(a, 0, 16), direct_ref(b, 0, 16)));
  CHECK_FAILURE(INVALID_ARGUMENT, "lengths must match", copy(commands, direct_ref(a, 0, 4), direct_ref(b, 0, 8)));
  CHECK_FAILURE(INVALID_ARGUMENT, "source and target ranges overlap within the same buffer",
                copy(commands, direct_ref(a, 0, 8), direct_ref(a, 4, 8)));
  CHECK_FAILURE(INVALID_ARGUMENT, "65537 bytes",
                iree_hal_command_buffer_update_buffer(commands, bytes, 0, slot_ref(0, 0, 65537), 0));
  iree_hal_buffer_release(a);
  iree_hal_buffer_release(b);
  iree_hal_command_buffer_release(commands);
}

static void transfers(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 1);
  iree_hal_buffer_t *a = new_words(world, 4, 0), *b = new_words(world, 4, 0);
  uint8_t bytes[6] = "abcdef";
  const uint16_t pattern = 0x1234;
  CHECK_OK(record_fill(commands, direct_ref(a, 4, 8), 7));
  CHECK_OK(iree_hal_command_buffer_fill_buffer(commands, slot_ref(0, 2, 6), &pattern, 2, 0));
  CHECK_OK(iree_hal_command_buffer_update_buffer(commands, bytes, 1, direct_ref(a, 1, 3), 0));
  memset(bytes, 0, sizeof bytes);
  CHECK_OK(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
  CHECK_OK(copy(commands, direct_ref(a, 0, 4), slot_ref(0, 12, 4)));
  CHECK_OK(copy(commands, direct_ref(a, 0, 0), slot_ref(0, 0, 0)));
  CHECK_OK(iree_hal_command_buffer_advise_buffer(commands, slot_ref(0, 0, 4), 0, 0, 0));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  const iree_hal_buffer_binding_t table[1] = {{b, 0, WHOLE}};
  for (int i = 0; i < 2; ++i) CHECK_OK(execute_now(world, commands, 1, table));
  CHECK(word_at(a, 0) == 0x64636200 && word_at(a, 1) == 7 && word_at(a, 2) == 7 && word_at(a, 3) == 0);
  CHECK(word_at(b, 0) == 0x12340000 && word_at(b, 1) == 0x12341234 && word_at(b, 3) == 0x64636200);
  iree_hal_buffer_release(a);
  iree_hal_buffer_release(b);
  iree_hal_command_buffer_release(commands);
}

/* ---- Binding tables ---------------------------------------------------------------------------------------------- */

/* Fills 16 bytes of slot 0; slot 1 is declared and not used. */
static iree_hal_command_buffer_t* fill_of_slot_0(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 2);
  CHECK_OK(record_fill(commands, slot_ref(0, 0, 16), 3));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  return commands;
}

static void tables_that_cannot_be(device_world_t* world) {
  iree_hal_command_buffer_t* commands = fill_of_slot_0(world);
  iree_hal_buffer_t* buffer = new_words(world, 4, 0);
  iree_hal_buffer_binding_t entry = {NULL, 0, 0};
  CHECK_FAILURE(INVALID_ARGUMENT, "requires at least 1 bindings but no binding table was provided",
                execute_now(world, commands, 0, NULL));
  CHECK_FAILURE(INVALID_ARGUMENT, "binding table slot requires a buffer but none was provided; binding table slot 0",
                execute_now(world, commands, 1, &entry));
  entry = (iree_hal_buffer_binding_t){buffer, 4, 12};
  CHECK_FAILURE(OUT_OF_RANGE,
                "(length=16, end(inc)=19, binding offset=4, binding length=12, binding end(inc)=15); binding table "
                "slot 0",
                execute_now(world, commands, 1, &entry));
  entry = (iree_hal_buffer_binding_t){buffer, 8, 32};
  CHECK_FAILURE(OUT_OF_RANGE, "(offset=8, adjusted_length=32, end=39, buffer byte_length=16)",
                execute_now(world, commands, 1, &entry));
  entry = (iree_hal_buffer_binding_t){buffer, 4, WHOLE};
  CHECK_FAILURE(OUT_OF_RANGE, "binding length=12", execute_now(world, commands, 1, &entry));
  iree_hal_buffer_release(buffer);
  iree_hal_command_buffer_release(commands);
}

static void tables(device_world_t* world) {
  iree_hal_command_buffer_t* commands = fill_of_slot_0(world);
  iree_hal_buffer_t *a = new_words(world, 8, 0), *b = new_words(world, 8, 0), *part = NULL;
  CHECK_OK(iree_hal_buffer_subspan(b, 8, 20, world->heap, &part));
  const iree_hal_buffer_binding_t whole = {a, 16, WHOLE};
  const iree_hal_buffer_binding_t longer[3] = {{part, 4, 16}, {NULL, 0, 0}, {NULL, 99, 99}};
  CHECK_OK(execute_now(world, commands, 1, &whole));
  CHECK_OK(execute_now(world, commands, 3, longer));
  CHECK(word_at(a, 3) == 0 && word_at(a, 4) == 3 && word_at(a, 7) == 3);
  CHECK(word_at(b, 2) == 0 && word_at(b, 3) == 3 && word_at(b, 6) == 3 && word_at(b, 7) == 0);
  iree_hal_buffer_release(part);
  iree_hal_buffer_release(a);
  iree_hal_buffer_release(b);
  iree_hal_command_buffer_release(commands);
}

/* ---- Dispatches -------------------------------------------------------------------------------------------------- */

static iree_status_t dispatch(iree_hal_command_buffer_t* commands, iree_hal_executable_t* executable, uint64_t function,
                              iree_host_size_t constant_bytes, iree_host_size_t binding_count, uint32_t z,
                              uint64_t flags) {
  static const uint32_t constants[2] = {1, 2};
  iree_hal_buffer_ref_t bindings[40];
  for (int i = 0; i < 40; ++i) bindings[i] = slot_ref(0, 0, WHOLE);
  const iree_hal_dispatch_config_t config = {.workgroup_count = {1, 1, z}};
  return iree_hal_command_buffer_dispatch(commands, executable, function, config,
                                          iree_make_const_byte_span(constants, constant_bytes),
                                          (iree_hal_buffer_ref_list_t){binding_count, bindings}, flags);
}

static iree_status_t endless(iree_hal_command_buffer_t* commands, iree_hal_executable_t* executable, uint32_t z) {
  const iree_hal_dispatch_config_t config = {.workgroup_count = {UINT32_MAX, UINT32_MAX, z}};
  return iree_hal_command_buffer_dispatch(commands, executable, KERNEL_FAIL, config, iree_const_byte_span_empty(),
                                          (iree_hal_buffer_ref_list_t){0, NULL}, 0);
}

static void dispatches_that_cannot_be(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 1);
  iree_hal_executable_t* executable = new_executable();
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, dispatch(commands, NULL, 0, 0, 0, 1, 0));
  CHECK_FAILURE(OUT_OF_RANGE, "function 3", dispatch(commands, executable, KERNEL_COUNT, 4, 1, 1, 0));
  CHECK_FAILURE(OUT_OF_RANGE, "function -1", dispatch(commands, executable, ~0ull, 4, 1, 1, 0));
  CHECK_FAILURE(INVALID_ARGUMENT, "constant count mismatch, expected 1 but was provided 2",
                dispatch(commands, executable, KERNEL_ADD, 8, 1, 1, 0));
  CHECK_FAILURE(INVALID_ARGUMENT, "32-bit words", dispatch(commands, executable, KERNEL_ADD, 5, 1, 1, 0));
  CHECK_FAILURE(INVALID_ARGUMENT, "binding count mismatch, expected 1 but was provided 2",
                dispatch(commands, executable, KERNEL_ADD, 4, 2, 1, 0));
  CHECK_FAILURE(OUT_OF_RANGE, "33 bindings", dispatch(commands, executable, KERNEL_ADD, 4, 33, 1, 0));
  CHECK_FAILURE(OUT_OF_RANGE, "65536", dispatch(commands, executable, KERNEL_ADD, 4, 1, 65536, 0));
  CHECK_FAILURE(OUT_OF_RANGE, "4294967295x4294967295x65535 workgroups", endless(commands, executable, 65535));
  CHECK_FAILURE(OUT_OF_RANGE, "workgroups; the most is 72057594037927936", endless(commands, executable, 1));
  CHECK_FAILURE(OUT_OF_RANGE, "(length=0, min_length=12)", dispatch(commands, executable, KERNEL_ADD, 4, 1, 1, 1));
  CHECK_FAILURE(OUT_OF_RANGE, "binding[0]", record_add(commands, executable, 1, 1, slot_ref(1, 0, 4)));
  iree_hal_executable_release(executable);
  iree_hal_command_buffer_release(commands);
}

static void dispatches_of_wrong_buffers(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 1);
  iree_hal_executable_t* executable = new_executable();
  iree_hal_allocator_t* allocator = iree_hal_device_allocator(world->device);
  iree_hal_buffer_params_t params = {.type = IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL,
                                     .usage = IREE_HAL_BUFFER_USAGE_TRANSFER};
  iree_hal_buffer_t *transfer = NULL, *host = NULL, *word = new_words(world, 1, 0);
  CHECK_OK(iree_hal_allocator_allocate_buffer(allocator, params, 16, &transfer));
  params = (iree_hal_buffer_params_t){.type = IREE_HAL_MEMORY_TYPE_HOST_LOCAL, .usage = IREE_HAL_BUFFER_USAGE_DEFAULT};
  CHECK_OK(iree_hal_allocator_allocate_buffer(allocator, params, 16, &host));
  CHECK_FAILURE(PERMISSION_DENIED, "binding[0]", record_add(commands, executable, 1, 1, direct_ref(transfer, 0, 16)));
  CHECK_FAILURE(PERMISSION_DENIED, "DEVICE_VISIBLE", record_add(commands, executable, 1, 1, direct_ref(host, 0, 16)));
  CHECK_OK(record_add(commands, executable, 1, 1, slot_ref(0, 0, WHOLE)));
  CHECK_OK(record_add(commands, executable, 5, 1, direct_ref(word, 0, 20)));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_buffer_binding_t entry = {transfer, 0, WHOLE};
  CHECK_FAILURE(PERMISSION_DENIED, "binding table slot 0", execute_now(world, commands, 1, &entry));
  entry.buffer = word;
  CHECK_FAILURE(OUT_OF_RANGE, "end=19, buffer byte_length=4", execute_now(world, commands, 1, &entry));
  iree_hal_buffer_release(transfer);
  iree_hal_buffer_release(host);
  iree_hal_buffer_release(word);
  iree_hal_executable_release(executable);
  iree_hal_command_buffer_release(commands);
}

/* The commands keep what they name. */
static void dispatches(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 1);
  iree_hal_executable_t* executable = new_executable();
  iree_hal_buffer_t *a = new_words(world, 100, 5), *b = new_words(world, 100, 0);
  const iree_hal_buffer_ref_t operands[2] = {direct_ref(a, 0, WHOLE), slot_ref(0, 0, WHOLE)};
  const iree_hal_dispatch_config_t config = {.workgroup_count = {5, 5, 4}};
  const iree_hal_dispatch_config_t none = {.workgroup_count = {5, 0, 5}};
  CHECK_OK(record_add(commands, executable, 100, 2, direct_ref(a, 0, WHOLE)));
  CHECK_OK(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
  CHECK_OK(iree_hal_command_buffer_dispatch(commands, executable, KERNEL_DOUBLE, config, iree_const_byte_span_empty(),
                                            (iree_hal_buffer_ref_list_t){2, operands}, 0));
  CHECK_OK(iree_hal_command_buffer_dispatch(commands, executable, KERNEL_FAIL, none, iree_const_byte_span_empty(),
                                            (iree_hal_buffer_ref_list_t){0, NULL}, 0));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  iree_hal_executable_release(executable);
  iree_hal_buffer_release(a);
  const iree_hal_buffer_binding_t entry = {b, 0, WHOLE};
  CHECK_OK(execute_now(world, commands, 1, &entry));
  for (uint32_t i = 0; i < 100; ++i) CHECK(word_at(b, i) == 14);
  CHECK_OK(execute_now(world, commands, 1, &entry));
  CHECK(word_at(b, 0) == 18 && word_at(b, 99) == 18);
  iree_hal_buffer_release(b);
  iree_hal_command_buffer_release(commands);
}

static iree_status_t record_indirect(iree_hal_command_buffer_t* commands, iree_hal_executable_t* executable,
                                     iree_hal_buffer_ref_t counts, iree_hal_buffer_t* target) {
  const uint32_t constant = 1;
  const iree_hal_buffer_ref_t binding = direct_ref(target, 0, WHOLE);
  const iree_hal_dispatch_config_t config = {.workgroup_count_ref = counts};
  return iree_hal_command_buffer_dispatch(
      commands, executable, KERNEL_ADD, config, iree_make_const_byte_span(&constant, 4),
      (iree_hal_buffer_ref_list_t){1, &binding}, IREE_HAL_DISPATCH_FLAG_DYNAMIC_INDIRECT_PARAMETERS);
}

/* Counts are read when the command runs: first 4x1x1, then 3x1x70000, which is too much. */
static void indirect_dispatches(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 1);
  iree_hal_executable_t* executable = new_executable();
  iree_hal_buffer_t *counts = new_words(world, 4, 1), *target = new_words(world, 8, 0);
  uint32_t count[2] = {4, 70000};
  CHECK_FAILURE(OUT_OF_RANGE, "offset=2", record_indirect(commands, executable, direct_ref(counts, 2, 12), target));
  CHECK_FAILURE(OUT_OF_RANGE, "end=19", record_indirect(commands, executable, direct_ref(counts, 8, 12), target));
  CHECK_OK(record_indirect(commands, executable, slot_ref(0, 4, 12), target));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  const iree_hal_buffer_binding_t entry = {counts, 0, WHOLE};
  CHECK_OK(iree_hal_buffer_map_write(counts, 4, &count[0], 4));
  CHECK_OK(execute_now(world, commands, 1, &entry));
  CHECK(word_at(target, 3) == 1 && word_at(target, 4) == 0);
  CHECK_OK(iree_hal_buffer_map_write(counts, 12, &count[1], 4));
  CHECK_FAILURE(OUT_OF_RANGE, "70000", execute_now(world, commands, 1, &entry));
  iree_hal_buffer_release(counts);
  iree_hal_buffer_release(target);
  iree_hal_executable_release(executable);
  iree_hal_command_buffer_release(commands);
}

static void failing_workgroups(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, IREE_HAL_COMMAND_BUFFER_MODE_ONE_SHOT, 0);
  iree_hal_executable_t* executable = new_executable();
  iree_hal_buffer_t* after = new_words(world, 4, 0);
  const iree_hal_dispatch_config_t config = {.workgroup_count = {4, 4, 4}};
  CHECK_OK(iree_hal_command_buffer_dispatch(commands, executable, KERNEL_FAIL, config, iree_const_byte_span_empty(),
                                            (iree_hal_buffer_ref_list_t){0, NULL}, 0));
  CHECK_OK(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
  CHECK_OK(record_fill(commands, direct_ref(after, 0, 16), 1));
  CHECK_OK(iree_hal_command_buffer_end(commands));
  for (int i = 0; i < 2; ++i) {
    CHECK_FAILURE(DATA_LOSS, "workgroup 3 fails", execute_now(world, commands, 0, NULL));
  }
  CHECK(word_at(after, 0) == 0);
  iree_hal_buffer_release(after);
  iree_hal_executable_release(executable);
  iree_hal_command_buffer_release(commands);
}

/* More than fits into the first block, and updates as large as they may be. */
static void long_recordings(device_world_t* world) {
  iree_hal_command_buffer_t* commands = begin_commands(world, 0, 0);
  iree_hal_executable_t* executable = new_executable();
  iree_hal_buffer_t* buffer = new_words(world, 16384, 0);
  uint8_t* bytes = calloc(1, 65536);
  bytes[65535] = 1;
  for (uint32_t i = 0; i < 300; ++i) {
    CHECK_OK(iree_hal_command_buffer_update_buffer(commands, bytes, 0, direct_ref(buffer, 0, i == 150 ? 65536 : 4), 0));
    CHECK_OK(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
    CHECK_OK(record_add(commands, executable, 2, i, direct_ref(buffer, 0, WHOLE)));
    CHECK_OK(iree_hal_command_buffer_execution_barrier(commands, 0x1C, 0x0D, 0));
  }
  free(bytes);
  CHECK_OK(iree_hal_command_buffer_end(commands));
  CHECK_OK(execute_now(world, commands, 0, NULL));
  CHECK(word_at(buffer, 0) == 299 && word_at(buffer, 1) == (150 + 299) * 150 / 2 && word_at(buffer, 16383) == 1u << 24);
  iree_hal_buffer_release(buffer);
  iree_hal_executable_release(executable);
  iree_hal_command_buffer_release(commands);
}

/* ---- Executables ------------------------------------------------------------------------------------------------- */

static void functions(void) {
  iree_hal_executable_t* executable = new_executable();
  uint64_t function = 0;
  CHECK(iree_hal_executable_function_count(executable) == 3);
  CHECK_OK(iree_hal_executable_lookup_function_by_name(executable, IREE_SV("double"), &function));
  CHECK(function == 1);
  CHECK_FAILURE(NOT_FOUND, "'doub'",
                iree_hal_executable_lookup_function_by_name(executable, IREE_SV("doub"), &function));
  CHECK_FAILURE(NOT_FOUND, "''", iree_hal_executable_lookup_function_by_name(executable, IREE_SV(""), &function));
  iree_hal_executable_release(executable);
}

ON_EACH_DEVICE(states)
ON_EACH_DEVICE(debug_groups)
ON_EACH_DEVICE(categories)
ON_EACH_DEVICE(transfers_that_cannot_be)
ON_EACH_DEVICE(transfers)
ON_EACH_DEVICE(tables_that_cannot_be)
ON_EACH_DEVICE(tables)
ON_EACH_DEVICE(dispatches_that_cannot_be)
ON_EACH_DEVICE(dispatches_of_wrong_buffers)
ON_EACH_DEVICE(dispatches)
ON_EACH_DEVICE(indirect_dispatches)
ON_EACH_DEVICE(failing_workgroups)
ON_EACH_DEVICE(long_recordings)

static const check_case_t cases[] = {
    {"states", test_states},
    {"debug groups", test_debug_groups},
    {"categories", test_categories},
    {"transfers that cannot be", test_transfers_that_cannot_be},
    {"transfers", test_transfers},
    {"tables that cannot be", test_tables_that_cannot_be},
    {"tables", test_tables},
    {"dispatches that cannot be", test_dispatches_that_cannot_be},
    {"dispatches of wrong buffers", test_dispatches_of_wrong_buffers},
    {"dispatches", test_dispatches},
    {"indirect dispatches", test_indirect_dispatches},
    {"failing workgroups", test_failing_workgroups},
    {"long recordings", test_long_recordings},
    {"functions", functions},
};

int main(int argc, char** argv) { return check_main(cases, sizeof cases / sizeof cases[0], argc, argv); }
