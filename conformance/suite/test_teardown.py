"""Life and teardown: in which order, on success and on every failure, and nothing left behind."""

from __future__ import annotations

import pytest

from conformance.case import Case, Seen, clause
from conformance.model import ModuleRef, Stage
from conformance.suite.modules import bytecode, native

LINKING = (Stage.LINK, Stage.INIT)


def a_life(name: str, **params: object) -> ModuleRef:
    """A module with `__init` and `__deinit` that writes down its whole life."""
    return native("lifecycle", name=name, **params)


def pair(case: Case, fail: str, function: str = "call_import") -> Seen:
    """A, and B that imports from A and fails at one stage, with a code that nothing else gives."""
    b = native("lifecycle", None, [("name", "B"), ("import", "A.add"), ("fail", fail), ("code", "15")])
    return case.run(a_life("A"), b, function=function)


def torn_down(seen: Seen, *names: str) -> Seen:
    """These modules, in order of registration, lived and were ended in the opposite order."""
    last_first = names[::-1]
    seen.ordered(
        *(f"{name}.return(__deinit)" for name in last_first),
        *(f"{name}.free" for name in last_first),
        *(f"{name}.destroy" for name in last_first),
    )
    return seen.balanced()


@clause("LIFE-order-per-module")
def test_order_per_module(case: Case) -> None:
    seen = pair(case, fail="").succeeds("i32=7")
    seen.ordered("A.create", "A.alloc", "A.call(__init)", "A.return(__init)")
    seen.ordered("B.create", "B.alloc", "B.resolve(A.add)", "B.call(__init)", "B.call(call_import)", "A.call(add)")
    for name in "AB":
        seen.happened(f"{name}.alloc").happened(f"{name}.call(__init)").happened(f"{name}.call(__deinit)")


@clause("LIFE-init-before-next")
def test_one_module_after_the_other(case: Case) -> None:
    seen = case.run(a_life("A"), a_life("B"), a_life("C"), function="ping").succeeds("i32=1")
    seen.ordered("A.return(__init)", "B.alloc", "B.return(__init)", "C.alloc", "C.return(__init)", "C.call(ping)")


@clause("LIFE-init-optional")
def test_without_init_and_deinit(case: Case) -> None:
    seen = case.run(a_life("A"), native("minimal"), function="add", inputs=(3, 4)).succeeds("i32=7")
    seen.never("minimal.call(__init)").never("minimal.call(__deinit)")
    seen.happened("A.call(__init)").happened("A.call(__deinit)").happened("minimal.free")


@clause("LIFE-deinit-then-free")
def test_teardown_after_success(case: Case) -> None:
    seen = case.run(a_life("A"), a_life("B"), a_life("C"), function="ping").succeeds("i32=1")
    torn_down(seen.ordered("C.return(ping)", "C.call(__deinit)"), "A", "B", "C")


@clause("LIFE-deinit-then-free")
def test_deinit_can_still_call_imports(case: Case) -> None:
    """The program calls the native module in its initializer and in its `__deinit`."""
    seen = case.run(native("math"), bytecode("deinit_calls_math"), function="get").succeeds("i32=1001")
    seen.happened("math.call(add)", times=2).ordered("math.call(add)", "math.free", "math.destroy")


@clause("LIFE-destroy-reverse")
def test_destroyed_in_reverse(case: Case) -> None:
    seen = case.run(native("math"), native("minimal"), native("state"), function="get").succeeds("i32=0")
    seen.ordered("state.destroy", "minimal.destroy", "math.destroy")


@clause("LIFE-destroy-before-unload")
def test_unloaded_after_destroy(case: Case) -> None:
    seen = case.run(native("minimal"), a_life("A"), a_life("B"), function="ping").succeeds("i32=1")
    seen.ordered("B.destroy", "A.destroy", "lib.dtor(lifecycle)").ordered("minimal.destroy", "lib.dtor(minimal)")
    seen.happened("lib.dtor", times=2)


@clause("LIFE-destroyed-once")
def test_destroyed_once(case: Case) -> None:
    """Although two later modules import from it."""
    modules = [native("minimal"), bytecode("uses_minimal"), native("importer")]
    seen = case.run(*modules, function="twice_add", inputs=(3, 4)).succeeds("i32=14")
    seen.happened("minimal.create").happened("minimal.destroy").ordered("importer.destroy", "minimal.destroy")


@clause("LIFE-null-state-not-freed")
def test_null_state(case: Case) -> None:
    seen = case.run(native("null_state"), function="add", inputs=(3, 4)).succeeds("i32=7")
    seen.happened("null_state.alloc").happened("null_state.call(__init)").never("null_state.free")


@clause("LIFE-deinit-with-null-state")
def test_deinit_with_null_state(case: Case) -> None:
    seen = case.run(native("null_state"), function="add", inputs=(3, 4)).succeeds("i32=7")
    seen.ordered("null_state.return(__init)", "null_state.call(__deinit)", "null_state.destroy")


@clause("LIFE-no-deinit-without-init")
def test_import_missing(case: Case) -> None:
    b = native("lifecycle", None, [("name", "B"), ("import", "A.nothere")])
    seen = case.run(a_life("A"), b, function="ping").fails("NOT_FOUND", LINKING)
    seen.never("B.call(__init)").never("B.call(__deinit)")
    seen.ordered("A.return(__deinit)", "A.free", "A.destroy").ordered("B.alloc", "B.free", "B.destroy").balanced()


