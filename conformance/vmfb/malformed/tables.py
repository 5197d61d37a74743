"""All cases, and how they are written to a folder."""

from __future__ import annotations

import json
from pathlib import Path

from . import calls, code, container, debug, flatbuffer, metadata, registers, values
from .case import Case

SECTIONS = (container, flatbuffer, metadata, code, registers, calls, values, debug)
CASES: tuple[Case, ...] = tuple(case for section in SECTIONS for case in section.SECTION.cases)


def emit(folder: Path) -> int:
    """Writes every case as SECTION/NAME.vmfb (SECTION/NAME.N.vmfb for modules before the last) and `expected.json`."""
    rows = []
    for case in CASES:
        contents = case.build()
        last = len(contents) - 1
        files = [f"{case.id}.vmfb" if n == last else f"{case.id}.{n}.vmfb" for n in range(len(contents))]
        for name, data in zip(files, contents, strict=True):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(data)
        rows.append(case.expectation(files))
    (folder / "expected.json").write_text("[\n" + ",\n".join(" " + json.dumps(row) for row in rows) + "\n]\n")
    return len(rows)
