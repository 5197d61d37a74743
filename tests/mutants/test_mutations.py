"""The table of defects fits the sources and the suite; `tox -e mutants` plants them."""

from __future__ import annotations

from collections import Counter

import pytest
from mutations import MUTATIONS, Mutation
from plant import ROOT, applied, catches

from conformance.suite import hal


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.what)
def test_it_can_be_planted(mutation: Mutation) -> None:
    text = (ROOT / "runtime" / mutation.file).read_text()
    assert applied(text, mutation) != text


def test_a_text_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"a\.c: `b` is there 2 times, not once"):
        applied("b b", Mutation("what", "a.c", (("b", "c"),), ()))


def test_their_cases_are_cases() -> None:
    calls = {
        f"hal_calls::call[{name}.{row['function']}]" for name, data in hal.expected("calls") for row in data["calls"]
    }
    for mutation in MUTATIONS:
        assert mutation.cases, mutation.what
        assert [case for case in mutation.cases if case.startswith("hal_calls::") and case not in calls] == []


def test_each_says_what_it_is() -> None:
    assert [what for what, count in Counter(mutation.what for mutation in MUTATIONS).items() if count > 1] == []


@pytest.mark.parametrize(
    ("outcomes", "caught"),
    [({"pass"}, False), ({"pass", "unsupported"}, False), ({"pass", "fail"}, True), ({"crash"}, True), (set(), False)],
)
def test_one_lane_is_enough_to_see_it(outcomes: set[str], caught: bool) -> None:
    assert catches(outcomes) is caught
