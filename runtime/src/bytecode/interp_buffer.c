/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions on ranges of buffers, and what is wrong with an access that the loop refused. */
#include "bytecode/interp.h"

static iree_status_t buffer_null(const char* which) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%s is null", which);
}

static iree_status_t buffer_of(const interp_frame_t* frame, uint16_t slot, const char* which,
                               iree_vm_buffer_t** out_buffer) {
  *out_buffer = iree_vm_buffer_deref(frame->refs[slot & CODE_REGISTER_INDEX]);
  return *out_buffer ? iree_ok_status() : buffer_null(which);
}

/* Lengths and offsets are unsigned. */
static iree_host_size_t size_of(interp_frame_t* frame, uint16_t slot) {
  return (iree_host_size_t)load_64(&interp_registers(frame)[slot]);
}

/* Negative alignments are no powers of two either. */
static iree_host_size_t alignment_of(interp_frame_t* frame, uint16_t slot) {
  return (iree_host_size_t)(int64_t)interp_registers(frame)[slot];
}

iree_status_t interp_buffer_failure(const iree_vm_ref_t* ref, uint64_t offset, uint32_t element_size, bool is_write) {
  const iree_vm_buffer_t* buffer = iree_vm_buffer_deref(*ref);
  if (!buffer) return buffer_null(is_write ? "target buffer" : "source buffer");
  if (is_write && !(buffer->access & IREE_VM_BUFFER_ACCESS_MUTABLE)) {
    return iree_make_status(IREE_STATUS_PERMISSION_DENIED, "buffer is read-only and cannot be written");
  }
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "out-of-bounds access detected (element=%llu, size=%u, buffer length=%zu)",
                          (unsigned long long)offset, element_size, buffer->data.data_length);
}

#define GUEST_ACCESS (IREE_VM_BUFFER_ACCESS_MUTABLE | IREE_VM_BUFFER_ACCESS_ORIGIN_GUEST)

iree_status_t interp_buffer_alloc(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_vm_buffer_create(GUEST_ACCESS, size_of(frame, ip->a), alignment_of(frame, ip->b),
                                             frame->state->allocator, &buffer));
  return iree_vm_ref_wrap_assign(buffer, iree_vm_buffer_type(), ref_at(frame->refs, ip->c));
}

iree_status_t interp_buffer_clone(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_buffer_t *source = NULL, *buffer = NULL;
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->a, "source buffer", &source));
  IREE_RETURN_IF_ERROR(iree_vm_buffer_clone(GUEST_ACCESS, source, size_of(frame, ip->b), size_of(frame, ip->c),
                                            alignment_of(frame, ip[1].slots[0]), frame->state->allocator, &buffer));
  return iree_vm_ref_wrap_assign(buffer, iree_vm_buffer_type(), ref_at(frame->refs, ip[1].slots[1]));
}

iree_status_t interp_buffer_copy(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_buffer_t *source = NULL, *target = NULL;
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->a, "source buffer", &source));
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->c, "target buffer", &target));
  return iree_vm_buffer_copy_bytes(source, size_of(frame, ip->b), target, size_of(frame, ip[1].slots[0]),
                                   size_of(frame, ip[1].slots[1]));
}

iree_status_t interp_buffer_compare(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_buffer_t *lhs = NULL, *rhs = NULL;
  bool is_equal = false;
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->a, "lhs buffer", &lhs));
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->c, "rhs buffer", &rhs));
  IREE_RETURN_IF_ERROR(iree_vm_buffer_compare_bytes(lhs, size_of(frame, ip->b), rhs, size_of(frame, ip[1].slots[0]),
                                                    size_of(frame, ip[1].slots[1]), &is_equal));
  interp_registers(frame)[ip[1].slots[2]] = is_equal;
  return iree_ok_status();
}

static iree_host_size_t fill_width(uint16_t op) {
  switch (op) {
    case CODE_BUFFER_FILL_I8: return 1;
    case CODE_BUFFER_FILL_I16: return 2;
    case CODE_BUFFER_FILL_I32: return 4;
    default: return 8;
  }
}

/* Little endian: the low bytes of the register are its first. */
iree_status_t interp_buffer_fill(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_buffer_t* target = NULL;
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->a, "target buffer", &target));
  return iree_vm_buffer_fill_elements(target, size_of(frame, ip->b), size_of(frame, ip->c), fill_width(ip->op),
                                      &interp_registers(frame)[ip[1].slots[0]]);
}

iree_status_t interp_buffer_hash(interp_frame_t* frame, const code_word_t* ip) {
  iree_vm_buffer_t* source = NULL;
  int64_t hash = 0;
  IREE_RETURN_IF_ERROR(buffer_of(frame, ip->a, "source buffer", &source));
  IREE_RETURN_IF_ERROR(iree_vm_buffer_hash(source, size_of(frame, ip->b), size_of(frame, ip->c), &hash));
  store_64(&interp_registers(frame)[ip[1].slots[0]], hash);
  return iree_ok_status();
}
