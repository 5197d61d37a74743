/* SPDX-License-Identifier: Apache-2.0 */
/* ELF files that are damaged, one field at a time: each is refused for its own reason, and any other byte does no harm.
 */
#include "executable_world.h"
#include "hal/local/elf_image.h"

#define PAGE 4096
#define SYMBOL "iree_hal_executable_library_query"

/* ---- A file made by hand ----------------------------------------------------------------------------------------- */

/* Offsets in the file, which are also addresses: tables are read-only, code and data follow on pages of their own. */
enum {
  PROGRAMS = 64,
  SYMBOLS = 0x200,
  STRINGS = 0x300,
  HASH = 0x380,
  RELOCATIONS = 0x400,
  CODE = 0x1000,
  DATA = 0x2000,
  DYNAMIC = 0x2100,
  ARRAY = 0x2300,
  FILE_SIZE = 0x2400
};
enum { LOAD_TABLES, LOAD_CODE, LOAD_DATA, DYNAMIC_SEGMENT, EXTRA_SEGMENT, SEGMENT_COUNT };

static _Alignas(16) uint8_t file[FILE_SIZE];
static uint32_t tag_count;

static void put(size_t at, uint64_t value, size_t size) { memcpy(file + at, &value, size); }

static void put_segment(int index, uint32_t type, uint32_t flags, uint64_t at, uint64_t file_size,
                        uint64_t memory_size) {
  size_t place = PROGRAMS + 56 * (size_t)index;
  put(place, type, 4);
  put(place + 4, flags, 4);
  put(place + 8, at, 8);
  put(place + 16, at, 8);
  put(place + 32, file_size, 8);
  put(place + 40, memory_size, 8);
  put(place + 48, PAGE, 8);
}

static void put_symbol(uint32_t index, uint32_t name, uint16_t section, uint64_t value) {
  put(SYMBOLS + 24 * index, name, 4);
  put(SYMBOLS + 24 * index + 4, 0x12, 1);
  put(SYMBOLS + 24 * index + 6, section, 2);
  put(SYMBOLS + 24 * index + 8, value, 8);
}

static void put_relocation(uint32_t index, uint32_t type, uint32_t symbol, uint64_t target, int64_t addend) {
  put(RELOCATIONS + 24 * index, target, 8);
  put(RELOCATIONS + 24 * index + 8, (uint64_t)symbol << 32 | type, 8);
  put(RELOCATIONS + 24 * index + 16, (uint64_t)addend, 8);
}

static void put_tag(uint64_t tag, uint64_t value) {
  put(DYNAMIC + 16 * tag_count, tag, 8);
  put(DYNAMIC + 16 * tag_count + 8, value, 8);
  ++tag_count;
}

/* The function at CODE gives the address of DATA, found through a relocation at DATA + 8; the one at CODE + 16 adds one
 * to the number at DATA. */
static void build(void) {
  static const uint8_t header[] = {0x7F, 'E', 'L', 'F', 2, 1, 1};
  static const uint8_t get[] = {0x48, 0x8B, 0x05, 0x01, 0x10, 0x00, 0x00, 0xC3}; /* mov rax, [rip + 0x1001]; ret */
  static const uint8_t count[] = {0xFF, 0x05, 0xEA, 0x0F, 0x00, 0x00, 0xC3};     /* inc dword [rip + 0xfea]; ret */
  memset(file, 0, sizeof file);
  tag_count = 0;
  memcpy(file, header, sizeof header);
  put(16, 3 | 62 << 16, 4);
  put(32, PROGRAMS, 8);
  put(54, 56 | (uint64_t)SEGMENT_COUNT << 16, 4);
  put_segment(LOAD_TABLES, 1, 4, 0, 0x600, 0x600);
  put_segment(LOAD_CODE, 1, 5, CODE, 0x40, 0x40);
  put_segment(LOAD_DATA, 1, 6, DATA, 0x400, 0x2000);
  put_segment(DYNAMIC_SEGMENT, 2, 6, DYNAMIC, 0x200, 0x200);
  memcpy(file + CODE, get, sizeof get);
  memcpy(file + CODE + 16, count, sizeof count);
  memcpy(file + STRINGS + 1, SYMBOL, sizeof SYMBOL);
  put_symbol(1, 1, 2, CODE);
  put(HASH, 1, 4);
  put(HASH + 4, 2, 4);
  put_relocation(0, 8, 0, DATA + 8, DATA);
  put_tag(4, HASH);
  put_tag(5, STRINGS);
  put_tag(10, sizeof SYMBOL + 1);
  put_tag(6, SYMBOLS);
  put_tag(11, 24);
  put_tag(7, RELOCATIONS);
  put_tag(8, 24);
  put_tag(9, 24);
}

