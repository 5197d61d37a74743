/* SPDX-License-Identifier: Apache-2.0 */
/* What a list is made of: for list.c, and for the interpreter's shortest paths. */
#ifndef VMRT_VM_LIST_LAYOUT_H_
#define VMRT_VM_LIST_LAYOUT_H_

#include "iree/vm/list.h"

typedef enum vm_list_mode_e {
  VM_LIST_VALUES = 0, /* elements of iree_vm_value_type_size bytes */
  VM_LIST_REFS = 1,   /* iree_vm_ref_t */
  VM_LIST_VARIANTS = 2
} vm_list_mode_t;

struct iree_vm_list_t {
  iree_vm_ref_object_t ref_object;
  uint32_t mode;               /* vm_list_mode_t */
  iree_allocator_t allocator;  /* null: storage of the caller, cannot grow */
  iree_host_size_t capacity;   /* elements; what is behind `count` is not initialised */
  iree_host_size_t count;
  iree_vm_type_def_t element_type;
  iree_host_size_t element_size;
  uint8_t* storage;
  iree_vm_ref_type_t ref_type; /* reference lists: the full type word, or ANY */
};

static inline uint8_t* vm_list_element_at(const iree_vm_list_t* list, iree_host_size_t i) {
  return list->storage + i * list->element_size;
}
static inline iree_vm_ref_t* vm_list_ref_at(const iree_vm_list_t* list, iree_host_size_t i) {
  return (iree_vm_ref_t*)vm_list_element_at(list, i);
}
static inline iree_vm_variant_t* vm_list_variant_at(const iree_vm_list_t* list, iree_host_size_t i) {
  return (iree_vm_variant_t*)vm_list_element_at(list, i);
}

/* Releases what element `i` holds and leaves it null or empty; numbers stay. */
void vm_list_release_element(const iree_vm_list_t* list, iree_host_size_t i);

#endif /* VMRT_VM_LIST_LAYOUT_H_ */
