"""Compiled tensor programs on local devices: numpy in and out, fences, parameters, several devices, teardown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest

from conformance import fixtures, vm

PREBUILT = fixtures.bytecode_folder() / "hal" / "programs" / "prebuilt" / fixtures.BYTECODE_VERSION
TARGETS = ("vmvx", "llvm-cpu")


def program(name: str, target: str = "vmvx") -> Path:
    return PREBUILT / target / f"{name}.vmfb"


@pytest.fixture(params=["local-sync", "local-task"])
def device(request: pytest.FixtureRequest) -> Iterator[vm.Device]:
    with vm.Device(request.param, workers=2) as made:
        yield made


@pytest.mark.parametrize("target", TARGETS)
def test_arrays_in_and_out(instance: vm.Instance, device: vm.Device, target: str) -> None:
    a, b = numpy.arange(8, dtype="f4"), numpy.full(8, 0.5, "f4")
    with instance.context([instance.load(program("elementwise_add_f32", target))], devices=[device]) as context:
        result = context["module.main"](a, b)
        assert result.dtype == a.dtype
        numpy.testing.assert_array_equal(result, a + b)
        with context["module.main"].views(a, b) as view:
            assert (view.shape, view.element_type) == ((8,), "f32")


@pytest.mark.parametrize("target", TARGETS)
def test_a_large_product(instance: vm.Instance, device: vm.Device, target: str) -> None:
    generator = numpy.random.default_rng(1)
    a = generator.integers(-4, 4, (128, 64)).astype("f4")
    b = generator.integers(-4, 4, (64, 96)).astype("f4")
    with instance.context([instance.load(program("matmul_large_f32", target))], devices=[device]) as context:
        result = context["module.main"](a, b)
    numpy.testing.assert_array_equal(result, (a @ b).sum(axis=0))


def test_a_result_outlives_everything(device: vm.Device) -> None:
    with (
        vm.Instance() as instance,
        instance.context([instance.load(program("elementwise_add_f32"))], devices=[device]) as context,
    ):
        result = context["module.main"](numpy.ones(8, "f4"), numpy.ones(8, "f4"))
    device.close()
    assert result.tolist() == [2.0] * 8


def test_an_argument_of_the_wrong_kind(instance: vm.Instance, device: vm.Device) -> None:
    with instance.context([instance.load(program("elementwise_add_f32"))], devices=[device]) as context:
        add, ones = context["module.main"], numpy.ones(8, "f4")
        for wrong, words in (
            (numpy.ones(8, "i4"), "input0 element type mismatch"),
            (numpy.ones((2, 4), "f4"), "input0 shape rank mismatch"),
            (numpy.ones(7, "f4"), "input0 shape dimension 0 mismatch"),
            (None, "ref is null"),
            ([1.0] * 8, "is not an array"),
        ):
            with pytest.raises(vm.Error, match=words) as caught:
                add(wrong, ones)
            assert caught.value.code == vm.Code.INVALID_ARGUMENT


def test_a_program_without_a_device(instance: vm.Instance) -> None:
    with pytest.raises(vm.Error, match="hal") as caught:
        instance.context([instance.load(program("elementwise_add_f32"))])
    assert caught.value.code == vm.Code.NOT_FOUND


def test_a_program_for_another_device(instance: vm.Instance, device: vm.Device) -> None:
    with pytest.raises(vm.Error, match="__device_0") as caught:
        instance.context([instance.load(program("elementwise_add_f32", "vulkan-spirv"))], devices=[device])
    assert caught.value.code == vm.Code.INCOMPATIBLE


def test_a_function_for_fences(instance: vm.Instance, device: vm.Device) -> None:
    a, b = numpy.arange(4, dtype="f4"), numpy.ones(4, "f4")
    with instance.context([instance.load(program("async_add"))], devices=[device]) as context:
        add = context["module.main"]
        numpy.testing.assert_array_equal(add(a, b), a + b)
        with device.fence() as go:
            pending = add.begin(a, b, wait=go)
            assert pending.fence.query() == vm.Code.DEFERRED
            go.signal()
            numpy.testing.assert_array_equal(pending.result(timeout=10), a + b)


def test_a_call_for_fences_that_never_may_begin(instance: vm.Instance, device: vm.Device) -> None:
    with instance.context([instance.load(program("async_add"))], devices=[device]) as context, device.fence() as go:
        pending = context["module.main"].begin(numpy.ones(4, "f4"), numpy.ones(4, "f4"), wait=go)
        go.fail(vm.Code.DATA_LOSS)
        with pytest.raises(vm.Error) as caught:
            pending.result(timeout=10)
        assert caught.value.code == vm.Code.DATA_LOSS


def test_only_functions_for_fences_can_be_begun(instance: vm.Instance, device: vm.Device) -> None:
    module, ones = instance.load(program("elementwise_add_f32")), numpy.ones(8, "f4")
    with instance.context([module], devices=[device]) as context:
        add = context["module.main"]
        with pytest.raises(vm.Error, match="not compiled for fences"):
            add.begin(ones, ones)


def test_state_stays_in_the_context(instance: vm.Instance, device: vm.Device) -> None:
    module, step = instance.load(program("global_counter")), numpy.arange(4, dtype="i4")
    with instance.context([module], devices=[device]) as first, instance.context([module], devices=[device]) as second:
        start = second["module.get"]()
        first["module.bump"](step)
        first["module.bump"](step)
        numpy.testing.assert_array_equal(first["module.get"](), start + 2 * step)
        numpy.testing.assert_array_equal(second["module.get"](), start)


def test_memory_is_given_back(instance: vm.Instance, device: vm.Device) -> None:
    a = numpy.ones(8, "f4")
    with instance.context([instance.load(program("elementwise_add_f32"))], devices=[device]) as context:
        add = context["module.main"]
        add(a, a)
        before = device.statistics.live_bytes
        for _ in range(10):
            add(a, a)
        assert device.statistics.live_bytes <= before
    assert device.statistics.live_bytes == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("workers", [1, 2, 8])
def test_any_order_of_workgroups(instance: vm.Instance, workers: int, seed: int) -> None:
    a, b = numpy.full((128, 64), 0.5, "f4"), numpy.full((64, 96), 2, "f4")
    with (
        vm.Device("local-task", workers=workers, shuffle=seed) as device,
        instance.context([instance.load(program("matmul_large_f32"))], devices=[device]) as context,
    ):
        numpy.testing.assert_array_equal(context["module.main"](a, b), numpy.full(96, 8192, "f4"))
