/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and results: packed by a calling convention, read and written one after the other; and the references among them.
 *
 * A convention is `0`, the letters of the arguments, `_` and the letters of the results: i and f take 4 bytes at the next
 * offset, I and F 8 bytes and r 16 bytes at the next multiple of 8. `C...D` is a span: a count in 4 bytes, then that many tuples
 * of the letters inside, the first at a multiple of their largest alignment. `v` alone is nothing. */
#ifndef VMRT_PACK_H_
#define VMRT_PACK_H_

#include <stdatomic.h>

#include "vmrt/base.h"

/* ---- References ---------------------------------------------------------------------------------------------------- */

static inline bool vmrt_ref_is_null(iree_vm_ref_t ref) { return ref.ptr == NULL || ref.type == 0; }

static inline const iree_vm_ref_type_descriptor_t* vmrt_ref_descriptor(iree_vm_ref_t ref) {
  return (const iree_vm_ref_type_descriptor_t*)(ref.type & ~(iree_vm_ref_type_t)7);
}

/* Name of the object's type, such as vm.buffer; empty for null. */
static inline iree_string_view_t vmrt_ref_type_name(iree_vm_ref_t ref) {
  return vmrt_ref_is_null(ref) ? vmrt_text("") : vmrt_ref_descriptor(ref)->type_name;
}

static inline atomic_int* vmrt_ref_counter(iree_vm_ref_t ref) {
  return (atomic_int*)(void*)((uint8_t*)ref.ptr + 4 * (ref.type & 7));
}

/* One more owner. Arguments are borrowed: whoever keeps or returns one retains it. */
static inline iree_vm_ref_t vmrt_ref_retain(iree_vm_ref_t ref) {
  if (!vmrt_ref_is_null(ref)) atomic_fetch_add_explicit(vmrt_ref_counter(ref), 1, memory_order_relaxed);
  return ref;
}

/* One owner less; the last one destroys the object. `*ref` becomes null. */
static inline void vmrt_ref_release(iree_vm_ref_t* ref) {
  iree_vm_ref_t old = *ref;
  memset(ref, 0, sizeof *ref);
  if (vmrt_ref_is_null(old)) return;
  if (atomic_fetch_sub_explicit(vmrt_ref_counter(old), 1, memory_order_acq_rel) != 1) return;
  if (vmrt_ref_descriptor(old)->destroy) vmrt_ref_descriptor(old)->destroy(old.ptr);
}

/* The buffer in a reference; INVALID_ARGUMENT for null and for other types. */
static inline iree_status_t vmrt_ref_buffer(iree_vm_ref_t ref, iree_vm_buffer_t** out) {
  if (!vmrt_text_is(vmrt_ref_type_name(ref), "vm.buffer")) {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "expected a vm.buffer, have `%.*s`",
                       VMRT_TEXT(vmrt_ref_type_name(ref)));
  }
  *out = (iree_vm_buffer_t*)ref.ptr;
  return vmrt_ok();
}

/* A mutable, zeroed vm.buffer with one owner, made without a runtime: `type` is the type word of any buffer seen before. */
static inline iree_status_t vmrt_buffer_create(iree_allocator_t allocator, iree_vm_ref_type_t type, size_t length,
                                               iree_vm_ref_t* out) {
  void* block = NULL;
  if (length > SIZE_MAX - sizeof(iree_vm_buffer_t)) return vmrt_status_bare(IREE_STATUS_RESOURCE_EXHAUSTED);
  VMRT_TRY(vmrt_allocate(allocator, sizeof(iree_vm_buffer_t) + length, &block));
  iree_vm_buffer_t* buffer = (iree_vm_buffer_t*)block;
  *(atomic_int*)(void*)&buffer->ref_object = 1;
  buffer->access = IREE_VM_BUFFER_ACCESS_MUTABLE | IREE_VM_BUFFER_ACCESS_ORIGIN_HOST;
  buffer->data.data = (uint8_t*)(buffer + 1);
  buffer->data.data_length = length;
  buffer->allocator = allocator;
  out->ptr = buffer;
  out->type = type;
  return vmrt_ok();
}

