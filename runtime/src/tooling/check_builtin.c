/* SPDX-License-Identifier: Apache-2.0 */
/* Compares numbers and tensors and tells a listener what does not hold. */
#include "tooling/check_builtin.h"

#include "base/string_builder.h"
#include "iree/vm/native_module.h"
#include "modules/hal_arguments.h"
#include "tooling/tensor_compare.h"
#include "tooling/value_text.h"

typedef struct check_builtin_t {
  iree_allocator_t allocator;
  check_listener_t listener;
} check_builtin_t;

/* Most elements of a tensor in a message. */
#define MESSAGE_ELEMENTS 1024

/* ---- Messages ---------------------------------------------------------------------------------------------------- */

/* Text about one assertion; a failure of writing it sticks. */
typedef struct message_t {
  iree_string_builder_t text;
  iree_status_t status;
} message_t;

static void message_begin(const hal_call_t* call, message_t* out_message) {
  iree_string_builder_initialize(call->host_allocator, &out_message->text);
  out_message->status = iree_ok_status();
}

static void put(message_t* message, const char* text) {
  if (!iree_status_is_ok(message->status)) return;
  message->status = iree_string_builder_append_string(&message->text, iree_make_cstring_view(text));
}

static void put_tensor(message_t* message, const char* name, const iree_hal_buffer_view_t* view) {
  put(message, "\n  ");
  put(message, name);
  put(message, ":\n    ");
  if (!iree_status_is_ok(message->status)) return;
  message->status = value_text_append_tensor(&message->text, view, MESSAGE_ELEMENTS);
}

static void put_both(message_t* message, const iree_hal_buffer_view_t* lhs, const iree_hal_buffer_view_t* rhs) {
  put_tensor(message, "lhs", lhs);
  put_tensor(message, "rhs", rhs);
}

/* Tells the listener; an empty message is an assertion that holds. */
static iree_status_t message_end(const hal_call_t* call, message_t* message) {
  const check_builtin_t* check = call->module;
  iree_status_t status = message->status;
  if (iree_status_is_ok(status)) {
    status = check->listener.fn(check->listener.user_data, iree_string_builder_view(&message->text));
  }
  iree_string_builder_deinitialize(&message->text);
  return status;
}

/* ---- Numbers ----------------------------------------------------------------------------------------------------- */

static iree_status_t expect_number(hal_call_t* call, bool nonzero, const char* wanted) {
  message_t message;
  int32_t value = hal_take_i32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  message_begin(call, &message);
  if ((value != 0) != nonzero) {
    message.status = iree_string_builder_append_format(&message.text, "Expected %d to be %s.", (int)value, wanted);
  }
  return message_end(call, &message);
}

static iree_status_t expect_true(hal_call_t* call) { return expect_number(call, true, "nonzero"); }
static iree_status_t expect_false(hal_call_t* call) { return expect_number(call, false, "zero"); }

/* ---- One tensor -------------------------------------------------------------------------------------------------- */

static iree_status_t refuse_type(iree_hal_element_type_t type) {
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "unsupported element type %s",
                          vmrt_hal_element_type_name(type).text);
}

static bool has_truth(iree_hal_element_type_t type) {
  uint32_t bits = iree_hal_element_bit_count(type);
  switch (iree_hal_element_numerical_type(type)) {
    case IREE_HAL_NUMERICAL_TYPE_INTEGER:
    case IREE_HAL_NUMERICAL_TYPE_INTEGER_SIGNED:
    case IREE_HAL_NUMERICAL_TYPE_INTEGER_UNSIGNED: return bits == 8 || bits == 16 || bits == 32 || bits == 64;
    case IREE_HAL_NUMERICAL_TYPE_FLOAT_IEEE: return bits == 32 || bits == 64;
    default: return false;
  }
}

static iree_status_t find_zero(const iree_hal_buffer_view_t* view, iree_host_size_t* out_index) {
  iree_host_size_t count = iree_hal_buffer_view_element_count(view);
  for (iree_host_size_t i = 0; i < count; ++i) {
    double value = 0;
    IREE_RETURN_IF_ERROR(tensor_element_value(view, i, &value));
    *out_index = i;
    if (value == 0) return iree_ok_status();
  }
  *out_index = TENSOR_ALL_EQUAL;
  return iree_ok_status();
}

