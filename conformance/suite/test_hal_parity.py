"""The same program with the same inputs gives the same on every device and for every compile target of a runtime."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import pytest

from conformance.case import Case, Seen, clause
from conformance.lanes import Lane
from conformance.model import Call, Stage
from conformance.suite import hal
from conformance.suite.hal import Program

REFERENCE = ("local-sync", "llvm-cpu")
_ROUNDING = 1e-4
_TENSOR = re.compile(r"((?:\d+x)*)(i8|i16|i32|i64|f32)=")
_FROM_THE_OUTSIDE = [
    "elementwise_add_f32",
    "elementwise_chain_i32",
    "dynamic_add_f32",
    "matmul_f32",
    "matmul_i8_i32",
    "matmul_dynamic_f32",
    "reduce_sum_rows",
    "reduce_max_scalar",
    "transpose",
    "broadcast_bias",
    "multi_result",
    "concat_pad",
    "sort_i32",
    "softmax",
    "conv2d_nhwc",
    "argmax",
    "i64_math",
    "call_helper",
    "pool_max",
    "batch_matmul",
    "dyn_reduce",
    "mlp_chain",
    "transient_chain",
    "scf_if",
    "elements_i8",
    "elements_i32",
    "elements_i64",
    "elements_f32",
    "movement",
    "reductions",
    "sum_i64",
    "matmul_33x17x9",
    "matmul_dynamic_i32",
    "smooth_functions",
    "convolution",
    "dynamic_concat",
    "state",
]
_ANY_SHAPE = ["dynamic_add_f32", "matmul_dynamic_f32", "matmul_dynamic_i32", "dyn_reduce", "dynamic_concat", "sum_i64"]
_IN_STEPS = ["mlp_chain", "transient_chain", "softmax", "conv2d_nhwc"]
_PROGRAMS = [program for program in hal.programs("programs", "computed") if program.name in _FROM_THE_OUTSIDE]


def other_values(inputs: Iterable[str], seed: str) -> tuple[str, ...]:
    """Inputs of the same shapes and types with other values; the same for the same seed, everywhere."""
    numbers = random.Random(seed)
    return tuple(_other(text, numbers) for text in inputs)


def _other(text: str, numbers: random.Random) -> str:
    tensor = _TENSOR.match(text)
    if not tensor:
        return text
    count = 1
    for extent in tensor[1].split("x")[:-1]:
        count *= int(extent)
    pick = (lambda: numbers.randint(-32, 32) / 8) if tensor[2] == "f32" else (lambda: numbers.randint(-9, 9))
    return tensor[0] + ",".join(f"{pick():g}" for _ in range(count))


def longer(inputs: tuple[str, ...]) -> tuple[str, ...]:
    """The first tensor with one more row than it may have."""
    head, _, _ = inputs[0].partition("=")
    first, cross, rest = head.partition("x")
    changed = f"{int(first) + 1}x{rest}=1" if cross and first.isdigit() else f"3x{head}=1"
    return (changed, *inputs[1:])


def everywhere(case: Case, lane: Lane, program: Program, call: Call) -> Iterable[tuple[str, Seen]]:
    """The call on the reference first, then for every target of the lane."""
    device, target = REFERENCE
    yield (
        f"{device}/{target}",
        case.run(program.module(target), function=call.function, inputs=call.inputs, device=device),
    )
    for target in program.targets_on(lane):
        yield f"{lane.backend}/{target}", hal.run(case, lane, program, target, call)


@clause("PAR-values")
@pytest.mark.parametrize("program", _PROGRAMS, ids=str)
def test_values(case: Case, lane: Lane, program: Program) -> None:
    for index, (call, _) in enumerate(program.calls):
        changed = Call(call.function, other_values(call.inputs, f"{program.name} {index}"))
        runs = iter(everywhere(case, lane, program, changed))
        name, first = next(runs)
        results = first.observation.results
        first.that(first.observation.done, f"{name} gives values for {changed}", first.observation.summary())
        for other, seen in runs:
            same = seen.observation.done and hal.agree(results, seen.observation.results, _ROUNDING)
            seen.that(same, f"{other} gives {', '.join(results)} as {name} does", seen.observation.summary())


@clause("PAR-statuses")
@pytest.mark.parametrize("program", [one for one in _PROGRAMS if one.name not in _ANY_SHAPE], ids=str)
def test_statuses(case: Case, lane: Lane, program: Program) -> None:
    call = next(call for call, _ in reversed(program.calls) if call.inputs)
    changed = Call(call.function, longer(call.inputs))
    for name, seen in everywhere(case, lane, program, changed):
        seen.fails("INVALID_ARGUMENT", Stage.CALL)
        seen.that("input0" in seen.observation.message, f"{name} names the argument", seen.observation.message)


@clause("PAR-any-order")
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("program", [one for one in _PROGRAMS if one.name in _IN_STEPS], ids=str)
def test_any_order(case: Case, lane: Lane, program: Program, seed: int) -> None:
    """In an order drawn from a number, as `local-task` of ours can do."""
    case.needs("any-order")
    flags = ("--task_topology_group_count=2", f"--task_shuffle_seed={seed}")
    for target in program.targets_on(lane):
        for call, contract in program.calls:
            seen = case.run(program.module(target), function=call.function, inputs=call.inputs, flags=flags)
            hal.owes(seen, program, target, call, contract)
