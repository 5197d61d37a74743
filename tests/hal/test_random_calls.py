"""Random sequences of queue operations and fences on both local devices, against a model of what they have to do.

The model keeps bytes for every buffer and a state for every fence. Operations that wait for something that comes later
are tried on local-task only: local-sync runs everything in the call.
"""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule

from conformance import vm

SIZE = 48
FAILURES = (vm.Code.ABORTED, vm.Code.DATA_LOSS, vm.Code.UNAVAILABLE)


@dataclass(eq=False)
class Memory:
    """A buffer and the bytes that it has to have."""

    real: vm.HalBuffer
    bytes: bytearray


@dataclass(eq=False)
class Point:
    """A fence and the state that it has to have."""

    real: vm.Fence
    state: vm.Code = vm.Code.DEFERRED


class QueueMachine(RuleBasedStateMachine):
    """Chains of operations: each waits for a reached or failed fence and signals a new one."""

    device_uri = "local-sync"
    memories = Bundle("memories")
    points = Bundle("points")

    def __init__(self) -> None:
        super().__init__()
        self.device = vm.Device(self.device_uri)
        self.everything: list[Memory] = []

    def teardown(self) -> None:
        self.everything.clear()
        self.device.close()

    def _signal(self, wait: Point | None) -> Point:
        """What an operation signals: reached, or failed as its wait was."""
        failed = wait is not None and wait.state is not vm.Code.OK
        return Point(self.device.fence(), wait.state if failed and wait else vm.Code.OK)

    def _queue(self, operation: str, wait: Point | None, *arguments: object, **options: object) -> Point:
        """Calls an operation and waits for it; a failed wait may be reported by the call or by the fence alone."""
        signal = self._signal(wait)
        waits = wait.real if wait else None
        try:
            getattr(self.device, operation)(*arguments, wait=waits, signal=signal.real, **options)
            signal.real.wait(10)
        except vm.Error as error:
            assert error.code is signal.state, f"{operation} failed with {error.code}, wanted {signal.state}"
        else:
            assert signal.state is vm.Code.OK, f"{operation} ran although its wait failed"
        return signal

    @rule(target=memories)
    def allocate(self) -> Memory:
        memory = Memory(self.device.buffer(SIZE), bytearray(SIZE))
        self.everything.append(memory)
        return memory

    @rule(target=points)
    def reached_fence(self) -> Point:
        point = Point(self.device.fence(), vm.Code.OK)
        point.real.signal()
        return point

    @rule(target=points, code=st.sampled_from(FAILURES))
    def failed_fence(self, code: vm.Code) -> Point:
        point = Point(self.device.fence(), code)
        point.real.fail(code)
        return point

    @rule(target=points, first=points, second=points)
    def join(self, first: Point, second: Point) -> Point:
        joined = vm.Fence.join(first.real, second.real)
        assert joined is not None
        failures = [point.state for point in (first, second) if point.state is not vm.Code.OK]
        return Point(joined, failures[0] if failures else vm.Code.OK)

    @rule(target=points, wait=st.none() | points)
    def barrier(self, wait: Point | None) -> Point:
        return self._queue("queue_barrier", wait)

    @rule(
        target=points,
        memory=memories,
        wait=st.none() | points,
        width=st.sampled_from([1, 2, 4]),
        start=st.integers(0, SIZE // 4),
        count=st.integers(0, SIZE // 4),
        value=st.binary(min_size=4, max_size=4),
    )
    def fill(self, memory: Memory, wait: Point | None, width: int, start: int, count: int, value: bytes) -> Point:
        offset = start * width
        length = min(count * width, SIZE - offset)
        pattern = value[:width]
        point = self._queue("queue_fill", wait, memory.real, pattern, offset=offset, length=length)
        if point.state is vm.Code.OK:
            memory.bytes[offset : offset + length] = pattern * (length // width)
        return point

    @rule(
        target=points,
        memory=memories,
        wait=st.none() | points,
        data=st.binary(max_size=SIZE),
        at=st.integers(0, SIZE),
    )
    def update(self, memory: Memory, wait: Point | None, data: bytes, at: int) -> Point:
        data = data[: SIZE - at]
        point = self._queue("queue_update", wait, memory.real, data, offset=at)
        if point.state is vm.Code.OK:
            memory.bytes[at : at + len(data)] = data
        return point

    @rule(
        target=points,
        source=memories,
        to=memories,
        wait=st.none() | points,
        start=st.integers(0, SIZE),
        at=st.integers(0, SIZE),
        count=st.integers(0, SIZE),
    )
    def copy(self, source: Memory, to: Memory, wait: Point | None, start: int, at: int, count: int) -> Point | object:
        count = min(count, SIZE - start, SIZE - at)
        overlap = source is to and count and abs(start - at) < count
        if overlap:
            return multiple()
        point = self._queue("queue_copy", wait, source.real, to.real, source_offset=start, offset=at, length=count)
        if point.state is vm.Code.OK:
            to.bytes[at : at + count] = source.bytes[start : start + count]
        return point

    @rule(memory=memories, start=st.integers(0, SIZE))
    def a_part_sees_what_the_whole_has(self, memory: Memory, start: int) -> None:
        assert bytes(memory.real.subspan(start)) == bytes(memory.bytes[start:])

    @rule(memory=consumes(memories))
    def let_go(self, memory: Memory) -> None:
        self.everything.remove(memory)

    @invariant()
    def bytes_are_right(self) -> None:
        for memory in self.everything:
            assert bytes(memory.real) == bytes(memory.bytes)


class PendingMachine(RuleBasedStateMachine):
    """Operations that wait for fences which are signalled or failed later, or never."""

    gates = Bundle("gates")

    def __init__(self) -> None:
        super().__init__()
        self.device = vm.Device("local-task", workers=2, shuffle=1)
        self.memory = self.device.buffer(SIZE)
        self.bytes = bytearray(SIZE)
        self.chain: list[tuple[Point, int]] = []  # signal fences in order, with the byte that each operation writes
        self.gate: Point | None = None

    def teardown(self) -> None:
        """What still waits must not hold up the end."""
        self.device.close()

    @precondition(lambda self: self.gate is None)
    @rule()
    def open_a_chain(self) -> None:
        self.gate = Point(self.device.fence())
        self.chain = []

    @precondition(lambda self: self.gate is not None)
    @rule(value=st.integers(1, 255))
    def wait_for_the_last(self, value: int) -> None:
        assert self.gate is not None
        before = self.chain[-1][0] if self.chain else self.gate
        after = Point(self.device.fence())
        self.device.queue_fill(self.memory, bytes([value]), wait=before.real, signal=after.real)
        self.chain.append((after, value))
        assert after.real.query() is vm.Code.DEFERRED
        assert bytes(self.memory) == bytes(self.bytes)

    @precondition(lambda self: self.gate is not None)
    @rule()
    def let_it_run(self) -> None:
        assert self.gate is not None
        self.gate.real.signal()
        for point, value in self.chain:
            point.real.wait(10)
            self.bytes[:] = bytes([value]) * SIZE
        assert bytes(self.memory) == bytes(self.bytes)
        self.gate = None

    @precondition(lambda self: self.gate is not None)
    @rule(code=st.sampled_from(FAILURES))
    def let_it_fail(self, code: vm.Code) -> None:
        """The failure goes through the whole chain, and nothing is written."""
        assert self.gate is not None
        self.gate.real.fail(code)
        for point, _ in self.chain:
            try:
                point.real.wait(10)
            except vm.Error as error:
                assert error.code is code
            else:
                raise AssertionError("an operation ran although its wait failed")
        assert bytes(self.memory) == bytes(self.bytes)
        self.gate = None


class SyncMachine(QueueMachine):
    device_uri = "local-sync"


class TaskMachine(QueueMachine):
    device_uri = "local-task"


_SETTINGS = settings(
    max_examples=30,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestSync = SyncMachine.TestCase
TestTask = TaskMachine.TestCase
TestPending = PendingMachine.TestCase
TestSync.settings = TestTask.settings = TestPending.settings = _SETTINGS
