"""Calling functions: numbers through a record prepared once, everything else through lists; tensors as numpy arrays."""

from __future__ import annotations

import functools
import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from conformance.vm import convention, tensors
from conformance.vm.convention import NUMBERS, Convention
from conformance.vm.errors import ClosedError, Error, check, error_of, invalid
from conformance.vm.fences import Fence
from conformance.vm.modules import attributes, function_signature
from conformance.vm.tensors import BufferView
from conformance.vm.values import List, Object, Value, check_same_library, take_variant, value_of

if TYPE_CHECKING:
    from conformance.vm.contexts import Context


class Pending:
    """A call that was begun: its results may be used once its fence is reached."""

    def __init__(self, fence: Fence, results: Any, arguments: Sequence[object]) -> None:
        self.fence = fence
        self._results = results
        self._arguments = arguments  # alive until the call has ended

    def wait(self, timeout: float | None = None) -> None:
        """Blocks until the call has ended, at most `timeout` seconds; raises its failure."""
        self.fence.wait(timeout)
        self._arguments = ()

    def result(self, timeout: float | None = None) -> Any:
        """What the call returned, with tensors as numpy arrays."""
        self.wait(timeout)
        return _with_arrays(self._results)


class Function:
    """An exported function of a context. Call it with numbers, numpy arrays, lists, buffers and references, as its
    signature says; None is a null reference. It returns None, one value, or a tuple.

    Arrays become tensors on the context's first device, and tensors come back as arrays that share the device's
    memory; `views` gives the BufferViews instead. A function that was compiled for fences is waited for, unless `begin`
    is used.
    """

    def __init__(self, context: Context, name: str, function: Any, signature: str) -> None:
        self._context = context
        self._api = context._api
        self._function = function
        self.name = name
        self.signature = signature

    def __call__(self, *args: Any) -> Any:
        return _with_arrays(self.views(*args))

    def views(self, *args: Any) -> Any:
        """As a call, with tensors as BufferViews."""
        if not self._takes_fences:
            return self._invoke(args)
        pending = self.begin(*args)
        pending.wait()
        return pending._results

    def begin(self, *args: Any, wait: Fence | None = None) -> Pending:
        """Starts a function that was compiled for fences (`iree.abi.model` is `coarse-fences`): it begins when `wait`
        is reached. INVALID_ARGUMENT for any other function."""
        if not self._takes_fences:
            raise invalid(f"{self.name} was not compiled for fences: it cannot be begun, only called")
        fence = self._context.device.fence()
        return Pending(fence, self._invoke((*args, wait, fence)), args)

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        """Keys and values that the module gives for this function."""
        _ = self._context._pointer
        get = self._api.lib.iree_vm_function_get_attr
        return attributes(self._api, lambda index, out: get(self._function[0], index, out))

    def __repr__(self) -> str:
        return f"<vm.Function {self.name} {self.signature}>"

    @functools.cached_property
    def _takes_fences(self) -> bool:
        return ("iree.abi.model", "coarse-fences") in self.attributes

    def _invoke(self, args: Sequence[Any]) -> Any:
        shape = convention.parse(self.signature)
        convention.check_count(self.name, shape.arguments, args)
        with self._new_list() as inputs, self._new_list() as outputs:
            for index, (letter, value) in enumerate(zip(shape.arguments, args, strict=True)):
                self._push(inputs, f"argument {index} of {self.name}", letter, value)
            self._invoke_with(inputs, outputs)
            return self._taken(outputs, len(shape.results))

    def _new_list(self) -> List:
        """Of anything, for arguments or results."""
        out = self._api.ffi.new("iree_vm_list_t**")
        anything = self._api.ffi.new("iree_vm_type_def_t*")[0]
        allocator = self._context._home.allocator("call")
        check(self._api, self._api.lib.iree_vm_list_create(anything, 4, allocator, out), "call")
        return List(self._api, out[0])

    def _push(self, inputs: List, where: str, letter: str, value: Any) -> None:
        if letter in NUMBERS:
            convention.check_number(where, letter, value)
            number = value_of(self._api, where, value, NUMBERS[letter][1])
            check(self._api, self._api.lib.iree_vm_list_push_value(inputs._pointer, number), "call")
            return
        if value is None or isinstance(value, Object):
            self._push_object(inputs, value)
        elif tensors.is_array(value):
            with self._context.device.view(value) as view:
                self._push_object(inputs, view)
        else:
            raise convention.not_an_object(where, value)

    def _push_object(self, inputs: List, value: Object | None) -> None:
        """What a list holds may be changed by the call: it then needs the code of these modules."""
        ref = self._api.ffi.new("iree_vm_ref_t*")
        if value is not None:
            check_same_library(self._api, value)
            ref[0] = value._retained_ref()
            for keep in self._context._keeps:
                value._add_keep(keep)
        status = self._api.lib.iree_vm_list_push_ref_retain(inputs._pointer, ref)
        self._api.lib.iree_vm_ref_release(ref)
        check(self._api, status, "call")

    def _invoke_with(self, inputs: List, outputs: List) -> None:
        context, allocator = self._context, self._context._home.allocator("call")
        with context.entered("call"):
            status = self._api.lib.iree_vm_invoke(
                context._pointer, self._function[0], 0, self._api.null, inputs._pointer, outputs._pointer, allocator
            )
        check(self._api, status, "call")

    def _taken(self, outputs: List, count: int) -> Any:
        values = tuple(self._result(outputs, index) for index in range(count))
        return values if count > 1 else values[0] if values else None

    def _result(self, outputs: List, index: int) -> Value:
        variant = self._api.ffi.new("iree_vm_variant_t*")
        check(self._api, self._api.lib.iree_vm_list_get_variant_retain(outputs._pointer, index, variant), "call")
        return take_variant(self._api, variant, self._context._keeps)


