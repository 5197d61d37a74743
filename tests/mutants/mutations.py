"""Defects to plant into the runtime: what each breaks, the change in the source, and the cases that have to fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """One defect: texts of one file under `runtime/`, each there exactly once, and what they become."""

    what: str
    file: str
    changes: tuple[tuple[str, str], ...]
    cases: tuple[str, ...]


def _mutations(file: str, *rows: tuple[str, str, str, str]) -> Iterator[Mutation]:
    """Rows of what, the old text, the new text and the cases, divided by blanks."""
    for what, old, new, cases in rows:
        yield Mutation(what, file, ((old, new),), tuple(cases.split()))


def _call(*names: str) -> str:
    """The cases of these functions of the `.calls` modules."""
    return " ".join(f"hal_calls::call[{name}]" for name in names)


# ---- Buffers and views ---------------------------------------------------------------------------------------------

BUFFERS = [
    *_mutations(
        "src/hal/buffer.c",
        (
            "a part of a buffer begins where the buffer does",
            "subspan->byte_offset = offset;",
            "subspan->byte_offset = 0;",
            _call("buffers.subspan_fill", "buffers.subspan_of_subspan_data"),
        ),
        (
            "the last owner is never seen",
            "1, __ATOMIC_ACQ_REL) == 1;",
            "1, __ATOMIC_ACQ_REL) == 0;",
            _call("buffers.the_second_of_two_discards_is_the_last"),
        ),
        (
            "parts count owners of their own",
            "__atomic_fetch_add(&buffer->allocated_buffer->owners",
            "__atomic_fetch_add(&buffer->owners",
            _call("buffers.a_part_shares_the_owners_of_its_buffer"),
        ),
    ),
    *_mutations(
        "src/hal/buffer_check.c",
        (
            "ranges may be one byte too long",
            "if (adjusted > max_length - offset) {",
            "if (adjusted > max_length - offset + 1) {",
            _call("buffers.load_one_byte_over_the_end", "queues.queue_fill_one_byte_over_the_end"),
        ),
        (
            "usage is not asked for",
            "iree_hal_buffer_usage_t required) {\n  if ((allowed & required) == required)",
            "iree_hal_buffer_usage_t required) {\n  if (allowed || required)",
            _call("dispatch.counts_from_a_buffer_of_another_usage"),
        ),
    ),
    *_mutations(
        "src/hal/buffer_map.c",
        (
            "a buffer that its queue has taken back is still there",
            "  }\n  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,",
            "  }\n  if (root) return iree_ok_status();\n  return iree_make_status(IREE_STATUS_FAILED_PRECONDITION,",
            _call("queues.dealloca_then_load"),
        ),
    ),
    *_mutations(
        "src/hal/transient_buffer.c",
        (
            "a buffer of a queue is there before it is allocated",
            "HAL_TRANSIENT_RESERVED, __ATOMIC_RELEASE);",
            "HAL_TRANSIENT_COMMITTED, __ATOMIC_RELEASE);",
            _call("pending.a_buffer_is_allocated_used_and_given_back_later"),
        ),
    ),
    *_mutations(
        "src/hal/allocator.c",
        (
            "nothing of length zero is allocated",
            "if (size <= MAX_ALLOCATION_SIZE && params",
            "if (size && size <= MAX_ALLOCATION_SIZE && params",
            _call("buffers.allocate_zero", "buffers.alloca_zero") + " hal_programs::computed[empty]",
        ),
        (
            "lengths may be negative",
            "if (size <= MAX_ALLOCATION_SIZE && params",
            "if (params",
            _call("buffers.allocate_negative", "buffers.alloca_negative"),
        ),
    ),
    *_mutations(
        "src/hal/heap_allocator.c",
        (
            "freed bytes are not counted",
            "__atomic_fetch_sub(&account->live, size, __ATOMIC_RELAXED);",
            "(void)account, (void)size;",
            "devices::statistics_after_the_modules[state] devices::statistics_after_the_modules[module]",
        ),
        (
            "imported memory may begin anywhere",
            "if ((uintptr_t)data % IREE_HAL_HEAP_BUFFER_ALIGNMENT) {",
            "if ((uintptr_t)data % 1) {",
            _call("buffers.import_at_an_odd_offset"),
        ),
        (
            "buffers that nobody asked to be mappable are not",
            "IREE_HAL_BUFFER_USAGE_TRANSFER | IREE_HAL_BUFFER_USAGE_MAPPING |",
            "IREE_HAL_BUFFER_USAGE_TRANSFER |",
            _call("buffers.alloc_unmappable_load"),
        ),
    ),
    *_mutations(
        "src/hal/buffer_view.c",
        (
            "the extent behind the last one is the rank",
            "buffer_view->shape[index] : 0;",
            "buffer_view->shape[index] : buffer_view->shape_rank;",
            _call("views.bv_dim_eq_rank", "views.bv_dim_oob"),
        ),
        (
            "half bytes are not counted",
            "*out_bytes = count * whole + rest_bytes;",
            "*out_bytes = count * whole;",
            _call("views.view_i4_too_short"),
        ),
        (
            "a view may be longer than its buffer",
            "if (needed <= buffer->byte_length)",
            "if (needed <= 2 * buffer->byte_length)",
            _call("views.a_view_one_byte_too_long"),
        ),
        (
            "extents are multiplied without a look at overflow",
            "if (overflow_at < rank) {",
            "if (overflow_at < rank && 0) {",
            _call("views.extents_that_overflow"),
        ),
    ),
    *_mutations(
        "src/modules/hal_module_views.c",
        (
            "integers with and without a sign differ",
            "return is_integer(actual) && is_integer(expected) &&",
            "return 0 && is_integer(actual) && is_integer(expected) &&",
            _call("views.view_elem_signless_signed"),
        ),
        (
            "extents of views are not compared",
            "if (dim == expected->dims[i]) continue;",
            "if (dim >= expected->dims[i] || 1) continue;",
            _call("views.view_dim") + " hal_programs::wrong_input[elementwise_add_f32-inputs0-mentions0]",
        ),
        (
            "the key of a trace is not printed",
            "iree_string_builder_append_string(builder, key)",
            'iree_string_builder_append_string(builder, IREE_SV("trace"))',
            "hal_programs::traced_tensor",
        ),
    ),
    *_mutations(
        "src/modules/hal_module_buffers.c",
        (
            "loads and stores take more than four bytes",
            "if (length <= VALUE_MAX_LENGTH) return",
            "if (length <= 2 * VALUE_MAX_LENGTH) return",
            _call("buffers.load_len8", "buffers.store_of_five_bytes"),
        ),
        (
            "another queue than the given one is selected",
            "return hal_give_i64(call, affinity);",
            "return hal_give_i64(call, affinity & 1);",
            _call("devices.allocator_select_one"),
        ),
        (
            "files are writable",
            "if (access != IREE_HAL_MEMORY_ACCESS_READ) {",
            "if (access == IREE_HAL_MEMORY_ACCESS_NONE) {",
            _call("queues.file_write_access"),
        ),
    ),
]

# ---- Elements ------------------------------------------------------------------------------------------------------

ELEMENTS = [
    *_mutations(
        "src/hal/element_text.c",
        (
            "negative integers are printed without their sign",
            '"%lld", (long long)sign_extend(code, bits));',
            '"%lld", (long long)code);',
            "hal_programs::computed[elements_i8] hal_programs::computed[elements_i16]",
        ),
        (
            "infinity is printed in small letters",
            'HAL_ELEMENT_TEXT_SIZE, "%G"',
            'HAL_ELEMENT_TEXT_SIZE, "%g"',
            "hal_programs::computed[special_floats]",
        ),
    ),
    *_mutations(
        "src/hal/buffer_view_text.c",
        (
            "rows have no brackets",
            "put_times(sink, '[', brackets_at(list, row));",
            "put_times(sink, ' ', brackets_at(list, row));",
            "hal_programs::observed[matmul_f32]",
        ),
    ),
    *_mutations(
        "src/hal/float_types.c",
        (
            "bf16 is cut instead of rounded",
            "return (uint16_t)((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16);",
            "return (uint16_t)(bits >> 16);",
            "hal_programs::text_is_rounded[bf16]",
        ),
    ),
    *_mutations(
        "src/hal/local/float_mode.h",
        (
            "denormal numbers are kept",
            "_mm_setcsr(before | FLOAT_MODE_FLUSH_TO_ZERO | FLOAT_MODE_DENORMALS_ARE_ZERO);",
            "_mm_setcsr(before);",
            "hal_programs::computed[denormals_flushed]",
        ),
    ),
    *_mutations(
        "src/hal/local/vmvx_kernels.c",
        (
            "bytes of matrices have no sign",
            "int8_t a = (int8_t)lhs[",
            "uint8_t a = (uint8_t)lhs[",
            "hal_programs::observed[vmvx_kernels]",
        ),
        (
            "sums are a little too large",
            "DEFINE_BINARY(add_f32, float, a + b)",
            "DEFINE_BINARY(add_f32, float, (a + b) * 1.0001f)",
            "hal_programs::observed[vmvx_kernels]",
        ),
    ),
]

# ---- Commands ------------------------------------------------------------------------------------------------------

COMMANDS = [
    *_mutations(
        "src/hal/command_record.c",
        (
            "fills of commands repeat three bytes",
            "if (pattern_length != 1 && pattern_length != 2 && pattern_length != 4) {",
            "if (pattern_length < 1 || pattern_length > 4) {",
            _call("commands.cb_fill_pattern3"),
        ),
        (
            "fills of commands may be crooked",
            "if (target.offset % pattern_length == 0 && target.length % pattern_length == 0)",
            "if (target.length % pattern_length == 0)",
            _call("commands.fill_of_pairs_at_an_odd_offset"),
        ),
        (
            "every command may be recorded everywhere",
            "if ((command_buffer->categories & required) == required) return",
            "if ((command_buffer->categories & required) == required || required) return",
            _call("commands.cb_fill_missing_category", "dispatch.a_dispatch_among_transfers"),
        ),
        (
            "updates are read when they run",
            "command->as.update.source = (const uint8_t*)(command + 1);",
            "command->as.update.source = (const uint8_t*)source_buffer + source_offset;",
            _call("commands.update_of_bytes_that_change_later"),
        ),
        (
            "groups may end without a beginning",
            "command_buffer->has_unopened_group = true;",
            "command_buffer->has_unopened_group = false;",
            _call("commands.a_group_that_ends_without_a_beginning"),
        ),
    ),
    Mutation(
        "barriers hold nothing up",
        "src/hal/local/task_run.c",
        (
            (
                "for (; command && command->kind != HAL_COMMAND_BARRIER; command = command->next) {",
                "for (; command; command = command->next) {\n    if (command->kind == HAL_COMMAND_BARRIER) continue;",
            ),
            ("count = command->kind == HAL_COMMAND_BARRIER ? 0 : count + 1;", "++count;"),
        ),
        tuple(f"hal_parity::any_order[mlp_chain-{seed}]" for seed in (1, 2, 3)),
    ),
    *_mutations(
        "src/hal/command_buffer.c",
        (
            "slots are not limited by what was declared",
            "if (slot >= command_buffer->binding_capacity) {",
            "if (slot > command_buffer->binding_capacity) {",
            _call("commands.a_slot_behind_the_capacity_of_none"),
        ),
    ),
    *_mutations(
        "src/hal/command_submit.c",
        (
            "tables may be too short",
            "if (table.count >= command_buffer->slot_count) return",
            "if (table.count || table.count >= command_buffer->slot_count) return",
            _call("commands.a_table_of_one_for_two_slots"),
        ),
        (
            "null entries are taken",
            "  if (!binding->buffer) {",
            "  if (0) {",
            _call("commands.cb_table_null_entry"),
        ),
        (
            "entries are checked when commands run and not before",
            "if (slot->end <= length) return iree_ok_status();",
            "if (slot->end <= length || length) return iree_ok_status();",
            _call("commands.a_wrong_range_is_refused_before_anything_runs"),
        ),
        (
            "what is still recorded may run",
            "if (command_buffer->state != COMMAND_STATE_FINISHED) {",
            "if (command_buffer->state == COMMAND_STATE_INITIAL) {",
            _call("commands.cb_begin_unfinal_exec"),
        ),
        (
            "inline commands may wait",
            "if (has_wait && (command_buffer->mode",
            "if (!has_wait && has_wait && (command_buffer->mode",
            _call("commands.inline_cb_mode"),
        ),
        (
            "the offset of an entry is ignored",
            "calculate_range(offset, length, ref.offset, ref.length, &offset, &length)",
            "calculate_range(0, length, ref.offset, ref.length, &offset, &length)",
            _call("commands.an_offset_in_the_table_is_added"),
        ),
    ),
    *_mutations(
        "src/hal/command_dispatch.c",
        (
            "workgroups along z are cut to 16 bits",
            "if (count[2] > HAL_DISPATCH_MAX_COUNT_Z) {",
            "if (0) {",
            _call("dispatch.more_workgroups_along_z_than_fit"),
        ),
        (
            "constants of dispatches are not counted",
            "if (count == function->constant_count) return",
            "if (count < 100) return",
            _call("dispatch.a_constant_that_nobody_wants"),
        ),
        (
            "bindings of dispatches are not counted",
            "if (count == function->binding_count) return",
            "if (count < 100) return",
            _call("dispatch.too_few_bindings", "dispatch.too_many_bindings"),
        ),
        (
            "bindings need no usage",
            "{IREE_HAL_BUFFER_USAGE_DISPATCH_STORAGE, false}",
            "{0, false}",
            _call("dispatch.a_binding_without_storage_usage"),
        ),
        (
            "counts may be at any offset",
            "if (ref.offset % sizeof(uint32_t)) {",
            "if (0) {",
            _call("dispatch.counts_at_a_crooked_offset"),
        ),
    ),
    *_mutations(
        "src/hal/local/local_replay.c",
        (
            "counts are read from the beginning of their buffer",
            "ref.length = length;",
            "ref.length = length, ref.offset = 0;",
            _call("dispatch.counts_from_an_offset"),
        ),
    ),
]

# ---- Queues and fences ---------------------------------------------------------------------------------------------

QUEUES = [
    Mutation(
        "copies may overlap",
        "src/hal/transfer.c",
        (
            ("return a_begin < b_begin ? b_begin - a_begin < length : a_begin - b_begin < length;", "return false;"),
            ("if (from < to ? to - from < source.data_length : from - to < source.data_length) {", "if (from == to) {"),
        ),
        ("hal_calls::call[queues.queue_copy_overlap]", "hal_calls::call[commands.cb_copy_overlap]"),
    ),
    *_mutations(
        "src/hal/transfer.c",
        (
            "nothing is copied within one buffer",
            "return a_begin < b_begin ? b_begin - a_begin < length : a_begin - b_begin < length;",
            "return true;",
            _call("commands.cb_copy_same_buffer_ok", "commands.a_barrier_orders_three_commands"),
        ),
        (
            "patterns of two bytes are not repeated",
            "((const uint8_t*)pattern)[i % pattern_length]",
            "i < pattern_length ? ((const uint8_t*)pattern)[i] : 0",
            _call("queues.queue_fill_of_many_pages"),
        ),
        (
            "a fill ends with the first page",
            "while (done < target.data_length) {",
            "while (done < target.data_length && done < 4096) {",
            _call("queues.queue_fill_of_many_pages"),
        ),
    ),
    *_mutations(
        "src/hal/device_queue.c",
        (
            "fills of queues repeat three bytes",
            "if (pattern_length != 1 && pattern_length != 2 && pattern_length != 4) {",
            "if (pattern_length < 1 || pattern_length > 4) {",
            _call("queues.queue_fill_with_a_pattern_of_three"),
        ),
        (
            "updates of queues are read when they run",
            "operation->as.update.source = copy;",
            "operation->as.update.source = (const uint8_t*)source + source_offset;",
            _call("pending.the_bytes_of_an_update_are_those_of_the_call"),
        ),
        (
            "files are read from their beginning",
            "operation->as.file.file_offset = file_offset;",
            "operation->as.file.file_offset = 0;",
            _call("queues.qread_file_sub", "queues.read_of_odd_offsets"),
        ),
    ),
    *_mutations(
        "src/hal/fence.c",
        (
            "a failed fence is asked and says that all is well",
            "return hal_semaphore_failure(list.semaphores[index]);",
            "return iree_ok_status();",
            _call("fences.fail_query"),
        ),
        (
            "a pending fence is asked and says that all is well",
            "return iree_status_from_code(IREE_STATUS_DEFERRED);",
            "return iree_ok_status();",
            _call("fences.query_unsignaled"),
        ),
        (
            "a join forgets its first part",
            "for (iree_host_size_t i = 0; i < fence_count && iree_status_is_ok(status); ++i) {",
            "for (iree_host_size_t i = 1; i < fence_count && iree_status_is_ok(status); ++i) {",
            _call("fences.a_join_waits_for_its_first_part"),
        ),
    ),
    *_mutations(
        "src/modules/hal_module_fences.c",
        (
            "a wait that is over is no answer",
            "*out_code = IREE_STATUS_DEADLINE_EXCEEDED;",
            "*out_code = IREE_STATUS_OK;",
            _call("fences.await_timeout0", "fences.await_timeout1ms"),
        ),
    ),
    *_mutations(
        "src/hal/semaphore.c",
        (
            "fences are signalled again",
            "if (value <= current) {",
            "if (value < current) {",
            _call("fences.signal_twice"),
        ),
        (
            "a failed fence can be signalled",
            "if (current == IREE_HAL_SEMAPHORE_FAILURE_VALUE) return iree_status_clone(semaphore->failure);",
            "if (current == IREE_HAL_SEMAPHORE_FAILURE_VALUE) current = 0;",
            _call("fences.signal_after_fail"),
        ),
        (
            "the last failure counts",
            "bool is_first = semaphore->value != IREE_HAL_SEMAPHORE_FAILURE_VALUE;",
            "bool is_first = true;",
            _call("fences.the_first_failure_stays"),
        ),
    ),
    *_mutations(
        "src/hal/queue_operation.c",
        (
            "a failure is not spread to the fence",
            "iree_hal_semaphore_list_fail(operation->signal, operation->failure);",
            "iree_status_free(iree_hal_semaphore_list_signal(operation->signal));",
            _call("fences.a_failure_goes_through_a_chain", "queues.a_failing_execution_fails_its_fence"),
        ),
    ),
    *_mutations(
        "src/hal/local/local_queue.c",
        (
            "operations run although their wait failed",
            "bool is_started = iree_status_is_ok(failure) && !queue->is_closed;",
            "bool is_started = !queue->is_closed;",
            _call("fences.wait_failed_then_copy", "fences.barrier_wait_failed"),
        ),
        (
            "operations do not wait",
            "if (operation->wait.count) return submit_waiting",
            "if (operation->wait.count > 9) return submit_waiting",
            _call("pending.nothing_is_written_before_the_wait_is_over"),
        ),
        (
            "the end waits for what nobody will signal",
            "while (queue->running) platform",
            "while (queue->running || queue->pending) platform",
            _call("fences.wait_unsignaled_fill"),
        ),
    ),
]

# ---- Devices, executables, parameters ------------------------------------------------------------------------------

DEVICES = [
    *_mutations(
        "src/modules/hal_module_devices.c",
        (
            "an index behind the last device is the first device",
            "module->devices[index] : NULL;",
            "module->devices[index] : module->devices[0];",
            _call("devices.devices_get_oob") + " devices::index_outside[1]",
        ),
        (
            "a query that fails is found",
            "hal_give_i32(call, found)",
            "hal_give_i32(call, 1)",
            _call("devices.query_unknown_key_is_not_found"),
        ),
    ),
    *_mutations(
        "src/hal/glob.c",
        (
            "identifiers are compared without case",
            "pattern.data[at] == text.data[position]",
            "(pattern.data[at] | 32) == (text.data[position] | 32)",
            _call("devices.query_id_case"),
        ),
    ),
    *_mutations(
        "src/hal/local/local_device.c",
        (
            "every device has one worker, it says",
            "device->executor->worker_count, out_value",
            "device->executor->worker_count ? 1 : 0, out_value",
            "devices::concurrency",
        ),
    ),
    *_mutations(
        "src/hal/local/library_executable.c",
        (
            "kernels get one workgroup too few",
            "for (uint64_t i = begin; i < end && result == 0; ++i) {",
            "for (uint64_t i = begin + (end > 1); i < end && result == 0; ++i) {",
            "hal_programs::observed[matmul_large_f32]",
        ),
    ),
    *_mutations(
        "src/modules/parameter_provider.c",
        (
            "parameters may be shorter than what is read",
            "IREE_RETURN_IF_ERROR(check_transfers(provider, transfers));\n  iree_status_t status = load_buffers",
            "iree_status_t status = transfers.count ? iree_ok_status() : load_buffers",
            "hal_programs::parameter_that_is_too_short[irpa] hal_programs::parameters[irpa]",
        ),
    ),
    *_mutations(
        "src/tooling/device_util.c",
        (
            "devices are created in the opposite order",
            "create_device(devices, flags.devices.values[i], allocator)",
            "create_device(devices, flags.devices.values[flags.devices.count - 1 - i], allocator)",
            "devices::order_of_devices[0] devices::statistics_of_two_devices",
        ),
        (
            "a failing device leaves the others behind",
            "if (!iree_status_is_ok(status)) vmrt_tooling_release_devices(out_devices);",
            "if (!iree_status_is_ok(status)) memset(out_devices, 0, sizeof *out_devices);",
            "devices::second_device_is_unknown",
        ),
        (
            "the number of workers is not taken from its flag",
            "*out_count = (uint32_t)flags.group_count;",
            "*out_count = 0;",
            "devices::workers[5]",
        ),
        (
            "devices are kept for ever",
            "for (iree_host_size_t i = 0; i < devices->count; ++i) iree_hal_device_release(devices->values[i]);",
            "",
            "device_teardown::success device_teardown::two_devices",
        ),
    ),
    *_mutations(
        "src/tooling/tool_session.c",
        (
            "statistics are printed while modules are there",
            "  time_limit_begin_teardown(session->time_limit);\n",
            "  time_limit_begin_teardown(session->time_limit);\n"
            "  if (flags.print_statistics)\n"
            "    iree_status_ignore(vmrt_tooling_print_device_statistics(&session->devices, stderr));\n"
            "  flags.print_statistics = false;\n",
            "devices::statistics_after_the_modules[state]",
        ),
        (
            "the context goes before its modules and the device in between",
            "  release_context(session);\n  iree_tooling_module_list_reset(&session->user_modules);\n"
            "  iree_tooling_module_list_reset(&session->resolved_modules);\n  if (",
            "  release_context(session);\n  iree_tooling_module_list_reset(&session->resolved_modules);\n"
            "  release_devices(session);\n  iree_tooling_module_list_reset(&session->user_modules);\n  if (",
            "device_teardown::success device_teardown::call_fails device_teardown::init_of_native_module_fails",
        ),
    ),
]

MUTATIONS = [*BUFFERS, *ELEMENTS, *COMMANDS, *QUEUES, *DEVICES]
