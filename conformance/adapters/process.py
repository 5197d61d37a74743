"""Runs one command in a process group of its own: whatever it does is an outcome, never our end."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from conformance.model import Scenario, StdinKind

TRACE_VARIABLE = "VM_CONFORMANCE_TRACE"
_OUTPUT_LIMIT = 1 << 20


@dataclass(frozen=True)
class Ended:
    """How a process ended and what it said."""

    exit_code: int | None
    signal: str | None
    timed_out: bool
    stdout: str
    stderr: str


def run(
    command: Sequence[str],
    *,
    scenario: Scenario,
    timeout: float,
    scratch: Path,
    trace: Path,
) -> Ended:
    """Runs the command with the scenario's standard input; kills the whole group when time is up."""
    out, err = scratch / "stdout", scratch / "stderr"
    with _stdin(scenario) as stdin, out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*_without_stdin(scenario), *command],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            env={**os.environ, **dict(scenario.environment), TRACE_VARIABLE: str(trace)},
        )
        try:
            code = process.wait(timeout)
            timed_out = False
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            _kill_group(process)
    if timed_out:
        return Ended(None, None, True, _text(out), _text(err))
    name = signal.Signals(-code).name if code < 0 else None
    return Ended(None if name else code, name, False, _text(out), _text(err))


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Ends what the command may have left behind, then collects it."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _without_stdin(scenario: Scenario) -> list[str]:
    """A shell that closes standard input first; `subprocess` has no way to say it."""
    if scenario.stdin is not StdinKind.CLOSED:
        return []
    return ["/bin/sh", "-c", 'exec "$@" <&-', "sh"]


@contextmanager
def _stdin(scenario: Scenario) -> Iterator[int | IO[bytes]]:
    if scenario.stdin is StdinKind.FILE:
        with open(_stdin_path(scenario), "rb") as file:
            yield file
    elif scenario.stdin is StdinKind.PIPE:
        with _pipe_of(_stdin_path(scenario)) as pipe:
            yield pipe
    elif scenario.stdin is StdinKind.HELD:
        reading, writing = os.pipe()
        try:
            yield reading
        finally:
            os.close(reading)
            os.close(writing)
    else:
        yield subprocess.DEVNULL


def _stdin_path(scenario: Scenario) -> str:
    if scenario.stdin_path is None:
        raise ValueError(f"stdin={scenario.stdin} needs a stdin_path")
    return scenario.stdin_path


@contextmanager
def _pipe_of(path: str) -> Iterator[IO[bytes]]:
    """A real pipe, fed by `cat` so that no reader can hold us up."""
    cat = subprocess.Popen(["cat", "--", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert cat.stdout is not None
    try:
        yield cat.stdout
    finally:
        cat.stdout.close()
        cat.kill()
        cat.wait()


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_OUTPUT_LIMIT).decode(errors="replace")
