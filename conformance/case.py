"""What a case is written with: run a scenario, then say what the contract wants to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeVar

from conformance import trace
from conformance.adapters.protocol import Adapter, Unsupported
from conformance.lanes import Lane
from conformance.model import Call, ModuleRef, Observation, Scenario, Stage, StdinKind

_Function = TypeVar("_Function", bound=Callable[..., Any])
Module = ModuleRef | PathLike[str] | str


PATIENCE = (1.5, 6.0)


class Violation(AssertionError):
    """A clause does not hold: what was wanted and what was seen instead."""

    def __init__(self, wanted: str, got: str) -> None:
        super().__init__(f"wanted {wanted}; got {got}")
        self.wanted = wanted
        self.got = got


def clause(id: str) -> Callable[[_Function], _Function]:
    """Marks a test function as a case of this clause."""
    import pytest

    def mark(function: _Function) -> _Function:
        marked: _Function = pytest.mark.clause(id)(function)
        return marked

    return mark


@dataclass
class Case:
    """One case on one runtime; it remembers the last run for the report."""

    runtime: Adapter
    scratch: Path
    timeout: float
    lane: Lane | None = None
    asserted: int = 0
    runs: list[tuple[Scenario, Observation]] = field(default_factory=list)

    def needs(self, capability: str) -> None:
        """Leaves the case unsupported where the runtime declares that it cannot do this."""
        if capability not in self.runtime.capabilities:
            raise Unsupported(f"{self.runtime.name} has no {capability}")

    def states(self, holds: bool, wanted: str, got: str) -> None:
        """States one thing; every statement comes down to this."""
        self.asserted += 1
        if not holds:
            raise Violation(wanted, got)

    def run(
        self,
        *modules: Module,
        function: str | None = None,
        inputs: Sequence[object] = (),
        stdin: StdinKind = StdinKind.NULL,
        stdin_path: PathLike[str] | None = None,
        module_mode: str | None = None,
        timeout: float | None = None,
        device: str | Sequence[str] | None = None,
        limit: float | None = None,
        parameters: Sequence[str] = (),
        flags: Sequence[str] = (),
        environment: Sequence[tuple[str, str]] = (),
    ) -> Seen:
        """Loads the modules in order, calls one function of the last, and tears everything down.

        In a lane the device is the lane's unless the case names its own; `device=()` gives none.
        """
        scenario = Scenario(
            modules=tuple(_reference(module) for module in modules),
            calls=(Call(function, tuple(str(value) for value in inputs)),),
            stdin=stdin,
            stdin_path=fspath(stdin_path) if stdin_path is not None else None,
            module_mode=module_mode,
            timeout=timeout,
            device=device if device is None or isinstance(device, str) else tuple(device),
            limit=limit,
            parameters=tuple(parameters),
            flags=tuple(flags),
            environment=tuple(environment),
        )
        return self.observe(scenario)

    def run_to_hang(self, *modules: Module, reached: str, **options: Any) -> Seen:
        """Runs what is meant to hang, for a short time; longer where a busy machine did not come to this event."""
        for timeout in PATIENCE:
            seen = self.run(*modules, timeout=timeout, **options)
            if trace.find(seen.events, reached) or not seen.observation.timed_out:
                break
        return seen

    def each(self, *modules: Module, calls: Sequence[Call], **options: Any) -> Iterator[tuple[Call, Seen]]:
        """Makes each call in a context of its own; the runtime may make them all in one process."""
        scenario = Scenario(tuple(_reference(module) for module in modules), tuple(calls), **options)
        scenario = self.lane.on(scenario) if self.lane else scenario
        limit = scenario.timeout or self.timeout
        observations = self.runtime.observe_each(scenario, timeout=limit, scratch=self._folder())
        for call, observation in zip(calls, observations, strict=True):
            alone = replace(scenario, calls=(call,), timeout=limit)
            self.runs.append((alone, observation))
            yield call, Seen(self, alone, observation)

    def observe(self, scenario: Scenario) -> Seen:
        """Runs any scenario, in a lane with its device and its probe."""
        scenario = self.lane.on(scenario) if self.lane else scenario
        limit = scenario.timeout or self.timeout
        observation = self.runtime.observe(scenario, timeout=limit, scratch=self._folder())
        self.runs.append((replace(scenario, timeout=limit), observation))
        return Seen(self, scenario, observation)

    def _folder(self) -> Path:
        """A new folder for the files of a run."""
        folder = self.scratch / f"run-{len(self.runs)}"
        folder.mkdir(parents=True)
        return folder


def _reference(module: Module) -> ModuleRef:
    """A reference as it is; text is a reference as a user writes it; a path is only a path."""
    if isinstance(module, ModuleRef):
        return module
    return ModuleRef.parse(module) if isinstance(module, str) else ModuleRef(fspath(module))


@dataclass
class Seen:
    """An observation, and the statements that a case makes about it."""

    case: Case
    scenario: Scenario
    observation: Observation

    @property
    def events(self) -> Sequence[Any]:
        return self.observation.events

    def that(self, holds: bool, wanted: str, got: str) -> Seen:
        """States one thing about what was seen."""
        self.case.states(holds, wanted, got)
        return self

    def succeeds(self, *results: str) -> Seen:
        """The run came to its end with exactly these results and left nothing behind."""
        seen = self.observation
        wanted = "success" + (f" with {', '.join(results)}" if results else " without results")
        self.that(seen.done and seen.results == results, wanted, seen.summary())
        return self._really_ran().balanced()

    def fails(self, status: str, stage: Stage | Sequence[Stage], *mentions: str) -> Seen:
        """The run reported this code in this stage, in a message that mentions these words."""
        seen = self.observation
        stages = [stage] if isinstance(stage, Stage) else list(stage)
        reported = seen.status == status and seen.stage in stages and not seen.signal
        wanted = f"status {status} in stage {' or '.join(map(str, stages))}"
        self.that(reported and not seen.timed_out, wanted, f"{seen.summary()}: {seen.message}")
        for word in mentions:
            self.that(word in seen.message, f"a message that mentions {word!r}", seen.message)
        return self

    def refuses(self, stage: Stage | Sequence[Stage], *mentions: str) -> Seen:
        """The run reported an error, whichever code, in this stage, that mentions these words."""
        status = self.observation.status
        self.that(status not in ("OK", "?"), "a reported error", self.observation.summary())
        return self.fails(status, stage, *mentions)

    def dies(self, signal: str, stage: Stage) -> Seen:
        """The process was killed by this signal while it was in this stage."""
        seen = self.observation
        same = (seen.signal, seen.stage) == (signal, stage)
        return self.that(same, f"{signal} in stage {stage}", seen.summary())

    def exits(self, code: int, stage: Stage) -> Seen:
        """The process ended itself in this stage, without a report, with this exit code."""
        seen = self.observation
        same = (seen.exit_code, seen.stage, seen.status) == (code, stage, "?")
        return self.that(same, f"exit {code} in stage {stage}, no status", seen.summary())

    def hangs(self, stage: Stage) -> Seen:
        """The run did not end in time and was in this stage."""
        seen = self.observation
        same = seen.timed_out and seen.stage is stage
        return self.that(same, f"no end in stage {stage}", seen.summary())

    def ordered(self, *patterns: str) -> Seen:
        """All happened, each before the next."""
        problem = trace.chain(self.observation.events, *patterns)
        return self.that(problem is None, "in order: " + ", ".join(patterns), problem or "")

    def happened(self, pattern: str, times: int = 1) -> Seen:
        """Exactly so many such events."""
        count = len(trace.find(self.observation.events, pattern))
        return self.that(count == times, f"{times} x {pattern}", f"{count} x {pattern}")

    def never(self, pattern: str) -> Seen:
        """No such event, in a run of which a trace exists."""
        self.that(bool(self.observation.events), "an event trace", "no event at all")
        return self.happened(pattern, times=0)

    def balanced(self) -> Seen:
        """What was created, allocated, entered or opened was also ended, once, and not used afterwards."""
        problems = trace.unbalanced(self.observation.events)
        return self.that(not problems, "a balanced trace", "; ".join(problems))

    def _really_ran(self) -> Seen:
        """Every native module of the scenario was created; an answer without a deed is no success."""
        native = sum(module.is_native() for module in self.scenario.modules)
        created = len(trace.find(self.observation.events, "*.create"))
        return self.that(created >= native, f"{native} x create", f"{created} x create")
