/* SPDX-License-Identifier: Apache-2.0 */
/* Functions and modules as text, around the instructions that disasm.c writes. */
#include <stdio.h>

#include "bytecode/cconv.h"
#include "bytecode/debug.h"
#include "bytecode/disasm_internal.h"

void disasm_initialize(const bytecode_image_t* image, uint32_t function, iree_string_builder_t* builder,
                       disassembler_t* out_disassembler) {
  memset(out_disassembler, 0, sizeof *out_disassembler);
  out_disassembler->image = image;
  out_disassembler->function = &image->functions[function];
  out_disassembler->builder = builder;
  iree_string_builder_initialize(image->allocator, &out_disassembler->scratch);
}

void disasm_deinitialize(disassembler_t* d) { iree_string_builder_deinitialize(&d->scratch); }

void disasm_put_view(disassembler_t* d, iree_string_view_t text) {
  if (!d->builder || !iree_status_is_ok(d->status)) return;
  d->status = iree_string_builder_append_string(&d->scratch, text);
}

void disasm_put(disassembler_t* d, const char* format, ...) {
  char text[128];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  disasm_put_view(d, iree_make_cstring_view(text));
}

void disasm_emit(disassembler_t* d, iree_string_view_t text) {
  if (!d->builder || !iree_status_is_ok(d->status)) return;
  d->status = iree_string_builder_append_string(d->builder, text);
}

/* ---- Functions ------------------------------------------------------------------------------------------------------- */

/* Fills `blocks`, room for the declared block count, with the pc of every marker. */
static iree_status_t find_blocks(const bytecode_image_t* image, uint32_t ordinal, uint32_t* blocks, uint32_t* out_count) {
  disassembler_t walker;
  disasm_initialize(image, ordinal, NULL, &walker);
  iree_status_t status = iree_ok_status();
  *out_count = 0;
  for (uint32_t pc = 0; pc + 1 < walker.function->code_length && iree_status_is_ok(status);) {
    if (walker.function->code[pc] == BYTECODE_OP_BLOCK && *out_count < walker.function->block_count) {
      blocks[(*out_count)++] = pc;
    }
    status = disasm_instruction(&walker, pc, &pc);
  }
  disasm_deinitialize(&walker);
  return status;
}

static iree_status_t append_text(iree_string_builder_t* builder, const char* text) {
  return iree_string_builder_append_string(builder, iree_make_cstring_view(text));
}

/* `(%i0: i32, %i2:3: i64, %r0: !vm.ref<?>)`: arguments with the registers they arrive in. */
static iree_status_t append_arguments(iree_string_builder_t* builder, iree_string_view_t fragment) {
  uint32_t i32 = 0, ref = 0;
  for (iree_host_size_t i = 0; i < fragment.size; ++i) {
    char letter = fragment.data[i];
    if (i) IREE_RETURN_IF_ERROR(append_text(builder, ", "));
    if (letter == 'r') {
      IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "%%r%u: !vm.ref<?>", (unsigned)ref++));
    } else if (letter == 'I' || letter == 'F') {
      i32 = (i32 + 1) / 2 * 2;
      IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "%%i%u:%u: %c64", (unsigned)i32, (unsigned)i32 + 1,
                                                             letter == 'I' ? 'i' : 'f'));
      i32 += 2;
    } else {
      IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "%%i%u: %c32", (unsigned)i32++, letter));
    }
  }
  return iree_ok_status();
}

static iree_status_t append_results(iree_string_builder_t* builder, iree_string_view_t fragment) {
  for (iree_host_size_t i = 0; i < fragment.size; ++i) {
    char letter = fragment.data[i];
    const char* name = letter == 'r' ? "!vm.ref<?>" : letter == 'I' ? "i64" : letter == 'F' ? "f64" : letter == 'f' ? "f32" : "i32";
    if (i) IREE_RETURN_IF_ERROR(append_text(builder, ", "));
    IREE_RETURN_IF_ERROR(append_text(builder, name));
  }
  return iree_ok_status();
}

static iree_status_t append_header(const bytecode_image_t* image, uint32_t ordinal, iree_string_builder_t* builder) {
  const bytecode_cconv_t* cconv = &image->functions[ordinal].cconv;
  iree_string_view_t name = bytecode_function_name(image, ordinal);
  IREE_RETURN_IF_ERROR(append_text(builder, "vm.func @"));
  if (name.size) {
    IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, name));
  } else {
    IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "fn%u", (unsigned)ordinal));
  }
  IREE_RETURN_IF_ERROR(append_text(builder, "("));
  IREE_RETURN_IF_ERROR(append_arguments(builder, cconv->arguments));
  IREE_RETURN_IF_ERROR(append_text(builder, ") -> ("));
  IREE_RETURN_IF_ERROR(append_results(builder, cconv->results));
  return append_text(builder, ") {\n");
}

