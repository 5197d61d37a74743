"""Gathers the verdicts of a run where pytest reports them, and writes them out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conformance.model import Verdict, dumps
from conformance.report import terminal

ATTRIBUTE = "conformance_verdict"


class Recorder:
    """A pytest plugin that lives in the process that reports; workers only attach verdicts."""

    def __init__(self, folder: Path | None, absent: Sequence[str] = ()) -> None:
        self.verdicts: list[Verdict] = []
        self.absent = absent
        self._file = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / "results.jsonl").open("w", encoding="utf-8")

    def pytest_runtest_logreport(self, report: Any) -> None:
        data = getattr(report, ATTRIBUTE, None)
        if data is not None:
            self.add(Verdict.from_json(data))

    def add(self, verdict: Verdict) -> None:
        self.verdicts.append(verdict)
        if self._file is not None:
            self._file.write(dumps(verdict.to_json()) + "\n")

    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        """A lane whose cases never had a device proves nothing, whatever they say."""
        if exitstatus == 0 and terminal.idle_lanes(self.verdicts):
            session.exitstatus = 1

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.verdicts or self.absent:
            terminalreporter.section("conformance")
            lines = [*terminal.table(self.verdicts), *terminal.reasons(self.verdicts)]
            lines += [*terminal.lanes(self.verdicts), *self.absent]
            lines += [f"ERROR: {problem}" for problem in terminal.idle_lanes(self.verdicts)]
            lines += [f"results: {self._file.name}"] if self._file else []
            for line in lines:
                terminalreporter.write_line(line)

    def pytest_unconfigure(self) -> None:
        if self._file is not None:
            self._file.close()
