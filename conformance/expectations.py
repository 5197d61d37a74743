"""Known differences of a runtime: strict, so that a stale line fails as loudly as a new difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance import _toml
from conformance.model import Outcome, Verdict

HERE = Path(__file__).parent / "expectations"
_EXPECTABLE = (Outcome.FAIL, Outcome.CRASH, Outcome.TIMEOUT, Outcome.LEAK)


@dataclass(frozen=True)
class Expectation:
    """One case that is known to end otherwise than its clause says."""

    id: str
    clause: str
    outcome: Outcome
    why: str


def load(path: Path) -> dict[str, Expectation]:
    """The expectations of one file by case id; no file means none."""
    if not path.exists():
        return {}
    found: dict[str, Expectation] = {}
    for row in _toml.rows(path, "case", {"id", "clause", "outcome", "why"}):
        entry = Expectation(row["id"], row["clause"], Outcome(row["outcome"]), row["why"])
        if entry.outcome not in _EXPECTABLE:
            raise ValueError(f"{path}: case {entry.id}: nobody expects the outcome {entry.outcome}")
        if entry.id in found:
            raise ValueError(f"{path}: case {entry.id} is listed twice")
        found[entry.id] = entry
    return found


def of_runtime(kind: str) -> dict[str, Expectation]:
    """The shipped expectations of a kind of runtime, such as `iree`."""
    return load(HERE / f"{kind}.toml")


def stale(expected: Mapping[str, Expectation], collected: Iterable[str], areas: Iterable[str]) -> list[str]:
    """The ids of fully collected areas that match no case."""
    cases, complete = set(collected), set(areas)
    return [id for id in expected if id.partition("::")[0] in complete and id not in cases]


def wrong_clauses(expected: Mapping[str, Expectation], clauses: Mapping[str, str]) -> list[str]:
    """Entries whose clause is not the one of their case."""
    return [
        f"{id}: listed under {entry.clause}, the case checks {clauses[id]}"
        for id, entry in expected.items()
        if id in clauses and clauses[id] != entry.clause
    ]


def apply(verdict: Verdict, expected: Mapping[str, Expectation]) -> tuple[Verdict, str | None]:
    """The verdict seen with its expectation, and why that makes the run red, if it does."""
    entry = expected.get(verdict.case)
    if entry is None or verdict.outcome in (Outcome.UNSUPPORTED, Outcome.HARNESS_ERROR):
        return verdict, None
    if verdict.outcome.conforms:
        return verdict, (
            f"{verdict.case} passes on {verdict.runtime} although {entry.outcome} is expected "
            f"({entry.why}): remove the entry"
        )
    if verdict.outcome is not entry.outcome:
        return verdict, f"{entry.outcome} is expected ({entry.why}), but it was {verdict.outcome}"
    return verdict.with_expectation(entry.why), None
