"""The plugin from outside: small suites, run by pytest in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from running import FAKES, Run, environment, run_suite

OK = "tools:" + str(FAKES / "says_ok")
DEAD = "tools:" + str(FAKES / "dies")

PASSES = '@clause("CALL-scalars")\ndef test_it(case):\n    case.run(function="f").succeeds("i32=0")\n'
FAILS = PASSES.replace("i32=0", "i32=1")


def outcomes(run: Run) -> list[str]:
    return [verdict["outcome"] for verdict in run.verdicts]


def test_a_case_passes(tmp_path: Path) -> None:
    run = run_suite(tmp_path, PASSES, f"--runtime={OK}")
    assert (run.code, outcomes(run)) == (0, ["pass"])
    assert "area   runtime" in run.output


def test_a_failure_explains_itself(tmp_path: Path) -> None:
    run = run_suite(tmp_path, FAILS, f"--runtime={OK}")
    assert (run.code, outcomes(run)) == (1, ["fail"])
    for line in [
        "case      small::it",
        "clause    CALL-scalars: Scalars of all four kinds arrive and return with their values.",
        f"runtime   {OK}",
        "wanted    success with i32=1",
        "got       exit 0; stage done; status OK; results i32=0",
        "stdout    EXEC @f",
        "          result[0]: i32=0",
        f"shell     {FAKES}/says_ok/iree-run-module --function=f </dev/null",
        f"python    from conformance.again import *; again('{OK}', Scenario(",
    ]:
        assert line in run.output


@pytest.mark.parametrize("form", ["shell", "python"])
def test_a_failure_reproduces_by_paste(tmp_path: Path, form: str) -> None:
    run = run_suite(tmp_path, FAILS, f"--runtime={OK}")
    (line,) = [line.removeprefix(form).strip() for line in run.output.splitlines() if line.startswith(form)]
    command = ["/bin/sh", "-c", line] if form == "shell" else [sys.executable, "-c", line]
    again = subprocess.run(command, capture_output=True, text=True, env=environment())
    wanted = "EXEC @f\nresult[0]: i32=0" if form == "shell" else "exit 0; stage done; status OK; results i32=0"
    assert wanted in again.stdout, again


def test_a_case_that_states_nothing_is_inconclusive(tmp_path: Path) -> None:
    text = '@clause("CALL-scalars")\ndef test_it(case):\n    case.run(function="f")\n'
    run = run_suite(tmp_path, text, f"--runtime={OK}")
    assert (run.code, outcomes(run)) == (1, ["inconclusive"])


def test_our_own_fault_is_a_harness_error(tmp_path: Path) -> None:
    text = '@clause("CALL-scalars")\ndef test_it(case):\n    case.nonsense()\n'
    run = run_suite(tmp_path, text, f"--runtime={OK}")
    assert (run.code, outcomes(run)) == (1, ["harness-error"])


def test_a_crash_is_the_outcome_of_one_case(tmp_path: Path) -> None:
    run = run_suite(tmp_path, FAILS + FAILS.replace("test_it", "test_next"), f"--runtime={DEAD}")
    assert (run.code, outcomes(run)) == (1, ["crash", "crash"])
    assert "killed by SIGSEGV" in run.output


def test_a_hang_is_ended(tmp_path: Path) -> None:
    hangs = "tools:" + str(FAKES / "hangs")
    run = run_suite(tmp_path, FAILS, f"--runtime={hangs}", "--conformance-timeout=0.3")
    assert (run.code, outcomes(run)) == (1, ["timeout"])


@pytest.mark.parametrize("id", ["CALL-no-such", ""])
def test_a_case_needs_a_clause_of_the_register(tmp_path: Path, id: str) -> None:
    run = run_suite(tmp_path, PASSES.replace("CALL-scalars", id), f"--runtime={OK}")
    assert run.code == 4
    assert f"no clause '{id}' in the contract" in run.output


@pytest.mark.parametrize(
    ("runtime", "reason"),
    [
        ("tools:/nowhere", "no executable iree-run-module or vm-run-module in /nowhere"),
        ("theirs", "unknown runtime"),
        ("own:/nowhere.so", "no library /nowhere.so"),
    ],
)
def test_a_missing_runtime_is_an_error(tmp_path: Path, runtime: str, reason: str) -> None:
    run = run_suite(tmp_path, PASSES, f"--runtime={runtime}")
    assert run.code == 4
    assert reason in run.output


def test_two_runtimes_and_parameters_make_cases(tmp_path: Path) -> None:
    text = 'import pytest\n@pytest.mark.parametrize("n", ["a", "b-c"])\n' + PASSES.replace("(case)", "(case, n)")
    run = run_suite(tmp_path, text, f"--runtime={OK}", f"--runtime={DEAD}")
    assert sorted(verdict["case"] for verdict in run.verdicts) == ["small::it[a]"] * 2 + ["small::it[b-c]"] * 2
    assert sorted(outcomes(run)) == ["crash", "crash", "pass", "pass"]


def test_workers_report_to_one_place(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    run = run_suite(tmp_path, PASSES + FAILS.replace("test_it", "test_other"), f"--runtime={OK}", "-n2", "-p", "xdist")
    assert (run.code, sorted(outcomes(run))) == (1, ["fail", "pass"])
    assert "area   runtime" in run.output


def test_junit_carries_the_clause(tmp_path: Path) -> None:
    xml = tmp_path / "junit.xml"
    run_suite(tmp_path, FAILS, f"--runtime={OK}", f"--junitxml={xml}")
    properties = {p.get("name"): p.get("value") for p in ElementTree.parse(xml).iter("property")}
    wanted = {"case": "small::it", "clause": "CALL-scalars", "runtime": OK, "outcome": "fail", "expected": "False"}
    assert properties == wanted


EXPECTING = """
from conformance import expectations, items
from conformance.expectations import Expectation
from conformance.model import Outcome
items.is_shipped = lambda item: True
items._expected = lambda kind: {{"{id}": Expectation("{id}", "{clause}", (Outcome("{outcome}"),), "known")}}
"""


def expecting(id: str = "small::it", clause: str = "CALL-scalars", outcome: str = "fail") -> str:
    return EXPECTING.format(id=id, clause=clause, outcome=outcome)


def test_expectations_are_about_the_shipped_suite_only(tmp_path: Path) -> None:
    text = expecting().replace("items.is_shipped", "not_items")
    assert run_suite(tmp_path, text + FAILS, f"--runtime={OK}").code == 1


def test_an_expected_difference_leaves_the_run_green(tmp_path: Path) -> None:
    run = run_suite(tmp_path, expecting() + FAILS, f"--runtime={OK}")
    assert (run.code, [verdict["why"] for verdict in run.verdicts]) == (0, ["known"])
    assert "1 xfailed" in run.output


def test_an_expected_difference_that_passes_makes_the_run_red(tmp_path: Path) -> None:
    run = run_suite(tmp_path, expecting() + PASSES, f"--runtime={OK}")
    assert run.code == 1
    assert "remove the entry" in run.output


def test_another_difference_than_expected_makes_the_run_red(tmp_path: Path) -> None:
    run = run_suite(tmp_path, expecting(outcome="crash") + FAILS, f"--runtime={OK}")
    assert run.code == 1
    assert "crash is expected (known), but it was fail" in run.output


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (expecting(id="small::gone"), "no case small::gone"),
        (expecting(clause="CALL-nested"), "listed under CALL-nested"),
    ],
)
def test_a_stale_expectation_is_an_error(tmp_path: Path, entry: str, problem: str) -> None:
    run = run_suite(tmp_path, entry + PASSES, f"--runtime={OK}")
    assert run.code == 4
    assert problem in run.output


def test_a_stale_expectation_is_an_error_for_parallel_workers_too(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    run = run_suite(tmp_path, expecting(id="small::gone") + PASSES, f"--runtime={OK}", "-n2", "-p", "xdist")
    assert run.code == 1
    assert "no case small::gone" in run.output


def test_a_part_of_a_file_is_no_proof_that_an_entry_is_stale(tmp_path: Path) -> None:
    text = expecting(id="small::it") + FAILS + PASSES.replace("test_it", "test_other")
    run = run_suite(tmp_path, text, f"--runtime={OK}", "-k", "other")
    assert (run.code, outcomes(run)) == (0, ["pass"])


def test_other_peoples_tests_are_left_alone(tmp_path: Path) -> None:
    run = run_suite(tmp_path, "def test_plain():\n    assert True\n")
    assert run.code == 0
    assert "conformance ===" not in run.output
