/* SPDX-License-Identifier: Apache-2.0 */
/* Lists: storage, growth and destruction. Access to elements is in list_elements.c. */
#include "vm/list_layout.h"

#include "vm/ref_inline.h"
#include "vm/type_adapters.h"

/* More bytes of elements than this is taken for a mistake. */
#define LIST_MAX_BYTES ((iree_host_size_t)1 << 30)
/* Capacities that the list chooses itself are multiples of this. */
#define LIST_CAPACITY_STEP 64

_Static_assert(sizeof(iree_vm_list_t) == 72, "static lists have a published size");

static void list_destroy(void* object);

static const iree_vm_ref_type_descriptor_t list_descriptor = {
    .destroy = list_destroy, .type_name = {"vm.list", 7}, .offsetof_counter = 0};

VM_DEFINE_TYPE_ADAPTERS(iree_vm_list, iree_vm_list_t, list_descriptor);

/* ---- Shape ------------------------------------------------------------------------------------------------------- */

static vm_list_mode_t list_mode_of(iree_vm_type_def_t type) {
  if (iree_vm_type_def_is_value(type)) return VM_LIST_VALUES;
  return iree_vm_type_def_is_ref(type) ? VM_LIST_REFS : VM_LIST_VARIANTS;
}

static iree_host_size_t list_element_size(iree_vm_type_def_t type) {
  switch (list_mode_of(type)) {
    case VM_LIST_VALUES:
      return iree_vm_value_type_size(iree_vm_type_def_as_value(type));
    case VM_LIST_REFS:
      return sizeof(iree_vm_ref_t);
    case VM_LIST_VARIANTS:
      return sizeof(iree_vm_variant_t);
  }
  return 0;
}

static void list_set_shape(iree_vm_type_def_t type, iree_vm_list_t* list) {
  list->mode = list_mode_of(type);
  list->element_type = type;
  list->element_size = list_element_size(type);
  list->ref_type = list->mode == VM_LIST_REFS ? iree_vm_type_def_as_ref(type) : IREE_VM_REF_TYPE_NULL;
}

/* Neither a number and a reference at once nor the unused eighth number. */
static iree_status_t list_check_type(iree_vm_type_def_t type) {
  bool value = iree_vm_type_def_is_value(type);
  if (!value || (!iree_vm_type_def_is_ref(type) && list_element_size(type) != 0)) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "0x%zx is no type of list elements", (size_t)type.value);
}

static iree_status_t list_check_capacity(const iree_vm_list_t* list, iree_host_size_t capacity) {
  if (capacity <= LIST_MAX_BYTES / list->element_size) return iree_ok_status();
  return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                          "a list of %zu elements of %zu bytes is larger than the limit of %zu bytes", capacity,
                          list->element_size, LIST_MAX_BYTES);
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

iree_host_size_t iree_vm_list_storage_size(const iree_vm_type_def_t* element_type, iree_host_size_t capacity) {
  iree_host_size_t element_size = list_element_size(element_type ? *element_type : iree_vm_make_undefined_type_def());
  if (element_size != 0 && capacity > LIST_MAX_BYTES / element_size) return IREE_HOST_SIZE_MAX;
  return sizeof(iree_vm_list_t) + (capacity * element_size + 7) / 8 * 8;
}

iree_status_t iree_vm_list_initialize(iree_byte_span_t storage, const iree_vm_type_def_t* element_type,
                                      iree_host_size_t capacity, iree_vm_list_t** out_list) {
  iree_vm_type_def_t type = element_type ? *element_type : iree_vm_make_undefined_type_def();
  IREE_RETURN_IF_ERROR(list_check_type(type));
  iree_host_size_t required = iree_vm_list_storage_size(&type, capacity);
  if (storage.data_length < required) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "list storage of %zu bytes is smaller than the %zu required",
                            storage.data_length, required);
  }
  iree_vm_list_t* list = (iree_vm_list_t*)storage.data;
  memset(list, 0, sizeof *list);
  atomic_ref_count_init(&list->ref_object.counter);
  list_set_shape(type, list);
  list->capacity = capacity;
  list->storage = storage.data + sizeof *list;
  *out_list = list;
  return iree_ok_status();
}

void iree_vm_list_deinitialize(iree_vm_list_t* list) { iree_vm_list_clear(list); }

iree_status_t iree_vm_list_create(iree_vm_type_def_t element_type, iree_host_size_t initial_capacity,
                                  iree_allocator_t allocator, iree_vm_list_t** out_list) {
  *out_list = NULL;
  IREE_RETURN_IF_ERROR(list_check_type(element_type));
  iree_vm_list_t* list = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *list, (void**)&list));
  atomic_ref_count_init(&list->ref_object.counter);
  list->allocator = allocator;
  list_set_shape(element_type, list);
  iree_status_t status = iree_vm_list_reserve(list, initial_capacity);
  if (!iree_status_is_ok(status)) {
    iree_allocator_free(allocator, list);
    return status;
  }
  live_object_add(VMRT_OBJECT_LIST);
  *out_list = list;
  return iree_ok_status();
}

