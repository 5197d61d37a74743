/* SPDX-License-Identifier: Apache-2.0 */
/* Layouts that cross the boundary to modules, checked when the runtime is built for a 64-bit host. */
#include "base/status_storage.h"
#include "iree/vm/api.h"

#define ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), "size of " #type)
#define ASSERT_AT(type, field, offset) _Static_assert(offsetof(type, field) == (offset), "offset of " #type "." #field)

#if UINTPTR_MAX == UINT64_MAX

/* ---- Base types ---------------------------------------------------------------------------------------------------- */

ASSERT_SIZE(iree_host_size_t, 8);
ASSERT_SIZE(iree_status_t, 8);
ASSERT_SIZE(iree_status_code_t, 4);
ASSERT_SIZE(iree_string_view_t, 16);
ASSERT_AT(iree_string_view_t, data, 0);
ASSERT_AT(iree_string_view_t, size, 8);
ASSERT_SIZE(iree_string_pair_t, 32);
ASSERT_AT(iree_string_pair_t, key, 0);
ASSERT_AT(iree_string_pair_t, value, 16);
ASSERT_SIZE(iree_byte_span_t, 16);
ASSERT_AT(iree_byte_span_t, data_length, 8);
ASSERT_SIZE(iree_const_byte_span_t, 16);
ASSERT_AT(iree_const_byte_span_t, data_length, 8);
ASSERT_SIZE(iree_allocator_t, 16);
ASSERT_AT(iree_allocator_t, self, 0);
ASSERT_AT(iree_allocator_t, ctl, 8);
ASSERT_SIZE(iree_atomic_ref_count_t, 4);
ASSERT_SIZE(iree_time_t, 8);
ASSERT_SIZE(iree_timeout_t, 16);
ASSERT_AT(iree_timeout_t, nanos, 8);
_Static_assert(iree_max_align_t == 16, "alignment of allocations");

ASSERT_SIZE(status_storage_t, 48);
ASSERT_AT(status_storage_t, payload_head, 0);
ASSERT_AT(status_storage_t, payload_tail, 8);
ASSERT_AT(status_storage_t, file, 16);
ASSERT_AT(status_storage_t, line, 24);
ASSERT_AT(status_storage_t, message, 32);
ASSERT_SIZE(status_payload_t, 40);
ASSERT_AT(status_payload_t, next, 0);
ASSERT_AT(status_payload_t, type, 8);
ASSERT_AT(status_payload_t, allocator, 16);
ASSERT_AT(status_payload_t, format, 32);
ASSERT_SIZE(status_message_payload_t, 56);
ASSERT_AT(status_message_payload_t, text, 40);

/* ---- Modules ------------------------------------------------------------------------------------------------------- */

ASSERT_SIZE(iree_vm_module_t, 144);
ASSERT_AT(iree_vm_module_t, self, 0);
ASSERT_AT(iree_vm_module_t, ref_count, 8);
ASSERT_AT(iree_vm_module_t, destroy, 16);
ASSERT_AT(iree_vm_module_t, name, 24);
ASSERT_AT(iree_vm_module_t, signature, 32);
ASSERT_AT(iree_vm_module_t, enumerate_dependencies, 40);
ASSERT_AT(iree_vm_module_t, get_module_attr, 48);
ASSERT_AT(iree_vm_module_t, lookup_function, 56);
ASSERT_AT(iree_vm_module_t, get_function, 64);
ASSERT_AT(iree_vm_module_t, get_function_attr, 72);
ASSERT_AT(iree_vm_module_t, resolve_source_location, 80);
ASSERT_AT(iree_vm_module_t, alloc_state, 88);
ASSERT_AT(iree_vm_module_t, free_state, 96);
ASSERT_AT(iree_vm_module_t, fork_state, 104);
ASSERT_AT(iree_vm_module_t, resolve_import, 112);
ASSERT_AT(iree_vm_module_t, notify, 120);
ASSERT_AT(iree_vm_module_t, begin_call, 128);
ASSERT_AT(iree_vm_module_t, resume_call, 136);

