/* SPDX-License-Identifier: Apache-2.0 */
/* Tries the allocator that the host passes; every function gives a status code (0 is OK) or a measured number. */
#include "trace.h"

static iree_status_t control(const vmrt_call_t* call, int command, size_t length, void** block) {
  iree_allocator_t allocator = call->module->allocator;
  const void* params = command == IREE_ALLOCATOR_COMMAND_FREE ? NULL : &length;
  return allocator.ctl(allocator.self, (iree_allocator_command_t)command, params, block);
}

static iree_status_t return_code(vmrt_call_t* call, iree_status_t status) {
  vmrt_return_i32(call, (int32_t)vmrt_status_code(status));
  vmrt_status_free(status);
  return vmrt_ok();
}

/* (command, length): the code of one request; what it gives is freed again. */
static iree_status_t request(vmrt_call_t* call) {
  int command = vmrt_arg_i32(call);
  size_t length = (size_t)vmrt_arg_i64(call);
  void* block = NULL;
  iree_status_t status = control(call, command, length, &block);
  vmrt_free(call->module->allocator, block);
  return return_code(call, status);
}

/* 1: a free of NULL is OK and a free clears the pointer. */
static iree_status_t frees(vmrt_call_t* call) {
  void *nothing = NULL, *block = NULL;
  VMRT_TRY(control(call, IREE_ALLOCATOR_COMMAND_FREE, 0, &nothing));
  VMRT_TRY(control(call, IREE_ALLOCATOR_COMMAND_MALLOC, 100, &block));
  VMRT_TRY(control(call, IREE_ALLOCATOR_COMMAND_FREE, 0, &block));
  vmrt_return_i32(call, block == NULL);
  return vmrt_ok();
}

/* Largest power of two, up to 16, that all of 100 blocks are aligned to. */
static iree_status_t alignment(vmrt_call_t* call) {
  void* blocks[100] = {NULL};
  uintptr_t bits = 16;
  for (size_t i = 0; i < 100; ++i) {
    VMRT_TRY(control(call, IREE_ALLOCATOR_COMMAND_MALLOC, i + 1, &blocks[i]));
    bits |= (uintptr_t)blocks[i];
  }
  for (size_t i = 0; i < 100; ++i) vmrt_free(call->module->allocator, blocks[i]);
  vmrt_return_i32(call, (int32_t)(bits & (~bits + 1)));
  return vmrt_ok();
}

/* 1: calloc gives zeros and realloc keeps the content. */
static iree_status_t contents(vmrt_call_t* call) {
  unsigned char* block = NULL;
  VMRT_TRY(control(call, IREE_ALLOCATOR_COMMAND_CALLOC, 64, (void**)&block));
  int32_t good = 1;
  for (size_t i = 0; i < 64; ++i) good &= block[i] == 0;
  for (size_t i = 0; i < 64; ++i) block[i] = (unsigned char)i;
  VMRT_TRY(control(call, IREE_ALLOCATOR_COMMAND_REALLOC, 100000, (void**)&block));
  for (size_t i = 0; i < 64; ++i) good &= block[i] == i;
  vmrt_free(call->module->allocator, block);
  vmrt_return_i32(call, good);
  return vmrt_ok();
}

static const vmrt_module_type_t allocator = {
    .name = "allocator",
    VMRT_EXPORTS({"request", "0iI_i", request}, {"frees", "0v_i", frees}, {"alignment", "0v_i", alignment},
                 {"contents", "0v_i", contents}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, allocator)
