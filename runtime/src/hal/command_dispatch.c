/* SPDX-License-Identifier: Apache-2.0 */
/* Recording dispatches: what a function expects is compared with what it gets. */
#include "hal/command_storage.h"
#include "hal/executable_impl.h"

#define COUNT_BYTES (3 * sizeof(uint32_t))
#define INDIRECT_FLAGS \
  (IREE_HAL_DISPATCH_FLAG_DYNAMIC_INDIRECT_PARAMETERS | IREE_HAL_DISPATCH_FLAG_STATIC_INDIRECT_PARAMETERS)

/* ---- The function ------------------------------------------------------------------------------------------------ */

static iree_status_t check_constants(const hal_executable_function_t* function, iree_const_byte_span_t constants) {
  if (constants.data_length % sizeof(uint32_t)) {
    return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                            "dispatch constants are whole 32-bit words but %zu bytes were provided",
                            constants.data_length);
  }
  iree_host_size_t count = constants.data_length / sizeof(uint32_t);
  if (count == function->constant_count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "constant count mismatch, expected %u but was provided %zu",
                          function->constant_count, count);
}

static iree_status_t check_binding_count(const hal_executable_function_t* function, iree_host_size_t count) {
  if (count > IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "dispatch with %zu bindings, expected at most %d", count,
                            IREE_HAL_COMMAND_BUFFER_MAX_BINDINGS);
  }
  if (count == function->binding_count) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "binding count mismatch, expected %u but was provided %zu",
                          function->binding_count, count);
}

static iree_status_t check_function(const iree_hal_executable_t* executable, uint64_t function,
                                    iree_const_byte_span_t constants, iree_host_size_t binding_count) {
  if (!executable) return iree_make_status(IREE_STATUS_INVALID_ARGUMENT, "dispatch without executable");
  const hal_executable_function_t* expected = NULL;
  IREE_RETURN_IF_ERROR(hal_executable_function(executable, function, &expected));
  IREE_RETURN_IF_ERROR(check_constants(expected, constants));
  return check_binding_count(expected, binding_count);
}

/* All executables of a recording are of one device. */
static iree_status_t check_home(iree_hal_command_buffer_t* command_buffer, const iree_hal_executable_t* executable) {
  if (!command_buffer->home) command_buffer->home = executable->home;
  if (!executable->home || command_buffer->home == executable->home) return iree_ok_status();
  return iree_make_status(IREE_STATUS_INVALID_ARGUMENT,
                          "dispatch of an executable that was made for another device than those before");
}

/* ---- Workgroup counts -------------------------------------------------------------------------------------------- */

static iree_status_t use_count_buffer(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_t ref) {
  if (ref.length < COUNT_BYTES) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "workgroup count buffer does not have the capacity to store the required 3 uint32_t values "
                            "(length=%llu, min_length=%zu)",
                            (unsigned long long)ref.length, COUNT_BYTES);
  }
  if (ref.offset % sizeof(uint32_t)) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE,
                            "workgroup counts have to be at a multiple of 4 bytes (offset=%llu)",
                            (unsigned long long)ref.offset);
  }
  const command_use_t use = {IREE_HAL_BUFFER_USAGE_DISPATCH_INDIRECT_PARAMETERS, true};
  ref.length = COUNT_BYTES;
  return command_use_buffer(command_buffer, ref, use);
}

iree_status_t hal_dispatch_workgroups(const uint32_t count[3], uint64_t* out_workgroups) {
  *out_workgroups = 0;
  if (count[2] > HAL_DISPATCH_MAX_COUNT_Z) {
    return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "workgroup count z is %u; the largest is %d", count[2],
                            HAL_DISPATCH_MAX_COUNT_Z);
  }
  uint64_t xy = (uint64_t)count[0] * count[1];
  bool fits = !__builtin_mul_overflow(xy, count[2], out_workgroups);
  if (fits && *out_workgroups <= HAL_DISPATCH_MAX_WORKGROUPS) return iree_ok_status();
  return iree_make_status(IREE_STATUS_OUT_OF_RANGE, "dispatch of %ux%ux%u workgroups; the most is %llu", count[0],
                          count[1], count[2], (unsigned long long)HAL_DISPATCH_MAX_WORKGROUPS);
}

