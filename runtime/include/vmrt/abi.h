/* SPDX-License-Identifier: Apache-2.0 */
/* The boundary between a host and a native module: types, constants and the layouts that both sides must agree on.
 *
 * Names and layouts are those of IREE 3.13 on 64-bit hosts. A library that also uses the runtime includes its headers first;
 * then only the assertions at the end of this file remain. Nothing here needs a runtime to be linked. */
#ifndef VMRT_ABI_H_
#define VMRT_ABI_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(IREE_BASE_API_H_) || defined(IREE_VM_API_H_)
#include "iree/vm/api.h"
#include "iree/vm/dynamic/module.h"
#else

/* ---- Text, memory, results ----------------------------------------------------------------------------------------- */

typedef size_t iree_host_size_t;

/* Borrowed text, not NUL terminated. */
typedef struct iree_string_view_t {
  const char* data; /* may be NULL when size is 0 */
  iree_host_size_t size;
} iree_string_view_t;

/* A parameter or an attribute. A parameter written without `=` has a value with NULL data. */
typedef struct iree_string_pair_t {
  iree_string_view_t key;
  iree_string_view_t value;
} iree_string_pair_t;

typedef struct iree_byte_span_t {
  uint8_t* data;
  iree_host_size_t data_length; /* bytes */
} iree_byte_span_t;

typedef enum iree_status_code_e {
  IREE_STATUS_OK = 0,
  IREE_STATUS_CANCELLED = 1,
  IREE_STATUS_UNKNOWN = 2,
  IREE_STATUS_INVALID_ARGUMENT = 3,
  IREE_STATUS_DEADLINE_EXCEEDED = 4,
  IREE_STATUS_NOT_FOUND = 5,
  IREE_STATUS_ALREADY_EXISTS = 6,
  IREE_STATUS_PERMISSION_DENIED = 7,
  IREE_STATUS_RESOURCE_EXHAUSTED = 8,
  IREE_STATUS_FAILED_PRECONDITION = 9,
  IREE_STATUS_ABORTED = 10,
  IREE_STATUS_OUT_OF_RANGE = 11,
  IREE_STATUS_UNIMPLEMENTED = 12,
  IREE_STATUS_INTERNAL = 13,
  IREE_STATUS_UNAVAILABLE = 14,
  IREE_STATUS_DATA_LOSS = 15,
  IREE_STATUS_UNAUTHENTICATED = 16,
  IREE_STATUS_DEFERRED = 17,
  IREE_STATUS_INCOMPATIBLE = 18,
  IREE_STATUS_CODE_MASK = 31
} iree_status_code_t;

/* A result in one word: the code in the low five bits, above them the address of a vmrt_status_storage_t or nothing. A word of
 * zero is OK. Whoever gets a failure owns it: returns it to the caller or frees it. */
typedef struct iree_status_handle_t* iree_status_t;

typedef enum iree_allocator_command_e {
  IREE_ALLOCATOR_COMMAND_MALLOC = 0,
  IREE_ALLOCATOR_COMMAND_CALLOC = 1,
  IREE_ALLOCATOR_COMMAND_REALLOC = 2,
  IREE_ALLOCATOR_COMMAND_FREE = 3
} iree_allocator_command_t;

/* `params` of the first three commands points to one size_t, the length in bytes. Blocks are aligned to 16 bytes. */
typedef iree_status_t (*iree_allocator_ctl_fn_t)(void* self, iree_allocator_command_t command, const void* params,
                                                 void** inout_ptr);
typedef struct iree_allocator_t {
  void* self;
  iree_allocator_ctl_fn_t ctl;
} iree_allocator_t;

/* Changed with atomic operations by host and module alike. */
typedef struct iree_atomic_ref_count_t {
  int32_t value;
} iree_atomic_ref_count_t;

/* ---- References ---------------------------------------------------------------------------------------------------- */

/* Address of a type's descriptor; in the low three bits the offset of the counter in its objects, in units of four bytes. */
typedef uintptr_t iree_vm_ref_type_t;

