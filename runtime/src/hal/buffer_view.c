/* SPDX-License-Identifier: Apache-2.0 */
/* Buffer views: life, properties and how many bytes a shape takes. */
#include "hal/buffer_impl.h"
#include "iree/hal/buffer_view.h"

struct iree_hal_buffer_view_t {
  iree_vm_ref_object_t ref_object;
  iree_hal_element_type_t element_type;
  iree_hal_encoding_type_t encoding_type;
  iree_hal_buffer_t* buffer; /* retained */
  iree_allocator_t host_allocator;
  iree_host_size_t element_count;
  iree_host_size_t shape_rank;
  iree_hal_dim_t shape[];
};

/* ---- Sizes ------------------------------------------------------------------------------------------------------- */

/* A shape with a dimension of 0 has no elements, however long the others are. */
static iree_status_t count_elements(iree_host_size_t rank, const iree_hal_dim_t* shape, iree_host_size_t* out_count) {
  iree_host_size_t count = 1, overflow_at = rank;
  for (iree_host_size_t i = 0; i < rank; ++i) {
    if (shape[i] == 0) {
      *out_count = 0;
      return iree_ok_status();
    }
    if (overflow_at == rank && count > IREE_HOST_SIZE_MAX / shape[i]) overflow_at = i;
    count *= shape[i];
  }
  if (overflow_at < rank) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "shape element count overflows device size at dimension %zu",
                            overflow_at);
  }
  *out_count = count;
  return iree_ok_status();
}

static iree_status_t count_bytes(iree_host_size_t count, iree_hal_element_type_t type, iree_device_size_t* out_bytes) {
  iree_device_size_t bits = iree_hal_element_bit_count(type);
  if (bits == 0) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "opaque element types cannot be indexed");
  iree_device_size_t whole = bits / 8, rest = bits % 8;
  iree_device_size_t rest_bytes = count / 8 * rest + (count % 8 * rest + 7) / 8; /* at most 7/8 of count, and 7 */
  if (whole && count > (UINT64_MAX - rest_bytes) / whole) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "packed byte count overflows device size (%zu elements of %u bits)", count, (unsigned)bits);
  }
  *out_bytes = count * whole + rest_bytes;
  return iree_ok_status();
}

iree_status_t iree_hal_buffer_compute_view_size(iree_host_size_t shape_rank, const iree_hal_dim_t* shape,
                                                iree_hal_element_type_t element_type,
                                                iree_hal_encoding_type_t encoding_type,
                                                iree_device_size_t* out_allocation_size) {
  (void)encoding_type;
  iree_host_size_t count = 0;
  IREE_RETURN_IF_ERROR(count_elements(shape_rank, shape, &count));
  return count_bytes(count, element_type, out_allocation_size);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static iree_status_t check_size(iree_hal_buffer_t* buffer, iree_host_size_t count, iree_hal_element_type_t type) {
  iree_device_size_t needed = 0;
  IREE_RETURN_IF_ERROR(count_bytes(count, type, &needed));
  if (needed <= buffer->byte_length) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                          "buffer view byte length %llu exceeds backing buffer byte length %llu",
                          (unsigned long long)needed, (unsigned long long)buffer->byte_length);
}

static iree_status_t allocate_view(iree_host_size_t rank, iree_allocator_t host_allocator,
                                   iree_hal_buffer_view_t** out_view) {
  iree_host_size_t size = sizeof **out_view;
  if (rank > (IREE_HOST_SIZE_MAX - size) / sizeof(iree_hal_dim_t)) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "a shape of %zu dimensions does not fit the address space", rank);
  }
  return iree_allocator_malloc_uninitialized(host_allocator, size + rank * sizeof(iree_hal_dim_t), (void**)out_view);
}

iree_status_t iree_hal_buffer_view_create(iree_hal_buffer_t* buffer, iree_host_size_t shape_rank,
                                          const iree_hal_dim_t* shape, iree_hal_element_type_t element_type,
                                          iree_hal_encoding_type_t encoding_type, iree_allocator_t host_allocator,
                                          iree_hal_buffer_view_t** out_buffer_view) {
  *out_buffer_view = NULL;
  iree_host_size_t count = 0;
  IREE_RETURN_IF_ERROR(count_elements(shape_rank, shape, &count));
  IREE_RETURN_IF_ERROR(check_size(buffer, count, element_type));
  iree_hal_buffer_view_t* view = NULL;
  IREE_RETURN_IF_ERROR(allocate_view(shape_rank, host_allocator, &view));
  atomic_ref_count_init(&view->ref_object.counter);
  view->element_type = element_type;
  view->encoding_type = encoding_type;
  view->buffer = buffer;
  view->host_allocator = host_allocator;
  view->element_count = count;
  view->shape_rank = shape_rank;
  if (shape_rank) memcpy(view->shape, shape, shape_rank * sizeof *shape);
  iree_hal_buffer_retain(buffer);
  live_object_add(VMRT_OBJECT_HAL_BUFFER_VIEW);
  *out_buffer_view = view;
  return iree_ok_status();
}

static void buffer_view_destroy(iree_hal_buffer_view_t* view) {
  iree_hal_buffer_release(view->buffer);
  iree_allocator_free(view->host_allocator, view);
  live_object_remove(VMRT_OBJECT_HAL_BUFFER_VIEW);
}

HAL_DEFINE_REFERENCE_COUNT(iree_hal_buffer_view, iree_hal_buffer_view_t, buffer_view_destroy)

/* ---- Properties -------------------------------------------------------------------------------------------------- */

iree_hal_buffer_t* iree_hal_buffer_view_buffer(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->buffer;
}

iree_host_size_t iree_hal_buffer_view_shape_rank(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->shape_rank;
}

const iree_hal_dim_t* iree_hal_buffer_view_shape_dims(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->shape;
}

iree_hal_dim_t iree_hal_buffer_view_shape_dim(const iree_hal_buffer_view_t* buffer_view, iree_host_size_t index) {
  return index < buffer_view->shape_rank ? buffer_view->shape[index] : 0;
}

iree_host_size_t iree_hal_buffer_view_element_count(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->element_count;
}

iree_hal_element_type_t iree_hal_buffer_view_element_type(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->element_type;
}

iree_hal_encoding_type_t iree_hal_buffer_view_encoding_type(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->encoding_type;
}

iree_device_size_t iree_hal_buffer_view_byte_length(const iree_hal_buffer_view_t* buffer_view) {
  return buffer_view->buffer->byte_length;
}
