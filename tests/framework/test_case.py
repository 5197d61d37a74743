"""Each statement that a case can make holds on a good observation and breaks on a bad one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.adapters.protocol import Unsupported
from conformance.case import PATIENCE, Case, Seen, Violation
from conformance.model import Call, Event, ModuleRef, Observation, Scenario, Stage, StdinKind


def life(text: str) -> tuple[Event, ...]:
    events = []
    for word in text.split():
        ev, _, fn = word.partition(":")
        events.append(Event(ev, "m", "l", fields={"fn": fn} if fn else {}))
    return tuple(events)


GOOD = Observation(Stage.DONE, "OK", results=("i32=7",), exit_code=0, events=life("create call:f return:f destroy"))
FAILED = Observation(Stage.LINK, "NOT_FOUND", "no module `x`", exit_code=1)
CRASHED = Observation(Stage.CALL, "?", signal="SIGSEGV")
EXITED = Observation(Stage.CALL, "?", exit_code=0)
HANGS = Observation(Stage.CALL, "?", timed_out=True)


class Runtime:
    """Gives one observation and remembers what it was asked."""

    name = "canned"
    capabilities: frozenset[str] = frozenset({"tricks"})

    def __init__(self, observation: Observation) -> None:
        self.observation = observation
        self.asked: list[tuple[Scenario, float, bool]] = []

    def observe(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Observation:
        self.asked.append((scenario, timeout, scratch.is_dir()))
        return self.observation

    def observe_each(self, scenario: Scenario, *, timeout: float, scratch: Path) -> list[Observation]:
        return [self.observe(scenario, timeout=timeout, scratch=scratch) for _ in scenario.calls]

    def reproduce(self, scenario: Scenario) -> str:
        return ""


def see(folder: Path, observation: Observation, *modules: str) -> Seen:
    return Case(Runtime(observation), folder, timeout=5).run(*modules, function="f")


Statement = Callable[[Seen], object]

HOLD: list[tuple[Observation, Statement]] = [
    (GOOD, lambda seen: seen.succeeds("i32=7")),
    (FAILED, lambda seen: seen.fails("NOT_FOUND", Stage.LINK, "module", "`x`")),
    (FAILED, lambda seen: seen.fails("NOT_FOUND", (Stage.INIT, Stage.LINK))),
    (FAILED, lambda seen: seen.refuses(Stage.LINK, "`x`")),
    (CRASHED, lambda seen: seen.dies("SIGSEGV", Stage.CALL)),
    (EXITED, lambda seen: seen.exits(0, Stage.CALL)),
    (HANGS, lambda seen: seen.hangs(Stage.CALL)),
    (GOOD, lambda seen: seen.ordered("m.create", "m.call(f)", "m.destroy")),
    (GOOD, lambda seen: seen.happened("m.call")),
    (GOOD, lambda seen: seen.never("m.free")),
    (GOOD, lambda seen: seen.balanced()),
    (GOOD, lambda seen: seen.that(True, "", "")),
]

BREAK: list[tuple[Observation, Statement]] = [
    (GOOD, lambda seen: seen.succeeds()),
    (GOOD, lambda seen: seen.succeeds("i32=8")),
    (GOOD, lambda seen: seen.succeeds("i32=7", "i32=7")),
    (replace(GOOD, events=life("create call:f return:f")), lambda seen: seen.succeeds("i32=7")),
    (FAILED, lambda seen: seen.succeeds()),
    (CRASHED, lambda seen: seen.succeeds()),
    (HANGS, lambda seen: seen.succeeds()),
    (EXITED, lambda seen: seen.succeeds()),
    (GOOD, lambda seen: seen.fails("OK", Stage.CALL)),
    (FAILED, lambda seen: seen.fails("INTERNAL", Stage.LINK)),
    (FAILED, lambda seen: seen.fails("NOT_FOUND", Stage.CALL)),
    (FAILED, lambda seen: seen.fails("NOT_FOUND", Stage.LINK, "`y`")),
    (replace(FAILED, timed_out=True), lambda seen: seen.fails("NOT_FOUND", Stage.LINK)),
    (replace(FAILED, signal="SIGABRT"), lambda seen: seen.fails("NOT_FOUND", Stage.LINK)),
    (GOOD, lambda seen: seen.refuses(Stage.DONE)),
    (EXITED, lambda seen: seen.refuses(Stage.CALL)),
    (CRASHED, lambda seen: seen.refuses(Stage.CALL)),
    (FAILED, lambda seen: seen.refuses(Stage.LINK, "`y`")),
    (CRASHED, lambda seen: seen.dies("SIGABRT", Stage.CALL)),
    (CRASHED, lambda seen: seen.dies("SIGSEGV", Stage.INIT)),
    (GOOD, lambda seen: seen.exits(0, Stage.DONE)),
    (EXITED, lambda seen: seen.exits(1, Stage.CALL)),
    (EXITED, lambda seen: seen.exits(0, Stage.INIT)),
    (EXITED, lambda seen: seen.hangs(Stage.CALL)),
    (HANGS, lambda seen: seen.hangs(Stage.INIT)),
    (GOOD, lambda seen: seen.ordered("m.destroy", "m.create")),
    (GOOD, lambda seen: seen.ordered("m.create", "m.free")),
    (GOOD, lambda seen: seen.happened("m.call", times=2)),
    (GOOD, lambda seen: seen.happened("m.free")),
    (GOOD, lambda seen: seen.never("m.call")),
    (FAILED, lambda seen: seen.never("m.call")),
    (replace(GOOD, events=life("create")), lambda seen: seen.balanced()),
    (GOOD, lambda seen: seen.that(False, "", "")),
]


@pytest.mark.parametrize(("observation", "statement"), HOLD)
def test_what_holds(tmp_path: Path, observation: Observation, statement: Statement) -> None:
    seen = see(tmp_path, observation)
    statement(seen)
    assert seen.case.asserted > 0


@pytest.mark.parametrize(("observation", "statement"), BREAK)
def test_what_breaks(tmp_path: Path, observation: Observation, statement: Statement) -> None:
    with pytest.raises(Violation):
        statement(see(tmp_path, observation))


def test_success_without_the_creation_of_a_native_module_is_none(tmp_path: Path) -> None:
    answer = replace(GOOD, events=())
    see(tmp_path, answer, "app.vmfb").succeeds("i32=7")
    with pytest.raises(Violation, match="1 x create"):
        see(tmp_path / "again", answer, "missing.so").succeeds("i32=7")


def test_what_a_runtime_is_asked(tmp_path: Path) -> None:
    runtime = Runtime(GOOD)
    case = Case(runtime, tmp_path, timeout=5)
    case.run("l.so?k=v", tmp_path / "a?b.so", ModuleRef("-"), inputs=(1, 2.5), stdin=StdinKind.NULL)
    case.run(timeout=0.5)
    (scenario, limit, has_folder), (_, other_limit, _) = runtime.asked
    assert [str(module) for module in scenario.modules] == ["l.so?k=v", f"{tmp_path}/a?b.so", "-"]
    assert scenario.modules[0].params and not scenario.modules[1].params
    assert scenario.calls[0].inputs == ("1", "2.5")
    assert (limit, other_limit, has_folder, len(case.runs)) == (5, 0.5, True, 2)


def test_each_call_has_a_run_of_its_own(tmp_path: Path) -> None:
    case = Case(Runtime(GOOD), tmp_path, timeout=5)
    calls = [Call("f"), Call("g", ("1",))]
    for call, seen in case.each("app.vmfb", calls=calls):
        seen.succeeds("i32=7")
        assert seen.scenario.calls == (call,) == case.runs[-1][0].calls
    assert [scenario.calls for scenario, _ in case.runs] == [(call,) for call in calls]


def test_a_hang_that_came_too_early_is_given_more_time(tmp_path: Path) -> None:
    early, late = Runtime(HANGS), Runtime(replace(HANGS, events=life("create")))
    for runtime, runs in ((early, 2), (late, 1)):
        case = Case(runtime, tmp_path / str(runs), timeout=5)
        case.run_to_hang(reached="m.create")
        assert [limit for _, limit, _ in runtime.asked] == list(PATIENCE[:runs])


def test_needs(tmp_path: Path) -> None:
    case = Case(Runtime(GOOD), tmp_path, timeout=5)
    case.needs("tricks")
    with pytest.raises(Unsupported, match="canned has no wings"):
        case.needs("wings")
