"""Expectations are strict in both directions."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conformance import expectations
from conformance.expectations import Expectation
from conformance.model import Outcome, Verdict

GOOD = '[[case]]\nid = "a::b"\nclause = "X-y"\noutcome = "crash"\nwhy = "because"\n'
MANY = '[[cases]]\nids = ["a::b", "a::c"]\nclause = "X-y"\noutcome = "crash"\nwhy = "because"\n'
EXPECTED = {"a::b": Expectation("a::b", "X-y", (Outcome.CRASH,), "because")}


def load(folder: Path, text: str) -> dict[str, Expectation]:
    (folder / "iree.toml").write_text(text)
    return expectations.load(folder / "iree.toml")


def test_load(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD) == EXPECTED
    assert expectations.load(tmp_path / "none.toml") == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + GOOD, "a::b is listed twice"),
        (GOOD.replace('why = "because"\n', ""), "missing why"),
        (GOOD + "since = 3\n", "unknown key since"),
        (GOOD.replace("crash", "pass"), "nobody expects the outcome pass"),
        (GOOD.replace("crash", "sulk"), "sulk"),
        (MANY.replace('"crash"', '["fail", "pass"]'), "nobody expects the outcome pass"),
        (MANY + GOOD, "a::b is listed twice"),
        (MANY.replace("ids", "id"), "missing ids"),
    ],
)
def test_what_the_loader_refuses(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        load(tmp_path, text)


def test_one_entry_for_several_cases(tmp_path: Path) -> None:
    found = load(tmp_path, MANY.replace('"crash"', '["fail", "crash"]'))
    assert list(found) == ["a::b", "a::c"]
    assert {entry.outcomes for entry in found.values()} == {(Outcome.FAIL, Outcome.CRASH)}
    verdict = Verdict("a::c", "a", "iree", "X-y", Outcome.FAIL)
    assert expectations.apply(verdict, found)[0].expected
    assert "fail or crash is expected" in str(expectations.apply(replace(verdict, outcome=Outcome.LEAK), found)[1])


def apply(outcome: Outcome) -> tuple[bool, str | None]:
    verdict, note = expectations.apply(Verdict("a::b", "a", "iree", "X-y", outcome), EXPECTED)
    return verdict.expected, note


def test_an_expected_difference_is_expected() -> None:
    assert apply(Outcome.CRASH) == (True, None)


def test_a_pass_that_nobody_expected_is_red() -> None:
    expected, note = apply(Outcome.PASS)
    assert not expected and note and "remove the entry" in note


@pytest.mark.parametrize("outcome", [Outcome.FAIL, Outcome.TIMEOUT, Outcome.INCONCLUSIVE, Outcome.UNAVAILABLE])
def test_another_difference_is_red(outcome: Outcome) -> None:
    expected, note = apply(outcome)
    assert not expected and note and "crash is expected" in note


def test_a_case_without_entry_is_left_alone() -> None:
    verdict = Verdict("a::other", "a", "iree", "X-y", Outcome.FAIL)
    assert expectations.apply(verdict, EXPECTED) == (verdict, None)


def test_an_id_that_matches_nothing_is_stale_once_its_area_is_there() -> None:
    assert expectations.stale(EXPECTED, ["a::c"], ["a"]) == ["a::b"]
    assert expectations.stale(EXPECTED, ["a::b"], ["a"]) == []
    assert expectations.stale(EXPECTED, ["x::y"], ["x"]) == []


def test_an_entry_names_the_clause_of_its_case() -> None:
    assert expectations.wrong_clauses(EXPECTED, {"a::b": "X-y"}) == []
    assert expectations.wrong_clauses(EXPECTED, {"a::b": "X-z"}) == ["a::b: listed under X-y, the case checks X-z"]
