"""Between pytest's items and our verdicts: ids, clauses, expectations, reports."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from conformance import contract, expectations, judge, lanes, selection
from conformance.adapters.protocol import Unavailable, Unsupported
from conformance.case import Case
from conformance.model import Outcome, Verdict
from conformance.report import failure
from conformance.report.recorder import ATTRIBUTE

SUITE = Path(__file__).resolve().parent / "suite"
CASE = pytest.StashKey[Case]()
Subject = selection.RuntimeSpec | lanes.LaneSpec
_expected = lru_cache(expectations.of_runtime)


class Complaint(pytest.Item):
    """Fails with what is wrong with a collection: a parallel worker cannot end the run in another way."""

    def __init__(self, *, problems: list[str], **others: Any) -> None:
        super().__init__(**others)
        self.problems = problems

    def runtest(self) -> None:
        raise pytest.UsageError("\n".join(self.problems))


def check_runtimes(config: pytest.Config) -> None:
    """A runtime that was asked for by name and is not here ends the run before it begins."""
    if hasattr(config, "workerinput"):
        return
    for text in config.getoption("--runtime"):
        try:
            selection.RuntimeSpec.parse(text).open()
        except (ValueError, Unavailable) as error:
            raise pytest.UsageError(str(error) if text in str(error) else f"--runtime={text}: {error}") from None


def check_backends(config: pytest.Config) -> None:
    """A backend that was asked for by name and cannot be had ends the run before it begins."""
    texts = config.getoption("--backend")
    if hasattr(config, "workerinput") or not texts:
        return
    try:
        lanes.chosen(selection.runtimes(config.getoption("--runtime")), texts)
    except (ValueError, Unavailable) as error:
        raise pytest.UsageError(str(error)) from None


def absent_lanes(config: pytest.Config) -> list[str]:
    """The lanes that were asked for and are not here."""
    return lanes.lacking(selection.runtimes(config.getoption("--runtime")), config.getoption("--backend"))


def subjects(config: pytest.Config, *, devices: bool) -> Sequence[Subject]:
    """What a test is run on: the lanes when it needs a device, else the runtimes."""
    runtimes = selection.runtimes(config.getoption("--runtime"))
    return _lanes(tuple(runtimes), tuple(config.getoption("--backend"))) if devices else runtimes


@lru_cache(maxsize=8)
def _lanes(runtimes: tuple[selection.RuntimeSpec, ...], texts: tuple[str, ...]) -> list[lanes.LaneSpec]:
    return lanes.chosen(runtimes, texts)


def lane_of(spec: lanes.LaneSpec) -> lanes.Lane:
    """The lane; a case of one that is allowed to be absent is unsupported, with the reason."""
    try:
        return lanes.opened(spec)
    except Unavailable as error:
        raise Unsupported(f"no lane {spec}: {error}") from None


def subject_of(item: pytest.Item) -> Subject | None:
    """The runtime or lane that an item is a case for; None when it is no case."""
    callspec = getattr(item, "callspec", None)
    spec = callspec.params.get("conformance_runtime") if callspec else None
    return spec if isinstance(spec, (selection.RuntimeSpec, lanes.LaneSpec)) else None


def runtime_of(item: pytest.Item) -> selection.RuntimeSpec | None:
    """The runtime that an item is a case for."""
    spec = subject_of(item)
    return spec.runtime if isinstance(spec, lanes.LaneSpec) else spec


def case_id(item: pytest.Item) -> str:
    """`area::name[parameters]`, the same on every runtime."""
    spec, function = str(subject_of(item)), getattr(item, "originalname", item.name)
    parameters = item.callspec.id  # type: ignore[attr-defined]
    parameters = parameters.removeprefix(spec).removeprefix("-").removesuffix(spec).removesuffix("-")
    name = function.removeprefix("test_")
    return f"{area_of(item.path)}::{name}" + (f"[{parameters}]" if parameters else "")


def backend_of(item: pytest.Item) -> str:
    spec = subject_of(item)
    return spec.backend if isinstance(spec, lanes.LaneSpec) else ""


def area_of(path: Path) -> str:
    return path.stem.removeprefix("test_")


def clause_id(item: pytest.Item) -> str:
    marker = item.get_closest_marker("clause")
    return str(marker.args[0]) if marker and marker.args else ""


def check_collection(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every case has a clause of the register; every expectation has a case."""
    cases = [item for item in items if runtime_of(item)]
    register = contract.register() if cases else {}
    problems = [
        f"{item.nodeid}: no clause {clause_id(item)!r} in the contract"
        for item in cases
        if clause_id(item) not in register
    ]
    for spec in {spec for item in cases if (spec := runtime_of(item))}:
        problems += _check_available(spec)
        problems += _check_expectations(config, spec, [i for i in cases if is_shipped(i) and runtime_of(i) == spec])
    if problems and not hasattr(config, "workerinput"):
        raise pytest.UsageError("\n".join(problems))
    if problems:
        items.append(Complaint.from_parent(items[0].session, name="contract", problems=problems))


