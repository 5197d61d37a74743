"""Explains one failed case: what was wanted, what was seen, how to see it again."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from conformance.contract import Clause
from conformance.model import Observation, Verdict

_WIDTH = 100
_EVENTS = 40
_STDERR_LINES = 12


def explain(verdict: Verdict, clause: Clause | None, reproduce: str | None, note: str | None) -> str:
    """The whole story of a failure as text."""
    lines = [f"{verdict.outcome}: {_headline(verdict, note)}", "", *_head(verdict, clause, note)]
    if verdict.observation is not None:
        if verdict.observation.summary() not in verdict.got:
            lines += _field("ended", verdict.observation.summary())
        lines += _seen(verdict.observation)
    if verdict.scenario is not None:
        lines += _again(verdict, reproduce)
    return "\n".join(lines)


def _headline(verdict: Verdict, note: str | None) -> str:
    """What a list of failures shows of this one."""
    if note:
        return note
    return f"wanted {verdict.wanted}; got {verdict.got}" if verdict.wanted else verdict.got


def _head(verdict: Verdict, clause: Clause | None, note: str | None) -> Iterator[str]:
    yield from _field("case", verdict.case)
    yield from _field("clause", str(clause) if clause else verdict.clause)
    yield from _field("runtime", verdict.runtime + (f", backend {verdict.backend}" if verdict.backend else ""))
    yield from _field("outcome", str(verdict.outcome))
    if note:
        yield from _field("note", note)
    if verdict.wanted:
        yield from _field("wanted", verdict.wanted)
    if verdict.got:
        yield from _field("got", verdict.got)


def _seen(seen: Observation) -> Iterator[str]:
    for index, line in enumerate(seen.journal[-3:]):
        yield _labelled("journal" if index == 0 else "", line)
    shown = seen.events[-_EVENTS:]
    if len(seen.events) > len(shown):
        yield _labelled("events", f"… {len(seen.events) - len(shown)} earlier")
    for index, event in enumerate(shown):
        first = index == 0 and len(shown) == len(seen.events)
        yield _labelled("events" if first else "", str(event))
    for label, text in (("stdout", seen.stdout), ("stderr", seen.stderr)):
        for index, line in enumerate(text.strip().splitlines()[:_STDERR_LINES]):
            yield _labelled(label if index == 0 else "", line)


def _again(verdict: Verdict, reproduce: str | None) -> Iterator[str]:
    """Both forms stay on one line each, to be pasted."""
    if reproduce:
        yield _labelled("shell", reproduce)
    scenario = verdict.scenario.python() if verdict.scenario else ""
    yield _labelled("python", f"from conformance.again import *; again({verdict.runtime!r}, {scenario})")


def _field(label: str, text: str) -> list[str]:
    wrapped = textwrap.wrap(text, _WIDTH - 10, break_long_words=False, break_on_hyphens=False) or [""]
    return [_labelled(label if index == 0 else "", line) for index, line in enumerate(wrapped)]


def _labelled(label: str, text: str) -> str:
    return f"{label:<10}{text}"
