/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of the code verifier: for each, code that breaks it and nothing else, and code at its edge that is right. */
#include "bytecode/image.h"
#include "bytecode_builder.h"
#include "check.h"

/* The surroundings of the code under test, function 0: cconv 0ii_i, four i32 and two ref registers, both extensions. */
static const test_module_t surroundings = {
    .name = "m",
    .types = {"i32", "!vm.buffer"},
    .imports = {{"o.plain", "0rI_i"}, {"o.many", "0iCrID_i"}, {"o.any", NULL}, {"o.nine", "9i_i"}, {"o.spans", "0i_CiD"},
                {"o.nested", "0CiCiDD_v"}},
    .functions = {{"0ii_i", "", 1, 4, 2, 3}, {"0iIr_Ir", "79 5A _ 0200 0200 0080", 1, 4, 1, 0}},
    .rodata_count = 1,
    .global_bytes = 16,
    .global_refs = 1,
};

typedef struct row_t {
  const char* name;
  iree_status_code_t status;
  int blocks; /* declared */
  const char* code;
} row_t;

#define OK IREE_STATUS_OK
#define INVALID IREE_STATUS_INVALID_ARGUMENT
#define RANGE IREE_STATUS_OUT_OF_RANGE
#define RETURN_I0 " 5A _ 0100 0000"

static iree_vm_instance_t* instance = NULL;

static iree_status_t verify_module(const test_module_t* module) {
  static test_bytes_t bytes;
  test_build(module, &bytes);
  bytecode_image_t image;
  iree_status_t status = bytecode_image_parse(instance, 0, test_span(&bytes), iree_allocator_system(), &image);
  if (!iree_status_is_ok(status)) return status;
  status = bytecode_verify_image(&image);
  bytecode_image_deinitialize(&image);
  return status;
}

static void run_rows(const row_t* rows, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    test_module_t module = surroundings;
    module.functions[0].code = rows[i].code;
    module.functions[0].blocks = rows[i].blocks;
    if (!CHECK_STATUS(rows[i].status, verify_module(&module))) fprintf(stderr, "  row: %s\n", rows[i].name);
  }
}
#define RUN_ROWS(rows) run_rows(rows, sizeof(rows) / sizeof(rows)[0])

static void test_blocks(void) {
  static const row_t rows[] = {
      {"one block", OK, 1, "79" RETURN_I0},
      {"no marker first", INVALID, 1, "22 0000 0100 0000" RETURN_I0},
      {"instruction after a terminator", INVALID, 1, "79 5A _ 0100 0000 22 0000 0100 0000" RETURN_I0},
      {"marker inside a block", INVALID, 2, "79 79" RETURN_I0},
      {"no terminator", INVALID, 1, "79 22 0000 0100 0000"},
      {"a marker and one byte", INVALID, 1, "79 00"},
      {"a marker only", INVALID, 1, "79"},
      {"fewer blocks than declared", INVALID, 2, "79" RETURN_I0},
      {"more blocks than declared", INVALID, 1, "79" RETURN_I0 "79 5A _ 0100 0000"},
      {"two blocks", OK, 2, "79 56 08000000 _ 0000 79 5A _ 0100 0000"},
      {"one byte behind the code", OK, 1, "79" RETURN_I0 "00"},
      {"two bytes behind the code", INVALID, 1, "79" RETURN_I0 "0000"},
      {"lone marker at the very end", OK, 1, "79" RETURN_I0 "79"},
      {"lone marker at the very end, counted", INVALID, 2, "79" RETURN_I0 "79"},
      {"code one byte short", RANGE, 1, "79 5A _ 0100 00"},
  };
  RUN_ROWS(rows);
}

