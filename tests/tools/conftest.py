"""Runs our tools, and the wheel's with the same arguments, and says what was seen from outside."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from conformance import fixtures
from conformance.adapters import tools
from conformance.adapters.protocol import Unavailable

TOOLS_VARIABLE = "VM_CONFORMANCE_TOOLS"
DATA = Path(__file__).parent / "data"
_CODE = re.compile(r"^(?:\S+:\d+: )?([A-Z_]+)(?:;|$)", re.MULTILINE)


@dataclass(frozen=True)
class Ran:
    """One run of a tool."""

    exit: int
    stdout: str
    stderr: str
    events: tuple[str, ...]

    @property
    def code(self) -> str | None:
        """The name of the status that was reported."""
        text = self.stderr.replace("FLAGS ERROR:", "")
        found = _CODE.search(re.sub(r"\x1b\[[0-9;]*m", "", text).lstrip())
        return found[1] if found else None

    def outcome(self) -> tuple[int, str | None, str]:
        """What two tools have to agree on."""
        return self.exit, self.code, self.stdout


@dataclass(frozen=True)
class Tool:
    """An executable, run in a folder of its own."""

    path: Path
    folder: Path

    def run(
        self,
        *arguments: str,
        stdin: bytes | Path | None = None,
        stdout: int | IO[bytes] = subprocess.PIPE,
        timeout: float = 60,
    ) -> Ran:
        """Runs with `arguments`; `stdin` is a pipe with these bytes, a redirected file, or nothing."""
        trace = self.folder / "trace.jsonl"
        trace.unlink(missing_ok=True)
        command = [str(self.path), *arguments]
        environment = {**os.environ, "VM_CONFORMANCE_TRACE": str(trace)}
        with open(stdin if isinstance(stdin, Path) else os.devnull, "rb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if isinstance(stdin, bytes) else file,
                stdout=stdout,
                stderr=subprocess.PIPE,
                cwd=self.folder,
                env=environment,
            )
            with process:
                done = _communicate(process, stdin if isinstance(stdin, bytes) else None, timeout)
        return Ran(process.returncode, _text(done[0]), _text(done[1]), _events(trace))


def _communicate(
    process: subprocess.Popen[bytes], stdin: bytes | None, timeout: float
) -> tuple[bytes | None, bytes | None]:
    try:
        return process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="replace")


def _events(trace: Path) -> tuple[str, ...]:
    """`module.event`, or the event alone where no module has it, in order."""
    lines = trace.read_text().splitlines() if trace.exists() else []
    return tuple(_event(json.loads(line)) for line in lines)


def _event(event: dict[str, str]) -> str:
    ev = event["ev"]
    name = f"{event['mod']}.{ev}" if "mod" in event and ev != "create" else ev
    return f"{name}({event['fn']})" if ev == "call" else name


def _own_tool(name: str) -> Path:
    folders = [os.environ.get(TOOLS_VARIABLE), str(Path(sys.executable).parent)]
    for folder in filter(None, folders):
        if found := shutil.which(name, path=folder):
            return Path(found)
    pytest.skip(f"{name} is not installed; install the project or set {TOOLS_VARIABLE} to its build folder")


def _wheel_tool(folder: Path) -> Tool:
    folder.mkdir()
    try:
        return Tool(tools.installed(), folder)
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.fixture
def own(tmp_path: Path) -> Tool:
    """The tool under test."""
    return Tool(_own_tool("vm-run-module"), tmp_path)


@pytest.fixture
def wheel(tmp_path: Path) -> Tool:
    """The released tool."""
    return _wheel_tool(tmp_path / "wheel")


@pytest.fixture
def benchmark_tool(tmp_path: Path) -> Tool:
    """vm-benchmark-module."""
    return Tool(_own_tool("vm-benchmark-module"), tmp_path)


@pytest.fixture
def wheel_benchmark_tool(tmp_path: Path) -> Tool:
    """The released benchmark tool, which lies beside the released run tool."""
    run = _wheel_tool(tmp_path / "wheel")
    return Tool(run.path.with_name(run.path.name.replace("run", "benchmark")), run.folder)


@pytest.fixture
def check_tool(tmp_path: Path) -> Tool:
    """vm-check-module."""
    return Tool(_own_tool("vm-check-module"), tmp_path)


@pytest.fixture
def module() -> Callable[[str], str]:
    """The `--module=` flag of a file of data/, of `NAME.vmfb` of the suite, or a native `NAME@EXPORT?PARAMETERS`."""

    def flag(text: str) -> str:
        if (DATA / f"{text}.vmfb").exists():
            return f"--module={DATA / text}.vmfb"
        if text.endswith(".vmfb"):
            return f"--module={fixtures.bytecode(text.removesuffix('.vmfb'))}"
        name, mark, rest = text.partition("@")
        return f"--module={fixtures.native(name)}{mark}{rest}"

    return flag
