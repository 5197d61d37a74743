/* SPDX-License-Identifier: Apache-2.0 */
/* Loads a bytecode module and calls everything in it, within limits of time and memory. */
#include "fuzz_run.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "bytecode/debug.h"
#include "bytecode/disasm.h"
#include "iree/vm/bytecode/module.h"
#include "vmrt/probe.h"

#define CALL_MILLISECONDS 2
#define ALLOCATION_LIMIT (16u << 20)
#define EXPORT_LIMIT 16

/* ---- Limits ---------------------------------------------------------------------------------------------------------- */

/* Blocks of more than the limit are refused: a program may ask for any, but not get it here. */
static iree_status_t limited_ctl(void* self, iree_allocator_command_t command, const void* params, void** inout_ptr) {
  if (command != IREE_ALLOCATOR_COMMAND_FREE && *(const size_t*)params > ALLOCATION_LIMIT) {
    return iree_status_from_code(IREE_STATUS_RESOURCE_EXHAUSTED);
  }
  return iree_allocator_libc_ctl(self, command, params, inout_ptr);
}
static iree_allocator_t limited_allocator(void) {
  iree_allocator_t allocator = {NULL, limited_ctl};
  return allocator;
}

/* A thread that cancels the instance when a call takes too long. */
static struct {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  iree_vm_instance_t* instance;
  bool is_armed;
  struct timespec deadline;
} watchdog = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void* watch(void* unused) {
  (void)unused;
  pthread_mutex_lock(&watchdog.mutex);
  for (;;) {
    while (!watchdog.is_armed) pthread_cond_wait(&watchdog.changed, &watchdog.mutex);
    int result = 0;
    while (watchdog.is_armed && result == 0) {
      result = pthread_cond_timedwait(&watchdog.changed, &watchdog.mutex, &watchdog.deadline);
    }
    if (watchdog.is_armed) vmrt_instance_cancel(watchdog.instance, IREE_STATUS_DEADLINE_EXCEEDED);
    watchdog.is_armed = false;
  }
  return NULL;
}

static void watchdog_arm(void) {
  pthread_mutex_lock(&watchdog.mutex);
  clock_gettime(CLOCK_REALTIME, &watchdog.deadline);
  watchdog.deadline.tv_nsec += CALL_MILLISECONDS * 1000000L;
  if (watchdog.deadline.tv_nsec >= 1000000000L) {
    watchdog.deadline.tv_nsec -= 1000000000L;
    ++watchdog.deadline.tv_sec;
  }
  watchdog.is_armed = true;
  pthread_cond_signal(&watchdog.changed);
  pthread_mutex_unlock(&watchdog.mutex);
}

static void watchdog_disarm(void) {
  pthread_mutex_lock(&watchdog.mutex);
  watchdog.is_armed = false;
  pthread_cond_signal(&watchdog.changed);
  pthread_mutex_unlock(&watchdog.mutex);
  vmrt_instance_cancel(watchdog.instance, IREE_STATUS_OK);
}

static iree_vm_instance_t* shared_instance(void) {
  if (watchdog.instance) return watchdog.instance;
  pthread_t thread;
  if (!iree_status_is_ok(iree_vm_instance_create(IREE_VM_TYPE_CAPACITY_DEFAULT, limited_allocator(), &watchdog.instance)) ||
      pthread_create(&thread, NULL, watch, NULL) != 0) {
    abort();
  }
  pthread_detach(thread);
  return watchdog.instance;
}

/* ---- Reading --------------------------------------------------------------------------------------------------------- */

/* Texts made of the file: every instruction, and some source location of every function. */
static void print_image(iree_const_byte_span_t archive) {
  bytecode_image_t image;
  iree_status_t status = bytecode_image_parse(shared_instance(), 0, archive, limited_allocator(), &image);
  if (!iree_status_is_ok(status)) {
    iree_status_free(status);
    return;
  }
  iree_string_builder_t builder;
  iree_string_builder_initialize(limited_allocator(), &builder);
  iree_status_free(bytecode_disassemble_image(&image, &builder)); /* also of code that is not verified */
  for (uint32_t i = 0; i < image.function_count && i < EXPORT_LIMIT; ++i) {
    uint32_t location = i;
    (void)bytecode_debug_find_location(&image, i, 1, &location);
    builder.size = 0;
    iree_status_free(bytecode_debug_format_location(&image, location, &builder));
  }
  iree_string_builder_deinitialize(&builder);
  bytecode_image_deinitialize(&image);
}

