/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels of the module `vmvx`. Operands need not be aligned: elements are copied in and out. */
#include "hal/local/vmvx_kernels.h"

#include <math.h>

/* ---- Elements one by one ----------------------------------------------------------------------------------------- */

#define DEFINE_UNARY(name, T, expression)                                                   \
  void vmvx_##name(vmvx_operand_t in, vmvx_operand_t out, uint64_t size0, uint64_t size1) { \
    for (uint64_t i = 0; i < size0; ++i) {                                                  \
      for (uint64_t j = 0; j < size1; ++j) {                                                \
        T x;                                                                                \
        memcpy(&x, in.data + (i * in.stride0 + j * in.stride1) * sizeof(T), sizeof(T));     \
        T y = (expression);                                                                 \
        memcpy(out.data + (i * out.stride0 + j * out.stride1) * sizeof(T), &y, sizeof(T));  \
      }                                                                                     \
    }                                                                                       \
  }

static uint32_t leading_zeros(uint32_t x) {
  uint32_t count = 0;
  while (count < 32 && !(x >> (31 - count) & 1)) ++count;
  return count;
}

DEFINE_UNARY(abs_f32, float, fabsf(x))
DEFINE_UNARY(ceil_f32, float, ceilf(x))
DEFINE_UNARY(exp_f32, float, expf(x))
DEFINE_UNARY(floor_f32, float, floorf(x))
DEFINE_UNARY(log_f32, float, logf(x))
DEFINE_UNARY(neg_f32, float, -x)
DEFINE_UNARY(rsqrt_f32, float, 1.0f / sqrtf(x))
DEFINE_UNARY(ctlz_i32, uint32_t, leading_zeros(x))
DEFINE_UNARY(copy_x8, uint8_t, x)
DEFINE_UNARY(copy_x16, uint16_t, x)
DEFINE_UNARY(copy_x32, uint32_t, x)
DEFINE_UNARY(copy_x64, uint64_t, x)

#define DEFINE_BINARY(name, T, expression)                                                                       \
  void vmvx_##name(vmvx_operand_t lhs, vmvx_operand_t rhs, vmvx_operand_t out, uint64_t size0, uint64_t size1) { \
    for (uint64_t i = 0; i < size0; ++i) {                                                                       \
      for (uint64_t j = 0; j < size1; ++j) {                                                                     \
        T a, b;                                                                                                  \
        memcpy(&a, lhs.data + (i * lhs.stride0 + j * lhs.stride1) * sizeof(T), sizeof(T));                       \
        memcpy(&b, rhs.data + (i * rhs.stride0 + j * rhs.stride1) * sizeof(T), sizeof(T));                       \
        T y = (expression);                                                                                      \
        memcpy(out.data + (i * out.stride0 + j * out.stride1) * sizeof(T), &y, sizeof(T));                       \
      }                                                                                                          \
    }                                                                                                            \
  }

/* What C leaves open: division by zero gives all ones, the quotient that does not fit wraps. */
static uint32_t divide_signed(uint32_t a, uint32_t b) {
  if (b == 0) return UINT32_MAX;
  if (a == 0x80000000u && b == UINT32_MAX) return a;
  return (uint32_t)((int32_t)a / (int32_t)b);
}
static uint32_t divide_unsigned(uint32_t a, uint32_t b) { return b == 0 ? UINT32_MAX : a / b; }
static uint32_t shift_signed(uint32_t a, uint32_t b) { return (uint32_t)((int32_t)a >> (b & 31)); }

DEFINE_BINARY(add_f32, float, a + b)
DEFINE_BINARY(sub_f32, float, a - b)
DEFINE_BINARY(mul_f32, float, a* b)
DEFINE_BINARY(div_f32, float, a / b)
DEFINE_BINARY(add_i32, uint32_t, a + b)
DEFINE_BINARY(sub_i32, uint32_t, a - b)
DEFINE_BINARY(mul_i32, uint32_t, a* b)
DEFINE_BINARY(and_i32, uint32_t, a& b)
DEFINE_BINARY(or_i32, uint32_t, a | b)
DEFINE_BINARY(xor_i32, uint32_t, a ^ b)
DEFINE_BINARY(shl_i32, uint32_t, a << (b & 31))
DEFINE_BINARY(shrs_i32, uint32_t, shift_signed(a, b))
DEFINE_BINARY(shru_i32, uint32_t, a >> (b & 31))
DEFINE_BINARY(divs_i32, uint32_t, divide_signed(a, b))
DEFINE_BINARY(divu_i32, uint32_t, divide_unsigned(a, b))

void vmvx_fill_x32(uint32_t value, uint8_t* out, uint64_t row_stride, uint64_t size0, uint64_t size1) {
  for (uint64_t i = 0; i < size0; ++i) {
    for (uint64_t j = 0; j < size1; ++j) memcpy(out + (i * row_stride + j) * sizeof value, &value, sizeof value);
  }
}

/* ---- Products of tiles ------------------------------------------------------------------------------------------- */

