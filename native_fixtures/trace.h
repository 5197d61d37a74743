/* SPDX-License-Identifier: Apache-2.0 */
/* Event trace of the fixtures: one JSON line per callback, appended with a single write to the file that the environment variable
 * VM_CONFORMANCE_TRACE names; without the variable nothing is written. Lines survive a crash and `_exit` right after the event.
 *
 * Every line has `seq` (0, 1, 2, … per library), `pid`, `tid`, `lib` (the fixture), `mod` (the module, where there is one) and
 * `ev`; the functions below tell what else. `create`, `alloc`, `look` and `fork` are written when the callback returns, since they
 * tell its outcome; all others when it begins. A fixture that defines TRACE_THREADS adds `threads` to every line. A fixture exports a module with TRACE_EXPORT_MODULE in place of
 * VMRT_EXPORT_MODULE, or calls trace_create and changes what it gets. */
#ifndef TRACE_H_
#define TRACE_H_

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmrt/module.h"

#if defined(TRACE_THREADS)
#include "threads.h"
#endif

/* ---- The seam to the system: append a line, who am I, begin and end of the library ----------------------------------- */

#if defined(_WIN32)
#include <io.h>
#include <process.h>
#include <sys/stat.h>
#include <windows.h>
#define TRACE_OPEN_(path) _open(path, _O_WRONLY | _O_CREAT | _O_APPEND | _O_BINARY, _S_IREAD | _S_IWRITE)
#define TRACE_WRITE_(file, text, size) _write(file, text, (unsigned)(size))
#define TRACE_CLOSE_(file) _close(file)
#define TRACE_PID_() ((long)_getpid())
#define TRACE_TID_() ((long)GetCurrentThreadId())
#define TRACE_SLEEP_() Sleep(1000)
#else
#include <sys/stat.h>
#include <unistd.h>
#define TRACE_OPEN_(path) open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
#define TRACE_WRITE_(file, text, size) write(file, text, size)
#define TRACE_CLOSE_(file) close(file)
#define TRACE_PID_() ((long)getpid())
#define TRACE_SLEEP_() sleep(1)
#if defined(__linux__)
#include <sys/syscall.h>
#define TRACE_TID_() ((long)syscall(SYS_gettid))
#else
#include <pthread.h>
#define TRACE_TID_() ((long)(intptr_t)pthread_self())
#endif
#endif

/* ---- One line ---------------------------------------------------------------------------------------------------------- */

/* Name of the fixture: the build says it, else it is the name of the source file. */
static inline iree_string_view_t trace_library(void) {
#if defined(TRACE_LIBRARY)
  return vmrt_text(TRACE_LIBRARY);
#else
  const char* path = __BASE_FILE__;
  const char* slash = strrchr(path, '/');
  iree_string_view_t name = vmrt_text(slash ? slash + 1 : path);
  if (name.size > 2) name.size -= 2; /* .c */
  return name;
#endif
}

typedef struct trace_line_t {
  char* text; /* NULL: not traced */
  size_t size;
  size_t capacity;
} trace_line_t;

static inline void trace_put(trace_line_t* line, const char* text, size_t size) {
  if (!line->text) return;
  if (size > line->capacity - line->size) {
    size_t capacity = 2 * line->capacity + size;
    char* grown = (char*)realloc(line->text, capacity);
    if (!grown) return;
    line->text = grown;
    line->capacity = capacity;
  }
  memcpy(line->text + line->size, text, size);
  line->size += size;
}

static inline void VMRT_PRINTF(2, 3) trace_printf(trace_line_t* line, const char* format, ...) {
  char text[128];
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  trace_put(line, text, size < (int)sizeof text ? (size_t)size : sizeof text - 1);
}

/* A JSON string: bytes outside of printable ASCII become \u00XX, so any bytes can be read back. NULL data is null. */
static inline void trace_string(trace_line_t* line, iree_string_view_t view) {
  if (!view.data) {
    trace_put(line, "null", 4);
    return;
  }
  trace_put(line, "\"", 1);
  for (size_t i = 0; i < view.size; ++i) {
    unsigned char c = (unsigned char)view.data[i];
    if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\') {
      trace_printf(line, "\\u%04X", c);
    } else {
      trace_put(line, view.data + i, 1);
    }
  }
  trace_put(line, "\"", 1);
}

