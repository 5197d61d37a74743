/* SPDX-License-Identifier: Apache-2.0 */
/* The module `hal`: buffer views, command buffers, queue operations and fences, called as compiled programs call them.
 */
#include "hal_world.h"

#define ANY ((int64_t)-1)
#define ZERO ((int64_t)0)
#define PATIENCE 20000 /* milliseconds after which what should have happened has not */

static void await(hal_world_t* world, iree_vm_ref_t fence) {
  hal_results_t results;
  CHECK_OK(hal_call(world, "fence.await", &results, "iIi|r", PATIENCE, ZERO, 1, fence));
  CHECK(results.i32 == 0);
}

static int32_t load(hal_world_t* world, iree_vm_ref_t buffer, int64_t offset) {
  hal_results_t results;
  CHECK_OK(hal_call(world, "buffer.load", &results, "rIi", buffer, offset, 4));
  return results.i32;
}

/* ---- Views ------------------------------------------------------------------------------------------------------- */

static iree_status_t create_view(hal_world_t* world, iree_vm_ref_t buffer, int64_t offset, int64_t length, int32_t type,
                                 hal_results_t* results) {
  return hal_call(world, "buffer_view.create", results, "rIIiii|II", buffer, offset, length, type, 1, 2, (int64_t)2,
                  (int64_t)3);
}

static void views_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t buffer = hal_world_buffer(world, 32);
  CHECK_OK(create_view(world, buffer, 4, 24, IREE_HAL_ELEMENT_TYPE_FLOAT_32, &results));
  iree_vm_ref_t view = results.ref;
  CHECK_OK(hal_call(world, "buffer_view.rank", &results, "r", view));
  CHECK(results.i32 == 2);
  static const int64_t dims[] = {2, 3, 0, 0};
  for (int32_t i = 0; i < 4; ++i) {
    CHECK_OK(hal_call(world, "buffer_view.dim", &results, "ri", view, i));
    CHECK(results.i64 == dims[i]);
  }
  CHECK_OK(hal_call(world, "buffer_view.dim", &results, "ri", view, -1));
  CHECK(results.i64 == 0);
  CHECK_OK(hal_call(world, "buffer_view.element_type", &results, "r", view));
  CHECK(results.i32 == IREE_HAL_ELEMENT_TYPE_FLOAT_32);
  CHECK_OK(hal_call(world, "buffer_view.encoding_type", &results, "r", view));
  CHECK(results.i32 == 1);
  CHECK_OK(hal_call(world, "buffer_view.buffer", &results, "r", view));
  CHECK(iree_hal_buffer_byte_length(iree_hal_buffer_deref(results.ref)) == 24);
  iree_vm_ref_release(&results.ref);
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "buffer view byte length 24 exceeds backing buffer byte length 8",
                    create_view(world, buffer, 0, 8, IREE_HAL_ELEMENT_TYPE_FLOAT_32, &results));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "opaque element types cannot be indexed",
                    create_view(world, buffer, 0, 8, 0, &results));
  iree_vm_ref_release(&view);
  iree_vm_ref_release(&buffer);
}
static void views(void) { hal_with_world(views_body); }

static void view_assert_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t buffer = hal_world_buffer(world, 32), message = hal_text("input0");
  CHECK_OK(create_view(world, buffer, 0, 24, IREE_HAL_ELEMENT_TYPE_INT_32, &results));
  iree_vm_ref_t view = results.ref;
  const struct {
    int32_t type, encoding;
    int64_t dim;
    const char* failure; /* NULL: fits */
  } cases[] = {
      {IREE_HAL_ELEMENT_TYPE_INT_32, 1, 3, NULL},
      {IREE_HAL_ELEMENT_TYPE_UINT_32, 1, 3, NULL},
      {IREE_HAL_ELEMENT_TYPE_INT_32, 0, 3, "input0 encoding mismatch; expected 00000000 but have 00000001"},
      {IREE_HAL_ELEMENT_TYPE_FLOAT_32, 1, 3,
       "input0 element type mismatch; expected f32 (21000020) but have i32 (10000020)"},
      {IREE_HAL_ELEMENT_TYPE_INT_32, 1, -1,
       "input0 shape dimension 1 mismatch; expected 18446744073709551615 but have 3; expected shape "
       "`2x18446744073709551615`, actual shape `2x3`"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
    iree_status_t status = hal_call(world, "buffer_view.assert", NULL, "rriii|II", view, message, cases[i].type,
                                    cases[i].encoding, 2, (int64_t)2, cases[i].dim);
    hal_check_failure(cases[i].failure ? IREE_STATUS_INVALID_ARGUMENT : IREE_STATUS_OK,
                      cases[i].failure ? cases[i].failure : "", status);
  }
  hal_check_failure(
      IREE_STATUS_INVALID_ARGUMENT,
      "input0 shape rank mismatch; expected 0 (scalar) but have 2; expected shape ``, actual shape `2x3`",
      hal_call(world, "buffer_view.assert", NULL, "rriii", view, message, IREE_HAL_ELEMENT_TYPE_INT_32, 1, 0));
  iree_vm_ref_release(&view);
  iree_vm_ref_release(&message);
  iree_vm_ref_release(&buffer);
}
static void view_assert(void) { hal_with_world(view_assert_body); }