def is_shipped(item: pytest.Item) -> bool:
    """Whether the case is of our own suite, which the shipped expectations are about."""
    return SUITE in item.path.resolve().parents


def _check_available(spec: selection.RuntimeSpec) -> list[str]:
    try:
        spec.open()
    except Unavailable as error:
        return [f"--runtime={spec}: {error}"]
    return []


def _check_expectations(config: pytest.Config, runtime: selection.RuntimeSpec, cases: list[pytest.Item]) -> list[str]:
    expected = _expected(runtime.kind)
    clauses = {case_id(item): clause_id(item) for item in cases}
    narrowed = any("::" in str(arg) for arg in config.args) or config.getoption("lf", False)
    areas = set() if narrowed else {area_of(item.path) for item in cases}
    missing = expectations.stale(expected, clauses, areas)
    wrong = expectations.wrong_clauses(expected, clauses)
    return [f"expectations of {runtime}: no case {id}" for id in missing] + [
        f"expectations of {runtime}: {text}" for text in wrong
    ]


def judged(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> pytest.TestReport:
    """The report of a case with its verdict attached and its failure explained."""
    spec = runtime_of(item)
    setup_failed = call.when == "setup" and call.excinfo is not None
    if spec is None or not (call.when == "call" or setup_failed):
        return report
    case = item.stash.get(CASE, None)
    verdict = judge.verdict(
        id=case_id(item),
        clause=clause_id(item),
        runtime=str(spec),
        backend=backend_of(item),
        case=case,
        error=call.excinfo.value if call.excinfo else None,
        seconds=call.duration,
    )
    verdict, note = expectations.apply(verdict, _expected(spec.kind) if is_shipped(item) else {})
    _shape(report, verdict, note)
    if report.outcome == "failed" and verdict.outcome is not Outcome.HARNESS_ERROR:
        report.longrepr = _explained(case, verdict, note)
    item.user_properties += _properties(verdict)
    setattr(report, ATTRIBUTE, verdict.to_json())
    return report


def _shape(report: pytest.TestReport, verdict: Verdict, note: str | None) -> None:
    """Our outcome in pytest's words: passed, failed, skipped with a reason, or expected to fail."""
    if verdict.expected:
        report.outcome, report.wasxfail = "skipped", f"{verdict.outcome}: {verdict.why}"
    elif note or not verdict.outcome.conforms:
        report.outcome = "failed"
    if verdict.outcome is Outcome.UNSUPPORTED:
        report.outcome = "skipped"
        report.longrepr = (verdict.case, 0, f"Skipped: unsupported: {verdict.got}")


def _explained(case: Case | None, verdict: Verdict, note: str | None) -> str:
    shell = case.runtime.reproduce(verdict.scenario) if case and verdict.scenario else None
    return failure.explain(verdict, contract.register().get(verdict.clause), shell, note)


def _properties(verdict: Verdict) -> list[tuple[str, Any]]:
    """What JUnit files carry for each case."""
    return [
        ("case", verdict.case),
        ("clause", verdict.clause),
        ("runtime", verdict.runtime),
        *([("backend", verdict.backend)] if verdict.backend else []),
        ("outcome", str(verdict.outcome)),
        ("expected", verdict.expected),
    ]
