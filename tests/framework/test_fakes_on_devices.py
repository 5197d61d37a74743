"""The cases of lanes see defects: the released runtime, on a device, with one planted in front of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import test_fakes
from fakes.mutant import FLAGS, OUTPUTS, STALLS, TRACES
from running import PACKAGE, Run, mutant, run

from conformance.adapters import tools
from conformance.adapters.protocol import Unavailable

SUITE = PACKAGE / "suite"
DEFECTS = TRACES.keys() | FLAGS.keys() | OUTPUTS.keys() | STALLS.keys()

# For each defect a case that sees it. One that hides the device keeps the lane from being proven.
CAUGHT_BY = {
    "ends_no_device": "device_teardown::success",
    "ends_devices_twice": "device_teardown::two_devices",
    "creates_devices_twice": "device_teardown::success",
    "ends_devices_before_modules": "device_teardown::success",
    "ends_devices_before_states": "device_teardown::no_tensor_was_ever_made",
    "creates_devices_before_modules": "devices::created_behind_what_does_not_need_it",
    "never_destroys": "device_teardown::call_fails",
    "never_frees": "device_teardown::state_is_freed_before",
    "loses_views": "device_teardown::keeps_a_view[state]",
    "loses_threads": "device_teardown::threads_of_workers[3]",
    "hangs_at_the_end": "device_teardown::success",
    "drops_archives": "hal_programs::parameters[irpa]",
    "drops_workers": "devices::workers[5]",
    "drops_devices": "devices::identity",
    "reverses_devices": "devices::order_of_devices[0]",
    "creates_one_device": "devices::so_many_flags_so_many_devices[2]",
    "differs_on_local_task": "hal_parity::values[matmul_f32]",
    "reports_other_codes": "devices::unknown_driver[foo]",
    "takes_statuses_for_others": "hal_calls::call[views.view_rank]",
    "loses_messages": "hal_programs::wrong_input[matmul_f32-inputs4-mentions4]",
    "hides_errors": "hal_calls::call[devices.channel_create]",
    "loses_all_but_one_result": "hal_programs::observed[multi_result]",
    "is_off_by_one_element": "hal_programs::computed[elements_i32]",
    "is_off_by_one_digit": "hal_programs::observed[bf16_math]",
    "swaps_elements": "hal_programs::observed[transpose]",
    "forgets_shapes": "hal_programs::computed[empty]",
    "prints_statistics_of_one": "devices::statistics_of_two_devices",
    "prints_live_bytes": "devices::statistics_after_the_modules[state]",
    "traces_nothing": "hal_programs::traced_tensor",
}
ON_LOCAL_TASK = {"drops_workers", "differs_on_local_task", "loses_threads"}


def released() -> Path:
    try:
        return tools.installed()
    except Unavailable as error:
        pytest.skip(str(error))


def judged(folder: Path, defect: str, backend: str, *cases: str) -> Run:
    """These cases on one backend of the released runtime with this defect."""
    names = [f"{SUITE}/test_{area}.py" for area in sorted({case.partition("::")[0] for case in cases})]
    spec = mutant(folder, defect, released())
    words = " or ".join(word(case) for case in cases)
    arguments = [f"--runtime={spec}", f"--backend={backend}", "--tb=no", "--conformance-timeout=4"]
    done = run(folder, *arguments, "-k", words, *names)
    done.verdicts[:] = [verdict for verdict in done.verdicts if verdict["case"] in cases]
    return done


def word(case: str) -> str:
    """What selects the case, and some of its neighbours."""
    test, _, parameter = case.partition("::")[2].partition("[")
    return f"(test_{test} and {parameter.rstrip(']').rpartition('.')[2]})" if parameter else f"test_{test}"


@pytest.mark.parametrize("defect", CAUGHT_BY)
def test_a_planted_defect_is_caught(defect: str, tmp_path: Path) -> None:
    backend = "local-task" if defect in ON_LOCAL_TASK else "local-sync"
    done = judged(tmp_path, defect, backend, CAUGHT_BY[defect])
    wanted = "timeout" if defect in STALLS else "fail"
    assert [verdict["outcome"] for verdict in done.verdicts] == [wanted], done.output


@pytest.mark.parametrize("backend", ["local-sync", "local-task"])
def test_without_a_defect_the_same_cases_pass(backend: str, tmp_path: Path) -> None:
    on_task = [CAUGHT_BY[defect] for defect in ON_LOCAL_TASK]
    cases = on_task if backend == "local-task" else sorted(set(CAUGHT_BY.values()))
    done = judged(tmp_path, "none", backend, *cases)
    assert done.outcomes() == dict.fromkeys(cases, "pass"), done.output


def test_a_lane_whose_probe_is_lost_is_not_proven(tmp_path: Path) -> None:
    done = judged(tmp_path, "drops_probes", "local-sync", "devices::identity")
    assert (done.code, done.verdicts) == (4, [])
    assert "the probe saw no device.load" in done.output


def test_every_defect_has_its_case() -> None:
    assert test_fakes.CAUGHT_BY.keys() | CAUGHT_BY.keys() == DEFECTS - {"none", "drops_probes"}
