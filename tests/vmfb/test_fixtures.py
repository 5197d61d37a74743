"""The kept fixtures belong together: sources, compiled modules, expectations and manifest, without any compiler."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from .conftest import FIXTURES

MANIFEST = json.loads((FIXTURES / "manifest.json").read_text())
ENTRIES: list[dict[str, str]] = list(MANIFEST["modules"].values())


def load(name: str) -> ModuleType:
    """A program of the fixtures folder, which is no package."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, FIXTURES / f"{name}.py")
        assert spec and spec.loader
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


recorded = load("recorded")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["module"])
def test_module_is_the_one_in_the_manifest(entry: dict[str, str]) -> None:
    assert digest((FIXTURES / entry["module"]).read_bytes()) == entry["module_sha256"]


PREBUILT = sorted(FIXTURES.glob("**/prebuilt/17/**/*.vmfb"))
# What a program prints, or a `.calls` file is translated to, is not the file itself.
WRITTEN = [entry for entry in ENTRIES if not entry["source"].endswith((".py", ".calls"))]


@pytest.mark.parametrize("entry", WRITTEN, ids=lambda entry: entry["module"])
def test_source_is_the_one_in_the_manifest(entry: dict[str, str]) -> None:
    assert digest((FIXTURES / entry["source"]).read_bytes()) == entry["source_sha256"]


def test_nothing_is_kept_without_a_source() -> None:
    listed = {FIXTURES / entry["module"] for entry in ENTRIES}
    assert set(PREBUILT) == listed
    for path in FIXTURES.glob("**/*.expected.json"):
        assert path.parent / json.loads(path.read_text())["source"] in {FIXTURES / e["source"] for e in ENTRIES}


def test_no_module_names_the_machine_it_was_made_on() -> None:
    for path in PREBUILT:
        assert b"/tmp" not in path.read_bytes()
        assert b"/home" not in path.read_bytes()


HEADER = """\
// Load: first native:second@?a=1
// CALL @div(1, 0) -> !SIGNAL 8
// CONTRACT @div(1, 0) -> !INVALID_ARGUMENT | H1
// CALL @wait(2) -> !HANG
// RESUMED @wait(2) -> i32=2, i64=3, 1
// CALL @fails() -> !DATA_LOSS "said here"
// CALL @worded(-1) -> !NOT_FOUND "only the wheel says this"
// CALL @log_f32(-1082130432) -> i32=-4194304
// CALL @abs_f32(-4194304) -> i32=2143289344
vm.fail %c, "said here"
"""


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("div", {"contract": {"status": "INVALID_ARGUMENT"}, "wheel": {"signal": 8}, "hazard": "H1"}),
        (
            "wait",
            {"contract": {"results": ["i32=2", "i64=3"], "resumes": 1}, "wheel": {"hang": True}, "hazard": "H2"},
        ),
        ("fails", {"contract": {"status": "DATA_LOSS", "message": "said here"}}),
        (
            "worded",
            {
                "contract": {"status": "NOT_FOUND"},
                "wheel": {"status": "NOT_FOUND", "message": "only the wheel says this"},
            },
        ),
        ("log_f32", {"contract": {"results": ["i32=-4194304"]}, "nan_sign": "free"}),
        ("abs_f32", {"contract": {"results": ["i32=2143289344"]}}),
    ],
)
def test_header_is_read(name: str, row: dict[str, Any]) -> None:
    found = recorded.parse(HEADER)
    assert found.load == ["first", "native:second@?a=1"]
    rows = {call.function: call.as_json() for call in found.calls}
    assert {key: value for key, value in rows[name].items() if key not in ("function", "inputs")} == row
