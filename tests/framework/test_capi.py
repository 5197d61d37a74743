"""What the journal, the exit and the trace of a worker mean."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.adapters.capi import LibraryAdapter, call_by_call, observation
from conformance.adapters.process import Ended
from conformance.adapters.protocol import Unsupported
from conformance.model import Call, Observation, Scenario, Stage

LOAD = {"stage": "open", "op": "load lib.so"}
CALL = {"stage": "call", "op": "call m.f"}
CLOSE = {"stage": "teardown", "op": "close context"}
END = {"end": True}
FAILED = {"failed": "link", "code": "NOT_FOUND", "message": "no module `x`"}


def observe(tmp_path: Path, *entries: dict[str, object], ended: Ended | None = None, trace: str = "") -> Observation:
    events = tmp_path / "trace"
    events.write_text(trace)
    lines = [json.dumps(entry) for entry in entries]
    return observation(["python"], ended or Ended(0, None, False, "", ""), lines, events)


def test_success(tmp_path: Path) -> None:
    seen = observe(tmp_path, LOAD, CALL, {"results": ["i32=7"]}, CLOSE, END)
    assert (seen.stage, seen.status, seen.results, seen.done) == (Stage.DONE, "OK", ("i32=7",), True)


def test_a_reported_error(tmp_path: Path) -> None:
    seen = observe(tmp_path, LOAD, FAILED, CLOSE, END, ended=Ended(1, None, False, "", ""))
    assert (seen.stage, seen.status, seen.message) == (Stage.LINK, "NOT_FOUND", "no module `x`")


@pytest.mark.parametrize(
    "ended",
    [Ended(None, "SIGSEGV", False, "", ""), Ended(0, None, False, "", ""), Ended(None, None, True, "", "")],
    ids=["crash", "exit", "hang"],
)
def test_a_worker_that_wrote_no_end_stopped_in_what_it_announced(tmp_path: Path, ended: Ended) -> None:
    seen = observe(tmp_path, LOAD, CALL, ended=ended)
    assert (seen.stage, seen.status, seen.done) == (Stage.CALL, "?", False)
    assert seen.journal == (json.dumps(LOAD), json.dumps(CALL))


def test_a_crash_in_teardown_behind_good_results_is_no_success(tmp_path: Path) -> None:
    seen = observe(tmp_path, CALL, {"results": ["i32=7"]}, CLOSE, ended=Ended(None, "SIGSEGV", False, "", ""))
    assert (seen.stage, seen.status) == (Stage.TEARDOWN, "?")


def test_a_crash_behind_the_end_is_no_success(tmp_path: Path) -> None:
    seen = observe(tmp_path, CALL, CLOSE, END, ended=Ended(None, "SIGSEGV", False, "", ""))
    assert (seen.stage, seen.status, seen.done) == (Stage.TEARDOWN, "?", False)


def test_loading_is_seen_closer_through_the_trace(tmp_path: Path) -> None:
    crash = Ended(None, "SIGSEGV", False, "", "")
    assert observe(tmp_path, LOAD, ended=crash, trace='{"ev":"lib.ctor","lib":"l"}\n').stage is Stage.CREATE


def test_what_the_api_cannot_do_is_unsupported(tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="no such thing"):
        observe(tmp_path, LOAD, {"refused": "no such thing"})
    with pytest.raises(Unsupported, match="flag file"):
        LibraryAdapter("own", None).observe(Scenario((), flagfile="f"), timeout=1, scratch=tmp_path)


@pytest.mark.parametrize("entries", [(), (LOAD, {"harness": "Traceback …"})])
def test_a_worker_at_fault_is_our_fault(tmp_path: Path, entries: tuple[dict[str, object], ...]) -> None:
    with pytest.raises(RuntimeError, match="the worker failed"):
        observe(tmp_path, *entries)


def begin(index: int) -> dict[str, object]:
    return {"call": index}


def test_several_calls_are_seen_one_by_one(tmp_path: Path) -> None:
    failed = {"failed": "call", "code": "DATA_LOSS", "message": "gave up"}
    journal = [LOAD, begin(0), CALL, {"results": ["i32=7"]}, begin(1), CALL, failed, CLOSE, begin(2), CALL, CLOSE, END]
    parts = call_by_call([json.dumps(entry) for entry in journal])
    seen = [observe(tmp_path, *map(json.loads, part)) for part in parts]
    assert [(one.status, one.results) for one in seen] == [("OK", ("i32=7",)), ("DATA_LOSS", ()), ("OK", ())]


@pytest.mark.parametrize(("journal", "count"), [((LOAD, FAILED, END), 1), ((LOAD, begin(0), CALL), 1), ((LOAD,), 1)])
def test_a_worker_that_ended_early_has_fewer_parts(journal: tuple[dict[str, object], ...], count: int) -> None:
    parts = call_by_call([json.dumps(entry) for entry in journal])
    assert len(parts) == count
    assert parts[0] == [json.dumps(entry) for entry in journal]


def test_calls_behind_one_that_ended_the_worker_end_as_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.dumps(entry) for entry in (LOAD, begin(0), CALL, {"results": ["i32=7"]}, begin(1), CALL)]
    ended = Ended(None, "SIGSEGV", False, "", "")
    adapter = LibraryAdapter("own", None)
    monkeypatch.setattr(adapter, "_work", lambda *_: (["python"], ended, lines, tmp_path / "trace"))
    calls = Scenario((), (Call("f"), Call("f"), Call("f")))
    seen = list(adapter.observe_each(calls, timeout=1, scratch=tmp_path))
    assert [(one.done, one.results, one.signal) for one in seen] == [
        (True, ("i32=7",), None),
        (False, (), "SIGSEGV"),
        (False, (), "SIGSEGV"),
    ]
