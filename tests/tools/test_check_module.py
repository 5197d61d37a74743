"""vm-check-module: what is a test, what it says, reports, filters, exit codes."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Ran, Tool

Flag = Callable[[str], str]
DEVICES = ("--device=local-sync", "--device=local-task")
GOOD = ["all_hold", "fresh_state", "fresh_state_again"]
BAD = ["fail_eq", "fail_almost_eq", "fail_several", "fail_status"]
ORDINALS = {name: number for number, name in enumerate(GOOD + BAD)}
ONLY_GOOD = "--gtest_filter=*-*fail*"


def outcomes(ran: Ran) -> dict[str, str]:
    """`OK` or `FAILED` for each test that was run."""
    lines = re.findall(
        r"^\[ +(OK|FAILED) +\] check_all\.(\w+)(?:, where GetParam\(\) = \d+)? \(\d+ ms\)$", ran.stdout, re.M
    )
    return {name: outcome for outcome, name in lines}


def failure(ran: Ran, name: str) -> str:
    """What was said about a test that failed."""
    return ran.stdout.split(f"[ RUN      ] check_all.{name}\n")[1].split("[  FAILED  ]")[0]


@pytest.mark.parametrize("device", DEVICES)
def test_a_whole_module(check_tool: Tool, module: Flag, device: str) -> None:
    ran = check_tool.run(module("check"), device)
    assert ran.exit == 1 and not ran.stderr
    assert outcomes(ran) == {**dict.fromkeys(GOOD, "OK"), **dict.fromkeys(BAD, "FAILED")}
    assert ran.stdout.startswith("[==========] Running 7 tests from 1 test suite.\n")
    assert "[  PASSED  ] 3 tests.\n[  FAILED  ] 4 tests, listed below:\n" in ran.stdout
    assert "\n 4 FAILED TESTS\n" in ran.stdout and "YOU HAVE 1 DISABLED TEST\n" in ran.stdout
    assert ran.stdout.endswith("Test failed\n")
    for name in BAD:
        assert f"[  FAILED  ] check_all.{name}, where GetParam() = {ORDINALS[name]} (" in ran.stdout


def test_what_failures_say(check_tool: Tool, module: Flag) -> None:
    ran = check_tool.run(module("check"), "--device=local-sync")
    assert (
        "Expected equality of these values. Contents does not match.\n"
        "  lhs:\n    3xi32=1 2 3\n  rhs:\n    3xi32=1 2 4\n"
    ) in failure(ran, "fail_eq")
    assert (
        "Expected near equality of these values. Contents does not match to tolerance parameters atol=0.0001, rtol=0. "
        "The first failure occurs at index 1 as the lhs value 2 differs from the rhs value 2.5 by 5.000e-01.\n"
        "  lhs:\n    2xf32=1 2\n  rhs:\n    2xf32=1 2.5\n"
    ) in failure(ran, "fail_almost_eq")
    several = failure(ran, "fail_several")
    assert several.count(": Failure\n") == 3
    assert "Expected 0 to be nonzero.\n" in several and "Expected 5 to be zero.\n" in several
    assert "only contains elements that isn't equal to 0" in several and "3xi32=1 0 3" in several
    status = failure(ran, "fail_status")
    assert status.count(": Failure\n") == 2
    assert "Expected: error code OK\n" in status and "error code is FAILED_PRECONDITION" in status
    assert "nothing is checked behind this" in status


def test_all_pass(check_tool: Tool, module: Flag) -> None:
    ran = check_tool.run(module("check"), ONLY_GOOD)
    assert ran.exit == 0 and outcomes(ran) == dict.fromkeys(GOOD, "OK")
    assert "FAILED" not in ran.stdout and "Test failed" not in ran.stdout


@pytest.mark.parametrize(
    "pattern, names",
    [
        ("*", GOOD + BAD),
        ("check_all.all_hold", ["all_hold"]),
        ("*fresh*", GOOD[1:]),
        ("*.all_hold:*.fail_e?", ["all_hold", "fail_eq"]),
        ("-*fail*", GOOD),
        ("*state*-*again", ["fresh_state"]),
        ("*-*", []),
        ("all_hold", []),
    ],
)
def test_filters(check_tool: Tool, module: Flag, pattern: str, names: list[str]) -> None:
    listed = check_tool.run(module("check"), f"--gtest_filter={pattern}", "--gtest_list_tests")
    text = "".join(f"  {name}  # GetParam() = {ORDINALS[name]}\n" for name in names)
    assert listed.outcome() == (0, None, ("check_all.\n" + text) if names else "")


def test_disabled_tests(check_tool: Tool, module: Flag) -> None:
    line = [module("check"), "--gtest_filter=*DISABLED*"]
    assert check_tool.run(*line).code == "NOT_FOUND"
    ran = check_tool.run(*line, "--gtest_also_run_disabled_tests")
    assert ran.exit == 1 and "[  FAILED  ] check_all.DISABLED_fail" in ran.stdout


def test_fail_fast_and_repeat(check_tool: Tool, module: Flag) -> None:
    fast = check_tool.run(module("check"), "--gtest_fail_fast")
    assert list(outcomes(fast)) == [*GOOD, "fail_eq"]
    again = check_tool.run(module("check"), ONLY_GOOD, "--gtest_repeat=3")
    assert again.exit == 0 and again.stdout.count("[ RUN      ] check_all.all_hold") == 3
    both = check_tool.run(module("check"), "--gtest_fail_fast", "--gtest_repeat=3")
    assert both.exit == 1 and both.stdout.count("[ RUN      ] check_all.all_hold") == 1


def test_brief(check_tool: Tool, module: Flag) -> None:
    ran = check_tool.run(module("check"), "--gtest_brief")
    assert "[ RUN" not in ran.stdout and "[       OK ]" not in ran.stdout and "  rhs:\n" in ran.stdout


# ---- Reports


def test_junit_xml(check_tool: Tool, module: Flag) -> None:
    assert check_tool.run(module("check"), "--gtest_output=xml:out.xml").exit == 1
    root = ElementTree.parse(check_tool.folder / "out.xml").getroot()
    (suite,) = root
    for element, title in ((root, "AllTests"), (suite, "check_all")):
        assert (element.get("name"), element.get("tests"), element.get("failures")) == (title, "8", "4")
        assert (element.get("disabled"), element.get("errors")) == ("1", "0")
    cases = {case.get("name"): case for case in suite}
    assert list(cases) == [*GOOD, *BAD, "DISABLED_fail"]
    for name, case in cases.items():
        assert case.get("classname") == "check_all" and case.get("timestamp") is not None
        assert case.get("status") == ("notrun" if name == "DISABLED_fail" else "run")
        assert len(case) == {"fail_several": 3, "fail_status": 2}.get(str(name), int(name in BAD))
    assert [case.get("assertions") for case in suite] == ["5", "1", "1", "1", "1", "3", "1", "0"]
    (eq,) = cases["fail_eq"]
    assert eq.tag == "failure" and eq.text == eq.get("message") and "3xi32=1 2 4" in str(eq.text)


def test_json(check_tool: Tool, module: Flag) -> None:
    assert check_tool.run(module("check"), "--gtest_output=json:out.json", ONLY_GOOD).exit == 0
    assert check_tool.run(module("check"), "--gtest_output=json").exit == 1
    good, all_of_it = (json.loads((check_tool.folder / name).read_text()) for name in ("out.json", "test_detail.json"))
    assert (good["tests"], good["failures"], good["disabled"]) == (4, 0, 1)
    (suite,) = all_of_it["testsuites"]
    assert (suite["tests"], suite["failures"]) == (all_of_it["tests"], all_of_it["failures"]) == (8, 4)
    several = suite["testsuite"][ORDINALS["fail_several"]]
    assert several["assertions"] == 3
    assert [failure["type"] for failure in several["failures"]] == ["", "", ""]
    assert several["failures"][0]["failure"] == "Expected 0 to be nonzero."


@pytest.mark.parametrize("flag, code", [("text", "INVALID_ARGUMENT"), ("xml:no/such/folder/x", "NOT_FOUND")])
def test_reports_that_cannot_be_written(check_tool: Tool, module: Flag, flag: str, code: str) -> None:
    ran = check_tool.run(module("check"), ONLY_GOOD, f"--gtest_output={flag}")
    assert ran.exit == 1 and code in ran.stdout + ran.stderr


# ---- Exit codes


def test_expected_failures(check_tool: Tool, module: Flag) -> None:
    failed = check_tool.run(module("check"), "--expect_failure", "--gtest_filter=*fail_eq")
    assert failed.exit == 0 and failed.stdout.endswith("Test failed as expected\n")
    passed = check_tool.run(module("check"), "--expect_failure", ONLY_GOOD)
    assert passed.exit == 1 and passed.stdout.endswith("Test passed but expected failure\n")
    missing = check_tool.run("--module=missing.vmfb", "--expect_failure")
    assert missing.exit == 0 and missing.stdout.startswith("Test failed as expected\n")


def test_nothing_to_run_is_never_a_success(check_tool: Tool, module: Flag) -> None:
    for flags in ([], ["--expect_failure"]):
        ran = check_tool.run(module("check"), "--gtest_filter=nowhere", *flags)
        assert (ran.exit, ran.code) == (1, "NOT_FOUND") and "no test to run" in ran.stderr


@pytest.mark.parametrize(
    "modules, code, part",
    [
        (("missing.vmfb",), "NOT_FOUND", "missing.vmfb"),
        (("values",), "INVALID_ARGUMENT", "expected function with no inputs or outputs, but export 'numbers'"),
        ((), "INVALID_ARGUMENT", "no user module specified"),
    ],
)
def test_errors_before_any_test(check_tool: Tool, module: Flag, modules: tuple[str, ...], code: str, part: str) -> None:
    ran = check_tool.run(*(f"--module={m}" if "." in m else module(m) for m in modules))
    assert ran.exit == 1 and ran.stdout.startswith("Test failed\n")
    assert code in ran.stdout and part in ran.stdout and "[ RUN" not in ran.stdout


def test_a_failing_set_up_fails_each_test(check_tool: Tool, module: Flag) -> None:
    ran = check_tool.run(module("broken_init"))
    assert ran.exit == 1 and "[  FAILED  ] broken_init.test" in ran.stdout and "no luck" in ran.stdout
    ran = check_tool.run(module("check"), "--device=nope")
    assert ran.exit == 1 and outcomes(ran) == dict.fromkeys(GOOD + BAD, "FAILED")
    assert ran.stdout.count("no driver 'nope' registered") == 7


@pytest.mark.parametrize("flag", ["--gtest_nonsense=1", "--gtest_repeat=0", "--gtest_filter", "--function=all_hold"])
def test_unknown_flags_and_values(check_tool: Tool, module: Flag, flag: str) -> None:
    ran = check_tool.run(module("check"), flag)
    assert (ran.exit, ran.code, ran.stdout) == (1, "INVALID_ARGUMENT", "")
    assert flag.partition("=")[0].removeprefix("--") in ran.stderr


# ---- Modules


def test_standard_input_and_a_native_provider(check_tool: Tool, module: Flag) -> None:
    program = Path(module("check").removeprefix("--module=")).read_bytes()
    ran = check_tool.run(module("minimal"), "--module=-", ONLY_GOOD, stdin=program)
    assert ran.exit == 0 and outcomes(ran) == dict.fromkeys(GOOD, "OK")


def test_the_tool_of_the_check_library(check_tool: Tool, own: Tool, module: Flag) -> None:
    """A user's own module `check` stands nearer to the program than the one that is built in."""
    ran = check_tool.run(module("check@?on_failure=fail"), module("check"), "--gtest_filter=*fail_eq")
    assert ran.exit == 1 and "error code is ABORTED" in ran.stdout


def test_statistics_of_every_test(check_tool: Tool, module: Flag) -> None:
    ran = check_tool.run(module("check"), ONLY_GOOD, "--device=local-sync", "--print_statistics")
    assert ran.exit == 0 and ran.stderr.count("Device: local-sync\n") == 3
    assert ran.stderr.rstrip().endswith("live objects: none")
