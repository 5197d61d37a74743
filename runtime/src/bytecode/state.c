/* SPDX-License-Identifier: Apache-2.0 */
/* The state of a bytecode module in a context: globals and bound imports. */
#include "bytecode/module.h"
#include "vm/ref_inline.h"

/* Largest packed form of the arguments, or results, of an import. */
#define IMPORT_BUFFER_LIMIT 16384
/* Largest state: a file of a few bytes can ask for any size. */
#define STATE_SIZE_LIMIT (1ull << 30)

/* ---- Life -------------------------------------------------------------------------------------------------------- */

static uint64_t align_16(uint64_t size) { return (size + 15) & ~15ull; }

/* One block: the state, imports, ref globals, bytes of globals. */
iree_status_t bytecode_state_allocate(bytecode_module_t* module, iree_allocator_t allocator,
                                      bytecode_state_t** out_state) {
  const bytecode_image_t* image = &module->image;
  uint64_t imports_at = align_16(sizeof(bytecode_state_t));
  uint64_t refs_at = imports_at + align_16((uint64_t)image->import_count * sizeof(import_binding_t));
  uint64_t bytes_at = refs_at + (uint64_t)image->global_ref_count * sizeof(iree_vm_ref_t);
  void* block = NULL;
  if (bytes_at + image->global_bytes > STATE_SIZE_LIMIT) {
    return iree_make_status(IREE_STATUS_RESOURCE_EXHAUSTED,
                            "module state of %u global bytes and %u global references is over the limit of %llu bytes",
                            image->global_bytes, image->global_ref_count, STATE_SIZE_LIMIT);
  }
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, (iree_host_size_t)(bytes_at + image->global_bytes), &block));
  bytecode_state_t* state = (bytecode_state_t*)block;
  state->module = module;
  state->allocator = allocator;
  state->imports = (import_binding_t*)((uint8_t*)block + imports_at);
  state->ref_globals = (iree_vm_ref_t*)((uint8_t*)block + refs_at);
  state->globals = (uint8_t*)block + bytes_at;
  *out_state = state;
  return iree_ok_status();
}

void bytecode_state_free(bytecode_state_t* state) {
  if (!state) return;
  const bytecode_image_t* image = &state->module->image;
  for (uint32_t i = 0; i < image->global_ref_count; ++i) vm_ref_release(&state->ref_globals[i]);
  for (uint32_t i = 0; i < image->import_count; ++i) iree_allocator_free(state->allocator, state->imports[i].values);
  iree_allocator_free(state->allocator, state);
}

static iree_status_t clone_values(const import_binding_t* binding, iree_allocator_t allocator,
                                  import_value_t** out_values) {
  iree_host_size_t size = (binding->argument_count + binding->result_count) * sizeof(import_value_t);
  if (!binding->values || size == 0) return iree_ok_status();
  return iree_allocator_clone(allocator, iree_make_const_byte_span(binding->values, size), (void**)out_values);
}

/* Globals as they are now, references retained; imports stay bound, to the child's own states. */
iree_status_t bytecode_state_fork(const bytecode_state_t* parent, iree_allocator_t allocator,
                                  bytecode_state_t** out_child) {
  const bytecode_image_t* image = &parent->module->image;
  bytecode_state_t* child = NULL;
  IREE_RETURN_IF_ERROR(bytecode_state_allocate(parent->module, allocator, &child));
  if (image->global_bytes) memcpy(child->globals, parent->globals, image->global_bytes);
  for (uint32_t i = 0; i < image->global_ref_count; ++i) vm_ref_retain(&parent->ref_globals[i], &child->ref_globals[i]);
  for (uint32_t i = 0; i < image->import_count; ++i) {
    import_binding_t* binding = &child->imports[i];
    *binding = parent->imports[i];
    binding->target_state = NULL;
    binding->values = NULL;
    iree_status_t status = clone_values(&parent->imports[i], allocator, &binding->values);
    if (!iree_status_is_ok(status)) {
      bytecode_state_free(child);
      return status;
    }
  }
  *out_child = child;
  return iree_ok_status();
}

/* ---- Imports ----------------------------------------------------------------------------------------------------- */

/* Lays values out one after the other, in registers and in packed form. */
typedef struct import_layout_t {
  uint64_t at;
  uint32_t next_i32;
  uint32_t next_ref;
} import_layout_t;

static import_value_t next_value(import_layout_t* layout, char letter) {
  import_value_t value = {0, IMPORT_32, 0};
  if (letter == 'i' || letter == 'f') {
    value.reg = (uint16_t)layout->next_i32++;
    value.offset = (uint32_t)layout->at;
    layout->at += 4;
    return value;
  }
  layout->at = (layout->at + 7) & ~7ull;
  value.offset = (uint32_t)layout->at;
  if (letter == 'r') {
    value.kind = IMPORT_REF;
    value.reg = (uint16_t)layout->next_ref++;
    layout->at += 16;
  } else {
    value.kind = IMPORT_64;
    layout->next_i32 = (layout->next_i32 + 1) & ~1u;
    value.reg = (uint16_t)layout->next_i32;
    layout->next_i32 += 2;
    layout->at += 8;
  }
  return value;
}

