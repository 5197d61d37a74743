/* SPDX-License-Identifier: Apache-2.0 */
/* Bytecode modules: an image, the fast forms of its functions and its constants behind the interface of a module. */
#include "bytecode/module.h"

#include "base/atomics.h"
#include "bytecode/debug.h"
#include "bytecode/interp.h"
#include "iree/vm/bytecode/module.h"
#include "vm/text.h"

/* ---- Exports by name --------------------------------------------------------------------------------------------- */

static uint32_t hash_name(iree_string_view_t name) {
  uint32_t hash = 2166136261u;
  for (iree_host_size_t i = 0; i < name.size; ++i) hash = (hash ^ (uint8_t)name.data[i]) * 16777619u;
  return hash ^ hash >> 15;
}

/* The slot of an export of that name, or the free one where it would be. */
static uint32_t* find_export_slot(const bytecode_module_t* module, iree_string_view_t name) {
  uint32_t at = hash_name(name) & module->export_slot_mask;
  while (module->export_slots[at]) {
    const bytecode_export_t* export = &module->image.exports[module->export_slots[at] - 1];
    if (iree_string_view_equal(export->local_name, name)) break;
    at = (at + 1) & module->export_slot_mask;
  }
  return &module->export_slots[at];
}

/* Of several exports of a name the first one is found. */
static iree_status_t build_export_table(bytecode_module_t* module) {
  uint32_t count = module->image.export_count;
  uint32_t size = 2;
  while (size < 2 * (uint64_t)count && size < 1u << 31) size *= 2;
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_array(module->allocator, size, sizeof(uint32_t), (void**)&module->export_slots));
  module->export_slot_mask = size - 1;
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t* slot = find_export_slot(module, module->image.exports[i].local_name);
    if (!*slot) *slot = i + 1;
  }
  return iree_ok_status();
}

static iree_status_t bytecode_lookup_function(void* self, iree_vm_function_linkage_t linkage, iree_string_view_t name,
                                              const iree_vm_function_signature_t* expected_signature,
                                              iree_vm_function_t* out_function) {
  (void)expected_signature; /* the context compares */
  bytecode_module_t* module = (bytecode_module_t*)self;
  if (iree_string_view_is_empty(name)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "function name is empty");
  }
  if (linkage != IREE_VM_FUNCTION_LINKAGE_EXPORT && linkage != IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL) {
    return iree_make_status(IREE_STATUS_UNIMPLEMENTED, "only exports of a bytecode module can be found by name");
  }
  uint32_t slot = *find_export_slot(module, name);
  if (slot > 0 && slot <= UINT16_MAX) {
    *out_function = (iree_vm_function_t){&module->interface, (uint16_t)linkage, (uint16_t)(slot - 1)};
    return iree_ok_status();
  }
  if (slot > 0)
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "export %u is beyond what a function can name", slot - 1);
  if (linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL) return iree_status_from_code(IREE_STATUS_NOT_FOUND);
  return iree_make_status(IREE_STATUS_NOT_FOUND, "no function `%.*s` exported by module `%.*s`", VM_SV_ARG(name),
                          VM_SV_ARG(module->image.name));
}

/* ---- What a module says of itself -------------------------------------------------------------------------------- */

static iree_string_view_t bytecode_name(void* self) { return ((bytecode_module_t*)self)->image.name; }

static iree_vm_module_signature_t bytecode_signature(void* self) {
  const bytecode_image_t* image = &((bytecode_module_t*)self)->image;
  return (iree_vm_module_signature_t){
      .version = image->version,
      .attr_count = image->attrs.count,
      .import_function_count = image->import_count,
      .export_function_count = image->export_count,
      .internal_function_count = image->function_count,
  };
}

static iree_status_t bytecode_enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback,
                                                     void* user_data) {
  const bytecode_image_t* image = &((bytecode_module_t*)self)->image;
  for (uint32_t i = 0; i < image->dependency_count; ++i) {
    const bytecode_dependency_t* from = &image->dependencies[i];
    iree_vm_module_dependency_t dependency = {from->name, from->minimum_version, from->flags};
    IREE_RETURN_IF_ERROR(callback(user_data, &dependency));
  }
  return iree_ok_status();
}

static iree_status_t attr_at(const bytecode_attrs_t* attrs, iree_host_size_t index, iree_string_pair_t* out_attr) {
  if (index >= attrs->count) return iree_status_from_code(IREE_STATUS_OUT_OF_RANGE);
  if (iree_string_view_is_empty(attrs->pairs[index].key)) {
    return iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "attribute %zu has no key", index);
  }
  *out_attr = attrs->pairs[index];
  return iree_ok_status();
}

