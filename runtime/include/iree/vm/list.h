/* SPDX-License-Identifier: Apache-2.0 */
/* Growable lists of values, of references or of variants.
 *
 * An index past the end is OUT_OF_RANGE everywhere. A value out of a reference list, or out of a variant slot that holds none,
 * and a reference into or out of a value list, are FAILED_PRECONDITION. A reference of another type into a typed reference list
 * is INVALID_ARGUMENT; null goes into any. Nothing changes on failure. */
#ifndef IREE_VM_LIST_H_
#define IREE_VM_LIST_H_

#include "iree/vm/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cdef: begin */
typedef struct iree_vm_list_t iree_vm_list_t;
/* cdef: end */

/* Lists in storage of the caller: bytes for `capacity` elements; such a list cannot grow (INVALID_ARGUMENT). */
IREE_API_EXPORT iree_host_size_t iree_vm_list_storage_size(const iree_vm_type_def_t* element_type,
                                                           iree_host_size_t capacity);
/* OUT_OF_RANGE when `storage` is smaller than that. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_initialize(iree_byte_span_t storage,
                                                                           const iree_vm_type_def_t* element_type,
                                                                           iree_host_size_t capacity,
                                                                           iree_vm_list_t** out_list);
IREE_API_EXPORT void iree_vm_list_deinitialize(iree_vm_list_t* list);

/* cdef: begin */
/* Empty, one reference for the caller. `element_type` undefined: variants. RESOURCE_EXHAUSTED for an absurd capacity. */
IREE_API_EXPORT iree_status_t iree_vm_list_create(iree_vm_type_def_t element_type, iree_host_size_t initial_capacity,
                                                  iree_allocator_t allocator, iree_vm_list_t** out_list);
IREE_API_EXPORT void iree_vm_list_retain(iree_vm_list_t* list);
IREE_API_EXPORT void iree_vm_list_release(iree_vm_list_t* list);
IREE_API_EXPORT iree_vm_type_def_t iree_vm_list_element_type(const iree_vm_list_t* list);
IREE_API_EXPORT iree_host_size_t iree_vm_list_capacity(const iree_vm_list_t* list);
IREE_API_EXPORT iree_status_t iree_vm_list_reserve(iree_vm_list_t* list, iree_host_size_t minimum_capacity);
IREE_API_EXPORT iree_host_size_t iree_vm_list_size(const iree_vm_list_t* list);
/* New elements are zero, null or empty; references of removed ones are released. */
IREE_API_EXPORT iree_status_t iree_vm_list_resize(iree_vm_list_t* list, iree_host_size_t new_size);
IREE_API_EXPORT void iree_vm_list_clear(iree_vm_list_t* list);
IREE_API_EXPORT iree_status_t iree_vm_list_get_value(const iree_vm_list_t* list, iree_host_size_t i,
                                                     iree_vm_value_t* out_value);
/* Converted as iree_vm_value_convert says. */
IREE_API_EXPORT iree_status_t iree_vm_list_get_value_as(const iree_vm_list_t* list, iree_host_size_t i,
                                                        iree_vm_value_type_t value_type, iree_vm_value_t* out_value);
/* Converted to the element type of a value list. */
IREE_API_EXPORT iree_status_t iree_vm_list_set_value(iree_vm_list_t* list, iree_host_size_t i,
                                                     const iree_vm_value_t* value);
IREE_API_EXPORT iree_status_t iree_vm_list_push_value(iree_vm_list_t* list, const iree_vm_value_t* value);
IREE_API_EXPORT iree_status_t iree_vm_list_push_ref_retain(iree_vm_list_t* list, const iree_vm_ref_t* value);
/* Copies without counting: borrowed from the list. */
IREE_API_EXPORT iree_status_t iree_vm_list_get_variant_assign(const iree_vm_list_t* list, iree_host_size_t i,
                                                              iree_vm_variant_t* out_variant);
IREE_API_EXPORT iree_status_t iree_vm_list_get_variant_retain(const iree_vm_list_t* list, iree_host_size_t i,
                                                              iree_vm_variant_t* out_variant);
IREE_API_EXPORT iree_status_t iree_vm_list_set_variant_retain(iree_vm_list_t* list, iree_host_size_t i,
                                                              const iree_vm_variant_t* variant);
IREE_API_EXPORT iree_status_t iree_vm_list_push_variant_retain(iree_vm_list_t* list, const iree_vm_variant_t* variant);
/* cdef: end */

/* References are retained; capacity is the size. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_clone(iree_vm_list_t* source, iree_allocator_t allocator,
                                                                      iree_vm_list_t** out_target);
IREE_API_EXPORT void iree_vm_list_swap_storage(iree_vm_list_t* a, iree_vm_list_t* b);
/* Elements [i, i + count) of `source` over [j, j + count) of `target`. Overlapping ranges of one list, or types that do not
 * fit, are INVALID_ARGUMENT. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_copy(iree_vm_list_t* source, iree_host_size_t i,
                                                                     iree_vm_list_t* target, iree_host_size_t j,
                                                                     iree_host_size_t count);
/* The object if the element is a reference of exactly that type, else NULL. Borrowed. */
IREE_API_EXPORT void* iree_vm_list_get_ref_deref(const iree_vm_list_t* list, iree_host_size_t i, iree_vm_ref_type_t type);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_get_ref_assign(const iree_vm_list_t* list,
                                                                               iree_host_size_t i,
                                                                               iree_vm_ref_t* out_value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_get_ref_retain(const iree_vm_list_t* list,
                                                                               iree_host_size_t i,
                                                                               iree_vm_ref_t* out_value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_get_ref_retain_or_move(iree_vm_list_t* list,
                                                                                       iree_host_size_t i, bool is_move,
                                                                                       iree_vm_ref_t* out_value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_get_ref_move(iree_vm_list_t* list, iree_host_size_t i,
                                                                             iree_vm_ref_t* out_value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_set_ref_retain(iree_vm_list_t* list, iree_host_size_t i,
                                                                               const iree_vm_ref_t* value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_set_ref_move(iree_vm_list_t* list, iree_host_size_t i,
                                                                             iree_vm_ref_t* value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_push_ref_move(iree_vm_list_t* list, iree_vm_ref_t* value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_pop_front_ref_move(iree_vm_list_t* list,
                                                                                   iree_vm_ref_t* out_value);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_get_variant_move(iree_vm_list_t* list, iree_host_size_t i,
                                                                                 iree_vm_variant_t* out_variant);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_set_variant_move(iree_vm_list_t* list, iree_host_size_t i,
                                                                                 iree_vm_variant_t* variant);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_list_push_variant_move(iree_vm_list_t* list,
                                                                                  iree_vm_variant_t* variant);

IREE_VM_DECLARE_TYPE_ADAPTERS(iree_vm_list, iree_vm_list_t);
/* cdef: begin */
IREE_API_EXPORT iree_vm_ref_t iree_vm_list_retain_ref(iree_vm_list_t* value);
IREE_API_EXPORT iree_vm_list_t* iree_vm_list_deref(iree_vm_ref_t ref);
/* cdef: end */

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_LIST_H_ */