static void trace_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t buffer = hal_world_buffer(world, 24), key = hal_text("where");
  for (int32_t i = 0; i < 6; ++i) CHECK_OK(hal_call(world, "buffer.store", NULL, "irIi", i, buffer, (int64_t)4 * i, 4));
  CHECK_OK(create_view(world, buffer, 0, 24, IREE_HAL_ELEMENT_TYPE_INT_32, &results));
  iree_vm_ref_t view = results.ref;
  CHECK_OK(hal_call(world, "buffer_view.trace", NULL, "ri|rr", key, 2, view, view));
  CHECK(strcmp(hal_world_trace, "=== where ===\n2x3xi32=[0 1 2][3 4 5]\n2x3xi32=[0 1 2][3 4 5]\n\n") == 0);
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "ref is null",
                    hal_call(world, "buffer_view.trace", NULL, "ri|rr", key, 2, view, NULL_REF));
  iree_vm_ref_release(&view);
  iree_vm_ref_release(&key);
  iree_vm_ref_release(&buffer);
}
static void trace(void) { hal_with_world(trace_body); }

/* ---- Queues ------------------------------------------------------------------------------------------------------ */

/* alloca, fill, update, copy and read in a chain of fences, as a program with one transient has it. */
static void chain_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world), text = hal_text("ABCDEFGH"), fences[6];
  hal_results_t results;
  for (int i = 0; i < 6; ++i) fences[i] = hal_world_fence(world);
  CHECK_OK(hal_call(world, "device.queue.alloca", &results, "rIrrIiiII", device, ANY, NULL_REF, fences[0], ZERO, 0x56,
                    0x9000C03, (int64_t)32, ZERO));
  iree_vm_ref_t buffer = results.ref;
  CHECK_OK(hal_call(world, "device.queue.fill", NULL, "rIrrrIIIiI", device, ANY, fences[0], fences[1], buffer, ZERO,
                    (int64_t)32, (int64_t)0x11223344, 4, ZERO));
  CHECK_OK(hal_call(world, "device.queue.update", NULL, "rIrrrIrIII", device, ANY, fences[1], fences[2], text,
                    (int64_t)2, buffer, (int64_t)4, (int64_t)4, ZERO));
  CHECK_OK(hal_call(world, "device.queue.copy", NULL, "rIrrrIrIII", device, ANY, fences[2], fences[3], buffer,
                    (int64_t)4, buffer, (int64_t)12, (int64_t)4, ZERO));
  CHECK_OK(
      hal_call(world, "ex.file.from_memory", &results, "rIirIIi", device, ANY, 1, text, (int64_t)4, (int64_t)-1, 0));
  iree_vm_ref_t file = results.ref;
  iree_vm_ref_release(&text); /* the file keeps it */
  CHECK_OK(hal_call(world, "device.queue.read", NULL, "rIrrrIrIII", device, ANY, fences[3], fences[4], file, ZERO,
                    buffer, (int64_t)20, (int64_t)4, ZERO));
  await(world, fences[4]);
  CHECK(load(world, buffer, 0) == 0x11223344 && load(world, buffer, 16) == 0x11223344);
  CHECK(load(world, buffer, 4) == 0x46454443 && load(world, buffer, 12) == 0x46454443);
  CHECK(load(world, buffer, 20) == 0x48474645);
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED, "file allows READ, operation requires WRITE",
                    hal_call(world, "device.queue.write", NULL, "rIrrrIrIII", device, ANY, NULL_REF, NULL_REF, buffer,
                             ZERO, file, ZERO, (int64_t)4, ZERO));
  CHECK_OK(hal_call(world, "device.queue.dealloca", NULL, "rIrrrI", device, ANY, fences[4], fences[5], buffer, ZERO));
  CHECK_OK(hal_call(world, "device.queue.flush", NULL, "rI", device, ANY));
  await(world, fences[5]);
  iree_vm_ref_release(&file);
  iree_vm_ref_release(&buffer);
  for (int i = 0; i < 6; ++i) iree_vm_ref_release(&fences[i]);
}
static void chain(void) { hal_with_world(chain_body); }

