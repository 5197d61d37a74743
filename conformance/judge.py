"""Turns the end of a case into a verdict."""

from __future__ import annotations

from conformance.adapters.protocol import Unavailable, Unsupported
from conformance.case import Case, Violation
from conformance.lanes import Lane
from conformance.model import Observation, Outcome, Verdict


def verdict(
    *,
    id: str,
    clause: str,
    runtime: str,
    case: Case | None,
    error: BaseException | None,
    seconds: float,
    backend: str = "",
) -> Verdict:
    """What an error, or none, in a case means; a case that stated nothing established nothing."""
    last = case.runs[-1] if case and case.runs else (None, None)
    wanted, got = _words(case, error)
    lane = case.lane if case else None
    return Verdict(
        case=id,
        area=id.partition("::")[0],
        runtime=runtime,
        clause=clause,
        outcome=_outcome(case, error, last[1]),
        wanted=wanted,
        got=got,
        scenario=last[0],
        observation=last[1],
        seconds=round(seconds, 4),
        backend=backend,
        identity=lane.identity if lane else "",
        devices=_created(lane, case),
    )


def _created(lane: Lane | None, case: Case | None) -> int:
    """How many devices the runs of the case were seen to create."""
    return sum(lane.created(seen) for _, seen in case.runs) if lane and case else 0


def _words(case: Case | None, error: BaseException | None) -> tuple[str, str]:
    if isinstance(error, Violation):
        return error.wanted, error.got
    if error is not None:
        return "", f"{type(error).__name__}: {error}"
    if case is not None and not case.asserted:
        return "a case that states something", "no statement about what was seen"
    return "", ""


def _outcome(case: Case | None, error: BaseException | None, seen: Observation | None) -> Outcome:
    if error is None:
        return Outcome.PASS if case and case.asserted else Outcome.INCONCLUSIVE
    if isinstance(error, Unsupported):
        return Outcome.UNSUPPORTED
    if isinstance(error, Unavailable):
        return Outcome.UNAVAILABLE
    if not isinstance(error, Violation) or seen is None:
        return Outcome.HARNESS_ERROR
    if seen.timed_out:
        return Outcome.TIMEOUT
    return Outcome.CRASH if seen.signal else Outcome.FAIL
