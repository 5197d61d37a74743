"""How far a tool came, read from its words and from the trace; the words are those of the released tool."""

from __future__ import annotations

import pytest

from conformance.adapters.process import Ended
from conformance.adapters.stages import Judged, inside, judge, message
from conformance.adapters.tools import results
from conformance.model import Event, Stage

CONTEXT = "creating run context"
NOT_FOUND = "x.c:9: NOT_FOUND;"
NATIVE = f"loading dynamic module at 'X'; {CONTEXT}"
BYTECODE = f"loading bytecode module at 'X'; {CONTEXT}"
IMPORTS = f"resolving module 'M' imports; creating VM context; {CONTEXT}"


def ended(stderr: str = "", stdout: str = "", code: int | None = 1, signal: str | None = None) -> Ended:
    return Ended(code, signal, code is None and signal is None, stdout, stderr)


def events(text: str) -> list[Event]:
    made = []
    for word in text.split():
        ev, _, fn = word.partition(":")
        made.append(Event(ev, "m", "l", fields={"fn": fn} if fn else {}))
    return made


@pytest.mark.parametrize(
    ("stderr", "stage", "status"),
    [
        ("INVALID_ARGUMENT; no user module specified; use --module=file.vmfb", Stage.PARSE, "INVALID_ARGUMENT"),
        ("\x1b[31mFLAGS ERROR:\x1b[0m\nINVALID_ARGUMENT; flag 'x' not recognized", Stage.PARSE, "INVALID_ARGUMENT"),
        (f"{NOT_FOUND} failed to load dynamic library (..): X; {NATIVE}", Stage.OPEN, "NOT_FOUND"),
        (f"{NOT_FOUND} failed to open file 'X'; {BYTECODE}", Stage.OPEN, "NOT_FOUND"),
        (f"{NOT_FOUND} symbol 'X' not found in library; {NATIVE}", Stage.SYMBOL, "NOT_FOUND"),
        (f"DATA_LOSS; loading modules and dependencies; {NATIVE}", Stage.CREATE, "DATA_LOSS"),
        (f"x.c:9: INVALID_ARGUMENT; FlatBuffer length prefix; {BYTECODE}", Stage.VERIFY, "INVALID_ARGUMENT"),
        (f"{NOT_FOUND} required module 'X' not available; resolving dependencies for 'M'", Stage.LINK, "NOT_FOUND"),
        (f"x.c:9: INTERNAL; import function F signature mismatch; {IMPORTS}", Stage.LINK, "INTERNAL"),
        ("x.c:9: NOT_FOUND; no function `f` exported by module; looking up function 'f'", Stage.CALL, "NOT_FOUND"),
        ("<vm>:0: FAILED_PRECONDITION; text; ; invoking function 'f'", Stage.CALL, "FAILED_PRECONDITION"),
    ],
)
def test_reported_errors(stderr: str, stage: Stage, status: str) -> None:
    judged = judge(ended(stderr), [])
    assert (judged.stage, judged.status) == (stage, status)


def test_a_failing_initializer_is_told_from_a_failing_link_by_the_trace() -> None:
    stderr = f"UNAVAILABLE; creating VM context; {CONTEXT}"
    failed = Event("return", "m", "l", fields={"fn": "__init", "code": 14})
    assert judge(ended(stderr), [*events("create alloc call:__init"), failed]).stage is Stage.INIT
    assert judge(ended(stderr), events("create alloc call:__init return:__init alloc")).stage is Stage.LINK


def test_success_needs_the_call_to_have_begun_and_every_call_to_have_returned() -> None:
    stdout = "EXEC @f\n"
    assert judge(ended(stdout=stdout, code=0), events("call:f return:f")) == Judged(Stage.DONE, "OK", "")
    assert judge(ended(stdout=stdout, code=0), events("call:f")).stage is Stage.CALL
    assert judge(ended(stdout=stdout, code=0), events("create call:f return:f")).status == "?"
    assert judge(ended(code=0), []).status == "?"


@pytest.mark.parametrize(
    ("trace", "stage"),
    [
        ("", Stage.OPEN),
        ("lib.ctor", Stage.CREATE),
        ("lib.ctor create", Stage.OPEN),
        ("create alloc deps", Stage.LINK),
        ("create alloc call:__init", Stage.INIT),
        ("create call:f", Stage.CALL),
        ("create call:f call:g return:g", Stage.CALL),
        ("create call:f return:f call:__deinit", Stage.TEARDOWN),
        ("create call:f return:f call:__deinit return:__deinit", Stage.TEARDOWN),
        ("create call:f return:f free", Stage.TEARDOWN),
        ("create call:f return:f free destroy", Stage.TEARDOWN),
    ],
)
@pytest.mark.parametrize("signal", ["SIGSEGV", None])
def test_a_run_without_report_stopped_behind_the_last_event(trace: str, stage: Stage, signal: str | None) -> None:
    assert judge(ended(code=None, signal=signal), events(trace))[:2] == (stage, "?")


@pytest.mark.parametrize(
    ("announced", "trace", "stage"),
    [
        (Stage.OPEN, "", Stage.OPEN),
        (Stage.OPEN, "lib.ctor", Stage.CREATE),
        (Stage.LINK, "create alloc", Stage.LINK),
        (Stage.LINK, "create alloc call:__init", Stage.INIT),
        (Stage.TEARDOWN, "call:f return:f call:__deinit", Stage.TEARDOWN),
        (Stage.CALL, "call:f", Stage.CALL),
    ],
)
def test_an_announced_stage_is_seen_closer(announced: Stage, trace: str, stage: Stage) -> None:
    assert inside(announced, events(trace)) is stage


def test_message_without_place_and_colour() -> None:
    assert message("c/runtime/x.c:12: NOT_FOUND; gone\n") == "NOT_FOUND; gone"
    assert message("\x1b[31mFLAGS ERROR:\x1b[0m\nINVALID_ARGUMENT; x") == "FLAGS ERROR:\nINVALID_ARGUMENT; x"


def test_results() -> None:
    text = "EXEC @f\nresult[0]: i32=5\nresult[1]: hal.buffer_view\n2x2xi32=[1 2][3 4]\nresult[2]: (null)\n"
    assert results(text) == ("i32=5", "hal.buffer_view 2x2xi32=[1 2][3 4]", "(null)")
    assert results("EXEC @f\n") == ()


def test_a_code_without_a_name_is_known_by_its_number() -> None:
    ended = Ended(1, None, False, "EXEC @f\n", "file.c:3: code 31; what the program said; invoking function 'm.f'")
    assert judge(ended, ())[:2] == (Stage.CALL, "CODE_31")
