/* SPDX-License-Identifier: Apache-2.0 */
/* The module `hal`, function by function: results, failures in the words of the facts sheet, null and wrong references.
 */
#include "hal_world.h"

/* ---- Devices ----------------------------------------------------------------------------------------------------- */

static void devices_body(hal_world_t* world) {
  hal_results_t results;
  CHECK_OK(hal_call(world, "devices.count", &results, ""));
  CHECK(results.i32 == 1);
  for (int32_t index = -1; index <= 1; ++index) {
    CHECK_OK(hal_call(world, "devices.get", &results, "i", index));
    CHECK(iree_hal_device_deref(results.ref) == (index == 0 ? world->device : NULL));
    iree_vm_ref_release(&results.ref);
  }
  CHECK_OK(hal_call(world, "device.allocator", &results, "r", hal_world_device_ref(world)));
  CHECK(iree_hal_allocator_deref(results.ref) == iree_hal_device_allocator(world->device));
  iree_vm_ref_release(&results.ref);
  iree_vm_ref_t id = hal_text("hal.device.id"), glob = hal_text("local-*"), nothing = hal_text("no.such.category");
  CHECK_OK(hal_call(world, "device.query.i64", &results, "rrr", hal_world_device_ref(world), id, glob));
  CHECK(results.i32 == 1 && results.words[1] == 1);
  CHECK_OK(hal_call(world, "device.query.i64", &results, "rrr", hal_world_device_ref(world), nothing, glob));
  CHECK(results.i32 == 0 && results.words[1] == 0);
  iree_vm_ref_release(&id);
  iree_vm_ref_release(&glob);
  iree_vm_ref_release(&nothing);
}
static void devices(void) { hal_with_world(devices_body); }

static void identity_body(hal_world_t* world) {
  CHECK(iree_string_view_equal(iree_vm_module_name(world->module), IREE_SV("hal")));
  iree_vm_module_signature_t signature = iree_vm_module_signature(world->module);
  CHECK(signature.version == 7 && signature.export_function_count == 58);
  static const char* const types[] = {"allocator", "buffer",     "buffer_view", "channel", "command_buffer", "device",
                                      "event",     "executable", "fence",       "file",    "semaphore"};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; ++i) {
    char name[64];
    snprintf(name, sizeof name, "hal.%s", types[i]);
    CHECK(iree_vm_instance_lookup_type(world->instance, iree_make_cstring_view(name)) != 0);
  }
}
static void identity(void) { hal_with_world(identity_body); }

static void executables_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world), format = hal_text("no-such-format"), data = hal_text("12345");
  hal_check_failure(IREE_STATUS_NOT_FOUND, "no executable loader registered for the given executable format",
                    hal_call(world, "executable.create", NULL, "rIrrr", device, (int64_t)-1, format, data, NULL_REF));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "multiple of 4",
                    hal_call(world, "executable.create", NULL, "rIrrr", device, (int64_t)-1, format, data, data));
  iree_hal_device_t* other = NULL;
  CHECK_OK(iree_hal_create_device(world->registry, IREE_SV("local-sync"), world->heap, &other));
  hal_check_failure(IREE_STATUS_NOT_FOUND, "none of the 1 devices",
                    hal_call(world, "executable.create", NULL, "rIrrr", iree_hal_device_move_ref(other), (int64_t)-1,
                             format, data, NULL_REF));
  iree_hal_device_release(other);
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "ref is null",
                    hal_call(world, "executable.lookup.function", NULL, "rr", NULL_REF, format));
  iree_vm_ref_release(&format);
  iree_vm_ref_release(&data);
}
static void executables(void) { hal_with_world(executables_body); }

static void collectives_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world);
  hal_check_failure(
      IREE_STATUS_UNIMPLEMENTED, "collectives not implemented",
      hal_call(world, "channel.create", NULL, "rIIrrii", device, (int64_t)-1, (int64_t)0, NULL_REF, NULL_REF, 0, 1));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "ref is null",
                    hal_call(world, "channel.rank_and_count", NULL, "r", NULL_REF));
}
static void collectives(void) { hal_with_world(collectives_body); }

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

static void load_store_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t buffer = hal_world_buffer(world, 16);
  CHECK_OK(hal_call(world, "buffer.store", NULL, "irIi", 0x12345678, buffer, (int64_t)4, 4));
  static const int32_t expected[] = {0, 0x78, 0x5678, 0x345678, 0x12345678};
  for (int32_t length = 0; length <= 4; ++length) {
    CHECK_OK(hal_call(world, "buffer.load", &results, "rIi", buffer, (int64_t)4, length));
    CHECK(results.i32 == expected[length]);
  }
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "load length byte count 8 exceeds max",
                    hal_call(world, "buffer.load", NULL, "rIi", buffer, (int64_t)0, 8));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "load length byte count -1 exceeds max",
                    hal_call(world, "buffer.load", NULL, "rIi", buffer, (int64_t)0, -1));
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "store out of bounds (target_offset=16, length=4 into max 16)",
                    hal_call(world, "buffer.store", NULL, "irIi", 1, buffer, (int64_t)16, 4));
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "(offset=16, adjusted_length=4, end=19, buffer byte_length=16)",
                    hal_call(world, "buffer.load", NULL, "rIi", buffer, (int64_t)16, 4));
  iree_vm_ref_release(&buffer);
}
static void load_store(void) { hal_with_world(load_store_body); }

