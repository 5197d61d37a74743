/* SPDX-License-Identifier: Apache-2.0 */
/* Byte buffers: life and access to ranges. Work on the bytes is in buffer_bytes.c. */
#include "iree/vm/buffer.h"

#include "base/atomics.h"
#include "iree/vm/module.h"
#include "vm/buffer_range.h"
#include "vm/type_adapters.h"

/* A longer buffer is taken for a mistake. */
#define BUFFER_MAX_LENGTH ((uint64_t)1 << 34)
#define BUFFER_MAX_ALIGNMENT ((iree_host_size_t)1 << 30)
#define BUFFER_DEFAULT_ALIGNMENT 16

static void buffer_destroy(void* object);

static const iree_vm_ref_type_descriptor_t buffer_descriptor = {
    .destroy = buffer_destroy, .type_name = {"vm.buffer", 9}, .offsetof_counter = 0};

VM_DEFINE_TYPE_ADAPTERS(iree_vm_buffer, iree_vm_buffer_t, buffer_descriptor);

/* ---- Life -------------------------------------------------------------------------------------------------------- */

void iree_vm_buffer_initialize(uint32_t access, iree_byte_span_t data, iree_allocator_t allocator,
                               iree_vm_buffer_t* out_buffer) {
  memset(out_buffer, 0, sizeof *out_buffer);
  atomic_ref_count_init(&out_buffer->ref_object.counter);
  out_buffer->access = access & ~(uint32_t)IREE_VM_BUFFER_ACCESS_STORAGE_ALIGNED;
  out_buffer->data = data;
  out_buffer->allocator = allocator;
}

void iree_vm_buffer_initialize_module_storage(iree_byte_span_t data, iree_vm_module_t* module,
                                              iree_vm_buffer_t* out_buffer) {
  iree_vm_buffer_initialize(IREE_VM_BUFFER_ACCESS_ORIGIN_MODULE, data, iree_allocator_null(), out_buffer);
  out_buffer->ref_object.counter.value = 0;
  out_buffer->storage_module = module;
}

void iree_vm_buffer_deinitialize(iree_vm_buffer_t* buffer) { memset(buffer, 0, sizeof *buffer); }

static iree_status_t buffer_check_size(iree_host_size_t length, iree_host_size_t alignment) {
  if ((alignment & (alignment - 1)) != 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "buffer alignment %zu is not a power of two", alignment);
  }
  if (length <= BUFFER_MAX_LENGTH && alignment <= BUFFER_MAX_ALIGNMENT) return iree_ok_status();
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                          "a buffer of %zu bytes aligned to %zu is over the limit of %llu bytes aligned to %zu", length,
                          alignment, (unsigned long long)BUFFER_MAX_LENGTH, BUFFER_MAX_ALIGNMENT);
}

/* Object and data share one block of the aligned scheme: the object is as aligned as the data that follow it. */
iree_status_t iree_vm_buffer_create(uint32_t access, iree_host_size_t length, iree_host_size_t alignment,
                                    iree_allocator_t allocator, iree_vm_buffer_t** out_buffer) {
  *out_buffer = NULL;
  if (alignment == 0) alignment = BUFFER_DEFAULT_ALIGNMENT;
  IREE_RETURN_IF_ERROR(buffer_check_size(length, alignment));
  if (alignment < BUFFER_DEFAULT_ALIGNMENT) alignment = BUFFER_DEFAULT_ALIGNMENT;
  iree_host_size_t header = (sizeof(iree_vm_buffer_t) + alignment - 1) & ~(alignment - 1);
  iree_vm_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_aligned(allocator, header + length, alignment, (void**)&buffer));
  atomic_ref_count_init(&buffer->ref_object.counter);
  buffer->access = access | IREE_VM_BUFFER_ACCESS_STORAGE_ALIGNED;
  buffer->data = iree_make_byte_span((uint8_t*)buffer + header, length);
  buffer->allocator = allocator;
  live_object_add(VMRT_OBJECT_BUFFER);
  *out_buffer = buffer;
  return iree_ok_status();
}

