/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: the input is a list of calls of the module `hal` on objects that earlier calls made, on both local
 * devices. Whatever was called, and whatever still waits at the end, everything goes away. */
#include <stdlib.h>

#include "hal_world.h"
#include "iree/hal/device.h"
#include "platform/platform.h"

#define POOL_SIZE 48
#define MAX_CALLS 64
#define MEMORY_LIMIT ((iree_host_size_t)1 << 20)

static void require(bool condition) {
  if (!condition) abort();
}

static iree_status_t limited_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  if (command != IREE_ALLOCATOR_COMMAND_FREE && *(const iree_host_size_t*)params > MEMORY_LIMIT) {
    return iree_status_from_code(IREE_STATUS_RESOURCE_EXHAUSTED);
  }
  return iree_allocator_libc_ctl(self, command, params, inout_ptr);
}

static const iree_allocator_t limited = {NULL, limited_ctl};

/* ---- Functions --------------------------------------------------------------------------------------------------- */

/* Kinds of objects: D device, A allocator, B buffer, V view, C command buffer, X executable, F fence, L file, T bytes;
 * those that a function wants in order, and the one that it gives. For the meanings of numbers see `sensible`. Counts
 * of workgroups that only a buffer knows are left out. */
typedef struct function_t {
  const char* name;
  const char* convention;
  const char* wants;
  const char* numbers; /* what they mean; the last one goes on */
  char gives;
} function_t;

static const function_t functions[] = {
    {"allocator.allocate", "rIiiI", "A", "atul", 'B'},
    {"allocator.import", "riIiirII", "AT", "natuol", 'B'},
    {"allocator.select", "iiICrID", "D", "zzza", 0},
    {"buffer.assert", "rrrIii", "BTA", "ltu", 0},
    {"buffer.load", "rIi", "B", "op", 0},
    {"buffer.store", "irIi", "B", "xop", 0},
    {"buffer.subspan", "rII", "B", "ol", 'B'},
    {"buffer_view.assert", "rriiCID", "VT", "e1n", 0},
    {"buffer_view.buffer", "r", "V", "x", 'B'},
    {"buffer_view.create", "rIIiiCID", "B", "ole1n", 'V'},
    {"buffer_view.dim", "ri", "V", "n", 0},
    {"buffer_view.trace", "rCrD", "TV", "x", 0},
    {"command_buffer.advise_buffer", "rrIIIi", "CB", "zzzn", 0},
    {"command_buffer.begin_debug_group", "rr", "CT", "x", 0},
    {"command_buffer.copy_buffer", "riirIrIII", "CBB", "nnoolz", 0},
    {"command_buffer.create", "riiIi", "D", "mcan", 'C'},
    {"command_buffer.dispatch", "rrIiiiICiDCiirIID", "CXB", "nnnnznznol", 0},
    {"command_buffer.dispatch", "rrIiiiICiDCiirIID", "CXB", "nnnnznznol", 0},
    {"command_buffer.end_debug_group", "r", "C", "x", 0},
    {"command_buffer.execution_barrier", "riiI", "C", "xxz", 0},
    {"command_buffer.fill_buffer", "rrIIiIiI", "CB", "olnxpz", 0},
    {"command_buffer.finalize", "r", "C", "x", 0},
    {"command_buffer.update_buffer", "rrIrIIiI", "CTB", "oolnz", 0},
    {"device.query.i64", "rrr", "DTT", "x", 0},
    {"device.queue.alloca", "rIrrIiiII", "DFF", "aztulz", 'B'},
    {"device.queue.barrier", "rIrrI", "DFF", "az", 0},
    {"device.queue.copy", "rIrrrIrIII", "DFFBB", "aoolz", 0},
    {"device.queue.dealloca", "rIrrrI", "DFFB", "az", 0},
    {"device.queue.execute", "rIrrrI", "DFFC", "az", 0},
    {"device.queue.execute.indirect", "rIrrrICrIID", "DFFCB", "azol", 0},
    {"device.queue.fill", "rIrrrIIIiI", "DFFB", "aolxpz", 0},
    {"device.queue.read", "rIrrrIrIII", "DFFLB", "aoolz", 0},
    {"device.queue.update", "rIrrrIrIII", "DFFTB", "aoolz", 0},
    {"device.queue.write", "rIrrrIrIII", "DFFBL", "aoolz", 0},
    {"devices.get", "i", "", "n", 'D'},
    {"ex.file.from_memory", "rIirIIi", "DT", "a1olz", 'L'},
    {"executable.create", "rIrrr", "DTTT", "a", 'X'},
    {"executable.lookup.function", "rr", "XT", "x", 0},
    {"fence.await", "iICrD", "F", "z", 0},
    {"fence.create", "rI", "D", "z", 'F'},
    {"fence.fail", "ri", "F", "n", 0},
    {"fence.join", "ICrD", "F", "z", 'F'},
    {"fence.query", "r", "F", "x", 0},
    {"fence.signal", "r", "F", "x", 0},
};
#define FUNCTION_COUNT (sizeof functions / sizeof *functions)