/* ---- Cursor -------------------------------------------------------------------------------------------------------- */

/* A place in a packed buffer and in its convention. The first mistake sticks; after it nothing is read or written. */
typedef struct vmrt_cursor_t {
  const char* letters; /* what comes next; ends with `_` or NUL */
  const char* tuple;   /* inside a span: its first letter */
  uint32_t tuples;     /* inside a span: tuples left, with the current one */
  uint8_t* data;
  size_t offset;
  size_t capacity;
  iree_status_t* failure; /* where the first mistake goes; shared by all cursors of a call */
} vmrt_cursor_t;

static inline size_t vmrt_letter_size(char letter) {
  return letter == 'r' ? 16 : letter == 'I' || letter == 'F' ? 8 : letter == 'i' || letter == 'f' || letter == 'C' ? 4 : 0;
}

static inline size_t vmrt_letter_alignment(char letter) { return vmrt_letter_size(letter) > 4 ? 8 : 4; }

/* `alignment` is a power of two. */
static inline size_t vmrt_align(size_t offset, size_t alignment) { return (offset + alignment - 1) & ~(alignment - 1); }

/* The largest alignment among the letters up to the end of the tuple or part. */
static inline size_t vmrt_letters_alignment(const char* letters, bool whole_part) {
  size_t alignment = 4;
  for (; *letters && *letters != '_' && (whole_part || *letters != 'D'); ++letters) {
    if (vmrt_letter_alignment(*letters) > alignment) alignment = vmrt_letter_alignment(*letters);
  }
  return alignment;
}

static inline const char* vmrt_argument_letters(const char* cconv) { return *cconv ? cconv + 1 : cconv; }

static inline const char* vmrt_result_letters(const char* cconv) {
  while (*cconv && *cconv++ != '_') continue;
  return cconv;
}

/* Bytes of a part without spans. */
static inline size_t vmrt_letters_size(const char* letters) {
  size_t size = 0;
  for (const char* at = letters; *at && *at != '_'; ++at) {
    size = vmrt_align(size, vmrt_letter_alignment(*at)) + vmrt_letter_size(*at);
  }
  return vmrt_align(size, vmrt_letters_alignment(letters, true));
}

static inline vmrt_cursor_t vmrt_cursor(const char* letters, void* data, size_t capacity, iree_status_t* failure) {
  vmrt_cursor_t cursor = {.letters = letters, .data = (uint8_t*)data, .capacity = capacity, .failure = failure};
  return cursor;
}

/* Behind the last letter of a tuple: back to the first one, or on behind the span. */
static inline void vmrt_cursor_end_tuple(vmrt_cursor_t* cursor) {
  while (cursor->tuple && *cursor->letters == 'D') {
    if (--cursor->tuples > 0) {
      cursor->letters = cursor->tuple;
      return;
    }
    cursor->tuple = NULL;
    ++cursor->letters;
  }
}

/* Why the next value cannot be had; apart from vmrt_cursor_next, which is short then. */
static inline void* vmrt_cursor_refuse(vmrt_cursor_t* cursor, char letter, size_t offset) {
  if (*cursor->letters != letter) {
    *cursor->failure = vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "`%c` is used where the convention goes on with `%s`",
                                   letter, cursor->letters);
  } else {
    *cursor->failure = vmrt_status(IREE_STATUS_OUT_OF_RANGE, "the buffer of %zu bytes ends before the `%c` at offset %zu",
                                   cursor->capacity, letter, offset);
  }
  return NULL;
}

#if defined(__GNUC__)
#define VMRT_ALWAYS_INLINE_ __attribute__((always_inline))
#else
#define VMRT_ALWAYS_INLINE_
#endif

