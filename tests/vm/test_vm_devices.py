"""Devices: what they are called, what they answer, their memory and their queues."""

from __future__ import annotations

import numpy
import pytest

from conformance import vm

URIS = ("local-sync", "local-task")


@pytest.fixture(params=URIS)
def device(request: pytest.FixtureRequest) -> vm.Device:
    with vm.Device(request.param) as made:
        yield made


def code(caught: pytest.ExceptionInfo[vm.Error]) -> vm.Code:
    return caught.value.code


# ---- Devices ---------------------------------------------------------------------------------------------------------


def test_drivers() -> None:
    assert set(URIS) <= set(vm.drivers())


@pytest.mark.parametrize("uri", URIS)
def test_a_device_is_called_as_its_driver(uri: str) -> None:
    with vm.Device(uri) as device:
        assert (device.id, device.uri) == (uri, uri)


@pytest.mark.parametrize(("uri", "words"), [("cuda9", "cuda9"), ("local-sync://0", "path"), ("", "driver")])
def test_what_is_no_device(uri: str, words: str) -> None:
    with pytest.raises(vm.Error, match=words) as caught:
        vm.Device(uri)
    assert code(caught) == vm.Code.NOT_FOUND


def test_queries(device: vm.Device) -> None:
    assert device.query("hal.device.id", "local*") == 1
    assert device.query("hal.device.id", "vulkan") == 0
    assert device.query("hal.executable.format", "vmvx-bytecode-fb") == 1
    assert device.query("hal.executable.format", "vulkan-spirv-fb") == 0
    assert device.query("hal.cpu", "no-such-feature") is None
    assert device.query("no.such.category", "key") is None


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_number_of_workers(workers: int) -> None:
    with vm.Device("local-task", workers=workers) as device:
        assert device.query("hal.dispatch", "concurrency") == workers
    with vm.Device("local-sync", workers=workers) as device:
        assert device.query("hal.dispatch", "concurrency") == 1


@pytest.mark.parametrize("workers", [-1, 65])
def test_a_wrong_number_of_workers(workers: int) -> None:
    with pytest.raises(vm.Error, match="workers") as caught:
        vm.Device("local-task", workers=workers)
    assert code(caught) == vm.Code.INVALID_ARGUMENT


# ---- Memory ----------------------------------------------------------------------------------------------------------


def test_bytes(device: vm.Device) -> None:
    with device.buffer(16) as buffer:
        assert bytes(buffer) == bytes(16)
        buffer.fill(b"\x01\x02", offset=4, length=6)
        buffer.update(b"xyz", offset=1)
        assert bytes(buffer) == b"\0xyz" + b"\x01\x02" * 3 + bytes(6)
        with buffer.subspan(3, 3) as part:
            assert bytes(part) == b"z\x01\x02"
            part.array()[0] = 7
        assert buffer.read(3, 1) == b"\x07"
        with device.buffer(4) as other:
            other.copy(buffer, source_offset=2, offset=1, length=3)
            assert bytes(other) == b"\0y\x07\x01"


def test_ranges_are_checked(device: vm.Device) -> None:
    with device.buffer(16) as buffer:
        for use in (
            lambda: buffer.read(8, 9),
            lambda: buffer.fill(b"\0", 17),
            lambda: buffer.update(b"x" * 17),
            lambda: buffer.subspan(4, 13),
            lambda: buffer.view([5], "f32"),
        ):
            with pytest.raises(vm.Error) as caught:
                use()
            assert code(caught) == vm.Code.OUT_OF_RANGE
        for wrong in (b"", b"abc", b"a" * 8):
            with pytest.raises(vm.Error, match="1, 2, or 4 bytes") as caught:
                buffer.fill(wrong)
            assert code(caught) == vm.Code.INVALID_ARGUMENT


def test_memory_is_counted(device: vm.Device) -> None:
    before = device.statistics
    with device.buffer(1000):
        now = device.statistics
        assert now.live_bytes == before.live_bytes + 1000
    assert device.statistics.live_bytes == before.live_bytes
    assert device.statistics.device_bytes_peak + device.statistics.host_bytes_peak >= 1000