static iree_status_t bytecode_get_module_attr(void* self, iree_host_size_t index, iree_string_pair_t* out_attr) {
  return attr_at(&((bytecode_module_t*)self)->image.attrs, index, out_attr);
}

/* ---- Functions by ordinal ---------------------------------------------------------------------------------------- */

typedef struct function_info_t {
  uint32_t internal_ordinal; /* UINT32_MAX for an import */
  iree_string_view_t name;   /* empty for an internal function: takes time */
  const bytecode_cconv_t* cconv;
  const bytecode_attrs_t* attrs;
  iree_vm_function_linkage_t linkage;
} function_info_t;

static iree_status_t check_ordinal(const char* kind, iree_host_size_t ordinal, uint32_t count) {
  if (ordinal < count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "%s ordinal out of range: %zu of %u", kind, ordinal, count);
}

static function_info_t internal_info(const bytecode_image_t* image, uint32_t ordinal, iree_string_view_t name,
                                     iree_vm_function_linkage_t linkage) {
  const bytecode_function_t* function = &image->functions[ordinal];
  return (function_info_t){ordinal, name, &function->cconv, &function->attrs, linkage};
}

static iree_status_t find_function(const bytecode_image_t* image, iree_vm_function_linkage_t linkage,
                                   iree_host_size_t ordinal, function_info_t* out_info) {
  switch (linkage) {
    case IREE_VM_FUNCTION_LINKAGE_EXPORT: case IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL:
      IREE_RETURN_IF_ERROR(check_ordinal("export", ordinal, image->export_count));
      *out_info = internal_info(image, image->exports[ordinal].function, image->exports[ordinal].local_name, linkage);
      return iree_ok_status();
    case IREE_VM_FUNCTION_LINKAGE_IMPORT: case IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL: {
      IREE_RETURN_IF_ERROR(check_ordinal("import", ordinal, image->import_count));
      const bytecode_import_t* import = &image->imports[ordinal];
      *out_info = (function_info_t){UINT32_MAX, import->full_name, &import->cconv, &import->attrs,
                                    import->optional ? IREE_VM_FUNCTION_LINKAGE_IMPORT_OPTIONAL
                                                     : IREE_VM_FUNCTION_LINKAGE_IMPORT};
      return iree_ok_status();
    }
    case IREE_VM_FUNCTION_LINKAGE_INTERNAL:
      IREE_RETURN_IF_ERROR(check_ordinal("function", ordinal, image->function_count));
      *out_info = internal_info(image, (uint32_t)ordinal, iree_string_view_empty(), linkage);
      return iree_ok_status();
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "unknown linkage %d", (int)linkage);
}

static iree_status_t bytecode_get_function(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                           iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                           iree_vm_function_signature_t* out_signature) {
  bytecode_module_t* module = (bytecode_module_t*)self;
  function_info_t info = {.internal_ordinal = UINT32_MAX};
  IREE_RETURN_IF_ERROR(find_function(&module->image, linkage, ordinal, &info));
  if (out_function) {
    *out_function = (iree_vm_function_t){&module->interface, (uint16_t)info.linkage, (uint16_t)ordinal};
  }
  if (out_name) {
    *out_name = linkage == IREE_VM_FUNCTION_LINKAGE_INTERNAL ? bytecode_function_name(&module->image, (uint32_t)ordinal)
                                                             : info.name;
  }
  if (out_signature) out_signature->calling_convention = info.cconv->text;
  return iree_ok_status();
}

static iree_status_t bytecode_get_function_attr(void* self, iree_vm_function_linkage_t linkage,
                                                iree_host_size_t ordinal, iree_host_size_t index,
                                                iree_string_pair_t* out_attr) {
  function_info_t info = {.internal_ordinal = UINT32_MAX};
  IREE_RETURN_IF_ERROR(find_function(&((bytecode_module_t*)self)->image, linkage, ordinal, &info));
  return attr_at(info.attrs, index, out_attr);
}

static iree_status_t format_location(void* self, uint64_t data[2], uint32_t flags, iree_string_builder_t* builder) {
  (void)flags;
  return bytecode_debug_format_location(&((bytecode_module_t*)self)->image, (uint32_t)data[0], builder);
}

static iree_status_t bytecode_resolve_source_location(void* self, iree_vm_function_t function, int64_t pc,
                                                      iree_vm_source_location_t* out_location) {
  bytecode_module_t* module = (bytecode_module_t*)self;
  function_info_t info = {.internal_ordinal = UINT32_MAX};
  uint32_t location = 0;
  IREE_RETURN_IF_ERROR(
      find_function(&module->image, (iree_vm_function_linkage_t)function.linkage, function.ordinal, &info));
  if (info.internal_ordinal == UINT32_MAX || pc < 0 || pc > UINT32_MAX ||
      !bytecode_debug_find_location(&module->image, info.internal_ordinal, (uint32_t)pc, &location)) {
    return iree_status_from_code(IREE_STATUS_UNAVAILABLE);
  }
  *out_location = (iree_vm_source_location_t){self, {location, 0}, format_location};
  return iree_ok_status();
}

