/* SPDX-License-Identifier: Apache-2.0 */
/* The module `vmvx`: operands of its functions are unpacked and checked here, the work is in vmvx_kernels.c. */
#include "hal/local/vmvx_kernels.h"
#include "iree/modules/vmvx/module.h"
#include "iree/vm/native_module.h"

/* Sizes that do not fit in memory anyway are cut to this: sums and products do not wrap. */
#define HUGE_SIZE ((uint64_t)1 << 56)

static uint64_t times(uint64_t a, uint64_t b) { return a != 0 && b > HUGE_SIZE / a ? HUGE_SIZE : a * b; }
static uint64_t plus(uint64_t a, uint64_t b) { return a > HUGE_SIZE || b > HUGE_SIZE - a ? HUGE_SIZE : a + b; }

/* ---- Arguments --------------------------------------------------------------------------------------------------- */

/* Reads packed arguments in order; their total size is right by the calling convention. */
typedef struct arguments_t {
  const uint8_t* data;
  iree_host_size_t at;
} arguments_t;

static uint32_t next_i32(arguments_t* arguments) {
  uint32_t value;
  memcpy(&value, arguments->data + arguments->at, sizeof value);
  arguments->at += sizeof value;
  return value;
}

static uint64_t next_i64(arguments_t* arguments) {
  uint64_t value;
  arguments->at = (arguments->at + 7) & ~(iree_host_size_t)7;
  memcpy(&value, arguments->data + arguments->at, sizeof value);
  arguments->at += sizeof value;
  return value;
}

/* A buffer and the byte offset of an operand in it. */
typedef struct place_t {
  iree_vm_buffer_t* buffer;
  uint64_t offset; /* elements */
} place_t;

static iree_status_t next_place(arguments_t* arguments, place_t* out_place) {
  iree_vm_ref_t ref;
  arguments->at = (arguments->at + 7) & ~(iree_host_size_t)7;
  memcpy(&ref, arguments->data + arguments->at, sizeof ref);
  arguments->at += sizeof ref;
  out_place->offset = next_i64(arguments);
  return iree_vm_buffer_check_deref(ref, &out_place->buffer);
}

/* The next number, a size or a stride, which has 32 bits. */
static iree_status_t next_size(arguments_t* arguments, uint64_t* out_size) {
  *out_size = next_i64(arguments);
  if (*out_size <= UINT32_MAX) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "size or stride %lld has more than 32 bits",
                          (long long)*out_size);
}

static iree_status_t next_sizes(arguments_t* arguments, uint64_t* out_sizes, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) IREE_RETURN_IF_ERROR(next_size(arguments, &out_sizes[i]));
  return iree_ok_status();
}

/* Memory of `extent` elements of the operand. */
static iree_status_t map(const place_t* place, uint64_t extent, uint64_t element_size, bool is_written,
                         uint8_t** out_data) {
  uint64_t offset = times(place->offset > HUGE_SIZE ? HUGE_SIZE : place->offset, element_size);
  uint64_t length = times(extent, element_size), capacity = iree_vm_buffer_length(place->buffer);
  if (is_written && !(iree_vm_buffer_access(place->buffer) & IREE_VM_BUFFER_ACCESS_MUTABLE)) {
    return iree_make_status(IREE_STATUS_PERMISSION_DENIED, "the buffer written to is read-only");
  }
  if (offset > capacity || length > capacity - offset) {
    return iree_make_status(
        IREE_STATUS_OUT_OF_RANGE,
        "out-of-bounds access detected (offset=%llu, length=%llu, alignment=%llu, buffer length=%llu)",
        (unsigned long long)offset, (unsigned long long)length, (unsigned long long)element_size,
        (unsigned long long)capacity);
  }
  *out_data = iree_vm_buffer_data(place->buffer) + offset;
  return iree_ok_status();
}

/* ---- 2-d functions ----------------------------------------------------------------------------------------------- */

/* Elements from the first to the last one of a 2-d operand. */
static uint64_t extent_2d(const uint64_t size[2], uint64_t stride0, uint64_t stride1) {
  if (size[0] == 0 || size[1] == 0) return 0;
  return plus(plus(times(size[0] - 1, stride0), times(size[1] - 1, stride1)), 1);
}

