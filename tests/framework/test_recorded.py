"""The cases made from records leave nothing out, and see what differs from the record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from running import PACKAGE, mutant, run
from test_case import Runtime

from conformance.adapters import tools
from conformance.adapters.protocol import Unavailable
from conformance.case import Case, Violation
from conformance.model import Call, Observation, Stage
from conformance.suite import recorded, test_malformed, test_opcodes, test_programs
from conformance.suite.recorded import Recorded
from conformance.vmfb.malformed import CASES


def parameters(module: ModuleType, *names: str) -> list[Any]:
    """What the cases of a file are parametrized with."""
    marks = [mark for name, test in vars(module).items() if name.startswith("test_") for mark in test.pytestmark]
    return [value for mark in marks if mark.name == "parametrize" and mark.args[0] in names for value in mark.args[1]]


def calls_in(module: ModuleType) -> list[str]:
    grouped = [call for calls in parameters(module, "calls") for call in calls]
    return sorted(f"{call.program}.{call}" for call in [*grouped, *parameters(module, "call")])


def test_every_recorded_call_is_made_once() -> None:
    opcodes = calls_in(test_opcodes)
    assert len(opcodes) == 1258
    assert opcodes == sorted(f"{call.program}.{call}" for call in recorded.calls_of("opcodes"))
    programs = [*recorded.calls_of("linkage"), *recorded.calls_of("compiled")]
    assert calls_in(test_programs) == sorted(f"{call.program}.{call}" for call in programs)


def test_every_malformed_input_has_one_case() -> None:
    listed = [input.id for input in parameters(test_malformed, "input")]
    assert len(listed) == 501
    assert sorted(listed) == sorted(input.id for input in CASES)


NAN = Recorded("p", (), (), Call("f", ("1",)), ("i32=2143289344",), None, "", "", True)
FAILS = Recorded("p", (), (), Call("f"), None, "DATA_LOSS", "gave up", "", False)
GAVE_UP = Observation(Stage.CALL, "DATA_LOSS", "gave up; invoking function", exit_code=1)


def gives(result: str) -> Observation:
    return Observation(Stage.DONE, "OK", results=(result,), exit_code=0)


def owes(folder: Path, observation: Observation, call: Recorded) -> None:
    recorded.owes(Case(Runtime(observation), folder, timeout=5).run(function="f"), call)


@pytest.mark.parametrize(
    ("observation", "call"),
    [
        (gives("i32=2143289344"), NAN),
        (gives("i32=-4194304"), NAN),
        (gives("i32=2143289344"), replace(NAN, nan_sign_is_free=False)),
        (GAVE_UP, FAILS),
    ],
)
def test_what_agrees_with_the_record(observation: Observation, call: Recorded, tmp_path: Path) -> None:
    owes(tmp_path, observation, call)


@pytest.mark.parametrize(
    ("observation", "call"),
    [
        (gives("i32=2143289345"), NAN),
        (gives("i32=-4194304"), replace(NAN, nan_sign_is_free=False)),
        (GAVE_UP, NAN),
        (gives("i32=0"), FAILS),
        (replace(GAVE_UP, status="INTERNAL"), FAILS),
        (replace(GAVE_UP, stage=Stage.LINK), FAILS),
        (replace(GAVE_UP, message="no idea"), FAILS),
        (replace(GAVE_UP, signal="SIGSEGV"), FAILS),
    ],
)
def test_what_differs_from_the_record(observation: Observation, call: Recorded, tmp_path: Path) -> None:
    with pytest.raises(Violation, match=r"f\(1?\)"):
        owes(tmp_path, observation, call)


CAUGHT = {
    "negates_results": ["add_i32]", "linked[collatz", "arguments-20-for-2"],
    "reports_other_codes": ["call_absent", "wrong-order"],
    "hides_errors": ["cast_bad", "wrong-order", "branch-past-end"],
}


@pytest.mark.parametrize("defect", CAUGHT)
def test_a_planted_defect_is_caught(defect: str, tmp_path: Path) -> None:
    try:
        spec = mutant(tmp_path, defect, tools.installed())
    except Unavailable as error:
        pytest.skip(str(error))
    files = [str(PACKAGE / "suite" / f"test_{area}.py") for area in ("opcodes", "programs", "malformed")]
    done = run(tmp_path, f"--runtime={spec}", "--tb=no", "-k", " or ".join(CAUGHT[defect]), *files)
    assert {verdict["outcome"] for verdict in done.verdicts} == {"fail"}, done.output
