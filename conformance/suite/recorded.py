"""The calls that were recorded with the fixtures (`fixtures/**/*.expected.json`), and what each owes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from conformance import fixtures
from conformance.case import Case, Seen
from conformance.model import Call, ModuleRef, Stage
from conformance.suite.control import trusted
from conformance.suite.modules import bytecode

# What a suspended or stopped run gets before it is given up; only runs that do not end need it.
PATIENCE = 4.0
_NATIVE = "native:"


@dataclass(frozen=True)
class Recorded:
    """One call of a program and what it owes: results, or a status and what its message mentions."""

    program: str
    modules: tuple[str, ...]
    needs: tuple[str, ...]
    call: Call
    results: tuple[str, ...] | None
    status: str | None
    message: str
    hazard: str
    nan_sign_is_free: bool

    def __str__(self) -> str:
        return f"{self.call.function}({','.join(self.call.inputs)})"

    @property
    def owed(self) -> str:
        gives = f"status {self.status}" if self.status else ", ".join(self.results or ()) or "no results"
        return f"{self} gives {gives}"

    def references(self) -> list[ModuleRef]:
        return [reference(name) for name in self.modules]


def reference(name: str) -> ModuleRef:
    """A module as recordings name it: a compiled fixture, or `native:LIBRARY[@[EXPORT][?PARAMETERS]]`."""
    if not name.startswith(_NATIVE):
        return bytecode(name)
    parsed = ModuleRef.parse(name.removeprefix(_NATIVE))
    return ModuleRef(str(fixtures.native(parsed.path)), parsed.export, parsed.query)


def calls_of(chapter: str, program: str = "*") -> list[Recorded]:
    """Every recorded call of a chapter's programs, in order."""
    paths = sorted((fixtures.bytecode_folder() / chapter).glob(f"{program}.expected.json"))
    if not paths:
        raise fixtures.FixtureNotFoundError(f"no recorded calls of {chapter}/{program}")
    return [call for path in paths for call in _read(path.name.partition(".")[0], json.loads(path.read_text()))]


def _read(program: str, data: dict[str, Any]) -> Iterator[Recorded]:
    modules, needs = tuple(data["modules"]), tuple(data["needs"])
    for row in data["calls"]:
        contract = row["contract"]
        yield Recorded(
            program=program,
            modules=modules,
            needs=needs,
            call=Call(row["function"], tuple(row["inputs"])),
            results=tuple(contract["results"]) if "results" in contract else None,
            status=contract.get("status"),
            message=contract.get("message", ""),
            hazard=row.get("hazard", ""),
            nan_sign_is_free=row.get("nan_sign") == "free",
        )


def functions(chapter: str, program: str = "*") -> pytest.MarkDecorator:
    """Parametrizes a case with the calls of each function, but for those that a known defect is about."""
    found: dict[str, list[Recorded]] = {}
    for call in calls_of(chapter, program):
        if not call.hazard:
            name = str(call.call.function) if program != "*" else f"{call.program}.{call.call.function}"
            found.setdefault(name, []).append(call)
    return pytest.mark.parametrize("calls", found.values(), ids=found.keys())


def hazardous(chapter: str, which: Callable[[Recorded], bool]) -> pytest.MarkDecorator:
    """Parametrizes a case with one call at a time of those that a known defect of the released runtime is about."""
    found = [call for call in calls_of(chapter) if call.hazard and which(call)]
    return pytest.mark.parametrize("call", found, ids=[f"{call.program}.{call}" for call in found])


def agree(case: Case, calls: list[Recorded]) -> None:
    """Each call, in a context of its own, gives what it owes."""
    trusted(case)
    first = calls[0]
    if "hal" in first.needs:
        case.needs("hal")
    devices = [need.partition("=")[2] for need in first.needs if need.startswith("--device=")]
    runs = case.each(*first.references(), calls=[call.call for call in calls], device=devices[0] if devices else None)
    for call, (_, seen) in zip(calls, runs, strict=True):
        owes(seen, call)


def agrees(case: Case, call: Recorded) -> None:
    """One call that may hang or kill a runtime gives what it owes."""
    trusted(case)
    seen = case.run(*call.references(), function=call.call.function, inputs=call.call.inputs, timeout=PATIENCE)
    owes(seen, call)


def owes(seen: Seen, call: Recorded) -> None:
    """The call gave what is recorded; a failure names the call."""
    observation = seen.observation
    if call.status is None:
        seen.that(observation.done and _same_results(call, observation.results), call.owed, observation.summary())
        seen.succeeds(*observation.results)
        return
    same = (observation.status, observation.stage, observation.signal) == (call.status, Stage.CALL, None)
    seen.that(same, call.owed, f"{observation.summary()}: {observation.message}")
    seen.that(call.message in observation.message, f"{call} says {call.message!r}", observation.message).balanced()


def _same_results(call: Recorded, got: tuple[str, ...]) -> bool:
    assert call.results is not None
    if not call.nan_sign_is_free:
        return got == call.results
    return list(map(_without_sign, got)) == list(map(_without_sign, call.results))


def _without_sign(result: str) -> tuple[str, int]:
    """The bit pattern of a float without its sign."""
    kind, _, value = result.partition("=")
    return kind, int(value) & ((1 << (int(kind[1:]) - 1)) - 1)
