/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a bytecode module and of its state in a context: what the interpreter works on. */
#ifndef VMRT_BYTECODE_MODULE_INTERNAL_H_
#define VMRT_BYTECODE_MODULE_INTERNAL_H_

#include "bytecode/decode.h"

struct bytecode_module_t {
  iree_vm_module_t interface;
  bytecode_image_t image;
  iree_vm_instance_t* instance; /* retained */
  iree_const_byte_span_t archive;
  iree_allocator_t archive_allocator;
  iree_allocator_t allocator;
  code_function_t* functions; /* as many as in the image */
  iree_vm_buffer_t* rodata;   /* constants, as many as in the image */
  uint32_t* export_slots;     /* hash table of export ordinals plus one; 0 is free */
  uint32_t export_slot_mask;
};

/* An argument or result of an import: its register in the callee when that is bytecode, its place in the packed
 * form. */
typedef enum import_kind_e { IMPORT_32 = 0, IMPORT_64 = 1, IMPORT_REF = 2 } import_kind_t;
typedef struct import_value_t {
  uint16_t reg;
  uint16_t kind; /* import_kind_t */
  uint32_t offset;
} import_value_t;

/* An import bound to a function: all that a call needs. */
typedef struct import_binding_t {
  iree_vm_function_t function; /* module NULL: not resolved */
  code_function_t* target;     /* NULL unless the function is bytecode */
  struct bytecode_state_t* target_state; /* of `target` in this context; found at the first call */
  iree_string_view_t arguments, results; /* of the calling convention; borrowed from the exporting module */
  bool is_variadic;
  bool has_ref_arguments, has_ref_results;
  bool is_all_32; /* nothing but 32-bit arguments and results: packed one behind the other */
  uint32_t argument_count, result_count; /* `argument_count` is 0 for a variadic one */
  uint32_t argument_bytes, result_bytes; /* packed; without the spans */
  uint32_t result_offset, buffer_bytes;  /* of the packed form of a fixed call as a whole; multiples of 16 */
  import_value_t* values;                /* arguments, then results */
} import_binding_t;

typedef struct bytecode_state_t {
  bytecode_module_t* module; /* borrowed: a context retains its modules */
  iree_allocator_t allocator;
  uint8_t* globals;
  iree_vm_ref_t* ref_globals;
  import_binding_t* imports;
} bytecode_state_t;

/* The record behind `function` when it belongs to a bytecode module, else NULL. */
code_function_t* bytecode_module_function(const iree_vm_function_t* function);

/* ---- state.c ----------------------------------------------------------------------------------------------------- */

iree_status_t bytecode_state_allocate(bytecode_module_t* module, iree_allocator_t allocator,
                                      bytecode_state_t** out_state);
void bytecode_state_free(bytecode_state_t* state);
iree_status_t bytecode_state_fork(const bytecode_state_t* parent, iree_allocator_t allocator,
                                  bytecode_state_t** out_child);
/* INVALID_ARGUMENT when more than 16 KiB of arguments or results would have to be packed. */
iree_status_t bytecode_state_bind(bytecode_state_t* state, uint32_t ordinal, const iree_vm_function_t* function,
                                  iree_string_view_t calling_convention);

#endif /* VMRT_BYTECODE_MODULE_INTERNAL_H_ */