void iree_vm_list_retain(iree_vm_list_t* list) {
  if (list) vm_object_retain(list, iree_vm_list_type());
}

void iree_vm_list_release(iree_vm_list_t* list) {
  if (list) vm_object_release(list, iree_vm_list_type());
}

static void list_free(iree_vm_list_t* list) {
  iree_vm_list_clear(list);
  iree_allocator_t allocator = list->allocator;
  if (iree_allocator_is_null(allocator)) return;
  iree_allocator_free(allocator, list->storage);
  iree_allocator_free(allocator, list);
  live_object_remove(VMRT_OBJECT_LIST);
}

/* A program can nest lists as deep as it likes. So that the depth is not the depth of our recursion, lists that die
 * while another one is being freed on this thread wait in a chain, linked by their capacity, which nobody needs any
 * more. */
static _Thread_local iree_vm_list_t* list_dying_first = NULL;
static _Thread_local bool list_is_freeing = false;

static void list_destroy(void* object) {
  iree_vm_list_t* list = object;
  if (list_is_freeing) {
    list->capacity = (iree_host_size_t)(uintptr_t)list_dying_first;
    list_dying_first = list;
    return;
  }
  list_is_freeing = true;
  while (list) {
    list_free(list);
    list = list_dying_first;
    if (list) list_dying_first = (iree_vm_list_t*)(uintptr_t)list->capacity;
  }
  list_is_freeing = false;
}

/* ---- Size -------------------------------------------------------------------------------------------------------- */

iree_vm_type_def_t iree_vm_list_element_type(const iree_vm_list_t* list) { return list->element_type; }

iree_host_size_t iree_vm_list_capacity(const iree_vm_list_t* list) { return list->capacity; }

iree_host_size_t iree_vm_list_size(const iree_vm_list_t* list) { return list->count; }

/* At least double, in steps, but never over the limit because of that. */
static iree_host_size_t list_grown_capacity(const iree_vm_list_t* list, iree_host_size_t minimum_capacity) {
  iree_host_size_t limit = LIST_MAX_BYTES / list->element_size;
  iree_host_size_t capacity = list->capacity * 2 > minimum_capacity ? list->capacity * 2 : minimum_capacity;
  capacity = (capacity + LIST_CAPACITY_STEP - 1) / LIST_CAPACITY_STEP * LIST_CAPACITY_STEP;
  return capacity < limit ? capacity : limit;
}

iree_status_t iree_vm_list_reserve(iree_vm_list_t* list, iree_host_size_t minimum_capacity) {
  if (minimum_capacity <= list->capacity) return iree_ok_status();
  if (iree_allocator_is_null(list->allocator)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "a list in storage of its owner cannot grow from %zu to %zu",
                            list->capacity, minimum_capacity);
  }
  IREE_RETURN_IF_ERROR(list_check_capacity(list, minimum_capacity));
  iree_host_size_t capacity = list_grown_capacity(list, minimum_capacity);
  IREE_RETURN_IF_ERROR(
      iree_allocator_realloc(list->allocator, capacity * list->element_size, (void**)&list->storage));
  list->capacity = capacity;
  return iree_ok_status();
}

void vm_list_release_element(const iree_vm_list_t* list, iree_host_size_t i) {
  if (list->mode == VM_LIST_REFS) vm_ref_release(vm_list_ref_at(list, i));
  if (list->mode == VM_LIST_VARIANTS) iree_vm_variant_reset(vm_list_variant_at(list, i));
}

/* The list is as short as it claims whenever an element's destruction looks at it. */
static void list_truncate(iree_vm_list_t* list, iree_host_size_t new_size) {
  if (list->mode == VM_LIST_VALUES) list->count = new_size;
  while (list->count > new_size) {
    --list->count;
    vm_list_release_element(list, list->count);
  }
}

iree_status_t iree_vm_list_resize(iree_vm_list_t* list, iree_host_size_t new_size) {
  if (new_size <= list->count) {
    list_truncate(list, new_size);
    return iree_ok_status();
  }
  IREE_RETURN_IF_ERROR(iree_vm_list_reserve(list, new_size));
  memset(list->storage + list->count * list->element_size, 0, (new_size - list->count) * list->element_size);
  list->count = new_size;
  return iree_ok_status();
}

void iree_vm_list_clear(iree_vm_list_t* list) { list_truncate(list, 0); }

void iree_vm_list_swap_storage(iree_vm_list_t* a, iree_vm_list_t* b) {
  if (a == b) return;
  iree_vm_list_t held = *a;
  iree_vm_ref_object_t a_object = a->ref_object, b_object = b->ref_object;
  *a = *b;
  *b = held;
  a->ref_object = a_object;
  b->ref_object = b_object;
}
