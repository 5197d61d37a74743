/* SPDX-License-Identifier: Apache-2.0 */
/* Executables of vmvx beyond plain kernels, and the functions of the module `vmvx`. */
#include <math.h>

#include "executable_world.h"
#include "iree/modules/vmvx/module.h"

#define WORKERS 2

static local_loaders_t* make_loaders(void) {
  local_loaders_t* loaders = NULL;
  CHECK_OK(local_loaders_create(0, NULL, WORKERS, iree_allocator_system(), &loaders));
  return loaders;
}

static iree_status_t load_with_constants(local_loaders_t* loaders, const char* file, iree_host_size_t count,
                                         iree_hal_executable_t** out_executable) {
  static const uint32_t constants[2] = {1234, 5678};
  iree_byte_span_t data = executable_file(file);
  iree_hal_executable_params_t params = executable_params(VMVX_FORMAT, data);
  params.constants = constants;
  params.constant_count = count;
  iree_status_t status = local_loaders_load(loaders, &params, out_executable);
  iree_allocator_free_aligned(iree_allocator_system(), data.data);
  return status;
}

static iree_hal_executable_t* load_odd(void) {
  local_loaders_t* loaders = make_loaders();
  iree_hal_executable_t* executable = NULL;
  CHECK_OK(load_with_constants(loaders, "odd.vmfb", 1, &executable));
  local_loaders_free(loaders);
  return executable;
}

/* ---- Executables ------------------------------------------------------------------------------------------------- */

static void check_state(iree_hal_executable_t* executable, uint32_t worker, int32_t calls) {
  int32_t out[13] = {0};
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, "state", 1);
  CHECK(dispatch.record.constant_count == 1 && dispatch.record.binding_count == 1);
  memcpy(dispatch.record.workgroup_count, (uint32_t[]){3, 4, 2}, 12);
  dispatch.constants[0] = 42;
  dispatch_bind(&dispatch, 0, out, sizeof out);
  CHECK_OK(dispatch_run(executable, &dispatch, worker));
  const int32_t wanted[13] = {1234, 42, 2, 3, 1, 3, 4, 2, 1, 1, 1, calls, 4096};
  CHECK(memcmp(out, wanted, sizeof out) == 0);
}

/* Each worker has a context, and globals, of its own; `__set_constants` is no kernel. */
static void what_kernels_see(void) {
  iree_hal_executable_t* executable = load_odd();
  CHECK(executable->function_count == 5);
  CHECK(function_named(executable, "__set_constants") == UINT32_MAX);
  check_state(executable, 0, 24);
  check_state(executable, 1, 24);
  check_state(executable, 0, 48);
  drop_executable(executable);
  check_nothing_lives();
}

static iree_status_t run_one(iree_hal_executable_t* executable, const char* name, void* binding, size_t length) {
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, name, 1);
  dispatch_bind(&dispatch, 0, binding, length);
  return dispatch_run(executable, &dispatch, 0);
}

static void kept_buffers(void) {
  iree_hal_executable_t* executable = load_odd();
  int32_t* memory = malloc(64);
  iree_status_t status = run_one(executable, "keep", memory, 64);
  free(memory);
  CHECK(strstr(iree_status_message(status).data, "'keep'") != NULL);
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, status);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, run_one(executable, "use_kept", NULL, 0));
  drop_executable(executable);
  check_nothing_lives();
}

/* The next dispatch has its list again. */
static void emptied_list(void) {
  iree_hal_executable_t* executable = load_odd();
  int32_t memory[16];
  CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION, run_one(executable, "empty_list", memory, sizeof memory));
  check_state(executable, 0, 24);
  drop_executable(executable);
}

static void failures(void) {
  iree_hal_executable_t* executable = load_odd();
  dispatch_t dispatch;
  dispatch_prepare(&dispatch, executable, "fail_at_two", 2);
  CHECK_OK(dispatch_run(executable, &dispatch, 0));
  dispatch_prepare(&dispatch, executable, "fail_at_two", 5);
  iree_status_t status = dispatch_run(executable, &dispatch, 0);
  CHECK(strstr(iree_status_message(status).data, "two") != NULL);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, status);
  /* A binding that is too short is seen by the kernel. */
  int32_t memory[16];
  dispatch_prepare(&dispatch, executable, "state", 1);
  dispatch_bind(&dispatch, 0, memory, 16);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, dispatch_run(executable, &dispatch, 0));
  drop_executable(executable);
  check_nothing_lives();
}

