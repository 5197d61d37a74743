"""Every malformed module given to vm-run-module: the status owed for it; never a crash, a hang or a wrong result."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.vmfb.malformed import CASES, Case

from .conftest import Ran, Tool

TIME_LIMIT = 5
HANG_AFTER = 30
_SANITIZER = re.compile(r"Sanitizer|: runtime error:")
_NAMELESS = re.compile(r"^(?:\S+:\d+: )?(?:code \d+)?;", re.MULTILINE)


def status(ran: Ran) -> str:
    """The status that a run ended with; `nameless` for the codes that have no name."""
    if ran.exit == 0:
        return "OK"
    return ran.code or ("nameless" if _NAMELESS.search(ran.stderr) else "none")


def owed(case: Case) -> set[str]:
    return {"nameless" if text.isdecimal() else text for text in case.statuses}


def write(case: Case, folder: Path) -> list[str]:
    """The case's files; their `--module=` flags."""
    flags = []
    for number, data in enumerate(case.build()):
        path = folder / f"{number}.vmfb"
        path.write_bytes(data)
        flags.append(f"--module={path}")
    return flags


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_status_that_is_owed(own: Tool, tmp_path: Path, case: Case) -> None:
    inputs = [f"--input={text}" for text in case.inputs]
    ran = own.run(
        *write(case, tmp_path),
        f"--function={case.function}",
        *inputs,
        f"--time_limit={TIME_LIMIT}",
        timeout=HANG_AFTER,
    )
    assert ran.exit >= 0, f"killed by signal {-ran.exit}\n{ran.stderr}"
    assert not _SANITIZER.search(ran.stderr), ran.stderr
    assert status(ran) in owed(case), f"owed {', '.join(case.statuses)}\n{ran.stderr}"
    if status(ran) == "OK" and case.results is not None:
        assert tuple(re.findall(r"^result\[\d+\]: (.*)$", ran.stdout, re.MULTILINE)) == case.results