/* ---- What there is ----------------------------------------------------------------------------------------------- */

typedef struct fuzz_t {
  const uint8_t* data;
  size_t size;
  hal_world_t world;
  iree_hal_device_t* devices[2];
  size_t count; /* of all objects that were ever put into the pool */
  struct {
    iree_vm_ref_t ref;
    char kind;
  } pool[POOL_SIZE];
} fuzz_t;

static uint8_t next_byte(fuzz_t* fuzz) {
  if (fuzz->size == 0) return 0;
  --fuzz->size;
  return *fuzz->data++;
}

/* Takes over the reference. The oldest object goes when the pool is full. */
static void put(fuzz_t* fuzz, char kind, iree_vm_ref_t ref) {
  if (iree_vm_ref_is_null(&ref)) return;
  size_t at = fuzz->count++ % POOL_SIZE;
  iree_vm_ref_release(&fuzz->pool[at].ref);
  fuzz->pool[at].ref = ref;
  fuzz->pool[at].kind = kind;
}

/* Mostly an object of that kind, sometimes any, sometimes none; queues have no fence half of the time. */
static iree_vm_ref_t choose(fuzz_t* fuzz, const function_t* function, char kind) {
  uint8_t choice = next_byte(fuzz);
  bool is_any = choice % 16 == 15;
  if (kind == 'F' && function->wants[0] == 'D' && choice % 2) return iree_vm_ref_null();
  if (choice % 16 == 14) return iree_vm_ref_null();
  for (size_t i = 0; i < POOL_SIZE; ++i) {
    size_t at = (choice / 16 * 3 + i) % POOL_SIZE;
    if (fuzz->pool[at].ref.ptr && (is_any || fuzz->pool[at].kind == kind)) return fuzz->pool[at].ref;
  }
  return iree_vm_ref_null();
}

static int64_t any_number(uint8_t choice) {
  static const int64_t numbers[] = {
      -1,        -2,        1ll << 31, 1ll << 32, 1ll << 62, INT64_MAX,  INT64_MIN,  INT32_MAX,
      INT32_MIN, 0xFFFF,    0x10000,   0x3000,    4096,      0x20000020, 0x21000020, 0x13000008};
  return choice & 16 ? numbers[choice & 15] : choice & 15;
}

/* A number that often makes sense where a: affinity, c: categories, e: element type, l: length, m: mode, n: slot or
 * ordinal, o: offset, p: bytes of a pattern, t: memory type, u: usage, z and 1: 0 and 1; anything else for x. */
static int64_t sensible(char meaning, uint8_t choice) {
  switch (meaning) {
    case 'a': return -1;
    case 'c': return IREE_HAL_COMMAND_CATEGORY_ANY;
    case 'e': return choice & 1 ? IREE_HAL_ELEMENT_TYPE_FLOAT_32 : IREE_HAL_ELEMENT_TYPE_SINT_8;
    case 'l': return choice & 1 ? 256 : (choice & 0x3E) * 2;
    case 'm': return choice & 1;
    case 'n': return choice & 3;
    case 'o': return choice & 3 ? 0 : choice & 0x7C;
    case 'p': return 1 << choice % 3;
    case 't': return IREE_HAL_MEMORY_TYPE_DEVICE_LOCAL | IREE_HAL_MEMORY_TYPE_HOST_VISIBLE;
    case 'u': return IREE_HAL_BUFFER_USAGE_DEFAULT | IREE_HAL_BUFFER_USAGE_MAPPING;
    case 'z': return 0;
    case '1': return 1;
    default: return any_number(choice);
  }
}

static int64_t choose_number(fuzz_t* fuzz, char meaning) {
  uint8_t choice = next_byte(fuzz);
  return choice < 224 ? sensible(meaning, choice) : any_number(choice);
}

/* ---- One call ---------------------------------------------------------------------------------------------------- */

typedef struct arguments_t {
  _Alignas(16) uint8_t bytes[1024];
  size_t length;
} arguments_t;

