/* SPDX-License-Identifier: Apache-2.0 */
/* Modules written in C against the runtime: tables of exports and functions become an iree_vm_module_t. */
#ifndef IREE_VM_NATIVE_MODULE_H_
#define IREE_VM_NATIVE_MODULE_H_

#include "iree/vm/instance.h"
#include "iree/vm/module.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum iree_vm_native_import_flags_e {
  IREE_VM_NATIVE_IMPORT_REQUIRED = 1,
  IREE_VM_NATIVE_IMPORT_OPTIONAL = 2
} iree_vm_native_import_flags_t;
typedef struct iree_vm_native_import_descriptor_t {
  uint32_t flags;
  iree_string_view_t full_name; /* module.function */
} iree_vm_native_import_descriptor_t;

typedef struct iree_vm_native_export_descriptor_t {
  iree_string_view_t local_name;
  iree_string_view_t calling_convention;
  iree_host_size_t attr_count;
  const iree_string_pair_t* attrs;
} iree_vm_native_export_descriptor_t;

typedef enum iree_vm_native_function_flags_e {
  IREE_VM_NATIVE_FUNCTION_CALL_BEGIN = 1,
  IREE_VM_NATIVE_FUNCTION_CALL_RESUME = 2
} iree_vm_native_function_flags_t;
typedef iree_status_t (*iree_vm_native_function_target_t)(void);
/* Unpacks arguments, calls `target`, packs results. */
typedef iree_status_t (*iree_vm_native_function_shim_t)(iree_vm_stack_t* stack, uint32_t flags,
                                                        iree_byte_span_t arguments, iree_byte_span_t results,
                                                        iree_vm_native_function_target_t target, void* module,
                                                        iree_vm_module_state_t* module_state);
typedef struct iree_vm_native_function_ptr_t {
  iree_vm_native_function_shim_t shim;
  iree_vm_native_function_target_t target;
} iree_vm_native_function_ptr_t;

/* Exports are sorted by name (byte order); functions correspond to them one to one unless begin_call is overridden. All of it
 * outlives the module. */
typedef struct iree_vm_native_module_descriptor_t {
  iree_string_view_t name;
  uint32_t version;
  iree_host_size_t attr_count;
  const iree_string_pair_t* attrs;
  iree_host_size_t dependency_count;
  const iree_vm_module_dependency_t* dependencies;
  iree_host_size_t import_count;
  const iree_vm_native_import_descriptor_t* imports;
  iree_host_size_t export_count;
  const iree_vm_native_export_descriptor_t* exports;
  iree_host_size_t function_count;
  const iree_vm_native_function_ptr_t* functions;
} iree_vm_native_module_descriptor_t;

/* Every slot of `module_interface` that is not NULL overrides the default; its `self` is handed to the functions. One
 * reference for the caller. INVALID_ARGUMENT when tables do not match or exports are not sorted. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_vm_native_module_create(
    const iree_vm_module_t* module_interface, const iree_vm_native_module_descriptor_t* module_descriptor,
    iree_vm_instance_t* instance, iree_allocator_t allocator, iree_vm_module_t** out_module);

#ifdef __cplusplus
}
#endif

#endif /* IREE_VM_NATIVE_MODULE_H_ */