/* Begins a line; `mod` may be NULL. Nothing is traced without the variable. */
static inline trace_line_t trace_begin(const char* mod, const char* event) {
  static atomic_int sequence;
  trace_line_t line = {NULL, 0, 512};
  if (!getenv("VM_CONFORMANCE_TRACE")) return line;
  line.text = (char*)malloc(line.capacity);
  trace_printf(&line, "{\"seq\":%d,\"pid\":%ld,\"tid\":%ld,\"lib\":", atomic_fetch_add(&sequence, 1), TRACE_PID_(),
               TRACE_TID_());
  trace_string(&line, trace_library());
  if (mod) {
    trace_printf(&line, ",\"mod\":");
    trace_string(&line, vmrt_text(mod));
  }
  trace_printf(&line, ",\"ev\":\"%s\"", event);
#if defined(TRACE_THREADS)
  trace_printf(&line, ",\"threads\":%ld", threads_now());
#endif
  return line;
}

static inline void trace_number(trace_line_t* line, const char* key, long long value) {
  trace_printf(line, ",\"%s\":%lld", key, value);
}

static inline void trace_text(trace_line_t* line, const char* key, iree_string_view_t value) {
  trace_printf(line, ",\"%s\":", key);
  trace_string(line, value);
}

/* An address, as text to tell objects apart; null for NULL. */
static inline void trace_pointer(trace_line_t* line, const char* key, const void* value) {
  if (value) {
    trace_printf(line, ",\"%s\":\"0x%llx\"", key, (unsigned long long)(uintptr_t)value);
  } else {
    trace_printf(line, ",\"%s\":null", key);
  }
}

/* Writes the line in one piece. */
static inline void trace_end(trace_line_t* line) {
  if (!line->text) return;
  trace_put(line, "}\n", 2);
  int file = TRACE_OPEN_(getenv("VM_CONFORMANCE_TRACE"));
  if (file >= 0) {
    if (TRACE_WRITE_(file, line->text, line->size) < 0) perror("VM_CONFORMANCE_TRACE");
    TRACE_CLOSE_(file);
  }
  free(line->text);
}

/* An event without further fields. */
static inline void trace_event(const char* mod, const char* event) {
  trace_line_t line = trace_begin(mod, event);
  trace_end(&line);
}

/* ---- lib.ctor, lib.dtor ------------------------------------------------------------------------------------------------ */

#if defined(_WIN32)
BOOL WINAPI DllMain(HINSTANCE library, DWORD reason, LPVOID reserved) {
  (void)library, (void)reserved;
  if (reason == DLL_PROCESS_ATTACH) trace_event(NULL, "lib.ctor");
  if (reason == DLL_PROCESS_DETACH) trace_event(NULL, "lib.dtor");
  return TRUE;
}
#else
__attribute__((constructor)) static void trace_library_begin(void) { trace_event(NULL, "lib.ctor"); }
__attribute__((destructor)) static void trace_library_end(void) { trace_event(NULL, "lib.dtor"); }
#endif

/* ---- create: max_version, params [[key, value or null], …], code -------------------------------------------------------- */

/* A text that the host passed: what cannot be a text is told, not read. */
static inline void trace_foreign_string(trace_line_t* line, iree_string_view_t view) {
  if (view.size > (1u << 24) || (view.size > 0 && !view.data)) {
    trace_printf(line, "\"(not a text: size %zu)\"", view.size);
  } else {
    trace_string(line, view);
  }
}

static inline void trace_create_event(const char* mod, uint32_t max_version, size_t param_count,
                                      const iree_string_pair_t* params, uint32_t code) {
  trace_line_t line = trace_begin(mod, "create");
  trace_number(&line, "max_version", max_version);
  trace_printf(&line, ",\"params\":[");
  for (size_t i = 0; i < param_count; ++i) {
    trace_printf(&line, i == 0 ? "[" : ",[");
    trace_foreign_string(&line, params[i].key.data ? params[i].key : vmrt_text(""));
    trace_put(&line, ",", 1);
    trace_foreign_string(&line, params[i].value);
    trace_put(&line, "]", 1);
  }
  trace_put(&line, "]", 1);
  trace_number(&line, "code", code);
  trace_end(&line);
}