/* ---- State ------------------------------------------------------------------------------------------------------- */

static iree_status_t bytecode_alloc_state(void* self, iree_allocator_t allocator, iree_vm_module_state_t** out_state) {
  return bytecode_state_allocate((bytecode_module_t*)self, allocator, (bytecode_state_t**)out_state);
}

static void bytecode_free_state(void* self, iree_vm_module_state_t* state) {
  (void)self;
  bytecode_state_free((bytecode_state_t*)state);
}

static iree_status_t bytecode_fork_state(void* self, iree_vm_module_state_t* parent_state, iree_allocator_t allocator,
                                         iree_vm_module_state_t** out_child_state) {
  (void)self;
  return bytecode_state_fork((const bytecode_state_t*)parent_state, allocator, (bytecode_state_t**)out_child_state);
}

static iree_status_t bytecode_resolve_import(void* self, iree_vm_module_state_t* state, iree_host_size_t ordinal,
                                             const iree_vm_function_t* function,
                                             const iree_vm_function_signature_t* signature) {
  IREE_RETURN_IF_ERROR(check_ordinal("import", ordinal, ((bytecode_module_t*)self)->image.import_count));
  return bytecode_state_bind((bytecode_state_t*)state, (uint32_t)ordinal, function, signature->calling_convention);
}

static iree_status_t bytecode_notify(void* self, iree_vm_module_state_t* state, iree_vm_signal_t signal) {
  (void)self, (void)state, (void)signal;
  return iree_ok_status(); /* `__notify` is called by the context */
}

/* ---- Calls ------------------------------------------------------------------------------------------------------- */

static iree_status_t bytecode_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  bytecode_module_t* module = (bytecode_module_t*)self;
  uint32_t ordinal = call.function.ordinal;
  bool is_export = call.function.linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT ||
                   call.function.linkage == IREE_VM_FUNCTION_LINKAGE_EXPORT_OPTIONAL;
  if (is_export && ordinal < module->image.export_count) {
    return interp_begin(stack, &module->functions[module->image.exports[ordinal].function], call);
  }
  if (call.function.linkage == IREE_VM_FUNCTION_LINKAGE_INTERNAL && ordinal < module->image.function_count) {
    return interp_begin(stack, &module->functions[ordinal], call);
  }
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "module `%.*s` has no function of linkage %u and ordinal %u to call",
                          VM_SV_ARG(module->image.name), call.function.linkage, ordinal);
}

static iree_status_t bytecode_resume_call(void* self, iree_vm_stack_t* stack, iree_byte_span_t results) {
  return interp_resume(stack, (bytecode_module_t*)self, results);
}

code_function_t* bytecode_module_function(const iree_vm_function_t* function) {
  if (!function->module || function->module->begin_call != bytecode_begin_call) return NULL;
  bytecode_module_t* module = (bytecode_module_t*)function->module->self;
  function_info_t info = {.internal_ordinal = UINT32_MAX};
  iree_status_t status =
      find_function(&module->image, (iree_vm_function_linkage_t)function->linkage, function->ordinal, &info);
  if (iree_status_is_ok(status) && info.internal_ordinal != UINT32_MAX)
    return &module->functions[info.internal_ordinal];
  iree_status_free(status);
  return NULL;
}

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static void bytecode_destroy(void* self) {
  bytecode_module_t* module = (bytecode_module_t*)self;
  iree_allocator_t allocator = module->allocator;
  for (uint32_t i = 0; module->functions && i < module->image.function_count; ++i) {
    code_function_discard(&module->functions[i]);
  }
  iree_allocator_free(allocator, module->functions);
  iree_allocator_free(allocator, module->rodata);
  iree_allocator_free(allocator, module->export_slots);
  bytecode_image_deinitialize(&module->image);
  iree_allocator_free(module->archive_allocator, (void*)(uintptr_t)module->archive.data);
  iree_vm_instance_release(module->instance);
  iree_allocator_free(allocator, module);
  live_object_remove(VMRT_OBJECT_BYTECODE_MODULE);
}

/* Bytes of a part of a convention of numbers and references. */
static uint32_t packed_size(iree_string_view_t letters) {
  uint32_t at = 0;
  bool is_wide = false;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    bool is_small = letters.data[i] == 'i' || letters.data[i] == 'f';
    is_wide |= !is_small;
    at = is_small ? at + 4 : ((at + 7) & ~7u) + (letters.data[i] == 'r' ? 16 : 8);
  }
  return is_wide ? (at + 7) & ~7u : at;
}