static void refusals(void) {
  local_loaders_t* loaders = make_loaders();
  iree_hal_executable_t* executable = NULL;
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, load_with_constants(loaders, "odd.vmfb", 0, &executable));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, load_with_constants(loaders, "wrong.vmfb", 0, &executable));
  iree_hal_executable_params_t params = executable_params(VMVX_FORMAT, iree_byte_span_empty());
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, local_loaders_load(loaders, &params, &executable));
  params = executable_params(VMVX_FORMAT, iree_make_byte_span("PK not really", 13));
  iree_status_t status = local_loaders_load(loaders, &params, &executable);
  CHECK(!iree_status_is_ok(status));
  iree_status_free(status);
  local_loaders_free(loaders);
  check_nothing_lives();
}

static iree_status_t load_odd_on(iree_allocator_t heap) {
  local_loaders_t* loaders = NULL;
  iree_hal_executable_t* executable = NULL;
  IREE_RETURN_IF_ERROR(local_loaders_create(0, NULL, WORKERS, heap, &loaders));
  iree_status_t status = load_with_constants(loaders, "odd.vmfb", 1, &executable);
  if (iree_status_is_ok(status)) {
    int32_t out[13];
    dispatch_t dispatch;
    dispatch_prepare(&dispatch, executable, "state", 1);
    dispatch_bind(&dispatch, 0, out, sizeof out);
    status = dispatch_run(executable, &dispatch, 0);
  }
  drop_executable(executable);
  local_loaders_free(loaders);
  return status;
}

static void out_of_memory(void) { sweep_memory(load_odd_on); }

/* ---- The module -------------------------------------------------------------------------------------------------- */

static iree_vm_instance_t* instance;
static iree_vm_context_t* context;

static void open_module(void) {
  iree_vm_module_t* module = NULL;
  CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance));
  CHECK_OK(iree_vmvx_module_create(instance, iree_allocator_system(), &module));
  CHECK_OK(iree_vm_context_create_with_modules(instance, 0, 1, &module, iree_allocator_system(), &context));
  iree_vm_module_release(module);
}

static void close_module(void) {
  iree_vm_context_release(context);
  iree_vm_instance_release(instance);
  check_nothing_lives();
}

/* Memory as an argument; read-only when `access` says so. */
typedef struct argument_t {
  void* data;
  size_t length;
  int64_t number; /* without data */
} argument_t;
#define BYTES(array) \
  { (array), sizeof(array), 0 }
#define NUMBER(value) \
  { NULL, 0, (value) }

static void push_argument(iree_vm_list_t* inputs, const argument_t* argument, iree_vm_buffer_t* buffer) {
  if (!argument->data) {
    iree_vm_value_t value = iree_vm_value_make_i64(argument->number);
    CHECK_OK(iree_vm_list_push_value(inputs, &value));
    return;
  }
  iree_vm_buffer_initialize(IREE_VM_BUFFER_ACCESS_MUTABLE, iree_make_byte_span(argument->data, argument->length),
                            iree_allocator_null(), buffer);
  iree_vm_ref_t ref = {buffer, iree_vm_buffer_type()};
  CHECK_OK(iree_vm_list_push_ref_retain(inputs, &ref));
}

#define CALL(outputs, name, ...)                                  \
  call_function(outputs, name, (const argument_t[]){__VA_ARGS__}, \
                sizeof((const argument_t[]){__VA_ARGS__}) / sizeof(argument_t))

static iree_status_t call_function(iree_vm_list_t* outputs, const char* name, const argument_t* arguments,
                                   size_t count) {
  iree_vm_buffer_t buffers[4];
  iree_vm_list_t* inputs = NULL;
  iree_vm_function_t function;
  iree_string_view_t full_name = iree_make_cstring_view(name);
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), count, iree_allocator_system(), &inputs));
  for (size_t i = 0, used = 0; i < count; ++i)
    push_argument(inputs, &arguments[i], &buffers[arguments[i].data ? used++ : 0]);
  iree_status_t status = iree_vm_context_resolve_function(context, full_name, &function);
  if (iree_status_is_ok(status)) {
    status = iree_vm_invoke(context, function, 0, NULL, inputs, outputs, iree_allocator_system());
  }
  iree_vm_list_release(inputs);
  return status;
}