def test_a_device_larger_than_memory(device: vm.Device) -> None:
    with pytest.raises(vm.Error) as caught:
        device.buffer(2**62)
    assert code(caught) == vm.Code.RESOURCE_EXHAUSTED


def test_memory_outlives_the_device() -> None:
    with vm.Device("local-task") as device:
        view = device.view(numpy.arange(3))
    assert view.array().tolist() == [0, 1, 2]
    view.close()


# ---- Queues ----------------------------------------------------------------------------------------------------------


def test_operations_wait_for_their_fences(device: vm.Device) -> None:
    go, filled, copied = device.fence(), device.fence(), device.fence()
    with go, filled, copied, device.buffer(4) as source, device.buffer(4) as target:
        device.queue_copy(source, target, wait=filled, signal=copied)
        device.queue_fill(source, b"\x05", wait=go, signal=filled)
        assert copied.query() == vm.Code.DEFERRED
        assert bytes(target) == bytes(4)
        go.signal()
        copied.wait(10)
        assert bytes(target) == b"\x05" * 4


def test_a_failure_spreads(device: vm.Device) -> None:
    go, filled, copied = device.fence(), device.fence(), device.fence()
    with go, filled, copied, device.buffer(4) as buffer:
        device.queue_fill(buffer, b"\x05", wait=go, signal=filled)
        device.queue_barrier(wait=filled, signal=copied)
        go.fail(vm.Code.DATA_LOSS)
        with pytest.raises(vm.Error) as caught:
            copied.wait(10)
        assert code(caught) == vm.Code.DATA_LOSS
        assert bytes(buffer) == bytes(4)


def test_memory_from_a_queue(device: vm.Device) -> None:
    allocated, updated, freed = device.fence(), device.fence(), device.fence()
    with allocated, updated, freed, device.queue_alloca(8, signal=allocated) as buffer:
        device.queue_update(buffer, b"12345678", wait=allocated, signal=updated)
        updated.wait(10)
        assert bytes(buffer) == b"12345678"
        device.queue_dealloca(buffer, wait=updated, signal=freed)
        freed.wait(10)
        with pytest.raises(vm.Error) as caught:
            bytes(buffer)
        assert code(caught) == vm.Code.FAILED_PRECONDITION


def test_what_nobody_will_signal_is_cancelled_with_the_device() -> None:
    for uri in URIS:
        device = vm.Device(uri)
        never, done = device.fence(), device.fence()
        device.queue_barrier(wait=never, signal=done)
        device.close()
        assert done.query() == vm.Code.CANCELLED
        never.close()
        done.close()


# ---- Fences ----------------------------------------------------------------------------------------------------------


def test_a_fence(device: vm.Device) -> None:
    with device.fence() as fence:
        assert fence.query() == vm.Code.DEFERRED
        with pytest.raises(vm.Error) as caught:
            fence.wait(0)
        assert code(caught) == vm.Code.DEADLINE_EXCEEDED
        fence.signal()
        assert fence.query() == vm.Code.OK
        fence.wait()
        with pytest.raises(vm.Error, match="already signaled") as caught:
            fence.signal()
        assert code(caught) == vm.Code.INVALID_ARGUMENT


def test_a_failed_fence(device: vm.Device) -> None:
    with device.fence() as fence:
        fence.fail(vm.Code.UNAVAILABLE)
        assert fence.query() == vm.Code.UNAVAILABLE
        for use in (fence.wait, fence.signal):
            with pytest.raises(vm.Error) as caught:
                use()
            assert code(caught) == vm.Code.UNAVAILABLE


def test_fences_joined(device: vm.Device) -> None:
    assert vm.Fence.join(None, None) is None
    with device.fence() as first, device.fence() as second, vm.Fence.join(first, None, second) as both:
        first.signal()
        assert both.query() == vm.Code.DEFERRED
        second.signal()
        assert both.query() == vm.Code.OK