typedef struct operand_t {
  place_t place;
  uint64_t strides[2];
} operand_t;

static iree_status_t next_operand(arguments_t* arguments, operand_t* out_operand) {
  IREE_RETURN_IF_ERROR(next_place(arguments, &out_operand->place));
  return next_sizes(arguments, out_operand->strides, 2);
}

static iree_status_t map_operand(const operand_t* operand, const uint64_t size[2], uint64_t element_size,
                                 bool is_written, vmvx_operand_t* out_operand) {
  uint64_t extent = extent_2d(size, operand->strides[0], operand->strides[1]);
  out_operand->stride0 = operand->strides[0];
  out_operand->stride1 = operand->strides[1];
  return map(&operand->place, extent, element_size, is_written, &out_operand->data);
}

static iree_status_t call_unary(iree_byte_span_t packed, uint64_t element_size, vmvx_unary_t kernel) {
  arguments_t arguments = {packed.data, 0};
  operand_t in, out;
  uint64_t size[2];
  IREE_RETURN_IF_ERROR(next_operand(&arguments, &in));
  IREE_RETURN_IF_ERROR(next_operand(&arguments, &out));
  IREE_RETURN_IF_ERROR(next_sizes(&arguments, size, 2));
  vmvx_operand_t from, to;
  IREE_RETURN_IF_ERROR(map_operand(&in, size, element_size, false, &from));
  IREE_RETURN_IF_ERROR(map_operand(&out, size, element_size, true, &to));
  kernel(from, to, size[0], size[1]);
  return iree_ok_status();
}

static iree_status_t call_binary(iree_byte_span_t packed, vmvx_binary_t kernel) {
  arguments_t arguments = {packed.data, 0};
  operand_t operands[3];
  vmvx_operand_t mapped[3];
  uint64_t size[2];
  for (int i = 0; i < 3; ++i) IREE_RETURN_IF_ERROR(next_operand(&arguments, &operands[i]));
  IREE_RETURN_IF_ERROR(next_sizes(&arguments, size, 2));
  for (int i = 0; i < 3; ++i) IREE_RETURN_IF_ERROR(map_operand(&operands[i], size, 4, i == 2, &mapped[i]));
  kernel(mapped[0], mapped[1], mapped[2], size[0], size[1]);
  return iree_ok_status();
}

static iree_status_t call_fill(iree_byte_span_t packed) {
  arguments_t arguments = {packed.data, 0};
  uint32_t value = next_i32(&arguments);
  place_t out;
  uint64_t numbers[3]; /* row stride, sizes */
  uint8_t* data = NULL;
  IREE_RETURN_IF_ERROR(next_place(&arguments, &out));
  IREE_RETURN_IF_ERROR(next_sizes(&arguments, numbers, 3));
  IREE_RETURN_IF_ERROR(map(&out, extent_2d(&numbers[1], numbers[0], 1), 4, true, &data));
  vmvx_fill_x32(value, data, numbers[0], numbers[1], numbers[2]);
  return iree_ok_status();
}

/* ---- Functions of tiles ------------------------------------------------------------------------------------------ */

typedef struct tiled_operand_t {
  place_t place;
  uint64_t row_stride;
} tiled_operand_t;

static iree_status_t next_tiled(arguments_t* arguments, tiled_operand_t* out_operand) {
  IREE_RETURN_IF_ERROR(next_place(arguments, &out_operand->place));
  return next_size(arguments, &out_operand->row_stride);
}

/* Elements of `rows` rows, each with `row` elements at its begin. */
static uint64_t extent_rows(uint64_t rows, uint64_t stride, uint64_t row) {
  return rows == 0 || row == 0 ? 0 : plus(times(rows - 1, stride), row);
}