/* ---- A traced module ----------------------------------------------------------------------------------------------------- */

typedef struct trace_module_t {
  iree_vm_module_t* inner;
  iree_vm_module_t interface;
  iree_allocator_t allocator;
  char name[64];
} trace_module_t;

static inline const char* trace_name(void* self) { return ((trace_module_t*)self)->name; }
static inline iree_vm_module_t* trace_inner(void* self) { return ((trace_module_t*)self)->inner; }

static inline void trace_slot_destroy(void* self) {
  trace_module_t* module = (trace_module_t*)self;
  trace_event(module->name, "destroy");
  module->inner->destroy(module->inner->self);
  vmrt_free(module->allocator, module);
}

static inline iree_string_view_t trace_slot_name(void* self) {
  trace_event(trace_name(self), "name");
  return trace_inner(self)->name(trace_inner(self)->self);
}

static inline iree_vm_module_signature_t trace_slot_signature(void* self) {
  trace_event(trace_name(self), "sig");
  return trace_inner(self)->signature(trace_inner(self)->self);
}

static inline iree_status_t trace_slot_enumerate_dependencies(void* self, iree_vm_module_dependency_callback_t callback,
                                                              void* user_data) {
  trace_event(trace_name(self), "deps");
  return trace_inner(self)->enumerate_dependencies(trace_inner(self)->self, callback, user_data);
}

static inline iree_status_t trace_slot_get_module_attr(void* self, iree_host_size_t index, iree_string_pair_t* out_attr) {
  trace_line_t line = trace_begin(trace_name(self), "mattr");
  trace_number(&line, "index", (long long)index);
  trace_end(&line);
  return trace_inner(self)->get_module_attr(trace_inner(self)->self, index, out_attr);
}

/* look: linkage, fn, cconv (expected, or null), found, code */
static inline iree_status_t trace_slot_lookup_function(void* self, iree_vm_function_linkage_t linkage,
                                                       iree_string_view_t name,
                                                       const iree_vm_function_signature_t* expected_signature,
                                                       iree_vm_function_t* out_function) {
  iree_status_t status =
      trace_inner(self)->lookup_function(trace_inner(self)->self, linkage, name, expected_signature, out_function);
  trace_line_t line = trace_begin(trace_name(self), "look");
  trace_number(&line, "linkage", linkage);
  trace_text(&line, "fn", name);
  trace_text(&line, "cconv", expected_signature ? expected_signature->calling_convention : vmrt_text(NULL));
  trace_printf(&line, ",\"found\":%s", vmrt_is_ok(status) ? "true" : "false");
  trace_number(&line, "code", vmrt_status_code(status));
  trace_end(&line);
  return status;
}

/* get: linkage, ordinal, asked (which outputs: f function, n name, s signature) */
static inline iree_status_t trace_slot_get_function(void* self, iree_vm_function_linkage_t linkage, iree_host_size_t ordinal,
                                                    iree_vm_function_t* out_function, iree_string_view_t* out_name,
                                                    iree_vm_function_signature_t* out_signature) {
  trace_line_t line = trace_begin(trace_name(self), "get");
  trace_number(&line, "linkage", linkage);
  trace_number(&line, "ordinal", (long long)ordinal);
  trace_printf(&line, ",\"asked\":\"%s%s%s\"", out_function ? "f" : "", out_name ? "n" : "", out_signature ? "s" : "");
  trace_end(&line);
  return trace_inner(self)->get_function(trace_inner(self)->self, linkage, ordinal, out_function, out_name, out_signature);
}

/* attr: linkage, ordinal, index */
static inline iree_status_t trace_slot_get_function_attr(void* self, iree_vm_function_linkage_t linkage,
                                                         iree_host_size_t ordinal, iree_host_size_t index,
                                                         iree_string_pair_t* out_attr) {
  trace_line_t line = trace_begin(trace_name(self), "attr");
  trace_number(&line, "linkage", linkage);
  trace_number(&line, "ordinal", (long long)ordinal);
  trace_number(&line, "index", (long long)index);
  trace_end(&line);
  return trace_inner(self)->get_function_attr(trace_inner(self)->self, linkage, ordinal, index, out_attr);
}