/* A counted pointer. Null: both words zero. */
typedef struct iree_vm_ref_t {
  void* ptr;
  iree_vm_ref_type_t type;
} iree_vm_ref_t;

/* Aligned to 8 bytes; alive as long as any object of the type. */
typedef struct iree_vm_ref_type_descriptor_t {
  void (*destroy)(void* object); /* called once, when the counter becomes 0; NULL: nothing is done */
  iree_string_view_t type_name;  /* without the `!`, e.g. vm.buffer */
  uintptr_t offsetof_counter;    /* bits 0-2 as in the type word; the rest zero */
} iree_vm_ref_type_descriptor_t;

typedef struct iree_vm_ref_object_t {
  iree_atomic_ref_count_t counter;
} iree_vm_ref_object_t;

typedef struct iree_vm_module_t iree_vm_module_t;

enum {
  IREE_VM_BUFFER_ACCESS_MUTABLE = 1,
  IREE_VM_BUFFER_ACCESS_ORIGIN_MODULE = 2,
  IREE_VM_BUFFER_ACCESS_ORIGIN_GUEST = 4,
  IREE_VM_BUFFER_ACCESS_ORIGIN_HOST = 8
};

/* An object of the type `vm.buffer`. */
typedef struct iree_vm_buffer_t {
  iree_vm_ref_object_t ref_object;
  uint32_t access;
  iree_byte_span_t data;
  iree_allocator_t allocator;       /* frees the object with the last reference */
  iree_vm_module_t* storage_module; /* constants of a bytecode module */
} iree_vm_buffer_t;

/* ---- Modules ------------------------------------------------------------------------------------------------------- */

typedef struct iree_vm_instance_t iree_vm_instance_t;         /* opaque */
typedef struct iree_vm_stack_t iree_vm_stack_t;               /* opaque: handed on to the functions that one calls */
typedef struct iree_vm_module_state_t iree_vm_module_state_t; /* the module's own, one per context */
typedef struct iree_string_builder_t iree_string_builder_t;   /* opaque */

typedef enum iree_vm_function_linkage_e {
  IREE_VM_FUNCTION_LINKAGE_INTERNAL = 0,
  IREE_VM_FUNCTION_LINKAGE_IMPORT = 1,
  IREE_VM_FUNCTION_LINKAGE_EXPORT = 2,
  IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL = 3,
  IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL = 4
} iree_vm_function_linkage_t;

typedef struct iree_vm_function_t {
  iree_vm_module_t* module;
  uint16_t linkage; /* iree_vm_function_linkage_t */
  uint16_t ordinal;
} iree_vm_function_t;

typedef struct iree_vm_function_signature_t {
  iree_string_view_t calling_convention; /* e.g. `0iI_r` */
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
  uint32_t flags;
} iree_vm_module_dependency_t;
typedef iree_status_t (*iree_vm_module_dependency_callback_t)(void* user_data,
                                                              const iree_vm_module_dependency_t* dependency);

typedef enum iree_vm_signal_e {
  IREE_VM_SIGNAL_RESUME = 0,
  IREE_VM_SIGNAL_SUSPEND = 1,
  IREE_VM_SIGNAL_LOW_MEMORY = 2,
  IREE_VM_SIGNAL_FORK = 3
} iree_vm_signal_t;

/* Passed by value. The spans hold the packed arguments and results; results start zeroed. */
typedef struct iree_vm_function_call_t {
  iree_vm_function_t function;
  iree_byte_span_t arguments;
  iree_byte_span_t results;
} iree_vm_function_call_t;

typedef struct iree_vm_source_location_t {
  void* self;
  uint64_t data[2];
  iree_status_t (*format)(void* self, uint64_t data[2], uint32_t flags, iree_string_builder_t* builder);
} iree_vm_source_location_t;

/* The interface of a module. Every function gets `self`; when a host calls which is told in docs/contract.md. */
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

/* ---- The exported function ----------------------------------------------------------------------------------------- */

#define IREE_VM_DYNAMIC_MODULE_EXPORT_NAME "iree_vm_dynamic_module_create"