static void append(arguments_t* arguments, const void* value, size_t size, size_t alignment) {
  size_t at = (arguments->length + alignment - 1) & ~(alignment - 1);
  require(at + size <= sizeof arguments->bytes);
  memcpy(arguments->bytes + at, value, size);
  arguments->length = at + size;
}

/* What is left of the kinds and meanings of a function. */
typedef struct cursor_t {
  const char* want;
  const char* number;
} cursor_t;

static char step(const char** at) {
  char c = **at;
  if (c && (*at)[1]) ++*at;
  return c;
}

/* Bounded: how long a call waits, and how many workgroups there are. */
static int32_t choose_i32(fuzz_t* fuzz, const function_t* function, size_t position, char meaning) {
  int32_t number = (int32_t)choose_number(fuzz, meaning);
  if (position == 0 && strcmp(function->name, "fence.await") == 0) return number & 1;
  if (position < 6 && strcmp(function->name, "command_buffer.dispatch") == 0) return number & 3;
  return number;
}

static void append_one(fuzz_t* fuzz, const function_t* function, size_t position, cursor_t* cursor,
                       arguments_t* arguments) {
  char letter = function->convention[position];
  if (letter == 'r') {
    iree_vm_ref_t ref = choose(fuzz, function, step(&cursor->want));
    append(arguments, &ref, sizeof ref, 8);
  } else if (letter == 'I') {
    int64_t number = choose_number(fuzz, step(&cursor->number));
    append(arguments, &number, sizeof number, 8);
  } else {
    int32_t number = choose_i32(fuzz, function, position, step(&cursor->number));
    append(arguments, &number, sizeof number, 4);
  }
}

/* Kernels of the fixtures have two bindings, and three constants or none. */
static int32_t choose_count(fuzz_t* fuzz, const function_t* function, size_t first) {
  uint8_t choice = next_byte(fuzz);
  bool is_constants = function->convention[first] == 'i' && function->convention[first + 1] == 'D';
  if (choice >= 192) return choice & 3;
  return is_constants ? (choice & 1) * 3 : 2;
}

/* From `C` to `D`: a count and so many groups. The position behind. */
static size_t append_groups(fuzz_t* fuzz, const function_t* function, size_t position, cursor_t* cursor,
                            arguments_t* arguments) {
  size_t first = position + 1, end = first;
  const cursor_t begin = *cursor;
  while (function->convention[end] != 'D') ++end;
  int32_t count = choose_count(fuzz, function, first);
  append(arguments, &count, sizeof count, 4);
  for (int32_t i = 0; i < count; ++i) {
    *cursor = begin;
    for (size_t at = first; at < end; ++at) append_one(fuzz, function, at, cursor, arguments);
  }
  if (count == 0) (void)step(&cursor->number);
  return end + 1;
}

static void call(fuzz_t* fuzz) {
  const function_t* function = &functions[next_byte(fuzz) % FUNCTION_COUNT];
  arguments_t arguments = {.length = 0};
  hal_results_t results;
  memset(&results, 0, sizeof results);
  cursor_t cursor = {function->wants, function->numbers};
  for (size_t at = 0; function->convention[at];) {
    if (function->convention[at] == 'C') {
      at = append_groups(fuzz, function, at, &cursor, &arguments);
    } else {
      append_one(fuzz, function, at++, &cursor, &arguments);
    }
  }
  iree_vm_module_t* module = fuzz->world.module;
  iree_vm_function_call_t call = {.arguments = iree_make_byte_span(arguments.bytes, arguments.length),
                                  .results = iree_make_byte_span(&results, sizeof results)};
  require(iree_status_is_ok(iree_vm_module_lookup_function_by_name(
      module, IREE_VM_FUNCTION_LINKAGE_EXPORT, iree_make_cstring_view(function->name), &call.function)));
  bool is_ok = IREE_STATUS_OK == iree_status_consume_code(module->begin_call(module->self, fuzz->world.stack, call));
  if (is_ok && function->gives) put(fuzz, function->gives, results.ref);
  if (is_ok && strcmp(function->name, "allocator.select") == 0) iree_vm_ref_release(&results.ref);
}

/* ---- Begin and end ----------------------------------------------------------------------------------------------- */

static iree_byte_span_t kernels;

static void put_bytes(fuzz_t* fuzz, uint32_t access, const void* bytes, size_t size) {
  iree_vm_buffer_t* buffer = NULL;
  require(iree_status_is_ok(iree_vm_buffer_create(access, size, 64, iree_allocator_system(), &buffer)));
  memcpy(iree_vm_buffer_data(buffer), bytes, size);
  put(fuzz, 'T', iree_vm_buffer_move_ref(buffer));
}

