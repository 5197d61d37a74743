"""The shipped suite as a whole: it collects everywhere, and covers what it promises."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from running import FAKES, PACKAGE, environment, run

from conformance import contract, expectations

AREAS = {
    "loading",
    "linkage",
    "parameters",
    "stdin",
    "calls",
    "teardown",
    "errors",
    "hostile",
    "opcodes",
    "programs",
    "malformed",
    "hal_programs",
    "hal_calls",
    "hal_parity",
    "devices",
    "device_teardown",
}


def collected(folder: Path, *arguments: str) -> list[str]:
    output = run(folder, "--collect-only", *arguments).output
    return [line for line in output.splitlines() if "::test_" in line]


def test_every_area_has_clauses_and_cases(tmp_path: Path) -> None:
    cases = Counter(
        Path(line.split("::")[0]).stem.removeprefix("test_")
        for line in collected(tmp_path, f"--runtime=tools:{FAKES}/dies", str(PACKAGE))
    )
    assert set(cases) == AREAS == {clause.area for clause in contract.load().values()}
    assert min(cases.values()) >= 20


def test_the_package_collects_from_anywhere(tmp_path: Path) -> None:
    fake = f"--runtime=tools:{FAKES}/dies"
    assert len(collected(tmp_path, "--pyargs", "conformance", fake)) > 100


def test_shipped_expectations_load_and_name_known_clauses() -> None:
    register = contract.load()
    files = sorted(expectations.HERE.glob("*.toml"))
    assert files
    for path in files:
        for entry in expectations.load(path).values():
            assert entry.clause in register, entry.id


def test_the_plugin_brings_little_along() -> None:
    """It comes with every pytest run on a machine that has the package installed."""
    program = (
        "import sys; import pytest; before = set(sys.modules); import conformance.plugin\n"
        "print(len(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert int(done.stdout) < 60, done