static void test_targets(void) {
  static const row_t rows[] = {
      {"branch to the own block", OK, 1, "79 56 00000000 _ 0000"},
      {"branch past the end", INVALID, 1, "79 56 E8030000 _ 0000"},
      {"branch to 0xFFFFFE", INVALID, 1, "79 56 FEFFFF00 _ 0000"},
      {"branch to 0xFFFFFF", RANGE, 1, "79 56 FFFFFF00 _ 0000"},
      {"branch to 0xFFFFFFFF", RANGE, 1, "79 56 FFFFFFFF _ 0000"},
      {"branch into an instruction", INVALID, 1, "79 56 01000000 _ 0000"},
      {"branch to a marker byte inside an immediate", INVALID, 1, "79 0D 79797979 0000 56 02000000 _ 0000"},
      {"branch to a lone last marker", INVALID, 1, "79 56 08000000 _ 0000 79"},
      {"conditional, both targets", OK, 1, "79 57 0000 00000000 _ 0000 00000000 0000"},
      {"conditional, second target wrong", INVALID, 1, "79 57 0000 00000000 _ 0000 01000000 0000"},
      {"table of two", OK, 1, "79 83 0000 00000000 _ 0000 0200 00000000 0000 00000000 0000"},
      {"table, second case wrong", INVALID, 1, "79 83 0000 00000000 _ 0000 0200 00000000 0000 03000000 0000"},
      {"table longer than the code", RANGE, 1, "79 83 0000 00000000 _ 0000 FFFF 00000000 0000"},
  };
  RUN_ROWS(rows);
}

static void test_opcodes(void) {
  static const row_t rows[] = {
      {"0x89", INVALID, 1, "79 89 0000"},
      {"0xFF", INVALID, 1, "79 FF 0000"},
      {"0xE2", INVALID, 1, "79 E2 0000"},
      {"f32 0x3F", INVALID, 1, "79 E0 3F 0000"},
      {"f64 0x41", INVALID, 1, "79 E1 41 0000"},
      {"prefix and opcode at the end", RANGE, 1, "79 E0 0A"},
      {"truncated immediate", RANGE, 1, "79 0D 0000"},
      {"truncated list", RANGE, 1, "79 5A _ 0500 0000"},
      {"list count 0xFFFF", RANGE, 1, "79 5A _ FFFF 0000"},
      {"truncated string", RANGE, 1, "79 5B 0000 0500 61 62"},
      {"pad byte that is not zero", OK, 1, "79 0C 0000 5A AA 0100 0000"},
      {"string", OK, 1, "79 5B 0000 0200 6162"},
  };
  RUN_ROWS(rows);
  test_module_t module = surroundings;
  module.functions[0] = (test_function_t){"0v_v", "79 E004 0000 5A _ 0000", 1, 1, 0, 2};
  CHECK_STATUS(INVALID, verify_module(&module));
  module.functions[0].requirements = 1;
  CHECK_OK(verify_module(&module));
  module.functions[0].requirements = 16;
  CHECK_STATUS(INVALID, verify_module(&module));
}

static void test_registers(void) {
  static const row_t rows[] = {
      {"i32 3 of 4", OK, 1, "79 22 0300 0300 0300" RETURN_I0},
      {"i32 4 of 4", RANGE, 1, "79 22 0400 0000 0000" RETURN_I0},
      {"i32 0x7FFF", RANGE, 1, "79 22 0000 FF7F 0000" RETURN_I0},
      {"i32 result 4 of 4", RANGE, 1, "79 22 0000 0000 0400" RETURN_I0},
      {"ref where i32 belongs", INVALID, 1, "79 22 0080 0000 0000" RETURN_I0},
      {"i64 2", OK, 1, "79 2A 0200 0200 0200" RETURN_I0},
      {"i64 odd", INVALID, 1, "79 2A 0100 0000 0000" RETURN_I0},
      {"i64 past the end", RANGE, 1, "79 2A 0400 0000 0000" RETURN_I0},
      {"f64 odd, as some compilers write it", INVALID, 1, "79 E102 0000 0300" RETURN_I0},
      {"ref 1 of 2", OK, 1, "79 55 0180 0000" RETURN_I0},
      {"ref 2 of 2", RANGE, 1, "79 55 0280 0000" RETURN_I0},
      {"i32 where ref belongs", INVALID, 1, "79 55 0000 0000" RETURN_I0},
      {"MOVE where it must not be", INVALID, 1, "79 55 01C0 0000" RETURN_I0},
      {"MOVE where it may be", OK, 1, "79 86 01C0 0080" RETURN_I0},
      {"ref index 0x3FFF", RANGE, 1, "79 55 FFBF 0000" RETURN_I0},
      {"list entry i32 4 of 4", RANGE, 1, "79 5A _ 0100 0400"},
      {"list entry ref 2 of 2", RANGE, 1, "79 85 _ 0100 0280" RETURN_I0},
      {"discarded i32 register", INVALID, 1, "79 85 _ 0100 0000" RETURN_I0},
      {"switch.i64 value odd", INVALID, 1, "79 20 0000 0000 _ 0100 0100 0200" RETURN_I0},
      {"switch.i64 value 2", OK, 1, "79 20 0000 0000 _ 0100 0200 0200" RETURN_I0},
      {"switch.ref value of the other bank", INVALID, 1, "79 21 0000 01000000 0080 _ 0100 0000 0080" RETURN_I0},
      {"remap i32 to i32, ref to ref", OK, 1, "79 56 00000000 _ 0200 0000 0100 00C0 0180"},
      {"remap i32 4 of 4", RANGE, 1, "79 56 00000000 _ 0100 0000 0400"},
      {"remap i32 to ref", INVALID, 1, "79 56 00000000 _ 0100 0000 0080"},
      {"remap ref to i32", INVALID, 1, "79 56 00000000 _ 0100 0080 0000"},
  };
  RUN_ROWS(rows);
}