static void owners_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t buffer = hal_world_buffer(world, 8);
  static const struct {
    const char* name;
    int32_t result;
  } steps[] = {{"buffer.allocation.is_terminal", 1}, {"buffer.allocation.preserve", 0},
               {"buffer.allocation.is_terminal", 0}, {"buffer.allocation.discard", 0},
               {"buffer.allocation.is_terminal", 1}, {"buffer.allocation.discard", 1}};
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; ++i) {
    CHECK_OK(hal_call(world, steps[i].name, &results, "r", buffer));
    CHECK(results.i32 == steps[i].result);
  }
  CHECK_OK(hal_call(world, "buffer.subspan", &results, "rII", buffer, (int64_t)2, (int64_t)-1));
  iree_vm_ref_t part = results.ref;
  CHECK_OK(hal_call(world, "buffer.length", &results, "r", part));
  CHECK(results.i64 == 6);
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "invalid subspan of an existing buffer (source_offset=4, length=8)",
                    hal_call(world, "buffer.subspan", NULL, "rII", buffer, (int64_t)4, (int64_t)8));
  iree_vm_ref_release(&part);
  iree_vm_ref_release(&buffer);
}
static void owners(void) { hal_with_world(owners_body); }

static void allocators_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_ref_t allocator = iree_hal_allocator_move_ref(iree_hal_device_allocator(world->device));
  CHECK_OK(hal_call(world, "allocator.allocate", &results, "rIiiI", allocator, (int64_t)-1, 0x30, 0xC03, (int64_t)24));
  CHECK(iree_hal_buffer_byte_length(iree_hal_buffer_deref(results.ref)) == 24);
  iree_vm_ref_release(&results.ref);
  hal_check_failure(
      IREE_STATUS_RESOURCE_EXHAUSTED, "",
      hal_call(world, "allocator.allocate", NULL, "rIiiI", allocator, (int64_t)-1, 0x30, 0xC03, (int64_t)-8));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "at least one device/queue affinity pair must be provided",
                    hal_call(world, "allocator.select", NULL, "iiIi", 0x56, 3, (int64_t)0, 0));
  CHECK_OK(hal_call(world, "allocator.select", &results, "iiIi|rI", 0x56, 3, (int64_t)0, 1, hal_world_device_ref(world),
                    (int64_t)5));
  CHECK(iree_hal_device_deref(results.ref) == world->device && results.words[2] == 5);
  iree_vm_ref_release(&results.ref);
}
static void allocators(void) { hal_with_world(allocators_body); }

static iree_status_t import_bytes(hal_world_t* world, bool is_try, int32_t usage, iree_vm_buffer_t* source,
                                  int64_t offset, int64_t length, hal_results_t* results) {
  iree_vm_ref_t allocator = iree_hal_allocator_move_ref(iree_hal_device_allocator(world->device));
  return hal_call(world, "allocator.import", results, "riIiirII", allocator, (int32_t)is_try, (int64_t)-1, 0x30, usage,
                  iree_vm_buffer_move_ref(source), offset, length);
}

/* An imported buffer keeps its source; what cannot be imported is null for a try and an error otherwise. */
static void imports_body(hal_world_t* world) {
  hal_results_t results;
  iree_vm_buffer_t* source = NULL;
  CHECK_OK(iree_vm_buffer_create(0, 128, 64, iree_allocator_system(), &source));
  memset(iree_vm_buffer_data(source), 7, 128);
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED,
                    "source buffer is immutable and can only be imported for constant usage",
                    import_bytes(world, true, 0xC03, source, 0, 128, NULL));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "byte range out of bounds (requested 120-135 of available 128)",
                    import_bytes(world, true, 0x80C03, source, 120, 16, NULL));
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "imported heap buffer data must be aligned to 64",
                    import_bytes(world, false, 0x80C03, source, 4, 16, NULL));
  CHECK_OK(import_bytes(world, true, 0x80C03, source, 4, 16, &results));
  CHECK(iree_vm_ref_is_null(&results.ref));
  CHECK_OK(import_bytes(world, false, 0x80C03, source, 64, -1, &results));
  iree_vm_ref_t imported = results.ref;
  iree_vm_buffer_release(source);
  CHECK_OK(hal_call(world, "buffer.load", &results, "rIi", imported, (int64_t)60, 4));
  CHECK(results.i32 == 0x07070707);
  hal_check_failure(IREE_STATUS_OUT_OF_RANGE, "buffer byte_length=64",
                    hal_call(world, "buffer.load", NULL, "rIi", imported, (int64_t)64, 4));
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED, "",
                    hal_call(world, "buffer.store", NULL, "irIi", 1, imported, (int64_t)0, 4));
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED, "",
                    hal_call(world, "device.queue.fill", NULL, "rIrrrIIIiI", hal_world_device_ref(world), (int64_t)-1,
                             NULL_REF, NULL_REF, imported, (int64_t)0, (int64_t)4, (int64_t)0, 1, (int64_t)0));
  iree_vm_ref_release(&imported);
}
static void imports(void) { hal_with_world(imports_body); }

