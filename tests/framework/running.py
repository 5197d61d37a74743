"""Runs small suites, and the shipped one, with pytest in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import conformance

PACKAGE = Path(conformance.__file__).parent
FAKES = Path(__file__).parent / "fakes"


@dataclass(frozen=True)
class Run:
    """A finished pytest run: its exit status, its output and its results."""

    code: int
    output: str
    verdicts: list[dict[str, Any]]

    def outcomes(self) -> dict[str, str]:
        return {verdict["case"]: "expected" if verdict["expected"] else verdict["outcome"] for verdict in self.verdicts}


def environment() -> dict[str, str]:
    """Lets a child import the package that is tested here."""
    path = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "PYTHONPATH": path}


def run(folder: Path, *arguments: str) -> Run:
    """Runs pytest in `folder` with our plugin and reads the report it writes."""
    loaded = any(entry.name == "conformance" for entry in entry_points(group="pytest11"))
    report = folder / "report"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "-q"]
    command += [] if loaded else ["-p", "conformance.plugin"]
    command += [f"--rootdir={folder}", f"--report={report}", f"--basetemp={folder / 'tmp'}", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
    results = report / "results.jsonl"
    lines = results.read_text().splitlines() if results.exists() else []
    return Run(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in lines])


def run_suite(folder: Path, text: str, *arguments: str) -> Run:
    """Writes `test_small.py` and runs it."""
    (folder / "test_small.py").write_text("from conformance.case import clause\n" + text)
    return run(folder, *arguments, str(folder / "test_small.py"))


def mutant(folder: Path, defect: str, tool: Path) -> str:
    """The runtime string of a tool with one planted defect."""
    script = folder / "iree-run-module"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKES / "mutant.py"}" {defect} "{tool}" "$@"\n')
    script.chmod(0o755)
    return f"tools:{folder}"