static void test_ordinals(void) {
  static const row_t rows[] = {
      {"type 1 of 2", OK, 1, "79 82 0080 01000000 0180" RETURN_I0},
      {"type 2 of 2", RANGE, 1, "79 82 0080 02000000 0180" RETURN_I0},
      {"type -1", RANGE, 1, "79 82 0080 FFFFFFFF 0180" RETURN_I0},
      {"i32 global at 12 of 16", OK, 1, "79 00 0C000000 0000" RETURN_I0},
      {"i32 global at 13 of 16", RANGE, 1, "79 00 0D000000 0000" RETURN_I0},
      {"i32 global at 0xFFFFFFFC", RANGE, 1, "79 00 FCFFFFFF 0000" RETURN_I0},
      {"i64 global at 8 of 16", OK, 1, "79 04 08000000 0000" RETURN_I0},
      {"i64 global at 9 of 16", RANGE, 1, "79 04 09000000 0000" RETURN_I0},
      {"i64 global at 0xFFFFFFF8", RANGE, 1, "79 05 F8FFFFFF 0000" RETURN_I0},
      {"f64 global at 12 of 16", RANGE, 1, "79 E100 0C000000 0000" RETURN_I0},
      {"ref global 0 of 1", OK, 1, "79 08 00000000 01000000 0080" RETURN_I0},
      {"ref global 1 of 1", RANGE, 1, "79 08 01000000 01000000 0080" RETURN_I0},
      {"rodata 0 of 1", OK, 1, "79 11 00000000 0080" RETURN_I0},
      {"rodata -1", RANGE, 1, "79 11 FFFFFFFF 0080" RETURN_I0},
      {"function 2 of 2", INVALID, 1, "79 58 02000000 _ 0000 0000" RETURN_I0},
      {"import 6 of 6", INVALID, 1, "79 58 06000080 _ 0000 0000" RETURN_I0},
      {"import.resolved of an import", OK, 1, "79 5C 02000080 0000" RETURN_I0},
      {"import.resolved of a function", INVALID, 1, "79 5C 00000000 0000" RETURN_I0},
      {"import.resolved out of range", INVALID, 1, "79 5C 06000080 0000" RETURN_I0},
  };
  RUN_ROWS(rows);
}

static void test_calls(void) {
  static const row_t rows[] = {
      {"internal call", OK, 1, "79 58 01000000 _ 0300 0000 0200 0080 0200 0000 0080 5A _ 0100 0000"},
      {"too few arguments", RANGE, 1, "79 58 01000000 _ 0200 0000 0200 0200 0000 0080 5A _ 0100 0000"},
      {"too few results", RANGE, 1, "79 58 01000000 _ 0300 0000 0200 0080 0100 0000 5A _ 0100 0000"},
      {"more of both", OK, 1, "79 58 01000000 _ 0400 0000 0200 0080 0300 0300 0000 0080 0300 5A _ 0100 0000"},
      {"more, but no register", RANGE, 1, "79 58 01000000 _ 0400 0000 0200 0080 0900 0200 0000 0080 5A _ 0100 0000"},
      {"odd register for I", INVALID, 1, "79 58 01000000 _ 0300 0000 0100 0080 0200 0000 0080 5A _ 0100 0000"},
      {"ref for i", INVALID, 1, "79 58 01000000 _ 0300 0080 0200 0080 0200 0000 0080 5A _ 0100 0000"},
      {"i32 for r", INVALID, 1, "79 58 01000000 _ 0300 0000 0200 0000 0200 0000 0080 5A _ 0100 0000"},
      {"i32 result for r", INVALID, 1, "79 58 01000000 _ 0300 0000 0200 0080 0200 0000 0000 5A _ 0100 0000"},
      {"import call", OK, 1, "79 58 00000080 _ 0200 00C0 0200 0100 0000 5A _ 0100 0000"},
      {"import call, too few", RANGE, 1, "79 58 00000080 _ 0100 00C0 0100 0000 5A _ 0100 0000"},
      {"import without convention takes anything", OK, 1, "79 58 02000080 _ 0100 0000 0000 5A _ 0100 0000"},
      {"import of another version", IREE_STATUS_UNIMPLEMENTED, 1, "79 58 03000080 _ 0100 0000 0100 0000 5A _ 0100 0000"},
      {"plain call of a variadic import", INVALID, 1, "79 58 01000080 _ 0100 0000 0100 0000 5A _ 0100 0000"},
      {"span among results", INVALID, 1, "79 58 04000080 _ 0100 0000 0100 0000 5A _ 0100 0000"},
      {"return list empty", RANGE, 1, "79 5A _ 0000"},
      {"return of a ref for i", INVALID, 1, "79 5A _ 0100 0080"},
      {"return of more", OK, 1, "79 5A _ 0200 0000 0080"},
  };
  RUN_ROWS(rows);
}

