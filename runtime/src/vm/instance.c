/* SPDX-License-Identifier: Apache-2.0 */
/* Instances: a table of registered types behind a lock, and the flag that cancels everything. */
#include "iree/vm/instance.h"

#include "base/atomics.h"
#include "iree/vm/buffer.h"
#include "iree/vm/list.h"
#include "platform/platform.h"
#include "vm/context.h"
#include "vm/ref_inline.h"
#include "vm/text.h"

#define INSTANCE_MAX_TYPES 65535

/* A type, as often as it was registered. Placeholders own their descriptor. */
typedef struct instance_type_t {
  const iree_vm_ref_type_descriptor_t* descriptor;
  uint32_t registrations;
  bool is_placeholder;
} instance_type_t;

struct iree_vm_instance_t {
  iree_atomic_ref_count_t ref_count;
  int32_t cancel_code; /* atomic */
  iree_allocator_t allocator;
  platform_mutex_t* lock; /* of what follows */
  iree_host_size_t type_count;
  iree_host_size_t type_capacity;
  instance_type_t types[];
};

/* ---- Types, with the lock held ----------------------------------------------------------------------------------- */

static instance_type_t* types_find_descriptor(iree_vm_instance_t* instance,
                                              const iree_vm_ref_type_descriptor_t* descriptor) {
  for (iree_host_size_t i = 0; i < instance->type_count; ++i) {
    if (instance->types[i].descriptor == descriptor) return &instance->types[i];
  }
  return NULL;
}

static instance_type_t* types_find_name(iree_vm_instance_t* instance, iree_string_view_t name, bool is_placeholder) {
  for (iree_host_size_t i = 0; i < instance->type_count; ++i) {
    instance_type_t* type = &instance->types[i];
    if (type->is_placeholder != is_placeholder) continue;
    if (iree_string_view_equal(type->descriptor->type_name, name)) return type;
  }
  return NULL;
}

static iree_status_t types_append(iree_vm_instance_t* instance, const iree_vm_ref_type_descriptor_t* descriptor,
                                  bool is_placeholder) {
  if (instance->type_count == instance->type_capacity) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                            "no room for type '%.*s': all %zu slots for types of the instance are taken",
                            VM_SV_ARG(descriptor->type_name), instance->type_capacity);
  }
  instance->types[instance->type_count++] = (instance_type_t){descriptor, 1, is_placeholder};
  return iree_ok_status();
}

static void types_remove(iree_vm_instance_t* instance, instance_type_t* type) {
  iree_host_size_t index = (iree_host_size_t)(type - instance->types);
  memmove(type, type + 1, (instance->type_count - index - 1) * sizeof *type);
  --instance->type_count;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static iree_status_t instance_register_builtin_types(iree_vm_instance_t* instance) {
  iree_vm_ref_type_t type;
  IREE_RETURN_IF_ERROR(iree_vm_instance_register_type(instance, vm_type_descriptor(iree_vm_buffer_type()), &type));
  return iree_vm_instance_register_type(instance, vm_type_descriptor(iree_vm_list_type()), &type);
}

iree_status_t iree_vm_instance_create(iree_host_size_t type_capacity, iree_allocator_t allocator,
                                      iree_vm_instance_t** out_instance) {
  *out_instance = NULL;
  if (type_capacity > INSTANCE_MAX_TYPES) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED, "%zu types are over the limit of %d", type_capacity,
                            INSTANCE_MAX_TYPES);
  }
  iree_vm_instance_t* instance = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *instance + type_capacity * sizeof instance->types[0],
                                             (void**)&instance));
  atomic_ref_count_init(&instance->ref_count);
  instance->allocator = allocator;
  instance->type_capacity = type_capacity;
  live_object_add(VMRT_OBJECT_INSTANCE);
  iree_status_t status = platform_mutex_create(allocator, &instance->lock);
  if (iree_status_is_ok(status)) status = instance_register_builtin_types(instance);
  if (!iree_status_is_ok(status)) {
    iree_vm_instance_release(instance);
    return status;
  }
  *out_instance = instance;
  return iree_ok_status();
}

/* Descriptors that are not ours are not looked at: the library that owned one may be gone. */
static void instance_destroy(iree_vm_instance_t* instance) {
  iree_allocator_t allocator = instance->allocator;
  for (iree_host_size_t i = 0; i < instance->type_count; ++i) {
    if (instance->types[i].is_placeholder) iree_allocator_free(allocator, (void*)instance->types[i].descriptor);
  }
  if (instance->lock) platform_mutex_free(instance->lock);
  iree_allocator_free(allocator, instance);
  live_object_remove(VMRT_OBJECT_INSTANCE);
}

void iree_vm_instance_retain(iree_vm_instance_t* instance) {
  if (instance) atomic_ref_count_retain(&instance->ref_count);
}

void iree_vm_instance_release(iree_vm_instance_t* instance) {
  if (instance && atomic_ref_count_release(&instance->ref_count)) instance_destroy(instance);
}

