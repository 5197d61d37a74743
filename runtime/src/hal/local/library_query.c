/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at what a library of kernels says about itself before any of it is used. */
#include "hal/local/library_executable.h"

#define EXPORT_LIMIT 65536
#define refuse(...) iree_make_status(IREE_STATUS_FAILED_PRECONDITION, "executable library: " __VA_ARGS__)

_Static_assert(sizeof(void*) != 8 ||
                   (sizeof(vmrt_executable_library_header_t) == 24 && sizeof(vmrt_executable_library_t) == 128 &&
                    sizeof(vmrt_executable_attributes_t) == 64),
               "what libraries say, as compilers write it");
_Static_assert(sizeof(void*) != 8 ||
                   (sizeof(vmrt_executable_environment_t) == 96 && sizeof(vmrt_executable_dispatch_state_t) == 48 &&
                    sizeof(vmrt_executable_workgroup_state_t) == 32),
               "what kernels get, as compilers read it");

/* ---- Places ------------------------------------------------------------------------------------------------------ */

/* Without an image nothing is known about addresses but that they are not NULL. */
static bool is_readable(const elf_image_t* image, const void* address, uint64_t size) {
  if (!address) return false;
  if (!image->pages) return true;
  uintptr_t at = (uintptr_t)address - (uintptr_t)image->pages;
  return (uintptr_t)address >= (uintptr_t)image->pages && at <= image->size && size <= image->size - at;
}

static bool is_text(const elf_image_t* image, const char* text) {
  if (!is_readable(image, text, 1)) return false;
  return !image->pages || memchr(text, 0, image->size - (size_t)((const uint8_t*)text - image->pages)) != NULL;
}

static iree_status_t check_texts(const elf_image_t* image, const char* what, const char* const* texts, uint32_t count) {
  if (!is_readable(image, texts, (uint64_t)count * sizeof *texts)) return refuse("no table of %u %s", count, what);
  for (uint32_t i = 0; i < count; ++i) {
    if (!is_text(image, texts[i])) return refuse("entry %u of the %s is no text of the library", i, what);
  }
  return iree_ok_status();
}

/* ---- Checks ------------------------------------------------------------------------------------------------------ */

static const char* sanitizer_name(uint32_t sanitizer) {
  static const char* const names[] = {"none", "address", "memory", "thread", "undefined behaviour"};
  return sanitizer < sizeof names / sizeof *names ? names[sanitizer] : "unknown";
}

static iree_status_t check_header(const elf_image_t* image, const vmrt_executable_library_header_t* header) {
  if (!is_readable(image, header, sizeof *header)) return refuse("no header");
  if (header->version != VMRT_EXECUTABLE_LIBRARY_VERSION) {
    return refuse("version %u; %d is expected", header->version, VMRT_EXECUTABLE_LIBRARY_VERSION);
  }
  if (header->name && !is_text(image, header->name)) return refuse("its name is no text of the library");
  if (header->sanitizer == VMRT_EXECUTABLE_SANITIZER_NONE) return iree_ok_status();
  return iree_make_status(
      IREE_STATUS_UNAVAILABLE,
      "executable library '%s' is compiled for a sanitizer (%s, number %u) that this runtime does not "
      "have",
      header->name ? header->name : "", sanitizer_name(header->sanitizer), header->sanitizer);
}

static iree_status_t check_attributes(const vmrt_executable_exports_t* exports) {
  for (uint32_t i = 0; exports->attributes && i < exports->count; ++i) {
    const vmrt_executable_attributes_t* attributes = &exports->attributes[i];
    if (attributes->constant_count > VMRT_EXECUTABLE_MAX_CONSTANTS) {
      return refuse("export %u takes %u constants; the most is %d", i, attributes->constant_count,
                    VMRT_EXECUTABLE_MAX_CONSTANTS);
    }
    if (attributes->binding_count > VMRT_EXECUTABLE_MAX_BINDINGS) {
      return refuse("export %u takes %u bindings; the most is %d", i, attributes->binding_count,
                    VMRT_EXECUTABLE_MAX_BINDINGS);
    }
  }
  return iree_ok_status();
}

static iree_status_t check_exports(const elf_image_t* image, const vmrt_executable_exports_t* exports) {
  uint32_t count = exports->count;
  if (count > EXPORT_LIMIT) return refuse("%u exports; the most is %d", count, EXPORT_LIMIT);
  if (count == 0) return iree_ok_status();
  if (!is_readable(image, exports->functions, (uint64_t)count * sizeof *exports->functions)) {
    return refuse("no table of %u functions", count);
  }
  for (uint32_t i = 0; i < count; ++i) {
    uintptr_t address;
    memcpy(&address, &exports->functions[i], sizeof address);
    if (!is_readable(image, (const void*)address, 1)) return refuse("function %u is not in the library", i);
  }
  if (exports->attributes && !is_readable(image, exports->attributes, (uint64_t)count * sizeof *exports->attributes)) {
    return refuse("the table of %u attributes is not in the library", count);
  }
  IREE_RETURN_IF_ERROR(check_attributes(exports));
  return exports->names ? check_texts(image, "export names", exports->names, count) : iree_ok_status();
}

static iree_status_t check_imports(const elf_image_t* image, const vmrt_executable_library_t* library) {
  if (library->import_count == 0) return iree_ok_status();
  if (library->import_count > EXPORT_LIMIT)
    return refuse("%u imports; the most is %d", library->import_count, EXPORT_LIMIT);
  return check_texts(image, "import symbols", library->import_symbols, library->import_count);
}

iree_status_t library_query(vmrt_executable_library_query_t query, const elf_image_t* image,
                            const vmrt_executable_library_t** out_library) {
  const vmrt_executable_library_t* library = query(VMRT_EXECUTABLE_LIBRARY_VERSION, NULL);
  if (!library) return refuse("the query function does not know version %d", VMRT_EXECUTABLE_LIBRARY_VERSION);
  if (!is_readable(image, library, sizeof library->header)) return refuse("the query gives an address outside of it");
  IREE_RETURN_IF_ERROR(check_header(image, library->header));
  if (!is_readable(image, library, sizeof *library)) return refuse("its tables are not inside of it");
  IREE_RETURN_IF_ERROR(check_imports(image, library));
  IREE_RETURN_IF_ERROR(check_exports(image, &library->exports));
  *out_library = library;
  return iree_ok_status();
}
