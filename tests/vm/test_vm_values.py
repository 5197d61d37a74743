"""Lists, buffers and references from Python."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any

import numpy
import pytest
from vm_support import compiled, native

from conformance import vm


def code_of(action: Callable[..., object], *args: object) -> str:
    with pytest.raises(vm.Error) as caught:
        action(*args)
    return caught.value.code.name


# ---- Lists -----------------------------------------------------------------------------------------------------------


def test_list_of_anything(instance: vm.Instance) -> None:
    with instance.list([1, 2.5, None, instance.buffer(b"abc"), instance.list([7])]) as values:
        assert len(values) == 5
        assert values.element_type == "any"
        assert [values[i] for i in range(3)] == [1, 2.5, None]
        inner = values[-1]
        assert bytes(values[3]) == b"abc"
        assert isinstance(inner, vm.List) and list(inner) == [7]


def test_list_elements_are_replaced(instance: vm.Instance) -> None:
    with instance.list([1, instance.buffer(1), 3]) as values:
        values[0], values[1], values[-1] = None, 2.0, instance.buffer(2)
        assert values[0] is None and values[1] == 2.0
        assert isinstance(values[2], vm.Buffer)


def test_list_shape(instance: vm.Instance) -> None:
    with instance.list(type="i32") as values:
        values.reserve(100)
        assert values.capacity >= 100 and len(values) == 0
        values.resize(3)
        assert list(values) == [0, 0, 0]
        values.extend([5, 6])
        values.resize(4)
        assert list(values) == [0, 0, 0, 5]
        values.clear()
        assert list(values) == []


def test_list_indices(instance: vm.Instance) -> None:
    with instance.list([1, 2]) as values:
        assert values[-2] == 1
        assert code_of(values.__getitem__, 2) == "OUT_OF_RANGE"
        assert code_of(values.__getitem__, -3) == "OUT_OF_RANGE"
        assert code_of(values.__setitem__, 2, 0) == "OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("i8", -128, 128),
        ("i16", 32767, 32768),
        ("i32", -(2**31), 2**31),
        ("i64", 2**63 - 1, 2**63),
        ("f32", 1.5, 1e300),
    ],
)
def test_typed_lists(instance: vm.Instance, kind: str, good: float, bad: float) -> None:
    with instance.list([good], type=kind) as values:
        assert values.element_type == kind
        assert values[0] == good
        for wrong in (bad, "x", instance.buffer(1)):
            assert code_of(values.append, wrong) == "INVALID_ARGUMENT"
        assert len(values) == 1


def test_list_of_references(instance: vm.Instance) -> None:
    with instance.list([None, instance.buffer(3)], type="ref") as values:
        assert values.element_type == "ref"
        assert values[0] is None and isinstance(values[1], vm.Buffer)
        assert code_of(values.append, 1) == "INVALID_ARGUMENT"


def test_explicit_type_in_a_list_of_anything(instance: vm.Instance) -> None:
    with instance.list() as values:
        values.append(3, type="f32")
        assert isinstance(values[0], float)
        assert code_of(values.append, 300, "i8") == "INVALID_ARGUMENT"


def test_unknown_element_type(instance: vm.Instance) -> None:
    assert code_of(instance.list, (), "i5") == "INVALID_ARGUMENT"


def test_list_out_of_bytecode(instance: vm.Instance) -> None:
    with instance.context([instance.load(compiled("objects"))]) as context:
        values = context["objects.count_to"](5)
        assert isinstance(values, vm.List)
        assert (values.element_type, list(values)) == ("i32", [1, 2, 3, 4, 5])


# ---- Buffers ---------------------------------------------------------------------------------------------------------


def test_views_share_the_memory(instance: vm.Instance) -> None:
    buffer = instance.buffer(b"hello")
    view, array = buffer.view, numpy.asarray(buffer)
    view[0] = ord("j")
    array[-1] = ord("y")
    assert bytes(buffer) == b"jelly" and len(buffer) == 5
    assert buffer.array("u1").__array_interface__["data"] == array.__array_interface__["data"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes in Python have the buffer protocol from 3.12 on")
def test_buffer_protocol(instance: vm.Instance) -> None:
    buffer = instance.buffer(b"hello")
    with memoryview(buffer) as view:
        view[0] = ord("j")
    assert bytes(buffer) == b"jello"
    assert instance.buffer(buffer).view == b"jello"


def test_view_outlives_buffer_and_instance() -> None:
    with vm.Instance() as instance, instance.buffer(b"hello") as buffer:
        view, array = buffer.view, buffer.array()
    gc.collect()
    array[0] = ord("j")
    assert bytes(view) == b"jello"
    del array, view


def test_arrays_of_other_types(instance: vm.Instance) -> None:
    numbers = numpy.arange(6, dtype="float64")
    with instance.buffer(numbers) as buffer:
        array = buffer.array("float64")
        assert (array == numbers).all()
        array *= 2
        assert buffer.view.cast("d")[5] == 10.0
        assert numpy.asarray(buffer, dtype="int16").dtype == numpy.int16
        del array


def test_constant_buffer(instance: vm.Instance) -> None:
    buffer = instance.buffer(b"abc", mutable=False)
    assert not buffer.mutable
    assert buffer.view.readonly
    with pytest.raises(ValueError, match="read-only"):
        buffer.array()[0] = 1


def test_empty_and_aligned_buffers(instance: vm.Instance) -> None:
    assert bytes(instance.buffer(0)) == b""
    assert bytes(instance.buffer(b"")) == b""
    buffer = instance.buffer(3, alignment=4096)
    assert buffer.array().__array_interface__["data"][0] % 4096 == 0
    assert bytes(buffer) == b"\0\0\0"
    assert code_of(instance.buffer, -1) == "INVALID_ARGUMENT"
    with pytest.raises(vm.Error) as caught:
        instance.buffer(8, alignment=24)
    assert caught.value.code == vm.Code.INVALID_ARGUMENT


def test_absurd_buffer(instance: vm.Instance) -> None:
    assert code_of(instance.buffer, 2**62) in {"RESOURCE_EXHAUSTED", "OUT_OF_RANGE"}


def test_buffers_through_native_code(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("buffers"))]) as context, instance.buffer(b"\1\2\3") as buffer:
        assert context["buffers.sum"](buffer) == 6
        context["buffers.fill"](buffer, 9)
        assert bytes(buffer) == b"\x09" * 3
        made = context["buffers.make"](4)
        same = context["buffers.same"](buffer)
        assert bytes(made) == b"\0\1\2\3"
        same.view[0] = 1
        assert bytes(buffer)[0] == 1
        assert context["buffers.same"](None) is None


def test_native_code_keeps_a_buffer(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("buffers"))]) as context:
        with instance.buffer(b"\1\2\3") as buffer:
            context["buffers.keep"](buffer)
        gc.collect()
        assert context["buffers.kept_sum"]() == 6


def test_constants_outlive_their_module(instance: vm.Instance) -> None:
    with instance.load(compiled("objects")) as module, instance.context([module]) as context:
        greeting = context["objects.greeting_of"]()
    instance.close()
    assert isinstance(greeting, vm.Buffer)
    assert bytes(greeting) == b"hello"
    assert not greeting.mutable


def test_buffers_through_bytecode(instance: vm.Instance) -> None:
    with instance.context([instance.load(compiled("objects"))]) as context:
        made = context["objects.make"](4, 7)
        assert isinstance(made, vm.Buffer)
        context["objects.put"](made, 1, 200)
        assert made.array().tolist() == [7, 200, 7, 7]
        assert context["objects.byte"](made, 1) == 200
        with pytest.raises(vm.Error) as caught:
            context["objects.byte"](made, 4)
    assert caught.value.code == vm.Code.OUT_OF_RANGE


# ---- References ------------------------------------------------------------------------------------------------------


def test_reference_of_an_unknown_type(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("opaque_type"))]) as context:
        thing = context["opaque_type.make"](42)
        assert isinstance(thing, vm.Ref)
        assert thing.type_name == "opaque_type.thing"
        assert context["opaque_type.value"](thing) == 42
        assert context["opaque_type.value"](None) == -1
        other = context["opaque_type.make"](42)
        with instance.list([thing]) as values:
            again = values[0]
        assert thing == again and hash(thing) == hash(again) and thing != other
        with pytest.raises(vm.Error) as caught:
            context["opaque_type.value"](instance.buffer(1))
    assert caught.value.code == vm.Code.INVALID_ARGUMENT


def test_reference_outlives_context_and_module() -> None:
    with (
        vm.Instance() as instance,
        instance.load(native("opaque_type")) as module,
        instance.context([module]) as context,
    ):
        thing = context["opaque_type.make"](42)
        values = instance.list([thing])
    assert thing.type_name == "opaque_type.thing"
    thing.close()
    values.close()


def test_list_that_a_call_filled_keeps_the_code(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("opaque_type"))]) as context:
        inner = instance.list([context["opaque_type.make"](1)])
        outer = instance.list([inner])
        inner.close()
    gc.collect()
    (back,) = outer
    assert isinstance(back, vm.List)
    assert back[0].type_name == "opaque_type.thing"


def test_what_is_not_an_object(instance: vm.Instance) -> None:
    with instance.context([instance.load(native("buffers"))]) as context:
        wrongs: list[Any] = [3, b"abc", "abc", [1]]
        for wrong in wrongs:
            with pytest.raises(vm.Error) as caught:
                context["buffers.sum"](wrong)
            assert caught.value.code == vm.Code.INVALID_ARGUMENT
            assert "argument 0 of buffers.sum" in caught.value.message
