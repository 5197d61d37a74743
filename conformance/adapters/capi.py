"""Runs scenarios in a worker process, through our Python API over the C API of a shared library."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from conformance import trace
from conformance.adapters import process, stages
from conformance.adapters.protocol import Unavailable, Unsupported
from conformance.adapters.worker_devices import FLAGS
from conformance.model import Event, Observation, Scenario, Stage, dumps

CALL = "call"  # the key of a journal entry that begins a call in a context of its own
# The worker is of this package, not of one that lies in the current folder.
_PACKAGE = str(Path(__file__).parents[2])
_RUN = "runpy.run_module('conformance.adapters.worker', run_name='__main__')"
WORKER = (sys.executable, "-c", f"import runpy, sys; sys.path[0] = {_PACKAGE!r}; {_RUN}")
_CAME_BACK = process.Ended(0, None, False, "", "")


class LibraryAdapter:
    """The embedded runtime, or any shared library that exports the same C API."""

    def __init__(self, name: str, library: str | None) -> None:
        self.name = name
        self.library = library
        ours = {"bounded-memory", "time-limit", "hal"} if name.partition(":")[0] == "own" else set()
        self.capabilities = frozenset({"several-calls", *ours})

    def observe(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Observation:
        command, ended, lines, events = self._work(scenario, timeout, scratch)
        return observation(command, ended, lines, events)

    def observe_each(self, scenario: Scenario, *, timeout: float, scratch: Path) -> Iterator[Observation]:
        """All in one worker. A call behind one that ended the worker is seen as that one was."""
        command, ended, lines, events = self._work(replace(scenario, fresh=True), timeout, scratch)
        parts = call_by_call(lines)
        for index in range(len(scenario.calls)):
            part = parts[min(index, len(parts) - 1)]
            last = index >= len(parts) - 1
            yield observation(command, ended if last else _CAME_BACK, part, events)

    def _work(
        self, scenario: Scenario, timeout: float, scratch: Path
    ) -> tuple[list[str], process.Ended, list[str], Path]:
        """The command that ran the scenario, how it ended, its journal, and where its trace is."""
        if scenario.flagfile is not None:
            raise Unsupported("the C API takes no flag file")
        unknown = [flag for flag in scenario.flags if flag.partition("=")[0] not in FLAGS]
        if unknown:
            raise Unsupported(f"the C API has nothing that {', '.join(unknown)} means")
        written, journal, events = (scratch / name for name in ("scenario.json", "journal", "trace.jsonl"))
        written.write_text(dumps(scenario.to_json()))
        command = [*WORKER, str(written), str(journal)]
        command += [self.library] if self.library else []
        ended = process.run(command, scenario=scenario, timeout=timeout, scratch=scratch, trace=events)
        lines = journal.read_text().splitlines() if journal.exists() else []
        return command, ended, lines, events

    def reproduce(self, scenario: Scenario) -> str:
        text = dumps(scenario.to_json())
        library = ["/dev/stderr", self.library] if self.library else []
        return scenario.fed(shlex.join(["python", "-m", "conformance.adapters.worker", text, *library]))


def opened(name: str, library: str | None) -> LibraryAdapter:
    """The adapter for a library that a worker was able to open once; Unavailable with the reason otherwise."""
    if library and not Path(library).is_file():
        raise Unavailable(f"no library {library}")
    command = [*WORKER, dumps(Scenario(()).to_json()), os.devnull]
    command += [library] if library else []
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"a worker ends with {done.returncode}"]
        raise Unavailable(last[0])
    return LibraryAdapter(name, library)


def call_by_call(lines: Sequence[str]) -> list[list[str]]:
    """The journal of several calls as each would have left it alone: what came before them all, then its own part."""
    starts = [index for index, line in enumerate(lines) if CALL in json.loads(line)]
    head = list(lines[: starts[0]]) if starts else list(lines)
    parts = [[*head, *lines[start:end]] for start, end in pairwise([*starts, len(lines)])]
    return [[*part, dumps({"end": True})] for part in parts[:-1]] + parts[-1:] or [head]


def observation(command: Sequence[str], ended: process.Ended, lines: Sequence[str], events: Path) -> Observation:
    """What the worker's journal, exit and trace say about the run."""
    entries = [json.loads(line) for line in lines]
    outcome: dict[str, Any] = {}
    for entry in entries:
        outcome.update(entry)
    if "refused" in outcome:
        raise Unsupported(outcome["refused"])
    if not entries or "harness" in outcome:
        told = str(outcome.get("harness", ended.stderr)).strip()
        raise RuntimeError(f"the worker failed: {told.rpartition(chr(10))[2]}\n{told}")
    seen = trace.read(events)
    stage, status = _stage(outcome, ended, seen)
    return Observation(
        stage=stage,
        status=status,
        message=outcome.get("message", ended.stderr.strip() if status == "?" else ""),
        results=tuple(outcome.get("results", ())),
        events=seen,
        exit_code=ended.exit_code,
        signal=ended.signal,
        timed_out=ended.timed_out,
        stdout=ended.stdout,
        stderr=ended.stderr,
        command=tuple(command),
        journal=tuple(lines),
    )


def _stage(outcome: dict[str, Any], ended: process.Ended, events: Sequence[Event]) -> tuple[Stage, str]:
    """A worker that wrote no end stopped inside the operation that it announced last."""
    if not outcome.get("end") or ended.exit_code is None:
        return stages.inside(Stage(outcome["stage"]), events), "?"
    if "code" in outcome:
        return Stage(outcome["failed"]), outcome["code"]
    return Stage.DONE, "OK"