static void lay_out(iree_string_view_t letters, import_value_t* values) {
  import_layout_t layout = {0, 0, 0};
  for (iree_host_size_t i = 0; i < letters.size; ++i) values[i] = next_value(&layout, letters.data[i]);
}

/* Packed bytes of a part, spans counted as empty. */
static iree_status_t fixed_size(iree_string_view_t letters, uint32_t ordinal, uint32_t* out_size) {
  uint64_t at = 0;
  bool is_wide = false, is_inside = false;
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    char letter = letters.data[i];
    bool is_small = letter == 'i' || letter == 'f' || letter == 'C';
    if (letter == 'D') is_inside = false;
    is_wide |= !is_small && letter != 'D';
    if (letter == 'D' || is_inside) continue;
    at = is_small ? at + 4 : ((at + 7) & ~7ull) + (letter == 'r' ? 16 : 8);
    is_inside = letter == 'C';
  }
  if (is_wide) at = (at + 7) & ~7ull;
  if (at > IMPORT_BUFFER_LIMIT) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "ABI marshaling buffer overflow on import %u: %llu bytes, at most %d are possible", ordinal,
                            (unsigned long long)at, IMPORT_BUFFER_LIMIT);
  }
  *out_size = (uint32_t)at;
  return iree_ok_status();
}

static bool has_letter(iree_string_view_t letters, char letter) {
  return iree_string_view_find_char(letters, letter, 0) != IREE_STRING_VIEW_NPOS;
}

static bool is_known(iree_string_view_t letters, const char* known) {
  for (iree_host_size_t i = 0; i < letters.size; ++i) {
    if (!memchr(known, letters.data[i], strlen(known))) return false;
  }
  return true;
}

static iree_status_t measure(import_binding_t* binding, uint32_t ordinal, iree_string_view_t calling_convention) {
  iree_vm_function_signature_t signature = {calling_convention};
  IREE_RETURN_IF_ERROR(
      iree_vm_function_call_get_cconv_fragments(&signature, &binding->arguments, &binding->results));
  if (!is_known(binding->arguments, "iIfFrCD") || !is_known(binding->results, "iIfFr")) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "unsupported calling convention '%.*s' of import %u",
                            (int)calling_convention.size, calling_convention.data, ordinal);
  }
  IREE_RETURN_IF_ERROR(fixed_size(binding->arguments, ordinal, &binding->argument_bytes));
  IREE_RETURN_IF_ERROR(fixed_size(binding->results, ordinal, &binding->result_bytes));
  binding->is_variadic = iree_vm_function_call_is_variadic_cconv(binding->arguments);
  binding->is_all_32 = is_known(binding->arguments, "if") && is_known(binding->results, "if");
  binding->has_ref_arguments = has_letter(binding->arguments, 'r');
  binding->has_ref_results = has_letter(binding->results, 'r');
  binding->argument_count = binding->is_variadic ? 0 : (uint32_t)binding->arguments.size;
  binding->result_count = (uint32_t)binding->results.size;
  binding->result_offset = (binding->argument_bytes + 15) & ~15u;
  binding->buffer_bytes = (binding->result_offset + binding->result_bytes + 15) & ~15u;
  return iree_ok_status();
}

static iree_status_t check_calls(const bytecode_image_t* image, uint32_t ordinal,
                                 iree_string_view_t calling_convention) {
  if (!iree_string_view_is_empty(image->imports[ordinal].cconv.text)) return iree_ok_status();
  return bytecode_verify_import_calls(image, ordinal, calling_convention);
}

iree_status_t bytecode_state_bind(bytecode_state_t* state, uint32_t ordinal, const iree_vm_function_t* function,
                                  iree_string_view_t calling_convention) {
  import_binding_t binding = {.function = *function, .target = bytecode_module_function(function)};
  IREE_RETURN_IF_ERROR(check_calls(&state->module->image, ordinal, calling_convention));
  IREE_RETURN_IF_ERROR(measure(&binding, ordinal, calling_convention));
  iree_host_size_t count = (iree_host_size_t)binding.argument_count + binding.result_count;
  if (count) {
    IREE_RETURN_IF_ERROR(
        iree_allocator_malloc_array(state->allocator, count, sizeof(import_value_t), (void**)&binding.values));
    if (!binding.is_variadic) lay_out(binding.arguments, binding.values);
    if (binding.result_count) lay_out(binding.results, binding.values + binding.argument_count);
  }
  iree_allocator_free(state->allocator, state->imports[ordinal].values);
  state->imports[ordinal] = binding;
  return iree_ok_status();
}