static iree_status_t map_mmt4d(const tiled_operand_t operands[3], vmvx_mmt4d_t* call) {
  uint64_t in_size = call->type == VMVX_MMT4D_F32 ? 4 : 1;
  uint8_t *lhs = NULL, *rhs = NULL;
  call->lhs_stride = operands[0].row_stride;
  call->rhs_stride = operands[1].row_stride;
  call->out_stride = operands[2].row_stride;
  uint64_t lhs_row = times(call->k, times(call->m0, call->k0));
  uint64_t rhs_row = times(call->k, times(call->n0, call->k0));
  uint64_t out_row = times(call->n, times(call->m0, call->n0));
  IREE_RETURN_IF_ERROR(map(&operands[0].place, extent_rows(call->m, call->lhs_stride, lhs_row), in_size, false, &lhs));
  IREE_RETURN_IF_ERROR(map(&operands[1].place, extent_rows(call->n, call->rhs_stride, rhs_row), in_size, false, &rhs));
  IREE_RETURN_IF_ERROR(map(&operands[2].place, extent_rows(call->m, call->out_stride, out_row), 4, true, &call->out));
  call->lhs = lhs;
  call->rhs = rhs;
  return iree_ok_status();
}

static iree_status_t call_mmt4d(iree_byte_span_t packed) {
  arguments_t arguments = {packed.data, 0};
  tiled_operand_t operands[3];
  uint64_t sizes[3];
  for (int i = 0; i < 3; ++i) IREE_RETURN_IF_ERROR(next_tiled(&arguments, &operands[i]));
  IREE_RETURN_IF_ERROR(next_sizes(&arguments, sizes, 3));
  vmvx_mmt4d_t call = {.m = sizes[0], .n = sizes[1], .k = sizes[2]};
  call.m0 = next_i32(&arguments);
  call.n0 = next_i32(&arguments);
  call.k0 = next_i32(&arguments);
  uint32_t flags = next_i32(&arguments);
  call.accumulate = flags & VMVX_MMT4D_ACCUMULATE;
  call.type = (vmvx_mmt4d_type_t)(flags & 0xFF);
  if (call.type != VMVX_MMT4D_F32 && call.type != VMVX_MMT4D_S8_S32) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "mmt4d of type %u; 1 (f32) and 2 (s8 to s32) are known",
                            flags & 0xFF);
  }
  IREE_RETURN_IF_ERROR(map_mmt4d(operands, &call));
  vmvx_mmt4d(&call);
  return iree_ok_status();
}

/* Bytes of an element by the type in the flags of pack and unpack: f32, i8, i32. */
static iree_status_t element_size_of(uint32_t flags, bool has_bytes, uint32_t* out_size) {
  uint32_t type = flags & 0xFF;
  if (type == 1 || type == 3 || (type == 2 && has_bytes)) {
    *out_size = type == 2 ? 1 : 4;
    return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%spack of type %u; 1 (f32)%s and 3 (i32) are known",
                          has_bytes ? "" : "un", type, has_bytes ? ", 2 (i8)" : "");
}

static iree_status_t map_pack(const operand_t* matrix, const operand_t* packed, bool is_unpack, vmvx_pack_t* call) {
  uint64_t tile = times(call->tiles[2], call->tiles[3]);
  uint64_t rows = extent_2d(call->tiles, packed->strides[0], packed->strides[1]);
  uint64_t extent = rows == 0 || tile == 0 ? 0 : plus(rows - 1, tile);
  call->matrix_stride0 = matrix->strides[0];
  call->matrix_stride1 = matrix->strides[1];
  call->packed_stride0 = packed->strides[0];
  call->packed_stride1 = packed->strides[1];
  IREE_RETURN_IF_ERROR(map(&packed->place, extent, call->element_size, !is_unpack, &call->packed));
  return map(&matrix->place, extent_2d(call->size, matrix->strides[0], matrix->strides[1]), call->element_size,
             is_unpack, &call->matrix);
}

