"""What queues, fences and buffers have to do, without any device.

Operations run when their waits are reached and fail when one of them fails. What one action of the host sets free runs
in any order that the fences allow: memory whose content depends on this order is free (None), and so is which of
several failures is passed on. Nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations

from conformance.vm import Code

Codes = frozenset[Code]
PENDING: Codes = frozenset()
REACHED: Codes = frozenset({Code.OK})
UNUSABLE: Codes = frozenset({Code.FAILED_PRECONDITION})


@dataclass(eq=False)
class Semaphore:
    """A point in time: nothing yet, reached, or failed with one of these codes."""

    codes: Codes = PENDING
    owner: Operation | None = None  # the operation that signals it

    @property
    def has_failed(self) -> bool:
        return bool(self.codes) and Code.OK not in self.codes


Fence = tuple[Semaphore, ...]
Units = list["bytes | None"]


@dataclass(eq=False)
class Root:
    """Allocated units of some bytes; those from a queue can be used between the two operations only."""

    data: Units
    state: str = "usable"  # or reserved, gone


@dataclass(frozen=True)
class Span:
    """A range of a root, in units."""

    root: Root
    offset: int
    length: int

    def part(self, offset: int, length: int) -> Span:
        return Span(self.root, self.offset + offset, length)

    def overlaps(self, other: Span) -> bool:
        if self.root is not other.root or not self.length or not other.length:
            return False
        return self.offset < other.offset + other.length and other.offset < self.offset + self.length

    @property
    def slice(self) -> slice:
        return slice(self.offset, self.offset + self.length)

    @property
    def content(self) -> Units:
        return self.root.data[self.slice]

    @property
    def is_refused(self) -> bool:
        return self.length > 0 and self.root.state != "usable"


@dataclass(eq=False)
class Operation:
    """What a queue was asked for. `target` and `source` are there for those kinds that have them."""

    kind: str
    wait: Fence = ()
    signal: Fence = ()
    target: Span | None = None
    source: Span | None = None
    data: Units = field(default_factory=list)
    codes: Codes = PENDING
    awaited: Fence = ()  # what of `wait` was not reached so far: a failure afterwards does not matter
    was_run: bool = False
    before: set[Operation] = field(default_factory=set)

    @property
    def roots(self) -> list[Root]:
        return [span.root for span in (self.target, self.source) if span]

    @property
    def changes_life(self) -> bool:
        return self.kind in ("alloca", "dealloca")


class Model:
    """All operations of one device that have not ended."""

    def __init__(self) -> None:
        self.pending: list[Operation] = []

    # ---- What the host does --------------------------------------------------------------------------------------

    def submit(self, operation: Operation) -> None:
        """Sets the operation's codes if it ends at once."""
        operation.before, operation.awaited = ordered_before(operation.wait), operation.wait
        for semaphore in operation.signal:
            semaphore.owner = operation
        self.pending.append(operation)
        self._settle()

    def signal(self, fence: Fence) -> Codes:
        """What the call answers: the first that was reached or had failed before decides."""
        answer = REACHED
        for semaphore in fence:
            if not semaphore.codes:
                semaphore.codes = REACHED
            elif answer is REACHED:
                answer = semaphore.codes if semaphore.has_failed else frozenset({Code.INVALID_ARGUMENT})
        self._settle()
        return answer

    def fail(self, fence: Fence, code: Code) -> None:
        """The first failure stays."""
        for semaphore in fence:
            if not semaphore.has_failed:
                semaphore.codes = frozenset({code})
        self._settle()

    def cancel(self) -> None:
        """The device goes: what waits does so in vain."""
        for operation in self.pending:
            _end(operation, frozenset({Code.CANCELLED}))
        self.pending = []

    # ---- What may be asked without a race ------------------------------------------------------------------------

    def is_unowned(self, fence: Fence) -> bool:
        """No operation is going to signal it."""
        return all(semaphore.owner not in self.pending for semaphore in fence)

    def can_use(self, root: Root, wait: Fence, *, alone: bool = False) -> bool:
        """Whether fences say where this comes among allocations and deallocations; `alone`: among all operations."""
        earlier = ordered_before(wait)
        return all(other in earlier for other in self.pending if root in other.roots and (alone or other.changes_life))

    # ---- What happens --------------------------------------------------------------------------------------------

    def _settle(self) -> None:
        batch: list[Operation] = []
        while ready := next((operation for operation in self.pending if _is_ready(operation)), None):
            self.pending.remove(ready)
            batch.append(ready)
            _end(ready, _failures(ready) or _run(ready))
        while sum(_widen(operation) for operation in batch):
            pass
        for root, offset in _free_units(operation for operation in batch if operation.codes == REACHED):
            root.data[offset] = None
        for operation in self.pending:
            operation.awaited = tuple(semaphore for semaphore in operation.awaited if semaphore.codes != REACHED)


