"""Calls: values and failures across them."""

from __future__ import annotations

import pytest

from conformance.case import Case, clause
from conformance.model import Stage
from conformance.suite.modules import bytecode, native

WIDE_RESULT = ("i64=10", "i32=1", "i64=2", "f32=3.5", "f64=4.5", "i32=5", "i32=6", "i64=7", "f32=8.5", "f64=9.5")


@clause("CALL-scalars")
def test_every_kind(case: Case) -> None:
    inputs = (1, 2, 3.5, 4.5, 5, 6, 7, 8.5, 9.5, 10)
    case.run(bytecode("wide"), function="rotate", inputs=inputs).succeeds(*WIDE_RESULT)


@clause("CALL-scalars")
def test_every_kind_through_an_import(case: Case) -> None:
    seen = case.run(bytecode("wide"), bytecode("uses_wide"), function="main", inputs=(3, 4294967299))
    seen.succeeds("i64=4294967299", "i32=3", "i64=4294967299", "f32=0.25", "f64=0.125", "i64=4294967299")


@clause("CALL-scalars")
@pytest.mark.parametrize(("a", "b", "sum"), [(-1, 1, 0), (2147483647, 0, 2147483647), (-2147483648, 0, -2147483648)])
def test_limits(case: Case, a: int, b: int, sum: int) -> None:
    seen = case.run(native("minimal"), function="add", inputs=(a, b))
    seen.succeeds(f"i32={sum}").happened("minimal.call(add)")


@clause("CALL-alignment")
def test_mixed_arguments(case: Case) -> None:
    seen = case.run(native("mixed"), function="mix", inputs=(1, 20, 300, 4000.0, 50000.0, 600000))
    seen.succeeds("i64=654321").happened("mixed.call(mix)")


@clause("CALL-alignment")
def test_mixed_results(case: Case) -> None:
    seen = case.run(native("mixed"), function="spread", inputs=(6,))
    seen.succeeds("i32=6", "i64=25769803782", "f32=3", "f64=1.5", "i32=-6").happened("mixed.call(spread)")


@clause("CALL-wraps")
@pytest.mark.parametrize(("a", "b", "sum"), [(2147483647, 1, -2147483648), (-2147483648, -1, 2147483647)])
def test_integers_wrap(case: Case, a: int, b: int, sum: int) -> None:
    case.run(bytecode("provider"), function="add", inputs=(a, b)).succeeds(f"i32={sum}")


@clause("CALL-nested")
@pytest.mark.parametrize(("x", "n", "result"), [(3, 4, 48), (3, 0, 3), (0, 30, 0), (1, 10, 1024)])
def test_bytecode_native_bytecode(case: Case, x: int, n: int, result: int) -> None:
    modules = [bytecode("twice"), native("callbacks"), bytecode("uses_callbacks")]
    seen = case.run(*modules, function="main", inputs=(x, n))
    seen.succeeds(f"i32={result}").happened("callbacks.call(apply)")


@clause("CALL-failure-propagates")
def test_failure_from_far_below(case: Case) -> None:
    modules = [bytecode("twice"), native("callbacks"), bytecode("uses_callbacks")]
    seen = case.run(*modules, function="main", inputs=(-1, 1))
    seen.fails("OUT_OF_RANGE", Stage.CALL, "negative number").happened("callbacks.return(11)").balanced()


@clause("CALL-failure-propagates")
def test_failure_of_bytecode_in_bytecode(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("consumer"), function="calls_failing", inputs=(1,))
    seen.fails("DATA_LOSS", Stage.CALL, "provider gave up")


@clause("CALL-failure-propagates")
def test_failure_of_bytecode_in_native(case: Case) -> None:
    seen = case.run(bytecode("provider"), native("calls_bytecode"), function="propagate", inputs=(1,))
    seen.fails("DATA_LOSS", Stage.CALL, "provider gave up").happened("calls_bytecode.return(15)").balanced()


@clause("CALL-failure-can-be-swallowed")
def test_swallowed_failure(case: Case) -> None:
    seen = case.run(bytecode("provider"), native("calls_bytecode"), function="swallow", inputs=(1,))
    seen.succeeds("i32=15").happened("calls_bytecode.swallowed(15)")
    messages = [event.fields["message"] for event in seen.events if event.ev == "swallowed"]
    seen.that("provider gave up" in str(messages), "its message", str(messages))


@clause("CALL-wrong-count")
@pytest.mark.parametrize("inputs", [(), (3,), (3, 4, 5)], ids=["none", "one", "three"])
def test_wrong_number_of_inputs(case: Case, inputs: tuple[int, ...]) -> None:
    seen = case.run(native("minimal"), function="add", inputs=inputs)
    seen.fails("INVALID_ARGUMENT", Stage.CALL).never("minimal.call").ordered("minimal.free", "minimal.destroy")


@clause("CALL-missing-function")
@pytest.mark.parametrize("name", ["nothere", "ADD", "ad", "addd", "minimal.add"])
def test_function_that_is_not_exported(case: Case, name: str) -> None:
    seen = case.run(native("minimal"), function=name, inputs=(3, 4))
    seen.fails("NOT_FOUND", Stage.CALL, name).never("minimal.call")


@clause("CALL-missing-function")
def test_private_function(case: Case) -> None:
    """Imports are no exports."""
    seen = case.run(bytecode("provider"), bytecode("consumer"), function="scale", inputs=(4,))
    seen.fails("NOT_FOUND", Stage.CALL, "scale")


@clause("CALL-state-is-kept")
def test_state_of_bytecode(case: Case) -> None:
    seen = case.run(bytecode("provider"), bytecode("consumer"), function="count_twice")
    seen.succeeds("i32=1", "i32=2")


@clause("CALL-state-is-kept")
def test_state_of_native(case: Case) -> None:
    seen = case.run(native("state"), bytecode("uses_state"), function="add_twice", inputs=(5,))
    seen.succeeds("i32=10").happened("state.call(add)", times=2)


@clause("CALL-state-is-kept")
def test_training_loop(case: Case) -> None:
    """A native driver calls init, step and loss of a compiled model: from w = 0, two steps at rate 0.25."""
    seen = case.run(bytecode("model"), native("trainer", rate=250), function="train", inputs=(2,))
    seen.succeeds("f32=0.5625").happened("trainer.call(train)")


@clause("CALL-buffers")
@pytest.mark.parametrize(
    ("function", "inputs", "results"),
    [
        ("sum_of_rodata", (), ("i64=256",)),
        ("fill", (10, 7), ("i32=7", "i64=70")),
        ("make", (5,), ("i64=5", "i64=10")),
    ],
)
def test_buffers(case: Case, function: str, inputs: tuple[int, ...], results: tuple[str, ...]) -> None:
    seen = case.run(native("buffers"), bytecode("uses_buffers"), function=function, inputs=inputs)
    seen.succeeds(*results).ordered("buffers.alloc", "buffers.call", "buffers.free")


@clause("CALL-buffers")
def test_constant_buffer_stays_constant(case: Case) -> None:
    seen = case.run(native("buffers"), bytecode("uses_buffers"), function="fill_rodata")
    seen.fails("PERMISSION_DENIED", Stage.CALL, "constant").happened("buffers.return(7)").balanced()


@clause("CALL-unresolved-optional")
def test_absent_optional_import_is_called(case: Case) -> None:
    seen = case.run(native("minimal"), bytecode("optional_imports"), function="call_unbound", inputs=(1,))
    seen.fails("NOT_FOUND", Stage.CALL, "nobody.knows").happened("minimal.destroy")
