"""Lanes: a runtime and a backend, proven before the cases run: the device is created once, and that is seen."""

from __future__ import annotations

import functools
import os
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from conformance import fixtures, trace
from conformance.adapters import tools
from conformance.adapters.protocol import Adapter, Unavailable, Unsupported
from conformance.model import Call, ModuleRef, Observation, Scenario
from conformance.selection import RuntimeSpec

BACKENDS = ("local-sync", "local-task", "vulkan", "cuda", "hip")
DEFAULT = ("local-sync?", "local-task?")
LOCAL = ("local-sync", "local-task")
_TARGETS = {
    "local-sync": ("vmvx", "llvm-cpu"),
    "local-task": ("vmvx", "llvm-cpu"),
    "vulkan": ("vulkan-spirv",),
    "cuda": ("cuda",),
    "hip": ("rocm",),
}
_LAYER = "VK_LAYER_VM_CONFORMANCE_probe"
_PATIENCE = 30.0


@dataclass(frozen=True)
class Backend:
    """A backend as written after `--backend=`; a `?` behind the name lets it be absent."""

    name: str
    may_be_absent: bool = False

    @staticmethod
    def parse(text: str) -> Backend:
        name = text.removesuffix("?")
        if name not in (*BACKENDS, "all"):
            raise ValueError(f"--backend={text}: unknown backend; expected {', '.join(BACKENDS)} or all")
        return Backend(name, text.endswith("?"))


@dataclass(frozen=True)
class LaneSpec:
    """Which runtime on which backend."""

    runtime: RuntimeSpec
    backend: str

    @property
    def kind(self) -> str:
        return self.runtime.kind

    def __str__(self) -> str:
        return f"{self.runtime}-{self.backend}"


@dataclass(frozen=True)
class Probe:
    """How a run shows the life of its device in the trace, and by which events; empty where there is no probe."""

    flags: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    created: str
    ended: str


@dataclass(frozen=True)
class Lane:
    """A runtime that has shown that it can create this device."""

    spec: LaneSpec
    runtime: Adapter
    probe: Probe
    identity: str = ""

    @property
    def backend(self) -> str:
        return self.spec.backend

    @property
    def device(self) -> str:
        """The device as a tool takes it."""
        return self.spec.backend

    @property
    def compile_target(self) -> tuple[str, ...]:
        """What prebuilt programs may be compiled for to run here."""
        return _TARGETS[self.backend]

    @property
    def is_local(self) -> bool:
        return self.backend in LOCAL

    def on(self, scenario: Scenario) -> Scenario:
        """The scenario on this lane's device, unless it names its own, and with the probe."""
        return replace(
            scenario,
            device=self.device if scenario.device is None else scenario.device,
            flags=(*self.probe.flags, *scenario.flags),
            environment=(*self.probe.environment, *scenario.environment),
        )

    def created(self, seen: Observation) -> int:
        """How many devices of this backend the run was seen to create; one that works, where none can be seen."""
        if not self.probe.created:
            return int(seen.done)
        return len(trace.find(seen.events, self.probe.created))


def chosen(runtimes: Sequence[RuntimeSpec], texts: Sequence[str]) -> list[LaneSpec]:
    """The lanes of the command line; Unavailable when a backend is not here that must be.

    A lane that may be absent stays in the list, and its cases say why; `all` takes what there is.
    """
    found: dict[LaneSpec, None] = {}
    for runtime in runtimes:
        for backend in map(Backend.parse, texts or DEFAULT):
            found.update(dict.fromkeys(_of(runtime, backend)))
    return list(found)


def _of(runtime: RuntimeSpec, backend: Backend) -> Iterator[LaneSpec]:
    if backend.name == "all":
        lanes = [LaneSpec(runtime, name) for name in BACKENDS]
        present = [lane for lane in lanes if absence(lane) is None]
        if not present and not backend.may_be_absent:
            raise Unavailable(f"--backend=all: {runtime} has none: {absence(lanes[0])}")
        yield from present
        return
    lane = LaneSpec(runtime, backend.name)
    why = None if backend.may_be_absent else absence(lane)
    if why:
        raise Unavailable(f"--backend={backend.name}: runtime {runtime}: {why}")
    yield lane


