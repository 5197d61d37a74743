"""The malformed inputs: that the released runtime does with each of them what the table says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from conformance.vmfb.malformed import CASES, Case, emit

from .conftest import Ran, Wheel

HANG_AFTER = 4
STAGES = {"verify", "link", "init", "call", "done"}
STATUSES = {
    "OK",
    "CANCELLED",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "DEFERRED",
    "19",
    "31",
}


def write_case(case: Case, folder: Path) -> list[Path]:
    paths = []
    for n, data in enumerate(case.build()):
        paths.append(folder / f"{n}.vmfb")
        paths[-1].write_bytes(data)
    return paths


def outcome(ran: Ran) -> str:
    if ran.exit < 0:
        return f"signal {-ran.exit}"
    if ran.exit == 0:
        return "OK"
    return ran.status if ran.status and ran.status != "OK" else "exit 1"


@pytest.mark.parametrize("case", [case for case in CASES if not case.costly], ids=lambda case: case.id)
def test_on_the_released_runtime(wheel: Wheel, tmp_path: Path, case: Case) -> None:
    try:
        ran = wheel.run(write_case(case, tmp_path), case.function, case.inputs, timeout=HANG_AFTER)
    except subprocess.TimeoutExpired:
        assert case.wheel == "hang"
        return
    assert outcome(ran) in case.wheel.split("|"), ran.stderr
    if outcome(ran) == "OK" and case.results is not None:
        assert tuple(ran.results) == case.results


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case_is_well_formed(case: Case) -> None:
    assert case.stage in STAGES
    assert set(case.statuses) <= STATUSES
    assert ("OK" in case.statuses) or case.stage != "done"
    differs = case.statuses[0] not in case.wheel.split("|") and case.wheel != "exit 1"
    assert not differs or case.hazard or case.id == "values/branch-to-itself"
    assert [bytes(data) for data in case.build()] == case.build(), "building twice gives the same bytes"


def test_ids_are_unique() -> None:
    assert len({case.id for case in CASES}) == len(CASES)


def test_emit_writes_what_expected_json_lists(tmp_path: Path) -> None:
    count = emit(tmp_path)
    rows = json.loads((tmp_path / "expected.json").read_text())
    assert count == len(rows) == len(CASES)
    listed = {name for row in rows for name in row["files"]}
    assert listed == {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.vmfb")}