def query(fence: Fence) -> Codes:
    """What a fence answers: its first entry that is not reached decides."""
    for semaphore in fence:
        if semaphore.codes != REACHED:
            return semaphore.codes or frozenset({Code.DEFERRED})
    return REACHED


def wait_now(fence: Fence) -> Codes:
    """What waiting without patience ends with: any failure comes before what is pending."""
    for semaphore in fence:
        if semaphore.has_failed:
            return semaphore.codes
    return REACHED if query(fence) == REACHED else frozenset({Code.DEADLINE_EXCEEDED})


def ordered_before(fence: Fence) -> set[Operation]:
    """The operations that have ended when a fence is reached."""
    owners = {semaphore.owner for semaphore in fence if semaphore.owner}
    return owners.union(*(owner.before for owner in owners))


def _failures(operation: Operation) -> Codes:
    return PENDING.union(*(semaphore.codes for semaphore in operation.awaited if semaphore.has_failed))


def _is_ready(operation: Operation) -> bool:
    return bool(_failures(operation)) or all(semaphore.codes for semaphore in operation.awaited)


def _end(operation: Operation, codes: Codes) -> None:
    """A fence that had failed keeps its failure."""
    operation.codes = codes
    operation.signal = tuple(semaphore for semaphore in operation.signal if not semaphore.codes)
    for semaphore in operation.signal:
        semaphore.codes = codes


def _widen(operation: Operation) -> bool:
    """Failures of the same batch may arrive in any order: each of them may be the first."""
    codes = operation.codes if operation.was_run else _failures(operation)
    if codes == operation.codes:
        return False
    operation.codes = codes
    for semaphore in operation.signal:
        semaphore.codes = codes
    return True


def _run(operation: Operation) -> Codes:
    operation.was_run = True
    target, source = operation.target, operation.source
    if operation.changes_life and target:
        return _change_life(operation.kind, target.root)
    if (target and target.is_refused) or (source and source.is_refused):
        return UNUSABLE
    if target:
        target.root.data[target.slice] = source.content if source else operation.data
    return REACHED


def _change_life(kind: str, root: Root) -> Codes:
    """A second deallocation changes nothing."""
    if kind == "alloca":
        root.state = "usable"
    elif root.state == "reserved":
        return UNUSABLE
    else:
        root.state = "gone"
    return REACHED


def _units_of(span: Span | None) -> set[tuple[Root, int]]:
    return {(span.root, offset) for offset in range(span.offset, span.offset + span.length)} if span else set()


def _free_units(batch: Iterable[Operation]) -> set[tuple[Root, int]]:
    """What the order within a batch decides: units written twice, copies of those written meanwhile, their copies."""
    transfers = [operation for operation in batch if operation.target and not operation.changes_life]
    free: set[tuple[Root, int]] = set()
    for one, other in combinations(transfers, 2):
        if one in other.before or other in one.before:
            continue
        free |= _units_of(one.target) & _units_of(other.target)
        for reader, writer in ((one, other), (other, one)):
            if _units_of(reader.source) & _units_of(writer.target):
                free |= _units_of(reader.target)
    for operation in transfers:
        if free & _units_of(operation.source):
            free |= _units_of(operation.target)
    return free