ASSERT_SIZE(iree_vm_function_t, 16);
ASSERT_AT(iree_vm_function_t, module, 0);
ASSERT_AT(iree_vm_function_t, linkage, 8);
ASSERT_AT(iree_vm_function_t, ordinal, 10);
ASSERT_SIZE(iree_vm_function_linkage_t, 4);
ASSERT_SIZE(iree_vm_function_signature_t, 16);
ASSERT_SIZE(iree_vm_module_signature_t, 40);
ASSERT_AT(iree_vm_module_signature_t, version, 0);
ASSERT_AT(iree_vm_module_signature_t, attr_count, 8);
ASSERT_AT(iree_vm_module_signature_t, import_function_count, 16);
ASSERT_AT(iree_vm_module_signature_t, export_function_count, 24);
ASSERT_AT(iree_vm_module_signature_t, internal_function_count, 32);
ASSERT_SIZE(iree_vm_module_dependency_t, 24);
ASSERT_AT(iree_vm_module_dependency_t, name, 0);
ASSERT_AT(iree_vm_module_dependency_t, minimum_version, 16);
ASSERT_AT(iree_vm_module_dependency_t, flags, 20);
ASSERT_SIZE(iree_vm_function_call_t, 48);
ASSERT_AT(iree_vm_function_call_t, function, 0);
ASSERT_AT(iree_vm_function_call_t, arguments, 16);
ASSERT_AT(iree_vm_function_call_t, results, 32);
ASSERT_SIZE(iree_vm_source_location_t, 32);
ASSERT_AT(iree_vm_source_location_t, self, 0);
ASSERT_AT(iree_vm_source_location_t, data, 8);
ASSERT_AT(iree_vm_source_location_t, format, 24);
ASSERT_SIZE(iree_vm_signal_t, 4);
ASSERT_SIZE(iree_vm_register_list_t, 2);
ASSERT_AT(iree_vm_register_list_t, registers, 2);

/* ---- References and values ----------------------------------------------------------------------------------------- */

ASSERT_SIZE(iree_vm_ref_t, 16);
ASSERT_AT(iree_vm_ref_t, ptr, 0);
ASSERT_AT(iree_vm_ref_t, type, 8);
ASSERT_SIZE(iree_vm_ref_type_descriptor_t, 32);
_Static_assert(_Alignof(iree_vm_ref_type_descriptor_t) == 8, "alignment of type descriptors");
ASSERT_AT(iree_vm_ref_type_descriptor_t, destroy, 0);
ASSERT_AT(iree_vm_ref_type_descriptor_t, type_name, 8);
ASSERT_AT(iree_vm_ref_type_descriptor_t, offsetof_counter, 24);
ASSERT_SIZE(iree_vm_ref_object_t, 4);
ASSERT_SIZE(iree_vm_buffer_t, 48);
ASSERT_AT(iree_vm_buffer_t, ref_object, 0);
ASSERT_AT(iree_vm_buffer_t, access, 4);
ASSERT_AT(iree_vm_buffer_t, data, 8);
ASSERT_AT(iree_vm_buffer_t, allocator, 24);
ASSERT_AT(iree_vm_buffer_t, storage_module, 40);
ASSERT_SIZE(iree_vm_type_def_t, 8);
ASSERT_SIZE(iree_vm_value_t, 16);
ASSERT_AT(iree_vm_value_t, type, 0);
ASSERT_AT(iree_vm_value_t, i64, 8);
ASSERT_SIZE(iree_vm_variant_t, 24);
ASSERT_AT(iree_vm_variant_t, type, 0);
ASSERT_AT(iree_vm_variant_t, value, 8);
ASSERT_AT(iree_vm_variant_t, ref, 8);

/* ---- Tables of native modules -------------------------------------------------------------------------------------- */

ASSERT_SIZE(iree_vm_native_import_descriptor_t, 24);
ASSERT_AT(iree_vm_native_import_descriptor_t, flags, 0);
ASSERT_AT(iree_vm_native_import_descriptor_t, full_name, 8);
ASSERT_SIZE(iree_vm_native_export_descriptor_t, 48);
ASSERT_AT(iree_vm_native_export_descriptor_t, local_name, 0);
ASSERT_AT(iree_vm_native_export_descriptor_t, calling_convention, 16);
ASSERT_AT(iree_vm_native_export_descriptor_t, attr_count, 32);
ASSERT_AT(iree_vm_native_export_descriptor_t, attrs, 40);
ASSERT_SIZE(iree_vm_native_function_ptr_t, 16);
ASSERT_AT(iree_vm_native_function_ptr_t, shim, 0);
ASSERT_AT(iree_vm_native_function_ptr_t, target, 8);
ASSERT_SIZE(iree_vm_native_module_descriptor_t, 104);
ASSERT_AT(iree_vm_native_module_descriptor_t, name, 0);
ASSERT_AT(iree_vm_native_module_descriptor_t, version, 16);
ASSERT_AT(iree_vm_native_module_descriptor_t, attr_count, 24);
ASSERT_AT(iree_vm_native_module_descriptor_t, attrs, 32);
ASSERT_AT(iree_vm_native_module_descriptor_t, dependency_count, 40);
ASSERT_AT(iree_vm_native_module_descriptor_t, dependencies, 48);
ASSERT_AT(iree_vm_native_module_descriptor_t, import_count, 56);
ASSERT_AT(iree_vm_native_module_descriptor_t, imports, 64);
ASSERT_AT(iree_vm_native_module_descriptor_t, export_count, 72);
ASSERT_AT(iree_vm_native_module_descriptor_t, exports, 80);
ASSERT_AT(iree_vm_native_module_descriptor_t, function_count, 88);
ASSERT_AT(iree_vm_native_module_descriptor_t, functions, 96);

#endif