class NumericFunction(Function):
    """A function of numbers only, on our runtime: arguments are packed straight into a record that is used for every
    call."""

    def __init__(self, context: Context, name: str, function: Any, shape: Convention, session: Any) -> None:
        super().__init__(context, name, function, shape.text)
        api, out = self._api, self._api.ffi.new("vmrt_call_t**")
        check(api, api.lib.vmrt_call_create(session, function[0], out), "call")
        self._record = out[0]
        self._shape = shape
        self._argument_struct, self._result_struct = shape.argument_struct(), shape.result_struct()
        self._arguments = self._memory(api.lib.vmrt_call_arguments(self._record))
        self._results = self._memory(api.lib.vmrt_call_results(self._record))
        self._invoke_word = api.lib.vmrt_call_invoke_word
        self._takes, self._gives = bool(shape.arguments), len(shape.results)

    def __call__(self, *args: Value) -> Any:
        if args or self._takes:
            self._write(args)
        word = self._invoke_word(self._record)
        if word:
            raise self._failure(word)
        if not self._gives:
            return None
        values = self._result_struct.unpack_from(self._results)
        return values if self._gives > 1 else values[0]

    def _memory(self, span: Any) -> memoryview:
        return memoryview(self._api.ffi.buffer(span.data, span.data_length)) if span.data_length else memoryview(b"")

    def _write(self, args: Sequence[Value]) -> None:
        try:
            self._argument_struct.pack_into(self._arguments, 0, *args)
        except (struct.error, TypeError, ValueError, OverflowError):
            convention.check_count(self.name, self._shape.arguments, args)
            for index, (letter, value) in enumerate(zip(self._shape.arguments, args, strict=True)):
                convention.check_number(f"argument {index} of {self.name}", letter, value)
            raise

    def _failure(self, word: int) -> Error:
        status = self._api.ffi.cast("iree_status_t", word)
        if self._context.closed:
            self._api.lib.iree_status_free(status)
            return ClosedError("context")
        return error_of(self._api, status, "call")

    def __del__(self) -> None:
        if hasattr(self, "_record"):
            self._api.lib.vmrt_call_release(self._record)


def _with_arrays(results: Any) -> Any:
    """The same with arrays for tensors."""
    if isinstance(results, tuple):
        return tuple(map(_with_arrays, results))
    return tensors.to_numpy(results) if isinstance(results, BufferView) else results


def make(context: Context, name: str, function: Any) -> Function:
    """The fastest kind that can call `function`. What cannot be called at all says so when it is."""
    signature = function_signature(context._api, function)
    try:
        shape = convention.parse(signature)
    except Error:
        return Function(context, name, function, signature)
    session = context._session
    if session is None or not shape.is_numeric:
        return Function(context, name, function, signature)
    return NumericFunction(context, name, function, shape, session)