static iree_status_t call_pack_or_unpack(iree_byte_span_t packed, bool is_unpack) {
  arguments_t arguments = {packed.data, 0};
  operand_t in, out;
  vmvx_pack_t call = {0};
  IREE_RETURN_IF_ERROR(next_operand(&arguments, &in));
  IREE_RETURN_IF_ERROR(next_operand(&arguments, &out));
  if (!is_unpack) IREE_RETURN_IF_ERROR(next_sizes(&arguments, call.size, 2));
  IREE_RETURN_IF_ERROR(next_sizes(&arguments, call.tiles, 4));
  if (is_unpack) IREE_RETURN_IF_ERROR(next_sizes(&arguments, call.size, 2));
  if (!is_unpack) call.padding = next_i64(&arguments);
  uint32_t flags = next_i32(&arguments);
  call.transpose_inner = flags & VMVX_PACK_TRANSPOSE_INNER;
  call.transpose_outer = flags & VMVX_PACK_TRANSPOSE_OUTER;
  IREE_RETURN_IF_ERROR(element_size_of(flags, !is_unpack, &call.element_size));
  IREE_RETURN_IF_ERROR(map_pack(is_unpack ? &out : &in, is_unpack ? &in : &out, is_unpack, &call));
  if (is_unpack) {
    vmvx_unpack(&call);
  } else {
    vmvx_pack(&call);
  }
  return iree_ok_status();
}

/* Tiles of 8 rows or columns and a depth of 4, whatever the sizes. */
static iree_status_t call_query_tile_sizes(iree_byte_span_t packed, iree_byte_span_t results) {
  enum { ROLE_LHS = 1, ROLE_RHS = 2, ROLE_RESULT = 3 };
  arguments_t arguments = {packed.data, 16}; /* sizes do not matter */
  uint32_t role = next_i32(&arguments) & 0xFF;
  if (role < ROLE_LHS || role > ROLE_RESULT) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "tile sizes of role %u; 1 (left), 2 (right) and 3 (result) are known", role);
  }
  int64_t tiles[2] = {8, role == ROLE_RESULT ? 8 : 4};
  memcpy(results.data, tiles, sizeof tiles);
  return iree_ok_status();
}

/* ---- Tables ------------------------------------------------------------------------------------------------------ */

/* Every function has a shim of its own: the interface knows no other way to say which kernel is meant. */
#define SHIM(name, call)                                                                                            \
  static iree_status_t shim_##name(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,              \
                                   iree_byte_span_t results, iree_vm_native_function_target_t target, void* module, \
                                   iree_vm_module_state_t* module_state) {                                          \
    (void)stack, (void)flags, (void)results, (void)target, (void)module, (void)module_state;                        \
    return call;                                                                                                    \
  }

#define UNARY "0rIIIrIIIII_v"
#define BINARY "0rIIIrIIIrIIIII_v"