iree_allocator_t iree_vm_instance_allocator(iree_vm_instance_t* instance) { return instance->allocator; }

/* ---- Cancellation ------------------------------------------------------------------------------------------------ */

const int32_t* vm_instance_cancel_flag(const iree_vm_instance_t* instance) { return &instance->cancel_code; }

void vmrt_instance_cancel(iree_vm_instance_t* instance, iree_status_code_t code) {
  atomic_store_relaxed_i32(&instance->cancel_code, (int32_t)(code & IREE_STATUS_CODE_MASK));
}

/* ---- Registration ------------------------------------------------------------------------------------------------ */

static iree_status_t instance_check_descriptor(const iree_vm_ref_type_descriptor_t* descriptor) {
  if (((uintptr_t)descriptor & IREE_VM_REF_TYPE_TAG_MASK) != 0 || !descriptor) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "type descriptor at %p is not aligned to 8 bytes or is NULL",
                            (const void*)descriptor);
  }
  if (descriptor->offsetof_counter > IREE_VM_REF_TYPE_TAG_MASK) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "type '%.*s' has its counter at word %zu; the last possible word is 7",
                            VM_SV_ARG(descriptor->type_name), (size_t)descriptor->offsetof_counter);
  }
  return iree_ok_status();
}

iree_status_t iree_vm_instance_register_type(iree_vm_instance_t* instance,
                                             const iree_vm_ref_type_descriptor_t* descriptor,
                                             iree_vm_ref_type_t* out_type) {
  IREE_RETURN_IF_ERROR(instance_check_descriptor(descriptor));
  platform_mutex_lock(instance->lock);
  iree_status_t status = iree_ok_status();
  instance_type_t* type = types_find_descriptor(instance, descriptor);
  if (type) {
    ++type->registrations;
  } else {
    status = types_append(instance, descriptor, /*is_placeholder=*/false);
  }
  platform_mutex_unlock(instance->lock);
  if (iree_status_is_ok(status)) *out_type = iree_vm_make_ref_type(descriptor);
  return status;
}

void iree_vm_instance_unregister_type(iree_vm_instance_t* instance, const iree_vm_ref_type_descriptor_t* descriptor) {
  platform_mutex_lock(instance->lock);
  instance_type_t* type = types_find_descriptor(instance, descriptor);
  if (type && !type->is_placeholder && --type->registrations == 0) types_remove(instance, type);
  platform_mutex_unlock(instance->lock);
}

iree_vm_ref_type_t iree_vm_instance_lookup_type(iree_vm_instance_t* instance, iree_string_view_t full_name) {
  platform_mutex_lock(instance->lock);
  const instance_type_t* type = types_find_name(instance, full_name, /*is_placeholder=*/false);
  iree_vm_ref_type_t word = type ? iree_vm_make_ref_type(type->descriptor) : IREE_VM_REF_TYPE_NULL;
  platform_mutex_unlock(instance->lock);
  return word;
}

/* ---- Placeholders ------------------------------------------------------------------------------------------------ */

/* A descriptor that carries its name behind it. */
static iree_status_t placeholder_create(iree_string_view_t name, iree_allocator_t allocator,
                                        iree_vm_ref_type_descriptor_t** out_descriptor) {
  iree_vm_ref_type_descriptor_t* descriptor = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *descriptor + name.size, (void**)&descriptor));
  char* text = (char*)(descriptor + 1);
  if (name.size) memcpy(text, name.data, name.size);
  descriptor->type_name = iree_make_string_view(text, name.size);
  *out_descriptor = descriptor;
  return iree_ok_status();
}

iree_status_t iree_vm_instance_register_type_placeholder(iree_vm_instance_t* instance, iree_string_view_t full_name) {
  iree_vm_ref_type_descriptor_t* descriptor = NULL;
  IREE_RETURN_IF_ERROR(placeholder_create(full_name, instance->allocator, &descriptor));
  platform_mutex_lock(instance->lock);
  bool is_known = types_find_name(instance, full_name, /*is_placeholder=*/true) != NULL;
  iree_status_t status = is_known ? iree_ok_status() : types_append(instance, descriptor, /*is_placeholder=*/true);
  platform_mutex_unlock(instance->lock);
  if (is_known || !iree_status_is_ok(status)) iree_allocator_free(instance->allocator, descriptor);
  return status;
}

iree_vm_ref_type_t iree_vm_instance_lookup_type_placeholder(iree_vm_instance_t* instance,
                                                            iree_string_view_t full_name) {
  iree_vm_ref_type_t real = iree_vm_instance_lookup_type(instance, full_name);
  if (real != IREE_VM_REF_TYPE_NULL) return real;
  platform_mutex_lock(instance->lock);
  const instance_type_t* type = types_find_name(instance, full_name, /*is_placeholder=*/true);
  iree_vm_ref_type_t word = type ? iree_vm_make_ref_type(type->descriptor) : IREE_VM_REF_TYPE_NULL;
  platform_mutex_unlock(instance->lock);
  return word;
}