/* ---- Loading ----------------------------------------------------------------------------------------------------- */

static iree_status_t load(elf_image_t* image, void** symbol) {
  return elf_image_load(iree_make_const_byte_span(file, sizeof file), IREE_SV(SYMBOL), image, symbol);
}

/* Loads, and expects this failure with a piece of its text. */
static void refused(iree_status_code_t code, const char* text) {
  elf_image_t image = {NULL, 0};
  void* symbol = NULL;
  iree_status_t status = load(&image, &symbol);
  iree_string_view_t message = iree_status_message(status);
  bool is_said = message.data && strstr(message.data, text);
  CHECK(is_said);
  if (!is_said) fprintf(stderr, "  wanted '%s', got '%.*s'\n", text, (int)message.size, message.data);
  CHECK_STATUS(code, status);
  CHECK(image.pages == NULL);
}

#if LOCAL_RUNS_ELF

static uint64_t* call(void* symbol) {
  uint64_t* (*function)(void);
  memcpy(&function, &symbol, sizeof function);
  return function();
}

static void loads_and_runs(void) {
  build();
  put_relocation(1, 1, 1, DATA + 16, 16); /* 64: address of the function + 16 */
  put_relocation(2, 6, 1, DATA + 24, 0);  /* GLOB_DAT */
  put_relocation(3, 2, 1, DATA + 32, 4);  /* PC32 */
  put(DYNAMIC + 16 * 6 + 8, 4 * 24, 8);
  put_relocation(4, 7, 1, DATA + 40, 0); /* JUMP_SLOT */
  put_tag(23, RELOCATIONS + 4 * 24);
  put_tag(2, 24);
  put_tag(20, 7);
  elf_image_t image = {NULL, 0};
  void* symbol = NULL;
  if (!CHECK_OK(load(&image, &symbol))) return;
  CHECK((uint8_t*)symbol == image.pages + CODE && image.size == 0x4000);
  uint64_t* data = call(symbol);
  CHECK((uint8_t*)data == image.pages + DATA);
  CHECK(data[1] == (uint64_t)(uintptr_t)data && data[2] == (uint64_t)(uintptr_t)symbol + 16);
  CHECK(data[3] == (uint64_t)(uintptr_t)symbol && data[5] == data[3]);
  CHECK((int32_t)data[4] == CODE + 4 - (DATA + 32));
  CHECK(((uint8_t*)data)[0x1FFF] == 0);
  elf_image_unload(&image);
}

/* DT_INIT, then the array; 0 and -1 are passed over. */
static void initialisers(void) {
  build();
  put_tag(12, CODE + 16);
  put_tag(25, ARRAY);
  put_tag(27, 32);
  put(ARRAY + 8, UINT64_MAX, 8);
  put_relocation(1, 8, 0, ARRAY + 16, CODE + 16);
  put_relocation(2, 8, 0, ARRAY + 24, CODE + 16);
  put(DYNAMIC + 16 * 6 + 8, 3 * 24, 8);
  elf_image_t image = {NULL, 0};
  void* symbol = NULL;
  if (!CHECK_OK(load(&image, &symbol))) return;
  CHECK(*(uint32_t*)(void*)call(symbol) == 3);
  elf_image_unload(&image);
  put_relocation(2, 8, 0, ARRAY + 24, DATA);
  refused(IREE_STATUS_FAILED_PRECONDITION, "DT_INIT_ARRAY entry 3");
}