static void test_variadic_calls(void) {
  static const row_t rows[] = {
      {"two tuples", OK, 1, "79 59 01000080 _ 0200 FFFF 0200 0500 0000 0080 0000 00C0 0200 0100 0000 5A _ 0100 0000"},
      {"no tuple", OK, 1, "79 59 01000080 _ 0200 FFFF 0000 0100 0000 0100 0000 5A _ 0100 0000"},
      {"segments too few", RANGE, 1, "79 59 01000080 _ 0100 FFFF 0100 0000 0100 0000 5A _ 0100 0000"},
      {"operands too few", RANGE, 1, "79 59 01000080 _ 0200 FFFF 0100 0200 0000 0080 0100 0000 5A _ 0100 0000"},
      {"odd register in a tuple", INVALID, 1, "79 59 01000080 _ 0200 FFFF 0100 0300 0000 0080 0100 0100 0000 5A _ 0100 0000"},
      {"internal callee", IREE_STATUS_FAILED_PRECONDITION, 1, "79 59 01000000 _ 0000 0000 0000 5A _ 0100 0000"},
      {"nested span", INVALID, 1, "79 59 05000080 _ 0100 0000 0000 0000 5A _ 0100 0000"},
      {"yieldable", OK, 1, "79 88 01000080 _ 0200 FFFF 0000 0100 0000 00000000 0100 0000"},
      {"yieldable, wrong target", INVALID, 1, "79 88 01000080 _ 0200 FFFF 0000 0100 0000 01000000 0100 0000"},
  };
  RUN_ROWS(rows);
}

