"""`--module=-`: the check module that comes through standard input."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest

_BYTECODE = b"PK"  # the archive that the compiler writes


def collect_from(config: pytest.Config) -> None:
    """Keeps the module in a file until the run ends, and has that collected: beside files that were named, or alone."""
    if config.getoption("--module").count("-") > 1:
        raise pytest.UsageError("--module=- can be given once: standard input holds one module")
    data = _read(config)
    folder = Path(tempfile.mkdtemp(prefix="check-stdin-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    path = folder / ("stdin.vmfb" if data.startswith(_BYTECODE) else "stdin.mlir")
    path.write_bytes(data)
    named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    config.args = [*named, str(path)]


def _read(config: pytest.Config) -> bytes:
    """Everything on the real standard input, which pytest has replaced by now."""
    capture = config.pluginmanager.getplugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    try:
        if sys.stdin is None or sys.stdin.isatty():
            raise pytest.UsageError(
                "--module=-: standard input is closed or a terminal; a module has to come through it"
            )
        data = sys.stdin.buffer.read()
    except (OSError, ValueError) as error:
        raise pytest.UsageError(f"--module=-: standard input cannot be read: {error}") from None
    finally:
        if capture is not None:
            capture.resume_global_capture()
    if not data:
        raise pytest.UsageError("--module=-: standard input is empty; a module has to come through it")
    return data
