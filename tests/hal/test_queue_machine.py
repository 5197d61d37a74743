"""Random sequences of queue operations, fences and buffers on local devices, against the model of what they have to do.

After each step everything that the model says is over is waited for, and then all of it is compared: the states of
fences, the bytes of buffers, the memory that is in use. What waits for a fence that nobody has signalled must not have
happened. A step may set many operations free at once; they then run at the same time where the device has workers.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from queue_model import REACHED, UNUSABLE, Fence, Model, Operation, Root, Semaphore, Span, query, wait_now

from conformance import vm

SIZES = st.sampled_from([0, 1, 16, 48])
PLACES = st.integers(0, 48)
FAILURES = st.sampled_from([vm.Code.ABORTED, vm.Code.DATA_LOSS, vm.Code.UNAVAILABLE])


@dataclass(eq=False)
class Point:
    """A fence, and what the model knows of it."""

    real: vm.Fence
    fence: Fence


@dataclass(eq=False)
class Memory:
    """A buffer, and what the model knows of it; `ready` is reached when it may be used."""

    real: vm.HalBuffer
    span: Span
    ready: Fence = ()


class QueueMachine(RuleBasedStateMachine):
    """One device; every operation signals a fence of its own, and perhaps another one.

    Ranges are in units of so many bytes. Large ones are what workers are for: the submitting thread does the others.
    """

    uri = "local-sync"
    workers = 1
    unit = 1

    gates = Bundle("gates")  # nobody has signalled them yet
    points = Bundle("points")
    memories = Bundle("memories")
    WAITS = gates | points | st.none()
    SIGNALS = st.none() | gates

    def __init__(self) -> None:
        super().__init__()
        self.objects = vm.live_objects()
        self.device: Any = self.open_device()
        self.model = Model()
        self.open_points: list[Point] = []
        self.open_memories: list[Memory] = []
        self.unsettled: list[Point] = []  # a second handle of every new semaphore, until it is settled
        self.patience: float | None = None
        self.is_cancelled_at_the_end = False

    def open_device(self) -> Any:
        return vm.Device(self.uri, workers=self.workers)

    @initialize(patience=st.sampled_from([None, 60.0]), is_cancelled=st.booleans())
    def choose(self, patience: float | None, is_cancelled: bool) -> None:
        """Who waits without a limit works meanwhile; a device may go with work that nothing can finish."""
        self.patience, self.is_cancelled_at_the_end = patience, is_cancelled

    # ---- Fences --------------------------------------------------------------------------------------------------

    @rule(target=gates)
    def new_fence(self) -> Point:
        return self._watched(self.device.fence(), Semaphore())

    @rule(target=points, parts=st.lists(gates | points, min_size=1, max_size=3))
    def join(self, parts: list[Point]) -> Point:
        joined = vm.Fence.join(*(part.real for part in parts))
        assert joined is not None
        return self._opened(joined, tuple(dict.fromkeys(semaphore for part in parts for semaphore in part.fence)))

    @rule(target=points, gate=consumes(gates))
    def open_gate(self, gate: Point) -> Point:
        self.signal(gate)
        return gate

    @rule(target=points, gate=consumes(gates), code=FAILURES)
    def break_gate(self, gate: Point, code: vm.Code) -> Point:
        self.fail(gate, code)
        return gate

    @rule(point=points)
    def signal(self, point: Point) -> None:
        if self.model.is_unowned(point.fence):
            assert _code_of(point.real.signal) in self.model.signal(point.fence)

    @rule(point=points, code=FAILURES)
    def fail(self, point: Point, code: vm.Code) -> None:
        self.model.fail(point.fence, code)
        point.real.fail(code)

    @rule(point=consumes(gates) | consumes(points))
    def close_fence(self, point: Point) -> None:
        point.real.close()
        self.open_points.remove(point)

    # ---- Buffers -------------------------------------------------------------------------------------------------

    @rule(target=memories, size=SIZES)
    def allocate(self, size: int) -> Memory:
        return self._remembered(self.device.buffer(size * self.unit), Span(Root([bytes(self.unit)] * size), 0, size))

    @rule(target=memories, memory=memories, offset=PLACES, length=PLACES)
    def subspan(self, memory: Memory, offset: int, length: int) -> Memory:
        offset, length = _inside(memory, offset, length)
        part = memory.real.subspan(offset * self.unit, length * self.unit)
        return self._remembered(part, memory.span.part(offset, length), memory.ready)

    @rule(memory=memories, offset=PLACES, data=st.binary(max_size=12))
    def write(self, memory: Memory, offset: int, data: bytes) -> None:
        offset, length = _inside(memory, offset, len(data))
        units = self._units(data[:length])
        code = _code_of(lambda: memory.real.update(b"".join(units), offset * self.unit))
        if memory.span.root.state != "usable":
            assert code is vm.Code.FAILED_PRECONDITION
            return
        assert code is vm.Code.OK
        part = memory.span.part(offset, length)
        part.root.data[part.slice] = units

    @rule(memory=consumes(memories))
    def close_buffer(self, memory: Memory) -> None:
        memory.real.close()
        self.open_memories.remove(memory)

    # ---- Queues --------------------------------------------------------------------------------------------------

    @rule(target=points, wait=WAITS, signal=SIGNALS)
    def barrier(self, wait: Point | None, signal: Point | None) -> Point:
        return self._submit(Operation("barrier"), wait, signal, self.device.queue_barrier)[0]

    @rule(target=memories, size=SIZES, wait=WAITS, signal=SIGNALS)
    def alloca(self, size: int, wait: Point | None, signal: Point | None) -> Any:
        span = Span(Root([None] * size, "reserved"), 0, size)
        point, real = self._submit(
            Operation("alloca", target=span),
            wait,
            signal,
            lambda **fences: self.device.queue_alloca(size * self.unit, **fences),
        )
        return multiple() if real is None else self._remembered(real, span, point.fence)

    @rule(target=points, memory=memories)
    def when_allocated(self, memory: Memory) -> Any:
        """The fence again, perhaps after it was closed."""
        fences = [point for point in self.open_points if point.fence == memory.ready]
        again = vm.Fence.join(*(point.real for point in fences[:1]))
        return multiple() if again is None else self._opened(again, memory.ready)

    @rule(target=points, memory=memories, wait=WAITS, signal=SIGNALS)
    def dealloca(self, memory: Memory, wait: Point | None, signal: Point | None) -> Any:
        """Memory that is not from a queue makes it a barrier."""
        is_from_queue = bool(memory.ready)
        if not self.model.can_use(memory.span.root, _fence_of(wait), alone=True):
            return multiple()
        operation = Operation("dealloca", target=memory.span) if is_from_queue else Operation("barrier")
        return self._submit(
            operation, wait, signal, lambda **fences: self.device.queue_dealloca(memory.real, **fences)
        )[0]

    @rule(
        target=points,
        memory=memories,
        pattern=st.sampled_from([1, 2, 4]).flatmap(lambda width: st.binary(min_size=width, max_size=width)),
        offset=st.integers(0, 12),
        count=st.integers(0, 48),
        wait=WAITS,
        signal=SIGNALS,
    )
    def fill(
        self, memory: Memory, pattern: bytes, offset: int, count: int, wait: Point | None, signal: Point | None
    ) -> Any:
        width = len(pattern)
        step = width if self.unit == 1 else 1  # a large unit holds whole patterns
        offset, count = _inside(memory, offset * step, count * step)
        offset, count = offset - offset % step, count - count % step
        start, content = offset * self.unit, pattern * (count * self.unit // width)
        return self._transfer(
            Operation("fill", target=memory.span.part(offset, count), data=self._split(content)),
            wait,
            signal,
            lambda **fences: self.device.queue_fill(memory.real, pattern, start, len(content), **fences),
        )

    @rule(
        target=points,
        memory=memories,
        data=st.binary(max_size=48),
        offset=PLACES,
        wait=WAITS,
        signal=SIGNALS,
    )
    def update(self, memory: Memory, data: bytes, offset: int, wait: Point | None, signal: Point | None) -> Any:
        offset, length = _inside(memory, offset, len(data))
        units, start = self._units(data[:length]), offset * self.unit
        return self._transfer(
            Operation("update", target=memory.span.part(offset, length), data=[*units]),
            wait,
            signal,
            lambda **fences: self.device.queue_update(memory.real, b"".join(units), start, **fences),
        )

    @rule(
        target=points,
        source=memories,
        memory=memories,
        start=PLACES,
        offset=PLACES,
        length=PLACES,
        wait=WAITS,
        signal=SIGNALS,
    )
    def copy(
        self,
        source: Memory,
        memory: Memory,
        start: int,
        offset: int,
        length: int,
        wait: Point | None,
        signal: Point | None,
    ) -> Any:
        start, length = _inside(source, start, length)
        offset, length = _inside(memory, offset, length)
        from_range, to_range = source.span.part(start, length), memory.span.part(offset, length)

        def call(**fences: Any) -> None:
            ranges = (start * self.unit, offset * self.unit, length * self.unit)
            self.device.queue_copy(source.real, memory.real, *ranges, **fences)

        if from_range.overlaps(to_range):
            assert _code_of(call) is vm.Code.INVALID_ARGUMENT
            return multiple()
        return self._transfer(Operation("copy", target=to_range, source=from_range), wait, signal, call)

    @rule(memory=memories, excess=st.integers(1, 5), signal=SIGNALS)
    def reach_outside(self, memory: Memory, excess: int, signal: Point | None) -> None:
        """Refused by the call itself: nothing is signalled, nothing is written."""
        end, real = memory.span.length * self.unit, memory.real
        fences = {"signal": signal.real if signal else None}
        for call in (
            lambda: self.device.queue_fill(real, b"!", end, excess, **fences),
            lambda: self.device.queue_fill(real, b"!", end + excess, 0, **fences),
            lambda: self.device.queue_update(real, bytes(end + excess), **fences),
            lambda: self.device.queue_copy(real, real, 0, end, excess, **fences),
        ):
            assert _code_of(call) is vm.Code.OUT_OF_RANGE

    @rule(memory=memories, gate=gates, width=st.integers(2, 5), step=st.integers(0, 9), length=st.integers(1, 24))
    def fan_out(self, memory: Memory, gate: Point, width: int, step: int, length: int) -> None:
        """Several operations for one fence: they may run at the same time, in one buffer, even on the same bytes."""
        for index in range(width):
            at, size = _inside(memory, index * step, length)
            pattern, first, size_bytes = bytes([0x11 * index]), at * self.unit, size * self.unit
            call = functools.partial(self.device.queue_fill, memory.real, pattern, first, size_bytes)
            content = self._split(pattern * size_bytes)
            self._transfer(Operation("fill", target=memory.span.part(at, size), data=content), gate, None, call)

    # ---- What has to be true -------------------------------------------------------------------------------------

    @invariant()
    def all_agrees(self) -> None:
        self._wait_for_what_is_over()
        for point in self.open_points:
            self._compare_fence(point)
        for memory in self.open_memories:
            self._compare_bytes(memory)
        assert self.device.statistics.live_bytes == self._bytes_in_use()

    def _wait_for_what_is_over(self) -> None:
        for point in [point for point in self.unsettled if query(point.fence) != {vm.Code.DEFERRED}]:
            code = _code_of(lambda real=point.real: real.wait(self.patience))
            assert code in point.fence[0].codes, f"{code}, not {point.fence[0].codes}"
            self.unsettled.remove(point)
            point.real.close()

    def _compare_fence(self, point: Point) -> None:
        state = point.real.query()
        assert state in query(point.fence), f"{state}, not {query(point.fence)}"
        assert _code_of(lambda: point.real.wait(0)) in wait_now(point.fence)

    def _bytes_in_use(self) -> int:
        roots = {memory.span.root for memory in self.open_memories}
        roots = roots.union(*(operation.roots for operation in self.model.pending))
        return sum(len(root.data) * self.unit for root in roots)

    # ---- The end -------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self._cancel() if self.is_cancelled_at_the_end else self._finish()
        finally:
            for opened in (*self.open_memories, *self.open_points, *self.unsettled):
                opened.real.close()
            self.device.close()
        if sys.exc_info()[0] is None:
            assert vm.live_objects() == self.objects

    def _finish(self) -> None:
        """Whatever still waits is let run; then all memory is given back."""
        for point in [point for point in self.unsettled if self.model.is_unowned(point.fence)]:
            if point.fence[0].codes == frozenset():
                self.model.signal(point.fence)
                point.real.signal()
        self.all_agrees()
        assert not self.model.pending
        while self.open_memories:
            self.open_memories.pop().real.close()
        assert self.device.statistics.live_bytes == 0

    def _cancel(self) -> None:
        """Fences and memory outlive the device."""
        self.device.close()
        self.model.cancel()
        self._wait_for_what_is_over()
        for point in self.open_points:
            self._compare_fence(point)
        for memory in self.open_memories:
            self._compare_bytes(memory)

    def _compare_bytes(self, memory: Memory) -> None:
        if memory.span.root.state != "usable":
            assert _code_of(lambda: bytes(memory.real)) in UNUSABLE
            return
        got, wanted = self._split(bytes(memory.real)), memory.span.content
        assert len(got) == len(wanted)
        wrong = {at: (got[at], unit) for at, unit in enumerate(wanted) if unit is not None and got[at] != unit}
        assert not wrong, f"units (got, wanted): {wrong}"

    # ---- Inside --------------------------------------------------------------------------------------------------

    def _units(self, data: bytes) -> list[bytes]:
        """A unit for each byte."""
        return [bytes([byte]) * self.unit for byte in data]

    def _split(self, data: bytes) -> list[bytes | None]:
        return [data[at : at + self.unit] for at in range(0, len(data), self.unit)]

    def _opened(self, real: vm.Fence, fence: Fence) -> Point:
        point = Point(real, fence)
        self.open_points.append(point)
        return point

    def _watched(self, real: vm.Fence, semaphore: Semaphore) -> Point:
        """A second handle stays with the machine, whenever the first is closed."""
        again = vm.Fence.join(real)
        assert again is not None
        self.unsettled.append(Point(again, (semaphore,)))
        return self._opened(real, (semaphore,))

    def _remembered(self, real: vm.HalBuffer, span: Span, ready: Fence = ()) -> Memory:
        memory = Memory(real, span, ready)
        self.open_memories.append(memory)
        return memory

    def _transfer(
        self, operation: Operation, wait: Point | None, signal: Point | None, call: Callable[..., Any]
    ) -> Any:
        """Only where fences order it among allocations and deallocations of its memory."""
        if not all(self.model.can_use(root, _fence_of(wait)) for root in operation.roots):
            return multiple()
        return self._submit(operation, wait, signal, call)[0]

    def _submit(
        self, operation: Operation, wait: Point | None, signal: Point | None, call: Callable[..., Any]
    ) -> tuple[Point, Any]:
        """The fence that the operation signals, and what the call returned, if it succeeded."""
        done = self._watched(self.device.fence(), Semaphore())
        also = signal if signal and self._can_be_signalled(signal.fence, _fence_of(wait)) else None
        operation.wait, operation.signal = _fence_of(wait), (*_fence_of(also), *done.fence)
        self.model.submit(operation)
        result = None
        with vm.Fence.join(also.real if also else None, done.real) as signals:  # type: ignore[union-attr]
            code = vm.Code.OK
            try:
                result = call(wait=wait.real if wait else None, signal=signals)
            except vm.Error as error:
                code = error.code
        expected = operation.codes if self.uri == "local-sync" and operation.codes else REACHED
        assert code in expected, f"{operation.kind} answered {code}, not {expected}"
        return done, result

    def _can_be_signalled(self, fence: Fence, wait: Fence) -> bool:
        """By one operation, once, which does not wait for itself."""
        is_free = all(not semaphore.codes and semaphore.owner is None for semaphore in fence)
        return is_free and not set(fence) & set(wait)


def _fence_of(point: Point | None) -> Fence:
    return point.fence if point else ()


def _code_of(call: Callable[[], Any]) -> vm.Code:
    try:
        call()
    except vm.Error as error:
        return error.code
    return vm.Code.OK


def _inside(memory: Memory, offset: int, length: int) -> tuple[int, int]:
    """The part of a range that lies in a buffer."""
    offset = min(offset, memory.span.length)
    return offset, min(length, memory.span.length - offset)


# ---- Devices ---------------------------------------------------------------------------------------------------------


class SyncMachine(QueueMachine):
    pass


class OneWorkerMachine(QueueMachine):
    uri = "local-task"


class ThreeWorkersMachine(QueueMachine):
    uri, workers, unit = "local-task", 3, 2048


SETTINGS = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestSync = SyncMachine.TestCase
TestOneWorker = OneWorkerMachine.TestCase
TestThreeWorkers = ThreeWorkersMachine.TestCase
TestSync.settings = TestOneWorker.settings = TestThreeWorkers.settings = SETTINGS


# ---- The machine notices ---------------------------------------------------------------------------------------------


class WrongDevice:
    """A device with a defect in one of its methods."""

    def __init__(self, device: vm.Device, name: str, defect: Callable[..., Any]) -> None:
        self._device, self._name, self._defect = device, name, defect

    def __getattr__(self, name: str) -> Any:
        good = getattr(self._device, name)
        return (lambda *given, **fences: self._defect(good, *given, **fences)) if name == self._name else good


def _early(good: Callable[..., Any], *given: Any, wait: Any = None, signal: Any = None) -> None:
    good(*given, wait=None, signal=signal)


def _short(good: Callable[..., Any], target: Any, pattern: bytes, at: int, length: int, **fences: Any) -> None:
    good(target, pattern, at, length - len(pattern) if length > len(pattern) else length, **fences)


def _silent(good: Callable[..., Any], *given: Any, wait: Any = None, signal: Any = None) -> None:
    if wait is None or wait.query() <= vm.Code.OK or wait.query() is vm.Code.DEFERRED:
        good(*given, wait=wait, signal=signal)
    else:
        good(*given, wait=None, signal=signal)


def _kept(good: Callable[..., Any], *given: Any) -> Any:
    KEPT.append(good(*given))
    return KEPT[-1].subspan(0)


KEPT: list[vm.HalBuffer] = []


@pytest.mark.parametrize(
    ("name", "defect"),
    [
        pytest.param("queue_barrier", _early, id="does not wait"),
        pytest.param("queue_update", _early, id="writes too early"),
        pytest.param("queue_fill", _short, id="leaves out the end"),
        pytest.param("queue_barrier", _silent, id="swallows failures"),
        pytest.param("buffer", _kept, id="keeps memory"),
    ],
)
def test_the_machine_notices(name: str, defect: Callable[..., Any]) -> None:
    class Wrong(QueueMachine):
        def open_device(self) -> Any:
            return WrongDevice(super().open_device(), name, defect)

    with pytest.raises((AssertionError, vm.Error)):
        run_state_machine_as_test(Wrong, settings=settings(SETTINGS, max_examples=500, phases=[Phase.generate]))
    KEPT.clear()