/* Constants belong to their module. What is not marked as aligned was made by hand, by a module without a runtime. */
static void buffer_destroy(void* object) {
  iree_vm_buffer_t* buffer = object;
  iree_allocator_t allocator = buffer->allocator;
  if (buffer->storage_module) {
    iree_vm_module_release(buffer->storage_module);
  } else if (buffer->access & IREE_VM_BUFFER_ACCESS_STORAGE_ALIGNED) {
    iree_allocator_free_aligned(allocator, buffer);
    live_object_remove(VMRT_OBJECT_BUFFER);
  } else {
    iree_allocator_free(allocator, buffer);
  }
}

void iree_vm_buffer_retain(iree_vm_buffer_t* buffer) {
  if (buffer) vm_object_retain(buffer, iree_vm_buffer_type());
}

void iree_vm_buffer_release(iree_vm_buffer_t* buffer) {
  if (buffer) vm_object_release(buffer, iree_vm_buffer_type());
}

iree_status_t iree_vm_buffer_wrap_retain(iree_vm_buffer_t* buffer, iree_vm_ref_t* out_ref) {
  return iree_vm_ref_wrap_retain(buffer, iree_vm_buffer_type(), out_ref);
}

/* ---- Properties -------------------------------------------------------------------------------------------------- */

iree_host_size_t iree_vm_buffer_length(const iree_vm_buffer_t* buffer) { return buffer->data.data_length; }

uint8_t* iree_vm_buffer_data(const iree_vm_buffer_t* buffer) { return buffer->data.data; }

uint32_t iree_vm_buffer_access(const iree_vm_buffer_t* buffer) { return buffer->access; }

iree_byte_span_t iree_vm_buffer_contents(const iree_vm_buffer_t* buffer) {
  return buffer->access & IREE_VM_BUFFER_ACCESS_MUTABLE ? buffer->data : iree_byte_span_empty();
}

iree_const_byte_span_t iree_vm_buffer_const_contents(const iree_vm_buffer_t* buffer) {
  return iree_const_cast_byte_span(buffer->data);
}

/* ---- Ranges ------------------------------------------------------------------------------------------------------ */

iree_status_t vm_buffer_check_range(const iree_vm_buffer_t* buffer, iree_host_size_t offset, iree_host_size_t length) {
  iree_host_size_t size = buffer->data.data_length;
  if (offset <= size && length <= size - offset) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "out-of-bounds access detected: %zu bytes from %zu of a buffer of %zu bytes", length, offset,
                          size);
}

iree_status_t vm_buffer_check_mutable(const iree_vm_buffer_t* buffer) {
  if (buffer->access & IREE_VM_BUFFER_ACCESS_MUTABLE) return iree_ok_status();
  return iree_make_status(IREE_STATUS_PERMISSION_DENIED, "buffer is read-only and cannot be written");
}

/* Rounds a range down to `alignment`; 0 and 1 leave it as it is. */
static iree_status_t buffer_align_range(iree_host_size_t alignment, iree_host_size_t* offset,
                                        iree_host_size_t* length) {
  if (alignment == 0) return iree_ok_status();
  if ((alignment & (alignment - 1)) != 0) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "mapping alignment %zu is not a power of two", alignment);
  }
  *offset &= ~(alignment - 1);
  *length &= ~(alignment - 1);
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_map_ro(const iree_vm_buffer_t* buffer, iree_host_size_t offset, iree_host_size_t length,
                                    iree_host_size_t alignment, iree_const_byte_span_t* out_span) {
  IREE_RETURN_IF_ERROR(buffer_align_range(alignment, &offset, &length));
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(buffer, offset, length));
  *out_span = iree_make_const_byte_span(vm_buffer_at(buffer, offset), length);
  return iree_ok_status();
}

iree_status_t iree_vm_buffer_map_rw(const iree_vm_buffer_t* buffer, iree_host_size_t offset, iree_host_size_t length,
                                    iree_host_size_t alignment, iree_byte_span_t* out_span) {
  IREE_RETURN_IF_ERROR(vm_buffer_check_mutable(buffer));
  IREE_RETURN_IF_ERROR(buffer_align_range(alignment, &offset, &length));
  IREE_RETURN_IF_ERROR(vm_buffer_check_range(buffer, offset, length));
  *out_span = iree_make_byte_span(vm_buffer_at(buffer, offset), length);
  return iree_ok_status();
}
