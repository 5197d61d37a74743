"""Collects check-style files as pytest items: a test a function, in each lane."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from conformance import fixtures, items
from conformance.adapters.protocol import Unsupported
from conformance.checks import compiler, convention, finding
from conformance.checks.convention import CheckFile, CheckFunction
from conformance.lanes import Lane, LaneSpec
from conformance.model import Call, ModuleRef, Observation, Outcome, Scenario
from conformance.vmfb import VmfbError

SUFFIXES = (".mlir", ".vmfb")
NO_CHECK_MODULE = "none"
_INI_FLAGS = "check_compile_flags"


class CheckFailure(Exception):
    """A check function that did not do what it has to; the text is for people."""


class CheckModuleFile(pytest.File):
    """One file that follows the convention."""

    def collect(self) -> Iterable[pytest.Item]:
        content = _read(self.path)
        if not content.functions and _is_named(self.config, self.path):
            raise self.CollectError(f"{self.path}: no tests: it uses no `check`, or exports no function `@name()`")
        for function, lane in product(content.functions, items.subjects(self.config, devices=True)):
            name = f"{function.name}[{lane}]"
            item = CheckItem.from_parent(self, name=name, function=function, content=content, lane=lane)
            if function.disabled:
                item.add_marker(pytest.mark.skip(reason=f"disabled by its name: {function.name}"))
            yield item


class CheckItem(pytest.Item):
    """One function of a check module on one runtime and backend, in a process and a context of its own."""

    def __init__(self, *, function: CheckFunction, content: CheckFile, lane: LaneSpec, **others: Any) -> None:
        super().__init__(**others)
        self.function, self.content, self.lane = function, content, lane
        self.user_properties += [("runtime", str(lane.runtime)), ("backend", lane.backend)]

    def runtest(self) -> None:
        lane = _lane(self.lane)
        scenario = lane.on(self._scenario())
        timeout = self.config.getoption("--conformance-timeout")
        with tempfile.TemporaryDirectory(prefix="check-") as scratch:
            seen = lane.runtime.observe(scenario, timeout=timeout, scratch=Path(scratch))
        found = finding.findings(seen)
        result = finding.outcome(seen, found, must_fail=self.function.fails)
        self.user_properties += [("outcome", str(result)), ("assertions", len(found))]
        if result is not Outcome.PASS:
            raise CheckFailure(self._explained(result, seen, found, lane.runtime.reproduce(scenario)))

    def _scenario(self) -> Scenario:
        modules = [*_check_module(self.config), *map(ModuleRef.parse, user_modules(self.config))]
        program = ModuleRef(os.fspath(self._program()))
        return Scenario(modules=(*modules, program), calls=(Call(self.function.name),))

    def _program(self) -> Path:
        return self.path if self.path.suffix == ".vmfb" else compiler.compiled(self.path, self._flags())

    def _flags(self) -> list[str]:
        from_ini = shlex.split(str(self.config.getini(_INI_FLAGS)))
        return [*compiler.flags_for(self.lane.backend), *from_ini, *self.content.flags]

    # ---- What went wrong -----------------------------------------------------------------------------------------

    def _explained(self, result: Outcome, seen: Observation, found: Sequence[finding.Finding], reproduce: str) -> str:
        lines = [f"{self._what(result, seen, found)} ({self.lane.runtime}, {self.lane.backend})"]
        if not seen.done:
            lines.append(f"{seen.summary()}: {seen.message}".rstrip(": "))
        for place, failed in self._failures(found) if not self.function.fails else ():
            lines += [f"{place}: check.{failed.kind} failed", *(f"  {line}" for line in failed.lines())]
        return "\n".join([*lines, "reproduce with:", f"  {reproduce}"])

    def _what(self, result: Outcome, seen: Observation, found: Sequence[finding.Finding]) -> str:
        name = self.function.name
        if result is Outcome.INCONCLUSIVE:
            return f"{name}: inconclusive: no assertion was made; {_why_no_assertion(self.config)}"
        if result in (Outcome.CRASH, Outcome.TIMEOUT):
            return f"{name}: {seen.ending}"
        if self.function.fails:
            return f"{name}: has to fail, but all its {len(found)} assertions hold"
        failed = sum(not one.holds for one in found)
        return f"{name}: {failed} of {len(found)} assertions failed" if failed else f"{name}: the run failed"

    def _failures(self, found: Sequence[finding.Finding]) -> Iterable[tuple[str, finding.Finding]]:
        """The failed assertions with their places in the source, as far as they are known."""
        if all(one.holds for one in found):
            return
        places = self._places(found)
        for place, one in zip(places, found, strict=True):
            if not one.holds:
                yield place, one

    def _places(self, found: Sequence[finding.Finding]) -> list[str]:
        sites = []
        if self.path.suffix == ".mlir":
            sites = compiler.sites(self.path, self._flags(), self.function.name)
        return finding.places([one.kind for one in found], sites, self._short(self.path), self._short)

    def _short(self, path: os.PathLike[str] | str) -> str:
        return os.path.relpath(path, self.config.rootpath)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, (CheckFailure, compiler.CompileError, fixtures.FixtureBuildError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, (self.function.line or 1) - 1, f"{self._short(self.path)}::{self.name}"


def collected(path: Path, parent: pytest.Collector) -> CheckModuleFile | None:
    """The collector of a file; None for one that has nothing to do with `check`, unless it was asked for by name."""
    if path.suffix not in SUFFIXES:
        return None
    if not _is_named(parent.config, path) and not _follows(path):
        return None
    return CheckModuleFile.from_parent(parent, path=path)


def _lane(spec: LaneSpec) -> Lane:
    """The lane; a test of one that may be absent is skipped with the reason."""
    try:
        return items.lane_of(spec)
    except Unsupported as error:
        pytest.skip(str(error))


def user_modules(config: pytest.Config) -> list[str]:
    """`--module=` of the command line without the standard input, which is the test module itself."""
    return [text for text in config.getoption("--module") if text != "-"]


def _follows(path: Path) -> bool:
    try:
        return bool(convention.read(path).functions)
    except (OSError, UnicodeDecodeError, VmfbError):
        return False  # somebody else's file


def _read(path: Path) -> CheckFile:
    try:
        return convention.read(path)
    except (OSError, UnicodeDecodeError, VmfbError) as error:
        raise pytest.Collector.CollectError(f"{path}: cannot be read as a check module: {error}") from None


def _is_named(config: pytest.Config, path: Path) -> bool:
    given = (config.invocation_params.dir / str(arg).split("::")[0] for arg in config.args)
    return any(candidate.resolve() == path.resolve() for candidate in given)


def _check_module(config: pytest.Config) -> list[ModuleRef]:
    chosen = config.getoption("--check-module")
    if chosen == NO_CHECK_MODULE:
        return []
    return [ModuleRef.parse(chosen)] if chosen else [ModuleRef.of(fixtures.native("check"), on_failure="continue")]


def _why_no_assertion(config: pytest.Config) -> str:
    if config.getoption("--check-module") == NO_CHECK_MODULE:
        return "the check module is absent (--check-module=none), so the program skips its assertions"
    return "the function reached none"