static inline iree_status_t trace_slot_resolve_source_location(void* self, iree_vm_function_t function, int64_t pc,
                                                               iree_vm_source_location_t* out_location) {
  trace_line_t line = trace_begin(trace_name(self), "loc");
  trace_number(&line, "ordinal", function.ordinal);
  trace_number(&line, "pc", pc);
  trace_end(&line);
  return trace_inner(self)->resolve_source_location(trace_inner(self)->self, function, pc, out_location);
}

/* alloc: state, code */
static inline iree_status_t trace_slot_alloc_state(void* self, iree_allocator_t allocator,
                                                   iree_vm_module_state_t** out_module_state) {
  iree_status_t status = trace_inner(self)->alloc_state(trace_inner(self)->self, allocator, out_module_state);
  trace_line_t line = trace_begin(trace_name(self), "alloc");
  trace_pointer(&line, "state", vmrt_is_ok(status) ? *out_module_state : NULL);
  trace_number(&line, "code", vmrt_status_code(status));
  trace_end(&line);
  return status;
}

/* free: state */
static inline void trace_slot_free_state(void* self, iree_vm_module_state_t* module_state) {
  trace_line_t line = trace_begin(trace_name(self), "free");
  trace_pointer(&line, "state", module_state);
  trace_end(&line);
  trace_inner(self)->free_state(trace_inner(self)->self, module_state);
}

/* fork: parent, state (the child's), code */
static inline iree_status_t trace_slot_fork_state(void* self, iree_vm_module_state_t* parent_state, iree_allocator_t allocator,
                                                  iree_vm_module_state_t** out_child_state) {
  iree_status_t status = trace_inner(self)->fork_state(trace_inner(self)->self, parent_state, allocator, out_child_state);
  trace_line_t line = trace_begin(trace_name(self), "fork");
  trace_pointer(&line, "parent", parent_state);
  trace_pointer(&line, "state", vmrt_is_ok(status) ? *out_child_state : NULL);
  trace_number(&line, "code", vmrt_status_code(status));
  trace_end(&line);
  return status;
}

/* resolve: state, ordinal, import (its name), cconv (the provider's) */
static inline iree_status_t trace_slot_resolve_import(void* self, iree_vm_module_state_t* module_state,
                                                      iree_host_size_t ordinal, const iree_vm_function_t* function,
                                                      const iree_vm_function_signature_t* signature) {
  iree_vm_module_t* inner = trace_inner(self);
  iree_string_view_t name = {NULL, 0};
  vmrt_status_free(inner->get_function(inner->self, IREE_VM_FUNCTION_LINKAGE_IMPORT, ordinal, NULL, &name, NULL));
  trace_line_t line = trace_begin(trace_name(self), "resolve");
  trace_pointer(&line, "state", module_state);
  trace_number(&line, "ordinal", (long long)ordinal);
  trace_text(&line, "import", name);
  trace_text(&line, "cconv", signature ? signature->calling_convention : vmrt_text(NULL));
  trace_end(&line);
  return inner->resolve_import(inner->self, module_state, ordinal, function, signature);
}

/* notify: state, signal */
static inline iree_status_t trace_slot_notify(void* self, iree_vm_module_state_t* module_state, iree_vm_signal_t signal) {
  trace_line_t line = trace_begin(trace_name(self), "notify");
  trace_pointer(&line, "state", module_state);
  trace_number(&line, "signal", signal);
  trace_end(&line);
  return trace_inner(self)->notify(trace_inner(self)->self, module_state, signal);
}