static void one_operand(void) {
  open_module();
  static const struct {
    const char* name;
    float in, out;
  } floats[] = {{"vmvx.abs.2d.f32", -2.5f, 2.5f},  {"vmvx.ceil.2d.f32", 1.25f, 2.0f},
                {"vmvx.exp.2d.f32", 0.0f, 1.0f},   {"vmvx.floor.2d.f32", -1.25f, -2.0f},
                {"vmvx.log.2d.f32", 1.0f, 0.0f},   {"vmvx.neg.2d.f32", 3.0f, -3.0f},
                {"vmvx.rsqrt.2d.f32", 4.0f, 0.5f}, {"vmvx.copy.2d.x32", 7.0f, 7.0f}};
  for (size_t i = 0; i < sizeof floats / sizeof *floats; ++i) {
    float in[1] = {floats[i].in}, out[1] = {99};
    CHECK_OK(CALL(NULL, floats[i].name, BYTES(in), NUMBER(0), NUMBER(1), NUMBER(1), BYTES(out), NUMBER(0), NUMBER(1),
                  NUMBER(1), NUMBER(1), NUMBER(1)));
    CHECK(out[0] == floats[i].out);
  }
  uint32_t in[4] = {0, 1, 0x00800000, UINT32_MAX}, out[4];
  CHECK_OK(CALL(NULL, "vmvx.ctlz.2d.i32", BYTES(in), NUMBER(0), NUMBER(4), NUMBER(1), BYTES(out), NUMBER(0), NUMBER(4),
                NUMBER(1), NUMBER(1), NUMBER(4)));
  CHECK(out[0] == 32 && out[1] == 31 && out[2] == 8 && out[3] == 0);
  close_module();
}

/* A 2 by 3 matrix, transposed on the way by its strides, behind an offset. */
static void strides(void) {
  open_module();
  uint16_t in[7] = {9, 1, 2, 3, 4, 5, 6}, out[8] = {0};
  const uint16_t wanted[8] = {0, 0, 1, 4, 2, 5, 3, 6};
  CHECK_OK(CALL(NULL, "vmvx.copy.2d.x16", BYTES(in), NUMBER(1), NUMBER(3), NUMBER(1), BYTES(out), NUMBER(2), NUMBER(1),
                NUMBER(2), NUMBER(2), NUMBER(3)));
  CHECK(memcmp(out, wanted, sizeof out) == 0);
  uint32_t filled[6] = {1, 1, 1, 1, 1, 1};
  const uint32_t rows[6] = {1, 7, 7, 1, 7, 7};
  CHECK_OK(CALL(NULL, "vmvx.fill.2d.x32", NUMBER(7), BYTES(filled), NUMBER(1), NUMBER(3), NUMBER(2), NUMBER(2)));
  CHECK(memcmp(filled, rows, sizeof rows) == 0);
  close_module();
}

