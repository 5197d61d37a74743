"""Module references, and the JSON, shell and Python forms of scenarios, observations and verdicts."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from conformance import model
from conformance.model import (
    DEFAULT_EXPORT,
    Call,
    Event,
    ModuleRef,
    Observation,
    Outcome,
    Param,
    Scenario,
    Stage,
    StdinKind,
    Verdict,
)


@pytest.mark.parametrize(
    ("text", "path", "export", "params"),
    [
        ("app.vmfb", "app.vmfb", None, []),
        ("dir/app.vmfb", "dir/app.vmfb", None, []),
        ("-", "-", None, []),
        ("lib.so@make", "lib.so", "make", []),
        ("lib.so@", "lib.so", "", []),
        ("lib.so@?", "lib.so", "", []),
        ("lib.so?k=v&flag&k=w", "lib.so", None, [("k", "v"), ("flag", None), ("k", "w")]),
        ("lib.so@make?a=b=c", "lib.so", "make", [("a", "b=c")]),
        ("lib.so@make?a=1?b=2", "lib.so", "make", [("a", "1?b=2")]),
        ("lib.so?mail=a@b/c", "lib.so", None, [("mail", "a@b/c")]),
        ("a@b/lib.so", "a@b/lib.so", None, []),
        ("a@b/lib.so@make", "a@b/lib.so", "make", []),
        ("x@y@z", "x@y", "z", []),
        ("lib.so?&a=1&", "lib.so", None, [("a", "1")]),
        ("lib.so? a=1 2 ", "lib.so", None, [("a", "1 2")]),
        ("lib.so?a=1&&b=2", "lib.so", None, [("a", "1"), ("", None), ("b", "2")]),
        ("lib.so?=v&a=", "lib.so", None, [("", "v"), ("a", "")]),
        ("lib.so?a=%20+", "lib.so", None, [("a", "%20+")]),
        ("lib.so?&&", "lib.so", None, []),
        ("", "", None, []),
    ],
)
def test_parse(text: str, path: str, export: str | None, params: list[Param]) -> None:
    ref = ModuleRef.parse(text)
    assert (ref.path, ref.export, list(ref.params)) == (path, export, params)
    assert str(ref) == text
    assert ref.export_name == (export or DEFAULT_EXPORT)


def test_of_spells_parameters_behind_an_at() -> None:
    assert str(ModuleRef.of("l.so")) == "l.so"
    assert str(ModuleRef.of("l.so", bias=5)) == "l.so@?bias=5"
    assert str(ModuleRef.of("l.so", "make", [("k", "1"), ("k", None)])) == "l.so@make?k=1&k"


def test_a_native_module_is_known_by_its_content(tmp_path: Path) -> None:
    for name, head, native in [
        ("lib.so.1", b"\x7fELF\x02", True),
        ("noextension", b"\x7fELF", True),
        ("X.DLL", b"MZ\x90\0", True),
        ("mac", b"\xcf\xfa\xed\xfe", True),
        ("text.so", b"hello", False),
        ("empty.so", b"", False),
        ("app.vmfb", b"\x14\0\0\0", False),
    ]:
        (tmp_path / name).write_bytes(head)
        assert ModuleRef(str(tmp_path / name)).is_native() is native, name
    assert ModuleRef("missing.so").is_native()
    assert not ModuleRef("missing.vmfb").is_native()
    assert not ModuleRef("-").is_native()


SCENARIO = Scenario(
    modules=(ModuleRef.parse("dir x/l.so@make?k=1&k=$2"), ModuleRef("-")),
    calls=(Call("main", ("3", "-4.5")), Call()),
    stdin=StdinKind.PIPE,
    stdin_path="a b.vmfb",
    module_mode="mmap",
    timeout=2.5,
)
OBSERVATION = Observation(
    stage=Stage.CALL,
    status="DATA_LOSS",
    message="gave up",
    results=("i32=1",),
    events=(Event("create", "m", "lib", 1, 2, 3, {"params": [["k", "v"]]}),),
    exit_code=1,
    stderr="x",
    command=("tool", "--flag"),
    journal=("{}",),
)


def test_scenario_json_both_ways() -> None:
    assert Scenario.from_json(json.loads(model.dumps(SCENARIO.to_json()))) == SCENARIO
    with pytest.raises(ValueError, match="Scenario has no field speed"):
        Scenario.from_json({"modules": [], "speed": 1})


def test_scenario_prints_as_python() -> None:
    assert eval(SCENARIO.python(), vars(model)) == SCENARIO
    odd = Scenario((ModuleRef("a?b.so"),))
    assert eval(odd.python(), vars(model)) == odd
    assert "module_mode" not in Scenario((ModuleRef("x"),)).python()


def test_scenario_prints_as_shell(tmp_path: Path) -> None:
    (tmp_path / "a b.vmfb").write_text("bytes")
    tool = tmp_path / "show it"
    tool.write_text('#!/bin/sh\nprintf "%s\\n" "$@"; cat\n')
    tool.chmod(0o755)
    done = subprocess.run(SCENARIO.shell(str(tool)), shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines() == [*SCENARIO.arguments(), "bytes"]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        (StdinKind.NULL, "t --module=- </dev/null"),
        (StdinKind.CLOSED, "t --module=- <&-"),
        (StdinKind.FILE, "t --module=- <f"),
        (StdinKind.HELD, "sleep infinity | t --module=-"),
    ],
)
def test_standard_input_in_the_shell(kind: StdinKind, line: str) -> None:
    assert Scenario((ModuleRef("-"),), stdin=kind, stdin_path="f").shell("t") == line


def test_a_flag_file_takes_the_place_of_the_modules() -> None:
    assert Scenario((), flagfile="flags.txt").arguments() == ["--flagfile=flags.txt"]
    assert shlex.split(Scenario((), flagfile="f").shell("t"))[1] == "--flagfile=f"


def test_observation_json_both_ways() -> None:
    assert Observation.from_json(json.loads(model.dumps(OBSERVATION.to_json()))) == OBSERVATION


def test_observation_in_words() -> None:
    assert OBSERVATION.summary() == "exit 1; stage call; status DATA_LOSS; results i32=1"
    assert Observation(Stage.CALL, "?", signal="SIGSEGV").ending == "killed by SIGSEGV"
    assert Observation(Stage.CALL, "?", timed_out=True).ending == "timed out"
    assert not Observation(Stage.CALL).done
    assert Observation(Stage.DONE, exit_code=0).done


def test_verdict_json_both_ways() -> None:
    verdict = Verdict("a::b", "a", "own", "X-y", Outcome.CRASH, "w", "g", True, "why", SCENARIO, OBSERVATION, 0.5)
    assert Verdict.from_json(json.loads(model.dumps(verdict.to_json()))) == verdict
    bare = Verdict("a::b", "a", "own", "X-y", Outcome.PASS)
    assert Verdict.from_json(json.loads(model.dumps(bare.to_json()))) == bare


def test_event_json_both_ways() -> None:
    line = {"seq": 1, "pid": 2, "tid": 3, "lib": "l", "mod": "m", "ev": "call", "fn": "add"}
    event = Event.from_json(line)
    assert (event.to_json(), str(event)) == (line, "m.call fn=add")


def test_only_pass_and_warn_conform() -> None:
    assert [outcome for outcome in Outcome if outcome.conforms] == [Outcome.PASS, Outcome.WARN]
