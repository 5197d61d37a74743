"""Where the fixtures are, and the released runtime's tools."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
PREBUILT = sorted(FIXTURES.glob("*/prebuilt/17/*.vmfb"))
_ERROR = re.compile(r"^(?:\S+: )?([A-Z_]*);", re.MULTILINE)
LIMITED = ["prlimit", f"--as={8 << 30}", "--core=0"] if sys.platform == "linux" else []


@dataclass(frozen=True)
class Ran:
    """What one run of a tool showed."""

    exit: int
    results: list[str]
    status: str | None
    stderr: str


@dataclass(frozen=True)
class Wheel:
    """The tools of the installed `iree-base-runtime`."""

    folder: Path

    def run(
        self, modules: Sequence[Path | str], function: str = "", inputs: Sequence[str] = (), timeout: float = 20
    ) -> Ran:
        """One run of `iree-run-module`, with limited memory: some malformed inputs make it ask for tens of GiB."""
        command = [str(self.folder / "iree-run-module"), *(f"--module={path}" for path in modules)]
        command += [f"--function={function}"] if function else []
        command += [f"--input={value}" for value in inputs]
        done = subprocess.run(
            LIMITED + command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )
        error = _ERROR.search(done.stderr)
        results = re.findall(r"^result\[\d+\]: (.*)$", done.stdout, re.MULTILINE)
        return Ran(done.returncode, results, error[1] if error else None, done.stderr)

    def disassembly(self, path: Path) -> str:
        command = [str(self.folder / "iree-dump-module"), "--output=disassembly", str(path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


@pytest.fixture(scope="session")
def wheel() -> Wheel:
    package = find_spec("iree.runtime")
    if package is None or package.origin is None:
        pytest.fail("the released runtime is not installed: pip install .[iree]")
    return Wheel(Path(package.origin).parents[1] / "_runtime_libs")
