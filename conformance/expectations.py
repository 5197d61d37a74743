"""Known differences of a runtime: strict, so that a stale line fails as loudly as a new difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance import _toml
from conformance.model import Outcome, Verdict

HERE = Path(__file__).parent / "expectations"
_EXPECTABLE = (Outcome.FAIL, Outcome.CRASH, Outcome.TIMEOUT, Outcome.LEAK)


@dataclass(frozen=True)
class Expectation:
    """One case that is known to end otherwise than its clause says."""

    id: str
    clause: str
    outcomes: tuple[Outcome, ...]  # one of them; several where chance decides
    why: str

    @property
    def wanted(self) -> str:
        return " or ".join(map(str, self.outcomes))


def load(path: Path) -> dict[str, Expectation]:
    """The expectations of one file by case id, or by `id@backend`; no file means none.

    `[[case]]` is about one `id`, `[[cases]]` about each of its `ids`; there are no patterns, so nothing slips in.
    With `backends` an entry is about the lanes of these alone.
    """
    if not path.exists():
        return {}
    rest, optional = {"clause", "outcome", "why"}, frozenset({"backends"})
    rows = [(row["id"], row) for row in _toml.rows(path, "case", {"id", *rest}, optional)]
    rows += [(id, row) for row in _toml.rows(path, "cases", {"ids", *rest}, optional) for id in row["ids"]]
    found: dict[str, Expectation] = {}
    for id, row in rows:
        for key in [f"{id}@{backend}" for backend in row.get("backends", ())] or [id]:
            if key in found:
                raise ValueError(f"{path}: case {key} is listed twice")
            found[key] = _entry(path, id, row)
    return found


def _entry(path: Path, id: str, row: Mapping[str, Any]) -> Expectation:
    outcome = row["outcome"]
    outcomes = tuple(map(Outcome, [outcome] if isinstance(outcome, str) else outcome))
    for one in outcomes:
        if one not in _EXPECTABLE:
            raise ValueError(f"{path}: case {id}: nobody expects the outcome {one}")
    return Expectation(id, row["clause"], outcomes, row["why"])


def of_runtime(kind: str) -> dict[str, Expectation]:
    """The shipped expectations of a kind of runtime, such as `iree`."""
    return load(HERE / f"{kind}.toml")


def stale(expected: Mapping[str, Expectation], collected: Iterable[str], areas: Iterable[str]) -> list[str]:
    """The ids of fully collected areas that match no case."""
    cases, complete = set(collected), set(areas)
    ids = dict.fromkeys(entry.id for entry in expected.values())
    return [id for id in ids if id.partition("::")[0] in complete and id not in cases]


def wrong_clauses(expected: Mapping[str, Expectation], clauses: Mapping[str, str]) -> list[str]:
    """Entries whose clause is not the one of their case."""
    return [
        f"{entry.id}: listed under {entry.clause}, the case checks {clauses[entry.id]}"
        for entry in expected.values()
        if entry.id in clauses and clauses[entry.id] != entry.clause
    ]


def apply(verdict: Verdict, expected: Mapping[str, Expectation]) -> tuple[Verdict, str | None]:
    """The verdict seen with its expectation, and why that makes the run red, if it does."""
    entry = expected.get(f"{verdict.case}@{verdict.backend}") or expected.get(verdict.case)
    if entry is None or verdict.outcome in (Outcome.UNSUPPORTED, Outcome.HARNESS_ERROR):
        return verdict, None
    if verdict.outcome.conforms:
        return verdict, (
            f"{verdict.case} passes on {verdict.subject} although {entry.wanted} is expected "
            f"({entry.why}): remove the entry"
        )
    if verdict.outcome not in entry.outcomes:
        return verdict, f"{entry.wanted} is expected ({entry.why}), but it was {verdict.outcome}"
    return verdict.with_expectation(entry.why), None
