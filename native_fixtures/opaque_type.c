/* SPDX-License-Identifier: Apache-2.0 */
/* Has a type of its own, unregistered, with the counter 12 bytes into its objects; their destruction is traced. */
#include "trace.h"

typedef struct {
  int32_t value;
  int32_t unused[2];
  atomic_int counter; /* at offset 12 */
  iree_allocator_t allocator;
} thing_t;
VMRT_ASSERT_AT(thing_t, counter, 12);

static void destroy_thing(void* object) {
  thing_t* thing = (thing_t*)object;
  trace_line_t line = trace_begin("opaque_type", "thing.destroy");
  trace_number(&line, "value", thing->value);
  trace_end(&line);
  vmrt_free(thing->allocator, thing);
}

static const char type_name[] = "opaque_type.thing";
static const iree_vm_ref_type_descriptor_t descriptor = {
    .destroy = destroy_thing, .type_name = {type_name, sizeof type_name - 1}, .offsetof_counter = 12 / 4};

static iree_status_t make(vmrt_call_t* call) {
  thing_t* thing = NULL;
  VMRT_TRY(vmrt_allocate(call->module->allocator, sizeof *thing, (void**)&thing));
  thing->counter = 1;
  thing->value = vmrt_arg_i32(call);
  thing->allocator = call->module->allocator;
  vmrt_return_ref(call, (iree_vm_ref_t){thing, (uintptr_t)&descriptor | descriptor.offsetof_counter});
  return vmrt_ok();
}

/* The value inside; INVALID_ARGUMENT for other objects, -1 for null. */
static iree_status_t value(vmrt_call_t* call) {
  iree_vm_ref_t ref = vmrt_arg_ref(call);
  if (!vmrt_ref_is_null(ref) && vmrt_ref_descriptor(ref) != &descriptor) {
    return vmrt_status(IREE_STATUS_INVALID_ARGUMENT, "expected a %s, have a `%.*s`", type_name,
                       VMRT_TEXT(vmrt_ref_type_name(ref)));
  }
  vmrt_return_i32(call, vmrt_ref_is_null(ref) ? -1 : ((thing_t*)ref.ptr)->value);
  return vmrt_ok();
}

static const vmrt_module_type_t opaque_type = {
    .name = "opaque_type",
    VMRT_EXPORTS({"make", "0i_r", make}, {"value", "0r_i", value}),
};
TRACE_EXPORT_MODULE(iree_vm_dynamic_module_create, opaque_type)