static void two_operands(void) {
  open_module();
  static const struct {
    const char* name;
    uint32_t a, b, out;
  } integers[] = {{"vmvx.add.2d.i32", UINT32_MAX, 2, 1},
                  {"vmvx.sub.2d.i32", 1, 2, UINT32_MAX},
                  {"vmvx.mul.2d.i32", 0x10001, 0x10000, 0x10000},
                  {"vmvx.and.2d.i32", 12, 10, 8},
                  {"vmvx.or.2d.i32", 12, 10, 14},
                  {"vmvx.xor.2d.i32", 12, 10, 6},
                  {"vmvx.shl.2d.i32", 3, 4, 48},
                  {"vmvx.shrs.2d.i32", (uint32_t)-8, 1, (uint32_t)-4},
                  {"vmvx.shru.2d.i32", 0x80000000u, 31, 1},
                  {"vmvx.divs.2d.i32", (uint32_t)-7, 2, (uint32_t)-3},
                  {"vmvx.divu.2d.i32", UINT32_MAX, 16, 0x0FFFFFFF}};
  for (size_t i = 0; i < sizeof integers / sizeof *integers; ++i) {
    uint32_t a[1] = {integers[i].a}, b[1] = {integers[i].b}, out[1] = {0};
    CHECK_OK(CALL(NULL, integers[i].name, BYTES(a), NUMBER(0), NUMBER(1), NUMBER(1), BYTES(b), NUMBER(0), NUMBER(1),
                  NUMBER(1), BYTES(out), NUMBER(0), NUMBER(1), NUMBER(1), NUMBER(1), NUMBER(1)));
    CHECK(out[0] == integers[i].out);
  }
  static const struct {
    const char* name;
    float out;
  } floats[] = {{"vmvx.add.2d.f32", 8}, {"vmvx.sub.2d.f32", 4}, {"vmvx.mul.2d.f32", 12}, {"vmvx.div.2d.f32", 3}};
  for (size_t i = 0; i < sizeof floats / sizeof *floats; ++i) {
    float a[1] = {6}, b[1] = {2}, out[1] = {0};
    CHECK_OK(CALL(NULL, floats[i].name, BYTES(a), NUMBER(0), NUMBER(1), NUMBER(1), BYTES(b), NUMBER(0), NUMBER(1),
                  NUMBER(1), BYTES(out), NUMBER(0), NUMBER(1), NUMBER(1), NUMBER(1), NUMBER(1)));
    CHECK(out[0] == floats[i].out);
  }
  close_module();
}

static void bounds(void) {
  open_module();
  uint32_t in[4] = {1, 2, 3, 4}, out[4] = {0};
  iree_status_t status = CALL(NULL, "vmvx.copy.2d.x32", BYTES(in), NUMBER(1), NUMBER(2), NUMBER(1), BYTES(out),
                              NUMBER(0), NUMBER(2), NUMBER(1), NUMBER(2), NUMBER(2));
  CHECK(strstr(iree_status_message(status).data,
               "out-of-bounds access detected (offset=4, length=16, alignment=4, buffer length=16)") != NULL);
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, status);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               CALL(NULL, "vmvx.copy.2d.x32", BYTES(in), NUMBER(0), NUMBER(1ll << 32), NUMBER(1), BYTES(out), NUMBER(0),
                    NUMBER(2), NUMBER(1), NUMBER(1), NUMBER(1)));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, CALL(NULL, "vmvx.copy.2d.x32", BYTES(in), NUMBER(-1), NUMBER(1), NUMBER(1),
                                              BYTES(out), NUMBER(0), NUMBER(2), NUMBER(1), NUMBER(1), NUMBER(1)));
  CHECK_STATUS(IREE_STATUS_OUT_OF_RANGE, CALL(NULL, "vmvx.fill.2d.x32", NUMBER(7), BYTES(out), NUMBER(0),
                                              NUMBER(UINT32_MAX), NUMBER(UINT32_MAX), NUMBER(UINT32_MAX)));
  CHECK_OK(CALL(NULL, "vmvx.fill.2d.x32", NUMBER(7), BYTES(out), NUMBER(4), NUMBER(4), NUMBER(0), NUMBER(9)));
  CHECK(out[0] == 0);
  close_module();
}

/* ---- Tiles ------------------------------------------------------------------------------------------------------- */

/* One tile of 2 by 2, depth 3 as 3 tiles of depth 1: [1 2 3; 4 5 6] times the transpose of [1 0 1; 0 1 0]. */
static void products(void) {
  open_module();
  float lhs[6] = {1, 4, 2, 5, 3, 6}, rhs[6] = {1, 0, 0, 1, 1, 0}, out[4] = {100, 100, 100, 100};
#define PRODUCT(flags)                                                                                                \
  CALL(NULL, "vmvx.mmt4d", BYTES(lhs), NUMBER(0), NUMBER(6), BYTES(rhs), NUMBER(0), NUMBER(6), BYTES(out), NUMBER(0), \
       NUMBER(4), NUMBER(1), NUMBER(1), NUMBER(3), NUMBER(2), NUMBER(2), NUMBER(1), NUMBER(flags))
  CHECK_OK(PRODUCT(1));
  CHECK(out[0] == 4 && out[1] == 2 && out[2] == 10 && out[3] == 5);
  CHECK_OK(PRODUCT(0x101));
  CHECK(out[0] == 8 && out[1] == 4 && out[2] == 20 && out[3] == 10);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, PRODUCT(3));
