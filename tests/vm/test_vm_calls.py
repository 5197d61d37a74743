"""Calling functions from Python: numbers of every type, their ranges, several results, failures."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vm_support import compiled, native

from conformance import vm


def error_of(function: vm.Function, *args: Any) -> vm.Error:
    with pytest.raises(vm.Error) as caught:
        function(*args)
    return caught.value


def test_every_type_of_number(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("mixed"))]) as context:
        assert context["mixed.spread"].signature == "0i_iIfFi"
        results = context["mixed.spread"](3)
        assert isinstance(results, tuple)
        assert [type(value) for value in results] == [int, int, float, float, int]
        assert isinstance(context["mixed.mix"](1, 2, 3, 1.5, 2.5, 4), int)


def test_integers_wrap_in_the_vm_not_on_the_way(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("bench"))]) as context:
        add = context["bench.add"]
        assert add(2**31 - 1, 1) == -(2**31)
        assert add(-(2**31), 0) == -(2**31)
        assert add(True, False) == 1


def test_ranges(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("mixed"))]) as context:
        mix = context["mixed.mix"]
        good = [1, 2, 3, 1.0, 2.0, 4]
        for position, value, words in (
            (0, 2**31, "argument 0 of mixed.mix: 2147483648 does not fit i32 (-2147483648 to 2147483647)"),
            (0, -(2**31) - 1, "does not fit i32"),
            (1, 2**63, "argument 1 of mixed.mix: 9223372036854775808 does not fit i64"),
            (0, 1.5, "argument 0 of mixed.mix: 1.5 is not an integer, expected i32"),
            (2, None, "argument 2 of mixed.mix: None is not an integer"),
            (3, "1", "argument 3 of mixed.mix: '1' is not a number, expected f32"),
            (3, 1e300, "argument 3 of mixed.mix: 1e+300 does not fit f32"),
            (4, 10**400, "does not fit f64"),
        ):
            args = [*good[:position], value, *good[position + 1 :]]
            error = error_of(mix, *args)
            assert (error.code, error.stage) == (vm.Code.INVALID_ARGUMENT, "call")
            assert words in error.message


def test_wrong_number_of_arguments(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("bench"))]) as context:
        for function, args in (
            (context["bench.add"], (1,)),
            (context["bench.add"], (1, 2, 3)),
            (context["bench.nop"], (1,)),
        ):
            error = error_of(function, *args)
            assert error.code == vm.Code.INVALID_ARGUMENT
            assert f"{len(args)} given" in error.message


def test_no_arguments_and_no_results(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("bench"))]) as context:
        assert context["bench.nop"]() is None


def test_many_values(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("many_values"), count=3000)]) as context:
        assert context["many_values.sum"](*range(3000)) == sum(range(3000))
        results = context["many_values.spread"](7)
        assert isinstance(results, tuple) and len(results) == 3000


def test_floats_keep_their_kind(instance: vm.Instance) -> None:
    with instance.context([instance.load(compiled("model")), instance.load(native("trainer"))]) as context:
        assert isinstance(context["trainer.train"](1), float)


def test_failure_of_a_native_function(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("minimal"))]) as context:
        boom = context["minimal.boom"]
        for _ in range(3):
            error = error_of(boom)
            assert (error.code, error.stage) == (vm.Code.UNAVAILABLE, "call")
            assert "minimal.boom always fails" in error.message
        assert context["minimal.add"](1, 2) == 3


@pytest.mark.parametrize("name", ["bare", "block", "percent", "long_message", "borrowed_message", "payload"])
def test_statuses_of_modules(instance: vm.Instance, name: str) -> None:
    with instance.context([instance.load(native("statuses"))]) as context:
        assert error_of(context[f"statuses.{name}"], 9).code == vm.Code.FAILED_PRECONDITION


def test_ok_with_a_message_is_an_error(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("statuses"))]) as context:
        assert error_of(context["statuses.ok_with_storage"]).code == vm.Code.INTERNAL


def test_variadic_functions_are_refused(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("variadic"))]) as context:
        function = context["variadic.sum"]
        assert "C" in function.signature
        assert error_of(function, 1).code == vm.Code.UNIMPLEMENTED


def test_unknown_convention(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("bad_cconv"), cconv="0x_i")]) as context:
        assert error_of(context["bad_cconv.f"], 1).code == vm.Code.UNIMPLEMENTED


def test_deferred_calls_are_resumed(instance: vm.Instance) -> None:
    modules = [instance.load(native("deferred"), times=3), instance.load(compiled("uses_deferred"))]
    with instance.context(modules) as context:
        assert context["uses_deferred.wait"]() == 1
        assert context["uses_deferred.answer"]() == 142


def test_deferring_without_a_frame_fails(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("deferred"))]) as context:
        assert error_of(context["deferred.wait"]).code == vm.Code.FAILED_PRECONDITION


def test_bytecode_yields(instance: vm.Instance) -> None:
    with instance.context([instance.load(compiled("yields"))]) as context:
        assert context["yields.times"](1000) == 1000


def test_native_calls_bytecode(instance: vm.Instance) -> None:
    modules = [instance.load(compiled("provider")), instance.load(native("calls_bytecode"))]
    with instance.context(modules) as context:
        assert isinstance(context["calls_bytecode.add_scaled"](3, 4), int)


@given(left=st.integers(-(2**31), 2**31 - 1), right=st.integers(-(2**31), 2**31 - 1))
def test_any_integers(left: int, right: int) -> None:
    with vm.Instance() as instance, instance.context([instance.load(native("bench"))]) as context:
        assert (context["bench.add"](left, right) - (left + right)) % 2**32 == 0


@given(value=st.floats(width=32))
def test_any_float_goes_through_a_list_of_floats(value: float) -> None:
    with vm.Instance() as instance, instance.list([value], type="f32") as values:
        (back,) = values
        assert back == value or (math.isnan(value) and math.isnan(back))