static void test_descriptors(void) {
  static const struct {
    const char* name;
    iree_status_code_t status;
    test_function_t function;
  } rows[] = {
      {"16384 i32 registers", OK, {"0ii_i", "79" RETURN_I0, 1, 0x4000, 0, 0}},
      {"16385 i32 registers", IREE_STATUS_RESOURCE_EXHAUSTED, {"0ii_i", "79" RETURN_I0, 1, 0x4001, 0, 0}},
      {"32767 i32 registers", IREE_STATUS_RESOURCE_EXHAUSTED, {"0ii_i", "79" RETURN_I0, 1, 0x7FFF, 0, 0}},
      {"-1 i32 registers", INVALID, {"0ii_i", "79" RETURN_I0, 1, -1, 0, 0}},
      {"1 i32 register for two arguments", INVALID, {"0ii_i", "79" RETURN_I0, 1, 1, 0, 0}},
      {"8192 ref registers", OK, {"0ii_i", "79" RETURN_I0, 1, 2, 0x2000, 0}},
      {"8193 ref registers", IREE_STATUS_RESOURCE_EXHAUSTED, {"0ii_i", "79" RETURN_I0, 1, 2, 0x2001, 0}},
      {"16384 ref registers", INVALID, {"0ii_i", "79" RETURN_I0, 1, 2, 0x4000, 0}},
      {"-1 ref registers", INVALID, {"0ii_i", "79" RETURN_I0, 1, 2, -1, 0}},
      {"no blocks", INVALID, {"0ii_i", "79" RETURN_I0, 0, 2, 0, 0}},
      {"-1 blocks", INVALID, {"0ii_i", "79" RETURN_I0, -1, 2, 0, 0}},
      {"empty convention", OK, {"", "79" RETURN_I0, 1, 2, 0, 0}},
      {"convention 0", OK, {"0", "79" RETURN_I0, 1, 2, 0, 0}},
      {"convention 0ii", OK, {"0ii", "79" RETURN_I0, 1, 2, 0, 0}},
      {"convention of version 1", IREE_STATUS_UNIMPLEMENTED, {"1ii_i", "79" RETURN_I0, 1, 2, 0, 0}},
      {"64-bit argument without its registers", INVALID, {"0iI_i", "79" RETURN_I0, 1, 2, 0, 0}},
      {"span", INVALID, {"0iCiD_i", "79" RETURN_I0, 1, 2, 0, 0}},
      {"unknown result letter", INVALID, {"0ii_x", "79" RETURN_I0, 1, 2, 0, 0}},
      {"unknown argument letter", INVALID, {"0xx_i", "79" RETURN_I0, 1, 2, 0, 0}},
      {"three parts", INVALID, {"0ii_i_i", "79" RETURN_I0, 1, 2, 0, 0}},
      {"two results, one returned", RANGE, {"0ii_ii", "79" RETURN_I0, 1, 2, 0, 0}},
      {"ref result, i32 returned", INVALID, {"0ii_r", "79" RETURN_I0, 1, 2, 1, 0}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; ++i) {
    test_module_t module = surroundings;
    module.functions[0] = rows[i].function;
    if (!CHECK_STATUS(rows[i].status, verify_module(&module))) fprintf(stderr, "  row: %s\n", rows[i].name);
  }
}

/* An import declared without convention is judged when it is bound. */
static void test_calls_of_a_bound_import(void) {
  static test_bytes_t bytes;
  test_module_t module = surroundings;
  module.functions[0].code = "79 58 02000080 _ 0100 0000 0000 5A _ 0100 0000";
  test_build(&module, &bytes);
  bytecode_image_t image;
  if (!CHECK_OK(bytecode_image_parse(instance, 0, test_span(&bytes), iree_allocator_system(), &image))) return;
  CHECK_OK(bytecode_verify_import_calls(&image, 2, IREE_SV("0i_v")));
  CHECK_OK(bytecode_verify_import_calls(&image, 2, IREE_SV("0v_v")));
  CHECK_STATUS(RANGE, bytecode_verify_import_calls(&image, 2, IREE_SV("0ii_v")));
  CHECK_STATUS(RANGE, bytecode_verify_import_calls(&image, 2, IREE_SV("0i_i")));
  CHECK_STATUS(INVALID, bytecode_verify_import_calls(&image, 2, IREE_SV("0r_v")));
  CHECK_STATUS(INVALID, bytecode_verify_import_calls(&image, 2, IREE_SV("0iCiD_v")));
  CHECK_OK(bytecode_verify_import_calls(&image, 1, IREE_SV("0IIII_v")));
  bytecode_image_deinitialize(&image);
}

/* A refusal says which rule, function, pc and place in the file. */
static void test_message(void) {
  test_module_t module = surroundings;
  module.functions[0].code = "79 22 0000 0900 0000" RETURN_I0;
  iree_status_t status = verify_module(&module);
  char text[1024];
  iree_host_size_t length = 0;
  CHECK(iree_status_code(status) == RANGE);
  CHECK(iree_status_format(status, sizeof text, text, &length));
  CHECK(strstr(text, "register i9 out of range") != NULL);
  CHECK(strstr(text, "the function has 4") != NULL);
  CHECK(strstr(text, "pc 1 add.i32") != NULL);
  CHECK(strstr(text, "functions[0] f0") != NULL);
  CHECK(strstr(text, "file offset 0x") != NULL);
  iree_status_free(status);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
      {"blocks", test_blocks},
      {"targets", test_targets},
      {"opcodes", test_opcodes},
      {"registers", test_registers},
      {"ordinals", test_ordinals},
      {"calls", test_calls},
      {"variadic_calls", test_variadic_calls},
      {"descriptors", test_descriptors},
      {"calls_of_a_bound_import", test_calls_of_a_bound_import},
      {"message", test_message},
  };
  if (!CHECK_OK(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, iree_allocator_system(), &instance))) return 1;
  int result = check_main(cases, sizeof cases / sizeof cases[0], argc, argv);
  iree_vm_instance_release(instance);
  return result;
}
