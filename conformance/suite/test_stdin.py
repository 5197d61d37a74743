"""Standard input as a module: where it may stand, what may come through it, what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import fixtures
from conformance.case import Case, clause
from conformance.model import ModuleRef, Stage, StdinKind
from conformance.suite.modules import NO_MODULE, STDIN, bytecode, native, spoiled

BOTH = pytest.mark.parametrize("kind", [StdinKind.PIPE, StdinKind.FILE], ids=str)


@clause("STDIN-dash")
@BOTH
def test_program(case: Case, kind: StdinKind) -> None:
    program = fixtures.bytecode("provider")
    seen = case.run(STDIN, function="scale", inputs=(4,), stdin=kind, stdin_path=program)
    seen.succeeds("i32=12")


@clause("STDIN-dash")
@BOTH
def test_program_behind_a_native_module(case: Case, kind: StdinKind) -> None:
    program = fixtures.bytecode("uses_minimal")
    seen = case.run(native("minimal"), STDIN, function="main", inputs=(3, 4), stdin=kind, stdin_path=program)
    seen.succeeds("i32=28").ordered("minimal.create", "minimal.call(add)", "minimal.call(mul)", "minimal.destroy")


@clause("STDIN-dash")
def test_a_large_program_through_a_pipe(case: Case) -> None:
    """Many times the capacity of a pipe."""
    program = fixtures.bytecode("functions_5000")
    seen = case.run(STDIN, function="nothere", stdin=StdinKind.PIPE, stdin_path=program)
    seen.fails("NOT_FOUND", Stage.CALL, "nothere")


@clause("STDIN-in-order")
def test_provider(case: Case) -> None:
    provider = fixtures.bytecode("provider")
    seen = case.run(
        STDIN, bytecode("consumer"), function="main", inputs=(3, 4), stdin=StdinKind.PIPE, stdin_path=provider
    )
    seen.succeeds("i32=21")


@clause("STDIN-in-order")
def test_middle_of_a_chain(case: Case) -> None:
    chain = [bytecode("chain_a"), STDIN, bytecode("chain_c")]
    middle = fixtures.bytecode("chain_b")
    seen = case.run(*chain, function="main", inputs=(5,), stdin=StdinKind.PIPE, stdin_path=middle)
    seen.succeeds("i32=112")


@clause("STDIN-in-order")
def test_in_the_wrong_place(case: Case) -> None:
    consumer = fixtures.bytecode("consumer")
    seen = case.run(STDIN, bytecode("provider"), function="count", stdin=StdinKind.PIPE, stdin_path=consumer)
    seen.fails("NOT_FOUND", Stage.LINK, "provider", "consumer")


@clause("STDIN-export-means-nothing")
@pytest.mark.parametrize("text", ["-@", "-@create", "-@create?k=v", "-@?k=v"])
def test_export_and_parameters_mean_nothing(case: Case, text: str) -> None:
    modules = [native("minimal"), ModuleRef.parse(text)]
    program = fixtures.bytecode("provider")
    seen = case.run(*modules, function="scale", inputs=(4,), stdin=StdinKind.PIPE, stdin_path=program)
    if seen.observation.done:
        seen.succeeds("i32=12")
    else:
        seen.fails("INVALID_ARGUMENT", (Stage.PARSE, Stage.OPEN, Stage.VERIFY), "-").happened("minimal.create")


@clause("STDIN-once")
def test_twice(case: Case) -> None:
    program = fixtures.bytecode("provider")
    seen = case.run(STDIN, STDIN, function="scale", inputs=(4,), stdin=StdinKind.PIPE, stdin_path=program)
    seen.fails("INVALID_ARGUMENT", (Stage.PARSE, Stage.OPEN, Stage.VERIFY), "-")


@clause("STDIN-empty")
@pytest.mark.parametrize("kind", [StdinKind.NULL, StdinKind.CLOSED], ids=str)
def test_nothing_there(case: Case, kind: StdinKind) -> None:
    seen = case.run(native("minimal"), STDIN, function="main", inputs=(3, 4), stdin=kind)
    seen.fails("INVALID_ARGUMENT", (Stage.OPEN, Stage.VERIFY), "-").happened("minimal.create")


@clause("STDIN-empty")
@BOTH
def test_nothing_in_it(case: Case, kind: StdinKind, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    seen = case.run(STDIN, function="scale", inputs=(4,), stdin=kind, stdin_path=empty)
    seen.fails("INVALID_ARGUMENT", (Stage.OPEN, Stage.VERIFY), "-")


@clause("STDIN-malformed")
@pytest.mark.parametrize("how", [*NO_MODULE, "library"])
def test_malformed(case: Case, how: str, tmp_path: Path) -> None:
    data = tmp_path / how
    data.write_bytes(spoiled(how))
    seen = case.run(STDIN, function="scale", inputs=(4,), stdin=StdinKind.PIPE, stdin_path=data)
    seen.fails("INVALID_ARGUMENT", Stage.VERIFY, "-")


@clause("STDIN-waits")
def test_it_waits_for_the_end(case: Case) -> None:
    modules = [native("minimal"), STDIN]
    seen = case.run_to_hang(*modules, reached="minimal.create", function="main", stdin=StdinKind.HELD)
    seen.hangs(Stage.OPEN).happened("minimal.create").never("minimal.alloc")


@clause("STDIN-read-when-reached")
def test_an_earlier_module_fails_first(case: Case, tmp_path: Path) -> None:
    missing = tmp_path / "missing.vmfb"
    seen = case.run(missing, STDIN, function="main", inputs=(3, 4), stdin=StdinKind.HELD)
    seen.fails("NOT_FOUND", Stage.OPEN, str(missing))


@clause("STDIN-read-when-reached")
def test_a_later_module_fails_later(case: Case, tmp_path: Path) -> None:
    missing, text = tmp_path / "missing.vmfb", tmp_path / "text"
    text.write_text("no module\n" * 10)
    seen = case.run(STDIN, missing, function="main", inputs=(3, 4), stdin=StdinKind.PIPE, stdin_path=text)
    seen.fails("INVALID_ARGUMENT", Stage.VERIFY, "-")


@clause("STDIN-any-mode")
@pytest.mark.parametrize("mode", ["preload", "mmap"])
def test_mode(case: Case, mode: str) -> None:
    program = fixtures.bytecode("provider")
    seen = case.run(STDIN, function="scale", inputs=(4,), stdin=StdinKind.PIPE, stdin_path=program, module_mode=mode)
    seen.succeeds("i32=12")
