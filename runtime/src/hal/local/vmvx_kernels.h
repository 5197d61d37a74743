/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of the module `vmvx`: loops over 2-d operands and tiles that are already checked. */
#ifndef VMRT_HAL_LOCAL_VMVX_KERNELS_H_
#define VMRT_HAL_LOCAL_VMVX_KERNELS_H_

#include "iree/base/api.h"

/* Element (i, j) is `i * stride0 + j * stride1` elements behind `data`. */
typedef struct vmvx_operand_t {
  uint8_t* data;
  uint64_t stride0;
  uint64_t stride1;
} vmvx_operand_t;

typedef void (*vmvx_unary_t)(vmvx_operand_t in, vmvx_operand_t out, uint64_t size0, uint64_t size1);
typedef void (*vmvx_binary_t)(vmvx_operand_t lhs, vmvx_operand_t rhs, vmvx_operand_t out, uint64_t size0,
                              uint64_t size1);

#define VMVX_UNARY_KERNELS(X)                                                                               \
  X(abs_f32)                                                                                                \
  X(ceil_f32) X(exp_f32) X(floor_f32) X(log_f32) X(neg_f32) X(rsqrt_f32) X(ctlz_i32) X(copy_x8) X(copy_x16) \
      X(copy_x32) X(copy_x64)
#define VMVX_BINARY_KERNELS(X)                                                                                 \
  X(add_f32)                                                                                                   \
  X(sub_f32) X(mul_f32) X(div_f32) X(add_i32) X(sub_i32) X(mul_i32) X(and_i32) X(or_i32) X(xor_i32) X(shl_i32) \
      X(shrs_i32) X(shru_i32) X(divs_i32) X(divu_i32)
#define DECLARE_UNARY(name) void vmvx_##name(vmvx_operand_t in, vmvx_operand_t out, uint64_t size0, uint64_t size1);
#define DECLARE_BINARY(name) \
  void vmvx_##name(vmvx_operand_t lhs, vmvx_operand_t rhs, vmvx_operand_t out, uint64_t size0, uint64_t size1);
VMVX_UNARY_KERNELS(DECLARE_UNARY)
VMVX_BINARY_KERNELS(DECLARE_BINARY)
#undef DECLARE_UNARY
#undef DECLARE_BINARY

/* Rows of `size1` elements, `row_stride` elements apart. */
void vmvx_fill_x32(uint32_t value, uint8_t* out, uint64_t row_stride, uint64_t size0, uint64_t size1);

/* ---- Tiles ------------------------------------------------------------------------------------------------------- */

typedef enum vmvx_mmt4d_type_e { VMVX_MMT4D_F32 = 1, VMVX_MMT4D_S8_S32 = 2 } vmvx_mmt4d_type_t;
#define VMVX_MMT4D_ACCUMULATE 0x100u

/* Row strides are in elements between rows of tiles. */
typedef struct vmvx_mmt4d_t {
  vmvx_mmt4d_type_t type;
  bool accumulate;
  const uint8_t* lhs;
  const uint8_t* rhs;
  uint8_t* out;
  uint64_t lhs_stride, rhs_stride, out_stride;
  uint64_t m, n, k;
  uint64_t m0, n0, k0;
} vmvx_mmt4d_t;
void vmvx_mmt4d(const vmvx_mmt4d_t* call);

#define VMVX_PACK_TRANSPOSE_INNER 0x100u
#define VMVX_PACK_TRANSPOSE_OUTER 0x200u

/* Between a matrix of `size[0]` by `size[1]` and tiles `[tiles[0]][tiles[1]][tiles[2]][tiles[3]]`. */
typedef struct vmvx_pack_t {
  uint32_t element_size;
  bool transpose_inner, transpose_outer;
  uint8_t* matrix;
  uint64_t matrix_stride0, matrix_stride1;
  uint64_t size[2];
  uint8_t* packed;
  uint64_t packed_stride0; /* elements between outer rows of tiles */
  uint64_t packed_stride1; /* elements between tiles */
  uint64_t tiles[4];
  uint64_t padding; /* little endian bits of an element */
} vmvx_pack_t;
void vmvx_pack(const vmvx_pack_t* call);
void vmvx_unpack(const vmvx_pack_t* call);

#endif /* VMRT_HAL_LOCAL_VMVX_KERNELS_H_ */
