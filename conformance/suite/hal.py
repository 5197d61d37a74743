"""The fixtures that need a device: tensor programs for each compile target, and calls into the `hal` module."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance import fixtures
from conformance.adapters.protocol import Unsupported
from conformance.case import Case, Seen
from conformance.lanes import Lane
from conformance.model import Call, ModuleRef, Observation, Stage
from conformance.suite.recorded import PATIENCE

_VIEW = "hal.buffer_view "
_CALLING = (Stage.CALL, Stage.SYMBOL)  # "not found in library" is also said of executables
SETTING_UP = (Stage.LINK, Stage.INIT)  # a tool does not tell them apart where no native module writes a trace


def folder(chapter: str) -> Path:
    return fixtures.bytecode_folder() / "hal" / chapter


def module(chapter: str, name: str, target: str) -> ModuleRef:
    """A compiled module of a chapter, for one target."""
    path = folder(chapter) / "prebuilt" / fixtures.BYTECODE_VERSION / target / f"{name}.vmfb"
    if not path.exists():
        raise fixtures.FixtureNotFoundError(f"hal/{chapter}/{name} is not compiled for {target}: no {path}")
    return ModuleRef.of(path)


def expected(chapter: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and contents of every `.expected.json` of a chapter."""
    for path in sorted(folder(chapter).glob("*.expected.json")):
        yield path.name.partition(".")[0], json.loads(path.read_text())


# ---- Programs ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Program:
    """One tensor program: what it is compiled for, and what its calls owe."""

    chapter: str
    name: str
    targets: tuple[str, ...]
    tolerance: float
    devices: int
    calls: tuple[tuple[Call, Mapping[str, Any]], ...]

    def __str__(self) -> str:
        return self.name

    def module(self, target: str) -> ModuleRef:
        return module(self.chapter, self.name, target)

    def targets_on(self, lane: Lane) -> list[str]:
        """What a lane can run of it."""
        return [target for target in lane.compile_target if target in self.targets]


def programs(*chapters: str) -> list[Program]:
    """Every program of these chapters."""
    return [_program(chapter, name, data) for chapter in chapters for name, data in expected(chapter)]


def _program(chapter: str, name: str, data: Mapping[str, Any]) -> Program:
    calls = tuple((Call(row["function"], tuple(row["inputs"])), row["contract"]) for row in data["calls"])
    return Program(chapter, name, tuple(data["targets"]), data["tolerance"], data["devices"], calls)


def run(case: Case, lane: Lane, program: Program, target: str, call: Call) -> Seen:
    """One call of a program on the lane's device, or on as many of its kind as it needs."""
    devices = (lane.device,) * program.devices
    return case.run(program.module(target), function=call.function, inputs=call.inputs, device=devices)


def owes(seen: Seen, program: Program, target: str, call: Call, contract: Mapping[str, Any]) -> None:
    """The call gave its results, within the program's tolerance, or failed as it has to."""
    observation, what = seen.observation, f"{program.name} for {target}: {call.function}({', '.join(call.inputs)})"
    if "status" in contract:
        same = (observation.status, observation.stage) == (contract["status"], Stage.CALL)
        seen.that(same, f"{what} fails with {contract['status']}", f"{observation.summary()}: {observation.message}")
        mentioned = contract.get("message", "")
        seen.that(mentioned in observation.message, f"{what} mentions {mentioned!r}", observation.message)
        return
    wanted = contract["results"]
    same = observation.done and agree(wanted, observation.results, program.tolerance)
    seen.that(same, f"{what} gives {', '.join(wanted)}", f"{observation.summary()}: {observation.message}")


def agree(wanted: Sequence[str], got: Sequence[str], tolerance: float) -> bool:
    """Whether printed results are the same, floats within a relative tolerance."""
    if len(wanted) != len(got):
        return False
    return all(
        _same(one.removeprefix(_VIEW), other.removeprefix(_VIEW), tolerance)
        for one, other in zip(wanted, got, strict=True)
    )


def _same(wanted: str, got: str, tolerance: float) -> bool:
    if wanted == got or not tolerance:
        return wanted == got
    (head, values), (other_head, others) = _numbers(wanted), _numbers(got)
    if head != other_head or len(values) != len(others):
        return False
    return all(_close(one, other, tolerance) for one, other in zip(values, others, strict=True))


def _close(one: float, other: float, tolerance: float) -> bool:
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or math.isclose(one, other, rel_tol=tolerance, abs_tol=tolerance / 100)


def _numbers(text: str) -> tuple[str, list[float]]:
    """The shape and type of a printed tensor, brackets included, and its numbers."""
    head, _, values = text.partition("=")
    brackets = "".join(character for character in values if character in "[]")
    return head + brackets, [float(word) for word in values.replace("[", " ").replace("]", " ").split()]


# ---- Calls ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwedCall:
    """One function of a `.calls` module, and the outcomes that are right, by device."""

    module: str
    function: str
    targets: tuple[str, ...]
    outcomes: Mapping[str, Sequence[Mapping[str, Any]]]

    def on(self, backend: str) -> Sequence[Mapping[str, Any]]:
        """The right outcomes on a backend; empty where the call says nothing about it."""
        for name in (backend, "local" if backend.startswith("local") else backend, "all"):
            if name in self.outcomes:
                return self.outcomes[name]
        return ()

    def targets_on(self, lane: Lane) -> list[str]:
        return [target for target in self.targets if target == "any" or target in lane.compile_target]


def calls() -> pytest.MarkDecorator:
    """Parametrizes a case with every call of every `.calls` module; each has a clause of its own."""
    found = []
    for name, data in expected("calls"):
        for row in data["calls"]:
            call = OwedCall(name, row["function"], tuple(data["targets"]), row["owed"])
            marks = pytest.mark.clause(row["clause"])
            found.append(pytest.param(call, id=f"{name}.{row['function']}", marks=marks))
    return pytest.mark.parametrize("call", found)


def answers(case: Case, lane: Lane, call: OwedCall) -> None:
    """The call ends in one of the ways that are right."""
    wanted = call.on(lane.backend)
    if not wanted:
        raise Unsupported(f"{call.module}.{call.function} makes no sense on {lane.backend}")
    for target in call.targets_on(lane):
        seen = case.run(module("calls", call.module, target), function=call.function, timeout=PATIENCE)
        observation = seen.observation
        right = any(_is(observation, outcome) for outcome in wanted)
        text = " or ".join(map(_in_words, wanted))
        seen.that(right, f"{call.function} gives {text}", f"{observation.summary()}: {observation.message}")


def _is(observation: Observation, outcome: Mapping[str, Any]) -> bool:
    if observation.signal or observation.timed_out:
        return False
    if "results" in outcome:
        return bool(observation.done and list(observation.results) == outcome["results"])
    failed = observation.status == outcome["status"] and observation.stage in _CALLING
    return failed and all(word in observation.message for word in outcome["mentions"])


def _in_words(outcome: Mapping[str, Any]) -> str:
    if "results" in outcome:
        return ", ".join(outcome["results"])
    mentions = "".join(f", mentioning {word!r}" for word in outcome["mentions"])
    return f"status {outcome['status']}{mentions}"
