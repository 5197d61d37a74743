"""The suite is believed about good runtimes because it fails bad ones: fakes, and a real one with planted defects."""

from __future__ import annotations

from pathlib import Path

import pytest
from running import FAKES, PACKAGE, Run, mutant, run

from conformance.adapters import tools
from conformance.adapters.protocol import Unavailable

SUITE = PACKAGE / "suite"
STATIC_FAKES = ["does_nothing", "says_ok", "claims_results", "says_error", "dies"]


def passed(done: Run) -> list[str]:
    return [verdict["case"] for verdict in done.verdicts if verdict["outcome"] in ("pass", "warn")]


@pytest.mark.parametrize("fake", STATIC_FAKES)
def test_nothing_passes_on_a_fake(fake: str, tmp_path: Path) -> None:
    done = run(tmp_path, f"--runtime=tools:{FAKES / fake}", "--tb=no", str(SUITE))
    assert done.code == 1, done.output
    assert len(done.verdicts) > 100
    assert passed(done) == []


def test_nothing_passes_on_a_runtime_that_hangs(tmp_path: Path) -> None:
    """Cases that want a hang want to see how far the run came."""
    cases = ["test_teardown.py", "test_stdin.py", "test_hostile.py::test_hang_in_a_constructor"]
    arguments = [f"--runtime=tools:{FAKES / 'hangs'}", "--tb=no", "--conformance-timeout=0.1"]
    done = run(tmp_path, *arguments, *(str(SUITE / case) for case in cases))
    assert len(done.verdicts) > 50
    assert passed(done) == []


# For each defect, planted in front of the released runtime, a case that sees it.
CAUGHT_BY = {
    "never_destroys": "teardown::destroyed_in_reverse",
    "never_frees": "teardown::teardown_after_success",
    "never_unloads": "teardown::unloaded_after_destroy",
    "destroys_twice": "teardown::destroyed_once",
    "frees_twice": "teardown::teardown_after_success",
    "destroys_before_free": "teardown::teardown_after_success",
    "unloads_before_destroy": "teardown::unloaded_after_destroy",
    "destroys_forward": "teardown::destroyed_in_reverse",
    "frees_forward": "teardown::teardown_after_success",
    "creates_backward": "parameters::each_reference_has_its_own",
    "skips_init": "teardown::order_per_module",
    "skips_deinit": "teardown::teardown_after_success",
    "drops_parameters": "parameters::order",
    "reverses_parameters": "parameters::order",
    "merges_parameters": "parameters::duplicates",
    "decodes_parameters": "parameters::nothing_is_decoded",
    "reverses_modules": "linkage::bytecode_imports_native",
    "ignores_stdin": "stdin::provider",
    "ignores_exports": "loading::two_exports_of_one_library",
    "drops_inputs": "calls::mixed_arguments",
    "reports_other_codes": "linkage::missing_module",
    "loses_messages": "linkage::missing_module",
    "negates_results": "calls::training_loop",
    "loses_the_last_result": "calls::mixed_results",
    "hides_errors": "teardown::nested_call_fails",
    "ends_well_after_errors": "errors::exit_status[nothere-1]",
}


def outcome(folder: Path, defect: str, case: str) -> str:
    """What becomes of one case on the released runtime with this defect."""
    try:
        tool = tools.installed()
    except Unavailable as error:
        pytest.skip(str(error))
    area, _, name = case.partition("::")
    name, _, parameter = name.partition("[")
    chosen = ["-k", parameter.rstrip("]")] if parameter else []
    arguments = [f"--runtime={mutant(folder, defect, tool)}", "--tb=no", f"{SUITE}/test_{area}.py::test_{name}"]
    (verdict,) = run(folder, *arguments, *chosen).verdicts
    return str(verdict["outcome"])


@pytest.mark.parametrize("defect", CAUGHT_BY)
def test_a_planted_defect_is_caught(defect: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, defect, CAUGHT_BY[defect]) == "fail"


@pytest.mark.parametrize("case", sorted(set(CAUGHT_BY.values())))
def test_without_a_defect_the_same_cases_pass(case: str, tmp_path: Path) -> None:
    assert outcome(tmp_path, "none", case) == "pass"
