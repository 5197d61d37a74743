"""Errors: what a status carries across the boundary and out of the run."""

from __future__ import annotations

import pytest

from conformance.case import Case, clause
from conformance.model import Stage
from conformance.suite.modules import bytecode, native

# All codes but OK and DEFERRED, which is a signal to the caller.
CODES = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
    18: "INCOMPATIBLE",
}
EVERY_CODE = pytest.mark.parametrize("code", CODES, ids=CODES.get)


@clause("ERR-code-kept")
@EVERY_CODE
def test_code_of_a_call(case: Case, code: int) -> None:
    seen = case.run(native("statuses"), function="block", inputs=(code,))
    seen.fails(CODES[code], Stage.CALL, "a message in a block of its own").happened(f"statuses.return({code})")


@clause("ERR-bare-code")
@EVERY_CODE
def test_bare_code_of_a_call(case: Case, code: int) -> None:
    seen = case.run(native("statuses"), function="bare", inputs=(code,))
    seen.fails(CODES[code], Stage.CALL).happened(f"statuses.return({code})")


@clause("ERR-bare-code")
@pytest.mark.parametrize("fail", ["deps", "alloc", "init", "call"])
def test_bare_code_of_other_callbacks(case: Case, fail: str) -> None:
    seen = case.run(native("lifecycle", fail=fail, code=6), function="ping")
    seen.fails("ALREADY_EXISTS", (Stage.LINK, Stage.INIT, Stage.CALL)).happened("lifecycle.destroy")


@clause("ERR-message-kept")
def test_message_of_native(case: Case) -> None:
    seen = case.run(native("minimal"), function="boom")
    seen.fails("UNAVAILABLE", Stage.CALL, "minimal.boom always fails").happened("minimal.return(boom)")


@clause("ERR-message-kept")
@pytest.mark.parametrize("fail", ["deps", "alloc", "init", "call"])
def test_message_of_other_callbacks(case: Case, fail: str) -> None:
    seen = case.run(native("lifecycle", fail=fail, message="said on purpose"), function="ping")
    seen.fails("FAILED_PRECONDITION", (Stage.LINK, Stage.INIT, Stage.CALL), "said on purpose")


@clause("ERR-bytecode-failure")
def test_failure_of_bytecode(case: Case) -> None:
    seen = case.run(bytecode("provider"), function="fails", inputs=(7,))
    seen.fails("DATA_LOSS", Stage.CALL, "provider gave up")


@clause("ERR-outlives-library")
def test_message_in_the_library(case: Case) -> None:
    seen = case.run(native("statuses"), function="borrowed_message", inputs=(13,))
    seen.fails("INTERNAL", Stage.CALL, "message in the library")
    seen.that("not this" not in seen.observation.message, "nothing behind the message", seen.observation.message)
    seen.ordered("statuses.return(borrowed_message)", "statuses.destroy", "lib.dtor")


@clause("ERR-no-format")
def test_percent_signs(case: Case) -> None:
    case.run(native("statuses"), function="percent", inputs=(13,)).fails("INTERNAL", Stage.CALL, "100 %s and %n of %d")


@clause("ERR-long-message")
def test_long_message(case: Case) -> None:
    seen = case.run(native("statuses"), function="long_message", inputs=(13,)).fails("INTERNAL", Stage.CALL)
    count = seen.observation.message.count("x")
    seen.that("xend" in seen.observation.message, "20,000 bytes up to the `end`", f"{count} times `x`")


@clause("ERR-payloads")
def test_payloads(case: Case) -> None:
    seen = case.run(native("statuses"), function="payload", inputs=(13,))
    seen.fails("INTERNAL", Stage.CALL, "message", "first payload", "second payload")
    seen.ordered("statuses.format.write", "statuses.destroy")


@clause("ERR-payloads")
def test_payload_without_formatter(case: Case) -> None:
    seen = case.run(native("statuses"), function="silent_payload", inputs=(13,))
    seen.fails("INTERNAL", Stage.CALL, "message").happened("statuses.destroy")


@clause("ERR-payloads")
def test_payload_of_a_failing_create(case: Case) -> None:
    seen = case.run(native("fail_create", storage="payload", code=13), function="f")
    seen.fails("INTERNAL", Stage.CREATE, "cannot be created", "text of the payload").happened("lib.dtor")


@clause("ERR-ok-with-storage")
def test_ok_with_storage(case: Case) -> None:
    seen = case.run(native("statuses"), function="ok_with_storage")
    seen.that(seen.observation.status != "?", "success or a reported error", seen.observation.summary())
    seen.ordered("statuses.return(ok_with_storage)", "statuses.free", "statuses.destroy", "lib.dtor").balanced()


@clause("ERR-exit-status")
@pytest.mark.parametrize(("function", "code"), [("add", 0), ("nothere", 1)])
def test_exit_status(case: Case, function: str, code: int) -> None:
    case.needs("command-line")
    seen = case.run(native("minimal"), function=function, inputs=(3, 4)).happened("minimal.destroy")
    seen.that(seen.observation.exit_code == code, f"exit {code}", seen.observation.ending)
