"""Programs for the lanes: tensors beside the native module `tenant`, and questions to the device."""

from __future__ import annotations

from conformance import fixtures, trace
from conformance.case import Seen
from conformance.lanes import Lane
from conformance.model import ModuleRef
from conformance.suite.modules import bytecode, native

FOUR = "4xf32=1,2,3,4"
DOUBLED = "hal.buffer_view 4xf32=2 4 6 8"
QUERIES = "device_queries"


def program(name: str, target: str) -> ModuleRef:
    """A program of `fixtures/devices` for one compile target."""
    folder = fixtures.bytecode_folder() / "devices" / "prebuilt" / fixtures.BYTECODE_VERSION
    path = folder / target / f"{name}.vmfb"
    if not path.exists():
        raise fixtures.FixtureNotFoundError(f"no program {name} for {target} in {folder}")
    return ModuleRef.of(path)


def on(lane: Lane, name: str) -> ModuleRef:
    """The program as this lane can run it."""
    return program(name, lane.compile_target[0])


def queries() -> ModuleRef:
    return bytecode(QUERIES)


def tenant(name: str = "tenant", **params: object) -> ModuleRef:
    """A native module that depends on `hal` and counts threads."""
    return native("tenant", name=name, **params)


def device_lived(seen: Seen, lane: Lane, times: int = 1) -> Seen:
    """So many devices were created and ended, in the trace of the probe."""
    return seen.happened(lane.probe.created, times).happened(lane.probe.ended, times)


def before_device(seen: Seen, lane: Lane, *names: str, freed: bool = True) -> Seen:
    """Each of these modules was gone before the first device ended."""
    for name in names:
        seen.ordered(lane.probe.created, *([f"{name}.free"] if freed else []), f"{name}.destroy", lane.probe.ended)
    return seen


def threads(seen: Seen, pattern: str) -> int:
    """How many threads there were at the last such event."""
    found = trace.find(seen.events, pattern)
    seen.that(bool(found), pattern, "no such event")
    return int(seen.events[found[-1]].fields["threads"])