#undef PRODUCT
  int8_t small_lhs[2] = {-3, 4}, small_rhs[2] = {5, -6};
  int32_t sum[1] = {7};
  CHECK_OK(CALL(NULL, "vmvx.mmt4d", BYTES(small_lhs), NUMBER(0), NUMBER(2), BYTES(small_rhs), NUMBER(0), NUMBER(2),
                BYTES(sum), NUMBER(0), NUMBER(1), NUMBER(1), NUMBER(1), NUMBER(1), NUMBER(1), NUMBER(1), NUMBER(2),
                NUMBER(0x102)));
  CHECK(sum[0] == 7 - 15 - 24);
  close_module();
}

/* A 3 by 3 matrix in four tiles of 2 by 2, padded, and back. */
static void packing(void) {
  open_module();
  int32_t in[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, packed[16], back[9] = {0};
  const int32_t plain[16] = {1, 2, 4, 5, 3, 0, 6, 0, 7, 8, 0, 0, 9, 0, 0, 0};
  const int32_t turned[16] = {1, 4, 2, 5, 7, 0, 8, 0, 3, 6, 0, 0, 9, 0, 0, 0};
#define PACK(flags)                                                                                                   \
  CALL(NULL, "vmvx.pack", BYTES(in), NUMBER(0), NUMBER(3), NUMBER(1), BYTES(packed), NUMBER(0), NUMBER(8), NUMBER(4), \
       NUMBER(3), NUMBER(3), NUMBER(2), NUMBER(2), NUMBER(2), NUMBER(2), NUMBER(0), NUMBER(flags))
#define UNPACK(flags)                                                                                          \
  CALL(NULL, "vmvx.unpack", BYTES(packed), NUMBER(0), NUMBER(8), NUMBER(4), BYTES(back), NUMBER(0), NUMBER(3), \
       NUMBER(1), NUMBER(2), NUMBER(2), NUMBER(2), NUMBER(2), NUMBER(3), NUMBER(3), NUMBER(flags))
  CHECK_OK(PACK(3));
  CHECK(memcmp(packed, plain, sizeof plain) == 0);
  CHECK_OK(UNPACK(3));
  CHECK(memcmp(back, in, sizeof in) == 0);
  CHECK_OK(PACK(0x303));
  CHECK(memcmp(packed, turned, sizeof turned) == 0);
  memset(back, 0, sizeof back);
  CHECK_OK(UNPACK(0x303));
  CHECK(memcmp(back, in, sizeof in) == 0);
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, UNPACK(2));
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT, PACK(9));
#undef PACK
#undef UNPACK
  close_module();
}

static void tile_sizes(void) {
  open_module();
  iree_vm_list_t* outputs = NULL;
  CHECK_OK(iree_vm_list_create(iree_vm_make_undefined_type_def(), 2, iree_allocator_system(), &outputs));
  for (int role = 1; role <= 3; ++role) {
    iree_vm_value_t depth = iree_vm_value_make_none();
    CHECK_OK(CALL(outputs, "vmvx.query_tile_sizes.2d", NUMBER(100), NUMBER(200), NUMBER(role)));
    CHECK_OK(iree_vm_list_get_value(outputs, 1, &depth));
    CHECK(iree_vm_list_size(outputs) == 2 && depth.i64 == (role == 3 ? 8 : 4));
  }
  CHECK_STATUS(IREE_STATUS_INVALID_ARGUMENT,
               CALL(outputs, "vmvx.query_tile_sizes.2d", NUMBER(100), NUMBER(200), NUMBER(0)));
  iree_vm_list_release(outputs);
  close_module();
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"what_kernels_see", what_kernels_see},
      {"kept_buffers", kept_buffers},
      {"emptied_list", emptied_list},
      {"failures", failures},
      {"refusals", refusals},
      {"out_of_memory", out_of_memory},
      {"one_operand", one_operand},
      {"strides", strides},
      {"two_operands", two_operands},
      {"bounds", bounds},
      {"products", products},
      {"packing", packing},
      {"tile_sizes", tile_sizes},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
