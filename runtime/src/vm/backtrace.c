/* SPDX-License-Identifier: Apache-2.0 */
/* Backtraces: the frames of a stack as text, newest first. */
#include <inttypes.h>

#include "base/string_builder.h"
#include "vm/stack.h"
#include "vm/text.h"

/* A deep recursion is shown by its newest and its oldest frames. */
#define NEWEST_FRAMES 24
#define OLDEST_FRAMES 8

static iree_status_t append_location(iree_string_builder_t* builder, const iree_vm_stack_frame_t* view) {
  iree_vm_source_location_t location;
  iree_status_t status =
      iree_vm_module_resolve_source_location(view->function.module, view->function, view->pc, &location);
  if (!iree_status_is_ok(status) || !location.format) {
    iree_status_free(status);
    return iree_string_builder_append_string(builder, IREE_SV("-"));
  }
  return location.format(location.self, location.data, IREE_VM_SOURCE_LOCATION_FORMAT_FLAG_NONE, builder);
}

static iree_status_t append_function(iree_string_builder_t* builder, const iree_vm_stack_frame_t* view) {
  iree_string_view_t module = iree_vm_module_name(view->function.module);
  iree_string_view_t name = iree_vm_function_name(&view->function);
  if (iree_string_view_is_empty(name)) {
    return iree_string_builder_append_format(builder, "%.*s@%u", VM_SV_ARG(module), view->function.ordinal);
  }
  return iree_string_builder_append_format(builder, "%.*s.%.*s", VM_SV_ARG(module), VM_SV_ARG(name));
}

static iree_status_t append_frame(iree_string_builder_t* builder, vm_frame_t* frame, int32_t depth) {
  static const char* const kinds[] = {"external", "native", "bytecode", "wait"};
  frame->frame_class->describe(frame);
  const iree_vm_stack_frame_t* view = &frame->view;
  IREE_RETURN_IF_ERROR(
      iree_string_builder_append_format(builder, "\n[%" PRId32 "] %-8s ", depth, kinds[view->type & 3]));
  if (!view->function.module) return iree_string_builder_append_string(builder, IREE_SV("-"));
  IREE_RETURN_IF_ERROR(append_function(builder, view));
  if (view->type == IREE_VM_STACK_FRAME_BYTECODE) {
    IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, ":%" PRId64, view->pc));
  }
  IREE_RETURN_IF_ERROR(iree_string_builder_append_string(builder, IREE_SV(" ")));
  return append_location(builder, view);
}

static iree_status_t append_frames(iree_string_builder_t* builder, iree_vm_stack_t* stack) {
  int32_t depth = 0;
  for (vm_frame_t* frame = stack->current; frame; frame = frame->parent) ++depth;
  int32_t count = depth;
  for (vm_frame_t* frame = stack->current; frame; frame = frame->parent) {
    --depth;
    bool is_shown = count - depth <= NEWEST_FRAMES || depth < OLDEST_FRAMES;
    if (is_shown) IREE_RETURN_IF_ERROR(append_frame(builder, frame, depth));
    if (!is_shown && depth == OLDEST_FRAMES) {
      IREE_RETURN_IF_ERROR(iree_string_builder_append_format(builder, "\n... %" PRId32 " frames ...",
                                                             count - NEWEST_FRAMES - OLDEST_FRAMES));
    }
  }
  return iree_ok_status();
}

iree_status_t iree_vm_stack_annotate_backtrace(iree_vm_stack_t* stack, iree_status_t status) {
  if (iree_status_is_ok(status) || !stack->current) return status;
  iree_string_builder_t builder;
  iree_string_builder_initialize(stack->allocator, &builder);
  iree_status_t failure = append_frames(&builder, stack);
  if (iree_status_is_ok(failure)) status = iree_status_annotate(status, iree_string_builder_view(&builder));
  iree_status_free(failure);
  iree_string_builder_deinitialize(&builder);
  return status;
}