static void refusals_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world), text = hal_text("0123456789abcdef");
  iree_vm_ref_t buffer = hal_world_buffer(world, 16);
  hal_check_failure(IREE_STATUS_UNIMPLEMENTED, "VM queue allocation pools are not supported",
                    hal_call(world, "device.queue.alloca", NULL, "rIrrIiiII", device, ANY, NULL_REF, NULL_REF,
                             (int64_t)1, 0x56, 3, (int64_t)32, ZERO));
  static const int32_t lengths[] = {0, 3, 8, 1000, -1};
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; ++i) {
    hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "fill patterns must be 1, 2, or 4 bytes",
                      hal_call(world, "device.queue.fill", NULL, "rIrrrIIIiI", device, ANY, NULL_REF, NULL_REF, buffer,
                               ZERO, (int64_t)16, ZERO, lengths[i], ZERO));
  }
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE,
                    "out-of-bounds access detected (offset=12, length=8, alignment=1, buffer length=16)",
                    hal_call(world, "device.queue.update", NULL, "rIrrrIrIII", device, ANY, NULL_REF, NULL_REF, text,
                             (int64_t)12, buffer, ZERO, (int64_t)8, ZERO));
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED, "only read-only memory can be accessed via a file handle (today)",
                    hal_call(world, "ex.file.from_memory", NULL, "rIirIIi", device, ANY, 3, text, ZERO, ANY, 0));
  hal_check_failure(
      IREE_STATUS_OUT_OF_RANGE, "(offset=8, length=16, alignment=1, buffer length=16)",
      hal_call(world, "ex.file.from_memory", NULL, "rIirIIi", device, ANY, 1, text, (int64_t)8, (int64_t)16, 0));
  hal_check_failure(
      IREE_STATUS_INVALID_ARGUMENT, "ref is null",
      hal_call(world, "device.queue.execute", NULL, "rIrrrI", device, ANY, NULL_REF, NULL_REF, NULL_REF, ZERO));
  iree_vm_ref_release(&text);
  iree_vm_ref_release(&buffer);
}
static void refusals(void) { hal_with_world(refusals_body); }

/* ---- Command buffers --------------------------------------------------------------------------------------------- */

