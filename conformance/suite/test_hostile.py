"""Hostile modules: they end or stop the process at every stage; each is the outcome of one case, and is told apart."""

from __future__ import annotations

import pytest

from conformance.case import Case, Seen, clause
from conformance.model import ModuleRef, Stage
from conformance.suite.modules import native

STAGES = {
    "create": Stage.CREATE,
    "alloc": Stage.LINK,
    "init": Stage.INIT,
    "call": Stage.CALL,
    "destroy": Stage.TEARDOWN,
    "dtor": Stage.TEARDOWN,
}
AT = pytest.mark.parametrize("at", STAGES)


def run(case: Case, module: ModuleRef, *, hangs: bool = False) -> Seen:
    """With a well-behaved module before it, which shows how far the run came."""
    modules = [native("minimal"), module]
    if hangs:
        seen = case.run_to_hang(*modules, reached="*.fault", function="run", inputs=(1,))
    else:
        seen = case.run(*modules, function="run", inputs=(1,))
    return seen.happened("*.fault").happened("minimal.create")


@clause("HOST-crash-is-contained")
@AT
def test_segfault(case: Case, at: str) -> None:
    run(case, native("segfault", at=at)).dies("SIGSEGV", STAGES[at]).never("minimal.destroy")


@clause("HOST-crash-is-contained")
def test_segfault_in_a_constructor(case: Case) -> None:
    run(case, native("segfault_ctor")).dies("SIGSEGV", Stage.OPEN).never("minimal.destroy")


@clause("HOST-crash-is-contained")
def test_abort(case: Case) -> None:
    run(case, native("aborts")).dies("SIGABRT", Stage.CALL).never("minimal.destroy")


@clause("HOST-exit-is-seen")
@AT
def test_exit(case: Case, at: str) -> None:
    run(case, native("exits", at=at)).exits(0, STAGES[at]).never("minimal.destroy")


@clause("HOST-exit-is-seen")
def test_exit_in_a_constructor(case: Case) -> None:
    run(case, native("exits_ctor")).exits(0, Stage.OPEN).never("minimal.destroy")


@clause("HOST-hang-is-ended")
@AT
def test_hang(case: Case, at: str) -> None:
    run(case, native("loops", at=at), hangs=True).hangs(STAGES[at]).never("minimal.destroy")


@clause("HOST-hang-is-ended")
def test_hang_in_a_constructor(case: Case) -> None:
    run(case, native("loops_ctor"), hangs=True).hangs(Stage.OPEN).never("minimal.destroy")
