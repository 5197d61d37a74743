"""Check-style files as a user runs them: pytest in a process of its own, the real compiler, both runtimes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import fixtures
from conformance.checks import compiler

SOURCE = """func.func @adds() {
  %a = util.unfoldable_constant dense<[1, 2, 3]> : tensor<3xi32>
  %b = arith.addi %a, %a : tensor<3xi32>
  check.expect_eq_const(%b, dense<[2, 4, 6]> : tensor<3xi32>) : tensor<3xi32>
  return
}
func.func @fail_differs() {
  %a = util.unfoldable_constant dense<[1.0]> : tensor<1xf32>
  check.expect_almost_eq_const(%a, dense<[2.0]> : tensor<1xf32>) : tensor<1xf32>
  return
}
"""
WRONG = """func.func @wrong() {
  %a = util.unfoldable_constant dense<[1, 2, 3]> : tensor<3xi32>
  check.expect_eq_const(%a, dense<[1, 2, 3]> : tensor<3xi32>) : tensor<3xi32>
  check.expect_eq_const(%a, dense<[1, 2, 4]> : tensor<3xi32>) : tensor<3xi32>
  return
}
"""
LANE = ("--runtime=own", "--backend=local-sync")


def run(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", "-q", "-rA", *arguments]
    command += [f"--rootdir={folder}", "-c", os.devnull]
    done = subprocess.run(command, cwd=folder, capture_output=True, input=stdin, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode() + done.stderr.decode(), "")


def write(folder: Path, text: str, name: str = "tests.mlir") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("runtime", ["own", "iree"])
def test_functions_are_tests(tmp_path: Path, runtime: str) -> None:
    write(tmp_path, SOURCE)
    done = run(tmp_path, f"--runtime={runtime}", "--backend=local-sync", "--backend=local-task")
    assert done.returncode == 0, done.stdout
    for name in ("adds", "fail_differs"):
        for backend in ("local-sync", "local-task"):
            assert f"PASSED tests.mlir::{name}[{runtime}-{backend}]" in done.stdout


def test_a_failure_says_where_and_what(tmp_path: Path) -> None:
    write(tmp_path, WRONG)
    done = run(tmp_path, *LANE)
    assert done.returncode == 1
    for line in (
        "wrong: 1 of 2 assertions failed (own, local-sync)",
        "tests.mlir:4: check.expect_eq failed",
        "  Expected equality of these values. Contents does not match.",
        "    lhs: 3xi32=1 2 3",
        "    rhs: 3xi32=1 2 4",
        "reproduce with:",
    ):
        assert line in done.stdout.splitlines(), done.stdout
    assert "Traceback" not in done.stdout


def test_a_function_that_has_to_fail_and_does_not(tmp_path: Path) -> None:
    write(tmp_path, SOURCE.replace("@adds", "@fail_adds"))
    done = run(tmp_path, *LANE)
    assert done.returncode == 1
    assert "fail_adds: has to fail, but all its 1 assertions hold (own, local-sync)" in done.stdout


def test_a_disabled_function_is_skipped(tmp_path: Path) -> None:
    write(tmp_path, WRONG.replace("@wrong", "@DISABLED_wrong"))
    done = run(tmp_path, *LANE)
    assert done.returncode == 0
    assert "disabled by its name: DISABLED_wrong" in done.stdout


def test_without_the_check_module_nothing_is_established(tmp_path: Path) -> None:
    write(tmp_path, SOURCE)
    done = run(tmp_path, *LANE, "--check-module=none")
    assert done.returncode == 1
    assert "adds: inconclusive: no assertion was made; the check module is absent" in done.stdout
    assert "fail_differs: inconclusive" in done.stdout


def test_bytecode_is_collected_too(tmp_path: Path) -> None:
    compiled = compiler.compiled(write(tmp_path, SOURCE), compiler.flags_for("local-sync"))
    folder = tmp_path / "only"
    folder.mkdir()
    (folder / "tests.vmfb").write_bytes(compiled.read_bytes())
    done = run(folder, *LANE)
    assert done.returncode == 0, done.stdout
    assert "PASSED tests.vmfb::fail_differs[own-local-sync]" in done.stdout


def test_from_standard_input(tmp_path: Path) -> None:
    compiled = compiler.compiled(write(tmp_path, SOURCE), compiler.flags_for("local-sync"))
    folder = tmp_path / "empty"
    folder.mkdir()
    done = run(folder, *LANE, "--module=-", stdin=compiled.read_bytes())
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_an_empty_standard_input(tmp_path: Path) -> None:
    done = run(tmp_path, *LANE, "--module=-")
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--module=-: standard input is empty" in done.stdout


def test_files_of_others_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, "func.func @f() {\n  return\n}\n")
    (tmp_path / "other.vmfb").write_bytes(b"not a module")
    done = run(tmp_path, *LANE)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED, done.stdout


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("a.mlir", "func.func @f() {\n}\n", "no tests"), ("a.vmfb", "no module", "cannot be read as a check module")],
)
def test_a_named_file_without_tests_is_an_error(tmp_path: Path, name: str, content: str, words: str) -> None:
    path = write(tmp_path, content, name)
    done = run(tmp_path, *LANE, str(path))
    assert done.returncode != 0
    assert words in done.stdout
    assert "Traceback" not in done.stdout


def test_a_source_that_does_not_compile(tmp_path: Path) -> None:
    write(tmp_path, SOURCE.replace("arith.addi", "arith.no_such_operation"))
    done = run(tmp_path, *LANE)
    assert done.returncode == 1
    assert "arith.no_such_operation" in done.stdout
    assert "Traceback" not in done.stdout


IMPORTS = """func.func private @minimal.add(%a: i32, %b: i32) -> i32
func.func @sum() {
  %three = util.unfoldable_constant 3 : i32
  %sum = func.call @minimal.add(%three, %three) : (i32, i32) -> i32
  %six = arith.constant 6 : i32
  %same = arith.cmpi eq, %sum, %six : i32
  %word = arith.extui %same : i1 to i32
  check.expect_true(%word) : i32
  return
}
"""


def test_a_module_of_the_user_comes_first(tmp_path: Path) -> None:
    write(tmp_path, IMPORTS)
    done = run(tmp_path, *LANE, f"--module={fixtures.native('minimal')}")
    assert done.returncode == 0, done.stdout
    done = run(tmp_path, *LANE)
    assert done.returncode == 1
    assert "minimal" in done.stdout


def test_the_path_of_the_check_module() -> None:
    done = subprocess.run([sys.executable, "-m", "conformance.checks"], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()) == fixtures.native("check")
