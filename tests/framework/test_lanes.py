"""Lanes with plain values, and from outside with runtimes that only pretend."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from running import FAKES, Run, run_suite

from conformance import lanes
from conformance.adapters.protocol import Unavailable
from conformance.lanes import Backend, Lane, LaneSpec, Probe
from conformance.model import Call, Event, ModuleRef, Observation, Outcome, Scenario, Stage, Verdict
from conformance.report import terminal
from conformance.selection import RuntimeSpec

OK = "tools:" + str(FAKES / "says_ok")
IREE = RuntimeSpec.parse("iree")
CASE = '@clause("CALL-scalars")\ndef test_it(case, lane):\n    case.run(function="f").succeeds("i32=0")\n'
PROBE = Probe(("--plugin",), (("A", "b"),), "device.load", "device.unload")
LANE = Lane(LaneSpec(IREE, "local-sync"), None, PROBE, "local-sync")  # type: ignore[arg-type]

# Answers the questions to the device; whether it traces a device each time, or only for the program of the questions.
ANSWERS = """#!{python}
import json, os, sys
flags = dict(flag.lstrip("-").partition("=")[::2] for flag in sys.argv[1:])
if "dump_devices" in flags:
    sys.exit(0)
if flags.get("device") not in {devices!r}:
    print("device.c:1: NOT_FOUND; no driver '%s' registered; creating" % flags.get("device"), file=sys.stderr)
    sys.exit(1)
if {always} or "device_queries" in flags.get("module", ""):
    with open(os.environ["VM_CONFORMANCE_TRACE"], "a") as trace:
        for event in ("load", "unload"):
            print(json.dumps({{"seq": 0, "pid": 1, "tid": 1, "lib": "x", "mod": "device", "ev": event}}), file=trace)
