"""The register of clauses: one testable sentence each, with a stable id, in a TOML file an area."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from conformance import _toml

HERE = Path(__file__).parent
ORIGINS = {
    "doc": "published guide",
    "hdr": "header contract",
    "beh": "behaviour pinned by observation",
    "own": "nothing published promises it; an independent implementation should",
}
_ID = re.compile(r"[A-Z]{2,5}(?:-[a-z0-9]+)+")
_SHEET = re.compile(r"[A-Z]{2,3}-\d{3}|(?:tools|design|vm-abi|bytecode|hal) [0-9.]+")


@dataclass(frozen=True)
class Clause:
    """One sentence of the contract and where it comes from."""

    id: str
    area: str
    text: str
    origin: str
    sheet: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.id}: {self.text} ({self.origin} {', '.join(self.sheet)})"


def load(folder: Path = HERE) -> dict[str, Clause]:
    """Every clause by id; a bad id, source or key, or an id used twice, is an error naming the file."""
    clauses: dict[str, Clause] = {}
    for path in sorted(folder.glob("*.toml")):
        for row in _toml.rows(path, "clause", {"id", "text", "source"}):
            clause = _clause(path, row)
            if clause.id in clauses:
                raise ValueError(f"{path}: clause {clause.id} is already in {clauses[clause.id].area}")
            clauses[clause.id] = clause
    return clauses


@lru_cache(maxsize=1)
def register() -> dict[str, Clause]:
    """The clauses that ship with the framework, read once."""
    return load()


def _clause(path: Path, row: dict[str, str]) -> Clause:
    """`source` reads `origin REF, REF`, such as `beh LIF-006, LIF-007`."""
    where = f"{path}: clause {row['id']}"
    origin, _, rest = row["source"].partition(" ")
    sheet = tuple(part.strip() for part in rest.split(",") if part.strip())
    if not _ID.fullmatch(row["id"]):
        raise ValueError(f"{where}: an id reads AREA-what-it-says")
    if origin not in ORIGINS:
        raise ValueError(f"{where}: origin {origin!r} is none of {', '.join(ORIGINS)}")
    if not sheet or not all(_SHEET.fullmatch(part) for part in sheet):
        raise ValueError(f"{where}: source {row['source']!r} names no sheet entry")
    return Clause(row["id"], path.stem, row["text"], origin, sheet)
