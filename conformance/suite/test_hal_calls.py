"""Calls into the `hal` module that no compiled program makes, or makes only in the right way."""

from __future__ import annotations

from conformance.case import Case
from conformance.lanes import Lane
from conformance.suite import hal


@hal.calls()
def test_call(case: Case, lane: Lane, call: hal.OwedCall) -> None:
    hal.answers(case, lane, call)