/* The place of the next value, which has to be of that letter; NULL once anything was wrong. Inlined where the letter is known,
 * it is a few comparisons. */
VMRT_ALWAYS_INLINE_ static inline void* vmrt_cursor_next(vmrt_cursor_t* cursor, char letter) {
  size_t size = vmrt_letter_size(letter), offset = vmrt_align(cursor->offset, vmrt_letter_alignment(letter));
  if (!vmrt_is_ok(*cursor->failure)) return NULL;
  if (*cursor->letters != letter || offset > cursor->capacity || size > cursor->capacity - offset) {
    return vmrt_cursor_refuse(cursor, letter, offset);
  }
  ++cursor->letters;
  cursor->offset = offset + size;
  if (cursor->tuple) vmrt_cursor_end_tuple(cursor);
  return cursor->data + offset;
}

/* Behind the count of a span: into its first tuple, or past it. */
static inline void vmrt_cursor_begin_span(vmrt_cursor_t* cursor, uint32_t count) {
  if (count == 0) {
    while (*cursor->letters && *cursor->letters++ != 'D') continue;
    return;
  }
  cursor->tuple = cursor->letters;
  cursor->tuples = count;
  cursor->offset = vmrt_align(cursor->offset, vmrt_letters_alignment(cursor->letters, false));
}

/* Reads the count of a span; the values of its tuples follow one by one. */
static inline uint32_t vmrt_read_count(vmrt_cursor_t* cursor) {
  uint32_t count = 0;
  void* place = vmrt_cursor_next(cursor, 'C');
  if (!place) return 0;
  memcpy(&count, place, sizeof count);
  vmrt_cursor_begin_span(cursor, count);
  return count;
}

static inline void vmrt_write_count(vmrt_cursor_t* cursor, uint32_t count) {
  void* place = vmrt_cursor_next(cursor, 'C');
  if (!place) return;
  memcpy(place, &count, sizeof count);
  vmrt_cursor_begin_span(cursor, count);
}

/* vmrt_read_i32(cursor), vmrt_write_i32(cursor, value) and so on; reading yields 0 once anything was wrong. A reference is copied
 * as it stands, without counting. */
#define VMRT_KINDS(X) X(i32, int32_t, 'i') X(i64, int64_t, 'I') X(f32, float, 'f') X(f64, double, 'F') X(ref, iree_vm_ref_t, 'r')
#define VMRT_DEFINE_(name, T, letter)                                      \
  static inline T vmrt_read_##name(vmrt_cursor_t* cursor) {                \
    T value;                                                               \
    void* place = vmrt_cursor_next(cursor, letter);                        \
    memset(&value, 0, sizeof value);                                       \
    if (place) memcpy(&value, place, sizeof value);                        \
    return value;                                                          \
  }                                                                        \
  static inline void vmrt_write_##name(vmrt_cursor_t* cursor, T value) {   \
    void* place = vmrt_cursor_next(cursor, letter);                        \
    if (place) memcpy(place, &value, sizeof value);                        \
  }
VMRT_KINDS(VMRT_DEFINE_)
#undef VMRT_DEFINE_

/* Releases the references that a packed part without spans holds, up to what the buffer really has. */
static inline void vmrt_release_refs(const char* letters, void* data, size_t capacity) {
  iree_status_t failure = vmrt_ok();
  vmrt_cursor_t cursor = vmrt_cursor(letters, data, capacity, &failure);
  for (; *cursor.letters && *cursor.letters != '_' && *cursor.letters != 'v';) {
    char letter = *cursor.letters;
    void* place = vmrt_cursor_next(&cursor, letter);
    if (!place) break;
    iree_vm_ref_t ref;
    if (letter != 'r') continue;
    memcpy(&ref, place, sizeof ref);
    memset(place, 0, sizeof ref);
    vmrt_ref_release(&ref);
  }
  vmrt_status_free(failure);
}

#endif /* VMRT_PACK_H_ */