def lacking(runtimes: Sequence[RuntimeSpec], texts: Sequence[str]) -> list[str]:
    """Which of the lanes that were asked for are absent, and why, a line each."""
    names = [Backend.parse(text).name for text in texts or DEFAULT]
    wanted = [name for name in BACKENDS if name in names or "all" in names]
    lanes = [LaneSpec(runtime, name) for runtime in runtimes for name in wanted]
    return [f"lane {lane}: absent: {why}" for lane in lanes if (why := absence(lane))]


def absence(spec: LaneSpec) -> str | None:
    """Why there is no such lane on this machine; None when there is."""
    found = _proven(spec)
    return found if isinstance(found, str) else None


def opened(spec: LaneSpec) -> Lane:
    """The proven lane; Unavailable with the reason."""
    found = _proven(spec)
    if isinstance(found, str):
        raise Unavailable(found)
    return found


@functools.lru_cache(maxsize=64)
def _proven(spec: LaneSpec) -> Lane | str:
    """The lane after its first device, or why there is none."""
    try:
        lane = Lane(spec, _adapter(spec.runtime), _probe(spec.backend))
        return replace(lane, identity=_identity(lane))
    except (Unavailable, Unsupported, fixtures.FixtureBuildError, fixtures.FixtureNotFoundError) as error:
        return str(error)


def _adapter(runtime: RuntimeSpec) -> Adapter:
    """What drives devices: ours is a tool, installed with the package; a library is driven through the Python API."""
    if runtime.kind == "own" and not runtime.argument:
        tool = shutil.which("vm-run-module", path=sysconfig.get_path("scripts")) or shutil.which("vm-run-module")
        if tool is None:
            raise Unavailable("no vm-run-module: install the package vm-conformance")
        return tools.ToolAdapter(str(runtime), Path(tool))
    return runtime.open()


def _probe(backend: str) -> Probe:
    if backend in LOCAL:
        flags = (f"--executable_plugin={fixtures.native('executable_probe')}",)
        return Probe(flags, (), "device.load", "device.unload")
    if backend == "vulkan":
        return Probe((), _layer(fixtures.native("vulkan_layer")), "device.create_device", "device.destroy_device")
    return Probe((), (), "", "")


def _layer(library: Path) -> tuple[tuple[str, str], ...]:
    """What lets the Vulkan loader put our layer into every instance; the manifest is beside the library."""
    return (("VK_ADD_LAYER_PATH", str(library.parent)), ("VK_INSTANCE_LAYERS", _LAYER))


def _identity(lane: Lane) -> str:
    """Creates the device once and asks it; Unavailable when it cannot be, or is not seen to be."""
    _answer(lane, "count", "i32=1")
    if lane.backend == "vulkan":
        return f"{_described(lane) or lane.device}, Vulkan {_version(_value(lane, 'vulkan_api'))}, api from query"
    return f"{lane.device}, hal.dispatch concurrency {_value(lane, 'concurrency')}"


def _answer(lane: Lane, function: str, wanted: str | None = None) -> Observation:
    """What the device answers to one of the probe program's questions."""
    program = ModuleRef(os.fspath(fixtures.bytecode("device_queries")))
    scenario = lane.on(Scenario((program,), (Call(function),)))
    with tempfile.TemporaryDirectory() as folder:
        seen = lane.runtime.observe(scenario, timeout=_PATIENCE, scratch=Path(folder))
    if not seen.done or (wanted and seen.results != (wanted,)):
        raise Unavailable(_reason(seen.message) or seen.summary())
    if not lane.created(seen):
        raise Unavailable(f"the probe saw no {lane.probe.created} although the run ended well: {seen.summary()}")
    return seen


def _reason(message: str) -> str:
    """Code and text of a reported error, without what was added while it unwound."""
    return "; ".join(message.strip().partition("\n")[0].split("; ")[:2])


def _value(lane: Lane, function: str) -> int:
    results = _answer(lane, function).results
    return int(results[0].rpartition("=")[2]) if results else 0


def _version(packed: int) -> str:
    return f"{packed >> 22}.{packed >> 12 & 0x3FF}.{packed & 0xFFF}"


def _described(lane: Lane) -> str:
    """The device's name in the tool's own listing."""
    told = tools.said(lane.runtime, f"--dump_devices={lane.backend}")
    names = [line.partition(":")[2].strip() for line in told.splitlines() if line.startswith("name:")]
    return names[0] if names else ""
