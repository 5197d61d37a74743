"""Finds the fixture modules: compiled bytecode, and native libraries built once per compiler, flags and sources."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

BYTECODE_VERSION = "17"
CACHE_VARIABLE = "VM_CONFORMANCE_CACHE"
_PACKAGE = Path(__file__).resolve().parent
_COMPILER_VARIABLES = ("CC", "CFLAGS", "LDFLAGS")


class FixtureBuildError(Exception):
    """The native fixtures could not be built; the text holds everything that the tools printed."""


class FixtureNotFoundError(LookupError):
    """There is no such fixture; the text lists those that exist."""


def native(name: str) -> Path:
    """The library of a native fixture, built when it has to be."""
    folder = build()
    path = folder / library_name(name)
    if not path.exists():
        raise FixtureNotFoundError(f"no native fixture {name!r} in {sources()}; there are: {', '.join(native_names())}")
    return path


def native_names() -> list[str]:
    """All native fixtures."""
    return sorted(path.stem for path in sources().glob("*.c"))


def bytecode(name: str) -> Path:
    """The compiled module of that name, such as `01_int32`, whatever chapter it is in."""
    compiled = {path.stem: path for path in bytecode_folder().glob(f"**/prebuilt/{BYTECODE_VERSION}/*.vmfb")}
    if name not in compiled:
        known = ", ".join(sorted(compiled)) or "none"
        where = f"{bytecode_folder()} for bytecode version {BYTECODE_VERSION}"
        raise FixtureNotFoundError(f"no compiled fixture {name!r} in {where}; there are: {known}")
    return compiled[name]


def sources() -> Path:
    """The C sources of the native fixtures."""
    return _data("native_fixtures")


def bytecode_folder() -> Path:
    """The chapters of bytecode fixtures."""
    return _data("fixtures")


def include() -> Path:
    """Where the kit for native modules, vmrt/module.h, is."""
    return _data("include", checkout="runtime/include")


def library_name(name: str) -> str:
    """How the build names the library of a fixture on this system."""
    return f"lib{name}.dll" if sys.platform == "win32" else f"lib{name}.so"


def cache() -> Path:
    """Where built fixtures are kept: $VM_CONFORMANCE_CACHE, else the user's cache folder."""
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "vm-conformance"


def build(source_folder: Path | None = None) -> Path:
    """The folder of built libraries, for the fixtures' sources or another folder like theirs.

    Any number of processes may ask at once: one builds aside and publishes with a rename, the others wait and find it.
    """
    folder = (source_folder or sources()).resolve()
    return _build(folder, cache().resolve(), tuple(os.environ.get(name, "") for name in _COMPILER_VARIABLES))


@functools.lru_cache(maxsize=8)
def _build(folder: Path, cache_folder: Path, environment: tuple[str, ...]) -> Path:
    published = cache_folder / "native" / _digest(folder, environment)
    if published.exists():
        return published
    published.parent.mkdir(parents=True, exist_ok=True)
    with _locked(published.with_suffix(".lock")):
        if not published.exists():
            with tempfile.TemporaryDirectory(prefix="building-", dir=published.parent) as aside:
                _compile(folder, Path(aside))
                (Path(aside) / "lib").rename(published)
    return published


def _digest(folder: Path, environment: tuple[str, ...]) -> str:
    """Changes with whatever could change the libraries."""
    digest = hashlib.sha256()
    for text in (sys.platform, *environment, _compiler_identity(environment[0])):
        digest.update(text.encode() + b"\0")
    headers = sorted((include() / "vmrt").glob("*.h"))
    own = [path for pattern in ("*.[ch]", "*.json", "CMakeLists.txt") for path in sorted(folder.glob(pattern))]
    for path in [*own, *headers]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


@functools.lru_cache(maxsize=8)
def _compiler_identity(chosen: str) -> str:
    """Path and version of the compiler; empty where it does not tell, CMake then finds one by itself."""
    command = shlex.split(chosen) if chosen else ["cc"]
    path = shutil.which(command[0]) if command else None
    if path is None:
        return ""
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return f"{os.path.realpath(path)} {version.stdout}"


def _compile(folder: Path, aside: Path) -> None:
    cmake = _tool("cmake")
    if cmake is None:
        raise FixtureBuildError(
            "building the native fixtures needs cmake: `pip install cmake`, or install it on the system"
        )
    configure = [cmake, "-S", str(folder), "-B", str(aside), f"-DVMRT_INCLUDE_DIR={include()}"]
    ninja = _tool("ninja")
    if ninja is not None:
        configure += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    _run(configure, f"configuring {folder}")
    _run([cmake, "--build", str(aside), "--parallel", str(_processors())], f"compiling {folder}")


def _run(command: list[str], what: str) -> None:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise FixtureBuildError(
            f"{what} failed with exit status {done.returncode}\n$ {shlex.join(command)}\n{done.stdout}"
        )


def _tool(name: str) -> str | None:
    """The executable of a PyPI package beside this interpreter, else the system's."""
    return shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _data(name: str, checkout: str | None = None) -> Path:
    """A folder of the source checkout, or its copy inside the installed package."""
    for path in (_PACKAGE.parent / (checkout or name), _PACKAGE / "_data" / name):
        if path.is_dir():
            return path
    raise FixtureNotFoundError(f"{name} is neither beside nor inside {_PACKAGE}: this installation is incomplete")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keeps other processes out; the system lets go of it when this one dies."""
    with open(path, "a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
