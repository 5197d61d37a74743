/* SPDX-License-Identifier: Apache-2.0 */
/* The allocator of the local devices: host memory that is device memory too, zeroed but for large buffers of queues. */
#include "hal/buffer_impl.h"

/* ---- Accounts ---------------------------------------------------------------------------------------------------- */

/* Changed atomically. */
typedef struct heap_account_t {
  iree_device_size_t peak;
  iree_device_size_t live;
  iree_device_size_t allocated;
} heap_account_t;

typedef struct heap_buffer_t heap_buffer_t;

/* Memory of so many buffers of such sizes is kept when they go: clearing new memory takes longer than most of what is
 * done with it. */
#define KEPT_COUNT 4
#define KEPT_SIZE_MIN (64 * 1024)
#define KEPT_SIZE_MAX (16 * 1024 * 1024)

typedef struct heap_allocator_t {
  iree_hal_allocator_t base;
  iree_allocator_t data_allocator;
  heap_buffer_t* kept[KEPT_COUNT]; /* exchanged atomically */
  heap_account_t host;
  heap_account_t device;
} heap_allocator_t;

static heap_account_t* account_of(heap_allocator_t* allocator, iree_hal_memory_type_t type) {
  bool is_host = (type & IREE_HAL_MEMORY_TYPE_HOST_LOCAL) == IREE_HAL_MEMORY_TYPE_HOST_LOCAL;
  return is_host ? &allocator->host : &allocator->device;
}

static void account_add(heap_account_t* account, iree_device_size_t size) {
  __atomic_fetch_add(&account->allocated, size, __ATOMIC_RELAXED);
  iree_device_size_t live = __atomic_add_fetch(&account->live, size, __ATOMIC_RELAXED);
  iree_device_size_t peak = __atomic_load_n(&account->peak, __ATOMIC_RELAXED);
  while (live > peak && !__atomic_compare_exchange_n(&account->peak, &peak, live, true, __ATOMIC_RELAXED,
                                                     __ATOMIC_RELAXED)) {
  }
}

static void account_remove(heap_account_t* account, iree_device_size_t size) {
  __atomic_fetch_sub(&account->live, size, __ATOMIC_RELAXED);
}

static void account_read(const heap_account_t* account, iree_device_size_t* out_peak, iree_device_size_t* out_allocated,
                         iree_device_size_t* out_freed) {
  iree_device_size_t live = __atomic_load_n(&account->live, __ATOMIC_RELAXED);
  *out_peak = __atomic_load_n(&account->peak, __ATOMIC_RELAXED);
  *out_allocated = __atomic_load_n(&account->allocated, __ATOMIC_RELAXED);
  *out_freed = *out_allocated - live;
}

static void heap_query_statistics(iree_hal_allocator_t* base, iree_hal_allocator_statistics_t* out_statistics) {
  heap_allocator_t* allocator = (heap_allocator_t*)base;
  iree_hal_allocator_statistics_t* out = out_statistics;
  account_read(&allocator->host, &out->host_bytes_peak, &out->host_bytes_allocated, &out->host_bytes_freed);
  account_read(&allocator->device, &out->device_bytes_peak, &out->device_bytes_allocated, &out->device_bytes_freed);
}

/* ---- Buffers ----------------------------------------------------------------------------------------------------- */

struct heap_buffer_t {
  iree_hal_buffer_t base;
  uint8_t* data;
  iree_device_size_t capacity;                /* of memory that can be kept; otherwise 0 */
  iree_hal_buffer_release_callback_t release; /* imported memory only */
};