/* ---- Running --------------------------------------------------------------------------------------------------------- */

/* Numbers to call with; references are null. */
static iree_status_t make_inputs(iree_vm_function_t function, iree_vm_list_t** out_list) {
  iree_vm_function_signature_t signature = iree_vm_function_signature(&function);
  iree_string_view_t arguments, results;
  IREE_RETURN_IF_ERROR(iree_vm_function_call_get_cconv_fragments(&signature, &arguments, &results));
  IREE_RETURN_IF_ERROR(iree_vm_list_create(iree_vm_make_undefined_type_def(), arguments.size, limited_allocator(), out_list));
  for (iree_host_size_t i = 0; i < arguments.size; ++i) {
    iree_vm_value_t value = iree_vm_value_make_i32((int32_t)i + 1);
    iree_vm_ref_t null = iree_vm_ref_null();
    iree_status_t status = arguments.data[i] == 'r' ? iree_vm_list_push_ref_retain(*out_list, &null)
                                                    : iree_vm_list_push_value(*out_list, &value);
    if (!iree_status_is_ok(status)) return status;
  }
  return iree_ok_status();
}

static void call_export(iree_vm_context_t* context, iree_vm_function_t function) {
  iree_vm_list_t *inputs = NULL, *outputs = NULL;
  iree_status_t status = make_inputs(function, &inputs);
  if (iree_status_is_ok(status)) {
    status = iree_vm_list_create(iree_vm_make_undefined_type_def(), 1, limited_allocator(), &outputs);
  }
  if (iree_status_is_ok(status)) {
    watchdog_arm();
    status = iree_vm_invoke(context, function, 0, NULL, inputs, outputs, limited_allocator());
    watchdog_disarm();
  }
  iree_status_free(status);
  if (outputs) iree_vm_list_release(outputs);
  if (inputs) iree_vm_list_release(inputs);
}

static void run_exports(iree_vm_module_t* module) {
  iree_vm_context_t* context = NULL;
  watchdog_arm(); /* the module may have an `__init` */
  iree_status_t status = iree_vm_context_create_with_modules(shared_instance(), IREE_VM_CONTEXT_FLAG_NONE, 1, &module,
                                                             limited_allocator(), &context);
  watchdog_disarm();
  if (!iree_status_is_ok(status)) {
    iree_status_free(status);
    return;
  }
  iree_host_size_t count = iree_vm_module_signature(module).export_function_count;
  for (iree_host_size_t i = 0; i < count && i < EXPORT_LIMIT; ++i) {
    iree_vm_function_t function;
    status = iree_vm_module_lookup_function_by_ordinal(module, IREE_VM_FUNCTION_LINKAGE_EXPORT, i, &function);
    if (iree_status_is_ok(status)) call_export(context, function);
    iree_status_free(status);
  }
  watchdog_arm(); /* and a `__deinit` */
  iree_vm_context_release(context);
  watchdog_disarm();
}

void fuzz_run_module(iree_const_byte_span_t archive) {
  print_image(archive);
  iree_vm_module_t* module = NULL;
  iree_status_t status = iree_vm_bytecode_module_create(shared_instance(), IREE_VM_BYTECODE_MODULE_FLAG_NONE, archive,
                                                        iree_allocator_null(), limited_allocator(), &module);
  if (iree_status_is_ok(status)) {
    run_exports(module);
    iree_vm_module_release(module);
  }
  iree_status_free(status);
}

bool fuzz_accepts_module(iree_const_byte_span_t archive) {
  bytecode_image_t image;
  iree_status_t status = bytecode_image_parse(shared_instance(), 0, archive, limited_allocator(), &image);
  if (iree_status_is_ok(status)) {
    status = bytecode_verify_image(&image);
    bytecode_image_deinitialize(&image);
  }
  return iree_status_consume_code(status) == IREE_STATUS_OK;
}