/* Direct counts are checked now, a buffer of counts when the command runs. */
static iree_status_t check_counts(iree_hal_command_buffer_t* command_buffer, const iree_hal_dispatch_config_t* config,
                                  bool is_indirect, uint64_t* out_workload) {
  *out_workload = 1;
  return is_indirect ? use_count_buffer(command_buffer, config->workgroup_count_ref)
                     : hal_dispatch_workgroups(config->workgroup_count, out_workload);
}

/* ---- The command ------------------------------------------------------------------------------------------------- */

static iree_status_t use_bindings(iree_hal_command_buffer_t* command_buffer, iree_hal_buffer_ref_list_t bindings) {
  const command_use_t use = {IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE, false};
  for (iree_host_size_t i = 0; i < bindings.count; ++i) {
    iree_status_t status = command_use_buffer(command_buffer, bindings.values[i], use);
    if (!iree_status_is_ok(status)) return iree_status_annotate_f(status, "binding[%zu]", i);
  }
  return iree_ok_status();
}

/* Bindings, then constants, behind the command. */
static void copy_operands(hal_command_t* command, iree_const_byte_span_t constants,
                          iree_hal_buffer_ref_list_t bindings) {
  iree_hal_buffer_ref_t* binding_copies = (iree_hal_buffer_ref_t*)(command + 1);
  uint32_t* constant_copies = (uint32_t*)(binding_copies + bindings.count);
  if (bindings.count) memcpy(binding_copies, bindings.values, bindings.count * sizeof *binding_copies);
  if (constants.data_length) memcpy(constant_copies, constants.data, constants.data_length);
  command->as.dispatch.bindings = binding_copies;
  command->as.dispatch.binding_count = (uint16_t)bindings.count;
  command->as.dispatch.constants = constant_copies;
  command->as.dispatch.constant_count = (uint16_t)(constants.data_length / sizeof(uint32_t));
}

iree_status_t iree_hal_command_buffer_dispatch(iree_hal_command_buffer_t* command_buffer,
                                               iree_hal_executable_t* executable, uint64_t function,
                                               iree_hal_dispatch_config_t config, iree_const_byte_span_t constants,
                                               iree_hal_buffer_ref_list_t bindings, iree_hal_dispatch_flags_t flags) {
  bool is_indirect = (flags & INDIRECT_FLAGS) != 0;
  uint64_t workload = 0;
  IREE_RETURN_IF_ERROR(command_check_category(command_buffer, IREE_HAL_COMMAND_CATEGORY_DISPATCH));
  IREE_RETURN_IF_ERROR(check_function(executable, function, constants, bindings.count));
  IREE_RETURN_IF_ERROR(check_counts(command_buffer, &config, is_indirect, &workload));
  IREE_RETURN_IF_ERROR(use_bindings(command_buffer, bindings));
  IREE_RETURN_IF_ERROR(command_buffer_keep(command_buffer, NULL, executable));
  IREE_RETURN_IF_ERROR(check_home(command_buffer, executable));
  hal_command_t* command = NULL;
  iree_host_size_t operand_size = bindings.count * sizeof(iree_hal_buffer_ref_t) + constants.data_length;
  IREE_RETURN_IF_ERROR(command_new(command_buffer, HAL_COMMAND_DISPATCH, operand_size, &command));
  command->as.dispatch.executable = executable;
  command->as.dispatch.function = function;
  command->as.dispatch.config = config;
  command->as.dispatch.is_indirect = is_indirect;
  copy_operands(command, constants, bindings);
  command_append(command_buffer, command, workload);
  return iree_ok_status();
}
