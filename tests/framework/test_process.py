"""Whatever a process does to itself or to others is an outcome of one run."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from conformance.adapters import process
from conformance.model import ModuleRef, Scenario, StdinKind


def run(
    scratch: Path, program: str, stdin: StdinKind = StdinKind.NULL, path: Path | None = None, timeout: float = 30
) -> process.Ended:
    scenario = Scenario((ModuleRef("x"),), stdin=stdin, stdin_path=str(path) if path else None)
    return process.run(
        [sys.executable, "-c", program], scenario=scenario, timeout=timeout, scratch=scratch, trace=scratch / "trace"
    )


def test_exit_code_and_output(tmp_path: Path) -> None:
    seen = run(tmp_path, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (seen.exit_code, seen.signal, seen.timed_out) == (3, None, False)
    assert (seen.stdout, seen.stderr) == ("out\n", "err\n")


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_signal_is_named(tmp_path: Path, name: str) -> None:
    seen = run(tmp_path, f"import os, signal; os.kill(os.getpid(), signal.{name})")
    assert (seen.exit_code, seen.signal) == (None, name)


def test_closed_output_is_no_harm(tmp_path: Path) -> None:
    seen = run(tmp_path, "import os; os.close(1); os.close(2); os._exit(0)")
    assert (seen.exit_code, seen.stdout, seen.stderr) == (0, "", "")


def test_output_that_is_no_text(tmp_path: Path) -> None:
    assert run(tmp_path, r"import os; os.write(1, b'\xff\xfea')").stdout == "\ufffd\ufffda"


def test_a_hang_is_killed_with_everything_it_started(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program = (
        "import os, subprocess, time\n"
        f"child = subprocess.Popen(['sleep', '1000']); open({str(pid)!r}, 'w').write(str(child.pid))\n"
        "time.sleep(1000)"
    )
    seen = run(tmp_path, program, timeout=2)
    assert (seen.exit_code, seen.signal, seen.timed_out) == (None, None, True)
    assert not _alive(int(pid.read_text()))


def test_what_outlives_its_parent_is_killed_too(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    program = f"import subprocess; open({str(pid)!r}, 'w').write(str(subprocess.Popen(['sleep', '1000']).pid))"
    assert run(tmp_path, program).exit_code == 0
    assert not _alive(int(pid.read_text()))


def _alive(pid: int) -> bool:
    """A killed process may stay for a moment, as a zombie that nobody collects."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    return True


READ = "import sys; print(len(sys.stdin.buffer.read()) if sys.stdin else 'none')"


@pytest.mark.parametrize(
    ("kind", "seen"),
    [(StdinKind.NULL, "0"), (StdinKind.CLOSED, "none"), (StdinKind.PIPE, "300000"), (StdinKind.FILE, "300000")],
)
def test_standard_input(tmp_path: Path, kind: StdinKind, seen: str) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"x" * 300_000)
    assert run(tmp_path, READ, kind, data).stdout.strip() == seen


def test_held_standard_input_never_ends(tmp_path: Path) -> None:
    assert run(tmp_path, READ, StdinKind.HELD, timeout=1).timed_out


def test_a_pipe_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.write_bytes(b"x" * 1_000_000)
    assert run(tmp_path, "pass", StdinKind.PIPE, data).exit_code == 0


def test_a_pipe_needs_something_to_say(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="needs a stdin_path"):
        run(tmp_path, "pass", StdinKind.PIPE)


def test_the_trace_is_named_in_the_environment(tmp_path: Path) -> None:
    seen = run(tmp_path, "import os; print(os.environ['VM_CONFORMANCE_TRACE'])")
    assert seen.stdout.strip() == str(tmp_path / "trace")