/* call: fn, linkage; then return: fn, code */
static inline iree_status_t trace_slot_begin_call(void* self, iree_vm_stack_t* stack, iree_vm_function_call_t call) {
  iree_vm_module_t* inner = trace_inner(self);
  iree_string_view_t name = {NULL, 0};
  vmrt_status_free(inner->get_function(inner->self, (iree_vm_function_linkage_t)call.function.linkage, call.function.ordinal,
                                       NULL, &name, NULL));
  trace_line_t line = trace_begin(trace_name(self), "call");
  trace_text(&line, "fn", name);
  trace_number(&line, "linkage", call.function.linkage);
  trace_end(&line);
  iree_status_t status = inner->begin_call(inner->self, stack, call);
  line = trace_begin(trace_name(self), "return");
  trace_text(&line, "fn", name);
  trace_number(&line, "code", vmrt_status_code(status));
  trace_end(&line);
  return status;
}

/* resume: results (bytes); then return: fn null, code */
static inline iree_status_t trace_slot_resume_call(void* self, iree_vm_stack_t* stack, iree_byte_span_t call_results) {
  trace_line_t line = trace_begin(trace_name(self), "resume");
  trace_number(&line, "results", (long long)call_results.data_length);
  trace_end(&line);
  iree_status_t status = trace_inner(self)->resume_call(trace_inner(self)->self, stack, call_results);
  line = trace_begin(trace_name(self), "return");
  trace_text(&line, "fn", vmrt_text(NULL));
  trace_number(&line, "code", vmrt_status_code(status));
  trace_end(&line);
  return status;
}

/* Puts the trace around a module: `*module` becomes one with the same reference whose slots write their event and go on. A slot
 * that is NULL stays NULL. */
static inline iree_status_t trace_wrap(iree_allocator_t allocator, const char* name, iree_vm_module_t** module) {
  void* block = NULL;
  iree_vm_module_t* inner = *module;
  VMRT_TRY(vmrt_allocate(allocator, sizeof(trace_module_t), &block));
  trace_module_t* traced = (trace_module_t*)block;
  snprintf(traced->name, sizeof traced->name, "%s", name);
  traced->inner = inner;
  traced->allocator = allocator;
  traced->interface.self = traced;
  traced->interface.ref_count = inner->ref_count;
#define TRACE_SLOT_(slot) traced->interface.slot = inner->slot ? trace_slot_##slot : NULL
  TRACE_SLOT_(destroy);
  TRACE_SLOT_(name);
  TRACE_SLOT_(signature);
  TRACE_SLOT_(enumerate_dependencies);
  TRACE_SLOT_(get_module_attr);
  TRACE_SLOT_(lookup_function);
  TRACE_SLOT_(get_function);
  TRACE_SLOT_(get_function_attr);
  TRACE_SLOT_(resolve_source_location);
  TRACE_SLOT_(alloc_state);
  TRACE_SLOT_(free_state);
  TRACE_SLOT_(fork_state);
  TRACE_SLOT_(resolve_import);
  TRACE_SLOT_(notify);
  TRACE_SLOT_(begin_call);
  TRACE_SLOT_(resume_call);
#undef TRACE_SLOT_
  *module = &traced->interface;
  return vmrt_ok();
}

/* As vmrt_module_create, traced. */
static inline iree_status_t trace_create(const vmrt_module_type_t* type, VMRT_CREATE_PARAMETERS) {
  iree_vm_module_t* module = NULL;
  iree_status_t status = vmrt_module_create(type, max_version, instance, param_count, params, allocator, &module);
  const char* name = module ? ((vmrt_module_t*)module->self)->name : type->name;
  trace_create_event(name, max_version, param_count, params, vmrt_status_code(status));
  if (!vmrt_is_ok(status)) return status;
  status = trace_wrap(allocator, name, &module);
  if (vmrt_is_ok(status)) {
    *out_module = module;
  } else {
    module->destroy(module->self);
  }
  return status;
}

/* As VMRT_EXPORT_MODULE, traced. */
#define TRACE_EXPORT_MODULE(symbol, type)                          \
  static const vmrt_module_type_t* const symbol##_type = &(type);  \
  VMRT_EXPORT iree_status_t symbol(VMRT_CREATE_PARAMETERS);        \
  iree_status_t symbol(VMRT_CREATE_PARAMETERS) { return trace_create(symbol##_type, VMRT_CREATE_ARGUMENTS); }

#endif /* TRACE_H_ */