/* Fills slot 0, updates and copies inside of a direct buffer; then executes with a table. */
static void commands_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world), label = hal_text("label"), bytes = hal_text("wxyz");
  iree_vm_ref_t direct = hal_world_buffer(world, 16), bound = hal_world_buffer(world, 16);
  iree_vm_ref_t fence = hal_world_fence(world);
  hal_results_t results;
  CHECK_OK(hal_call(world, "command_buffer.create", &results, "riiIi", device, 0, 1, ANY, 1));
  iree_vm_ref_t commands = results.ref;
  CHECK_OK(hal_call(world, "command_buffer.begin_debug_group", NULL, "rr", commands, label));
  CHECK_OK(hal_call(world, "command_buffer.advise_buffer", NULL, "rrIIIi", commands, direct, ZERO, ZERO, ZERO, 0));
  CHECK_OK(hal_call(world, "command_buffer.fill_buffer", NULL, "rrIIiIiI", commands, NULL_REF, (int64_t)4, (int64_t)8,
                    0, (int64_t)7, 1, ZERO));
  CHECK_OK(hal_call(world, "command_buffer.update_buffer", NULL, "rrIrIIiI", commands, bytes, ZERO, direct, (int64_t)4,
                    (int64_t)4, 0, ZERO));
  CHECK_OK(hal_call(world, "command_buffer.execution_barrier", NULL, "riiI", commands, 0x1C, 0x0D, ZERO));
  CHECK_OK(hal_call(world, "command_buffer.copy_buffer", NULL, "riirIrIII", commands, 0, 0, direct, (int64_t)4,
                    NULL_REF, ZERO, (int64_t)4, ZERO));
  CHECK_OK(hal_call(world, "command_buffer.end_debug_group", NULL, "r", commands));
  hal_check_failure(IREE_STATUS_UNIMPLEMENTED, "collectives not implemented",
                    hal_call(world, "command_buffer.collective", NULL, "rriiiirrIIIII", commands, NULL_REF, 0, 0, 0, 0,
                             NULL_REF, NULL_REF, ZERO, ZERO, ZERO, ZERO, ZERO));
  CHECK_OK(hal_call(world, "command_buffer.finalize", NULL, "r", commands));
  CHECK_OK(hal_call(world, "device.queue.execute.indirect", NULL, "rIrrrIi|rII", device, ANY, NULL_REF, fence, commands,
                    ZERO, 1, bound, ZERO, (int64_t)16));
  await(world, fence);
  CHECK(load(world, direct, 4) == 0x7A797877);
  CHECK(load(world, bound, 0) == 0x7A797877 && load(world, bound, 4) == 0x07070707 && load(world, bound, 12) == 0);
  iree_vm_ref_t held[] = {label, bytes, direct, bound, fence, commands};
  for (size_t i = 0; i < sizeof held / sizeof held[0]; ++i) iree_vm_ref_release(&held[i]);
}
static void commands(void) { hal_with_world(commands_body); }

/* Tables that do not fit into the memory of a call on the C stack. */
static void long_tables_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world), buffer = hal_world_buffer(world, 16);
  hal_results_t results;
  CHECK_OK(hal_call(world, "command_buffer.create", &results, "riiIi", device, 0, 1, ANY, 100));
  iree_vm_ref_t commands = results.ref;
  CHECK_OK(hal_call(world, "command_buffer.fill_buffer", NULL, "rrIIiIiI", commands, NULL_REF, ZERO, (int64_t)4, 99,
                    (int64_t)5, 4, ZERO));
  CHECK_OK(hal_call(world, "command_buffer.finalize", NULL, "r", commands));
  iree_vm_ref_t fence = hal_world_fence(world);
  _Alignas(16) uint8_t arguments[4096] = {0};
  uint8_t* at = arguments;
  const iree_vm_ref_t heads[] = {device, NULL_REF, fence, commands};
  const int64_t any = ANY, length = 16;
  const int32_t count = 100;
  memcpy(at, &heads[0], 16), memcpy(at + 16, &any, 8), memcpy(at + 24, &heads[1], 48), memcpy(at + 80, &count, 4);
  for (int i = 0; i < 100; ++i) {
    memcpy(at + 88 + 32 * i, &buffer, 16);
    memcpy(at + 88 + 32 * i + 24, &length, 8);
  }
  iree_vm_function_call_t call = {.arguments = iree_make_byte_span(arguments, 88 + 32 * 100)};
  CHECK_OK(iree_vm_module_lookup_function_by_name(world->module, IREE_VM_FUNCTION_LINKAGE_EXPORT,
                                                  IREE_SV("device.queue.execute.indirect"), &call.function));
  CHECK_OK(world->module->begin_call(world->module->self, world->stack, call));
  await(world, fence);
  CHECK(load(world, buffer, 0) == 5);
  iree_vm_ref_release(&fence);
  iree_vm_ref_release(&commands);
  iree_vm_ref_release(&buffer);
}
static void long_tables(void) { hal_with_world(long_tables_body); }

/* ---- Fences ------------------------------------------------------------------------------------------------------ */

static int32_t query(hal_world_t* world, iree_vm_ref_t fence) {
  hal_results_t results;
  CHECK_OK(hal_call(world, "fence.query", &results, "r", fence));
  return results.i32;
}

