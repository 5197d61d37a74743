"""Patterns, partial orders and balances over event traces."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import trace
from conformance.model import Event

LIFE = "lib.ctor create alloc call return free destroy lib.dtor"


def events(text: str, mod: str = "m") -> list[Event]:
    """`call:add` is a call of add; every event is of module m in library l."""
    made = []
    for word in text.split():
        ev, _, fn = word.partition(":")
        fields = {"fn": fn} if fn else {}
        made.append(Event(ev, "" if ev.startswith("lib.") else mod, "l", fields=fields))
    return made


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("m.call(add)", [2]),
        ("m.call", [2, 3]),
        ("*.call", [2, 3]),
        ("other.call", []),
        ("lib.ctor", [0]),
        ("lib.ctor(l)", [0]),
        ("lib.ctor(other)", []),
        ("m.call(sub)", []),
    ],
)
def test_patterns(pattern: str, found: list[int]) -> None:
    assert trace.find(events("lib.ctor create call:add call:mul"), pattern) == found


def test_a_number_matches_its_text() -> None:
    event = Event("resolve", "m", fields={"ordinal": 1, "import": "a.b"})
    assert trace.find([event], "m.resolve(1)") == trace.find([event], "m.resolve(a.b)") == [0]
    assert trace.find([event], "m.resolve(2)") == []


def test_before_wants_every_first_before_every_then() -> None:
    assert trace.before(events("create alloc"), "m.create", "m.alloc") is None
    assert trace.before(events("alloc create"), "m.create", "m.alloc")
    assert trace.before(events("create alloc create"), "m.create", "m.alloc")


@pytest.mark.parametrize("missing", ["m.create", "m.alloc"])
def test_what_never_happened_is_in_no_order(missing: str) -> None:
    rest = "alloc" if missing == "m.create" else "create"
    assert trace.before(events(rest), "m.create", "m.alloc") == f"{missing} never happened"


def test_chain() -> None:
    assert trace.chain(events(LIFE), "m.create", "m.call", "m.destroy") is None
    assert trace.chain(events(LIFE), "m.create", "m.destroy", "m.call")


def test_a_whole_life_is_balanced() -> None:
    assert trace.unbalanced(events(LIFE)) == []


@pytest.mark.parametrize("missing", ["return", "free", "destroy", "lib.dtor"])
def test_what_does_not_end_is_seen(missing: str) -> None:
    assert trace.unbalanced(events(LIFE.replace(missing, "")))


@pytest.mark.parametrize("twice", ["free", "destroy", "lib.dtor"])
def test_what_ends_twice_is_seen(twice: str) -> None:
    assert trace.unbalanced(events(LIFE.replace(twice, f"{twice} {twice}")))


def test_what_comes_after_the_end_is_seen() -> None:
    assert trace.unbalanced(events("create destroy name")) == ["m.name after m.destroy"]
    assert trace.unbalanced(events("lib.ctor create lib.dtor destroy")) == ["m.destroy after l.lib.dtor"]


def test_what_never_began_need_not_end() -> None:
    null_state, failed = events("alloc create")
    null_state = Event("alloc", "m", "l", fields={"state": None})
    failed = Event("create", "m", "l", fields={"code": 5})
    assert trace.unbalanced([null_state, failed]) == []


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    assert trace.read(path) == ()
    path.write_text('{"ev":"create","mod":"m","lib":"l","seq":0,"pid":1,"tid":1}\n')
    assert [str(event) for event in trace.read(path)] == ["m.create"]
    path.write_text('{"ev":"create"}\n{"ev":')
    with pytest.raises(ValueError, match=r"trace:2: not an event"):
        trace.read(path)
