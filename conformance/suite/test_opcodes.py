"""Opcodes: every instruction, by the calls that were recorded for it; a case holds all calls of one function."""

from __future__ import annotations

from conformance.case import Case, clause
from conformance.suite.recorded import Recorded, agree, agrees, functions, hazardous

Calls = list[Recorded]


@clause("OP-i32")
@functions("opcodes", "01_int32")
def test_i32(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-i64")
@functions("opcodes", "02_int64")
def test_i64(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-f32")
@functions("opcodes", "03_float32")
def test_f32(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-f64")
@functions("opcodes", "04_float64")
def test_f64(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-globals")
@functions("opcodes", "05_globals")
def test_globals(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-lists")
@functions("opcodes", "06_lists")
def test_lists(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-buffers")
@functions("opcodes", "07_buffers")
def test_buffers(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-refs")
@functions("opcodes", "08_refs")
def test_refs(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-control")
@functions("opcodes", "09_control")
def test_control(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-calls")
@functions("opcodes", "10_provider")
def test_provider(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-calls")
@functions("opcodes", "11_consumer")
def test_consumer(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-variadic")
@functions("opcodes", "12_variadic")
def test_variadic(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-yield")
@functions("opcodes", "13_async")
def test_async(case: Case, calls: Calls) -> None:
    """Functions that could suspend and do not."""
    agree(case, calls)


@clause("OP-special")
@functions("opcodes", "14_special")
def test_special(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-extra")
@functions("opcodes", "15_extra")
def test_extra(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-indirect-f32")
@functions("opcodes", "16_raw")
def test_raw(case: Case, calls: Calls) -> None:
    agree(case, calls)


@clause("OP-division")
@hazardous("opcodes", lambda call: call.hazard == "H1")
def test_division(case: Case, call: Recorded) -> None:
    agrees(case, call)


@clause("OP-switch-i64")
@hazardous("opcodes", lambda call: call.hazard == "H9")
def test_switch_i64(case: Case, call: Recorded) -> None:
    agrees(case, call)


@clause("OP-yield")
@hazardous("opcodes", lambda call: call.hazard == "H2" and call.status is None)
def test_yield(case: Case, call: Recorded) -> None:
    agrees(case, call)


@clause("OP-fail-deferred")
@hazardous("opcodes", lambda call: call.hazard == "H2" and call.status is not None)
def test_fail_deferred(case: Case, call: Recorded) -> None:
    agrees(case, call)
