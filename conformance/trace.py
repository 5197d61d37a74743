"""Reads event traces and judges them by partial orders and balances, never by transcripts."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.model import Event

_OPENERS = {"create": "destroy", "alloc": "free", "lib.ctor": "lib.dtor"}


def read(path: Path) -> tuple[Event, ...]:
    """The events of a trace file; a run without native modules leaves none."""
    if not path.exists():
        return ()
    return tuple(_lines(path))


def _lines(path: Path) -> Iterator[Event]:
    for number, line in enumerate(path.read_text(errors="surrogateescape").splitlines(), start=1):
        try:
            yield Event.from_json(json.loads(line))
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}:{number}: not an event: {error}: {line[:200]}") from None


@dataclass(frozen=True)
class Pattern:
    """Which events are meant: `math.call(add)`, `*.destroy`, `lib.ctor`; `(…)` matches any field's value."""

    mod: str
    ev: str
    detail: str | None = None

    @staticmethod
    def parse(text: str) -> Pattern:
        head, paren, rest = text.partition("(")
        detail = rest[:-1] if paren and rest.endswith(")") else None
        if head.startswith("lib."):
            return Pattern("*", head, detail)
        mod, _, ev = head.partition(".")
        return Pattern(mod, ev, detail)

    def matches(self, event: Event) -> bool:
        if event.ev != self.ev or self.mod not in ("*", event.mod):
            return False
        if self.detail is None or self.detail == event.lib:
            return True
        return any(_text(value) == self.detail for value in event.fields.values())


def find(events: Sequence[Event], pattern: str) -> list[int]:
    """The positions of the events that a pattern means."""
    wanted = Pattern.parse(pattern)
    return [at for at, event in enumerate(events) if wanted.matches(event)]


def before(events: Sequence[Event], first: str, then: str) -> str | None:
    """Why not every `first` comes before every `then`; None when both happened and all do."""
    a, b = find(events, first), find(events, then)
    for pattern, found in ((first, a), (then, b)):
        if not found:
            return f"{pattern} never happened"
    if a[-1] < b[0]:
        return None
    return f"{first} at event {a[-1]} is not before {then} at event {b[0]}"


def chain(events: Sequence[Event], *patterns: str) -> str | None:
    """Why the patterns do not happen one after the other."""
    for first, then in itertools.pairwise(patterns):
        if problem := before(events, first, then):
            return problem
    return None


def unbalanced(events: Sequence[Event]) -> list[str]:
    """What was begun and not ended, ended twice, or used after its end."""
    return [
        *_pairs(events),
        *_calls(events),
        *_after(events, "destroy", by_library=False),
        *_after(events, "lib.dtor", by_library=True),
    ]


def _pairs(events: Sequence[Event]) -> Iterator[str]:
    for opener, closer in _OPENERS.items():
        opened = Counter(_owner(event) for event in events if event.ev == opener and _succeeded(event))
        closed = Counter(_owner(event) for event in events if event.ev == closer)
        for owner in sorted(opened.keys() | closed.keys()):
            if opened[owner] != closed[owner]:
                yield f"{owner}: {opened[owner]} {opener}, {closed[owner]} {closer}"


def _calls(events: Sequence[Event]) -> Iterator[str]:
    calls = Counter((event.mod, event.fields.get("fn")) for event in events if event.ev == "call")
    returns = Counter((event.mod, event.fields.get("fn")) for event in events if event.ev == "return")
    for (mod, fn), count in calls.items():
        if count != returns[mod, fn]:
            yield f"{mod}: {count} call of {fn}, {returns[mod, fn]} return"


def _after(events: Sequence[Event], closer: str, *, by_library: bool) -> Iterator[str]:
    """Events of a module after its last destroy, or of a library after its last unload."""

    def owner(event: Event) -> str:
        return event.lib if by_library else event.mod

    last = {owner(event): at for at, event in enumerate(events) if event.ev == closer}
    for at, event in enumerate(events):
        ended = last.get(owner(event))
        late = ended is not None and at > ended
        if late and (by_library or not event.ev.startswith("lib.")):
            yield f"{event} after {owner(event)}.{closer}"


def _owner(event: Event) -> str:
    return event.lib if event.ev.startswith("lib.") else event.mod


def _succeeded(event: Event) -> bool:
    """Whether an opening callback made something that has to be ended."""
    failed = event.fields.get("code", 0) not in (0, "OK")
    return not failed and event.fields.get("state", "something") not in (None, 0, "0", "(nil)", "NULL")


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