static void put_executable(fuzz_t* fuzz, iree_hal_device_t* device) {
  iree_hal_executable_t* executable = NULL;
  iree_hal_executable_params_t params = {.executable_format = IREE_SV("vmvx-bytecode-fb"),
                                         .executable_data = iree_const_cast_byte_span(kernels)};
  require(iree_status_is_ok(iree_hal_device_create_executable(device, &params, &executable)));
  put(fuzz, 'X', iree_hal_executable_move_ref(executable));
}

static void put_device(fuzz_t* fuzz, iree_hal_device_t* device) {
  const iree_hal_buffer_params_t params = {.type = (iree_hal_memory_type_t)sensible('t', 0),
                                           .usage = (iree_hal_buffer_usage_t)sensible('u', 0)};
  iree_hal_allocator_t* allocator = iree_hal_device_allocator(device);
  put(fuzz, 'D', iree_hal_device_retain_ref(device));
  put(fuzz, 'A', iree_hal_allocator_retain_ref(allocator));
  put_executable(fuzz, device);
  for (int i = 0; i < 2; ++i) {
    iree_hal_command_buffer_t* commands = NULL;
    iree_hal_buffer_t* buffer = NULL;
    require(iree_status_is_ok(iree_hal_allocator_allocate_buffer(allocator, params, 256, &buffer)));
    put(fuzz, 'B', iree_hal_buffer_move_ref(buffer));
    require(iree_status_is_ok(
        iree_hal_command_buffer_create(device, 0, IREE_HAL_COMMAND_CATEGORY_ANY, -1ull, 4, &commands)));
    require(iree_status_is_ok(iree_hal_command_buffer_begin(commands)));
    put(fuzz, 'C', iree_hal_command_buffer_move_ref(commands));
  }
}

static void open_world(fuzz_t* fuzz) {
  static const char* const uris[] = {"local-sync", "local-task"};
  static const char* const texts[] = {"vmvx-bytecode-fb", "hal.device.id", "*", "concurrency"};
  const vmrt_hal_local_options_t options = {.worker_count = 2};
  static const uint8_t bytes[300] = {1, 2, 3};
  hal_world_t* world = &fuzz->world;
  vmrt_hal_module_trace_sink_t sink = {hal_world_sink, NULL};
  world->heap = limited;
  require(iree_status_is_ok(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, limited, &world->instance)));
  require(iree_status_is_ok(iree_hal_driver_registry_allocate(limited, &world->registry)));
  require(iree_status_is_ok(vmrt_hal_register_local_drivers(world->registry, &options)));
  for (int i = 0; i < 2; ++i) {
    require(iree_status_is_ok(
        iree_hal_create_device(world->registry, iree_make_cstring_view(uris[i]), limited, &fuzz->devices[i])));
    put_device(fuzz, fuzz->devices[i]);
  }
  require(iree_status_is_ok(
      vmrt_hal_module_create(world->instance, 2, fuzz->devices, sink, limited, &world->module)));
  require(iree_status_is_ok(hal_world_open_context(world)));
  for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i) put_bytes(fuzz, 0, texts[i], strlen(texts[i]));
  put_bytes(fuzz, IREE_VM_BUFFER_ACCESS_MUTABLE, bytes, 256);
  put_bytes(fuzz, 0, bytes, sizeof bytes);
}

static void close_world(fuzz_t* fuzz) {
  for (size_t i = 0; i < POOL_SIZE; ++i) iree_vm_ref_release(&fuzz->pool[i].ref);
  for (int i = 0; i < 2; ++i) iree_hal_device_release(fuzz->devices[i]);
  hal_world_close(&fuzz->world);
  for (int kind = 0; kind < VMRT_OBJECT_KIND_COUNT; ++kind) {
    require(vmrt_live_objects((vmrt_object_kind_t)kind) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz_t fuzz = {.data = data, .size = size};
  if (!kernels.data) {
    iree_string_view_t path = IREE_SV(VMRT_FIXTURES_DIR "/executables/kernels.vmfb");
    require(iree_status_is_ok(platform_read_file(path, iree_allocator_system(), &kernels)));
  }
  open_world(&fuzz);
  for (int i = 0; i < MAX_CALLS && fuzz.size; ++i) call(&fuzz);
  close_world(&fuzz);
  return 0;
}