print("EXEC @" + flags["function"])
print("result[0]: i32=" + ("1" if flags["function"] == "count" else "0"))
"""


def fake(folder: Path, *devices: str, always: bool = True) -> str:
    """The runtime string of a tool that claims to have these devices."""
    tool = folder / "bin" / "iree-run-module"
    tool.parent.mkdir()
    tool.write_text(ANSWERS.format(python=sys.executable, devices=devices, always=always))
    tool.chmod(0o755)
    return f"--runtime=tools:{tool.parent}"


def judged(run: Run) -> list[tuple[str, str]]:
    return sorted((verdict["backend"], verdict["outcome"]) for verdict in run.verdicts)


def test_backends() -> None:
    assert Backend.parse("vulkan?") == Backend("vulkan", may_be_absent=True)
    assert Backend.parse("all") == Backend("all")


@pytest.mark.parametrize("text", ["", "?", "gpu", "vulkan??", "Vulkan"])
def test_what_is_no_backend(text: str) -> None:
    with pytest.raises(ValueError, match="unknown backend; expected local-sync, local-task, vulkan"):
        Backend.parse(text)


def test_chosen_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"local-sync", "vulkan"}
    monkeypatch.setattr(lanes, "absence", lambda lane: None if lane.backend in there else "not here")
    assert list(map(str, lanes.chosen([IREE], ["vulkan", "local-sync", "vulkan?"]))) == [
        "iree-vulkan",
        "iree-local-sync",
    ]
    assert list(map(str, lanes.chosen([IREE], ["all"]))) == ["iree-local-sync", "iree-vulkan"]
    assert list(map(str, lanes.chosen([IREE], []))) == ["iree-local-sync", "iree-local-task"]
    assert list(map(str, lanes.chosen([IREE], ["cuda?"]))) == ["iree-cuda"]
    with pytest.raises(Unavailable, match="--backend=cuda: runtime iree: not here"):
        lanes.chosen([IREE], ["cuda"])
    assert lanes.lacking([IREE], ["all"]) == [
        f"lane iree-{name}: absent: not here" for name in ("local-task", "cuda", "hip")
    ]


def test_a_scenario_on_a_lane() -> None:
    scenario = LANE.on(Scenario((ModuleRef("m"),), (Call("f"),), flags=("--mine",), environment=(("C", "d"),)))
    assert scenario.arguments() == ["--module=m", "--plugin", "--mine", "--device=local-sync", "--function=f"]
    assert scenario.shell("tool") == (
        "env A=b C=d tool --module=m --plugin --mine --device=local-sync --function=f </dev/null"
    )
    assert LANE.on(Scenario((), device=("x", "y"))).devices == ("x", "y")
    assert LANE.on(Scenario((), device=())).devices == ()
    assert Scenario.from_json(scenario.to_json()) == scenario


def test_devices_are_counted() -> None:
    events = (Event("load", "device"), Event("unload", "device"), Event("load", "device"))
    assert LANE.created(Observation(Stage.DONE, events=events)) == 2
    blind = Lane(LANE.spec, LANE.runtime, Probe((), (), "", ""))
    assert (blind.created(Observation(Stage.DONE)), blind.created(Observation(Stage.CALL, "?"))) == (1, 0)


def test_lanes_without_a_device_are_idle() -> None:
    verdict = Verdict("a::b", "a", "iree", "X-y", Outcome.PASS, backend="vulkan", identity="a card", devices=1)
    assert (terminal.lanes([verdict]), terminal.idle_lanes([verdict])) == (["lane iree-vulkan: a card"], [])
    idle = Verdict("a::b", "a", "iree", "X-y", Outcome.PASS, backend="local-sync", identity="local-sync")
    assert terminal.idle_lanes([verdict, idle]) == ["lane iree-local-sync: no device was created in its 1 cases"]
    absent = Verdict("a::b", "a", "iree", "X-y", Outcome.UNSUPPORTED, backend="hip")
    assert terminal.idle_lanes([absent]) == []


def test_a_case_runs_in_every_lane_under_one_id(tmp_path: Path) -> None:
    run = run_suite(tmp_path, CASE, fake(tmp_path, "local-sync", "local-task"))
    assert (run.code, judged(run)) == (0, [("local-sync", "pass"), ("local-task", "pass")]), run.output
    assert {verdict["case"] for verdict in run.verdicts} == {"small::it"}
    assert "-local-sync: local-sync, hal.dispatch concurrency 0" in run.output


@pytest.mark.parametrize("backends", [["cuda"], ["local-sync", "cuda"]])
def test_a_backend_asked_for_has_to_be_there(tmp_path: Path, backends: list[str]) -> None:
    flags = [f"--backend={name}" for name in backends]
    run = run_suite(tmp_path, CASE, fake(tmp_path, "local-sync"), *flags)
    assert (run.code, run.verdicts) == (4, [])
    assert "--backend=cuda: runtime tools:" in run.output
    assert "NOT_FOUND; no driver 'cuda' registered" in run.output


def test_an_unknown_backend_is_an_error(tmp_path: Path) -> None:
    run = run_suite(tmp_path, CASE, f"--runtime={OK}", "--backend=gpu")
    assert run.code == 4
    assert "--backend=gpu: unknown backend" in run.output


def test_a_backend_may_be_absent(tmp_path: Path) -> None:
    run = run_suite(tmp_path, CASE, fake(tmp_path, "local-sync"), "--backend=local-sync", "--backend=local-task?")
    assert (run.code, judged(run)) == (0, [("local-sync", "pass"), ("local-task", "unsupported")])
    assert "-local-task: absent: NOT_FOUND; no driver 'local-task' registered" in run.output


def test_all_takes_what_is_there_and_tells_the_rest(tmp_path: Path) -> None:
    run = run_suite(tmp_path, CASE, fake(tmp_path, "local-task"), "--backend=all")
    assert (run.code, judged(run)) == (0, [("local-task", "pass")])
    assert run.output.count(": absent: NOT_FOUND; no driver ") == len(lanes.BACKENDS) - 1


@pytest.mark.parametrize("parallel", [[], ["-n2", "-p", "xdist"]])
def test_a_lane_without_a_device_fails_the_run(tmp_path: Path, parallel: list[str]) -> None:
    if parallel:
        pytest.importorskip("xdist")
    flags = [fake(tmp_path, "local-sync", always=False), "--backend=local-sync", *parallel]
    run = run_suite(tmp_path, CASE, *flags)
    assert (run.code, judged(run)) == (1, [("local-sync", "pass")])
    assert "-local-sync: no device was created in its 1 cases" in run.output


def test_a_probe_has_to_see_the_device(tmp_path: Path) -> None:
    """A runtime that answers well without any device has none."""
    text = ANSWERS.replace('or "device_queries" in', 'or "nothing" in')
    tool = tmp_path / "bin" / "iree-run-module"
    tool.parent.mkdir()
    tool.write_text(text.format(python=sys.executable, devices=("local-sync",), always=False))
    tool.chmod(0o755)
    run = run_suite(tmp_path, CASE, f"--runtime=tools:{tool.parent}", "--backend=local-sync")
    assert run.code == 4
    assert "the probe saw no device.load" in run.output


def test_cases_without_a_device_stay_on_the_runtime(tmp_path: Path) -> None:
    text = CASE.replace("(case, lane)", "(case)")
    run = run_suite(tmp_path, text, f"--runtime={OK}", "--backend=vulkan?")
    assert (run.code, judged(run)) == (0, [("", "pass")])
