"""The notation of calls into the `hal` module, the comparison of tensors, and that what is kept is what is written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from conformance import fixtures
from conformance.model import Observation, Stage
from conformance.suite import hal

FOLDER = fixtures.bytecode_folder()


@pytest.fixture
def hal_calls(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(FOLDER))
    import hal_calls

    return hal_calls


GOOD = """
@call("HAL-devices", either(1, fails("NOT_FOUND", "two", "words")), vulkan=2)
def main():
    "What it is."
    return devices.count()
"""


def test_a_call_and_what_it_owes(hal_calls: ModuleType) -> None:
    (owed,) = hal_calls.parse(GOOD).owed
    assert (owed.function, owed.clause, owed.about) == ("main", "HAL-devices", "What it is.")
    assert owed.outcomes == {
        "all": [{"results": ["i32=1"]}, {"status": "NOT_FOUND", "mentions": ["two", "words"]}],
        "vulkan": [{"results": ["i32=2"]}],
    }


def test_numbers_take_the_type_that_is_wanted(hal_calls: ModuleType) -> None:
    text = "@call('X', 0)\ndef f():\n    return buffer.load(mapped(16), 4, 2)\n"
    mlir = hal_calls.mlir(hal_calls.parse(text))
    assert "vm.const.i64 4" in mlir
    assert "vm.const.i32 2" in mlir
    assert "vm.func private @mapped(%size : i64) -> !vm.ref<!hal.buffer>" in mlir
    assert "vm.import private @hal.fence.await" in mlir
    assert "attributes {vm.yield}" in mlir


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("@call('X', 0)\ndef f():\n    return nothing.known()\n", "no function nothing.known"),
        ("@call('X', 0)\ndef f():\n    return devices.get(0)\n", "is a device, wanted is a i32"),
        ("@call('X', 0)\ndef f():\n    return fence.await_(0, 0, d)\n", "expected a list"),
        (GOOD + GOOD, "is there twice"),
        ("import os\n", "expected a function, a constant or a text"),
        ("@call('X', 0)\ndef f():\n    while 1: pass\n", "not a statement that is known here"),
    ],
)
def test_what_has_no_meaning(hal_calls: ModuleType, text: str, problem: str) -> None:
    with pytest.raises(hal_calls.CallsError, match=problem):
        hal_calls.mlir(hal_calls.parse(text))


def test_kept_outcomes_are_those_of_the_calls(hal_calls: ModuleType) -> None:
    for path in sorted((FOLDER / "hal" / "calls").glob("*.calls")):
        kept = json.loads(path.with_suffix(".expected.json").read_text())
        program = hal_calls.parse(path.read_text(), path.name)
        assert kept["calls"] == [owed.as_json() for owed in program.owed], path


def test_every_function_of_hal_is_called(hal_calls: ModuleType) -> None:
    """Channels cannot be had, so what needs one is called with none."""
    text = "".join(path.read_text() for path in (FOLDER / "hal").glob("**/*.calls"))
    exempt = {"channel.split"}
    names = set(hal_calls.signatures()) - exempt
    escaped = {
        name.replace(".assert", ".assert_").replace(".await", ".await_").replace("r.import", "r.import_")
        for name in names
    }
    assert not [name for name in sorted(escaped) if f"{name}(" not in text]


def test_computed_programs_are_what_the_generator_writes() -> None:
    script = FOLDER / "hal" / "generate_programs.py"
    pytest.importorskip("numpy")
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_archives_are_what_the_script_writes(tmp_path: Path) -> None:
    folder = FOLDER / "hal" / "parameters"
    pytest.importorskip("numpy")
    copy = tmp_path / "write_archives.py"
    copy.write_text((folder / "write_archives.py").read_text())
    subprocess.run([sys.executable, copy], check=True)
    for path in sorted(tmp_path.glob("model.*")):
        assert path.read_bytes() == (folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("wanted", "got", "tolerance", "same"),
    [
        ("2xf32=1 2", "hal.buffer_view 2xf32=1 2", 0, True),
        ("2xf32=1 2", "2xf32=1 2.0001", 0, False),
        ("2xf32=1 2", "2xf32=1 2.0001", 1e-3, True),
        ("2xf32=1 2", "2xf32=1 2.1", 1e-3, False),
        ("2xf32=1 2", "2xf64=1 2", 1e-3, False),
        ("2x1xf32=[1][2]", "1x2xf32=[1 2]", 1e-3, False),
        ("2xf32=1 2", "2xf32=1", 1e-3, False),
        ("f32=NAN", "f32=NAN", 1e-3, True),
        ("f32=INF", "f32=-INF", 1e-3, False),
        ("f32=0", "f32=1e-7", 1e-3, True),
        ("i32=1", "i32=2", 0, False),
    ],
)
def test_tensors_that_agree(wanted: str, got: str, tolerance: float, same: bool) -> None:
    assert hal.agree([wanted], [got], tolerance) is same


def test_results_of_another_number_do_not_agree() -> None:
    assert not hal.agree(["i32=1"], [], 0)
    assert not hal.agree(["i32=1"], ["i32=1", "i32=1"], 0)


CALL = hal.OwedCall(
    "m",
    "f",
    ("any",),
    {"all": [{"results": ["i32=1"]}], "local": [{"status": "NOT_FOUND", "mentions": ["x"]}], "local-task": []},
)


def test_the_most_precise_device_counts() -> None:
    assert CALL.on("vulkan") == [{"results": ["i32=1"]}]
    assert CALL.on("local-sync")[0]["status"] == "NOT_FOUND"
    assert CALL.on("local-task") == []


@pytest.mark.parametrize(
    ("seen", "right"),
    [
        (Observation(Stage.CALL, "NOT_FOUND", "no x here"), True),
        (Observation(Stage.CALL, "NOT_FOUND", "nothing here"), False),
        (Observation(Stage.CALL, "INTERNAL", "no x here"), False),
        (Observation(Stage.LINK, "NOT_FOUND", "no x here"), False),
        (Observation(Stage.CALL, "NOT_FOUND", "no x here", signal="SIGSEGV"), False),
        (Observation(Stage.CALL, "NOT_FOUND", "no x here", timed_out=True), False),
        (Observation(Stage.DONE, results=("i32=1",)), False),
    ],
)
def test_an_outcome_is_the_owed_one_or_not(seen: Observation, right: bool) -> None:
    assert hal._is(seen, {"status": "NOT_FOUND", "mentions": ["x"]}) is right
