"""From what was seen of a run to whether the test passed, and to the places of its assertions."""

from __future__ import annotations

import pytest

from conformance.checks import compiler, finding
from conformance.model import Event, Observation, Outcome, Stage


def seen(*holds: bool, stage: Stage = Stage.DONE, **others: object) -> Observation:
    events = tuple(Event("check", fields={"kind": "expect_true", "ok": one}) for one in holds)
    return Observation(stage=stage, status="OK" if stage is Stage.DONE else "ABORTED", events=events, **others)


@pytest.mark.parametrize(
    ("observation", "must_fail", "wanted"),
    [
        (seen(True, True), False, Outcome.PASS),
        (seen(True, False), False, Outcome.FAIL),
        (seen(True, stage=Stage.CALL), False, Outcome.FAIL),
        (seen(stage=Stage.LINK), False, Outcome.FAIL),
        (seen(), False, Outcome.INCONCLUSIVE),
        (seen(), True, Outcome.INCONCLUSIVE),
        (seen(True, False), True, Outcome.PASS),
        (seen(True, True), True, Outcome.FAIL),
        (seen(stage=Stage.CALL), True, Outcome.PASS),
        (seen(True, stage=Stage.CALL, signal="SIGSEGV"), True, Outcome.CRASH),
        (seen(False, timed_out=True), True, Outcome.TIMEOUT),
    ],
)
def test_outcome(observation: Observation, must_fail: bool, wanted: Outcome) -> None:
    assert finding.outcome(observation, finding.findings(observation), must_fail=must_fail) is wanted


def test_a_failure_for_people() -> None:
    event = Event(
        "check", fields={"kind": "expect_eq", "ok": False, "message": "Differ.", "lhs": "i32=1", "rhs": "i32=2"}
    )
    (found,) = finding.findings(Observation(stage=Stage.DONE, events=(Event("call"), event)))
    assert found.lines() == ["Differ.", "  lhs: i32=1", "  rhs: i32=2"]


LISTING = """
    vm.func private @main() {
      %r = vm.import.resolved @check.expect_eq : i32 loc(callsite("a.mlir":1:3 at "a.mlir":1:1))
      vm.call @check.expect_eq(%d, %l, %r) : (!vm.ref<?>) -> () loc(callsite("a.mlir":8:3 at "a.mlir":1:1))
      vm.call @other.thing(%d) : (i32) -> () loc("a.mlir":9:1)
      vm.call @check.expect_true(%c1) : (i32) -> () loc("a.mlir":12:3)
      vm.call @check.expect_eq(%d, %l, %r) : (!vm.ref<?>) -> () loc("a.mlir":4:3)
    } loc("a.mlir":1:1)
    vm.func private @other() {
      vm.call @check.expect_true(%c1) : (i32) -> () loc("a.mlir":20:3)
"""


def test_sites_of_a_listing() -> None:
    assert compiler.sites_of(LISTING, "main") == [
        ("expect_eq", "a.mlir:8"),
        ("expect_true", "a.mlir:12"),
        ("expect_eq", "a.mlir:4"),
    ]
    assert compiler.sites_of(LISTING, "other") == [("expect_true", "a.mlir:20")]
    assert compiler.sites_of(LISTING, "absent") == []


def test_places() -> None:
    sites = compiler.sites_of(LISTING, "main")

    def places(*kinds: str) -> list[str]:
        return finding.places(kinds, sites, "a.mlir", str)

    assert places("expect_eq", "expect_true") == ["a.mlir:8", "a.mlir:12"]
    assert places("expect_true", "expect_eq") == ["a.mlir:12", "a.mlir:8 or a.mlir:4"]
    assert places("expect_false") == ["a.mlir"]
