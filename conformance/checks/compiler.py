"""Compiles check-style sources for a backend with the installed compiler, once per source, flags and compiler."""

from __future__ import annotations

import functools
import hashlib
import re
import shlex
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

from conformance import fixtures

BACKEND_FLAGS = {
    "local": (
        "--iree-hal-target-device=local",
        "--iree-hal-local-target-device-backends=llvm-cpu",
        "--iree-llvmcpu-target-cpu=generic",
    ),
    "vulkan": ("--iree-hal-target-device=vulkan",),
    "cuda": ("--iree-hal-target-device=cuda",),
    "hip": ("--iree-hal-target-device=hip",),
}
_SITE = re.compile(r"vm\.call(?:\.variadic)? @check\.(?P<kind>expect_\w+).* loc\((?P<location>.*)\)\s*$")
_POSITION = re.compile(r'"(?P<file>[^"]*)":(?P<line>\d+):\d+')
_FUNCTION = re.compile(r"^\s*vm\.func (?:private |public )?@(?P<name>[\w.$-]+)\(", re.M)


class CompileError(Exception):
    """The compiler is missing or refused the source; the text holds all that it printed."""


def flags_for(backend: str) -> tuple[str, ...]:
    """What the compiler is told for a backend."""
    return BACKEND_FLAGS["local" if backend.startswith("local-") else backend]


def compiled(source: Path, flags: Sequence[str]) -> Path:
    """The bytecode module of a source, from the cache when nothing changed."""
    digest = hashlib.sha256(source.read_bytes())
    for text in (*flags, _identity()):
        digest.update(b"\0" + text.encode())
    target = fixtures.cache() / "checks" / f"{source.stem}-{digest.hexdigest()[:24]}.vmfb"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="compiling-", dir=target.parent) as aside:
            made = Path(aside) / target.name
            _run(source, [*flags, "-o", str(made)])
            made.replace(target)
    return target


def sites(source: Path, flags: Sequence[str], function: str) -> list[tuple[str, str]]:
    """The assertions of a compiled function in the order of its code: kind, and `FILE:LINE`."""
    with tempfile.TemporaryDirectory(prefix="sites-") as folder:
        listing = Path(folder) / "listing.mlir"
        _run(source, [*flags, "--compile-to=vm", "--mlir-print-debuginfo", "-o", str(listing)])
        return sites_of(listing.read_text(encoding="utf-8"), function)


def sites_of(listing: str, function: str) -> list[tuple[str, str]]:
    """As `sites`, from a listing of the VM dialect with locations."""
    begins = list(_FUNCTION.finditer(listing))
    for index, match in enumerate(begins):
        if match["name"] == function:
            end = begins[index + 1].start() if index + 1 < len(begins) else len(listing)
            return list(filter(None, map(_site, listing[match.start() : end].splitlines())))
    return []


def _site(line: str) -> tuple[str, str] | None:
    match = _SITE.search(line)
    position = _POSITION.search(match["location"]) if match else None
    return (match["kind"], f"{position['file']}:{position['line']}") if match and position else None


def _run(source: Path, arguments: Sequence[str]) -> None:
    command = [_compiler(), str(source), *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise CompileError(f"cannot compile {source}\n$ {shlex.join(command)}\n{done.stderr}{done.stdout}".rstrip())


def _compiler() -> str:
    name = "iree-compile"
    found = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if found is None:
        raise CompileError(f"no {name} to compile check modules with: install the package iree-base-compiler")
    return found


@functools.cache
def _identity() -> str:
    command = [_compiler(), "--version"]
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL).stdout