typedef enum iree_vm_dynamic_module_version_e {
  IREE_VM_DYNAMIC_MODULE_VERSION_0_1 = 1,
  IREE_VM_DYNAMIC_MODULE_VERSION_LATEST = 1
} iree_vm_dynamic_module_version_t;

/* What a library exports. `params` and their text are borrowed for the call. Success: OK and a module with one reference, which
 * is the host's. A library that needs a newer host than `max_version` returns a failure (or, as first published, OK and no
 * module, which not every host survives). */
typedef iree_status_t (*iree_vm_dynamic_module_create_fn_t)(uint32_t max_version, iree_vm_instance_t* instance,
                                                            iree_host_size_t param_count,
                                                            const iree_string_pair_t* params,
                                                            iree_allocator_t allocator, iree_vm_module_t** out_module);

#endif /* !IREE_BASE_API_H_ */

/* ---- What a status points to --------------------------------------------------------------------------------------- */

typedef struct vmrt_status_payload_t {
  struct vmrt_status_payload_t* next;
  uint32_t type;              /* from 0x70000000: the user's own */
  iree_allocator_t allocator; /* frees the payload */
  /* Text of the payload: `*out_length` its full length, at most `capacity` - 1 bytes and a NUL to `buffer` unless that is NULL.
   * A host calls it before the function that returned the status is forgotten, never after the library was closed. */
  void (*format)(const struct vmrt_status_payload_t* payload, iree_host_size_t capacity, char* buffer,
                 iree_host_size_t* out_length);
} vmrt_status_payload_t;

/* Aligned to 32 bytes and released with the C library's free: never static, never on the stack. */
typedef struct vmrt_status_storage_t {
  vmrt_status_payload_t* payload_head;
  vmrt_status_payload_t* payload_tail;
  const char* file; /* NUL terminated or NULL */
  uint32_t line;
  iree_string_view_t message;
} vmrt_status_storage_t;

/* ---- The agreement, checked ---------------------------------------------------------------------------------------- */

