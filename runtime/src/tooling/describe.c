/* SPDX-License-Identifier: Apache-2.0 */
/* Describes any kind of module through its interface. */
#include "tooling/describe.h"

#include "bytecode/disasm.h"
#include "bytecode/module.h"
#include "vm/text.h"

/* More than any module has: one that never ends its tables is not followed for ever. */
#define MAX_ATTRS 4096
#define MAX_ORDINALS 65536

static iree_string_view_t or_dash(iree_string_view_t text) {
  return iree_string_view_is_empty(text) ? IREE_SV("-") : text;
}

static iree_status_t append_attr(const char* indent, iree_string_pair_t attr, iree_string_builder_t* builder) {
  return iree_string_builder_append_format(builder, "%sattr %.*s = %.*s\n", indent, VM_SV_ARG(attr.key),
                                           VM_SV_ARG(attr.value));
}

/* ---- Functions --------------------------------------------------------------------------------------------------- */

static iree_status_t append_function_attrs(iree_vm_function_t function, iree_string_builder_t* builder) {
  for (iree_host_size_t i = 0; i < MAX_ATTRS; ++i) {
    iree_string_pair_t attr = {{NULL, 0}, {NULL, 0}};
    iree_status_t status = iree_vm_function_get_attr(function, i, &attr);
    if (!iree_status_is_ok(status)) {
      iree_status_free(status);
      break;
    }
    IREE_RETURN_IF_ERROR(append_attr("    ", attr, builder));
  }
  return iree_ok_status();
}

static iree_status_t append_function(const char* prefix, iree_vm_function_t function, iree_string_builder_t* builder) {
  iree_string_view_t name = iree_vm_function_name(&function);
  iree_string_view_t cconv = or_dash(iree_vm_function_signature(&function).calling_convention);
  return iree_string_builder_append_format(builder, "%s%.*s %.*s\n", prefix, VM_SV_ARG(name), VM_SV_ARG(cconv));
}

static const char* function_prefix(iree_vm_function_t function) {
  if (function.linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL) return "  import optional ";
  return function.linkage == IREE_VM_FUNCTION_LINKAGE_IMPORT ? "  import " : "  export ";
}

static iree_status_t append_functions(iree_vm_module_t* module, iree_vm_function_linkage_t linkage,
                                      iree_host_size_t count, bool in_full, iree_string_builder_t* builder) {
  for (iree_host_size_t i = 0; i < count && i < MAX_ORDINALS; ++i) {
    iree_vm_function_t function = {NULL, 0, 0};
    IREE_RETURN_IF_ERROR(iree_vm_module_lookup_function_by_ordinal(module, linkage, i, &function));
    IREE_RETURN_IF_ERROR(append_function(in_full ? function_prefix(function) : "", function, builder));
    if (in_full) IREE_RETURN_IF_ERROR(append_function_attrs(function, builder));
  }
  return iree_ok_status();
}

iree_status_t describe_exports(iree_vm_module_t* module, iree_string_builder_t* builder) {
  iree_host_size_t count = iree_vm_module_signature(module).export_function_count;
  return append_functions(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, count, false, builder);
}

/* ---- Modules ----------------------------------------------------------------------------------------------------- */

static iree_status_t append_dependency(void* user_data, const iree_vm_module_dependency_t* dependency) {
  bool required = dependency->flags & IREE_VM_MODULE_DEPENDENCY_FLAG_REQUIRED;
  return iree_string_builder_append_format(user_data, "  depends on %.*s version %u%s\n", VM_SV_ARG(dependency->name),
                                           dependency->minimum_version, required ? "" : " optional");
}

static iree_status_t append_module_attrs(iree_vm_module_t* module, iree_host_size_t count,
                                         iree_string_builder_t* builder) {
  for (iree_host_size_t i = 0; i < count && i < MAX_ATTRS; ++i) {
    iree_string_pair_t attr = {{NULL, 0}, {NULL, 0}};
    IREE_RETURN_IF_ERROR(iree_vm_module_get_attr(module, i, &attr));
    IREE_RETURN_IF_ERROR(append_attr("  ", attr, builder));
  }
  return iree_ok_status();
}

/* Modules of other kinds, and bytecode without any function, have no code to show. */
static iree_status_t append_code(iree_vm_module_t* module, iree_string_builder_t* builder) {
  iree_vm_function_t first = {module, IREE_VM_FUNCTION_LINKAGE_INTERNAL, 0};
  const code_function_t* code = bytecode_module_function(&first);
  if (!code) return iree_ok_status();
  IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "\n"));
  return bytecode_disassemble_image(&code->module->image, builder);
}

iree_status_t describe_module(iree_vm_module_t* module, iree_string_builder_t* builder) {
  iree_vm_module_signature_t signature = iree_vm_module_signature(module);
  iree_string_view_t name = iree_vm_module_name(module);
  IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "module %.*s version %u\n", VM_SV_ARG(name),
                                                         signature.version));
  IREE_RETURN_IF_ERROR(append_module_attrs(module, signature.attr_count, builder));
  IREE_RETURN_IF_ERROR(iree_vm_module_enumerate_dependencies(module, append_dependency, builder));
  IREE_RETURN_IF_ERROR(append_functions(module, IREE_VM_FUNCTION_LINKAGE_IMPORT, signature.import_function_count, true,
                                        builder));
  IREE_RETURN_IF_ERROR(append_functions(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, signature.export_function_count, true,
                                        builder));
  return append_code(module, builder);
}
