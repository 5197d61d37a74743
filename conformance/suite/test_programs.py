"""Programs: modules that import from each other and from native ones, and modules from the compiler's own pipeline."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import _toml, fixtures
from conformance.case import Case, clause
from conformance.model import Stage
from conformance.suite.control import indistinct, trusted
from conformance.suite.recorded import Recorded, agree, agrees, functions, hazardous, reference

_COMBINATIONS = _toml.rows(
    fixtures.bytecode_folder() / "linkage" / "cases.toml",
    "case",
    {"id", "modules"},
    frozenset({"function", "inputs", "results", "stage", "status", "message"}),
)


@clause("PROG-linked")
@functions("linkage")
def test_linked(case: Case, calls: list[Recorded]) -> None:
    agree(case, calls)


@clause("PROG-resumed")
@hazardous("linkage", lambda call: call.hazard == "H2")
def test_resumed(case: Case, call: Recorded) -> None:
    agrees(case, call)


@clause("PROG-compiled")
@functions("compiled")
def test_compiled(case: Case, calls: list[Recorded]) -> None:
    agree(case, calls)


@clause("PROG-combinations")
@pytest.mark.parametrize("row", _COMBINATIONS, ids=[row["id"] for row in _COMBINATIONS])
def test_combination(case: Case, row: dict[str, Any]) -> None:
    trusted(case)
    seen = case.run(*map(reference, row["modules"]), function=row.get("function"), inputs=row.get("inputs", ()))
    if "status" in row:
        seen.fails(row["status"], indistinct(Stage(row["stage"]))).balanced()
    else:
        seen.succeeds(*row["results"])