/* Element (i0, j0) of one output tile. */
static float product_f32(const vmvx_mmt4d_t* call, const uint8_t* lhs, const uint8_t* rhs, uint64_t i0, uint64_t j0,
                         float sum) {
  for (uint64_t k = 0; k < call->k; ++k) {
    for (uint64_t k0 = 0; k0 < call->k0; ++k0) {
      float a, b;
      memcpy(&a, lhs + ((k * call->m0 + i0) * call->k0 + k0) * sizeof a, sizeof a);
      memcpy(&b, rhs + ((k * call->n0 + j0) * call->k0 + k0) * sizeof b, sizeof b);
      sum += a * b;
    }
  }
  return sum;
}

static uint32_t product_s8(const vmvx_mmt4d_t* call, const uint8_t* lhs, const uint8_t* rhs, uint64_t i0, uint64_t j0,
                           uint32_t sum) {
  for (uint64_t k = 0; k < call->k; ++k) {
    for (uint64_t k0 = 0; k0 < call->k0; ++k0) {
      int8_t a = (int8_t)lhs[(k * call->m0 + i0) * call->k0 + k0];
      int8_t b = (int8_t)rhs[(k * call->n0 + j0) * call->k0 + k0];
      sum += (uint32_t)(a * b);
    }
  }
  return sum;
}

static void product_tile(const vmvx_mmt4d_t* call, const uint8_t* lhs, const uint8_t* rhs, uint8_t* out) {
  for (uint64_t i0 = 0; i0 < call->m0; ++i0) {
    for (uint64_t j0 = 0; j0 < call->n0; ++j0) {
      uint8_t* place = out + (i0 * call->n0 + j0) * 4;
      uint32_t bits = 0;
      if (call->accumulate) memcpy(&bits, place, sizeof bits);
      if (call->type == VMVX_MMT4D_F32) {
        float sum;
        memcpy(&sum, &bits, sizeof sum);
        sum = product_f32(call, lhs, rhs, i0, j0, sum);
        memcpy(&bits, &sum, sizeof bits);
      } else {
        bits = product_s8(call, lhs, rhs, i0, j0, bits);
      }
      memcpy(place, &bits, sizeof bits);
    }
  }
}

void vmvx_mmt4d(const vmvx_mmt4d_t* call) {
  uint64_t in_size = call->type == VMVX_MMT4D_F32 ? 4 : 1;
  for (uint64_t i = 0; i < call->m; ++i) {
    for (uint64_t j = 0; j < call->n; ++j) {
      product_tile(call, call->lhs + i * call->lhs_stride * in_size, call->rhs + j * call->rhs_stride * in_size,
                   call->out + (i * call->out_stride + j * call->m0 * call->n0) * 4);
    }
  }
}

/* ---- Between matrices and tiles ---------------------------------------------------------------------------------- */

typedef void (*tile_element_t)(const vmvx_pack_t* call, uint8_t* packed, uint8_t* matrix);

static void pack_element(const vmvx_pack_t* call, uint8_t* packed, uint8_t* matrix) {
  memcpy(packed, matrix ? (const void*)matrix : &call->padding, call->element_size);
}

static void unpack_element(const vmvx_pack_t* call, uint8_t* packed, uint8_t* matrix) {
  if (matrix) memcpy(matrix, packed, call->element_size);
}

/* Calls `visit` for the elements of one tile; those outside of the matrix have none in it. */
static void walk_tile(const vmvx_pack_t* call, uint64_t outer0, uint64_t outer1, tile_element_t visit) {
  uint8_t* tile = call->packed + (outer0 * call->packed_stride0 + outer1 * call->packed_stride1) * call->element_size;
  uint64_t height = call->transpose_inner ? call->tiles[3] : call->tiles[2];
  uint64_t width = call->transpose_inner ? call->tiles[2] : call->tiles[3];
  uint64_t row = (call->transpose_outer ? outer1 : outer0) * height;
  uint64_t column = (call->transpose_outer ? outer0 : outer1) * width;
  for (uint64_t i = 0; i < call->tiles[2]; ++i) {
    for (uint64_t j = 0; j < call->tiles[3]; ++j) {
      uint64_t y = row + (call->transpose_inner ? j : i), x = column + (call->transpose_inner ? i : j);
      bool is_inside = y < call->size[0] && x < call->size[1];
      uint64_t at = is_inside ? y * call->matrix_stride0 + x * call->matrix_stride1 : 0;
      visit(call, tile + (i * call->tiles[3] + j) * call->element_size,
            is_inside ? call->matrix + at * call->element_size : NULL);
    }
  }
}

static void walk_tiles(const vmvx_pack_t* call, tile_element_t visit) {
  for (uint64_t i = 0; i < call->tiles[0]; ++i) {
    for (uint64_t j = 0; j < call->tiles[1]; ++j) walk_tile(call, i, j, visit);
  }
}

void vmvx_pack(const vmvx_pack_t* call) { walk_tiles(call, pack_element); }

void vmvx_unpack(const vmvx_pack_t* call) { walk_tiles(call, unpack_element); }