static iree_status_t append_body(disassembler_t* d) {
  uint32_t block = 0;
  for (uint32_t pc = 0; pc + 1 < d->function->code_length;) {
    if (d->function->code[pc] == BYTECODE_OP_BLOCK) {
      IREE_RETURN_IF_ERROR(iree_string_builder_append_format(d->builder, "^bb%u:\n", (unsigned)block++));
      ++pc;
      continue;
    }
    disasm_emit(d, IREE_SV("  "));
    IREE_RETURN_IF_ERROR(disasm_instruction(d, pc, &pc));
    disasm_emit(d, IREE_SV("\n"));
  }
  disasm_emit(d, IREE_SV("}\n"));
  return d->status;
}

iree_status_t bytecode_disassemble_function(const bytecode_image_t* image, uint32_t function,
                                            iree_string_builder_t* builder) {
  if (function >= image->function_count) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "function %u of %u", (unsigned)function,
                            (unsigned)image->function_count);
  }
  void* blocks = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc_array(image->allocator, image->functions[function].block_count,
                                                   sizeof(uint32_t), &blocks));
  disassembler_t d;
  disasm_initialize(image, function, builder, &d);
  d.blocks = blocks;
  iree_status_t status = find_blocks(image, function, blocks, &d.block_count);
  if (iree_status_is_ok(status)) status = append_header(image, function, builder);
  if (iree_status_is_ok(status)) status = append_body(&d);
  disasm_deinitialize(&d);
  iree_allocator_free(image->allocator, blocks);
  return status;
}

/* ---- Modules --------------------------------------------------------------------------------------------------------- */

static iree_status_t append_line(iree_string_builder_t* builder, const char* before, iree_string_view_t name) {
  IREE_RETURN_IF_ERROR(append_text(builder, before));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, name));
  return append_text(builder, "\n");
}

/* A comment: the text form has no line for dependencies. */
static iree_status_t append_dependency(iree_string_builder_t* builder, const bytecode_dependency_t* dependency) {
  bool is_optional = dependency->flags & IREE_VM_MODULE_DEPENDENCY_FLAG_OPTIONAL;
  IREE_RETURN_IF_ERROR(append_text(builder, "// depends on @"));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, dependency->name));
  return iree_string_builder_append_format(builder, " version %u%s\n", (unsigned)dependency->minimum_version,
                                           is_optional ? ", optional" : "");
}

static iree_status_t append_import(iree_string_builder_t* builder, const bytecode_import_t* import) {
  IREE_RETURN_IF_ERROR(append_text(builder, import->optional ? "vm.import optional @" : "vm.import @"));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, import->full_name));
  IREE_RETURN_IF_ERROR(append_text(builder, " cconv \""));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, import->cconv.text));
  return append_text(builder, "\"\n");
}

static iree_status_t append_rodata(iree_string_builder_t* builder, uint32_t ordinal, iree_const_byte_span_t data) {
  IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "vm.rodata[%u] = ", (unsigned)ordinal));
  for (iree_host_size_t i = 0; i < data.data_length; ++i) {
    const char digits[] = "0123456789ABCDEF";
    char text[2] = {digits[data.data[i] >> 4], digits[data.data[i] & 15]};
    IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, iree_make_string_view(text, 2)));
  }
  return append_text(builder, "\n");
}

static iree_status_t append_tables(const bytecode_image_t* image, iree_string_builder_t* builder) {
  IREE_RETURN_IF_ERROR(append_text(builder, "vm.module @"));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, image->name));
  IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, " version %u\n", (unsigned)image->version));
  for (uint32_t i = 0; i < image->type_count; ++i) {
    IREE_RETURN_IF_ERROR(append_line(builder, "vm.type ", image->type_names[i]));
  }
  for (uint32_t i = 0; i < image->dependency_count; ++i) {
    IREE_RETURN_IF_ERROR(append_dependency(builder, &image->dependencies[i]));
  }
  for (uint32_t i = 0; i < image->import_count; ++i) IREE_RETURN_IF_ERROR(append_import(builder, &image->imports[i]));
  for (uint32_t i = 0; i < image->rodata_count; ++i) IREE_RETURN_IF_ERROR(append_rodata(builder, i, image->rodata[i]));
  return iree_ok_status();
}

static iree_status_t append_function(const bytecode_image_t* image, uint32_t ordinal, iree_string_builder_t* builder) {
  IREE_RETURN_IF_ERROR(append_text(builder, "\n"));
  for (uint32_t i = 0; i < image->export_count; ++i) {
    if (image->exports[i].function != ordinal) continue;
    IREE_RETURN_IF_ERROR(append_line(builder, "vm.export @", image->exports[i].local_name));
  }
  return bytecode_disassemble_function(image, ordinal, builder);
}

iree_status_t bytecode_disassemble_image(const bytecode_image_t* image, iree_string_builder_t* builder) {
  IREE_RETURN_IF_ERROR(append_tables(image, builder));
  for (uint32_t i = 0; i < image->function_count; ++i) IREE_RETURN_IF_ERROR(append_function(image, i, builder));
  return iree_ok_status();
}
