"""The linkage cases and the recorded calls outside of `opcodes/`: the released runtime does what they say."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance import fixtures

from .conftest import FIXTURES, Wheel

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CASES = tomllib.loads((FIXTURES / "linkage" / "cases.toml").read_text())["case"]
RECORDED = [
    pytest.param(
        path.parent, expected["modules"], call, id=f"{path.parent.name}/{expected['modules'][-1]}.{call['function']}"
    )
    for path in sorted(FIXTURES.glob("*/*.expected.json"))
    if path.parent.name != "opcodes"
    for expected in [json.loads(path.read_text())]
    if not expected["needs"]
    for call in expected["calls"]
    if not call.get("wheel", {}).get("hang")
]


def module_reference(folder: Path, name: str) -> str:
    """What `--module=` takes for an entry of `modules`: a compiled file, or a library with export and parameters."""
    if not name.startswith("native:"):
        return str(folder / "prebuilt/17" / f"{name}.vmfb")
    library, mark, rest = name.removeprefix("native:").partition("@")
    return f"{fixtures.native(library)}{mark}{rest}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_linkage_case(wheel: Wheel, case: dict[str, Any]) -> None:
    modules = [module_reference(FIXTURES / "linkage", name) for name in case["modules"]]
    ran = wheel.run(modules, case.get("function", ""), case.get("inputs", []))
    assert ran.status == case.get("status"), ran.stderr
    assert ran.results == case.get("results", [])
    assert case.get("message", "") in ran.stderr


@pytest.mark.parametrize(("folder", "names", "call"), RECORDED)
def test_recorded_call(wheel: Wheel, folder: Path, names: list[str], call: dict[str, Any]) -> None:
    ran = wheel.run([module_reference(folder, name) for name in names], call["function"], call["inputs"])
    outcome = call.get("wheel", call["contract"])
    assert ran.status == outcome.get("status"), ran.stderr
    assert ran.results == outcome.get("results", [])
    assert outcome.get("message", "") in ran.stderr