@clause("LIFE-no-deinit-after-failed-init")
def test_no_deinit_after_failed_init(case: Case) -> None:
    seen = pair(case, fail="init").fails("DATA_LOSS", Stage.INIT)
    seen.happened("B.call(__init)").never("B.call(__deinit)").happened("A.call(__deinit)")


@clause("LIFE-failing-deinit-ignored")
def test_failing_deinit(case: Case) -> None:
    seen = pair(case, fail="deinit").succeeds("i32=7")
    torn_down(seen.happened("B.return(15)"), "A", "B")


@clause("LIFE-failing-deinit-ignored")
def test_failing_deinit_of_bytecode(case: Case) -> None:
    seen = case.run(a_life("A"), bytecode("deinit_fails"), function="get").succeeds("i32=1")
    torn_down(seen, "A")


@clause("LIFE-alloc-failure")
def test_alloc_fails(case: Case) -> None:
    seen = pair(case, fail="alloc").fails("DATA_LOSS", LINKING)
    seen.never("B.free").never("B.call(__init)").never("B.call(__deinit)").happened("B.destroy")
    seen.ordered("B.alloc", "A.call(__deinit)", "A.free", "A.destroy").balanced()


@clause("LIFE-resolve-failure")
def test_resolve_fails(case: Case) -> None:
    seen = pair(case, fail="resolve").fails("DATA_LOSS", LINKING).never("B.call(__init)")
    seen.ordered("B.resolve(A.add)", "A.call(__deinit)", "B.free", "A.free").happened("B.destroy")
    seen.happened("A.destroy").balanced()


@clause("LIFE-init-failure")
@pytest.mark.parametrize("at", [0, 1, 2])
def test_init_fails(case: Case, at: int) -> None:
    """The first, the second or the third of three modules."""
    names = ["A", "B", "C"]
    modules = [a_life(name, fail="init", code=15) if names[at] == name else a_life(name) for name in names]
    seen = case.run(*modules, function="ping").fails("DATA_LOSS", Stage.INIT)
    for name in names[:at]:
        seen.happened(f"{name}.call(__deinit)").ordered(f"{name}.return(__deinit)", f"{name}.free", f"{name}.destroy")
    for name in names[at + 1 :]:
        seen.never(f"{name}.alloc").happened(f"{name}.destroy")
    seen.ordered(*(f"{name}.free" for name in reversed(names[: at + 1])))
    seen.happened(f"{names[at]}.destroy").never("*.call(ping)").balanced()


@clause("LIFE-init-failure")
def test_initializer_of_bytecode_fails(case: Case) -> None:
    seen = case.run(a_life("A"), bytecode("init_fails"), function="get")
    seen.refuses(LINKING)
    torn_down(seen, "A")


@clause("LIFE-dependency-failure")
def test_dependencies_fail(case: Case) -> None:
    seen = pair(case, fail="deps").fails("DATA_LOSS", Stage.LINK)
    seen.never("B.call(__init)").happened("A.destroy").happened("B.destroy").balanced()


@clause("LIFE-lookup-failure")
def test_lookup_of_init_fails(case: Case) -> None:
    seen = pair(case, fail="lookup").fails("DATA_LOSS", LINKING).never("B.call(call_import)")
    seen.ordered("A.call(__deinit)", "A.free", "A.destroy").ordered("B.alloc", "B.free", "B.destroy").balanced()


@clause("LIFE-call-failure")
def test_call_fails(case: Case) -> None:
    seen = pair(case, fail="call", function="ping").fails("DATA_LOSS", Stage.CALL)
    torn_down(seen.ordered("B.return(ping)", "B.call(__deinit)"), "A", "B")


@clause("LIFE-call-failure")
def test_nested_call_fails(case: Case) -> None:
    """B calls A, which fails; both are torn down as ever."""
    a = a_life("A", fail="call", code=15)
    b = native("lifecycle", None, [("name", "B"), ("import", "A.add")])
    seen = case.run(a, b, function="call_import").fails("DATA_LOSS", Stage.CALL)
    torn_down(seen.ordered("A.return(15)", "B.return(15)", "B.call(__deinit)"), "A", "B")


@clause("LIFE-missing-function")
def test_function_is_not_there(case: Case) -> None:
    seen = pair(case, fail="", function="nothere").fails("NOT_FOUND", Stage.CALL, "nothere")
    torn_down(seen.never("B.call(call_import)"), "A", "B")


def states(seen: Seen, mod: str) -> list[tuple[str, str]]:
    """What was done with which state, in order."""
    return [(event.ev, event.fields["state"]) for event in seen.events if event.mod == mod and "state" in event.fields]


@clause("LIFE-state-unchanged")
def test_state_is_the_same(case: Case) -> None:
    seen = pair(case, fail="").succeeds("i32=7")
    found = states(seen, "B")
    seen.that([ev for ev, _ in found] == ["alloc", "resolve", "free"], "alloc, resolve, free", str(found))
    seen.that(len({state for _, state in found}) == 1, "one state", str(found))


@clause("LIFE-state-per-module")
def test_each_module_has_its_state(case: Case) -> None:
    """The older of the two counts nothing: the program is linked to the newer."""
    seen = case.run(native("state"), native("state"), bytecode("uses_state"), function="add_twice", inputs=(5,))
    seen.succeeds("i32=10")
    found = states(seen, "state")
    seen.that([ev for ev, _ in found] == ["alloc", "alloc", "free", "free"], "two allocs, two frees", str(found))
    seen.that([state for _, state in found[:2]] == [state for _, state in found[:1:-1]], "freed in reverse", str(found))
    seen.that(found[0][1] != found[1][1], "two states", str(found))
