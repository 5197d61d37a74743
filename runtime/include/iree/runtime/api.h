/* SPDX-License-Identifier: Apache-2.0 */
/* The short way into a C program: an instance, a session on one device, calls with tensors. */
#ifndef IREE_RUNTIME_API_H_
#define IREE_RUNTIME_API_H_

#include "iree/hal/api.h"
#include "iree/modules/hal/module.h"
#include "iree/vm/api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Instances --------------------------------------------------------------------------------------------------- */

/* A VM instance with the types of the HAL, and the drivers of this build. Any thread. */
typedef struct iree_runtime_instance_t iree_runtime_instance_t;

typedef struct iree_runtime_instance_options_t {
  bool use_all_available_drivers; /* registers local-sync and local-task; otherwise devices come from the caller */
} iree_runtime_instance_options_t;
IREE_API_EXPORT void iree_runtime_instance_options_initialize(iree_runtime_instance_options_t* out_options);
IREE_API_EXPORT void iree_runtime_instance_options_use_all_available_drivers(iree_runtime_instance_options_t* options);

IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_runtime_instance_create(const iree_runtime_instance_options_t* options, iree_allocator_t host_allocator,
                             iree_runtime_instance_t** out_instance);
IREE_API_EXPORT void iree_runtime_instance_retain(iree_runtime_instance_t* instance);
IREE_API_EXPORT void iree_runtime_instance_release(iree_runtime_instance_t* instance);
IREE_API_EXPORT iree_allocator_t iree_runtime_instance_host_allocator(const iree_runtime_instance_t* instance);
IREE_API_EXPORT iree_vm_instance_t* iree_runtime_instance_vm_instance(const iree_runtime_instance_t* instance);
IREE_API_EXPORT iree_hal_driver_registry_t* iree_runtime_instance_driver_registry(
    const iree_runtime_instance_t* instance);
/* A device of the driver with its defaults; NOT_FOUND when there is no such driver. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_instance_try_create_default_device(
    iree_runtime_instance_t* instance, iree_string_view_t driver_name, iree_hal_device_t** out_device);

/* ---- Sessions ---------------------------------------------------------------------------------------------------- */

/* A context with a `hal` module for one device; modules are appended to it. One thread at a time. */
typedef struct iree_runtime_session_t iree_runtime_session_t;

typedef struct iree_runtime_session_options_t {
  uint32_t context_flags; /* iree_vm_context_flags_t bits */
} iree_runtime_session_options_t;
IREE_API_EXPORT void iree_runtime_session_options_initialize(iree_runtime_session_options_t* out_options);

/* Retains instance and device. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_session_create_with_device(
    iree_runtime_instance_t* instance, const iree_runtime_session_options_t* options, iree_hal_device_t* device,
    iree_allocator_t host_allocator, iree_runtime_session_t** out_session);
IREE_API_EXPORT void iree_runtime_session_retain(iree_runtime_session_t* session);
/* The last reference releases the context with its modules, then the device, then the instance. */
IREE_API_EXPORT void iree_runtime_session_release(iree_runtime_session_t* session);
IREE_API_EXPORT iree_allocator_t iree_runtime_session_host_allocator(const iree_runtime_session_t* session);
IREE_API_EXPORT iree_vm_context_t* iree_runtime_session_context(const iree_runtime_session_t* session);
IREE_API_EXPORT iree_hal_device_t* iree_runtime_session_device(const iree_runtime_session_t* session);
IREE_API_EXPORT iree_hal_allocator_t* iree_runtime_session_device_allocator(const iree_runtime_session_t* session);
/* Links a module behind those that are there, or leaves the session as it was. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_runtime_session_append_module(iree_runtime_session_t* session, iree_vm_module_t* module);
/* Bytecode in memory, which `deallocator` frees with the module, or at once on failure. Null: borrowed, and it outlives
 * the module. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_session_append_bytecode_module_from_memory(
    iree_runtime_session_t* session, iree_const_byte_span_t contents, iree_allocator_t deallocator);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_runtime_session_append_bytecode_module_from_file(iree_runtime_session_t* session, const char* path);
/* `module.function`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_session_lookup_function(
    const iree_runtime_session_t* session, iree_string_view_t full_name, iree_vm_function_t* out_function);
/* As iree_vm_invoke in the session's context. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t
iree_runtime_session_call(iree_runtime_session_t* session, const iree_vm_function_t* function,
                          const iree_vm_list_t* input_list, iree_vm_list_t* output_list);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_session_call_by_name(iree_runtime_session_t* session,
                                                                                     iree_string_view_t full_name,
                                                                                     const iree_vm_list_t* input_list,
                                                                                     iree_vm_list_t* output_list);

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

typedef uint32_t iree_runtime_call_flags_t; /* 0 */

/* A function with its arguments and results, to be used again and again. Lives where the caller puts it. */
typedef struct iree_runtime_call_t {
  iree_runtime_session_t* session; /* retained */
  iree_vm_function_t function;
  iree_vm_list_t* inputs;
  iree_vm_list_t* outputs;
} iree_runtime_call_t;

IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_call_initialize(iree_runtime_session_t* session,
                                                                                iree_vm_function_t function,
                                                                                iree_runtime_call_t* out_call);
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_call_initialize_by_name(
    iree_runtime_session_t* session, iree_string_view_t full_name, iree_runtime_call_t* out_call);
IREE_API_EXPORT void iree_runtime_call_deinitialize(iree_runtime_call_t* call);
/* Forgets inputs and outputs. */
IREE_API_EXPORT void iree_runtime_call_reset(iree_runtime_call_t* call);
IREE_API_EXPORT iree_vm_list_t* iree_runtime_call_inputs(const iree_runtime_call_t* call);  /* borrowed */
IREE_API_EXPORT iree_vm_list_t* iree_runtime_call_outputs(const iree_runtime_call_t* call); /* borrowed */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_call_invoke(iree_runtime_call_t* call,
                                                                            iree_runtime_call_flags_t flags);
/* Retains `buffer_view`. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_call_inputs_push_back_buffer_view(
    iree_runtime_call_t* call, iree_hal_buffer_view_t* buffer_view);
/* The caller owns what it gets. INVALID_ARGUMENT when the next output is no buffer view, OUT_OF_RANGE when there is
 * none. */
IREE_API_EXPORT IREE_MUST_USE_RESULT iree_status_t iree_runtime_call_outputs_pop_front_buffer_view(
    iree_runtime_call_t* call, iree_hal_buffer_view_t** out_buffer_view);

#ifdef __cplusplus
}
#endif

#endif /* IREE_RUNTIME_API_H_ */
