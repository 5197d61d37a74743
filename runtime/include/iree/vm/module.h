/* SPDX-License-Identifier: Apache-2.0 */
/* Modules: the interface every kind of module (bytecode, native, dynamic) offers to a context.
 *
 * Structures in this header cross the boundary of shared libraries: their layout is the ABI. */
#ifndef IREE_VM_MODULE_H_
#define IREE_VM_MODULE_H_

#include "iree/vm/ref.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct iree_vm_stack_t iree_vm_stack_t;
/* Per-context state of a module: opaque to everybody else. */
typedef struct iree_vm_module_state_t iree_vm_module_state_t;
typedef struct iree_string_builder_t iree_string_builder_t;

/* cdef: begin */
typedef struct iree_vm_module_t iree_vm_module_t;

typedef enum iree_vm_function_linkage_e {
  IREE_VM_FUNCTION_LINKAGE_INTERNAL = 0,
  IREE_VM_FUNCTION_LINKAGE_IMPORT = 1,
  IREE_VM_FUNCTION_LINKAGE_EXPORT = 2,
  IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL = 3,
  IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL = 4
} iree_vm_function_linkage_t;

/* A function of a module; valid as long as the module. */
typedef struct iree_vm_function_t {
  iree_vm_module_t* module;
  uint16_t linkage; /* iree_vm_function_linkage_t */
  uint16_t ordinal;
} iree_vm_function_t;

/* Calling convention, e.g. `0iI_r`; empty means no arguments and no results. */
typedef struct iree_vm_function_signature_t {
  iree_string_view_t calling_convention;
} iree_vm_function_signature_t;

typedef struct iree_vm_module_signature_t {
  uint32_t version;
  iree_host_size_t attr_count;
  iree_host_size_t import_function_count;
  iree_host_size_t export_function_count;
  iree_host_size_t internal_function_count;
} iree_vm_module_signature_t;

typedef enum iree_vm_module_dependency_flags_e {
  IREE_VM_MODULE_DEPENDENCY_FLAG_REQUIRED = 1,
  IREE_VM_MODULE_DEPENDENCY_FLAG_OPTIONAL = 2
} iree_vm_module_dependency_flags_t;
typedef struct iree_vm_module_dependency_t {
  iree_string_view_t name;
  uint32_t minimum_version;
  uint32_t flags; /* iree_vm_module_dependency_flags_t bits */
} iree_vm_module_dependency_t;
typedef iree_status_t (*iree_vm_module_dependency_callback_t)(void* user_data,
                                                              const iree_vm_module_dependency_t* dependency);

typedef enum iree_vm_signal_e {
  IREE_VM_SIGNAL_RESUME = 0,
  IREE_VM_SIGNAL_SUSPEND = 1,
  IREE_VM_SIGNAL_LOW_MEMORY = 2,
  IREE_VM_SIGNAL_FORK = 3
} iree_vm_signal_t;
/* cdef: end */

/* Passed to begin_call by value. Spans hold the packed arguments and results of the calling convention. */
typedef struct iree_vm_function_call_t {
  iree_vm_function_t function;
  iree_byte_span_t arguments; /* references in it are borrowed by the callee */
  iree_byte_span_t results;   /* references in it are owned by the caller, also after a failure */
} iree_vm_function_call_t;

typedef enum iree_vm_source_location_format_flags_e {
  IREE_VM_SOURCE_LOCATION_FORMAT_FLAG_NONE = 0
} iree_vm_source_location_format_flags_t;
typedef struct iree_vm_source_location_t {
  void* self;
  uint64_t data[2];
  iree_status_t (*format)(void* self, uint64_t data[2], uint32_t flags, iree_string_builder_t* builder);
} iree_vm_source_location_t;

typedef struct iree_vm_register_list_t {
  uint16_t size;
  uint16_t registers[];
} iree_vm_register_list_t;

/* The interface. Every function gets `self`, which need not be the address of the module. docs/contract.md says when a host
 * calls which. Optional slots: enumerate_dependencies, get_module_attr, get_function_attr, resolve_source_location; and, as
 * long as nobody needs them, fork_state, resolve_import, notify, resume_call. */
