/* SPDX-License-Identifier: Apache-2.0 */
/* An instance: the registry of reference types that contexts and modules of a process share. Safe to use from any thread. */
#ifndef IREE_VM_INSTANCE_H_
#define IREE_VM_INSTANCE_H_

#include "iree/vm/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IREE_VM_TYPE_CAPACITY_DEFAULT 32

/* cdef: begin */
typedef struct iree_vm_instance_t iree_vm_instance_t;

/* Registers vm.buffer and vm.list; room for `type_capacity` types in all. One reference for the caller. */
IREE_API_EXPORT iree_status_t iree_vm_instance_create(iree_host_size_t type_capacity, iree_allocator_t allocator,
                                                      iree_vm_instance_t** out_instance);
IREE_API_EXPORT void iree_vm_instance_retain(iree_vm_instance_t* instance);
IREE_API_EXPORT void iree_vm_instance_release(iree_vm_instance_t* instance);
/* cdef: end */
IREE_API_EXPORT iree_allocator_t iree_vm_instance_allocator(iree_vm_instance_t* instance);

/* The same descriptor again gives the same type and needs one more unregistration. Misaligned descriptor: INVALID_ARGUMENT;
 * full table: RESOURCE_EXHAUSTED. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_instance_register_type(
    iree_vm_instance_t* instance, const iree_vm_ref_type_descriptor_t* descriptor, iree_vm_ref_type_t* out_type);
/* Unknown descriptors are ignored; other registrations are not affected. */
IREE_API_EXPORT void iree_vm_instance_unregister_type(iree_vm_instance_t* instance,
                                                      const iree_vm_ref_type_descriptor_t* descriptor);
/* 0 when no type of that name (without `!`) is registered. */
IREE_API_EXPORT iree_vm_ref_type_t iree_vm_instance_lookup_type(iree_vm_instance_t* instance,
                                                                iree_string_view_t full_name);
/* A type of which only the name exists, for tools that look at modules without running them. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_instance_register_type_placeholder(
    iree_vm_instance_t* instance, iree_string_view_t full_name);
/* Real types first. */
IREE_API_EXPORT iree_vm_ref_type_t iree_vm_instance_lookup_type_placeholder(iree_vm_instance_t* instance,
                                                                            iree_string_view_t full_name);

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_INSTANCE_H_ */
