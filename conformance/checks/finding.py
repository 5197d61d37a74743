"""What a run of a check function says: the assertions of its trace, and whether the test passed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conformance.model import Observation, Outcome


@dataclass(frozen=True)
class Finding:
    """One assertion that was made."""

    kind: str
    holds: bool
    message: str = ""
    lhs: str | None = None
    rhs: str | None = None

    def lines(self) -> list[str]:
        """A failure for people: the sentence, and the tensors that it is about."""
        sides = (("lhs" if self.rhs else "tensor", self.lhs), ("rhs", self.rhs))
        return [self.message, *(f"  {name}: {text}" for name, text in sides if text is not None)]


def findings(seen: Observation) -> list[Finding]:
    """The assertions in the order in which they were made."""
    return [
        Finding(
            str(event.fields.get("kind")),
            event.fields.get("ok") is True,
            str(event.fields.get("message", "")),
            event.fields.get("lhs"),
            event.fields.get("rhs"),
        )
        for event in seen.events
        if event.ev == "check"
    ]


def outcome(seen: Observation, found: Sequence[Finding], *, must_fail: bool) -> Outcome:
    """A function that has to fail passes when an assertion failed or the call returned a failure; a crash or a hang is
    never what was expected. Without an assertion and without a failure nothing was established."""
    if seen.timed_out:
        return Outcome.TIMEOUT
    if seen.signal:
        return Outcome.CRASH
    failed = not seen.done or not all(finding.holds for finding in found)
    if not failed and not found:
        return Outcome.INCONCLUSIVE
    return Outcome.PASS if failed == must_fail else Outcome.FAIL


def places(
    kinds: Sequence[str], sites: Sequence[tuple[str, str]], unknown: str, short: Callable[[str], str]
) -> list[str]:
    """Where each assertion of a run is in the source: the n-th of the run is the n-th of the code when their kinds
    agree; otherwise all places of its kind; `unknown` when the source has none."""
    if [kind for kind, _ in sites[: len(kinds)]] == list(kinds):
        return [short(place) for _, place in sites[: len(kinds)]]
    return [_all_of(kind, sites, short) or unknown for kind in kinds]


def _all_of(kind: str, sites: Sequence[tuple[str, str]], short: Callable[[str], str]) -> str:
    return " or ".join(dict.fromkeys(short(place) for other, place in sites if other == kind))