/* FUNCTION(identifier, name, calling convention, call), sorted by name. */
#define VMVX_FUNCTIONS(FUNCTION)                                                                          \
  FUNCTION(abs_f32, "abs.2d.f32", UNARY, call_unary(arguments, 4, vmvx_abs_f32))                          \
  FUNCTION(add_f32, "add.2d.f32", BINARY, call_binary(arguments, vmvx_add_f32))                           \
  FUNCTION(add_i32, "add.2d.i32", BINARY, call_binary(arguments, vmvx_add_i32))                           \
  FUNCTION(and_i32, "and.2d.i32", BINARY, call_binary(arguments, vmvx_and_i32))                           \
  FUNCTION(ceil_f32, "ceil.2d.f32", UNARY, call_unary(arguments, 4, vmvx_ceil_f32))                       \
  FUNCTION(copy_x16, "copy.2d.x16", UNARY, call_unary(arguments, 2, vmvx_copy_x16))                       \
  FUNCTION(copy_x32, "copy.2d.x32", UNARY, call_unary(arguments, 4, vmvx_copy_x32))                       \
  FUNCTION(copy_x64, "copy.2d.x64", UNARY, call_unary(arguments, 8, vmvx_copy_x64))                       \
  FUNCTION(copy_x8, "copy.2d.x8", UNARY, call_unary(arguments, 1, vmvx_copy_x8))                          \
  FUNCTION(ctlz_i32, "ctlz.2d.i32", UNARY, call_unary(arguments, 4, vmvx_ctlz_i32))                       \
  FUNCTION(div_f32, "div.2d.f32", BINARY, call_binary(arguments, vmvx_div_f32))                           \
  FUNCTION(divs_i32, "divs.2d.i32", BINARY, call_binary(arguments, vmvx_divs_i32))                        \
  FUNCTION(divu_i32, "divu.2d.i32", BINARY, call_binary(arguments, vmvx_divu_i32))                        \
  FUNCTION(exp_f32, "exp.2d.f32", UNARY, call_unary(arguments, 4, vmvx_exp_f32))                          \
  FUNCTION(fill_x32, "fill.2d.x32", "0irIIII_v", call_fill(arguments))                                    \
  FUNCTION(floor_f32, "floor.2d.f32", UNARY, call_unary(arguments, 4, vmvx_floor_f32))                    \
  FUNCTION(log_f32, "log.2d.f32", UNARY, call_unary(arguments, 4, vmvx_log_f32))                          \
  FUNCTION(mmt4d, "mmt4d", "0rIIrIIrIIIIIiiii_v", call_mmt4d(arguments))                                  \
  FUNCTION(mul_f32, "mul.2d.f32", BINARY, call_binary(arguments, vmvx_mul_f32))                           \
  FUNCTION(mul_i32, "mul.2d.i32", BINARY, call_binary(arguments, vmvx_mul_i32))                           \
  FUNCTION(neg_f32, "neg.2d.f32", UNARY, call_unary(arguments, 4, vmvx_neg_f32))                          \
  FUNCTION(or_i32, "or.2d.i32", BINARY, call_binary(arguments, vmvx_or_i32))                              \
  FUNCTION(pack, "pack", "0rIIIrIIIIIIIIIIi_v", call_pack_or_unpack(arguments, false))                    \
  FUNCTION(query_tile_sizes, "query_tile_sizes.2d", "0IIi_II", call_query_tile_sizes(arguments, results)) \
  FUNCTION(rsqrt_f32, "rsqrt.2d.f32", UNARY, call_unary(arguments, 4, vmvx_rsqrt_f32))                    \
  FUNCTION(shl_i32, "shl.2d.i32", BINARY, call_binary(arguments, vmvx_shl_i32))                           \
  FUNCTION(shrs_i32, "shrs.2d.i32", BINARY, call_binary(arguments, vmvx_shrs_i32))                        \
  FUNCTION(shru_i32, "shru.2d.i32", BINARY, call_binary(arguments, vmvx_shru_i32))                        \
  FUNCTION(sub_f32, "sub.2d.f32", BINARY, call_binary(arguments, vmvx_sub_f32))                           \
  FUNCTION(sub_i32, "sub.2d.i32", BINARY, call_binary(arguments, vmvx_sub_i32))                           \
  FUNCTION(unpack, "unpack", "0rIIIrIIIIIIIIIi_v", call_pack_or_unpack(arguments, true))                  \
  FUNCTION(xor_i32, "xor.2d.i32", BINARY, call_binary(arguments, vmvx_xor_i32))

#define FUNCTION(identifier, name, convention, call) SHIM(identifier, call)
VMVX_FUNCTIONS(FUNCTION)
#undef FUNCTION

#define TEXT(literal) \
  { (literal), sizeof(literal) - 1 }
static const iree_vm_native_export_descriptor_t vmvx_exports[] = {
#define FUNCTION(identifier, name, convention, call) {TEXT(name), TEXT(convention), 0, NULL},
    VMVX_FUNCTIONS(FUNCTION)
#undef FUNCTION
};
static const iree_vm_native_function_ptr_t vmvx_functions[] = {
#define FUNCTION(identifier, name, convention, call) {shim_##identifier, NULL},
    VMVX_FUNCTIONS(FUNCTION)
#undef FUNCTION
};

static const iree_vm_native_module_descriptor_t vmvx_descriptor = {
    .name = TEXT("vmvx"),
    .version = 0,
    .export_count = sizeof vmvx_exports / sizeof *vmvx_exports,
    .exports = vmvx_exports,
    .function_count = sizeof vmvx_functions / sizeof *vmvx_functions,
    .functions = vmvx_functions,
};

iree_status_t iree_vmvx_module_create(iree_vm_instance_t* instance, iree_allocator_t host_allocator,
                                      iree_vm_module_t** out_module) {
  iree_vm_module_t interface;
  IREE_RETURN_IF_ERROR(iree_vm_module_initialize(&interface, NULL));
  return iree_vm_native_module_create(&interface, &vmvx_descriptor, instance, host_allocator, out_module);
}
