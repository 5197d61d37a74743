"""Runs scenarios with a module-running command line tool: the wheel's, ours, or any folder's."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from conformance import trace
from conformance.adapters import process
from conformance.adapters.protocol import Adapter, Unavailable, Unsupported
from conformance.adapters.stages import judge
from conformance.model import Event, Observation, Scenario

# The names of tools, and what those of that name can do besides.
TOOLS = {"iree-run-module": {"hal"}, "vm-run-module": {"hal", "bounded-memory", "time-limit", "any-order"}}
_RESULT = re.compile(r"^result\[(\d+)\]: ", re.M)


class ToolAdapter:
    """One executable that takes `--module=`, `--function=` and `--input=`."""

    def __init__(self, name: str, executable: Path) -> None:
        self.name = name
        self.executable = executable
        self.capabilities = frozenset({"command-line", *TOOLS[executable.name]})

    def observe(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Observation:
        if len(scenario.calls) > 1:
            raise Unsupported("a command line tool makes one call a run")
        if scenario.limit is not None and "time-limit" not in self.capabilities:
            raise Unsupported(f"{self.name} has no time-limit")
        command = [str(self.executable), *scenario.arguments()]
        events = scratch / "trace.jsonl"
        ended = process.run(command, scenario=scenario, timeout=timeout, scratch=scratch, trace=events)
        return observation(command, ended, trace.read(events))

    def observe_each(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Iterator[Observation]:
        for index, call in enumerate(scenario.calls):
            folder = scratch / f"call-{index}"
            folder.mkdir()
            yield self.observe(replace(scenario, calls=(call,)), timeout=timeout, scratch=folder)

    def reproduce(self, scenario: Scenario) -> str:
        return scenario.shell(str(self.executable))


def observation(command: Sequence[str], ended: process.Ended, events: tuple[Event, ...]) -> Observation:
    """What a tool's exit, output and trace say about its run."""
    judged = judge(ended, events)
    return Observation(
        stage=judged.stage,
        status=judged.status,
        message=judged.message,
        results=results(ended.stdout),
        events=events,
        exit_code=ended.exit_code,
        signal=ended.signal,
        timed_out=ended.timed_out,
        stdout=ended.stdout,
        stderr=ended.stderr,
        command=tuple(command),
    )


def results(stdout: str) -> tuple[str, ...]:
    """The printed results in order; a value of several lines is joined by blanks."""
    pieces = _RESULT.split(stdout)[1:]
    return tuple(" ".join(text.split()) for text in pieces[1::2])


def said(adapter: Adapter, *flags: str) -> str:
    """What the tool prints when asked for something besides running modules; nothing where there is no tool."""
    if not isinstance(adapter, ToolAdapter):
        return ""
    command = [str(adapter.executable), *flags]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def installed() -> Path:
    """The native tool inside the installed runtime wheel."""
    spec = importlib.util.find_spec("iree")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        tool = Path(folder) / "_runtime_libs" / "iree-run-module"
        if tool.is_file():
            return tool
    raise Unavailable("no iree-run-module: install the package iree-base-runtime")


def in_folder(folder: str) -> Path:
    """The first tool of a known name in a folder."""
    for name in TOOLS:
        tool = Path(folder) / name
        if tool.is_file() and os.access(tool, os.X_OK):
            return tool.absolute()
    raise Unavailable(f"no executable {' or '.join(TOOLS)} in {folder}")