static void buffer_assert_body(hal_world_t* world) {
  iree_vm_ref_t message = hal_text("tensor"), buffer = NULL_REF;
  iree_vm_ref_t allocator = iree_hal_allocator_move_ref(iree_hal_device_allocator(world->device));
  hal_results_t results;
  CHECK_OK(hal_call(world, "allocator.allocate", &results, "rIiiI", allocator, (int64_t)-1, 0x56, 3, (int64_t)16));
  buffer = results.ref;
  CHECK_OK(hal_call(world, "buffer.assert", NULL, "rrrIii", buffer, message, allocator, (int64_t)16, 0x10, 3));
  hal_check_failure(
      IREE_STATUS_INVALID_ARGUMENT, "tensor buffer byte length 16 less than expected minimum 17",
      hal_call(world, "buffer.assert", NULL, "rrrIii", buffer, message, allocator, (int64_t)17, 0x10, 0xC03));
  hal_check_failure(IREE_STATUS_PERMISSION_DENIED,
                    "tensor buffer memory type is not compatible; buffer has HOST_LOCAL|DEVICE_VISIBLE, operation "
                    "requires HOST_LOCAL|HOST_CACHED|DEVICE_VISIBLE",
                    hal_call(world, "buffer.assert", NULL, "rrrIii", buffer, message, allocator, (int64_t)1, 0x5E, 3));
  hal_check_failure(
      IREE_STATUS_PERMISSION_DENIED,
      "tensor requested usage was not specified when the buffer was allocated; buffer allows "
      "TRANSFER|MAPPING|MAPPING_PERSISTENT, operation requires TRANSFER|DISPATCH_STORAGE",
      hal_call(world, "buffer.assert", NULL, "rrrIii", buffer, message, allocator, (int64_t)1, 0x10, 0xC03));
  iree_vm_ref_release(&buffer);
  iree_vm_ref_release(&message);
}
static void buffer_assert(void) { hal_with_world(buffer_assert_body); }

/* ---- References -------------------------------------------------------------------------------------------------- */

static void wrong_references_body(hal_world_t* world) {
  iree_vm_ref_t device = hal_world_device_ref(world);
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "ref is null, expected !hal.device",
                    hal_call(world, "device.allocator", NULL, "r", NULL_REF));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "got !hal.device, expected !hal.buffer",
                    hal_call(world, "buffer.length", NULL, "r", device));
  hal_check_failure(
      IREE_STATUS_INVALID_ARGUMENT, "got !hal.device, expected !hal.fence",
      hal_call(world, "device.queue.barrier", NULL, "rIrrI", device, (int64_t)-1, device, NULL_REF, (int64_t)0));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "arguments end at byte", hal_call(world, "buffer.length", NULL, ""));
  hal_check_failure(IREE_STATUS_INVALID_ARGUMENT, "arguments end at byte",
                    hal_call(world, "fence.await", NULL, "iIi", 0, (int64_t)0, 0x7FFFFFFF));
}
static void wrong_references(void) { hal_with_world(wrong_references_body); }

/* Every function with nothing but zeros, in every length of arguments: a status, never a crash. */
static void zeros_body(hal_world_t* world) {
  iree_vm_module_signature_t signature = iree_vm_module_signature(world->module);
  for (size_t ordinal = 0; ordinal < signature.export_function_count; ++ordinal) {
    for (size_t length = 0; length <= 128; length += 4) {
      _Alignas(16) uint8_t arguments[128] = {0};
      hal_results_t results = {.words = {0}};
      iree_vm_function_call_t call = {.arguments = iree_make_byte_span(arguments, length),
                                      .results = iree_make_byte_span(&results, sizeof results)};
      CHECK_OK(iree_vm_module_lookup_function_by_ordinal(world->module, IREE_VM_FUNCTION_LINKAGE_EXPORT, ordinal,
                                                         &call.function));
      iree_status_free(world->module->begin_call(world->module->self, world->stack, call));
      iree_string_view_t cconv = iree_vm_function_signature(&call.function).calling_convention;
      bool gives_reference = memchr(cconv.data, '_', cconv.size) && cconv.data[cconv.size - 1] == 'r';
      if (gives_reference) iree_vm_ref_release(&results.ref);
    }
  }
}
static void zeros(void) { hal_with_world(zeros_body); }

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"identity", identity},
      {"devices", devices},
      {"executables", executables},
      {"collectives", collectives},
      {"load_store", load_store},
      {"owners", owners},
      {"allocators", allocators},
      {"imports", imports},
      {"buffer_assert", buffer_assert},
      {"wrong_references", wrong_references},
      {"zeros", zeros},
  };
  return check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
}