static iree_status_t expect_all_true(hal_call_t* call) {
  message_t message;
  iree_host_size_t index = 0;
  hal_take_device(call);
  const iree_hal_buffer_view_t* view = hal_take_buffer_view(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (!has_truth(iree_hal_buffer_view_element_type(view))) return refuse_type(iree_hal_buffer_view_element_type(view));
  IREE_RETURN_IF_ERROR(find_zero(view, &index));
  message_begin(call, &message);
  if (index != TENSOR_ALL_EQUAL) {
    message.status = iree_string_builder_append_format(
        &message.text, "Expected a tensor that only contains elements that isn't equal to 0; element %zu is.", index);
    put_tensor(&message, "tensor", view);
  }
  return message_end(call, &message);
}

/* ---- Two tensors ------------------------------------------------------------------------------------------------- */

typedef struct pair_t {
  const iree_hal_buffer_view_t* lhs;
  const iree_hal_buffer_view_t* rhs;
  bool same_type;
  bool same_shape;
} pair_t;

static pair_t take_pair(hal_call_t* call) {
  pair_t pair = {NULL, NULL, false, false};
  hal_take_device(call);
  pair.lhs = hal_take_buffer_view(call);
  pair.rhs = hal_take_buffer_view(call);
  if (!pair.lhs || !pair.rhs) return pair;
  pair.same_type = tensor_same_type(pair.lhs, pair.rhs);
  pair.same_shape = tensor_same_shape(pair.lhs, pair.rhs);
  return pair;
}

static void put_kind(message_t* message, const pair_t* pair, const char* sentence) {
  put(message, sentence);
  if (!pair->same_type) put(message, " Element types do not match.");
  if (!pair->same_shape) put(message, " Shapes do not match.");
}

/* Contents of different length are different. */
static iree_status_t same_bytes(const pair_t* pair, bool* out_same) {
  tensor_tolerance_t exact = {true, 0, 0};
  iree_host_size_t index = TENSOR_ALL_EQUAL;
  *out_same = iree_hal_buffer_view_byte_length(pair->lhs) == iree_hal_buffer_view_byte_length(pair->rhs);
  if (!*out_same) return iree_ok_status();
  IREE_RETURN_IF_ERROR(tensor_find_difference(pair->lhs, pair->rhs, exact, &index));
  *out_same = index == TENSOR_ALL_EQUAL;
  return iree_ok_status();
}

static iree_status_t expect_eq(hal_call_t* call) {
  message_t message;
  bool same = false;
  pair_t pair = take_pair(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  IREE_RETURN_IF_ERROR(same_bytes(&pair, &same));
  message_begin(call, &message);
  if (!same || !pair.same_type || !pair.same_shape) {
    put_kind(&message, &pair, "Expected equality of these values.");
    if (!same) put(&message, " Contents does not match.");
    put_both(&message, pair.lhs, pair.rhs);
  }
  return message_end(call, &message);
}

/* ---- Nearly ------------------------------------------------------------------------------------------------------ */

static float take_f32(hal_call_t* call) {
  uint32_t bits = hal_take_u32(call);
  float value = 0;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* All kinds of floating point numbers with one value each. */
static bool has_nearness(iree_hal_element_type_t type) {
  uint32_t kind = iree_hal_element_numerical_type(type);
  return kind == IREE_HAL_NUMERICAL_TYPE_FLOAT_IEEE || kind == IREE_HAL_NUMERICAL_TYPE_FLOAT_BRAIN ||
         (kind >= IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E5M2 && kind <= IREE_HAL_NUMERICAL_TYPE_FLOAT_8_E8M0_FNU);
}

static iree_status_t put_difference(message_t* message, const pair_t* pair, iree_host_size_t index,
                                    tensor_tolerance_t tolerance) {
  double lhs = 0, rhs = 0;
  IREE_RETURN_IF_ERROR(tensor_element_value(pair->lhs, index, &lhs));
  IREE_RETURN_IF_ERROR(tensor_element_value(pair->rhs, index, &rhs));
  return iree_string_builder_append_format(
      &message->text,
      " Contents does not match to tolerance parameters atol=%g, rtol=%g. The first failure occurs at index %zu as the "
      "lhs value %g differs from the rhs value %g by %.3e.",
      tolerance.absolute, tolerance.relative, index, lhs, rhs, rhs - lhs);
}

static iree_status_t tell_nearness(hal_call_t* call, const pair_t* pair, iree_host_size_t index,
                                   tensor_tolerance_t tolerance) {
  message_t message;
  message_begin(call, &message);
  if (!pair->same_type || !pair->same_shape || index != TENSOR_ALL_EQUAL) {
    put_kind(&message, pair, "Expected near equality of these values.");
    if (index != TENSOR_ALL_EQUAL && iree_status_is_ok(message.status)) {
      message.status = put_difference(&message, pair, index, tolerance);
    }
    put_both(&message, pair->lhs, pair->rhs);
  }
  return message_end(call, &message);
}

static iree_status_t expect_almost_eq(hal_call_t* call) {
  iree_host_size_t index = TENSOR_ALL_EQUAL;
  pair_t pair = take_pair(call);
  tensor_tolerance_t tolerance = {false, 0, 0};
  tolerance.absolute = take_f32(call);
  tolerance.relative = take_f32(call);
  IREE_RETURN_IF_ERROR(hal_call_taken(call));
  if (pair.same_type && pair.same_shape) {
    iree_hal_element_type_t type = iree_hal_buffer_view_element_type(pair.lhs);
    if (!has_nearness(type)) return refuse_type(type);
    IREE_RETURN_IF_ERROR(tensor_find_difference(pair.lhs, pair.rhs, tolerance, &index));
  }
  return tell_nearness(call, &pair, index, tolerance);
}

/* ---- The module -------------------------------------------------------------------------------------------------- */

static iree_status_t call_shim(iree_vm_stack_t* stack, uint32_t flags, iree_byte_span_t arguments,
                               iree_byte_span_t results, iree_vm_native_function_target_t target, void* self,
                               iree_vm_module_state_t* module_state) {
  (void)stack, (void)flags, (void)module_state;
  hal_call_t call = {
      .module = self,
      .host_allocator = ((const check_builtin_t*)self)->allocator,
      .arguments = arguments,
      .results = results,
  };
  return hal_call_run((hal_function_t)(void (*)(void))target, &call);
}

#define EXPORT(name, cconv) {{name, sizeof name - 1}, {cconv, sizeof cconv - 1}, 0, NULL}
static const iree_vm_native_export_descriptor_t exports[] = {
    EXPORT("expect_all_true", "0rr_v"), EXPORT("expect_almost_eq", "0rrrff_v"), EXPORT("expect_eq", "0rrr_v"),
    EXPORT("expect_false", "0i_v"),     EXPORT("expect_true", "0i_v"),
};
#define FUNCTION(name) {call_shim, (iree_vm_native_function_target_t)(void (*)(void))name}
static const iree_vm_native_function_ptr_t functions[] = {
    FUNCTION(expect_all_true), FUNCTION(expect_almost_eq), FUNCTION(expect_eq),
    FUNCTION(expect_false),    FUNCTION(expect_true),
};
static const iree_vm_native_module_descriptor_t descriptor = {
    .name = {"check", 5},
    .version = 0,
    .export_count = sizeof exports / sizeof *exports,
    .exports = exports,
    .function_count = sizeof functions / sizeof *functions,
    .functions = functions,
};

static void check_builtin_destroy(void* self) {
  check_builtin_t* check = self;
  iree_allocator_free(check->allocator, check);
}

iree_status_t check_builtin_create(iree_vm_instance_t* instance, check_listener_t listener, iree_allocator_t allocator,
                                   iree_vm_module_t** out_module) {
  check_builtin_t* check = NULL;
  IREE_RETURN_IF_ERROR(iree_allocator_malloc(allocator, sizeof *check, (void**)&check));
  check->allocator = allocator;
  check->listener = listener;
  iree_vm_module_t interface = {.self = check, .destroy = check_builtin_destroy};
  iree_status_t status = iree_vm_native_module_create(&interface, &descriptor, instance, allocator, out_module);
  if (!iree_status_is_ok(status)) check_builtin_destroy(check);
  return status;
}