struct iree_vm_module_t {
  void* self;
  iree_atomic_ref_count_t ref_count;
  void (*destroy)(void* self);
  iree_string_view_t (*name)(void* self);
  iree_vm_module_signature_t (*signature)(void* self);
  iree_status_t (*enumerate_dependencies)(void* self, iree_vm_module_dependency_callback_t callback, void* user_data);
  iree_status_t (*get_module_attr)(void* self, iree_host_size_t index, iree_string_pair_t* out_attr);
  iree_status_t (*lookup_function)(void* self, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                   const iree_vm_function_signature_t* expected_signature,
                                   iree_vm_function_t* out_function);
  /* Writes every output that is not NULL. */
  iree_status_t (*get_function)(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                iree_vm_function_signature_t* out_signature);
  iree_status_t (*get_function_attr)(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                     iree_host_size_t index, iree_string_pair_t* out_attr);
  iree_status_t (*resolve_source_location)(void* self, iree_vm_function_t function, int64_t pc,
                                           iree_vm_source_location_t* out_location);
  iree_status_t (*alloc_state)(void* self, iree_allocator_t allocator, iree_vm_module_state_t** out_module_state);
  void (*free_state)(void* self, iree_vm_module_state_t* module_state);
  iree_status_t (*fork_state)(void* self, iree_vm_module_state_t* parent_state, iree_allocator_t allocator,
                              iree_vm_module_state_t** out_child_state);
  iree_status_t (*resolve_import)(void* self, iree_vm_module_state_t* module_state, iree_host_size_t ordinal,
                                  const iree_vm_function_t* function, const iree_vm_function_signature_t* signature);
  iree_status_t (*notify)(void* self, iree_vm_module_state_t* module_state, iree_vm_signal_t signal);
  iree_status_t (*begin_call)(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call);
  iree_status_t (*resume_call)(void* self, iree_vm_stack_t* stack, iree_byte_span_t call_results);
};

/* Zeroes the interface, sets `self` and one reference. */
IREE_API_EXPORT iree_status_t iree_vm_module_initialize(iree_vm_module_t* module, void* self);

/* cdef: begin */
IREE_API_EXPORT void iree_vm_module_retain(iree_vm_module_t* module);
/* Destroys the module with its last reference. */
IREE_API_EXPORT void iree_vm_module_release(iree_vm_module_t* module);
IREE_API_EXPORT iree_string_view_t iree_vm_module_name(const iree_vm_module_t* module);
IREE_API_EXPORT iree_vm_module_signature_t iree_vm_module_signature(const iree_vm_module_t* module);
/* OUT_OF_RANGE past the last one or when the module has none. */
IREE_API_EXPORT iree_status_t iree_vm_module_get_attr(const iree_vm_module_t* module, iree_host_size_t index,
                                                      iree_string_pair_t* out_attr);
/* OK and no callback when the module declares none. A failing callback ends the walk with its status. */
IREE_API_EXPORT iree_status_t iree_vm_module_enumerate_dependencies(iree_vm_module_t* module,
                                                                    iree_vm_module_dependency_callback_t callback,
                                                                    void* user_data);
/* NOT_FOUND when there is no such function. */
IREE_API_EXPORT iree_status_t iree_vm_module_lookup_function_by_name(const iree_vm_module_t* module,
                                                                     iree_vm_function_linkage_t linkage,
                                                                     iree_string_view_t name,
                                                                     iree_vm_function_t* out_function);
IREE_API_EXPORT iree_status_t iree_vm_module_lookup_function_by_ordinal(const iree_vm_module_t* module,
                                                                        iree_vm_function_linkage_t linkage,
                                                                        iree_host_size_t ordinal,
                                                                        iree_vm_function_t* out_function);
/* Name and calling convention of a function; empty when the module does not say. */
IREE_API_EXPORT iree_string_view_t iree_vm_function_name(const iree_vm_function_t* function);
IREE_API_EXPORT iree_vm_function_signature_t iree_vm_function_signature(const iree_vm_function_t* function);
IREE_API_EXPORT iree_status_t iree_vm_function_get_attr(iree_vm_function_t function, iree_host_size_t index,
                                                        iree_string_pair_t* out_attr);
/* cdef: end */
/* Value of the first attribute of that key; empty when there is none. */
IREE_API_EXPORT iree_string_view_t iree_vm_module_lookup_attr_by_name(const iree_vm_module_t* module,
                                                                      iree_string_view_t key);
IREE_API_EXPORT iree_string_view_t iree_vm_function_lookup_attr_by_name(const iree_vm_function_t* function,
                                                                        iree_string_view_t key);
/* UNAVAILABLE when the module keeps no source locations. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_module_resolve_source_location(
    const iree_vm_module_t* module, iree_vm_function_t function, int64_t pc, iree_vm_source_location_t* out_location);

/* Splits a calling convention into its argument and result parts without `0`, `_` and a lone `v`. UNIMPLEMENTED for another
 * version than 0. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_function_call_get_cconv_fragments(
    const iree_vm_function_signature_t* signature, iree_string_view_t* out_arguments, iree_string_view_t* out_results);
IREE_API_EXPORT bool iree_vm_function_call_is_variadic_cconv(iree_string_view_t cconv);
/* INVALID_ARGUMENT for a variadic part, UNIMPLEMENTED for an unknown letter. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_function_call_count_arguments_and_results(
    const iree_vm_function_signature_t* signature, iree_host_size_t* out_argument_count,
    iree_host_size_t* out_result_count);
/* Bytes of the packed part. `segment_size_list` has one entry per top-level element, the tuple count where it is a span; NULL
 * for parts without spans. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_function_call_compute_cconv_fragment_size(
    iree_string_view_t cconv_fragment, const iree_vm_register_list_t* segment_size_list,
    iree_host_size_t* out_required_size);

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_MODULE_H_ */
