"""Reads TOML files; the standard library does from Python 3.11 on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def read(path: Path) -> dict[str, Any]:
    """The file's tables; a syntax error names the file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path}: {error}") from None


def rows(path: Path, name: str, required: set[str], optional: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """The array of tables `name`; missing and unknown keys are errors that name the file and the row."""
    table = read(path)
    found = []
    for index, row in enumerate(table.get(name, [])):
        where = f"{path}: {name} {row.get('id', index)}"
        if missing := sorted(required - set(row)):
            raise ValueError(f"{where}: missing {', '.join(missing)}")
        if unknown := sorted(set(row) - required - optional):
            raise ValueError(f"{where}: unknown key {', '.join(unknown)}")
        found.append(row)
    return found