#endif

/* ---- Refusals ---------------------------------------------------------------------------------------------------- */

static void headers(void) {
  build();
  file[1] = 'X';
  refused(IREE_STATUS_FAILED_PRECONDITION, "not an ELF file");
  build();
  file[4] = 1;
  refused(IREE_STATUS_FAILED_PRECONDITION, "class 1");
  build();
  put(18, 183, 2);
  refused(IREE_STATUS_FAILED_PRECONDITION, "machine 183");
  build();
  put(56, 1000, 2);
  refused(IREE_STATUS_FAILED_PRECONDITION, "program headers at offset 0x40");
  build();
  put(32, UINT64_MAX - 8, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "program headers");
}

static void segments(void) {
  build();
  put_segment(LOAD_CODE, 1, 7, CODE, 0x40, 0x40);
  refused(IREE_STATUS_PERMISSION_DENIED, "segment 1 at 0x1000 is writable and executable");
  build();
  put_segment(LOAD_DATA, 1, 6, DATA, FILE_SIZE, FILE_SIZE);
  refused(IREE_STATUS_FAILED_PRECONDITION, "segment 2");
  build();
  put_segment(LOAD_DATA, 1, 6, DATA, 0x400, 0x3FF);
  refused(IREE_STATUS_FAILED_PRECONDITION, "only 0x3ff in memory");
  build();
  put_segment(LOAD_CODE, 1, 5, 0x500, 0x40, 0x40);
  refused(IREE_STATUS_FAILED_PRECONDITION, "not on pages behind");
  build();
  put_segment(LOAD_DATA, 1, 6, DATA, 0x400, 1ull << 40);
  refused(IREE_STATUS_RESOURCE_EXHAUSTED, "over the limit");
  build();
  put_segment(LOAD_DATA, 1, 6, DATA, 0x400, UINT64_MAX - DATA);
  refused(IREE_STATUS_FAILED_PRECONDITION, "beyond all memory");
  build();
  put_segment(EXTRA_SEGMENT, 7, 6, DATA, 8, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "thread-local");
  build();
  put_segment(EXTRA_SEGMENT, 0x6474E552, 4, CODE, 8, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "read-only range at 0x1000");
  build();
  for (int i = 0; i < SEGMENT_COUNT; ++i) put_segment(i, 0, 0, 0, 0, 0);
  refused(IREE_STATUS_FAILED_PRECONDITION, "without anything to load");
}

static void tables(void) {
  build();
  put_tag(1, 1);
  refused(IREE_STATUS_FAILED_PRECONDITION, "dynamic tag 0x1 at offset 0x80");
  build();
  put_segment(DYNAMIC_SEGMENT, 2, 6, DYNAMIC, 0x80, 0x80);
  refused(IREE_STATUS_FAILED_PRECONDITION, "has no end");
  build();
  put_segment(DYNAMIC_SEGMENT, 2, 6, 0x9000, 0x80, 0x80);
  refused(IREE_STATUS_FAILED_PRECONDITION, "dynamic table at 0x9000");
  build();
  put(DYNAMIC, 0x6FFFFEF5, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "DT_HASH");
  build();
  put(HASH + 4, 1000, 4);
  refused(IREE_STATUS_FAILED_PRECONDITION, "symbol table at 0x200");
  build();
  put(DYNAMIC + 16 * 6 + 8, 23, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "not a multiple of 24");
  build();
  put(DYNAMIC + 16 * 7 + 8, 16, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "relocations of 16 bytes");
  build();
  put_tag(30, 4);
  refused(IREE_STATUS_FAILED_PRECONDITION, "dynamic tag 0x1e");
}

