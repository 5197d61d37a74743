"""Malformed modules: every input of `conformance.vmfb.malformed`, refused where and as it is owed, or accepted."""

from __future__ import annotations

import pytest

from conformance.case import Case, Seen, clause
from conformance.model import ModuleRef, Observation, Stage
from conformance.suite.control import indistinct, trusted
from conformance.suite.recorded import PATIENCE
from conformance.vmfb.malformed import CASES
from conformance.vmfb.malformed import Case as Input

ENDLESS = ("values/branch-to-itself",)
UNNAMED_CODES = ("values/fail-19", "values/fail-31", "values/fail--1")
# Codes 19 to 31 have no name; the inputs give their numbers.
_UNNAMED = {str(code): f"CODE_{code}" for code in range(19, 32)}


def of(*hazards: str | None, section: str = "", only: tuple[str, ...] = ()) -> pytest.MarkDecorator:
    """Parametrizes a case: with a section, but for what known defects are about; with that; or with some by id."""
    chosen = [input for input in CASES if (input.id in only if only else _belongs(input, hazards, section))]
    return pytest.mark.parametrize("input", chosen, ids=[input.id for input in chosen])


def _belongs(input: Input, hazards: tuple[str | None, ...], section: str) -> bool:
    if input.id in ENDLESS + UNNAMED_CODES:
        return False
    return input.hazard in (hazards or (None,)) and input.id.startswith(section)


@clause("BAD-container")
@of(section="container/")
def test_container(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-flatbuffer")
@of(section="flatbuffer/")
def test_flatbuffer(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-metadata")
@of(section="metadata/")
def test_metadata(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-code")
@of(section="code/")
def test_code(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-registers")
@of(section="registers/")
def test_registers(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-calls")
@of(section="calls/")
def test_calls(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-values")
@of(section="values/")
def test_values(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-debug")
@of(section="debug/")
def test_debug(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-division")
@of("H1")
def test_division(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-suspension")
@of("H2")
def test_suspension(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-failure-without-code")
@of("H3")
def test_failure_without_code(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-buffer-arithmetic")
@of("H4")
def test_buffer_arithmetic(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-global-arithmetic")
@of("H5")
def test_global_arithmetic(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-huge-requests")
@of("H6")
def test_huge_requests(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-operands")
@of("H7", "H10")
def test_operands(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-longer-lists")
@of("H8")
def test_longer_lists(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-locations")
@of("H11")
def test_locations(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-import-signatures")
@of("H12")
def test_import_signatures(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-special-signatures")
@of("H14")
def test_special_signatures(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-codes-without-name")
@of(only=UNNAMED_CODES)
def test_codes_without_name(case: Case, input: Input) -> None:
    judge(case, input)


@clause("BAD-endless-loop")
@of(only=ENDLESS)
def test_endless_loop(case: Case, input: Input) -> None:
    case.needs("time-limit")
    judge(case, input, limit=0.5)


def judge(case: Case, input: Input, limit: float | None = None) -> None:
    """Loads the input, calls its function, and compares what was seen with what is owed."""
    trusted(case)
    if input.costly:
        case.needs("bounded-memory")
    for capability in input.needs:
        case.needs(capability)
    seen = case.run(
        *files(case, input),
        function=input.function,
        inputs=input.inputs,
        timeout=PATIENCE if input.hazard == "H2" else None,
        limit=limit,
    )
    owes(seen, input)


def files(case: Case, input: Input) -> list[ModuleRef]:
    """The input's modules, written beside the run."""
    contents = input.build()
    name = input.id.replace("/", "-")
    paths = [case.scratch / f"{name}.{index}.vmfb" for index in range(len(contents))]
    case.scratch.mkdir(parents=True, exist_ok=True)
    for path, data in zip(paths, contents, strict=True):
        path.write_bytes(data)
    return [ModuleRef(str(path)) for path in paths]


def owes(seen: Seen, input: Input) -> None:
    """One of the statuses; in its stage, or anywhere up to it where accepting the input is as good."""
    observation = seen.observation
    ended = observation.signal is None and not observation.timed_out
    seen.that(ended and observation.status in statuses(input), owed(input), told(observation))
    if observation.status == "OK":
        same = observation.done and observation.results == (input.results or observation.results)
        seen.that(same, owed(input), told(observation))
    else:
        seen.that(observation.stage in stages(input), owed(input), told(observation))


def statuses(input: Input) -> set[str]:
    return {_UNNAMED.get(status, status) for status in input.statuses}


def stages(input: Input) -> tuple[Stage, ...]:
    """What cannot be linked may be refused as soon as it is read."""
    order = tuple(Stage)
    last = Stage(input.stage)
    if "OK" in input.statuses:
        return order[: order.index(last) + 1]
    return (Stage.VERIFY, *indistinct(last)) if last is Stage.LINK else indistinct(last)


def owed(input: Input) -> str:
    results = f" with {', '.join(input.results)}" if input.results else ""
    return f"{' or '.join(sorted(statuses(input)))} in stage {input.stage}{results}"


def told(observation: Observation) -> str:
    return f"{observation.summary()}: {observation.message}"