/* False when there is no room. */
static bool keep(heap_allocator_t* allocator, heap_buffer_t* buffer) {
  if (buffer->capacity < KEPT_SIZE_MIN || buffer->capacity > KEPT_SIZE_MAX) return false;
  for (int i = 0; i < KEPT_COUNT; ++i) {
    heap_buffer_t* none = NULL;
    if (__atomic_compare_exchange_n(&allocator->kept[i], &none, buffer, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
      return true;
    }
  }
  return false;
}

static void keep_or_free(heap_allocator_t* allocator, heap_buffer_t* buffer) {
  if (!keep(allocator, buffer)) iree_allocator_free_aligned(allocator->data_allocator, buffer);
}

/* Kept memory for `size` bytes of which at least half is used, or NULL. */
static heap_buffer_t* take_kept(heap_allocator_t* allocator, iree_device_size_t size) {
  for (int i = 0; size >= KEPT_SIZE_MIN && i < KEPT_COUNT; ++i) {
    heap_buffer_t* buffer = __atomic_exchange_n(&allocator->kept[i], NULL, __ATOMIC_ACQ_REL);
    if (!buffer) continue;
    if (size <= buffer->capacity && size >= buffer->capacity / 2) return buffer;
    keep_or_free(allocator, buffer);
  }
  return NULL;
}

/* False when nothing was kept. */
static bool free_kept(heap_allocator_t* allocator) {
  bool had_any = false;
  for (int i = 0; i < KEPT_COUNT; ++i) {
    heap_buffer_t* buffer = __atomic_exchange_n(&allocator->kept[i], NULL, __ATOMIC_ACQ_REL);
    had_any |= buffer != NULL;
    iree_allocator_free_aligned(allocator->data_allocator, buffer);
  }
  return had_any;
}

static iree_status_t heap_host_pointer(iree_hal_buffer_t* buffer, uint8_t** out_pointer) {
  *out_pointer = ((heap_buffer_t*)buffer)->data;
  return iree_ok_status();
}

static void heap_buffer_destroy(iree_hal_buffer_t* buffer) {
  heap_allocator_t* allocator = (heap_allocator_t*)buffer->allocator;
  account_remove(account_of(allocator, buffer->memory_type), buffer->allocation_size);
  keep_or_free(allocator, (heap_buffer_t*)buffer);
}

static const hal_buffer_vtable_t heap_buffer_vtable = {.destroy = heap_buffer_destroy,
                                                       .host_pointer = heap_host_pointer};

static void imported_buffer_destroy(iree_hal_buffer_t* buffer) {
  iree_hal_buffer_release_callback_t release = ((heap_buffer_t*)buffer)->release;
  if (release.fn) release.fn(release.user_data, buffer);
  iree_allocator_free(buffer->host_allocator, buffer);
}

static const hal_buffer_vtable_t imported_buffer_vtable = {.destroy = imported_buffer_destroy,
                                                           .host_pointer = heap_host_pointer};

/* ---- Requests ---------------------------------------------------------------------------------------------------- */

static void grant(iree_hal_buffer_params_t* params) {
  params->type &= ~(iree_hal_memory_type_t)IREE_HAL_MEMORY_TYPE_OPTIMAL;
  params->type |= IREE_HAL_MEMORY_TYPE_HOST_VISIBLE | IREE_HAL_MEMORY_TYPE_HOST_COHERENT;
  params->usage |= IREE_HAL_BUFFER_USAGE_TRANSFER | IREE_HAL_BUFFER_USAGE_MAPPING |
                   IREE_HAL_BUFFER_USAGE_MAPPING_PERSISTENT;
  if (params->min_alignment < IREE_HAL_HEAP_BUFFER_ALIGNMENT) params->min_alignment = IREE_HAL_HEAP_BUFFER_ALIGNMENT;
}

static iree_hal_buffer_compatibility_t heap_query_compatibility(iree_hal_allocator_t* allocator,
                                                                iree_hal_buffer_params_t* inout_params,
                                                                iree_device_size_t* inout_size) {
  (void)allocator, (void)inout_size;
  grant(inout_params);
  iree_hal_buffer_compatibility_t result =
      IREE_HAL_BUFFER_COMPATIBILITY_ALLOCATABLE | IREE_HAL_BUFFER_COMPATIBILITY_IMPORTABLE |
      IREE_HAL_BUFFER_COMPATIBILITY_EXPORTABLE | IREE_HAL_BUFFER_COMPATIBILITY_QUEUE_TRANSFER;
  if (inout_params->usage & IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE) {
    result |= IREE_HAL_BUFFER_COMPATIBILITY_QUEUE_DISPATCH;
  }
  return result;
}

/* Object and data share one block: the object first, as aligned as the data that follow it. What is kept may have taken
 * the memory that is wanted now. */
static iree_status_t allocate_block(heap_allocator_t* allocator, iree_host_size_t alignment, iree_device_size_t size,
                                    heap_buffer_t** out_buffer) {
  iree_host_size_t header = (sizeof(heap_buffer_t) + alignment - 1) & ~(alignment - 1);
  void* block = NULL;
  iree_status_t status = iree_allocator_malloc_aligned(allocator->data_allocator, header + size, alignment, &block);
  if (!iree_status_is_ok(status) && free_kept(allocator)) {
    iree_status_free(status);
    status = iree_allocator_malloc_aligned(allocator->data_allocator, header + size, alignment, &block);
  }
  IREE_RETURN_IF_ERROR(status);
  *out_buffer = block;
  (*out_buffer)->data = (uint8_t*)block + header;
  (*out_buffer)->capacity = alignment == IREE_HAL_HEAP_BUFFER_ALIGNMENT ? size : 0;
  return iree_ok_status();
}

static void start_buffer(heap_allocator_t* allocator, iree_hal_buffer_params_t granted, iree_device_size_t size,
                         heap_buffer_t* buffer) {
  hal_buffer_initialize(&heap_buffer_vtable, granted, size, 0, &allocator->base, allocator->data_allocator,
                        &buffer->base);
  account_add(account_of(allocator, granted.type), size);
}

static iree_status_t heap_allocate(iree_hal_allocator_t* base, const iree_hal_buffer_params_t* params,
                                   iree_device_size_t size, iree_hal_buffer_t** out_buffer) {
  heap_allocator_t* allocator = (heap_allocator_t*)base;
  iree_hal_buffer_params_t granted = *params;
  grant(&granted);
  heap_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(allocate_block(allocator, granted.min_alignment, size, &buffer));
  start_buffer(allocator, granted, size, buffer);
  *out_buffer = &buffer->base;
  return iree_ok_status();
}

static iree_status_t heap_allocate_transient(iree_hal_allocator_t* base, const iree_hal_buffer_params_t* params,
                                             iree_device_size_t size, iree_hal_buffer_t** out_buffer) {
  heap_allocator_t* allocator = (heap_allocator_t*)base;
  iree_hal_buffer_params_t granted = *params;
  grant(&granted);
  heap_buffer_t* buffer =
      granted.min_alignment == IREE_HAL_HEAP_BUFFER_ALIGNMENT ? take_kept(allocator, size) : NULL;
  if (!buffer) return heap_allocate(base, params, size, out_buffer);
  start_buffer(allocator, granted, size, buffer);
  *out_buffer = &buffer->base;
  return iree_ok_status();
}

static iree_status_t heap_import_host(iree_hal_allocator_t* base, const iree_hal_buffer_params_t* params, void* data,
                                      iree_device_size_t length, iree_hal_buffer_release_callback_t release,
                                      iree_hal_buffer_t** out_buffer) {
  if ((uintptr_t)data % IREE_HAL_HEAP_BUFFER_ALIGNMENT) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "imported heap buffer data must be aligned to %d",
                            IREE_HAL_HEAP_BUFFER_ALIGNMENT);
  }
  iree_hal_buffer_params_t granted = *params;
  grant(&granted);
  heap_buffer_t* buffer = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(base->host_allocator, sizeof *buffer, (void**)&buffer));
  hal_buffer_initialize(&imported_buffer_vtable, granted, length, 0, base, base->host_allocator, &buffer->base);
  buffer->data = data;
  buffer->release = release;
  *out_buffer = &buffer->base;
  return iree_ok_status();
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void heap_destroy(iree_hal_allocator_t* allocator) {
  free_kept((heap_allocator_t*)allocator);
  iree_allocator_free(allocator->host_allocator, allocator);
}

static const hal_allocator_vtable_t heap_allocator_vtable = {.destroy = heap_destroy,
                                                             .query_statistics = heap_query_statistics,
                                                             .query_compatibility = heap_query_compatibility,
                                                             .allocate = heap_allocate,
                                                             .allocate_transient = heap_allocate_transient,
                                                             .import_host = heap_import_host};

iree_status_t iree_hal_allocator_create_heap(iree_string_view_t identifier, iree_allocator_t data_allocator,
                                             iree_allocator_t host_allocator, iree_hal_allocator_t** out_allocator) {
  (void)identifier;
  *out_allocator = NULL;
  heap_allocator_t* allocator = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(host_allocator, sizeof *allocator, (void**)&allocator));
  atomic_ref_count_init(&allocator->base.ref_object.counter);
  allocator->base.vtable = &heap_allocator_vtable;
  allocator->base.host_allocator = host_allocator;
  allocator->data_allocator = data_allocator;
  live_object_add(VMRT_OBJECT_HAL_ALLOCATOR);
  *out_allocator = &allocator->base;
  return iree_ok_status();
}