#define VMRT_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type " has another size at the boundary")
#define VMRT_ASSERT_AT(type, field, bytes) \
  _Static_assert(offsetof(type, field) == (bytes), #type "." #field " has another place at the boundary")

_Static_assert(sizeof(void*) == 8, "the boundary is described for 64-bit hosts");
VMRT_ASSERT_SIZE(iree_string_view_t, 16);
VMRT_ASSERT_AT(iree_string_view_t, size, 8);
VMRT_ASSERT_SIZE(iree_string_pair_t, 32);
VMRT_ASSERT_AT(iree_string_pair_t, value, 16);
VMRT_ASSERT_SIZE(iree_byte_span_t, 16);
VMRT_ASSERT_AT(iree_byte_span_t, data_length, 8);
VMRT_ASSERT_SIZE(iree_status_t, 8);
VMRT_ASSERT_SIZE(iree_allocator_t, 16);
VMRT_ASSERT_AT(iree_allocator_t, ctl, 8);
VMRT_ASSERT_SIZE(iree_atomic_ref_count_t, 4);
VMRT_ASSERT_SIZE(iree_vm_ref_t, 16);
VMRT_ASSERT_AT(iree_vm_ref_t, type, 8);
VMRT_ASSERT_SIZE(iree_vm_ref_type_descriptor_t, 32);
VMRT_ASSERT_AT(iree_vm_ref_type_descriptor_t, type_name, 8);
VMRT_ASSERT_AT(iree_vm_ref_type_descriptor_t, offsetof_counter, 24);
VMRT_ASSERT_SIZE(iree_vm_ref_object_t, 4);
VMRT_ASSERT_SIZE(iree_vm_buffer_t, 48);
VMRT_ASSERT_AT(iree_vm_buffer_t, access, 4);
VMRT_ASSERT_AT(iree_vm_buffer_t, data, 8);
VMRT_ASSERT_AT(iree_vm_buffer_t, allocator, 24);
VMRT_ASSERT_AT(iree_vm_buffer_t, storage_module, 40);
VMRT_ASSERT_SIZE(iree_vm_function_t, 16);
VMRT_ASSERT_AT(iree_vm_function_t, linkage, 8);
VMRT_ASSERT_AT(iree_vm_function_t, ordinal, 10);
VMRT_ASSERT_SIZE(iree_vm_function_signature_t, 16);
VMRT_ASSERT_SIZE(iree_vm_module_signature_t, 40);
VMRT_ASSERT_AT(iree_vm_module_signature_t, attr_count, 8);
VMRT_ASSERT_AT(iree_vm_module_signature_t, import_function_count, 16);
VMRT_ASSERT_AT(iree_vm_module_signature_t, export_function_count, 24);
VMRT_ASSERT_AT(iree_vm_module_signature_t, internal_function_count, 32);
VMRT_ASSERT_SIZE(iree_vm_module_dependency_t, 24);
VMRT_ASSERT_AT(iree_vm_module_dependency_t, minimum_version, 16);
VMRT_ASSERT_AT(iree_vm_module_dependency_t, flags, 20);
VMRT_ASSERT_SIZE(iree_vm_signal_t, 4);
VMRT_ASSERT_SIZE(iree_vm_function_linkage_t, 4);
VMRT_ASSERT_SIZE(iree_vm_function_call_t, 48);
VMRT_ASSERT_AT(iree_vm_function_call_t, arguments, 16);
VMRT_ASSERT_AT(iree_vm_function_call_t, results, 32);
VMRT_ASSERT_SIZE(iree_vm_source_location_t, 32);
VMRT_ASSERT_AT(iree_vm_source_location_t, data, 8);
VMRT_ASSERT_AT(iree_vm_source_location_t, format, 24);
VMRT_ASSERT_SIZE(struct iree_vm_module_t, 144);
VMRT_ASSERT_AT(struct iree_vm_module_t, ref_count, 8);
VMRT_ASSERT_AT(struct iree_vm_module_t, destroy, 16);
VMRT_ASSERT_AT(struct iree_vm_module_t, name, 24);
VMRT_ASSERT_AT(struct iree_vm_module_t, signature, 32);
VMRT_ASSERT_AT(struct iree_vm_module_t, enumerate_dependencies, 40);
VMRT_ASSERT_AT(struct iree_vm_module_t, get_module_attr, 48);
VMRT_ASSERT_AT(struct iree_vm_module_t, lookup_function, 56);
VMRT_ASSERT_AT(struct iree_vm_module_t, get_function, 64);
VMRT_ASSERT_AT(struct iree_vm_module_t, get_function_attr, 72);
VMRT_ASSERT_AT(struct iree_vm_module_t, resolve_source_location, 80);
VMRT_ASSERT_AT(struct iree_vm_module_t, alloc_state, 88);
VMRT_ASSERT_AT(struct iree_vm_module_t, free_state, 96);
VMRT_ASSERT_AT(struct iree_vm_module_t, fork_state, 104);
VMRT_ASSERT_AT(struct iree_vm_module_t, resolve_import, 112);
VMRT_ASSERT_AT(struct iree_vm_module_t, notify, 120);
VMRT_ASSERT_AT(struct iree_vm_module_t, begin_call, 128);
VMRT_ASSERT_AT(struct iree_vm_module_t, resume_call, 136);
VMRT_ASSERT_SIZE(vmrt_status_payload_t, 40);
VMRT_ASSERT_AT(vmrt_status_payload_t, type, 8);
VMRT_ASSERT_AT(vmrt_status_payload_t, allocator, 16);
VMRT_ASSERT_AT(vmrt_status_payload_t, format, 32);
VMRT_ASSERT_SIZE(vmrt_status_storage_t, 48);
VMRT_ASSERT_AT(vmrt_status_storage_t, payload_tail, 8);
VMRT_ASSERT_AT(vmrt_status_storage_t, file, 16);
VMRT_ASSERT_AT(vmrt_status_storage_t, line, 24);
VMRT_ASSERT_AT(vmrt_status_storage_t, message, 32);

#endif /* VMRT_ABI_H_ */
