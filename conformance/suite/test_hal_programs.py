"""Tensor programs on a device: what they give is what they owe, for every compile target of the lane."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.adapters.protocol import Unsupported
from conformance.case import Case, clause
from conformance.lanes import Lane
from conformance.model import Stage
from conformance.suite import hal
from conformance.suite.hal import Program

_OBSERVED = hal.programs("programs")
_COMPUTED = hal.programs("computed")
_PARAMETERS = {program.name: program for program in hal.programs("parameters")}
_ARCHIVES = ("irpa", "gguf", "safetensors")
_TARGETS = ("vmvx", "llvm-cpu", "vulkan-spirv")


def targets_of(program: Program, lane: Lane) -> list[str]:
    """What the lane can run of it; unsupported where that is nothing."""
    targets = program.targets_on(lane)
    if not targets:
        raise Unsupported(f"{program} is not compiled for {' or '.join(lane.compile_target)}")
    return targets


def gives(case: Case, lane: Lane, program: Program) -> None:
    """Every call, in a context of its own, for every target that the lane has."""
    for target in targets_of(program, lane):
        for call, contract in program.calls:
            hal.owes(hal.run(case, lane, program, target, call), program, target, call, contract)


@clause("TPR-observed")
@pytest.mark.parametrize("program", _OBSERVED, ids=str)
def test_observed(case: Case, lane: Lane, program: Program) -> None:
    gives(case, lane, program)


@clause("TPR-computed")
@pytest.mark.parametrize("program", _COMPUTED, ids=str)
def test_computed(case: Case, lane: Lane, program: Program) -> None:
    gives(case, lane, program)


# Half way between two numbers the even one is taken, beyond the largest number infinity.
_ROUNDED = {
    "bf16": ("1.00390625,1.01171875,-1.01171875,0.1,3.4e38,257,259", "1 1.01562 -1.01562 0.100098 INF 256 260"),
    "f16": ("1.00048828125,1.00146484375,65519,65520,0.1,2049,2051", "1 1.00195 65504 INF 0.0999756 2048 2052"),
    "f32": ("16777217,0.1,1e39,-1e39,1e-40,nan,-0.0", "1.67772E+07 0.1 INF -INF 9.99995E-41 NAN -0"),
    "i8": ("-1,255,-128,127,0x7f,0,1", "-1 -1 -128 127 127 0 1"),
}


@clause("TPR-text")
@pytest.mark.parametrize("type", _ROUNDED)
def test_text_is_rounded(case: Case, lane: Lane, type: str) -> None:
    given, printed = _ROUNDED[type]
    program = next(program for program in _COMPUTED if program.name == f"elements_{type}")
    for target in targets_of(program, lane):
        seen = case.run(program.module(target), function="identity", inputs=(f"8x{type}={given},1",))
        seen.succeeds(f"hal.buffer_view 8x{type}={printed} 1")


@clause("TPR-parameters")
@pytest.mark.parametrize("archive", _ARCHIVES)
def test_parameters(case: Case, lane: Lane, archive: str) -> None:
    program = _PARAMETERS["parameters"]
    for target in program.targets_on(lane):
        for call, contract in program.calls:
            seen = with_archive(case, program.name, target, archive, call.function, call.inputs)
            hal.owes(seen, program, target, call, contract)


@clause("TPR-parameters-fail")
@pytest.mark.parametrize("archive", _ARCHIVES)
def test_parameter_that_no_archive_has(case: Case, lane: Lane, archive: str) -> None:
    for target in lane.compile_target:
        with_archive(case, "missing", target, archive, "main").fails("NOT_FOUND", hal.SETTING_UP, "nowhere")


@clause("TPR-parameters-fail")
@pytest.mark.parametrize("archive", _ARCHIVES)
def test_parameter_that_is_too_short(case: Case, lane: Lane, archive: str) -> None:
    for target in lane.compile_target:
        seen = with_archive(case, "too_long", target, archive, "main")
        seen.fails("OUT_OF_RANGE", hal.SETTING_UP, "20", "16")


@clause("TPR-parameters-fail")
def test_scope_without_an_archive(case: Case, lane: Lane) -> None:
    case.needs("command-line")  # which always has the module for parameters
    for target in lane.compile_target:
        seen = case.run(hal.module("parameters", "parameters", target), function="bump")
        seen.fails("NOT_FOUND", hal.SETTING_UP, "model")


@clause("TPR-parameters-fail")
def test_scope_of_no_archive(case: Case, lane: Lane) -> None:
    for target in lane.compile_target:
        seen = with_archive(case, "parameters", target, "irpa", "bump", scope="other")
        seen.fails("NOT_FOUND", hal.SETTING_UP, "model")


@clause("TPR-parameters-fail")
@pytest.mark.parametrize("archive", _ARCHIVES)
@pytest.mark.parametrize("damage", ["empty", "half", "zeros", "text"])
def test_damaged_archive(case: Case, lane: Lane, archive: str, damage: str) -> None:
    good = (hal.folder("parameters") / f"model.{archive}").read_bytes()
    bad = {"empty": b"", "half": good[: len(good) // 4], "zeros": bytes(len(good)), "text": b"no archive " * 40}[damage]
    path = case.scratch / f"damaged.{archive}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bad)
    for target in lane.compile_target:
        reference = hal.module("parameters", "parameters", target)
        seen = case.run(reference, function="bump", parameters=(f"model={path}",))
        died = bool(seen.observation.signal) or seen.observation.timed_out
        seen.that(
            not died and seen.observation.status not in ("OK", "?"), "a reported error", seen.observation.summary()
        )


def with_archive(
    case: Case,
    name: str,
    target: str,
    archive: str,
    function: str | None,
    inputs: tuple[str, ...] = (),
    scope: str = "model",
) -> Any:
    """A call of a module that takes its tensors from an archive of one of the formats."""
    parameters = (f"{scope}={hal.folder('parameters') / f'model.{archive}'}",)
    reference = hal.module("parameters", name, target)
    return case.run(reference, function=function, inputs=inputs, parameters=parameters)


@clause("TPR-trace")
def test_traced_tensor(case: Case, lane: Lane) -> None:
    case.needs("command-line")
    for target in lane.compile_target:
        seen = case.run(hal.module("programs", "trace_tensor", target), function="main", inputs=("4xf32=1,2,3,4",))
        text = "=== tap ===\n4xf32=1 4 9 16\n\n"
        seen.that(text in seen.observation.stderr, f"{text!r} on standard error", seen.observation.stderr)


@clause("TPR-wrong-input")
@pytest.mark.parametrize(
    ("name", "inputs", "mentions"),
    [
        ("elementwise_add_f32", ("7xf32=1", "8xf32=1"), ("input0", "dimension", "8", "7")),
        ("elementwise_add_f32", ("8xf32=1", "8xi32=1"), ("input1", "f32", "i32")),
        ("elementwise_add_f32", ("8xf32=1", "2x4xf32=1"), ("input1", "rank")),
        ("matmul_f32", ("4x8xf32=1", "4x8xf32=1"), ("input1",)),
        ("matmul_f32", ("4x8xf64=1", "8x4xf32=1"), ("input0", "f64")),
        ("dynamic_add_f32", ("4xi64=1", "4xf32=1"), ("input0", "i64")),
    ],
)
def test_wrong_input(case: Case, lane: Lane, name: str, inputs: tuple[str, ...], mentions: tuple[str, ...]) -> None:
    for target in lane.compile_target:
        seen = case.run(hal.module("programs", name, target), function="main", inputs=inputs)
        seen.fails("INVALID_ARGUMENT", Stage.CALL, *mentions)


@clause("TPR-wrong-device")
@pytest.mark.parametrize("target", _TARGETS)
def test_module_for_another_device(case: Case, lane: Lane, target: str) -> None:
    reference = hal.module("programs", "elementwise_add_f32", target)
    seen = case.run(reference, function="main", inputs=("8xf32=1", "8xf32=1"))
    if target in lane.compile_target:
        seen.succeeds("hal.buffer_view 8xf32=2 2 2 2 2 2 2 2")
    else:
        seen.fails("INCOMPATIBLE", hal.SETTING_UP)