static void describe_function(bytecode_module_t* module, uint32_t ordinal) {
  const bytecode_function_t* source = &module->image.functions[ordinal];
  code_function_t* function = &module->functions[ordinal];
  uint32_t i32_bytes = (4u * source->i32_register_count + 15) & ~15u;
  uint32_t ref_bytes = (uint32_t)sizeof(iree_vm_ref_t) * source->ref_register_count;
  function->module = module;
  function->ordinal = ordinal;
  function->ref_offset = i32_bytes;
  function->ref_count = source->ref_register_count;
  function->register_bytes = i32_bytes + ref_bytes;
  function->frame_size = (uint32_t)sizeof(interp_frame_t) + function->register_bytes;
  function->cost = VM_STACK_FRAME_COST + 48 + function->register_bytes;
  if (ordinal > 0 && iree_string_view_equal(source->cconv.text, (source - 1)->cconv.text)) {
    function->argument_bytes = (function - 1)->argument_bytes;
    function->result_bytes = (function - 1)->result_bytes;
  } else {
    function->argument_bytes = packed_size(source->cconv.arguments);
    function->result_bytes = packed_size(source->cconv.results);
  }
}

static iree_status_t build_functions(bytecode_module_t* module) {
  uint32_t count = module->image.function_count;
  if (!count) return iree_ok_status();
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_array(module->allocator, count, sizeof(code_function_t), (void**)&module->functions));
  for (uint32_t i = 0; i < count; ++i) describe_function(module, i);
  return iree_ok_status();
}

static iree_status_t build_rodata(bytecode_module_t* module) {
  uint32_t count = module->image.rodata_count;
  if (!count) return iree_ok_status();
  IREE_RETURN_IF_ERROR(
      iree_allocator_malloc_array(module->allocator, count, sizeof(iree_vm_buffer_t), (void**)&module->rodata));
  for (uint32_t i = 0; i < count; ++i) {
    iree_const_byte_span_t data = module->image.rodata[i];
    iree_byte_span_t span = iree_make_byte_span((void*)(uintptr_t)data.data, data.data_length);
    iree_vm_buffer_initialize_module_storage(span, &module->interface, &module->rodata[i]);
  }
  return iree_ok_status();
}

static void fill_interface(bytecode_module_t* module) {
  iree_vm_module_t* interface = &module->interface;
  interface->destroy = bytecode_destroy;
  interface->name = bytecode_name;
  interface->signature = bytecode_signature;
  interface->enumerate_dependencies = bytecode_enumerate_dependencies;
  interface->get_module_attr = bytecode_get_module_attr;
  interface->lookup_function = bytecode_lookup_function;
  interface->get_function = bytecode_get_function;
  interface->get_function_attr = bytecode_get_function_attr;
  interface->resolve_source_location = bytecode_resolve_source_location;
  interface->alloc_state = bytecode_alloc_state;
  interface->free_state = bytecode_free_state;
  interface->fork_state = bytecode_fork_state;
  interface->resolve_import = bytecode_resolve_import;
  interface->notify = bytecode_notify;
  interface->begin_call = bytecode_begin_call;
  interface->resume_call = bytecode_resume_call;
}

/* Everything that can fail, on a module that nobody else sees; what it made so far stays in the module. */
static iree_status_t build_module(bytecode_module_t* module, uint32_t flags, iree_const_byte_span_t archive) {
  IREE_RETURN_IF_ERROR(iree_vm_module_initialize(&module->interface, module));
  fill_interface(module);
  IREE_RETURN_IF_ERROR(bytecode_image_parse(module->instance, flags, archive, module->allocator, &module->image));
  IREE_RETURN_IF_ERROR(bytecode_verify_image(&module->image));
  IREE_RETURN_IF_ERROR(build_functions(module));
  IREE_RETURN_IF_ERROR(build_rodata(module));
  return build_export_table(module);
}

iree_status_t iree_vm_bytecode_module_create(iree_vm_instance_t* instance, uint32_t flags,
                                             iree_const_byte_span_t archive_contents,
                                             iree_allocator_t archive_allocator, iree_allocator_t allocator,
                                             iree_vm_module_t** out_module) {
  void* block = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof(bytecode_module_t), &block));
  bytecode_module_t* module = (bytecode_module_t*)block;
  module->allocator = allocator;
  module->instance = instance;
  iree_vm_instance_retain(instance);
  live_object_add(VMRT_OBJECT_BYTECODE_MODULE);
  iree_status_t status = build_module(module, flags, archive_contents);
  if (!iree_status_is_ok(status)) {
    bytecode_destroy(module); /* the archive stays with the caller */
    return status;
  }
  module->archive = archive_contents;
  module->archive_allocator = archive_allocator;
  *out_module = &module->interface;
  return iree_ok_status();
}