static void symbols(void) {
  build();
  put_symbol(1, 2, 2, CODE);
  refused(IREE_STATUS_NOT_FOUND, SYMBOL);
  build();
  put_symbol(1, 1, 0, 0);
  refused(IREE_STATUS_UNAVAILABLE, "'" SYMBOL "' is not defined");
  build();
  put_symbol(1, 1, 2, DATA);
  refused(IREE_STATUS_FAILED_PRECONDITION, "in no executable segment");
  build();
  put_symbol(1, 1000, 2, CODE);
  refused(IREE_STATUS_FAILED_PRECONDITION, "its name at 0x3e8");
  build();
  put(DYNAMIC + 16 * 2 + 8, 10, 8);
  refused(IREE_STATUS_FAILED_PRECONDITION, "not in the string table");
}

static void relocations(void) {
  build();
  put_relocation(0, 5, 1, DATA, 0);
  refused(IREE_STATUS_FAILED_PRECONDITION, "type 5 (COPY) at 0x2000");
  build();
  put_relocation(0, 37, 1, DATA, 0);
  refused(IREE_STATUS_FAILED_PRECONDITION, "type 37");
  build();
  put_relocation(0, 8, 0, CODE, 0);
  refused(IREE_STATUS_FAILED_PRECONDITION, "at 0x1000 is in no writable segment");
  build();
  put_relocation(0, 8, 0, DATA + 0x1FFC, 0);
  refused(IREE_STATUS_FAILED_PRECONDITION, "at 0x3ffc");
  build();
  put_relocation(0, 8, 0, UINT64_MAX - 3, 0);
  refused(IREE_STATUS_FAILED_PRECONDITION, "no writable segment");
  build();
  put_relocation(0, 1, 9, DATA, 0);
  refused(IREE_STATUS_OUT_OF_RANGE, "symbol 9");
  build();
  put_relocation(0, 10, 1, DATA, INT64_MIN);
  refused(IREE_STATUS_FAILED_PRECONDITION, "more than 32 bits");
}

/* ---- Damage to the real file ------------------------------------------------------------------------------------- */

/* Every shorter file, and every byte changed: parsing ends, and reads nothing outside (sanitizers look). */
static void any_damage(void) {
  iree_byte_span_t real = executable_file("kernels.elf");
  elf_file_t parsed;
  CHECK_OK(elf_file_parse(iree_const_cast_byte_span(real), PAGE, &parsed));
  CHECK(parsed.segment_count == 3 && parsed.symbol_count == 2 && elf_relocation_count(&parsed.relocations) == 17);
  for (size_t length = 0; length < 0x940; length += 7) {
    uint8_t* cut = malloc(length ? length : 1);
    memcpy(cut, real.data, length);
    CHECK_STATUS(IREE_STATUS_FAILED_PRECONDITION,
                 elf_file_parse(iree_make_const_byte_span(cut, length), PAGE, &parsed));
    free(cut);
  }
  size_t refusals = 0;
  for (size_t at = 0; at < real.data_length; ++at) {
    uint8_t before = real.data[at];
    real.data[at] = (uint8_t)(before + 0x81);
    iree_status_t status = elf_file_parse(iree_const_cast_byte_span(real), PAGE, &parsed);
    refusals += !iree_status_is_ok(status);
    iree_status_free(status);
    real.data[at] = before;
  }
  CHECK(refusals > 100);
  iree_allocator_free_aligned(iree_allocator_system(), real.data);
}

int main(int argc, char** argv) {
  static const check_case_t cases[] = {
#if LOCAL_RUNS_ELF
    {"loads_and_runs", loads_and_runs},
    {"initialisers", initialisers},
#endif
    {"headers", headers},
    {"segments", segments},
    {"tables", tables},
    {"symbols", symbols},
    {"relocations", relocations},
    {"any_damage", any_damage},
  };
  return check_main(cases, sizeof cases / sizeof *cases, argc, argv);
}