static void fences_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t fence = hal_world_fence(world);
  CHECK(query(world, fence) == IREE_STATUS_DEFERRED);
  CHECK_OK(hal_call(world, "fence.fail", NULL, "ri", fence, 0));
  CHECK(query(world, fence) == IREE_STATUS_DEFERRED);
  for (int32_t timeout = 0; timeout <= 1; ++timeout) {
    CHECK_OK(hal_call(world, "fence.await", &results, "iIi|r", timeout, ZERO, 1, fence));
    CHECK(results.i32 == IREE_STATUS_DEADLINE_EXCEEDED);
  }
  CHECK_OK(hal_call(world, "fence.signal", NULL, "r", fence));
  CHECK(query(world, fence) == IREE_STATUS_OK);
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "semaphore already signaled past 1",
                    hal_call(world, "fence.signal", NULL, "r", fence));
  CHECK_OK(hal_call(world, "fence.await", &results, "iIi", -1, ZERO, 0));
  CHECK(results.i32 == 0);
  CHECK_OK(hal_call(world, "fence.await", &results, "iIi|rr", -1, ZERO, 2, NULL_REF, NULL_REF));
  CHECK(results.i32 == 0);
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "status number 32 does not exist",
                    hal_call(world, "fence.fail", NULL, "ri", fence, 32));
  iree_vm_ref_release(&fence);
}
static void fences(void) { hal_with_world(fences_body); }

/* A failure of code 4 is no timeout, and one of code 17 no suspension. */
static void failing_fences_body(hal_world_t* world) {
  static const int32_t codes[] = {IREE_STATUS_DEADLINE_EXCEEDED, IREE_STATUS_RESOURCE_EXHAUSTED,
                                  IREE_STATUS_INCOMPATIBLE};
  iree_vm_ref_t pending = hal_world_fence(world);
  for (size_t i = 0; i < sizeof codes / sizeof codes[0]; ++i) {
    iree_vm_ref_t fence = hal_world_fence(world);
    CHECK_OK(hal_call(world, "fence.fail", NULL, "ri", fence, codes[i]));
    CHECK(query(world, fence) == codes[i]);
    for (int32_t timeout = -1; timeout <= 1; ++timeout) {
      hal_check_failure((iree_status_code_t)codes[i], "",
                        hal_call(world, "fence.await", NULL, "iIi|rr", timeout, ZERO, 2, pending, fence));
    }
    hal_check_failure((iree_status_code_t)codes[i], "", hal_call(world, "fence.signal", NULL, "r", fence));
    iree_vm_ref_release(&fence);
  }
  iree_vm_ref_t deferred = hal_world_fence(world);
  CHECK_OK(hal_call(world, "fence.fail", NULL, "ri", deferred, IREE_STATUS_DEFERRED));
  hal_check_failure(IREE_STATUS_INTERNAL, "DEFERRED",
                    hal_call(world, "fence.await", NULL, "iIi|r", -1, ZERO, 1, deferred));
  iree_vm_ref_release(&deferred);
  iree_vm_ref_release(&pending);
}
static void failing_fences(void) { hal_with_world(failing_fences_body); }

static void joins_body(hal_world_t* world) {
  hal_results_t results;
  CHECK_OK(hal_call(world, "fence.join", &results, "Ii|rr", ZERO, 2, NULL_REF, NULL_REF));
  CHECK(iree_vm_ref_is_null(&results.ref));
  iree_vm_ref_t a = hal_world_fence(world), b = hal_world_fence(world);
  CHECK_OK(hal_call(world, "fence.join", &results, "Ii|rrr", ZERO, 3, a, NULL_REF, b));
  iree_vm_ref_t joined = results.ref;
  CHECK_OK(hal_call(world, "fence.signal", NULL, "r", a));
  CHECK(query(world, joined) == IREE_STATUS_DEFERRED);
  CHECK_OK(hal_call(world, "device.queue.barrier", NULL, "rIrrI", hal_world_device_ref(world), ANY, a, b, ZERO));
  await(world, joined);
  CHECK(query(world, joined) == IREE_STATUS_OK);
  iree_vm_ref_release(&joined);
  iree_vm_ref_release(&a);
  iree_vm_ref_release(&b);
}
static void joins(void) { hal_with_world(joins_body); }

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"views", views},
      {"view_assert", view_assert},
      {"trace", trace},
      {"chain", chain},
      {"refusals", refusals},
      {"commands", commands},
      {"long_tables", long_tables},
      {"fences", fences},
      {"failing_fences", failing_fences},
      {"joins", joins},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
